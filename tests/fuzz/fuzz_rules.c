/*
 * fuzz_rules: the row found for a reply is one for its provider and code, and
 * no refusal of a known provider is without a row.
 */
#include "provider.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static const char *const providers[] = { "ses", "oci", NULL };
static const char *const stages[] = { "resolve", "connect", "greeting", "auth",
	"mail", "rcpt", "data", "data-end", "rset", "any", "nowhere", "" };

enum { N_STAGES = sizeof(stages) / sizeof(stages[0]) };

static void require(bool is_true)
{
	if (!is_true)
		abort();
}

static void check_rule(
    const struct reply_rule *r, const struct provider *p, int code)
{
	require(code >= r->code_min && code <= r->code_max);
	require(strcmp(r->provider, "*") == 0 ||
		(p && provider_find(r->provider) == p));
	require(r->advice && *r->advice);
}

/* Three bytes choose provider, stage and code; the rest is the text. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	const struct reply_rule *r;
	const struct provider *p;
	const char *stage;
	char *text;
	int code;

	if (n < 4)
		return 0;
	p = provider_find(providers[bytes[0] % 3]);
	stage = stages[bytes[1] % N_STAGES];
	code = (bytes[2] << 8 | bytes[3]) % 700;
	text = strndup((const char *)bytes + 4, n - 4);
	if (!text)
		return 0;
	r = provider_rule(p, stage, code, text);
	require(r || !p || code < 400 || code > 599);
	if (r)
		check_rule(r, p, code);
	require(provider_rule(p, stage, code, text) == r);
	free(text);
	return 0;
}
