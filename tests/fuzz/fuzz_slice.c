/*
 * fuzz_slice: the verbs that take from the front leave nothing out, take
 * nothing twice and come to an end.
 */
#include "slice.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void require(bool is_true)
{
	if (!is_true)
		abort();
}

static void check_lines(struct slice all)
{
	struct slice rest = all, line;
	size_t total = 0;

	while (slice_take_line(&rest, &line)) {
		require(line.n > 0 && line.p == all.p + total);
		require(slice_find(line, '\n') >= line.n - 1);
		require(rest.n == 0 || line.p[line.n - 1] == '\n');
		total += line.n;
		require(total + rest.n == all.n);
	}
	require(total == all.n);
}

static void check_first_line(struct slice all)
{
	struct slice first = slice_first_line(all), line = { all.p, 0 };
	struct slice rest = all;

	(void)slice_take_line(&rest, &line);
	require(first.p == all.p && first.n <= line.n);
	require(slice_find(first, '\n') == first.n);
	require(first.n == 0 || first.p[first.n - 1] != '\r');
	/* Only CRs and the LF are missing. */
	require(slice_trim_eol(slice_skip(line, first.n)).n == 0);
	require(slice_find(slice_skip(line, first.n), ' ') == line.n - first.n);
}

static void check_printable(struct slice all)
{
	size_t good = 0;

	while (good < all.n && all.p[good] >= ' ' && all.p[good] <= '~')
		good++;
	require(slice_is_printable(all) == (good == all.n));
	require(slice_is_printable(slice_head(all, good)));
}

static void check_words(struct slice all)
{
	struct slice rest = all, word;

	while (slice_take_word(&rest, &word)) {
		require(word.n > 0);
		require(slice_find(word, ' ') == word.n);
		require(slice_find(word, '\t') == word.n);
		require(rest.p == word.p + word.n);
		require(rest.n == 0 || is_blank(rest.p[0]));
		require(rest.p + rest.n == all.p + all.n);
	}
	require(slice_trim(rest).n == 0);
}

static void check_fields(struct slice all, char sep)
{
	struct slice rest = all, head;
	size_t total = 0, fields = 0;

	while (slice_take_until(&rest, sep, &head)) {
		require(slice_find(head, sep) == head.n);
		total += head.n;
		fields++;
	}
	/* Every byte but the separators, the last one perhaps included. */
	require(total + fields >= all.n && total + fields <= all.n + 1);
}

static void check_trim(struct slice all)
{
	struct slice inner = slice_trim(all);

	require(inner.n == 0 ||
		(!is_blank(inner.p[0]) && !is_blank(inner.p[inner.n - 1])));
	require(slice_trim_eol(all).n <= inner.n);
	require(slice_eq(slice_trim(inner), inner));
}

static void check_number(struct slice all)
{
	uint64_t value = 0, again = 0, max = 1000;

	if (slice_number(all, 10, max, &value))
		require(value >= 10 && value <= max);
	if (!slice_number(all, 0, UINT64_MAX, &value))
		return;
	require(slice_number(all, value, value, &again) && again == value);
	require(value == 0 || !slice_number(all, 0, value - 1, &again));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct slice all = { (const char *)bytes, n };
	struct slice half = slice_head(all, n / 2);
	struct slice other = slice_skip(all, n / 2);

	check_lines(all);
	check_first_line(all);
	check_printable(all);
	check_words(all);
	check_fields(all, ',');
	check_fields(all, '\0');
	check_trim(all);
	check_number(all);
	require(half.n + other.n == n);
	require(slice_starts(all, half) && slice_istarts(all, half));
	require(slice_iends(all, other));
	require(slice_eq(half, other) == slice_eq(other, half));
	require(!slice_eq(half, other) || slice_ieq(half, other));
	return 0;
}
