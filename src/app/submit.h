/*
 * submit: the one crossing between mail and network. It dials, opens a
 * session, runs as many transactions as the relay's limit of recipients asks
 * for, and lets the provider's reply rules refine what came back. It never
 * logs and never decides an exit code.
 */
#ifndef APP_SUBMIT_H
#define APP_SUBMIT_H

#include "plan.h"

/*
 * What submit() begins with: the connection and a session in which nothing is
 * under way. Takes the password. NULL: *ret has no recipients and says why.
 */
struct smtp *submit_open(const struct plan *p, struct secret *password,
    struct arena *a, struct outcome *ret);

/* Frees the password (may be NULL). *ret has an entry for each recipient. */
void submit(const struct plan *p, struct msg *m, struct secret *password,
    struct arena *a, struct outcome *ret);

#endif
