#include "unit.h"
#include "verdict.h"

TEST(table)
{
	static const struct {
		const char *stage, *line;
		enum outcome_class class;
		enum fail_kind kind;
	} rows[] = {
		{ "greeting", "220 x", OUTCOME_ACCEPTED, FAIL_NONE },
		{ "greeting", "421 x", OUTCOME_TEMP, FAIL_LATER },
		{ "greeting", "450 x", OUTCOME_TEMP, FAIL_LATER },
		{ "greeting", "554 5.7.1 x", OUTCOME_PERM, FAIL_REFUSED },
		{ "greeting", "354 x", OUTCOME_NOT_SENT, FAIL_PROTOCOL },
		{ "ehlo", "250 x", OUTCOME_ACCEPTED, FAIL_NONE },
		{ "ehlo", "421 x", OUTCOME_TEMP, FAIL_LATER },
		{ "ehlo", "502 x", OUTCOME_PERM, FAIL_REFUSED },
		{ "ehlo", "334 x", OUTCOME_NOT_SENT, FAIL_PROTOCOL },
		{ "starttls", "220 x", OUTCOME_ACCEPTED, FAIL_NONE },
		{ "starttls", "250 x", OUTCOME_NOT_SENT, FAIL_PROTOCOL },
		{ "starttls", "421 x", OUTCOME_TEMP, FAIL_LATER },
		{ "starttls", "454 x", OUTCOME_TEMP, FAIL_LATER },
		{ "starttls", "502 x", OUTCOME_NOT_SENT, FAIL_TLS },
		{ "auth", "235 x", OUTCOME_ACCEPTED, FAIL_NONE },
		{ "auth", "250 x", OUTCOME_NOT_SENT, FAIL_PROTOCOL },
		{ "auth", "334 x", OUTCOME_NOT_SENT, FAIL_PROTOCOL },
		{ "auth", "421 x", OUTCOME_TEMP, FAIL_LATER },
		{ "auth", "454 4.7.0 x", OUTCOME_TEMP, FAIL_LATER },
		{ "auth", "504 x", OUTCOME_PERM, FAIL_AUTH },
		{ "auth", "530 x", OUTCOME_PERM, FAIL_AUTH },
		{ "auth", "535 5.7.8 x", OUTCOME_PERM, FAIL_AUTH },
		{ "mail", "250 x", OUTCOME_ACCEPTED, FAIL_NONE },
		{ "mail", "451 x", OUTCOME_TEMP, FAIL_LATER },
		{ "mail", "501 x", OUTCOME_PERM, FAIL_MESSAGE },
		{ "mail", "501 5.1.7 x", OUTCOME_PERM, FAIL_MESSAGE },
		{ "mail", "553 x", OUTCOME_PERM, FAIL_MESSAGE },
		{ "mail", "553 5.7.1 x", OUTCOME_PERM, FAIL_SENDER },
		{ "mail", "530 x", OUTCOME_PERM, FAIL_SENDER },
		{ "mail", "535 x", OUTCOME_PERM, FAIL_SENDER },
		{ "mail", "550 5.7.1 x", OUTCOME_PERM, FAIL_SENDER },
		{ "mail", "550 5.7.60 x", OUTCOME_PERM, FAIL_SENDER },
		{ "mail", "550 5.1.8 x", OUTCOME_PERM, FAIL_REFUSED },
		{ "mail", "550 x", OUTCOME_PERM, FAIL_REFUSED },
		{ "mail", "550 4.7.1 x", OUTCOME_PERM, FAIL_REFUSED },
		{ "mail", "552 5.3.4 x", OUTCOME_PERM, FAIL_REFUSED },
		{ "mail", "354 x", OUTCOME_NOT_SENT, FAIL_PROTOCOL },
		{ "rcpt", "250 x", OUTCOME_ACCEPTED, FAIL_NONE },
		{ "rcpt", "251 x", OUTCOME_ACCEPTED, FAIL_NONE },
		{ "rcpt", "252 x", OUTCOME_ACCEPTED, FAIL_NONE },
		{ "rcpt", "254 4.7.1 x", OUTCOME_ACCEPTED, FAIL_NONE },
		{ "rcpt", "450 x", OUTCOME_TEMP, FAIL_LATER },
		{ "rcpt", "452 4.5.3 x", OUTCOME_TEMP, FAIL_LATER },
		{ "rcpt", "550 x", OUTCOME_PERM, FAIL_RCPT },
		{ "rcpt", "550 5.7.1 x", OUTCOME_PERM, FAIL_RCPT },
		{ "rcpt", "551 x", OUTCOME_PERM, FAIL_RCPT },
		{ "rcpt", "553 x", OUTCOME_PERM, FAIL_RCPT },
		{ "rcpt", "552 x", OUTCOME_PERM, FAIL_REFUSED },
		{ "rcpt", "554 x", OUTCOME_PERM, FAIL_REFUSED },
		{ "rcpt", "354 x", OUTCOME_NOT_SENT, FAIL_PROTOCOL },
		{ "data", "354 x", OUTCOME_ACCEPTED, FAIL_NONE },
		{ "data", "250 x", OUTCOME_NOT_SENT, FAIL_PROTOCOL },
		{ "data", "334 x", OUTCOME_NOT_SENT, FAIL_PROTOCOL },
		{ "data", "451 x", OUTCOME_TEMP, FAIL_LATER },
		{ "data", "554 x", OUTCOME_PERM, FAIL_REFUSED },
		{ "data-end", "250 x", OUTCOME_ACCEPTED, FAIL_NONE },
		{ "data-end", "200 x", OUTCOME_ACCEPTED, FAIL_NONE },
		{ "data-end", "251 x", OUTCOME_ACCEPTED, FAIL_NONE },
		{ "data-end", "254 x", OUTCOME_ACCEPTED, FAIL_NONE },
		{ "data-end", "299 x", OUTCOME_ACCEPTED, FAIL_NONE },
		{ "data-end", "354 x", OUTCOME_UNKNOWN, FAIL_UNSURE },
		{ "data-end", "421 x", OUTCOME_TEMP, FAIL_LATER },
		{ "data-end", "454 x", OUTCOME_TEMP, FAIL_LATER },
		{ "data-end", "455 x", OUTCOME_TEMP, FAIL_LATER },
		{ "data-end", "550 x", OUTCOME_PERM, FAIL_REFUSED },
		{ "data-end", "552 x", OUTCOME_PERM, FAIL_REFUSED },
		{ "data-end", "554 x", OUTCOME_PERM, FAIL_REFUSED },
		{ "rset", "250 x", OUTCOME_ACCEPTED, FAIL_NONE },
		{ "quit", "221 x", OUTCOME_ACCEPTED, FAIL_NONE },
	};
	struct reply r;

	reply_init(&r);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char label[64];
		struct verdict v;

		(void)snprintf(label, sizeof(label), "%s: %s", rows[i].stage,
		    rows[i].line);
		CASE(label);
		reply_clear(&r);
		CHECK_INT(reply_add_line(&r, slice_of(rows[i].line),
			      &reply_limits_usual, NULL),
		    1);
		v = verdict_of(rows[i].stage, &r);
		CHECK_INT(v.class, rows[i].class);
		CHECK_INT(v.kind, rows[i].kind);
	}
	reply_free(&r);
}

/* For every stage and code: the first digit decides, and 4yz is TEMP. */
TEST(first_digit)
{
	static const char *const stages[] = { "greeting", "ehlo", "auth",
		"mail", "rcpt", "data", "data-end", "rset", "quit" };
	struct reply r;

	reply_init(&r);
	for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]); i++) {
		CASE(stages[i]);
		for (int code = 200; code < 600; code++) {
			struct verdict v;

			r.code = code;
			v = verdict_of(stages[i], &r);
			CHECK((v.kind == FAIL_NONE) ==
			      (v.class == OUTCOME_ACCEPTED));
			CHECK((v.class == OUTCOME_TEMP) == (code / 100 == 4));
			CHECK((v.class == OUTCOME_PERM) == (code / 100 == 5));
		}
	}
	reply_free(&r);
}
