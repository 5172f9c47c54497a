#include "failover.h"
#include "log.h"
#include "submit.h"
#include "suppression.h"

/* The recipients of an outcome that another account may have. */
struct moving {
	char **address;
	size_t *place; /* in the outcome, */
	size_t *file;  /* and in the queue file */
	size_t n;
};

/* May an earlier try, of which the file tells, have reached that one? */
static bool was_in_doubt(const struct queued *q, size_t i)
{
	return q && q->before &&
	       q->before[q->rcpt ? q->rcpt[i] : i] == QUEUE_UNKNOWN;
}

/* What would be tried again, but for what may have arrived already. */
static bool may_move(const struct outcome *o, size_t i, const struct queued *q)
{
	return queue_would_wait(&o->rcpt[i]) &&
	       o->rcpt[i].class != OUTCOME_UNKNOWN && !was_in_doubt(q, i);
}

static struct moving who_moves(
    const struct outcome *o, const struct queued *q, struct arena *a)
{
	struct moving m = {
		.address = arena_alloc(a, o->n_rcpt * sizeof(*m.address)),
		.place = arena_alloc(a, o->n_rcpt * sizeof(*m.place)),
		.file = arena_alloc(a, o->n_rcpt * sizeof(*m.file)),
	};

	for (size_t i = 0; i < o->n_rcpt; i++) {
		if (!may_move(o, i, q))
			continue;
		m.address[m.n] = arena_copy(a, slice_of(o->rcpt[i].address));
		m.file[m.n] = q && q->rcpt ? q->rcpt[i] : i;
		m.place[m.n++] = i;
	}
	return m;
}

/* The message as a call through that account; lives as long as the arena. */
static struct send *make_call(
    const struct send *s, const char *account, const struct moving *m)
{
	struct send *other = arena_alloc(s->arena, sizeof(*other));
	struct invocation *call = arena_alloc(s->arena, sizeof(*call));

	*call = *s->inv;
	call->account = account;
	call->operands = m->address;
	call->n_operands = m->n;
	call->no_aliases = true;
	call->read_recipients = false;
	send_begin(other, call, s->arena);
	return other;
}

static int choose_by_itself(
    void *ctx, struct send *other, const char *sender, struct fail *why)
{
	(void)ctx;
	return send_choose(other, sender, why);
}

static int send_by_itself(
    void *ctx, struct send *other, struct outcome *ret, struct fail *why)
{
	(void)ctx;
	if (cred_collect(&other->cred, &other->files.settings, &other->password,
		why) != 0)
		return -1;
	submit(&other->plan, other->msg, other->password, other->arena, ret);
	return 0;
}

const struct failover_way failover_by_itself = {
	.choose = choose_by_itself,
	.send = send_by_itself,
};

/* What all accounts that are tried have in common. */
struct passing {
	struct send *send;
	struct queued *q; /* or NULL */
	const struct failover_way *way;
};

static int try_account(const struct passing *t, struct send *other,
    struct outcome *ret, struct fail *why)
{
	const struct failover_way *way = t->way;
	const struct send *s = t->send;
	struct queued *q = t->q;
	struct slice id = s->report.message_id;

	other->msg = s->msg;
	if (way->choose(way->ctx, other, s->plan.sender, why) != 0 ||
	    rewrite_look(s->msg, false, s->arena, &other->view, why) != 0)
		return -1;
	/* Should it arrive twice, it must be known for the same message. */
	other->plan.message_id = id.n ? arena_copy(s->arena, id) : NULL;
	if (send_prepare(other, why) != 0)
		return -1;
	if (other->plan.n_rcpt != other->inv->n_operands)
		return fail(why, FAIL_BUG, "the recipients of a failover");
	other->plan.dsn = s->plan.dsn;
	if (q) {
		other->plan.before_dot = queue_before_dot;
		other->plan.after_dot = queue_after_dot;
		other->plan.before_dot_ctx = q;
	}
	return way->send(way->ctx, other, ret, why);
}

/* Puts the part into the whole. Returns whether anybody was taken, for all that
   is known. */
static bool put_back(struct outcome *o, const struct outcome *part,
    const struct moving *m, struct arena *a)
{
	bool is_taken = false;

	for (size_t i = 0; i < m->n && i < part->n_rcpt; i++) {
		outcome_put(o, m->place[i], &part->rcpt[i]);
		o->rcpt[m->place[i]].is_of_other = true;
		is_taken |= part->rcpt[i].class == OUTCOME_ACCEPTED ||
			    part->rcpt[i].class == OUTCOME_UNKNOWN;
	}
	outcome_sum(o, part, a);
	return is_taken;
}

static void take_over(
    const struct passing *t, const char *account, struct outcome *o)
{
	struct send *s = t->send;
	struct queued *q = t->q;
	const struct moving m = who_moves(o, q, s->arena);
	struct send *other = make_call(s, account, &m);
	const size_t *places = q ? q->rcpt : NULL;
	const char *by = q ? q->by : NULL;
	struct outcome part = { .n_rcpt = 0 };
	struct fail why;

	if (q) {
		q->rcpt = m.file;
		q->by = account;
	}
	if (try_account(t, other, &part, &why) != 0) {
		if (why.kind != FAIL_NONE)
			log_warning(
			    "failover: account %s: %s", account, why.text);
	} else {
		suppression_learn(other, &part);
		if (put_back(o, &part, &m, s->arena))
			s->report = other->report;
	}
	if (q) {
		q->rcpt = places;
		q->by = by;
	}
	send_end(other);
}

const char *failover_account(
    const struct settings *s, int place, struct arena *a)
{
	struct slice rest = slice_of(s->failover), name;

	for (int n = 0;
	     n < FAILOVER_MAX && slice_take_until(&rest, ',', &name);) {
		name = slice_trim(name);
		if (name.n && n++ == place)
			return arena_copy(a, name);
	}
	return NULL;
}

void failover(struct send *s, struct queued *q, struct outcome *o,
    const struct failover_way *way)
{
	const struct passing passing = { s, q, way };
	const char *account;

	for (int i = 0; i < FAILOVER_MAX; i++) {
		bool moves = false;

		for (size_t k = 0; k < o->n_rcpt; k++)
			moves |= may_move(o, k, q);
		account =
		    moves ? failover_account(&s->files.settings, i, s->arena)
			  : NULL;
		if (!account)
			return;
		take_over(&passing, account, o);
	}
}
