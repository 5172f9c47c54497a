#include "queue_over.h"
#include "queue_try.h"

bool queue_over_is_possible(const struct queue_runner *r)
{
	const struct files *files = &r->line.send.files;
	const char *name;

	if (r->over.is_off || !files->account)
		return false;
	for (int i = 0;
	     (name = failover_account(&files->settings, i, r->arena)) != NULL;
	     i++)
		if (schedule_may_try(&r->breaker, name))
			return true;
	return false;
}

/* The one that has this account, else one that nobody has: `failover` names no
   more than there are. */
static struct queue_line *line_of(struct queue_over *o, const char *account)
{
	struct queue_line *free = NULL;

	for (size_t i = 0; i < FAILOVER_MAX; i++) {
		struct queue_line *l = &o->line[i];

		if (l->account && strcmp(l->account, account) == 0)
			return l;
		if (!l->account && !free)
			free = l;
	}
	return free ? free : &o->line[0];
}

static int choose(
    void *ctx, struct send *other, const char *sender, struct fail *why)
{
	struct queue_runner *r = ctx;
	const char *account = other->inv->account;
	struct queue_line *l = line_of(&r->over, account);

	(void)sender; /* the account has a name */
	if (!schedule_may_try(&r->breaker, account))
		return fail_as(why, FAIL_NONE);
	queue_line_begin(l, r->run->inv, account, &r->store);
	if (l->unusable.kind == FAIL_NONE)
		return send_share(other, &l->send, why);
	schedule_note_failure(&r->breaker, r->arena, account, true);
	*why = l->unusable;
	return -1;
}

static int send_over(
    void *ctx, struct send *other, struct outcome *ret, struct fail *why)
{
	struct queue_runner *r = ctx;
	struct queue_line *l = line_of(&r->over, other->inv->account);

	if (!queue_line_pace(l, other->plan.n_rcpt, r->deadline))
		return fail_as(why, FAIL_NONE);
	queue_try_note(
	    r, l->account, queue_line_send(l, other, other->arena, ret));
	return 0;
}

bool queue_over_try(
    struct queue_runner *r, struct send *s, struct queued *q, struct outcome *o)
{
	const struct failover_way way = { choose, send_over, r };
	bool has_moved = false;

	if (r->over.is_off)
		return false;
	failover(s, q, o, &way);
	for (size_t i = 0; i < o->n_rcpt; i++)
		has_moved |= o->rcpt[i].is_of_other;
	return has_moved;
}

void queue_over_end(struct queue_runner *r)
{
	for (size_t i = 0; i < FAILOVER_MAX; i++)
		queue_line_end(&r->over.line[i]);
}
