#include "unit.h"
#include "utf8.h"

static const struct {
	const char *label;
	const char *text;
	size_t length; /* of the first character */
	bool is_valid;
} rows[] = {
	{ "ASCII", "a", 1, true },
	{ "two octets", "\xc3\xa4", 2, true },
	{ "three octets", "\xe2\x82\xac", 3, true },
	{ "four octets", "\xf0\x9f\x93\xa7", 4, true },
	{ "several", "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x93\xa7z", 1, true },
	{ "behind ASCII of some length",
	    "0123456789abcdef0123456789\xc3\xa4"
	    "0123456789",
	    1, true },
	{ "bad behind ASCII of some length", "0123456789abcdef0123456789\xe4",
	    1, false },
	{ "lowest of two", "\xc2\x80", 2, true },
	{ "highest of two", "\xdf\xbf", 2, true },
	{ "lowest of three", "\xe0\xa0\x80", 3, true },
	{ "highest before surrogates", "\xed\x9f\xbf", 3, true },
	{ "lowest behind surrogates", "\xee\x80\x80", 3, true },
	{ "highest of three", "\xef\xbf\xbf", 3, true },
	{ "lowest of four", "\xf0\x90\x80\x80", 4, true },
	{ "highest of four", "\xf4\x8f\xbf\xbf", 4, true },
	{ "overlong slash", "\xc0\xaf", 0, false },
	{ "overlong of two", "\xc1\xbf", 0, false },
	{ "overlong of three", "\xe0\x9f\xbf", 0, false },
	{ "overlong of four", "\xf0\x8f\xbf\xbf", 0, false },
	{ "surrogate", "\xed\xa0\x80", 0, false },
	{ "above U+10FFFF", "\xf4\x90\x80\x80", 0, false },
	{ "five octets", "\xf8\x88\x80\x80\x80", 0, false },
	{ "no start", "\x80", 0, false },
	{ "no start behind a character", "\xc3\xa4\xa4", 2, false },
	{ "Latin-1", "\xe4", 0, false },
	{ "Latin-1 before ASCII", "\xe4hnlich", 0, false },
	{ "cut of two", "\xc3", 0, false },
	{ "cut of three", "\xe2\x82", 0, false },
	{ "cut of four", "\xf0\x9f\x93", 0, false },
	{ "start instead of the second", "\xc3\xc3\xa4", 0, false },
	{ "start instead of the third", "\xe2\x82\xc3\xa4", 0, false },
	{ "0xff", "\xff", 0, false },
};

TEST(rows)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct slice s = slice_of(rows[i].text);

		CASE(rows[i].label);
		CHECK_INT(utf8_length(s), rows[i].length);
		CHECK_INT(utf8_is_valid(s), rows[i].is_valid);
		for (size_t cut = 0; cut <= s.n; cut++) {
			struct utf8 u = { .left = 0 };

			utf8_add(&u, s.p, cut);
			utf8_add(&u, s.p + cut, s.n - cut);
			utf8_finish(&u);
			CHECK_INT(u.is_bad, !rows[i].is_valid);
		}
	}
	CHECK(utf8_is_valid(SLICE("")));
	CHECK(utf8_is_valid(SLICE("a\0b")));
}

/* A text that is bad stays so. */
TEST(bad_for_good)
{
	struct utf8 u = { .left = 0 };

	utf8_add(&u, "\xff", 1);
	CHECK(u.is_bad);
	utf8_add(&u, "a\xc3\xa4", 3);
	utf8_finish(&u);
	CHECK(u.is_bad);
}
