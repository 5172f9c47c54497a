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

struct pair {
	lanes a, b;
};

/* -1 in each lane where a stands in p and b in q. */
static inline lanes matches(
    const char *p, const char *q, const struct pair *want)
{
	return (lanes)((load(p) == want->a) & (load(q) == want->b));
}

/*
 * How often a stands in p where b stands in q. Inlined so that a search for
 * one octet (p is q, a is b) does not cost two.
 */
static inline __attribute__((always_inline)) size_t count(
    const char *p, char a, const char *q, char b, size_t n)
{
	const struct pair want = { (lanes){ 0 } + (unsigned char)a,
		(lanes){ 0 } + (unsigned char)b };
	size_t total = 0, i = 0;

	while (n - i >= STEP) {
		/* A lane counts to 255. */
		size_t most = i + 63 * STEP;
		lanes found = { 0 };

		for (; n - i >= STEP && i < most; i += STEP)
			found -= matches(p + i, q + i, &want) +
				 matches(p + i + LANES, q + i + LANES, &want) +
				 matches(p + i + 2 * LANES, q + i + 2 * LANES,
				     &want) +
				 matches(p + i + 3 * LANES, q + i + 3 * LANES,
				     &want);
		for (size_t k = 0; k < LANES; k++)
			total += found[k];
	}
	for (; i < n; i++)
		total += p[i] == a && q[i] == b;
	return total;
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
	ends = count(p, '\n', p, '\n', n);
	if (memchr(p, '\r', n)) {
		unit = 2;
		if (count(p, '\r', p + 1, '\n', n - 1) != ends ||
		    count(p, '\r', p, '\r', n) != ends) {
			add_lines(t, p, end);
			return;
		}
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
