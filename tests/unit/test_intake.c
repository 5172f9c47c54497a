#include "hdr.h"
#include "intake.h"
#include "io.h"
#include "unit.h"
#include "wire.h"
#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct intake_params plain = { .max_size = 0 };
static const struct intake_params with_dots = { .dot_ends = true };

/* A descriptor that yields these octets. */
static int input(const char *bytes, size_t n)
{
	int fd = memfd_create("input", MFD_CLOEXEC);

	if (io_write(fd, bytes, n) < 0 || lseek(fd, 0, SEEK_SET) != 0)
		abort();
	return fd;
}

static int take(struct msg *m, const char *bytes, size_t n,
    const struct intake_params *params, struct fail *why)
{
	int fd = input(bytes, n);
	int rc;

	msg_init(m);
	rc = msg_intake(m, fd, params, why);
	io_close(fd);
	return rc;
}

/* Everything msg_read() yields, in pieces. */
static struct buf read_all(struct msg *m, size_t piece)
{
	static char bytes[256 * 1024];
	struct fail why;
	struct buf all;
	ssize_t n;

	buf_init(&all, 64 * 1024 * 1024);
	msg_rewind(m);
	while ((n = msg_read(m, bytes, piece, &why)) > 0)
		buf_add(&all, bytes, (size_t)n);
	CHECK_INT(n, 0);
	CHECK_INT(msg_read(m, bytes, piece, &why), 0);
	return all;
}

static size_t wire_size(const char *bytes, size_t n)
{
	char *out = malloc(WIRE_GROWTH(n));
	struct wire w = { 0 };
	size_t put = wire_filter(&w, bytes, n, out), dots = 0;
	char end[2];

	for (size_t i = 0; i < put; i++)
		dots += out[i] == '.' && (i == 0 || out[i - 1] == '\n');
	put += wire_finish(&w, end);
	free(out);
	return put - dots;
}

struct row {
	const char *label;
	const char *in;
	const char *header;
	const char *body;
	const struct intake_params *params; /* NULL: plain */
};

static const struct row rows[] = {
	{ "nothing", "", "", "" },
	{ "header and body", "A: b\nC: d\n\nhello\n", "A: b\nC: d\n",
	    "hello\n" },
	{ "CRLF", "A: b\r\nC: d\r\n\r\nhello\r\n", "A: b\r\nC: d\r\n",
	    "hello\r\n" },
	{ "only a header", "A: b\nC: d\n", "A: b\nC: d\n", "" },
	{ "header without its line end", "A: b", "A: b\n", "" },
	{ "header that ends in CR", "A: b\r", "A: b\r\n", "" },
	{ "header that ends in CRs", "A: b\r\r\r", "A: b\r\r\r\n", "" },
	{ "header and empty line", "A: b\n\n", "A: b\n", "" },
	{ "only an empty line", "\n", "", "" },
	{ "only CRLF", "\r\n", "", "" },
	{ "two empty lines", "\n\n", "", "\n" },
	{ "empty line first", "\nA: b\n", "", "A: b\n" },
	{ "empty line of CR CR LF", "A: b\r\r\n\r\r\nx\n", "A: b\r\r\n",
	    "x\n" },
	{ "empty line of CR at the end", "A: b\n\r", "A: b\n", "" },
	{ "body starts with an empty line", "A: b\n\n\nx\n", "A: b\n",
	    "\nx\n" },
	{ "body without line end", "A: b\n\nhello", "A: b\n", "hello" },
	{ "no header", "hello\nworld\n", "", "hello\nworld\n" },
	{ "no header, one line", "hello", "", "hello" },
	{ "no empty line", "A: b\nhello world\nC: d\n", "A: b\n",
	    "hello world\nC: d\n" },
	{ "URL first", "http://www.example.com/\nA: b\n", "",
	    "http://www.example.com/\nA: b\n" },
	{ "folded", "A: b\n c\n\td\n\nx\n", "A: b\n c\n\td\n", "x\n" },
	{ "continuation of nothing", " a\nB: c\n\nx\n", "", " a\nB: c\n\nx\n" },
	{ "a fold of blanks", "A: b\n  \nC: d\n\nx\n", "A: b\n  \nC: d\n",
	    "x\n" },
	{ "blank before colon", "A : b\n\nx\n", "A : b\n", "x\n" },

	{ "CR within the header", "A: b\rC: d\n\nx\n", "A: b C: d\n", "x\n" },
	{ "CRs within the header", "A: b\r\r\rC: d\n\nx\n", "A: b   C: d\n",
	    "x\n" },
	{ "CR among CRLF", "A: b\r\nC: d\rE: f\r\r\n\r\nx\r\n",
	    "A: b\r\nC: d E: f\r\r\n", "x\r\n" },
	{ "no LF at all", "A: b\r c\rC: d\r\rx\ry\r", "A: b  c C: d  x y\r\n",
	    "" },
	{ "no LF but in the body", "A: b\rC: d\r\rx\n\ny\r", "A: b C: d  x\n",
	    "y\r" },
	{ "CR CR ends nothing", "A: b\r\rbody: x\r\rtext\r",
	    "A: b  body: x  text\r\n", "" },
	{ "CR CR and text", "A: b\r\rtext: \xff\xfe\rtwo words: x\r",
	    "A: b  text: \xff\xfe two words: x\r\n", "" },
	{ "CR before a fold", "A: b\r\tc\nC: d\n\nx\n", "A: b \tc\nC: d\n",
	    "x\n" },
	{ "CR before a blank", "A: b\r \r\nC: d\n\nx\n", "A: b  \r\nC: d\n",
	    "x\n" },
	{ "CR and text", "A: b\rtwo words\nC: d\n\nx\n",
	    "A: b two words\nC: d\n", "x\n" },
	{ "CRs and text", "A: b\r\rtwo words\nC: d\n",
	    "A: b  two words\nC: d\n", "" },
	{ "CRs in a fold", "A: b\n c\r\rd: e\r\n\tf\rg\n\nx\n",
	    "A: b\n c  d: e\r\n\tf g\n", "x\n" },
	{ "CR in a name", "A: b\nBc\rc: d\n", "A: b\n", "Bc\rc: d\n" },
	{ "CR between name and colon", "A: b\nBcc\r: d\n", "A: b\nBcc : d\n",
	    "" },
	{ "CR behind the colon", "A: b\nC:\rd\n", "A: b\nC: d\n", "" },
	{ "CR before the slashes", "A: b\nhttp:\r//c\nD: e\n",
	    "A: b\nhttp: //c\nD: e\n", "" },
	{ "CR between the slashes", "A: b\nhttp:/\r/c\nD: e\n",
	    "A: b\nhttp:/ /c\nD: e\n", "" },
	{ "line that starts with CR", "A: b\n\rC: d\n\nx\n", "A: b\n C: d\n",
	    "x\n" },
	{ "line that starts with CRs", "A: b\n\r\r\rC: d\n", "A: b\n   C: d\n",
	    "" },
	{ "line of CR, blank and CRs", "A: b\n\r \r\r\nC: d\n\nx",
	    "A: b\n  \r\r\nC: d\n", "x" },
	{ "line of CRs", "A: b\n\r\r\r\r\n\rx\n", "A: b\n", "\rx\n" },
	{ "line of CRs at the end", "A: b\n\r\r\r", "A: b\n", "" },
	{ "LF CR ends lines", "A: b\n\rC: d\n\r\n\rx\n\r", "A: b\n C: d\n",
	    "\rx\n\r" },
	{ "CR first of all", "\rA: b\n\nx", "", "\rA: b\n\nx" },
	{ "CRLF first of all", "\r\nA: b\n\nx", "", "A: b\n\nx" },
	{ "CR first, then a mailbox line", "\rFrom a\nA: b\n", "",
	    "\rFrom a\nA: b\n" },
	{ "only CR", "\r", "", "" },
	{ "only CRs", "\r\r\r", "", "" },
	{ "text, then CRs", "two words\r\rA: b\r", "", "two words\r\rA: b\r" },
	{ "CRs in the body stay", "A: b\n\n\rx\r\r\ny\r", "A: b\n",
	    "\rx\r\r\ny\r" },
	{ "CRs behind an empty line of CRLF", "A: b\n\r\n\r\rx", "A: b\n",
	    "\r\rx" },
	{ "colon but no name", "A: b\n: c\n\nx\n", "A: b\n", ": c\n\nx\n" },

	{ "From_ line", "From root Mon Jan  1 00:00:00 2024\nA: b\n\nx\n",
	    "A: b\n", "x\n" },
	{ "From_ line, CRLF", "From root\r\nA: b\r\n\r\nx\r\n", "A: b\r\n",
	    "x\r\n" },
	{ ">From_ line", ">From root\nA: b\n\nx\n", "A: b\n", "x\n" },
	{ "both", "From a\n>From b\n>From c\nA: b\n\nx\n", "A: b\n", "x\n" },
	{ "From_ line and body", "From root\n\nx\n", "", "x\n" },
	{ "From_ line and text", "From root\nhello there\n", "",
	    "hello there\n" },
	{ "only a From_ line", "From root\n", "", "From root\n" },
	{ "only From_ lines", "From a\n>From b\n", "", ">From b\n" },
	{ "From_ line, not ended", "From root", "", "From root" },
	{ "From_ line later", "A: b\nFrom root\nC: d\n", "A: b\n",
	    "From root\nC: d\n" },
	{ "From_ line in the body", "A: b\n\nFrom root\n", "A: b\n",
	    "From root\n" },
	{ "From with a blank is a field", "From : root\n\nx\n", "From : root\n",
	    "x\n" },
	{ "From: is a field", "From: root\n\nx\n", "From: root\n", "x\n" },
	{ "From_ without a blank", "Fromage\nA: b\n", "", "Fromage\nA: b\n" },
	{ "CRs in a From_ line", "From a\r>From b\r\rA: b\r\nC: d\n\nx\r",
	    "C: d\n", "x\r" },
	{ "CR for the blank of From_", "From\ra\nA: b\n\nx\n", "A: b\n",
	    "x\n" },
	{ "CR in its name", "Fr\rom a\nA: b\n", "", "Fr\rom a\nA: b\n" },
	{ "only a From_ line, with CRs", "From a\r\r", "", "From a\r\r" },
	{ "two angles", ">>From a\nA: b\n", "", ">>From a\nA: b\n" },

	{ "dots are data", "A: b\n\n.\n..\nx\n", "A: b\n", ".\n..\nx\n",
	    &plain },
	{ "dot ends", "A: b\n\nx\n.\ny\n", "A: b\n", "x\n", &with_dots },
	{ "dot with CR ends", "A: b\n\nx\n.\r\ny\n", "A: b\n", "x\n",
	    &with_dots },
	{ "dot with two CR does not", "A: b\n\nx\n.\r\r\ny\n", "A: b\n",
	    "x\n.\r\r\ny\n", &with_dots },
	{ "dot at the end of input", "A: b\n\nx\n.", "A: b\n", "x\n",
	    &with_dots },
	{ "dot and CR at the end of input", "A: b\n\nx\n.\r", "A: b\n", "x\n",
	    &with_dots },
	{ "dot behind an unfinished line", "A: b\n\nx.", "A: b\n", "x.",
	    &with_dots },
	{ "dot and blank", "A: b\n\n. \n.\ny", "A: b\n", ". \n", &with_dots },
	{ "dot first in a line", "A: b\n\n.x\n.\ny", "A: b\n", ".x\n",
	    &with_dots },
	{ "two dots lose one", "A: b\n\n..\n..x\n...\n.\ny", "A: b\n",
	    ".\n.x\n..\n", &with_dots },
	{ "two dots at the end", "A: b\n\n..", "A: b\n", ".", &with_dots },
	{ "two dots and CRLF", "A: b\n\n..\r\n.\r\n", "A: b\n", ".\r\n",
	    &with_dots },
	{ "dot in the header", "A: b\n.\nC: d\n\nx\n", "A: b\n", "",
	    &with_dots },
	{ "dot for the empty line", "A: b\n.\n\nx\n", "A: b\n", "",
	    &with_dots },
	{ "dot first of all", ".\nA: b\n", "", "", &with_dots },
	{ "only a dot", ".", "", "", &with_dots },
	{ "dots in the header", "A: b\n..C: d\n\nx\n", "A: b\n.C: d\n", "x\n",
	    &with_dots },
	{ "dot behind a bare CR", "A: b\n\nx\r.\ny\n", "A: b\n", "x\r.\ny\n",
	    &with_dots },
	{ "dot within a line", "A: b\n\nx.\n.x.\n", "A: b\n", "x.\n.x.\n",
	    &with_dots },
	{ "nothing, with dots", "", "", "", &with_dots },
};

static void check_row(const struct row *r)
{
	struct fail why;
	struct msg m;
	struct buf all;
	char expected[512];

	if (take(&m, r->in, strlen(r->in), r->params ? r->params : &plain,
		&why) < 0) {
		UNIT_FAIL("%s", why.text);
		msg_free(&m);
		return;
	}
	CHECK_SLICE(buf_slice(&m.header), r->header);
	CHECK_SLICE(buf_slice(&m.body), r->body);
	CHECK_INT(m.fd, -1);
	CHECK_INT(m.facts.body_wire, wire_size(r->body, strlen(r->body)));
	snprintf(expected, sizeof(expected), "%s\n%s", r->header, r->body);
	CHECK_INT(msg_wire_size(&m), wire_size(expected, strlen(expected)));
	for (size_t piece = 1; piece < 8; piece++) {
		all = read_all(&m, piece);
		CHECK_SLICE(buf_slice(&all), expected);
		buf_free(&all);
	}
	msg_free(&m);
}

TEST(rows)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CASE(rows[i].label);
		check_row(&rows[i]);
	}
}

/*
 * Blocks are filled up, so a cut inside the first lines needs a first line
 * that brings them to the end of a block.
 */
TEST(cut_by_the_block)
{
	enum { BLOCK = 64 * 1024 };

	static char in[BLOCK + 1024];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];
		size_t n = strlen(r->in);

		CASE(r->label);
		if (strncmp(r->in, "A: b", 4) != 0 ||
		    (r->in[4] != '\n' && r->in[4] != '\r'))
			continue;
		for (size_t cut = 4; cut <= n; cut++) {
			size_t pad = BLOCK - cut - 4;
			struct msg m;
			struct fail why;

			/* X: xxx...LF and then the row, cut at `cut`. */
			memset(in, 'x', sizeof(in));
			memcpy(in, "X: ", 3);
			in[pad + 3] = '\n';
			memcpy(in + pad + 4, r->in, n);
			if (take(&m, in, pad + 4 + n,
				r->params ? r->params : &plain, &why) < 0)
				UNIT_FAIL("cut %zu: %s", cut, why.text);
			CHECK_SLICE(slice_skip(buf_slice(&m.header), pad + 4),
			    r->header);
			CHECK_SLICE(buf_slice(&m.body), r->body);
			CHECK_INT(m.facts.body_wire,
			    wire_size(r->body, strlen(r->body)));
			msg_free(&m);
		}
	}
}

/* By pushes, however they are cut. What dots mean is not the intake's. */
TEST(pushes)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];
		struct slice in = slice_of(r->in);

		CASE(r->label);
		for (size_t cut = 0; cut <= in.n && r->params != &with_dots;
		     cut++) {
			struct slice rest = slice_skip(in, cut);
			struct intake intake;
			struct fail why;
			struct msg m;

			msg_init(&m);
			intake_begin(&intake, &m, &plain);
			CHECK_INT(
			    intake_add(&intake, slice_head(in, cut), &why), 0);
			for (; rest.n; rest = slice_skip(rest, 1 + i % 3))
				CHECK_INT(
				    intake_add(&intake,
					slice_head(rest, 1 + i % 3), &why),
				    0);
			CHECK_INT(intake_finish(&intake, &why), 0);
			CHECK_SLICE(buf_slice(&m.header), r->header);
			CHECK_SLICE(buf_slice(&m.body), r->body);
			CHECK_INT(m.facts.body_wire,
			    wire_size(r->body, strlen(r->body)));
			msg_free(&m);
		}
	}
}

TEST(one_large_push)
{
	static char in[3 * MSG_MEMORY_MAX];
	static const struct intake_params small = { .max_size = 100000 };
	struct intake intake;
	struct fail why;
	struct msg m;

	CASE("larger than header and block");
	memset(in, 'x', sizeof(in));
	memcpy(in, "A: b\n\n", 6);
	msg_init(&m);
	intake_begin(&intake, &m, &plain);
	CHECK_INT(
	    intake_add(&intake, (struct slice){ in, sizeof(in) }, &why), 0);
	CHECK_INT(intake_finish(&intake, &why), 0);
	CHECK_SLICE(buf_slice(&m.header), "A: b\n");
	CHECK_INT(m.body.n + m.fd_size, sizeof(in) - 6);
	msg_free(&m);

	CASE("larger than the limit");
	msg_init(&m);
	intake_begin(&intake, &m, &small);
	CHECK_INT(intake_add(&intake, (struct slice){ in, 100000 }, &why), 0);
	CHECK_INT(intake_add(&intake, (struct slice){ in, 1 }, &why), -1);
	CHECK_INT(why.kind, FAIL_MESSAGE);
	msg_free(&m);
}

TEST(facts)
{
	static const struct {
		const char *label;
		struct slice in;
		struct msg_facts facts;
	} table[] = {
		{ "nothing", { "", 0 }, { 0 } },
		{ "LF", { "A: b\n\nxy\n", 9 },
		    { .size = 9, .body_wire = 4, .longest_line = 4 } },
		{ "CRLF counts as one", { "A: b\r\n\r\nxy\r\n", 12 },
		    { .size = 9, .body_wire = 4, .longest_line = 4 } },
		{ "long body line", { "A: b\n\nxxxxxxx\nx", 15 },
		    { .size = 15, .body_wire = 12, .longest_line = 7 } },
		{ "longest line is the last", { "A: b\n\nx\nxxxxxxx", 15 },
		    { .size = 15, .body_wire = 12, .longest_line = 7 } },
		{ "8-bit header", { "A: \xc3\xa4\n\nx\n", 9 },
		    { .size = 9,
			.body_wire = 3,
			.longest_line = 5,
			.has_8bit_header = true } },
		{ "8-bit body", { "A: b\n\n\xc3\xa4\n", 9 },
		    { .size = 9,
			.body_wire = 4,
			.longest_line = 4,
			.has_8bit_body = true } },
		{ "8-bit body, not UTF-8", { "A: b\n\n\xe4\n", 8 },
		    { .size = 8,
			.body_wire = 3,
			.longest_line = 4,
			.has_8bit_body = true,
			.has_bad_utf8 = true } },
		{ "8-bit header, not UTF-8", { "A: \xe4\n\nx\n", 8 },
		    { .size = 8,
			.body_wire = 3,
			.longest_line = 4,
			.has_8bit_header = true } },
		{ "NUL in the header", { "A: \0\n\nx\n", 8 },
		    { .size = 7, .body_wire = 3, .longest_line = 3 } },
		{ "NUL in both", { "A: \0\n\n\0\n", 8 },
		    { .size = 7,
			.body_wire = 3,
			.longest_line = 3,
			.has_nul = true } },
		{ "NUL in the body", { "A: b\n\n\0\n", 8 },
		    { .size = 8,
			.body_wire = 3,
			.longest_line = 4,
			.has_nul = true } },
		{ "bare CR in the header", { "A: \rB:\n\nx\n", 10 },
		    { .size = 10, .body_wire = 3, .longest_line = 6 } },
		{ "bare CRs in the header", { "A: \r\r\r b\n\nx\n", 12 },
		    { .size = 12, .body_wire = 3, .longest_line = 8 } },
		{ "bare CR before text", { "A: bc\rd e\n", 10 },
		    { .size = 10, .longest_line = 9 } },
		{ "bare CRs end no header", { "A: bc\r\rd e\n", 11 },
		    { .size = 11, .longest_line = 10 } },
		{ "header that ends in CR", { "A: bc\r", 6 },
		    { .size = 6, .longest_line = 5 } },
		{ "line that starts with CR", { "A: b\n\rx\n", 8 },
		    { .size = 8, .longest_line = 4 } },
		{ "empty line of CR at the end", { "A: b\n\r", 6 },
		    { .size = 6, .longest_line = 4 } },
		{ "empty line of CR CR LF", { "A: b\n\r\r\nx\n", 10 },
		    { .size = 8, .body_wire = 3, .longest_line = 4 } },
		{ "bare CR in the body", { "A: b\n\nx\ry\n", 10 },
		    { .size = 10,
			.body_wire = 6,
			.longest_line = 4,
			.has_bare_cr = true } },
		{ "bare CR at the end", { "A: b\n\nx\r", 8 },
		    { .size = 8,
			.body_wire = 3,
			.longest_line = 4,
			.has_bare_cr = true } },
		{ "a run of CR and LF", { "A: b\n\nx\r\r\r\ny\n", 13 },
		    { .size = 10, .body_wire = 6, .longest_line = 4 } },
		{ "no line end", { "hello", 5 },
		    { .size = 5, .body_wire = 7, .longest_line = 5 } },
		{ "mailbox line does not count", { "From a\nA: b\n\nx\n", 15 },
		    { .size = 8, .body_wire = 3, .longest_line = 4 } },
		{ "nor does its CR", { "From a\rA: b\n\nx\n", 15 },
		    { .size = 3, .body_wire = 3, .longest_line = 1 } },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct fail why;
		struct msg m;

		CASE(table[i].label);
		CHECK_INT(
		    take(&m, table[i].in.p, table[i].in.n, &plain, &why), 0);
		CHECK_INT(m.facts.size, table[i].facts.size);
		CHECK_INT(m.facts.body_wire, table[i].facts.body_wire);
		CHECK_INT(m.facts.longest_line, table[i].facts.longest_line);
		CHECK_INT(
		    m.facts.has_8bit_header, table[i].facts.has_8bit_header);
		CHECK_INT(m.facts.has_8bit_body, table[i].facts.has_8bit_body);
		CHECK_INT(m.facts.has_bad_utf8, table[i].facts.has_bad_utf8);
		CHECK_INT(m.facts.has_nul, table[i].facts.has_nul);
		CHECK_INT(m.facts.has_bare_cr, table[i].facts.has_bare_cr);
		msg_free(&m);
	}
}

/* Bodies of the octets that matter, longer than a block, on both sides of
   the bound between memory and file. */
TEST(body_wire_is_what_the_filter_puts)
{
	static const char bytes[] = "\r\r\n\n..abcdefgh\0\xff";
	static const size_t sizes[] = { 0, 1, 2, 3, 63, 64, 65, 65535, 65536,
		65537, 131072, MSG_MEMORY_MAX - 1, MSG_MEMORY_MAX,
		MSG_MEMORY_MAX + 1, MSG_MEMORY_MAX + 70000 };
	static char in[2 * MSG_MEMORY_MAX];

	srandom(2);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		size_t n = sizes[i] + 6;
		struct fail why;
		struct msg m;
		struct buf all;

		CASE("size");
		memcpy(in, "A: b\n\n", 6);
		for (size_t k = 6; k < n; k++)
			in[k] = bytes[(size_t)random() % (sizeof(bytes) - 1)];
		CHECK_INT(take(&m, in, n, &plain, &why), 0);
		CHECK_INT(m.facts.body_wire, wire_size(in + 6, n - 6));
		CHECK_INT(msg_wire_size(&m), wire_size(in, n));
		CHECK_INT(m.body.n,
		    sizes[i] < MSG_MEMORY_MAX ? sizes[i] : MSG_MEMORY_MAX);
		CHECK_INT(m.fd_size,
		    sizes[i] < MSG_MEMORY_MAX ? 0 : sizes[i] - MSG_MEMORY_MAX);
		CHECK_INT(m.fd >= 0, m.fd_size > 0);
		for (size_t piece = 9999; piece < 200000; piece *= 4) {
			all = read_all(&m, piece);
			CHECK_INT(all.n, n);
			CHECK(all.n == n && memcmp(all.p, in, n) == 0);
			buf_free(&all);
		}
		msg_free(&m);
		CHECK_INT(m.fd, -1);
	}
}

TEST(random_messages_come_out_as_they_went_in)
{
	static const char bytes[] = "\r\n\n\n..AB: :  >ab";
	char in[200];

	srandom(3);
	for (int round = 0; round < 20000; round++) {
		size_t n = (size_t)random() % sizeof(in);
		struct fail why;
		struct msg m;
		struct buf all;
		size_t dropped;

		for (size_t i = 0; i < n; i++)
			in[i] = bytes[(size_t)random() % (sizeof(bytes) - 1)];
		CHECK_INT(take(&m, in, n, &plain, &why), 0);
		all = read_all(&m, 64);
		CHECK_INT(msg_wire_size(&m), wire_size(all.p, all.n));
		CHECK_INT(
		    m.facts.body_wire, wire_size(buf_text(&m.body), m.body.n));
		/* The body is the tail of the input, the header its head;
		   between them at most an empty line. */
		dropped = n - m.body.n;
		CHECK(m.body.n <= n &&
		      memcmp(in + dropped, buf_text(&m.body), m.body.n) == 0);
		for (size_t i = m.header.n; i < dropped; i++)
			CHECK(in[i] == '\r' || in[i] == '\n');
		CHECK(m.header.n == 0 || m.header.p[m.header.n - 1] == '\n');
		buf_free(&all);
		msg_free(&m);
		if (unit_bad)
			break;
	}
}

/* Header blocks around the limit, in lines that are no trouble. */
TEST(header_limit)
{
	static const struct {
		const char *label;
		size_t n; /* octets of header */
		bool fits;
	} table[] = {
		{ "at the limit", MSG_HEADER_MAX, true },
		{ "above it", MSG_HEADER_MAX + 1, false },
		{ "far above it", 3 * MSG_HEADER_MAX, false },
	};

	static char in[3 * MSG_HEADER_MAX + 16];

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct fail why = { .kind = FAIL_NONE };
		size_t n = table[i].n;
		struct msg m;

		CASE(table[i].label);
		memset(in, 'x', sizeof(in));
		memcpy(in, "X:", 2);
		for (size_t k = 128; k + 128 < n; k += 128)
			memcpy(in + k - 1, "\nX:", 3);
		memcpy(in + n - 1, "\n\nbody\n", 7);
		CHECK_INT(
		    take(&m, in, n + 6, &plain, &why), table[i].fits ? 0 : -1);
		CHECK_INT(why.kind, table[i].fits ? FAIL_NONE : FAIL_MESSAGE);
		if (table[i].fits) {
			CHECK_INT(m.header.n, n);
			CHECK_SLICE(buf_slice(&m.body), "body\n");
		} else {
			CHECK_STR(why.text,
			    "the header is larger than 1048576 octets");
		}
		msg_free(&m);
	}
}

/* One field of n octets without its line ends, then others. */
TEST(field_limit)
{
	static const struct {
		const char *label;
		const char *fold; /* every 100 octets */
		size_t n;
		bool fits;
	} table[] = {
		{ "at the limit, one line", "", MSG_FIELD_MAX, true },
		{ "above it, one line", "", MSG_FIELD_MAX + 1, false },
		{ "far above it, one line", "", 3 * MSG_HEADER_MAX, false },
		{ "at the limit, folded", "\n ", MSG_FIELD_MAX, true },
		{ "above it, folded", "\n ", MSG_FIELD_MAX + 1, false },
		{ "at the limit, CRLF", "\r\n\t", MSG_FIELD_MAX, true },
		{ "above it, CRLF", "\r\n\t", MSG_FIELD_MAX + 1, false },
		{ "at the limit, CRs and LF", "\r\r\n ", MSG_FIELD_MAX, true },
		{ "above it, CRs and LF", "\r\r\n ", MSG_FIELD_MAX + 1, false },
		{ "far above it, CR", "\r ", 2 * MSG_HEADER_MAX, false },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		size_t fold = strlen(table[i].fold);
		struct fail why = { .kind = FAIL_NONE };
		struct buf in;
		struct msg m;

		CASE(table[i].label);
		buf_init(&in, 4 * MSG_HEADER_MAX);
		buf_adds(&in, "A: b\nX:");
		for (size_t n = 2; n < table[i].n; n++) {
			if (n % 100 == 0 && fold) {
				buf_adds(&in, table[i].fold);
				n++;
			}
			if (n < table[i].n)
				buf_addc(&in, 'x');
		}
		buf_adds(&in, "\nC: d\n\nbody\n");
		CHECK_INT(
		    take(&m, in.p, in.n, &plain, &why), table[i].fits ? 0 : -1);
		if (table[i].fits) {
			CHECK_INT(m.header.n, in.n - 6);
			CHECK_SLICE(buf_slice(&m.body), "body\n");
		} else {
			CHECK_INT(why.kind, FAIL_MESSAGE);
			CHECK_STR(why.text,
			    "a header field is larger than 65536 octets");
		}
		buf_free(&in);
		msg_free(&m);
	}
}

TEST(line_limit)
{
	static const struct {
		const char *label;
		const char *line;
		const char *end;
		size_t n;
		bool fits;
	} table[] = {
		{ "fields", "A: b\n", "\nx", MSG_HEADER_LINES_MAX, true },
		{ "one field more", "A: b\n", "\nx", MSG_HEADER_LINES_MAX + 1,
		    false },
		{ "folds", " b\r\n", "\nx", MSG_HEADER_LINES_MAX, true },
		{ "one fold more", " b\r\n", "\nx", MSG_HEADER_LINES_MAX + 1,
		    false },
		{ "lines of CR CR LF", "A:\r\r\n", "\nx", MSG_HEADER_LINES_MAX,
		    true },
		{ "one more of CR CR LF", "A:\r\r\n", "\nx",
		    MSG_HEADER_LINES_MAX + 1, false },
		{ "far more", "A:\r\n", "\nx", 300000, false },
		{ "CRs make no lines", "A:\r", "\n\nx", 20000, true },
		{ "a body is none of it", "A: b\n", "two words\nx",
		    MSG_HEADER_LINES_MAX, true },
		{ "no end", "A: b\n", "", MSG_HEADER_LINES_MAX, true },
		{ "no end of the last line", "A: b\n", "C: d",
		    MSG_HEADER_LINES_MAX - 1, true },
		{ "no end of the line behind it", "A: b\n", "C: d",
		    MSG_HEADER_LINES_MAX, false },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct fail why = { .kind = FAIL_NONE };
		struct buf in;
		struct msg m;

		CASE(table[i].label);
		buf_init(&in, 4 * MSG_HEADER_MAX);
		buf_adds(&in, table[i].line[0] == ' ' ? "X:\n" : "A: b\n");
		for (size_t n = 1; n < table[i].n; n++)
			buf_adds(&in, table[i].line);
		buf_adds(&in, table[i].end);
		CHECK_INT(
		    take(&m, in.p, in.n, &plain, &why), table[i].fits ? 0 : -1);
		if (!table[i].fits) {
			CHECK_INT(why.kind, FAIL_MESSAGE);
			CHECK_STR(
			    why.text, "the header has more than 10000 lines");
		}
		buf_free(&in);
		msg_free(&m);
	}
}

/* Runs of CR that end in some later block, or never. */
TEST(long_runs_of_cr)
{
	enum { SIZE = 3 * 1024 * 1024, SOME = 200000 };

	static const struct {
		const char *label;
		const char *before, *after;
		const char *header; /* NULL: larger than a header may be */
		const char *body;
		size_t n;
	} table[] = {
		{ "for the empty line", "A: b\n", "\nx\n", "A: b\n", "x\n",
		    SOME },
		{ "too many for it", "A: b\n", "\nx\n", NULL, NULL, SIZE },
		{ "first of all", "", "\nx", "", "x", SOME },
		{ "too many first of all", "", "\nx", NULL, NULL, SIZE },
		{ "and nothing else", "", "", "", "", SOME },
		{ "for all that follows", "A: b\n", "", "A: b\n", "", SOME },
		{ "too many for that", "A: b\n", "", NULL, NULL, SIZE },
		{ "before a blank", "A: b\n", " x\n", NULL, NULL, SOME },
		{ "in a header line", "A: b", "C: d\n", NULL, NULL, SOME },
		{ "in a mailbox line", "From a", "\nA: b\n\nx", "A: b\n", "x",
		    SOME },
		{ "too many in it", "From a", "\nA: b\n", NULL, NULL, SIZE },
	};

	char *in = malloc(SIZE + 16);

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		size_t before = strlen(table[i].before);
		size_t after = strlen(table[i].after), n = table[i].n;
		struct fail why = { .kind = FAIL_NONE };
		struct msg m;

		CASE(table[i].label);
		memset(in, '\r', SIZE);
		memcpy(in, table[i].before, before);
		memcpy(in + n, table[i].after, after);
		CHECK_INT(take(&m, in, n + after, &plain, &why),
		    table[i].header ? 0 : -1);
		if (table[i].header) {
			CHECK_SLICE(buf_slice(&m.header), table[i].header);
			CHECK_SLICE(buf_slice(&m.body), table[i].body);
			CHECK_INT(m.fd, -1);
		} else {
			CHECK_INT(why.kind, FAIL_MESSAGE);
		}
		msg_free(&m);
	}
	free(in);
}

/* A line at the limit, of one octet but for its start, octet by octet. */
TEST(long_lines_in_small_pieces)
{
	static const struct {
		const char *label, *start;
		char of;
		const char *end, *header, *body; /* header NULL: it is the
						    line */
	} table[] = {
		{ "x", "A:", 'x', "\nB: c\n\nd", NULL, "d" },
		{ "CR before a line end", "A:", '\r', "\n\nd", NULL, "d" },
		{ "empty line", "", '\r', "\nA: b\n", "", "A: b\n" },
		{ "NUL", "A:", '\0', "x\n\nd", "", NULL },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct slice rest;
		struct intake intake;
		struct fail why;
		struct buf in;
		struct msg m;

		CASE(table[i].label);
		buf_init(&in, 2 * MSG_FIELD_MAX);
		buf_adds(&in, table[i].start);
		while (in.n < MSG_FIELD_MAX)
			buf_addc(&in, table[i].of);
		buf_adds(&in, table[i].end);
		msg_init(&m);
		intake_begin(&intake, &m, &plain);
		for (rest = buf_slice(&in); rest.n; rest = slice_skip(rest, 1))
			CHECK_INT(
			    intake_add(&intake, slice_head(rest, 1), &why), 0);
		CHECK_INT(intake_finish(&intake, &why), 0);
		if (table[i].header)
			CHECK_SLICE(buf_slice(&m.header), table[i].header);
		else
			CHECK_INT(m.header.n, in.n - 2);
		if (table[i].body)
			CHECK_SLICE(buf_slice(&m.body), table[i].body);
		else
			CHECK_INT(m.body.n, in.n);
		buf_free(&in);
		msg_free(&m);
	}
}

/* NULs are left out of the header, and what it is is told without them. */
TEST(nuls)
{
#define BYTES(text)                                                            \
	{                                                                      \
		(text), sizeof(text) - 1                                       \
	}

	static const struct {
		const char *label;
		struct slice in;
		const char *header;
		struct slice body;
	} table[] = {
		{ "in a value", BYTES("A: \0b\0\n\nx\0\n"), "A: b\n",
		    BYTES("x\0\n") },
		{ "in a name", BYTES("B\0cc: b\n\nx"), "Bcc: b\n", BYTES("x") },
		{ "before a name", BYTES("A: b\n\0\0C: d\n\nx"), "A: b\nC: d\n",
		    BYTES("x") },
		{ "before a fold", BYTES("A: b\n\0 c\n\nx"), "A: b\n c\n",
		    BYTES("x") },
		{ "only in a fold", BYTES("A: b\n \0\n\nx"), "A: b\n \n",
		    BYTES("x") },
		{ "before the colon", BYTES("A\0:b\n\nx"), "A:b\n",
		    BYTES("x") },
		{ "before the slashes", BYTES("A: b\nhttp:\0//c\nD: e\n"),
		    "A: b\n", BYTES("http:\0//c\nD: e\n") },
		{ "between them", BYTES("A: b\nhttp:/\0/c\nD: e\n"), "A: b\n",
		    BYTES("http:/\0/c\nD: e\n") },
		{ "a line of them", BYTES("A: b\n\0\0\nC: d\n"), "A: b\n",
		    BYTES("\0\0\nC: d\n") },
		{ "before CRLF", BYTES("A: b\0\r\n\r\nx"), "A: b\r\n",
		    BYTES("x") },
		{ "between CR and LF", BYTES("A: b\r\0\nC: d\n\nx"),
		    "A: b \nC: d\n", BYTES("x") },
		{ "behind a CR that starts a line",
		    BYTES("A: b\n\r\0C: d\n\nx"), "A: b\n C: d\n", BYTES("x") },
		{ "first of all", BYTES("\0A: b\n\nx"), "A: b\n", BYTES("x") },
		{ "only one", BYTES("\0"), "", BYTES("\0") },
		{ "last of all", BYTES("A: b\0"), "A: b\n", BYTES("") },
		{ "in a mailbox line", BYTES("Fr\0om a\nA: b\n\nx"), "A: b\n",
		    BYTES("x") },
		{ "in text", BYTES("two \0words\nA: b\n"), "",
		    BYTES("two \0words\nA: b\n") },
	};

#undef BYTES

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct slice in = table[i].in, body = table[i].body;

		CASE(table[i].label);
		for (size_t cut = 0; cut <= in.n; cut++) {
			struct slice rest = slice_skip(in, cut);
			struct intake intake;
			struct fail why;
			struct msg m;

			msg_init(&m);
			intake_begin(&intake, &m, &plain);
			CHECK_INT(
			    intake_add(&intake, slice_head(in, cut), &why), 0);
			for (; rest.n; rest = slice_skip(rest, 1))
				CHECK_INT(intake_add(&intake,
					      slice_head(rest, 1), &why),
				    0);
			CHECK_INT(intake_finish(&intake, &why), 0);
			CHECK_SLICE(buf_slice(&m.header), table[i].header);
			CHECK(slice_eq(buf_slice(&m.body), body));
			CHECK_INT(
			    m.facts.has_nul, slice_find(body, '\0') < body.n);
			msg_free(&m);
		}
	}
}

/*
 * What a line is does not depend on how the input is cut, and what is kept as
 * header is one, line for line.
 */
TEST(lines_of_junk)
{
	static const char bytes[] = "\r\r\r\0\0\0\0: xF/";
	static char in[4000];

	srandom(7);
	for (int round = 0; round < 4000 && !unit_bad; round++) {
		size_t n = 0, runs = 1 + (size_t)random() % 12;
		struct fail why;
		struct slice rest;
		struct hdr_field f;
		struct msg whole, cut;
		struct intake intake;

		for (size_t i = 0; i < runs; i++) {
			char c = bytes[(size_t)random() % (sizeof(bytes) - 1)];
			size_t run = random() % 4 ? (size_t)random() % 4
						  : (size_t)random() % 300;

			for (size_t k = 0; k < run; k++)
				in[n++] = c;
			if (random() % 8 == 0)
				in[n++] = '\n';
		}
		CHECK_INT(take(&whole, in, n, &plain, &why), 0);
		msg_init(&cut);
		intake_begin(&intake, &cut, &plain);
		rest = (struct slice){ in, n };
		while (rest.n) {
			size_t piece = 1 + (size_t)random() % 200;

			CHECK_INT(
			    intake_add(&intake, slice_head(rest, piece), &why),
			    0);
			rest = slice_skip(rest, piece);
		}
		CHECK_INT(intake_finish(&intake, &why), 0);
		CHECK(
		    slice_eq(buf_slice(&whole.header), buf_slice(&cut.header)));
		CHECK(slice_eq(buf_slice(&whole.body), buf_slice(&cut.body)));
		rest = buf_slice(&whole.header);
		CHECK(slice_find(rest, '\0') == rest.n);
		while (hdr_next(&rest, &f))
			;
		CHECK_INT(rest.n, 0);
		msg_free(&whole);
		msg_free(&cut);
	}
}

/* What a reader of the wire takes for lines of the header is what is kept. */
TEST(header_lines_are_those_of_the_wire)
{
	static const char bytes[] = "\r\r\r\n\nAB:: b ";
	char in[80], out[WIRE_GROWTH(sizeof(in)) + 2];

	srandom(5);
	for (int round = 0; round < 20000 && !unit_bad; round++) {
		size_t n = (size_t)random() % sizeof(in), put, body;
		struct wire w = { 0 };
		struct fail why;
		struct msg m, again;
		struct buf all;

		for (size_t i = 0; i < n; i++)
			in[i] = bytes[(size_t)random() % (sizeof(bytes) - 1)];
		CHECK_INT(take(&m, in, n, &plain, &why), 0);
		for (size_t i = 0; i < m.header.n; i++)
			CHECK(m.header.p[i] != '\r' ||
			      m.header.p[i + 1] == '\r' ||
			      m.header.p[i + 1] == '\n');
		all = read_all(&m, 64);
		put = wire_filter(&w, all.p, all.n, out);
		put += wire_finish(&w, out + put);
		CHECK_INT(take(&again, out, put, &plain, &why), 0);
		body = wire_size(buf_text(&m.body), m.body.n);
		CHECK_INT(again.facts.body_wire, body);
		CHECK_INT(wire_size(buf_text(&again.header), again.header.n),
		    wire_size(buf_text(&m.header), m.header.n));
		CHECK(!again.facts.has_bare_cr);
		buf_free(&all);
		msg_free(&m);
		msg_free(&again);
	}
}

/* One endless line that is no field is a body, and is not kept in memory. */
TEST(endless_line)
{
	enum { SIZE = 3 * 1024 * 1024 };

	static const char *const starts[] = { "x", "x y: ", "From ", ">From ",
		" ", ".", "\r", ":" };
	char *in = malloc(SIZE);

	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		struct fail why;
		struct msg m;

		CASE(starts[i]);
		memset(in, 'x', SIZE);
		memcpy(in, starts[i], strlen(starts[i]));
		CHECK_INT(take(&m, in, SIZE, &with_dots, &why), 0);
		CHECK_INT(m.header.n, 0);
		CHECK_INT(m.body.n + m.fd_size, SIZE);
		/* A CR at the start is an empty line of the body. */
		CHECK_INT(m.facts.longest_line, SIZE - (starts[i][0] == '\r'));
		msg_free(&m);
	}
	free(in);
}

TEST(many_mailbox_lines)
{
	enum { LINES = 300000 };

	char *in = malloc(7 * LINES + 6);
	struct fail why;
	struct msg m;

	for (size_t i = 0; i < LINES; i++)
		memcpy(in + 7 * i, "From a\n", 7);
	memcpy(in + (size_t)7 * LINES, "A: b\n\n", 6);
	CHECK_INT(take(&m, in, 7 * LINES + 6, &plain, &why), 0);
	CHECK_SLICE(buf_slice(&m.header), "A: b\n");
	CHECK_INT(m.body.n, 0);
	msg_free(&m);
	free(in);
}

TEST(size_limit)
{
	static const struct {
		uint64_t max;
		bool fits;
	} table[] = { { 0, true }, { 1, false }, { 8, false }, { 9, true },
		{ 10, true } };

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct intake_params params = { .max_size = table[i].max };
		struct fail why = { .kind = FAIL_NONE };
		struct msg m;

		CASE("limit");
		CHECK_INT(take(&m, "A: b\n\nxy\n", 9, &params, &why),
		    table[i].fits ? 0 : -1);
		CHECK_INT(why.kind, table[i].fits ? FAIL_NONE : FAIL_MESSAGE);
		msg_free(&m);
	}
}

/* What follows a dot is not the message's. */
TEST(size_limit_behind_a_dot)
{
	struct intake_params params = { .max_size = 8, .dot_ends = true };
	struct fail why;
	struct msg m;

	CHECK_INT(
	    take(&m, "A: b\n\nx\n.\nyyyyyyyyyyyyyy\n", 25, &params, &why), 0);
	CHECK_SLICE(buf_slice(&m.body), "x\n");
	msg_free(&m);
}

/* Starts a child that writes n octets of text into a pipe; returns the end to
   read from. The child's status tells whether it could write all. */
static int writer(size_t n, const char *first, pid_t *ret_pid)
{
	int ends[2];

	if (pipe(ends) < 0)
		abort();
	*ret_pid = fork();
	if (*ret_pid == 0) {
		static char block[4096];

		signal(SIGPIPE, SIG_DFL);
		close(ends[0]);
		memset(block, 'x', sizeof(block));
		if (io_write(ends[1], first, strlen(first)) < 0)
			_exit(1);
		for (size_t done = 0; done < n; done += sizeof(block))
			if (io_write(ends[1], block, sizeof(block)) < 0)
				_exit(1);
		_exit(0);
	}
	close(ends[1]);
	return ends[0];
}

TEST(the_caller_gets_no_sigpipe)
{
	static const struct {
		const char *label;
		const char *first;
		struct intake_params params;
		int rc;
	} table[] = {
		{ "too large", "A: b\n\n", { .max_size = 100 }, -1 },
		{ "header too large", "A: ", { .max_size = 0 }, -1 },
		{ "dot", "A: b\n\n.\n", { .dot_ends = true }, 0 },
		{ "fine", "A: b\n\n", { .max_size = 0 }, 0 },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct fail why;
		struct msg m;
		pid_t pid;
		int status, fd = writer(3 << 20, table[i].first, &pid);

		CASE(table[i].label);
		msg_init(&m);
		CHECK_INT(
		    msg_intake(&m, fd, &table[i].params, &why), table[i].rc);
		close(fd);
		CHECK_INT(waitpid(pid, &status, 0), pid);
		CHECK_INT(status, 0);
		msg_free(&m);
	}
}

TEST(read_errors)
{
	static const struct {
		const char *label;
		const char *path;
		int flags;
	} table[] = {
		{ "a directory", "/", O_RDONLY | O_DIRECTORY },
		{ "not for reading", "/dev/null", O_WRONLY },
		{ "no descriptor", NULL, 0 },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		int fd =
		    table[i].path ? open(table[i].path, table[i].flags) : -1;
		struct fail why = { .kind = FAIL_NONE };
		struct msg m;

		CASE(table[i].label);
		msg_init(&m);
		CHECK_INT(msg_intake(&m, fd, &plain, &why), -1);
		CHECK_INT(why.kind, FAIL_INPUT);
		msg_free(&m);
		io_close(fd);
	}
}

/* A full disk, as far as a program can be made to see one. */
TEST(no_room_for_the_body)
{
	enum { SIZE = 2 * MSG_MEMORY_MAX };
	struct rlimit limit, none;
	char *in = calloc(1, SIZE);
	struct fail why = { .kind = FAIL_NONE };
	struct msg m;
	int fd = input(in, SIZE);

	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &limit);
	none = limit;
	none.rlim_cur = 0;
	setrlimit(RLIMIT_FSIZE, &none);
	msg_init(&m);
	CHECK_INT(msg_intake(&m, fd, &plain, &why), -1);
	setrlimit(RLIMIT_FSIZE, &limit);
	CHECK_INT(why.kind, FAIL_OS);
	/* All of it was taken from the caller. */
	CHECK_INT(lseek(fd, 0, SEEK_CUR), SIZE);
	msg_free(&m);
	io_close(fd);
	free(in);
}

static void no_action(int sig)
{
	(void)sig;
}

/* A non-blocking pipe, a writer that pauses, and signals all the while. */
TEST(slow_non_blocking_pipe_and_signals)
{
	struct sigaction action = { .sa_handler = no_action }, before;
	struct fail why;
	struct msg m;
	int ends[2];
	pid_t pid, parent = getpid();

	if (pipe2(ends, O_NONBLOCK) < 0)
		abort();
	sigaction(SIGUSR1, &action, &before);
	pid = fork();
	if (pid == 0) {
		static const char *const parts[] = { "A:", " b", "\n", "\n",
			"x", "\r", "\n.", "\n" };

		for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
			usleep(3000);
			kill(parent, SIGUSR1);
			if (io_write(ends[1], parts[i], strlen(parts[i])) < 0)
				_exit(1);
		}
		_exit(0);
	}
	close(ends[1]);
	msg_init(&m);
	CHECK_INT(msg_intake(&m, ends[0], &with_dots, &why), 0);
	CHECK_SLICE(buf_slice(&m.header), "A: b\n");
	CHECK_SLICE(buf_slice(&m.body), "x\r\n");
	msg_free(&m);
	close(ends[0]);
	waitpid(pid, NULL, 0);
	sigaction(SIGUSR1, &before, NULL);
}

/* At a terminal the dot ends the message; nobody waits for end of file. */
TEST(terminal)
{
	struct fail why;
	struct msg m;
	int master, slave;

	if (openpty(&master, &slave, NULL, NULL, NULL) < 0)
		return;
	CHECK_INT(io_write(master, "A: b\n\nx\n..\n.\n", 13), 0);
	msg_init(&m);
	CHECK_INT(msg_intake(&m, slave, &with_dots, &why), 0);
	CHECK_SLICE(buf_slice(&m.header), "A: b\n");
	CHECK_SLICE(buf_slice(&m.body), "x\n.\n");
	msg_free(&m);
	CHECK_INT(io_write(master, "A: b\n\nx\n.\n\004", 11), 0);
	msg_init(&m);
	CHECK_INT(msg_intake(&m, slave, &plain, &why), 0);
	CHECK_SLICE(buf_slice(&m.body), "x\n.\n");
	msg_free(&m);
	close(master);
	close(slave);
}

/* Edits at the ends, in a row, empty, next to one another. */
TEST(edits)
{
	static const char header[] = "A: 1\nB: 2\nC: 3\n";

	static const struct {
		const char *label;
		const char *prefix;
		struct msg_edit edits[4];
		size_t n;
		const char *out;
	} table[] = {
		{ "none", "", { { 0 } }, 0, "A: 1\nB: 2\nC: 3\n\nx" },
		{ "prefix", "P: 0\n", { { 0 } }, 0,
		    "P: 0\nA: 1\nB: 2\nC: 3\n\nx" },
		{ "first field goes", "", { { 0, 5, { "", 0 } } }, 1,
		    "B: 2\nC: 3\n\nx" },
		{ "last field goes", "", { { 10, 5, { "", 0 } } }, 1,
		    "A: 1\nB: 2\n\nx" },
		{ "all go", "", { { 0, 15, { "", 0 } } }, 1, "\nx" },
		{ "all are replaced", "P: 0\n", { { 0, 15, { "Z: 9\n", 5 } } },
		    1, "P: 0\nZ: 9\n\nx" },
		{ "insertions at both ends", "",
		    { { 0, 0, { "<", 1 } }, { 15, 0, { ">", 1 } } }, 2,
		    "<A: 1\nB: 2\nC: 3\n>\nx" },
		{ "side by side", "",
		    { { 3, 1, { "4", 1 } }, { 4, 0, { "5", 1 } },
			{ 4, 0, { "6", 1 } }, { 5, 5, { "", 0 } } },
		    4, "A: 456\nC: 3\n\nx" },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct msg_edit edits[4];
		struct fail why;
		struct msg m;

		CASE(table[i].label);
		msg_init(&m);
		buf_adds(&m.header, header);
		buf_adds(&m.body, "x");
		m.facts.body_wire = 3;
		memcpy(edits, table[i].edits, sizeof(edits));
		m.edits = edits;
		m.n_edits = table[i].n;
		m.prefix = slice_of(table[i].prefix);
		for (size_t piece = 1; piece < 30; piece++) {
			struct buf all = read_all(&m, piece);

			CHECK_SLICE(buf_slice(&all), table[i].out);
			buf_free(&all);
		}
		CHECK_INT(msg_wire_size(&m),
		    wire_size(table[i].out, strlen(table[i].out)));
		CHECK_INT(msg_read(&m, NULL, 0, &why), 0);
		msg_free(&m);
	}
}

TEST(file_that_was_cut)
{
	char bytes[16];
	struct fail why;
	struct msg m;

	msg_init(&m);
	m.fd = input("abc", 3);
	m.fd_size = 5;
	CHECK_INT(msg_read(&m, bytes, 3, &why), 3);
	CHECK_INT(msg_read(&m, bytes, 3, &why), -1);
	CHECK_INT(why.kind, FAIL_OS);
	msg_free(&m);
}
