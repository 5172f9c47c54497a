/*
 * queue_worker: one process of a crew (queue_crew.h): it does what it is told
 * over a socket of whole records, and answers each order once.
 */
#ifndef APP_QUEUE_WORKER_H
#define APP_QUEUE_WORKER_H

#include "queue_crew.h"
#include <stdatomic.h>

enum worker_task {
	WORKER_OPEN, /* make a connection */
	WORKER_SEND, /* a message, over the connection that there is */
	WORKER_DIAL, /* a message, over a connection made for it if need be */
};

struct worker_order {
	enum worker_task task;
	size_t entry;
	bool is_ahead; /* given before the one in hand was answered */
};

struct worker_answer {
	bool is_notice; /* to no order: the connection was given up */
	bool has_line;
	enum queue_line_state state;
	unsigned tried; /* messages */
	int code;       /* as queue_run() */
};

/* What a worker is born with. */
struct worker_birth {
	const struct queue_runner *run; /* whose messages they are */
	const struct queue_entry *v;
	/* Shared: orders ahead are not obeyed but answered with AGAIN. */
	const atomic_bool *waits;
	pid_t parent;
	int fd; /* its end of the socket */
};

/* One record over the socket. False: whoever should have it will not. */
bool queue_worker_tell(int fd, const void *record, size_t n);

/* In the child, until there are no orders any more. */
_Noreturn void queue_work(
    const struct worker_birth *birth, struct queue_secret secret);

#endif
