/*
 * wire: the message as SMTP carries it (RFC 5321 2.3.8, 4.5.2). Every line
 * end - LF, CRLF, a run of CR with or without LF - becomes one CRLF; then a
 * dot at the start of a line is doubled. No byte sequence that goes in makes
 * a bare CR or LF come out, so nothing in a message can end it early.
 *
 * Incremental: a zeroed struct is a new message; input may be cut anywhere.
 */
#ifndef MAIL_WIRE_H
#define MAIL_WIRE_H

#include <stdbool.h>
#include <stddef.h>

struct wire {
	bool in_line;    /* something stands in the line already */
	bool pending_cr; /* CRs were read, their line end is not out yet */
};

/* Output of wire_filter() for n bytes of input is at most this long. */
#define WIRE_GROWTH(n) (2 * (n) + 2)

/* Filters in[n] into out, WIRE_GROWTH(n) bytes; returns the bytes put. */
size_t wire_filter(struct wire *w, const char *in, size_t n, char *out);

/*
 * What is left at the end of the message: the line end that is missing or
 * pending. At most 2 bytes. The final dot line is the session's.
 */
size_t wire_finish(struct wire *w, char *out);

#endif
