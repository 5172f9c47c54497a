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
 * A session for the plan's account, or NULL with what happened in *ret, which
 * has an entry for each of its recipients. Frees the password (may be NULL).
 * The owner calls smtp_close(). Replies of the session live in the arena.
 */
struct smtp *submit_open(const struct plan *p, struct secret *password,
    struct arena *a, struct outcome *ret);

/*
 * One message over a session that such a plan opened; *ret has an entry for
 * each recipient. Returns whether the session can carry another one; with
 * `last` it need not.
 */
bool submit_over(const struct plan *p, struct smtp *session, struct msg *m,
    bool last, struct outcome *ret);

/* The provider's rule that knows this verdict, or NULL. */
const struct reply_rule *submit_rule(const struct plan *p,
    const struct fail *why, const struct outcome_reply *reply);
/* Does it fit any text, so that it says no more than the code does? */
bool submit_is_general(const struct reply_rule *rule);

/* *ret for a message that was not sent: `like` happened to all of it. */
void submit_not(const struct plan *p, const struct outcome *like,
    struct arena *a, struct outcome *ret);

/* The three in a row, for one message. */
void submit(const struct plan *p, struct msg *m, struct secret *password,
    struct arena *a, struct outcome *ret);

#endif
