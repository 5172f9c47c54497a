#include "io.h"
#include "store.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

int store_drop(struct store *s, enum store_place place,
    const struct queue_file *f, struct fail *why)
{
	if (unlinkat(s->dir[place], f->info.id, 0) == 0)
		return 0;
	return fail(why, FAIL_SPOOL, "the spool %s: removing: %s", s->path,
	    strerror(errno));
}

void store_settle(struct store *s)
{
	(void)fsync(s->dir[STORE_NEW]);
}

void store_note_sending(struct store *s)
{
	if (utimensat(s->root, "rate", NULL, AT_SYMLINK_NOFOLLOW) != 0)
		io_close(openat(s->root, "rate",
		    O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK,
		    0600));
}

int64_t store_quiet(const struct store *s)
{
	struct timespec now;
	struct stat st;
	int64_t ms;

	if (fstatat(s->root, "rate", &st, AT_SYMLINK_NOFOLLOW) != 0 ||
	    clock_gettime(CLOCK_REALTIME, &now) != 0)
		return -1;
	ms = (now.tv_sec - st.st_mtim.tv_sec) * 1000 +
	     (now.tv_nsec - st.st_mtim.tv_nsec) / 1000000;
	/* The clock has been put back. */
	return ms < 0 ? -1 : ms;
}
