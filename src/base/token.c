#include "token.h"
#include <stdio.h>

enum { NAME_MAX_SHOWN = 64 * 1024 };

static const struct slice pin_value = { "pin-value=", 10 };
static const struct slice pin_source = { "pin-source=", 11 };

static bool is_name(struct slice text)
{
	return slice_istarts(text, SLICE("pkcs11:"));
}

bool token_is_name(const char *text)
{
	return is_name(slice_of(text));
}

/* Up to where the attribute begins; rest.n when it is not there. */
static size_t find(struct slice rest, struct slice attribute)
{
	size_t at = 0;

	while (at < rest.n && !slice_istarts(slice_skip(rest, at), attribute))
		at++;
	return at;
}

bool token_has_pin(const char *name)
{
	struct slice all = slice_of(name);

	return token_is_name(name) &&
	       (find(all, pin_value) < all.n || find(all, pin_source) < all.n);
}

bool token_is_secret(struct slice text)
{
	return is_name(text) && find(text, pin_value) < text.n;
}

/*
 * A PIN ends at '&' and nowhere else: one that was written without quoting
 * what should be quoted is still hidden whole.
 */
void token_add_shown(struct buf *b, const char *text)
{
	struct slice rest = slice_of(text);
	size_t at;

	while (token_is_name(text) && (at = find(rest, pin_value)) < rest.n) {
		at += pin_value.n;
		buf_add_printable(b, slice_head(rest, at));
		buf_addc(b, '*');
		rest = slice_skip(rest, at);
		rest = slice_skip(rest, slice_find(rest, '&'));
	}
	buf_add_printable(b, rest);
}

const char *token_shown(const char *text, char room[TOKEN_SHOWN_MAX])
{
	struct buf b;

	buf_init(&b, NAME_MAX_SHOWN);
	token_add_shown(&b, text);
	(void)snprintf(room, TOKEN_SHOWN_MAX, "%s", buf_text(&b));
	buf_free(&b);
	return room;
}
