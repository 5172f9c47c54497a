/*
 * race: from several addresses of a server to a connected socket, that of the
 * first one that answers (RFC 8305). The next address starts when one has
 * failed or 250 ms have gone by; the sockets of those that lose are closed.
 */
#ifndef NET_RACE_H
#define NET_RACE_H

#include "fail.h"
#include "io.h"
#include <netdb.h>

/* Addresses that are tried. */
enum { RACE_MAX = 16 };

struct race_params {
	const struct addrinfo *list;   /* the best one first; borrowed */
	const struct addrinfo *source; /* to bind to; NULL: any address */
	int address_seconds;           /* of one attempt */
	struct deadline total;
};

/*
 * The order of the attempts: that of the list (RFC 6724), families in turn
 * (RFC 8305 section 4), only those of one family unless it is AF_UNSPEC.
 * Returns how many there are.
 */
size_t race_order(const struct addrinfo *list, int family,
    const struct addrinfo *ret_order[RACE_MAX]);

/*
 * A socket that is non-blocking, close-on-exec and has TCP_NODELAY, or -1:
 * CONNECT (the text names the last failure), OS (the source cannot be bound),
 * CONFIG (no address has the family of the source), DNS (no time was left).
 */
int race(const struct race_params *params, struct fail *why);

#endif
