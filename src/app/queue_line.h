/*
 * queue_line: the account in hand of a queue run: its settings, its secret,
 * and one connection that carries messages as long as the relay goes along.
 */
#ifndef APP_QUEUE_LINE_H
#define APP_QUEUE_LINE_H

#include "schedule.h"
#include "send.h"

/* Zeros are its start. */
struct queue_line {
	const char *account; /* NULL: none */
	struct arena arena;
	struct invocation inv;
	struct send send;
	bool has_secret;      /* on its way since send_choose() */
	struct fail unusable; /* kind NONE: it can send */
	struct smtp *session;
	unsigned carried; /* messages of the session */
	struct schedule_pace pace;
};

/* What a try says about the account, for the breaker. */
enum queue_line_state {
	QUEUE_LINE_GOOD,
	QUEUE_LINE_BAD,    /* a few times in a row are enough */
	QUEUE_LINE_ENOUGH, /* more of it does harm, or is of no use */
};

/* Changes to this account (borrowed), unless it is in hand. */
void queue_line_begin(
    struct queue_line *l, const struct invocation *inv, const char *account);
/* Takes one without an account. */
void queue_line_end(struct queue_line *l);

/*
 * Keeps max_rate: waits until n recipients may be sent to. False when that
 * would be after the deadline.
 */
bool queue_line_pace(struct queue_line *l, size_t n, struct deadline d);

/* One message, whose plan is one of this account; *ret as submit_over(). */
enum queue_line_state queue_line_send(
    struct queue_line *l, struct send *s, struct arena *a, struct outcome *ret);

#endif
