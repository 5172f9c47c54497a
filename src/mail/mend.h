/*
 * mend: a header field made fit for the wire. Lines longer than RFC 5322 2.1.1
 * allows are folded at blanks, in lists behind commas and semicolons, or cut
 * where there is neither; no line becomes one of blanks. When 8-bit octets may
 * not stay: in text, comments and display names they become encoded words
 * (RFC 2047), in parameters extended values (RFC 2231), and where neither is
 * allowed '?'. What needs no mending stays as it is, byte for byte.
 */
#ifndef MAIL_MEND_H
#define MAIL_MEND_H

#include "buf.h"

/*
 * Adds the field, all of its lines with their ends, to *b. A line that is no
 * field is treated as one whose meaning is not known.
 */
void mend_field(struct buf *b, struct slice raw, bool may_8bit);

#endif
