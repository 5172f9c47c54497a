#include "qp.h"
#include "slice.h"
#include "unit.h"

#define A25 "aaaaaaaaaaaaaaaaaaaaaaaaa"
#define A75 A25 A25 A25
#define A74 A25 A25 "aaaaaaaaaaaaaaaaaaaaaaaa"
#define A73 A25 A25 "aaaaaaaaaaaaaaaaaaaaaaa"
#define A72 A25 A25 "aaaaaaaaaaaaaaaaaaaaaa"

static const struct {
	const char *label;
	struct slice in;
	const char *out;
} rows[] = {
	{ "nothing", { "", 0 }, "" },
	{ "text", { "abc\n", 4 }, "abc\n" },
	{ "no line end", { "abc", 3 }, "abc" },
	{ "every printable octet", { "!\"#$%&'()*+,-./:;<>?@[\\]^_`{|}~", 31 },
	    "!\"#$%&'()*+,-./:;<>?@[\\]^_`{|}~" },
	{ "equals sign", { "a=b=", 4 }, "a=3Db=3D" },
	{ "NUL", { "a\0b", 3 }, "a=00b" },
	{ "only NUL", { "\0", 1 }, "=00" },
	{ "8-bit", { "\xc3\xa4\xff", 3 }, "=C3=A4=FF" },
	{ "control characters", { "\x01\x1b\x7f", 3 }, "=01=1B=7F" },
	{ "form feed is no line end", { "a\fb", 3 }, "a=0Cb" },
	{ "blank within", { "a b\tc", 5 }, "a b\tc" },
	{ "blank at the end of a line", { "a \nb", 4 }, "a=20\nb" },
	{ "tab at the end of a line", { "a\t\nb", 4 }, "a=09\nb" },
	{ "blanks at the end of a line", { "a  \nb", 4 + 1 }, "a =20\nb" },
	{ "blank before CRLF", { "a \r\nb", 5 }, "a=20\r\nb" },
	{ "blank before CR", { "a \rb", 4 }, "a=20\rb" },
	{ "blank at the end", { "a ", 2 }, "a=20" },
	{ "line of a blank", { " \n", 2 }, "=20\n" },
	{ "blank at the start", { " a\n", 3 }, " a\n" },
	{ "empty lines", { "\n\n", 2 }, "\n\n" },
	{ "CRLF", { "a\r\nb\r\n", 6 }, "a\r\nb\r\n" },
	{ "CR run", { "a\r\r\nb\r\rc", 8 }, "a\r\r\nb\r\rc" },
	{ "dot", { ".\n..\n", 5 }, ".\n..\n" },
	{ "From", { "From me\n", 8 }, "From me\n" },
	{ "dashes", { "--b\n-\n", 6 }, "--b\n-\n" },
	{ "75 octets", { A75 "\n", 76 }, A75 "\n" },
	{ "76 octets", { A75 "b\n", 77 }, A75 "=\nb\n" },
	{ "150 octets", { A75 A75, 150 }, A75 "=\n" A75 },
	{ "code that just fits", { A72 "\xff", 73 }, A72 "=FF" },
	{ "code that does not", { A73 "\xff", 74 }, A73 "=\n=FF" },
	{ "code that lacks one", { A74 "\xff", 75 }, A74 "=\n=FF" },
	{ "blank at the end of a full line", { A75 " \n", 77 },
	    A75 "=\n=20\n" },
	{ "blank that fits only as itself", { A74 " b\n", 77 }, A74 " =\nb\n" },
	{ "last blank that fits only as itself", { A74 " \n", 76 },
	    A74 "=\n=20\n" },
	{ "dash behind a soft break", { A75 "--b\n", 79 }, A75 "=\n=2D-b\n" },
	{ "dash behind a blank there", { A75 " -\n", 78 }, A75 "=\n -\n" },
	{ "line end where a soft break would be", { A75 "\nb", 77 },
	    A75 "\nb" },
};

TEST(rows)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct slice in = rows[i].in;

		CASE(rows[i].label);
		for (size_t cut = 0; cut <= in.n; cut++) {
			struct qp q = { .column = 0 };
			char out[QP_GROWTH(400)];
			size_t n = qp_add(&q, in.p, cut, out);

			n += qp_add(&q, in.p + cut, in.n - cut, out + n);
			n += qp_finish(&q, out + n);
			CHECK_SLICE(((struct slice){ out, n }), rows[i].out);
			CHECK(q.column == 0 && q.blank == '\0');
		}
	}
}

static int hex(char c)
{
	return c <= '9' ? c - '0' : c - 'A' + 10;
}

/* RFC 2045 6.7, the other way. */
static size_t decode(const char *in, size_t n, char *out)
{
	size_t o = 0;

	for (size_t i = 0; i < n; i++) {
		if (in[i] != '=') {
			out[o++] = in[i];
		} else if (in[i + 1] == '\n') {
			i++;
		} else {
			out[o++] = (char)(hex(in[i + 1]) * 16 + hex(in[i + 2]));
			i += 2;
		}
	}
	return o;
}

static void check_lines(const char *p, size_t n)
{
	size_t line = 0;

	for (size_t i = 0; i < n; i++) {
		bool is_end = p[i] == '\n' || p[i] == '\r';

		CHECK(!is_8bit(p[i]) && p[i] != '\0');
		if (is_end && i > 0)
			CHECK(!is_blank(p[i - 1]));
		line = is_end ? 0 : line + 1;
		CHECK(line <= 76);
	}
	CHECK(n == 0 || !is_blank(p[n - 1]));
}

TEST(any_text_comes_back)
{
	static char in[500], out[QP_GROWTH(500)], back[QP_GROWTH(500)];

	srandom(6);
	CASE("random");
	for (int round = 0; round < 3000 && !unit_bad; round++) {
		size_t n = (size_t)random() % sizeof(in), done = 0, o = 0;
		struct qp q = { .column = 0 };

		for (size_t i = 0; i < n; i++)
			in[i] = random() % 3 ? (char)(random() % 256)
					     : "ab= \t\n\r-"[random() % 8];
		while (done < n) {
			size_t piece = 1 + (size_t)random() % 90, put;

			piece = piece < n - done ? piece : n - done;
			put = qp_add(&q, in + done, piece, out + o);
			CHECK(put <= QP_GROWTH(piece));
			o += put;
			done += piece;
		}
		o += qp_finish(&q, out + o);
		check_lines(out, o);
		CHECK_INT(decode(out, o, back), n);
		CHECK(memcmp(in, back, n) == 0);
	}
}
