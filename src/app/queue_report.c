#include "queue_report.h"
#include "account.h"
#include "log.h"
#include "path.h"
#include "queue_dsn.h"
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	REPORT_MAX = 4 * 1024 * 1024,
	WARNINGS_MAX = 64 * 1024,
	TO_MAX = 32 * 1024, /* a field has an end */
};

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

/* Whoever report_to stands for: names of the account's aliases, too. */
static int named_in_settings(struct plan *p, struct fail *why)
{
	static const struct invocation inv = { .no_aliases = false };
	struct buf warnings;
	int result;

	buf_init(&warnings, WARNINGS_MAX);
	plan_aliases(p, &inv, &warnings);
	result = plan_operand(p, p->settings->report_to, &warnings, why);
	log_warnings(buf_slice(&warnings));
	buf_free(&warnings);
	if (result == 0 && p->n_rcpt == 0)
		result = fail(why, FAIL_CONFIG, "nobody");
	if (result == 0)
		return 0;
	(void)fail_as(why, FAIL_CONFIG);
	return fail_wrap(why, "report_to");
}

/* NULL: nobody, for the reason in *ret_why_not. */
static const char *sender_to_tell(const struct queue_info *info,
    const struct settings *s, const char **ret_why_not)
{
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

static const char *to_field(const struct plan *to, struct arena *a)
{
	const char *text;
	struct buf b;

	buf_init(&b, TO_MAX);
	for (size_t i = 0; i < to->n_rcpt; i++)
		buf_addf(
		    &b, "%s<%s>", i ? ",\n " : "", path_key(to->rcpt[i], a));
	text =
	    b.full ? "undisclosed-recipients:;" : arena_copy(a, buf_slice(&b));
	buf_free(&b);
	return text;
}

/* The account that tells need not be that of the message. */
static int report(struct queued *q, const struct queue_dsn *dsn,
    const struct files *files, const struct plan *to, struct fail *why)
{
	struct queue_file f = {
		.info = {
			.created = time(NULL),
			.uid = getuid(),
			.account = files->account,
			/* Some relays take no null sender. */
			.sender = files->settings.null_sender ? "" : dsn->from,
			.is_report = true,
			.rcpt = to->rcpt,
			.n_rcpt = to->n_rcpt,
		},
		.progress = { .class = OUTCOME_NOT_SENT },
	};
	struct buf text;
	int result;

	memset(f.progress.letters, QUEUE_WAITS, to->n_rcpt);
	buf_init(&text, REPORT_MAX);
	queue_dsn_make(dsn, to->arena, &text);
	result = put_in(&q->store, &f, &text, to->arena, why);
	buf_free(&text);
	return result;
}

/* A report, safe on disk, or a line in the log. */
static int tell(struct queued *q, struct send *s, const struct outcome *o,
    struct arena *a, struct fail *why)
{
	const struct settings *settings = &s->files.settings;
	const char *own = account_address(settings), *sender, *why_not = NULL;
	struct plan to = {
		.settings = settings,
		.arena = a,
		.provider = provider_find(settings->provider),
	};
	struct queue_dsn dsn = {
		.q = q,
		.o = o,
		.relay = strcmp(s->files.account, q->file.info.account) == 0
			     ? settings->host
			     : NULL,
	};

	if (settings->report_to && settings->report_to[0]) {
		if (named_in_settings(&to, why) != 0)
			return -1;
	} else if ((sender = sender_to_tell(
			&q->file.info, settings, &why_not)) != NULL) {
		to.rcpt = &sender;
		to.n_rcpt = 1;
	} else {
		report_warning(&s->report, q->file.info.id, why_not);
		return 0;
	}
	dsn.to = to_field(&to, a);
	dsn.from = own ? own : to.rcpt[0];
	return report(q, &dsn, &s->files, &to, why);
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
