/*
 * socks: asks a SOCKS5 proxy (RFC 1928) for a connection, without
 * authentication. A name goes to the proxy as a name: it is not looked up
 * here, so that whoever watches this machine's DNS learns nothing.
 *
 * Not a byte behind the proxy's reply is read: the server may speak first.
 *
 * Fails: CONNECT (the proxy could not reach the server now, or went silent),
 * REFUSED (it does not want to, or wants a password), PROTOCOL (it does not
 * speak SOCKS5), CONFIG (a name that is too long).
 */
#ifndef NET_SOCKS_H
#define NET_SOCKS_H

#include "fail.h"
#include "io.h"
#include "slice.h"

/* The longest reply: a name of 255 octets (RFC 1928 section 6). */
enum { SOCKS_REPLY_MAX = 4 + 1 + 255 + 2 };

/*
 * fd is a connection to the proxy, non-blocking, borrowed; host an address or
 * a name in A-labels. 0: from here on fd is a connection to the server.
 */
int socks_connect(int fd, const char *host, unsigned port, struct deadline d,
    struct fail *why);

/*
 * How many octets are still missing, at least, of a reply of which these have
 * come: to the choice of a method (section 3), or to the request (section 6).
 * 0: all of it is there, and it says yes. -1: it says no, or is none.
 */
int socks_method_missing(struct slice reply, struct fail *why);
int socks_reply_missing(struct slice reply, struct fail *why);

#endif
