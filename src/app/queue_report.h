/*
 * queue_report: recipients of a queued message whom it will not reach. One
 * delivery status notification (RFC 3464) goes into the same spool before
 * they are forgotten; a report that cannot be delivered is put aside, never
 * reported (RFC 5321 6.1).
 */
#ifndef APP_QUEUE_REPORT_H
#define APP_QUEUE_REPORT_H

#include "queue.h"

/* Everybody who still waits is given up. Fails: SPOOL. */
int queue_expire(struct queued *q, struct fail *why);

/*
 * Tells about who was refused, at once: the others may wait for days. Then
 * removes the file of a message that nobody waits for. *o is what a try has
 * just ended with; NULL: what is in the file is all that is known. s has the
 * settings of the account, its own or none. Fails: SPOOL: the file stays, and
 * the next run tells.
 */
int queue_conclude(struct queued *q, struct send *s, const struct outcome *o,
    struct arena *a, struct fail *why);

#endif
