#include "submit.h"
#include "verdict.h"

/* Puts the outcome of one transaction into the whole. */
static void put_part(struct outcome *whole, const struct outcome *part,
    size_t first, struct arena *a)
{
	for (size_t i = 0; i < part->n_rcpt; i++)
		outcome_put(whole, first + i, &part->rcpt[i]);
	outcome_sum(whole, part, a);
}

/* Recipients whose turn did not come because the session ended. */
static void not_reached(const struct plan *p, size_t first, struct outcome *ret)
{
	struct outcome part = {
		.class = OUTCOME_NOT_SENT,
		.n_rcpt = p->n_rcpt - first,
		.reply = { .stage = "mail", .text = "" },
		.size = ret->size,
	};

	fail(&part.why, FAIL_LOST,
	    "%s: the session ended before these recipients' turn",
	    p->smtp.host);
	outcome_share(&part, ret->rcpt + first, part.n_rcpt);
	outcome_sum(ret, &part, p->arena);
}

/* Of one transaction, whose recipients begin at `first` of the plan's. */
struct part {
	const struct plan *plan;
	size_t first;
};

static int before_dot(void *ctx, const struct outcome *so_far, struct fail *why)
{
	const struct part *part = ctx;
	const struct plan *p = part->plan;

	return p->before_dot(
	    p->before_dot_ctx, p->place + part->first, so_far, why);
}

/* Returns whether the session can carry more. */
static bool run_transactions(const struct plan *p, struct smtp *session,
    struct msg *m, bool last, struct outcome *ret)
{
	size_t step = p->max_rcpt ? p->max_rcpt : p->n_rcpt;
	bool open = true;
	size_t first;

	for (first = 0; first < p->n_rcpt && open; first += step) {
		size_t left = p->n_rcpt - first;
		struct outcome result = { .class = OUTCOME_NOT_SENT };
		struct part part = { p, first };
		struct smtp_envelope envelope = {
			.sender = p->sender,
			.rcpt = p->rcpt + first,
			.n_rcpt = left < step ? left : step,
			.dsn = p->dsn,
			.before_dot = p->before_dot ? before_dot : NULL,
			.ctx = &part,
		};

		open = smtp_send(
		    session, &envelope, m, last && left <= step, &result);
		put_part(ret, &result, first, p->arena);
		if (p->after_dot && left > step)
			p->after_dot(
			    p->before_dot_ctx, p->place + first, &result);
	}
	if (first < p->n_rcpt)
		not_reached(p, first, ret);
	return open;
}

bool submit_is_general(const struct reply_rule *rule)
{
	return slice_eq(slice_of(rule->pattern), SLICE(".*"));
}

/*
 * The kind of failure that a rule's exit code means. A rule that matches any
 * text only gives advice: the code and the stage say more than it does.
 */
static enum fail_kind kind_of_rule(const struct reply_rule *rule,
    const struct outcome_reply *reply, enum fail_kind kind)
{
	static const enum fail_kind kinds[] = { FAIL_MESSAGE, FAIL_RCPT,
		FAIL_REFUSED, FAIL_BUG, FAIL_PROTOCOL, FAIL_SENDER,
		FAIL_CONFIG };

	if (reply->code == 0)
		return kind == FAIL_NOHOST ? FAIL_CONFIG : kind;
	if (submit_is_general(rule) || reply->code / 100 != 5)
		return kind;
	if (rule->class == RULE_AUTH && kind == FAIL_AUTH)
		return kind;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (fail_exit_code(kinds[i]) == rule->exit_code)
			return kinds[i];
	return kind;
}

/*
 * Without a reply, only a failure to get through has one, and that of a host
 * the user named is the user's.
 */
const struct reply_rule *submit_rule(const struct plan *p,
    const struct fail *why, const struct outcome_reply *reply)
{
	const char *stage = reply->stage;

	if (reply->code == 0 && why->kind == FAIL_NONE)
		return NULL;
	if (why->kind == FAIL_NOHOST) {
		if (!p->is_provider_host)
			return NULL;
		stage = "resolve";
	}
	return provider_rule(p->provider, stage, reply->code,
	    reply->code ? reply->text : why->text);
}

/* What the provider's rules know about a refusal. */
static void refine(const struct plan *p, enum outcome_class class,
    struct fail *why, const struct outcome_reply *reply, const char **ret_retry)
{
	const struct reply_rule *rule = NULL;

	if (class != OUTCOME_UNKNOWN && class != OUTCOME_ACCEPTED)
		rule = submit_rule(p, why, reply);
	if (!rule)
		return;
	why->kind = kind_of_rule(rule, reply, why->kind);
	why->advice = rule->advice;
	*ret_retry = rule->retry;
}

/*
 * A 2yz that says that a recipient will get nothing. One that answers the
 * message speaks of the recipient it names, and of all when it names none.
 */
static void note_suppression(
    const struct plan *p, struct outcome_rcpt *r, bool is_named)
{
	const struct reply_rule *rule = submit_rule(p, &r->why, &r->reply);
	bool for_all = !is_named || strcmp(r->reply.stage, "rcpt") == 0;

	if (!rule || rule->class != RULE_SUPPRESSED ||
	    r->reply.code / 100 != 2 ||
	    (!for_all && !strstr(r->reply.text, r->address)))
		return;
	r->class = OUTCOME_SUPPRESSED;
	fail(&r->why, FAIL_RCPT, "%s", r->reply.text);
	r->why.advice = rule->advice;
}

/* Does the reply that these recipients share name one of them? */
static bool names_one(const struct outcome *o, const char *text)
{
	for (size_t i = 0; i < o->n_rcpt; i++)
		if (strstr(text, o->rcpt[i].address))
			return true;
	return false;
}

static void refine_all(const struct plan *p, struct outcome *o)
{
	bool all_suppressed = o->n_rcpt > 0;

	refine(p, o->class, &o->why, &o->reply, &o->retry);
	for (size_t i = 0; i < o->n_rcpt; i++) {
		struct outcome_rcpt *r = &o->rcpt[i];

		refine(p, r->class, &r->why, &r->reply, &r->retry);
		if (r->class == OUTCOME_ACCEPTED && r->reply.code != 250)
			note_suppression(p, r, names_one(o, r->reply.text));
		all_suppressed &= r->class == OUTCOME_SUPPRESSED;
	}
	if (o->class == OUTCOME_ACCEPTED && all_suppressed) {
		o->class = OUTCOME_SUPPRESSED;
		o->why = o->rcpt[0].why;
	}
}

/* Before the greeting. */
static const struct outcome_reply nowhere = { .stage = "connect", .text = "" };

static void prepare(const struct plan *p, struct arena *a, struct outcome *ret)
{
	*ret = (struct outcome){
		.class = OUTCOME_NOT_SENT,
		.reply = nowhere,
		.rcpt = arena_alloc(a, p->n_rcpt * sizeof(*ret->rcpt)),
		.n_rcpt = p->n_rcpt,
	};
	for (size_t i = 0; i < p->n_rcpt; i++)
		ret->rcpt[i].address = p->rcpt[i];
}

void submit_not(const struct plan *p, const struct outcome *like,
    struct arena *a, struct outcome *ret)
{
	prepare(p, a, ret);
	ret->class = like->class;
	ret->why = like->why;
	ret->reply = like->reply;
	ret->retry = like->retry;
	outcome_share(like, ret->rcpt, p->n_rcpt);
}

struct smtp *submit_open(const struct plan *p, struct secret *password,
    struct arena *a, struct outcome *ret)
{
	struct smtp *session = NULL;
	struct outcome opened = { .class = OUTCOME_NOT_SENT };
	int fd;

	opened.reply = nowhere;
	fd = dial(&p->dial, &opened.why);
	if (fd < 0)
		secret_free(password);
	else
		session = smtp_open(fd, &p->smtp, password, a, &opened);
	if (session)
		return session;
	refine(p, opened.class, &opened.why, &opened.reply, &opened.retry);
	submit_not(p, &opened, a, ret);
	return NULL;
}

bool submit_over(const struct plan *p, struct smtp *session, struct msg *m,
    bool last, struct outcome *ret)
{
	bool open;

	prepare(p, p->arena, ret);
	open = run_transactions(p, session, m, last, ret);
	refine_all(p, ret);
	return open;
}

void submit(const struct plan *p, struct msg *m, struct secret *password,
    struct arena *a, struct outcome *ret)
{
	struct smtp *session = submit_open(p, password, a, ret);

	if (session)
		(void)submit_over(p, session, m, true, ret);
	smtp_close(session);
}
