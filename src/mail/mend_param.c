/*
 * Parameters of a header field that have 8-bit octets (RFC 2231).
 */
#include "mend_private.h"
#include "utf8.h"

/* Of an extended value in one line, RFC 2231 3 has the rest in more. */
enum { PIECE_MAX = 54 };

static size_t count_token(struct slice s)
{
	size_t n = 0;

	while (n < s.n && !is_control(s.p[n]) && !is_8bit(s.p[n]) &&
	       !strchr(" ()<>@,;:\\\"/[]?=", s.p[n]))
		n++;
	return n;
}

/* RFC 2231 7: attribute-char. */
static bool is_attribute(char c)
{
	return !is_control(c) && !is_8bit(c) &&
	       !strchr(" *'%()<>@,;:\\\"/[]?=", c);
}

static void add_extended(struct buf *b, struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (is_attribute(s.p[i]))
			buf_addc(b, s.p[i]);
		else
			buf_addf(b, "%%%02X", (unsigned char)s.p[i]);
}

/* What of s fits into a piece; no character is split. */
static struct slice piece_of(struct slice s, bool is_utf8)
{
	size_t n = 0, length = 0;

	while (n < s.n) {
		size_t more = is_utf8 ? utf8_length(slice_skip(s, n)) : 1;

		length += more > 1 || !is_attribute(s.p[n]) ? 3 * more : 1;
		if (length > PIECE_MAX)
			break;
		n += more;
	}
	return slice_head(s, n);
}

/* name*=charset''text, or name*0*=charset''te; name*1*=xt */
static void put_extended(struct buf *b, struct slice name, struct slice text)
{
	bool is_utf8 = utf8_is_valid(text);
	struct slice piece = piece_of(text, is_utf8);
	bool is_one = piece.n == text.n;

	for (int i = 0; text.n; i++) {
		buf_adds(b, i ? ";\n " : "");
		buf_add_slice(b, name);
		if (!is_one)
			buf_addf(b, "*%d", i);
		buf_adds(b, "*=");
		if (i == 0)
			buf_addf(b, "%s''", is_utf8 ? "UTF-8" : "unknown-8bit");
		add_extended(b, piece);
		text = slice_skip(text, piece.n);
		piece = piece_of(text, is_utf8);
	}
}

/* Delimiters get the same '?': readers know a boundary in no other form. */
static void put_boundary(struct buf *b, struct slice name, struct slice text)
{
	buf_add_slice(b, name);
	buf_adds(b, "=\"");
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '"' || text.p[i] == '\\')
			buf_addc(b, '\\');
		mend_words(b, (struct slice){ text.p + i, 1 }, MEND_ASCII);
	}
	buf_addc(b, '"');
}

/* One that is extended already needs only its octets done. */
static void put_again(struct buf *b, struct slice name, struct slice raw)
{
	bool is_extended = name.p[name.n - 1] == '*';

	buf_add_slice(b, name);
	buf_addc(b, '=');
	for (size_t i = 0; i < raw.n; i++)
		if (!is_8bit(raw.p[i]))
			buf_addc(b, raw.p[i]);
		else if (is_extended)
			buf_addf(b, "%%%02X", (unsigned char)raw.p[i]);
		else
			buf_addc(b, '?');
}

static void add_value(struct buf *b, struct slice raw)
{
	bool is_quoted = raw.n && raw.p[0] == '"';

	for (size_t i = is_quoted; i < raw.n; i++) {
		char c = raw.p[i];

		if (is_quoted && c == '"')
			break;
		if (is_quoted && c == '\\' && i + 1 < raw.n)
			c = raw.p[++i];
		if (c != '\r' && c != '\n')
			buf_addc(b, c);
	}
}

static void put_value(struct buf *b, struct slice name, struct slice raw)
{
	struct buf text;

	if (slice_find(name, '*') < name.n) {
		put_again(b, name, raw);
		return;
	}
	buf_init(&text, raw.n);
	add_value(&text, raw);
	if (slice_ieq(name, SLICE("boundary")))
		put_boundary(b, name, buf_slice(&text));
	else
		put_extended(b, name, buf_slice(&text));
	buf_free(&text);
}

/* Octets of a value without quotes; what many leave them out of, too. */
static size_t bare_length(struct slice s)
{
	size_t n = s.n;

	while (n && mend_spaces(slice_skip(s, n - 1)))
		n--;
	return n;
}

/* " name=value (comment)", without semicolon. */
static void put_parameter(struct buf *b, struct slice s)
{
	size_t n = mend_spaces(s);
	struct slice spaces = slice_head(s, n), after = slice_skip(s, n), name;
	struct slice value;

	name = slice_head(after, count_token(after));
	after = slice_skip(after, name.n);
	after = slice_skip(after, mend_spaces(after));
	if (name.n == 0 || after.n == 0 || after.p[0] != '=') {
		mend_words(b, s, MEND_OTHER);
		return;
	}
	after = slice_skip(after, 1);
	after = slice_skip(after, mend_spaces(after));
	value = slice_head(after, after.n && after.p[0] == '"'
				      ? mend_unit(after)
				      : bare_length(after));
	after = slice_skip(after, value.n);
	if (slice_has_8bit(value)) {
		if (!memchr(spaces.p, '\n', spaces.n))
			buf_addc(b, '\n');
		buf_adds(b, spaces.n ? "" : " ");
		buf_add_slice(b, spaces);
		put_value(b, name, value);
	} else {
		buf_add(b, s.p, s.n - after.n);
	}
	mend_words(b, after, MEND_OTHER);
}

void mend_parameters(struct buf *b, struct slice text)
{
	size_t n = mend_find(text, ";");

	mend_words(b, slice_head(text, n), MEND_OTHER);
	for (text = slice_skip(text, n); text.n; text = slice_skip(text, n)) {
		struct slice parameter;

		n = 1 + mend_find(slice_skip(text, 1), ";");
		parameter = slice_skip(slice_head(text, n), 1);
		buf_addc(b, ';');
		if (slice_has_8bit(parameter))
			put_parameter(b, parameter);
		else
			buf_add_slice(b, parameter);
	}
}
