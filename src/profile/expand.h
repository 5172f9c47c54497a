/*
 * expand: what stands for something else in `from` and `domain`: %H the name
 * of this machine, %C its canonical name, %M the first line of the file of the
 * mail name, and in `from` %U the calling user and %F the author that the
 * message names. Other text is left as it is, a lone % as well.
 *
 * It is done after the account was chosen, so a `from` with a substitution
 * never chooses one.
 */
#ifndef PROFILE_EXPAND_H
#define PROFILE_EXPAND_H

#include "options.h"

/* Known only with the message: expand_settings() leaves it in place. */
#define EXPAND_AUTHOR "%F"

struct expand_params {
	const char *mailname;                 /* path, for %M */
	const char *(*user)(struct arena *a); /* for %U, when it is there */
};

/*
 * In place; `auto_from` becomes a `from` that no caller overrides. Fails:
 * CONFIG (no mail name, a name that is too long), with file and line of the
 * setting.
 */
int expand_settings(struct settings *s, const struct expand_params *params,
    struct arena *a, struct fail *why);

/* The text with the author put in. */
const char *expand_author(
    const char *text, const char *author, struct arena *a);

#endif
