/*
 * The decisions of app/queue.c, row by row. The roof is no library: the file
 * is part of this program, and what it needs of the roof stands below it.
 */
#include "../../src/app/queue.c"
#include "unit.h"

bool queue_is_elsewhere(const struct settings *s)
{
	(void)s;
	return true;
}

const char *queue_path(const struct settings *s, struct arena *a)
{
	(void)s;
	(void)a;
	return NULL;
}

TEST(letters)
{
	static const struct {
		enum outcome_class class;
		enum fail_kind kind;
		const char *stage, *retry;
		char letter;
	} rows[] = {
		{ OUTCOME_ACCEPTED, FAIL_NONE, "data-end", NULL, 'D' },
		{ OUTCOME_ACCEPTED, FAIL_NONE, "data-end", "yes", 'D' },
		{ OUTCOME_SUPPRESSED, FAIL_RCPT, "rcpt", NULL, 'P' },
		{ OUTCOME_SUPPRESSED, FAIL_RCPT, "rcpt", "no", 'P' },
		{ OUTCOME_UNKNOWN, FAIL_UNSURE, "data-end", NULL, 'U' },
		{ OUTCOME_UNKNOWN, FAIL_UNSURE, "data-end", "no", 'U' },
		{ OUTCOME_TEMP, FAIL_LATER, "rcpt", NULL, 'Q' },
		{ OUTCOME_TEMP, FAIL_REFUSED, "data-end", "no", 'Q' },
		/* Before the relay, or by it before any message. */
		{ OUTCOME_NOT_SENT, FAIL_CONNECT, "connect", NULL, 'Q' },
		{ OUTCOME_NOT_SENT, FAIL_DNS, "connect", NULL, 'Q' },
		{ OUTCOME_NOT_SENT, FAIL_NOHOST, "connect", NULL, 'Q' },
		{ OUTCOME_NOT_SENT, FAIL_LOST, "mail", NULL, 'Q' },
		{ OUTCOME_NOT_SENT, FAIL_TLS, "starttls", NULL, 'Q' },
		{ OUTCOME_NOT_SENT, FAIL_PROTOCOL, "greeting", NULL, 'Q' },
		{ OUTCOME_NOT_SENT, FAIL_OS, "data", NULL, 'Q' },
		{ OUTCOME_NOT_SENT, FAIL_NOMEM, "", NULL, 'Q' },
		{ OUTCOME_NOT_SENT, FAIL_CONFIG, "", NULL, 'Q' },
		{ OUTCOME_NOT_SENT, FAIL_SECRET, "", NULL, 'Q' },
		{ OUTCOME_PERM, FAIL_REFUSED, "greeting", NULL, 'Q' },
		{ OUTCOME_PERM, FAIL_REFUSED, "ehlo", NULL, 'Q' },
		{ OUTCOME_PERM, FAIL_AUTH, "auth", NULL, 'Q' },
		/* The account's, wherever it is said. */
		{ OUTCOME_PERM, FAIL_AUTH, "mail", NULL, 'Q' },
		{ OUTCOME_PERM, FAIL_SENDER, "mail", NULL, 'Q' },
		{ OUTCOME_PERM, FAIL_CONFIG, "data-end", NULL, 'Q' },
		/* The message's own. */
		{ OUTCOME_NOT_SENT, FAIL_MESSAGE, "mail", NULL, 'P' },
		{ OUTCOME_NOT_SENT, FAIL_BUG, "", NULL, 'P' },
		{ OUTCOME_PERM, FAIL_MESSAGE, "data-end", NULL, 'P' },
		{ OUTCOME_PERM, FAIL_RCPT, "rcpt", NULL, 'P' },
		{ OUTCOME_PERM, FAIL_REFUSED, "mail", NULL, 'P' },
		{ OUTCOME_PERM, FAIL_REFUSED, "data-end", NULL, 'P' },
		{ OUTCOME_PERM, FAIL_REFUSED, "data-end", "no", 'P' },
		/* A rule knows better. */
		{ OUTCOME_PERM, FAIL_REFUSED, "data-end", "yes", 'Q' },
		{ OUTCOME_PERM, FAIL_REFUSED, "data-end", "later", 'Q' },
		{ OUTCOME_PERM, FAIL_MESSAGE, "data-end", "hold", 'Q' },
		{ OUTCOME_PERM, FAIL_RCPT, "rcpt", "once", 'Q' },
		{ OUTCOME_PERM, FAIL_RCPT, "rcpt", "never heard of", 'P' },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct outcome_rcpt r = {
			.class = rows[i].class,
			.why = { .kind = rows[i].kind },
			.reply = { .stage = rows[i].stage, .text = "" },
			.retry = rows[i].retry,
		};
		static char name[128];

		(void)snprintf(name, sizeof(name), "%s %d %s %s",
		    outcome_name(rows[i].class), (int)rows[i].kind,
		    rows[i].stage, rows[i].retry ? rows[i].retry : "-");
		CASE(name);
		CHECK_INT(letter_of(&r), rows[i].letter);
		CHECK(queue_would_wait(&r) ==
		      (rows[i].letter == 'Q' || rows[i].letter == 'U'));
	}
}

TEST(waits)
{
	static const struct {
		enum outcome_class class;
		enum fail_kind kind;
		const char *retry;
		enum schedule_kind want;
	} rows[] = {
		{ OUTCOME_UNKNOWN, FAIL_UNSURE, NULL, SCHEDULE_UNSURE },
		{ OUTCOME_UNKNOWN, FAIL_UNSURE, "yes", SCHEDULE_UNSURE },
		{ OUTCOME_TEMP, FAIL_LATER, NULL, SCHEDULE_BACKOFF },
		{ OUTCOME_TEMP, FAIL_LATER, "yes", SCHEDULE_SOON },
		{ OUTCOME_TEMP, FAIL_LATER, "backoff", SCHEDULE_BACKOFF },
		{ OUTCOME_TEMP, FAIL_LATER, "later", SCHEDULE_LATER },
		{ OUTCOME_TEMP, FAIL_LATER, "hold", SCHEDULE_HOLD },
		{ OUTCOME_TEMP, FAIL_LATER, "once", SCHEDULE_HOLD },
		{ OUTCOME_TEMP, FAIL_LATER, "no", SCHEDULE_BACKOFF },
		{ OUTCOME_NOT_SENT, FAIL_CONNECT, NULL, SCHEDULE_BACKOFF },
		{ OUTCOME_NOT_SENT, FAIL_DNS, NULL, SCHEDULE_BACKOFF },
		{ OUTCOME_NOT_SENT, FAIL_LOST, NULL, SCHEDULE_BACKOFF },
		{ OUTCOME_NOT_SENT, FAIL_TLS, NULL, SCHEDULE_BACKOFF },
		{ OUTCOME_NOT_SENT, FAIL_CONFIG, NULL, SCHEDULE_HOLD },
		{ OUTCOME_NOT_SENT, FAIL_SECRET, NULL, SCHEDULE_HOLD },
		{ OUTCOME_PERM, FAIL_AUTH, NULL, SCHEDULE_HOLD },
		{ OUTCOME_PERM, FAIL_AUTH, "yes", SCHEDULE_SOON },
		{ OUTCOME_PERM, FAIL_SENDER, NULL, SCHEDULE_HOLD },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		static char name[128];

		(void)snprintf(name, sizeof(name), "%s %d %s",
		    outcome_name(rows[i].class), (int)rows[i].kind,
		    rows[i].retry ? rows[i].retry : "-");
		CASE(name);
		CHECK_INT(
		    schedule_of(rows[i].class, rows[i].kind, rows[i].retry),
		    rows[i].want);
	}
}
