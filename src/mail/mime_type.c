/*
 * What Content-Type and Content-Transfer-Encoding say.
 */
#include "hdr.h"
#include "mime.h"

static bool is_special(char c)
{
	return c == '\0' || strchr("()<>@,;:\\\"/[]?=", c);
}

/* Skips blanks, folding and comments. */
static void skip_space(struct slice *s)
{
	int depth = 0;

	while (s->n && (depth || is_space(s->p[0]) || s->p[0] == '(')) {
		if (s->p[0] == '(')
			depth++;
		else if (s->p[0] == ')')
			depth--;
		*s = slice_skip(*s, depth && s->p[0] == '\\' ? 2 : 1);
	}
}

static struct slice take_token(struct slice *s)
{
	size_t n = 0;

	skip_space(s);
	while (n < s->n && !is_space(s->p[n]) && !is_special(s->p[n]))
		n++;
	*s = slice_skip(*s, n);
	return (struct slice){ s->p - n, n };
}

static bool take_char(struct slice *s, char c)
{
	skip_space(s);
	if (s->n == 0 || s->p[0] != c)
		return false;
	*s = slice_skip(*s, 1);
	return true;
}

static void take_quoted(struct slice *s, struct buf *value)
{
	for (; s->n && s->p[0] != '"'; *s = slice_skip(*s, 1)) {
		if (s->p[0] == '\\' && s->n > 1)
			*s = slice_skip(*s, 1);
		if (s->p[0] != '\r' && s->p[0] != '\n')
			buf_addc(value, s->p[0]);
	}
	*s = slice_skip(*s, 1);
}

/* Without quotes, many write what needs them: up to a blank or semicolon. */
static void take_bare(struct slice *s, struct buf *value)
{
	while (s->n && !is_space(s->p[0]) && s->p[0] != ';') {
		buf_addc(value, s->p[0]);
		*s = slice_skip(*s, 1);
	}
}

/* RFC 2231 4: CHARSET'LANGUAGE'TEXT with %XX. */
static void decode_extended(struct buf *value, size_t at, bool is_first)
{
	struct slice s = slice_skip(buf_slice(value), at);
	size_t to = at;

	for (int i = 0; is_first && i < 2; i++)
		s = slice_skip(s, slice_find(s, '\'') + 1);
	for (; s.n; s = slice_skip(s, 1)) {
		static const char digits[] = "0123456789abcdef";
		const char *high = NULL, *low = NULL;

		if (s.p[0] == '%' && s.n > 2 && s.p[1] && s.p[2]) {
			high = strchr(digits, ascii_lower(s.p[1]));
			low = strchr(digits, ascii_lower(s.p[2]));
		}
		if (high && low) {
			value->p[to++] =
			    (char)((high - digits) * 16 + (low - digits));
			s = slice_skip(s, 2);
		} else {
			value->p[to++] = s.p[0];
		}
	}
	value->n = to;
}

/* A boundary in one piece, or in pieces (RFC 2231 3). */
static void take_value(
    struct slice *s, struct slice name, struct buf *boundary, size_t start)
{
	const struct slice plain = SLICE("boundary");
	struct slice rest = slice_skip(name, plain.n);
	size_t at = boundary->n;

	if (take_char(s, '"'))
		take_quoted(s, boundary);
	else
		take_bare(s, boundary);
	if (!slice_istarts(name, plain) || (rest.n && rest.p[0] != '*') ||
	    (!rest.n && at > start))
		boundary->n = at;
	else if (rest.n && rest.p[rest.n - 1] == '*')
		decode_extended(boundary, at, at == start);
}

static void take_parameters(struct slice s, struct buf *boundary)
{
	size_t start = boundary->n;

	while (s.n) {
		struct slice name;

		while (take_char(&s, ';'))
			;
		name = take_token(&s);
		if (take_char(&s, '='))
			take_value(&s, name, boundary, start);
		/* Whatever else stands there. */
		while (s.n && s.p[0] != ';')
			s = slice_skip(s, 1);
	}
	while (boundary->n > start && is_blank(boundary->p[boundary->n - 1]))
		boundary->n--;
}

static void describe_type(
    struct slice s, struct mime_part *part, struct buf *boundary)
{
	size_t start = boundary->n;
	struct slice type = take_token(&s), subtype;

	if (!take_char(&s, '/'))
		return;
	subtype = take_token(&s);
	part->kind = MIME_LEAF;
	if (slice_ieq(type, SLICE("message")) &&
	    (slice_ieq(subtype, SLICE("rfc822")) ||
		slice_ieq(subtype, SLICE("news"))))
		part->kind = MIME_MESSAGE;
	if (!slice_ieq(type, SLICE("multipart")))
		return;
	take_parameters(s, boundary);
	part->is_digest = slice_ieq(subtype, SLICE("digest"));
	if (boundary->n > start)
		part->kind = MIME_MULTIPART;
}

static void describe_encoding(struct slice s, struct mime_part *part)
{
	static const struct {
		const char *name;
		enum mime_encoding encoding;
	} known[] = {
		{ "8bit", MIME_WIDE },
		{ "binary", MIME_WIDE },
		{ "base64", MIME_BASE64 },
		{ "quoted-printable", MIME_QP },
	};

	struct slice token = take_token(&s);

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (slice_ieq(token, slice_of(known[i].name)))
			part->encoding = known[i].encoding;
}

size_t mime_mailbox_line(struct slice header)
{
	struct slice text =
	    slice_skip(header, header.n && header.p[0] == '>' ? 1 : 0);
	struct slice line;

	if (!slice_starts(text, SLICE("From ")) || hdr_is_field_line(text) ||
	    !slice_take_line(&header, &line))
		return 0;
	return line.n;
}

void mime_describe(
    struct slice header, struct mime_part *part, struct buf *boundary)
{
	bool has_type = false, has_encoding = false;
	struct hdr_field f;

	part->encoding = MIME_7BIT;
	header = slice_skip(header, mime_mailbox_line(header));
	while (hdr_next(&header, &f)) {
		if (f.info->id == HDR_ID_CONTENT_TYPE && !has_type) {
			describe_type(f.value, part, boundary);
			has_type = true;
		}
		if (f.info->id == HDR_ID_CONTENT_TRANSFER_ENCODING &&
		    !has_encoding) {
			describe_encoding(f.value, part);
			has_encoding = true;
		}
	}
	if (part->kind == MIME_MESSAGE && part->encoding >= MIME_BASE64)
		part->kind = MIME_LEAF;
}
