#include "canary.h"
#include "child.h"
#include "run.h"
#include "unit.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

/*
 * Started from a terminal or not, these tests are the same: the terminal is
 * given up. The one test about terminals makes one.
 */
__attribute__((constructor)) static void leave_terminal(void)
{
	int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);

	if (tty < 0)
		return;
	signal(SIGHUP, SIG_IGN);
	ioctl(tty, TIOCNOTTY);
	signal(SIGHUP, SIG_DFL);
	close(tty);
}

static int start_program(struct run *r, const char *const argv[], int seconds)
{
	struct fail why = { 0 };
	int result = run_start(r, argv, "the helper", seconds, &why);

	CHECK_INT(result, 0);
	return result;
}

static int start_shell(struct run *r, const char *script, int seconds)
{
	const char *argv[] = { "/bin/sh", "-c", script, NULL };

	return start_program(r, argv, seconds);
}

/* Runs and compares: the secret, or a part of the failure's text. */
static void check_script(
    const char *script, const char *expected, const char *failure)
{
	struct fail why = { 0 };
	struct secret *s;
	struct run r;

	if (start_shell(&r, script, 3600) != 0)
		return;
	s = run_collect(&r, &why);
	if (expected) {
		CHECK(s != NULL);
		CHECK_SLICE(secret_view(s), expected);
		CHECK_INT(why.kind, FAIL_NONE);
	} else {
		CHECK(s == NULL);
		CHECK_INT(why.kind, FAIL_SECRET);
		CHECK(strncmp(why.text, "the helper: ", 12) == 0);
		CHECK_STR(strlen(why.text) > 12 ? why.text + 12 : "", failure);
	}
	CHECK_INT(r.pid, 0);
	CHECK_INT(r.out, -1);
	secret_free(s);
	run_end(&r);
}

TEST(run_output)
{
	static const struct {
		const char *script, *expected, *failure;
	} rows[] = {
		{ "echo secret", "secret", NULL },
		{ "printf secret", "secret", NULL },
		{ "printf 'secret\\r\\n'", "secret", NULL },
		{ "printf 'secret\\r'", "secret", NULL },
		{ "printf 'secret\\r\\r\\n'", "secret", NULL },
		{ "printf 'a\\rb\\n'", "a\rb", NULL },
		{ "printf 'first line\\r\\nsecond\\n'", "first line", NULL },
		{ "printf ' blanks \\t\\n'", " blanks \t", NULL },
		{ "printf 'p\\303\\244ss\\n'", "p\xc3\xa4ss", NULL },
		{ "for i in a b c d; do printf $i; sleep 0.01; done", "abcd",
		    NULL },
		{ "printf ab; sleep 0.1; printf 'cd\\nef\\n'", "abcd", NULL },
		/* With output the exit status is the helper's own affair. */
		{ "echo secret; exit 1", "secret", NULL },
		{ "echo secret; kill -9 $$", "secret", NULL },
		{ "echo secret; exec >&-; sleep 0.1", "secret", NULL },
		{ "echo secret; echo noise >/dev/null", "secret", NULL },
		{ "true", NULL, "no output" },
		{ "false", NULL, "no output, exit status 1" },
		{ "exit 127", NULL, "no output, exit status 127" },
		{ "kill -15 $$", NULL, "no output, killed by signal 15" },
		{ "echo", NULL, "no output" },
		{ "printf '\\r\\n'; exit 3", NULL, "no output, exit status 3" },
		{ "printf '\\nsecret\\n'", NULL, "no output" },
		{ "exec >&-; sleep 0.1; exit 4", NULL,
		    "no output, exit status 4" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CASE(rows[i].script);
		check_script(rows[i].script, rows[i].expected, rows[i].failure);
	}
}

TEST(run_an_empty_line)
{
	static const struct {
		const char *script;
		bool is_output;
	} rows[] = {
		{ "echo", true },
		{ "printf '\\r\\n'; exit 3", true },
		{ "printf '\\nsecret\\n'", true },
		{ "true", false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct secret *s;
		struct run r;

		CASE(rows[i].script);
		if (start_shell(&r, rows[i].script, 20) != 0)
			return;
		r.takes_empty = true;
		s = run_collect(&r, NULL);
		CHECK_INT(s != NULL, rows[i].is_output);
		CHECK_SLICE(secret_view(s), "");
		secret_free(s);
	}
}

TEST(run_output_with_nul)
{
	struct run r;
	struct secret *s;

	if (start_shell(&r, "printf 'a\\000b\\nc'", 3600) != 0)
		return;
	s = run_collect(&r, NULL);
	CHECK_INT(secret_view(s).n, 3);
	CHECK(s && memcmp(secret_view(s).p, "a\0b", 3) == 0);
	secret_free(s);
}

TEST(run_long_lines)
{
	static const struct {
		const char *label;
		size_t bytes;
		const char *end; /* printf */
		bool ok;
	} rows[] = {
		{ "one", 1, "", true },
		{ "a page", 4096, "\\n", true },
		{ "one below, no end", 8191, "", true },
		{ "one below", 8191, "\\n", true },
		{ "one below, CR", 8191, "\\r\\n", true },
		{ "the maximum, no end", 8192, "", true },
		{ "the maximum", 8192, "\\n", true },
		{ "the maximum and a second line", 8192, "\\nsecond", true },
		{ "one over, no end", 8193, "", false },
		{ "one over", 8193, "\\n", false },
		{ "twice", 16384, "\\n", false },
		{ "a mebibyte", 1048576, "", false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char script[256];
		struct fail why = { 0 };
		struct secret *s;
		struct run r;

		CASE(rows[i].label);
		snprintf(script, sizeof(script),
		    "head -c %zu /dev/zero | tr '\\000' x; printf '%s'",
		    rows[i].bytes, rows[i].end);
		if (start_shell(&r, script, 3600) != 0)
			continue;
		s = run_collect(&r, &why);
		CHECK_INT(s != NULL, rows[i].ok);
		CHECK_INT(secret_view(s).n, rows[i].ok ? rows[i].bytes : 0);
		if (!rows[i].ok)
			CHECK_STR(why.text,
			    "the helper: a line of more than 8192 bytes");
		secret_free(s);
	}
}

/* Too long is too long at once, not when the helper ends. */
TEST(run_too_long_does_not_wait)
{
	int64_t start = io_now();
	struct fail why = { 0 };
	struct run r;

	if (start_shell(&r,
		"head -c 8193 /dev/zero | tr '\\000' x; exec sleep 3600",
		3600) != 0)
		return;
	CHECK(run_collect(&r, &why) == NULL);
	CHECK_INT(why.kind, FAIL_SECRET);
	CHECK(io_now() - start < 60000);
}

TEST(run_much_output_after_the_line)
{
	CASE("the rest is not waited for, and SIGPIPE ends the writer");
	check_script("echo secret; exec cat /dev/zero", "secret", NULL);
	CASE("a writer that does not mind");
	check_script("echo secret; trap '' PIPE; "
		     "head -c 1000000 /dev/zero 2>/dev/null; exit 0",
	    "secret", NULL);
}

/* Our standard input is the mail: not one byte of it may be missing. */
static int check_stdin(void *unused)
{
	struct fail why = { 0 };
	struct secret *s;
	struct run r;
	char bytes[16] = "";
	int ends[2];

	(void)unused;
	if (pipe(ends) != 0 || io_write(ends[1], "the mail", 8) != 0)
		return 1;
	close(ends[1]);
	dup2(ends[0], STDIN_FILENO);
	if (start_shell(&r, "cat; readlink /proc/self/fd/0", 3600) != 0)
		return 2;
	s = run_collect(&r, &why);
	if (!slice_eq(secret_view(s), SLICE("/dev/null")))
		return 3;
	secret_free(s);
	return child_read(STDIN_FILENO, bytes, 8) == 8 &&
		       strcmp(bytes, "the mail") == 0
		   ? 0
		   : 4;
}

TEST(run_stdin_is_dev_null)
{
	CHECK_INT(child_run(check_stdin, NULL), 0);
}

/* pipe() then yields descriptor 1, which is not to be closed for the child. */
static int check_closed_stdout(void *unused)
{
	struct secret *s;
	struct run r;
	bool ok;

	(void)unused;
	close(STDOUT_FILENO);
	if (start_shell(&r, "echo secret", 3600) != 0)
		return 2;
	s = run_collect(&r, NULL);
	ok = slice_eq(secret_view(s), SLICE("secret"));
	secret_free(s);
	return ok ? 0 : 3;
}

TEST(run_without_stdout)
{
	CHECK_INT(child_run(check_closed_stdout, NULL), 0);
}

static int check_descriptors(void *unused)
{
	(void)unused;
	/* What the starter of this test left open is not the matter here. */
	close_range(3, ~0U, 0);
	if (open("/dev/null", O_RDONLY | O_CLOEXEC) != 3)
		return 1;
	/* ls has one of its own to read the folder. */
	check_script("ls /proc/self/fd | wc -l", "4", NULL);
	return unit_bad ? 2 : 0;
}

TEST(run_child_has_three_descriptors)
{
	CHECK_INT(child_run(check_descriptors, NULL), 0);
}

/* No shell in between, since it has a way of its own with signals. */
static unsigned long long mask_of(const char *name)
{
	const char *argv[] = { "/bin/grep", name, "/proc/self/status", NULL };
	unsigned long long mask = ~0ULL;
	struct secret *s;
	struct run r;

	if (start_program(&r, argv, 3600) != 0)
		return mask;
	s = run_collect(&r, NULL);
	CHECK(secret_view(s).n == 24);
	if (secret_view(s).n == 24) {
		char digits[17];

		memcpy(digits, secret_view(s).p + 8, 16);
		digits[16] = '\0';
		mask = strtoull(digits, NULL, 16);
	}
	secret_free(s);
	return mask;
}

#define BIT(signal) (1ULL << ((signal)-1))

TEST(run_child_signals)
{
	static const int usual[] = { SIGPIPE, SIGXFSZ, SIGCHLD };
	sigset_t blocked, before;

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	sigaddset(&blocked, SIGPIPE);
	sigprocmask(SIG_BLOCK, &blocked, &before);
	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
		signal(usual[i], SIG_IGN);
	CASE("not ignored");
	CHECK_INT(
	    mask_of("SigIgn") & (BIT(SIGPIPE) | BIT(SIGXFSZ) | BIT(SIGCHLD)),
	    0);
	CASE("not blocked");
	CHECK_INT(mask_of("SigBlk"), 0);
	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
		signal(usual[i], SIG_DFL);
	CASE("SIGHUP stays ignored, as nohup wants it");
	signal(SIGHUP, SIG_IGN);
	CHECK((mask_of("SigIgn") & BIT(SIGHUP)) != 0);
	signal(SIGHUP, SIG_DFL);
	sigprocmask(SIG_SETMASK, &before, NULL);
}

TEST(run_child_dies_of_sigpipe)
{
	signal(SIGPIPE, SIG_IGN);
	CASE("141 is 128 and SIGPIPE");
	check_script("{ { yes 2>/dev/null; echo $? >&3; } | "
		     "head -n 1 >/dev/null; } 3>&1",
	    "141", NULL);
	signal(SIGPIPE, SIG_DFL);
}

/* A process is gone, or a zombie that waits for a lazy init. */
static bool is_gone(long pid)
{
	char path[64], text[512] = "";
	const char *state;
	int fd;

	snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return true;
	(void)child_read(fd, text, sizeof(text) - 1);
	close(fd);
	state = strrchr(text, ')');
	return !state || state[2] == 'Z' || state[2] == 'X';
}

static bool is_gone_soon(long pid)
{
	for (int i = 0; i < 6000; i++) {
		if (is_gone(pid))
			return true;
		usleep(10000);
	}
	return false;
}

/* The process ids that a script has written to a file, one a line. */
static size_t read_pids(const char *path, long *ret_pids, size_t most)
{
	FILE *f = fopen(path, "re");
	char line[32];
	size_t n = 0;

	while (f && n < most && fgets(line, sizeof(line), f))
		ret_pids[n++] = strtol(line, NULL, 10);
	if (f)
		fclose(f);
	return n;
}

/* Until it has written so many, or a minute is over. */
static size_t wait_pids(const char *path, long *ret_pids, size_t n)
{
	size_t have = 0;

	for (int i = 0; i < 6000 && have < n; i++) {
		usleep(10000);
		have = read_pids(path, ret_pids, n + 1);
	}
	return have;
}

TEST(run_late_child_is_killed_with_its_children)
{
	static const struct {
		const char *label, *script;
		size_t processes;
		const char *secret; /* NULL: nothing in time */
	} rows[] = {
		{ "says nothing", "echo $$ >$F; sleep 3600; true", 1, NULL },
		{ "has two children",
		    "echo $$ >$F; sleep 3600 & echo $! >>$F; sleep 3600 & "
		    "echo $! >>$F; wait",
		    3, NULL },
		{ "ignores signals",
		    "trap '' TERM INT HUP; echo $$ >$F; sleep 3600; true", 1,
		    NULL },
		{ "half a line", "echo $$ >$F; printf half; sleep 3600; true",
		    1, NULL },
		{ "closed its output",
		    "echo $$ >$F; exec >&-; sleep 3600; true", 1, NULL },
		{ "ended, but its child holds the pipe",
		    "sleep 3600 & echo $! >$F; printf half", 1, NULL },
		{ "says it and goes on",
		    "echo $$ >$F; sleep 3600 & echo $! >>$F; echo secret; wait",
		    2, "secret" },
	};

	char path[] = "/tmp/unit-run.XXXXXX";
	int fd = mkstemp(path);

	setenv("F", path, 1);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fail why = { 0 };
		long pids[4] = { 0 };
		int64_t start;
		struct secret *s;
		struct run r;

		CASE(rows[i].label);
		CHECK_INT(ftruncate(fd, 0), 0);
		if (start_shell(&r, rows[i].script, 3600) != 0)
			continue;
		CHECK_INT(wait_pids(path, pids, rows[i].processes),
		    rows[i].processes);
		if (rows[i].secret)
			CHECK_INT(io_wait(r.out, POLLIN, deadline_in(60)), 1);
		start = io_now();
		r.deadline = deadline_in_ms(500);
		s = run_collect(&r, &why);
		CHECK(io_now() - start >= 499);
		CHECK(io_now() - start < 60000);
		CHECK_SLICE(
		    secret_view(s), rows[i].secret ? rows[i].secret : "");
		CHECK_INT(why.kind, rows[i].secret ? FAIL_NONE : FAIL_SECRET);
		for (size_t k = 0; k < rows[i].processes; k++)
			CHECK(pids[k] > 1 && is_gone_soon(pids[k]));
		CHECK_INT(r.pid, 0);
		CHECK_INT(waitpid(-1, NULL, WNOHANG), -1);
		CHECK_INT(errno, ECHILD);
		secret_free(s);
	}
	unsetenv("F");
	close(fd);
	unlink(path);
}

TEST(run_late_text)
{
	int64_t before = io_now();
	struct fail why = { 0 };
	struct run r;

	if (start_shell(&r, "exec sleep 3600", 1) != 0)
		return;
	CHECK(run_collect(&r, &why) == NULL);
	CHECK(io_now() - before >= 999);
	CHECK(io_now() - before < 60000);
	CHECK_STR(why.text, "the helper: no end of its output in time");
}

/* An agent that the helper leaves behind may live, and delays nobody. */
TEST(run_daemon_holds_the_pipe)
{
	char path[] = "/tmp/unit-run.XXXXXX";
	int fd = mkstemp(path);
	int64_t start = io_now();
	long pid = 0;

	setenv("F", path, 1);
	check_script("sleep 3600 & echo $! >$F; echo secret", "secret", NULL);
	CHECK(io_now() - start < 60000);
	CHECK_INT(read_pids(path, &pid, 1), 1);
	CHECK(pid > 1 && !is_gone(pid));
	if (pid > 1)
		kill((pid_t)pid, SIGKILL);
	unsetenv("F");
	close(fd);
	unlink(path);
}

TEST(run_start_fails)
{
	static const struct {
		const char *path;
		int error;
	} rows[] = {
		{ "/nonexistent/helper", ENOENT },
		{ "/etc/passwd", EACCES },
		{ "/", EACCES },
		{ "", ENOENT },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *argv[] = { rows[i].path, NULL };
		struct fail why = { 0 };
		char expected[256];
		struct run r;

		CASE(rows[i].path);
		snprintf(expected, sizeof(expected), "the helper: %s: %s",
		    rows[i].path, strerror(rows[i].error));
		CHECK_INT(run_start(&r, argv, "the helper", 20, &why), -1);
		CHECK_INT(why.kind, FAIL_OS);
		CHECK_STR(why.text, expected);
		CHECK_INT(r.pid, 0);
		run_end(&r);
		run_end(&r);
	}
}

static int without_descriptors(void *unused)
{
	const char *argv[] = { "/bin/true", NULL };
	struct rlimit three = { 3, 3 };
	struct fail why = { 0 };
	struct run r;

	(void)unused;
	setrlimit(RLIMIT_NOFILE, &three);
	if (run_start(&r, argv, "the helper", 20, &why) != -1)
		return 1;
	run_end(&r);
	return why.kind == FAIL_OS && r.pid == 0 ? 0 : 2;
}

TEST(run_without_descriptors)
{
	CHECK_INT(child_run(without_descriptors, NULL), 0);
}

TEST(run_end_takes_anything)
{
	struct run r = { 0 };
	long pid;

	run_end(&r);
	CHECK_INT(fcntl(STDIN_FILENO, F_GETFD), 0);
	if (start_shell(&r, "exec sleep 3600", 3600) != 0)
		return;
	pid = r.pid;
	run_end(&r);
	CHECK(is_gone(pid));
	CHECK_INT(r.pid, 0);
	CHECK_INT(r.out, -1);
	run_end(&r);
	CASE("ended by itself long ago");
	if (start_shell(&r, "echo secret", 3600) != 0)
		return;
	CHECK_INT(io_wait(r.out, POLLIN, deadline_in(60)), 1);
	usleep(50000);
	run_end(&r);
	CHECK_INT(waitpid(-1, NULL, WNOHANG), -1);
}

/* Started early and collected late: the work is done in between. */
TEST(run_collect_late)
{
	struct secret *s;
	struct run r;

	if (start_shell(&r, "echo secret", 3600) != 0)
		return;
	CHECK_INT(io_wait(r.out, POLLIN, deadline_in(60)), 1);
	s = run_collect(&r, NULL);
	CHECK_SLICE(secret_view(s), "secret");
	secret_free(s);
}

TEST(run_no_deadline)
{
	struct secret *s;
	struct run r;

	if (start_shell(&r, "sleep 0.1; echo secret; sleep 0.1", 0) != 0)
		return;
	s = run_collect(&r, NULL);
	CHECK_SLICE(secret_view(s), "secret");
	secret_free(s);
}

TEST(run_when_children_are_ignored)
{
	signal(SIGCHLD, SIG_IGN);
	check_script("echo secret", "secret", NULL);
	check_script("true", NULL, "no output");
	signal(SIGCHLD, SIG_DFL);
}

TEST(run_leaves_no_copy)
{
	static const char plain[] = "correct-horse-battery-staple";
	unsigned char masked[sizeof(plain) - 1];
	struct secret *s;
	struct run r;

	/* The script says it in rot13, so that it is not here in clear. */
	for (size_t i = 0; i < sizeof(masked); i++) {
		char c = plain[i];

		if (c != '-')
			c = (char)((c - 'a' + 13) % 26 + 'a');
		masked[i] = (unsigned char)c ^ CANARY_MASK;
	}
	if (start_shell(&r,
		"echo correct-horse-battery-staple | tr a-z n-za-m; "
		"echo and more",
		20) != 0)
		return;
	s = run_collect(&r, NULL);
	CHECK_INT(secret_view(s).n, sizeof(masked));
	CHECK_INT(canary_count(masked, sizeof(masked)), 1);
	secret_free(s);
	CHECK_INT(canary_count(masked, sizeof(masked)), 0);
}

static int ask_on_terminal(void *unused)
{
	struct secret *s;
	struct run r;
	bool ok;

	(void)unused;
	if (start_shell(&r,
		"printf 'PIN: ' >/dev/tty; read pin </dev/tty; "
		"echo \"got $pin\"",
		20) != 0)
		return 1;
	s = run_collect(&r, NULL);
	ok = slice_eq(secret_view(s), SLICE("got 1234"));
	secret_free(s);
	return ok ? 0 : 2;
}

/* A key's passphrase: the helper is not stopped for reading the terminal. */
TEST(run_helper_asks_on_the_terminal)
{
	char seen[256] = "";
	int master = -1;
	pid_t pid = child_on_terminal(ask_on_terminal, NULL, &master);

	CHECK_INT(child_expect(master, seen, sizeof(seen), "PIN: ", 10), 0);
	CHECK_INT(io_write(master, "1234\n", 5), 0);
	CHECK_INT(child_wait(pid), 0);
	close(master);
}

/* ---- a child that is fed, a child without output ---- */

static int start_fed(struct run *r, const char *script, const char *input)
{
	const char *argv[] = { "/bin/sh", "-c", script, NULL };
	struct run_command command = { argv, "the helper", 3600, -1 };
	int ends[2];
	int result;

	CHECK_INT(pipe(ends), 0);
	CHECK_INT(io_write(ends[1], input, strlen(input)), 0);
	close(ends[1]);
	command.in = ends[0];
	result = run_start_with(r, &command, NULL);
	CHECK_INT(result, 0);
	/* It is still the caller's. */
	CHECK_INT(fcntl(ends[0], F_GETFD), 0);
	close(ends[0]);
	return result;
}

TEST(run_with_input)
{
	static const struct {
		const char *script, *input, *output;
	} rows[] = {
		{ "cat", "secret", "secret" },
		{ "cat; echo end", "", "end" },
		{ "read a; read b; echo \"$b$a\"", "1\n2\n", "21" },
		{ "true; echo unread", "secret", "unread" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct secret *s;
		struct run r;

		CASE(rows[i].script);
		if (start_fed(&r, rows[i].script, rows[i].input) != 0)
			continue;
		s = run_collect(&r, NULL);
		CHECK_SLICE(secret_view(s), rows[i].output);
		CHECK_INT(r.status, 0);
		secret_free(s);
	}
}

TEST(run_exit_status)
{
	static const struct {
		const char *script;
		int seconds, status;
	} rows[] = {
		{ "true", 3600, 0 },
		{ "exit 7", 3600, 7 },
		{ "echo output nobody reads; exit 255", 3600, 255 },
		{ "exec >&-; sleep 0.1; exit 3", 3600, 3 },
		{ "kill -9 $$", 3600, -1 },
		{ "sleep 1000", 1, -1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct run r;

		CASE(rows[i].script);
		if (start_shell(&r, rows[i].script, rows[i].seconds) != 0)
			continue;
		CHECK_INT(r.status, -1);
		CHECK_INT(run_wait(&r), rows[i].status);
		CHECK_INT(r.pid, 0);
		CHECK_INT(r.out, -1);
	}
}

TEST(run_exit_status_beside_output)
{
	struct secret *s;
	struct run r;

	if (start_shell(&r, "echo half; exit 4", 3600) != 0)
		return;
	s = run_collect(&r, NULL);
	CHECK_SLICE(secret_view(s), "half");
	CHECK_INT(r.status, 4);
	secret_free(s);
}
