/*
 * dial: from the name of a server to a connected socket: over TCP, through a
 * SOCKS5 proxy, or to a UNIX socket. Internationalised names go through
 * libidn2. Addresses are raced (race.h). The socket is non-blocking,
 * close-on-exec, over TCP with TCP_NODELAY.
 *
 * With a proxy, this machine looks up the name of the proxy and nothing else.
 *
 * Fails: NOHOST (the name does not exist), DNS (could not be looked up now),
 * CONNECT (no address answered; the text names the last error), CONFIG (a
 * name or address that cannot be one), OS (the source address is not of this
 * machine), REFUSED (the proxy will not do it), PROTOCOL (it is no proxy).
 */
#ifndef NET_DIAL_H
#define NET_DIAL_H

#include "fail.h"
#include "io.h"

struct dial_params {
	const char *host;
	unsigned port;
	int address_seconds; /* connect, per address */
	int total_seconds;   /* look-up and all addresses, the proxy's too */
	const char *path;    /* of a UNIX socket instead of all others; NULL */
	const char *source;  /* address of this machine, and its family; NULL */
	const char *proxy;   /* SOCKS5; NULL: none */
	unsigned proxy_port;
};

/* The socket, or -1. */
int dial(const struct dial_params *params, struct fail *why);

#endif
