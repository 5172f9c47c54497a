#include "patience.h"
#include "io.h"
#include <poll.h>
#include <sys/random.h>

enum { SECOND = 1000, QUARTER = 4 };

static bool is_busy(const struct plan *p, const struct outcome_rcpt *r)
{
	const struct reply_rule *rule;

	if (r->class != OUTCOME_TEMP || r->reply.code / 100 != 4)
		return false;
	rule = submit_rule(p, &r->why, &r->reply);
	return rule && !submit_is_general(rule) &&
	       (strcmp(rule->retry, "backoff") == 0 ||
		   strcmp(rule->retry, "yes") == 0);
}

bool patience_is_wanted(const struct plan *p, const struct outcome *o)
{
	size_t busy = 0;

	for (size_t i = 0; i < o->n_rcpt; i++)
		busy += is_busy(p, &o->rcpt[i]);
	/* One refusal stops the message for all: then it is for all, or not. */
	return busy > 0 && (p->smtp.partial_delivery || busy == o->n_rcpt);
}

/* Those who were refused together do not come back together. */
static int64_t spread(int64_t wait)
{
	uint32_t random = 0;

	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0)
		return wait;
	return wait - wait / QUARTER +
	       (int64_t)(random % (2 * (uint64_t)(wait / QUARTER) + 1));
}

bool patience_wait(struct patience *t, int64_t seconds)
{
	int left;
	int64_t wait;

	if (seconds <= 0 || t->is_over)
		return false;
	if (t->step == 0) {
		t->step = SECOND;
		t->until = deadline_in((int)seconds);
	}
	left = deadline_left(t->until);
	wait = spread(t->step);
	t->is_over = wait >= left;
	if (left == 0)
		return false;
	(void)poll(NULL, 0, t->is_over ? left : (int)wait);
	t->step *= 2;
	return true;
}

/* A plan for some of the recipients, and where they stand in the whole. */
struct some {
	const struct plan *whole;
	size_t start;
};

static int before_dot(
    void *ctx, size_t first, const struct outcome *so_far, struct fail *why)
{
	const struct some *s = ctx;

	return s->whole->before_dot(
	    s->whole->before_dot_ctx, s->start + first, so_far, why);
}

static void after_dot(void *ctx, size_t first, const struct outcome *part)
{
	const struct some *s = ctx;

	s->whole->after_dot(s->whole->before_dot_ctx, s->start + first, part);
}

/* Of several transactions: in doubt if one is, else sent if one was. */
static const struct outcome_rcpt *deciding(const struct outcome *o)
{
	static const enum outcome_class order[] = { OUTCOME_UNKNOWN,
		OUTCOME_ACCEPTED, OUTCOME_TEMP, OUTCOME_NOT_SENT,
		OUTCOME_PERM };

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		for (size_t j = 0; j < o->n_rcpt; j++)
			if (o->rcpt[j].class == order[i])
				return &o->rcpt[j];
	return &o->rcpt[0];
}

static void put_back(struct outcome *o, const struct outcome *part,
    size_t start, struct arena *a)
{
	const struct outcome_rcpt *r;

	for (size_t i = 0; i < part->n_rcpt; i++)
		o->rcpt[start + i] = part->rcpt[i];
	r = deciding(o);
	o->class = r->class;
	o->why = r->why;
	o->reply = r->reply;
	o->retry = r->retry;
	o->size = part->size;
	if (part->server_id)
		o->server_id = o->server_id ? arena_printf(a, "%s,%s",
						  o->server_id, part->server_id)
					    : part->server_id;
}

bool patience_resend(const struct plan *p, struct smtp *session, struct msg *m,
    struct arena *a, struct outcome *o)
{
	bool open = true;
	size_t end;

	for (size_t start = 0; start < o->n_rcpt && open; start = end) {
		struct plan part = *p;
		struct some some = { p, start };
		struct outcome result;

		for (end = start; end < o->n_rcpt && is_busy(p, &o->rcpt[end]);)
			end++;
		if (end == start) {
			end++;
			continue;
		}
		part.rcpt = p->rcpt + start;
		part.n_rcpt = end - start;
		part.before_dot = p->before_dot ? before_dot : NULL;
		part.after_dot = p->after_dot ? after_dot : NULL;
		part.before_dot_ctx = &some;
		open = submit_over(&part, session, m, false, &result);
		put_back(o, &result, start, a);
	}
	return open;
}
