#include "dots.h"
#include "slice.h"

enum dot_kind { DOT_KEEP, DOT_STRIP, DOT_ENDS, DOT_UNKNOWN };

/* What a dot at the start of a line means by what follows it. */
static enum dot_kind dot_kind(enum dots_rule rule, struct slice text, bool eof)
{
	enum dot_kind cut = DOT_UNKNOWN;

	if (eof)
		cut = rule == DOTS_SENDMAIL ? DOT_ENDS : DOT_STRIP;
	if (slice_starts(text, SLICE(".\r\n")) ||
	    (rule != DOTS_CRLF && slice_starts(text, SLICE(".\n"))))
		return DOT_ENDS;
	if (text.n == 1 || slice_eq(text, SLICE(".\r")))
		return cut;
	return rule != DOTS_SENDMAIL || text.p[1] == '.' ? DOT_STRIP : DOT_KEEP;
}

static bool starts_line(const struct dots *d, const char *block, size_t at)
{
	if (at == 0)
		return !d->in_line;
	if (block[at - 1] != '\n')
		return false;
	return d->rule != DOTS_CRLF ||
	       (at > 1 ? block[at - 2] : d->last) == '\r';
}

/* Position of the next dot at the start of a line; n when there is none. */
static size_t find_dot(const struct dots *d, struct slice block, size_t from)
{
	while (from < block.n) {
		size_t at = from + slice_find(slice_skip(block, from), '.');

		if (at < block.n && starts_line(d, block.p, at))
			return at;
		from = at + 1;
	}
	return block.n;
}

/* Octets of the line that ends the message. */
static size_t end_length(struct slice text)
{
	size_t lf = slice_find(text, '\n');

	return lf < text.n ? lf + 1 : lf;
}

static void remember(struct dots *d, const char *block, size_t n)
{
	if (n == 0)
		return;
	d->in_line = !starts_line(d, block, n);
	d->last = block[n - 1];
}

size_t dots_filter(struct dots *d, char *block, size_t n, bool eof)
{
	const struct slice all = { block, n };
	size_t from = 0, to = 0, dot = find_dot(d, all, 0);
	enum dot_kind kind = DOT_KEEP;

	while (dot < n) {
		kind = dot_kind(d->rule, slice_skip(all, dot), eof);
		if (kind == DOT_UNKNOWN || kind == DOT_ENDS)
			break;
		if (kind == DOT_STRIP) {
			memmove(block + to, block + from, dot - from);
			to += dot - from;
			from = dot + 1;
		}
		dot = find_dot(d, all, dot + 2);
	}
	d->taken = dot;
	d->ended = dot < n && kind == DOT_ENDS;
	if (d->ended)
		d->taken += end_length(slice_skip(all, dot));
	/* Before the octets move: it looks at them as they came. */
	remember(d, block, dot);
	memmove(block + to, block + from, dot - from);
	return to + dot - from;
}
