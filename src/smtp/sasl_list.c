#include "sasl_private.h"
#include <stdio.h>

/*
 * Best first: what proves both sides and the channel, then what proves both
 * sides, then what sends a password or a weak digest of it inside TLS. NTLM,
 * tickets and tokens are used only when they are named.
 */
static const struct sasl_mechanism mechanisms[] = {
	{ "SCRAM-SHA-256-PLUS", SASL_FIRST | SASL_AUTO_TLS | SASL_PREPARED |
				    SASL_BINDING | SASL_OPTIONAL },
	{ "SCRAM-SHA-1-PLUS", SASL_FIRST | SASL_AUTO_TLS | SASL_PREPARED |
				  SASL_BINDING | SASL_OPTIONAL },
	{ "SCRAM-SHA-256", SASL_FIRST | SASL_AUTO | SASL_PREPARED },
	{ "SCRAM-SHA-1", SASL_FIRST | SASL_AUTO | SASL_PREPARED },
	{ "PLAIN", SASL_FIRST | SASL_AUTO_TLS },
	{ "CRAM-MD5", SASL_AUTO_TLS | SASL_PREPARED },
	{ "DIGEST-MD5",
	    SASL_AUTO_TLS | SASL_PREPARED | SASL_OPTIONAL | SASL_FILLED },
	{ "LOGIN", SASL_AUTO_TLS },
	{ "NTLM", SASL_FIRST | SASL_PREPARED | SASL_OPTIONAL | SASL_NTLM },
	{ "GSSAPI", SASL_FIRST | SASL_TICKET | SASL_OPTIONAL },
	{ "EXTERNAL", SASL_FIRST | SASL_TICKET },
	{ "OAUTHBEARER", SASL_FIRST | SASL_BEARER },
	{ "XOAUTH2", SASL_FIRST | SASL_BEARER },
};

enum { N_MECHANISMS = sizeof(mechanisms) / sizeof(mechanisms[0]) };

const struct sasl_mechanism *sasl_find(const char *name)
{
	for (size_t i = 0; name && i < N_MECHANISMS; i++)
		if (slice_ieq(slice_of(name), slice_of(mechanisms[i].name)))
			return sasl_is_supported(&mechanisms[i])
				   ? &mechanisms[i]
				   : NULL;
	return NULL;
}

static bool is_offered(const char *offered, const char *name)
{
	struct slice rest = slice_of(offered), word;

	while (slice_take_word(&rest, &word))
		if (slice_eq(word, slice_of(name)))
			return true;
	return false;
}

const char *sasl_choose(const char *offered, bool in_tls, bool has_binding)
{
	unsigned wanted = SASL_AUTO | (in_tls ? SASL_AUTO_TLS : 0);

	for (size_t i = 0; i < N_MECHANISMS; i++) {
		const struct sasl_mechanism *m = &mechanisms[i];
		bool is_bound = !(m->flags & SASL_BINDING) || has_binding;

		if ((m->flags & wanted) && is_bound &&
		    is_offered(offered, m->name) && sasl_is_supported(m))
			return m->name;
	}
	return NULL;
}

bool sasl_is_known(const char *name, const char **ret_name)
{
	const struct sasl_mechanism *m = sasl_find(name);

	if (m)
		*ret_name = m->name;
	return m != NULL;
}

bool sasl_needs_binding(const char *name)
{
	const struct sasl_mechanism *m = sasl_find(name);

	return m && (m->flags & SASL_BINDING);
}

const char *sasl_mechanisms(void)
{
	static char text[24 * N_MECHANISMS];
	size_t n = 0;

	for (size_t i = 0; i < N_MECHANISMS; i++)
		if (sasl_is_supported(&mechanisms[i]))
			n += (size_t)snprintf(text + n, sizeof(text) - n,
			    "%s%s", n ? " " : "", mechanisms[i].name);
	return text;
}
