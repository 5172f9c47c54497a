#include "store.h"
#include "io.h"
#include "name.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	NAMES_TRIED = 8,
	LOCK_TRIES = 3,
	LOCK_PAUSE = 5, /* milliseconds */
	LOOKS = 3,      /* at a file whose names change */
};

static const char *const places[STORE_PLACES] = {
	[STORE_TMP] = "tmp",
	[STORE_NEW] = "new",
	[STORE_HOLD] = "hold",
	[STORE_FAILED] = "failed",
};

static int no(struct fail *why, const struct store *s, const char *what)
{
	return fail(why, FAIL_SPOOL, "the spool %s: %s: %s", s->path, what,
	    strerror(errno));
}

/* Opens a directory that is ours alone, made when it is missing. */
static int open_dir(
    const struct store *s, int at, const char *name, struct fail *why)
{
	struct stat st;
	int fd;

	if (mkdirat(at, name, 0700) != 0 && errno != EEXIST)
		return no(why, s, name);
	fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) != 0) {
		no(why, s, name);
		return io_close(fd);
	}
	if (st.st_uid == geteuid() && (st.st_mode & 077) == 0)
		return fd;
	fail(why, FAIL_SPOOL,
	    "the spool %s: it must belong to the user of this process and be "
	    "closed to all others (mode 0700)",
	    s->path);
	return io_close(fd);
}

bool store_exists(const char *path)
{
	struct stat st;

	/* What may not be looked at is there: opening it says why. */
	return stat(path, &st) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

/* A parent that may not be read is one whose owner has made this one. */
static int sync_with_parent(int root)
{
	int result, fd = openat(root, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return errno == EACCES ? syncfs(root) : -1;
	result = fsync(root) == 0 ? fsync(fd) : -1;
	io_close(fd);
	return result;
}

/*
 * Directories that are new must outlive a power cut as what is put into them.
 * The last of the places is made when the others are safe, so that it tells
 * whether they are; it holds nothing that must be.
 */
static int settle_places(const struct store *s, int root, struct fail *why)
{
	struct stat st;

	if (fstatat(root, places[STORE_FAILED], &st, AT_SYMLINK_NOFOLLOW) ==
		0 ||
	    sync_with_parent(root) == 0)
		return 0;
	return no(why, s, "fsync of the directory");
}

static int open_places(struct store *s, int root, struct fail *why)
{
	for (size_t i = 0; i < STORE_PLACES; i++) {
		if (i == STORE_FAILED && settle_places(s, root, why) != 0)
			return -1;
		s->dir[i] = open_dir(s, root, places[i], why);
		if (s->dir[i] < 0)
			return -1;
	}
	return 0;
}

int store_open(struct store *s, const char *path, struct fail *why)
{
	int result;

	*s = (struct store){ .path = path, .root = -1 };
	for (size_t i = 0; i < STORE_PLACES; i++)
		s->dir[i] = -1;
	s->root = open_dir(s, AT_FDCWD, path, why);
	if (s->root < 0)
		return -1;
	result = open_places(s, s->root, why);
	if (result != 0)
		store_close(s);
	return result;
}

void store_close(struct store *s)
{
	for (size_t i = 0; i < STORE_PLACES; i++)
		s->dir[i] = io_close(s->dir[i]);
	s->root = io_close(s->root);
}

/* ---- a new message ---- */

/* An empty file in tmp/, locked before anybody can see it in new/. */
static int create(
    struct store *s, struct queue_file *f, struct arena *a, struct fail *why)
{
	char id[QUEUE_ID_LEN + 1];

	f->fd = -1;
	for (int i = 0; i < NAMES_TRIED && f->fd < 0; i++) {
		queuefile_new_id(id);
		f->fd = openat(s->dir[STORE_TMP], id,
		    O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (f->fd < 0 && errno != EEXIST)
			break;
	}
	if (f->fd < 0)
		return no(why, s, "creating a file");
	f->info.id = arena_copy(a, slice_of(id));
	if (flock(f->fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	no(why, s, "locking");
	(void)unlinkat(s->dir[STORE_TMP], id, 0);
	f->fd = io_close(f->fd);
	return -1;
}

/*
 * From here on the message is there, so nothing may be reported as a failure
 * unless it can be taken back.
 */
static int settle(struct store *s, struct queue_file *f, struct fail *why)
{
	int dir = s->dir[STORE_NEW];

	if (fsync(dir) == 0)
		return 0;
	no(why, s, "fsync of the directory");
	if (unlinkat(dir, f->info.id, 0) == 0) {
		(void)fsync(dir);
		return -1;
	}
	f->is_unsure = true;
	return 0;
}

static int commit(
    struct store *s, struct queue_file *f, struct msg *m, struct fail *why)
{
	const char *id = f->info.id;
	enum name_given given;

	/* After a failed fsync the data may be gone though a second one
	   succeeds: the file is thrown away. */
	if (queuefile_write(f, m, why) != 0)
		return fail_wrap(why, "the spool %s", s->path);
	if (fsync(f->fd) != 0)
		return no(why, s, "fsync");
	given = name_give(s->dir[STORE_TMP], s->dir[STORE_NEW], id);
	if (given == NAME_NOT_GIVEN)
		return no(why, s, "rename");
	if (settle(s, f, why) != 0)
		return -1;
	/* Left there, the clean-up finds it. */
	if (given == NAME_LINKED)
		(void)unlinkat(s->dir[STORE_TMP], id, 0);
	return 0;
}

int store_add(struct store *s, struct queue_file *f, struct msg *m,
    struct arena *a, struct fail *why)
{
	f->is_unsure = false;
	if (room_check(
		s->dir, STORE_PLACES, &s->limits, msg_wire_size(m), why) != 0)
		return fail_wrap(why, "the spool %s", s->path);
	if (create(s, f, a, why) != 0)
		return -1;
	if (commit(s, f, m, why) == 0)
		return 0;
	(void)unlinkat(s->dir[STORE_TMP], f->info.id, 0);
	f->fd = io_close(f->fd);
	return -1;
}

/* ---- one that is there ---- */

static int gone(struct fail *why, const char *id)
{
	return fail(why, FAIL_LOCKED, "%s: not in the queue any more", id);
}

/* So many names of a file in the spool are one message. */
static nlink_t names_of(
    const struct store *s, const char *id, const struct stat *st)
{
	nlink_t n = 0;

	for (size_t i = 0; i < STORE_PLACES; i++)
		n += name_is_of(s->dir[i], id, st);
	return n;
}

/*
 * Ours, a file, with no name but those of one message; st is what was seen of
 * it. Another look tells when one was taken away during this.
 */
static bool is_message(
    const struct store *s, const struct store_item *item, struct stat *st)
{
	for (int i = 0; i < LOOKS; i++) {
		if (!S_ISREG(st->st_mode) || st->st_uid != geteuid())
			return false;
		if (st->st_nlink <= 1 ||
		    st->st_nlink == names_of(s, item->id, st))
			return true;
		if (fstatat(s->dir[item->place], item->id, st,
			AT_SYMLINK_NOFOLLOW) != 0)
			return true; /* gone, as opening it will tell */
	}
	return false;
}

/* A move that was cut off: it is here, and durably so before it is nowhere
   else. */
static int end_move(const struct store *s, const struct store_item *item,
    const struct stat *st, struct fail *why)
{
	if (fsync(s->dir[item->place]) != 0)
		return no(why, s, "fsync of the directory");
	for (size_t i = 0; i < STORE_PLACES; i++)
		if (i != item->place && name_is_of(s->dir[i], item->id, st) &&
		    unlinkat(s->dir[i], item->id, 0) != 0)
			return no(why, s, "removing a second name");
	return 0;
}

/* store_is_locked() holds a lock for a moment: that is not work. */
static int lock_soon(int fd)
{
	for (int i = 1; flock(fd, LOCK_EX | LOCK_NB) != 0; i++) {
		if (errno != EWOULDBLOCK || i == LOCK_TRIES)
			return -1;
		(void)poll(NULL, 0, LOCK_PAUSE);
	}
	return 0;
}

static int not_ours(struct fail *why, const char *id)
{
	return fail(why, FAIL_MESSAGE, "%s: not a message of this user", id);
}

static int lock(
    struct store *s, const struct store_item *item, int fd, struct fail *why)
{
	const char *id = item->id;
	struct stat st;

	if (lock_soon(fd) != 0)
		return errno == EWOULDBLOCK
			   ? fail(why, FAIL_LOCKED,
				 "%s: somebody else works on it", id)
			   : no(why, s, "locking");
	if (fstat(fd, &st) != 0)
		return no(why, s, id);
	/* The name may have gone to another file, or nowhere. */
	if (!name_is_of(s->dir[item->place], id, &st))
		return gone(why, id);
	if (!is_message(s, item, &st))
		return not_ours(why, id);
	return st.st_nlink > 1 ? end_move(s, item, &st, why) : 0;
}

/* Opening a device could do something: look before. */
static int open_message(
    struct store *s, const struct store_item *item, int flags, struct fail *why)
{
	const char *id = item->id;
	int dir = s->dir[item->place], fd;
	struct stat st;

	if (fstatat(dir, id, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? gone(why, id) : no(why, s, id);
	if (!is_message(s, item, &st))
		return not_ours(why, id);
	fd = openat(
	    dir, id, flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 && errno == EACCES)
		return fail(why, FAIL_MESSAGE, "%s: it may not be read", id);
	if (fd < 0)
		return errno == ENOENT ? gone(why, id) : no(why, s, id);
	return fd;
}

static int read_message(
    struct queue_file *f, const char *id, struct arena *a, struct fail *why)
{
	if (queuefile_read(f, a, why) != 0)
		return -1;
	if (slice_eq(slice_of(f->info.id), slice_of(id)))
		return 0;
	return fail(why, FAIL_MESSAGE, "%s: it says it is %s", id, f->info.id);
}

int store_take(struct store *s, const struct store_item *item,
    struct queue_file *f, struct arena *a, struct fail *why)
{
	*f = (struct queue_file){ .fd = -1 };
	f->fd = open_message(s, item, O_RDWR, why);
	if (f->fd >= 0 && lock(s, item, f->fd, why) == 0 &&
	    read_message(f, item->id, a, why) == 0)
		return 0;
	store_release(f);
	return -1;
}

int store_peek(struct store *s, const struct store_item *item,
    struct queue_file *f, struct arena *a, struct fail *why)
{
	*f = (struct queue_file){ .fd = -1 };
	f->fd = open_message(s, item, O_RDONLY, why);
	if (f->fd >= 0 && read_message(f, item->id, a, why) == 0)
		return 0;
	store_release(f);
	return -1;
}

int store_look(struct store *s, const struct store_item *item,
    struct queue_file *f, struct arena *a, struct fail *why)
{
	int result = store_peek(s, item, f, a, why);

	store_release(f);
	return result;
}

bool store_is_locked(struct store *s, const struct store_item *item)
{
	int fd = open_message(s, item, O_RDONLY, NULL);
	bool locked = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) != 0 &&
		      errno == EWOULDBLOCK;

	io_close(fd);
	return locked;
}

void store_release(struct queue_file *f)
{
	f->fd = io_close(f->fd);
}

int store_remove(struct store *s, enum store_place place,
    const struct queue_file *f, struct fail *why)
{
	if (store_drop(s, place, f, why) != 0)
		return -1;
	return fsync(s->dir[place]) == 0 ? 0
					 : no(why, s, "fsync of the directory");
}

int store_move(struct store *s, enum store_place from, enum store_place to,
    const char *id, struct fail *why)
{
	enum name_given given = name_give(s->dir[from], s->dir[to], id);

	if (given == NAME_NOT_GIVEN)
		return no(why, s, "rename");
	if (fsync(s->dir[to]) != 0)
		return no(why, s, "fsync of the directory");
	if (given == NAME_LINKED && unlinkat(s->dir[from], id, 0) != 0)
		return no(why, s, "rename: removing the old name");
	return fsync(s->dir[from]) == 0 ? 0
					: no(why, s, "fsync of the directory");
}

int store_put_aside(
    struct store *s, const struct store_item *item, struct fail *why)
{
	int fd = open_message(s, item, O_RDWR, NULL), result;

	/* Who works on it meanwhile knows better; what is no file has nobody
	   who could. */
	if (fd >= 0 && lock(s, item, fd, why) != 0)
		result = -1;
	else
		result =
		    store_move(s, item->place, STORE_FAILED, item->id, why);
	io_close(fd);
	return result;
}

/* ---- all of them ---- */

int store_lock(struct store *s, struct fail *why)
{
	int fd = openat(s->dir[STORE_TMP], "../lock",
	    O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);

	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	if (fd >= 0 && errno == EWOULDBLOCK)
		fail(why, FAIL_LOCKED, "the spool %s: somebody else runs it",
		    s->path);
	else
		no(why, s, "lock");
	return io_close(fd);
}

/* Names that are ids, one at a time to `each`. */
static int walk(struct store *s, enum store_place place,
    void (*each)(void *ctx, const char *id), void *ctx, struct fail *why)
{
	int fd = openat(s->dir[place], ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!dir) {
		no(why, s, places[place]);
		io_close(fd);
		return -1;
	}
	while (errno = 0, (entry = readdir(dir)) != NULL)
		if (queuefile_is_id(slice_of(entry->d_name)))
			each(ctx, entry->d_name);
	if (errno != 0)
		no(why, s, places[place]);
	fd = errno ? -1 : 0;
	closedir(dir);
	return fd;
}

struct listing {
	struct arena *a;
	struct store_list *list;
	enum store_place place;
};

static void list_one(void *ctx, const char *id)
{
	const struct listing *l = ctx;
	struct store_list *list = l->list;

	list->v = arena_grow(l->a, list->v, list->n, sizeof(*list->v));
	list->v[list->n].place = l->place;
	memcpy(list->v[list->n++].id, id, QUEUE_ID_LEN + 1);
}

int store_list(struct store *s, enum store_place place, struct arena *a,
    struct store_list *list, struct fail *why)
{
	struct listing l = { a, list, place };

	return walk(s, place, list_one, &l, why);
}

struct cleaning {
	int dir;
	time_t before;
};

static void clean_one(void *ctx, const char *id)
{
	const struct cleaning *c = ctx;
	/* On NFS only who may write can lock. */
	int fd =
	    openat(c->dir, id, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_mtime < c->before && flock(fd, LOCK_EX | LOCK_NB) == 0)
		(void)unlinkat(c->dir, id, 0);
	io_close(fd);
}

void store_clean(struct store *s, int64_t seconds)
{
	struct cleaning c = { s->dir[STORE_TMP], time(NULL) - seconds };

	(void)walk(s, STORE_TMP, clean_one, &c, NULL);
}
