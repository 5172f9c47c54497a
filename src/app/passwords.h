/*
 * passwords: the password of an account, from a person or a pipe into the
 * keyring, or out of it.
 */
#ifndef APP_PASSWORDS_H
#define APP_PASSWORDS_H

#include "cmdline.h"
#include "secret.h"

/*
 * A secret typed at the terminal with its echo off, or the first line of
 * standard input when that is no terminal. Fails: SECRET, INPUT, NOMEM.
 */
struct secret *passwords_ask(const char *prompt, size_t max, struct fail *why);

/*
 * Whom a message that is sent from a terminal may ask, when the account has no
 * password (cred.h) and its token no PIN (tls.h). NULL, and *why as it was,
 * when there is no terminal, or another program has it.
 */
struct secret *passwords_of_account(const struct settings *s, struct fail *why);
struct secret *passwords_of_token(const char *token, struct fail *why);

/*
 * For the account that the invocation chooses; it must have host and user.
 * Fails: as files_load(), and INPUT, SECRET, OS.
 */
int passwords_store(
    const struct invocation *inv, struct arena *a, struct fail *why);
int passwords_delete(
    const struct invocation *inv, struct arena *a, struct fail *why);

#endif
