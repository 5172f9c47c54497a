#include "schedule.h"
#include "unit.h"

TEST(waits)
{
	static const struct {
		enum schedule_kind kind;
		unsigned attempts;
		int64_t middle;
	} rows[] = {
		{ SCHEDULE_SOON, 1, 60 },
		{ SCHEDULE_SOON, 2, 120 },
		{ SCHEDULE_SOON, 99999, 1800 },
		{ SCHEDULE_BACKOFF, 0, 300 },
		{ SCHEDULE_BACKOFF, 1, 300 },
		{ SCHEDULE_BACKOFF, 2, 600 },
		{ SCHEDULE_BACKOFF, 5, 4800 },
		{ SCHEDULE_BACKOFF, 6, 9600 },
		{ SCHEDULE_BACKOFF, 7, 14400 },
		{ SCHEDULE_BACKOFF, 4294967295u, 14400 },
		{ SCHEDULE_LATER, 1, 1620 },
		{ SCHEDULE_LATER, 2, 2430 },
		{ SCHEDULE_LATER, 60, 14400 },
		{ SCHEDULE_UNSURE, 1, 1200 },
		{ SCHEDULE_HOLD, 1, 3600 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t low, high, spread = rows[i].middle / 4;

		CASE("wait");
		low = schedule_wait(rows[i].kind, rows[i].attempts, 0);
		high = schedule_wait(
		    rows[i].kind, rows[i].attempts, 2 * (uint32_t)spread);
		CHECK_INT(low, rows[i].middle - spread);
		CHECK_INT(high, rows[i].middle + spread);
		for (uint32_t r = 1; r != 0; r <<= 1) {
			int64_t one =
			    schedule_wait(rows[i].kind, rows[i].attempts, r);

			CHECK(one >= low && one <= high);
		}
	}
	/* Nobody may send again what may have arrived before that. */
	CHECK(schedule_wait(SCHEDULE_UNSURE, 1, 0) >= 15 * 60);
}

TEST(due)
{
	static const struct {
		int64_t next, now;
		bool is_due;
	} rows[] = {
		{ 0, 0, true },
		{ 100, 99, false },
		{ 100, 100, true },
		{ 100, 101, true },
		{ 100 + 86400, 100, false },
		/* The clock was put back. */
		{ 101 + 86400, 100, true },
		{ INT64_MAX, 100, true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CASE("due");
		CHECK_INT(
		    schedule_is_due(rows[i].next, rows[i].now), rows[i].is_due);
	}
}

TEST(expired)
{
	static const struct {
		int64_t created, lifetime, now;
		bool is_expired;
	} rows[] = {
		{ 100, 50, 149, false },
		{ 100, 50, 150, true },
		{ 100, 0, 1000000, false },
		/* From the future: the clock was put back. */
		{ 1000, 50, 100, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CASE("expired");
		CHECK_INT(schedule_is_expired(
			      rows[i].created, rows[i].lifetime, rows[i].now),
		    rows[i].is_expired);
	}
}

TEST(breaker)
{
	struct schedule_breaker b = { .n = 0 };
	char name[8];
	struct arena a = { 0 };

	CASE("three in a row");
	CHECK(schedule_may_try(&b, "one"));
	schedule_note_failure(&b, &a, "one", false);
	schedule_note_failure(&b, &a, "one", false);
	CHECK(schedule_may_try(&b, "one"));
	schedule_note_failure(&b, &a, "one", false);
	CHECK(!schedule_may_try(&b, "one"));
	CHECK(schedule_may_try(&b, "two"));
	schedule_note_success(&b, "one");
	CHECK(!schedule_may_try(&b, "one"));

	CASE("success in between");
	schedule_note_failure(&b, &a, "two", false);
	schedule_note_failure(&b, &a, "two", false);
	schedule_note_success(&b, "two");
	schedule_note_failure(&b, &a, "two", false);
	schedule_note_failure(&b, &a, "two", false);
	CHECK(schedule_may_try(&b, "two"));
	schedule_note_success(&b, "nobody");

	CASE("once is enough, and the name is its own");
	(void)snprintf(name, sizeof(name), "three");
	schedule_note_failure(&b, &a, name, true);
	(void)snprintf(name, sizeof(name), "other");
	CHECK(schedule_may_try(&b, name));
	CHECK(!schedule_may_try(&b, "three"));
	arena_free(&a);
}

TEST(pace)
{
	struct schedule_pace p;
	int64_t now = 1000, waited;
	size_t sent = 0;

	CASE("no limit");
	schedule_pace_init(&p, 0, now);
	CHECK_INT(schedule_pace_take(&p, 1000000, now), 0);

	CASE("ten a second");
	schedule_pace_init(&p, 10, now);
	for (int i = 0; i < 10; i++)
		CHECK_INT(schedule_pace_take(&p, 1, now), 0);
	waited = schedule_pace_take(&p, 1, now);
	CHECK(waited >= 100 && waited <= 102);

	CASE("never faster over a minute");
	schedule_pace_init(&p, 7, now);
	for (const int64_t end = now + 60000; now < end; sent += 3)
		now += schedule_pace_take(&p, 3, now);
	CHECK(sent >= 7 * 60 - 3 && sent <= 7 * 61 + 3);

	CASE("a message with more recipients than the bucket holds");
	schedule_pace_init(&p, 2, now);
	waited = schedule_pace_take(&p, 50, now);
	CHECK(waited >= 24000 && waited <= 24002);

	CASE("slower than one a second");
	schedule_pace_init(&p, 0.1, now);
	CHECK_INT(schedule_pace_take(&p, 1, now), 0);
	waited = schedule_pace_take(&p, 1, now);
	CHECK(waited >= 10000 && waited <= 10002);

	CASE("a clock that stands still or goes back");
	schedule_pace_init(&p, 1, now);
	CHECK_INT(schedule_pace_take(&p, 1, now), 0);
	CHECK(schedule_pace_take(&p, 1, now - 5000) > 0);

	CASE("used by others before");
	schedule_pace_init(&p, 10, now);
	schedule_pace_since(&p, 500);
	CHECK_INT(schedule_pace_take(&p, 5, now), 0);
	waited = schedule_pace_take(&p, 1, now);
	CHECK(waited >= 100 && waited <= 101);
	schedule_pace_init(&p, 10, now);
	schedule_pace_since(&p, 1000000);
	CHECK_INT(schedule_pace_take(&p, 10, now), 0);
	CHECK(schedule_pace_take(&p, 1, now) > 0);
	schedule_pace_init(&p, 0, now);
	schedule_pace_since(&p, 0);
	CHECK_INT(schedule_pace_take(&p, 10, now), 0);
}
