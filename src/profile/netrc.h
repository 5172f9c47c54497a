/*
 * netrc: passwords in the file that ftp has read since 4.2BSD, in the grammar
 * msmtp reads: words between blanks and line ends; `machine NAME` and `default`
 * begin an entry, `login` (or `user`), `password` (or `passwd`) and `account`
 * have a value, `macdef NAME` is skipped up to the next empty line, and a word
 * that begins with # ends the line. Quotes of either kind group what is
 * between them and are dropped; there is no escape.
 *
 * An entry counts when its machine is the server, whatever the case, and its
 * login the user; one without a password is passed over, and `default` never
 * counts: a password is for the server it was made for.
 */
#ifndef PROFILE_NETRC_H
#define PROFILE_NETRC_H

#include "secret.h"

#define NETRC_FILE_MAX 262144

/* Both must be set. */
struct netrc_key {
	const char *machine;
	const char *login;
};

/*
 * The password in a text, to be freed by the caller; NULL when there is none,
 * with why->kind NONE unless memory is short.
 */
struct secret *netrc_find(
    struct slice text, const struct netrc_key *key, struct fail *why);

/*
 * The same in a file. One that is not there, or may not be read, has none.
 * Fails: SECRET (it has the password and is open to others than its owner,
 * who is not root; it is no regular file, too large or changes), NOMEM.
 */
struct secret *netrc_read(
    const char *path, const struct netrc_key *key, struct fail *why);

#endif
