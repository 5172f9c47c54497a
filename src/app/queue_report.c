#include "queue_report.h"
#include "account.h"
#include "queue_dsn.h"
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { REPORT_MAX = 4 * 1024 * 1024 };

int queue_expire(struct queued *q, struct fail *why)
{
	for (char *c = q->file.progress.letters; *c; c++)
		if (queue_is_waiting(*c))
			*c = QUEUE_REFUSED;
	return queuefile_save(&q->file, why);
}

/* RFC 3461 4.1: who names other events, or never, is not told of failures. */
static bool asks_for_failures(const struct queue_info *info)
{
	struct slice words = slice_of(info->notify), word;

	if (words.n == 0)
		return true;
	while (slice_take_until(&words, ',', &word))
		if (slice_ieq(slice_trim(word), SLICE("failure")))
			return true;
	return false;
}

/* NULL: nobody, for the reason in *ret_why_not. */
static const char *whom_to_tell(const struct queue_info *info,
    const struct settings *s, const char **ret_why_not)
{
	if (s->report_to && s->report_to[0])
		return s->report_to;
	*ret_why_not = "nobody is told that it was not delivered: its sender "
		       "asked for no notification";
	if (!asks_for_failures(info))
		return NULL;
	*ret_why_not = "nobody is told that it was not delivered: set "
		       "report_to, its sender is not one of the account";
	return info->sender[0] && account_allows(s, info->sender) ? info->sender
								  : NULL;
}

static int put_in(struct store *store, struct queue_file *f, struct buf *text,
    struct arena *a, struct fail *why)
{
	static const struct intake_params params = { .max_size = 0 };
	struct intake intake;
	struct msg m;
	int result;

	msg_init(&m);
	intake_begin(&intake, &m, &params);
	result = intake_add(&intake, buf_slice(text), why);
	if (result == 0)
		result = intake_finish(&intake, why);
	if (result == 0)
		result = store_add(store, f, &m, a, why);
	if (result == 0)
		store_release(f);
	msg_free(&m);
	/* Better two reports than none: the message stays. */
	return result == 0 && f->is_unsure ? -1 : result;
}

/* The account that tells need not be that of the message. */
static int report(struct queued *q, const struct queue_dsn *dsn,
    const struct files *files, struct arena *a, struct fail *why)
{
	const char *rcpt[] = { dsn->to };
	struct queue_file f = {
		.info = {
			.created = time(NULL),
			.uid = getuid(),
			.account = files->account,
			/* Some relays take no null sender. */
			.sender = files->settings.null_sender ? "" : dsn->from,
			.is_report = true,
			.rcpt = rcpt,
			.n_rcpt = 1,
		},
		.progress = { .class = OUTCOME_NOT_SENT, .letters = "Q" },
	};
	struct buf text;
	int result;

	buf_init(&text, REPORT_MAX);
	queue_dsn_make(dsn, a, &text);
	result = put_in(&q->store, &f, &text, a, why);
	buf_free(&text);
	return result;
}

/* A report, safe on disk, or a line in the log. */
static int tell(struct queued *q, struct send *s, const struct outcome *o,
    struct arena *a, struct fail *why)
{
	const struct settings *settings = &s->files.settings;
	const char *own = account_address(settings), *why_not = NULL;
	struct queue_dsn dsn = {
		.q = q,
		.o = o,
		.to = whom_to_tell(&q->file.info, settings, &why_not),
		.relay = strcmp(s->files.account, q->file.info.account) == 0
			     ? settings->host
			     : NULL,
	};

	if (!dsn.to) {
		report_warning(&s->report, q->file.info.id, why_not);
		return 0;
	}
	dsn.from = own ? own : dsn.to;
	return report(q, &dsn, &s->files, a, why);
}

int queue_conclude(struct queued *q, struct send *s, const struct outcome *o,
    struct arena *a, struct fail *why)
{
	struct queue_file *f = &q->file;
	bool is_refused = strchr(f->progress.letters, QUEUE_REFUSED) != NULL;

	if (is_refused && f->info.is_report)
		return store_move(
		    &q->store, q->place, STORE_FAILED, f->info.id, why);
	if (is_refused && tell(q, s, o, a, why) != 0)
		return -1;
	for (char *c = f->progress.letters; *c; c++)
		if (*c == QUEUE_REFUSED)
			*c = QUEUE_DONE;
	/* A file that says itself that it is done with may come back. */
	if (!queue_has_waiting(f))
		return (is_refused || q->is_stale ? store_remove : store_drop)(
		    &q->store, q->place, f, why);
	if (!is_refused)
		return 0;
	if (o)
		queue_explain(q, o);
	return queuefile_save(f, why);
}
