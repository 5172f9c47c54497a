#include "scan.h"
#include "unit.h"

/* One octet after the other. */
static enum scan_ends reference(const char *p, size_t n, size_t *ret_crlf)
{
	bool has_cr = false, is_odd = false;

	*ret_crlf = 0;
	for (size_t i = 0; i < n; i++) {
		bool has_lf = i + 1 < n && p[i + 1] == '\n';

		if (p[i] == '\r') {
			has_cr = true;
			is_odd |= !has_lf;
			*ret_crlf += has_lf;
		}
		is_odd |= p[i] == '\n' && (i == 0 || p[i - 1] != '\r');
	}
	return !has_cr ? SCAN_LF : is_odd ? SCAN_MIXED : SCAN_CRLF;
}

static void check(const char *p, size_t n)
{
	size_t ends = 0, expected, lf = 0;
	bool has_8bit = false, has_pair = false;
	enum scan_ends kind = reference(p, n, &expected);

	for (size_t i = 0; i < n; i++) {
		lf += p[i] == '\n';
		has_8bit |= (p[i] & 0x80) != 0;
		has_pair |= i > 0 && p[i - 1] == '\n' && p[i] == '.';
	}
	CHECK_INT(scan_ends(p, n, &ends), kind);
	if (kind == SCAN_CRLF)
		CHECK_INT(ends, expected);
	CHECK_INT(scan_count_lf(p, n), lf);
	CHECK_INT(scan_has_8bit(p, n), has_8bit);
	CHECK_INT(scan_has_pair(p, n, '\n', '.'), has_pair);
}

TEST(parts)
{
	static const struct {
		const char *in;
		bool pending_cr;
		size_t head, tail;
	} rows[] = {
		{ "", false, 0, 0 },
		{ "", true, 0, 0 },
		{ "a\r\n", false, 0, 3 },
		{ "\na\r\n", false, 0, 4 },
		{ "\na\r\n", true, 1, 4 },
		{ "ab", true, 1, 2 },
		{ "\r\r\nab", true, 3, 5 },
		{ "a\r", false, 0, 1 },
		{ "a\r\r\r", false, 0, 1 },
		{ "\r\r", false, 0, 0 },
		{ "\r\r", true, 2, 2 },
		{ "\n\r", true, 1, 1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct scan_parts parts = scan_split(
		    rows[i].in, strlen(rows[i].in), rows[i].pending_cr);

		CASE(rows[i].in);
		CHECK_INT(parts.head, rows[i].head);
		CHECK_INT(parts.tail, rows[i].tail);
	}
}

TEST(short_texts)
{
	static const char *const rows[] = { "a", "\n", "a\n", "a\r\n", "\r\n",
		"\r\n\r\n", "a\r\r\n", "a\rb", "a\nb\r\n", "a\r\nb\n", "\n\r\n",
		"\r\n\n", "\xc3\xa4\r\n", ".", "\n.", ".\n", "\na." };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CASE(rows[i]);
		check(rows[i], strlen(rows[i]));
	}
}

/* One octet that does not fit in, at every place of a text of many vectors. */
TEST(odd_one_out)
{
	enum { LINE = 7, SIZE = 63 * 64 + 3 * 64 + 5 };

	static const char odd[] = "\r\nx.\x80";
	static char text[SIZE];

	for (size_t ends = 1; ends <= 2; ends++)
		for (size_t at = 0; at + 1 < SIZE; at += at % 61 ? 1 : 3)
			for (const char *c = odd; *c; c++) {
				for (size_t i = 0; i < SIZE; i++)
					text[i] = i % LINE == LINE - 1 ? '\n'
						  : i % LINE == LINE - ends
						      ? '\r'
						      : 'a';
				text[SIZE - 1] = 'a';
				text[at] = *c;
				check(text, SIZE);
			}
}

/* Lengths of less than a vector, and of a few. */
TEST(random_texts)
{
	static const char bytes[] = "aaaaaa.\n\r\xe9";
	static char text[700];

	srandom(2);
	for (int round = 0; round < 20000; round++) {
		size_t n = 1 + (size_t)random() % (round % 8 ? 30 : 690);
		size_t rare = 1 + (size_t)random() % 40;

		for (size_t i = 0; i < n; i++) {
			text[i] = 'a';
			if (random() % (long)rare == 0)
				text[i] = bytes[(size_t)random() %
						(sizeof(bytes) - 1)];
			if (i && text[i - 1] == '\r' && round % 2)
				text[i] = '\n';
			if (text[i] == '\n' && i && round % 2)
				text[i - 1] = '\r';
		}
		if (text[n - 1] == '\r')
			text[n - 1] = 'a';
		check(text, n);
	}
}
