#include "tally.h"

/*
 * Every octet of a large message passes through here, so most of them are
 * looked at by what vectors the machine has, four of these at a time.
 */
typedef unsigned char lanes __attribute__((vector_size(16)));

#define LANES sizeof(lanes)
#define STEP  (4 * LANES)

static inline lanes load(const char *p)
{
	lanes v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static bool has_8bit(const char *p, size_t n)
{
	lanes any = { 0 };
	unsigned char bits = 0;

	for (; n >= STEP; p += STEP, n -= STEP)
		any |= load(p) | load(p + LANES) | load(p + 2 * LANES) |
		       load(p + 3 * LANES);
	for (size_t i = 0; i < LANES; i++)
		bits |= any[i];
	while (n--)
		bits |= (unsigned char)*p++;
	return (bits & 0x80) != 0;
}

/* -1 in each lane where c stands. */
static inline lanes where(const char *p, char c)
{
	return (lanes)(load(p) == (lanes){ 0 } + (unsigned char)c);
}

static size_t sum(lanes v)
{
	size_t total = 0;

	for (size_t i = 0; i < LANES; i++)
		total += v[i];
	return total;
}

/* How often LF stands in p. */
static size_t count_lf(const char *p, size_t n)
{
	size_t total = 0, i = 0;

	while (n - i >= STEP) {
		/* A lane counts to 255. */
		size_t most = i + 63 * STEP;
		lanes found = { 0 };

		for (; n - i >= STEP && i < most; i += STEP)
			found -= where(p + i, '\n') +
				 where(p + i + LANES, '\n') +
				 where(p + i + 2 * LANES, '\n') +
				 where(p + i + 3 * LANES, '\n');
		total += sum(found);
	}
	for (; i < n; i++)
		total += p[i] == '\n';
	return total;
}

/*
 * Does LF stand behind each CR, and nowhere else? p does not end in CR. Tells
 * how many there are.
 */
static bool count_crlf(const char *p, size_t n, size_t *ret_ends)
{
	size_t total = 0, i = 0;
	bool is_odd = p[0] == '\n';

	/* Of n octets, n - 1 have a next one. */
	while (n - i > STEP) {
		size_t most = i + 63 * STEP;
		lanes found = { 0 }, odd = { 0 };

		for (; n - i > STEP && i < most; i += STEP)
			for (size_t k = 0; k < STEP; k += LANES) {
				lanes cr = where(p + i + k, '\r');

				found -= cr;
				odd |= cr ^ where(p + i + k + 1, '\n');
			}
		total += sum(found);
		is_odd |= sum(odd) > 0;
	}
	for (; i + 1 < n; i++) {
		total += p[i] == '\r';
		is_odd |= (p[i] == '\r') != (p[i + 1] == '\n');
	}
	*ret_ends = total;
	return !is_odd;
}

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

	if (n == 0)
		return;
	if (!memchr(p, '\r', n)) {
		ends = count_lf(p, n);
	} else if (count_crlf(p, n, &ends)) {
		unit = 2;
	} else {
		add_lines(t, p, end);
		return;
	}
	t->text += n - unit * ends;
	t->ends += ends;
	measure(t, p, end, unit);
}

/* What has no such octet, and most text has none, is looked at once. */
static void add_8bit(struct tally *t, const char *p, size_t n)
{
	bool is_known = t->has_8bit && t->utf8.is_bad;

	if (is_known || (!t->utf8.left && !has_8bit(p, n)))
		return;
	t->has_8bit = true;
	utf8_add(&t->utf8, p, n);
}

void tally_add(struct tally *t, const char *p, size_t n)
{
	size_t head = 0, tail = n;

	if (n == 0)
		return;
	add_8bit(t, p, n);
	t->has_nul = t->has_nul || memchr(p, '\0', n);
	/* What a CR at either end means, its neighbour tells. */
	if (t->pending_cr) {
		while (head < n && p[head] == '\r')
			head++;
		head += head < n;
	}
	while (tail > head && p[tail - 1] == '\r')
		tail--;
	add_lines(t, p, p + head);
	add_block(t, p + head, p + tail);
	add_lines(t, p + tail, p + n);
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
