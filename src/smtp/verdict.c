#include "verdict.h"

enum { ANY = 0 };

/*
 * What a refusal for good (5yz) means. The first row that fits decides;
 * ANY fits every code.
 */
static const struct {
	const char *stage;
	int code;
	int subject; /* second number of the enhanced code (RFC 3463) */
	enum fail_kind kind;
} refusals[] = {
	{ "auth", ANY, ANY, FAIL_AUTH },
	{ "mail", ANY, 7, FAIL_SENDER },
	{ "mail", 530, ANY, FAIL_SENDER },
	{ "mail", 535, ANY, FAIL_SENDER },
	{ "mail", 501, ANY, FAIL_MESSAGE },
	{ "mail", 553, ANY, FAIL_MESSAGE },
	{ "etrn", 500, ANY, FAIL_MESSAGE },
	{ "etrn", 501, ANY, FAIL_MESSAGE },
	{ "rcpt", 550, ANY, FAIL_RCPT },
	{ "rcpt", 551, ANY, FAIL_RCPT },
	{ "rcpt", 553, ANY, FAIL_RCPT },
};

static enum fail_kind refusal_kind(const char *stage, const struct reply *r)
{
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		if (strcmp(refusals[i].stage, stage) == 0 &&
		    (refusals[i].code == ANY || refusals[i].code == r->code) &&
		    (refusals[i].subject == ANY ||
			refusals[i].subject == r->enhanced[1]))
			return refusals[i].kind;
	return FAIL_REFUSED;
}

/* The codes that let the dialogue go on. */
static bool is_success(const char *stage, int code)
{
	if (strcmp(stage, "auth") == 0)
		return code == 235;
	if (strcmp(stage, "starttls") == 0)
		return code == 220;
	if (strcmp(stage, "data") == 0)
		return code == 354;
	return code / 100 == 2;
}

struct verdict verdict_of(const char *stage, const struct reply *reply)
{
	int class = reply_class(reply);

	if (is_success(stage, reply->code))
		return (struct verdict){ OUTCOME_ACCEPTED, FAIL_NONE };
	if (class == 4)
		return (struct verdict){ OUTCOME_TEMP, FAIL_LATER };
	/* As when STARTTLS is not offered: no encryption with this server. */
	if (class == 5 && strcmp(stage, "starttls") == 0)
		return (struct verdict){ OUTCOME_NOT_SENT, FAIL_TLS };
	if (class == 5)
		return (
		    struct verdict){ OUTCOME_PERM, refusal_kind(stage, reply) };
	/* Out of step. After the dot the message may have been stored. */
	if (strcmp(stage, "data-end") == 0)
		return (struct verdict){ OUTCOME_UNKNOWN, FAIL_UNSURE };
	return (struct verdict){ OUTCOME_NOT_SENT, FAIL_PROTOCOL };
}
