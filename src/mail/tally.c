#include "tally.h"
#include "scan.h"

static void end_line(struct tally *t)
{
	if (t->line > t->longest)
		t->longest = t->line;
	t->line = 0;
	t->ends++;
	t->pending_cr = false;
}

static const char *find(const char *p, const char *end, char c)
{
	const char *found = memchr(p, c, (size_t)(end - p));

	return found ? found : end;
}

/* Any text, line by line. */
static void add_lines(struct tally *t, const char *p, const char *end)
{
	/* The next CR. Kept, so that text without CRs is searched once. */
	const char *cr = NULL;

	while (p < end) {
		const char *stop;

		if (t->pending_cr && *p != '\r') {
			end_line(t);
			if (*p == '\n') {
				p++;
				continue;
			}
			t->has_bare_cr = true;
		}
		if (!cr || cr < p)
			cr = find(p, end, '\r');
		stop = find(p, cr, '\n');
		t->line += (size_t)(stop - p);
		t->text += (size_t)(stop - p);
		if (stop == end)
			break;
		if (*stop == '\n')
			end_line(t);
		else
			t->pending_cr = true;
		p = stop + 1;
	}
}

/*
 * Line lengths of text whose line ends are all `unit` octets and end in LF.
 * Once a long line was seen, shorter ones are passed over several at a time.
 */
static void measure(
    struct tally *t, const char *p, const char *end, size_t unit)
{
	const char *lf = find(p, end, '\n');

	t->line += (size_t)(lf - p);
	if (lf == end)
		return;
	t->line -= unit - 1;
	if (t->line > t->longest)
		t->longest = t->line;
	for (p = lf + 1;; p = lf + 1) {
		/* The longest line so far, with its end, would reach here. */
		size_t reach = t->longest + unit;

		if ((size_t)(end - p) < reach)
			break;
		lf = p + reach - 1;
		if (*lf != '\n')
			lf = memrchr(p, '\n', reach);
		if (lf)
			continue;
		lf = find(p + reach, end, '\n');
		if (lf == end)
			break;
		t->longest = (size_t)(lf + 1 - p) - unit;
	}
	lf = memrchr(p, '\n', (size_t)(end - p));
	t->line = (size_t)(end - (lf ? lf + 1 : p));
}

/* Text that neither starts behind a CR nor ends in one. */
static void add_block(struct tally *t, const char *p, const char *end)
{
	const size_t n = (size_t)(end - p);
	size_t unit = 1, ends;
	enum scan_ends kind;

	if (n == 0)
		return;
	kind = scan_ends(p, n, &ends);
	if (kind == SCAN_MIXED) {
		add_lines(t, p, end);
		return;
	}
	if (kind == SCAN_CRLF)
		unit = 2;
	else
		ends = scan_count_lf(p, n);
	t->text += n - unit * ends;
	t->ends += ends;
	measure(t, p, end, unit);
}

/* What has no such octet, and most text has none, is looked at once. */
static void add_8bit(struct tally *t, const char *p, size_t n)
{
	bool is_known = t->has_8bit && t->utf8.is_bad;

	if (is_known || (!t->utf8.left && !scan_has_8bit(p, n)))
		return;
	t->has_8bit = true;
	utf8_add(&t->utf8, p, n);
}

void tally_add(struct tally *t, const char *p, size_t n)
{
	struct scan_parts parts;

	if (n == 0)
		return;
	add_8bit(t, p, n);
	t->has_nul = t->has_nul || memchr(p, '\0', n);
	parts = scan_split(p, n, t->pending_cr);
	add_lines(t, p, p + parts.head);
	add_block(t, p + parts.head, p + parts.tail);
	add_lines(t, p + parts.tail, p + n);
}

void tally_finish(struct tally *t)
{
	if (t->pending_cr) {
		t->has_bare_cr = true;
		end_line(t);
	}
	if (t->line > t->longest)
		t->longest = t->line;
	utf8_finish(&t->utf8);
}

uint64_t tally_wire_size(const struct tally *t)
{
	return t->text + 2 * t->ends + (t->line ? 2 : 0);
}
