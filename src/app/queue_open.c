#include "queue.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool queue_is_elsewhere(const struct settings *s)
{
	return s->spool && s->spool[0];
}

const char *queue_path(const struct settings *s, struct arena *a)
{
	const char *state = getenv("XDG_STATE_HOME");
	const char *home;

	if (queue_is_elsewhere(s))
		return s->spool;
	if (getuid() == 0)
		return LOCALSTATEDIR "/spool/postrider";
	if (state && state[0] == '/')
		return arena_printf(a, "%s/postrider/spool", state);
	home = files_home(a);
	return home ? arena_printf(a, "%s/.local/state/postrider/spool", home)
		    : NULL;
}

static bool has_no_accounts(const struct files *f)
{
	return f->found == FILES_ABSENT ||
	       (f->found == FILES_READ && f->config.n == 0);
}

/* One directory may have several names. */
static bool is_same(const char *path, const char *other)
{
	struct stat a, b;

	return strcmp(path, other) == 0 ||
	       (stat(path, &a) == 0 && stat(other, &b) == 0 &&
		   a.st_dev == b.st_dev && a.st_ino == b.st_ino);
}

static bool is_in(const struct queue_paths *paths, const char *path)
{
	for (size_t i = 0; i < paths->n; i++)
		if (is_same(paths->v[i], path))
			return true;
	return false;
}

/* A link is of whoever made it: what it leads to is not his to say. */
static bool is_of_another(const char *path, struct arena *a)
{
	struct slice name = slice_of(path);
	struct stat st;

	/* With a slash behind it, it would be followed. */
	while (name.n > 1 && name.p[name.n - 1] == '/')
		name.n--;
	return lstat(arena_copy(a, name), &st) == 0 ? st.st_uid != geteuid()
						    : errno == EACCES;
}

static void add_path(
    struct queue_paths *paths, const struct settings *s, struct arena *a)
{
	const char *path = queue_path(s, a);

	if (!path || (paths->n > 0 && is_of_another(path, a)) ||
	    is_in(paths, path))
		return;
	paths->v = arena_grow(a, paths->v, paths->n, sizeof(*paths->v));
	paths->v[paths->n++] = path;
}

int queue_find(struct files *f, const struct invocation *inv,
    struct queue_paths *ret, struct fail *why)
{
	struct config *c = &f->config;
	bool is_named = inv->account || cmdline_sets(inv, OPT_spool);
	/* An account that cannot send any more still says where its mail is. */
	bool is_chosen = files_load(f, inv, NULL, why) == 0 || f->account ||
			 f->settings.spool || has_no_accounts(f);

	/* The wrong directory would look like an empty queue. */
	if (!is_chosen && (is_named || f->found != FILES_READ))
		return -1;
	*ret = (struct queue_paths){ .n = 0 };
	if (is_chosen)
		add_path(ret, &f->settings, c->arena);
	for (size_t i = 0; !is_named && i < c->n; i++)
		add_path(ret, &c->v[i].settings, c->arena);
	return 0;
}

void queue_close(struct queue_stores *stores)
{
	while (stores->n > 0)
		store_close(&stores->v[--stores->n]);
}

int queue_open(const struct invocation *inv, struct arena *a,
    struct queue_stores *ret, struct fail *why)
{
	struct queue_stores stores = { .n = 0 };
	struct queue_paths paths;
	struct files files;
	int result;

	files_init(&files, a);
	result = queue_find(&files, inv, &paths, why);
	files_free(&files);
	if (result != 0)
		return -1;
	stores.v = arena_alloc(a, paths.n * sizeof(*stores.v) + 1);
	for (size_t i = 0; result == 0 && i < paths.n; i++) {
		if (!store_exists(paths.v[i]))
			continue;
		result = store_open(&stores.v[stores.n], paths.v[i], why);
		stores.n += result == 0;
	}
	if (result == 0)
		*ret = stores;
	else
		queue_close(&stores);
	return result;
}
