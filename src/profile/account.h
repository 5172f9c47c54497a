/*
 * account: from what the files and the command line say to settings that are
 * complete and consistent: the provider fills what nobody set, defaults that
 * depend on other settings are worked out, contradictions are refused.
 */
#ifndef PROFILE_ACCOUNT_H
#define PROFILE_ACCOUNT_H

#include "config.h"

/*
 * Completes s in place. Warnings (an unknown region, certificate checks off)
 * are appended to *warnings, one a line. Fails: CONFIG, naming the setting
 * and, when it came from a file, file and line.
 *
 * `auth` is only checked for its form: which mechanisms there are is known
 * higher up.
 */
int account_complete(struct settings *s, struct arena *a, struct buf *warnings,
    struct fail *why);

/*
 * What it takes to speak to the server at all. Fails: CONFIG.
 */
int account_check_server(const struct settings *s, struct fail *why);

/*
 * What a sending account needs beyond that: host, user when auth is on, a user
 * name that the provider can accept. Whether there is a secret is found out
 * later (cred.h). Fails: CONFIG.
 */
int account_check_sending(const struct settings *s, struct fail *why);

/* Is `from` a pattern for fnmatch(), no address? NULL is none. */
bool account_is_pattern(const char *from);

/* Does this stand for the empty sender: "", "<>", MAILER-DAEMON? NULL does. */
bool account_is_nobody(const char *sender);
/* Does `from` say that the account's mail has the empty sender? */
bool account_has_null_sender(const struct settings *s);

/*
 * The account's own address; NULL when it has none, only a pattern, or one
 * that the message is to say (expand.h).
 */
const char *account_address(const struct settings *s);
/*
 * May this address be the sender (allowed_from)? The account's own always, and
 * any when nothing says which. Case does not matter.
 */
bool account_allows(const struct settings *s, const char *address);

/*
 * That the account has no source of a secret; `keyring` says what is wrong
 * with the last one. Fails: CONFIG, always.
 */
int account_no_secret(
    const struct settings *s, const char *keyring, struct fail *why);

/* Who the server is: its name, or the path of its socket; NULL: not set. */
const char *account_server(const struct settings *s);
/* Is authentication asked for? */
bool account_has_auth(const struct settings *s);
/* Is it, and with a mechanism that takes a user name and a password? */
bool account_needs_secret(const struct settings *s);
/* Is the key of TLS in a token whose URL says nothing of its PIN? */
bool account_has_locked_key(const struct settings *s);

#endif
