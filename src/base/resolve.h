/*
 * resolve: the addresses of a host, as getaddrinfo() finds them, within a
 * deadline. That function has no limit that holds for all of its sources, and
 * nothing interrupts it: a child calls it, and is killed when it is late. An
 * address, which needs nobody, is understood without one.
 *
 * Fails: NOHOST (the name does not exist), DNS (it cannot be looked up now),
 * NOMEM; the text has the reason and not the name.
 */
#ifndef BASE_RESOLVE_H
#define BASE_RESOLVE_H

#include "io.h"
#include <netdb.h>

/* Addresses beyond these are left out. */
enum { RESOLVE_MAX = 64 };

struct resolve_query {
	const char *host; /* ASCII */
	unsigned port;    /* 0: none */
	int flags;        /* of a name: AI_ADDRCONFIG, AI_CANONNAME */
	struct deadline deadline;
};

/* For streams, the best one first; freed by resolve_free() and nothing else. */
int resolve(
    const struct resolve_query *query, struct addrinfo **ret, struct fail *why);
/* Takes NULL, returns NULL. */
struct addrinfo *resolve_free(struct addrinfo *list);

#endif
