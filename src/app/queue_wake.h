/*
 * queue_wake: mail that waits is tried again behind the back of a caller whose
 * own message has just got through, so that a spool drains without a timer. A
 * process of its own does it, of which the caller notices nothing: at most 100
 * messages and a minute, and one at a time for each spool.
 */
#ifndef APP_QUEUE_WAKE_H
#define APP_QUEUE_WAKE_H

#include "send.h"

/* Nothing happens unless something in the spool of this account is due. */
void queue_wake(const struct send *s);

#endif
