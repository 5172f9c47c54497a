/*
 * What is due is tried, account by account; one connection, or some if that is
 * worth while (queue_crew.h), carries the messages of an account as long as
 * the relay goes along. A message that is bad, locked or not due never stops
 * the others, and an account that cannot be reached is not asked again for
 * each of them.
 */
#include "queue_run.h"
#include "io.h"
#include "log.h"
#include "queue.h"
#include "queue_crew.h"
#include "queue_stop.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LEFT_OVER_SECONDS = 36 * 3600 /* of files in tmp/ */ };

static int by_account_and_time(const void *a, const void *b)
{
	const struct queue_entry *x = a, *y = b;
	int order = strcmp(x->account, y->account);

	if (order == 0)
		order =
		    (x->next_try > y->next_try) - (x->next_try < y->next_try);
	return order ? order : strcmp(x->item->id, y->item->id);
}

/* False when there is nothing to do for it now. */
static bool look(struct queue_runner *r, const struct store_item *item,
    struct queue_entry *ret)
{
	struct arena arena = { NULL };
	struct queue_file f;
	bool is_wanted = true;

	*ret = (struct queue_entry){ .item = item, .account = "" };
	if (r->run->id && strcmp(item->id, r->run->id) != 0)
		return false;
	/* What cannot be read comes first: it belongs to no account. */
	if (store_look(&r->store, item, &f, &arena, NULL) == 0) {
		ret->account =
		    arena_copy(r->arena, slice_of(queue_account(&f)));
		ret->next_try = f.progress.next_try;
		for (const char *c = f.progress.letters; *c; c++)
			ret->n_rcpt += queue_is_waiting(*c);
		is_wanted = r->run->id || ret->n_rcpt == 0 ||
			    schedule_is_due(ret->next_try, time(NULL));
	}
	arena_free(&arena);
	return is_wanted;
}

/* Of what is to be done, the oldest first. */
static struct queue_entry *sorted(
    struct queue_runner *r, const struct store_list *list, size_t *ret_n)
{
	struct queue_entry *v = arena_alloc(r->arena, list->n * sizeof(*v) + 1);
	size_t n = 0;

	for (size_t i = 0; i < list->n; i++)
		n += look(r, &list->v[i], &v[n]);
	qsort(v, n, sizeof(*v), by_account_and_time);
	*ret_n = n;
	return v;
}

static void send_one_by_one(
    struct queue_runner *r, const struct queue_entry *v, size_t n)
{
	for (size_t i = 0; i < n && !queue_crew_is_over(r); i++)
		queue_try(r, v[i].item);
}

/* What a crew could not send may go out through another account. */
static void send_account(
    struct queue_runner *r, const struct queue_entry *v, size_t n)
{
	size_t done = queue_crew(r, v, n);

	if (done && queue_over_is_possible(r)) {
		r->over.is_only = true;
		send_one_by_one(r, v, done);
		r->over.is_only = false;
	}
	send_one_by_one(r, v + done, n - done);
	queue_over_end(r);
}

static size_t same_account(const struct queue_entry *v, size_t n)
{
	size_t i = 1;

	while (i < n && strcmp(v[i].account, v[0].account) == 0)
		i++;
	return i;
}

/* Nobody should wait for the next run to be told what this one gave up. */
static void send_reports(struct queue_runner *r, const struct store_list *seen)
{
	const struct store_list made =
	    queue_news_reports(&r->store, seen, r->arena);

	for (size_t i = 0; i < made.n && !queue_crew_is_over(r); i++)
		queue_try(r, &made.v[i]);
}

static int go_through(struct queue_runner *r, struct fail *why)
{
	struct store_list list = { .n = 0 };
	const struct queue_entry *v;
	size_t n, end;

	store_clean(&r->store, LEFT_OVER_SECONDS);
	if (store_list(&r->store, STORE_NEW, r->arena, &list, why) != 0 ||
	    (r->run->id &&
		store_list(&r->store, STORE_HOLD, r->arena, &list, why) != 0))
		return -1;
	v = sorted(r, &list, &n);
	for (size_t i = 0; i < n && !queue_crew_is_over(r); i = end) {
		end = i + same_account(v + i, n - i);
		send_account(r, v + i, end - i);
	}
	send_reports(r, &list);
	queue_over_end(r);
	queue_line_end(&r->line);
	store_settle(&r->store);
	if (queue_newer_say(&r->newer, &r->report))
		r->code = fail_exit_code(r->newer.why.kind);
	return 0;
}

static int run_store(struct queue_runner *r, const char *path, struct fail *why)
{
	bool needs_lock = !r->run->has_lock && !r->run->id;
	int lock, result;

	if (store_open(&r->store, path, why) != 0)
		return -1;
	lock = needs_lock ? store_lock(&r->store, why) : -1;
	if (needs_lock && lock < 0)
		/* Whoever has it does what we would. */
		result = why->kind == FAIL_LOCKED ? 0 : -1;
	else
		result = go_through(r, why);
	io_close(lock);
	store_close(&r->store);
	return result;
}

/* Where what belongs to no account is logged, and where mail waits. */
static int settle_paths(struct queue_runner *r, struct files *files,
    struct queue_paths *ret, struct fail *why)
{
	int result = queue_find(files, r->run->inv, ret, why);

	/* What stays is text: their secrets are not needed. */
	files_free(files);
	r->report.account = files->account;
	if (files->account)
		r->report.settings = &files->settings;
	if (!r->run->path)
		return result;
	ret->v = arena_alloc(r->arena, sizeof(*ret->v));
	ret->v[0] = r->run->path;
	ret->n = 1;
	return 0;
}

static int complain(const struct fail *why)
{
	log_error("%s", why->text);
	return fail_exit_code(why->kind);
}

/* What one spool teaches about an account holds for the next one. */
static void run_path(struct queue_runner *r, const char *path)
{
	struct queue_runner one = *r;
	struct fail why;

	if (!store_exists(path))
		return;
	if (run_store(&one, path, &why) != 0)
		one.code = complain(&why);
	r->breaker = one.breaker;
	r->tried = one.tried;
	r->code = one.code;
}

int queue_run(const struct queue_run *run, struct arena *a)
{
	struct queue_runner r = {
		.run = run,
		.arena = a,
		.deadline = deadline_in(run->seconds),
	};
	struct queue_paths paths;
	struct files files; /* of the invocation */
	struct fail why;

	if (cmdline_sets(run->inv, OPT_host)) {
		log_error("--host has no queue: mail waits for an account");
		return fail_exit_code(FAIL_USAGE);
	}
	queue_stop_listen(SIGTERM);
	queue_stop_listen(SIGINT);
	files_init(&files, a);
	if (settle_paths(&r, &files, &paths, &why) != 0)
		return complain(&why);
	for (size_t i = 0; i < paths.n && !queue_crew_is_over(&r); i++)
		run_path(&r, paths.v[i]);
	return r.code;
}
