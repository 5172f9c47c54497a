/*
 * fuzz_provider: whatever region, endpoint and host are, a host that is made
 * of them has the characters of a host name, and a refusal is CONFIG.
 */
#include "account.h"
#include "provider.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void require(bool is_true)
{
	if (!is_true)
		abort();
}

static void check_host(const char *host)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789-.";

	require(host && strlen(host) <= 253);
	require(strspn(host, allowed) == strlen(host));
	require(host[0] != '.' && host[0] != '-' && !strstr(host, ".."));
}

static void check_settings(const struct settings *s, bool has_host)
{
	struct provider_field fields[PROVIDER_FIELDS_MAX];
	size_t n = provider_fields(s, fields, PROVIDER_FIELDS_MAX);

	if (!has_host)
		check_host(s->host);
	require(s->port >= 1 && s->port <= 65535);
	require(s->auth && s->domain && s->tls_host_override);
	for (size_t i = 0; i < n; i++)
		for (const char *p = fields[i].value; *p; p++)
			require(!is_control(*p) && !is_8bit(*p));
}

/* The fields of the input are the values of these. */
static const enum option_id ids[] = { OPT_provider, OPT_region, OPT_endpoint,
	OPT_host, OPT_from, OPT_port, OPT_ses_message_tags,
	OPT_ses_configuration_set, OPT_ses_source_arn, OPT_ses_list_management,
	OPT_tls_starttls, OPT_user };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct slice rest = { (const char *)bytes, n };
	struct arena arena = { NULL };
	const struct option_source source = {
		.origin = { ORIGIN_USER, 1, "rc" },
		.arena = &arena,
	};
	struct fail why = { FAIL_NONE, "" };
	struct settings s;
	struct slice value;
	struct buf warnings;

	buf_init(&warnings, 65536);
	settings_init(&s);
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]) &&
			   slice_take_until(&rest, '\n', &value);
	     i++)
		if (value.n)
			(void)option_set(
			    &s, &option_table[ids[i]], value, &source, NULL);
	if (account_complete(&s, &arena, &warnings, &why) != 0) {
		require(why.kind == FAIL_CONFIG && *why.text);
	} else if (s.provider) {
		check_settings(&s, option_is_explicit(&s, OPT_host));
		require(account_complete(&s, &arena, &warnings, &why) == 0);
	}
	buf_free(&warnings);
	arena_free(&arena);
	return 0;
}
