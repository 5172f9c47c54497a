/*
 * dial: from a host name to a connected socket. Internationalised names go
 * through libidn2. Addresses of both families are raced (RFC 8305): the next
 * one starts when the one before has failed or 250 ms have gone by. The
 * socket is non-blocking, close-on-exec, with TCP_NODELAY.
 *
 * Fails: NOHOST (the name does not exist), DNS (could not be looked up now),
 * CONNECT (no address answered; the text names the last error), CONFIG (a
 * name that cannot be one).
 */
#ifndef NET_DIAL_H
#define NET_DIAL_H

#include "fail.h"
#include "io.h"

struct dial_params {
	const char *host;
	unsigned port;
	int address_seconds; /* connect, per address */
	int total_seconds;   /* look-up and all addresses */
};

/* The socket, or -1. */
int dial(const struct dial_params *params, struct fail *why);

#endif
