#include "provider_private.h"
#include "unit.h"
#include <regex.h>

TEST(every_row_is_whole)
{
	CHECK(provider_rules_n > 60);
	for (size_t i = 0; i < provider_rules_n; i++) {
		const struct reply_rule *r = &provider_rules[i];
		regex_t expression;

		CASE(r->advice);
		CHECK_INT(
		    regcomp(&expression, r->pattern, REG_EXTENDED | REG_NOSUB),
		    0);
		regfree(&expression);
		CHECK(strcmp(r->provider, "*") == 0 ||
		      provider_find(r->provider));
		CHECK(r->stages && *r->stages);
		CHECK(r->code_min <= r->code_max);
		CHECK(r->code_min == 0 || r->code_min >= 200);
		CHECK(r->code_max <= 599);
		CHECK(r->retry && r->advice && *r->advice);
		CHECK(r->exit_code == 0 ||
		      (r->exit_code >= 64 && r->exit_code <= 78));
		CHECK_INT(r->class == RULE_SUPPRESSED, r->exit_code == 0);
	}
}

struct rule_row {
	const char *provider, *stage;
	int code;
	const char *text;
	enum rule_class class;
	int exit_code;      /* -1: no rule */
	const char *advice; /* its beginning */
};

static void check_rules(const struct rule_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct rule_row *row = &rows[i];
		const struct reply_rule *r;

		CASE(row->text);
		r = provider_rule(provider_find(row->provider), row->stage,
		    row->code, row->text);
		CHECK_INT(r ? r->exit_code : -1, row->exit_code);
		if (!r)
			continue;
		CHECK_INT(r->class, row->class);
		CHECK(row->advice && strncmp(r->advice, row->advice,
					 strlen(row->advice)) == 0);
	}
}

#define CHECK_RULES(rows) check_rules(rows, sizeof(rows) / sizeof((rows)[0]))

TEST(ses)
{
	static const struct rule_row rows[] = {
		{ "ses", "data-end", 554,
		    "Message rejected: Email address is not verified. The "
		    "following identities failed the check in region EU-WEST-1:"
		    " a@example.com",
		    RULE_CONFIG, 78, "SES lists addresses that are" },
		{ "ses", "data-end", 554,
		    "Access denied: User `arn:x' is not authorized to perform "
		    "`ses:SendRawEmail' on resource "
		    "`arn:x:configuration-set/y'",
		    RULE_CONFIG, 78, "An IAM policy lets this user send, but" },
		{ "ses", "data-end", 554,
		    "Access denied: User `arn:x' is not authorized to perform "
		    "`ses:SendRawEmail' on resource `arn:x:identity/y'",
		    RULE_CONFIG, 78, "No policy, of IAM" },
		{ "ses", "data-end", 554,
		    "Message rejected: Sending paused for this account.",
		    RULE_PERMANENT, 69, "AWS stopped this account, as" },
		{ "ses", "data-end", 554,
		    "Transaction failed: Missing final '@domain'",
		    RULE_PERMANENT, 65, "A header address such as" },
		{ "ses", "data-end", 554, "Transaction failed: Missing '\"'",
		    RULE_PERMANENT, 65, "A display name" },
		{ "ses", "data-end", 554, "Transaction failed: surprise",
		    RULE_PERMANENT, 65, "SES cannot parse" },
		{ "ses", "data-end", 554, "surprise", RULE_PERMANENT, 69,
		    "SES refuses this for good" },
		{ "ses", "data-end", 454,
		    "Throttling failure: Maximum sending rate exceeded.",
		    RULE_TRANSIENT, 75, "The account sends to more" },
		{ "ses", "data-end", 454,
		    "Throttling failure: Daily message quota exceeded.",
		    RULE_TRANSIENT, 75, "The account's rolling 24 h quota" },
		{ "ses", "auth", 535, "Authentication Credentials Invalid",
		    RULE_AUTH, 77, "SES does not know this user" },
		{ "ses", "mail", 535, "Authentication Credentials Invalid",
		    RULE_PERMANENT, 69, "SES refuses this for good" },
		{ "ses", "mail", 501, "Invalid MAIL FROM address provided",
		    RULE_CONFIG, 78, "SES refuses this envelope sender" },
		{ "ses", "any", 451,
		    "4.4.2 Timeout waiting for data from client.",
		    RULE_TRANSIENT, 75, "SES ends a connection that" },
		{ "ses", "data-end", 451,
		    "Timeout waiting for data from client.", RULE_TRANSIENT, 75,
		    "SES ends a connection that" },
		{ "ses", "rcpt", 400, "", RULE_TRANSIENT, 75,
		    "SES cannot take this" },
		{ "ses", "rcpt", 499, "", RULE_TRANSIENT, 75,
		    "SES cannot take this" },
		{ "ses", "rcpt", 599, "", RULE_PERMANENT, 69,
		    "SES refuses this" },
		{ "ses", "resolve", 0, "Name or service not known", RULE_CONFIG,
		    78, "No such SES host" },
		{ "ses", "connect", 0, "Connection timed out", RULE_TRANSIENT,
		    75, "The port is blocked" },
		{ "ses", "connect", 0, "certificate verify failed", RULE_CONFIG,
		    78, "The certificate is not for" },
		{ "ses", "connect", 0, "refused", 0, -1, NULL },
		{ "oci", "resolve", 0, "Name or service not known", 0, -1,
		    NULL },
		{ "ses", "data-end", 250, "Ok 0102", 0, -1, NULL },
		{ "ses", "rcpt", 254, "4.7.1 Suppression for user a to b", 0,
		    -1, NULL },
		{ "ses", "dsn", 550, "5.7.26 x", RULE_PERMANENT, 69,
		    "SES refuses this" },
	};

	CHECK_RULES(rows);
}

TEST(oci)
{
	static const struct rule_row rows[] = {
		{ "oci", "rcpt", 254,
		    "4.7.1 Suppression for user ocid1.user to a@example.com",
		    RULE_SUPPRESSED, 0, "OCI took the message but" },
		{ "oci", "data-end", 254, "4.7.1 Suppression for user x to y",
		    RULE_SUPPRESSED, 0, "OCI took the message but" },
		{ "oci", "mail", 254, "4.7.1 Suppression for user x to y", 0,
		    -1, NULL },
		{ "oci", "rcpt", 254, "Ok", 0, -1, NULL },
		{ "oci", "greeting", 421,
		    "Too many connections, try again later", RULE_TRANSIENT, 75,
		    "OCI has too many connections" },
		{ "oci", "connect", 421,
		    "Too many connections, try again later", RULE_TRANSIENT, 75,
		    "OCI has too many connections" },
		{ "oci", "rcpt", 421, "Too many connections, try again later",
		    RULE_TRANSIENT, 75, "OCI cannot take this" },
		{ "oci", "auth", 421, "Too many auth failures, try again later",
		    RULE_AUTH, 75, "A throttle on this IP" },
		{ "oci", "auth", 535, "Authentication credentials invalid",
		    RULE_AUTH, 77, "OCI does not know these" },
		{ "oci", "mail", 535, "Authentication required", RULE_AUTH, 77,
		    "OCI saw a sender before" },
		{ "oci", "mail", 535,
		    "Authorization failed: address a@example.com not "
		    "authorized",
		    RULE_CONFIG, 78, "OCI has not approved" },
		{ "oci", "data-end", 535,
		    "Authorization failed: Envelope From x", RULE_CONFIG, 78,
		    "In this region OCI has no such" },
		{ "oci", "data-end", 552, "Exceeds byte limit", RULE_PERMANENT,
		    65, "The message is over the limit" },
		{ "oci", "data-end", 455,
		    "Maximum messages sent per day reached", RULE_TRANSIENT, 75,
		    "The tenancy has sent all" },
		{ "oci", "auth", 504, "Method not supported", RULE_AUTH, 78,
		    "OCI offers AUTH by PLAIN only" },
		{ "oci", "auth", 501,
		    "Invalid command argument, does not contain NUL", RULE_AUTH,
		    70, "OCI found too few parts" },
		{ "oci", "auth", 501,
		    "Invalid command argument, does not contain the second NUL",
		    RULE_AUTH, 70, "OCI found too few parts" },
		{ "oci", "rcpt", 553, "Invalid email address", RULE_PERMANENT,
		    65, "OCI finds a recipient malformed" },
		{ "oci", "rcpt", 550, "surprise", RULE_PERMANENT, 69,
		    "OCI refuses this for good" },
	};

	CHECK_RULES(rows);
}

TEST(without_a_provider)
{
	static const struct rule_row rows[] = {
		{ NULL, "connect", 0, "certificate verify failed", RULE_CONFIG,
		    78, "The certificate is not for" },
		{ NULL, "connect", 0,
		    "h: waiting for the greeting: certificate of h is not "
		    "trusted: The name in the certificate does not match",
		    RULE_CONFIG, 78, "The certificate is not for" },
		{ NULL, "auth", 504, "5.7.4 Unrecognized authentication type",
		    RULE_AUTH, 78, "Microsoft 365 knows" },
		{ NULL, "rcpt", 550, "5.7.1 Relaying denied", RULE_AUTH, 77,
		    "The server (Mailgun" },
		{ NULL, "connect", 0, "Connection timed out", 0, -1, NULL },
		{ NULL, "data-end", 554, "Transaction failed", 0, -1, NULL },
		{ NULL, "rcpt", 550, "5.1.1 no such user", 0, -1, NULL },
		{ NULL, "rcpt", 0, "", 0, -1, NULL },
	};

	CHECK_RULES(rows);
}

/* Does the general row a leave nothing to b behind it? */
static bool hides(const struct reply_rule *a, const struct reply_rule *b)
{
	return strcmp(a->pattern, ".*") == 0 &&
	       strcmp(a->provider, b->provider) == 0 &&
	       a->code_max >= b->code_min && b->code_max >= a->code_min &&
	       (strcmp(a->stages, "any") == 0 ||
		   strcmp(a->stages, b->stages) == 0);
}

/* The first row of the file wins, so a general one must not come early. */
TEST(no_row_hides_another)
{
	for (size_t i = 0; i < provider_rules_n; i++) {
		CASE(provider_rules[i].advice);
		for (size_t j = i + 1; j < provider_rules_n; j++)
			CHECK(!hides(&provider_rules[i], &provider_rules[j]));
	}
}
