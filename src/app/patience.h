/*
 * patience: a relay that asks to be sent to more slowly is asked again after
 * a moment, in the same run. Which replies say so is the provider's rules to
 * know: a complete 4yz, with words of its own, that passes soon. Any other
 * 4yz, and an outcome that is unknown, is not waited for.
 */
#ifndef APP_PATIENCE_H
#define APP_PATIENCE_H

#include "submit.h"

/* Of one message. Zeros are its start. */
struct patience {
	struct deadline until; /* since the first wait */
	int64_t step;          /* milliseconds; 0: nothing was waited for */
	bool is_over;
};

/* Does anybody in *o wait for a relay that is only busy? */
bool patience_is_wanted(const struct plan *p, const struct outcome *o);

/*
 * Waits one second, two, four ..., spread by a quarter, for so many seconds in
 * all (0: not at all). False when these have passed.
 */
bool patience_wait(struct patience *t, int64_t seconds);

/*
 * Sends to those recipients of *o alone, over a session as for submit_over(),
 * and puts what becomes of them into *o. Returns whether the session can carry
 * more.
 */
bool patience_resend(const struct plan *p, struct smtp *session, struct msg *m,
    struct arena *a, struct outcome *o);

#endif
