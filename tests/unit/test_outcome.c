#include "outcome.h"
#include "unit.h"

TEST(names)
{
	static const struct {
		enum outcome_class class;
		const char *name;
	} rows[] = {
		{ OUTCOME_ACCEPTED, "ACCEPTED" },
		{ OUTCOME_SUPPRESSED, "SUPPRESSED" },
		{ OUTCOME_NOT_SENT, "NOT-SENT" },
		{ OUTCOME_TEMP, "TEMP" },
		{ OUTCOME_PERM, "PERM" },
		{ OUTCOME_UNKNOWN, "UNKNOWN" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CASE(rows[i].name);
		CHECK_STR(outcome_name(rows[i].class), rows[i].name);
	}
}

/* Two recipients, a part about the second: what the whole becomes. */
TEST(sums)
{
	static const struct {
		const char *name;
		enum outcome_class first, second, whole;
		const char *reply;
	} rows[] = {
		{ "both got it", OUTCOME_ACCEPTED, OUTCOME_ACCEPTED,
		    OUTCOME_ACCEPTED, "part" },
		{ "the first got it", OUTCOME_ACCEPTED, OUTCOME_PERM,
		    OUTCOME_ACCEPTED, "whole" },
		{ "the second got it", OUTCOME_TEMP, OUTCOME_ACCEPTED,
		    OUTCOME_ACCEPTED, "part" },
		{ "doubt first", OUTCOME_ACCEPTED, OUTCOME_UNKNOWN,
		    OUTCOME_UNKNOWN, "second" },
		{ "it stays in doubt", OUTCOME_UNKNOWN, OUTCOME_ACCEPTED,
		    OUTCOME_UNKNOWN, "first" },
		{ "another try before a refusal", OUTCOME_PERM, OUTCOME_TEMP,
		    OUTCOME_TEMP, "second" },
		{ "a reply before none", OUTCOME_NOT_SENT, OUTCOME_TEMP,
		    OUTCOME_TEMP, "second" },
		{ "a session that ended", OUTCOME_PERM, OUTCOME_NOT_SENT,
		    OUTCOME_NOT_SENT, "second" },
		{ "refused before suppressed", OUTCOME_SUPPRESSED, OUTCOME_PERM,
		    OUTCOME_PERM, "second" },
	};
	struct arena a = { 0 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct outcome_rcpt both[] = {
			{ .address = "one",
			    .class = rows[i].first,
			    .reply.text = "first" },
			{ .address = "two" },
		};
		struct outcome_rcpt other = { .class = rows[i].second,
			.reply.text = "second" };
		struct outcome part = { .class = rows[i].second,
			.reply.text = "part",
			.rcpt = &other,
			.n_rcpt = 1,
			.server_id = "b",
			.size = 7 };
		struct outcome whole = { .class = rows[i].first,
			.reply.text = "whole",
			.rcpt = both,
			.n_rcpt = 2,
			.server_id = "a" };

		CASE(rows[i].name);
		outcome_put(&whole, 1, &other);
		outcome_sum(&whole, &part, &a);
		CHECK_INT(whole.class, rows[i].whole);
		CHECK_STR(whole.reply.text, rows[i].reply);
		CHECK_STR(both[1].address, "two");
		CHECK_STR(whole.server_id, "a,b");
		CHECK_INT((int)whole.size, 7);
	}
	arena_free(&a);
}

TEST(a_part_that_is_all)
{
	struct outcome_rcpt rcpt[] = { { .class = OUTCOME_PERM },
		{ .class = OUTCOME_TEMP } };
	struct outcome part = {
		.class = OUTCOME_PERM, .rcpt = rcpt, .n_rcpt = 2, .retry = "no"
	};
	struct outcome whole = { .rcpt = rcpt, .n_rcpt = 2 };
	struct arena a = { 0 };

	outcome_sum(&whole, &part, &a);
	CHECK_INT(whole.class, OUTCOME_PERM);
	CHECK_STR(whole.retry, "no");
	CHECK(!whole.server_id);
	arena_free(&a);
}

TEST(sharing)
{
	struct outcome_rcpt rcpt[] = { { .address = "one" },
		{ .address = "two" } };
	struct fail why;
	struct outcome like;

	fail(&why, FAIL_SECRET, "none");
	like = outcome_unspoken(OUTCOME_NOT_SENT, &why);
	CHECK_STR(like.reply.stage, "");
	outcome_share(&like, rcpt, 2);
	CHECK_INT(rcpt[1].class, OUTCOME_NOT_SENT);
	CHECK_INT(rcpt[1].why.kind, FAIL_SECRET);
	CHECK_STR(rcpt[1].address, "two");
}
