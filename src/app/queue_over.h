/*
 * queue_over: failover in a run of the queue. The accounts that take over have
 * a connection each that carries many messages, and their rate and breaker
 * count for their own mail as well. One process of a run does this for all:
 * what the processes of a crew cannot send is tried again by that one.
 */
#ifndef APP_QUEUE_OVER_H
#define APP_QUEUE_OVER_H

#include "failover.h"
#include "queue_line.h"

struct queue_runner;

/* Zeros are its start. */
struct queue_over {
	bool is_off;  /* another process does it */
	bool is_only; /* the account in hand is not asked any more */
	struct queue_line line[FAILOVER_MAX];
};

/* Is there an account that may take over from that in hand? */
bool queue_over_is_possible(const struct queue_runner *r);

/* failover(), unless another process does it. Whether anybody has moved. */
bool queue_over_try(struct queue_runner *r, struct send *s, struct queued *q,
    struct outcome *o);

/* The messages of the account in hand have been dealt with. */
void queue_over_end(struct queue_runner *r);

#endif
