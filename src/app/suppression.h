/*
 * suppression: the recipients an account has learned not to write to
 * (spool/suppress.h). They are left out before the network is touched, and
 * named as refused.
 */
#ifndef APP_SUPPRESSION_H
#define APP_SUPPRESSION_H

#include "send.h"
#include "store.h"

/* What was left out of a plan. */
struct left_out {
	struct outcome_rcpt *v; /* arena */
	size_t n;
};

/*
 * Takes recipients that are suppressed out of the plan of s, when its account
 * says `suppression on`. A list that cannot be read is warned about: nobody is
 * left out.
 */
struct left_out suppression_apply(struct send *s);

/* Puts them behind the recipients of an outcome, which may have none. */
void suppression_put_back(
    const struct left_out *left, struct arena *a, struct outcome *o);

/*
 * Remembers whom the relay of the account of s has called unknown or
 * suppressed; what another account was told is known to that one.
 */
void suppression_learn(struct send *s, const struct outcome *o);

/* The spool that keeps the list. Fails: CONFIG, and as store_open(). */
int suppression_open(struct store *store, const struct settings *s,
    struct arena *a, struct fail *why);
/* The day an entry was made, for a person. Arena. */
const char *suppression_date(int64_t when, struct arena *a);

#endif
