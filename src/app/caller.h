/*
 * caller: who runs this program, by the password database and the real user
 * id, and not by the environment: NAME, USER and LOGNAME say what a crontab or
 * a web server makes them say.
 *
 * Texts are in the arena; NULL when there is nothing to say.
 */
#ifndef APP_CALLER_H
#define APP_CALLER_H

#include "arena.h"

const char *caller_login(struct arena *a);

/*
 * The login name; where the password database does not know the user id, as in
 * some containers, what USER or LOGNAME say, else "unknown".
 */
const char *caller_user(struct arena *a);

/* The full name, see caller_gecos(). */
const char *caller_full_name(struct arena *a);

/*
 * The full name in a gecos field: up to the first comma, each '&' replaced by
 * the login name with a capital. NULL when it is empty.
 */
const char *caller_gecos(const char *gecos, const char *login, struct arena *a);

#endif
