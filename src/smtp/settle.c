/*
 * How the dialogue's replies and failures become an outcome.
 */
#include "session_private.h"

static const struct smtp_row *row(const struct smtp *s)
{
	return &smtp_rows[s->state < N_STATES ? s->state : STATE_QUIT];
}

static void record_reply(struct smtp *s, struct outcome_reply *ret)
{
	struct buf text;

	buf_init(&text, 2 * (size_t)REPLY_TEXT_MAX);
	reply_lines(&s->reply, "\n", &text);
	*ret = (struct outcome_reply){
		.stage = row(s)->stage,
		.code = s->reply.code,
		.text = arena_copy(s->arena, buf_slice(&text)),
	};
	memcpy(ret->enhanced, s->reply.enhanced, sizeof(ret->enhanced));
	buf_free(&text);
}

static const char *phrase(const struct smtp *s)
{
	return smtp_is_body(s) && !s->t.is_dot_tried ? "sending the message"
						     : row(s)->phrase;
}

static const char *doubt(enum outcome_class class)
{
	return class == OUTCOME_UNKNOWN
		   ? "; the message may have been delivered"
		   : "";
}

static void fail_reply(
    struct smtp *s, struct verdict v, const char *address, struct fail *why)
{
	struct buf text;

	buf_init(&text, 2 * (size_t)REPLY_TEXT_MAX);
	reply_describe(&s->reply, &text);
	fail(why, v.kind, address ? "%s: %s %s<%s>: %s%s" : "%s: %s%s%s: %s%s",
	    s->params.host, phrase(s),
	    !address          ? ""
	    : smtp_is_body(s) ? "for "
			      : "TO:",
	    address ? address : "", buf_text(&text), doubt(v.class));
	buf_free(&text);
}

void smtp_settle(
    struct smtp *s, enum outcome_class class, const struct fail *why)
{
	struct outcome *out = s->out;

	if (s->is_settled)
		return;
	s->is_settled = true;
	if (out->reply.code == 0 && s->state < N_STATES)
		out->reply.stage = row(s)->stage;
	out->class = class;
	out->why = *why;
	for (size_t i = 0; i < out->n_rcpt; i++) {
		struct outcome_rcpt *r = &out->rcpt[i];

		/* Its own reply has spoken. */
		if (r->why.kind != FAIL_NONE || r->class == OUTCOME_ACCEPTED)
			continue;
		r->class = class;
		r->why = *why;
		/* A 254 to RCPT says more than the 250 to the dot. */
		if (class != OUTCOME_ACCEPTED || r->reply.code == 0)
			r->reply = out->reply;
	}
}

bool smtp_refused(struct smtp *s)
{
	struct verdict v = verdict_of(row(s)->stage, &s->reply);
	struct fail why;
	int class = reply_class(&s->reply);

	if (!s->is_settled) {
		fail_reply(s, v, NULL, &why);
		record_reply(s, &s->out->reply);
		smtp_settle(s, v.class, &why);
	}
	return class == 4 || class == 5;
}

void smtp_lost(struct smtp *s, const struct fail *why)
{
	enum outcome_class class =
	    s->t.is_dot_tried ? OUTCOME_UNKNOWN : OUTCOME_NOT_SENT;
	struct fail whole;

	fail(&whole, s->t.is_dot_tried ? FAIL_UNSURE : why->kind,
	    "%s: %s: %s%s", s->params.host, phrase(s), why->text, doubt(class));
	smtp_settle(s, class, &whole);
}

void smtp_accepted(struct smtp *s)
{
	static const struct fail nothing = { .kind = FAIL_NONE };
	struct slice id = reply_server_id(&s->reply);

	record_reply(s, &s->out->reply);
	if (id.n > 0)
		s->out->server_id = arena_copy(s->arena, id);
	smtp_settle(s, OUTCOME_ACCEPTED, &nothing);
}

void smtp_note_rcpt(struct smtp *s, size_t i)
{
	struct outcome_rcpt *r = &s->out->rcpt[i];
	struct verdict v = verdict_of(row(s)->stage, &s->reply);

	if (v.kind == FAIL_NONE) {
		s->t.accepted++;
		if (s->reply.code != 250)
			record_reply(s, &r->reply);
		return;
	}
	r->class = v.class;
	fail_reply(s, v, r->address, &r->why);
	record_reply(s, &r->reply);
}

/* Whose refusal counts: one that may be tried again is worth another try. */
static const struct outcome_rcpt *decider(const struct outcome *out)
{
	const struct outcome_rcpt *found = NULL;

	for (size_t i = 0; i < out->n_rcpt; i++) {
		const struct outcome_rcpt *r = &out->rcpt[i];

		if (r->why.kind != FAIL_NONE &&
		    (!found || (r->class == OUTCOME_TEMP &&
				   found->class != OUTCOME_TEMP)))
			found = r;
	}
	return found;
}

void smtp_settle_rcpts(struct smtp *s)
{
	struct outcome *out = s->out;
	const struct outcome_rcpt *by;
	struct fail unsent;

	if (s->is_settled || s->t.accepted == out->n_rcpt ||
	    (s->t.accepted > 0 && s->params.partial_delivery))
		return;
	by = decider(out);
	if (!by)
		return;
	out->reply = by->reply;
	fail(&unsent, by->why.kind, "%s: not sent, because <%s> was refused",
	    s->params.host, by->address);
	smtp_settle(s, OUTCOME_NOT_SENT, &unsent);
	out->class = by->class;
	out->why = by->why;
}

/* The replies come in the order of the accepted recipients (RFC 2033 4.2). */
static struct outcome_rcpt *next_delivery(struct outcome *out)
{
	for (size_t i = 0; i < out->n_rcpt; i++)
		if (out->rcpt[i].why.kind == FAIL_NONE &&
		    out->rcpt[i].class != OUTCOME_ACCEPTED)
			return &out->rcpt[i];
	return NULL;
}

void smtp_note_delivery(struct smtp *s)
{
	struct outcome_rcpt *r = next_delivery(s->out);
	struct verdict v = verdict_of(row(s)->stage, &s->reply);
	struct slice id = reply_server_id(&s->reply);

	if (!r)
		return;
	r->class = v.class;
	if (v.kind != FAIL_NONE)
		fail_reply(s, v, r->address, &r->why);
	/* A 254 to RCPT says more than the 250 to the dot. */
	if (v.kind != FAIL_NONE || s->reply.code != 250 || !r->reply.code)
		record_reply(s, &r->reply);
	if (v.kind != FAIL_NONE)
		return;
	record_reply(s, &s->t.delivery);
	if (id.n > 0 && !s->out->server_id)
		s->out->server_id = arena_copy(s->arena, id);
}

void smtp_settle_deliveries(struct smtp *s)
{
	struct outcome *out = s->out;
	const struct outcome_rcpt *by = decider(out);

	s->is_settled = true;
	if (s->t.delivery.code || !by) {
		out->class = OUTCOME_ACCEPTED;
		out->reply = s->t.delivery;
		return;
	}
	out->class = by->class;
	out->why = by->why;
	out->reply = by->reply;
}

void smtp_add_reason(struct smtp *s, const char *label, const char *reason)
{
	struct fail *why = &s->out->why;
	struct fail whole;

	if (!reason[0] || why->kind == FAIL_NONE)
		return;
	fail(&whole, why->kind, "%s; %s%s", why->text, label, reason);
	*why = whole;
}
