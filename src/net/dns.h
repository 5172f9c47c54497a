/*
 * dns: look-ups that getaddrinfo() has no name for (dns.c is the only user of
 * resolv.h): SRV records (RFC 2782). Answers are data of strangers: a name
 * that is none is left out, and nothing says that they are true.
 *
 * Fails: NOHOST (there is no such record), DNS (nobody could say, or the
 * answer is damaged).
 */
#ifndef NET_DNS_H
#define NET_DNS_H

#include "fail.h"
#include "slice.h"
#include <netinet/in.h>

#define DNS_SRV_MAX  32
#define DNS_NAME_MAX 255

struct dns_srv {
	unsigned priority, weight, port;
	char host[DNS_NAME_MAX + 1]; /* without the dot of the root */
};

struct dns_srv_list {
	struct dns_srv v[DNS_SRV_MAX]; /* further ones are left out */
	size_t n;
};

struct dns_params {
	const struct sockaddr_in *server; /* to be asked; NULL: the system's */
	int seconds; /* about; for all servers and attempts together */
};

/* The records of a name in A-labels, at least one. */
int dns_look_up_srv(const struct dns_params *params, const char *name,
    struct dns_srv_list *ret, struct fail *why);

/* Those of an answer as it came; NOHOST when it holds none. */
int dns_parse_srv(
    struct slice answer, struct dns_srv_list *ret, struct fail *why);

/*
 * The one to try first: lowest priority, then greatest weight, the same in
 * each run. NULL when the records only say that there is no such service.
 */
const struct dns_srv *dns_choose_srv(const struct dns_srv_list *list);

#endif
