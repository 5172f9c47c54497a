/*
 * hint: what an account without a provider would gain by one. Files made for
 * msmtp name the host of a provider and nothing else.
 */
#ifndef PROFILE_HINT_H
#define PROFILE_HINT_H

#include "options.h"

/*
 * Appends comment lines for people: nothing when the settings (complete, see
 * account.h) have a provider, or their host is none of a provider's.
 */
void hint_provider(const struct settings *s, struct arena *a, struct buf *out);

#endif
