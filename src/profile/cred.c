#include "cred.h"
#include "account.h"
#include "keyring.h"
#include "netrc.h"
#include "provider.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Somebody may have to type a passphrase into an agent's window. */
enum { COMMAND_SECONDS = 60 };

/* ---- password ---- */

static int start_password(
    struct cred *c, const struct settings *s, struct fail *why)
{
	c->ready = secret_new(s->password.n, why);
	return c->ready ? secret_add(c->ready, s->password) : -1;
}

/* ---- password_file ---- */

static int file_failed(const struct settings *s, struct fail *why, int error)
{
	return fail(why, FAIL_SECRET, "password_file %s: %s", s->password_file,
	    strerror(error));
}

/*
 * A secret that others can read or write is none. Only root may decide that
 * for others: credential stores (containers, systemd) make files of root that
 * are open to whoever can reach their directory.
 */
static int check_access(
    const struct stat *st, const struct settings *s, struct fail *why)
{
	if (!S_ISREG(st->st_mode))
		return fail(why, FAIL_SECRET,
		    "password_file %s: not a regular file", s->password_file);
	if (st->st_uid != 0 && (st->st_mode & (S_IRWXG | S_IRWXO)) != 0)
		return fail(why, FAIL_SECRET,
		    "password_file %s: must be closed to group and others "
		    "(mode 0600)",
		    s->password_file);
	return 0;
}

/* Keeps the first line; it must say something. */
static int cut_line(
    struct secret *text, const struct settings *s, struct fail *why)
{
	struct slice line = slice_first_line(secret_view(text));

	if (line.n == 0)
		return fail(why, FAIL_SECRET,
		    "password_file %s: the first line is empty",
		    s->password_file);
	if (slice_find(line, '\0') < line.n)
		return fail(why, FAIL_SECRET,
		    "password_file %s: a NUL byte in the first line",
		    s->password_file);
	secret_truncate(text, line.n);
	return 0;
}

static struct secret *read_file(
    int fd, const struct settings *s, struct fail *why)
{
	struct secret *text;
	struct stat st;

	if (fstat(fd, &st) != 0) {
		file_failed(s, why, errno);
		return NULL;
	}
	if (check_access(&st, s, why) != 0)
		return NULL;
	text = secret_new(RUN_OUTPUT_MAX, why);
	if (!text)
		return NULL;
	if (secret_read(text, fd) != 0) {
		file_failed(s, why, errno);
		return secret_free(text);
	}
	return cut_line(text, s, why) == 0 ? text : secret_free(text);
}

static int start_file(
    struct cred *c, const struct settings *s, struct fail *why)
{
	int fd = open(
	    s->password_file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0)
		return file_failed(s, why, errno);
	c->ready = read_file(fd, s, why);
	(void)io_close(fd);
	return c->ready ? 0 : -1;
}

/* ---- passwordeval ---- */

static int start_command(
    struct cred *c, const struct settings *s, struct fail *why)
{
	const char *const argv[] = { "/bin/sh", "-c", s->passwordeval, NULL };

	return run_start(&c->run, argv, "passwordeval", COMMAND_SECONDS, why);
}

/* ---- the source ---- */

/* In the order in which they count. */
static const struct {
	enum option_id id;
	int (*start)(
	    struct cred *c, const struct settings *s, struct fail *why);
} sources[] = {
	{ OPT_password, start_password },
	{ OPT_password_file, start_file },
	{ OPT_passwordeval, start_command },
};

enum { N_SOURCES = sizeof(sources) / sizeof(sources[0]) };

static bool is_set(const struct settings *s, enum option_id id)
{
	if (id == OPT_password)
		return s->password.n > 0;
	return option_text(s, id) != NULL;
}

/* Its position among the sources, N_SOURCES when none is set. */
static size_t find_source(const struct settings *s)
{
	const struct origin *from = s->origin;
	size_t best = N_SOURCES;

	for (size_t i = 0; i < N_SOURCES; i++)
		if (is_set(s, sources[i].id) &&
		    (best == N_SOURCES ||
			from[sources[i].id].kind > from[sources[best].id].kind))
			best = i;
	return best;
}

const char *cred_source(const struct settings *s)
{
	size_t best = find_source(s);

	if (best < N_SOURCES)
		return option_table[sources[best].id].key;
	return s->keyring ? option_table[OPT_keyring].key : NULL;
}

/* Of all sources it is the last: name the others as well. */
static int keyring_failed(const struct settings *s, struct fail *why)
{
	const char *advice = why ? why->advice : NULL;

	if (!why || why->kind != FAIL_SECRET)
		return -1;
	account_no_secret(s, why->text, why);
	why->kind = FAIL_SECRET;
	why->advice = advice;
	return -1;
}

/*
 * In a netrc file, in spite of what *why says of the sources before: that is
 * taken back, or stays when no file has it. The first one that has it, or that
 * cannot be used, decides.
 */
static struct secret *find_netrc(
    const struct cred *c, const struct settings *s, struct fail *why)
{
	const struct netrc_key key = { account_server(s), s->user };
	struct fail failed = { .kind = FAIL_NONE };
	struct secret *secret = NULL;

	if (!key.machine || !key.login)
		return NULL;
	for (size_t i = 0; c->netrc[i] && !secret && failed.kind == FAIL_NONE;
	     i++)
		secret = netrc_read(c->netrc[i], &key, &failed);
	if (why && (secret || failed.kind != FAIL_NONE))
		*why = failed;
	return secret;
}

/* The same, and then a person may know it. */
static struct secret *find_or_ask(
    const struct cred *c, const struct settings *s, struct fail *why)
{
	struct fail missing = { .kind = FAIL_NONE };
	struct secret *secret = find_netrc(c, s, &missing);

	if (!secret && missing.kind == FAIL_NONE && c->ask)
		secret = c->ask(s, &missing);
	if (why && (secret || missing.kind != FAIL_NONE))
		*why = missing;
	return secret;
}

/* It is in no keyring, as *why says; a person is asked later. */
static int start_without(
    struct cred *c, const struct settings *s, struct fail *why)
{
	c->ready = find_netrc(c, s, why);
	if (c->ready || !c->ask || !why)
		return c->ready ? 0 : -1;
	c->missing = *why;
	return 0;
}

static int start_keyring(
    struct cred *c, const struct settings *s, struct fail *why)
{
	c->is_keyring = true;
	if (keyring_start(&c->run, s, why) == 0)
		return 0;
	if (why && why->kind == FAIL_SECRET)
		keyring_failed(s, why);
	return start_without(c, s, why);
}

static int start_netrc(
    struct cred *c, const struct settings *s, struct fail *why)
{
	account_no_secret(s, "keyring is off", why);
	return start_without(c, s, why);
}

/* For AUTH, or only as the PIN of a token. */
static bool is_wanted(const struct settings *s)
{
	return account_needs_secret(s) ||
	       (account_has_locked_key(s) && find_source(s) < N_SOURCES);
}

int cred_start(struct cred *c, const struct settings *s,
    const char *const netrc[], struct fail *why)
{
	size_t best = find_source(s);

	*c = (struct cred){ .run.out = -1, .netrc = netrc, .ask = c->ask };
	if (!is_wanted(s))
		return 0;
	if (best < N_SOURCES)
		return sources[best].start(c, s, why);
	return (s->keyring ? start_keyring : start_netrc)(c, s, why);
}

static struct secret *collect(
    struct cred *c, const struct settings *s, struct fail *why)
{
	struct secret *secret;

	if (c->missing.kind != FAIL_NONE) {
		*why = c->missing;
		return find_or_ask(c, s, why);
	}
	if (c->run.pid == 0) {
		fail(why, FAIL_BUG, "no password was asked for");
		return NULL;
	}
	if (!c->is_keyring)
		return run_collect(&c->run, why);
	secret = keyring_collect(&c->run, s, why);
	if (secret)
		return secret;
	keyring_failed(s, why);
	return find_or_ask(c, s, why);
}

int cred_collect(struct cred *c, const struct settings *s,
    struct secret **ret_password, struct fail *why)
{
	struct secret *secret = c->ready;

	c->ready = NULL;
	if (!is_wanted(s)) {
		*ret_password = secret_free(secret);
		return 0;
	}
	if (!secret)
		secret = collect(c, s, why);
	if (secret && account_needs_secret(s) &&
	    provider_password(s, &secret, why) != 0)
		secret = secret_free(secret);
	if (!secret)
		return -1;
	*ret_password = secret;
	return 0;
}

void cred_end(struct cred *c)
{
	run_end(&c->run);
	c->ready = secret_free(c->ready);
}
