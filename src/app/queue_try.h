/*
 * queue_try: one message of a queue run, from its lock to what became of it.
 * One that is bad, locked or not due is no reason to stop, and what happens to
 * it is noted in the runner.
 */
#ifndef APP_QUEUE_TRY_H
#define APP_QUEUE_TRY_H

#include "queue_heir.h"
#include "queue_news.h"
#include "queue_over.h"
#include "queue_run.h"
#include "store.h"

/* What the messages of a run, or of one process of it, have in common. */
struct queue_runner {
	const struct queue_run *run;
	struct report report; /* for what belongs to no account */
	struct store store;
	struct arena *arena; /* of the run */
	struct schedule_breaker breaker;
	struct queue_line line;
	struct queue_heir heir; /* of the line, when that is unusable */
	struct queue_over over; /* who takes over from the line */
	struct deadline deadline;
	enum queue_line_state state; /* of the last try */
	unsigned tried;
	struct queue_newer newer;
	int code;
};

/* The directory of the spool need not be durable yet: see store_drop(). */
void queue_try(struct queue_runner *r, const struct store_item *item);

/* What a try has said about that account, for the breaker. */
void queue_try_note(
    struct queue_runner *r, const char *account, enum queue_line_state state);

#endif
