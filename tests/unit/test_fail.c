#include "fail.h"
#include "slice.h"
#include "unit.h"
#include <sysexits.h>

static const struct {
	const char *name;
	int code;
} sysexits[] = {
	{ "EX_OK", EX_OK },
	{ "EX_USAGE", EX_USAGE },
	{ "EX_DATAERR", EX_DATAERR },
	{ "EX_NOINPUT", EX_NOINPUT },
	{ "EX_NOUSER", EX_NOUSER },
	{ "EX_NOHOST", EX_NOHOST },
	{ "EX_UNAVAILABLE", EX_UNAVAILABLE },
	{ "EX_SOFTWARE", EX_SOFTWARE },
	{ "EX_OSERR", EX_OSERR },
	{ "EX_OSFILE", EX_OSFILE },
	{ "EX_CANTCREAT", EX_CANTCREAT },
	{ "EX_IOERR", EX_IOERR },
	{ "EX_TEMPFAIL", EX_TEMPFAIL },
	{ "EX_PROTOCOL", EX_PROTOCOL },
	{ "EX_NOPERM", EX_NOPERM },
	{ "EX_CONFIG", EX_CONFIG },
};

static int sysexits_code(const char *name)
{
	for (size_t i = 0; i < sizeof(sysexits) / sizeof(sysexits[0]); i++)
		if (strcmp(sysexits[i].name, name) == 0)
			return sysexits[i].code;
	return -1;
}

static const struct {
	enum fail_kind kind;
	const char *label;
	int code;
	const char *name, *meaning;
} kinds[] = {

#define FAIL(kind, code, name, meaning)                                        \
	{ FAIL_##kind, #kind, code, name, meaning },
#include "fail.def"
#undef FAIL
};

TEST(every_row_of_fail_def)
{
	CHECK_INT(sizeof(kinds) / sizeof(kinds[0]), FAIL_KINDS);
	for (size_t i = 0; i < FAIL_KINDS; i++) {
		CASE(kinds[i].label);
		CHECK_INT(kinds[i].kind, i);
		CHECK_INT(kinds[i].code, sysexits_code(kinds[i].name));
		CHECK_INT(fail_exit_code(kinds[i].kind), kinds[i].code);
		CHECK_STR(fail_code_name(kinds[i].code), kinds[i].name);
		CHECK(strlen(kinds[i].meaning) > 5);
		for (size_t k = 0; k < i; k++)
			CHECK(strcmp(kinds[i].meaning, kinds[k].meaning) != 0);
	}
}

/* The contract with callers of sendmail, spelt out once more. */
TEST(exit_codes_of_the_kinds)
{
	static const struct {
		enum fail_kind kind;
		int code;
	} rows[] = {
		{ FAIL_NONE, 0 },
		{ FAIL_USAGE, 64 },
		{ FAIL_MESSAGE, 65 },
		{ FAIL_INPUT, 66 },
		{ FAIL_RCPT, 67 },
		{ FAIL_NOHOST, 68 },
		{ FAIL_REFUSED, 69 },
		{ FAIL_BUG, 70 },
		{ FAIL_OS, 71 },
		{ FAIL_DNS, 75 },
		{ FAIL_CONNECT, 75 },
		{ FAIL_LOST, 75 },
		{ FAIL_TLS, 75 },
		{ FAIL_LATER, 75 },
		{ FAIL_UNSURE, 75 },
		{ FAIL_SPOOL, 75 },
		{ FAIL_LOCKED, 75 },
		{ FAIL_NOMEM, 75 },
		{ FAIL_PROTOCOL, 76 },
		{ FAIL_AUTH, 77 },
		{ FAIL_SENDER, 77 },
		{ FAIL_CONFIG, 78 },
		{ FAIL_SECRET, 78 },
	};

	CHECK_INT(sizeof(rows) / sizeof(rows[0]), FAIL_KINDS);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CASE(kinds[rows[i].kind].label);
		CHECK_INT(fail_exit_code(rows[i].kind), rows[i].code);
	}
}

TEST(unknown_kinds_and_codes)
{
	CHECK_INT(fail_exit_code(FAIL_KINDS), EX_SOFTWARE);
	CHECK_STR(fail_code_name(-1), "EX_SOFTWARE");
	CHECK_STR(fail_code_name(1), "EX_SOFTWARE");
	CHECK_STR(fail_code_name(79), "EX_SOFTWARE");
	CHECK_STR(fail_code_name(0), "EX_OK");
}

TEST(zeroed_is_no_failure)
{
	struct fail why = { 0 };

	CHECK_INT(why.kind, FAIL_NONE);
	CHECK_INT(fail_exit_code(why.kind), 0);
}

TEST(fail_fills)
{
	struct fail why = { .advice = "old" };

	CHECK_INT(
	    fail(&why, FAIL_DNS, "%s: %s", "host.example", "no answer"), -1);
	CHECK_INT(why.kind, FAIL_DNS);
	CHECK_STR(why.text, "host.example: no answer");
	CHECK(why.advice == NULL);
	CHECK_INT(fail(NULL, FAIL_DNS, "%s", "ignored"), -1);
	CHECK_INT(fail_wrap(NULL, "%s", "ignored"), -1);
}

TEST(fail_is_printable)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{ "", "" },
		{ "550 no such user", "550 no such user" },
		{ "a\r\nb\tc", "a??b?c" },
		{ "\033]0;title\007", "?]0;title?" },
		{ "\x7f\x80\xff", "???" },
		{ "na\xc3\xafve", "na??ve" },
		{ "100% %s %n", "100% %s %n" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fail why = { 0 };

		CASE(rows[i].out);
		fail(&why, FAIL_REFUSED, "%s", rows[i].in);
		CHECK_STR(why.text, rows[i].out);
		fail(&why, FAIL_REFUSED, "%s", "x");
		fail_wrap(&why, "%s", rows[i].in);
		CHECK_INT(strlen(why.text), strlen(rows[i].out) + 3);
		CHECK(memcmp(why.text, rows[i].out, strlen(rows[i].out)) == 0);
		CHECK_STR(why.text + strlen(rows[i].out), ": x");
	}
}

TEST(fail_from_its_own_text)
{
	struct fail why = { 0 };

	fail(&why, FAIL_LOST, "%s", "reset by peer");
	fail(&why, FAIL_UNSURE, "may be delivered (%s)", why.text);
	CHECK_INT(why.kind, FAIL_UNSURE);
	CHECK_STR(why.text, "may be delivered (reset by peer)");
	fail_wrap(&why, "again %s", why.text);
	CHECK_STR(why.text, "again may be delivered (reset by peer): "
			    "may be delivered (reset by peer)");
}

/* Every length around the limit, for the text and for the context. */
TEST(fail_clips)
{
	static char text[FAIL_TEXT_MAX + 50];

	for (size_t n = FAIL_TEXT_MAX - 8; n < FAIL_TEXT_MAX + 40; n++) {
		struct fail why = { 0 };
		size_t kept = n < FAIL_TEXT_MAX ? n : FAIL_TEXT_MAX - 1;

		CASE("text");
		memset(text, 't', n);
		text[n] = '\0';
		fail(&why, FAIL_LOST, "%s", text);
		CHECK_INT(strlen(why.text), kept);
		CASE("short context before a long text");
		fail_wrap(&why, "%s", "abc");
		CHECK(strncmp(why.text, "abc: ttt", 8) == 0);
		CHECK(strlen(why.text) < FAIL_TEXT_MAX);
		CHECK_INT(strlen(why.text),
		    kept + 5 < FAIL_TEXT_MAX ? kept + 5 : FAIL_TEXT_MAX - 1);
		CASE("long context before a short text");
		fail(&why, FAIL_LOST, "%s", "xyz");
		fail_wrap(&why, "%s", text);
		CHECK_INT(why.text[0], 't');
		CHECK(strlen(why.text) < FAIL_TEXT_MAX);
	}
}

TEST(fail_wrap_nests)
{
	struct fail why = { 0 };

	fail(&why, FAIL_CONFIG, "line %d: unknown keyword", 3);
	CHECK_INT(fail_wrap(&why, "%s", "/etc/postriderrc"), -1);
	CHECK_INT(fail_wrap(&why, "account %s", "x"), -1);
	CHECK_STR(
	    why.text, "account x: /etc/postriderrc: line 3: unknown keyword");
	CHECK_INT(why.kind, FAIL_CONFIG);
}

TEST(fail_wrap_many_times)
{
	struct fail why = { 0 };

	fail(&why, FAIL_CONFIG, "%s", "innermost");
	for (int i = 0; i < 1000; i++)
		fail_wrap(&why, "%d", i);
	CHECK_INT(strlen(why.text), FAIL_TEXT_MAX - 1);
	CHECK(strncmp(why.text, "999: 998: ", 10) == 0);
}

TEST(fail_as)
{
	struct fail why = { 0 };

	fail(&why, FAIL_CONFIG, "%s", "bad");
	CHECK_INT(fail_as(&why, FAIL_USAGE), -1);
	CHECK_INT(why.kind, FAIL_USAGE);
	CHECK_STR(why.text, "bad");
	CHECK_INT(fail_as(NULL, FAIL_USAGE), -1);
}
