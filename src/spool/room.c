#include "room.h"
#include <stdint.h>
#include <sys/statvfs.h>

enum {
	RESERVE = 16 * 1024 * 1024,
	RESERVE_SHARE = 100, /* and a hundredth of the file system */
};

bool room_is_left(int dir)
{
	struct statvfs fs;
	uint64_t left, all;

	/* A file system that cannot tell is not full. */
	if (fstatvfs(dir, &fs) != 0 || fs.f_blocks == 0)
		return true;
	left = (uint64_t)fs.f_bavail * fs.f_frsize;
	all = (uint64_t)fs.f_blocks * fs.f_frsize;
	return left >= RESERVE || left >= all / RESERVE_SHARE;
}
