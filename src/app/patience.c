#include "patience.h"
#include "io.h"
#include "random.h"
#include <poll.h>

enum { SECOND = 1000 };

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
	/* Those who were refused together do not come back together. */
	wait = random_around(t->step, random_number());
	t->is_over = wait >= left;
	if (left == 0)
		return false;
	(void)poll(NULL, 0, t->is_over ? left : (int)wait);
	t->step *= 2;
	return true;
}

bool patience_resend(const struct plan *p, struct smtp *session, struct msg *m,
    struct arena *a, struct outcome *o)
{
	bool open = true;
	size_t end;

	for (size_t start = 0; start < o->n_rcpt && open; start = end) {
		struct plan part = *p;
		struct outcome result;

		for (end = start; end < o->n_rcpt && is_busy(p, &o->rcpt[end]);)
			end++;
		if (end == start) {
			end++;
			continue;
		}
		part.rcpt = p->rcpt + start;
		part.n_rcpt = end - start;
		part.place = p->place + start;
		open = submit_over(&part, session, m, false, &result);
		for (size_t i = 0; i < part.n_rcpt; i++)
			outcome_put(o, start + i, &result.rcpt[i]);
		outcome_sum(o, &result, a);
	}
	return open;
}
