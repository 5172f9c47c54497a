/*
 * alias: the aliases file, which says where mail for local names goes. It
 * concerns the envelope only and maps names to addresses and other names; it
 * runs, writes and includes nothing.
 *
 * The grammar is what sendmail, Postfix and OpenSMTPD have in common, and
 * msmtp's: "name: value, value...". A line that starts with a blank continues
 * the one before (unless that is complete and this has a name of its own, as
 * msmtp's users indent); empty lines and lines of which the first character
 * that is no blank is '#' count for nothing, and so does the rest of a line
 * from a '#' that stands outside quotes behind a blank, a separator or a
 * domain. Names are local parts, quoted or not, or whole addresses; their case
 * does not matter. A value behind a backslash is not looked up again.
 * "default" and "*" are the name of all local names without values of their
 * own.
 *
 * Nothing here fails: mail with a wrong alias is better than no mail. What is
 * wrong is left out and said in a line of warnings, "FILE: line N: ..." or
 * "FILE: ...", printable and ended by LF: a line that cannot be read, a name
 * that was there before (the first one counts), a value that is a command,
 * file, :include: or error:. A name without values left is as good as none.
 */
#ifndef MAIL_ALIAS_H
#define MAIL_ALIAS_H

#include "arena.h"
#include "buf.h"

#define ALIAS_FILE_MAX   1048576 /* octets */
#define ALIAS_DEPTH_MAX  10      /* aliases of aliases */
#define ALIAS_RESULT_MAX 1000

/* A table of zeros has no aliases. */
struct alias_table {
	const char *path;      /* for warnings; borrowed */
	const char *host;      /* the name of this machine, "" if unknown */
	struct alias **bucket; /* by hash of the name; arena, as all below */
	size_t n_buckets;      /* a power of two, or 0 */
	struct alias *catch_all;
	unsigned round; /* counts expansions */
};

/*
 * Sets *t to what the file says. One that is not there, cannot be read, is no
 * regular file or larger than ALIAS_FILE_MAX is a warning and has no aliases.
 * One that others than its owner may write to, or that belongs to neither root
 * nor the user, is a warning, too: it decides where mail goes.
 */
void alias_load(struct alias_table *t, const char *path, struct arena *a,
    struct buf *warnings);

/* Sets *t to a table without aliases that knows the name of this machine. */
void alias_none(struct alias_table *t, struct arena *a);

/* The same for a text in memory, which is not needed afterwards. */
void alias_parse(struct alias_table *t, const char *path, struct slice text,
    struct arena *a, struct buf *warnings);

struct alias_list {
	const char **v; /* array and texts in the arenas, or the address */
	size_t n;
	bool is_cut; /* there are more, which are not in it */
};

/*
 * Sets *ret to what stands for an address (spec of addr.h; a backslash before
 * it means that it is not looked up): at least 1, at most ALIAS_RESULT_MAX
 * different addresses in the order of the file, some without a domain. They
 * are as addr_check() wants them, or the address itself.
 *
 * Looked up are addresses without a domain, at "localhost" and at the name of
 * this machine or its first label; others only as a whole. What leads back to
 * itself or goes too deep stays as it is there.
 */
void alias_expand(struct alias_table *t, const char *address, struct arena *a,
    struct alias_list *ret, struct buf *warnings);

/*
 * The address with `domain` (NULL: none) in place of no domain, of "localhost"
 * and of the name of this machine: no relay can deliver to those. Others, and
 * all when the domain is NULL, are given back as they are.
 */
const char *alias_qualify(const struct alias_table *t, const char *address,
    const char *domain, struct arena *a);

#endif
