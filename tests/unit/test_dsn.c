#include "dsn.h"
#include "unit.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

TEST(parameters)
{
	static const struct {
		const char *label;
		struct dsn dsn;
		const char *mail, *rcpt;
	} rows[] = {
		{ "nothing", { NULL, NULL, NULL }, "", "" },
		{ "empty", { "", "", "" }, "", "" },
		{ "never", { "never", NULL, NULL }, "", " NOTIFY=NEVER" },
		{ "the order stays", { "delay,failure,success", NULL, NULL },
		    "", " NOTIFY=DELAY,FAILURE,SUCCESS" },
		{ "any case", { "Failure,DELAY", "Full", NULL }, " RET=FULL",
		    " NOTIFY=FAILURE,DELAY" },
		{ "headers", { NULL, "hdrs", NULL }, " RET=HDRS", "" },
		{ "an id", { NULL, NULL, "QQ314159" }, " ENVID=QQ314159", "" },
		{ "all", { "success", "full", "a" }, " RET=FULL ENVID=a",
		    " NOTIFY=SUCCESS" },
		/* RFC 3461 4: xtext. */
		{ "plus and equals", { NULL, NULL, "a+b=c" },
		    " ENVID=a+2Bb+3Dc", "" },
		{ "blanks", { NULL, NULL, " a b " }, " ENVID=+20a+20b+20", "" },
		{ "the ends of the range", { NULL, NULL, "!~" }, " ENVID=!~",
		    "" },
		{ "brackets", { NULL, NULL, "<a>@\"b\"" }, " ENVID=<a>@\"b\"",
		    "" },
		{ "encoded already", { NULL, NULL, "+2B" }, " ENVID=+2B2B",
		    "" },
		/* Nobody lets these in; they must not get out as they are. */
		{ "controls", { NULL, NULL, "a\r\nb\t\x7f" },
		    " ENVID=a+0D+0Ab+09+7F", "" },
		{ "8 bits", { NULL, NULL, "\xc3\xa4\xff" }, " ENVID=+C3+A4+FF",
		    "" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct buf b;

		CASE(rows[i].label);
		buf_init(&b, 1000);
		dsn_add_mail(&b, &rows[i].dsn);
		CHECK_STR(buf_text(&b), rows[i].mail);
		buf_clear(&b);
		dsn_add_rcpt(&b, &rows[i].dsn);
		CHECK_STR(buf_text(&b), rows[i].rcpt);
		buf_free(&b);
	}
}

TEST(envelope_ids)
{
	static const struct {
		const char *text;
		int is_one;
	} rows[] = {
		{ "", 1 },
		{ "a", 1 },
		{ " a = b + c ", 1 },
		{ "a\tb", 0 },
		{ "a\n", 0 },
		{ "a\x7f", 0 },
		{ "\xc3\xa4", 0 },
	};

	char text[200];

	for (size_t i = 0; i < COUNT(rows); i++) {
		CASE(rows[i].text);
		CHECK_INT(dsn_is_envid(slice_of(rows[i].text)), rows[i].is_one);
	}
	memset(text, 'x', sizeof(text));
	CASE("as long as it may be");
	CHECK(dsn_is_envid((struct slice){ text, DSN_ENVID_MAX }));
	CASE("longer");
	CHECK(!dsn_is_envid((struct slice){ text, DSN_ENVID_MAX + 1 }));
}
