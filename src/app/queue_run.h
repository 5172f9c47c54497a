/*
 * queue_run: one pass over the spool (-q). Quiet about what waits on; what is
 * given up is logged, reported and said.
 */
#ifndef APP_QUEUE_RUN_H
#define APP_QUEUE_RUN_H

#include "cmdline.h"

struct queue_run {
	const struct invocation *inv;
	bool is_forced;    /* try what is not due yet, too */
	const char *id;    /* this message alone, from hold/, too; NULL: all */
	unsigned messages; /* stop after so many; 0: no limit */
	int seconds;       /* begin nothing more after that; 0: no limit */
};

/*
 * The exit code: 0 when everything due was tried and nothing given up, else
 * that of the last message that was. A spool that does not exist is empty.
 */
int queue_run(const struct queue_run *run, struct arena *a);

#endif
