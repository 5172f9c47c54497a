/*
 * room: is there room for one more message in the spool? It may hold so much,
 * which stops a program that has gone wild and is no exact bound, and a
 * reserve of the file system stays free: a report or a line of the log must
 * still find room.
 */
#ifndef SPOOL_ROOM_H
#define SPOOL_ROOM_H

#include "fail.h"
#include <stddef.h>
#include <stdint.h>

/* 0 is no limit. */
struct room_limits {
	uint64_t bytes;
	uint64_t messages;
};

/*
 * Looks at all files of these directories, if there are limits, and at the
 * file system of the first one; so many bytes are to come. Fails: SPOOL.
 */
int room_check(const int *dirs, size_t n, const struct room_limits *limits,
    uint64_t bytes, struct fail *why);

#endif
