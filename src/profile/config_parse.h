/*
 * config_parse: the grammar of a configuration file, over text in memory. A
 * part of config; nobody else but its tests includes this.
 *
 * A line is a keyword, blanks and a value; the value is the rest of the line
 * without blanks at its ends and without one pair of double quotes around it.
 * There are no escapes, and '#' is a comment only as the first character.
 * Keywords are the rows of options.def and `account`, `defaults`, `eval`.
 */
#ifndef PROFILE_CONFIG_PARSE_H
#define PROFILE_CONFIG_PARSE_H

#include "config.h"

struct config_source {
	const char *file;      /* for messages and origins; borrowed for good */
	enum origin_kind kind; /* ORIGIN_SYSTEM or ORIGIN_USER */
};

/*
 * Adds the accounts of the text to c, but those whose name c knows already.
 * The text must outlive c. *ret_secret: a password, or a PIN, stands in it.
 * Fails as config.h says; c is then unchanged but for what commands printed.
 */
int config_parse(struct config *c, struct slice text,
    const struct config_source *source, bool *ret_secret, struct fail *why);

#endif
