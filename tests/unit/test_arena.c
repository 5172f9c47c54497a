#include "arena.h"
#include "unit.h"
#include <stdint.h>

TEST(arena_zero_and_free)
{
	struct arena a = { 0 };

	arena_free(&a);
	CHECK(a.chunk == NULL);
	CHECK_STR(arena_copy(&a, SLICE("abc")), "abc");
	arena_free(&a);
	CHECK(a.chunk == NULL);
	CHECK_STR(arena_copy(&a, SLICE("again")), "again");
	arena_free(&a);
	arena_free(&a);
}

/* Every size around the edges of a chunk: zeroed, aligned, not overlapping. */
TEST(arena_alloc_sizes)
{
	static const size_t sizes[] = { 0, 1, 7, 8, 15, 16, 17, 1000, 16367,
		16368, 16383, 16384, 16385, 40000, 1, 16, 3 };
	unsigned char *places[2 * sizeof(sizes) / sizeof(sizes[0])];
	struct arena a = { 0 };
	size_t count = sizeof(sizes) / sizeof(sizes[0]);

	for (size_t i = 0; i < 2 * count; i++) {
		size_t n = sizes[i % count];
		unsigned char *p = arena_alloc(&a, n);
		size_t sum = 0;

		CASE("size");
		CHECK_INT((uintptr_t)p % _Alignof(max_align_t), 0);
		for (size_t k = 0; k < n; k++)
			sum += p[k];
		CHECK_INT(sum, 0);
		memset(p, (int)i + 1, n);
		places[i] = p;
	}
	for (size_t i = 0; i < 2 * count; i++)
		for (size_t k = 0; k < sizes[i % count]; k++)
			if (places[i][k] != i + 1) {
				UNIT_FAIL("block %zu overwritten", i);
				break;
			}
	arena_free(&a);
}

TEST(arena_copy)
{
	struct arena a = { 0 };
	char *p;

	CHECK_STR(arena_copy(&a, SLICE("")), "");
	CHECK_STR(arena_copy(&a, (struct slice){ NULL, 0 }), "");
	CHECK_STR(arena_copy(&a, slice_head(SLICE("abcdef"), 3)), "abc");
	p = arena_copy(&a, SLICE("a\0b"));
	CHECK_STR(p, "a");
	CHECK(memcmp(p, "a\0b", 4) == 0);
	arena_free(&a);
}

TEST(arena_printf)
{
	struct arena a = { 0 };
	static char big[20000];
	char *p;

	memset(big, 'x', sizeof(big) - 1);
	CHECK_STR(arena_printf(&a, "%s", ""), "");
	p = arena_printf(&a, "%s:%d", "host", 587);
	CHECK_STR(p, "host:587");
	CHECK_STR(arena_printf(&a, "[%s]", p), "[host:587]");
	CHECK_INT(strlen(arena_printf(&a, "%s!", big)), 20000);
	CHECK_STR(p, "host:587");
	arena_free(&a);
}

struct odd {
	char bytes[7];
};

TEST(arena_grow_over_powers_of_two)
{
	struct arena a = { 0 };
	size_t *numbers = NULL;
	struct odd *odds = NULL;
	size_t moves = 0;

	for (size_t n = 0; n < 3000; n++) {
		size_t *before = numbers;

		numbers = arena_grow(&a, numbers, n, sizeof(*numbers));
		odds = arena_grow(&a, odds, n, sizeof(*odds));
		CHECK_INT(numbers[n], 0);
		CHECK_INT(odds[n].bytes[6], 0);
		moves += numbers != before;
		numbers[n] = n;
		memset(odds[n].bytes, (int)(n % 251) + 1, 7);
		/* Somebody else uses the arena in between. */
		memset(arena_alloc(&a, 5), 0xff, 5);
		if ((n & (n + 1)) != 0)
			continue;
		CASE("power of two");
		for (size_t i = 0; i <= n; i++) {
			if (numbers[i] != i ||
			    odds[i].bytes[0] != (char)(i % 251 + 1) ||
			    odds[i].bytes[6] != (char)(i % 251 + 1)) {
				UNIT_FAIL("element %zu of %zu is lost", i, n);
				break;
			}
		}
	}
	CHECK_INT(moves, 13); /* 1, 2, 4, ... 4096 */
	arena_free(&a);
}

TEST(arena_grow_stays_in_place_between)
{
	struct arena a = { 0 };
	int *v = NULL;

	for (size_t n = 0; n < 64; n++) {
		int *w = arena_grow(&a, v, n, sizeof(*v));

		CASE("n");
		CHECK_INT(w == v, n != 0 && (n & (n - 1)) != 0);
		v = w;
		v[n] = (int)n;
	}
	arena_free(&a);
}
