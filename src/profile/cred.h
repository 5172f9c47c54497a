/*
 * cred: where the account's secret comes from: password, password_file,
 * passwordeval (in this order; the first that is set, but what the command
 * line sets comes before what a file sets), and when none of them is, the
 * keyring of the session, then the netrc files, and at last a person. Started
 * before the message is read, collected before the network is touched, freed
 * by the session right after AUTH.
 *
 * One of the first three is also got for a token that wants a PIN (tls.h),
 * when there is no AUTH to need it.
 */
#ifndef PROFILE_CRED_H
#define PROFILE_CRED_H

#include "options.h"
#include "run.h"
#include "secret.h"

struct cred {
	struct run run;
	bool is_keyring; /* what runs looks there */
	struct secret *ready;
	const char *const *netrc;
	struct fail missing; /* before a person was asked */
	/*
	 * Asks a person; NULL without a word in *why when nobody is there.
	 * NULL: nobody may be asked. Set before cred_start(), which keeps it,
	 * in a struct that is otherwise zero.
	 */
	struct secret *(*ask)(const struct settings *s, struct fail *why);
};

/*
 * The setting a secret would come from, "keyring" too; NULL: none, but a netrc
 * file may still have it.
 */
const char *cred_source(const struct settings *s);

/*
 * Does nothing when auth is off or its mechanism takes no password. netrc are
 * the paths of files, tried in this order, up to a NULL. They and the settings
 * must live until cred_end(). Fails: CONFIG, SECRET, OS, NOMEM.
 */
int cred_start(struct cred *c, const struct settings *s,
    const char *const netrc[], struct fail *why);
/*
 * The SMTP password (derived when the source holds an access key's secret), to
 * be freed by the caller; NULL when none is needed (auth off). Once only.
 * Fails: SECRET, CONFIG, BUG, NOMEM.
 */
int cred_collect(struct cred *c, const struct settings *s,
    struct secret **ret_password, struct fail *why);

/* Ends what is still running. After cred_start(), failed or not. */
void cred_end(struct cred *c);

#endif
