#include "child.h"
#include "io.h"
#include "unit.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

TEST(deadline_in)
{
	struct deadline second;
	int64_t now = io_now();

	CHECK(now > 0);
	CHECK_INT(deadline_in(0).at, 0);
	CHECK_INT(deadline_in(-1).at, 0);
	CHECK_INT(deadline_in(INT_MIN).at, 0);
	CHECK_INT(deadline_in_ms(0).at, 0);
	CHECK_INT(deadline_in_ms(INT64_MIN).at, 0);
	CHECK(deadline_in(1).at >= now + 1000);
	second = deadline_in(1);
	CHECK(second.at <= io_now() + 1000);
	CHECK(deadline_in_ms(1).at >= now + 1);
	CHECK(deadline_in(INT_MAX).at >= now + (int64_t)INT_MAX * 1000);
	CHECK_INT(deadline_in_ms(INT64_MAX).at, INT64_MAX);
	CHECK(!deadline_passed(deadline_in_ms(INT64_MAX)));
}

TEST(deadline_states)
{
	static const struct {
		const char *label;
		int64_t offset; /* from now; INT64_MIN: never */
		bool passed;
		int least, most; /* what poll() gets */
	} rows[] = {
		{ "never", INT64_MIN, false, -1, -1 },
		{ "long ago", -100000, true, 0, 0 },
		{ "just now", 0, true, 0, 0 },
		{ "soon", 3600000, false, 3000000, 3600000 },
		{ "more than an int", (int64_t)INT_MAX * 10, false, INT_MAX,
		    INT_MAX },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct deadline d = { 0 };

		CASE(rows[i].label);
		if (rows[i].offset != INT64_MIN)
			d.at = io_now() + rows[i].offset;
		CHECK_INT(deadline_passed(d), rows[i].passed);
		CHECK(deadline_left(d) >= rows[i].least);
		CHECK(deadline_left(d) <= rows[i].most);
	}
}

TEST(deadline_min)
{
	static const int64_t rows[][3] = { { 0, 0, 0 }, { 0, 5, 5 },
		{ 5, 0, 5 }, { 5, 6, 5 }, { 6, 5, 5 }, { 5, 5, 5 },
		{ INT64_MAX, 0, INT64_MAX }, { INT64_MAX, 1, 1 } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct deadline a = { rows[i][0] }, b = { rows[i][1] };

		CASE("pair");
		CHECK_INT(deadline_min(a, b).at, rows[i][2]);
	}
}

TEST(deadline_passes_by_itself)
{
	struct deadline d = deadline_in_ms(30);

	CHECK(!deadline_passed(deadline_in_ms(3600000)));
	usleep(35000);
	CHECK(deadline_passed(d));
	CHECK_INT(deadline_left(d), 0);
}

static void nothing(int signal)
{
	(void)signal;
}

/* A signal every 5 ms that interrupts system calls. */
static void start_interrupting(void)
{
	struct sigaction act = { .sa_handler = nothing };
	struct itimerval often = { { 0, 5000 }, { 0, 5000 } };

	sigaction(SIGALRM, &act, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
}

static void stop_interrupting(void)
{
	struct itimerval never = { 0 };

	setitimer(ITIMER_REAL, &never, NULL);
	signal(SIGALRM, SIG_DFL);
}

TEST(io_wait)
{
	int ends[2];
	int64_t start;

	CHECK_INT(pipe(ends), 0);
	CHECK_INT(io_wait(ends[0], POLLIN, deadline_in_ms(1)), 0);
	CHECK_INT(io_wait(ends[0], POLLIN, (struct deadline){ 1 }), 0);
	CHECK_INT(io_wait(ends[1], POLLOUT, deadline_in(10)), 1);
	CHECK_INT(write(ends[1], "x", 1), 1);
	CHECK_INT(io_wait(ends[0], POLLIN, deadline_in(10)), 1);
	CASE("what is ready is ready after the deadline, too");
	CHECK_INT(io_wait(ends[0], POLLIN, (struct deadline){ 1 }), 1);
	CASE("never");
	CHECK_INT(io_wait(ends[0], POLLIN, (struct deadline){ 0 }), 1);
	CASE("the other end is closed");
	CHECK_INT(io_pread(ends[0], NULL, 0, 0), 0);
	close(ends[1]);
	CHECK_INT(io_wait(ends[0], POLLIN, deadline_in(10)), 1);
	close(ends[0]);
	CASE("signals do not extend the deadline");
	CHECK_INT(pipe(ends), 0);
	start = io_now();
	start_interrupting();
	CHECK_INT(io_wait(ends[0], POLLIN, deadline_in_ms(200)), 0);
	stop_interrupting();
	CHECK(io_now() - start >= 199);
	CHECK(io_now() - start < 60000);
	close(ends[0]);
	close(ends[1]);
}

enum { BULK = 1000000 };

static char pattern(size_t i)
{
	return (char)(i * 31 % 251);
}

static int read_slowly(void *argument)
{
	const int *fd = argument;
	char bytes[3001];
	size_t have = 0;
	ssize_t got;

	for (int reads = 0; (got = read(*fd, bytes, sizeof(bytes))) > 0;
	     reads++) {
		for (ssize_t i = 0; i < got; i++)
			if (bytes[i] != pattern(have++))
				return 1;
		/* Long enough for a write to end with EINTR and no byte. */
		usleep(reads % 50 == 0 ? 30000 : 100);
	}
	return have == BULK ? 0 : 2;
}

TEST(io_write_short_and_interrupted)
{
	static char bulk[BULK];
	int small = 4096;
	int ends[2];
	pid_t pid;

	for (size_t i = 0; i < BULK; i++)
		bulk[i] = pattern(i);
	CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	fcntl(ends[1], F_SETFD, FD_CLOEXEC);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		close(ends[1]);
		_exit(read_slowly(&ends[0]));
	}
	close(ends[0]);
	start_interrupting();
	CHECK_INT(io_write(ends[1], bulk, BULK), 0);
	stop_interrupting();
	close(ends[1]);
	CHECK_INT(child_wait(pid), 0);
}

/* As a caller hands down pipes that it uses without blocking itself. */
TEST(io_write_does_not_block)
{
	static const struct {
		const char *label;
		bool is_socket;
		bool signals;
	} rows[] = {
		{ "pipe", false, false },
		{ "socket", true, false },
		{ "pipe, with signals", false, true },
	};

	static char bulk[BULK];

	for (size_t i = 0; i < BULK; i++)
		bulk[i] = pattern(i);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int ends[2];
		pid_t pid;

		CASE(rows[i].label);
		CHECK_INT(rows[i].is_socket
			      ? socketpair(AF_UNIX, SOCK_STREAM, 0, ends)
			      : pipe(ends),
		    0);
		fflush(stdout);
		pid = fork();
		if (pid == 0) {
			close(ends[1]);
			usleep(50000); /* it is full before anybody reads */
			_exit(read_slowly(&ends[0]));
		}
		close(ends[0]);
		CHECK_INT(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
		if (rows[i].signals)
			start_interrupting();
		CHECK_INT(io_write(ends[1], bulk, BULK), 0);
		stop_interrupting();
		CHECK(fcntl(ends[1], F_GETFL) & O_NONBLOCK);
		close(ends[1]);
		CHECK_INT(child_wait(pid), 0);
	}
}

TEST(io_write_until)
{
	static char bulk[BULK];
	int64_t start = io_now();
	int ends[2];

	CHECK_INT(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
	CASE("what fits needs no time");
	CHECK_INT(io_write_until(ends[1], "x", 1, (struct deadline){ 1 }), 0);
	CASE("nobody reads");
	CHECK_INT(io_write_until(ends[1], bulk, BULK, deadline_in_ms(100)), -1);
	CHECK_INT(errno, ETIMEDOUT);
	CHECK(io_now() - start >= 99);
	CHECK(io_now() - start < 60000);
	CHECK_INT(io_write_until(ends[1], "x", 1, (struct deadline){ 1 }), -1);
	CHECK_INT(errno, ETIMEDOUT);
	CASE("the reader has gone");
	signal(SIGPIPE, SIG_IGN);
	close(ends[0]);
	CHECK_INT(io_write_until(ends[1], "x", 1, deadline_in(10)), -1);
	CHECK_INT(errno, EPIPE);
	signal(SIGPIPE, SIG_DFL);
	close(ends[1]);
}

static int leave_after_a_while(void *argument)
{
	(void)argument;
	usleep(50000);
	return 0;
}

/* A reader that goes away while a full pipe is waited for. */
TEST(io_write_is_left_alone)
{
	static char bulk[BULK];
	int ends[2];
	pid_t pid;

	CHECK_INT(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
	pid = child_start(leave_after_a_while, NULL);
	close(ends[0]);
	signal(SIGPIPE, SIG_IGN);
	CHECK_INT(io_write(ends[1], bulk, BULK), -1);
	CHECK_INT(errno, EPIPE);
	signal(SIGPIPE, SIG_DFL);
	close(ends[1]);
	CHECK_INT(child_wait(pid), 0);
}

TEST(io_write_errors)
{
	int ends[2];

	CHECK_INT(io_write(-1, "", 0), 0);
	CHECK_INT(io_write(-1, "x", 1), -1);
	CHECK_INT(errno, EBADF);
	CHECK_INT(pipe(ends), 0);
	close(ends[0]);
	signal(SIGPIPE, SIG_IGN);
	CHECK_INT(io_write(ends[1], "x", 1), -1);
	CHECK_INT(errno, EPIPE);
	signal(SIGPIPE, SIG_DFL);
	close(ends[1]);
	CHECK_INT(
	    io_write(open("/dev/full", O_WRONLY | O_CLOEXEC), "x", 1), -1);
	CHECK_INT(errno, ENOSPC);
}

TEST(io_read_waits)
{
	char bytes[8];
	int fd[2], child;

	CASE("a pipe that does not block");
	CHECK_INT(pipe2(fd, O_NONBLOCK), 0);
	child = fork();
	if (child == 0) {
		poll(NULL, 0, 50);
		_exit(write(fd[1], "abc", 3) != 3);
	}
	CHECK_INT(io_read(fd[0], bytes, sizeof(bytes)), 3);
	CHECK(memcmp(bytes, "abc", 3) == 0);
	waitpid(child, NULL, 0);
	io_close(fd[1]);
	CASE("its end");
	CHECK_INT(io_read(fd[0], bytes, sizeof(bytes)), 0);
	io_close(fd[0]);
	CASE("an error");
	CHECK_INT(io_read(-1, bytes, sizeof(bytes)), -1);
	CHECK_INT(errno, EBADF);
}

TEST(io_read_whole_files)
{
	static const struct {
		const char *label, *bytes;
		size_t n;
		int error;
	} rows[] = {
		{ "all of it", "abcdef", 6, 0 },
		{ "nothing", "", 0, 0 },
		{ "it has grown", "abcdef", 5, EFBIG },
		{ "from nothing", "a", 0, EFBIG },
		{ "it was cut", "abcdef", 7, EFBIG },
	};

	char bytes[16];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int fd = io_temp();
		int result;

		CASE(rows[i].label);
		CHECK_INT(
		    io_write(fd, rows[i].bytes, strlen(rows[i].bytes)), 0);
		memset(bytes, '#', sizeof(bytes));
		errno = 0;
		result = io_read_whole(fd, bytes, rows[i].n);
		CHECK_INT(result, rows[i].error ? -1 : 0);
		CHECK_INT(errno, rows[i].error);
		CHECK_INT(bytes[rows[i].n + 1], '#');
		if (result == 0)
			CHECK(memcmp(bytes, rows[i].bytes, rows[i].n) == 0);
		io_close(fd);
	}
	CASE("not open");
	CHECK_INT(io_read_whole(-1, bytes, 1), -1);
	CHECK_INT(errno, EBADF);
}

TEST(io_pread_offsets)
{
	static const struct {
		off_t offset;
		size_t want;
		const char *expected;
	} rows[] = {
		{ 0, 10, "0123456789" },
		{ 0, 100, "0123456789" },
		{ 3, 4, "3456" },
		{ 9, 5, "9" },
		{ 10, 5, "" },
		{ 100, 5, "" },
		{ 5, 0, "" },
	};

	int fd = io_temp();

	CHECK_INT(io_write(fd, "0123456789", 10), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char bytes[101] = "";

		CASE(rows[i].expected);
		CHECK_INT(io_pread(fd, bytes, rows[i].want, rows[i].offset),
		    strlen(rows[i].expected));
		CHECK_STR(bytes, rows[i].expected);
	}
	CHECK_INT(lseek(fd, 0, SEEK_CUR), 10); /* the position is not used */
	CHECK_INT(io_pread(fd, &fd, 1, -1), -1);
	CHECK_INT(errno, EINVAL);
	CHECK_INT(io_close(fd), -1);
	CHECK_INT(io_pread(fd, &fd, 1, 0), -1);
	CHECK_INT(errno, EBADF);
}

TEST(io_close_says_minus_one)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int same = fd;

	CHECK(fd >= 0);
	fd = io_close(fd);
	CHECK_INT(fd, -1);
	CHECK_INT(fcntl(same, F_GETFD), -1);
	CHECK_INT(io_close(-1), -1);
}

/* A folder of this test program, and where a descriptor's file is. */
static char folder[64];

static const char *place_of(int fd)
{
	static char place[PATH_MAX];
	char link[64];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, place, sizeof(place) - 1);
	place[n > 0 ? n : 0] = '\0';
	return place;
}

static bool is_usable_and_nameless(int fd)
{
	struct stat st;
	char bytes[4] = "";

	return fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	       st.st_nlink == 0 && (fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0 &&
	       io_write(fd, "abc", 3) == 0 && io_pread(fd, bytes, 3, 0) == 3 &&
	       strcmp(bytes, "abc") == 0;
}

TEST(io_temp_order)
{
	static const struct {
		const char *label;
		const char *tmpdir; /* NULL: unset; "+": a folder of ours */
		const char *expected;
	} rows[] = {
		{ "TMPDIR", "+", "+" },
		{ "no TMPDIR", NULL, "/var/tmp/" },
		{ "empty", "", "/var/tmp/" },
		{ "relative", ".", "/var/tmp/" },
		{ "missing", "/nonexistent/folder", "/var/tmp/" },
		{ "a file", "/etc/passwd", "/var/tmp/" },
		{ "not to be written, even by root", "/proc", "/var/tmp/" },
		{ "/dev/shm", "/dev/shm", "/dev/shm/" },
	};

	snprintf(folder, sizeof(folder), "/tmp/unit-io.XXXXXX");
	CHECK(mkdtemp(folder) != NULL);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *expected = rows[i].expected;
		int fd;

		CASE(rows[i].label);
		if (!rows[i].tmpdir)
			unsetenv("TMPDIR");
		else
			setenv("TMPDIR",
			    rows[i].tmpdir[0] == '+' ? folder : rows[i].tmpdir,
			    1);
		if (expected[0] == '+')
			expected = folder;
		fd = io_temp();
		CHECK(is_usable_and_nameless(fd));
		if (strncmp(place_of(fd), expected, strlen(expected)) != 0)
			UNIT_FAIL("the file is %s", place_of(fd));
		io_close(fd);
	}
	unsetenv("TMPDIR");
	/* The folder is empty again, or this would fail. */
	CHECK_INT(rmdir(folder), 0);
}

static int temp_as_nobody(void *argument)
{
	const char *expected = argument;
	int fd;

	if (getuid() == 0 && setuid(65534) != 0)
		return 3;
	setenv("TMPDIR", folder, 1);
	fd = io_temp();
	return !is_usable_and_nameless(fd)                              ? 1
	       : strncmp(place_of(fd), expected, strlen(expected)) != 0 ? 2
									: 0;
}

TEST(io_temp_unwritable_by_mode)
{
	char var_tmp[] = "/var/tmp/";

	snprintf(folder, sizeof(folder), "/tmp/unit-io.XXXXXX");
	CHECK(mkdtemp(folder) != NULL);
	CHECK_INT(chmod(folder, 0500), 0);
	CHECK_INT(child_run(temp_as_nobody, var_tmp), 0);
	CHECK_INT(rmdir(folder), 0);
}

/*
 * A system without any writable folder: an empty root directory, entered with
 * a user namespace when the test is not root. Returns 77 where neither is
 * allowed.
 */
static int temp_in_empty_root(void *argument)
{
	const char *only = argument;
	char path[128];
	int proc = open("/proc/self/fd", O_RDONLY | O_DIRECTORY);
	char name[16], place[PATH_MAX];
	ssize_t n;
	int fd;

	if (*only) {
		snprintf(path, sizeof(path), "%s/%s", folder, only);
		mkdir(path, 0700);
	}
	if (chroot(folder) != 0 &&
	    (unshare(CLONE_NEWUSER) != 0 || chroot(folder) != 0))
		return 77;
	if (chdir("/") != 0)
		return 4;
	unsetenv("TMPDIR");
	fd = io_temp();
	if (!is_usable_and_nameless(fd))
		return 1;
	snprintf(name, sizeof(name), "%d", fd);
	n = readlinkat(proc, name, place, sizeof(place) - 1);
	place[n > 0 ? n : 0] = '\0';
	if (*only)
		return strncmp(place, "/tmp/", 5) == 0 ? 0 : 2;
	return strncmp(place, "/memfd:", 7) == 0 ? 0 : 3;
}

TEST(io_temp_without_folders)
{
	static char none[] = "", tmp[] = "tmp";
	char path[128];
	int status;

	snprintf(folder, sizeof(folder), "/tmp/unit-io.XXXXXX");
	CHECK(mkdtemp(folder) != NULL);
	CASE("none: in memory");
	status = child_run(temp_in_empty_root, none);
	if (status == 77) {
		CHECK_INT(rmdir(folder), 0);
		SKIP("the root directory cannot be changed here");
	}
	CHECK_INT(status, 0);
	CASE("/tmp alone");
	CHECK_INT(child_run(temp_in_empty_root, tmp), 0);
	snprintf(path, sizeof(path), "%s/tmp", folder);
	CHECK_INT(rmdir(path), 0);
	CHECK_INT(rmdir(folder), 0);
}
