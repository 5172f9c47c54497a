/*
 * io: time, waiting, whole reads and writes, temporary files. Deadlines are
 * points on CLOCK_MONOTONIC, so a server that drips bytes does not extend
 * them and a clock that is set does not break them.
 */
#ifndef BASE_IO_H
#define BASE_IO_H

#include "fail.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct deadline {
	int64_t at; /* milliseconds; 0: never */
};

/* Milliseconds. */
int64_t io_now(void);
/* seconds <= 0, ms <= 0: never. */
struct deadline deadline_in(int seconds);
struct deadline deadline_in_ms(int64_t ms);
/* The earlier one. */
struct deadline deadline_min(struct deadline a, struct deadline b);
bool deadline_passed(struct deadline d);
/* For poll(): milliseconds left, 0 when passed, -1 for never. */
int deadline_left(struct deadline d);

/* 1: ready, 0: the deadline passed, -1: errno. events as for poll(). */
int io_wait(int fd, short events, struct deadline d);

/*
 * All n bytes, through EINTR and short writes. A descriptor that does not
 * block is waited for like one that does, or until the deadline (ETIMEDOUT).
 * -1 with errno.
 */
int io_write(int fd, const void *bytes, size_t n);
int io_write_until(int fd, const void *bytes, size_t n, struct deadline d);
/*
 * What one read() yields, through EINTR; a descriptor that does not block is
 * waited for. 0 at the end, -1 with errno.
 */
ssize_t io_read(int fd, void *bytes, size_t n);
/*
 * Up to n bytes at an offset, through EINTR; less only at end of file. -1 with
 * errno.
 */
ssize_t io_pread(int fd, void *bytes, size_t n, off_t offset);
/*
 * All of a regular file that was n octets long a moment ago, by one call as a
 * rule: bytes has room for n + 1, which tells one that has grown. -1 with
 * errno: EFBIG when it has another length now.
 */
int io_read_whole(int fd, void *bytes, size_t n);

/*
 * Is there a terminal, and is it ours? Who is in its background is stopped for
 * touching it.
 */
bool io_has_terminal(void);

/* Closes unless negative; returns -1: fd = io_close(fd). */
int io_close(int fd);

/*
 * A file without a name, read and write, close-on-exec: in TMPDIR, /var/tmp
 * or /tmp, else in memory, so that a read-only system still sends mail.
 * -1 with errno.
 */
int io_temp(void);

#endif
