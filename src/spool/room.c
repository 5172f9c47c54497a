#include "room.h"
#include "io.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

enum {
	RESERVE = 16 * 1024 * 1024,
	RESERVE_SHARE = 100, /* and a hundredth of the file system */
};

static bool is_disk_full(int dir)
{
	struct statvfs fs;
	uint64_t left, all;

	/* A file system that cannot tell is not full. */
	if (fstatvfs(dir, &fs) != 0 || fs.f_blocks == 0)
		return false;
	left = (uint64_t)fs.f_bavail * fs.f_frsize;
	all = (uint64_t)fs.f_blocks * fs.f_frsize;
	return left < RESERVE && left < all / RESERVE_SHARE;
}

/* What ends during this counts or does not. */
static int add_up(int dir, struct room_limits *sum)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	struct stat st;

	if (!d) {
		io_close(fd);
		return -1;
	}
	while ((entry = readdir(d)) != NULL) {
		if (fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
		    !S_ISREG(st.st_mode))
			continue;
		sum->messages++;
		sum->bytes += (uint64_t)st.st_size;
	}
	closedir(d);
	return 0;
}

static int check_limits(const int *dirs, size_t n,
    const struct room_limits *limits, uint64_t bytes, struct fail *why)
{
	struct room_limits sum = { .messages = 0 };

	if (limits->bytes == 0 && limits->messages == 0)
		return 0;
	for (size_t i = 0; i < n; i++)
		if (add_up(dirs[i], &sum) != 0)
			return fail(why, FAIL_SPOOL, "looking for room: %s",
			    strerror(errno));
	if (limits->messages && sum.messages >= limits->messages)
		return fail(why, FAIL_SPOOL,
		    "it is full: spool_max_messages is %" PRIu64,
		    limits->messages);
	if (limits->bytes &&
	    (bytes > limits->bytes || sum.bytes > limits->bytes - bytes))
		return fail(why, FAIL_SPOOL,
		    "it is full: it holds %" PRIu64
		    " octets, this would be %" PRIu64
		    " more, spool_max is %" PRIu64,
		    sum.bytes, bytes, limits->bytes);
	return 0;
}

int room_check(const int *dirs, size_t n, const struct room_limits *limits,
    uint64_t bytes, struct fail *why)
{
	if (is_disk_full(dirs[0]))
		return fail(why, FAIL_SPOOL, "the file system is full");
	return check_limits(dirs, n, limits, bytes, why);
}
