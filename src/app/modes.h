/*
 * modes: what the program can do, as a table of functions. Each takes the
 * invocation and returns the exit code.
 */
#ifndef APP_MODES_H
#define APP_MODES_H

#include "cmdline.h"

int mode_run(const struct invocation *inv, struct arena *a);

/* send.c: read a message, send it, report. */
int mode_send(const struct invocation *inv, struct arena *a);

/* serve.c: SMTP on standard input and output. */
int mode_serve(const struct invocation *inv, struct arena *a);
/* verify.c: say where mail for the operands would go. */
int mode_verify(const struct invocation *inv, struct arena *a);
/* server_info.c: what the server says of itself; a queue of its to be sent. */
int mode_serverinfo(const struct invocation *inv, struct arena *a);
int mode_rmqs(const struct invocation *inv, struct arena *a);
/* configure.c: an account for an address, by DNS. */
int mode_configure(const struct invocation *inv, struct arena *a);

/* queue_list.c: what waits, for people, as a number, for programs. */
int mode_queue_list(const struct invocation *inv, struct arena *a);
int mode_queue_count(const struct invocation *inv, struct arena *a);
int mode_queue_json(const struct invocation *inv, struct arena *a);

/* queue_edit.c: one message, named by its id. */
int mode_queue_show(const struct invocation *inv, struct arena *a);
int mode_queue_drop(const struct invocation *inv, struct arena *a);
int mode_queue_hold(const struct invocation *inv, struct arena *a);
int mode_queue_release(const struct invocation *inv, struct arena *a);
int mode_queue_retry(const struct invocation *inv, struct arena *a);

/* suppression_edit.c: the recipients an account is not to write to. */
int mode_suppress(const struct invocation *inv, struct arena *a);
int mode_unsuppress(const struct invocation *inv, struct arena *a);
int mode_suppressed(const struct invocation *inv, struct arena *a);

/*
 * Standard output is the product of some modes: losing it is a failure. Frees
 * b; returns the code, or that of the failure.
 */
int mode_print(struct buf *b, int code);
/* The failure on stderr; returns its code. */
int mode_say(const struct fail *why);

#endif
