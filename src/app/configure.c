/*
 * configure (--configure): the account that DNS has for an address (RFC 6186,
 * RFC 8314 5.1): TLS from the first byte before STARTTLS, never in clear. It is
 * printed; no file is written.
 */
#include "account.h"
#include "addr.h"
#include "dns.h"
#include "files.h"
#include "host.h"
#include "log.h"
#include "modes.h"
#include "provider.h"
#include <stdlib.h>
#include <strings.h>

enum { LOOK_UP_SECONDS = 10, TEXT_MAX = 8192 };

static const struct service {
	const char *name;
	bool starttls;
} services[] = {
	{ "_submissions._tcp", false },
	{ "_submission._tcp", true },
};

enum { N_SERVICES = sizeof(services) / sizeof(services[0]) };

struct found {
	const struct service *service;
	struct dns_srv srv;
};

/* The domain in A-labels; NULL: not an address with both parts. ret_spec is
 * without what else may stand around one. */
static const char *domain_of(const char *address, struct arena *a,
    const char **ret_spec, struct fail *why)
{
	static const struct addr_syntax syntax = { .bare_blanks = false };
	struct addr_list list = { 0 };
	struct slice domain;
	char *ascii;
	const char *copy;

	if (addr_parse(a, slice_of(address), &syntax, &list, why) != 0 ||
	    list.n != 1 || addr_check(list.v[0].spec, true, why) != 0) {
		fail(why, FAIL_MESSAGE, "%s: not an address with a domain",
		    address);
		return NULL;
	}
	domain = addr_domain(list.v[0].spec);
	ascii = host_to_ascii(arena_copy(a, domain), why);
	if (!ascii) {
		(void)fail_as(why, FAIL_MESSAGE);
		return NULL;
	}
	copy = arena_copy(a, slice_of(ascii));
	free(ascii);
	*ret_spec = list.v[0].spec;
	return copy;
}

static int look_up(
    const char *domain, struct arena *a, struct found *ret, struct fail *why)
{
	static const struct dns_params params = { .seconds = LOOK_UP_SECONDS };

	for (size_t i = 0; i < N_SERVICES; i++) {
		const char *name =
		    arena_printf(a, "%s.%s", services[i].name, domain);
		const struct dns_srv *best;
		struct dns_srv_list list;

		if (dns_look_up_srv(&params, name, &list, why) != 0) {
			if (why->kind != FAIL_NOHOST)
				return -1;
			continue;
		}
		best = dns_choose_srv(&list);
		if (!best)
			continue;
		*ret = (struct found){ &services[i], *best };
		return 0;
	}
	return fail(why, FAIL_NOHOST,
	    "%s has no SRV record for _submissions._tcp or _submission._tcp",
	    domain);
}

/* Does the provider by itself come to this host, port and TLS? */
static bool is_usual(const struct found *f, const char *provider,
    const char *region, struct arena *a)
{
	struct fail why;
	struct settings s;
	struct buf warnings;
	bool is_same;

	buf_init(&warnings, TEXT_MAX);
	settings_init(&s);
	settings_fill(&s, OPT_provider, provider, ORIGIN_DEFAULT, a);
	settings_fill(&s, OPT_region, region, ORIGIN_DEFAULT, a);
	is_same = account_complete(&s, a, &warnings, &why) == 0 &&
		  strcasecmp(s.host, f->srv.host) == 0;
	buf_free(&warnings);
	return is_same;
}

static void show_server(const struct found *f, struct arena *a, struct buf *b)
{
	const char *region = NULL;
	const char *provider = provider_of_host(f->srv.host, a, &region);

	if (provider)
		buf_addf(b, "provider %s\nregion %s\n", provider, region);
	if (!provider || !is_usual(f, provider, region, a))
		buf_addf(b, "host %s\n", f->srv.host);
	buf_addf(b, "port %u\n", f->srv.port);
	if (!provider)
		buf_adds(b, "tls on\n");
	buf_addf(b, "tls_starttls %s\n", f->service->starttls ? "on" : "off");
	if (!provider)
		buf_adds(b, "auth on\n");
}

/* Providers give out names of their own. */
static void show_user(
    const struct found *f, const char *address, struct arena *a, struct buf *b)
{
	const char *region;
	bool is_provider = provider_of_host(f->srv.host, a, &region) != NULL;

	buf_addf(b, "from %s\n", address);
	if (!is_provider)
		buf_addf(b, "user %s\n", address);
	buf_addf(b,
	    "# and %spassword, password_file, passwordeval, or the keyring\n",
	    is_provider ? "the user of your credentials; " : "");
}

static bool is_within(const char *host, const char *domain)
{
	struct slice h = slice_of(host), d = slice_of(domain);

	return slice_ieq(h, d) ||
	       (h.n > d.n && slice_iends(h, d) && h.p[h.n - d.n - 1] == '.');
}

static void show(const struct found *f, const char *address, const char *domain,
    struct arena *a)
{
	const struct files_places places = files_find(a);
	struct buf b;

	buf_init(&b, TEXT_MAX);
	buf_addf(&b, "# for %s, to be copied to %s\n", address,
	    places.user ? places.user : places.system);
	/* RFC 6186 4: only a person can say whether that is right. */
	if (!is_within(f->srv.host, domain))
		buf_addf(&b,
		    "# DNS, which nobody has verified, names a server outside "
		    "%s: is it the right one?\n",
		    domain);
	buf_adds(&b, "account default\n");
	show_server(f, a, &b);
	show_user(f, address, a, &b);
	(void)mode_print(&b, 0);
}

int mode_configure(const struct invocation *inv, struct arena *a)
{
	struct fail why = { .kind = FAIL_NONE };
	const char *address;
	const char *domain = domain_of(inv->address, a, &address, &why);
	struct found found;

	if (!domain || look_up(domain, a, &found, &why) != 0)
		return mode_say(&why);
	show(&found, address, domain, a);
	return 0;
}
