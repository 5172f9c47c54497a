#include "child.h"
#include "io.h"
#include "log.h"
#include "unit.h"
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * The system log is ours in this program. <syslog.h> is not included, because
 * with _FORTIFY_SOURCE it defines syslog() in terms of __syslog_chk().
 */
enum { IS_ERROR = 3, IS_INFO = 6, FACILITY_MAIL = 2 << 3 };

static char logged[20000];
static char logged_name[1000];
static int logged_priority;

void openlog(const char *name, int option, int facility);
void closelog(void);
void syslog(int priority, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void __syslog_chk(int priority, int flag, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

void openlog(const char *name, int option, int facility)
{
	(void)option;
	(void)facility;
	(void)snprintf(logged_name, sizeof(logged_name), "%s", name);
}

void closelog(void)
{
}

void syslog(int priority, const char *format, ...)
{
	va_list args;

	logged_priority = priority;
	va_start(args, format);
	vsnprintf(logged, sizeof(logged), format, args);
	va_end(args);
}

void __syslog_chk(int priority, int flag, const char *format, ...)
{
	va_list args;

	(void)flag;
	logged_priority = priority;
	va_start(args, format);
	vsnprintf(logged, sizeof(logged), format, args);
	va_end(args);
}

/* What a descriptor's file gets while body() runs. */
static void capture(int fd, void (*body)(const char *), const char *argument,
    char *ret_text, size_t size)
{
	int file = io_temp();
	int before;
	ssize_t n;

	fflush(stdout);
	before = dup(fd);
	dup2(file, fd);
	body(argument);
	fflush(stdout);
	dup2(before, fd);
	close(before);
	n = io_pread(file, ret_text, size - 1, 0);
	ret_text[n > 0 ? n : 0] = '\0';
	close(file);
}

static void say_error(const char *text)
{
	log_error("%s", text);
}

static void say_warning(const char *text)
{
	log_warning("%s", text);
}

static void say_in_parts(const char *text)
{
	log_error("%s: %d%%", text, 42);
}

TEST(log_lines_on_stderr)
{
	static const struct {
		const char *label;
		void (*say)(const char *);
		const char *name, *text, *expected;
	} rows[] = {
		{ "error", say_error, "postrider", "no host",
		    "postrider: no host\n" },
		{ "warning", say_warning, "postrider", "no check",
		    "postrider: warning: no check\n" },
		{ "format", say_in_parts, "sendmail", "done",
		    "sendmail: done: 42%\n" },
		{ "empty", say_error, "x", "", "x: \n" },
		{ "line ends", say_error, "x", "a\nx: forged\r\n",
		    "x: a?x: forged??\n" },
		{ "escapes", say_error, "x", "\033[2Jb\x7f", "x: ?[2Jb?\n" },
		{ "UTF-8", say_warning, "x", "\xc3\xa4", "x: warning: ??\n" },
		{ "the name, too", say_error, "a\nb\033", "c", "a?b?: c\n" },
		{ "per cent signs are text", say_error, "100%s", "%n%s",
		    "100%s: %n%s\n" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char seen[1024];

		CASE(rows[i].label);
		log_set_name(rows[i].name);
		capture(STDERR_FILENO, rows[i].say, rows[i].text, seen,
		    sizeof(seen));
		CHECK_STR(seen, rows[i].expected);
		log_set_quiet(true);
		capture(STDERR_FILENO, rows[i].say, rows[i].text, seen,
		    sizeof(seen));
		CHECK_STR(seen, "");
		log_set_quiet(false);
	}
	log_set_name("postrider");
}

TEST(log_long_line)
{
	static char text[40000], seen[50000];

	memset(text, 'x', sizeof(text) - 1);
	capture(STDERR_FILENO, say_error, text, seen, sizeof(seen));
	CHECK_INT(strlen(seen), strlen("postrider: ") + 8191 + 1);
	CHECK(strncmp(seen, "postrider: xxx", 14) == 0);
	CHECK_INT(seen[strlen(seen) - 1], '\n');
}

static int closed_stderr(void *unused)
{
	(void)unused;
	close(STDERR_FILENO);
	log_error("%s", "nobody hears this");
	return 0;
}

TEST(log_without_stderr)
{
	CHECK_INT(child_run(closed_stderr, NULL), 0);
}

static char folder[32];
static char path[64];

static void make_folder(void)
{
	snprintf(folder, sizeof(folder), "/tmp/unit-log.XXXXXX");
	CHECK(mkdtemp(folder) != NULL);
	snprintf(path, sizeof(path), "%s/log", folder);
}

static void drop_folder(void)
{
	unlink(path);
	CHECK_INT(rmdir(folder), 0);
}

static void read_log(char *ret_text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = child_read(fd, ret_text, size - 1);

	ret_text[n > 0 ? n : 0] = '\0';
	io_close(fd);
}

TEST(log_file_lines)
{
	static const struct {
		struct slice line;
		const char *all;
	} rows[] = {
		{ { "one", 3 }, "one\n" },
		{ { "", 0 }, "one\n\n" },
		{ { "a\nb\0c\033\xc3\xa4", 8 }, "one\n\na?b?c???\n" },
	};

	char seen[1024];
	struct stat st;
	mode_t mask = umask(0);

	make_folder();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fail why = { 0 };

		CASE(rows[i].all);
		CHECK_INT(log_to_file(path, rows[i].line, &why), 0);
		CHECK_INT(why.kind, FAIL_NONE);
		read_log(seen, sizeof(seen));
		CHECK_STR(seen, rows[i].all);
	}
	CHECK_INT(stat(path, &st), 0);
	CHECK_INT(st.st_mode & 07777, 0600);
	CASE("an existing file keeps its mode");
	chmod(path, 0644);
	CHECK_INT(log_to_file(path, SLICE("x"), NULL), 0);
	CHECK_INT(stat(path, &st), 0);
	CHECK_INT(st.st_mode & 07777, 0644);
	umask(mask);
	drop_folder();
}

TEST(log_file_any_length)
{
	static char line[100000], seen[100100];
	struct fail why = { 0 };

	make_folder();
	memset(line, 'x', sizeof(line));
	CHECK_INT(
	    log_to_file(path, (struct slice){ line, sizeof(line) }, &why), 0);
	read_log(seen, sizeof(seen));
	CHECK_INT(strlen(seen), sizeof(line) + 1);
	drop_folder();
}

TEST(log_file_fails)
{
	static const struct {
		const char *path;
		int error;
	} rows[] = {
		{ "/nonexistent/log", ENOENT },
		{ "/tmp", EISDIR },
		{ "/etc/passwd/log", ENOTDIR },
		{ "/dev/full", ENOSPC },
		{ "", ENOENT },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fail why = { 0 };
		char expected[256];

		CASE(rows[i].path);
		snprintf(expected, sizeof(expected), "cannot log to %s: %s",
		    rows[i].path, strerror(rows[i].error));
		CHECK_INT(log_to_file(rows[i].path, SLICE("x"), &why), -1);
		CHECK_INT(why.kind, FAIL_OS);
		CHECK_STR(why.text, expected);
		CHECK_INT(log_to_file(rows[i].path, SLICE("x"), NULL), -1);
	}
}

enum { PIPE_SIZE = 4096 };

/* A pipe by name that nobody reads must not hold up the mail. */
TEST(log_file_is_a_pipe)
{
	int64_t start = io_now();
	struct fail why = { 0 };
	char seen[16] = "";
	int fd;

	make_folder();
	CHECK_INT(mkfifo(path, 0600), 0);
	CHECK_INT(log_to_file(path, SLICE("x"), &why), -1);
	CHECK_INT(why.kind, FAIL_OS);
	CHECK(io_now() - start < 60000);
	CASE("with a reader");
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	CHECK_INT(log_to_file(path, SLICE("x"), &why), 0);
	CHECK_INT(child_read(fd, seen, sizeof(seen) - 1), 2);
	CHECK_STR(seen, "x\n");
	close(fd);
	drop_folder();
}

static int read_later(void *argument)
{
	char bytes[4096];
	const int *fd = argument;
	ssize_t got;

	usleep(200000);
	for (size_t have = 0; have < PIPE_SIZE; have += (size_t)got) {
		got = read(*fd, bytes, sizeof(bytes));
		if (got <= 0)
			return 1;
	}
	return 0;
}

/* A pipe that is full; its reading end is *ret_fd. */
static void fill_pipe(int *ret_fd)
{
	char bytes[4096] = "";
	int fd;

	CHECK_INT(mkfifo(path, 0600), 0);
	*ret_fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	CHECK_INT(fcntl(fd, F_SETPIPE_SZ, PIPE_SIZE), PIPE_SIZE);
	while (write(fd, bytes, sizeof(bytes)) > 0)
		continue;
	close(fd);
	fcntl(*ret_fd, F_SETFL, 0);
}

TEST(log_file_waits_for_a_full_pipe)
{
	struct fail why = { 0 };
	char seen[16] = "";
	pid_t pid;
	int fd;

	make_folder();
	fill_pipe(&fd);
	pid = child_start(read_later, &fd);
	CHECK_INT(log_to_file(path, SLICE("x"), &why), 0);
	CHECK_INT(child_wait(pid), 0);
	CHECK_INT(child_read(fd, seen, sizeof(seen) - 1), 2);
	CHECK_STR(seen, "x\n");
	close(fd);
	drop_folder();
}

TEST(log_file_full_pipe_is_not_waited_for_long)
{
	int64_t start = io_now();
	struct fail why = { 0 };
	int fd;

	if (!getenv("LONG_TESTS"))
		SKIP("ten seconds: with LONG_TESTS only");
	make_folder();
	fill_pipe(&fd);
	CHECK_INT(log_to_file(path, SLICE("x"), &why), -1);
	CHECK_INT(why.kind, FAIL_OS);
	CHECK(io_now() - start >= 9999);
	CHECK(io_now() - start < 60000);
	close(fd);
	drop_folder();
}

static void log_to_stdout(const char *text)
{
	struct fail why = { 0 };

	CHECK_INT(log_to_file("-", slice_of(text), &why), 0);
}

TEST(log_file_dash_is_stdout)
{
	char seen[100];

	capture(STDOUT_FILENO, log_to_stdout, "a\tb", seen, sizeof(seen));
	CHECK_STR(seen, "a?b\n");
	CHECK(fcntl(STDOUT_FILENO, F_GETFD) >= 0);
}

struct holding {
	int ready;
	int ms;
};

static int hold_lock(void *argument)
{
	const struct holding *h = argument;
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0 || fcntl(fd, F_SETLK, &lock) != 0)
		return 1;
	if (io_write(h->ready, "x", 1) != 0)
		return 2;
	usleep((useconds_t)h->ms * 1000);
	return 0;
}

/* Logs while another program holds the lock for ms; how long it took. */
static int log_while_locked(int ms, struct fail *why, int64_t *ret_ms)
{
	struct holding h = { .ms = ms };
	int64_t start = io_now(); /* it holds it so long from then on */
	int ends[2];
	int result;
	char byte;
	pid_t pid;

	CHECK_INT(pipe(ends), 0);
	h.ready = ends[1];
	pid = child_start(hold_lock, &h);
	CHECK_INT(child_read(ends[0], &byte, 1), 1);
	result = log_to_file(path, SLICE("x"), why);
	*ret_ms = io_now() - start;
	if (result != 0)
		kill(pid, SIGKILL);
	child_wait(pid);
	close(ends[0]);
	close(ends[1]);
	return result;
}

TEST(log_file_waits_for_the_lock)
{
	struct fail why = { 0 };
	char seen[16];
	int64_t ms = 0;

	make_folder();
	CHECK_INT(log_while_locked(300, &why, &ms), 0);
	CHECK(ms >= 250);
	read_log(seen, sizeof(seen));
	CHECK_STR(seen, "x\n");
	drop_folder();
}

/* It takes ten seconds, which a developer need not wait for. */
TEST(log_file_lock_is_not_waited_for_long)
{
	struct fail why = { 0 };
	int64_t ms = 0;

	if (!getenv("LONG_TESTS"))
		SKIP("ten seconds: with LONG_TESTS only");
	make_folder();
	CHECK_INT(log_while_locked(600000, &why, &ms), -1);
	CHECK_INT(why.kind, FAIL_OS);
	CHECK(ms >= 9999);
	CHECK(ms < 60000);
	drop_folder();
}

static int write_lines(void *argument)
{
	static char line[2000];
	const char *c = argument;

	memset(line, *c, sizeof(line));
	for (int i = 0; i < 50; i++)
		if (log_to_file(
			path, (struct slice){ line, sizeof(line) }, NULL) != 0)
			return 1;
	return 0;
}

TEST(log_file_many_programs)
{
	static char seen[500000], names[] = "abc";
	size_t lines = 0;
	pid_t pids[3];

	make_folder();
	for (size_t i = 0; i < 3; i++)
		pids[i] = child_start(write_lines, &names[i]);
	for (size_t i = 0; i < 3; i++)
		CHECK_INT(child_wait(pids[i]), 0);
	read_log(seen, sizeof(seen));
	for (char *p = seen; *p; p += 2001, lines++) {
		char same[2] = { *p, '\0' };

		if (strspn(p, same) != 2000 || p[2000] != '\n') {
			UNIT_FAIL("line %zu is mixed", lines);
			break;
		}
	}
	CHECK_INT(lines, 150);
	drop_folder();
}

TEST(log_syslog)
{
	static const struct {
		const char *label;
		struct slice line;
		bool is_error;
		const char *expected;
	} rows[] = {
		{ "info", { "sent", 4 }, false, "sent" },
		{ "error", { "not sent", 8 }, true, "not sent" },
		{ "format", { "%s%n", 4 }, false, "%s%n" },
		{ "controls", { "a\nb\0c\x1b", 6 }, false, "a?b?c?" },
		{ "empty", { NULL, 0 }, false, "" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CASE(rows[i].label);
		log_to_syslog(FACILITY_MAIL, rows[i].is_error, rows[i].line);
		CHECK_STR(logged, rows[i].expected);
		CHECK_STR(logged_name, "postrider");
		CHECK_INT(logged_priority,
		    FACILITY_MAIL | (rows[i].is_error ? IS_ERROR : IS_INFO));
	}
}

TEST(log_syslog_tag)
{
	static char longest[200];

	static const struct {
		const char *tag, *expected;
	} rows[] = {
		{ "cron[1]", "cron[1]" },
		{ "%s%n", "%s%n" },
		{ "a\nb\x1b", "a?b?" },
		{ "", "postrider" },
		{ NULL, "postrider" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CASE(rows[i].tag ? rows[i].tag : "none");
		log_set_tag(rows[i].tag);
		log_to_syslog(FACILITY_MAIL, false, SLICE("x"));
		CHECK_STR(logged_name, rows[i].expected);
	}
	CASE("too long");
	memset(longest, 't', sizeof(longest) - 1);
	log_set_tag(longest);
	log_to_syslog(FACILITY_MAIL, false, SLICE("x"));
	CHECK_INT(strlen(logged_name), 64);
	log_set_tag(NULL);
}

TEST(log_syslog_clips)
{
	static char line[20000];

	memset(line, 'x', sizeof(line));
	log_to_syslog(FACILITY_MAIL, false, (struct slice){ line, 20000 });
	CHECK_INT(strlen(logged), 8192);
}
