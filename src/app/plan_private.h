/*
 * plan_private: what the files of plan share. Nobody else includes this.
 */
#ifndef APP_PLAN_PRIVATE_H
#define APP_PLAN_PRIVATE_H

#include "plan.h"

/*
 * Sets sender, and what the policy puts in the place of authors. Fails: USAGE,
 * CONFIG (no sender), SENDER (one that may not send).
 */
int plan_sender(struct plan *p, const struct invocation *inv,
    const struct rewrite_view *view, struct fail *why);

/* Does the caller name the sender, and may it? */
bool plan_has_asked(const struct plan *p, const struct invocation *inv);

/* Domains that mean nothing to the relay of the account. */
struct addr_local plan_local(const struct plan *p);

/*
 * Who runs us, at the account's domain: getuid(), never the environment. NULL
 * when one of the two is not known.
 */
const char *plan_caller_address(const struct plan *p);

#endif
