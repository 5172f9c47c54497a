#include "buf.h"
#include "unit.h"
#include <stdint.h>

TEST(buf_empty)
{
	struct buf b;

	buf_init(&b, 10);
	CHECK_STR(buf_text(&b), "");
	CHECK_INT(buf_slice(&b).n, 0);
	CHECK(buf_slice(&b).p != NULL);
	CHECK(!b.full);
	buf_clear(&b);
	buf_free(&b);
	buf_free(&b);
	CHECK_STR(buf_text(&b), "");
}

TEST(buf_adds_of_all_kinds)
{
	struct buf b;

	buf_init(&b, 100);
	buf_add(&b, "ab", 2);
	buf_add(&b, NULL, 0);
	buf_adds(&b, "cd");
	buf_adds(&b, "");
	buf_addc(&b, 'e');
	buf_add_slice(&b, SLICE("fg"));
	buf_add_slice(&b, (struct slice){ NULL, 0 });
	buf_addf(&b, "%d-%s", 42, "x");
	buf_addf(&b, "%s", "");
	CHECK_STR(buf_text(&b), "abcdefg42-x");
	CHECK_SLICE(buf_slice(&b), "abcdefg42-x");
	CHECK_INT(b.n, 11);
	buf_free(&b);
}

TEST(buf_holds_any_byte)
{
	struct buf b;
	char all[256];

	for (int i = 0; i < 256; i++)
		all[i] = (char)i;
	buf_init(&b, 256);
	buf_add(&b, all, 100);
	buf_add(&b, all + 100, 156);
	CHECK(!b.full);
	CHECK_INT(b.n, 256);
	CHECK(memcmp(b.p, all, 256) == 0);
	CHECK_INT(buf_text(&b)[256], 0);
	buf_free(&b);
}

/* For each maximum: each way to add, at every fill, one short and one over. */
TEST(buf_maximum)
{
	static const size_t maxima[] = { 0, 1, 2, 63, 64, 65, 127, 128, 200 };
	static char text[300];

	memset(text, 'x', sizeof(text) - 1);
	for (size_t i = 0; i < sizeof(maxima) / sizeof(maxima[0]); i++) {
		size_t max = maxima[i];

		for (size_t have = 0; have <= max; have++) {
			struct buf b;

			CASE("maximum");
			buf_init(&b, max);
			buf_add(&b, text, have);
			CHECK_INT(b.n, have);
			CHECK(!b.full);
			buf_add(&b, text, max - have);
			CHECK_INT(b.n, max);
			CHECK(!b.full);
			CHECK(b.cap <= max + 1);
			buf_addc(&b, 'y');
			CHECK(b.full);
			CHECK_INT(b.n, max);
			CHECK_INT(strlen(buf_text(&b)), max);
			buf_free(&b);
		}
	}
}

static void add_bytes(struct buf *b)
{
	buf_add(b, "12345", 5);
}

static void add_text(struct buf *b)
{
	buf_adds(b, "12345");
}

static void add_slice(struct buf *b)
{
	buf_add_slice(b, SLICE("12345"));
}

static void add_formatted(struct buf *b)
{
	buf_addf(b, "%d", 12345);
}

static void add_printable(struct buf *b)
{
	buf_add_printable(b, SLICE("12345"));
}

TEST(buf_full_is_sticky)
{
	static const struct {
		const char *label;
		void (*add)(struct buf *);
	} ways[] = {
		{ "buf_add", add_bytes },
		{ "buf_adds", add_text },
		{ "buf_add_slice", add_slice },
		{ "buf_addf", add_formatted },
		{ "buf_add_printable", add_printable },
	};

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		struct buf b;

		CASE(ways[i].label);
		buf_init(&b, 9);
		ways[i].add(&b);
		CHECK_STR(buf_text(&b), "12345");
		CHECK(!b.full);
		ways[i].add(&b);
		CHECK(b.full);
		CHECK_STR(buf_text(&b), "12345"); /* dropped whole */
		buf_addc(&b, 'x'); /* would fit, but a hole is worse */
		buf_add(&b, "", 0);
		CHECK(b.full);
		CHECK_STR(buf_text(&b), "12345");
		buf_clear(&b);
		CHECK(!b.full);
		CHECK_STR(buf_text(&b), "");
		ways[i].add(&b);
		CHECK_STR(buf_text(&b), "12345");
		buf_free(&b);
		CHECK(!b.full);
		ways[i].add(&b); /* free keeps the maximum */
		CHECK_STR(buf_text(&b), "12345");
		buf_free(&b);
	}
}

TEST(buf_sizes_that_wrap)
{
	static const size_t sizes[] = { SIZE_MAX, SIZE_MAX - 1, SIZE_MAX / 2,
		SIZE_MAX / 2 + 1 };
	struct buf b;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		CASE("a length");
		buf_init(&b, 100);
		buf_adds(&b, "abc");
		buf_add(&b, "x", sizes[i]);
		CHECK(b.full);
		CHECK_STR(buf_text(&b), "abc");
		buf_free(&b);
		CASE("a maximum");
		buf_init(&b, sizes[i]);
		buf_adds(&b, "abc");
		CHECK_STR(buf_text(&b), "abc");
		buf_add(&b, "x", sizes[i]);
		CHECK(b.full);
		CHECK_STR(buf_text(&b), "abc");
		buf_free(&b);
	}
}

TEST(buf_grows_by_doubling)
{
	struct buf b;
	size_t grown = 0, cap = 0;

	buf_init(&b, SIZE_MAX);
	for (int i = 0; i < 100000; i++) {
		buf_addc(&b, (char)('a' + i % 26));
		grown += b.cap != cap;
		cap = b.cap;
	}
	CHECK_INT(b.n, 100000);
	CHECK_INT(grown, 12); /* 64, 128, ... 131072 */
	CHECK_INT(b.cap, 131072);
	CHECK_INT(b.p[99999], 'a' + 99999 % 26);
	buf_free(&b);
}

TEST(buf_counted_down)
{
	struct buf b;

	buf_init(&b, 10);
	buf_adds(&b, "0123456789");
	b.n = 3;
	CHECK_STR(buf_text(&b), "012");
	CHECK_SLICE(buf_slice(&b), "012");
	buf_adds(&b, "abc");
	CHECK_STR(buf_text(&b), "012abc");
	buf_free(&b);
}

TEST(buf_printable)
{
	static const struct {
		const char *label;
		struct slice in;
		const char *out;
	} rows[] = {
		{ "empty", { "", 0 }, "" },
		{ "text", { "250 2.0.0 ~ok!", 14 }, "250 2.0.0 ~ok!" },
		{ "line ends", { "a\r\nb", 4 }, "a??b" },
		{ "TAB", { "a\tb", 3 }, "a?b" },
		{ "NUL", { "a\0b", 3 }, "a?b" },
		{ "DEL", { "\x7f", 1 }, "?" },
		{ "escape sequence", { "\033[31m", 5 }, "?[31m" },
		{ "C1 control CSI",
		    { "\x9b"
		      "31m",
			4 },
		    "?31m" },
		{ "UTF-8", { "\xc3\xa4", 2 }, "??" },
		{ "right-to-left override", { "\xe2\x80\xae", 3 }, "???" },
		{ "last byte", { "\xff", 1 }, "?" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf b;

		CASE(rows[i].label);
		buf_init(&b, 100);
		buf_add_printable(&b, rows[i].in);
		CHECK_STR(buf_text(&b), rows[i].out);
		buf_free(&b);
	}
}

TEST(buf_printable_all_bytes)
{
	for (int i = 0; i < 256; i++) {
		char c = (char)i;
		struct buf b;

		buf_init(&b, 1);
		buf_add_printable(&b, (struct slice){ &c, 1 });
		CHECK_INT(b.p[0], i >= 32 && i < 127 ? i : '?');
		buf_free(&b);
	}
}

TEST(buf_addf_long)
{
	static char text[5000];
	struct buf b;

	memset(text, 'x', sizeof(text) - 1);
	buf_init(&b, 5001);
	buf_addf(&b, "%s%d", text, 42);
	CHECK_INT(b.n, 5001);
	CHECK_STR(buf_text(&b) + 4998, "x42");
	buf_free(&b);
	buf_init(&b, 5000);
	buf_addf(&b, "%s%d", text, 42);
	CHECK(b.full);
	CHECK_INT(b.n, 0);
	buf_free(&b);
}
