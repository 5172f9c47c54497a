/*
 * hint: what somebody who looks at an account should know. Files made for
 * msmtp name the host of a provider and nothing else; an account may have no
 * sender, for callers that always name one.
 */
#ifndef PROFILE_HINT_H
#define PROFILE_HINT_H

#include "options.h"

/*
 * Appends comment lines for people: nothing when the settings (complete, see
 * account.h) have a provider, or their host is none of a provider's.
 */
void hint_provider(const struct settings *s, struct arena *a, struct buf *out);

/* The same when without -f there is no sender, or only the empty one. */
void hint_sender(const struct settings *s, struct buf *out);

#endif
