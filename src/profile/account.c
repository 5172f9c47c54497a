#include "account.h"
#include "connection.h"
#include "expand.h"
#include "provider.h"
#include "token.h"
#include <fnmatch.h>
#include <stdio.h>
#include <strings.h>

/* An address and what may surround it in a pattern. */
enum { PATTERN_MAX = 320 };

/* ---- authentication ---- */

bool account_has_auth(const struct settings *s)
{
	return s->auth && strcmp(s->auth, "off") != 0;
}

bool account_needs_secret(const struct settings *s)
{
	/* Who is sending follows from elsewhere: a certificate, a ticket. */
	static const char *const without[] = { "external", "gssapi",
		"anonymous" };

	for (size_t i = 0; i < sizeof(without) / sizeof(without[0]); i++)
		if (s->auth &&
		    slice_ieq(slice_of(s->auth), slice_of(without[i])))
			return false;
	return account_has_auth(s);
}

bool account_has_locked_key(const struct settings *s)
{
	return s->tls && token_is_name(s->tls_key_file) &&
	       !token_has_pin(s->tls_key_file);
}

/*
 * The characters of a mechanism's name (RFC 4422 section 3.1), in lower case as
 * all words of the files are.
 */
static bool is_mechanism(struct slice name)
{
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') &&
		    c != '-' && c != '_')
			return false;
	}
	return name.n > 0 && name.n <= 20;
}

const char *account_server(const struct settings *s)
{
	return s->host ? s->host : s->socket;
}

/* ---- defaults ---- */

/* Texts for which "empty" can only mean "as if it were not set". */
static void drop_empty(struct settings *s, struct arena *a)
{
	static const enum option_id ids[] = { OPT_host, OPT_domain,
		OPT_provider, OPT_region, OPT_endpoint, OPT_tls_host_override,
		OPT_logfile_time_format };

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		const char *preset = option_table[ids[i]].preset;

		if (option_text(s, ids[i]))
			continue;
		s->origin[ids[i]] = (struct origin){ .kind = ORIGIN_NONE };
		if (preset)
			settings_fill(s, ids[i], preset, ORIGIN_DEFAULT, a);
	}
}

bool account_is_pattern(const char *from)
{
	return from && strpbrk(from, "?*[") != NULL;
}

bool account_is_nobody(const char *sender)
{
	struct slice text = slice_trim(slice_of(sender));

	return text.n == 0 || slice_eq(text, SLICE("<>")) ||
	       slice_ieq(text, SLICE("MAILER-DAEMON"));
}

bool account_has_null_sender(const struct settings *s)
{
	return s->null_sender && option_is_explicit(s, OPT_from) &&
	       account_is_nobody(s->from);
}

const char *account_address(const struct settings *s)
{
	bool is_none = account_is_nobody(s->from) ||
		       account_is_pattern(s->from) ||
		       strstr(s->from, EXPAND_AUTHOR);

	return is_none ? NULL : s->from;
}

bool account_allows(const struct settings *s, const char *address)
{
	struct slice rest = slice_of(s->allowed_from), item;
	const char *own = account_address(s);
	char pattern[PATTERN_MAX];

	if (rest.n == 0 || (own && strcasecmp(own, address) == 0))
		return true;
	while (slice_take_until(&rest, ',', &item)) {
		item = slice_trim(item);
		if (item.n == 0 || item.n > sizeof(pattern) - 2)
			continue;
		(void)snprintf(pattern, sizeof(pattern), "%s%.*s",
		    item.p[0] == '@' ? "*" : "", SLICE_ARG(item));
		if (fnmatch(pattern, address, FNM_CASEFOLD | FNM_NOESCAPE) == 0)
			return true;
	}
	return false;
}

/* NULL when `from` is a pattern, a substitution or has no domain. */
static const char *domain_of(const char *from)
{
	const char *at = from ? strrchr(from, '@') : NULL;

	if (!at || at[1] == '\0' || account_is_pattern(from) ||
	    strchr(from, '%'))
		return NULL;
	return at + 1;
}

static void fill_domains(
    struct settings *s, const struct provider *p, struct arena *a)
{
	const char *domain = domain_of(s->from);

	if (!domain)
		return;
	settings_fill(s, OPT_qualify_domain, domain, ORIGIN_DEFAULT, a);
	settings_fill(s, OPT_allowed_from, arena_printf(a, "@%s", domain),
	    ORIGIN_DEFAULT, a);
	/* A plain account says "localhost", as it would with msmtp. */
	if (p)
		settings_fill(s, OPT_domain, domain, ORIGIN_PROVIDER, a);
}

static void fill_defaults(
    struct settings *s, const struct provider *p, struct arena *a)
{
	/* RFC 2033 5: LMTP has no port of its own, and not that of SMTP. */
	if (s->port == 0 && s->protocol == PROTOCOL_SMTP)
		settings_fill(s, OPT_port,
		    s->tls && !s->tls_starttls ? "465" : "25", ORIGIN_DEFAULT,
		    a);
	if (s->host)
		settings_fill(
		    s, OPT_tls_host_override, s->host, ORIGIN_DEFAULT, a);
	fill_domains(s, p, a);
}

/* ---- the whole ---- */

static int check(
    const struct settings *s, struct buf *warnings, struct fail *why)
{
	if (s->auth && !is_mechanism(slice_of(s->auth)))
		return option_fail(why, s, OPT_auth,
		    "auth: on, off or the name of a mechanism in lower "
		    "case expected");
	/* Mail of one working directory would not be found from another. */
	if (s->spool && s->spool[0] != '/')
		return option_fail(why, s, OPT_spool,
		    "spool: a path that begins with / or ~/ expected");
	return connection_check(s, warnings, why);
}

int account_complete(
    struct settings *s, struct arena *a, struct buf *warnings, struct fail *why)
{
	const struct provider *p;

	drop_empty(s, a);
	p = provider_find(s->provider);
	if (s->provider && !p)
		return option_fail(why, s, OPT_provider,
		    "unknown provider %s: known are %s", s->provider,
		    provider_names());
	if (provider_apply(p, s, a, warnings, why) != 0)
		return -1;
	fill_defaults(s, p, a);
	return check(s, warnings, why);
}

int account_no_secret(
    const struct settings *s, const char *keyring, struct fail *why)
{
	return option_fail(why, s, OPT_auth,
	    "auth is on, but none of password, password_file and passwordeval "
	    "is set, no netrc file has it, and %s",
	    keyring);
}

int account_check_server(const struct settings *s, struct fail *why)
{
	if (!account_server(s))
		return option_fail(why, s, OPT_host,
		    "host is not set, and no provider either");
	if (!s->socket && s->port == 0)
		return option_fail(why, s, OPT_protocol,
		    "port is not set, and protocol lmtp has no default");
	return 0;
}

int account_check_sending(const struct settings *s, struct fail *why)
{
	if (account_check_server(s, why) != 0)
		return -1;
	if (!account_needs_secret(s))
		return 0;
	if (!s->user)
		return option_fail(
		    why, s, OPT_auth, "auth is on, but user is not set");
	return provider_check_sending(provider_find(s->provider), s, why);
}
