/*
 * dsn: what a sender asks for in delivery status notifications, as parameters
 * of MAIL and RCPT (RFC 3461 4). They are for servers that offer DSN only; the
 * session leaves them out elsewhere.
 *
 * The texts are borrowed.
 */
#ifndef SMTP_DSN_H
#define SMTP_DSN_H

#include "buf.h"

/* RFC 3461 4.4: characters before they are encoded. */
#define DSN_ENVID_MAX 100

/* A NULL or "" asks for nothing. */
struct dsn {
	const char *notify; /* "never", or words between commas, each of
			       success, failure and delay, in any case */
	const char *ret;    /* "full" or "hdrs", in any case */
	const char *envid;  /* as dsn_is_envid() wants it; not encoded yet */
};

/* Printable ASCII, blanks included, and not too long. */
bool dsn_is_envid(struct slice text);

/* The parameters, each with a blank before it; nothing where none is asked
 * for. The result is printable ASCII without a blank inside a value. */
void dsn_add_mail(struct buf *b, const struct dsn *d);
void dsn_add_rcpt(struct buf *b, const struct dsn *d);

#endif
