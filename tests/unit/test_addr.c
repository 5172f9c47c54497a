#include "addr.h"
#include "unit.h"
#include <time.h>

static const struct addr_syntax header = { .bare_blanks = false };
static const struct addr_syntax operands = { .bare_blanks = true };

/* "spec spec spec", or "!" and the failure. */
static const char *parse(
    struct arena *a, struct slice text, const struct addr_syntax *syntax)
{
	struct fail why = { .kind = FAIL_NONE };
	struct addr_list list = { 0 };
	const char *out = "";

	if (addr_parse(a, text, syntax, &list, &why) < 0) {
		CHECK_INT(why.kind, FAIL_MESSAGE);
		CHECK_INT(list.n, 0);
		return arena_printf(a, "!%s", why.text);
	}
	CHECK_INT(why.kind, FAIL_NONE);
	for (size_t i = 0; i < list.n; i++)
		out = arena_printf(
		    a, "%s%s%s", out, i ? " " : "", list.v[i].spec);
	return out;
}

struct row {
	const char *text;
	const char *specs; /* "!" and how the failure begins */
};

/* The same for headers and operands. */
static const struct row both[] = {
	{ "", "" },
	{ " ", "" },
	{ "\t \t", "" },
	{ ",", "" },
	{ ",,;,;", "" },
	{ "a@b.example", "a@b.example" },
	{ "  a@b.example\t", "a@b.example" },
	{ "a@b.example,c@d.example", "a@b.example c@d.example" },
	{ "a@b, c@d ,e@f", "a@b c@d e@f" },
	{ "a@b;c@d", "a@b c@d" },
	{ "a@b; c@d;", "a@b c@d" },
	{ ",a@b,,c@d,", "a@b c@d" },
	{ "root", "root" },
	{ "root,www", "root www" },
	{ "<a@b>", "a@b" },
	{ "<root>", "root" },
	{ "< a@b >", "a@b" },
	{ "<a@b>,<c@d>", "a@b c@d" },
	{ "Name <a@b>", "a@b" },
	{ "Name<a@b>", "a@b" },
	{ "A Long Name <a@b>", "a@b" },
	{ "\"Doe, John\" <a@b>", "a@b" },
	{ "\"<x@y>\" <a@b>", "a@b" },
	{ "\"a \\\" <x@y> \" <a@b>", "a@b" },
	{ "Doe, John <a@b>", "Doe a@b" },
	{ "John Q. Public <a@b>", "a@b" },
	{ "J.Q.P. <a@b>", "a@b" },
	{ "Dr. \"Jo\" X <a@b>", "a@b" },
	{ "[Bug] tracker <a@b>", "a@b" },
	{ "[a: b, c] <a@b>", "a@b" },
	{ "=?utf-8?Q?J=C3=B6rg?= <a@b>", "a@b" },
	{ "J\xc3\xb6rg <a@b>", "a@b" },
	{ "J\xf6rg <a@b>", "a@b" },
	{ "\"\" <a@b>", "a@b" },
	{ "a@b <a@b>", "a@b" },
	{ "A@B <a@b>", "a@b" },
	{ "'a@b' <a@b>", "a@b" },
	{ "\"x@y\" <a@b>", "a@b" },

	{ "a@b (comment)", "a@b" },
	{ "(comment) a@b", "a@b" },
	{ "(one)(two) a@b (three) (four)", "a@b" },
	{ "a(x)@(y)b(z)", "a@b" },
	{ "a (x (y) (z (w))) @b", "a@b" },
	{ "a@b (\\) \\( \\\\)", "a@b" },
	{ "a@b (it's, <x@y>; z: q)", "a@b" },
	{ "root (Cron Daemon)", "root" },
	{ "(only a comment)", "" },
	{ "a@b,(comment),c@d", "a@b c@d" },
	{ "<(x)a@b(y)>(z)", "a@b" },
	{ "N (x) <a@b>", "a@b" },

	{ "\"a b\"@c", "\"a b\"@c" },
	{ "\"ab\"@c", "ab@c" },
	{ "\"a.b\"@c", "a.b@c" },
	{ "a.\"b\"@c", "a.b@c" },
	{ "a.\"b c\".d@e", "\"a.b c.d\"@e" },
	{ "\"a@b\"@c", "\"a@b\"@c" },
	{ "\"a\\b\"@c", "ab@c" },
	{ "\"a\\\"b\"@c", "\"a\\\"b\"@c" },
	{ "\"a\\\\b\"@c", "\"a\\\\b\"@c" },
	{ "\"\"@c", "\"\"@c" },
	{ "\"a,b\"@c,d@e", "\"a,b\"@c d@e" },
	{ "\"a>b\"@c", "\"a>b\"@c" },
	{ "\"a b\"", "\"a b\"" },
	{ "<\"a b\"@c>", "\"a b\"@c" },
	{ "a..b@c", "\"a..b\"@c" },
	{ "a.@c", "\"a.\"@c" },
	{ ".a@c", "\".a\"@c" },
	{ "a . b@c", "a.b@c" },
	{ "a.b . c@d . e", "a.b.c@d.e" },
	{ "a @ b", "a@b" },
	{ "a@ (x) b . (y) c", "a@b.c" },
	{ "!#$%&'*+-/=?^_`{|}~@b", "!#$%&'*+-/=?^_`{|}~@b" },
	{ "a+tag@b", "a+tag@b" },
	{ "-a@b", "-a@b" },
	{ "\xc3\xa4@b", "\xc3\xa4@b" },
	{ "a@\xc3\xa4.example", "a@\xc3\xa4.example" },

	{ "a@[192.0.2.1]", "a@[192.0.2.1]" },
	{ "a@[IPv6:2001:db8::1]", "a@[IPv6:2001:db8::1]" },
	{ "a@[IPv6:2001:db8::1], c@d", "a@[IPv6:2001:db8::1] c@d" },
	{ "<a@[192.0.2.1]>", "a@[192.0.2.1]" },

	{ "<@x:a@b>", "a@b" },
	{ "<@x,@y:a@b>", "a@b" },
	{ "<@x, @y : a@b>", "a@b" },
	{ "<,@x,,@y:a@b>", "a@b" },
	{ "N <@[192.0.2.1]:a@b>", "a@b" },

	{ "g: a@b;", "a@b" },
	{ "g: a@b, c@d;", "a@b c@d" },
	{ "g: a@b, N <c@d>;, e@f", "a@b c@d e@f" },
	{ "g: a@b; e@f", "a@b e@f" },
	{ "A Group (x) : a@b;", "a@b" },
	{ "\"g:h\": a@b;", "a@b" },
	{ "g:;", "" },
	{ "undisclosed-recipients:;", "" },
	{ "undisclosed-recipients: ;", "" },
	{ "undisclosed-recipients:", "" },
	{ "Undisclosed recipients:;", "" },
	{ "g:;, a@b", "a@b" },
	{ "g: ,, ;a@b", "a@b" },
	{ "g: root;", "root" },
	{ "g: a@b; h: c@d;", "a@b c@d" },

	{ "a@b,\n c@d", "a@b c@d" },
	{ "a@b,\r\n\tc@d", "a@b c@d" },
	{ "a@b,\r\r\n c@d\r\n", "a@b c@d" },
	{ "N\n <a@b>", "a@b" },
	{ "a@b\n", "a@b" },
	{ "a@b\r\n", "a@b" },
	{ "a@b (x\n y)", "a@b" },
	{ "\"x\n y\" <a@b>", "a@b" },
	{ "\"x\r\n y\"@b", "\"x y\"@b" },
	{ "a@b.", "a@b" },
	{ "a@b.\r\n", "a@b" },
	{ "a@b . ,<c@d.>, e@f.;", "a@b c@d e@f" },

	/* What is wrong. */
	{ "<>", "!an empty address at octet 2, \">\"" },
	{ "a@b, <>", "!an empty address" },
	{ "< >", "!an empty address" },
	{ "N <>", "!an empty address" },
	{ "a@", "!an incomplete domain at the end" },
	{ "a@,b@c", "!an incomplete domain at octet 3" },
	{ "@b", "!an address is missing at octet 1" },
	{ "a@.", "!an incomplete domain" },
	{ "a@b.@c", "!an incomplete domain" },
	{ "a@.b", "!an incomplete domain" },
	{ "a@b..c", "!an incomplete domain" },
	{ "a@b@c", "!an unexpected character at octet 4, \"@c\"" },
	{ ".", "!an address is missing" },
	{ "..@b", "!an address is missing" },
	{ "<a@b", "!an address without its '>'" },
	{ "<a@b c@d>", "!an address without its '>'" },
	{ "<a b@c>", "!an address without its '>'" },
	{ "<<a@b>>", "!an address is missing" },
	{ "a@b>", "!an unexpected character" },
	{ "N <a@b>>", "!an unexpected character" },
	{ "N <a@b> x@y", "!a comma is missing" },
	{ "a@b<c@d>", "!a comma" },
	{ "a@b)", "!an unexpected character" },
	{ "a@b(", "!a comment without its end at octet 4" },
	{ "a@b (x (y)", "!a comment without its end" },
	{ "(a@b\\)", "!a comment without its end" },
	{ "\"a@b", "!a quote without its end at octet 1" },
	{ "\"a\\\"", "!a quote without its end" },
	{ "N \"x <a@b>", "!a quote without its end" },
	{ "a@b \"", "!a quote without its end" },
	{ "\"a\"b@c", "!a comma is missing" },
	{ "a\"b\"@c", "!a comma is missing" },
	{ "a\\b@c", "!an unexpected character" },
	{ "a\\, b <c@d>", "!an unexpected character" },
	{ "a@[192.0.2.1", "!a bad address literal" },
	{ "a@[192.0.2.1 ]", "!a bad address literal" },
	{ "a@[192\\.0.2.1]", "!a bad address literal" },
	{ "a@[1(9)2.0.2.1]", "!a bad address literal" },
	{ "a@[[192.0.2.1]]", "!a bad address literal" },
	{ "a@[192.0.2.1>]", "!a bad address literal" },
	{ "a@b[c]", "!a comma is missing" },
	{ "<@x a@b>", "!a route without its colon" },
	{ "<@x,a@b>", "!a route without its colon" },
	{ "<@:a@b>", "!an incomplete domain" },
	{ "g: a@b", "!a group without its semicolon" },
	{ "g: a@b, h: c@d;", "!a group in a group" },
	{ "g: h:;;", "!a group in a group" },
	{ ": a@b;", "!an address is missing" },
	{ "a@b: c@d;", "!an unexpected character" },
	{ "mailto:a@b", "!a group without its semicolon" },
	{ "http://x.example/", "!a group without its semicolon" },
	{ "a@b,\nc@d", "!a line end" },
	{ "a@b\nRCPT TO:<x@y>", "!a line end" },
	{ "a@b\r\nRCPT TO:<x@y>", "!a line end" },
	{ "a@b>\r\nRCPT TO:<x@y", "!an unexpected character" },
	{ "<a@b>\r\nRCPT TO:<x@y>", "!a line end" },
	{ "\n", "" },
	{ "\na@b", "!a line end" },
	{ "c@y\rRCPT TO:<x@y>", "!a CR without LF" },
	{ "a@b\r", "!a CR without LF" },
	{ "a\r@b", "!a CR without LF" },
	{ "a@b\r c@d", "!a CR without LF" },
	{ "a@b (\rx)", "!a CR without LF" },
	{ "\"\rx\" <a@b>", "!a CR without LF" },
	{ "\"a\n.\n\"@b", "!a line end" },
	{ "(\n)", "!a line end" },
	{ "a@b\x01", "!a control character" },
	{ "a\x7f@b", "!a control character" },
	{ "a@b\x7f", "!a control character" },
	{ "\"\x01\" <a@b>", "!a control character" },
	{ "(\x1b[0m) a@b", "!a control character" },
	{ "a@b\v,c@d", "!a control character" },
	{ "\"a\\\x01\"@b", "!nothing to escape" },
	{ "\"a\\\r\"@b", "!nothing to escape" },
	{ "\"a\\", "!nothing to escape" },
	{ "(\\\n)", "!nothing to escape" },
};

/* Blanks mean something else. */
static const struct {
	const char *text, *header, *operand;
} differ[] = {
	{ "a b", "!a comma is missing at octet 3, \"b\"", "a b" },
	{ "a@b c@d", "!a comma is missing", "a@b c@d" },
	{ "a@b\tc@d", "!a comma is missing", "a@b c@d" },
	{ "a@b\n c@d", "!a comma is missing", "a@b c@d" },
	{ "a b c,d e", "!a comma is missing", "a b c d e" },
	{ "a@b <c@d>", "!a comma or a quote is missing",
	    "!a comma or a quote is missing" },
	{ "'a@b' <c@d>", "!a comma or a quote is missing",
	    "!a comma or a quote is missing" },
	{ "a@b Name <c@d>", "!a comma or a quote is missing", "a@b c@d" },
	{ "a@b N <c@d> e@f", "!a comma or a quote is missing", "a@b c@d e@f" },
	{ "<a@b> <c@d>", "!a comma is missing", "a@b c@d" },
	{ "<a@b> c", "!a comma is missing", "a@b c" },
	{ "a (x) b", "!a comma is missing", "a b" },
	{ "a (x)b", "!a comma is missing", "!a comma is missing" },
	{ "\"a b\" \"c d\"", "!a comma is missing", "\"a b\" \"c d\"" },
	{ "\"a\" b@c", "!a comma is missing", "a b@c" },
	{ "g: a@b c@d;", "!a comma is missing", "a@b c@d" },
	{ "a@b x@y: c@d;", "!a comma is missing", "!an unexpected" },
	{ "Joe @ Home <a@b>", "!a comma or a quote is missing",
	    "Joe@Home a@b" },
	{ "a@b )", "!an unexpected character", "!an address is missing" },
};

static bool is_expected(const char *got, const char *want)
{
	return want[0] == '!' ? strncmp(got, want, strlen(want)) == 0
			      : strcmp(got, want) == 0;
}

static void check_parse(
    const char *text, const struct addr_syntax *syntax, const char *want)
{
	struct arena a = { 0 };
	const char *got;

	CASE(text);
	got = parse(&a, slice_of(text), syntax);
	if (!is_expected(got, want))
		UNIT_FAIL("got \"%s\", expected \"%s\"", got, want);
	arena_free(&a);
}

TEST(parse)
{
	for (size_t i = 0; i < sizeof(both) / sizeof(both[0]); i++) {
		const char *text = both[i].text;

		check_parse(text, &header, both[i].specs);
		/* A missing comma is none among operands. */
		if (strncmp(both[i].specs, "!a comma", 8) != 0 &&
		    strcmp(text, "N <a@b> x@y") != 0)
			check_parse(text, &operands, both[i].specs);
	}
	for (size_t i = 0; i < sizeof(differ) / sizeof(differ[0]); i++) {
		check_parse(differ[i].text, &header, differ[i].header);
		check_parse(differ[i].text, &operands, differ[i].operand);
	}
}

TEST(nul)
{
	static const struct slice texts[] = { { "\0", sizeof("\0") - 1 },
		{ "a\0@b", sizeof("a\0@b") - 1 },
		{ "a@b\0", sizeof("a@b\0") - 1 },
		{ "a@b\0c", sizeof("a@b\0c") - 1 },
		{ "a@b, \0", sizeof("a@b, \0") - 1 },
		{ "\"\0\"@b", sizeof("\"\0\"@b") - 1 },
		{ "(\0)", sizeof("(\0)") - 1 },
		{ "<a@b\0>", sizeof("<a@b\0>") - 1 },
		{ "a@[\0]", sizeof("a@[\0]") - 1 },
		{ "\"\\\0\"@b", sizeof("\"\\\0\"@b") - 1 } };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct arena a = { 0 };

		CASE("NUL");
		CHECK(parse(&a, texts[i], &header)[0] == '!');
		CHECK(parse(&a, texts[i], &operands)[0] == '!');
		arena_free(&a);
	}
}

/* Every row cut at every byte: nothing is read beyond the cut (the copy is
   exactly as long, so that the sanitizer sees it). */
TEST(cut_anywhere)
{
	for (size_t i = 0; i < sizeof(both) / sizeof(both[0]); i++) {
		size_t n = strlen(both[i].text);

		CASE(both[i].text);
		for (size_t cut = 0; cut <= n; cut++) {
			struct arena a = { 0 };
			char *copy = malloc(cut ? cut : 1);

			memcpy(copy, both[i].text, cut);
			parse(&a, (struct slice){ copy, cut }, &header);
			parse(&a, (struct slice){ copy, cut }, &operands);
			free(copy);
			arena_free(&a);
		}
	}
}

TEST(names_and_places)
{
	static const struct {
		const char *text;
		const char *name;
		const char *source; /* the addr-spec in the text */
		const char *qualified;
	} rows[] = {
		{ "root", "", "root", "root@q.example" },
		{ "a@b", "", "a@b", "a@b" },
		{ " root ", "", "root", " root@q.example " },
		{ "root (Cron Daemon)", "Cron Daemon", "root",
		    "root@q.example (Cron Daemon)" },
		{ "(Cron) root", "Cron", "root", "(Cron) root@q.example" },
		{ "Cron Daemon <root>", "Cron Daemon", "root",
		    "Cron Daemon <root@q.example>" },
		{ "\"(Cron Daemon)\" <root>", "\"(Cron Daemon)\"", "root",
		    "\"(Cron Daemon)\" <root@q.example>" },
		{ "N (x) < root (y) > (z)", "N (x)", "root",
		    "N (x) < root@q.example (y) > (z)" },
		{ "<root> (z)", "z", "root", "<root@q.example> (z)" },
		{ "(one) <root> (two)", "two", "root",
		    "(one) <root@q.example> (two)" },
		{ "A\n B <root>", "A\n B", "root", "A\n B <root@q.example>" },
		{ "\"a b\"", "", "\"a b\"", "\"a b\"@q.example" },
		{ "\"a b\" . c (x)", "x", "\"a b\" . c",
		    "\"a b\" . c@q.example (x)" },
		{ "a @ b (x)", "x", "a @ b", "a @ b (x)" },
		{ "g: root (x);", "x", "root", "g: root@q.example (x);" },
		{ "<@x:root>", "", "@x:root", "<@x:root@q.example>" },
		{ "a@b.", "", "a@b.", "a@b." },
		{ "a@[192.0.2.1](x)", "x", "a@[192.0.2.1]",
		    "a@[192.0.2.1](x)" },
		{ "root\n", "", "root", "root@q.example\n" },
		{ "=?utf-8?Q?J=C3=B6rg?= <root>", "=?utf-8?Q?J=C3=B6rg?=",
		    "root", "=?utf-8?Q?J=C3=B6rg?= <root@q.example>" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct slice text = slice_of(rows[i].text);
		struct addr_list list = { 0 };
		struct arena a = { 0 };
		const struct addr *addr;
		const char *mended;

		CASE(rows[i].text);
		CHECK_INT(addr_parse(&a, text, &header, &list, NULL), 0);
		CHECK_INT(list.n, 1);
		addr = &list.v[0];
		CHECK_SLICE(addr->name, rows[i].name);
		CHECK_SLICE(slice_head(slice_skip(text, addr->start),
				addr->end - addr->start),
		    rows[i].source);
		mended = arena_printf(&a, "%.*s%s%s", (int)addr->local_end,
		    text.p, addr->has_domain ? "" : "@q.example",
		    text.p + addr->local_end);
		CHECK_STR(mended, rows[i].qualified);
		CHECK_INT(addr->has_domain, addr_domain(addr->spec).n > 0);
		arena_free(&a);
	}
}

TEST(appends_and_leaves_alone)
{
	struct addr_list list = { 0 }, before;
	struct arena a = { 0 };
	struct fail why;

	CHECK_INT(addr_parse(&a, SLICE("a, b, c"), &header, &list, &why), 0);
	CHECK_INT(addr_parse(&a, SLICE("d"), &header, &list, &why), 0);
	CHECK_INT(list.n, 4);
	CHECK_STR(list.v[0].spec, "a");
	CHECK_STR(list.v[3].spec, "d");
	before = list;
	CHECK_INT(addr_parse(&a, SLICE("e, f, <>"), &header, &list, &why), -1);
	CHECK(list.v == before.v);
	CHECK_INT(list.n, 4);
	CHECK_STR(list.v[3].spec, "d");
	CHECK_INT(addr_parse(&a, SLICE("<>"), &header, &list, NULL), -1);
	arena_free(&a);
}

/* What the last text lacks; a list that goes on does not remember others. */
TEST(open_group)
{
	static const struct {
		const char *text;
		bool is_open;
	} rows[] = {
		{ "g:", true },
		{ "g:;", false },
		{ "", false },
		{ "undisclosed-recipients:", true },
		{ "undisclosed-recipients: ;", false },
		{ "undisclosed-recipients: (none)\r\n ", true },
		{ "\"a b\" (x) : , ,", true },
		{ "a@b", false },
		{ "a@b, g:", true },
		{ "a@b; g:", true },
		{ "g:; a@b", false },
		{ "g: a@b;", false },
		{ "g:;, h:", true },
		{ "g: a@b; h:", true },
		{ "g:;;", false },
		{ "(g:)", false },
		{ "\"g:\" <a@b>", false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct addr_list list = { 0 };
		struct arena a = { 0 };

		CASE(rows[i].text);
		CHECK_INT(addr_parse(
			      &a, slice_of(rows[i].text), &header, &list, NULL),
		    0);
		CHECK_INT(list.is_open, rows[i].is_open);
		CHECK_INT(
		    addr_parse(&a, SLICE("g: a@b"), &header, &list, NULL), -1);
		CHECK_INT(list.is_open, rows[i].is_open);
		CHECK_INT(
		    addr_parse(&a, SLICE("a@b"), &header, &list, NULL), 0);
		CHECK(!list.is_open);
		CHECK_INT(addr_parse(&a, SLICE("g:"), &header, &list, NULL), 0);
		CHECK(list.is_open);
		arena_free(&a);
	}
}

/* A backslash in front, which only some lists may have; what is to be written
 * anew. */
TEST(marks_and_oddities)
{
	static const struct addr_syntax marks = { .marks = true };

	static const struct {
		const char *text;
		const char *spec;
		bool is_marked, is_odd;
	} rows[] = {
		{ "root", "root", false, false },
		{ "a.b@c.d", "a.b@c.d", false, false },
		{ "\\root", "root", true, true },
		{ "N <\\root@a>", "root@a", true, true },
		{ "\\\"a b\"", "\"a b\"", true, true },
		{ "a@b.", "a@b", false, true },
		{ "a..b@c", "\"a..b\"@c", false, true },
		{ ".a", "\".a\"", false, true },
		{ "a . b @ c", "a.b@c", false, true },
		{ "<@x,@y:a@b>", "a@b", false, true },
		{ "\"a\"@b", "a@b", false, false },
		{ "a(x)@b", "a@b", false, false },
		{ "< a@b >", "a@b", false, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct addr_list list = { 0 };
		struct arena a = { 0 };

		CASE(rows[i].text);
		CHECK_INT(
		    addr_parse(&a, slice_of(rows[i].text), &marks, &list, NULL),
		    0);
		CHECK_INT(list.n, 1);
		CHECK_STR(list.v[0].spec, rows[i].spec);
		CHECK_INT(list.v[0].is_marked, rows[i].is_marked);
		CHECK_INT(list.v[0].is_odd, rows[i].is_odd);
		list.n = 0;
		CHECK_INT(addr_parse(&a, slice_of(rows[i].text), &header, &list,
			      NULL) == 0,
		    !rows[i].is_marked);
		arena_free(&a);
	}
	check_parse("\\", &marks, "!an address is missing");
	check_parse("\\\\a", &marks, "!an address is missing");
	check_parse("a\\b", &marks, "!an unexpected character");
	check_parse("\\a, b,\\c", &marks, "a b c");
}

/* Behind a domain, with blanks and comments, or between two names of it. */
TEST(last_dots)
{
	check_parse("a@b. , c@d", &header, "a@b c@d");
	check_parse("<a@b. >", &header, "a@b");
	check_parse("a@b. (x)", &header, "a@b");
	check_parse("<a@b. (x)\n >, c@d.(y)", &header, "a@b c@d");
	check_parse("a@b. c", &header, "a@b.c");
	check_parse("a@b.\n c", &header, "a@b.c");
	check_parse("a@b. c@d", &header, "!an unexpected character");
	check_parse("a@b.(x)c", &operands, "a@b.c");
	/* Of operands a blank ends one: nobody has written b.c. */
	check_parse("a@b. c", &operands, "a@b c");
	check_parse("a@b. c@d.\te", &operands, "a@b c@d e");
	check_parse("a@b . c", &operands, "a@b.c");
	check_parse("<a@b. c>", &operands, "!an address without its '>'");
}

/* Semicolons that end no group, of the text parsed last. */
TEST(stray_semicolons)
{
	static const struct {
		const char *text;
		const char *places; /* one digit each */
	} rows[] = {
		{ "a@b", "" },
		{ "a@b;", "3" },
		{ ";a@b;;", "045" },
		{ "g:;", "" },
		{ "g:a@b;;", "6" },
		{ "g:;;h:;c;", "38" },
		{ "\";\"@b;", "5" },
		{ "(;)a;(;)", "4" },
		{ "\";\"<a>;", "6" },
		{ "a,b;c", "3" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct addr_list list = { 0 };
		struct arena a = { 0 };

		CASE(rows[i].text);
		CHECK_INT(
		    addr_parse(&a, SLICE(";x@y;;"), &header, &list, NULL), 0);
		CHECK_INT(addr_parse(
			      &a, slice_of(rows[i].text), &header, &list, NULL),
		    0);
		CHECK_INT(list.n_stray, strlen(rows[i].places));
		for (size_t k = 0; k < list.n_stray; k++)
			CHECK_INT(list.stray[k], rows[i].places[k] - '0');
		arena_free(&a);
	}
}

TEST(one_of)
{
	CHECK(addr_is_one_of(',', ";,"));
	CHECK(addr_is_one_of('\xff', "a\xff"));
	CHECK(!addr_is_one_of('.', ";,"));
	CHECK(!addr_is_one_of(',', ""));
	CHECK(!addr_is_one_of('\0', ";,"));
}

TEST(list_limit)
{
	static char text[4 * ADDR_LIST_MAX + 4];

	for (size_t n = ADDR_LIST_MAX - 1; n <= ADDR_LIST_MAX + 1; n++) {
		struct addr_list list = { 0 };
		struct fail why = { .kind = FAIL_NONE };
		struct arena a = { 0 };
		bool fits = n <= ADDR_LIST_MAX;

		CASE("limit");
		for (size_t i = 0; i < n; i++)
			memcpy(text + 4 * i, "a@b,", 4);
		CHECK_INT(addr_parse(&a, (struct slice){ text, 4 * n }, &header,
			      &list, &why),
		    fits ? 0 : -1);
		CHECK_INT(list.n, fits ? n : 0);
		CHECK_INT(why.kind, fits ? FAIL_NONE : FAIL_MESSAGE);
		/* The limit is that of the list, not of one text. */
		if (fits)
			CHECK_INT(
			    addr_parse(&a, SLICE("x,y"), &header, &list, &why),
			    n + 2 <= ADDR_LIST_MAX ? 0 : -1);
		arena_free(&a);
	}
}

/* Work grows with the length of the text, whatever it is made of. */
TEST(large_texts)
{
	static const char *const units[] = { "(", ")", "\"", "\\", "<", ">",
		"[", "]", ":", "@", ".", "a", "a ", "a. ", "(a) ",
		"g:", "\"a\" ", "a@b ", "\n ", "a@b <", "<@a,", "\"\\\"" };

	enum { SIZE = 1 << 20 };

	char *text = malloc(SIZE);

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		size_t n = strlen(units[i]), end;
		struct arena a = { 0 };

		CASE(units[i]);
		for (end = 0; end + n <= SIZE; end += n)
			memcpy(text + end, units[i], n);
		parse(&a, (struct slice){ text, end }, &header);
		parse(&a, (struct slice){ text, end }, &operands);
		arena_free(&a);
	}
	free(text);
}

/* Processor time for a domain of n dots before n blanks; the best of a few. */
static double time_of(size_t n)
{
	char *text = malloc(3 * n);
	double best = 0;

	memset(text + 2 * n, ' ', n);
	memset(text, 'a', 2 * n);
	text[1] = '@';
	for (size_t i = 3; i < 2 * n; i += 2)
		text[i] = '.';
	for (int i = 0; i < 3; i++) {
		struct arena a = { 0 };
		clock_t start = clock();
		double took;

		parse(&a, (struct slice){ text, 3 * n }, &header);
		took = (double)(clock() - start);
		if (i == 0 || took < best)
			best = took;
		arena_free(&a);
	}
	free(text);
	return best;
}

/* 16 times the text: 16 times the work, and not 256 times. */
TEST(work_is_linear)
{
	double few = time_of(2000), many = time_of(32000);

	if (many > 50 * few)
		UNIT_FAIL("%.0f for 2000 dots, %.0f for 32000", few, many);
}

#define X10 "xxxxxxxxxx"
#define X60 X10 X10 X10 X10 X10 X10

static const struct {
	const char *spec;
	const char *what; /* NULL: may be sent */
} checks[] = {
	{ "a@b.example", NULL },
	{ "a@b", NULL },
	{ "a.b+c_d-e@b.example", NULL },
	{ "!#$%&'*+-/=?^_`{|}~@b", NULL },
	{ "a@b_c.example", NULL },
	{ "a@xn--nxasmq6b.example", NULL },
	{ "a@1.example", NULL },
	{ "\"a b\"@c", NULL },
	{ "\"a>b\"@c", NULL },
	{ "\"a@b\"@c", NULL },
	{ "\"\"@c", NULL },
	{ "\"a\\\"b\"@c", NULL },
	{ "\"a\\\\\"@c", NULL },
	{ "a@[192.0.2.1]", NULL },
	{ "a@[IPv6:2001:db8::1]", NULL },
	{ X60 "xxxx@b", NULL },
	{ X60 "xxxxx@b", "too long" },
	{ "a@" X60 "xxx.b", NULL },
	{ "a@" X60 "xxxx.b", "domain that is none" },
	{ "a@" X60 "." X60 "." X60 "." X60 ".xxxxxxxx", NULL },
	{ "a@" X60 "." X60 "." X60 "." X60 ".xxxxxxxxx", "too long" },
	{ "", "empty" },
	{ "@b", "no local part" },
	{ "a@", "domain that is none" },
	{ "a@b.", "domain that is none" },
	{ "a@.b", "domain that is none" },
	{ "a@b..c", "domain that is none" },
	{ "a@b@c", "domain that is none" },
	{ "a@b c", "domain that is none" },
	{ "a@b>", "domain that is none" },
	{ "a@b> SIZE=1", "domain that is none" },
	{ "a@b> BODY=8BITMIME X=<", "domain that is none" },
	{ "a@b,c", "domain that is none" },
	{ "a@b:c", "domain that is none" },
	{ "a@\"b\"", "domain that is none" },
	{ "a@[", "domain that is none" },
	{ "a@[]", "domain that is none" },
	{ "a@[1", "domain that is none" },
	{ "a@1]", "domain that is none" },
	{ "a@[1]x", "domain that is none" },
	{ "a@[1>2]", "domain that is none" },
	{ "a@[1 2]", "domain that is none" },
	{ "a@[[1]]", "domain that is none" },
	{ "a b@c", "needs quotes" },
	{ "a<b@c", "needs quotes" },
	{ "a>b@c", "needs quotes" },
	{ "<a@b>", "needs quotes" },
	{ "<>", "needs quotes" },
	{ ">", "needs quotes" },
	{ " ", "needs quotes" },
	{ " a@b", "needs quotes" },
	{ "a(x)@b", "needs quotes" },
	{ "a,b@c", "needs quotes" },
	{ "a;b@c", "needs quotes" },
	{ "a:b@c", "needs quotes" },
	{ "a\\b@c", "needs quotes" },
	{ "a\"b@c", "needs quotes" },
	{ "a..b@c", "needs quotes" },
	{ ".a@c", "needs quotes" },
	{ "a.@c", "needs quotes" },
	{ "\"a", "needs quotes" },
	{ "\"a@b", "needs quotes" },
	{ "\"", "needs quotes" },
	{ "\"\\\"@b", "needs quotes" },
	{ "\"a\"b@c", "needs quotes" },
	{ "\"a\" b@c", "needs quotes" },
	{ "\"a\"> SIZE=1 <\"b\"@c", "needs quotes" },
	{ "\"a\"x.example", "needs quotes" },
	{ "\"a\\\"@c", "needs quotes" },
	{ "a@b\n", "control character" },
	{ "a@b\r\nRCPT TO:<x@y>", "control character" },
	{ "a@b>\r\nRCPT TO:<x@y", "control character" },
	{ "\"a\r\n\"@b", "control character" },
	{ "\"a\tb\"@c", "control character" },
	{ "a\x7f@b", "control character" },
	{ "a\x01@b", "control character" },
	{ "\xc3\xa4@b", NULL },
	{ "a@\xc3\xa4.example", NULL },
	{ "\"\xe4\xbd\xa0 \xe5\xa5\xbd\"@\xe4\xbe\x8b", NULL },
	{ "\"\xff\"@b", "neither ASCII nor UTF-8" },
	{ "\xc3@b", "neither ASCII nor UTF-8" },
	{ "a@b\xe4.example", "neither ASCII nor UTF-8" },
	{ "a\xc0\x8d@b", "neither ASCII nor UTF-8" },
	{ "a\xc2\x85@b", "control character" },
	{ "a@b\xc2\x9b", "control character" },
	{ "a\xc2\xa0@b", NULL },

/* Labels of 63 characters and of 64. */
#define A8 "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
	{ "a@" A8 A8 A8 A8 A8 A8 A8 "aaaaaaa.example", NULL },
	{ "a@" A8 A8 A8 A8 A8 A8 A8 "aaaaaaaa.example", "domain that is none" },
	{ "a@\xc3\xa4..example", "domain that is none" },
};

TEST(check)
{
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		struct fail why = { .kind = FAIL_NONE };
		const char *what = checks[i].what;

		CASE(checks[i].spec);
		CHECK_INT(
		    addr_check(checks[i].spec, true, &why), what ? -1 : 0);
		CHECK_INT(why.kind, what ? FAIL_MESSAGE : FAIL_NONE);
		if (what && !strstr(why.text, what))
			UNIT_FAIL("\"%s\" lacks \"%s\"", why.text, what);
	}
}

TEST(check_without_domain)
{
	static const struct {
		const char *spec;
		int with, without;
	} rows[] = { { "root", -1, 0 }, { "\"a b\"", -1, 0 }, { "a@b", 0, 0 },
		{ "a b", -1, -1 }, { "a@", -1, -1 }, { "", -1, -1 } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CASE(rows[i].spec);
		CHECK_INT(addr_check(rows[i].spec, true, NULL), rows[i].with);
		CHECK_INT(
		    addr_check(rows[i].spec, false, NULL), rows[i].without);
	}
}

/* One bad byte anywhere in a good address. */
TEST(check_every_byte)
{
	static const char good[] = "ab.cd@e-f.example";

	for (int c = 1; c < 256; c++)
		for (size_t i = 0; i < sizeof(good) - 1; i++) {
			char spec[sizeof(good)];
			bool is_harmless = c > 0x20 && c < 0x7f &&
					   !strchr("()<>[]:;@\\,\"", c);

			memcpy(spec, good, sizeof(good));
			spec[i] = (char)c;
			if (!is_harmless && c != good[i] &&
			    addr_check(spec, true, NULL) == 0 && c != '@')
				UNIT_FAIL("%d at %zu passes", c, i);
		}
}

TEST(domain_same_qualify)
{
	static const struct {
		const char *a, *b;
		bool same;
	} rows[] = {
		{ "a@b", "a@b", true },
		{ "a@b", "a@B", true },
		{ "a@b.EXAMPLE", "a@B.example", true },
		{ "a@b", "A@b", false },
		{ "a@b", "a@c", false },
		{ "a@b", "a", false },
		{ "a", "a", true },
		{ "a", "A", false },
		{ "\"a@B\"@c", "\"a@b\"@c", false },
		{ "\"a@b\"@c", "\"a@b\"@C", true },
		{ "a@b", "ab", false },
		{ "", "", true },
	};

	static const struct {
		const char *spec, *domain, *qualified;
	} specs[] = {
		{ "a@b", "b", "a@b" },
		{ "a", "", "a@q.example" },
		{ "\"a@b\"@c", "c", "\"a@b\"@c" },
		{ "\"a@b\"", "", "\"a@b\"@q.example" },
		{ "\"a\\\"@b\"", "", "\"a\\\"@b\"@q.example" },
		{ "a@[192.0.2.1]", "[192.0.2.1]", "a@[192.0.2.1]" },
	};
	struct arena a = { 0 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CASE(rows[i].a);
		CHECK_INT(addr_same(rows[i].a, rows[i].b), rows[i].same);
		CHECK_INT(addr_same(rows[i].b, rows[i].a), rows[i].same);
	}
	for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++) {
		CASE(specs[i].spec);
		CHECK_SLICE(addr_domain(specs[i].spec), specs[i].domain);
		CHECK_STR(addr_qualify(&a, specs[i].spec, "q.example"),
		    specs[i].qualified);
		CHECK_STR(addr_qualify(&a, specs[i].spec, NULL), specs[i].spec);
	}
	arena_free(&a);
}

TEST(phrase)
{
	static const struct {
		const char *name, *phrase;
	} rows[] = {
		{ "", "" },
		{ "   ", "" },
		{ "\n", "" },
		{ "John", "John" },
		{ "John Doe", "John Doe" },
		{ " John Doe ", "John Doe" },
		{ "John  Doe", "\"John  Doe\"" },
		{ "Doe, John", "\"Doe, John\"" },
		{ "John Q. Public", "\"John Q. Public\"" },
		{ "(Cron Daemon)", "\"(Cron Daemon)\"" },
		{ "a <b@c>", "\"a <b@c>\"" },
		{ "say \"hi\"", "\"say \\\"hi\\\"\"" },
		{ "back\\slash", "\"back\\\\slash\"" },
		{ "O'Neill", "O'Neill" },
		{ "a@b", "\"a@b\"" },
		{ "a:b;", "\"a:b;\"" },
		{ "[x]", "\"[x]\"" },
		{ "Evil\nBcc: x@z", "\"EvilBcc: x@z\"" },
		{ "Evil\r\n\r\nbody", "Evilbody" },
		{ "a\tb", "ab" },
		{ "a\x7f"
		  "b\x01",
		    "ab" },
		{ "=?utf-8?Q?J=C3=B6rg?=", "=?utf-8?Q?J=C3=B6rg?=" },
		{ "J\xc3\xb6rg", "=?UTF-8?b?SsO2cmc=?=" },
		{ "J\xc3\xb6rg M", "=?UTF-8?q?J=C3=B6rg_M?=" },
		{ "\xc3\xb6,\"_=?", "=?UTF-8?b?w7YsIl89Pw==?=" },
		{ "Names, of Jos\xc3\xa9", "=?UTF-8?b?TmFtZXMsIG9mIEpvc8Op?=" },
		{ "\xe6\x97\xa5\xe6\x9c\xac", "=?UTF-8?b?5pel5pys?=" },
		{ "\xf0\x9f\x93\xae", "=?UTF-8?b?8J+Trg==?=" },
		{ "J\xf6rg", "=?unknown-8bit?q?J=F6rg?=" },
		/* Overlong, surrogate, cut, beyond the last plane. */
		{ "abcdefgh\xc0\xaf", "=?unknown-8bit?q?abcdefgh=C0=AF?=" },
		{ "abcdefghijklmn\xed\xa0\x80",
		    "=?unknown-8bit?q?abcdefghijklmn=ED=A0=80?=" },
		{ "abcdefgh\xe2\x82", "=?unknown-8bit?q?abcdefgh=E2=82?=" },
		{ "abcdefghijklmnop\xf4\x90\x80\x80",
		    "=?unknown-8bit?q?abcdefghijklmnop=F4=90=80=80?=" },
		{ "abc\x80", "=?unknown-8bit?q?abc=80?=" },
		{ "abc\xff", "=?unknown-8bit?q?abc=FF?=" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf b;

		CASE(rows[i].name);
		buf_init(&b, 1000);
		addr_add_phrase(&b, slice_of(rows[i].name));
		CHECK_STR(buf_text(&b), rows[i].phrase);
		buf_free(&b);
	}
}

/* Long names: words of at most 75, whole characters, lines of at most 76. */
TEST(phrase_words)
{
	static const char *const units[] = { "\xc3\xb6", "ab\xc3\xb6",
		"\xe6\x97\xa5", "\xf0\x9f\x93\xae", "abcdefghij\xc3\xb6 ",
		"\xff", "abcdef\xff " };

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		for (size_t n = 1; n < 120; n++) {
			struct slice rest, line;
			struct buf name, b;

			CASE(units[i]);
			buf_init(&name, 4000);
			buf_init(&b, 40000);
			for (size_t k = 0; k < n; k++)
				buf_adds(&name, units[i]);
			addr_add_phrase(&b, buf_slice(&name));
			CHECK(!b.full);
			rest = buf_slice(&b);
			for (size_t k = 0; slice_take_line(&rest, &line); k++) {
				struct slice word = slice_trim_eol(line);

				CHECK_INT(line.p[0] == ' ', k > 0);
				CHECK(word.n <= (k ? 75 : 62));
				CHECK(slice_starts(word, SLICE("=?")));
				CHECK(slice_iends(word, SLICE("?=")));
				/* q: no character torn apart. */
				if (strstr(units[i], "\xc3") &&
				    slice_find(word, 'q') == 8)
					CHECK(!slice_iends(
					    slice_head(word, word.n - 2),
					    SLICE("=C3")));
			}
			buf_free(&name);
			buf_free(&b);
		}
}
