#include "tally.h"
#include <string.h>

static const char *find(const char *p, const char *end, char c)
{
	const char *found = memchr(p, c, (size_t)(end - p));

	return found ? found : end;
}

/* 32 octets at a time: this runs over every octet of a large message. */
static bool has_8bit(const char *p, size_t n)
{
	uint64_t word[4], any = 0;
	unsigned char rest = 0;

	for (; n >= sizeof(word); p += sizeof(word), n -= sizeof(word)) {
		memcpy(word, p, sizeof(word));
		any |= word[0] | word[1] | word[2] | word[3];
	}
	while (n--)
		rest |= (unsigned char)*p++;
	return (any & 0x8080808080808080U) != 0 || (rest & 0x80) != 0;
}

static void end_line(struct tally *t)
{
	if (t->line > t->longest)
		t->longest = t->line;
	t->line = 0;
	t->ends++;
	t->pending_cr = false;
}

static void count_lines(struct tally *t, const char *p, const char *end)
{
	/* Kept, so that text without CRs is searched for them only once. */
	const char *cr = p;
	bool cr_is_known = false;

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
		if (!cr_is_known || cr < p) {
			cr = find(p, end, '\r');
			cr_is_known = true;
		}
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

void tally_add(struct tally *t, const char *p, size_t n)
{
	if (n == 0)
		return;
	t->has_8bit = t->has_8bit || has_8bit(p, n);
	t->has_nul = t->has_nul || memchr(p, '\0', n);
	count_lines(t, p, p + n);
}

void tally_finish(struct tally *t)
{
	if (t->pending_cr) {
		t->has_bare_cr = true;
		end_line(t);
	}
	if (t->line > t->longest)
		t->longest = t->line;
}

uint64_t tally_wire_size(const struct tally *t)
{
	return t->text + 2 * t->ends + (t->line ? 2 : 0);
}
