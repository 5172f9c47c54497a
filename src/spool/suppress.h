/*
 * suppress: addresses that an account shall not write to any more, because a
 * relay has said that they do not exist or are suppressed. One text file in
 * the directory of the spool, a line for each:
 *
 *	SECONDS <TAB> ACCOUNT <TAB> ADDRESS <TAB> REASON
 *
 * Texts are made printable on their way in, but for the address, which holds
 * no control character; so a line is a line. A line that cannot be read counts
 * for nothing. Added to under a lock, rewritten by rename. Local parts are
 * compared byte for byte, domains ignoring case: a caller brings each in
 * A-labels.
 *
 * Fails: SPOOL.
 */
#ifndef SPOOL_SUPPRESS_H
#define SPOOL_SUPPRESS_H

#include "store.h"

struct suppressed {
	int64_t since; /* seconds since 1970 */
	const char *account;
	const char *address;
	const char *reason;
	uint32_t mark; /* suppress.c's */
};

struct suppressed_list {
	struct suppressed *v; /* arena, as the texts */
	size_t n;
};

/* All there are, in the order in which they came; none without a file. */
int suppress_load(struct store *s, struct arena *a,
    struct suppressed_list *ret_list, struct fail *why);

/* NULL when this account may write to it. */
const struct suppressed *suppress_find(const struct suppressed_list *list,
    const char *account, const char *address);

/*
 * Adds entries durably, but for those that are there already; all of them, or
 * none.
 */
int suppress_add(struct store *s, const struct suppressed *entries, size_t n,
    struct fail *why);

/* Takes entries of that account and address out; *ret_n says how many. */
int suppress_remove(struct store *s, const char *account, const char *address,
    size_t *ret_n, struct fail *why);

#endif
