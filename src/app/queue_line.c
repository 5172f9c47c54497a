#include "queue_line.h"
#include "patience.h"
#include "submit.h"
#include <poll.h>

enum {
	/* Relays drop connections that carry too much for them. */
	SESSION_MESSAGES = 100,
	/* Nor do they wait for long: hang up before a pause as this, in ms. */
	SESSION_PAUSE = 5000,
};

void queue_line_hang_up(struct queue_line *l)
{
	l->session = smtp_close(l->session);
	l->carried = 0;
}

void queue_line_end(struct queue_line *l)
{
	if (!l->account)
		return;
	queue_line_hang_up(l);
	secret_free(l->secret.password);
	send_end(&l->send);
	arena_free(&l->arena);
	*l = (struct queue_line){ .account = NULL };
}

/* It is no fault of the messages, whatever it is. */
static void note_choice(struct queue_line *l, int result)
{
	if (result == 0)
		l->unusable.kind = FAIL_NONE;
	else if (fail_exit_code(l->unusable.kind) != fail_exit_code(FAIL_LATER))
		l->unusable.kind = FAIL_CONFIG;
}

static void take_account(
    struct queue_line *l, const struct invocation *inv, const char *account)
{
	*l = (struct queue_line){ .inv = *inv };
	l->account = arena_copy(&l->arena, slice_of(account));
	l->inv.account = l->account;
	send_begin(&l->send, &l->inv, &l->arena);
}

/* What the run before has sent counts, too. */
static void begin_pace(struct queue_line *l)
{
	double rate = (double)l->send.files.settings.max_rate;
	int64_t quiet = rate > 0 ? store_quiet(l->store) : -1;

	schedule_pace_init(&l->pace, rate, io_now());
	if (quiet >= 0)
		schedule_pace_since(&l->pace, quiet);
}

void queue_line_begin(struct queue_line *l, const struct invocation *inv,
    const char *account, struct store *store)
{
	if (l->account && strcmp(l->account, account) == 0)
		return;
	queue_line_end(l);
	take_account(l, inv, account);
	l->has_secret = send_choose(&l->send, NULL, &l->unusable) == 0;
	note_choice(l, l->has_secret ? 0 : -1);
	send_warn(&l->send);
	l->store = store;
	begin_pace(l);
}

void queue_line_join(struct queue_line *l, const struct invocation *inv,
    const char *account, struct queue_secret secret)
{
	take_account(l, inv, account);
	l->secret = secret;
	note_choice(l, send_choose_account(&l->send, NULL, &l->unusable));
	schedule_pace_init(&l->pace, 0, io_now());
}

int64_t queue_line_take(struct queue_line *l, size_t n)
{
	if (l->pace.rate > 0)
		store_note_sending(l->store);
	return schedule_pace_take(&l->pace, n, io_now());
}

bool queue_line_pace(struct queue_line *l, size_t n, struct deadline d)
{
	int64_t wait = queue_line_take(l, n);
	int left = deadline_left(d);

	if (wait > SESSION_PAUSE)
		queue_line_hang_up(l);
	if (left >= 0 && wait > left)
		return false;
	while (wait > 0) {
		int step = wait > 60000 ? 60000 : (int)wait;

		(void)poll(NULL, 0, step);
		wait -= step;
	}
	return true;
}

/* Each connection asks for the secret anew: none is kept. */
static int ask(
    struct queue_line *l, struct secret **ret_password, struct fail *why)
{
	struct settings *settings = &l->send.files.settings;
	int result = 0;

	if (!l->has_secret)
		result = cred_start(
		    &l->send.cred, settings, files_netrc(&l->arena), why);
	l->has_secret = false;
	if (result == 0)
		result =
		    cred_collect(&l->send.cred, settings, ret_password, why);
	cred_end(&l->send.cred);
	return result;
}

void queue_line_collect(struct queue_line *l)
{
	struct queue_secret *s = &l->secret;

	if (s->is_there)
		return;
	s->password = NULL;
	s->is_failed = ask(l, &s->password, &s->why) != 0;
	s->is_there = true;
}

/* False with what happened in *ret. */
static bool dial_up(struct queue_line *l, struct outcome *ret)
{
	struct queue_secret *s = &l->secret;

	queue_line_collect(l);
	s->is_there = false;
	if (s->is_failed)
		*ret = outcome_unspoken(OUTCOME_NOT_SENT, &s->why);
	else
		l->session =
		    submit_open(&l->send.plan, s->password, &l->arena, ret);
	s->password = NULL;
	return l->session != NULL;
}

static void note_end(struct queue_line *l, bool open)
{
	if (!open || ++l->carried >= SESSION_MESSAGES)
		queue_line_hang_up(l);
}

/* False when there was no connection to be had. */
static bool try_once(
    struct queue_line *l, struct send *s, struct arena *a, struct outcome *ret)
{
	struct outcome opened;

	if (!l->session && !dial_up(l, &opened)) {
		submit_not(&s->plan, &opened, a, ret);
		return false;
	}
	note_end(l, submit_over(&s->plan, l->session, s->msg, false, ret));
	return true;
}

static bool has_reached_somebody(const struct outcome *o)
{
	for (size_t i = 0; i < o->n_rcpt; i++)
		if (o->rcpt[i].class == OUTCOME_ACCEPTED ||
		    o->rcpt[i].class == OUTCOME_SUPPRESSED ||
		    o->rcpt[i].class == OUTCOME_UNKNOWN)
			return true;
	return false;
}

/* A connection that others had used and that ended, for sure unsent. */
static bool is_worn_out(const struct queue_line *l, const struct outcome *o)
{
	return !l->session && !has_reached_somebody(o) &&
	       (o->reply.code == 421 ||
		   (o->class == OUTCOME_NOT_SENT && o->why.kind == FAIL_LOST));
}

/* False when the relay stays too busy for our patience. */
static bool be_patient(
    struct queue_line *l, struct send *s, struct arena *a, struct outcome *ret)
{
	const struct plan *p = &s->plan;
	struct patience patience = { .step = 0 };
	struct outcome unused;

	while (patience_is_wanted(p, ret)) {
		if (p->after_dot)
			p->after_dot(p->before_dot_ctx, p->place, ret);
		if (patience.step > SESSION_PAUSE)
			queue_line_hang_up(l);
		if (!patience_wait(&patience, l->send.files.settings.retry_for))
			return false;
		if (l->session || dial_up(l, &unused))
			note_end(
			    l, patience_resend(p, l->session, s->msg, a, ret));
	}
	return true;
}

static bool is_word(const char *word, const char *other)
{
	return word && strcmp(word, other) == 0;
}

/* Credentials that are refused, a quota that is used up, a paused account. */
static bool is_enough(const struct outcome *o)
{
	return o->why.kind == FAIL_AUTH || o->why.kind == FAIL_SECRET ||
	       (o->why.kind == FAIL_CONFIG && o->reply.code == 0) ||
	       is_word(o->retry, "later") || is_word(o->retry, "hold");
}

enum queue_line_state queue_line_open(struct queue_line *l)
{
	struct outcome opened = { .class = OUTCOME_NOT_SENT };

	if (l->unusable.kind != FAIL_NONE)
		return QUEUE_LINE_ENOUGH;
	if (l->session || dial_up(l, &opened))
		return QUEUE_LINE_GOOD;
	return is_enough(&opened) ? QUEUE_LINE_ENOUGH : QUEUE_LINE_BAD;
}

/* Was the file told that the message may arrive? */
static bool is_in_the_file(const struct outcome *o)
{
	return strcmp(o->reply.stage, "data-end") == 0;
}

enum queue_line_state queue_line_send(
    struct queue_line *l, struct send *s, struct arena *a, struct outcome *ret)
{
	bool was_used = l->carried > 0, connected, calm;

	if (l->unusable.kind != FAIL_NONE) {
		const struct outcome like =
		    outcome_unspoken(OUTCOME_NOT_SENT, &l->unusable);

		submit_not(&s->plan, &like, a, ret);
		return QUEUE_LINE_ENOUGH;
	}
	if (l->may_not_dial && !l->session)
		return QUEUE_LINE_AGAIN;
	connected = try_once(l, s, a, ret);
	if (connected && was_used && is_worn_out(l, ret)) {
		if (!l->may_not_dial)
			connected = try_once(l, s, a, ret);
		else if (!is_in_the_file(ret))
			return QUEUE_LINE_AGAIN;
	}
	calm = be_patient(l, s, a, ret);
	if (!calm || is_enough(ret))
		return QUEUE_LINE_ENOUGH;
	/* Who shows a sender that is refused again and again is shut out. */
	return connected && !is_word(ret->retry, "once") &&
		       (l->session || has_reached_somebody(ret))
		   ? QUEUE_LINE_GOOD
		   : QUEUE_LINE_BAD;
}
