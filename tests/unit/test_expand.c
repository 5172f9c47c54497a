#include "expand.h"
#include "unit.h"
#include <fcntl.h>
#include <unistd.h>

static char mailname[64];

static const char *me(struct arena *a)
{
	(void)a;
	return "me";
}

static const char *nobody(struct arena *a)
{
	(void)a;
	return "";
}

static void write_mailname(const char *text)
{
	size_t n = strlen(text);
	int fd;

	snprintf(
	    mailname, sizeof(mailname), "/tmp/unit-expand-%u", unit_number);
	fd = open(mailname, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	CHECK(fd >= 0);
	CHECK_INT(write(fd, text, n), n);
	close(fd);
}

#define LONG                                                                   \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"     \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"     \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"     \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde"

static const struct row {
	const char *label;
	const char *from, *domain;         /* settings */
	const char *host, *file;           /* HOSTNAME, the mail name */
	const char *new_from, *new_domain; /* NULL: it fails with `failure` */
	const char *failure;
} rows[] = {
	{ "nothing to do", "a@b.example", "d", "h", "m\n", "a@b.example", "d",
	    NULL },
	{ "%H", "a@%H", "%H", "host.example", "", "a@host.example",
	    "host.example", NULL },
	{ "%M", "a@%M", "%M", "h", "m.example\nx\n", "a@m.example", "m.example",
	    NULL },
	{ "%M with CRLF and blanks", "a@%M", "d", "h", "  m.example \r\nx\n",
	    "a@m.example", "d", NULL },
	{ "%M without a line end", "a@%M", "d", "h", "m", "a@m", "d", NULL },
	{ "%U in from alone", "%U@x", "%U", "h", "", "me@x", "%U", NULL },
	{ "%C of an address", "a@%C", "d", "127.0.0.1", "", "a@127.0.0.1", "d",
	    NULL },
	{ "%C of a name nobody knows", "a@%C", "d", "nobody.invalid", "",
	    "a@nobody.invalid", "d", NULL },
	{ "%F stays", "%F", "%F", "h", "", "%F", "%F", NULL },
	{ "several", "%U-%H@%M.%M", "d", "h", "m", "me-h@m.m", "d", NULL },
	{ "not again what was put in", "a@%H", "d", "%M", "m", "a@%M", "d",
	    NULL },
	{ "others stay", "%%%X%h%", "%", "h", "", "%%%X%h%", "%", NULL },
	{ "control characters", "a@%H", "d", "x\r\nRCPT TO:<evil>", "",
	    "a@x??RCPT TO:<evil>", "d", NULL },
	{ "the longest", "%H", "d", LONG, "", LONG, "d", NULL },
	{ "a longer one", "%H", "d", LONG "f", "", NULL, NULL,
	    "rc: line 7: from: the name of this machine (%H) is not known, or "
	    "longer than 255 characters" },
	{ "the whole too long", "%H%H%H%H%H", "d", LONG, "", NULL, NULL,
	    "rc: line 7: from: longer than 1024 characters" },
	{ "no mail name", "a@%M", "d", "h", NULL, NULL, NULL,
	    "/nonexistent/mailname: No such file or directory" },
	{ "empty mail name", "a@%M", "d", "h", "\nm.example\n", NULL, NULL,
	    "from: the mail name (%M) is not known" },
	{ "in the domain", "a@b", "%M", "h", NULL, NULL, NULL,
	    "rc: line 8: domain: %M: /nonexistent/mailname: No such" },
	{ "mail name that is not used", "a@b", "d", "h", NULL, "a@b", "d",
	    NULL },
	{ "unset", NULL, NULL, "h", "", NULL, NULL, NULL },
};

TEST(substitutions)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct expand_params params = { "/nonexistent/mailname", me };
		struct arena arena = { NULL };
		struct fail why = { FAIL_NONE, "" };
		struct settings s;
		int result;

		CASE(row->label);
		settings_init(&s);
		s.from = row->from;
		s.domain = row->domain;
		s.origin[OPT_from] =
		    (struct origin){ ORIGIN_USER, 7, "rc", false };
		s.origin[OPT_domain] =
		    (struct origin){ ORIGIN_USER, 8, "rc", false };
		CHECK_INT(setenv("HOSTNAME", row->host, 1), 0);
		if (row->file) {
			write_mailname(row->file);
			params.mailname = mailname;
		}
		result = expand_settings(&s, &params, &arena, &why);
		CHECK_INT(result, row->failure ? -1 : 0);
		if (row->failure) {
			CHECK_INT(why.kind, FAIL_CONFIG);
			CHECK(strstr(why.text, row->failure) != NULL);
		} else {
			CHECK_STR(s.from, row->new_from);
			CHECK_STR(s.domain, row->new_domain);
		}
		if (row->file)
			CHECK_INT(unlink(mailname), 0);
		arena_free(&arena);
	}
}

TEST(hostname_that_is_empty)
{
	const struct expand_params params = { "", nobody };
	char name[256] = "";
	struct arena arena = { NULL };
	struct fail why;
	struct settings s;

	settings_init(&s);
	s.from = "a@%H";
	CHECK_INT(gethostname(name, sizeof(name) - 1), 0);
	CHECK_INT(setenv("HOSTNAME", "", 1), 0);
	CHECK_INT(expand_settings(&s, &params, &arena, &why), 0);
	CHECK(strncmp(s.from, "a@", 2) == 0);
	CHECK_STR(s.from + 2, name);
	CASE("no user");
	s.from = "%U@x";
	CHECK_INT(expand_settings(&s, &params, &arena, &why), -1);
	CHECK_INT(why.kind, FAIL_CONFIG);
	arena_free(&arena);
}

TEST(auto_from)
{
	static const struct {
		bool on;
		const char *domain, *from;
		bool may_override;
	} table[] = {
		{ false, "d.example", "set@x", true },
		{ true, "d.example", "me@d.example", false },
		{ true, "%H.example", "me@h.example", false },
		{ true, NULL, "me", false },
	};
	const struct expand_params params = { "", me };

	CHECK_INT(setenv("HOSTNAME", "h", 1), 0);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct arena arena = { NULL };
		struct fail why;
		struct settings s;

		CASE(table[i].from);
		settings_init(&s);
		s.from = "set@x";
		s.auto_from = table[i].on;
		s.maildomain = table[i].domain;
		s.origin[OPT_auto_from] =
		    (struct origin){ ORIGIN_USER, 3, "rc", false };
		CHECK_INT(expand_settings(&s, &params, &arena, &why), 0);
		CHECK_STR(s.from, table[i].from);
		CHECK_INT(s.allow_from_override, table[i].may_override);
		CHECK_INT(s.origin[OPT_from].line, table[i].on ? 3 : 0);
		arena_free(&arena);
	}
}

TEST(author)
{
	static const struct {
		const char *text, *author, *expected;
	} table[] = {
		{ "%F", "a@b", "a@b" },
		{ "x-%F-y", "a@b", "x-a@b-y" },
		{ "x", "a@b", "x" },
		{ "%F%F", "%F", "%F%F" },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct arena arena = { NULL };

		CASE(table[i].text);
		CHECK_STR(expand_author(table[i].text, table[i].author, &arena),
		    table[i].expected);
		arena_free(&arena);
	}
}
