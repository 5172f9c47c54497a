#include "caps.h"
#include "unit.h"

static void parse(const char *text, struct caps *ret)
{
	struct slice rest = slice_of(text), line;
	struct reply r;

	reply_init(&r);
	while (slice_take_until(&rest, '\n', &line))
		reply_add_line(&r, line, &reply_limits_ehlo, NULL);
	caps_parse(&r, ret);
	reply_free(&r);
}

TEST(offers)
{
	static const struct {
		const char *label, *text;
		unsigned set;
		uint64_t size;
		const char *auth;
	} rows[] = {
		{ "SES today",
		    "250-email-smtp.amazonaws.com\n250-8BITMIME\n"
		    "250-STARTTLS\n250-AUTH PLAIN LOGIN\n250 Ok\n",
		    CAP_8BITMIME | CAP_STARTTLS | CAP_AUTH, 0,
		    " PLAIN LOGIN " },
		{ "SES of old",
		    "250-email-smtp.amazonaws.com\n250-8BITMIME\n"
		    "250-SIZE 10485760\n250-AUTH PLAIN LOGIN\n250 Ok\n",
		    CAP_8BITMIME | CAP_SIZE | CAP_AUTH, 10485760,
		    " PLAIN LOGIN " },
		{ "OCI in clear",
		    "250-smtp.email.eu-amsterdam-1.oci.oraclecloud.com\n"
		    "250-STARTTLS\n250 Ok\n",
		    CAP_STARTTLS, 0, "" },
		{ "OCI in TLS",
		    "250-smtp.email.eu-amsterdam-1.oci.oraclecloud.com\n"
		    "250-PIPELINING\n250-8BITMIME\n250-AUTH PLAIN\n250 Ok\n",
		    CAP_PIPELINING | CAP_8BITMIME | CAP_AUTH, 0, " PLAIN " },
		{ "Postfix",
		    "250-mail.example.com\n250-PIPELINING\n250-SIZE 10240000\n"
		    "250-VRFY\n250-ETRN\n250-AUTH PLAIN LOGIN\n"
		    "250-ENHANCEDSTATUSCODES\n250-8BITMIME\n250-DSN\n"
		    "250-SMTPUTF8\n250 CHUNKING\n",
		    CAP_PIPELINING | CAP_SIZE | CAP_AUTH | CAP_8BITMIME |
			CAP_DSN,
		    10240000, " PLAIN LOGIN " },
		{ "lower case",
		    "250-x\n250-pipelining\n250-size 5\n250 auth plain\n",
		    CAP_PIPELINING | CAP_SIZE | CAP_AUTH, 5, " PLAIN " },
		{ "the greeting is none", "250 PIPELINING\n", 0, 0, "" },
		{ "nothing", "250-STARTTLS\n250 \n", 0, 0, "" },
		{ "notifications", "250-x\n250 dsn\n", CAP_DSN, 0, "" },
		{ "notifications, with a word", "250-x\n250-DSN x\n250 DSNX\n",
		    CAP_DSN, 0, "" },
		{ "prefixes are other words",
		    "250-x\n250-STARTTLSX\n250-SIZEX 1\n250 XAUTH PLAIN\n", 0,
		    0, "" },
		{ "size without number", "250-x\n250 SIZE\n", CAP_SIZE, 0, "" },
		{ "size 0", "250-x\n250 SIZE 0\n", CAP_SIZE, 0, "" },
		{ "size that is none", "250-x\n250 SIZE 10M\n", CAP_SIZE, 0,
		    "" },
		{ "size too large", "250-x\n250 SIZE 99999999999999999999\n",
		    CAP_SIZE, 0, "" },
		{ "largest size", "250-x\n250 SIZE 18446744073709551615\n",
		    CAP_SIZE, UINT64_MAX, "" },
		{ "negative size", "250-x\n250 SIZE -1\n", CAP_SIZE, 0, "" },
		{ "blanks", "250-x\n250-  SIZE \t 7 \n250 AUTH  PLAIN  \n",
		    CAP_SIZE | CAP_AUTH, 7, " PLAIN " },
		{ "the old form",
		    "250-x\n250-AUTH=LOGIN\n250 AUTH PLAIN LOGIN\n", CAP_AUTH,
		    0, " LOGIN PLAIN " },
		{ "the old form with blank", "250-x\n250 AUTH= LOGIN\n",
		    CAP_AUTH, 0, " LOGIN " },
		{ "no mechanism", "250-x\n250 AUTH\n", CAP_AUTH, 0, "" },
		{ "twice", "250-x\n250-AUTH PLAIN plain\n250 AUTH PLAIN\n",
		    CAP_AUTH, 0, " PLAIN " },
		{ "not names",
		    "250-x\n250 AUTH PL\xc3\x84IN SCRAM-SHA-256 X=Y "
		    "ABCDEFGHIJKLMNOPQRSTU ABCDEFGHIJKLMNOPQRST A_1\n",
		    CAP_AUTH, 0, " SCRAM-SHA-256 ABCDEFGHIJKLMNOPQRST A_1 " },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct caps c;

		CASE(rows[i].label);
		parse(rows[i].text, &c);
		CHECK_INT(c.set, rows[i].set);
		CHECK(c.max_size == rows[i].size);
		CHECK_STR(c.auth, rows[i].auth);
	}
}

TEST(too_many_mechanisms)
{
	char text[2000] = "250-x\n250 AUTH";
	struct caps c;

	for (int i = 0; i < 90; i++) {
		size_t n = strlen(text);

		(void)snprintf(
		    text + n, sizeof(text) - n, " MECHANISM-NUMBER-%02d", i);
	}
	parse(text, &c);
	CASE("the first fit");
	CHECK(caps_has_mechanism(&c, "MECHANISM-NUMBER-00"));
	CHECK(caps_has_mechanism(&c, "mechanism-number-20"));
	CASE("the last does not");
	CHECK(!caps_has_mechanism(&c, "MECHANISM-NUMBER-89"));
	CHECK(strlen(c.auth) < sizeof(c.auth));
}

TEST(has_mechanism)
{
	static const struct {
		const char *name;
		int has;
	} rows[] = {
		{ "PLAIN", 1 },
		{ "plain", 1 },
		{ "LOGIN", 1 },
		{ "SCRAM-SHA-256", 1 },
		{ "SCRAM-SHA-1", 0 },
		{ "SCRAM", 0 },
		{ "LAIN", 0 },
		{ "", 0 },
		{ " ", 0 },
		{ "PLAIN LOGIN", 0 },
	};
	struct caps c;

	parse("250-x\n250 AUTH PLAIN LOGIN SCRAM-SHA-256\n", &c);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CASE(rows[i].name);
		CHECK_INT(caps_has_mechanism(&c, rows[i].name), rows[i].has);
	}
}
