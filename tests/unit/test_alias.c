#include "addr.h"
#include "alias.h"
#include "unit.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static struct arena arena;
static struct buf warnings;
static struct alias_table table;

static void load(struct slice text)
{
	buf_init(&warnings, 65536);
	alias_parse(&table, "F", text, &arena, &warnings);
	table.host = "box.example.org";
}

static void unload(void)
{
	buf_free(&warnings);
	arena_free(&arena);
}

/* "address address"; what holds for all results is checked here. */
static const char *expand(const char *address)
{
	struct alias_list list = { 0 };
	const char *out = "";

	alias_expand(&table, address, &arena, &list, &warnings);
	CHECK(list.n >= 1 && list.n <= ALIAS_RESULT_MAX);
	for (size_t i = 0; i < list.n; i++)
		out = arena_printf(
		    &arena, "%s%s%s", out, i ? " " : "", list.v[i]);
	return out;
}

/* ---- the grammar ---- */

struct row {
	const char *text;
	const char *results; /* for "root" */
	const char *warnings;
};

static const struct row rows[] = {
	{ "", "root", "" },
	{ "\n", "root", "" },
	{ "root: a@b", "a@b", "" },
	{ "root:a@b\n", "a@b", "" },
	{ "root \t:\ta@b \n", "a@b", "" },
	{ "root: a@b, c@d,e@f ,g\n", "a@b c@d e@f g", "" },
	{ "root: c@d, a@b\n", "c@d a@b", "" },
	{ "root: ,a@b,, ,c@d,\n", "a@b c@d", "" },
	{ "root: a@b, a@B, A@b, a@b\n", "a@b A@b", "" },
	{ "ROOT: a@b\n", "a@b", "" },
	{ "\"root\": a@b\n", "a@b", "" },
	{ "\"ro\\ot\": a@b\n", "a@b", "" },
	{ "other: a@b\n", "root", "" },
	{ "roo: a@b\nroott: c@d\n", "root", "" },

	/* Lines. */
	{ "root: a@b\r\n", "a@b", "" },
	{ "root: a@b,\r\n\tc@d\r\n", "a@b c@d", "" },
	{ "root: a@b\r\r\n", "a@b", "" },
	{ "root: a@b,\n c@d\n", "a@b c@d", "" },
	{ "root:\n\ta@b\n", "a@b", "" },
	{ "root\n : a@b\n", "a@b", "" },
	{ "root: a@b\n , c@d\n", "a@b c@d", "" },
	{ "root:\n\n\ta@b,\n  \n\tc@d\n", "a@b c@d", "" },
	{ "root:\n# one\n a@b,\n  # two\n c@d\n", "a@b c@d", "" },
	{ "root: a@b,\nweb: c@d\n", "a@b", "" },
	{ "root: a@b,", "a@b", "" },
	{ "\n\n  \n\t\nroot: a@b", "a@b", "" },
	{ "root: a@b\n c@d\n", "root",
	    "F: line 1: left out: a comma is missing at octet 6, \"c@d\"\n" },
	{ "root: a@b\n\n c@d\n", "root",
	    "F: line 1: left out: a line end at octet 4, \"?? c@d\"\n" },
	{ "root: a@b\n,c@d\n", "a@b",
	    "F: line 2: left out: a name and a colon are missing\n" },

	/* Indented names. */
	{ " root: a@b\n", "a@b", "" },
	{ "  root: a@b\n  web: c@d\n", "a@b", "" },
	{ "web: c@d\n  root: a@b\n", "a@b", "" },
	{ "web: c@d\n\troot : a@b\n", "a@b", "" },
	{ "web: c@d\n \"root\": a@b\n", "a@b", "" },
	{ "web: c@d,\n  root: a@b\n", "root",
	    "F: line 2: left out: a group without its semicolon at the end\n" },
	{ "web:\n  root: a@b\n", "root",
	    "F: line 2: left out: a group without its semicolon at the end\n" },
	{ "web: c@d, # more\n  root: a@b\n", "root",
	    "F: line 2: left out: a group without its semicolon at the end\n" },
	{ "what\n  root: a@b\n", "a@b",
	    "F: line 1: left out: a name and a colon are missing\n" },

	/* Comments. */
	{ "# root: c@d\nroot: a@b\n", "a@b", "" },
	{ "  # root: c@d\nroot: a@b\n", "a@b", "" },
	{ "#\nroot: a@b # c@d, e@f\n", "a@b", "" },
	{ "root: a@b\t#\n", "a@b", "" },
	{ "root: a@b, # one\n c@d # two\n", "a@b c@d", "" },
	{ "root: a@b#c\n", "a@b", "" },
	{ "root: a@b,#c\n d@e", "a@b d@e", "" },
	{ "root:#c\n d@e", "d@e", "" },
	{ "root: R <a@b># c\n", "a@b", "" },
	{ "root: a@b (c)# c\n", "a@b", "" },
	{ "root: a#b@c\n", "a#b@c", "" },
	{ "root: a#b\n", "a#b", "" },
	{ "root: a@b, c#d\n", "a@b c#d", "" },
	{ "root: \"a # b\"@c\n", "\"a # b\"@c", "" },
	{ "root: \"a\\\" # b\"@c\n", "\"a\\\" # b\"@c", "" },
	{ "root: \"# x\" <a@b>\n", "a@b", "" },
	{ "root # a: b@c\n : d@e\n", "d@e", "" },

	/* Addresses. */
	{ "root: Root <a@b>\n", "a@b", "" },
	{ "root: \"Doe, John\" <a@b>, <c@d>\n", "a@b c@d", "" },
	{ "root: a@b (one, (two)), c@d\n", "a@b c@d", "" },
	{ "root: \"a b\"@c\n", "\"a b\"@c", "" },
	{ "root: \"a,b\"@c, d@e\n", "\"a,b\"@c d@e", "" },
	{ "root: \"a@b\"\n", "a@b", "" },
	{ "root: \"a@b\", \"c@d\"\n", "a@b c@d", "" },
	{ "root: \"a@b\"@c\n", "\"a@b\"@c", "" },
	{ "root: \"a b\"\n", "\"a b\"", "" },
	{ "root: \"\\\"\", a\n", "\"\\\"\" a", "" },
	{ "root: a@[192.0.2.1], b@[IPv6:::1]\n", "a@[192.0.2.1] b@[IPv6:::1]",
	    "" },
	{ "root: a@b,\n Name\n <c@d>\n", "a@b c@d", "" },

	/* What is only read past. */
	{ "root: |/bin/x, a@b\n", "a@b",
	    "F: line 1: |/bin/x is ignored: only addresses and names are "
	    "followed\n" },
	{ "root: \"|/bin/x -f, y # z\", a@b\n", "a@b",
	    "F: line 1: \"|/bin/x -f, y # z\" is ignored: only addresses and "
	    "names are followed\n" },
	{ "root: a@b,\n \"| /bin/x \\\"(\\\"\", c@d\n", "a@b c@d",
	    "F: line 2: \"| /bin/x \\\"(\\\"\" is ignored: only addresses and "
	    "names are followed\n" },
	{ "root: |x (, a@b\n", "a@b",
	    "F: line 1: |x ( is ignored: only addresses and names are "
	    "followed\n" },
	{ "root: |x \\, y, a@b\n", "a@b",
	    "F: line 1: |x \\, y is ignored: only addresses and names are "
	    "followed\n" },
	{ "root: /var/mail/x, a@b\n", "a@b",
	    "F: line 1: /var/mail/x is ignored: only addresses and names are "
	    "followed\n" },
	{ "root: \"/a b\"\n", "root",
	    "F: line 1: \"/a b\" is ignored: only addresses and names are "
	    "followed\n"
	    "F: line 1: root has no address\n" },
	{ "root: /dev/null\n", "root",
	    "F: line 1: /dev/null is ignored: only addresses and names are "
	    "followed\n"
	    "F: line 1: root has no address\n" },
	{ "root: :include:/etc/list, a@b\n", "a@b",
	    "F: line 1: :include:/etc/list is ignored: only addresses and "
	    "names are followed\n" },
	{ "root: \":include:/etc/list\", a@b\n", "a@b",
	    "F: line 1: \":include:/etc/list\" is ignored: only addresses and "
	    "names are followed\n" },
	{ "root: :blackhole:, a@b\n", "a@b",
	    "F: line 1: :blackhole: is ignored: only addresses and names are "
	    "followed\n" },
	{ "root: Error:550 gone away, a@b\n", "a@b",
	    "F: line 1: Error:550 gone away is ignored: only addresses and "
	    "names are followed\n" },
	{ "root: \\|x, \"\\|x\", <|x>, (c) |x, \" |x\", a@b\n", "a@b",
	    "F: line 1: \\|x is ignored: only addresses and names are "
	    "followed\n"
	    "F: line 1: \"\\|x\" is ignored: only addresses and names are "
	    "followed\n"
	    "F: line 1: <|x> is ignored: only addresses and names are "
	    "followed\n"
	    "F: line 1: (c) |x is ignored: only addresses and names are "
	    "followed\n"
	    "F: line 1: \" |x\" is ignored: only addresses and names are "
	    "followed\n" },
	{ "root: \"|x@y\", \"/x@y\", a@b\n", "a@b",
	    "F: line 1: \"|x@y\" is ignored: only addresses and names are "
	    "followed\n"
	    "F: line 1: \"/x@y\" is ignored: only addresses and names are "
	    "followed\n" },
	{ "root: |x\033]0;y\a, a@b\n", "a@b",
	    "F: line 1: |x?]0;y? is ignored: only addresses and names are "
	    "followed\n" },

	/* Empty ones. */
	{ "root:", "root", "F: line 1: root has no address\n" },
	{ "root: # nobody\n", "root", "F: line 1: root has no address\n" },
	{ "root: , ,\n", "root", "F: line 1: root has no address\n" },
	{ "root:\n*: c@d\n", "c@d", "F: line 1: root has no address\n" },
	{ "root:\n*:\n", "root",
	    "F: line 1: root has no address\n"
	    "F: line 2: default has no address\n" },

	/* Syntax errors cost a line. */
	{ "root a@b\nroot: c@d\n", "c@d",
	    "F: line 1: left out: a name and a colon are missing\n" },
	{ ": a@b\nroot: c@d\n", "c@d",
	    "F: line 1: left out: \"\" is not one name or address\n" },
	{ ":include:/etc/x\nroot: c@d\n", "c@d",
	    "F: line 1: left out: \"\" is not one name or address\n" },
	{ "a, root: a@b\nroot: c@d\n", "c@d",
	    "F: line 1: left out: \"a, root\" is not one name or address\n" },
	{ "a root: a@b\nroot: c@d\n", "c@d",
	    "F: line 1: left out: a comma is missing at octet 3, \"root\"\n" },
	{ "\"root: a@b\nroot: c@d\n", "c@d",
	    "F: line 1: left out: a name and a colon are missing\n" },
	{ "root: a@b, \"c@d\nroot: e@f\n", "e@f",
	    "F: line 1: left out: a quote without its end at octet 1, "
	    "\"\"c@d\"\n" },
	{ "root: a@b, c@@d\nroot: e@f\n", "e@f",
	    "F: line 1: left out: an incomplete domain at octet 3, \"@d\"\n" },
	{ "root: a@b; c@d\nroot: e@f\n", "e@f",
	    "F: line 1: left out: \"a@b; c@d\" is not one name or address\n" },
	{ "root: \\\nroot: e@f\n", "e@f",
	    "F: line 1: left out: \"\" is not one name or address\n" },
	{ "root: (x)\nroot: e@f\n", "e@f",
	    "F: line 1: left out: \"(x)\" is not one name or address\n" },
	{ "root: a@b (x, c@d\nroot: e@f\n", "e@f",
	    "F: line 1: left out: a comment without its end at octet 5, \"(x, "
	    "c@d\"\n" },
	{ "root: a@b_!\nroot: e@f\n", "e@f",
	    "F: line 1: left out: the address \"a@b_!\" has a domain that is "
	    "none\n" },
	{ "root: j\xc3\xb6rg@b\n", "j\xc3\xb6rg@b", "" },
	{ "root: j\xf6rg@b\nroot: e@f\n", "e@f",
	    "F: line 1: left out: the address \"j?rg@b\" is neither ASCII nor "
	    "UTF-8\n" },
	{ "root: a\rb@c\nroot: e@f\n", "e@f",
	    "F: line 1: left out: a CR without LF at octet 2, \"?b@c\"\n" },
	{ "x: a@b,\n\n c@d,\n e f\nroot: e@f\n", "e@f",
	    "F: line 4: left out: a comma is missing at octet 3, \"f\"\n" },
	{ "x: a@b,\n# c\n c@d,\n |y\nz\nroot: e@f\n", "e@f",
	    "F: line 4: |y is ignored: only addresses and names are "
	    "followed\n"
	    "F: line 5: left out: a name and a colon are missing\n" },

	/* The first one counts. */
	{ "root: a@b\nroot: c@d\n", "a@b",
	    "F: line 2: left out: root was there before\n" },
	{ "root: a@b\n\n\"ROOT\": c@d\n", "a@b",
	    "F: line 3: left out: ROOT was there before\n" },
	{ "default: a@b\n*: c@d\n", "a@b",
	    "F: line 2: left out: default was there before\n" },

	/* Names of names. */
	{ "root: web\nweb: a@b\n", "a@b", "" },
	{ "web: a@b, c@d\nroot: x@y, WEB, z\n", "x@y a@b c@d z", "" },
	{ "root: \\web\nweb: a@b\n", "web", "" },
	{ "root: \\web, web\nweb: a@b\n", "web a@b", "" },
	{ "root: \\ web\nweb: a@b\n", "web", "" },
	{ "root: \\\"web\", a\nweb: a@b\n", "web a", "" },
	{ "root:\\\"a # b\" # c\n", "\"a # b\"", "" },
	{ "root: \\, a@b\nroot: c@d", "c@d",
	    "F: line 1: left out: \"\" is not one name or address\n" },
	{ "root: \\\"web\"\nweb: a@b\n", "web", "" },
	{ "root: web@localhost\nweb: a@b\n", "a@b", "" },
	{ "root: web@elsewhere.example\nweb: a@b\n", "web@elsewhere.example",
	    "" },
	{ "root: a@b\na@b: c@d\n", "c@d", "" },
	{ "root: a, b\na: x@y, b\nb: x@y, z@y\n", "x@y z@y", "" },

	/* All others. */
	{ "*: a@b\n", "a@b", "" },
	{ "default: a@b\n", "a@b", "" },
	{ "Default: a@b, c@d\n", "a@b c@d", "" },
	{ "*: a@b\nroot: c@d\n", "c@d", "" },
	{ "root: web\n*: a@b\n", "a@b", "" },
	{ "root: x, y@localhost, z@y\n*: a@b\n", "a@b z@y", "" },
	{ "*: web\nweb: a@b\n", "a@b", "" },
	{ "*: web\n", "web", "" },
	{ "*: \\root, a@b\n", "root a@b", "" },
	{ "*: root\n", "root", "" },
	{ "root: \\web\n*: a@b\n", "web", "" },

	/* Loops. */
	{ "root: root\n", "root", "" },
	{ "root: root, a@b\n", "root a@b", "" },
	{ "root: a@b, \\root\n", "a@b root", "" },
	{ "root: Root@LOCALHOST, a@b\n", "Root@LOCALHOST a@b", "" },
	{ "root: web\nweb: root\n", "root", "" },
	{ "root: web, a@b\nweb: c@d, root\n", "c@d root a@b", "" },
	{ "root: web\nweb: web, a@b\n", "web a@b", "" },
	{ "root: x\n*: root, a@b\n", "root a@b", "" },
};

TEST(grammar)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		CASE(rows[i].text);
		load(slice_of(rows[i].text));
		CHECK_STR(expand("root"), rows[i].results);
		CHECK_STR(expand("root"), rows[i].results);
		CHECK_STR(buf_text(&warnings), rows[i].warnings);
		unload();
	}
}

/* ---- who is looked up ---- */

TEST(addresses)
{
	static const char text[] = "root: admin@example.com\n"
				   "\"a b\": ab@example.com\n"
				   "sales@shop.example: s@example.com\n"
				   "root@localhost.example: l@example.com\n"
				   "web@localhost: w@example.com\n"
				   "web: v@example.com\n"
				   "lost@shop.example: |x\n"
				   "j\xc3\xb6rg: j@example.com\n"
				   "*: all@example.com\n";

	static const struct {
		const char *address, *results;
	} table_rows[] = {
		{ "root", "admin@example.com" },
		{ "Root", "admin@example.com" },
		{ "ROOT", "admin@example.com" },
		{ "root@localhost", "admin@example.com" },
		{ "root@LocalHost", "admin@example.com" },
		{ "root@box", "admin@example.com" },
		{ "root@BOX", "admin@example.com" },
		{ "Root@box.example.org", "admin@example.com" },
		{ "root@bo", "root@bo" },
		{ "root@box.example", "root@box.example" },
		{ "root@box.example.org.net", "root@box.example.org.net" },
		{ "root@example.org", "root@example.org" },
		{ "root@localhost.localdomain", "admin@example.com" },
		{ "root@localhost.example", "l@example.com" },
		{ "\\root", "root" },
		{ "\\root@localhost", "root@localhost" },
		{ "\"a b\"", "ab@example.com" },
		{ "\"A B\"@box", "ab@example.com" },
		{ "sales@shop.example", "s@example.com" },
		{ "Sales@Shop.Example", "s@example.com" },
		{ "\\sales@shop.example", "sales@shop.example" },
		{ "lost@shop.example", "lost@shop.example" },
		{ "web@localhost", "w@example.com" },
		{ "web@box", "v@example.com" },
		{ "web", "v@example.com" },
		{ "sales", "all@example.com" },
		{ "sales@box", "all@example.com" },
		{ "sales@other.example", "sales@other.example" },
		{ "j\xc3\xb6rg", "j@example.com" },
		{ "*", "all@example.com" },
		{ "default", "all@example.com" },
		{ "root+x", "all@example.com" },
	};

	load(slice_of(text));
	for (size_t i = 0; i < COUNT(table_rows); i++) {
		CASE(table_rows[i].address);
		CHECK_STR(expand(table_rows[i].address), table_rows[i].results);
	}
	unload();
}

TEST(no_host_name)
{
	load(SLICE("root: a@b\n"));
	table.host = "";
	CHECK_STR(expand("root@localhost"), "a@b");
	CHECK_STR(expand("root@box"), "root@box");
	CHECK_STR(expand("root"), "a@b");
	table.host = "box";
	CHECK_STR(expand("root@box"), "a@b");
	CHECK_STR(expand("root@box.example"), "root@box.example");
	unload();
}

/* Where mail goes for which there is no alias. */
TEST(qualifying)
{
	static const struct {
		const char *address, *host, *domain, *result;
	} cases[] = {
		{ "root", "box", "ex.org", "root@ex.org" },
		{ "root@localhost", "box", "ex.org", "root@ex.org" },
		{ "root@LocalHost", "box", "ex.org", "root@ex.org" },
		{ "root@box", "box", "ex.org", "root@ex.org" },
		{ "root@BOX", "box", "ex.org", "root@ex.org" },
		{ "root@box", "box.ex.net", "ex.org", "root@ex.org" },
		{ "root@box.ex.net", "box.ex.net", "ex.org", "root@ex.org" },
		{ "root@box.ex.net", "box", "ex.org", "root@box.ex.net" },
		{ "root@ex.net", "box.ex.net", "ex.org", "root@ex.net" },
		{ "root@localhost.ex.net", "box", "ex.org",
		    "root@localhost.ex.net" },
		{ "root@localhost", "", "ex.org", "root@ex.org" },
		{ "root", "", "ex.org", "root@ex.org" },
		{ "\"a@b\"@localhost", "box", "ex.org", "\"a@b\"@ex.org" },
		{ "root", "box", NULL, "root" },
		{ "root@localhost", "box", NULL, "root@localhost" },
		{ "root@box", "box", NULL, "root@box" },
		{ "root@localhost", NULL, "ex.org", "root@ex.org" },
		{ "root@box", NULL, "ex.org", "root@box" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct alias_table t = { .host = cases[i].host };

		CASE(cases[i].address);
		CHECK_STR(alias_qualify(
			      &t, cases[i].address, cases[i].domain, &arena),
		    cases[i].result);
	}
	arena_free(&arena);
}

TEST(no_aliases)
{
	char host[256] = "";

	buf_init(&warnings, 100);
	alias_none(&table, &arena);
	CHECK_INT(gethostname(host, sizeof(host) - 1), 0);
	CHECK_STR(table.host, host);
	CHECK_STR(expand("root"), "root");
	CHECK_STR(expand("root@localhost"), "root@localhost");
	unload();
}

TEST(table_of_zeros)
{
	table = (struct alias_table){ 0 };
	buf_init(&warnings, 100);
	CHECK_STR(expand("root"), "root");
	CHECK_STR(expand("\\root"), "root");
	CHECK_STR(expand("root@localhost"), "root@localhost");
	CHECK_STR(buf_text(&warnings), "");
	unload();
}

/* An msmtp user's file gives what msmtp should give. */
TEST(msmtp)
{
	load(SLICE("# Example aliases file\n\n"
		   "root: admin@ex.example\n"
		   "  web : root\n"
		   "team: a@ex.example, b@ex.example\t# two\n"
		   "default: catch@ex.example\n"));
	CHECK_STR(expand("web"), "admin@ex.example");
	CHECK_STR(expand("team"), "a@ex.example b@ex.example");
	CHECK_STR(expand("keep@y.example"), "keep@y.example");
	CHECK_STR(expand("other"), "catch@ex.example");
	CHECK_STR(buf_text(&warnings), "");
	unload();
}

/* ---- limits ---- */

/* n0 leads to n1 and so on to nN, that is an address. */
static void load_chain(int n)
{
	struct buf text;

	buf_init(&text, 4096);
	for (int i = 0; i < n; i++)
		buf_addf(&text, "n%d: n%d\n", i, i + 1);
	buf_addf(&text, "n%d: end@example.com\n", n);
	load(buf_slice(&text));
	buf_free(&text);
}

TEST(depth)
{
	load_chain(ALIAS_DEPTH_MAX - 1);
	CHECK_STR(expand("n0"), "end@example.com");
	CHECK_STR(buf_text(&warnings), "");
	unload();

	load_chain(ALIAS_DEPTH_MAX);
	CHECK_STR(expand("n0"), "n10");
	CHECK_STR(buf_text(&warnings),
	    "F: n0: aliases of aliases are followed 10 times only\n");
	buf_clear(&warnings);
	CHECK_STR(expand("n1"), "end@example.com");
	CHECK_STR(buf_text(&warnings), "");
	unload();
}

/* "root: a0@b, a1@b ..." */
static void load_many(size_t n)
{
	struct buf text;

	buf_init(&text, ALIAS_FILE_MAX);
	buf_adds(&text, "root: again, ");
	for (size_t i = 0; i < n; i++)
		buf_addf(&text, "a%zu@b,%s", i, i % 10 ? "" : "\n ");
	buf_adds(&text, "\nagain: a0@b, \\a1@b\n");
	load(buf_slice(&text));
	buf_free(&text);
}

TEST(results)
{
	struct alias_list list = { 0 };

	load_many(ALIAS_RESULT_MAX);
	alias_expand(&table, "root", &arena, &list, &warnings);
	CHECK_INT(list.n, ALIAS_RESULT_MAX);
	CHECK_STR(list.v[0], "a0@b");
	CHECK_STR(list.v[ALIAS_RESULT_MAX - 1], "a999@b");
	CHECK(!list.is_cut);
	unload();

	load_many(ALIAS_RESULT_MAX + 1);
	alias_expand(&table, "root", &arena, &list, &warnings);
	CHECK_INT(list.n, ALIAS_RESULT_MAX);
	CHECK_STR(list.v[ALIAS_RESULT_MAX - 1], "a999@b");
	CHECK(list.is_cut);
	CHECK_STR(buf_text(&warnings), "");
	CHECK_STR(expand("again"), "a0@b a1@b");
	unload();
}

/* Lines that double each time would take for ever if each were followed. */
TEST(doubling)
{
	struct buf text;

	buf_init(&text, ALIAS_FILE_MAX);
	for (int i = 0; i < 9; i++) {
		buf_addf(&text, "n%d: x%d@b", i, i);
		for (int j = 0; j < 10000; j++)
			buf_addf(&text, ", n%d", i + 1);
		buf_addc(&text, '\n');
	}
	load(buf_slice(&text));
	buf_free(&text);
	CHECK_STR(
	    expand("n0"), "x0@b x1@b x2@b x3@b x4@b x5@b x6@b x7@b x8@b n9");
	CHECK_STR(buf_text(&warnings), "");
	unload();
}

/* Many names, values and warnings: no line takes longer than the others. */
TEST(large_files)
{
	static const char *const lines[] = { "n%06zu:x\n", "n%06zu:\n", "%zu\n",
		" a,\n", ",,,\n", "x:%zu\n", "\"%zu\\\n", " # %zu\n", "\n" };

	for (size_t i = 0; i < COUNT(lines); i++) {
		struct buf text;

		CASE(lines[i]);
		buf_init(&text, ALIAS_FILE_MAX / 4);
		buf_adds(&text, "root: a@b,\n");
		for (size_t n = 0; !text.full; n++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
			buf_addf(&text, lines[i], n);
#pragma GCC diagnostic pop
		}
		load(buf_slice(&text));
		buf_free(&text);
		CHECK(strncmp(expand("root"), "a@b", 3) == 0);
		CHECK(warnings.n == 0 || warnings.p[warnings.n - 1] == '\n');
		unload();
	}
}

/* ---- cuts ---- */

/* Wherever the file ends, something comes out, and never a piece of a
   command. */
TEST(cut_everywhere)
{
	static const char text[] =
	    "# list\nroot: \"|/bin/x, y\", a@b,\r\n\t\\web # c\n"
	    "\"we\\b\": R (x, \"y\") <c@d>\n  more: e@[IPv6:::1]\n*: root";

	for (size_t n = 0; n <= sizeof(text) - 1; n++) {
		CASE(arena_printf(&arena, "%zu", n));
		load(slice_head(SLICE(text), n));
		CHECK(!strchr(expand("root"), '|'));
		CHECK(!strchr(expand("web"), '|'));
		CHECK(!strchr(expand("other"), '|'));
		unload();
	}
	unit_case = "";
}

/* ---- files ---- */

static char *path_of(const char *name)
{
	return arena_printf(&arena, "/tmp/unit-alias-%u-%s", unit_number, name);
}

static void write_file(const char *path, struct slice text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	CHECK(fd >= 0);
	CHECK_INT(write(fd, text.p, text.n), text.n);
	close(fd);
}

static const char *load_path(const char *path)
{
	buf_init(&warnings, 65536);
	alias_load(&table, path, &arena, &warnings);
	return buf_text(&warnings);
}

TEST(file)
{
	char *path = path_of("file");
	char host[256] = "";

	write_file(path, SLICE("root: a@b\nbad\n"));
	CHECK_STR(load_path(path),
	    arena_printf(&arena,
		"%s: line 2: left out: a name and a colon are missing\n",
		path));
	CHECK_STR(expand("root"), "a@b");
	CHECK_INT(gethostname(host, sizeof(host) - 1), 0);
	CHECK_STR(table.host, host);
	CHECK_STR(expand(arena_printf(&arena, "root@%s", host)), "a@b");
	CHECK_INT(unlink(path), 0);
	unload();
}

/* They say where mail goes: whose are they? */
TEST(files_of_others)
{
	static const struct {
		mode_t mode;
		uid_t owner; /* needs root */
		const char *warning;
	} cases[] = {
		{ 0600, 0, "" },
		{ 0644, 0, "" },
		{ 0755, 0, "" },
		{ 0620, 0, "others than its owner may write to it" },
		{ 0602, 0, "others than its owner may write to it" },
		{ 0666, 0, "others than its owner may write to it" },
		{ 0644, 4711, "it belongs to another user" },
		{ 0664, 4711, "others than its owner may write to it" },
	};

	char *path = path_of("others");

	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *said;

		if (cases[i].owner && getuid() != 0)
			continue;
		CASE(arena_printf(&arena, "%o %d", (unsigned)cases[i].mode,
		    (int)cases[i].owner));
		write_file(path, SLICE("root: a@b\n"));
		if (cases[i].owner)
			CHECK_INT(chown(path, cases[i].owner, (gid_t)-1), 0);
		CHECK_INT(chmod(path, cases[i].mode), 0);
		said = load_path(path);
		if (cases[i].warning[0])
			CHECK(strstr(said, cases[i].warning) != NULL);
		else
			CHECK_STR(said, "");
		CHECK_STR(expand("root"), "a@b");
		CHECK_INT(unlink(path), 0);
		buf_free(&warnings);
	}
	unit_case = "";
	arena_free(&arena);
}

TEST(files_that_are_none)
{
	char *path = path_of("none");

	CHECK_STR(load_path(path),
	    arena_printf(
		&arena, "%s: No such file or directory: no aliases\n", path));
	CHECK_STR(expand("root"), "root");
	unload();

	CHECK_STR(load_path("/dev/null"),
	    "/dev/null: not a regular file: no aliases\n");
	CHECK_STR(expand("root"), "root");
	unload();

	CHECK_STR(load_path("/tmp"), "/tmp: not a regular file: no aliases\n");
	unload();

	path = path_of("fifo");
	CHECK_INT(mkfifo(path, 0600), 0);
	CHECK_STR(load_path(path),
	    arena_printf(&arena, "%s: not a regular file: no aliases\n", path));
	CHECK_INT(unlink(path), 0);
	unload();
}

TEST(file_size)
{
	char *path = path_of("size");
	struct buf text;

	buf_init(&text, ALIAS_FILE_MAX + 1);
	buf_adds(&text, "root: a@b\n#");
	while (text.n < ALIAS_FILE_MAX)
		buf_addc(&text, 'x');
	write_file(path, buf_slice(&text));
	CHECK_STR(load_path(path), "");
	CHECK_STR(expand("root"), "a@b");
	buf_free(&warnings);

	buf_addc(&text, 'x');
	write_file(path, buf_slice(&text));
	CHECK_STR(load_path(path),
	    arena_printf(&arena, "%s: larger than 1 MiB: no aliases\n", path));
	CHECK_STR(expand("root"), "root");
	buf_free(&text);
	CHECK_INT(unlink(path), 0);
	unload();
}

/* A warning is there whole or not at all. */
TEST(warnings_that_do_not_fit)
{
	static const char text[] = "bad\nbad\nbad\nroot: a@b\n";

	for (size_t max = 0; max < 200; max++) {
		CASE("");
		buf_init(&warnings, max);
		alias_parse(&table, "F", slice_of(text), &arena, &warnings);
		CHECK_INT(warnings.n % 52, 0);
		CHECK_STR(expand("root"), "a@b");
		unload();
	}
}
