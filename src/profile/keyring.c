#include "keyring.h"
#include "account.h"
#include "keyring_exit.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/*
 * The program has deadlines of its own, 60 seconds for a person who unlocks
 * the keyring among them; this one is for a program that does not keep them.
 */
enum { PROGRAM_SECONDS = 90, PATH_BYTES = 4096 };

/* ---- the program ---- */

/*
 * In the folders of a build, where nothing is installed, the program is
 * beside ours. Whoever can put a file there can replace ours as well.
 */
static bool find_beside(char *path, size_t size)
{
	static const char app[] = "/src/app/postrider";
	char self[PATH_BYTES];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self));
	struct slice exe = { self, n > 0 ? (size_t)n : 0 };
	size_t tail = sizeof(app) - 1;

	if (exe.n <= tail ||
	    !slice_eq(slice_skip(exe, exe.n - tail), slice_of(app)))
		return false;
	exe = slice_head(exe, exe.n - tail);
	return snprintf(path, size, "%.*s/src/keyring/postrider-keyring",
		   SLICE_ARG(exe)) < (int)size &&
	       access(path, X_OK) == 0;
}

const char *keyring_program(void)
{
	static char beside[PATH_BYTES + 64];

	if (find_beside(beside, sizeof(beside)))
		return beside;
	return KEYRING_PROGRAM[0] ? KEYRING_PROGRAM : NULL;
}

static int start(struct run *r, const char *verb, const struct settings *s,
    int in, struct fail *why)
{
	const char *program = keyring_program();
	const char *const argv[] = { program, verb, account_server(s), s->user,
		NULL };
	const struct run_command command = { argv, "keyring", PROGRAM_SECONDS,
		in };

	*r = (struct run){ .out = -1, .status = -1 };
	if (!program)
		return fail(why, FAIL_SECRET, "this build has no keyring");
	if (access(program, X_OK) != 0)
		return fail(
		    why, FAIL_SECRET, "%s: %s", program, strerror(errno));
	return run_start_with(r, &command, why);
}

/* ---- what it says ---- */

static int explain(const struct settings *s, int status, struct fail *why)
{
	static const char *const words[KEYRING_EXITS] = {
		[KEYRING_ABSENT] = "this session has no keyring",
		[KEYRING_LOCKED] = "the keyring is locked",
		[KEYRING_LATE] = "the keyring does not answer",
		[KEYRING_UNUSABLE] = ("the password in the keyring is empty, "
				      "too long or has a NUL byte"),
		[KEYRING_FAILED] = "the keyring cannot be used",
	};

	if (status == KEYRING_NOTHING) {
		fail(why, FAIL_SECRET,
		    "the keyring has no password for %s at %s", s->user,
		    account_server(s));
		if (why)
			why->advice = "postrider --store-password puts one "
				      "there";
		return -1;
	}
	if (status > 0 && status < KEYRING_EXITS && words[status])
		return fail(why, FAIL_SECRET, "%s", words[status]);
	if (status < 0)
		return fail(why, FAIL_SECRET,
		    "the keyring cannot be used: postrider-keyring ended by a "
		    "signal");
	return fail(why, FAIL_SECRET,
	    "the keyring cannot be used: postrider-keyring ended with status "
	    "%d",
	    status);
}

/* ---- the verbs ---- */

int keyring_start(struct run *r, const struct settings *s, struct fail *why)
{
	return start(r, "lookup", s, -1, why);
}

struct secret *keyring_collect(
    struct run *r, const struct settings *s, struct fail *why)
{
	struct secret *password = run_collect(r, why);

	/* A program that was stopped may have printed half of it. */
	if (password && r->status == KEYRING_DONE)
		return password;
	/* Its own words are better than that it printed nothing. */
	if (password || r->status >= 0)
		explain(s, r->status, why);
	return secret_free(password);
}

static int finish(struct run *r, const struct settings *s, struct fail *why)
{
	int status = run_wait(r);

	return status == KEYRING_DONE ? 0 : explain(s, status, why);
}

/* A pipe takes this much without a reader: written before there is one. */
static int fill_pipe(struct slice password, struct fail *why)
{
	int ends[2];
	int error;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return fail(why, FAIL_OS, "keyring: %s", strerror(errno));
	error = password.n > RUN_OUTPUT_MAX
		    ? EFBIG
		    : (io_write(ends[1], password.p, password.n) ? errno : 0);
	io_close(ends[1]);
	if (error == 0)
		return ends[0];
	io_close(ends[0]);
	return fail(why, FAIL_OS, "keyring: %s", strerror(error));
}

int keyring_store(
    const struct settings *s, struct slice password, struct fail *why)
{
	struct run r;
	int in = fill_pipe(password, why);
	int result;

	if (in < 0)
		return -1;
	result = start(&r, "store", s, in, why);
	io_close(in);
	return result == 0 ? finish(&r, s, why) : -1;
}

int keyring_delete(const struct settings *s, struct fail *why)
{
	struct run r;

	return start(&r, "delete", s, -1, why) == 0 ? finish(&r, s, why) : -1;
}
