#include "child.h"
#include "config_text.h"
#include "unit.h"
#include <sys/stat.h>

/* ---- files ---- */

static char directory[64];

static const char *path_of(const char *name)
{
	static char path[200];

	if (!*directory) {
		snprintf(directory, sizeof(directory), "/tmp/unit-config-%u",
		    unit_number);
		CHECK_INT(mkdir(directory, 0755), 0);
	}
	snprintf(path, sizeof(path), "%s/%s", directory, name);
	return path;
}

static const char *write_file(const char *name, struct slice text, mode_t mode)
{
	const char *path = path_of(name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	CHECK(fd >= 0);
	CHECK_INT(write(fd, text.p, text.n), text.n);
	CHECK_INT(fchmod(fd, mode), 0);
	close(fd);
	return path;
}

static void remove_file(const char *path)
{
	CHECK(unlink(path) == 0 || rmdir(path) == 0);
	(void)rmdir(directory);
	if (access(directory, F_OK) != 0)
		*directory = '\0';
}

static void check_read(const char *path, bool required,
    enum config_found expected, const char *text)
{
	struct fail why = { FAIL_NONE, "" };
	struct config c;

	config_init(&c, &arena, NULL);
	CHECK_INT(config_read(&c, path, ORIGIN_USER, required, &why), expected);
	CHECK(text ? strstr(why.text, text) != NULL : !*why.text);
	CHECK_INT(c.n_files, expected == CONFIG_READ);
	config_free(&c);
	arena_free(&arena);
}

TEST(files_that_are_none)
{
	const char *path;

	CASE("missing");
	check_read("/nonexistent/rc", false, CONFIG_ABSENT, NULL);
	check_read("/dev/null/rc", false, CONFIG_ABSENT, NULL);
	CASE("missing, required");
	check_read("/nonexistent/rc", true, CONFIG_FAILED,
	    "/nonexistent/rc: No such file or directory");
	CASE("directory");
	check_read("/tmp", false, CONFIG_FAILED, "/tmp: not a regular file");
	CASE("device");
	check_read(
	    "/dev/null", true, CONFIG_FAILED, "/dev/null: not a regular file");
	CASE("FIFO");
	path = path_of("fifo");
	CHECK_INT(mkfifo(path, 0600), 0);
	check_read(path, false, CONFIG_FAILED, "fifo: not a regular file");
	remove_file(path);
	CASE("loop of links");
	path = path_of("loop");
	CHECK_INT(symlink(path, path), 0);
	check_read(path, false, CONFIG_FAILED,
	    "loop: Too many levels of symbolic links");
	remove_file(path);
}

TEST(file_sizes)
{
	char *text = malloc(CONFIG_FILE_MAX + 1);
	const char *path;

	if (!text)
		return;
	memset(text, '\n', CONFIG_FILE_MAX + 1);
	CASE("empty");
	path = write_file("rc", SLICE(""), 0600);
	check_read(path, true, CONFIG_READ, NULL);
	CASE("256 KiB");
	write_file("rc", (struct slice){ text, CONFIG_FILE_MAX }, 0600);
	check_read(path, true, CONFIG_READ, NULL);
	CASE("a byte more");
	write_file("rc", (struct slice){ text, CONFIG_FILE_MAX + 1 }, 0600);
	check_read(path, false, CONFIG_FAILED, "larger than 262144 bytes");
	remove_file(path);
	free(text);
}

TEST(file_and_line_of_an_error)
{
	const char *path = write_file("rc", SLICE("host h\nfrob\n"), 0600);

	check_read(path, true, CONFIG_FAILED, "/rc: line 2: unknown command");
	remove_file(path);
}

struct secrecy_row {
	const char *label;
	const char *text;
	mode_t mode;
	uid_t owner;
	enum origin_kind kind;
	enum config_found expected;
	const char *failure;
};

enum { NOBODY = 65534 };

/* In a child that is not root. 0: as expected. */
static int read_as_nobody(void *argument)
{
	const struct secrecy_row *row = argument;
	struct fail why = { FAIL_NONE, "" };
	struct config c;
	enum config_found found;

	if (geteuid() == 0 && setresuid(NOBODY, NOBODY, NOBODY) != 0)
		return 9;
	config_init(&c, &arena, NULL);
	found = config_read(&c, path_of("rc"), row->kind, false, &why);
	config_free(&c);
	if (found != row->expected)
		return 1;
	if (row->failure ? !strstr(why.text, row->failure) : *why.text)
		return 2;
	return 0;
}

TEST(secrecy)
{
#define PASSWORD "password p\n"
#define MODE_TEXT                                                              \
	"/rc: contains secrets and therefore must have no more than user "     \
	"read/write permissions"
#define OWNER_TEXT "/rc: contains secrets and therefore must be owned by you"
	static const struct secrecy_row rows[] = {
		{ "0600", PASSWORD, 0600, NOBODY, ORIGIN_USER, CONFIG_READ,
		    NULL },
		{ "0400", PASSWORD, 0400, NOBODY, ORIGIN_USER, CONFIG_READ,
		    NULL },
		{ "0640", PASSWORD, 0640, NOBODY, ORIGIN_USER, CONFIG_FAILED,
		    MODE_TEXT },
		{ "0644", PASSWORD, 0644, NOBODY, ORIGIN_USER, CONFIG_FAILED,
		    MODE_TEXT },
		{ "0602", PASSWORD, 0602, NOBODY, ORIGIN_USER, CONFIG_FAILED,
		    MODE_TEXT },
		{ "0601", PASSWORD, 0601, NOBODY, ORIGIN_USER, CONFIG_FAILED,
		    MODE_TEXT },
		{ "0700", PASSWORD, 0700, NOBODY, ORIGIN_USER, CONFIG_FAILED,
		    MODE_TEXT },
		{ "root's", PASSWORD, 0644, 0, ORIGIN_USER, CONFIG_FAILED,
		    OWNER_TEXT },
		{ "a PIN", "tls_key_file pkcs11:object=k?pin-value=1\n", 0644,
		    NOBODY, ORIGIN_USER, CONFIG_FAILED, MODE_TEXT },
		{ "a PIN in a closed file",
		    "tls_key_file pkcs11:object=k?pin-value=1\n", 0600, NOBODY,
		    ORIGIN_USER, CONFIG_READ, NULL },
		{ "where a PIN is",
		    "tls_key_file pkcs11:object=k?pin-source=/p\n", 0644,
		    NOBODY, ORIGIN_USER, CONFIG_READ, NULL },
		{ "unset password", "password\n", 0644, NOBODY, ORIGIN_USER,
		    CONFIG_FAILED, MODE_TEXT },
		{ "no secret", "host h\n", 0644, NOBODY, ORIGIN_USER,
		    CONFIG_READ, NULL },
		{ "no secret, root's", "host h\n", 0644, 0, ORIGIN_USER,
		    CONFIG_READ, NULL },
		{ "secret by eval", "eval echo password p\n", 0644, NOBODY,
		    ORIGIN_USER, CONFIG_READ, NULL },
		{ "system file", PASSWORD, 0644, 0, ORIGIN_SYSTEM, CONFIG_READ,
		    NULL },
		{ "may not be read", PASSWORD, 0600, 0, ORIGIN_USER,
		    CONFIG_ABSENT, NULL },
	};
	bool is_root = geteuid() == 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct secrecy_row row = rows[i];
		const char *path;

		CASE(row.label);
		if (!is_root && row.owner == 0)
			continue; /* cannot make such a file */
		path = write_file("rc", slice_of(row.text), row.mode);
		if (is_root && chown(path, row.owner, 0) != 0)
			CHECK(false);
		CHECK_INT(child_run(read_as_nobody, &row), 0);
		remove_file(path);
	}
	if (is_root) {
		CASE("root may do as it likes");
		write_file("rc", SLICE(PASSWORD), 0666);
		check_read(path_of("rc"), true, CONFIG_READ, NULL);
		remove_file(path_of("rc"));
	}
}

TEST(user_and_system_file)
{
	char system[200], user[200];
	struct fail why = { FAIL_NONE, "" };
	struct config c;
	struct buf b;

	snprintf(system, sizeof(system), "%s",
	    write_file("system",
		SLICE("defaults\nport 1\naccount a\nhost sa\n"
		      "account b : a\naccount default : a\n"),
		0644));
	snprintf(user, sizeof(user), "%s",
	    write_file("user", SLICE("account a\nhost ua\naccount c\n"), 0600));
	config_init(&c, &arena, NULL);
	CHECK_INT(config_read(&c, user, ORIGIN_USER, true, &why), CONFIG_READ);
	CHECK_INT(
	    config_read(&c, system, ORIGIN_SYSTEM, false, &why), CONFIG_READ);
	buf_init(&b, 10000);
	dump(&c, &b);
	CHECK_STR(buf_text(&b),
	    "a:1 host=ua|c:3|b:5 host=sa;port=1|default:6 host=sa;port=1");
	CHECK_STR(c.v[0].file, user);
	CHECK_STR(c.v[2].file, system);
	CHECK_INT(c.v[2].settings.origin[OPT_host].kind, ORIGIN_SYSTEM);
	buf_clear(&b);
	origin_format(&c.v[2].settings, OPT_host, &b);
	CHECK(strstr(buf_text(&b), "/system:4"));
	CHECK_INT(c.n_files, 2);
	CASE("a third one");
	CHECK_INT(
	    config_read(&c, user, ORIGIN_USER, false, &why), CONFIG_FAILED);
	CHECK_INT(why.kind, FAIL_BUG);
	config_free(&c);
	buf_free(&b);
	arena_free(&arena);
	remove_file(system);
	remove_file(user);
}

/* ---- picking ---- */

TEST(picking)
{
	static const char text[] = "account one\nfrom one@d.example\n"
				   "account wild\nfrom *@wild.example\n"
				   "account tagged\nfrom tag+x@d.example\n"
				   "account set\nfrom [ab]?@s.example\n"
				   "account second\nfrom one@d.example\n"
				   "account nofrom\n"
				   "account default : one\n";

	static const struct {
		const char *label, *name, *sender, *expected;
	} rows[] = {
		{ "nothing", NULL, NULL, "default" },
		{ "empty sender", NULL, "", "default" },
		{ "the first that fits", NULL, "one@d.example", "one" },
		{ "letters", NULL, "ONE@D.example", "one" },
		{ "tag", NULL, "one+tag@d.example", "one" },
		{ "two tags", NULL, "one+a+b@d.example", "one" },
		{ "tag, no at", NULL, "one+tag", "default" },
		{ "own tag", NULL, "tag+x@d.example", "tagged" },
		{ "other tag", NULL, "tag+y@d.example", "default" },
		{ "without its tag", NULL, "tag@d.example", "default" },
		{ "wild", NULL, "any@wild.example", "wild" },
		{ "wild, tag", NULL, "any+tag@wild.example", "wild" },
		{ "patterns have case", NULL, "any@WILD.example", "default" },
		{ "bare", NULL, "@wild.example", "wild" },
		{ "set", NULL, "b1@s.example", "set" },
		{ "set, not", NULL, "c1@s.example", "default" },
		{ "none", NULL, "zzz@other.example", "default" },
		{ "name", "wild", NULL, "wild" },
		{ "name beats sender", "second", "any@wild.example", "second" },
		{ "name has case", "WILD", NULL, NULL },
		{ "no such name", "nope", "one@d.example", NULL },
		{ "empty name", "", NULL, NULL },
	};
	struct config c;
	char *copy;

	CHECK_INT(parse(&c, SLICE(text), &copy, NULL), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fail why = { FAIL_NONE, "" };
		const struct account *a;

		CASE(rows[i].label);
		a = config_pick(&c, rows[i].name, rows[i].sender, &why);
		CHECK_STR(a ? a->name : NULL, rows[i].expected);
		CHECK_INT(why.kind, a ? FAIL_NONE : FAIL_CONFIG);
	}
	config_free(&c);
	free(copy);
	arena_free(&arena);
}

TEST(no_account)
{
	struct config c = { .arena = &arena };
	struct fail why;

	CHECK(!config_pick(&c, NULL, NULL, &why));
	CHECK_STR(why.text, "account default not found: no configuration file");
	c.files[0] = "a";
	c.n_files = 1;
	CHECK(!config_pick(&c, "x", NULL, &why));
	CHECK_STR(why.text, "account x not found in a");
	c.files[1] = "b";
	c.n_files = 2;
	CHECK(!config_pick(&c, "x", NULL, &why));
	CHECK_STR(why.text, "account x not found in a and b");
}
