/*
 * Messages of the queue in the hands of a person, named by their whole ids.
 * What is changed is locked; a message that somebody is sending is left
 * alone. A change by hand leaves a line in the log.
 */
#include "io.h"
#include "log.h"
#include "modes.h"
#include "queue.h"
#include "queue_run.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { ENVELOPE_MAX = 1024 * 1024, BLOCK = 64 * 1024 };

/* The message that was asked for. */
struct named {
	const struct invocation *inv;
	struct arena *arena;
	struct queue_stores stores;
	struct store store; /* of the item: one of them */
	struct store_item item;
};

static bool has_name(const struct store_list *list, const char *id)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->v[i].id, id) == 0)
			return true;
	return false;
}

/* A place of that name, gone or not: what is in the list is there. */
static int find(struct named *n, struct fail *why)
{
	static const enum store_place places[] = { STORE_NEW, STORE_HOLD,
		STORE_FAILED };

	enum { PLACES = sizeof(places) / sizeof(places[0]) };

	for (size_t i = 0; i < n->stores.n * PLACES; i++) {
		enum store_place place = places[i % PLACES];
		struct store_list list = { .n = 0 };

		n->store = n->stores.v[i / PLACES];
		if (store_list(&n->store, place, n->arena, &list, why) != 0)
			return -1;
		if (has_name(&list, n->item.id)) {
			n->item.place = place;
			return 0;
		}
	}
	return fail(why, FAIL_INPUT, "%s: no such message%s", n->item.id,
	    n->stores.n ? " in the queue" : ": the queue is empty");
}

static int begin(struct named *n, const struct invocation *inv, struct arena *a,
    struct fail *why)
{
	*n = (struct named){ .inv = inv, .arena = a };
	if (!queuefile_is_id(slice_of(inv->mode_value)))
		return fail(why, FAIL_USAGE,
		    "%s: a queue id is %d digits and letters, see mailq",
		    inv->mode_value, QUEUE_ID_LEN);
	memcpy(n->item.id, inv->mode_value, sizeof(n->item.id));
	if (queue_open(inv, a, &n->stores, why) != 0)
		return -1;
	return find(n, why);
}

static int end(struct named *n, int result, const struct fail *why)
{
	queue_close(&n->stores);
	return result == 0 ? 0 : mode_say(why);
}

/* Each that is named, in turn; the exit code is that of the last failure. */
static int each(const struct invocation *inv, struct arena *a,
    int (*one)(const struct invocation *inv, struct arena *a))
{
	struct invocation call = *inv;
	int code = one(&call, a), other;

	for (size_t i = 0; i < inv->n_operands; i++) {
		call.mode_value = inv->operands[i];
		other = one(&call, a);
		if (other != 0)
			code = other;
	}
	return code;
}

/* Where the account, or the one of this invocation, has its log. */
static void note(const struct named *n, const char *account, const char *text)
{
	struct files files;
	struct invocation inv = *n->inv;
	struct report report = { .account = account };

	if (account && !inv.account)
		inv.account = account;
	files_init(&files, n->arena);
	if (files_load(&files, &inv, NULL, NULL) == 0 || files.account)
		report.settings = &files.settings;
	report_note(&report, n->item.id, text);
	files_free(&files);
}

/* ---- show ---- */

static void add_time(struct buf *b, const char *key, int64_t when)
{
	char text[64] = "";
	time_t t = (time_t)when;
	struct tm tm;

	if (when <= 0)
		return;
	if (localtime_r(&t, &tm))
		(void)strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S %z", &tm);
	buf_addf(b, "%-12s %s\n", key, text);
}

static void add_text(struct buf *b, const char *key, const char *text)
{
	if (!text || !*text)
		return;
	buf_addf(b, "%-12s ", key);
	buf_add_printable(b, slice_of(text));
	buf_addc(b, '\n');
}

static void add_recipients(struct buf *b, const struct queue_file *f)
{
	for (size_t i = 0; i < f->info.n_rcpt; i++) {
		char letter = f->progress.letters[i];

		buf_addf(b, "%-12s ", "recipient:");
		buf_add_printable(b, slice_of(f->info.rcpt[i]));
		buf_addf(b, " (%s)\n",
		    letter == QUEUE_WAITS     ? "waits"
		    : letter == QUEUE_DONE    ? "done"
		    : letter == QUEUE_REFUSED ? "refused"
					      : "may have got it");
	}
}

static void add_envelope(
    struct buf *b, const struct named *n, const struct queue_file *f)
{
	const struct queue_info *info = &f->info;
	const struct queue_progress *p = &f->progress;

	add_text(b, "id:", n->item.id);
	add_text(b, "state:",
	    n->item.place == STORE_NEW    ? "waits"
	    : n->item.place == STORE_HOLD ? "on hold"
					  : "failed");
	add_text(b, "account:", info->account);
	add_text(b, "sender:", *info->sender ? info->sender : "<>");
	add_recipients(b, f);
	add_text(b, "message-id:", info->message_id);
	add_text(b, "notify:", info->notify);
	add_text(b, "return:", info->ret);
	add_text(b, "envelope-id:", info->envid);
	add_text(b, "report:", info->is_report ? "about another message" : "");
	buf_addf(b, "%-12s %" PRIu32 "\n%-12s %" PRIu64 "\n",
	    "user:", info->uid, "size:", info->size);
	add_time(b, "arrived:", info->created);
	buf_addf(b, "%-12s %u\n", "attempts:", p->attempts);
	add_time(b, "last try:", p->last_try);
	add_time(b, "next try:", p->next_try);
	add_text(b, "outcome:", p->attempts ? outcome_name(p->class) : "");
	add_text(b, "reason:", p->text);
	buf_addc(b, '\n');
}

static int copy_message(struct queue_file *f, struct fail *why)
{
	char block[BLOCK];
	struct msg m;
	ssize_t n = -1;

	msg_init(&m);
	if (queuefile_load(f, &m, why) == 0) {
		msg_rewind(&m);
		while ((n = msg_read(&m, block, sizeof(block), why)) > 0)
			if (io_write(STDOUT_FILENO, block, (size_t)n) != 0) {
				fail(why, FAIL_OS, "standard output: %s",
				    strerror(errno));
				n = -1;
				break;
			}
	}
	msg_free(&m);
	return n < 0 ? -1 : 0;
}

static int show(struct named *n, struct fail *why)
{
	struct queue_file f;
	struct buf b;
	int result;

	if (store_peek(&n->store, &n->item, &f, n->arena, why) != 0)
		return -1;
	buf_init(&b, ENVELOPE_MAX);
	add_envelope(&b, n, &f);
	result = mode_print(&b, 0) == 0
		     ? copy_message(&f, why)
		     : fail(why, FAIL_OS, "%s: not shown", n->item.id);
	store_release(&f);
	return result;
}

static int show_one(const struct invocation *inv, struct arena *a)
{
	struct named n;
	struct fail why;
	int result = begin(&n, inv, a, &why);

	if (result == 0)
		result = show(&n, &why);
	return end(&n, result, &why);
}

int mode_queue_show(const struct invocation *inv, struct arena *a)
{
	return each(inv, a, show_one);
}

/* ---- drop, hold, release ---- */

static int take(struct named *n, struct queue_file *f, struct fail *why)
{
	return store_take(&n->store, &n->item, f, n->arena, why);
}

/* Also what cannot be read, which has no account. */
static int drop(struct named *n, struct fail *why)
{
	struct queue_file f;
	int result = take(n, &f, why);

	if (result != 0 && why->kind != FAIL_MESSAGE)
		return -1;
	if (result != 0)
		f.info = (struct queue_info){ .id = n->item.id };
	result = store_remove(&n->store, n->item.place, &f, why);
	if (result == 0)
		note(n, f.info.account, "removed by hand, unsent");
	store_release(&f);
	return result;
}

static int move(
    struct named *n, enum store_place to, const char *text, struct fail *why)
{
	struct queue_file f;
	int result = take(n, &f, why);

	if (result != 0)
		return -1;
	if (to == STORE_NEW) {
		/* Whoever lets go of it accepts a second copy, and wants a
		   report that failed to be tried once more. */
		for (char *c = f.progress.letters; *c; c++)
			if (*c == QUEUE_UNKNOWN || *c == QUEUE_REFUSED)
				*c = QUEUE_WAITS;
		f.progress.next_try = time(NULL);
		/* However old it is, it is not given up without that try. */
		f.progress.last_try = 0;
		result = queuefile_save(&f, why);
	}
	if (result == 0)
		result =
		    store_move(&n->store, n->item.place, to, n->item.id, why);
	if (result == 0)
		note(n, f.info.account, text);
	store_release(&f);
	return result;
}

static int hold(struct named *n, struct fail *why)
{
	if (n->item.place == STORE_HOLD)
		return 0;
	if (n->item.place == STORE_FAILED)
		return fail(why, FAIL_REFUSED,
		    "%s: has failed and waits for nothing", n->item.id);
	return move(n, STORE_HOLD, "put on hold by hand", why);
}

static int release(struct named *n, struct fail *why)
{
	if (n->item.place == STORE_NEW)
		return 0;
	return move(n, STORE_NEW, "released by hand", why);
}

static int edit(const struct invocation *inv, struct arena *a,
    int (*verb)(struct named *n, struct fail *why))
{
	struct named n;
	struct fail why;
	int result = begin(&n, inv, a, &why);

	if (result == 0)
		result = verb(&n, &why);
	return end(&n, result, &why);
}

static int drop_one(const struct invocation *inv, struct arena *a)
{
	return edit(inv, a, drop);
}

int mode_queue_drop(const struct invocation *inv, struct arena *a)
{
	return each(inv, a, drop_one);
}

static int hold_one(const struct invocation *inv, struct arena *a)
{
	return edit(inv, a, hold);
}

int mode_queue_hold(const struct invocation *inv, struct arena *a)
{
	return each(inv, a, hold_one);
}

static int release_one(const struct invocation *inv, struct arena *a)
{
	return edit(inv, a, release);
}

int mode_queue_release(const struct invocation *inv, struct arena *a)
{
	return each(inv, a, release_one);
}

/* ---- retry ---- */

/* A person wants to know: what waits on is no success here. */
static int say_if_waiting(struct named *n)
{
	struct queue_file f;
	struct fail why;

	if (find(n, &why) != 0 || n->item.place == STORE_FAILED ||
	    store_look(&n->store, &n->item, &f, n->arena, &why) != 0)
		return 0;
	log_error("%s: waits on: %s", n->item.id, f.progress.text);
	return fail_exit_code(FAIL_LATER);
}

static int retry_one(const struct invocation *inv, struct arena *a)
{
	struct queue_run run = { .inv = inv, .id = inv->mode_value };
	struct named n;
	struct fail why;
	int result = begin(&n, inv, a, &why), code;

	if (result == 0 && n.item.place == STORE_FAILED)
		result = fail(&why, FAIL_REFUSED,
		    "%s: has failed; release it first", n.item.id);
	if (result != 0)
		return end(&n, result, &why);
	run.path = n.store.path;
	code = queue_run(&run, a);
	if (code == 0)
		code = say_if_waiting(&n);
	(void)end(&n, 0, &why);
	return code;
}

int mode_queue_retry(const struct invocation *inv, struct arena *a)
{
	return each(inv, a, retry_one);
}
