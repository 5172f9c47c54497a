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

/* ---- secrets ---- */

TEST(secret_is_a_view_and_never_shown)
{
	static const char secret[] = "# ;$ {}<>\"'\\ \x01\x7f\n";
	const struct option_info *o = &option_table[OPT_password];
	struct settings s;
	struct buf b;

	buf_init(&b, 100);
	settings_init(&s);
	CHECK(!option_format(&s, o, &b));
	CHECK_INT(set(&s, "password", SLICE(secret), &from_file, NULL), 0);
	CHECK(s.password.p == secret);
	CHECK_INT(s.password.n, sizeof(secret) - 1);
	CHECK(option_format(&s, o, &b));
	CHECK_STR(buf_text(&b), "*");
	buf_clear(&b);
	CHECK_INT(set(&s, "password", SLICE(""), &from_file, NULL), 0);
	CHECK(!option_format(&s, o, &b));
	CHECK_STR(buf_text(&b), "");
	CHECK(s.password.p == NULL);
	buf_free(&b);
}

/* ---- origins ---- */

TEST(origins)
{
	static const struct {
		struct origin origin;
		const char *text;
	} rows[] = {
		{ { ORIGIN_NONE, 0, NULL }, "unset" },
		{ { ORIGIN_DEFAULT, 0, NULL }, "default" },
		{ { ORIGIN_PROVIDER, 0, NULL }, "provider ses" },
		{ { ORIGIN_SYSTEM, 3, "/etc/rc" }, "/etc/rc:3" },
		{ { ORIGIN_USER, 12, "/home/u/rc" }, "/home/u/rc:12" },
		{ { ORIGIN_USER, 1, "a\nb" }, "a?b:1" },
		{ { ORIGIN_COMMAND_LINE, 0, NULL }, "command line" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct settings s;
		struct buf b;

		CASE(rows[i].text);
		settings_init(&s);
		s.provider = "ses";
		s.origin[OPT_port] = rows[i].origin;
		buf_init(&b, 100);
		origin_format(&s, OPT_port, &b);
		CHECK_STR(buf_text(&b), rows[i].text);
		CHECK_INT(option_is_explicit(&s, OPT_port),
		    rows[i].origin.kind >= ORIGIN_SYSTEM);
		buf_free(&b);
	}
}

TEST(failure_about_a_setting)
{
	struct settings s;
	struct fail why;

	settings_init(&s);
	CHECK_INT(
	    option_fail(&why, &s, OPT_region, "unknown region %s", "x"), -1);
	CHECK_INT(why.kind, FAIL_CONFIG);
	CHECK_STR(why.text, "unknown region x");
	s.origin[OPT_region] = (struct origin){ ORIGIN_USER, 4, "rc", false };
	option_fail(&why, &s, OPT_region, "unknown region %s", "x");
	CHECK_STR(why.text, "rc: line 4: unknown region x");
	s.origin[OPT_region] = (struct origin){ .kind = ORIGIN_COMMAND_LINE };
	option_fail(&why, &s, OPT_region, "unknown region %s", "x");
	CHECK_STR(why.text, "command line: unknown region x");
}

TEST(overlay_takes_what_was_set)
{
	struct settings under, over;

	settings_init(&under);
	settings_init(&over);
	CHECK_INT(set(&under, "host", SLICE("under"), &from_file, NULL), 0);
	CHECK_INT(set(&under, "port", SLICE("1"), &from_file, NULL), 0);
	CHECK_INT(set(&under, "tls", SLICE("on"), &from_file, NULL), 0);
	CHECK_INT(set(&under, "user", SLICE("u"), &from_file, NULL), 0);
	CHECK_INT(set(&over, "port", SLICE("2"), &from_command_line, NULL), 0);
	CHECK_INT(set(&over, "user", SLICE(""), &from_command_line, NULL), 0);
	CHECK_INT(set(&over, "password", SLICE("p"), &from_file, NULL), 0);
	CHECK_INT(
	    set(&over, "set_from_header", SLICE("on"), &from_file, NULL), 0);
	over.tls_starttls = false; /* worked out by somebody, not set */
	over.origin[OPT_tls_starttls].kind = ORIGIN_PROVIDER;
	settings_overlay(&under, &over);
	CHECK_STR(under.host, "under");
	CHECK_INT(under.port, 2);
	CHECK_INT(under.origin[OPT_port].kind, ORIGIN_COMMAND_LINE);
	CHECK(under.tls);
	CHECK_INT(under.origin[OPT_tls].kind, ORIGIN_USER);
	CHECK_STR(under.user, NULL);
	CHECK_INT(under.origin[OPT_user].kind, ORIGIN_COMMAND_LINE);
	CHECK_SLICE(under.password, "p");
	CHECK_INT(under.set_from_header, SET_FROM_ON);
	CHECK(under.tls_starttls);
	CHECK_INT(under.origin[OPT_tls_starttls].kind, ORIGIN_DEFAULT);
	arena_free(&arena);
}

TEST(fill_leaves_what_was_set)
{
	struct settings s;

	settings_init(&s);
	CHECK_INT(set(&s, "port", SLICE("1"), &from_file, NULL), 0);
	CHECK_INT(set(&s, "user", SLICE(""), &from_file, NULL), 0);
	settings_fill(&s, OPT_port, "2", ORIGIN_PROVIDER, &arena);
	settings_fill(&s, OPT_user, "x", ORIGIN_PROVIDER, &arena);
	settings_fill(&s, OPT_host, "h", ORIGIN_PROVIDER, &arena);
	settings_fill(&s, OPT_timeout, "never", ORIGIN_PROVIDER, &arena);
	CHECK_INT(s.port, 1);
	CHECK_STR(s.user, NULL);
	CHECK_STR(s.host, "h");
	CHECK_INT(s.origin[OPT_host].kind, ORIGIN_PROVIDER);
	CHECK_INT(s.timeout, 0);
	CHECK_INT(s.origin[OPT_timeout].kind, ORIGIN_DEFAULT);
	settings_fill(&s, OPT_host, "h2", ORIGIN_DEFAULT, &arena);
	CHECK_STR(s.host, "h2");
	arena_free(&arena);
}

TEST(choices_by_position)
{
	const struct option_info *o = &option_table[OPT_header_once];

	CHECK_SLICE(option_choice(o, 0), "rfc");
	CHECK_SLICE(option_choice(o, 2), "off");
	CHECK_SLICE(option_choice(o, 3), "");
	CHECK_SLICE(option_choice(o, 99), "");
}
