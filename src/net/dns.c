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

/* False: no record that can be used. */
static bool read_srv(ns_msg *message, ns_rr *record, struct dns_srv *ret)
{
	const unsigned char *p = ns_rr_rdata(*record);

	if (ns_rr_type(*record) != ns_t_srv ||
	    ns_rr_class(*record) != ns_c_in ||
	    ns_rr_rdlen(*record) <= SRV_FIXED)
		return false;
	*ret =
	    (struct dns_srv){ ns_get16(p), ns_get16(p + 2), ns_get16(p + 4) };
	if (ns_name_uncompress(ns_msg_base(*message), ns_msg_end(*message),
		p + SRV_FIXED, ret->host, sizeof(ret->host)) < 0)
		return false;
	/* The root says that there is no such service. */
	if (strcmp(ret->host, ".") == 0)
		ret->host[0] = '\0';
	return !ret->host[0] || (ret->port > 0 && host_is_name(ret->host));
}

int dns_parse_srv(
    struct slice answer, struct dns_srv_list *ret, struct fail *why)
{
	struct dns_srv_list list = { .n = 0 };
	ns_msg message;
	int n;

	if (answer.n > ANSWER_MAX ||
	    ns_initparse(
		(const unsigned char *)answer.p, (int)answer.n, &message) != 0)
		return fail(why, FAIL_DNS, "an answer of DNS is damaged");
	n = ns_msg_count(message, ns_s_an);
	for (int i = 0; i < n && list.n < DNS_SRV_MAX; i++) {
		ns_rr record;

		if (ns_parserr(&message, ns_s_an, i, &record) != 0)
			return fail(
			    why, FAIL_DNS, "an answer of DNS is damaged");
		if (read_srv(&message, &record, &list.v[list.n]))
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
