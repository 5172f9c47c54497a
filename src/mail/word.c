#include "word.h"
#include "utf8.h"

/* Of "=?CHARSET?q?TEXT?=" without CHARSET and TEXT. */
enum { WORD_FRAME = 7 };

bool word_is_one(struct slice s)
{
	return s.n > WORD_FRAME && slice_starts(s, SLICE("=?")) &&
	       slice_iends(s, SLICE("?="));
}

/* What q leaves alone within a phrase: RFC 2047 5 (3). */
static bool is_plain(char c)
{
	char lower = ascii_lower(c);

	return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') ||
	       slice_find(SLICE("!*+-/"), c) < 5;
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

void word_add(struct buf *b, struct slice text, size_t first_max)
{
	const bool utf8 = utf8_is_valid(text);
	struct encoding e = { "UTF-8", 'q', add_q, q_length };
	size_t max = first_max;
	bool is_first = true;

	if (!utf8)
		e.charset = "unknown-8bit";
	if (b_length(text) < q_length(text)) {
		e.letter = 'b';
		e.add = add_b;
		e.length = b_length;
	}
	while (text.n) {
		struct slice head = word_head(
		    &e, text, utf8, max - strlen(e.charset) - WORD_FRAME);

		buf_addf(b, "%s=?%s?%c?", is_first ? "" : "\n ", e.charset,
		    e.letter);
		e.add(b, head);
		buf_adds(b, "?=");
		text = slice_skip(text, head.n);
		max = WORD_MAX;
		is_first = false;
	}
}
