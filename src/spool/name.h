/*
 * name: the one name of a file goes from one directory to another, and never
 * over a file that is there. Where the file system has no call for that it
 * gets its second name first (link) and loses its first one then, so that a
 * death in between leaves both: whoever works on such a file next takes the
 * other one away. Names of the same file are never two messages.
 */
#ifndef SPOOL_NAME_H
#define SPOOL_NAME_H

#include <stdbool.h>
#include <sys/stat.h>

/* What name_give() did. */
enum name_given {
	NAME_NOT_GIVEN, /* errno says why */
	NAME_MOVED,
	NAME_LINKED, /* it has both: the caller makes the new one durable,
			then removes the old one */
};

enum name_given name_give(int from, int to, const char *name);

/* Is that name in the directory this very file? */
bool name_is_of(int dir, const char *name, const struct stat *st);

#endif
