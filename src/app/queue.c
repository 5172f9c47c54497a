#include "queue.h"
#include "log.h"
#include "random.h"
#include "schedule.h"
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* ---- what a reply means for who waits ---- */

/* Failures that another try cannot mend: they are the message's own. */
static bool is_of_message(enum fail_kind kind)
{
	static const enum fail_kind kinds[] = { FAIL_USAGE, FAIL_MESSAGE,
		FAIL_INPUT, FAIL_RCPT, FAIL_REFUSED, FAIL_BUG };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i] == kind)
			return true;
	return false;
}

/* What the provider's rules say on a retry, and what that is here. */
static const struct {
	const char *word;
	enum schedule_kind kind;
} words[] = {
	{ "yes", SCHEDULE_SOON },
	{ "backoff", SCHEDULE_BACKOFF },
	{ "later", SCHEDULE_LATER },
	{ "hold", SCHEDULE_HOLD },
	{ "once", SCHEDULE_HOLD },
};

static bool rule_says(const char *retry, enum schedule_kind *ret)
{
	for (size_t i = 0; retry && i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i].word, retry) == 0) {
			*ret = words[i].kind;
			return true;
		}
	return false;
}

static enum schedule_kind schedule_of(
    enum outcome_class class, enum fail_kind kind, const char *retry)
{
	enum schedule_kind result = SCHEDULE_BACKOFF;
	bool is_ours = fail_exit_code(kind) == fail_exit_code(FAIL_AUTH) ||
		       fail_exit_code(kind) == fail_exit_code(FAIL_CONFIG);

	if (class == OUTCOME_UNKNOWN)
		return SCHEDULE_UNSURE;
	if (rule_says(retry, &result))
		return result;
	return is_ours ? SCHEDULE_HOLD : SCHEDULE_BACKOFF;
}

/* What the relay says before any message speaks of the account, or of it. */
static bool is_of_session(const char *stage)
{
	static const char *const stages[] = { "greeting", "ehlo", "starttls",
		"auth" };

	for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]); i++)
		if (strcmp(stages[i], stage) == 0)
			return true;
	return false;
}

static char letter_of(const struct outcome_rcpt *r)
{
	enum schedule_kind unused;

	switch (r->class) {
	case OUTCOME_ACCEPTED:
		return QUEUE_DONE;
	case OUTCOME_SUPPRESSED:
		return QUEUE_REFUSED;
	case OUTCOME_UNKNOWN:
		return QUEUE_UNKNOWN;
	case OUTCOME_TEMP:
		return QUEUE_WAITS;
	case OUTCOME_NOT_SENT:
	case OUTCOME_PERM:
		break;
	}
	return is_of_message(r->why.kind) && !is_of_session(r->reply.stage) &&
		       !rule_says(r->retry, &unused)
		   ? QUEUE_REFUSED
		   : QUEUE_WAITS;
}

bool queue_is_waiting(char letter)
{
	return letter == QUEUE_WAITS || letter == QUEUE_UNKNOWN;
}

static bool is_refused(char letter)
{
	return letter == QUEUE_REFUSED;
}

bool queue_would_wait(const struct outcome_rcpt *r)
{
	return queue_is_waiting(letter_of(r));
}

bool queue_has_waiting(const struct queue_file *f)
{
	return strpbrk(f->progress.letters, "QU") != NULL;
}

const char *queue_account(const struct queue_file *f)
{
	bool is_in_doubt = strchr(f->progress.letters, QUEUE_UNKNOWN) != NULL;

	return is_in_doubt && f->progress.account[0] ? f->progress.account
						     : f->info.account;
}

static char *letter_at(struct queued *q, size_t i)
{
	return &q->file.progress.letters[q->rcpt ? q->rcpt[i] : i];
}

/* ---- progress ---- */

static void copy_text(char *room, size_t size, const char *text)
{
	struct buf b;

	buf_init(&b, 4 * size);
	buf_add_printable(&b, slice_head(slice_of(text), size - 1));
	(void)snprintf(room, size, "%s", buf_text(&b));
	buf_free(&b);
}

/* The first recipient whose letter this is; NULL: none. */
static const struct outcome_rcpt *first_of(
    const struct outcome *o, bool (*is_one)(char letter))
{
	for (size_t i = 0; i < o->n_rcpt; i++)
		if (is_one(letter_of(&o->rcpt[i])))
			return &o->rcpt[i];
	return NULL;
}

/* Why: a recipient's reason when there is one to speak of. */
static void explain(struct queue_progress *p, const struct outcome *o,
    const struct outcome_rcpt *r)
{
	p->class = r ? r->class : o->class;
	/* Refused before the relay was asked is refused all the same. */
	if (r && is_refused(letter_of(r)) && p->class == OUTCOME_NOT_SENT)
		p->class = OUTCOME_PERM;
	p->code = r ? r->reply.code : o->reply.code;
	copy_text(p->text, sizeof(p->text), r ? r->why.text : o->why.text);
}

void queue_explain(struct queued *q, const struct outcome *o)
{
	explain(&q->file.progress, o, first_of(o, queue_is_waiting));
}

int queue_note_reason(
    struct queued *q, const struct fail *reason, struct fail *why)
{
	struct queue_progress *p = &q->file.progress;
	char text[sizeof(p->text)];

	copy_text(text, sizeof(text), reason->text);
	if (reason->kind == FAIL_NONE || strcmp(text, p->text) == 0 ||
	    strchr(p->letters, QUEUE_REFUSED))
		return 0;
	memcpy(p->text, text, sizeof(text));
	p->class = OUTCOME_NOT_SENT;
	p->code = 0;
	return queuefile_save(&q->file, why);
}

/* A second copy must not come soon, whatever the others wait for. */
static int64_t wait_of(const struct queue_progress *p, enum schedule_kind kind)
{
	uint32_t random = random_number();
	int64_t wait = schedule_wait(kind, p->attempts, random),
		unsure = schedule_wait(SCHEDULE_UNSURE, p->attempts, random);

	return strchr(p->letters, QUEUE_UNKNOWN) && wait < unsure ? unsure
								  : wait;
}

/*
 * The letters are noted already. Until a refusal is reported the file must say
 * what it was; when it is tried again depends on those who wait.
 */
static void note_progress(
    struct queue_progress *p, const struct outcome *o, bool is_told)
{
	const struct outcome_rcpt *waiting = first_of(o, queue_is_waiting),
				  *refused = first_of(o, is_refused);
	enum schedule_kind kind =
	    waiting
		? schedule_of(waiting->class, waiting->why.kind, waiting->retry)
		: schedule_of(o->class, o->why.kind, o->retry);

	if (p->attempts < QUEUE_ATTEMPTS_MAX)
		p->attempts++;
	p->last_try = time(NULL);
	p->next_try = p->last_try + wait_of(p, kind);
	explain(p, o, refused && !is_told ? refused : waiting);
}

/*
 * Who may have got it in an earlier try is still in doubt when this one did
 * not reach him.
 */
static char letter_of_waiting(const struct queued *q, size_t i)
{
	size_t place = q->rcpt ? q->rcpt[i] : i;

	return q->before && q->before[place] == QUEUE_UNKNOWN ? QUEUE_UNKNOWN
							      : QUEUE_WAITS;
}

/* A refusal that the caller is told of needs no report. */
static void note_letters(
    struct queued *q, const struct outcome *o, bool is_told)
{
	for (size_t i = 0; i < o->n_rcpt; i++) {
		char letter = letter_of(&o->rcpt[i]);

		if (letter == QUEUE_REFUSED && is_told)
			letter = QUEUE_DONE;
		else if (letter == QUEUE_WAITS)
			letter = letter_of_waiting(q, i);
		*letter_at(q, i) = letter;
	}
}

/* ---- into the spool ---- */

static void fill(struct queued *q, struct send *s, const struct outcome *o)
{
	const struct plan *p = &s->plan;
	struct queue_info *info = &q->file.info;
	struct queue_progress *progress = &q->file.progress;
	int64_t now = time(NULL);

	*info = (struct queue_info){
		.created = now,
		.uid = getuid(),
		.account = s->files.account,
		.sender = p->sender,
		.message_id = arena_copy(s->arena, s->report.message_id),
		.notify = p->dsn.notify,
		.ret = p->dsn.ret,
		.envid = p->dsn.envid,
		.rcpt = p->rcpt,
		.n_rcpt = p->n_rcpt,
	};
	*progress = (struct queue_progress){ .class = OUTCOME_NOT_SENT };
	memset(progress->letters, QUEUE_WAITS, p->n_rcpt);
	/* Whoever adds it tries it; the next run looks again if that dies. */
	progress->next_try = now + schedule_wait(SCHEDULE_BACKOFF, 1, 0);
	if (!o)
		return;
	note_letters(q, o, true);
	note_progress(progress, o, true);
}

/* Of the default directory alone: any other one's parents are the user's. */
static void make_parents(const char *path, struct arena *a)
{
	char *parent = arena_copy(a, slice_of(path));

	for (char *c = strchr(parent + 1, '/'); c; c = strchr(c + 1, '/')) {
		*c = '\0';
		(void)mkdir(parent, 0700);
		*c = '/';
	}
}

static int open_store(struct queued *q, struct send *s, struct fail *why)
{
	const char *path = queue_path(&s->files.settings, s->arena);

	if (!s->files.account)
		return fail(why, FAIL_CONFIG,
		    "queue: only mail of an account in a file can wait");
	if (!path)
		return fail(why, FAIL_CONFIG,
		    "queue: no home directory for the spool; set `spool`");
	/* That of root is there from the installation. */
	if (!queue_is_elsewhere(&s->files.settings) && getuid() != 0)
		make_parents(path, s->arena);
	if (store_open(&q->store, path, why) != 0)
		return -1;
	q->store.limits = (struct room_limits){
		.bytes = (uint64_t)s->files.settings.spool_max,
		.messages = (uint64_t)s->files.settings.spool_max_messages,
	};
	return 0;
}

static int hold_what_is_unknown(
    struct queued *q, const struct settings *s, struct fail *why)
{
	if (!strchr(q->file.progress.letters, QUEUE_UNKNOWN) ||
	    s->queue_unknown != QUEUE_UNKNOWN_HOLD || q->place != STORE_NEW)
		return 0;
	if (store_move(
		&q->store, STORE_NEW, STORE_HOLD, q->file.info.id, why) != 0)
		return -1;
	q->place = STORE_HOLD;
	log_warning("queued message %s: on hold, it may have been delivered: "
		    "release it to send it again, or drop it",
	    q->file.info.id);
	return 0;
}

int queue_add(
    struct queued *q, struct send *s, const struct outcome *o, struct fail *why)
{
	*q = (struct queued){ .place = STORE_NEW, .file = { .fd = -1 } };
	if (open_store(q, s, why) != 0)
		return -1;
	fill(q, s, o);
	if (store_add(&q->store, &q->file, s->msg, s->arena, why) == 0) {
		if (q->file.is_unsure)
			log_warning("queued message %s: a power cut may take "
				    "it back: %s",
			    q->file.info.id, why->text);
		/* Left in new/, the next run puts it there. */
		(void)hold_what_is_unknown(q, &s->files.settings, NULL);
		return 0;
	}
	store_close(&q->store);
	return -1;
}

/* Of a file whose process did not live to know more. */
static const char unsure[] =
    "the run was cut off: the message may have been delivered";

/* A name that does not fit is none: it is no harm to ask its own account. */
static void note_account(struct queued *q)
{
	const char *by = q->by ? q->by : "";
	char *room = q->file.progress.account;
	bool is_other = strcmp(by, q->file.info.account) != 0 &&
			strlen(by) <= QUEUE_ACCOUNT_MAX;

	(void)snprintf(room, QUEUE_ACCOUNT_MAX + 1, "%s", is_other ? by : "");
}

int queue_before_dot(
    void *ctx, size_t first, const struct outcome *so_far, struct fail *why)
{
	struct queued *q = ctx;
	struct queue_progress *p = &q->file.progress;

	/* Of two that are in doubt, the one that was first. */
	if (!strchr(p->letters, QUEUE_UNKNOWN))
		note_account(q);
	for (size_t i = 0; i < so_far->n_rcpt; i++)
		if (so_far->rcpt[i].why.kind == FAIL_NONE)
			*letter_at(q, first + i) = QUEUE_UNKNOWN;
	/* What a death between here and the reply leaves behind. */
	p->last_try = time(NULL);
	p->next_try = p->last_try + schedule_wait(SCHEDULE_UNSURE,
					p->attempts + 1, random_number());
	p->class = OUTCOME_UNKNOWN;
	p->code = 0;
	copy_text(p->text, sizeof(p->text), unsure);
	return queuefile_save(&q->file, why);
}

void queue_after_dot(void *ctx, size_t first, const struct outcome *part)
{
	struct queued *q = ctx;

	for (size_t i = 0; i < part->n_rcpt; i++) {
		enum outcome_class class = part->rcpt[i].class;

		/* What a refusal means is not known before all is. */
		*letter_at(q, first + i) =
		    (char)(class == OUTCOME_ACCEPTED ? QUEUE_DONE
			   : class == OUTCOME_UNKNOWN
			       ? QUEUE_UNKNOWN
			       : letter_of_waiting(q, first + i));
	}
	/* Without it a death now means a second copy, and no loss. */
	(void)queuefile_save(&q->file, NULL);
}

void queue_mark(const struct queued *q, struct outcome *o)
{
	for (size_t i = 0; i < o->n_rcpt; i++)
		o->rcpt[i].is_queued = queue_is_waiting(letter_of(&o->rcpt[i]));
	o->queue_id = q->file.info.id;
}

int queue_settle(struct queued *q, const struct settings *s, struct outcome *o,
    bool is_told, struct fail *why)
{
	bool waits;

	note_letters(q, o, is_told);
	note_progress(&q->file.progress, o, is_told);
	waits = queue_has_waiting(&q->file);
	if (waits)
		queue_mark(q, o);
	else if (is_told &&
		 store_remove(&q->store, q->place, &q->file, why) == 0)
		return 0;
	/* A file that cannot be removed must say that it is done with. */
	if (queuefile_save(&q->file, why) != 0)
		return -1;
	if (!waits)
		return 0;
	return hold_what_is_unknown(q, s, why);
}

void queue_end(struct queued *q)
{
	if (q->file.fd < 0)
		return;
	store_release(&q->file);
	store_close(&q->store);
}
