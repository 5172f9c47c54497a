#include "submit.h"
#include "verdict.h"

/* How bad an outcome is for the message as a whole, from good to bad. */
static int severity(enum outcome_class c)
{
	static const enum outcome_class order[] = { OUTCOME_ACCEPTED,
		OUTCOME_SUPPRESSED, OUTCOME_PERM, OUTCOME_NOT_SENT,
		OUTCOME_TEMP, OUTCOME_UNKNOWN };

	for (int i = 0; i < (int)(sizeof(order) / sizeof(order[0])); i++)
		if (order[i] == c)
			return i;
	return 0;
}

/* Recipients that no transaction reached share the fate of the session. */
static void same_for_all(
    const struct outcome *of, struct outcome_rcpt *rcpt, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		rcpt[i].class = of->class;
		rcpt[i].why = of->why;
		rcpt[i].reply = of->reply;
	}
}

/* Puts the outcome of one transaction into the whole. */
static void merge(struct outcome *whole, const struct outcome *part,
    size_t first, struct arena *a)
{
	for (size_t i = 0; i < part->n_rcpt; i++)
		whole->rcpt[first + i] = part->rcpt[i];
	if (first == 0 || severity(part->class) > severity(whole->class)) {
		whole->class = part->class;
		whole->why = part->why;
		whole->reply = part->reply;
	}
	whole->size = part->size;
	if (part->server_id)
		whole->server_id = whole->server_id
				       ? arena_printf(a, "%s,%s",
					     whole->server_id, part->server_id)
				       : part->server_id;
}

static void run_transactions(const struct plan *p, struct smtp *session,
    struct msg *m, struct arena *a, struct outcome *ret)
{
	size_t step = p->max_rcpt ? p->max_rcpt : p->n_rcpt;
	bool open = true;

	for (size_t first = 0; first < p->n_rcpt; first += step) {
		size_t left = p->n_rcpt - first;
		struct outcome part = { 0 };
		struct smtp_envelope envelope = {
			.sender = p->sender,
			.rcpt = p->rcpt + first,
			.n_rcpt = left < step ? left : step,
		};

		if (!open) {
			/* What follows a session that broke was not sent. */
			part.class = OUTCOME_NOT_SENT;
			part.why = ret->why;
			part.why.kind = FAIL_LOST;
			same_for_all(&part, ret->rcpt + first, left);
			return;
		}
		open = smtp_send(session, &envelope, m, left <= step, &part);
		merge(ret, &part, first, a);
	}
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

	bool is_general = slice_eq(slice_of(rule->pattern), SLICE(".*"));

	if (reply->code == 0)
		return kind == FAIL_NOHOST ? FAIL_CONFIG : kind;
	if (is_general || reply->code / 100 != 5)
		return kind;
	if (rule->class == RULE_AUTH && kind == FAIL_AUTH)
		return kind;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (fail_exit_code(kinds[i]) == rule->exit_code)
			return kinds[i];
	return kind;
}

/* What the provider's rules know about one verdict. */
static void refine(const struct plan *p, enum outcome_class *class,
    struct fail *why, const struct outcome_reply *reply)
{
	const char *stage = reply->code                ? reply->stage
			    : why->kind == FAIL_NOHOST ? "resolve"
						       : "connect";
	const char *text = reply->code ? reply->text : why->text;
	const struct reply_rule *rule;

	if (*class == OUTCOME_UNKNOWN || (!reply->code && !why->kind))
		return;
	rule = provider_rule(p->provider, stage, reply->code, text);
	if (!rule)
		return;
	if (rule->class == RULE_SUPPRESSED && reply->code / 100 == 2) {
		*class = OUTCOME_SUPPRESSED;
		fail(why, FAIL_RCPT, "%s", text);

	} else if (*class == OUTCOME_ACCEPTED) {
		return;
	}

	why->kind = kind_of_rule(rule, reply, why->kind);
	why->advice = rule->advice;
}

static bool is_all_suppressed(const struct outcome *o)
{
	for (size_t i = 0; i < o->n_rcpt; i++)
		if (o->rcpt[i].class != OUTCOME_SUPPRESSED)
			return false;
	return o->n_rcpt > 0;
}

static void refine_all(const struct plan *p, struct outcome *ret)
{
	refine(p, &ret->class, &ret->why, &ret->reply);
	for (size_t i = 0; i < ret->n_rcpt; i++)
		refine(p, &ret->rcpt[i].class, &ret->rcpt[i].why,
		    &ret->rcpt[i].reply);
	if (ret->class == OUTCOME_ACCEPTED && is_all_suppressed(ret)) {
		ret->class = OUTCOME_SUPPRESSED;
		ret->why = ret->rcpt[0].why;
	}
}

void submit(const struct plan *p, struct msg *m, struct secret *password,
    struct arena *a, struct outcome *ret)
{
	struct smtp *session = NULL;
	struct outcome opened = { .class = OUTCOME_NOT_SENT };
	int fd;

	*ret = (struct outcome){
		.rcpt = arena_alloc(a, p->n_rcpt * sizeof(*ret->rcpt)),
		.n_rcpt = p->n_rcpt,
	};
	fd = dial(&p->dial, &opened.why);
	if (fd < 0)
		secret_free(password);
	else
		session = smtp_open(fd, &p->smtp, password, a, &opened);
	if (session) {
		run_transactions(p, session, m, a, ret);
	} else {
		ret->class = opened.class;
		ret->why = opened.why;
		ret->reply = opened.reply;
		same_for_all(&opened, ret->rcpt, p->n_rcpt);
	}
	smtp_close(session);
	for (size_t i = 0; i < p->n_rcpt; i++)
		ret->rcpt[i].address = p->rcpt[i];
	refine_all(p, ret);
}
