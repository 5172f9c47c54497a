/*
 * queue_crew: the messages of one account over several connections, each in a
 * process of its own. The process of the run hands them out, the oldest first,
 * keeps the rate and the breaker for all, and waits for every one of them;
 * when it dies they end after the message in hand. The lock of the spool stays
 * theirs until the last has ended.
 *
 * A connection is made by itself, not on behalf of a message, once another one
 * has carried mail: a relay that grants few of them delays no message. No more
 * connections in a row fail than SCHEDULE_FAILURES.
 */
#ifndef APP_QUEUE_CREW_H
#define APP_QUEUE_CREW_H

#include "queue_try.h"

/* A message as the scan saw it. */
struct queue_entry {
	const struct store_item *item;
	const char *account; /* "" when the file cannot be read */
	int64_t next_try;
	size_t n_rcpt; /* that wait */
};

/* Is the run to begin with nothing more? */
bool queue_crew_is_over(const struct queue_runner *r);

/*
 * Sends messages of one account. Returns how many of them, from the first on,
 * were dealt with: 0 when they are not worth a second connection. What
 * happened is noted in the runner, the breaker of the account included.
 */
size_t queue_crew(
    struct queue_runner *r, const struct queue_entry *v, size_t n);

#endif
