#include "scan.h"
#include <string.h>

/* What vectors the machine has, four of these at a time. */
typedef unsigned char lanes __attribute__((vector_size(16)));

#define LANES sizeof(lanes)
#define STEP  (4 * LANES)

static inline lanes load(const char *p)
{
	lanes v;

	memcpy(&v, p, sizeof(v));
	return v;
}

bool scan_has_8bit(const char *p, size_t n)
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

size_t scan_count_lf(const char *p, size_t n)
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

/* Not 0 in some lane if b stands right behind a in STEP + 1 octets. */
static inline lanes pairs(const char *p, char a, char b)
{
	return (where(p, a) & where(p + 1, b)) |
	       (where(p + LANES, a) & where(p + LANES + 1, b)) |
	       (where(p + 2 * LANES, a) & where(p + 2 * LANES + 1, b)) |
	       (where(p + 3 * LANES, a) & where(p + 3 * LANES + 1, b));
}

bool scan_has_pair(const char *p, size_t n, char a, char b)
{
	lanes any = { 0 };
	size_t i = 0;

	if (n > STEP) {
		for (; n - i > STEP; i += STEP)
			any |= pairs(p + i, a, b);
		/* The rest, with some of what was seen already. */
		any |= pairs(p + n - STEP - 1, a, b);
		return sum(any) > 0;
	}
	while (i + 1 < n && (p[i] != a || p[i + 1] != b))
		i++;
	return i + 1 < n;
}

/* Counts CRs, and marks where CR or LF stands without the other. */
static inline void look_for_crlf(const char *p, lanes *found, lanes *odd)
{
	lanes cr = where(p, '\r');

	*found -= cr;
	*odd |= cr ^ where(p + 1, '\n');
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

		for (; n - i > STEP && i < most; i += STEP) {
			look_for_crlf(p + i, &found, &odd);
			look_for_crlf(p + i + LANES, &found, &odd);
			look_for_crlf(p + i + 2 * LANES, &found, &odd);
			look_for_crlf(p + i + 3 * LANES, &found, &odd);
		}
		total += sum(found);
		if (sum(odd) > 0)
			return false;
	}
	for (; i + 1 < n; i++) {
		total += p[i] == '\r';
		is_odd |= (p[i] == '\r') != (p[i + 1] == '\n');
	}
	*ret_ends = total;
	return !is_odd;
}

struct scan_parts scan_split(const char *p, size_t n, bool pending_cr)
{
	struct scan_parts parts = { 0, n };

	if (pending_cr) {
		while (parts.head < n && p[parts.head] == '\r')
			parts.head++;
		parts.head += parts.head < n;
	}
	while (parts.tail > parts.head && p[parts.tail - 1] == '\r')
		parts.tail--;
	return parts;
}

enum scan_ends scan_ends(const char *p, size_t n, size_t *ret_crlf)
{
	if (!memchr(p, '\r', n))
		return SCAN_LF;
	return count_crlf(p, n, ret_crlf) ? SCAN_CRLF : SCAN_MIXED;
}
