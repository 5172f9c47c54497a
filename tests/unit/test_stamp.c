#include "stamp.h"
#include "unit.h"
#include <locale.h>
#include <stdint.h>

static const char *date(struct buf *b, const char *zone, time_t when)
{
	setenv("TZ", zone, 1);
	tzset();
	buf_clear(b);
	stamp_date(b, when);
	return buf_text(b);
}

TEST(date)
{
	static const struct {
		const char *label, *zone;
		time_t when;
		const char *date;
	} rows[] = {
		{ "epoch", "UTC0", 0, "Thu, 01 Jan 1970 00:00:00 +0000" },
		{ "before it", "UTC0", -1, "Wed, 31 Dec 1969 23:59:59 +0000" },
		{ "leap day", "UTC0", 1709210096,
		    "Thu, 29 Feb 2024 12:34:56 +0000" },
		{ "beyond 32 bits", "UTC0", 4294967296,
		    "Sun, 07 Feb 2106 06:28:16 +0000" },
		{ "east", "EST-5:30", 0, "Thu, 01 Jan 1970 05:30:00 +0530" },
		{ "west, the day before", "XXX3:30", 0,
		    "Wed, 31 Dec 1969 20:30:00 -0330" },
		{ "far east", "XXX-14", 0, "Thu, 01 Jan 1970 14:00:00 +1400" },
		{ "far west", "XXX12", 0, "Wed, 31 Dec 1969 12:00:00 -1200" },
		{ "less than an hour west", "XXX0:45", 0,
		    "Wed, 31 Dec 1969 23:15:00 -0045" },
		{ "seconds in the offset", "XXX-0:19:32", 0,
		    "Thu, 01 Jan 1970 00:19:00 +0019" },
		{ "seconds, west", "XXX0:19:32", 0,
		    "Wed, 31 Dec 1969 23:41:00 -0019" },
		{ "summer time", "CET-1CEST,M3.5.0,M10.5.0/3", 1720000000,
		    "Wed, 03 Jul 2024 11:46:40 +0200" },
		{ "winter time", "CET-1CEST,M3.5.0,M10.5.0/3", 1700000000,
		    "Tue, 14 Nov 2023 23:13:20 +0100" },
		{ "no calendar has it", "UTC0", (time_t)INT64_MAX,
		    "Thu, 01 Jan 1970 00:00:00 +0000" },
	};
	struct buf b;

	buf_init(&b, 200);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CASE(rows[i].label);
		CHECK_STR(date(&b, rows[i].zone, rows[i].when), rows[i].date);
	}
	/* Any second of a week has a date of the same shape. */
	for (time_t t = 1700000000; t < 1700000000 + 604800; t += 3599) {
		const char *text = date(&b, "UTC0", t);

		CHECK_INT(b.n, 31);
		CHECK(text[3] == ',' && text[16] == ' ' && text[25] == ' ');
	}
	buf_free(&b);
}

TEST(locale_does_not_matter)
{
	struct buf b;

	buf_init(&b, 200);
	setlocale(LC_ALL, "de_DE.UTF-8");
	CHECK_STR(date(&b, "UTC0", 5000000), "Fri, 27 Feb 1970 20:53:20 +0000");
	setlocale(LC_ALL, "C");
	buf_free(&b);
}

TEST(message_id)
{
	static const struct {
		const char *domain;
		const char *tail;
	} rows[] = {
		{ "b.example", "@b.example>" },
		{ "B-1_c.example", "@B-1_c.example>" },
		{ "localhost", "@localhost>" },
		{ "[192.0.2.1]", "@[192.0.2.1]>" },
		{ "[IPv6:2001:db8::1]", "@[IPv6:2001:db8::1]>" },
		{ NULL, "@localhost>" },
		{ "", "@localhost>" },
		{ ".", "@localhost>" },
		{ ".b", "@localhost>" },
		{ "b.", "@localhost>" },
		{ "b..c", "@localhost>" },
		{ "b c", "@localhost>" },
		{ "b\n", "@localhost>" },
		{ "b\r\nBcc: x@y", "@localhost>" },
		{ "b>", "@localhost>" },
		{ "a@b", "@localhost>" },
		{ "b\x7f", "@localhost>" },
		{ "b\xc3\xa4", "@localhost>" },
		{ "2001:db8::1", "@localhost>" },
		{ "[]", "@localhost>" },
		{ "[1>2]", "@localhost>" },
		{ "(none)", "@localhost>" },
	};
	struct buf b;

	buf_init(&b, 400);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CASE(rows[i].domain ? rows[i].domain : "NULL");
		buf_clear(&b);
		stamp_message_id(&b, rows[i].domain);
		CHECK_INT(buf_text(&b)[0], '<');
		CHECK_INT(strspn(buf_text(&b) + 1, "0123456789abcdef"), 24);
		CHECK_STR(buf_text(&b) + 25, rows[i].tail);
	}
	buf_free(&b);
}

TEST(message_ids_differ)
{
	char seen[200][32];
	struct buf b;

	buf_init(&b, 400);
	for (size_t i = 0; i < 200; i++) {
		buf_clear(&b);
		stamp_message_id(&b, "b");
		CHECK_INT(b.n, 28);
		memcpy(seen[i], buf_text(&b), b.n + 1);
		for (size_t k = 0; k < i; k++)
			CHECK(strcmp(seen[i], seen[k]) != 0);
	}
	buf_free(&b);
}
