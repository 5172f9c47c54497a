/*
 * fuzz_dns: whatever a server of DNS answers, what is taken from it are names
 * and ports within their bounds.
 */
#include "dns.h"
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void require(bool is_true)
{
	if (!is_true)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static struct dns_srv_list list;
	struct fail why = { .kind = FAIL_NONE };
	const struct dns_srv *best;

	if (dns_parse_srv(
		(struct slice){ (const char *)bytes, n }, &list, &why) != 0) {
		require(why.kind == FAIL_DNS || why.kind == FAIL_NOHOST);
		return 0;
	}
	require(list.n > 0 && list.n <= DNS_SRV_MAX);
	for (size_t i = 0; i < list.n; i++) {
		struct slice host = slice_of(list.v[i].host);

		require(host.n <= DNS_NAME_MAX && slice_is_printable(host));
		require(slice_find(host, ' ') == host.n);
		require(list.v[i].port <= 65535);
		require(host.n == 0 || list.v[i].port > 0);
	}
	best = dns_choose_srv(&list);
	for (size_t i = 0; best && i < list.n; i++)
		require(
		    !list.v[i].host[0] || list.v[i].priority >= best->priority);
	return 0;
}
