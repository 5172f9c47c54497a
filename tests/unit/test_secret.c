#include "canary.h"
#include "child.h"
#include "io.h"
#include "secret.h"
#include "unit.h"
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * munmap() is ours in this program: what secret_free() hands to it must be
 * wiped already, because a page that is gone cannot be looked at.
 */
static size_t unmapped_size;
static size_t unmapped_dirty;

int munmap(void *p, size_t n)
{
	/* Not through the sanitizer's eyes, which follow the heap only. */
	const unsigned char *bytes = p;

	unmapped_size = n;
	unmapped_dirty = 0;
	for (size_t i = 0; n < 1000000 && i < n; i++)
		unmapped_dirty += bytes[i] != 0;
	return (int)syscall(SYS_munmap, p, n);
}

enum { CANARY_LENGTH = 40 };

/* Never in memory unmasked but where the test put it. */
static void make_masked(unsigned char masked[CANARY_LENGTH])
{
	for (unsigned i = 0; i < CANARY_LENGTH; i++)
		masked[i] = (unsigned char)(('!' + i * 7 % 90) ^ CANARY_MASK);
}

static void put_canary(char *p)
{
	unsigned char masked[CANARY_LENGTH];

	make_masked(masked);
	for (size_t i = 0; i < CANARY_LENGTH; i++)
		p[i] = (char)(masked[i] ^ CANARY_MASK);
}

static int count_canaries(void)
{
	unsigned char masked[CANARY_LENGTH];

	make_masked(masked);
	return canary_count(masked, CANARY_LENGTH);
}

TEST(secret_basics)
{
	struct fail why = { 0 };
	struct secret *s = secret_new(10, &why);

	CHECK(s != NULL);
	CHECK_INT(secret_view(s).n, 0);
	CHECK_INT(secret_room(s), 10);
	CHECK_INT(secret_add(s, SLICE("abc")), 0);
	CHECK_INT(secret_add(s, SLICE("")), 0);
	CHECK_INT(secret_add(s, (struct slice){ NULL, 0 }), 0);
	CHECK_SLICE(secret_view(s), "abc");
	CHECK_INT(secret_add(s, SLICE("12345678")), -1);
	CHECK_SLICE(secret_view(s), "abc");
	CHECK_INT(secret_add(s, SLICE("1234567")), 0);
	CHECK_INT(secret_room(s), 0);
	CHECK_INT(secret_add(s, SLICE("")), 0);
	CHECK_INT(secret_add(s, SLICE("x")), -1);
	CHECK_SLICE(secret_view(s), "abc1234567");
	CHECK(secret_free(s) == NULL);
	CHECK(secret_free(NULL) == NULL);
	CHECK_INT(secret_view(NULL).n, 0);
	CHECK(secret_view(NULL).p != NULL);
	CHECK_INT(why.kind, FAIL_NONE);
}

TEST(secret_sizes)
{
	static const size_t sizes[] = { 0, 1, 4071, 4072, 4073, 4095, 4096,
		4097, 8168, 8192, 65536 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct fail why = { 0 };
		struct secret *s = secret_new(sizes[i], &why);
		char *p;

		CASE("size");
		CHECK_INT(secret_room(s), sizes[i]);
		CHECK(secret_extend(s, sizes[i] + 1) == NULL);
		CHECK_INT(secret_view(s).n, 0);
		p = secret_extend(s, sizes[i]);
		CHECK(p != NULL);
		memset(p, 'x', sizes[i]);
		CHECK_INT(secret_view(s).n, sizes[i]);
		CHECK(secret_extend(s, 0) != NULL);
		CHECK(secret_extend(s, 1) == NULL);
		CHECK(secret_extend(s, SIZE_MAX) == NULL);
		secret_free(s);
		CHECK(unmapped_size >= sizes[i]);
		CHECK_INT(unmapped_dirty, 0);
	}
}

TEST(secret_too_large)
{
	static const size_t sizes[] = { SIZE_MAX, SIZE_MAX - 1, SIZE_MAX - 4096,
		SIZE_MAX / 2, SIZE_MAX / 2 - 1 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct fail why = { 0 };

		CASE("size");
		CHECK(secret_new(sizes[i], &why) == NULL);
		CHECK_INT(why.kind, FAIL_NOMEM);
		CHECK(secret_new(sizes[i], NULL) == NULL);
	}
}

TEST(secret_truncate_wipes)
{
	struct secret *s = secret_new(100, NULL);
	const char *p = secret_view(s).p;

	secret_add(s, SLICE("0123456789"));
	secret_truncate(s, 20); /* no way to grow */
	CHECK_INT(secret_view(s).n, 10);
	secret_truncate(s, 10);
	CHECK_SLICE(secret_view(s), "0123456789");
	secret_truncate(s, 4);
	CHECK_SLICE(secret_view(s), "0123");
	CHECK(memcmp(p, "0123\0\0\0\0\0\0", 10) == 0);
	secret_truncate(s, 0);
	CHECK(memcmp(p, "\0\0\0\0", 4) == 0);
	CHECK_INT(secret_room(s), 100);
	secret_free(s);
}

TEST(secret_is_wiped_before_it_is_unmapped)
{
	struct secret *s = secret_new(10000, NULL);

	put_canary(secret_extend(s, CANARY_LENGTH));
	memset(secret_extend(s, 9000), 0xa5, 9000);
	unmapped_size = 0;
	secret_free(s);
	CHECK(unmapped_size >= 10000);
	CHECK_INT(unmapped_dirty, 0);
}

TEST(secret_leaves_nothing_in_memory)
{
	struct secret *s = secret_new(1000, NULL);

	CHECK_INT(count_canaries(), 0);
	put_canary(secret_extend(s, CANARY_LENGTH));
	CHECK_INT(count_canaries(), 1); /* the search does find it */
	secret_free(s);
	CHECK_INT(count_canaries(), 0);
}

enum { FLAGS_MAX = 512 };

/* VmFlags of the mapping that p is in. */
static void flags_of(const void *p, char ret_flags[FLAGS_MAX])
{
	FILE *f = fopen("/proc/self/smaps", "re");
	bool is_in = false;
	char line[FLAGS_MAX];

	ret_flags[0] = '\0';
	while (f && fgets(line, sizeof(line), f)) {
		char *end;
		uintptr_t from = strtoull(line, &end, 16);

		if (*end == '-') {
			uintptr_t to = strtoull(end + 1, &end, 16);

			is_in = from <= (uintptr_t)p && (uintptr_t)p < to;
		} else if (is_in && strncmp(line, "VmFlags:", 8) == 0) {
			memcpy(ret_flags, line, sizeof(line));
		}
	}
	if (f)
		fclose(f);
}

/* Not when a limit is in the way. */
static bool can_lock(void)
{
	char *page = mmap(NULL, 65536, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0);

	if (page == MAP_FAILED)
		return false;
	munmap(page, 65536);
	return true;
}

/* The same of pages that are there; sanitizers make mlock() do nothing. */
static bool can_lock_later(void)
{
	char flags[FLAGS_MAX];
	char *page = mmap(NULL, 65536, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)mlock(page, 65536);
	flags_of(page, flags);
	munmap(page, 65536);
	return strstr(flags, " lo") != NULL;
}

TEST(secret_pages_are_marked)
{
	struct secret *s = secret_new(10000, NULL);
	bool is_lockable = can_lock();
	char flags[FLAGS_MAX];

	secret_add(s, SLICE("x"));
	for (size_t at = 0; at < 10000; at += 4000) {
		CASE("page");
		flags_of(secret_view(s).p + at, flags);
		CHECK(strstr(flags, " dd") != NULL); /* not in a core dump */
		CHECK(strstr(flags, " dc") != NULL); /* not in a child */
		CHECK(strstr(flags, " ex") == NULL); /* not executable */
		CHECK_INT(strstr(flags, " lo") != NULL, is_lockable);
	}
	secret_free(s);
	CASE("memory of the usual kind, so that the check means something");
	flags_of(flags, flags);
	CHECK(strstr(flags, " rd") != NULL);
	CHECK(strstr(flags, " dd") == NULL);
	CHECK(strstr(flags, " dc") == NULL);
}

static int is_out_of_reach(void *argument)
{
	int fd = open("/dev/null", O_WRONLY);
	int ends[2];

	/* A pipe copies at once, /dev/null would not even look. */
	if (fd < 0 || pipe(ends) != 0)
		return 2;
	return write(ends[1], argument, 1) < 0 && errno == EFAULT ? 0 : 1;
}

TEST(secret_is_not_in_a_child)
{
	struct secret *s = secret_new(10, NULL);

	union {
		const char *in;
		void *out;
	} place;

	secret_add(s, SLICE("x"));
	place.in = secret_view(s).p;
	CHECK_INT(child_run(is_out_of_reach, place.out), 0);
	place.in = "elsewhere";
	CHECK_INT(child_run(is_out_of_reach, place.out), 1);
	CHECK_SLICE(secret_view(s), "x");
	secret_free(s);
}

/* In a child to which the first went along, and the other one did not. */
static int looks_at(struct secret *mine, const char *other)
{
	char flags[FLAGS_MAX];

	flags_of(secret_view(mine).p, flags);
	if (!slice_eq(secret_view(mine), SLICE("mine")))
		return 3;
	if ((strstr(flags, " lo") != NULL) != can_lock_later() ||
	    strstr(flags, " dd") == NULL)
		return 4;
	secret_free(mine);
	if (unmapped_dirty)
		return 5;

	union {
		const char *in;
		void *out;
	} place = { .in = other };

	return is_out_of_reach(place.out);
}

TEST(secret_goes_into_the_child_that_needs_it)
{
	struct secret *mine = secret_new(10, NULL), *other;
	char flags[FLAGS_MAX];
	const char *place;
	pid_t pid;

	other = secret_new(10, NULL);
	secret_add(mine, SLICE("mine"));
	secret_add(other, SLICE("other"));
	place = secret_view(other).p;
	fflush(stdout);
	pid = secret_fork(mine);
	if (pid == 0)
		_exit(looks_at(mine, place));
	CHECK_INT(child_wait(pid), 0);

	CASE("and into no other");
	CHECK_SLICE(secret_view(mine), "mine");
	flags_of(secret_view(mine).p, flags);
	CHECK(strstr(flags, " dc") != NULL);

	CASE("no secret");
	pid = secret_fork(NULL);
	if (pid == 0)
		_exit(7);
	CHECK_INT(child_wait(pid), 7);
	secret_free(mine);
	secret_free(other);
}

static int works_without_locked_memory(void *unused)
{
	struct rlimit none = { 0, 0 };
	struct secret *s;

	(void)unused;
	setrlimit(RLIMIT_MEMLOCK, &none);
	if (getuid() == 0 && setuid(65534) != 0)
		return 2;
	s = secret_new(100, NULL);
	if (!s || secret_add(s, SLICE("abc")) != 0)
		return 1;
	secret_free(s);
	return 0;
}

TEST(secret_without_locked_memory)
{
	CHECK_INT(child_run(works_without_locked_memory, NULL), 0);
}

struct feeding {
	int fd;
	size_t total;
	size_t piece;
};

static int feed(void *argument)
{
	const struct feeding *f = argument;
	char bytes[4096];

	memset(bytes, 'p', sizeof(bytes));
	for (size_t done = 0; done < f->total; done += f->piece) {
		size_t n = f->total - done;

		if (n > f->piece)
			n = f->piece;
		if (io_write(f->fd, bytes, n) != 0)
			return 1;
		if (f->piece < 100)
			usleep(200);
	}
	return 0;
}

TEST(secret_read_limits)
{
	static const struct {
		const char *label;
		size_t max, total, piece;
		int result;
	} rows[] = {
		{ "nothing", 10, 0, 1, 0 },
		{ "nothing into nothing", 0, 0, 1, 0 },
		{ "one into nothing", 0, 1, 1, -1 },
		{ "below", 10, 9, 4096, 0 },
		{ "exactly", 10, 10, 4096, 0 },
		{ "one too many", 10, 11, 4096, -1 },
		{ "byte by byte, exactly", 30, 30, 1, 0 },
		{ "byte by byte, one too many", 30, 31, 1, -1 },
		{ "three at a time", 30, 29, 3, 0 },
		{ "a page", 4096, 4096, 4096, 0 },
		{ "more than a page", 8192, 8192, 4096, 0 },
		{ "a page and one", 4096, 4097, 4096, -1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct secret *s = secret_new(rows[i].max, NULL);
		struct feeding f = { .total = rows[i].total,
			.piece = rows[i].piece };
		int ends[2];
		pid_t pid;

		CASE(rows[i].label);
		CHECK_INT(pipe(ends), 0);
		f.fd = ends[1];
		pid = child_start(feed, &f);
		close(ends[1]);
		errno = 0;
		CHECK_INT(secret_read(s, ends[0]), rows[i].result);
		CHECK_INT(errno, rows[i].result ? EFBIG : 0);
		CHECK_INT(secret_view(s).n,
		    rows[i].result ? rows[i].max : rows[i].total);
		close(ends[0]);
		child_wait(pid);
		secret_free(s);
	}
}

TEST(secret_read_appends)
{
	struct secret *s = secret_new(6, NULL);
	int ends[2];

	CHECK_INT(pipe(ends), 0);
	CHECK_INT(io_write(ends[1], "def", 3), 0);
	close(ends[1]);
	secret_add(s, SLICE("abc"));
	CHECK_INT(secret_read(s, ends[0]), 0);
	CHECK_SLICE(secret_view(s), "abcdef");
	close(ends[0]);
	secret_free(s);
}

TEST(secret_read_errors)
{
	struct secret *s = secret_new(6, NULL);

	errno = 0;
	CHECK_INT(secret_read(s, -1), -1);
	CHECK_INT(errno, EBADF);
	CHECK_INT(secret_view(s).n, 0);
	secret_free(s);
}

static int feed_canary(void *argument)
{
	char canary[CANARY_LENGTH];

	put_canary(canary);
	return io_write(*(const int *)argument, canary, sizeof(canary));
}

TEST(secret_read_leaves_no_copy)
{
	struct secret *s = secret_new(1000, NULL);
	int ends[2];
	pid_t pid;

	CHECK_INT(pipe(ends), 0);
	pid = child_start(feed_canary, &ends[1]);
	close(ends[1]);
	CHECK_INT(secret_read(s, ends[0]), 0);
	CHECK_INT(child_wait(pid), 0);
	CHECK_INT(secret_view(s).n, CANARY_LENGTH);
	CHECK_INT(count_canaries(), 1);
	secret_free(s);
	CHECK_INT(count_canaries(), 0);
	close(ends[0]);
}

/* What a child that asks for a secret has to tell. */
struct asking {
	size_t max;
	int answer; /* a pipe for the secret or the failure */
	bool ignores_interrupt;
};

static int ask_for_it(void *argument)
{
	const struct asking *a = argument;
	struct fail why = { 0 };
	struct secret *s;
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGINT, a->ignores_interrupt ? SIG_IGN : SIG_DFL);
	s = secret_prompt("Password: ", a->max, &why);
	if (!s) {
		(void)io_write(a->answer, why.text, strlen(why.text));
		return why.kind == FAIL_SECRET ? 3 : 4;
	}
	(void)io_write(a->answer, secret_view(s).p, secret_view(s).n);
	secret_free(s);
	return 0;
}

static bool echo_of(int master)
{
	struct termios t;

	return tcgetattr(master, &t) == 0 && (t.c_lflag & ECHO) != 0;
}

/* Types `typed` when the prompt is there; -1 or as child_wait(). */
static int play(struct asking *a, const char *typed, char *ret_answer,
    char *ret_seen, size_t size)
{
	int ends[2], master = -1, status;
	ssize_t got;
	pid_t pid;

	ret_seen[0] = '\0';
	if (pipe(ends) != 0)
		return -1;
	a->answer = ends[1];
	pid = child_on_terminal(ask_for_it, a, &master);
	close(ends[1]);
	CHECK_INT(child_expect(master, ret_seen, size, "Password: ", 10), 0);
	CHECK(!echo_of(master));
	CHECK_INT(io_write(master, typed, strlen(typed)), 0);
	got = child_read(ends[0], ret_answer, size - 1);
	ret_answer[got > 0 ? got : 0] = '\0';
	status = child_wait(pid);
	(void)child_expect(master, ret_seen, size, "\n", 1);
	CHECK(echo_of(master));
	close(ends[0]);
	close(master);
	return status;
}

TEST(secret_prompt_on_a_terminal)
{
	static const struct {
		const char *label, *typed, *expected; /* NULL: refused */
		size_t max;
	} rows[] = {
		{ "a word", "open sesame\n", "open sesame", 100 },
		{ "exactly the maximum", "12345\n", "12345", 5 },
		{ "one too many", "123456\n", NULL, 5 },
		{ "many too many", "0123456789012345678901234567890\n", NULL,
		    5 },
		{ "nothing", "\n", "", 100 },
		{ "nothing into nothing", "\n", "", 0 },
		{ "Ctrl-D", "\004", "", 100 },
		{ "Ctrl-D ends a line", "abc\004\004", "abc", 100 },
		{ "Enter is CR on a terminal", "abc\r", "abc", 100 },
		{ "the line can be edited", "abx\177c\n", "abc", 100 },
		{ "Ctrl-U starts again", "wrong\025right\n", "right", 100 },
		{ "only the first line", "first\nsecond\n", "first", 100 },
		{ "8-bit", "p\xc3\xa4ss\n", "p\xc3\xa4ss", 100 },
		{ "blanks are kept", " a b \n", " a b ", 100 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct asking a = { .max = rows[i].max };
		char answer[1024], seen[1024];
		int status;

		CASE(rows[i].label);
		status = play(&a, rows[i].typed, answer, seen, sizeof(seen));
		CHECK_INT(status, rows[i].expected ? 0 : 3);
		if (rows[i].expected)
			CHECK_STR(answer, rows[i].expected);
		CHECK(strchr(answer, '\n') == NULL);
		if (rows[i].expected && strlen(rows[i].expected) > 2)
			CHECK(strstr(seen, rows[i].expected) == NULL);
	}
}

/* Ctrl-C ends the program, but gives the echo back first (see play()). */
TEST(secret_prompt_interrupted)
{
	struct asking a = { .max = 100 };
	char answer[1024], seen[1024];

	CASE("SIGINT kills");
	CHECK_INT(
	    play(&a, "abc\003", answer, seen, sizeof(seen)), 128 + SIGINT);
	CASE("SIGQUIT kills");
	CHECK_INT(
	    play(&a, "abc\034", answer, seen, sizeof(seen)), 128 + SIGQUIT);
	CASE("SIGINT is ignored by the program");
	a.ignores_interrupt = true;
	CHECK_INT(play(&a, "abc\003", answer, seen, sizeof(seen)), 3);
	CHECK(strstr(answer, "could not be read") != NULL);
}

static int ask_without_terminal(void *argument)
{
	setsid();
	return ask_for_it(argument);
}

TEST(secret_prompt_without_terminal)
{
	struct asking a = { .max = 100 };
	char answer[1024] = "";
	int ends[2];

	CHECK_INT(pipe(ends), 0);
	a.answer = ends[1];
	CHECK_INT(child_run(ask_without_terminal, &a), 3);
	close(ends[1]);
	CHECK(child_read(ends[0], answer, sizeof(answer) - 1) > 0);
	CHECK_STR(answer, "no terminal to ask for a secret on");
	close(ends[0]);
}
