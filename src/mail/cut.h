/*
 * cut: text that cannot be carried as it is and may not be encoded, because it
 * is encoded already or stands between the parts of a multipart. Lines longer
 * than LINE_MAX_OCTETS are cut, NULs are left out, 8-bit octets go if they may
 * not stay. Line ends are those of wire.h and pass as they are.
 *
 * No line becomes a delimiter of a multipart that was none before.
 *
 * Incremental: cut_begin() is a new text; input may be cut anywhere.
 */
#ifndef MAIL_CUT_H
#define MAIL_CUT_H

#include "buf.h"

/* RFC 5321 4.5.3.1.6, RFC 5322 2.1.1: without the line end. */
#define LINE_MAX_OCTETS 998

enum cut_mode {
	CUT_PLAIN,  /* by a line end and a blank; '?' instead of 8-bit */
	CUT_QUOTED, /* quoted-printable: by a soft break, =XX instead of 8-bit;
		       what it stands for stays the same, but for NULs */
};

struct cut {
	enum cut_mode mode;
	bool may_8bit;
	bool is_guarded; /* a "-" must not begin the line as it stands */
	bool is_cr;      /* the last line ends in CR, and LF may follow */
	size_t n;        /* octets in the line so far */
	char line[LINE_MAX_OCTETS + 8];
};

void cut_begin(struct cut *c, enum cut_mode mode, bool may_8bit);
void cut_add(struct cut *c, struct slice in, struct buf *out);
void cut_finish(struct cut *c, struct buf *out);

/*
 * Where a line of s is cut so that it has at most max octets (4 or more) and
 * no UTF-8 character is split.
 */
size_t cut_place(struct slice s, size_t max);

#endif
