#include "child.h"
#include "netrc.h"
#include "unit.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct netrc_key key = { "mail.example.com", "me" };

#define M "machine mail.example.com "

static const struct find_row {
	const char *label;
	const char *text;
	const char *password; /* NULL: none */
} find_rows[] = {
	{ "nothing", "", NULL },
	{ "one line", M "login me password p", "p" },
	{ "lines", M "\nlogin me\npassword p\n", "p" },
	{ "CRLF", M "\r\nlogin me\r\npassword p\r\n", "p" },
	{ "tabs", "\tmachine\tmail.example.com\tlogin\tme\tpassword\tp", "p" },
	{ "other words for the two", M "user me passwd p\n", "p" },
	{ "account has a value", M "account password login me password p",
	    "p" },
	{ "password first", M "password p login me\n", "p" },
	{ "case of the machine", "machine MAIL.example.COM login me password p",
	    "p" },
	{ "case of the login", M "login ME password p", NULL },
	{ "another machine", "machine x.example login me password p", NULL },
	{ "a longer name", "machine mail.example.com.x login me password p",
	    NULL },
	{ "a part of it", "machine mail login me password p", NULL },
	{ "another login", M "login you password p", NULL },
	{ "the second entry",
	    M "login you password p\n" M "login me password q\n", "q" },
	{ "two logins in an entry",
	    M "login you password p\nlogin me password q\n", "q" },
	{ "no password of the login before",
	    M "login you password p\nlogin me\n", NULL },
	{ "the first one counts",
	    M "login me password p\n" M "login me password q\n", "p" },
	{ "no login", M "password p\n", NULL },
	{ "no password", M "login me\n", NULL },
	{ "no password, but the next has one",
	    M "login me\n" M "login me password q\n", "q" },
	{ "no password, and another's comes next",
	    M "login me\nmachine x.example login me password q\n", NULL },
	{ "empty password", M "login me password \"\"\n", NULL },
	{ "empty password, and the next has one",
	    M "login me password ''\n" M "login me password q\n", "q" },
	{ "password without a value", M "login me password", NULL },
	{ "login without a value", M "login", NULL },
	{ "machine without a value", "machine", NULL },
	{ "default never counts", "default login me password p\n", NULL },
	{ "default ends an entry", M "default login me password p\n", NULL },
	{ "machine after default",
	    "default login x password y\n" M "login me password p\n", "p" },
	/* quotes */
	{ "double quotes", M "login \"me\" password \"p q\"\n", "p q" },
	{ "single quotes", M "login 'me' password 'p q'\n", "p q" },
	{ "one kind within the other", M "login me password '\"'\n", "\"" },
	{ "within a word", M "login m\"e\" password p'q r's\n", "pq rs" },
	{ "no escape", M "login me password p\\\"q\"\n", "p\\q" },
	{ "an open quote ends with the line", M "login me password \"p\n",
	    "p" },
	{ "a word in quotes is none", M "login me \"password\" p\n", NULL },
	/* comments */
	{ "comment", "# " M "login me password x\n" M "login me password p\n",
	    "p" },
	{ "comment behind", M "# x\nlogin me password p # y\n", "p" },
	{ "# within a word", M "login me password p#q\n", "p#q" },
	{ "# at its start", M "login me password #p\nq\n", "q" },
	{ "# in quotes", M "login me password \"#p\"\n", "#p" },
	/* macros */
	{ "macro",
	    "macdef init\n" M "login me password x\n\n" M
	    "login me password p\n",
	    "p" },
	{ "macro up to the end", "macdef init\n" M "login me password x\n",
	    NULL },
	{ "macro ended by blanks",
	    "macdef init\nx\n \t\r\n" M "login me password p\n", "p" },
	{ "macro within an entry", M "login me macdef x\ny\n\npassword p\n",
	    "p" },
	/* the rest */
	{ "unknown words", M "port 25 login me password p\n", "p" },
	{ "an eighth bit", M "login me password p\xc3\xa9\n", "p\xc3\xa9" },
	{ "any punctuation",
	    M "login me password !$%&/()=?`{[]}^~+*-_.:,;<>|@\n",
	    "!$%&/()=?`{[]}^~+*-_.:,;<>|@" },
};

TEST(find)
{
	for (size_t i = 0; i < sizeof(find_rows) / sizeof(find_rows[0]); i++) {
		const struct find_row *row = &find_rows[i];
		struct fail why = { .kind = FAIL_BUG };
		struct slice text = slice_of(row->text);
		/* Exact size, so that a sanitizer sees a read beyond it. */
		char *copy = malloc(text.n + !text.n);
		struct secret *found;

		CASE(row->label);
		if (!copy)
			return;
		memcpy(copy, text.p, text.n);
		text.p = copy;
		found = netrc_find(text, &key, &why);
		CHECK_INT(why.kind, FAIL_NONE);
		CHECK_INT(found != NULL, row->password != NULL);
		if (found && row->password)
			CHECK_SLICE(secret_view(found), row->password);
		secret_free(found);
		free(copy);
	}
}

/* ---- files ---- */

struct file_row {
	const char *label;
	const char *text;
	mode_t mode;
	uid_t owner;
	const char *password;
	const char *failure; /* NULL: none */
};

enum { NOBODY = 65534 };

static char path[64];

/* In a child that is not root. 0: as expected. */
static int read_as_nobody(void *argument)
{
	const struct file_row *row = argument;
	struct fail why = { .kind = FAIL_BUG };
	struct secret *found;
	int result = 0;

	if (geteuid() == 0 && setresuid(NOBODY, NOBODY, NOBODY) != 0)
		return 9;
	found = netrc_read(path, &key, &why);
	if (row->password ? !found || !slice_eq(secret_view(found),
					  slice_of(row->password))
			  : found != NULL)
		result = 1;
	if (row->failure
		? why.kind != FAIL_SECRET || !strstr(why.text, row->failure) ||
		      strncmp(why.text, path, strlen(path)) != 0
		: why.kind != FAIL_NONE)
		result = 2;
	secret_free(found);
	return result;
}

#define MINE M "login me password p\n"
#define OPEN "has a password and must be closed to group and others"

TEST(files)
{
	static const struct file_row rows[] = {
		{ "0600", MINE, 0600, NOBODY, "p", NULL },
		{ "0400", MINE, 0400, NOBODY, "p", NULL },
		{ "0640", MINE, 0640, NOBODY, NULL, OPEN },
		{ "0604", MINE, 0604, NOBODY, NULL, OPEN },
		{ "0620", MINE, 0620, NOBODY, NULL, OPEN },
		{ "root's may be open", MINE, 0644, 0, "p", NULL },
		{ "root's that may not be read", MINE, 0600, 0, NULL, NULL },
		{ "open, but not for us", "machine x login me password p\n",
		    0644, NOBODY, NULL, NULL },
		{ "empty", "", 0644, NOBODY, NULL, NULL },
	};
	bool is_root = geteuid() == 0;

	snprintf(path, sizeof(path), "/tmp/unit-netrc-%u", unit_number);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct file_row row = rows[i];
		size_t n = strlen(row.text);
		int fd;

		CASE(row.label);
		if (!is_root && row.owner == 0)
			continue; /* cannot make such a file */
		fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
		CHECK(fd >= 0);
		CHECK_INT(write(fd, row.text, n), n);
		CHECK_INT(fchmod(fd, row.mode), 0);
		CHECK(!is_root || fchown(fd, row.owner, 0) == 0);
		close(fd);
		CHECK_INT(child_run(read_as_nobody, &row), 0);
		CHECK_INT(unlink(path), 0);
	}
}

TEST(files_that_are_none)
{
	struct fail why = { .kind = FAIL_BUG };

	CASE("missing");
	CHECK(!netrc_read("/nonexistent/netrc", &key, &why));
	CHECK_INT(why.kind, FAIL_NONE);
	CASE("directory");
	CHECK(!netrc_read("/tmp", &key, &why));
	CHECK_INT(why.kind, FAIL_SECRET);
	CHECK_STR(why.text, "/tmp: not a regular file of at most 262144 bytes");
	CASE("device");
	CHECK(!netrc_read("/dev/zero", &key, &why));
	CHECK_INT(why.kind, FAIL_SECRET);
}
