#include "canary_text.h"
#include "config_text.h"
#include "unit.h"

/* ---- in texts ---- */

TEST(failures_never_quote_a_secret)
{
	static const char *const rows[] = {
		"password=S3CRET\n",
		"password:S3CRET\n",
		"password\nS3CRET\n",
		"password\n\n# broken\nS3CRET\n",
		"password \"\"\nS3CRET x\n",
		"S3CRET;x\n",
		"S3CRET$\n",
		"pass S3CRET\n",
		"passwort S3CRET\n",
		"password S3CRET\nfrob\n",
		"password S3CRET\0x\n",
		"BS3CRETaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n",
		"account a\npassword S3CRET\naccount a\n",
		"eval echo 'password=S3CRET'\n",
		"eval echo 'frob S3CRET'\n",
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct slice text = slice_of(rows[i]);
		struct fail why = { FAIL_NONE, "" };
		struct config c;
		char *copy;

		CASE(rows[i]);
		if (i == 10)
			text.n += 3;
		CHECK_INT(parse(&c, text, &copy, &why), -1);
		CHECK_INT(why.kind, FAIL_CONFIG);
		CHECK(strstr(why.text, "rc: line "));
		CHECK(!strstr(why.text, "S3CRET"));
		config_free(&c);
		free(copy);
	}
	arena_free(&arena);
}

/* ---- in files ---- */

static void check_password(const char *line, const char *expected)
{
	struct fail why = { FAIL_NONE, "" };
	struct config c;
	char *copy;

	CASE(line);
	CHECK_INT(parse(&c, slice_of(line), &copy, &why), 0);
	CHECK_INT(c.n, 1);
	if (c.n == 1) {
		CHECK_SLICE(c.v[0].settings.password, expected);
		CHECK(c.v[0].settings.password.p >= copy);
		CHECK(c.v[0].settings.password.p < copy + strlen(line));
	}
	config_free(&c);
	free(copy);
	arena_free(&arena);
}

/* Every character but the blanks and the quote, at each place. */
TEST(password_may_hold_any_character)
{
	for (int i = 0x21; i < 0x100; i++) {
		char line[64], value[16];

		if (i == '"')
			continue;
		snprintf(value, sizeof(value), "%cx%c y%c", i, i, i);
		snprintf(line, sizeof(line), "password %s\n", value);
		check_password(line, value);
		snprintf(line, sizeof(line), "password \"%s\"\r\n", value);
		check_password(line, value);
	}
}

TEST(passwords)
{
	check_password("password x;#$<>&\"(!)'[]{}~%\\^*=+,.?/|-_:y\n",
	    "x;#$<>&\"(!)'[]{}~%\\^*=+,.?/|-_:y");
	check_password("password #{;}$~\n", "#{;}$~");
	check_password("password a b  c\n", "a b  c");
	check_password("password\ta\tb\n", "a\tb");
	check_password("password  \"  a \" \n", "  a ");
	check_password("password \"\n", "\"");
	check_password("password \"\"\"\n", "\"");
	check_password("password \"a\n", "\"a");
	check_password("password $(id)\n", "$(id)");
	check_password("password account default\n", "account default");
	check_password(
	    "password BExample+and/and=Sign", "BExample+and/and=Sign");
}

TEST(secret_in_the_file_is_told)
{
	static const struct {
		const char *text;
		bool has_secret;
	} rows[] = {
		{ "host h\n", false },
		{ "password p\n", true },
		{ "password\n", true },
		{ "defaults\npassword p\n", true },
		{ "# password p\n", false },
		{ "passwordeval echo p\n", false },
		{ "password_file /x\n", false },
		{ "eval echo password p\n", false },
	};
	static const struct config_source source = { "rc", ORIGIN_USER };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct config c;
		bool has_secret = !rows[i].has_secret;

		CASE(rows[i].text);
		config_init(&c, &arena, NULL);
		CHECK_INT(config_parse(&c, slice_of(rows[i].text), &source,
			      &has_secret, NULL),
		    0);
		CHECK_INT(has_secret, rows[i].has_secret);
		config_free(&c);
	}
	arena_free(&arena);
}

TEST(no_copy_of_a_password_is_left)
{
	unsigned char masked[20];
	char text[9 + sizeof(masked) + 1] = "password ";
	char path[] = "/tmp/unit-config-XXXXXX";
	int fd = mkostemp(path, O_CLOEXEC);
	struct config c;

	canary_make(masked, sizeof(masked));
	canary_put(text + 9, masked, sizeof(masked));
	text[sizeof(text) - 1] = '\n';
	CHECK_INT(write(fd, text, sizeof(text)), sizeof(text));
	close(fd);
	explicit_bzero(text, sizeof(text));
	config_init(&c, &arena, NULL);
	CHECK_INT(config_read(&c, path, ORIGIN_USER, true, NULL), CONFIG_READ);
	CHECK_INT(c.v[0].settings.password.n, sizeof(masked));
	CHECK_INT(canary_count(masked, sizeof(masked)), 1);
	config_free(&c);
	CHECK_INT(canary_count(masked, sizeof(masked)), 0);
	arena_free(&arena);
	CHECK_INT(unlink(path), 0);
}

/* ---- how it is shown ---- */

TEST(shown_as_pretended)
{
	struct config c;
	struct buf b;
	char *copy;

	CHECK_INT(
	    parse(&c, SLICE("port 010\npassword S3CRET\ntls\n"), &copy, NULL),
	    0);
	buf_init(&b, 100000);
	for (size_t i = 0; i < OPT_COUNT; i++) {
		const struct option_info *o = &option_table[i];

		buf_addf(&b, "%s = ", o->key);
		if (!option_format(&c.v[0].settings, o, &b))
			buf_adds(&b, "(not set)");
		buf_adds(&b, " # ");
		origin_format(&c.v[0].settings, o->id, &b);
		buf_addc(&b, '\n');
	}
	CHECK(!b.full);
	CHECK(strstr(buf_text(&b), "port = 8 # rc:1\n"));
	CHECK(strstr(buf_text(&b), "password = * # rc:2\n"));
	CHECK(strstr(buf_text(&b), "tls = on # rc:3\n"));
	CHECK(strstr(buf_text(&b), "user = (not set) # unset\n"));
	CHECK(strstr(buf_text(&b), "auth = off # default\n"));
	CHECK(!strstr(buf_text(&b), "S3CRET"));
	buf_free(&b);
	config_free(&c);
	free(copy);
	arena_free(&arena);
}
