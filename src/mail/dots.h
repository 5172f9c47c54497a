/*
 * dots: the line with a lone dot that ends a message, and the dots at the
 * start of other lines, as octets come in. What wire.h puts on the other
 * side.
 *
 * Incremental, in place: input may be cut anywhere. What cannot be told yet
 * (at most a dot and a CR) is left in the block, for its owner to put at the
 * start of the next one.
 */
#ifndef MAIL_DOTS_H
#define MAIL_DOTS_H

#include <stdbool.h>
#include <stddef.h>

enum dots_rule {
	/* sendmail without -i: a line starts behind LF; "." with LF, CRLF or
	   the end of the input ends the message, ".." loses a dot. */
	DOTS_SENDMAIL,
	/* SMTP, RFC 5321 4.5.2: a line starts behind CRLF, and only "." CRLF
	   ends the message; any other line loses a dot it starts with. */
	DOTS_CRLF,
	/* The same for a client whose lines end in LF: each line starts behind
	   LF and ends there, with or without a CR before it. */
	DOTS_LF,
};

struct dots {
	enum dots_rule rule; /* the rest starts as zeros */
	bool ended;          /* the line was met */
	size_t taken;        /* octets of the last block that are done with;
				behind the dot's line when it was met */
	bool in_line;        /* the block to come starts within a line */
	char last;           /* octet before it */
};

/*
 * Filters n octets; returns how many are for the message, at the start of the
 * block. With eof nothing follows. Not to be called once it has ended.
 */
size_t dots_filter(struct dots *d, char *block, size_t n, bool eof);

#endif
