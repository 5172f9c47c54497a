/*
 * flags: every flag of the command line that is not a setting, as a table:
 * sendmail's letters and our own long options. cmdline.c applies it.
 */
#ifndef APP_FLAGS_H
#define APP_FLAGS_H

#include "cmdline.h"
#include <stddef.h>

enum takes { TAKES_NONE, TAKES_VALUE, TAKES_OPTIONAL };

/* What a flag does to the invocation. */
enum does {
	DOES_NOTHING, /* accepted, without meaning for us */
	DOES_SET,     /* a bool of the invocation */
	DOES_KEEP,    /* its value, in a text of the invocation */
	DOES_MODE,    /* chooses what to do */
	DOES_SETTING, /* its value, in any case, is that of a setting */
	DOES_CALL,
};

/* Which grammar knows a letter. */
enum { IN_SENDMAIL = 1, IN_OWN = 2, IN_BOTH = 3 };

struct flag {
	char letter; /* or 0 */
	enum takes takes;
	int grammar;
	enum does does;
	const char *name; /* long option, or NULL */
	size_t target;    /* FIELD, enum mode_id or enum option_id */
	int (*call)(
	    struct invocation *inv, const char *value, struct fail *why);
	const char *argument; /* for help */
	const char *help;     /* NULL: not shown there */
};

extern const struct flag flags[];
extern const size_t flags_n;

#endif
