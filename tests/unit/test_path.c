#include "path.h"
#include "unit.h"

TEST(make)
{
	static const struct {
		const char *address;
		const char *ascii, *utf8; /* NULL: refused */
		bool needs_utf8;
		const char *text;
	} rows[] = {
		{ "", "", "", false, "" },
		{ "a@b", "a@b", "a@b", false, "" },
		{ "root", "root", "root", false, "" },
		{ "\"a b\"@c", "\"a b\"@c", "\"a b\"@c", false, "" },
		{ "\"<\\\">@\"@c", "\"<\\\">@\"@c", "\"<\\\">@\"@c", false,
		    "" },
		{ "a@[IPv6:::1]", "a@[IPv6:::1]", "a@[IPv6:::1]", false, "" },
		{ "a@b\xc3\xbc"
		  "cher.example",
		    "a@xn--bcher-kva.example",
		    "a@b\xc3\xbc"
		    "cher.example",
		    false, "" },
		{ "\"a@b\"@\xc3\xbc.example", "\"a@b\"@xn--tda.example",
		    "\"a@b\"@\xc3\xbc.example", false, "" },
		{ "a@B\xc3\x9c"
		  "CHER.example",
		    "a@xn--bcher-kva.example",
		    "a@B\xc3\x9c"
		    "CHER.example",
		    false, "" },
		{ "\xc3\xbc@b", NULL, "\xc3\xbc@b", true, "SMTPUTF8" },
		{ "\xc3\xbc@\xc3\xbc.example", NULL,
		    "\xc3\xbc@\xc3\xbc.example", true, "SMTPUTF8" },
		{ "\xc3\xbc", NULL, "\xc3\xbc", true, "SMTPUTF8" },
		{ "\"\xc3\xbc@\"@b", NULL, "\"\xc3\xbc@\"@b", true,
		    "SMTPUTF8" },
		{ "a@\xe2\x80\xa8.example", NULL, "a@\xe2\x80\xa8.example",
		    false, "" },
		/* What stands for "b> size=1", "b c", "", ".", "b..c", "a/c",
		   and in front of a label for a quote. */
		{ "a@b\xef\xbc\x9e\xc2\xa0SIZE\xef\xbc\x9d"
		  "1",
		    NULL,
		    "a@b\xef\xbc\x9e\xc2\xa0SIZE\xef\xbc\x9d"
		    "1",
		    false, "not the name of a host" },
		{ "a@b\xe3\x80\x80"
		  "c",
		    NULL,
		    "a@b\xe3\x80\x80"
		    "c",
		    false, "not the name of a host" },
		{ "a@\xc2\xad", NULL, "a@\xc2\xad", false,
		    "not the name of a host" },
		{ "a@\xe3\x80\x82", NULL, "a@\xe3\x80\x82", false,
		    "not the name of a host" },
		{ "a@b\xe3\x80\x82.c", NULL, "a@b\xe3\x80\x82.c", false,
		    "not the name of a host" },
		{ "a@\xe2\x84\x80", NULL, "a@\xe2\x84\x80", false,
		    "not the name of a host" },
		{ "a@\xef\xbc\x82.b", NULL, "a@\xef\xbc\x82.b", false,
		    "not the name of a host" },
		{ "a@b\xe3\x80\x82"
		  "c",
		    "a@b.c",
		    "a@b\xe3\x80\x82"
		    "c",
		    false, "" },
		{ "a@b> SIZE=1", NULL, NULL, false, "cannot carry" },
		{ "<a@b>", NULL, NULL, false, "cannot carry" },
		{ "a b@c", NULL, NULL, false, "cannot carry" },
		{ "a\r\n@c", NULL, NULL, false, "cannot carry" },
		{ "\"a\\\r\n\"@c", NULL, NULL, false, "cannot carry" },
		{ "\"a", NULL, NULL, false, "cannot carry" },
		{ "a@\xff", NULL, NULL, false, "cannot carry" },
		{ "\xc3\xbc> X@b", NULL, NULL, true, "cannot carry" },
		{ "\xc3\xbc\r\n@b", NULL, NULL, true, "cannot carry" },
	};
	struct arena a = { 0 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *path = NULL;
		struct fail why = { .kind = FAIL_NONE };

		CASE(rows[i].address);
		CHECK_INT(path_needs_utf8(rows[i].address), rows[i].needs_utf8);
		CHECK_INT(path_make(rows[i].address, true, &a, &path, &why),
		    rows[i].utf8 ? 0 : -1);
		CHECK_STR(path, rows[i].utf8);
		path = NULL;
		CHECK_INT(path_make(rows[i].address, false, &a, &path, &why),
		    rows[i].ascii ? 0 : -1);
		CHECK_STR(path, rows[i].ascii);
		CHECK_INT(why.kind, rows[i].ascii ? FAIL_NONE : FAIL_MESSAGE);
		CHECK(strstr(why.text, rows[i].text) != NULL);
	}
	arena_free(&a);
}

/* The longest address there may be, and one octet more. */
TEST(lengths)
{
	struct arena a = { 0 };
	char address[400];

	for (size_t n = 319; n <= 321; n++) {
		const char *path;

		memset(address, 'a', n);
		address[n] = '\0';
		address[1] = '@';
		CASE("a length");
		CHECK_INT(path_make(address, false, &a, &path, NULL),
		    n <= 320 ? 0 : -1);
	}
	arena_free(&a);
}

TEST(key)
{
	static const struct {
		const char *label, *address, *key; /* NULL: the address */
	} rows[] = {
		{ "none", "", NULL },
		{ "no domain", "root", NULL },
		{ "a local part alone", "\xc3\xbc", NULL },
		{ "ASCII", "A@B.Example", NULL },
		{ "A-labels", "a@XN--BCHER-KVA.example", NULL },
		{ "Unicode",
		    "a@b\xc3\xbc"
		    "cher.example",
		    "a@xn--bcher-kva.example" },
		{ "in capitals",
		    "a@B\xc3\x9c"
		    "CHER.example",
		    "a@xn--bcher-kva.example" },
		{ "not composed",
		    "a@bu\xcc\x88"
		    "cher.example",
		    "a@xn--bcher-kva.example" },
		{ "a local part in UTF-8 stays", "\xc3\xbc@\xc3\xbc.example",
		    "\xc3\xbc@xn--tda.example" },
		{ "quoted", "\"a@\xc3\xbc\"@\xc3\xbc.example",
		    "\"a@\xc3\xbc\"@xn--tda.example" },
		{ "no name of a host", "a@\xe2\x80\xa8.example", NULL },
		{ "not UTF-8", "a@\xff.example", NULL },
	};
	struct arena a = { 0 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CASE(rows[i].label);
		CHECK_STR(path_key(rows[i].address, &a),
		    rows[i].key ? rows[i].key : rows[i].address);
	}
	arena_free(&a);
}
