#include "cut.h"

void cut_begin(struct cut *c, enum cut_mode mode, bool may_8bit)
{
	c->mode = mode;
	c->may_8bit = may_8bit;
	c->is_guarded = false;
	c->is_cr = false;
	c->n = 0;
}

size_t cut_place(struct slice s, size_t max)
{
	size_t at = max;

	if (s.n <= max)
		return s.n;
	while (at > max - 3 && ((unsigned char)s.p[at] & 0xc0) == 0x80)
		at--;
	return ((unsigned char)s.p[at] & 0xc0) == 0x80 ? max : at;
}

/* Where no "=XX" is split, with room for the "=" of a soft break. */
static size_t soft_place(struct slice s)
{
	size_t at = cut_place(s, LINE_MAX_OCTETS - 1);

	for (size_t back = 1; back <= 2; back++)
		if (s.p[at - back] == '=')
			return at - back;
	return at;
}

/* Puts text instead of the first n octets of the line. */
static void replace_start(struct cut *c, size_t n, struct slice text)
{
	memmove(c->line + text.n, c->line + n, c->n - n);
	memcpy(c->line, text.p, text.n);
	c->n += text.n - n;
}

static void guard(struct cut *c)
{
	bool is_needed = c->is_guarded && c->n && c->line[0] == '-';

	c->is_guarded = false;
	if (is_needed && c->mode == CUT_PLAIN)
		replace_start(c, 0, SLICE(" "));
	else if (is_needed)
		replace_start(c, 1, SLICE("=2D"));
}

/* Makes room in a line that has become too long. */
static void cut_line(struct cut *c, struct buf *out)
{
	const struct slice line = { c->line, c->n };
	bool is_plain = c->mode == CUT_PLAIN;
	size_t n =
	    is_plain ? cut_place(line, LINE_MAX_OCTETS) : soft_place(line);

	buf_add(out, c->line, n);
	buf_adds(out, is_plain ? "\n" : "=\n");
	replace_start(c, n, is_plain ? SLICE(" ") : SLICE(""));
	c->is_guarded = !is_plain;
}

static void put(struct cut *c, struct slice text, struct buf *out)
{
	c->is_cr = false;
	memcpy(c->line + c->n, text.p, text.n);
	c->n += text.n;
	if (c->n <= LINE_MAX_OCTETS)
		return;
	/* What is left of "--boundary" and blanks would be a delimiter. */
	c->is_guarded = c->is_guarded || c->mode == CUT_PLAIN;
	guard(c);
	cut_line(c, out);
}

static void put_8bit(struct cut *c, char octet, struct buf *out)
{
	static const char digits[] = "0123456789ABCDEF";
	const unsigned char u = (unsigned char)octet;
	const char coded[] = { '=', digits[u >> 4], digits[u & 15] };

	if (c->mode == CUT_PLAIN)
		put(c, SLICE("?"), out);
	else
		put(c, (struct slice){ coded, sizeof(coded) }, out);
}

static void drop_nul(struct cut *c, struct buf *out)
{
	/* What it stood between must not become one line end. */
	if (c->is_cr)
		buf_addc(out, '\n');
	c->is_cr = false;
	c->is_guarded = true;
}

static void end_line(struct cut *c, char octet, struct buf *out)
{
	cut_finish(c, out);
	buf_addc(out, octet);
	c->is_cr = octet == '\r';
}

void cut_add(struct cut *c, struct slice in, struct buf *out)
{
	for (size_t i = 0; i < in.n; i++) {
		char octet = in.p[i];

		if (octet == '\n' || octet == '\r') {
			end_line(c, octet, out);
		} else if (octet == '\0') {
			drop_nul(c, out);
		} else if (is_8bit(octet) && !c->may_8bit) {
			put_8bit(c, octet, out);
		} else {
			put(c, (struct slice){ &octet, 1 }, out);
		}
	}
}

void cut_finish(struct cut *c, struct buf *out)
{
	guard(c);
	if (c->n > LINE_MAX_OCTETS)
		cut_line(c, out);
	buf_add(out, c->line, c->n);
	c->n = 0;
	c->is_guarded = false;
}
