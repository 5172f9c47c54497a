#include "io.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

int64_t io_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

struct deadline deadline_in(int seconds)
{
	return deadline_in_ms((int64_t)seconds * 1000);
}

struct deadline deadline_in_ms(int64_t ms)
{
	int64_t now = io_now();

	if (ms <= 0)
		return (struct deadline){ 0 };
	return (struct deadline){ ms < INT64_MAX - now ? now + ms : INT64_MAX };
}

struct deadline deadline_min(struct deadline a, struct deadline b)
{
	if (a.at == 0)
		return b;
	return b.at != 0 && b.at < a.at ? b : a;
}

bool deadline_passed(struct deadline d)
{
	return d.at != 0 && io_now() >= d.at;
}

int deadline_left(struct deadline d)
{
	int64_t left;

	if (d.at == 0)
		return -1;
	left = d.at - io_now();
	if (left <= 0)
		return 0;
	return left > INT_MAX ? INT_MAX : (int)left;
}

int io_wait(int fd, short events, struct deadline d)
{
	struct pollfd p = { .fd = fd, .events = events };
	int n;

	do
		n = poll(&p, 1, deadline_left(d));
	while (n < 0 && errno == EINTR);
	return n;
}

/* Callers hand down pipes that they themselves use without blocking. */
static int wait_for_room(int fd, struct deadline d)
{
	int ready = io_wait(fd, POLLOUT, d);

	if (ready == 0)
		errno = ETIMEDOUT;
	return ready > 0 ? 0 : -1;
}

int io_write_until(int fd, const void *bytes, size_t n, struct deadline d)
{
	const char *p = bytes;

	while (n > 0) {
		ssize_t done = write(fd, p, n);

		if (done >= 0) {
			p += done;
			n -= (size_t)done;
		} else if (errno == EAGAIN) {
			if (wait_for_room(fd, d) != 0)
				return -1;
		} else if (errno != EINTR) {
			return -1;
		}
	}
	return 0;
}

int io_write(int fd, const void *bytes, size_t n)
{
	return io_write_until(fd, bytes, n, (struct deadline){ 0 });
}

ssize_t io_read(int fd, void *bytes, size_t n)
{
	ssize_t got;

	do
		got = read(fd, bytes, n);
	while (got < 0 && (errno == EINTR ||
			      (errno == EAGAIN &&
				  io_wait(fd, POLLIN, deadline_in(0)) >= 0)));
	return got;
}

ssize_t io_pread(int fd, void *bytes, size_t n, off_t offset)
{
	size_t have = 0;

	while (have < n) {
		ssize_t got = pread(
		    fd, (char *)bytes + have, n - have, offset + (off_t)have);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		have += (size_t)got;
	}
	return (ssize_t)have;
}

int io_read_whole(int fd, void *bytes, size_t n)
{
	size_t have = 0;
	ssize_t got;

	/* Some file systems give less at a time than there is. */
	do {
		got =
		    pread(fd, (char *)bytes + have, n + 1 - have, (off_t)have);
		if (got > 0)
			have += (size_t)got;
	} while (got < 0 ? errno == EINTR : got > 0 && have < n);
	if (got >= 0 && have != n)
		errno = EFBIG;
	return got >= 0 && have == n ? 0 : -1;
}

bool io_has_terminal(void)
{
	int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	bool is_ours = tty >= 0 && tcgetpgrp(tty) == getpgrp();

	io_close(tty);
	return is_ours;
}

int io_close(int fd)
{
	if (fd >= 0)
		close(fd);
	return -1;
}

/* For file systems without O_TMPFILE: the name lives for two calls. */
static int temp_by_name(const char *directory)
{
	char path[PATH_MAX];
	int fd;

	if (snprintf(path, sizeof(path), "%s/postrider.XXXXXX", directory) >=
	    (int)sizeof(path))
		return -1;
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		unlink(path);
	return fd;
}

int io_temp(void)
{
	const char *places[] = { secure_getenv("TMPDIR"), "/var/tmp", "/tmp" };

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		int fd;

		if (!places[i] || places[i][0] != '/')
			continue;
		fd = open(
		    places[i], O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, 0600);
		if (fd < 0)
			fd = temp_by_name(places[i]);
		if (fd >= 0)
			return fd;
	}
	return memfd_create("postrider", MFD_CLOEXEC);
}
