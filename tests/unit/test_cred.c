#include "canary_text.h"
#include "child.h"
#include "config_text.h"
#include "cred.h"
#include "provider.h"
#include "unit.h"
#include <sys/stat.h>

#define AWS_SECRET   "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
#define FOR_IRELAND  "BMW5RDrXmmVs0lV7GpI4oLkHXpZ4stDsk6q91z1g38Pk"
#define FOR_NOWHERE  "BHvbBBYYuOkyy+xbTp5WV8HxOfnClYIwg2VJXtBLGij3"
#define OLD_PASSWORD "An60U4ZD3sd4fg+FvXUjayOipTt8LO4rUUmhpdX6ctDy"

/* Where none is there is a NULL. */
static const char *netrc[3];

/* cred_start() and cred_collect() over a configuration. */
static struct secret *collect(const struct settings *s, struct fail *why)
{
	struct secret *secret = NULL;
	struct cred c = { .ready = NULL };

	if (cred_start(&c, s, netrc, why) == 0)
		(void)cred_collect(&c, s, &secret, why);
	cred_end(&c);
	return secret;
}

struct cred_row {
	const char *text;
	const char *secret; /* NULL: none */
	enum fail_kind kind;
	const char *failure;
};

static void check_cred(const struct cred_row *row)
{
	struct fail why = { FAIL_NONE, "" };
	struct config c;
	struct secret *secret;
	char *copy;

	CASE(row->text);
	CHECK_INT(parse(&c, slice_of(row->text), &copy, &why), 0);
	secret = collect(&c.v[0].settings, &why);
	CHECK_INT(secret != NULL, row->secret != NULL);
	CHECK_INT(why.kind, row->kind);
	CHECK(strstr(why.text, row->failure ? row->failure : "") != NULL);
	if (secret && row->secret)
		CHECK_SLICE(secret_view(secret), row->secret);
	secret_free(secret);
	config_free(&c);
	free(copy);
	arena_free(&arena);
}

#define CHECK_CREDS(rows)                                                      \
	do {                                                                   \
		for (size_t i = 0; i < sizeof(rows) / sizeof((rows)[0]); i++)  \
			check_cred(&(rows)[i]);                                \
	} while (0)

TEST(sources)
{
	static const struct cred_row rows[] = {
		{ "password p\n", NULL, FAIL_NONE, NULL },
		{ "auth off\npasswordeval false\n", NULL, FAIL_NONE, NULL },
		{ "auth external\npasswordeval false\n", NULL, FAIL_NONE,
		    NULL },
		{ "auth on\npassword p\n", "p", FAIL_NONE, NULL },
		{ "auth plain\npassword # ; $ { } < >\n", "# ; $ { } < >",
		    FAIL_NONE, NULL },
		{ "auth on\npassword p\npassword_file /nonexistent\n"
		  "passwordeval false\n",
		    "p", FAIL_NONE, NULL },
		{ "auth on\npasswordeval echo e\npassword_file "
		  "/nonexistent\n",
		    NULL, FAIL_SECRET,
		    "password_file /nonexistent: No such file or directory" },
		{ "auth on\npassword\npassword_file\npasswordeval echo e\n",
		    "e", FAIL_NONE, NULL },
		{ "auth on\nkeyring off\n", NULL, FAIL_CONFIG,
		    "none of password, password_file and passwordeval is "
		    "set, no netrc file has it, and keyring is off" },
	};

	CHECK_CREDS(rows);
}

TEST(names_of_sources)
{
	static const struct {
		const char *text, *source;
	} rows[] = {
		{ "password p\npassword_file f\n", "password" },
		{ "password\npassword_file f\npasswordeval e\n",
		    "password_file" },
		{ "keyring on\npasswordeval e\n", "passwordeval" },
		{ "keyring off\npasswordeval e\n", "passwordeval" },
		{ "auth on\n", "keyring" },
		{ "keyring\n", "keyring" },
		{ "keyring off\n", NULL },
		{ "keyring off\npassword\n", NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *source;
		struct config c;
		char *copy;

		CASE(rows[i].text);
		CHECK_INT(parse(&c, slice_of(rows[i].text), &copy, NULL), 0);
		source = cred_source(&c.v[0].settings);
		CHECK_INT(source != NULL, rows[i].source != NULL);
		CHECK_STR(
		    source ? source : "", rows[i].source ? rows[i].source : "");
		config_free(&c);
		free(copy);
	}
	arena_free(&arena);
}

TEST(commands)
{
	static const struct cred_row rows[] = {
		{ "auth on\npasswordeval echo 'a b;#'\n", "a b;#", FAIL_NONE,
		    NULL },
		{ "auth on\npasswordeval printf 'first line\\r\\nsecond\\n'\n",
		    "first line", FAIL_NONE, NULL },
		{ "auth on\npasswordeval printf 'a\\rb\\r\\r\\n'\n", "a\rb",
		    FAIL_NONE, NULL },
		{ "auth on\npasswordeval printf ' p '\n", " p ", FAIL_NONE,
		    NULL },
		{ "auth on\npasswordeval cat; echo p\n", "p", FAIL_NONE, NULL },
		{ "auth on\npasswordeval true\n", NULL, FAIL_SECRET,
		    "passwordeval: no output" },
		{ "auth on\npasswordeval exit 3\n", NULL, FAIL_SECRET,
		    "passwordeval: no output, exit status 3" },
		{ "auth on\npasswordeval printf '\\nsecond\\n'\n", NULL,
		    FAIL_SECRET, "passwordeval: no output" },
	};

	CHECK_CREDS(rows);
}

/* What the command line sets comes first. */
TEST(command_line_first)
{
	const struct option_source typed = {
		.origin.kind = ORIGIN_COMMAND_LINE,
		.arena = &arena,
	};
	struct settings *s;
	struct config c;
	struct secret *secret;
	char *copy;

	CHECK_INT(parse(&c, SLICE("auth on\npassword p\n"), &copy, NULL), 0);
	s = &c.v[0].settings;
	CHECK_INT(option_set(s, &option_table[OPT_passwordeval],
		      SLICE("echo typed"), &typed, NULL),
	    0);
	secret = collect(s, NULL);
	CHECK_SLICE(secret_view(secret), "typed");
	secret_free(secret);
	config_free(&c);
	free(copy);
	arena_free(&arena);
}

/* A child that is still running is not waited for. */
TEST(ended_early)
{
	struct settings s;
	struct secret *secret;
	struct fail why;
	struct cred c = { .ready = NULL };

	settings_init(&s);
	s.auth = "on";
	s.passwordeval = "sleep 1000";
	CHECK_INT(cred_start(&c, &s, netrc, &why), 0);
	cred_end(&c);
	CHECK_INT(c.run.pid, 0);
	CASE("collected twice");
	s.passwordeval = "echo p";
	CHECK_INT(cred_start(&c, &s, netrc, &why), 0);
	CHECK_INT(cred_collect(&c, &s, &secret, &why), 0);
	secret_free(secret);
	CHECK_INT(cred_collect(&c, &s, &secret, &why), -1);
	CHECK_INT(why.kind, FAIL_BUG);
	cred_end(&c);
	cred_end(&c);
}

/* ---- netrc ---- */

/* Files of a user and of the system; the last one is the account's text. */
static const struct netrc_row {
	const char *label;
	const char *user, *system, *text;
	const char *secret; /* NULL: none */
	const char *failure;
} netrc_rows[] = {
	{ "the user's", "machine h login u password p\n",
	    "machine h login u password q\n", "", "p", NULL },
	{ "the system's", "machine h login v password p\n",
	    "machine h login u password q\n", "", "q", NULL },
	{ "only the system's", NULL, "machine h login u password q\n", "", "q",
	    NULL },
	{ "neither", "machine h login u\n", "\n", "", NULL,
	    "no netrc file has it, and keyring is off" },
	{ "no files", NULL, NULL, "", NULL,
	    "no netrc file has it, and keyring is off" },
	{ "another source goes first", "machine h login u password p\n", NULL,
	    "password x\n", "x", NULL },
	{ "the name of a socket", "machine /s login u password p\n", NULL,
	    "host\nsocket /s\n", "p", NULL },
	{ "auth off", "machine h login u password p\n", NULL, "auth off\n",
	    NULL, "" },
};

static const char *write_netrc(const char *name, const char *text)
{
	static char paths[2][64];
	char *place = paths[*name == 's'];
	int fd;

	snprintf(
	    place, sizeof(paths[0]), "/tmp/unit-cred-%u-%s", unit_number, name);
	if (!text)
		return place;
	fd = open(place, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	CHECK(fd >= 0);
	CHECK_INT(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	return place;
}

TEST(netrc_files)
{
	for (size_t i = 0; i < sizeof(netrc_rows) / sizeof(netrc_rows[0]);
	     i++) {
		const struct netrc_row *row = &netrc_rows[i];
		char text[200];
		struct cred_row as_row = { text, row->secret,
			row->failure && *row->failure ? FAIL_CONFIG : FAIL_NONE,
			row->failure };

		snprintf(text, sizeof(text),
		    "host h\nauth on\nuser u\nkeyring off\n%s", row->text);
		netrc[0] = write_netrc("user", row->user);
		netrc[1] = write_netrc("system", row->system);
		check_cred(&as_row);
		(void)unlink(netrc[0]);
		(void)unlink(netrc[1]);
		CASE(row->label);
		netrc[0] = NULL;
	}
}

TEST(netrc_open_to_others)
{
	struct fail why;
	struct settings s;

	if (geteuid() == 0)
		SKIP("a file of root may be open");
	netrc[0] = write_netrc("user", "machine h login u password p\n");
	netrc[1] = NULL;
	CHECK_INT(chmod(netrc[0], 0644), 0);
	settings_init(&s);
	s.auth = "on";
	s.host = "h";
	s.user = "u";
	s.keyring = false;
	CHECK(!collect(&s, &why));
	CHECK_INT(why.kind, FAIL_SECRET);
	CHECK(strstr(why.text, "must be closed to group and others"));
	CHECK_INT(unlink(netrc[0]), 0);
	netrc[0] = NULL;
}

/* ---- files ---- */

struct file_row {
	const char *label;
	struct slice text;
	mode_t mode;
	uid_t owner;
	const char *secret;
	const char *failure;
};

enum { NOBODY = 65534 };

static char path[64];

/* 0: as expected. */
static int read_as_nobody(void *argument)
{
	const struct file_row *row = argument;
	struct fail why = { FAIL_NONE, "" };
	struct settings s;
	struct secret *secret;
	int result;

	if (geteuid() == 0 && setresuid(NOBODY, NOBODY, NOBODY) != 0)
		return 9;
	settings_init(&s);
	s.auth = "on";
	s.password_file = path;
	secret = collect(&s, &why);
	if (row->secret)
		result = !slice_eq(secret_view(secret), slice_of(row->secret));
	else
		result = secret || why.kind != FAIL_SECRET ||
			 !strstr(why.text, row->failure) ||
			 strstr(why.text, "S3CRET");
	secret_free(secret);
	return result;
}

static void make_file(const struct file_row *row)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	CHECK(fd >= 0);
	CHECK_INT(write(fd, row->text.p, row->text.n), row->text.n);
	CHECK_INT(fchmod(fd, row->mode), 0);
	CHECK(geteuid() != 0 || fchown(fd, row->owner, 0) == 0);
	close(fd);
}

static char large[RUN_OUTPUT_MAX + 1];

TEST(files)
{
	static const char open_to_others[] =
	    "must be closed to group and others (mode 0600)";
	const struct file_row rows[] = {
		{ "own", SLICE("p\n"), 0600, NOBODY, "p", NULL },
		{ "read only", SLICE("p\n"), 0400, NOBODY, "p", NULL },
		{ "no newline", SLICE("p"), 0600, NOBODY, "p", NULL },
		{ "CRLF", SLICE("p\r\nq\r\n"), 0600, NOBODY, "p", NULL },
		{ "several CRs", SLICE("p\r\r\nq\n"), 0600, NOBODY, "p", NULL },
		{ "CRs without LF", SLICE("p\r\r"), 0600, NOBODY, "p", NULL },
		{ "a CR inside stays", SLICE("p\rq\n"), 0600, NOBODY, "p\rq",
		    NULL },
		{ "nothing but CRs", SLICE("\r\r\nS3CRET\n"), 0600, NOBODY,
		    NULL, "the first line is empty" },
		{ "verbatim", SLICE(" \"p\" # \t\n"), 0600, NOBODY,
		    " \"p\" # \t", NULL },
		{ "only the first line", SLICE("p\nS3CRET\n"), 0600, NOBODY,
		    "p", NULL },
		{ "group", SLICE("S3CRET\n"), 0640, NOBODY, NULL,
		    open_to_others },
		{ "others", SLICE("S3CRET\n"), 0604, NOBODY, NULL,
		    open_to_others },
		{ "others may write", SLICE("S3CRET\n"), 0602, NOBODY, NULL,
		    open_to_others },
		{ "root's, open", SLICE("p\n"), 0644, 0, "p", NULL },
		{ "root's, closed", SLICE("S3CRET\n"), 0600, 0, NULL,
		    "Permission denied" },
		{ "empty", SLICE(""), 0600, NOBODY, NULL,
		    "the first line is empty" },
		{ "empty line", SLICE("\r\nS3CRET\n"), 0600, NOBODY, NULL,
		    "the first line is empty" },
		{ "NUL", SLICE("S3\0CRET\n"), 0600, NOBODY, NULL,
		    "a NUL byte in the first line" },
		{ "NUL later", SLICE("p\n\0"), 0600, NOBODY, "p", NULL },
		{ "too large", { large, sizeof(large) }, 0600, NOBODY, NULL,
		    "File too large" },
	};

	memset(large, 'x', sizeof(large));
	snprintf(path, sizeof(path), "/tmp/unit-cred-%u", unit_number);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct file_row row = rows[i];

		CASE(row.label);
		if (geteuid() != 0 && row.owner == 0)
			continue; /* cannot make such a file */
		make_file(&row);
		CHECK_INT(child_run(read_as_nobody, &row), 0);
		CHECK_INT(unlink(path), 0);
	}
}

TEST(files_that_are_none)
{
	struct file_row row = { .label = "FIFO",
		.failure = "not a regular file" };

	CASE("FIFO");
	snprintf(path, sizeof(path), "/tmp/unit-cred-%u", unit_number);
	CHECK_INT(mkfifo(path, 0600), 0);
	CHECK(geteuid() != 0 || chown(path, NOBODY, 0) == 0);
	CHECK_INT(child_run(read_as_nobody, &row), 0);
	CHECK_INT(unlink(path), 0);
	CASE("directory");
	snprintf(path, sizeof(path), "/tmp");
	CHECK_INT(child_run(read_as_nobody, &row), 0);
	CASE("device");
	snprintf(path, sizeof(path), "/dev/null");
	CHECK_INT(child_run(read_as_nobody, &row), 0);
}

/* ---- derivation ---- */

#define SES "provider ses\nregion eu-west-1\nauth on\n"

TEST(kinds_of_passwords)
{
	static const struct cred_row rows[] = {
		{ SES "password " AWS_SECRET "\n", FOR_IRELAND, FAIL_NONE,
		    NULL },
		{ SES "passwordeval echo " AWS_SECRET "\n", FOR_IRELAND,
		    FAIL_NONE, NULL },
		{ SES "password " FOR_IRELAND "\n", FOR_IRELAND, FAIL_NONE,
		    NULL },
		{ SES "password " OLD_PASSWORD "\n", OLD_PASSWORD, FAIL_NONE,
		    NULL },
		{ SES "password other\n", "other", FAIL_NONE, NULL },
		{ SES "password_kind smtp\npassword " AWS_SECRET "\n",
		    AWS_SECRET, FAIL_NONE, NULL },
		{ SES "password_kind aws_secret\npassword " AWS_SECRET "\n",
		    FOR_IRELAND, FAIL_NONE, NULL },
		{ "provider ses\nregion us-west-1\nauth on\npassword_kind "
		  "aws_secret\npassword some+secret+key\n",
		    "BH+jbMzper5WwlwUar9E1ySBqHa9whi0GPo+sJ0mVYJj", FAIL_NONE,
		    NULL },
		{ "provider ses\nauth on\npassword " AWS_SECRET "\n", NULL,
		    FAIL_CONFIG, "derived from it for a region: set region" },
		{ "provider ses\nauth on\npassword " FOR_IRELAND "\n",
		    FOR_IRELAND, FAIL_NONE, NULL },
		{ "provider oci\nauth on\npassword " AWS_SECRET "\n",
		    AWS_SECRET, FAIL_NONE, NULL },
		{ "auth on\npassword " AWS_SECRET "\n", AWS_SECRET, FAIL_NONE,
		    NULL },
		{ "auth on\npassword_kind aws_secret\npassword x\n", NULL,
		    FAIL_CONFIG,
		    "rc: line 2: password_kind aws_secret needs provider ses" },
		{ "provider oci\nauth on\npassword_kind aws_secret\n"
		  "password x\n",
		    NULL, FAIL_CONFIG,
		    "rc: line 3: password_kind aws_secret needs provider "
		    "ses" },
	};

	CHECK_CREDS(rows);
}

/* ---- derivation on request ---- */

struct derive_row {
	const char *label;
	const char *text;     /* of a configuration */
	const char *password; /* NULL: it fails */
	const char *words;    /* the warnings, or the failure */
};

static void check_derive(const struct derive_row *row)
{
	struct secret *secret = secret_new(100, NULL);
	struct fail why = { FAIL_NONE, "" };
	struct settings before;
	struct buf warnings;
	struct config c;
	struct settings *s;
	char *copy;

	CASE(row->label);
	buf_init(&warnings, 4000);
	CHECK_INT(secret_add(secret, SLICE(AWS_SECRET)), 0);
	CHECK_INT(parse(&c, slice_of(row->text), &copy, &why), 0);
	s = &c.v[0].settings;
	before = *s;
	CHECK_INT(provider_derive(s, &secret, &arena, &warnings, &why),
	    row->password ? 0 : -1);
	CHECK_SLICE(
	    secret_view(secret), row->password ? row->password : AWS_SECRET);
	CHECK_INT(why.kind, row->password ? FAIL_NONE : FAIL_CONFIG);
	CHECK_STR(why.text, row->password ? "" : row->words);
	CHECK_STR(buf_text(&warnings), row->password ? row->words : "");
	CASE("the settings stay as they are");
	CHECK(s->region == before.region && s->host == before.host);
	CHECK_INT(s->password_kind, before.password_kind);
	CHECK_INT(s->origin[OPT_region].kind, before.origin[OPT_region].kind);
	secret_free(secret);
	buf_free(&warnings);
	config_free(&c);
	free(copy);
	arena_free(&arena);
}

/* Whatever password_kind says, and never for a region that nobody meant. */
TEST(derived_on_request)
{
	static const struct derive_row rows[] = {
		{ "known region", "provider ses\nregion eu-west-1\n",
		    FOR_IRELAND, "" },
		{ "whatever the kind",
		    "provider ses\nregion eu-west-1\npassword_kind smtp\n",
		    FOR_IRELAND, "" },
		{ "misspelt", "provider ses\nregion eu-wset-1\n", NULL,
		    "rc: line 2: unknown region eu-wset-1: did you mean "
		    "eu-west-1?" },
		{ "misspelt, with a host",
		    "provider ses\nregion eu-wset-1\nhost relay.example.com\n",
		    NULL,
		    "rc: line 2: unknown region eu-wset-1: did you mean "
		    "eu-west-1?" },
		{ "capitals", "provider ses\nregion EU-WEST-1\n", NULL,
		    "rc: line 2: unknown region EU-WEST-1: did you mean "
		    "eu-west-1?" },
		{ "city", "provider ses\nregion Ireland\n", NULL,
		    "rc: line 2: unknown region Ireland: did you mean "
		    "eu-west-1?" },
		{ "no region's form", "provider ses\nregion moon\n", NULL,
		    "rc: line 2: unknown region moon: a region of provider ses "
		    "looks like eu-west-1" },
		{ "region of another provider",
		    "provider ses\nregion eu-frankfurt-1\n", NULL,
		    "rc: line 2: region eu-frankfurt-1 is one of provider oci "
		    "(OCI Email Delivery), not of provider ses" },
		{ "new region", "provider ses\nregion mx-nowhere-1\n",
		    FOR_NOWHERE,
		    "region mx-nowhere-1 is not known to provider ses\n" },
		{ "no region", "provider ses\n", NULL,
		    "rc: line 1: provider ses needs a region: set region (for "
		    "example region eu-west-1), or set host" },
		{ "empty region", "provider ses\nregion\n", NULL,
		    "rc: line 1: provider ses needs a region: set region (for "
		    "example region eu-west-1), or set host" },
		{ "region of the host",
		    "provider ses\nhost email-smtp.eu-west-1.amazonaws.com\n",
		    FOR_IRELAND, "" },
		{ "misspelt in the host",
		    "provider ses\nhost email-smtp.eu-wset-1.amazonaws.com\n",
		    NULL,
		    "rc: line 2: unknown region eu-wset-1: did you mean "
		    "eu-west-1?" },
		{ "host without a region",
		    "provider ses\nhost relay.example.com\n", NULL,
		    "the password is the secret of an AWS access key; the SMTP "
		    "password is derived from it for a region: set region" },
		{ "another provider", "provider oci\nregion eu-frankfurt-1\n",
		    NULL, "password_kind aws_secret needs provider ses" },
		{ "no provider", "region eu-west-1\n", NULL,
		    "password_kind aws_secret needs provider ses" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_derive(&rows[i]);
}

TEST(nothing_is_left_in_memory)
{
	unsigned char masked[40];
	struct secret *source = secret_new(sizeof(masked), NULL);
	struct secret *password;
	struct settings s;

	canary_make(masked, sizeof(masked));
	canary_put(
	    secret_extend(source, sizeof(masked)), masked, sizeof(masked));
	settings_init(&s);
	s.provider = "ses";
	s.region = "eu-west-1";
	s.auth = "on";
	s.password = secret_view(source);
	password = collect(&s, NULL);
	CHECK_INT(secret_view(password).n, 44);
	CHECK_INT(canary_count(masked, sizeof(masked)), 1);
	secret_free(source);
	CHECK_INT(canary_count(masked, sizeof(masked)), 0);
	secret_free(password);
}
