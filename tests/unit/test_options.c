#include "options.h"
#include "unit.h"

static struct arena arena;

static int set(struct settings *s, const char *key, struct slice value,
    const struct option_source *source, struct fail *why)
{
	const struct option_info *o = option_by_key(slice_of(key));

	CHECK(o != NULL);
	return o ? option_set(s, o, value, source, why) : -1;
}

static const struct option_source from_file = {
	.origin = { ORIGIN_USER, 7, "rc" },
	.home = "/home/u",
	.arena = &arena,
};

static const struct option_source from_command_line = {
	.origin = { ORIGIN_COMMAND_LINE, 0, NULL },
	.home = "/home/u",
	.arena = &arena,
};

/* ---- the table ---- */

static void check_words(const char *text, const char *allowed)
{
	CHECK_INT(strspn(text, allowed), strlen(text));
}

/* mdoc: no blank in front, no empty line, nothing but ASCII. */
static void check_manual(const char *manual)
{
	struct slice rest = slice_of(manual);
	struct slice line;
	int lines = 0;

	while (slice_take_line(&rest, &line)) {
		lines++;
		CHECK(line.n > 1 && line.p[line.n - 1] == '\n');
		CHECK(!is_blank(line.p[0]));
		for (size_t i = 0; i + 1 < line.n; i++)
			CHECK(!is_control(line.p[i]) && !is_8bit(line.p[i]));
	}
	CHECK(lines >= 1 && lines <= 12);
}

TEST(every_row_is_whole)
{
	for (size_t i = 0; i < OPT_COUNT; i++) {
		const struct option_info *o = &option_table[i];

		CASE(o->key);
		CHECK_INT(o->id, i);
		check_words(o->key, "abcdefghijklmnopqrstuvwxyz_3");
		CHECK(o->help && *o->help && strlen(o->help) < 60);
		CHECK(!strchr(o->help, '\n'));
		CHECK(o->argument && *o->argument);
		check_manual(o->manual);
		CHECK(o->offset < sizeof(struct settings));
		CHECK(o->type != OPTION_CHOICE || o->choices);
		CHECK(o->type != OPTION_WORDS ||
		      (o->choices && strchr(o->choices, '|')));
		if (o->type == OPTION_NUMBER || o->type == OPTION_SECONDS ||
		    o->type == OPTION_SIZE)
			CHECK(o->min < o->max);
		for (size_t j = 0; j < i; j++) {
			CHECK(strcmp(o->key, option_table[j].key) != 0);
			CHECK(
			    !o->letter || o->letter != option_table[j].letter);
		}
	}
}

TEST(presets_are_canonical)
{
	struct settings s;
	struct buf b;

	settings_init(&s);
	buf_init(&b, 1000);
	for (size_t i = 0; i < OPT_COUNT; i++) {
		const struct option_info *o = &option_table[i];
		bool is_set;

		CASE(o->key);
		buf_clear(&b);
		is_set = option_format(&s, o, &b);
		CHECK_INT(is_set, o->preset != NULL);
		CHECK_STR(buf_text(&b), o->preset ? o->preset : "");
		CHECK_INT(
		    s.origin[i].kind, o->preset ? ORIGIN_DEFAULT : ORIGIN_NONE);
		CHECK(!option_is_explicit(&s, o->id));
	}
	buf_free(&b);
}

TEST(names)
{
	static const struct {
		const char *name;
		int key, letter; /* expected ids; -1: none */
	} rows[] = {
		{ "host", OPT_host, -1 },
		{ "tls_trust_file", OPT_tls_trust_file, -1 },
		{ "tls-trust-file", -1, -1 },
		{ "connect_timeout", OPT_timeout, -1 },
		{ "connect-timeout", -1, -1 },
		{ "timeout", OPT_timeout, -1 },
		{ "password", OPT_password, -1 },
		{ "passwordeval", OPT_passwordeval, -1 },
		{ "X", -1, OPT_logfile },
		{ "x", -1, -1 },
		{ "F", -1, -1 },
		{ "", -1, -1 },
		{ "HOST", -1, -1 },
		{ "hos", -1, -1 },
		{ "hostt", -1, -1 },
		{ "host ", -1, -1 },
		{ "_host", -1, -1 },
		{ "tls_", -1, -1 },
		{ "tls_certchecks", -1, -1 },
		{ "tls_nocertcheck", OPT_tls_certcheck, -1 },
		{ "tls_nostarttls", OPT_tls_starttls, -1 },
		{ "tls_force_sslv3", OPT_tls_force_sslv3, -1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct slice name = slice_of(rows[i].name);
		const struct option_info *o;

		CASE(rows[i].name);
		o = option_by_key(name);
		CHECK_INT(o ? (int)o->id : -1, rows[i].key);
		o = option_by_letter(name.n == 1 ? name.p[0] : '\0');
		CHECK_INT(o ? (int)o->id : -1, rows[i].letter);
	}
	CASE("a NUL");
	CHECK(!option_by_key(SLICE("host\0")));
}

/* ---- values ---- */

struct value_row {
	const char *key;
	const char *value;
	const char *shown; /* NULL: unset */
	const char *text;  /* of the failure */
};

static void check_values(const struct value_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct value_row *row = &rows[i];
		const struct option_info *o = option_by_key(slice_of(row->key));
		struct settings s;
		struct fail why = { FAIL_NONE, "" };
		struct buf b;
		bool shown;

		CASE(row->value);
		buf_init(&b, 20000);
		settings_init(&s);
		CHECK_INT(
		    set(&s, row->key, slice_of(row->value), &from_file, &why),
		    row->text ? -1 : 0);
		CHECK_STR(why.text, row->text ? row->text : "");
		CHECK_INT(why.kind, row->text ? FAIL_CONFIG : FAIL_NONE);
		CHECK_INT(s.origin[o->id].kind == ORIGIN_USER, !row->text);
		shown = option_format(&s, o, &b);
		if (!row->text) {
			CHECK_INT(shown, row->shown != NULL);
			CHECK_STR(buf_text(&b), row->shown ? row->shown : "");
		}
		buf_free(&b);
	}
	arena_free(&arena);
}

#define CHECK_VALUES(rows) check_values(rows, sizeof(rows) / sizeof((rows)[0]))

TEST(texts)
{
	static const struct value_row rows[] = {
		{ "host", "mail.example.com", "mail.example.com", NULL },
		{ "host", "", NULL, NULL },
		{ "host", "a b\tc", "a b?c", NULL },
		{ "host", "\"", "\"", NULL },
		{ "host", "b\xc3\xbc.example", "b??.example", NULL },
		{ "from_full_name", "C1 \x9b[31m \x80\x9f", "C1 ?[31m ??",
		    NULL },
		{ "logfile", "/var/\xff", "/var/?", NULL },
		{ "domain", "# no comment", "# no comment", NULL },
		{ "host", "a\nb", NULL,
		    "invalid argument a?b for command host: a value without "
		    "control characters expected" },
		{ "host", "a\rb", NULL,
		    "invalid argument a?b for command host: a value without "
		    "control characters expected" },
		{ "host", "\x7f", NULL,
		    "invalid argument ? for command host: a value without "
		    "control characters expected" },
		{ "from_full_name", "A\x1b[31m", NULL,
		    "invalid argument A?[31m for command from_full_name: a "
		    "value without control characters expected" },
		{ "passwordeval", "pass show mail | head -n1",
		    "pass show mail | head -n1", NULL },
	};

	CHECK_VALUES(rows);
}

/* Only what a person is shown is made printable. */
TEST(texts_stay_what_they_are)
{
	static const char name[] = "J\xc3\xb6rg\t\x9b";
	const struct option_info *o = &option_table[OPT_from_full_name];
	const char *const *field;
	struct settings s;

	settings_init(&s);
	CHECK_INT(set(&s, o->key, slice_of(name), &from_file, NULL), 0);
	CHECK_STR(s.from_full_name, name);
	field = option_value(&s, o);
	CHECK(field == &s.from_full_name);
	arena_free(&arena);
}

TEST(text_with_choices)
{
	static const struct value_row rows[] = {
		{ "auth", "", "on", NULL },
		{ "auth", "on", "on", NULL },
		{ "auth", "off", "off", NULL },
		{ "auth", "SCRAM-SHA-256", "SCRAM-SHA-256", NULL },
		{ "syslog", "", "on", NULL },
		{ "syslog", "on", "on", NULL },
		{ "syslog", "off", "off", NULL },
		{ "syslog", "LOG_MAIL", "LOG_MAIL", NULL },
		{ "syslog", "LOG_LOCAL7", "LOG_LOCAL7", NULL },
		{ "syslog", "LOG_LOCAL8", NULL,
		    "invalid argument LOG_LOCAL8 for command syslog: "
		    "on|off|LOG_USER|LOG_MAIL|LOG_LOCAL0|LOG_LOCAL1|"
		    "LOG_LOCAL2|LOG_LOCAL3|LOG_LOCAL4|LOG_LOCAL5|LOG_LOCAL6|"
		    "LOG_LOCAL7 expected" },
		{ "syslog", "log_mail", NULL,
		    "invalid argument log_mail for command syslog: "
		    "on|off|LOG_USER|LOG_MAIL|LOG_LOCAL0|LOG_LOCAL1|"
		    "LOG_LOCAL2|LOG_LOCAL3|LOG_LOCAL4|LOG_LOCAL5|LOG_LOCAL6|"
		    "LOG_LOCAL7 expected" },
	};

	CHECK_VALUES(rows);
}

TEST(switches)
{
	static const struct value_row rows[] = {
		{ "tls", "", "on", NULL },
		{ "tls", "on", "on", NULL },
		{ "tls", "off", "off", NULL },
		{ "tls", "yes", NULL,
		    "invalid argument yes for command tls: on or off "
		    "expected" },
		{ "tls", "ON", NULL,
		    "invalid argument ON for command tls: on or off "
		    "expected" },
		{ "tls", "onn", NULL,
		    "invalid argument onn for command tls: on or off "
		    "expected" },
		{ "tls", "o", NULL,
		    "invalid argument o for command tls: on or off "
		    "expected" },
		{ "tls", "1", NULL,
		    "invalid argument 1 for command tls: on or off "
		    "expected" },
		{ "tls", "on off", NULL,
		    "invalid argument on off for command tls: on or off "
		    "expected" },
	};

	CHECK_VALUES(rows);
}

#define NOTIFY_EXPECTED                                                        \
	" for command dsn_notify: off|never|failure,delay,success expected"
#define RETURN_EXPECTED                                                        \
	" for command dsn_return: off|headers|hdrs|full expected"

TEST(words)
{
	static const struct value_row rows[] = {
		{ "dsn_notify", "", "off", NULL },
		{ "dsn_notify", "off", "off", NULL },
		{ "dsn_notify", "never", "never", NULL },
		{ "dsn_notify", "delay", "delay", NULL },
		{ "dsn_notify", "failure,delay,success",
		    "failure,delay,success", NULL },
		{ "dsn_notify", "success,failure", "success,failure", NULL },
		{ "dsn_notify", "delay , failure", "delay,failure", NULL },
		{ "dsn_notify", "delay,delay,failure,delay", "delay,failure",
		    NULL },
		{ "dsn_notify", "never,delay", NULL,
		    "invalid argument never,delay" NOTIFY_EXPECTED },
		{ "dsn_notify", "delay,never", NULL,
		    "invalid argument delay,never" NOTIFY_EXPECTED },
		{ "dsn_notify", "delay,off", NULL,
		    "invalid argument delay,off" NOTIFY_EXPECTED },
		{ "dsn_notify", "delay,", NULL,
		    "invalid argument delay," NOTIFY_EXPECTED },
		{ "dsn_notify", ",delay", NULL,
		    "invalid argument ,delay" NOTIFY_EXPECTED },
		{ "dsn_notify", "delay,,failure", NULL,
		    "invalid argument delay,,failure" NOTIFY_EXPECTED },
		{ "dsn_notify", ",", NULL,
		    "invalid argument ," NOTIFY_EXPECTED },
		{ "dsn_notify", "delay failure", NULL,
		    "invalid argument delay failure" NOTIFY_EXPECTED },
		{ "dsn_notify", "DELAY", NULL,
		    "invalid argument DELAY" NOTIFY_EXPECTED },
		{ "dsn_notify", "dela", NULL,
		    "invalid argument dela" NOTIFY_EXPECTED },
		{ "dsn_return", "", "off", NULL },
		{ "dsn_return", "off", "off", NULL },
		{ "dsn_return", "headers", "headers", NULL },
		{ "dsn_return", "hdrs", "hdrs", NULL },
		{ "dsn_return", "full", "full", NULL },
		{ "dsn_return", "full,hdrs", NULL,
		    "invalid argument full,hdrs" RETURN_EXPECTED },
		{ "dsn_return", "FULL", NULL,
		    "invalid argument FULL" RETURN_EXPECTED },
	};

	CHECK_VALUES(rows);
}

TEST(choices)
{
	static const struct value_row rows[] = {
		{ "set_from_header", "", "auto", NULL },
		{ "set_from_header", "on", "on", NULL },
		{ "set_from_header", "off", "off", NULL },
		{ "set_date_header", "off", "off", NULL },
		{ "set_date_header", "on", NULL,
		    "invalid argument on for command set_date_header: "
		    "auto|off expected" },
		{ "set_date_header", "auto|off", NULL,
		    "invalid argument auto|off for command set_date_header: "
		    "auto|off expected" },
		{ "password_kind", "aws_secret", "aws_secret", NULL },
		{ "password_kind", "aws", NULL,
		    "invalid argument aws for command password_kind: "
		    "auto|smtp|aws_secret expected" },
		{ "header_once", "relay", "relay", NULL },
		{ "header_once", "RELAY", NULL,
		    "invalid argument RELAY for command header_once: "
		    "rfc|relay|off expected" },
	};
	struct settings s;

	CHECK_VALUES(rows);
	settings_init(&s);
	CHECK_INT(s.set_from_header, SET_FROM_AUTO);
	CHECK_INT(
	    set(&s, "set_from_header", SLICE("off"), &from_file, NULL), 0);
	CHECK_INT(s.set_from_header, SET_FROM_OFF);
	CHECK_INT(
	    set(&s, "password_kind", SLICE("aws_secret"), &from_file, NULL), 0);
	CHECK_INT(s.password_kind, PASSWORD_AWS_SECRET);
	CHECK_INT(set(&s, "header_once", SLICE("off"), &from_file, NULL), 0);
	CHECK_INT(s.header_once, HEADER_ONCE_OFF);
}

#define BAD_PORT(value)                                                        \
	{                                                                      \
		"port", value, NULL,                                           \
		    "invalid argument " value " for command port: a number "   \
		    "from 1 to 65535 expected"                                 \
	}

TEST(numbers)
{
	static const struct value_row rows[] = {
		{ "port", "1", "1", NULL },
		{ "port", "587", "587", NULL },
		{ "port", "65535", "65535", NULL },
		{ "port", "0x24b", "587", NULL },
		{ "port", "0X24B", "587", NULL },
		{ "port", "010", "8", NULL },
		{ "port", "0177777", "65535", NULL },
		BAD_PORT("0"),
		BAD_PORT("65536"),
		BAD_PORT("-1"),
		BAD_PORT("+1"),
		BAD_PORT("0x"),
		BAD_PORT("08"),
		BAD_PORT("0x1g"),
		BAD_PORT("25 "),
		BAD_PORT("25x"),
		BAD_PORT("2 5"),
		BAD_PORT("off"),
		BAD_PORT("1e3"),
		BAD_PORT("9223372036854775808"),
		BAD_PORT("99999999999999999999999999"),
		BAD_PORT("0xffffffffffffffffffff"),
		{ "port", "", NULL,
		    "missing argument for command port: a number from 1 to "
		    "65535 expected" },
		{ "max_recipients", "0", "0", NULL },
		{ "max_recipients", "50", "50", NULL },
		{ "proxy_port", "9050", "9050", NULL },
		{ "proxy_port", "", "1080", NULL },
		{ "proxy_port", "0", NULL,
		    "invalid argument 0 for command proxy_port: a number from "
		    "1 to 65535 expected" },
		{ "tls_min_dh_prime_bits", "3072", "3072", NULL },
		{ "tls_min_dh_prime_bits", "", NULL, NULL },
		{ "tls_min_dh_prime_bits", "0", NULL,
		    "invalid argument 0 for command tls_min_dh_prime_bits: a "
		    "number from 1 to 65536 expected" },
	};

	CHECK_VALUES(rows);
}

TEST(seconds)
{
	static const struct value_row rows[] = {
		{ "timeout", "off", "off", NULL },
		{ "timeout", "1", "1", NULL },
		{ "timeout", "010", "8", NULL },
		{ "timeout", "2147483647", "2147483647", NULL },
		{ "timeout", "2147483648", NULL,
		    "invalid argument 2147483648 for command timeout: off or "
		    "a number from 1 to 2147483647 expected" },
		{ "timeout", "0", NULL,
		    "invalid argument 0 for command timeout: off or a number "
		    "from 1 to 2147483647 expected" },
		{ "connect_timeout", "", NULL,
		    "missing argument for command timeout: off or a number "
		    "from 1 to 2147483647 expected" },
		{ "timeout", "5s", NULL,
		    "invalid argument 5s for command timeout: off or a number "
		    "from 1 to 2147483647 expected" },
	};

	CHECK_VALUES(rows);
}

#define BAD_SIZE(value)                                                        \
	{                                                                      \
		"max_message_size", value, NULL,                               \
		    "invalid argument " value " for command "                  \
		    "max_message_size: off or a number from 1 to "             \
		    "1099511627776 (K, M or G may follow) expected"            \
	}

TEST(sizes)
{
	static const struct value_row rows[] = {
		{ "max_message_size", "off", "off", NULL },
		{ "max_message_size", "1", "1", NULL },
		{ "max_message_size", "1023", "1023", NULL },
		{ "max_message_size", "1024", "1K", NULL },
		{ "max_message_size", "40M", "40M", NULL },
		{ "max_message_size", "40960K", "40M", NULL },
		{ "max_message_size", "41943040", "40M", NULL },
		{ "max_message_size", "1g", "1G", NULL },
		{ "max_message_size", "1024G", "1024G", NULL },
		{ "max_message_size", "010", "10", NULL },
		BAD_SIZE("0"),
		BAD_SIZE("1025G"),
		BAD_SIZE("0x10"),
		BAD_SIZE("M"),
		BAD_SIZE("40MB"),
		BAD_SIZE("40 M"),
		BAD_SIZE("-1"),
		BAD_SIZE("18446744073709551615"),
		BAD_SIZE("18014398509481984K"),
		BAD_SIZE("9999999999999999999G"),
	};

	CHECK_VALUES(rows);
}

TEST(paths)
{
	static const struct value_row rows[] = {
		{ "logfile", "~/log", "/home/u/log", NULL },
		{ "logfile", "~/", "/home/u/", NULL },
		{ "logfile", "~", "~", NULL },
		{ "logfile", "~other/log", "~other/log", NULL },
		{ "logfile", "/a/~/b", "/a/~/b", NULL },
		{ "logfile", "-", "-", NULL },
		{ "logfile", "", NULL, NULL },
		{ "tls_trust_file", "system", "system", NULL },
		{ "tls_trust_file", "", NULL, NULL },
		{ "socket", "~/run/s", "/home/u/run/s", NULL },
		{ "socket", "", NULL, NULL },
		{ "tls_key_file", "~/k", "/home/u/k", NULL },
		{ "tls_cert_file", "pkcs11:object=a", "pkcs11:object=a", NULL },
	};
	const struct option_source homeless = {
		.origin.kind = ORIGIN_USER,
		.arena = &arena,
	};
	struct settings s;

	CHECK_VALUES(rows);
	settings_init(&s);
	CHECK_INT(set(&s, "logfile", SLICE("~/x"), &homeless, NULL), 0);
	CHECK_STR(s.logfile, "~/x");
	CHECK_STR(option_text(&s, OPT_logfile), "~/x");
	arena_free(&arena);
}

TEST(long_value_is_clipped_in_the_text)
{
	char value[4000];
	struct settings s;
	struct fail why;

	memset(value, 'y', sizeof(value));
	settings_init(&s);
	CHECK_INT(set(&s, "tls", (struct slice){ value, sizeof(value) },
		      &from_file, &why),
	    -1);
	CHECK(strlen(why.text) < 200);
	CHECK(strstr(why.text, "y for command tls: on or off expected"));
}

TEST(command_line_is_named_as_such)
{
	struct settings s;
	struct fail why;

	settings_init(&s);
	CHECK_INT(
	    set(&s, "tls_starttls", SLICE("x"), &from_command_line, &why), -1);
	CHECK_STR(why.text,
	    "invalid argument x for --tls-starttls: on or off expected");
	CHECK_INT(set(&s, "port", SLICE(""), &from_command_line, &why), -1);
	CHECK_STR(why.text,
	    "missing argument for --port: a number from 1 to 65535 expected");
	CHECK_INT(s.origin[OPT_port].kind, ORIGIN_NONE);
}

TEST(failure_changes_nothing)
{
	struct settings s;

	settings_init(&s);
	CHECK_INT(set(&s, "port", SLICE("587"), &from_file, NULL), 0);
	CHECK_INT(set(&s, "port", SLICE("x"), &from_command_line, NULL), -1);
	CHECK_INT(s.port, 587);
	CHECK_INT(s.origin[OPT_port].kind, ORIGIN_USER);
	CHECK_INT(set(&s, "host", SLICE("a"), &from_file, NULL), 0);
	CHECK_INT(set(&s, "host", SLICE("a\n"), &from_file, NULL), -1);
	CHECK_STR(s.host, "a");
	arena_free(&arena);
}
