#include "addr.h"
#include "utf8.h"

enum {
	WORD_MAX = 75,  /* RFC 2047 2 */
	FIRST_MAX = 62, /* leaves room for "Resent-From: " in a line of 76 */
	WORD_FRAME = 7, /* of "=?CHARSET?q?TEXT?=" without CHARSET and TEXT */
};

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

/* What q leaves alone within a phrase: RFC 2047 5 (3). */
static bool is_plain(char c)
{
	char lower = ascii_lower(c);

	return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') ||
	       addr_is_one_of(c, "!*+-/");
}

static void add_q(struct buf *b, struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == ' ')
			buf_addc(b, '_');
		else if (is_plain(s.p[i]))
			buf_addc(b, s.p[i]);
		else
			buf_addf(b, "=%02X", (unsigned char)s.p[i]);
}

static size_t q_length(struct slice s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += s.p[i] == ' ' || is_plain(s.p[i]) ? 1 : 3;
	return n;
}

static void add_b(struct buf *b, struct slice s)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";

	for (; s.n; s = slice_skip(s, 3)) {
		char four[5] = "====";
		uint32_t bits = 0;

		for (size_t i = 0; i < 3; i++)
			bits =
			    bits << 8 | (i < s.n ? (unsigned char)s.p[i] : 0);
		for (size_t i = 0; i <= s.n && i < 4; i++)
			four[i] = digits[bits >> (18 - 6 * i) & 63];
		buf_adds(b, four);
	}
}

static size_t b_length(struct slice s)
{
	return (s.n + 2) / 3 * 4;
}

struct encoding {
	const char *charset;
	char letter;
	void (*add)(struct buf *, struct slice);
	size_t (*length)(struct slice);
};

/* Whole characters at the start of s that fit into max: RFC 2047 5. */
static struct slice word_head(
    const struct encoding *e, struct slice s, bool utf8, size_t max)
{
	size_t n = 0;

	while (n < s.n) {
		size_t more = n + (utf8 ? utf8_length(slice_skip(s, n)) : 1);

		if (e->length(slice_head(s, more)) > max)
			break;
		n = more;
	}
	return slice_head(s, n);
}

static void add_words(struct buf *b, struct slice s)
{
	const bool utf8 = utf8_is_valid(s);
	struct encoding e = { "UTF-8", 'q', add_q, q_length };
	size_t max = FIRST_MAX;

	if (!utf8)
		e.charset = "unknown-8bit";
	if (b_length(s) < q_length(s)) {
		e.letter = 'b';
		e.add = add_b;
		e.length = b_length;
	}
	while (s.n) {
		struct slice head = word_head(
		    &e, s, utf8, max - strlen(e.charset) - WORD_FRAME);

		buf_addf(b, "%s=?%s?%c?", max == FIRST_MAX ? "" : "\n ",
		    e.charset, e.letter);
		e.add(b, head);
		buf_adds(b, "?=");
		s = slice_skip(s, head.n);
		max = WORD_MAX;
	}
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

static bool has_8bit(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (is_8bit(s.p[i]))
			return true;
	return false;
}

void addr_add_phrase(struct buf *b, struct slice name)
{
	struct buf clean;

	buf_init(&clean, name.n);
	for (size_t i = 0; i < name.n; i++)
		if (!is_control(name.p[i]))
			buf_addc(&clean, name.p[i]);
	name = slice_trim(buf_slice(&clean));
	if (has_8bit(name))
		add_words(b, name);
	else if (is_phrase(name))
		buf_add_slice(b, name);
	else
		addr_add_quoted(b, name);
	buf_free(&clean);
}
