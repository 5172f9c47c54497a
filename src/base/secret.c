#include "secret.h"
#include "io.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

/* The header of the page run; the bytes follow it. */
struct secret {
	size_t mapped;
	size_t max;
	size_t n;
	char bytes[];
};

/*
 * Locked, unless that is refused (limits): a secret is then only as safe as
 * other memory, which is no reason to fail.
 */
static void *map_locked(size_t size)
{
	const int prot = PROT_READ | PROT_WRITE;
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS;
	void *p = mmap(NULL, size, prot, flags | MAP_LOCKED, -1, 0);

	return p != MAP_FAILED ? p : mmap(NULL, size, prot, flags, -1, 0);
}

struct secret *secret_new(size_t max, struct fail *why)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t size = (sizeof(struct secret) + max + page - 1) / page * page;
	struct secret *s = MAP_FAILED;

	errno = ENOMEM;
	if (max < SIZE_MAX / 2) /* else the size has wrapped around */
		s = map_locked(size);
	if (s == MAP_FAILED) {
		fail(why, FAIL_NOMEM, "no memory for a secret: %s",
		    strerror(errno));
		return NULL;
	}
	/* Old kernels may refuse either, too. */
	(void)madvise(s, size, MADV_DONTDUMP);
	(void)madvise(s, size, MADV_DONTFORK);
	s->mapped = size;
	s->max = max;
	return s;
}

struct secret *secret_free(struct secret *s)
{
	if (s) {
		size_t size = s->mapped;

		explicit_bzero(s, size);
		munmap(s, size);
	}
	return NULL;
}

pid_t secret_fork(struct secret *s)
{
	pid_t child;

	if (s && madvise(s, s->mapped, MADV_DOFORK) != 0)
		return -1;
	child = fork();
	if (s)
		(void)madvise(s, s->mapped, MADV_DONTFORK);
	/* Locks are not inherited. */
	if (s && child == 0)
		(void)mlock(s, s->mapped);
	return child;
}

struct slice secret_view(const struct secret *s)
{
	return s ? (struct slice){ s->bytes, s->n } : (struct slice){ "", 0 };
}

size_t secret_room(const struct secret *s)
{
	return s->max - s->n;
}

char *secret_extend(struct secret *s, size_t n)
{
	char *p = s->bytes + s->n;

	if (n > secret_room(s))
		return NULL;
	s->n += n;
	return p;
}

int secret_add(struct secret *s, struct slice bytes)
{
	char *p = secret_extend(s, bytes.n);

	if (!p)
		return -1;
	if (bytes.n)
		memcpy(p, bytes.p, bytes.n);
	return 0;
}

void secret_truncate(struct secret *s, size_t n)
{
	if (n < s->n) {
		explicit_bzero(s->bytes + n, s->n - n);
		s->n = n;
	}
}

int secret_read(struct secret *s, int fd)
{
	for (;;) {
		char extra;
		size_t room = secret_room(s);
		ssize_t got =
		    read(fd, room ? s->bytes + s->n : &extra, room ? room : 1);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return (int)got;
		if (room == 0) {
			explicit_bzero(&extra, sizeof(extra));
			errno = EFBIG;
			return -1;
		}
		s->n += (size_t)got;
	}
}

/* 1: there is a byte, 0: end of the input, -1: errno, EINTR by a signal. */
static int read_byte(int tty, int signals, char *ret_byte)
{
	struct pollfd p[] = {
		{ .fd = tty, .events = POLLIN },
		{ .fd = signals, .events = POLLIN },
	};
	ssize_t got = -1;

	do {
		if (poll(p, 2, -1) < 0)
			continue;
		if (p[1].revents != 0) {
			errno = EINTR;
			return -1;
		}
		got = read(tty, ret_byte, 1);
	} while (got < 0 && errno == EINTR);
	return (int)got;
}

/*
 * One line off a terminal that has its echo off, byte by byte: what the line
 * discipline holds is a line anyway, and no stdio buffer keeps it. A byte more
 * than the secret holds is read, because the line end may be that byte.
 */
static int read_line(struct secret *s, int tty, int signals)
{
	for (;;) {
		char extra = '\n';
		char *p = secret_extend(s, 1);
		int got = read_byte(tty, signals, p ? p : &extra);
		bool is_end = got <= 0 || (p ? *p : extra) == '\n';

		if (p && is_end)
			secret_truncate(s, s->n - 1);
		if (is_end)
			return got < 0 ? -1 : 0;
		if (!p) {
			explicit_bzero(&extra, sizeof(extra));
			errno = EFBIG;
			return -1;
		}
	}
}

static int ask_silently(
    struct secret *s, int tty, int signals, const char *prompt)
{
	struct termios before, silent;
	int result = -1;
	int error;

	if (tcgetattr(tty, &before) != 0)
		return -1;
	silent = before;
	silent.c_lflag &= ~(tcflag_t)ECHO;
	silent.c_lflag |= ECHONL;
	if (tcsetattr(tty, TCSAFLUSH, &silent) == 0 &&
	    io_write(tty, prompt, strlen(prompt)) == 0)
		result = read_line(s, tty, signals);
	error = errno;
	if (tcsetattr(tty, TCSAFLUSH, &before) != 0)
		return -1;
	errno = error;
	return result;
}

/*
 * A signal that ends or stops the program waits until the terminal has its
 * echo again: a shell without echo is a poor answer to Ctrl-C.
 */
static int ask(struct secret *s, int tty, const char *prompt)
{
	static const int stoppers[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM,
		SIGTSTP };
	sigset_t held, before;
	int signals, result, error;

	sigemptyset(&held);
	for (size_t i = 0; i < sizeof(stoppers) / sizeof(stoppers[0]); i++)
		sigaddset(&held, stoppers[i]);
	signals = signalfd(-1, &held, SFD_CLOEXEC);
	if (signals < 0 || sigprocmask(SIG_BLOCK, &held, &before) != 0) {
		io_close(signals);
		return -1;
	}
	result = ask_silently(s, tty, signals, prompt);
	error = errno;
	io_close(signals);
	sigprocmask(SIG_SETMASK, &before, NULL);
	errno = error;
	return result;
}

struct secret *secret_prompt(const char *prompt, size_t max, struct fail *why)
{
	struct secret *s;
	int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);

	if (tty < 0) {
		fail(why, FAIL_SECRET, "no terminal to ask for a secret on");
		return NULL;
	}
	s = secret_new(max, why);
	if (s && ask(s, tty, prompt) != 0) {
		fail(why, FAIL_SECRET, "the secret could not be read: %s",
		    strerror(errno));
		s = secret_free(s);
	}
	io_close(tty);
	return s;
}
