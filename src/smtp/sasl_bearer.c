#include "sasl_private.h"
#include <stdio.h>

/*
 * Mechanisms that carry a token which somebody else has given out: the one of
 * RFC 7628 and the older one of large mailbox providers, which has no page of
 * its own. Both are one message, and an answer when the server objects.
 */

enum {
	FRAME_MAX = 1024, /* all but the token */
	REASON_SHOWN = 256,
};

static bool is_oauthbearer(const struct sasl_mechanism *m)
{
	return strcmp(m->name, "OAUTHBEARER") == 0;
}

/* A name as GS2 has it: no comma and no equals sign (RFC 5801 4). */
static void add_saslname(struct buf *b, struct slice name)
{
	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] == ',')
			buf_adds(b, "=2C");
		else if (name.p[i] == '=')
			buf_adds(b, "=3D");
		else
			buf_addc(b, name.p[i]);
}

static void add_head(struct buf *b, const struct sasl_params *params,
    const struct sasl_mechanism *m)
{
	if (!is_oauthbearer(m)) {
		buf_addf(b, "user=%s\001", params->user);
		return;
	}
	buf_adds(b, "n,a=");
	add_saslname(b, slice_of(params->user));
	buf_addf(b, ",\001host=%s\001", params->host);
	if (params->port)
		buf_addf(b, "port=%u\001", params->port);
}

static bool has_control(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (is_control(s.p[i]))
			return true;
	return false;
}

struct secret *sasl_bearer_first(const struct sasl_params *params,
    const struct sasl_mechanism *m, struct fail *why)
{
	struct slice token = secret_view(params->password);
	struct secret *first = NULL;
	struct buf head;

	buf_init(&head, FRAME_MAX);
	add_head(&head, params, m);
	if (token.n == 0 || !slice_is_printable(token) ||
	    slice_find(token, ' ') < token.n)
		fail(why, FAIL_CONFIG,
		    "%s: the token is empty or not printable ASCII", m->name);
	else if (head.full || has_control(slice_of(params->user)))
		fail(why, FAIL_CONFIG, "%s: not a name for this mechanism",
		    m->name);
	else
		first = secret_new(FRAME_MAX + token.n + 16, why);
	if (first && (secret_add(first, buf_slice(&head)) != 0 ||
			 secret_add(first, SLICE("auth=Bearer ")) != 0 ||
			 secret_add(first, token) != 0 ||
			 secret_add(first, SLICE("\001\001")) != 0)) {
		fail(why, FAIL_BUG, "%s: no room for the token", m->name);
		first = secret_free(first);
	}
	buf_free(&head);
	return first;
}

struct slice sasl_bearer_last(const struct sasl_mechanism *m)
{
	return is_oauthbearer(m) ? SLICE("\001") : SLICE("");
}

static bool contains(struct slice text, struct slice part)
{
	for (; text.n >= part.n; text = slice_skip(text, 1))
		if (slice_starts(text, part))
			return true;
	return false;
}

void sasl_bearer_reason(
    struct slice error, const struct secret *token, struct buf *reason)
{
	buf_clear(reason);
	if (!contains(error, secret_view(token)))
		buf_add_printable(reason, slice_head(error, REASON_SHOWN));
}
