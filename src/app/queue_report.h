/*
 * queue_report: the end of a queued message that did not reach everybody. One
 * delivery status notification (RFC 3464) goes into the same spool before the
 * message leaves it; a report that cannot be delivered is put aside, never
 * reported.
 */
#ifndef APP_QUEUE_REPORT_H
#define APP_QUEUE_REPORT_H

#include "queue.h"

/* Everybody who still waits is given up. Fails: OS. */
int queue_expire(struct queued *q, struct fail *why);

/*
 * Nobody waits any more: tells about who was refused, then removes the file.
 * s has the settings of the account, its own or none. Fails: OS: the file
 * stays, and the next run ends it.
 */
int queue_finish(
    struct queued *q, struct send *s, struct arena *a, struct fail *why);

#endif
