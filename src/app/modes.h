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

#endif
