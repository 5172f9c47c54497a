/*
 * rewrite_private: what the files of rewrite share. Nobody else includes this.
 *
 * A rule looks at one field and returns true when that ends the matter: it
 * has removed the field, or written its value. Within a field edits are added
 * in order.
 */
#ifndef MAIL_REWRITE_PRIVATE_H
#define MAIL_REWRITE_PRIVATE_H

#include "hdr.h"
#include "rewrite.h"

/* What is known of the fields of an id. */
struct rewrite_kept {
	size_t n;   /* in the message */
	bool seen;  /* one that stays */
	bool apart; /* they hold lists that cannot become one */
};

struct rewriter {
	const struct rewrite_params *params;
	const struct msg_facts *facts;
	struct arena *a;
	struct slice header;
	struct slice resent;    /* the newest block of Resent- fields in it */
	struct msg_edit *edits; /* arena */
	size_t n;
	bool full; /* a text would be larger than a header may be */
	struct rewrite_kept kept[HDR_ID_COUNT];
};

/* Replaces n bytes at `at`, a place in the header. */
void rewrite_edit(
    struct rewriter *w, const char *at, size_t n, struct slice text);
/* Always true, as a rule is when it has removed the field. */
bool rewrite_remove(struct rewriter *w, const struct hdr_field *f);
/* A copy in the arena. */
struct slice rewrite_copy(struct rewriter *w, struct slice s);
/* Does the account put in a field of that name? */
bool rewrite_is_of_account(const struct rewriter *w, struct slice name);

/* A list of addresses in the value of a field. */
struct rewrite_list {
	struct slice text; /* without blanks and commas around it */
	struct addr_list in;
};

/* False when it cannot be read. */
bool rewrite_read_list(
    struct rewriter *w, struct slice value, struct rewrite_list *ret);

/*
 * rewrite_resent.c: takes the next block of Resent- fields (RFC 5322 3.6.6)
 * and what stands before it: such fields, each name once, whatever stands
 * between them but a trace field. What comes again, or below a trace, is of
 * an earlier time. ret_flags is what hdr.def says of any of them. False when
 * there is none.
 */
bool rewrite_take_resent(
    struct slice *rest, struct slice *ret_block, unsigned *ret_flags);
/* A field of the block, and no other that stands between them. */
bool rewrite_is_within(struct slice block, const struct hdr_field *f);

/* rewrite_lists.c: bare addresses, open groups, semicolons, several lists in
 * one. */
bool rewrite_rule_addresses(struct rewriter *w, const struct hdr_field *f);
/* rewrite_sender.c: an author that may not be one. */
bool rewrite_rule_sender(struct rewriter *w, const struct hdr_field *f);
/* rewrite_made.c: fields that are made when they are missing or empty. */
bool rewrite_rule_made(struct rewriter *w, const struct hdr_field *f);
/* Puts those of the newest block of Resent- fields at its top. */
bool rewrite_rule_resent(struct rewriter *w, const struct hdr_field *f);
/* The others that are wanted and were not in the message. */
int rewrite_add_made(struct rewriter *w, struct buf *b, struct fail *why);

#endif
