#include "reply.h"
#include "unit.h"

/* Feeds lines that end with LF; the last status, with *why. */
static int feed(struct reply *r, const char *text,
    const struct reply_limits *limits, struct fail *why)
{
	struct slice rest = slice_of(text), line;
	int status = 0;

	reply_clear(r);
	while (status == 0 && slice_take_line(&rest, &line))
		status = reply_add_line(r, slice_trim_eol(line), limits, why);
	return status;
}

TEST(lines)
{
	static const struct {
		const char *text;
		int status, code;
		const char *enhanced; /* three numbers */
		unsigned n_lines;
		const char *body;
	} rows[] = {
		{ "220 mail.example.com ESMTP\n", 1, 220, "0.0.0", 1,
		    "mail.example.com ESMTP" },
		{ "250\n", 1, 250, "0.0.0", 1, "" },
		{ "250 \n", 1, 250, "0.0.0", 1, "" },
		{ "250-a\n250 b\n", 1, 250, "0.0.0", 2, "a\nb" },
		{ "250-a\n250\n", 1, 250, "0.0.0", 2, "a\n" },
		{ "250-\n250-\n250 \n", 1, 250, "0.0.0", 3, "\n\n" },
		{ "250-a\n", 0, 250, "0.0.0", 1, "a" },
		{ "550 5.1.1 no such user\n", 1, 550, "5.1.1", 1,
		    "5.1.1 no such user" },
		{ "550 5.1.1\n", 1, 550, "5.1.1", 1, "5.1.1" },
		{ "451 4.4.2 Timeout waiting for data from client.\n", 1, 451,
		    "4.4.2", 1, "4.4.2 Timeout waiting for data from client." },
		{ "550-first\n550 5.7.1 second\n", 1, 550, "5.7.1", 2,
		    "first\n5.7.1 second" },
		/* Another class, too many digits, no code at all. */
		{ "254 4.7.1 Suppression\n", 1, 254, "0.0.0", 1,
		    "4.7.1 Suppression" },
		{ "550 4.1.1 x\n", 1, 550, "0.0.0", 1, "4.1.1 x" },
		{ "550 5.1.1x\n", 1, 550, "0.0.0", 1, "5.1.1x" },
		{ "550 5.1. x\n", 1, 550, "0.0.0", 1, "5.1. x" },
		{ "550 5..1 x\n", 1, 550, "0.0.0", 1, "5..1 x" },
		{ "550 5.1\n", 1, 550, "0.0.0", 1, "5.1" },
		{ "550 5.999.1 x\n", 1, 550, "0.0.0", 1, "5.999.1 x" },
		{ "550 5.1234.1 x\n", 1, 550, "0.0.0", 1, "5.1234.1 x" },
		{ "550 5.7.26 x\n", 1, 550, "5.7.26", 1, "5.7.26 x" },
		{ "550 05.7.26 x\n", 1, 550, "0.0.0", 1, "05.7.26 x" },
		{ "250 2.0.0 Ok\n", 1, 250, "2.0.0", 1, "2.0.0 Ok" },
		{ "599 x\n", 1, 599, "0.0.0", 1, "x" },
		{ "200 x\n", 1, 200, "0.0.0", 1, "x" },
		{ "354 End data with <CR><LF>.<CR><LF>\n", 1, 354, "0.0.0", 1,
		    "End data with <CR><LF>.<CR><LF>" },
		{ "250 \x1b[31mred\xff\n", 1, 250, "0.0.0", 1,
		    "\x1b[31mred\xff" },
		/* Not a reply. */
		{ "\n", -1, 0, "0.0.0", 0, "" },
		{ "2\n", -1, 0, "0.0.0", 0, "" },
		{ "25\n", -1, 0, "0.0.0", 0, "" },
		{ "25x ok\n", -1, 0, "0.0.0", 0, "" },
		{ "2500 ok\n", -1, 0, "0.0.0", 0, "" },
		{ "250:ok\n", -1, 0, "0.0.0", 0, "" },
		{ "250\tok\n", -1, 0, "0.0.0", 0, "" },
		{ "x250 ok\n", -1, 0, "0.0.0", 0, "" },
		{ "+50 ok\n", -1, 0, "0.0.0", 0, "" },
		{ "-50 ok\n", -1, 0, "0.0.0", 0, "" },
		{ "100 ok\n", -1, 0, "0.0.0", 0, "" },
		{ "199 ok\n", -1, 0, "0.0.0", 0, "" },
		{ "000 ok\n", -1, 0, "0.0.0", 0, "" },
		{ "600 ok\n", -1, 0, "0.0.0", 0, "" },
		{ "999 ok\n", -1, 0, "0.0.0", 0, "" },
		{ "HTTP/1.1 400 Bad Request\n", -1, 0, "0.0.0", 0, "" },
		{ "\x16\x03\x01\n", -1, 0, "0.0.0", 0, "" },
		/* Codes that differ. */
		{ "250-a\n251 b\n", -1, 250, "0.0.0", 1, "a" },
		{ "250-a\n550 b\n", -1, 250, "0.0.0", 1, "a" },
		{ "250-a\nb\n", -1, 250, "0.0.0", 1, "a" },
	};
	struct reply r;

	reply_init(&r);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fail why = { .kind = FAIL_NONE };
		char enhanced[16];

		CASE(rows[i].text);
		CHECK_INT(feed(&r, rows[i].text, &reply_limits_usual, &why),
		    rows[i].status);
		CHECK_INT(r.code, rows[i].code);
		CHECK_INT(r.n_lines, rows[i].n_lines);
		CHECK_INT(reply_class(&r), rows[i].code / 100);
		CHECK_SLICE(buf_slice(&r.text), rows[i].body);
		(void)snprintf(enhanced, sizeof(enhanced), "%d.%d.%d",
		    r.enhanced[0], r.enhanced[1], r.enhanced[2]);
		CHECK_STR(enhanced, rows[i].enhanced);
		CHECK_INT(
		    why.kind, rows[i].status < 0 ? FAIL_PROTOCOL : FAIL_NONE);
	}
	reply_free(&r);
}

TEST(limits)
{
	static const struct {
		const char *label;
		const struct reply_limits *limits;
		unsigned lines;
		size_t length;
		int status;
	} rows[] = {
		{ "64 lines", &reply_limits_usual, 64, 10, 0 },
		{ "65 lines", &reply_limits_usual, 65, 10, -1 },
		{ "128 lines", &reply_limits_ehlo, 128, 10, 0 },
		{ "129 lines", &reply_limits_ehlo, 129, 10, -1 },
		{ "8 long lines", &reply_limits_usual, 8, 2046, 0 },
		{ "9 long lines", &reply_limits_usual, 9, 2046, -1 },
		{ "31 long lines", &reply_limits_ehlo, 31, 2046, 0 },
		{ "33 long lines", &reply_limits_ehlo, 33, 2046, -1 },
		{ "a challenge", &reply_limits_auth, 1, 12292, 0 },
	};

	char line[13000];
	struct reply r;

	reply_init(&r);
	memset(line, 'x', sizeof(line));
	memcpy(line, "250-", 4);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct slice s = { line, rows[i].length };
		struct fail why = { .kind = FAIL_NONE };
		int status = 0;

		CASE(rows[i].label);
		reply_clear(&r);
		for (unsigned n = 0; n < rows[i].lines && status == 0; n++)
			status = reply_add_line(&r, s, rows[i].limits, &why);
		CHECK_INT(status, rows[i].status);
		CHECK(!r.text.full);
		CHECK(r.text.n <= rows[i].limits->max_bytes);
	}
	reply_free(&r);
}

TEST(for_people)
{
	static const struct {
		const char *text, *described, *lines;
	} rows[] = {
		{ "250 Ok\n", "250 Ok", "250 Ok" },
		{ "250\n", "250", "250" },
		{ "250-\n250 \n", "250", "250-|250" },
		{ "550 5.1.1 no such user\n", "550 5.1.1 no such user",
		    "550 5.1.1 no such user" },
		{ "550-5.7.1 not you\n550-5.7.1 not now\n550 5.7.1 go\n",
		    "550 5.7.1 not you not now go",
		    "550-5.7.1 not you|550-5.7.1 not now|550 5.7.1 go" },
		{ "550-5.7.1 a\n550 4.4.4 b\n", "550 5.7.1 a 4.4.4 b",
		    "550-5.7.1 a|550 4.4.4 b" },
		{ "554 \x1b]0;x\x07\xc3\xa4\r\n", "554 ?]0;x???",
		    "554 ?]0;x???" },
		{ "250-a\n250-\n250 b\n", "250 a b", "250-a|250-|250 b" },
	};
	struct reply r;
	struct buf b;

	reply_init(&r);
	buf_init(&b, 2000);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CASE(rows[i].text);
		CHECK_INT(feed(&r, rows[i].text, &reply_limits_usual, NULL), 1);
		buf_clear(&b);
		reply_describe(&r, &b);
		CHECK_SLICE(buf_slice(&b), rows[i].described);
		buf_clear(&b);
		reply_lines(&r, "|", &b);
		CHECK_SLICE(buf_slice(&b), rows[i].lines);
	}
	buf_free(&b);
	reply_free(&r);
}

TEST(clipped)
{
	char line[2000];
	struct reply r;
	struct buf b;

	reply_init(&r);
	buf_init(&b, 2000);
	memset(line, 'y', sizeof(line));
	memcpy(line, "554-", 4);
	for (size_t n = 0; n < 8; n++)
		CHECK_INT(
		    reply_add_line(&r, (struct slice){ line, 30 + 64 * n },
			&reply_limits_usual, NULL),
		    0);
	CASE("describe");
	reply_describe(&r, &b);
	CHECK_INT(b.n, 512);
	buf_clear(&b);
	CASE("lines");
	reply_lines(&r, "\n", &b);
	CHECK(b.n <= 512 && b.n > 400);
	CHECK(!b.full);
	buf_free(&b);
	reply_free(&r);
}

TEST(server_id)
{
	static const struct {
		const char *text, *id;
	} rows[] = {
		{ "250 Ok 0107018a1b2c3d4e-1a2b3c4d-1a2b-3c4d-5e6f-"
		  "1a2b3c4d5e6f-000000\n",
		    "0107018a1b2c3d4e-1a2b3c4d-1a2b-3c4d-5e6f-1a2b3c4d5e6f-"
		    "000000" },
		{ "250 Ok\n", "" },
		{ "250 OK\n", "" },
		{ "250\n", "" },
		{ "250 2.0.0 Ok: queued as 4Xy1Zz2pLQz9tHk\n",
		    "4Xy1Zz2pLQz9tHk" },
		{ "250 2.0.0 Ok: Queued As ABC123.\n", "ABC123" },
		{ "250 OK id=1rABCD-000001-2x\n", "1rABCD-000001-2x" },
		{ "250 2.6.0 <x@y> [InternalId=77] Queued mail\n", "77" },
		{ "250 Ok accepted\n", "" },
		{ "250 Ok 12345\n", "" },
		{ "250 Ok 123456\n", "123456" },
		{ "250 Ok 0102 more words\n", "" },
		{ "250 Message accepted for delivery 12345678\n", "" },
		{ "250 2.0.0 Ok: queued as \n", "" },
		{ "250 2.0.0 Ok: queued as \x1b[0m\n", "" },
		{ "250 Ok 0102\xff"
		  "030405\n",
		    "" },
		{ "250-Ok 0102030405\n250 more\n", "0102030405" },
		{ "554 Ok 0102030405\n", "" },
		{ "354 Ok 0102030405\n", "" },
	};
	struct reply r;

	reply_init(&r);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CASE(rows[i].text);
		CHECK_INT(feed(&r, rows[i].text, &reply_limits_usual, NULL), 1);
		CHECK_SLICE(reply_server_id(&r), rows[i].id);
	}
	reply_free(&r);
}
