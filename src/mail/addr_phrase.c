#include "addr.h"
#include "word.h"

/* Leaves room for "Resent-From: " in a line of 76. */
enum { FIRST_MAX = 62 };

void addr_add_quoted(struct buf *b, struct slice text)
{
	buf_addc(b, '"');
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '"' || text.p[i] == '\\')
			buf_addc(b, '\\');
		buf_addc(b, text.p[i]);
	}
	buf_addc(b, '"');
}

/* Atoms with one space between them need no quotes. */
static bool is_phrase(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!addr_is_atext(s.p[i]) &&
		    (s.p[i] != ' ' || s.p[i - 1] == ' '))
			return false;
	return true;
}

void addr_add_phrase(struct buf *b, struct slice name)
{
	struct buf clean;

	buf_init(&clean, name.n);
	for (size_t i = 0; i < name.n; i++)
		if (!is_control(name.p[i]))
			buf_addc(&clean, name.p[i]);
	name = slice_trim(buf_slice(&clean));
	if (slice_has_8bit(name))
		word_add(b, name, FIRST_MAX);
	else if (is_phrase(name))
		buf_add_slice(b, name);
	else
		addr_add_quoted(b, name);
	buf_free(&clean);
}
