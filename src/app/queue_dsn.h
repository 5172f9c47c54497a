/*
 * queue_dsn: the text of a delivery status notification (RFC 3464, in a
 * multipart/report of RFC 6522) about the refused recipients of a queued
 * message. Pure text: who gets it is queue_report.c's to know.
 */
#ifndef APP_QUEUE_DSN_H
#define APP_QUEUE_DSN_H

#include "queue.h"

struct queue_dsn {
	const struct queued *q;
	const struct outcome *o; /* what the last try said; NULL: what is in
				    the file has to do */
	const char *from;
	const char *to;    /* of the field: addresses in <>, folded, or a
			      group */
	const char *relay; /* host that was spoken to, or NULL */
};

/* Lines end in LF. Reads the message in q's file for its header. */
void queue_dsn_make(const struct queue_dsn *d, struct arena *a, struct buf *b);

#endif
