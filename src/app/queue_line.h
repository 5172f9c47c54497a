/*
 * queue_line: the account in hand of a queue run: its settings, its secret,
 * and one connection that carries messages as long as the relay goes along.
 */
#ifndef APP_QUEUE_LINE_H
#define APP_QUEUE_LINE_H

#include "schedule.h"
#include "send.h"
#include "store.h"

/* A secret that was collected for a connection to come. */
struct queue_secret {
	bool is_there;
	bool is_failed; /* it is not to be had, for the reason in why */
	struct secret *password; /* NULL: none is needed */
	struct fail why;
};

/* Zeros are its start. */
struct queue_line {
	const char *account; /* NULL: none */
	struct arena arena;
	struct invocation inv;
	struct send send;
	bool has_secret; /* on its way since send_choose() */
	struct queue_secret secret;
	struct fail unusable; /* kind NONE: it can send */
	struct smtp *session;
	unsigned carried; /* messages of the session */
	struct schedule_pace pace;
	struct store *store; /* of the messages */
	bool may_not_dial;   /* queue_line_open() alone makes connections */
};

/* What a try says about the account, for the breaker. */
enum queue_line_state {
	QUEUE_LINE_IDLE, /* nothing: there was no try */
	QUEUE_LINE_GOOD,
	QUEUE_LINE_BAD,    /* a few times in a row are enough */
	QUEUE_LINE_ENOUGH, /* more of it does harm, or is of no use */
	QUEUE_LINE_AGAIN,  /* may not dial: the message is as it was before */
};

/* Changes to this account, unless it is in hand. */
void queue_line_begin(struct queue_line *l, const struct invocation *inv,
    const char *account, struct store *store);
/*
 * The same for one of several processes that send for it: it keeps to no rate,
 * says no warnings, and has the secret of its first connection (taken over,
 * there).
 */
void queue_line_join(struct queue_line *l, const struct invocation *inv,
    const char *account, struct queue_secret secret);
/* The secret for the next connection is asked for, and kept until then. */
void queue_line_collect(struct queue_line *l);
/* Takes one without an account. */
void queue_line_end(struct queue_line *l);

/* A connection without a message: GOOD, or BAD or ENOUGH without one. */
enum queue_line_state queue_line_open(struct queue_line *l);
/* Says goodbye; the account stays in hand. */
void queue_line_hang_up(struct queue_line *l);

/*
 * Milliseconds until n recipients may be sent to: max_rate, for all runs of
 * the spool one after the other. Takes them.
 */
int64_t queue_line_take(struct queue_line *l, size_t n);
/*
 * Keeps max_rate: waits until n recipients may be sent to. False when that
 * would be after the deadline.
 */
bool queue_line_pace(struct queue_line *l, size_t n, struct deadline d);

/*
 * One message, whose plan is one of this account; *ret as submit_over(), but
 * for AGAIN.
 */
enum queue_line_state queue_line_send(
    struct queue_line *l, struct send *s, struct arena *a, struct outcome *ret);

#endif
