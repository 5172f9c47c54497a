/*
 * alias_private: the table of aliases between its two files, alias_parse.c
 * that fills it and alias.c that uses it.
 */
#ifndef MAIL_ALIAS_PRIVATE_H
#define MAIL_ALIAS_PRIVATE_H

#include "alias.h"

struct alias {
	struct alias *next; /* in the bucket */
	const char *name;
	const char *values; /* n texts, a NUL behind each */
	size_t n;
	unsigned round; /* the expansion that used it last */
	bool is_open;   /* that one is among its values now */
};

/* Texts that differ in case only have the same. */
size_t alias_hash(struct slice s);

/* Where the alias is, or belongs: *place is NULL then. */
struct alias **alias_place(const struct alias_table *t, struct slice name);

/* The name of this machine as it calls itself, "" if unknown; arena. */
const char *alias_host_name(struct arena *a);

/* "FILE: line N: TEXT"; no line when it is 0. */
void alias_warn(struct buf *warnings, const char *path, size_t line,
    const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
