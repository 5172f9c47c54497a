#include "run.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int set_files(posix_spawn_file_actions_t *files, int in, int out)
{
	int error =
	    in < 0 ? posix_spawn_file_actions_addopen(
			 files, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
		   : posix_spawn_file_actions_adddup2(files, in, STDIN_FILENO);

	return error ? error
		     : posix_spawn_file_actions_adddup2(
			   files, out, STDOUT_FILENO);
}

/* No mask, and the signals that mail programs ignore are as in a shell. */
static void set_signals(posix_spawnattr_t *attr)
{
	sigset_t none, usual;

	sigemptyset(&none);
	sigemptyset(&usual);
	sigaddset(&usual, SIGPIPE);
	sigaddset(&usual, SIGXFSZ);
	sigaddset(&usual, SIGCHLD);
	posix_spawnattr_setsigmask(attr, &none);
	posix_spawnattr_setsigdefault(attr, &usual);
}

/*
 * The child: its input, /dev/null if there is none, to read, a pipe to write,
 * our stderr, our environment, and without a terminal a process group of its
 * own, so that a late one is killed with its own children.
 */
static int spawn(struct run *r, const struct run_command *command, int out)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;

	union {
		const char *const *in;
		char *const *out;
	} args = { command->argv }; /* posix_spawn does not write to argv */

	int error;

	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&attr);
	/*
	 * A group that is not the terminal's foreground group is stopped when
	 * it asks there for the passphrase of a key: somebody sits at the
	 * terminal then, and the child stays in the group that Ctrl-C reaches.
	 */
	r->has_group = !io_has_terminal();
	if (r->has_group)
		flags |= POSIX_SPAWN_SETPGROUP;
	set_signals(&attr);
	posix_spawnattr_setpgroup(&attr, 0);
	posix_spawnattr_setflags(&attr, flags);
	/* Without memory for these the child would read the mail: no child. */
	error = set_files(&files, command->in, out);
	if (error == 0)
		error = posix_spawn(&r->pid, command->argv[0], &files, &attr,
		    args.out, environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&files);
	return error;
}

int run_start_with(
    struct run *r, const struct run_command *command, struct fail *why)
{
	const char *what = command->what;
	int ends[2];
	int error;

	*r = (struct run){ .out = -1, .status = -1, .what = what };
	/* A caller that ignores its children must not lose ours for us. */
	(void)signal(SIGCHLD, SIG_DFL);
	if (pipe2(ends, O_CLOEXEC) != 0)
		return fail(why, FAIL_OS, "%s: %s", what, strerror(errno));
	error = spawn(r, command, ends[1]);
	close(ends[1]);
	if (error != 0) {
		r->pid = 0;
		close(ends[0]);
		return fail(why, FAIL_OS, "%s: %s: %s", what, command->argv[0],
		    strerror(error));
	}
	r->out = ends[0];
	r->deadline = deadline_in(command->seconds);
	return 0;
}

int run_start(struct run *r, const char *const argv[], const char *what,
    int seconds, struct fail *why)
{
	const struct run_command command = { argv, what, seconds, -1 };

	return run_start_with(r, &command, why);
}

void run_end(struct run *r)
{
	int status;

	if (r->pid > 0) {
		kill(r->has_group ? -r->pid : r->pid, SIGKILL);
		while (waitpid(r->pid, &status, 0) < 0 && errno == EINTR)
			continue;
		r->pid = 0;
	}
	if (r->out > 0)
		r->out = io_close(r->out);
}

/* Reads up to the first line end, the end of the output or the deadline. */
static int drain(struct run *r, struct secret *s, struct fail *why)
{
	while (slice_find(secret_view(s), '\n') == secret_view(s).n) {
		char *p;
		size_t room = secret_room(s);
		size_t before = secret_view(s).n;
		ssize_t got;
		int ready;

		if (room == 0)
			return fail(why, FAIL_SECRET,
			    "%s: a line of more than %d bytes", r->what,
			    RUN_OUTPUT_MAX);
		ready = io_wait(r->out, POLLIN, r->deadline);
		if (ready == 0)
			return fail(why, FAIL_SECRET,
			    "%s: no end of its output in time", r->what);
		p = secret_extend(s, room);
		got = ready < 0 || !p ? -1 : read(r->out, p, room);
		secret_truncate(s, before + (got > 0 ? (size_t)got : 0));
		if (got == 0)
			return 0;
		if (got < 0 && errno != EINTR)
			return fail(why, FAIL_SECRET, "%s: %s", r->what,
			    strerror(errno));
	}
	return 0;
}

/*
 * Lets the child end by itself, but not after the deadline. Its exit status
 * matters only when it said nothing: a pipeline that ends well may have a
 * status of its own.
 */
static int reap(struct run *r, int *ret_status)
{
	for (;;) {
		pid_t pid = waitpid(r->pid, ret_status, WNOHANG);

		if (pid == r->pid) {
			r->pid = 0;
			if (WIFEXITED(*ret_status))
				r->status = WEXITSTATUS(*ret_status);
			return 0;
		}
		if ((pid < 0 && errno != EINTR) || deadline_passed(r->deadline))
			return -1;
		poll(NULL, 0, 1);
	}
}

static int no_output(struct run *r, int reaped, int status, struct fail *why)
{
	if (reaped == 0 && WIFSIGNALED(status))
		return fail(why, FAIL_SECRET,
		    "%s: no output, killed by signal %d", r->what,
		    WTERMSIG(status));
	if (reaped == 0 && WEXITSTATUS(status) != 0)
		return fail(why, FAIL_SECRET, "%s: no output, exit status %d",
		    r->what, WEXITSTATUS(status));
	return fail(why, FAIL_SECRET, "%s: no output", r->what);
}

struct secret *run_collect(struct run *r, struct fail *why)
{
	/* With its LF, or a byte that shows the line to be too long. */
	struct secret *s = secret_new(RUN_OUTPUT_MAX + 1, why);
	struct slice line;
	bool is_output;
	int status = 0;
	int reaped;

	if (!s || drain(r, s, why) != 0) {
		run_end(r);
		return secret_free(s);
	}
	r->out = io_close(r->out);
	reaped = reap(r, &status);
	run_end(r);
	line = slice_first_line(secret_view(s));
	is_output = line.n > 0 || (r->takes_empty && secret_view(s).n > 0);
	secret_truncate(s, line.n);
	if (!is_output) {
		no_output(r, reaped, status, why);
		return secret_free(s);
	}
	return s;
}

int run_wait(struct run *r)
{
	int status = 0;

	(void)reap(r, &status);
	run_end(r);
	return r->status;
}
