/*
 * qp: quoted-printable (RFC 2045 6.7). Line ends - LF, CRLF, runs of CR, as
 * wire.h has them - pass as they are: they are the line ends of the text.
 * Lines have at most 76 octets.
 *
 * A line that begins behind a soft break does not begin with "-", so none
 * becomes a delimiter of a multipart that was no line of its own before.
 *
 * Incremental: a zeroed struct is a new text; input may be cut anywhere.
 */
#ifndef MAIL_QP_H
#define MAIL_QP_H

#include <stddef.h>

struct qp {
	size_t column;
	char blank; /* was read, and may be the last of its line; or NUL */
};

/* Output of qp_add() for n octets of input is at most this long. */
#define QP_GROWTH(n) (5 * (n) + 5)
/* ... and of qp_finish(). */
#define QP_END_MAX 5

/* Each returns the octets put. */
size_t qp_add(struct qp *q, const char *in, size_t n, char *out);
size_t qp_finish(struct qp *q, char *out);

#endif
