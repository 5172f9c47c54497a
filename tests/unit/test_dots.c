#include "dots.h"
#include "slice.h"
#include "unit.h"

enum { ROOM = 512, NEVER = -1 };

struct row {
	const char *label;
	enum dots_rule rule;
	const char *in;
	const char *out;
	int end; /* octets up to behind the line that ends it, or NEVER */
};

static const struct row rows[] = {
	{ "nothing", DOTS_SENDMAIL, "", "", NEVER },
	{ "lone dot", DOTS_SENDMAIL, "a\n.\nb\n", "a\n", 4 },
	{ "lone dot, CRLF", DOTS_SENDMAIL, "a\r\n.\r\nb", "a\r\n", 6 },
	{ "lone dot, mixed", DOTS_SENDMAIL, "a\r\n.\nb", "a\r\n", 5 },
	{ "lone dot at the end", DOTS_SENDMAIL, "a\n.", "a\n", 3 },
	{ "and CR", DOTS_SENDMAIL, "a\n.\r", "a\n", 4 },
	{ "dot first of all", DOTS_SENDMAIL, ".\nb", "", 2 },
	{ "two dots lose one", DOTS_SENDMAIL, "..\n..b\n...\n", ".\n.b\n..\n",
	    NEVER },
	{ "one dot and text", DOTS_SENDMAIL, ".a\n. \n.\r\r\n",
	    ".a\n. \n.\r\r\n", NEVER },
	{ "behind a bare CR", DOTS_SENDMAIL, "a\r.\nb", "a\r.\nb", NEVER },

	{ "CRLF: nothing", DOTS_CRLF, "", "", NEVER },
	{ "CRLF: lone dot", DOTS_CRLF, "a\r\n.\r\nQUIT\r\n", "a\r\n", 6 },
	{ "CRLF: first of all", DOTS_CRLF, ".\r\nQUIT", "", 3 },
	{ "CRLF: dots", DOTS_CRLF, "..\r\n.a\r\n...\r\n.\r\n",
	    ".\r\na\r\n..\r\n", 16 },
	{ "CRLF: a dot and the dot", DOTS_CRLF, "..\r\n.\r\n", ".\r\n", 7 },
	{ "CRLF: LF . LF", DOTS_CRLF, "a\n.\nb\r\n.\r\n", "a\n.\nb\r\n", 10 },
	{ "CRLF: LF . CRLF", DOTS_CRLF, "a\n.\r\nb\r\n.\r\n", "a\n.\r\nb\r\n",
	    11 },
	{ "CRLF: CRLF . LF", DOTS_CRLF, "a\r\n.\nb\r\n.\r\n", "a\r\n\nb\r\n",
	    11 },
	{ "CRLF: CRLF . CR", DOTS_CRLF, "a\r\n.\rb\r\n.\r\n", "a\r\n\rb\r\n",
	    11 },
	{ "CRLF: CR . CR", DOTS_CRLF, "a\r.\rb\r\n.\r\n", "a\r.\rb\r\n", 10 },
	{ "CRLF: CR . CRLF", DOTS_CRLF, "a\r.\r\nb\r\n.\r\n", "a\r.\r\nb\r\n",
	    11 },
	{ "CRLF: CRLF . CR CRLF", DOTS_CRLF, "\r\n.\r\r\nb\r\n.\r\n",
	    "\r\n\r\r\nb\r\n", 12 },
	{ "CRLF: CR CRLF . CRLF", DOTS_CRLF, "a\r\r\n.\r\nb", "a\r\r\n", 7 },
	{ "CRLF: LF LF . CRLF", DOTS_CRLF, "a\r\n\n.\r\n\r\n.\r\n",
	    "a\r\n\n.\r\n\r\n", 12 },
	{ "CRLF: LF and two dots stay", DOTS_CRLF, "a\n..\r\n.\r\n",
	    "a\n..\r\n", 9 },
	{ "CRLF: stripped, LF, dot", DOTS_CRLF, ".\n.\r\nx\r\n.\r\n",
	    "\n.\r\nx\r\n", 11 },
	{ "CRLF: NUL is no line end", DOTS_CRLF, "a\r\n.x\r\n.\r\n",
	    "a\r\nx\r\n", 10 },
	{ "CRLF: input ends", DOTS_CRLF, "a\r\n.", "a\r\n", NEVER },
	{ "CRLF: ends behind CR", DOTS_CRLF, "a\r\n.\r", "a\r\n\r", NEVER },

	{ "LF: lone dot", DOTS_LF, "a\n.\nQUIT\n", "a\n", 4 },
	{ "LF: lone dot, CRLF", DOTS_LF, "a\n.\r\nQUIT\n", "a\n", 5 },
	{ "LF: lone dot behind CRLF", DOTS_LF, "a\r\n.\nQUIT\n", "a\r\n", 5 },
	{ "LF: first of all", DOTS_LF, ".\nb", "", 2 },
	{ "LF: dots", DOTS_LF, "..\n.a\n...\n.\n", ".\na\n..\n", 12 },
	{ "LF: CR . CR", DOTS_LF, "a\r.\rb\n.\n", "a\r.\rb\n", 8 },
	{ "LF: CR . LF", DOTS_LF, "a\r.\nb\n.\n", "a\r.\nb\n", 8 },
	{ "LF: . CR text", DOTS_LF, ".\ra\n.\n", "\ra\n", 6 },
	{ "LF: . CR CR", DOTS_LF, ".\r\r\n.\n", "\r\r\n", 6 },
	{ "LF: input ends", DOTS_LF, "a\n.", "a\n", NEVER },
};

struct result {
	char out[ROOM];
	size_t n;
	size_t taken;
	bool ended;
};

/* In pieces: `first` octets, then `step` at a time. */
static struct result run(
    enum dots_rule rule, struct slice in, size_t first, size_t step)
{
	struct result r = { .n = 0 };
	struct dots d = { .rule = rule };
	char block[ROOM];
	size_t have = 0, at = 0, more = first;
	bool eof;

	do {
		struct slice piece = slice_head(slice_skip(in, at), more);
		size_t kept;

		eof = at + piece.n == in.n;
		memcpy(block + have, piece.p, piece.n);
		have += piece.n;
		at += piece.n;
		kept = dots_filter(&d, block, have, eof);
		CHECK(d.taken <= have && kept <= d.taken);
		if (!eof && !d.ended)
			CHECK(have - d.taken <= 2);
		memcpy(r.out + r.n, block, kept);
		r.n += kept;
		r.taken += d.taken;
		have -= d.taken;
		memmove(block, block + d.taken, have);
		more = step;
	} while (!eof && !d.ended);
	r.ended = d.ended;
	if (!d.ended)
		CHECK_INT(have, 0);
	return r;
}

static void check(const struct row *row, const struct result *r)
{
	size_t n = strlen(row->in);

	CHECK_SLICE(((struct slice){ r->out, r->n }), row->out);
	CHECK_INT(r->ended, row->end != NEVER);
	CHECK_INT(r->taken, row->end == NEVER ? n : (size_t)row->end);
}

TEST(rows)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct slice in = slice_of(rows[i].in);

		CASE(rows[i].label);
		for (size_t cut = 0; cut <= in.n; cut++) {
			struct result r = run(rows[i].rule, in, cut, in.n);

			check(&rows[i], &r);
			for (size_t step = 1; step < 4; step++) {
				r = run(rows[i].rule, in, cut, step);
				check(&rows[i], &r);
			}
		}
	}
}

/* What SMTP stuffs comes out as it went in, whatever it is. */
TEST(stuffed_text_comes_back)
{
	static const char bytes[] = "..\r\n\r\nab\0";

	srandom(3);
	for (int round = 0; round < 2000; round++) {
		char text[100], wire[2 * ROOM];
		size_t n = (size_t)random() % 90, put = 0;
		struct result r;

		CASE("text");
		for (size_t i = 0; i < n; i++)
			text[i] = bytes[(size_t)random() % sizeof(bytes)];
		memcpy(text + n, "\r\n", 2);
		n += 2;
		for (size_t i = 0; i < n; i++) {
			bool starts = i == 0 || (i > 1 && text[i - 1] == '\n' &&
						    text[i - 2] == '\r');

			if (starts && text[i] == '.')
				wire[put++] = '.';
			wire[put++] = text[i];
		}
		memcpy(wire + put, ".\r\nNOOP\r\n", 9);
		r = run(DOTS_CRLF, (struct slice){ wire, put + 9 },
		    (size_t)random() % put, 1 + (size_t)random() % 9);
		CHECK(r.ended);
		CHECK_INT(r.taken, put + 3);
		CHECK(r.n == n && memcmp(r.out, text, n) == 0);
	}
}
