/* options, the older names of settings that files of msmtp may still have. */
#include "options.h"

const struct option_alias option_aliases[] = {
	{ "connect_timeout", OPT_timeout, NULL, NULL },
	{ "keepbcc", OPT_remove_bcc_headers, "off", "on" },
	{ "add_missing_from_header", OPT_set_from_header, "auto", "off" },
	{ "add_missing_date_header", OPT_set_date_header, "auto", "off" },
	{ "undisclosed_recipients", OPT_set_to_header, "undisclosed_recipients",
	    "off" },
	{ "tls_nocertcheck", OPT_tls_certcheck, "off", NULL },
	{ "tls_nostarttls", OPT_tls_starttls, "off", NULL },
	{ NULL, OPT_COUNT, NULL, NULL },
};

const struct option_alias *option_alias_by_key(struct slice key)
{
	for (const struct option_alias *a = option_aliases; a->key; a++)
		if (slice_eq(slice_of(a->key), key))
			return a;
	return NULL;
}

bool option_alias_is_word(const struct option_alias *a)
{
	return a->on && !a->off;
}

int option_alias_value(const struct option_alias *a, struct slice value,
    struct slice *ret_value, struct fail *why)
{
	bool on = value.n == 0 || slice_eq(value, SLICE("on"));

	if (!a->on) {
		*ret_value = value;
		return 0;
	}
	if (!a->off && value.n)
		return fail(why, FAIL_CONFIG,
		    "command %s does not take an argument", a->key);
	if (!on && !slice_eq(value, SLICE("off")))
		return fail(why, FAIL_CONFIG,
		    "invalid argument %.*s for command %s: on or off expected",
		    SLICE_ARG(slice_head(value, 80)), a->key);
	*ret_value = slice_of(on ? a->on : a->off);
	return 0;
}
