#include "account.h"
#include "config_text.h"
#include "unit.h"

/* "key=value@origin;..." of the keys asked for. */
static void dump_keys(const struct settings *s, const char *keys, struct buf *b)
{
	struct slice rest = slice_of(keys);
	struct slice key;

	while (slice_take_word(&rest, &key)) {
		const struct option_info *o = option_by_key(key);

		CHECK(o != NULL);
		if (!o)
			return;
		buf_addf(b, "%s%s=", b->n ? ";" : "", o->key);
		option_format(s, o, b);
		buf_addc(b, '@');
		origin_format(s, o->id, b);
	}
}

static const struct complete_row {
	const char *text; /* of a configuration */
	const char *keys;
	const char *expected; /* NULL: it fails */
	const char *warnings; /* or the failure */
} rows[] = {
	/* ports */
	{ "host h\n", "port", "port=25@default", "" },
	{ "host h\ntls on\n", "port", "port=25@default", "" },
	{ "host h\ntls on\ntls_starttls off\n", "port", "port=465@default",
	    "" },
	{ "host h\ntls_starttls off\n", "port", "port=25@default", "" },
	{ "port 26\ntls on\ntls_starttls off\n", "port", "port=26@rc:1", "" },
	{ "provider ses\nregion eu-west-1\n", "port", "port=465@provider ses",
	    "" },
	/* names */
	{ "host h\n", "tls_host_override", "tls_host_override=h@default", "" },
	{ "host h\ntls_host_override n\n", "tls_host_override",
	    "tls_host_override=n@rc:2", "" },
	{ "host h\ntls_host_override\n", "tls_host_override",
	    "tls_host_override=h@default", "" },
	{ "user u\n", "tls_host_override", "tls_host_override=@unset", "" },
	{ "provider ses\nregion eu-west-1\n", "tls_host_override",
	    "tls_host_override=email-smtp.eu-west-1.amazonaws.com@default",
	    "" },
	{ "host h\n", "domain", "domain=localhost@default", "" },
	{ "domain d\n", "domain", "domain=d@rc:1", "" },
	{ "domain\n", "domain", "domain=localhost@default", "" },
	{ "from a@b.example\n", "domain", "domain=localhost@default", "" },
	{ "provider ses\nregion eu-west-1\nfrom a@b.example\n", "domain",
	    "domain=b.example@provider ses", "" },
	{ "provider ses\nregion eu-west-1\n", "domain",
	    "domain=localhost@default", "" },
	{ "provider ses\nregion eu-west-1\nfrom *@b.example\n", "domain",
	    "domain=localhost@default", "" },
	{ "provider ses\nregion eu-west-1\nfrom a@b.example\ndomain c\n",
	    "domain", "domain=c@rc:4", "" },
	/* the domain that is added */
	{ "from a@b.example\n", "qualify_domain",
	    "qualify_domain=b.example@default", "" },
	{ "from \"x@y\"@b.example\n", "qualify_domain",
	    "qualify_domain=b.example@default", "" },
	{ "from *@b.example\n", "qualify_domain", "qualify_domain=@unset", "" },
	{ "from a?@b.example\n", "qualify_domain", "qualify_domain=@unset",
	    "" },
	{ "from [ab]@b.example\n", "qualify_domain", "qualify_domain=@unset",
	    "" },
	{ "from a@%H\n", "qualify_domain", "qualify_domain=@unset", "" },
	{ "from a\n", "qualify_domain", "qualify_domain=@unset", "" },
	{ "from a@\n", "qualify_domain", "qualify_domain=@unset", "" },
	{ "host h\n", "qualify_domain", "qualify_domain=@unset", "" },
	{ "from a@b.example\nqualify_domain\n", "qualify_domain",
	    "qualify_domain=@rc:2", "" },
	{ "from a@b.example\nqualify_domain c\n", "qualify_domain",
	    "qualify_domain=c@rc:2", "" },
	/* empty as if not set */
	{ "logfile_time_format\n", "logfile_time_format",
	    "logfile_time_format=%b %d %H:%M:%S@default", "" },
	{ "provider\nregion\nendpoint\nhost\n", "provider region endpoint host",
	    "provider=@unset;region=@unset;endpoint=standard@default;"
	    "host=@unset",
	    "" },
	{ "logfile\n", "logfile", "logfile=@rc:1", "" },
	/* mechanisms */
	{ "auth\n", "auth", "auth=on@rc:1", "" },
	{ "auth off\n", "auth", "auth=off@rc:1", "" },
	{ "auth scram-sha-256-plus\n", "auth", "auth=scram-sha-256-plus@rc:1",
	    "" },
	{ "auth PLAIN\n", "auth", NULL,
	    "rc: line 1: auth: on, off or the name of a mechanism in lower "
	    "case "
	    "expected" },
	{ "host h\nauth pl ain\n", "auth", NULL,
	    "rc: line 2: auth: on, off or the name of a mechanism in lower "
	    "case "
	    "expected" },
	{ "auth *\n", "auth", NULL,
	    "rc: line 1: auth: on, off or the name of a mechanism in lower "
	    "case "
	    "expected" },
	{ "auth abcdefghijklmnopqrstu\n", "auth", NULL,
	    "rc: line 1: auth: on, off or the name of a mechanism in lower "
	    "case "
	    "expected" },
	/* providers */
	{ "host h\nprovider sse\n", "host", NULL,
	    "rc: line 2: unknown provider sse: known are ses, oci" },
	{ "provider SES\n", "host", NULL,
	    "rc: line 1: unknown provider SES: known are ses, oci" },
	{ "provider ses\nregion af-south-1\n", "tls auth",
	    "tls=on@provider ses;auth=on@provider ses",
	    "region af-south-1 has no SMTP endpoint according to the "
	    "documentation of Amazon SES\n" },
	{ "provider oci\nregion us-phoenix-1\nauth plain\n",
	    "auth sender_from_header max_message_size max_recipients",
	    "auth=plain@rc:3;sender_from_header=on@provider oci;"
	    "max_message_size=60M@provider oci;max_recipients=0@default",
	    "" },
	/* contradictions */
	{ "tls on\ntls_trust_file\n", "tls", NULL,
	    "rc: line 2: tls needs tls_trust_file: a file, or system" },
	{ "tls off\ntls_trust_file\n", "tls", "tls=off@rc:1", "" },
	{ "user u\nauth off\n", "user", "user=u@rc:1", "" },
	/* the spool */
	{ "spool /var/x\n", "spool", "spool=/var/x@rc:1", "" },
	{ "spool\n", "spool", "spool=@rc:1", "" },
	{ "host h\nspool var/x\n", "spool", NULL,
	    "rc: line 2: spool: a path that begins with / or ~/ expected" },
};

TEST(complete)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fail why = { FAIL_NONE, "" };
		struct settings s;
		struct buf b, warnings;
		struct config c;
		char *copy;
		int result;

		CASE(rows[i].text);
		buf_init(&b, 4000);
		buf_init(&warnings, 4000);
		CHECK_INT(parse(&c, slice_of(rows[i].text), &copy, &why), 0);
		s = c.v[0].settings;
		result = account_complete(&s, &arena, &warnings, &why);
		CHECK_INT(result, rows[i].expected ? 0 : -1);
		if (result == 0) {
			dump_keys(&s, rows[i].keys, &b);
			CHECK_STR(buf_text(&b), rows[i].expected);
			CHECK_STR(buf_text(&warnings), rows[i].warnings);
		} else {
			CHECK_INT(why.kind, FAIL_CONFIG);
			CHECK_STR(why.text, rows[i].warnings);
		}
		buf_free(&b);
		buf_free(&warnings);
		config_free(&c);
		free(copy);
	}
	arena_free(&arena);
}

/* Twice is as good as once, and later overrides are seen. */
TEST(complete_again)
{
	const struct option_source typed = {
		.origin.kind = ORIGIN_COMMAND_LINE,
		.arena = &arena,
	};
	struct settings once, twice;
	struct config c;
	struct buf warnings;
	char *copy;

	buf_init(&warnings, 4000);
	CHECK_INT(
	    parse(&c, SLICE("provider ses\nregion eu-west-1\n"), &copy, NULL),
	    0);
	once = c.v[0].settings;
	CHECK_INT(account_complete(&once, &arena, &warnings, NULL), 0);
	twice = once;
	CHECK_INT(account_complete(&twice, &arena, &warnings, NULL), 0);
	CHECK_INT(twice.port, once.port);
	CHECK_STR(twice.host, once.host);
	CHECK_STR(buf_text(&warnings), "");
	twice = c.v[0].settings;
	CHECK_INT(option_set(&twice, &option_table[OPT_port], SLICE("587"),
		      &typed, NULL),
	    0);
	CHECK_INT(account_complete(&twice, &arena, &warnings, NULL), 0);
	CHECK_INT(twice.port, 587);
	CHECK(twice.tls_starttls);
	buf_free(&warnings);
	config_free(&c);
	free(copy);
	arena_free(&arena);
}

TEST(check_sending)
{
	static const struct {
		const char *text, *failure;
	} table[] = {
		{ "host h\n", NULL },
		{ "socket /s\n", NULL },
		{ "socket\n", "host is not set, and no provider either" },
		{ "user u\n", "host is not set, and no provider either" },
		{ "host h\nauth on\n",
		    "rc: line 2: auth is on, but user is not set" },
		{ "host h\nauth on\nuser u\n", NULL },
		/* A netrc file may have it. */
		{ "host h\nauth on\nuser u\nkeyring off\n", NULL },
		{ "host h\nauth on\nuser u\nkeyring off\npassword\n", NULL },
		{ "host h\nauth on\nuser u\npassword p\n", NULL },
		{ "host h\nauth plain\nuser u\npassword_file /x\n", NULL },
		{ "host h\nauth on\nuser u\npasswordeval x\n", NULL },
		{ "host h\nauth external\n", NULL },
		{ "host h\nauth gssapi\n", NULL },
		{ "host h\nauth off\nuser u\n", NULL },
		{ "provider ses\nregion eu-west-1\nuser AKIAX\n"
		  "keyring off\n",
		    NULL },
		{ "provider ses\nregion eu-west-1\nuser AKIAX\npassword p\n",
		    NULL },
		{ "provider ses\nregion eu-west-1\nuser ASIAX\npassword p\n",
		    "rc: line 3: user ASIAX is a temporary access key "
		    "(ASIA...): temporary credentials cannot be used for SMTP; "
		    "create an access key of an IAM user (AKIA...)" },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct fail why = { FAIL_NONE, "" };
		struct settings s;
		struct buf warnings;
		struct config c;
		char *copy;

		CASE(table[i].text);
		buf_init(&warnings, 4000);
		CHECK_INT(parse(&c, slice_of(table[i].text), &copy, &why), 0);
		s = c.v[0].settings;
		CHECK_INT(account_complete(&s, &arena, &warnings, &why), 0);
		CHECK_INT(
		    account_check_sending(&s, &why), table[i].failure ? -1 : 0);
		CHECK_INT(why.kind, table[i].failure ? FAIL_CONFIG : FAIL_NONE);
		CHECK_STR(why.text, table[i].failure ? table[i].failure : "");
		buf_free(&warnings);
		config_free(&c);
		free(copy);
	}
	arena_free(&arena);
}

TEST(who_needs_a_secret)
{
	static const struct {
		const char *auth;
		bool has_auth, needs_secret;
	} table[] = {
		{ NULL, false, false },
		{ "off", false, false },
		{ "on", true, true },
		{ "plain", true, true },
		{ "oauthbearer", true, true },
		{ "external", true, false },
		{ "EXTERNAL", true, false },
		{ "gssapi", true, false },
		{ "anonymous", true, false },
		{ "externals", true, true },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct settings s;

		CASE(table[i].auth ? table[i].auth : "none");
		settings_init(&s);
		s.auth = table[i].auth;
		CHECK_INT(account_has_auth(&s), table[i].has_auth);
		CHECK_INT(account_needs_secret(&s), table[i].needs_secret);
	}
}

TEST(allowed)
{
	static const struct {
		const char *from, *allowed, *address;
		bool is_allowed;
	} senders[] = {
		{ NULL, NULL, "x@y.example", true },
		{ "a@b.example", "", "x@y.example", true },
		{ "a@b.example", "@b.example", "x@b.example", true },
		{ "a@b.example", "@b.example", "x@B.Example", true },
		{ "a@b.example", "@b.example", "x@c.b.example", false },
		{ "a@b.example", "@b.example", "x@b.example.net", false },
		{ "a@b.example", "@b.example", "x", false },
		{ "a@b.example", "@c.example", "a@b.example", true },
		{ "a@b.example", "@c.example", "A@B.example", true },
		{ "a@b.example", "@c.example", "aa@b.example", false },
		{ NULL, "x@y.example", "x@y.example", true },
		{ NULL, "x@y.example", "z@y.example", false },
		{ NULL, "x@y.example , @z.example", "q@z.example", true },
		{ NULL, ",, x@y.example,", "x@y.example", true },
		{ NULL, ",", "x@y.example", false },
		{ NULL, "@*.y.example", "a@b.y.example", true },
		{ NULL, "@*.y.example", "a@y.example", false },
		{ NULL, "shop-?@y.example", "shop-1@y.example", true },
		{ NULL, "shop-[12]@y.example", "SHOP-2@y.example", true },
		{ NULL, "shop-[12]@y.example", "shop-3@y.example", false },
		{ NULL, "*", "anyone", true },
		{ "*@b.example", "@c.example", "x@b.example", false },
		/* A backslash is a character. */
		{ NULL, "a\\*@y.example", "a*@y.example", false },
	};

	for (size_t i = 0; i < sizeof(senders) / sizeof(senders[0]); i++) {
		const struct settings s = { .from = senders[i].from,
			.allowed_from = senders[i].allowed };

		CASE(senders[i].address);
		CHECK_INT(account_allows(&s, senders[i].address),
		    senders[i].is_allowed);
	}
}

TEST(an_account_without_a_sender)
{
	static const struct {
		const char *from;
		enum origin_kind origin;
		bool null_sender, yes;
	} senders[] = {
		{ NULL, ORIGIN_USER, true, true },
		{ "<>", ORIGIN_SYSTEM, true, true },
		{ "mailer-Daemon", ORIGIN_COMMAND_LINE, true, true },
		{ "mailer-daemon@b.example", ORIGIN_USER, true, false },
		{ "a@b.example", ORIGIN_USER, true, false },
		{ "*", ORIGIN_USER, true, false },
		{ NULL, ORIGIN_NONE, true, false },
		/* The relay takes no null sender. */
		{ NULL, ORIGIN_USER, false, false },
	};

	for (size_t i = 0; i < sizeof(senders) / sizeof(senders[0]); i++) {
		struct settings s = { .from = senders[i].from,
			.null_sender = senders[i].null_sender };

		CASE(senders[i].from ? senders[i].from : "NULL");
		s.origin[OPT_from].kind = senders[i].origin;
		CHECK_INT(account_has_null_sender(&s), senders[i].yes);
		if (senders[i].yes)
			CHECK_STR(account_address(&s), NULL);
	}
}

TEST(too_long_a_pattern_allows_nobody)
{
	static char pattern[1024], address[1024];
	const struct settings s = { .allowed_from = pattern };

	memset(pattern, 'a', 600);
	memset(address, 'a', 600);
	CHECK_INT(account_allows(&s, address), false);
	address[300] = pattern[300] = '\0';
	CHECK_INT(account_allows(&s, address), true);
}

TEST(patterns)
{
	static const struct {
		const char *from;
		bool yes;
	} table[] = {
		{ NULL, false },
		{ "", false },
		{ "a@b.example", false },
		{ "*@b.example", true },
		{ "a?@b.example", true },
		{ "[ab]@b.example", true },
		{ "a@[192.0.2.1]", true },
		{ "a]@b.example", false },
		{ "a+b@b.example", false },
		{ "%U@b.example", false },
		{ "a\\@b.example", false },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		CASE(table[i].from ? table[i].from : "none");
		CHECK_INT(account_is_pattern(table[i].from), table[i].yes);
	}
}
