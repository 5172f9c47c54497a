/*
 * modes: what the program can do, as a table of functions. Each takes the
 * invocation and returns the exit code.
 */
#ifndef APP_MODES_H
#define APP_MODES_H

#include "cmdline.h"

/* What most modes end with. Frees b; a failure is OS. */
int mode_print(struct buf *b, int code);
/* Says a failure, and what to do; returns its exit code. */
int mode_fail(const struct fail *why);

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

#endif
