#include "name.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

bool name_is_of(int dir, const char *name, const struct stat *st)
{
	struct stat now;

	return fstatat(dir, name, &now, AT_SYMLINK_NOFOLLOW) == 0 &&
	       now.st_ino == st->st_ino && now.st_dev == st->st_dev;
}

/* NFS, FUSE and older overlays say so in one of these ways. */
static bool is_not_known(int error)
{
	return error == EINVAL || error == ENOSYS || error == EOPNOTSUPP;
}

/* A link that NFS made may be answered as if it had been there: the first
   answer was lost. */
static bool is_linked_already(int from, int to, const char *name)
{
	struct stat st;

	return fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       name_is_of(to, name, &st);
}

enum name_given name_give(int from, int to, const char *name)
{
	if (renameat2(from, name, to, name, RENAME_NOREPLACE) == 0)
		return NAME_MOVED;
	if (!is_not_known(errno))
		return NAME_NOT_GIVEN;
	if (linkat(from, name, to, name, 0) == 0)
		return NAME_LINKED;
	if (errno == EEXIST && is_linked_already(from, to, name))
		return NAME_LINKED;
	return NAME_NOT_GIVEN;
}
