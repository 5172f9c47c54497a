#include "deliver.h"
#include "failover.h"
#include "log.h"
#include "patience.h"
#include "queue.h"
#include "queue_wake.h"
#include "submit.h"
#include "suppression.h"

/*
 * Nothing kept the secret after AUTH: another connection asks its source
 * again.
 */
static int secret_again(
    struct send *s, struct secret **ret_password, struct fail *why)
{
	struct invocation inv = *s->inv;
	struct cred cred = { .ready = NULL };
	struct files files;
	int result;

	inv.account = s->files.account;
	files_init(&files, s->arena);
	result = files_load(&files, &inv, NULL, why);
	if (result == 0)
		result = cred_start(
		    &cred, &files.settings, files_netrc(s->arena), why);
	if (result == 0)
		result =
		    cred_collect(&cred, &files.settings, ret_password, why);
	cred_end(&cred);
	files_free(&files);
	return result;
}

/* False when there is no secret any more. */
static bool try_again(struct send *s, struct outcome *ret)
{
	struct secret *password;
	struct outcome unused;
	struct smtp *session;
	struct fail why;

	if (secret_again(s, &password, &why) != 0)
		return false;
	session = submit_open(&s->plan, password, s->arena, &unused);
	if (session)
		(void)patience_resend(&s->plan, session, s->msg, s->arena, ret);
	smtp_close(session);
	return true;
}

static void be_patient(struct send *s, struct outcome *ret)
{
	struct patience patience = { .step = 0 };
	const struct plan *p = &s->plan;

	while (patience_is_wanted(p, ret)) {
		if (p->after_dot)
			p->after_dot(p->before_dot_ctx, p->place, ret);
		if (!patience_wait(&patience, s->files.settings.retry_for) ||
		    !try_again(s, ret))
			break;
	}
}

/* The network, once the secret is there. */
static int send_now(struct send *s, struct outcome *ret, struct fail *why)
{
	if (cred_collect(&s->cred, &s->files.settings, &s->password, why) != 0)
		return -1;
	/* The files' text holds secrets nobody needs any more. */
	files_free(&s->files);
	submit(&s->plan, s->msg, s->password, s->arena, ret);
	be_patient(s, ret);
	return 0;
}

/* Also without the secret the message has a fate. */
static void send_or_not(struct send *s, struct outcome *ret)
{
	struct outcome like;
	struct fail why;

	if (send_now(s, ret, &why) == 0)
		return;
	like = outcome_unspoken(OUTCOME_NOT_SENT, &why);
	submit_not(&s->plan, &like, s->arena, ret);
}

/* What waits in the spool is safe, so trouble with it is no failure. */
static void warn(const char *id, const struct fail *why)
{
	log_warning("queued message %s: %s", id, why->text);
}

/* Whoever the account could not send to is another one's, or waits. */
static void end_in_spool(struct send *s, struct queued *q, struct outcome *ret)
{
	struct fail trouble;

	failover(s, q, ret, &failover_by_itself);
	if (queue_settle(q, &s->files.settings, ret, true, &trouble) != 0)
		warn(q->file.info.id, &trouble);
	queue_end(q);
}

static int through_spool(struct send *s, struct outcome *ret, struct fail *why)
{
	struct queued q;

	if (queue_add(&q, s, NULL, why) != 0)
		return -1;
	s->plan.before_dot = queue_before_dot;
	s->plan.after_dot = queue_after_dot;
	s->plan.before_dot_ctx = &q;
	send_or_not(s, ret);
	end_in_spool(s, &q, ret);
	return 0;
}

static bool is_worth_keeping(const struct outcome *o)
{
	for (size_t i = 0; i < o->n_rcpt; i++)
		if (queue_would_wait(&o->rcpt[i]))
			return true;
	return false;
}

static int into_spool(struct send *s, struct outcome *ret)
{
	struct queued q;
	struct fail trouble;

	send_or_not(s, ret);
	if (!is_worth_keeping(ret))
		return 0;
	/* As this account sends it: others write a header of their own. */
	if (queue_add(&q, s, ret, &trouble) == 0) {
		/* This try is counted when all of it is over. */
		q.file.progress.attempts = 0;
		end_in_spool(s, &q, ret);
		return 0;
	}
	failover(s, NULL, ret, &failover_by_itself);
	if (is_worth_keeping(ret))
		log_warning("nothing is kept for later: %s", trouble.text);
	return 0;
}

/* By the spool's setting. */
static int deliver_kept(struct send *s, struct outcome *ret, struct fail *why)
{
	switch ((enum queue_when)s->files.settings.queue) {
	case QUEUE_ALWAYS:
		return through_spool(s, ret, why);
	case QUEUE_ON_FAILURE:
		return into_spool(s, ret);
	case QUEUE_OFF:
		break;
	}
	if (!s->files.settings.failover)
		return send_now(s, ret, why);
	send_or_not(s, ret);
	failover(s, NULL, ret, &failover_by_itself);
	return 0;
}

int deliver(struct send *s, struct outcome *ret, struct fail *why)
{
	const struct left_out left = suppression_apply(s);

	*ret = (struct outcome){ .reply = { .stage = "", .text = "" } };
	if (s->plan.n_rcpt > 0) {
		if (deliver_kept(s, ret, why) != 0)
			return -1;
		suppression_learn(s, ret);
		/* The relay takes mail: whatever waits for it may go now. */
		if (ret->class == OUTCOME_ACCEPTED)
			queue_wake(s);
	}
	suppression_put_back(&left, s->arena, ret);
	return 0;
}
