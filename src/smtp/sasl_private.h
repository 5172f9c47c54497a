/*
 * sasl_private: what sasl.c (the exchange), sasl_list.c (which mechanisms
 * there are) and sasl_bearer.c (two that libgsasl has not) share. Nobody else
 * includes this.
 */
#ifndef SMTP_SASL_PRIVATE_H
#define SMTP_SASL_PRIVATE_H

#include "sasl.h"

enum sasl_flag {
	SASL_FIRST = 1 << 0,    /* the client speaks first */
	SASL_AUTO = 1 << 1,     /* `auth on` may choose it */
	SASL_AUTO_TLS = 1 << 2, /* the same, but only inside TLS */
	SASL_PREPARED = 1 << 3, /* the library makes copies of the password */
	SASL_TICKET = 1 << 4,   /* who we are is known: no password */
	SASL_BINDING = 1 << 5,  /* proves the TLS channel, too (RFC 5929) */
	SASL_BEARER = 1 << 6,   /* the password is a token; see sasl_bearer.c */
	SASL_OPTIONAL = 1 << 7, /* not in every build of the library */
	/* What the library takes from a server without looking. */
	SASL_NTLM = 1 << 8,   /* a packet */
	SASL_FILLED = 1 << 9, /* a challenge with nothing in it */
};

struct sasl_mechanism {
	const char *name;
	unsigned flags;
};

/* NULL when there is no such mechanism; the name in any case. */
const struct sasl_mechanism *sasl_find(const char *name);

/* Can the library do it? Of sasl.c, which alone knows the library. */
bool sasl_is_supported(const struct sasl_mechanism *m);

/*
 * The first message of OAUTHBEARER (RFC 7628 3.1) or XOAUTH2, in clear. NULL
 * on failure: CONFIG (a token or a name that cannot be carried), NOMEM.
 */
struct secret *sasl_bearer_first(const struct sasl_params *params,
    const struct sasl_mechanism *m, struct fail *why);
/* What ends the exchange after an error, in clear (RFC 7628 3.2.3). */
struct slice sasl_bearer_last(const struct sasl_mechanism *m);
/*
 * What the server says about an error, for people; nothing when it repeats the
 * token.
 */
void sasl_bearer_reason(
    struct slice error, const struct secret *token, struct buf *reason);

#endif
