#include "dns.h"
#include "host.h"
#include "mem.h"
#include <arpa/nameser.h>
#include <netdb.h>
#include <resolv.h>
#include <stdlib.h>

enum {
	ANSWER_MAX = 65535,
	SRV_FIXED = 6, /* priority, weight, port */
	ATTEMPTS = 2,
};

static int no_answer(const char *name, int error, struct fail *why)
{
	if (error == HOST_NOT_FOUND || error == NO_DATA)
		return fail(why, FAIL_NOHOST, "%s: no such record", name);
	return fail(why, FAIL_DNS, "look-up of %s: %s", name, hstrerror(error));
}

static void use_server(
    struct __res_state *state, const struct dns_params *params)
{
	int seconds;

	if (params->server) {
		state->nsaddr_list[0] = *params->server;
		state->nscount = 1;
		/* Nothing of the system's has a say in it. */
		state->options &= ~(unsigned long)(RES_DNSRCH | RES_DEFNAMES);
	}
	seconds = params->seconds /
		  (ATTEMPTS * (state->nscount > 0 ? state->nscount : 1));
	state->retry = ATTEMPTS;
	state->retrans = seconds > 0 ? seconds : 1;
}

int dns_look_up_srv(const struct dns_params *params, const char *name,
    struct dns_srv_list *ret, struct fail *why)
{
	struct __res_state state = { 0 };
	unsigned char *answer;
	int n, result;

	if (res_ninit(&state) != 0)
		return fail(why, FAIL_DNS, "the resolver cannot be set up");
	use_server(&state, params);
	answer = mem_alloc(ANSWER_MAX);
	n = res_nquery(&state, name, ns_c_in, ns_t_srv, answer, ANSWER_MAX);
	if (n < 0)
		result = no_answer(name, state.res_h_errno, why);
	else
		result =
		    dns_parse_srv((struct slice){ (char *)answer,
				      n < ANSWER_MAX ? (size_t)n : ANSWER_MAX },
			ret, why);
	free(answer);
	res_nclose(&state);
	return result;
}

/*
 * The library has functions that take a message apart, in a shared object of
 * their own. Every process would map it, and only --configure would use it.
 */
struct answer {
	const unsigned char *base, *at, *end;
};

struct record {
	unsigned type, class;
	const unsigned char *data;
	size_t n;
};

/* NULL: fewer than n octets are left. */
static const unsigned char *take(struct answer *a, size_t n)
{
	const unsigned char *p = a->at;

	if ((size_t)(a->end - p) < n)
		return NULL;
	a->at += n;
	return p;
}

static unsigned two_octets(const unsigned char *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

/* A name and so many octets (RFC 1035 4.1.2, 4.1.3); NULL: it is cut. */
static const unsigned char *take_named(struct answer *a, size_t n)
{
	return ns_name_skip(&a->at, a->end) == 0 ? take(a, n) : NULL;
}

static bool take_record(struct answer *a, struct record *ret)
{
	const unsigned char *p = take_named(a, NS_RRFIXEDSZ);

	if (!p)
		return false;
	*ret = (struct record){ .type = two_octets(p),
		.class = two_octets(p + 2),
		.n = two_octets(p + 8) };
	ret->data = take(a, ret->n);
	return ret->data != NULL;
}

/* Goes behind the questions. False: damaged. */
static bool begin_answer(struct answer *a, unsigned *ret_records)
{
	const unsigned char *head = take(a, NS_HFIXEDSZ);

	if (!head)
		return false;
	for (unsigned n = two_octets(head + 4); n > 0; n--)
		if (!take_named(a, NS_QFIXEDSZ))
			return false;
	*ret_records = two_octets(head + 6);
	return true;
}

/* False: no record that can be used. */
static bool read_srv(
    const struct answer *a, const struct record *record, struct dns_srv *ret)
{
	const unsigned char *p = record->data;

	if (record->type != ns_t_srv || record->class != ns_c_in ||
	    record->n <= SRV_FIXED)
		return false;
	*ret = (struct dns_srv){ two_octets(p), two_octets(p + 2),
		two_octets(p + 4) };
	if (ns_name_uncompress(a->base, a->end, p + SRV_FIXED, ret->host,
		sizeof(ret->host)) < 0)
		return false;
	/* The root says that there is no such service. */
	if (strcmp(ret->host, ".") == 0)
		ret->host[0] = '\0';
	return !ret->host[0] || (ret->port > 0 && host_is_name(ret->host));
}

int dns_parse_srv(
    struct slice answer, struct dns_srv_list *ret, struct fail *why)
{
	const unsigned char *base = (const unsigned char *)answer.p;
	struct answer a = { base, base, base + answer.n };
	struct dns_srv_list list = { .n = 0 };
	struct record record;
	unsigned n;

	if (answer.n > ANSWER_MAX || !begin_answer(&a, &n))
		return fail(why, FAIL_DNS, "an answer of DNS is damaged");
	for (; n > 0 && list.n < DNS_SRV_MAX; n--) {
		if (!take_record(&a, &record))
			return fail(
			    why, FAIL_DNS, "an answer of DNS is damaged");
		if (read_srv(&a, &record, &list.v[list.n]))
			list.n++;
	}
	if (list.n == 0)
		return fail(why, FAIL_NOHOST, "no such record");
	*ret = list;
	return 0;
}

const struct dns_srv *dns_choose_srv(const struct dns_srv_list *list)
{
	const struct dns_srv *best = NULL;

	for (size_t i = 0; i < list->n; i++) {
		const struct dns_srv *one = &list->v[i];

		if (one->host[0] && (!best || one->priority < best->priority ||
					(one->priority == best->priority &&
					    one->weight > best->weight)))
			best = one;
	}
	return best;
}
