#include "region.h"

enum { NAME_MAX_SIZE = 63, MISTAKES_MAX = 2 };

const struct region *region_find(const struct region_table *t, struct slice id)
{
	for (size_t i = 0; i < t->n; i++)
		if (slice_eq(slice_of(t->v[i].id), id))
			return &t->v[i];
	return NULL;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

/* The name without the number at its end: "eu-west-". */
static struct slice stem_of(struct slice id)
{
	while (id.n && is_digit(id.p[id.n - 1]))
		id.n--;
	return id;
}

bool region_is_wellformed(struct slice id)
{
	struct slice stem = stem_of(id);
	size_t words = 0;
	struct slice word;

	if (id.n > NAME_MAX_SIZE || stem.n == id.n || stem.n == 0 ||
	    stem.p[stem.n - 1] != '-')
		return false;
	stem.n--;
	/* "a--b" has an empty word, "a-" an empty one that is not taken. */
	if (stem.n == 0 || stem.p[stem.n - 1] == '-')
		return false;
	while (slice_take_until(&stem, '-', &word)) {
		if (word.n == 0 || (words == 0 && (word.n < 2 || word.n > 4)))
			return false;
		for (size_t i = 0; i < word.n; i++)
			if (!is_lower(word.p[i]))
				return false;
		words++;
	}
	return words >= 2;
}

bool region_is_sibling(const struct region_table *t, struct slice id)
{
	struct slice stem = stem_of(id);

	for (size_t i = 0; stem.n < id.n && i < t->n; i++)
		if (slice_eq(stem_of(slice_of(t->v[i].id)), stem))
			return true;
	return false;
}

/* ---- suggestions ---- */

struct letters {
	char p[NAME_MAX_SIZE + 1];
	size_t n;
};

/* Letters and digits only, in lower case: "EU_West1" is "euwest1". */
static struct letters letters_of(struct slice s)
{
	struct letters l = { .n = 0 };

	for (size_t i = 0; i < s.n && l.n < NAME_MAX_SIZE; i++) {
		char c = ascii_lower(s.p[i]);

		if (is_lower(c) || is_digit(c))
			l.p[l.n++] = c;
	}
	return l;
}

static struct slice letters_view(const struct letters *l)
{
	return (struct slice){ l->p, l->n };
}

static bool same_letters(const struct region *r, struct slice name)
{
	struct letters a = letters_of(slice_of(r->id));
	struct letters b = letters_of(name);

	return slice_eq(letters_view(&a), letters_view(&b));
}

static bool same_airport(const struct region *r, struct slice name)
{
	return r->airport && slice_ieq(slice_of(r->airport), name);
}

/* Three letters of a place would fit too many. */
static bool same_place(const struct region *r, struct slice name)
{
	struct letters a = letters_of(slice_of(r->place));
	struct letters b = letters_of(name);

	return b.n > 3 && memmem(a.p, a.n, b.p, b.n) != NULL;
}

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
	unsigned m = a < b ? a : b;

	return m < c ? m : c;
}

/*
 * Letters wrong, missing or surplus; two neighbours swapped count once
 * (optimal string alignment). Row i of the table holds the distances of the
 * first i letters of a from every beginning of b; three rows are enough.
 */
static unsigned mistakes(struct slice a, struct slice b)
{
	unsigned rows[3][NAME_MAX_SIZE + 1];

	for (size_t j = 0; j <= b.n; j++)
		rows[0][j] = (unsigned)j;
	for (size_t i = 1; i <= a.n; i++) {
		unsigned *row = rows[i % 3];
		const unsigned *above = rows[(i + 2) % 3];
		const unsigned *above2 = rows[(i + 1) % 3];

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= b.n; j++) {
			bool swapped = i > 1 && j > 1 &&
				       a.p[i - 1] == b.p[j - 2] &&
				       a.p[i - 2] == b.p[j - 1];

			row[j] = min3(above[j] + 1, row[j - 1] + 1,
			    above[j - 1] + (a.p[i - 1] != b.p[j - 1]));
			if (swapped && above2[j - 2] + 1 < row[j])
				row[j] = above2[j - 2] + 1;
		}
	}
	return rows[a.n % 3][b.n];
}

static size_t suggest_closest(const struct region_table *t, struct slice name,
    const struct region *ret_regions[REGION_SUGGESTIONS])
{
	unsigned best = MISTAKES_MAX;
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++) {
		unsigned d = mistakes(name, slice_of(t->v[i].id));

		if (d > best)
			continue;
		if (d < best)
			n = 0;
		best = d;
		if (n < REGION_SUGGESTIONS)
			ret_regions[n++] = &t->v[i];
	}
	return n;
}

size_t region_suggest(const struct region_table *t, struct slice name,
    const struct region *ret_regions[REGION_SUGGESTIONS])
{
	static bool (*const tests[])(const struct region *, struct slice) = {
		same_letters,
		same_airport,
		same_place,
	};

	if (name.n == 0 || name.n > NAME_MAX_SIZE)
		return 0;
	for (size_t k = 0; k < sizeof(tests) / sizeof(tests[0]); k++) {
		size_t n = 0;

		for (size_t i = 0; i < t->n && n < REGION_SUGGESTIONS; i++)
			if (tests[k](&t->v[i], name))
				ret_regions[n++] = &t->v[i];
		if (n)
			return n;
	}
	return suggest_closest(t, name, ret_regions);
}

/* ---- hosts ---- */

static bool match_host(
    const struct region_host *h, struct slice host, struct slice *ret_region)
{
	struct slice before = slice_of(h->before);
	struct slice after = slice_of(h->after);
	struct slice region;

	if (h->label)
		host = slice_skip(host, slice_find(host, '.') + 1);
	if (!slice_istarts(host, before))
		return false;
	host = slice_skip(host, before.n);
	region = slice_head(host, slice_find(host, '.'));
	host = slice_skip(host, region.n);
	if (region.n == 0 || !slice_istarts(host, after))
		return false;
	if (host.n > after.n && after.p[after.n - 1] != '.')
		return false;
	*ret_region = region;
	return true;
}

bool region_of_host(const struct region_table *t,
    const struct region_host *patterns, struct slice host,
    struct slice *ret_region)
{
	for (size_t i = 0; i < t->n; i++) {
		const char *legacy = t->v[i].legacy_host;

		if (legacy && slice_ieq(slice_of(legacy), host)) {
			*ret_region = slice_of(t->v[i].id);
			return true;
		}
	}
	for (; patterns->before; patterns++)
		if (match_host(patterns, host, ret_region))
			return true;
	return false;
}
