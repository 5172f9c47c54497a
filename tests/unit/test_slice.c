#include "slice.h"
#include "unit.h"
#include <stdint.h>

TEST(slice_of)
{
	CHECK_INT(slice_of(NULL).n, 0);
	CHECK_INT(slice_of("").n, 0);
	CHECK_SLICE(slice_of("abc"), "abc");
	CHECK_SLICE(SLICE("abc"), "abc");
	CHECK_INT(SLICE("a\0b").n, 3);
}

TEST(slice_arg_clips)
{
	static char big[5000];
	struct slice s = { big, sizeof(big) };
	char out[8192];

	memset(big, 'x', sizeof(big));
	CHECK_INT(snprintf(out, sizeof(out), "%.*s", SLICE_ARG(s)), 4096);
	s.n = 3;
	CHECK_INT(snprintf(out, sizeof(out), "[%.*s]", SLICE_ARG(s)), 5);
	CHECK_STR(out, "[xxx]");
	s = SLICE("ab\0cd"); /* "%.*s" stops at a NUL and never reads past n */
	CHECK_INT(snprintf(out, sizeof(out), "%.*s", SLICE_ARG(s)), 2);
}

TEST(slice_equal)
{
	static const struct {
		const char *label;
		struct slice a, b;
		bool eq, ieq;
	} rows[] = {
		{ "empty", { "", 0 }, { "", 0 }, true, true },
		{ "null and empty", { NULL, 0 }, { "", 0 }, true, true },
		{ "same", { "abc", 3 }, { "abc", 3 }, true, true },
		{ "case", { "aBc", 3 }, { "AbC", 3 }, false, true },
		{ "prefix", { "abc", 3 }, { "abcd", 4 }, false, false },
		{ "last byte", { "abc", 3 }, { "abd", 3 }, false, false },
		{ "NUL inside, same", { "a\0b", 3 }, { "a\0b", 3 }, true,
		    true },
		{ "NUL inside, other tail", { "a\0b", 3 }, { "a\0c", 3 }, false,
		    false },
		/* 0x40 and 0x60, 0x5b and 0x7b differ in the case bit only. */
		{ "@ is not `", { "@", 1 }, { "`", 1 }, false, false },
		{ "[ is not {", { "[", 1 }, { "{", 1 }, false, false },
		{ "Latin-1 letters have no case", { "\xc4", 1 }, { "\xe4", 1 },
		    false, false },
		{ "8-bit", { "\xff", 1 }, { "\xff", 1 }, true, true },
		{ "Kelvin sign is not k", { "\xe2\x84\xaa", 3 }, { "k", 1 },
		    false, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CASE(rows[i].label);
		CHECK_INT(slice_eq(rows[i].a, rows[i].b), rows[i].eq);
		CHECK_INT(slice_eq(rows[i].b, rows[i].a), rows[i].eq);
		CHECK_INT(slice_ieq(rows[i].a, rows[i].b), rows[i].ieq);
		CHECK_INT(slice_ieq(rows[i].b, rows[i].a), rows[i].ieq);
	}
}

/* Every pair of bytes, against the definition. */
TEST(slice_ieq_all_bytes)
{
	for (int a = 0; a < 256; a++) {
		for (int b = 0; b < 256; b++) {
			char x = (char)a, y = (char)b;
			bool letters = (a | 32) == (b | 32) &&
				       (a | 32) >= 'a' && (a | 32) <= 'z';

			if (slice_ieq((struct slice){ &x, 1 },
				(struct slice){ &y, 1 }) != (a == b || letters))
				UNIT_FAIL("%d and %d", a, b);
		}
	}
}

TEST(slice_prefix_suffix)
{
	static const struct {
		const char *text, *part;
		bool starts, istarts, iends;
	} rows[] = {
		{ "", "", true, true, true },
		{ "a", "", true, true, true },
		{ "", "a", false, false, false },
		{ "abc", "abc", true, true, true },
		{ "abc", "abcd", false, false, false },
		{ "abc", "ab", true, true, false },
		{ "abc", "AB", false, true, false },
		{ "abc", "BC", false, false, true },
		{ "abab", "ab", true, true, true },
		{ "mail.example.com", ".EXAMPLE.COM", false, false, true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct slice s = slice_of(rows[i].text);
		struct slice p = slice_of(rows[i].part);

		CASE(rows[i].text);
		CHECK_INT(slice_starts(s, p), rows[i].starts);
		CHECK_INT(slice_istarts(s, p), rows[i].istarts);
		CHECK_INT(slice_iends(s, p), rows[i].iends);
	}
}

TEST(slice_find_skip_head)
{
	struct slice s = SLICE("a:b\0c:");
	struct slice none = { NULL, 0 };

	CHECK_INT(slice_find(s, ':'), 1);
	CHECK_INT(slice_find(s, '\0'), 3);
	CHECK_INT(slice_find(s, 'x'), 6);
	CHECK_INT(slice_find(none, 'x'), 0);
	CHECK_INT(slice_find(slice_head(s, 1), ':'), 1);
	for (size_t n = 0; n < 10; n++) {
		size_t kept = n < s.n ? n : s.n;

		CASE("every length");
		CHECK_INT(slice_head(s, n).n, kept);
		CHECK(slice_head(s, n).p == s.p);
		CHECK_INT(slice_skip(s, n).n, s.n - kept);
		CHECK(slice_skip(s, n).p == s.p + kept);
	}
	CHECK_INT(slice_skip(s, SIZE_MAX).n, 0);
	CHECK_INT(slice_head(s, SIZE_MAX).n, s.n);
	CHECK(slice_skip(none, 3).p == NULL);
}

TEST(slice_trim)
{
	static const struct {
		const char *text, *trimmed, *eol;
	} rows[] = {
		{ "", "", "" },
		{ " ", "", "" },
		{ " \t ", "", "" },
		{ "a", "a", "a" },
		{ " a\t", "a", "a" },
		{ "\t a b \t", "a b", "a b" },
		{ "\r\n", "\r\n", "" },
		{ " a \r\n", "a \r\n", "a" },
		{ "a\r\n \r\n", "a\r\n \r\n", "a" },
		{ "\n\n a\n", "\n\n a\n", "a" },
		{ "\v\f", "\v\f", "\v\f" },
		/* A no-break space is a byte pair, not a blank. */
		{ "\xc2\xa0", "\xc2\xa0", "\xc2\xa0" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct slice s = slice_of(rows[i].text);

		CASE(rows[i].text);
		CHECK_SLICE(slice_trim(s), rows[i].trimmed);
		CHECK_SLICE(slice_trim_eol(s), rows[i].eol);
	}
	CHECK_INT(slice_trim((struct slice){ NULL, 0 }).n, 0);
	CHECK_INT(slice_trim(SLICE(" \0 ")).n, 1);
}

TEST(slice_chop)
{
	static const struct {
		const char *text, *chopped;
	} rows[] = {
		{ "", "" },
		{ "\r\n", "" },
		{ "\n\r\r\n", "" },
		{ "a", "a" },
		{ "a\n", "a" },
		{ "a\r\n", "a" },
		{ "a \r\r\n", "a " },
		{ "\r\n a\r", "\r\n a" },
		{ "a\r\n ", "a\r\n " },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CASE(rows[i].text);
		CHECK_SLICE(
		    slice_chop(slice_of(rows[i].text)), rows[i].chopped);
	}
	CHECK_INT(slice_chop((struct slice){ NULL, 0 }).n, 0);
}

TEST(slice_has_8bit)
{
	CHECK(!slice_has_8bit((struct slice){ NULL, 0 }));
	CHECK(!slice_has_8bit(SLICE("a\0\x7f")));
	CHECK(slice_has_8bit(SLICE("\x80")));
	CHECK(slice_has_8bit(SLICE("a\0\xff")));
}

TEST(slice_take_line)
{
	struct slice rest = SLICE("a\r\n\nb\rc\nlast");
	struct slice line = SLICE("untouched");
	static const char *const lines[] = { "a\r\n", "\n", "b\rc\n", "last" };

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		CASE(lines[i]);
		CHECK(slice_take_line(&rest, &line));
		CHECK_SLICE(line, lines[i]);
	}
	line = SLICE("untouched");
	CHECK(!slice_take_line(&rest, &line));
	CHECK_SLICE(line, "untouched");
	CHECK_INT(rest.n, 0);
	rest = (struct slice){ NULL, 0 };
	CHECK(!slice_take_line(&rest, &line));
}

TEST(slice_take_line_ends_with_lf)
{
	struct slice rest = SLICE("one\n");
	struct slice line;

	CHECK(slice_take_line(&rest, &line));
	CHECK_SLICE(line, "one\n");
	CHECK(!slice_take_line(&rest, &line));
}

TEST(slice_first_line)
{
	static const struct {
		const char *label;
		struct slice in;
		const char *line;
	} rows[] = {
		{ "null", { NULL, 0 }, "" },
		{ "empty", { "", 0 }, "" },
		{ "no line end", { "abc", 3 }, "abc" },
		{ "LF", { "abc\n", 4 }, "abc" },
		{ "only the first", { "a\nb\n", 4 }, "a" },
		{ "CRLF", { "abc\r\ndef", 8 }, "abc" },
		{ "several CRs", { "abc\r\r\r\n", 7 }, "abc" },
		{ "CRs without LF", { "abc\r\r", 5 }, "abc" },
		{ "CRs inside stay", { "\ra\rb\r\n", 6 }, "\ra\rb" },
		{ "blanks stay", { " a \t\r\n", 6 }, " a \t" },
		{ "a blank before the CR", { "a\r \n", 4 }, "a\r " },
		{ "LF first", { "\nabc", 4 }, "" },
		{ "nothing but CRs", { "\r\r\n", 3 }, "" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct slice line;

		CASE(rows[i].label);
		line = slice_first_line(rows[i].in);
		CHECK_SLICE(line, rows[i].line);
		CHECK(line.p == rows[i].in.p);
	}
	CASE("a NUL is a byte like others");
	CHECK_INT(slice_first_line(SLICE("a\0b\r\nc")).n, 3);
}

TEST(slice_is_printable)
{
	static const struct {
		const char *label;
		struct slice in;
		bool yes;
	} rows[] = {
		{ "null", { NULL, 0 }, true },
		{ "empty", { "", 0 }, true },
		{ "blank to tilde", { " az~", 4 }, true },
		{ "TAB", { "a\tb", 3 }, false },
		{ "LF at the end", { "ab\n", 3 }, false },
		{ "CR in front", { "\rab", 3 }, false },
		{ "NUL", { "a\0b", 3 }, false },
		{ "UTF-8", { "b\xc3\xbc", 3 }, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CASE(rows[i].label);
		CHECK_INT(slice_is_printable(rows[i].in), rows[i].yes);
	}
	for (int i = 0; i < 256; i++) {
		char text[] = { 'a', (char)i, 'b' };

		CASE("every byte");
		CHECK_INT(
		    slice_is_printable((struct slice){ text, sizeof(text) }),
		    i >= 32 && i < 127);
	}
}

TEST(slice_take_word)
{
	static const struct {
		const char *text, *word, *rest; /* word NULL: none */
	} rows[] = {
		{ "", NULL, "" },
		{ " \t", NULL, " \t" },
		{ "a", "a", "" },
		{ "a b", "a", " b" },
		{ " \ta\tb", "a", "\tb" },
		{ "a\nb c", "a\nb", " c" },
		{ "a ", "a", " " },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct slice rest = slice_of(rows[i].text);
		struct slice word = SLICE("untouched");

		CASE(rows[i].text);
		CHECK_INT(slice_take_word(&rest, &word), rows[i].word != NULL);
		CHECK_SLICE(word, rows[i].word ? rows[i].word : "untouched");
		CHECK_SLICE(rest, rows[i].rest);
	}
}

TEST(slice_take_until)
{
	static const struct {
		const char *text, *head, *rest; /* head NULL: none */
	} rows[] = {
		{ "", NULL, "" },
		{ ",", "", "" },
		{ "a", "a", "" },
		{ "a,", "a", "" },
		{ "a,b", "a", "b" },
		{ ",b", "", "b" },
		{ "a,b,c", "a", "b,c" },
		{ " a , b", " a ", " b" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct slice rest = slice_of(rows[i].text);
		struct slice head = SLICE("untouched");

		CASE(rows[i].text);
		CHECK_INT(
		    slice_take_until(&rest, ',', &head), rows[i].head != NULL);
		CHECK_SLICE(head, rows[i].head ? rows[i].head : "untouched");
		CHECK_SLICE(rest, rows[i].rest);
	}
}

#define U64 UINT64_MAX

TEST(slice_number)
{
	static const struct {
		const char *text;
		uint64_t min, max, value;
		bool ok;
	} rows[] = {
		{ "0", 0, 0, 0, true }, { "0", 0, 9, 0, true },
		{ "0", 1, 9, 0, false }, { "1", 0, 0, 0, false },
		{ "9", 0, 8, 0, false }, { "90", 0, 8, 0, false },
		{ "08", 0, 8, 8, true },
		{ "000000000000000000000000000008", 0, 8, 8, true },
		{ "25", 1, 65535, 25, true },
		{ "65535", 1, 65535, 65535, true },
		{ "65536", 1, 65535, 0, false },
		{ "655350", 1, 65535, 0, false },
		{ "18446744073709551615", 0, U64, U64, true },
		{ "18446744073709551614", 0, U64, U64 - 1, true },
		{ "18446744073709551616", 0, U64, 0, false },
		{ "18446744073709551620", 0, U64, 0, false },
		{ "184467440737095516150", 0, U64, 0, false },
		{ "99999999999999999999", 0, U64, 0, false },
		{ "18446744073709551615", 0, U64 - 1, 0, false },
		{ "18446744073709551615", U64, U64, U64, true },
		{ "7", 9, 3, 0, false }, { "", 0, U64, 0, false },
		{ "+1", 0, U64, 0, false }, { "-1", 0, U64, 0, false },
		{ "-0", 0, U64, 0, false }, { " 1", 0, U64, 0, false },
		{ "1 ", 0, U64, 0, false }, { "1\n", 0, U64, 0, false },
		{ "0x10", 0, U64, 0, false }, { "1e3", 0, U64, 0, false },
		{ "1.0", 0, U64, 0, false }, { "1,000", 0, U64, 0, false },
		{ "/", 0, U64, 0, false },        /* below '0' */
		{ ":", 0, U64, 0, false },        /* above '9' */
		{ "\xb2", 0, U64, 0, false },     /* superscript two */
		{ "\xd9\xa3", 0, U64, 0, false }, /* Arabic digit three */
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t value = 4711;

		CASE(rows[i].text);
		CHECK_INT(slice_number(slice_of(rows[i].text), rows[i].min,
			      rows[i].max, &value),
		    rows[i].ok);
		CHECK(value == (rows[i].ok ? rows[i].value : 4711));
	}
	CASE("a NUL is no digit");
	CHECK(!slice_number(SLICE("1\0"), 0, U64, &(uint64_t){ 0 }));
}

/* Every number of up to three digits against every small maximum. */
TEST(slice_number_all_small)
{
	for (unsigned max = 0; max < 130; max++) {
		for (unsigned v = 0; v < 1000; v++) {
			char text[8];
			uint64_t value = 4711;
			bool ok;

			snprintf(text, sizeof(text), "%u", v);
			ok = slice_number(slice_of(text), 0, max, &value);
			if (ok != (v <= max) || (ok && value != v))
				UNIT_FAIL("%u with a maximum of %u", v, max);
		}
	}
}

TEST(classes_all_bytes)
{
	for (int i = 0; i < 256; i++) {
		char c = (char)i;

		CHECK_INT(is_blank(c), i == 32 || i == 9);
		CHECK_INT(is_space(c), i == 32 || i == 9 || i == 10 || i == 13);
		CHECK_INT(is_control(c), i < 32 || i == 127);
		CHECK_INT(is_8bit(c), i >= 128);
		CHECK_INT((unsigned char)ascii_lower(c),
		    i >= 'A' && i <= 'Z' ? i + 32 : i);
	}
}
