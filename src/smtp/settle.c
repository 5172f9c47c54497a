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
	return s->state == STATE_BODY && !s->t.is_dot_tried
		   ? "sending the message"
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
	fail(why, v.kind, address ? "%s: %s TO:<%s>: %s%s" : "%s: %s%s: %s%s",
	    s->params.host, phrase(s), address ? address : "", buf_text(&text),
	    doubt(v.class));
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

		if (r->why.kind != FAIL_NONE)
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

void smtp_settle_rcpts(struct smtp *s)
{
	struct outcome *out = s->out;
	const struct outcome_rcpt *decider = NULL;
	struct fail unsent;

	if (s->is_settled || s->t.accepted == out->n_rcpt ||
	    (s->t.accepted > 0 && s->params.partial_delivery))
		return;
	/* One recipient that may be tried again is worth another try. */
	for (size_t i = 0; i < out->n_rcpt; i++) {
		const struct outcome_rcpt *r = &out->rcpt[i];

		if (r->why.kind != FAIL_NONE &&
		    (!decider || (r->class == OUTCOME_TEMP &&
				     decider->class != OUTCOME_TEMP)))
			decider = r;
	}
	if (!decider)
		return;
	out->reply = decider->reply;
	fail(&unsent, decider->why.kind,
	    "%s: not sent, because <%s> was refused", s->params.host,
	    decider->address);
	smtp_settle(s, OUTCOME_NOT_SENT, &unsent);
	out->class = decider->class;
	out->why = decider->why;
}
