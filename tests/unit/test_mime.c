#include "intake.h"
#include "mime.h"
#include "unit.h"

/*
 * Events as text: "<1 leaf 7bit>header|empty line", "[body]", "(around)",
 * "{delimiter}". A NUL is '@'. Pieces of the same kind in a row are one.
 */
struct seen {
	struct buf b;
	char open; /* of the last event */
	size_t n;
	int left; /* events until the sink fails */
};

static void add_text(struct buf *b, struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		buf_addc(b, s.p[i] ? s.p[i] : '@');
}

static int see(void *ctx, const struct mime_event *e, struct fail *why)
{
	static const char *const kinds[] = { "leaf", "multipart", "message" };
	static const char *const encodings[] = { "7bit", "wide", "base64",
		"qp" };
	static const char marks[][2] = { { '<', '>' }, { '[', ']' },
		{ '(', ')' }, { '{', '}' } };
	const char *mark = marks[e->kind];
	struct seen *s = ctx;

	if (s->left-- == 0)
		return fail(why, FAIL_OS, "enough");
	if (e->kind == MIME_HEADER) {
		CHECK_INT(e->part->number, s->n++);
		buf_addf(&s->b, "<%zu %s %s%s>", e->part->number,
		    kinds[e->part->kind], encodings[e->part->encoding],
		    e->part->is_message ? " top" : "");
		add_text(&s->b, e->text);
		buf_addc(&s->b, '|');
		add_text(&s->b, e->empty);
		s->open = '<';
		return 0;
	}
	CHECK(e->text.n > 0);
	if (s->open == mark[0] && mark[0] != '{')
		s->b.n--;
	else
		buf_addc(&s->b, mark[0]);
	add_text(&s->b, e->text);
	buf_addc(&s->b, mark[1]);
	s->open = mark[0];
	return 0;
}

/* In pieces of so many octets, the first being shorter. */
static int walk(struct seen *s, struct slice header, struct slice body,
    size_t first, size_t piece)
{
	const struct mime_sink sink = { see, s };
	static struct mime w;
	struct fail why;
	int status = mime_begin(&w, &sink, header, &why);

	for (size_t n = first; body.n && status == 0; n = piece) {
		status = mime_add(&w, slice_head(body, n), &why);
		body = slice_skip(body, n);
	}
	if (status == 0)
		status = mime_finish(&w, &why);
	mime_free(&w);
	return status;
}

static struct seen seen_of(
    struct slice header, struct slice body, size_t first, size_t piece)
{
	struct seen s = { .left = -1 };

	buf_init(&s.b, 16 * 1024 * 1024);
	CHECK_INT(walk(&s, header, body, first, piece), 0);
	return s;
}

#define MIXED "Content-Type: multipart/mixed; boundary=b\n"
#define TOP   "<0 multipart 7bit top>" MIXED "|"

static const struct {
	const char *label, *header, *body, *events;
} rows[] = {
	{ "nothing", "", "", "<0 leaf 7bit top>|" },
	{ "text", "A: b\n", "text\n", "<0 leaf 7bit top>A: b\n|[text\n]" },
	{ "delimiters without multipart", "", "--b\n--b--\n",
	    "<0 leaf 7bit top>|[--b\n--b--\n]" },
	{ "two parts", MIXED, "pre\n--b\n\none\n--b\nX: y\n\ntwo\n--b--\nepi\n",
	    TOP "(pre\n){--b\n}<1 leaf 7bit>|\n[one\n]{--b\n}"
		"<2 leaf 7bit>X: y\n|\n[two\n]{--b--\n}(epi\n)" },
	{ "no preamble", MIXED, "--b\n\none\n--b--\n",
	    TOP "{--b\n}<1 leaf 7bit>|\n[one\n]{--b--\n}" },
	{ "empty line only as a preamble", MIXED, "\n--b\n\n--b--",
	    TOP "(\n){--b\n}<1 leaf 7bit>|\n{--b--}" },
	{ "no close delimiter", MIXED, "--b\n\none\n",
	    TOP "{--b\n}<1 leaf 7bit>|\n[one\n]" },
	{ "only a close delimiter", MIXED, "one\n--b--\ntwo\n--b\nthree\n",
	    TOP "(one\n){--b--\n}(two\n--b\nthree\n)" },
	{ "delimiters behind the end", MIXED, "--b\n\n--b--\n--b\n\n--b--\n",
	    TOP "{--b\n}<1 leaf 7bit>|\n{--b--\n}(--b\n\n--b--\n)" },
	{ "look-alikes", MIXED,
	    "--b\n\n--bb\n--b-\n--b --\n --b\n-b\n---b\n--B\n--b--x\n--\n--b\n"
	    "\n",
	    TOP "{--b\n}<1 leaf 7bit>|\n[--bb\n--b-\n--b --\n --b\n-b\n---b\n"
		"--B\n--b--x\n--\n]{--b\n}<2 leaf 7bit>|\n" },
	{ "trailing blanks", MIXED, "--b \t \n\none\n--b-- \t\r\n",
	    TOP "{--b \t \n}<1 leaf 7bit>|\n[one\n]{--b-- \t\r\n}" },
	{ "delimiter without line end", MIXED, "--b",
	    TOP "{--b}<1 leaf 7bit>|" },
	{ "delimiter and CR at the end", MIXED, "--b\r",
	    TOP "{--b\r}<1 leaf 7bit>|" },
	{ "dashes at the end", MIXED, "--b\n\n--",
	    TOP "{--b\n}<1 leaf 7bit>|\n[--]" },
	{ "CRLF", MIXED, "--b\r\nX: y\r\n\r\none\r\n--b--\r\n",
	    TOP "{--b\r\n}<1 leaf 7bit>X: y\r\n|\r\n[one\r\n]{--b--\r\n}" },
	{ "CR, whose runs are no empty line", MIXED,
	    "--b\rX: y\r z\r\rone\r--b--\r",
	    TOP "{--b\r}<1 leaf 7bit>X: y\n z\n|[one\r]{--b--\r}" },
	{ "runs of CR", MIXED, "--b\r\r\nX: y\r\r\r\n\r\r\none\r\r\n--b--\r\r",
	    TOP "{--b\r\n}<1 leaf 7bit>X: y\r\n|\r\n[one\r\r\n]{--b--\r}" },
	{ "line that starts with CR", MIXED, "--b\n\n\r--b\n",
	    TOP "{--b\n}<1 leaf 7bit>|\n[\r]{--b\n}<2 leaf 7bit>|" },
	{ "header ends with text", MIXED, "--b\nX: y\nno field\n--b--\n",
	    TOP "{--b\n}<1 leaf 7bit>X: y\n|[no field\n]{--b--\n}" },
	{ "no header at all", MIXED, "--b\ntext text\n--b--\n",
	    TOP "{--b\n}<1 leaf 7bit>|[text text\n]{--b--\n}" },
	{ "blanks are no empty line", MIXED, "--b\n \nX: y\n--b--\n",
	    TOP "{--b\n}<1 leaf 7bit>|[ \nX: y\n]{--b--\n}" },
	{ "header ends at a delimiter", MIXED, "--b\nX: y\n--b--\n",
	    TOP "{--b\n}<1 leaf 7bit>X: y\n|{--b--\n}" },
	{ "header ends with the message", MIXED, "--b\nX: y",
	    TOP "{--b\n}<1 leaf 7bit>X: y|" },
	{ "folded header", MIXED,
	    "--b\nContent-Transfer-Encoding:\n\tbase64\n\nQQ\n",
	    TOP "{--b\n}<1 leaf base64>Content-Transfer-Encoding:\n\tbase64\n"
		"|\n[QQ\n]" },
	{ "field that looks like a delimiter", MIXED, "--b\n--bc: d\n\nx\n",
	    TOP "{--b\n}<1 leaf 7bit>--bc: d\n|\n[x\n]" },

	{ "nested", MIXED,
	    "--b\nContent-Type: multipart/alternative; boundary=\"c\"\n\n--c\n"
	    "\none\n--b\n--c\n\ntwo\n",
	    TOP "{--b\n}<1 multipart 7bit>Content-Type: multipart/alternative;"
		" boundary=\"c\"\n|\n{--c\n}<2 leaf 7bit>|\n[one\n]{--b\n}"
		"<3 leaf 7bit>|[--c\n\ntwo\n]" },
	{ "nested and closed", MIXED,
	    "--b\nContent-Type: multipart/x; boundary=c\n\n--c\n\none\n--c--\n"
	    "in\n--c\n--b--\nout\n",
	    TOP "{--b\n}<1 multipart 7bit>Content-Type: multipart/x; boundary=c"
		"\n|\n{--c\n}<2 leaf 7bit>|\n[one\n]{--c--\n}(in\n--c\n)"
		"{--b--\n}(out\n)" },
	{ "the same boundary within", MIXED,
	    "--b\n" MIXED "\n--b\n\none\n--b--\n--b\n\ntwo\n--b--\n",
	    TOP "{--b\n}<1 multipart 7bit>" MIXED "|\n{--b\n}<2 leaf 7bit>|\n"
		"[one\n]{--b--\n}{--b\n}<3 leaf 7bit>|\n[two\n]{--b--\n}" },
	{ "one boundary starts like the other", MIXED,
	    "--b\nContent-Type: multipart/x; boundary=bb\n\n--bb\n\none\n--bb--"
	    "\n--b--\n",
	    TOP "{--b\n}<1 multipart 7bit>Content-Type: multipart/x; "
		"boundary=bb\n|\n{--bb\n}<2 leaf 7bit>|\n[one\n]{--bb--\n}"
		"{--b--\n}" },
	{ "boundary that ends in dashes", MIXED,
	    "--b\nContent-Type: multipart/x; boundary=b--\n\n--b--\n\none\n"
	    "--b----\n--b--\n",
	    TOP "{--b\n}<1 multipart 7bit>Content-Type: multipart/x; "
		"boundary=b--\n|\n{--b--\n}<2 leaf 7bit>|\n[one\n]{--b----\n}"
		"{--b--\n}" },

	{ "message", "Content-Type: message/rfc822\n", "X: y\n\ntext\n",
	    "<0 message 7bit top>Content-Type: message/rfc822\n|"
	    "<1 leaf 7bit top>X: y\n|\n[text\n]" },
	{ "message in a part", MIXED,
	    "--b\nContent-Type: message/rfc822\n\n" MIXED
	    "\n--b\n\none\n--b--\n--b--\n",
	    TOP "{--b\n}<1 message 7bit>Content-Type: message/rfc822\n|\n"
		"<2 multipart 7bit top>" MIXED "|\n{--b\n}<3 leaf 7bit>|\n"
		"[one\n]{--b--\n}{--b--\n}" },
	{ "message with a mailbox line", "Content-Type: message/rfc822\n",
	    ">From me\nX: y\n\ntext\n",
	    "<0 message 7bit top>Content-Type: message/rfc822\n|"
	    "<1 leaf 7bit top>>From me\nX: y\n|\n[text\n]" },
	{ "mailbox line and no field", "Content-Type: message/rfc822\n",
	    "From me\n X: y\n",
	    "<0 message 7bit top>Content-Type: message/rfc822\n|"
	    "<1 leaf 7bit top>From me\n|[ X: y\n]" },
	{ "message that is empty", MIXED,
	    "--b\nContent-Type: message/rfc822\n--b--\n",
	    TOP "{--b\n}<1 message 7bit>Content-Type: message/rfc822\n|"
		"{--b--\n}" },
	{ "message that is encoded",
	    "Content-Type: message/rfc822\n"
	    "Content-Transfer-Encoding: base64\n",
	    "QQ==\n",
	    "<0 leaf base64 top>Content-Type: message/rfc822\n"
	    "Content-Transfer-Encoding: base64\n|[QQ==\n]" },
	{ "digest", "Content-Type: multipart/digest; boundary=d\n",
	    "--d\n\nX: y\n\none\n--d\nContent-Type: text/plain\n\ntwo\n--d--\n",
	    "<0 multipart 7bit top>Content-Type: multipart/digest; boundary=d\n"
	    "|{--d\n}<1 message 7bit>|\n<2 leaf 7bit top>X: y\n|\n[one\n]"
	    "{--d\n}<3 leaf 7bit>Content-Type: "
	    "text/plain\n|\n[two\n]{--d--\n}" },
	{ "digest without headers",
	    "Content-Type: multipart/digest; boundary=d\n", "--d\none two\n",
	    "<0 multipart 7bit top>Content-Type: multipart/digest; boundary=d\n"
	    "|{--d\n}<1 message 7bit>|<2 leaf 7bit top>|[one two\n]" },
};

/* Each row in two pieces, cut at every octet, and octet by octet. */
TEST(rows)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct slice header = slice_of(rows[i].header);
		struct slice body = slice_of(rows[i].body);

		CASE(rows[i].label);
		for (size_t cut = 0; cut <= 2 * body.n + 1; cut++) {
			struct seen s = seen_of(header, body,
			    cut ? (cut + 1) / 2 : 1, cut % 2 ? 1 : body.n);

			CHECK_STR(buf_text(&s.b), rows[i].events);
			buf_free(&s.b);
		}
	}
}

TEST(nul)
{
	struct slice body = SLICE("--b\nX\0: y\n\na\0b\n--b\0\n--b\n"
				  "X: \0y\0\n\0\n--b\n\0X: y\n--b--\n");

	for (size_t cut = 0; cut <= body.n; cut++) {
		struct seen s = seen_of(SLICE(MIXED), body, cut, body.n);

		CHECK_STR(buf_text(&s.b),
		    TOP "{--b\n}<1 leaf 7bit>|[X@: y\n\na@b\n--b@\n]{--b\n}"
			"<2 leaf 7bit>X: y\n|[@\n]{--b\n}<3 leaf 7bit>|"
			"[@X: y\n]{--b--\n}");
		buf_free(&s.b);
	}
}

/* What the fields say. */
static const struct {
	const char *label, *header;
	enum mime_kind kind;
	enum mime_encoding encoding;
	const char *boundary;
} headers[] = {
	{ "none", "", MIME_LEAF, MIME_7BIT, "" },
	{ "odd case", "CONTENT-TYPE: MultiPart/MIXED; BOUNDARY=Xy\n",
	    MIME_MULTIPART, MIME_7BIT, "Xy" },
	{ "comments",
	    "Content-Type: (a(b)\\)) multipart (c) / (d) mixed (;) ; (e)"
	    " boundary (f) = (g) \"x\"\n",
	    MIME_MULTIPART, MIME_7BIT, "x" },
	{ "blanks", "Content-Type : multipart / mixed ;\tboundary = x ; a=b\n",
	    MIME_MULTIPART, MIME_7BIT, "x" },
	{ "folded", "Content-Type:\n multipart/mixed;\n\tboundary=\n \"x y\"\n",
	    MIME_MULTIPART, MIME_7BIT, "x y" },
	{ "folded, CRLF", "Content-Type: multipart/mixed;\r\n boundary=x\r\n",
	    MIME_MULTIPART, MIME_7BIT, "x" },
	{ "what needs quotes",
	    "Content-Type: multipart/mixed; boundary==_a/b(c)?\n",
	    MIME_MULTIPART, MIME_7BIT, "=_a/b(c)?" },
	{ "quoted pairs",
	    "Content-Type: multipart/mixed; boundary=\"a\\\"b\\c\"\n",
	    MIME_MULTIPART, MIME_7BIT, "a\"bc" },
	{ "blanks at its end",
	    "Content-Type: multipart/mixed; boundary=\"a \t\"\n",
	    MIME_MULTIPART, MIME_7BIT, "a" },
	{ "in other parameters",
	    "Content-Type: multipart/mixed; x=\"; boundary=no\"; y; ;"
	    "boundaryz=no; boundary=yes; boundary=no\n",
	    MIME_MULTIPART, MIME_7BIT, "yes" },
	{ "extended",
	    "Content-Type: multipart/x; boundary*=us-ascii'en'a%20b%2\n",
	    MIME_MULTIPART, MIME_7BIT, "a b%2" },
	{ "in pieces",
	    "Content-Type: multipart/x; boundary*0=ab; boundary*1=\"c d\"\n",
	    MIME_MULTIPART, MIME_7BIT, "abc d" },
	{ "in extended pieces",
	    "Content-Type: multipart/x; boundary*0*=''a%41; boundary*1*=%42'\n",
	    MIME_MULTIPART, MIME_7BIT, "aAB'" },
	{ "no boundary", "Content-Type: multipart/mixed\n", MIME_LEAF,
	    MIME_7BIT, "" },
	{ "an empty one", "Content-Type: multipart/mixed; boundary=\"\"\n",
	    MIME_LEAF, MIME_7BIT, "" },
	{ "of something else", "Content-Type: text/plain; boundary=x\n",
	    MIME_LEAF, MIME_7BIT, "" },
	{ "no subtype", "Content-Type: multipart; boundary=x\n", MIME_LEAF,
	    MIME_7BIT, "" },
	{ "nothing", "Content-Type:\n", MIME_LEAF, MIME_7BIT, "" },
	{ "the first one counts",
	    "Content-Type: text/html\nContent-Type: multipart/x; boundary=x\n"
	    "Content-Transfer-Encoding: 8bit\n"
	    "Content-Transfer-Encoding: base64\n",
	    MIME_LEAF, MIME_WIDE, "" },
	{ "message", "Content-Type: Message/RFC822\n", MIME_MESSAGE, MIME_7BIT,
	    "" },
	{ "news", "Content-Type: message/news\n", MIME_MESSAGE, MIME_7BIT, "" },
	{ "other message", "Content-Type: message/delivery-status\n", MIME_LEAF,
	    MIME_7BIT, "" },
	{ "global message", "Content-Type: message/global\n", MIME_LEAF,
	    MIME_7BIT, "" },
	{ "message as 8bit",
	    "Content-Type: message/rfc822\nContent-Transfer-Encoding: 8bit\n",
	    MIME_MESSAGE, MIME_WIDE, "" },
	{ "message that is encoded",
	    "Content-Transfer-Encoding: quoted-printable\n"
	    "Content-Type: message/rfc822\n",
	    MIME_LEAF, MIME_QP, "" },
	{ "multipart that claims to be",
	    "Content-Type: multipart/x; boundary=y\n"
	    "Content-Transfer-Encoding: base64\n",
	    MIME_MULTIPART, MIME_BASE64, "y" },
	{ "encoding in odd case", "content-transfer-ENCODING: BaSe64\n",
	    MIME_LEAF, MIME_BASE64, "" },
	{ "encoding and comments",
	    "Content-Transfer-Encoding: (x) quoted-printable (y) z\n",
	    MIME_LEAF, MIME_QP, "" },
	{ "binary", "Content-Transfer-Encoding: binary\n", MIME_LEAF, MIME_WIDE,
	    "" },
	{ "one nobody knows", "Content-Transfer-Encoding: 8-bit\n", MIME_LEAF,
	    MIME_7BIT, "" },
	{ "an empty one", "Content-Transfer-Encoding: \n", MIME_LEAF, MIME_7BIT,
	    "" },
	{ "behind a mailbox line",
	    "From me\nContent-Transfer-Encoding: base64\n", MIME_LEAF,
	    MIME_BASE64, "" },
};

TEST(headers)
{
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		struct mime_part part = { .kind = MIME_LEAF };
		struct buf boundary;

		CASE(headers[i].label);
		buf_init(&boundary, 1000);
		mime_describe(slice_of(headers[i].header), &part, &boundary);
		CHECK_INT(part.kind, headers[i].kind);
		CHECK_INT(part.encoding, headers[i].encoding);
		CHECK_STR(buf_text(&boundary), headers[i].boundary);
		buf_free(&boundary);
	}
}

/* n times the text. */
static struct buf repeat(const char *text, size_t n)
{
	struct buf b;

	buf_init(&b, 64 * 1024 * 1024);
	while (n--)
		buf_adds(&b, text);
	return b;
}

TEST(depth)
{
	struct buf body = repeat("--b\n" MIXED "\n", MIME_DEPTH_MAX - 1);
	struct seen s = { .left = -1 };

	buf_init(&s.b, 1024 * 1024);
	CASE("as deep as may be");
	CHECK_INT(walk(&s, SLICE(MIXED), buf_slice(&body), 1, body.n), 0);
	CASE("deeper");
	s.n = 0;
	buf_adds(&body, "--b\n" MIXED "\n");
	CHECK_INT(walk(&s, SLICE(MIXED), buf_slice(&body), 1, body.n), -1);
	buf_free(&body);
	buf_free(&s.b);
}

/* Memory does not grow with a line, nor is one taken for what it is not. */
TEST(long_lines)
{
	struct buf dashes = repeat("-", 5 * 1024 * 1024);
	struct buf blanks = repeat(" ", 5 * 1024 * 1024), body;
	struct seen s;

	body = repeat("--b\n\n--b", 1);
	buf_add_slice(&body, buf_slice(&blanks));
	buf_adds(&body, "\n");
	buf_add_slice(&body, buf_slice(&dashes));
	s = seen_of(SLICE(MIXED), buf_slice(&body), 1, 4096);
	CASE("no delimiters");
	CHECK_INT(s.n, 2);
	CHECK_INT(
	    s.b.n, sizeof(TOP) - 1 + body.n + strlen("{}<1 leaf 7bit>|[]"));
	buf_free(&s.b);
	CASE("no field");
	buf_clear(&body);
	buf_adds(&body, "--b\nX");
	buf_add_slice(&body, buf_slice(&dashes));
	buf_adds(&body, ": y\n\nz");
	s = seen_of(SLICE(MIXED), buf_slice(&body), 1, 4096);
	CHECK(strstr(buf_text(&s.b), "{--b\n}<1 leaf 7bit>|[X---"));
	buf_free(&s.b);
	CASE("delimiter of the longest line");
	buf_clear(&body);
	buf_adds(&body, "--b");
	buf_add_slice(&body, slice_head(buf_slice(&blanks), 995));
	buf_adds(&body, "\n--b");
	buf_add_slice(&body, slice_head(buf_slice(&blanks), 996));
	buf_adds(&body, "\n");
	s = seen_of(SLICE(MIXED), buf_slice(&body), 1, 4096);
	CHECK_INT(s.n, 2);
	CHECK(strstr(buf_text(&s.b), "[--b  "));
	buf_free(&s.b);
	buf_free(&body);
	buf_free(&dashes);
	buf_free(&blanks);
}

TEST(large_header)
{
	struct buf body = repeat("--b\nX: ", 1);
	struct buf field = repeat("0123456789abcde\n ", MSG_HEADER_MAX / 17);
	struct seen s = { .left = -1 };

	buf_init(&s.b, 4 * 1024 * 1024);
	buf_add_slice(&body, buf_slice(&field));
	CASE("as large as may be");
	CHECK_INT(walk(&s, SLICE(MIXED), buf_slice(&body), 1, 4096), 0);
	CASE("larger");
	s.n = 0;
	buf_add_slice(&body, buf_slice(&field));
	CHECK_INT(walk(&s, SLICE(MIXED), buf_slice(&body), 1, 4096), -1);
	buf_free(&field);
	buf_free(&body);
	buf_free(&s.b);
}

/* A boundary too long for any line is none. */
TEST(long_boundary)
{
	struct buf b = repeat("x", 2000);

	for (size_t n = 994; n <= 995; n++) {
		struct buf header = repeat("", 1), body = repeat("--", 1);
		struct seen s;

		CASE("length");
		buf_addf(&header,
		    "Content-Type: multipart/x;\n boundary=%.*s\n", (int)n,
		    b.p);
		buf_addf(&body, "%.*s\n\none", (int)n, b.p);
		s = seen_of(buf_slice(&header), buf_slice(&body), 1, 100);
		CHECK_INT(s.n, n == 994 ? 2 : 1);
		buf_free(&s.b);
		buf_free(&header);
		buf_free(&body);
	}
	buf_free(&b);
}

TEST(sink_that_fails)
{
	struct slice body = SLICE("pre\n--b\n\none\n--b--\nepi\n--");

	for (int left = 0; left < 7; left++) {
		struct seen s = { .left = left };

		CASE("events");
		buf_init(&s.b, 1000);
		CHECK_INT(walk(&s, SLICE(MIXED), body, 1, body.n), -1);
		buf_free(&s.b);
	}
}
