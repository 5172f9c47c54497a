/*
 * What is due is tried, account by account; one connection carries the
 * messages of an account as long as the relay goes along. A message that is
 * bad, locked or not due never stops the others, and an account that cannot
 * be reached is not asked again for each of them.
 */
#include "queue_run.h"
#include "io.h"
#include "log.h"
#include "queue.h"
#include "queue_report.h"
#include "schedule.h"
#include "submit.h"
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	/* Relays drop connections that carry too much for them. */
	SESSION_MESSAGES = 100,
	LEFT_OVER_SECONDS = 36 * 3600, /* of files in tmp/ */
};

/* A message as the scan saw it. */
struct entry {
	const struct store_item *item;
	const char *account;
	int64_t next_try;
};

/* The account in hand; its arena and connection last as long as it is. */
struct line {
	const char *account; /* NULL: none */
	struct arena arena;
	struct invocation inv;
	struct send send;
	bool has_secret; /* on its way since send_choose() */
	struct fail unusable;
	struct smtp *session;
	unsigned carried; /* messages of the session */
	struct schedule_pace pace;
};

struct runner {
	const struct queue_run *run;
	struct store store;
	struct arena *arena; /* of the run */
	struct schedule_breaker breaker;
	struct line line;
	struct deadline deadline;
	unsigned tried;
	int code;
};

/* One message, while it is tried. */
struct
try {
	struct arena arena;
	struct queued queued;
	struct invocation call;
	struct send send;
	struct msg msg;
};

/* ---- the account ---- */

static void line_hang_up(struct line *l)
{
	l->session = smtp_close(l->session);
	l->carried = 0;
}

static void line_end(struct line *l)
{
	if (!l->account)
		return;
	line_hang_up(l);
	send_end(&l->send);
	arena_free(&l->arena);
	*l = (struct line){ .account = NULL };
}

static void line_begin(struct runner *r, const char *account)
{
	struct line *l = &r->line;

	if (l->account && strcmp(l->account, account) == 0)
		return;
	line_end(l);
	*l = (struct line){ .account = account, .inv = *r->run->inv };
	l->inv.account = account;
	send_begin(&l->send, &l->inv, &l->arena);
	l->has_secret = send_choose(&l->send, NULL, &l->unusable) == 0;
	if (l->has_secret)
		l->unusable.kind = FAIL_NONE;
	send_warn(&l->send);
	schedule_pace_init(
	    &l->pace, (double)l->send.files.settings.max_rate, io_now());
}

/* Each connection asks for the secret anew: none is kept. */
static struct secret *line_secret(struct line *l, struct fail *why)
{
	struct settings *settings = &l->send.files.settings;

	if (!l->has_secret && cred_start(&l->send.cred, settings, why) != 0)
		return NULL;
	l->has_secret = false;
	return cred_collect(&l->send.cred, settings, why);
}

static void line_dial(struct line *l, struct outcome *ret)
{
	struct fail why = { .kind = FAIL_NONE };
	struct secret *password = line_secret(l, &why);

	if (!password && why.kind != FAIL_NONE)
		*ret = (struct outcome){
			.class = OUTCOME_NOT_SENT,
			.why = why,
			.reply = { .stage = "", .text = "" },
		};
	else
		l->session =
		    submit_open(&l->send.plan, password, &l->arena, ret);
	cred_end(&l->send.cred);
}

/* Credentials that are refused once are not tried by the next message. */
static void note_line(struct runner *r, const struct outcome *o)
{
	enum fail_kind kind = o->why.kind;

	schedule_note_failure(&r->breaker, r->arena,
	    arena_copy(r->arena, slice_of(r->line.account)),
	    kind == FAIL_AUTH || kind == FAIL_SECRET || kind == FAIL_CONFIG);
}

static void keep_pace(struct line *l, size_t n)
{
	int64_t wait = schedule_pace_take(&l->pace, n, io_now());

	/* A relay does not wait as long as that. */
	if (wait > 5000)
		line_hang_up(l);
	while (wait > 0) {
		int step = wait > 60000 ? 60000 : (int)wait;

		(void)poll(NULL, 0, step);
		wait -= step;
	}
}

/* ---- one message ---- */

/* The recipients that wait, as an invocation like any other. */
static void make_call(struct try *t, const struct runner *r)
{
	struct queue_file *f = &t->queued.file;
	size_t n = 0, *places;
	char **operands;

	operands = arena_alloc(&t->arena, f->info.n_rcpt * sizeof(*operands));
	places = arena_alloc(&t->arena, f->info.n_rcpt * sizeof(*places));
	for (size_t i = 0; i < f->info.n_rcpt; i++) {
		char letter = f->progress.letters[i];

		if (letter != QUEUE_WAITS && letter != QUEUE_UNKNOWN)
			continue;
		operands[n] = arena_copy(&t->arena, slice_of(f->info.rcpt[i]));
		places[n++] = i;
	}
	t->queued.rcpt = places;
	t->call = *r->run->inv;
	t->call.account = r->line.account;
	t->call.sender = f->info.sender;
	t->call.envid = f->info.envid;
	t->call.operands = operands;
	t->call.n_operands = n;
	t->call.no_aliases = true;
	t->call.read_recipients = false;
	t->call.read_sender = false;
}

/* Up to the network. The file's recipients stay as many as they were. */
static int prepare(struct try *t, struct runner *r, struct fail *why)
{
	struct send *s = &t->send;

	s->msg = &t->msg;
	if (send_share(s, &r->line.send, why) != 0 ||
	    rewrite_look(&t->msg, false, &t->arena, &s->view, why) != 0 ||
	    send_prepare(s, why) != 0)
		return -1;
	if (s->plan.n_rcpt != t->call.n_operands)
		return fail(why, FAIL_BUG, "the recipients in the queue file");
	s->plan.dsn.notify = t->queued.file.info.notify;
	s->plan.dsn.ret = t->queued.file.info.ret;
	s->plan.before_dot = queue_before_dot;
	s->plan.before_dot_ctx = &t->queued;
	return 0;
}

/* A plan that could not be made still has recipients to speak of. */
static void not_prepared(
    struct try *t, const struct fail *why, struct outcome *ret)
{
	struct plan *p = &t->send.plan;
	const struct outcome like = {
		.class = OUTCOME_NOT_SENT,
		.why = *why,
		.reply = { .stage = "", .text = "" },
	};

	p->rcpt = arena_alloc(&t->arena, t->call.n_operands * sizeof(*p->rcpt));
	p->n_rcpt = t->call.n_operands;
	for (size_t i = 0; i < p->n_rcpt; i++)
		p->rcpt[i] = t->call.operands[i];
	submit_not(p, &like, &t->arena, ret);
}

static void send_message(struct try *t, struct runner *r, struct outcome *ret)
{
	struct line *l = &r->line;
	struct outcome opened;
	bool open;

	keep_pace(l, t->send.plan.n_rcpt);
	if (!l->session)
		line_dial(l, &opened);
	if (!l->session) {
		note_line(r, &opened);
		submit_not(&t->send.plan, &opened, &t->arena, ret);
		return;
	}
	schedule_note_success(&r->breaker, l->account);
	open = submit_over(
	    &t->send.plan, l->session, &t->msg, false, &t->arena, ret);
	if (!open || ++l->carried >= SESSION_MESSAGES)
		line_hang_up(l);
}

/* What is known now goes to the log, the file, and whoever must know. */
static void conclude(struct try *t, struct runner *r, struct outcome *o)
{
	struct queued *q = &t->queued;
	struct fail why;
	int code;

	if (queue_settle(q, &t->send.files.settings, o, false, &why) != 0)
		log_warning("queued message %s: %s", q->file.info.id, why.text);
	o->queue_id = q->file.info.id;
	code = report_outcome(&t->send.report, o);
	if (code != 0)
		r->code = code;
	if (!queue_has_waiting(&q->file) &&
	    queue_finish(q, &t->send, &t->arena, &why) != 0)
		log_warning("queued message %s: %s", q->file.info.id, why.text);
}

static void try_message(struct try *t, struct runner *r)
{
	struct outcome outcome;
	struct fail why;

	r->tried++;
	make_call(t, r);
	send_begin(&t->send, &t->call, &t->arena);
	if (r->line.unusable.kind != FAIL_NONE) {
		t->send.report = r->line.send.report;
		t->send.files.settings = r->line.send.files.settings;
		not_prepared(t, &r->line.unusable, &outcome);
		note_line(r, &outcome);
	} else if (prepare(t, r, &why) != 0) {
		not_prepared(t, &why, &outcome);
	} else {
		send_message(t, r, &outcome);
	}
	conclude(t, r, &outcome);
	send_end(&t->send);
}

/* ---- the run ---- */

/* It stays where a person finds it, and out of the way of the others. */
static void put_aside(
    struct runner *r, const struct store_item *item, const struct fail *why)
{
	struct fail failed;

	log_error("queued message %s: %s", item->id, why->text);
	r->code = fail_exit_code(why->kind);
	if (why->kind == FAIL_MESSAGE && item->place != STORE_FAILED &&
	    store_move(
		&r->store, item->place, STORE_FAILED, item->id, &failed) != 0)
		log_error("queued message %s: %s", item->id, failed.text);
}

static bool is_expired(const struct queue_file *f, const struct line *l)
{
	return schedule_is_expired(
	    f->info.created, l->send.files.settings.queue_lifetime, time(NULL));
}

/* Nobody waits for it any more: a run that died, or a disk, left it here. */
static int finish(struct try *t, struct runner *r, struct fail *why)
{
	int result;

	/* Who is told depends on the account. */
	if (r->line.unusable.kind != FAIL_NONE) {
		*why = r->line.unusable;
		return -1;
	}
	send_begin(&t->send, &r->line.inv, &t->arena);
	t->send.files.settings = r->line.send.files.settings;
	t->send.files.account = r->line.account;
	result = queue_finish(&t->queued, &t->send, &t->arena, why);
	send_end(&t->send);
	return result;
}

static int give_up(struct try *t, struct runner *r, struct fail *why)
{
	log_error("queued message %s: given up: %s", t->queued.file.info.id,
	    t->queued.file.progress.text);
	r->code = fail_exit_code(FAIL_LATER);
	return queue_expire(&t->queued, why) == 0 ? finish(t, r, why) : -1;
}

/* May it have arrived, and is a second copy somebody's decision? */
static bool is_to_hold(const struct try *t, const struct runner *r)
{
	return r->line.send.files.settings.queue_unknown ==
		   QUEUE_UNKNOWN_HOLD &&
	       t->queued.place == STORE_NEW && !r->run->id &&
	       strchr(t->queued.file.progress.letters, QUEUE_UNKNOWN);
}

/* With the lock held and the file read. */
static int work_on(struct try *t, struct runner *r, struct fail *why)
{
	struct queue_file *f = &t->queued.file;
	bool is_due = r->run->is_forced || r->run->id ||
		      schedule_is_due(f->progress.next_try, time(NULL));
	const char *account = arena_copy(r->arena, slice_of(f->info.account));

	if (queue_has_waiting(f) && !is_due)
		return 0;
	if (!schedule_may_try(&r->breaker, account))
		return 0;
	if (queuefile_load(f, &t->msg, why) != 0)
		return -1;
	line_begin(r, account);
	if (!queue_has_waiting(f))
		return finish(t, r, why);
	if (is_to_hold(t, r))
		return store_move(
		    &r->store, STORE_NEW, STORE_HOLD, f->info.id, why);
	if (is_expired(f, &r->line))
		return give_up(t, r, why);
	try_message(t, r);
	return 0;
}

static void take(struct runner *r, const struct store_item *item)
{
	struct try t = { .queued = {
			     .store = r->store, .place = item->place } };
	struct fail why;
	int result;

	msg_init(&t.msg);
	result = store_take(
	    &r->store, item->place, item->id, &t.queued.file, &t.arena, &why);
	if (result == 0)
		result = work_on(&t, r, &why);
	if (result != 0 && why.kind != FAIL_LOCKED)
		put_aside(r, item, &why);
	store_release(&t.queued.file);
	msg_free(&t.msg);
	arena_free(&t.arena);
}

static int by_account_and_time(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order = strcmp(x->account, y->account);

	if (order == 0)
		order =
		    (x->next_try > y->next_try) - (x->next_try < y->next_try);
	return order ? order : strcmp(x->item->id, y->item->id);
}

/* What cannot be read comes first: it belongs to no account. */
static struct entry *sorted(struct runner *r, const struct store_list *list)
{
	struct entry *v = arena_alloc(r->arena, list->n * sizeof(*v) + 1);

	for (size_t i = 0; i < list->n; i++) {
		struct arena arena = { NULL };
		struct queue_file f;

		v[i] = (struct entry){ &list->v[i], "", 0 };
		if (store_look(&r->store, list->v[i].place, list->v[i].id, &f,
			&arena, NULL) == 0) {
			v[i].account =
			    arena_copy(r->arena, slice_of(f.info.account));
			v[i].next_try = f.progress.next_try;
		}
		arena_free(&arena);
	}
	qsort(v, list->n, sizeof(*v), by_account_and_time);
	return v;
}

static bool is_wanted(const struct runner *r, const struct store_item *item)
{
	return !r->run->id || strcmp(item->id, r->run->id) == 0;
}

static int run_store(struct runner *r, struct fail *why)
{
	struct store_list list = { .n = 0 };
	const struct entry *v;

	store_clean(&r->store, LEFT_OVER_SECONDS);
	if (store_list(&r->store, STORE_NEW, r->arena, &list, why) != 0 ||
	    (r->run->id &&
		store_list(&r->store, STORE_HOLD, r->arena, &list, why) != 0))
		return -1;
	v = sorted(r, &list);
	for (size_t i = 0; i < list.n; i++) {
		if ((r->run->messages && r->tried >= r->run->messages) ||
		    deadline_passed(r->deadline))
			break;
		if (is_wanted(r, v[i].item))
			take(r, v[i].item);
	}
	line_end(&r->line);
	return 0;
}

int queue_run(const struct queue_run *run, struct arena *a)
{
	struct runner r = {
		.run = run,
		.arena = a,
		.deadline = deadline_in(run->seconds),
	};
	const char *path = queue_find(run->inv, a);
	struct fail why;

	if (!path || !store_exists(path))
		return 0;
	if (store_open(&r.store, path, &why) != 0 || run_store(&r, &why) != 0) {
		log_error("%s", why.text);
		r.code = fail_exit_code(why.kind);
	}
	store_close(&r.store);
	return r.code;
}
