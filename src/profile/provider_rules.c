/* provider_rules: which row of the table fits a reply. */
#include "provider_private.h"
#include <regex.h>

static bool fits_provider(const struct reply_rule *r, const struct provider *p)
{
	return strcmp(r->provider, "*") == 0 ||
	       (p && strcmp(r->provider, p->name) == 0);
}

static bool fits_stage(const struct reply_rule *r, struct slice stage)
{
	struct slice rest = slice_of(r->stages);
	struct slice one;

	while (slice_take_until(&rest, '|', &one))
		if (slice_eq(one, stage) || slice_eq(one, SLICE("any")))
			return true;
	return false;
}

/*
 * Compiled only now: a run without a failure pays for no expression. One that
 * does not compile fits nothing; the tests compile them all.
 */
static bool fits_text(const struct reply_rule *r, const char *text)
{
	regex_t expression;
	bool found;

	if (strcmp(r->pattern, ".*") == 0)
		return true;
	if (regcomp(&expression, r->pattern, REG_EXTENDED | REG_NOSUB) != 0)
		return false;
	found = regexec(&expression, text, 0, NULL, 0) == 0;
	regfree(&expression);
	return found;
}

const struct reply_rule *provider_rule(
    const struct provider *p, const char *stage, int code, const char *text)
{
	struct slice name = slice_of(stage);

	for (size_t i = 0; i < provider_rules_n; i++) {
		const struct reply_rule *r = &provider_rules[i];

		if (code >= r->code_min && code <= r->code_max &&
		    fits_provider(r, p) && fits_stage(r, name) &&
		    fits_text(r, text))
			return r;
	}
	return NULL;
}
