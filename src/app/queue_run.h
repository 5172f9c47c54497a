/*
 * queue_run: one pass over the spool (-q). Quiet about what waits on; what is
 * given up is logged, reported and said. SIGTERM and SIGINT end it after the
 * message in hand, whose fate would otherwise be unknown; a second one ends it
 * at once.
 */
#ifndef APP_QUEUE_RUN_H
#define APP_QUEUE_RUN_H

#include "cmdline.h"

struct queue_run {
	const struct invocation *inv;
	const char *path;  /* of the spool; NULL: those of the invocation */
	bool has_lock;     /* the caller holds the lock of the spool */
	const char *id;    /* this message alone, due or not, from hold/, too,
			      and without the lock of the spool; NULL: all */
	unsigned messages; /* stop after so many; 0: no limit */
	int seconds;       /* begin nothing more after that; 0: no limit */
};

/*
 * The exit code: 0 when everything due was tried and nothing given up, else
 * that of the last message that was. A spool that does not exist is empty, and
 * one that somebody else is running is being dealt with.
 */
int queue_run(const struct queue_run *run, struct arena *a);

#endif
