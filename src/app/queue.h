/*
 * queue: an account's spool as the modes use it (spool/store.h holds the
 * files). With `queue always` a message is made durable before it is sent,
 * with `on_failure` when it could not be sent; queue_run.c tries what is
 * there again.
 */
#ifndef APP_QUEUE_H
#define APP_QUEUE_H

#include "send.h"
#include "store.h"

/* A message in the spool, in hand. */
struct queued {
	struct store store;
	enum store_place place; /* where it is */
	struct queue_file file; /* fd -1: it is not in the spool */
	const size_t *rcpt;     /* the plan's recipients as places in the file;
				   NULL: they are the file's */
	const char *before;     /* the file's letters before this try; NULL:
				   all wait */
	const char *by;         /* the account that sends; NULL: that of the
				   message */
	bool is_stale;          /* the file says less than is known */
};

/* Is the directory the one that `spool` names? */
bool queue_is_elsewhere(const struct settings *s);
/* The directory: `spool`, else by the user; NULL without a home. */
const char *queue_path(const struct settings *s, struct arena *a);

struct queue_paths {
	const char **v; /* arena, each once */
	size_t n;
};

/*
 * Those where mail of this invocation may wait: of the account or directory
 * that it names; else of all accounts, that of the chosen one first; without
 * any files the user's. None without a home. Those of another user are left
 * out, which hold nothing of this one, but for the first. f is as after
 * files_load(). Fails: CONFIG, OS: files that cannot be read.
 */
int queue_find(struct files *f, const struct invocation *inv,
    struct queue_paths *ret, struct fail *why);

/* Spools that are open, for a look into them. */
struct queue_stores {
	struct store *v; /* arena */
	size_t n;
};

/* Those of this invocation that are there. Fails as queue_find() and
   store_open(); nothing is open then. */
int queue_open(const struct invocation *inv, struct arena *a,
    struct queue_stores *ret, struct fail *why);
void queue_close(struct queue_stores *stores);

/*
 * Puts the prepared message of s into its account's spool. Recipients whose
 * fate *o tells (NULL: all wait) have it noted. Fails: SPOOL, CONFIG; the
 * message is then not in the spool and q needs no end.
 */
int queue_add(struct queued *q, struct send *s, const struct outcome *o,
    struct fail *why);

/*
 * Notes in the file whom the final dot may reach, and after it what became of
 * a transaction that others follow; a plan's before_dot and after_dot.
 */
int queue_before_dot(
    void *ctx, size_t first, const struct outcome *so_far, struct fail *why);
void queue_after_dot(void *ctx, size_t first, const struct outcome *part);

/*
 * What became of a try. Recipients that wait on are marked in *o, and so is
 * the message when there is one. When the caller is told of refusals, the file
 * of a message nobody waits for is removed; else it is queue_conclude()'s to
 * end. Fails: SPOOL: the file says less than is known, and the next run tries
 * more than it must.
 */
int queue_settle(struct queued *q, const struct settings *s, struct outcome *o,
    bool is_told, struct fail *why);

/*
 * Nobody has tried, for a reason that is no fault of the message: it is put
 * into the file, unless it says that already or has a refusal to report. Kind
 * NONE: no reason. Fails: SPOOL.
 */
int queue_note_reason(
    struct queued *q, const struct fail *reason, struct fail *why);

/* The file's reason is that of who waits, no longer that of a refusal. */
void queue_explain(struct queued *q, const struct outcome *o);

/*
 * The account that is to try it next: its own, but one that may have delivered
 * it already keeps it as long as that is in doubt.
 */
const char *queue_account(const struct queue_file *f);

/* Marks who waits in *o, for the report. */
void queue_mark(const struct queued *q, struct outcome *o);
/* Is another try worth while for this one? */
bool queue_would_wait(const struct outcome_rcpt *r);
/* Is that a letter of somebody for whom there will be another try? */
bool queue_is_waiting(char letter);
/* Does anybody in the file still wait, or is his fate unknown? */
bool queue_has_waiting(const struct queue_file *f);

void queue_end(struct queued *q);

#endif
