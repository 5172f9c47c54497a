/*
 * tally: what has to be known of a stretch of text before it is sent, counted
 * as it passes by in blocks. Line ends are those of wire.h.
 */
#ifndef MAIL_TALLY_H
#define MAIL_TALLY_H

#include "utf8.h"

/* Zeros are the start of a text. */
struct tally {
	uint64_t text; /* octets that are no line end */
	uint64_t ends; /* line ends */
	size_t line;   /* octets in the line that has not ended */
	size_t longest;
	bool pending_cr; /* CRs were read, whether LF follows is not known */
	bool has_8bit;
	bool has_nul;
	bool has_bare_cr;
	struct utf8 utf8; /* is_bad: its 8-bit octets are not UTF-8 */
};

/* Input may be cut anywhere. */
void tally_add(struct tally *t, const char *p, size_t n);
/*
 * The text ends here: a pending CR is a line end, a last line may lack one, a
 * character that lacks octets is none.
 */
void tally_finish(struct tally *t);

/* After tally_finish(): octets with CRLF, as wire_filter() makes them. */
uint64_t tally_wire_size(const struct tally *t);

#endif
