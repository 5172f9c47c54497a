#include "suppress.h"
#include "crc.h"
#include "io.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	SIZE_MAX_BYTES = 16 * 1024 * 1024,
	REASON_MAX = 400,
};

static const char name[] = "suppressed";
static const char name_new[] = "suppressed.new";

static int no(struct fail *why, const struct store *s, const char *doing)
{
	return fail(why, FAIL_SPOOL, "%s/%s: %s: %s", s->path, name, doing,
	    strerror(errno));
}

/* ---- entries ---- */

/*
 * Differs for most of those that are not for the same address and account, so
 * that few texts are compared.
 */
static uint32_t mark_of(const char *account, const char *address)
{
	const struct slice domain = addr_domain(address);
	uint32_t crc = crc_add(crc_add(0, slice_of(account)), SLICE("\n"));

	crc = crc_add(
	    crc, slice_head(slice_of(address), (size_t)(domain.p - address)));
	for (size_t i = 0; i < domain.n; i++) {
		const char c = ascii_lower(domain.p[i]);

		crc = crc_add(crc, (struct slice){ &c, 1 });
	}
	return crc;
}

static bool is_for(const struct suppressed *entry, uint32_t mark,
    const char *account, const char *address)
{
	return entry->mark == mark && strcmp(entry->account, account) == 0 &&
	       addr_same(entry->address, address);
}

static void put(
    struct suppressed_list *list, struct suppressed entry, struct arena *a)
{
	entry.mark = mark_of(entry.account, entry.address);
	list->v = arena_grow(a, list->v, list->n, sizeof(*list->v));
	list->v[list->n++] = entry;
}

/* ---- lines ---- */

static void add_text(struct buf *b, const char *text, char end, size_t max)
{
	buf_add_printable(b, slice_head(slice_of(text), max));
	buf_addc(b, end);
}

/* The address stays as it is: it is to be found again (RFC 6531). */
static void add_line(struct buf *b, const struct suppressed *entry)
{
	buf_addf(b, "%" PRId64 "\t", entry->since);
	add_text(b, entry->account, '\t', ADDR_MAX);
	buf_addf(b, "%s\t", entry->address);
	add_text(b, entry->reason, '\n', REASON_MAX);
}

static bool has_control(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (is_control(s.p[i]))
			return true;
	return false;
}

static bool take_text(struct slice *rest, struct arena *a, const char **ret)
{
	struct slice text;

	if (!slice_take_until(rest, '\t', &text) || text.n == 0 ||
	    has_control(text))
		return false;
	*ret = arena_copy(a, text);
	return true;
}

static bool parse_line(
    struct slice line, struct arena *a, struct suppressed *ret)
{
	struct slice since;
	uint64_t seconds;

	line = slice_trim_eol(line);
	if (!slice_take_until(&line, '\t', &since) ||
	    !slice_number(since, 0, INT64_MAX, &seconds))
		return false;
	ret->since = (int64_t)seconds;
	return take_text(&line, a, &ret->account) &&
	       take_text(&line, a, &ret->address) &&
	       take_text(&line, a, &ret->reason);
}

static void parse(
    struct slice text, struct arena *a, struct suppressed_list *list)
{
	struct slice line;

	while (slice_take_line(&text, &line)) {
		struct suppressed entry;

		if (parse_line(line, a, &entry))
			put(list, entry, a);
	}
}

/* ---- the file ---- */

/*
 * Locked by the one who has it: the name may meanwhile belong to a newer
 * file, which is opened then.
 */
static int open_locked(struct store *s, struct fail *why)
{
	struct stat mine, now;
	int fd;

	for (;;) {
		fd = openat(s->root, name,
		    O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC |
			O_NOCTTY,
		    0600);
		if (fd < 0)
			return no(why, s, "opening");
		if (flock(fd, LOCK_EX) != 0 || fstat(fd, &mine) != 0) {
			no(why, s, "locking");
			return io_close(fd);
		}
		if (fstatat(s->root, name, &now, AT_SYMLINK_NOFOLLOW) == 0 &&
		    now.st_ino == mine.st_ino)
			return fd;
		io_close(fd);
	}
}

static int read_all(
    const struct store *s, int fd, struct buf *b, struct fail *why)
{
	char block[16 * 1024];
	ssize_t n = 1;

	for (off_t at = 0; n > 0; at += n) {
		n = io_pread(fd, block, sizeof(block), at);
		if (n > 0)
			buf_add(b, block, (size_t)n);
	}
	if (n < 0)
		return no(why, s, "reading");
	errno = EFBIG;
	return b->full ? no(why, s, "reading") : 0;
}

static int load(const struct store *s, int fd, struct arena *a,
    struct suppressed_list *ret_list, struct fail *why)
{
	struct suppressed_list list = { .n = 0 };
	struct buf b;
	int result;

	buf_init(&b, SIZE_MAX_BYTES);
	result = read_all(s, fd, &b, why);
	if (result == 0) {
		parse(buf_slice(&b), a, &list);
		*ret_list = list;
	}
	buf_free(&b);
	return result;
}

int suppress_load(struct store *s, struct arena *a,
    struct suppressed_list *ret_list, struct fail *why)
{
	int fd = openat(s->root, name,
	    O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	int result;

	if (fd < 0 && errno == ENOENT) {
		*ret_list = (struct suppressed_list){ .n = 0 };
		return 0;
	}
	if (fd < 0)
		return no(why, s, "opening");
	result = load(s, fd, a, ret_list, why);
	io_close(fd);
	return result;
}

const struct suppressed *suppress_find(const struct suppressed_list *list,
    const char *account, const char *address)
{
	const uint32_t mark = mark_of(account, address);

	for (size_t i = 0; i < list->n; i++)
		if (is_for(&list->v[i], mark, account, address))
			return &list->v[i];
	return NULL;
}

/* A line that a full disk or a power cut has left half is ended first. */
static int end_last_line(int fd, off_t size)
{
	char last = '\n';

	if (size > 0 && io_pread(fd, &last, 1, size - 1) != 1)
		return -1;
	return last == '\n' ? 0 : io_write(fd, "\n", 1);
}

/* All of it, or nothing that the next line would go on from. */
static int append(
    struct store *s, int fd, const struct buf *lines, struct fail *why)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return no(why, s, "writing");
	/* What is larger could not be read any more. */
	errno = EFBIG;
	if (lines->full || (uint64_t)st.st_size + lines->n >= SIZE_MAX_BYTES)
		return no(why, s, "writing");
	if (end_last_line(fd, st.st_size) == 0 &&
	    io_write(fd, lines->p, lines->n) == 0 && fsync(fd) == 0 &&
	    fsync(s->root) == 0)
		return 0;
	no(why, s, "writing");
	if (ftruncate(fd, st.st_size) != 0)
		return fail_wrap(why, "half of it may be there");
	return -1;
}

int suppress_add(struct store *s, const struct suppressed *entries, size_t n,
    struct fail *why)
{
	struct arena a = { NULL };
	struct suppressed_list list;
	struct buf lines;
	int fd = open_locked(s, why);
	int result;

	if (fd < 0)
		return -1;
	buf_init(&lines, SIZE_MAX_BYTES);
	result = load(s, fd, &a, &list, why);
	for (size_t i = 0; result == 0 && i < n; i++) {
		const struct suppressed *one = &entries[i];

		if (suppress_find(&list, one->account, one->address))
			continue;
		add_line(&lines, one);
		put(&list, *one, &a);
	}
	if (result == 0 && lines.n)
		result = append(s, fd, &lines, why);
	buf_free(&lines);
	arena_free(&a);
	io_close(fd);
	return result;
}

/* The new file is whole before it has the name. */
static int replace(struct store *s, struct buf *text, struct fail *why)
{
	int fd = openat(s->root, name_new,
	    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	int result = 0;

	if (fd < 0)
		return no(why, s, "writing");
	if (io_write(fd, text->p, text->n) != 0 || fsync(fd) != 0 ||
	    renameat(s->root, name_new, s->root, name) != 0 ||
	    fsync(s->root) != 0)
		result = no(why, s, "writing");
	io_close(fd);
	return result;
}

int suppress_remove(struct store *s, const char *account, const char *address,
    size_t *ret_n, struct fail *why)
{
	struct arena a = { NULL };
	struct suppressed_list list;
	const uint32_t mark = mark_of(account, address);
	struct buf kept;
	size_t n = 0;
	int fd = open_locked(s, why);
	int result;

	if (fd < 0)
		return -1;
	buf_init(&kept, SIZE_MAX_BYTES);
	result = load(s, fd, &a, &list, why);
	for (size_t i = 0; result == 0 && i < list.n; i++)
		if (is_for(&list.v[i], mark, account, address))
			n++;
		else
			add_line(&kept, &list.v[i]);
	if (result == 0 && n > 0)
		result = replace(s, &kept, why);
	if (result == 0)
		*ret_n = n;
	buf_free(&kept);
	arena_free(&a);
	io_close(fd);
	return result;
}
