/*
 * keyring: the account's password in the keyring of a desktop session, found
 * by host and user. The work is done by postrider-keyring, a program of its
 * own (base/keyring_exit.h); this module starts it and knows what its exit
 * status means.
 *
 * The settings must have host and user. Fails: SECRET, with what is wrong with
 * the keyring as the text; OS.
 */
#ifndef PROFILE_KEYRING_H
#define PROFILE_KEYRING_H

#include "options.h"
#include "run.h"

/* The program's path, or NULL: this build has no keyring. */
const char *keyring_program(void);

/* A lookup, to be collected or ended with run_end(). */
int keyring_start(struct run *r, const struct settings *s, struct fail *why);
/* The password, to be freed by the caller; NULL on failure. */
struct secret *keyring_collect(
    struct run *r, const struct settings *s, struct fail *why);

/* Replaces the password that is there. At most RUN_OUTPUT_MAX bytes. */
int keyring_store(
    const struct settings *s, struct slice password, struct fail *why);
int keyring_delete(const struct settings *s, struct fail *why);

#endif
