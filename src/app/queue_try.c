#include "queue_try.h"
#include "log.h"
#include "queue_report.h"
#include "submit.h"
#include "suppression.h"
#include <string.h>
#include <time.h>

/* One message, while it is tried. */
struct attempt {
	struct arena arena;
	struct queued queued;
	struct invocation call;
	struct send send;
	struct msg msg;
	struct left_out left; /* of the plan */
};

/* The recipients that wait, as an invocation like any other. */
static void make_call(struct attempt *t, const struct queue_runner *r)
{
	struct queue_file *f = &t->queued.file;
	size_t n = 0, *places;
	char **operands;

	operands = arena_alloc(&t->arena, f->info.n_rcpt * sizeof(*operands));
	places = arena_alloc(&t->arena, f->info.n_rcpt * sizeof(*places));
	for (size_t i = 0; i < f->info.n_rcpt; i++) {
		if (!queue_is_waiting(f->progress.letters[i]))
			continue;
		operands[n] = arena_copy(&t->arena, slice_of(f->info.rcpt[i]));
		places[n++] = i;
	}
	t->queued.rcpt = places;
	t->queued.before = arena_copy(&t->arena, slice_of(f->progress.letters));
	t->call = *r->run->inv;
	t->call.account = r->line.account;
	t->call.sender = f->info.sender;
	t->call.full_name = NULL;
	t->call.envid = f->info.envid;
	t->call.operands = operands;
	t->call.n_operands = n;
	t->call.no_aliases = true;
	t->call.read_recipients = false;
	t->call.read_sender = false;
}

static struct dsn dsn_of(const struct queue_info *info)
{
	return (struct dsn){
		.notify = info->notify, .ret = info->ret, .envid = info->envid
	};
}

/* Who has been suppressed since is not offered, and comes last from here on. */
static void leave_out(struct attempt *t)
{
	struct plan *p = &t->send.plan;
	size_t n = p->n_rcpt, kept = 0, out;
	size_t *places = arena_alloc(&t->arena, n * sizeof(*places));
	const char **all = arena_alloc(&t->arena, n * sizeof(*all));

	memcpy(all, p->rcpt, n * sizeof(*all));
	t->left = suppression_apply(&t->send);
	out = p->n_rcpt;
	for (size_t i = 0; i < n; i++) {
		bool is_kept = kept < p->n_rcpt && p->rcpt[kept] == all[i];

		places[is_kept ? kept++ : out++] = t->queued.rcpt[i];
	}
	t->queued.rcpt = places;
}

/* Up to the network. The file's recipients stay as many as they were. */
static int prepare(struct attempt *t, struct queue_runner *r, struct fail *why)
{
	struct send *s = &t->send;

	s->msg = &t->msg;
	if (send_share(s, &r->line.send, why) != 0 ||
	    rewrite_look(&t->msg, false, &t->arena, &s->view, why) != 0 ||
	    send_prepare(s, why) != 0)
		return -1;
	if (s->plan.n_rcpt != t->call.n_operands)
		return fail(why, FAIL_BUG, "the recipients in the queue file");
	s->plan.dsn = dsn_of(&t->queued.file.info);
	s->plan.before_dot = queue_before_dot;
	s->plan.after_dot = queue_after_dot;
	s->plan.before_dot_ctx = &t->queued;
	leave_out(t);
	return 0;
}

/* A message that no plan is made for still has an envelope to speak of. */
static void plan_without(struct attempt *t, struct queue_runner *r)
{
	struct send *s = &t->send;
	struct plan *p = &s->plan;

	s->msg = &t->msg;
	s->files.settings = r->line.send.files.settings;
	s->files.account = r->line.account;
	s->report = (struct report){
		.account = r->line.account,
		.settings = &s->files.settings,
		.plan = p,
		.message_id = slice_of(t->queued.file.info.message_id),
	};
	p->sender = t->queued.file.info.sender;
	p->dsn = dsn_of(&t->queued.file.info);
	p->rcpt = arena_alloc(&t->arena, t->call.n_operands * sizeof(*p->rcpt));
	p->n_rcpt = t->call.n_operands;
	for (size_t i = 0; i < p->n_rcpt; i++)
		p->rcpt[i] = t->call.operands[i];
}

/* The same for other accounts: whom its own has suppressed is not theirs. */
static void plan_to_move(struct attempt *t, struct queue_runner *r)
{
	plan_without(t, r);
	if (queue_over_is_possible(r))
		leave_out(t);
}

static void not_sent(struct attempt *t, enum outcome_class class,
    const struct fail *why, struct outcome *ret)
{
	const struct outcome like = outcome_unspoken(class, why);

	submit_not(&t->send.plan, &like, &t->arena, ret);
}

void queue_try_note(
    struct queue_runner *r, const char *account, enum queue_line_state state)
{
	if (state == QUEUE_LINE_GOOD)
		schedule_note_success(&r->breaker, account);
	else if (state == QUEUE_LINE_BAD || state == QUEUE_LINE_ENOUGH)
		schedule_note_failure(
		    &r->breaker, r->arena, account, state == QUEUE_LINE_ENOUGH);
}

static void note_state(struct queue_runner *r, enum queue_line_state state)
{
	r->state = state;
	queue_try_note(r, r->line.account, state);
}

static void warn(const struct attempt *t, const struct fail *why)
{
	report_warning(&t->send.report, t->queued.file.info.id, why->text);
}

/* What is known now goes to the log, the file, and whoever must know. */
static void conclude(
    struct attempt *t, struct queue_runner *r, struct outcome *o)
{
	struct queued *q = &t->queued;
	struct fail why;
	int code;

	if (queue_settle(q, &t->send.files.settings, o, false, &why) != 0) {
		q->is_stale = true;
		warn(t, &why);
	}
	suppression_learn(&t->send, o);
	o->queue_id = q->file.info.id;
	code = report_outcome(&t->send.report, o);
	if (code != 0)
		r->code = code;
	if (queue_conclude(q, &t->send, o, &t->arena, &why) != 0)
		warn(t, &why);
}

static void end_try(
    struct attempt *t, struct queue_runner *r, struct outcome *o)
{
	suppression_put_back(&t->left, &t->arena, o);
	r->tried++;
	conclude(t, r, o);
}

static void try_message(struct attempt *t, struct queue_runner *r)
{
	struct outcome outcome = { .reply = { .stage = "", .text = "" } };
	struct fail why;

	if (r->line.unusable.kind != FAIL_NONE) {
		plan_to_move(t, r);
		note_state(r,
		    queue_line_send(&r->line, &t->send, &t->arena, &outcome));
	} else if (prepare(t, r, &why) != 0) {
		plan_without(t, r);
		not_sent(t, OUTCOME_NOT_SENT, &why, &outcome);
	} else if (t->send.plan.n_rcpt > 0) {
		note_state(r,
		    queue_line_send(&r->line, &t->send, &t->arena, &outcome));
		if (r->state == QUEUE_LINE_AGAIN)
			return;
	}
	if (r->state != QUEUE_LINE_IDLE)
		(void)queue_over_try(r, &t->send, &t->queued, &outcome);
	end_try(t, r, &outcome);
}

/* Of those who wait for another try, none need ask the account first. */
static int move_on(struct attempt *t, struct queue_runner *r, struct fail *why)
{
	const struct queue_progress *p = &t->queued.file.progress;
	struct outcome outcome;
	struct fail alone;

	fail(&alone, FAIL_LATER, "%s",
	    p->text[0] ? p->text : "its account is left alone for now");
	plan_to_move(t, r);
	not_sent(t, OUTCOME_NOT_SENT, &alone, &outcome);
	if (!queue_over_try(r, &t->send, &t->queued, &outcome))
		return queue_note_reason(&t->queued, &r->line.unusable, why);
	end_try(t, r, &outcome);
	return 0;
}

/* Its time is over. */
static int give_up(struct attempt *t, struct queue_runner *r, struct fail *why)
{
	struct queued *q = &t->queued;
	const struct queue_progress *p = &q->file.progress;
	struct outcome outcome;
	struct fail late;

	plan_without(t, r);
	queue_heir_speak(&r->heir, &r->line, &t->send);
	fail(&late, FAIL_REFUSED, "given up after %u attempts%s: %s",
	    p->attempts,
	    strchr(p->letters, QUEUE_UNKNOWN)
		? ", one of which may have delivered it"
		: "",
	    p->text);
	not_sent(t, p->class, &late, &outcome);
	outcome.queue_id = q->file.info.id;
	r->code = report_outcome(&t->send.report, &outcome);
	return queue_expire(q, why) == 0
		   ? queue_conclude(q, &t->send, NULL, &t->arena, why)
		   : -1;
}

/* Somebody died between the final dot and its reply. */
static bool is_left_in_doubt(
    const struct attempt *t, const struct queue_runner *r)
{
	return strchr(t->queued.file.progress.letters, QUEUE_UNKNOWN) &&
	       r->line.send.files.settings.queue_unknown ==
		   QUEUE_UNKNOWN_HOLD &&
	       t->queued.place == STORE_NEW && !r->run->id;
}

static int keep_for_a_person(
    struct attempt *t, struct queue_runner *r, struct fail *why)
{
	static const struct fail held = {
		.text = "held: it may have been delivered; release or drop it",
	};

	plan_without(t, r);
	if (store_move(&r->store, STORE_NEW, STORE_HOLD, t->queued.file.info.id,
		why) != 0)
		return -1;
	warn(t, &held);
	return 0;
}

/* A death left undone what was decided: who was refused is told, or nobody. */
static int end_it(struct attempt *t, struct queue_runner *r, struct fail *why)
{
	if (strchr(t->queued.file.progress.letters, QUEUE_REFUSED) &&
	    !queue_heir_can_tell(&r->heir, &r->line, r->arena)) {
		*why = r->line.unusable;
		return -1;
	}
	plan_without(t, r);
	queue_heir_speak(&r->heir, &r->line, &t->send);
	return queue_conclude(&t->queued, &t->send, NULL, &t->arena, why);
}

static bool may_ask(const struct queue_runner *r)
{
	return !r->over.is_only &&
	       schedule_may_try(&r->breaker, r->line.account);
}

/* Is there another account for somebody who has not got it for sure? */
static bool may_move(const struct queue_file *f, const struct queue_runner *r)
{
	return strchr(f->progress.letters, QUEUE_WAITS) &&
	       queue_over_is_possible(r);
}

/*
 * A machine that was off, a clock put forward and a person who held it are no
 * failures of a try: one must have come too late, where one can be made.
 */
static bool is_expired(const struct queue_file *f, struct queue_runner *r)
{
	const bool can_be_tried =
	    (r->line.unusable.kind == FAIL_NONE && may_ask(r)) ||
	    may_move(f, r);
	int64_t now = time(NULL);

	/* A try of the future was timed by a clock that has been put back. */
	if (can_be_tried && f->progress.last_try < now)
		now = f->progress.last_try;
	return !r->run->id && !r->over.is_only &&
	       queue_heir_gives_up(
		   &r->heir, &r->line, f->info.created, now, r->arena);
}

static int decide(struct attempt *t, struct queue_runner *r, struct fail *why)
{
	struct queue_file *f = &t->queued.file;

	if (!queue_has_waiting(f))
		return end_it(t, r, why);
	if (is_left_in_doubt(t, r))
		return keep_for_a_person(t, r, why);
	if (is_expired(f, r))
		return give_up(t, r, why);
	if (!may_ask(r))
		return move_on(t, r, why);
	if (queue_line_pace(&r->line, t->call.n_operands, r->deadline))
		try_message(t, r);
	return 0;
}

/* Nothing but a try, for which its account has had enough, and no other is
   there. */
static bool is_left_alone(const struct attempt *t, struct queue_runner *r)
{
	const struct queue_file *f = &t->queued.file;

	return queue_has_waiting(f) && !may_ask(r) && !may_move(f, r) &&
	       !is_expired(f, r);
}

/* Whoever takes over does so for the account in hand, and for no other. */
static void take_in_hand(struct queue_runner *r, const char *account)
{
	if (r->line.account && strcmp(r->line.account, account) != 0)
		queue_over_end(r);
	queue_line_begin(&r->line, r->run->inv, account, &r->store);
}

/* With the lock held and the file read. */
static int work_on(struct attempt *t, struct queue_runner *r, struct fail *why)
{
	struct queue_file *f = &t->queued.file;
	bool is_due = r->run->id || r->over.is_only ||
		      schedule_is_due(f->progress.next_try, time(NULL));
	int result;

	if (queue_has_waiting(f) && !is_due)
		return 0;
	take_in_hand(r, queue_account(f));
	t->queued.by = r->line.account;
	if (is_left_alone(t, r))
		return queue_note_reason(&t->queued, &r->line.unusable, why);
	if (queuefile_load(f, &t->msg, why) != 0)
		return -1;
	make_call(t, r);
	send_begin(&t->send, &t->call, &t->arena);
	result = decide(t, r, why);
	send_end(&t->send);
	return result;
}

/* It stays where a person finds it, and out of the way of the others. */
static void put_aside(struct queue_runner *r, const struct store_item *item,
    const struct fail *why)
{
	struct fail failed;

	report_warning(&r->report, item->id, why->text);
	r->code = fail_exit_code(why->kind);
	if (why->kind == FAIL_MESSAGE && item->place != STORE_FAILED &&
	    store_put_aside(&r->store, item, &failed) != 0)
		report_warning(&r->report, item->id, failed.text);
}

void queue_try(struct queue_runner *r, const struct store_item *item)
{
	struct attempt t = { .queued = {
				 .store = r->store, .place = item->place } };
	struct fail why;
	int result;

	r->state = QUEUE_LINE_IDLE;
	msg_init(&t.msg);
	result = store_take(&r->store, item, &t.queued.file, &t.arena, &why);
	if (result == 0) {
		result = work_on(&t, r, &why);
	} else if (why.kind == FAIL_CONFIG) {
		queue_newer_note(&r->newer, item, &why);
		result = 0;
	}
	store_release(&t.queued.file);
	if (result != 0 && why.kind != FAIL_LOCKED)
		put_aside(r, item, &why);
	else if (result != 0 && r->run->id) {
		log_error("%s", why.text);
		r->code = fail_exit_code(why.kind);
	}
	msg_free(&t.msg);
	arena_free(&t.arena);
}
