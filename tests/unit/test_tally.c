#include "tally.h"
#include "unit.h"

/* RFC 3629 4, written out. */
static bool is_utf8(const char *text, size_t n)
{
	const unsigned char *p = (const unsigned char *)text;
	const unsigned char *end = p + n;

	while (p < end) {
		uint32_t c = *p++;
		int more = c < 0x80   ? 0
			   : c < 0xc0 ? -1
			   : c < 0xe0 ? 1
			   : c < 0xf0 ? 2
			   : c < 0xf8 ? 3
				      : -1;
		static const uint32_t least[] = { 0, 0x80, 0x800, 0x10000 };
		static const uint32_t bits[] = { 0x7f, 0x1f, 0x0f, 0x07 };

		if (more < 0 || end - p < more)
			return false;
		c &= bits[more];
		for (int i = 0; i < more; i++, p++) {
			if ((*p & 0xc0) != 0x80)
				return false;
			c = c << 6 | (*p & 0x3f);
		}
		if (c < least[more] || c > 0x10ffff ||
		    (c >= 0xd800 && c < 0xe000))
			return false;
	}
	return true;
}

/* One octet after the other; a run of CR and the LF behind it end a line. */
static struct tally reference(const char *p, size_t n)
{
	struct tally t = { .utf8 = { .is_bad = !is_utf8(p, n) } };

	for (size_t i = 0; i < n; i++) {
		t.has_8bit = t.has_8bit || (p[i] & 0x80);
		t.has_nul = t.has_nul || p[i] == '\0';
		if (p[i] != '\r' && p[i] != '\n') {
			t.text++;
			t.line++;
			t.longest = t.line > t.longest ? t.line : t.longest;
			continue;
		}
		while (i + 1 < n && p[i] == '\r' && p[i + 1] == '\r')
			i++;
		if (p[i] == '\r' && i + 1 < n && p[i + 1] == '\n')
			i++;
		else if (p[i] == '\r')
			t.has_bare_cr = true;
		t.ends++;
		t.line = 0;
	}
	return t;
}

static void compare(const char *p, size_t n, size_t cut)
{
	struct tally expected = reference(p, n), t = { 0 };

	for (size_t done = 0; done < n; done += cut)
		tally_add(&t, p + done, cut < n - done ? cut : n - done);
	tally_finish(&t);
	CHECK_INT(t.text, expected.text);
	CHECK_INT(t.ends, expected.ends);
	CHECK_INT(t.line, expected.line);
	CHECK_INT(t.longest, expected.longest);
	CHECK_INT(t.has_8bit, expected.has_8bit);
	CHECK_INT(t.has_nul, expected.has_nul);
	CHECK_INT(t.utf8.is_bad, expected.utf8.is_bad);
	CHECK_INT(t.has_bare_cr, expected.has_bare_cr);
	CHECK_INT(tally_wire_size(&t),
	    expected.text + 2 * expected.ends + (expected.line ? 2 : 0));
	if (unit_bad)
		printf("# %zu octets, cut %zu\n", n, cut);
}

TEST(rows)
{
	static const char *const rows[] = { "", "\n", "\r", "\r\n", "\n\r",
		"\r\r", "\r\r\n", "\n\n", "a", "a\n", "a\r\n", "a\r", "a\nb",
		"a\r\nb\r\n", "a\nbcd\nef\n", "abc\r\nd\r\ne", "a\r\nb\nc\rd",
		"a\r\r\nb", "a\n\r\n", "\ra", "\r\ra\n", "\xff", "a\n\xff",
		"\xc3\xa4", "a\xc3\xa4\n", "\xc3\r\xa4", "\xe2\x82\xac",
		"x\n\xf0\x9f\x93\xa7\r\ny", "\xf0\x9f\x93", "\xe4\xc3\xa4" };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CASE(rows[i]);
		for (size_t cut = 1; cut <= strlen(rows[i]) + 1; cut++)
			compare(rows[i], strlen(rows[i]), cut);
	}
}

/* Texts of one kind of line end and of several, longer than the vectors. */
TEST(like_the_reference)
{
	static const struct {
		const char *label;
		const char *ends[4];
		size_t n;
		size_t width; /* of lines, at most */
	} kinds[] = {
		{ "LF", { "\n" }, 1, 90 },
		{ "LF, short", { "\n" }, 1, 4 },
		{ "CRLF", { "\r\n" }, 1, 90 },
		{ "CRLF, short", { "\r\n" }, 1, 4 },
		{ "LF and CRLF", { "\n", "\r\n" }, 2, 30 },
		{ "CR CR LF", { "\r\r\n", "\r\n" }, 2, 30 },
		{ "CR", { "\r" }, 1, 30 },
		{ "all", { "\n", "\r\n", "\r", "\r\r\n" }, 4, 10 },
		{ "CRLF and as many CR as LF", { "\r\n", "\n", "\r" }, 3, 5 },
	};

	static char text[70000];

	srandom(4);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		CASE(kinds[i].label);
		for (int round = 0; round < 400 && !unit_bad; round++) {
			size_t most = round % 40 ? 500 : sizeof(text) - 100;
			size_t n = 0, cut;

			while (n < most) {
				size_t width =
				    (size_t)random() % (kinds[i].width + 1);
				const char *end =
				    kinds[i]
					.ends[(size_t)random() % kinds[i].n];

				memset(text + n, 'x', width);
				n += width;
				memcpy(text + n, end, strlen(end));
				n += strlen(end);
			}
			if (round % 7 == 0)
				text[(size_t)random() % n] = '\0';
			if (round % 3 == 0)
				memcpy(text + (size_t)random() % (n - 3),
				    "\xe2\x82\xac", 3);
			if (round % 5 == 0)
				text[(size_t)random() % n] = '\xe4';
			cut = 1 + (size_t)random() % (round % 2 ? n : 80);
			compare(text, n - (size_t)random() % 3, cut);
		}
	}
}

/* More lines than a lane of the vectors can count. */
TEST(many_empty_lines)
{
	static char text[300000];

	memset(text, '\n', sizeof(text));
	compare(text, sizeof(text), sizeof(text));
	memset(text, '\r', sizeof(text));
	compare(text, sizeof(text), 65536);
	for (size_t i = 1; i < sizeof(text); i += 2)
		text[i] = '\n';
	compare(text, sizeof(text), 65536);
	compare(text, sizeof(text), 65537);
}

/* Among good ends of lines, one octet too many or one that lacks another. */
TEST(one_odd_end)
{
	static const char octets[] = "\r\nx";
	char text[300];

	for (size_t at = 0; at < sizeof(text); at++)
		for (const char *c = octets; *c; c++) {
			for (size_t i = 0; i < sizeof(text); i++)
				text[i] = "x\r\n"[i % 3];
			CASE("an octet");
			text[at] = *c;
			compare(text, sizeof(text), sizeof(text));
			compare(text, sizeof(text) - 1, sizeof(text));
		}
}
