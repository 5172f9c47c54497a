/*
 * body: where the body of a message is put as it is written: into memory up
 * to MSG_MEMORY_MAX, from there on into an unlinked file, and counted.
 *
 * The owner calls body_free(); body_move() empties it. Fails: OS (no room for
 * the temporary file).
 */
#ifndef MAIL_BODY_H
#define MAIL_BODY_H

#include "intake.h"
#include "tally.h"

struct body {
	struct buf memory;
	struct buf block; /* what goes there next */
	int fd;           /* -1 when there is none */
	uint64_t fd_size;
	struct tally tally; /* complete after body_finish() */
};

void body_init(struct body *b);
void body_free(struct body *b);

int body_add(struct body *b, struct slice s, struct fail *why);
int body_finish(struct body *b, struct fail *why);

/* The body of m is this one, after body_finish(). */
void body_move(struct body *b, struct msg *m);

#endif
