#include "addr.h"
#include "alias_private.h"
#include "io.h"
#include "mem.h"
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WARNING_MAX = 512, HOST_MAX = 256 };

void alias_warn(struct buf *warnings, const char *path, size_t line,
    const char *format, ...)
{
	char text[WARNING_MAX];
	struct buf whole;
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	/* Added at once: a line that does not fit is left out whole. */
	buf_init(&whole, strlen(path) + (size_t)2 * WARNING_MAX);
	buf_add_printable(&whole, slice_of(path));
	if (line)
		buf_addf(&whole, ": line %zu", line);
	buf_adds(&whole, ": ");
	buf_add_printable(&whole, slice_of(text));
	buf_addc(&whole, '\n');
	buf_add_slice(warnings, buf_slice(&whole));
	buf_free(&whole);
}

const char *alias_host_name(struct arena *a)
{
	char name[HOST_MAX] = "";

	/* A name that is cut lacks its NUL, by POSIX. */
	if (gethostname(name, sizeof(name) - 1) != 0)
		return "";
	return arena_copy(a, slice_of(name));
}

void alias_none(struct alias_table *t, struct arena *a)
{
	*t = (struct alias_table){ .host = alias_host_name(a) };
}

/* FNV-1a. */
size_t alias_hash(struct slice s)
{
	uint32_t h = 2166136261U;

	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (unsigned char)ascii_lower(s.p[i])) * 16777619U;
	return h;
}

struct alias **alias_place(const struct alias_table *t, struct slice name)
{
	struct alias **place =
	    &t->bucket[alias_hash(name) & (t->n_buckets - 1)];

	while (*place && !slice_ieq(slice_of((*place)->name), name))
		place = &(*place)->next;
	return place;
}

/* ---- the file ---- */

/* Why somebody else may decide where mail goes, NULL: nobody may. */
static const char *exposure(const struct stat *st)
{
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		return "others than its owner may write to it and say where "
		       "mail goes";
	if (st->st_uid != 0 && st->st_uid != getuid())
		return "it belongs to another user, who says where mail goes";
	return NULL;
}

/* What is wrong with the file, NULL when text holds all of it. */
static const char *read_text(
    int fd, struct slice *text, char *room, const char **ret_exposure)
{
	struct stat st;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) != 0)
		return strerror(errno);
	if (!S_ISREG(st.st_mode))
		return "not a regular file";
	n = io_pread(fd, room, ALIAS_FILE_MAX + 1, 0);
	if (n < 0)
		return strerror(errno);
	if (n > ALIAS_FILE_MAX)
		return "larger than 1 MiB";
	*ret_exposure = exposure(&st);
	*text = (struct slice){ room, (size_t)n };
	return NULL;
}

void alias_load(struct alias_table *t, const char *path, struct arena *a,
    struct buf *warnings)
{
	char *room = mem_alloc(ALIAS_FILE_MAX + 1);
	struct slice text = { 0 };
	const char *problem, *exposed = NULL;
	int fd;

	/* O_NONBLOCK: a FIFO that nobody writes to would wait for ever. */
	do
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	while (fd < 0 && errno == EINTR);
	problem = read_text(fd, &text, room, &exposed);
	io_close(fd);
	if (problem)
		alias_warn(warnings, path, 0, "%s: no aliases", problem);
	if (exposed)
		alias_warn(warnings, path, 0, "%s", exposed);
	alias_parse(t, path, text, a, warnings);
	free(room);
}

/* ---- expansion ---- */

/* Twice as many as there are results, so that a free one is soon found. */
enum { SLOTS = 2048 };

struct expansion {
	struct alias_table *t;
	struct arena *a;
	struct alias_list list;
	uint16_t slot[SLOTS]; /* 1 + index in list, by hash; 0: free */
	bool is_too_deep;
};

static bool is_here(const struct alias_table *t, struct slice domain)
{
	return addr_is_local(domain, (struct addr_local){ .host = t->host }) ||
	       slice_ieq(domain, slice_of(t->host));
}

const char *alias_qualify(const struct alias_table *t, const char *address,
    const char *domain, struct arena *a)
{
	struct slice own = addr_domain(address);

	if (domain && own.n && is_here(t, own))
		address = arena_copy(a,
		    slice_head(slice_of(address), strlen(address) - own.n - 1));
	return addr_qualify(a, address, domain);
}

static struct alias *find(const struct alias_table *t, struct slice name)
{
	struct alias *alias = *alias_place(t, name);

	return alias && alias->n ? alias : NULL;
}

/* The alias that speaks for an address, NULL when none does. */
static struct alias *find_for(const struct alias_table *t, const char *spec)
{
	struct slice whole = slice_of(spec);
	struct slice domain = addr_domain(spec);
	struct alias *alias;

	if (t->n_buckets == 0)
		return NULL;
	alias = find(t, whole);
	if (alias || (domain.n && !is_here(t, domain)))
		return alias;
	if (domain.n)
		alias = find(t, slice_head(whole, whole.n - domain.n - 1));
	if (!alias && t->catch_all && t->catch_all->n)
		alias = t->catch_all;
	return alias;
}

static void add_result(struct expansion *x, const char *spec)
{
	size_t i = alias_hash(slice_of(spec)) % SLOTS;

	while (x->slot[i]) {
		if (addr_same(x->list.v[x->slot[i] - 1], spec))
			return;
		i = (i + 1) % SLOTS;
	}
	if (x->list.n == ALIAS_RESULT_MAX) {
		x->list.is_cut = true;
		return;
	}
	x->list.v = arena_grow(x->a, x->list.v, x->list.n, sizeof(*x->list.v));
	x->list.v[x->list.n++] = spec;
	x->slot[i] = (uint16_t)x->list.n;
}

/*
 * Each alias is gone through once: a second time it would add nothing new,
 * and without this a few lines could ask for more steps than there is time.
 */
static void expand(struct expansion *x, const char *spec, unsigned depth)
{
	struct alias *alias = NULL;
	const char *value;

	if (spec[0] == '\\')
		spec++;
	else
		alias = find_for(x->t, spec);
	if (alias && !alias->is_open && alias->round == x->t->round)
		return;
	if (alias && !alias->is_open && depth == ALIAS_DEPTH_MAX)
		x->is_too_deep = true;
	if (!alias || alias->is_open || depth == ALIAS_DEPTH_MAX) {
		add_result(x, spec);
		return;
	}
	alias->round = x->t->round;
	alias->is_open = true;
	value = alias->values;
	for (size_t i = 0; i < alias->n && !x->list.is_cut; i++) {
		expand(x, value, depth + 1);
		value += strlen(value) + 1;
	}
	alias->is_open = false;
}

void alias_expand(struct alias_table *t, const char *address, struct arena *a,
    struct alias_list *ret, struct buf *warnings)
{
	struct expansion x = { .t = t, .a = a };

	t->round++;
	expand(&x, address, 0);
	if (x.is_too_deep)
		alias_warn(warnings, t->path, 0,
		    "%s: aliases of aliases are followed %d times only",
		    address, ALIAS_DEPTH_MAX);
	*ret = x.list;
}
