#include "slice.h"
#include "unit.h"
#include "wire.h"

struct row {
	const char *label;
	const char *in;
	const char *out; /* with what wire_finish() adds */
};

static const struct row rows[] = {
	{ "nothing", "", "" },
	{ "one LF", "\n", "\r\n" },
	{ "one CRLF", "\r\n", "\r\n" },
	{ "one CR", "\r", "\r\n" },
	{ "LF line", "a\n", "a\r\n" },
	{ "CRLF line", "a\r\n", "a\r\n" },
	{ "CR line", "a\r", "a\r\n" },
	{ "no line end", "a", "a\r\n" },
	{ "second line without its end", "a\nb", "a\r\nb\r\n" },
	{ "empty lines", "\n\n\n", "\r\n\r\n\r\n" },
	{ "empty CRLF lines", "\r\n\r\n", "\r\n\r\n" },
	{ "LF then CRLF", "\n\r\n", "\r\n\r\n" },
	{ "CRLF then LF", "\r\n\n", "\r\n\r\n" },
	{ "LF then CR", "\n\r", "\r\n\r\n" },
	{ "two CR and LF", "a\r\r\nb", "a\r\nb\r\n" },
	{ "five CR and LF", "a\r\r\r\r\r\nb", "a\r\nb\r\n" },
	{ "CR run without LF", "a\r\r\rb", "a\r\nb\r\n" },
	{ "CR run at the end", "a\r\r\r", "a\r\n" },
	{ "CR within a line", "a\rb\n", "a\r\nb\r\n" },
	{ "CR LF CR LF", "a\r\n\r\nb\n", "a\r\n\r\nb\r\n" },
	{ "CR LF CR", "a\r\n\rb", "a\r\n\r\nb\r\n" },
	{ "lone dot", ".\n", "..\r\n" },
	{ "lone dot without line end", ".", "..\r\n" },
	{ "lone dot, CRLF", ".\r\n", "..\r\n" },
	{ "lone dot, CR", ".\r", "..\r\n" },
	{ "two dots", "..\n", "...\r\n" },
	{ "three dots", "...", "....\r\n" },
	{ "dot first in a line", ".a\n", "..a\r\n" },
	{ "dot later in a line", "a.b\n", "a.b\r\n" },
	{ "dot behind a blank", " .\n", " .\r\n" },
	{ "dot behind LF", "a\n.\nb\n", "a\r\n..\r\nb\r\n" },
	{ "dot behind CR", "a\r.\rb\n", "a\r\n..\r\nb\r\n" },
	{ "dot behind CRLF", "a\r\n.\r\nb\n", "a\r\n..\r\nb\r\n" },
	{ "dot behind a CR run", "a\r\r.\r\rb\n", "a\r\n..\r\nb\r\n" },
	{ "dot lines in a row", ".\n.\n.\n", "..\r\n..\r\n..\r\n" },
	{ "smuggling: LF . LF", "a\n.\nMAIL FROM:<>\n",
	    "a\r\n..\r\nMAIL FROM:<>\r\n" },
	{ "smuggling: LF . CRLF", "a\n.\r\nMAIL FROM:<>\r\n",
	    "a\r\n..\r\nMAIL FROM:<>\r\n" },
	{ "smuggling: CR . CR", "a\r.\rMAIL FROM:<>\r\n",
	    "a\r\n..\r\nMAIL FROM:<>\r\n" },
	{ "smuggling: CRLF . CR", "a\r\n.\rMAIL FROM:<>\r\n",
	    "a\r\n..\r\nMAIL FROM:<>\r\n" },
	{ "smuggling: CR . CRLF", "a\r.\r\nMAIL FROM:<>\r\n",
	    "a\r\n..\r\nMAIL FROM:<>\r\n" },
	{ "8-bit bytes", "\xff\xfe\n.\xff", "\xff\xfe\r\n..\xff\r\n" },
};

/* The filter as one would write it on the back of an envelope. */
static size_t reference(const char *in, size_t n, char *out)
{
	size_t o = 0;
	int in_line = 0;

	for (size_t i = 0; i < n; i++) {
		if (in[i] == '\r' || in[i] == '\n') {
			while (i + 1 < n && in[i] == '\r' &&
			       (in[i + 1] == '\r' || in[i + 1] == '\n'))
				i++;
			out[o++] = '\r';
			out[o++] = '\n';
			in_line = 0;
			continue;
		}
		if (!in_line && in[i] == '.')
			out[o++] = '.';
		out[o++] = in[i];
		in_line = 1;
	}
	if (in_line) {
		out[o++] = '\r';
		out[o++] = '\n';
	}
	return o;
}

/* Feeds the input in pieces; a cut of 0 is one piece. */
static size_t filter(const char *in, size_t n, size_t cut, char *out)
{
	struct wire w = { 0 };
	size_t done = 0, o = 0;

	while (done < n) {
		size_t piece = cut && cut < n - done ? cut : n - done;
		char *room = malloc(WIRE_GROWTH(piece));
		size_t put = wire_filter(&w, in + done, piece, room);

		if (put > WIRE_GROWTH(piece))
			UNIT_FAIL("%zu octets from %zu", put, piece);
		memcpy(out + o, room, put);
		free(room);
		o += put;
		done += piece;
	}
	o += wire_finish(&w, out + o);
	if (w.in_line || w.pending_cr)
		UNIT_FAIL("wire_finish() leaves something");
	return o;
}

TEST(rows)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];
		size_t n = strlen(r->in);
		char out[512];

		CASE(r->label);
		for (size_t cut = 0; cut <= n; cut++) {
			struct slice s = { out, filter(r->in, n, cut, out) };

			CHECK_SLICE(s, r->out);
		}
	}
}

TEST(two_pieces_cut_anywhere)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];
		size_t n = strlen(r->in);

		CASE(r->label);
		for (size_t cut = 0; cut <= n; cut++) {
			struct wire w = { 0 };
			char out[512];
			size_t o = wire_filter(&w, r->in, cut, out);

			o += wire_filter(&w, r->in + cut, n - cut, out + o);
			o += wire_finish(&w, out + o);
			CHECK_SLICE(((struct slice){ out, o }), r->out);
		}
	}
}

static int is_clean(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (p[i] == '\r' && (i + 1 == n || p[i + 1] != '\n'))
			return 0;
		if (p[i] == '\n' && (i == 0 || p[i - 1] != '\r'))
			return 0;
		if (p[i] == '.' && i > 0 && p[i - 1] == '\n' &&
		    (i + 1 == n || p[i + 1] != '.'))
			return 0;
	}
	return n == 0 || p[n - 1] == '\n';
}

/* Text made of the bytes that matter, NUL among them, in random pieces. */
TEST(like_the_reference)
{
	static const char bytes[] = "\r\r\n\n..ab\0";
	static char in[600], out[1300], expected[1300];

	srandom(1);
	for (int round = 0; round < 4000; round++) {
		size_t n = (size_t)random() % (round % 10 ? 40 : sizeof(in));
		size_t cut = (size_t)random() % 20;
		size_t o, e;

		for (size_t i = 0; i < n; i++)
			in[i] = bytes[(size_t)random() % (sizeof(bytes) - 1)];
		o = filter(in, n, cut, out);
		e = reference(in, n, expected);
		if (o != e || memcmp(out, expected, o) != 0 ||
		    !is_clean(out, o)) {
			UNIT_FAIL("round %d differs", round);
			break;
		}
	}
}

/* Text of long and short lines, dots at their start and within them. */
static void fill(char *in, size_t n, const char *line_end)
{
	const size_t unit = strlen(line_end);

	for (size_t i = 0; i < n; i++)
		in[i] = i % 77 ? 'x' : '.';
	for (size_t i = 0; i + unit <= n; i += i % 3 ? 70001 : 1027)
		memcpy(in + i, line_end, unit);
}

TEST(long_lines_and_blocks)
{
	enum { SIZE = 200000 };

	static const char *const line_ends[] = { "\n", "\r\n", "\r", "\n\r" };
	char *in = malloc(SIZE), *out = malloc(2 * SIZE + 2);
	char *expected = malloc(2 * SIZE + 2);

	for (size_t i = 0; i < sizeof(line_ends) / sizeof(*line_ends); i++)
		for (size_t cut = 4095; cut <= 65535; cut += 4096) {
			size_t n;

			fill(in, SIZE, line_ends[i]);
			n = filter(in, SIZE, cut, out);
			CASE("cut");
			CHECK_INT(n, reference(in, SIZE, expected));
			CHECK(memcmp(out, expected, n) == 0);
		}
	free(in);
	free(out);
	free(expected);
}

/* Whole messages of one line end, dots at the start of many lines: what is
   passed on in large steps, and ends in the midst of a line end. */
TEST(lines_of_one_kind)
{
	enum { SIZE = 9000 };

	static char in[SIZE + 4], out[2 * SIZE], expected[2 * SIZE];

	srandom(3);
	for (int round = 0; round < 3000; round++) {
		size_t size = (size_t)random() % SIZE, n = 0, o, e;
		size_t cut = 1 + (size_t)random() % (round % 2 ? 100 : SIZE);
		long length = 1 + random() % 90, dots = 1 + random() % 400;

		while (n < size) {
			in[n++] = random() % dots ? 'a' : '.';
			if (random() % length)
				continue;
			if (round % 4)
				in[n++] = '\r';
			in[n++] = '\n';
			if (random() % dots == 0)
				in[n++] = '.';
		}
		o = filter(in, n, cut, out);
		e = reference(in, n, expected);
		if (o != e || memcmp(out, expected, o) != 0) {
			UNIT_FAIL("round %d differs", round);
			break;
		}
	}
}

/* One line with a dot, wherever a step may end. */
TEST(dot_at_every_place)
{
	enum { SIZE = 5000 };

	static const char *const lines[] = { "\r\n.\r\n", "\n.\n" };
	static char in[SIZE], out[2 * SIZE], expected[2 * SIZE];

	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		for (size_t at = 0; at + strlen(lines[i]) < SIZE; at++) {
			size_t n;

			memset(in, 'a', SIZE);
			memcpy(in + at, lines[i], strlen(lines[i]));
			n = filter(in, SIZE, 0, out);
			CHECK_INT(n, reference(in, SIZE, expected));
			CHECK(memcmp(out, expected, n) == 0);
		}
}
