/*
 * sasl: the seam in front of libgsasl (sasl.c is the only user of gsasl.h) and
 * of the mechanisms it has not. One mechanism, one exchange. Tokens are base64
 * as SMTP carries them (RFC 4954) and are secrets. The library is given the
 * password only while it works on the step that needs it; what it keeps is
 * overwritten after each step.
 *
 * Fails: AUTH (the server's challenge is wrong), CONFIG (unknown or unusable
 * mechanism, user or password missing or not to be prepared), BUG, NOMEM.
 */
#ifndef SMTP_SASL_H
#define SMTP_SASL_H

#include "buf.h"
#include "secret.h"

#define SASL_ROUNDS_MAX    8
#define SASL_CHALLENGE_MAX 12288

struct sasl;

/* What ties an exchange to the TLS session it runs in. */
struct sasl_binding {
	bool is_exporter; /* RFC 9266, else tls-unique of RFC 5929 */
	struct slice bytes;
};

struct sasl_params {
	const char *mechanism;         /* upper case */
	const char *user;              /* EXTERNAL: whom to act as, or NULL */
	const struct secret *password; /* borrowed until sasl_free(); or NULL */
	const char *service;           /* "smtp" */
	const char *host;
	unsigned port;     /* 0: none */
	const char *realm; /* domain of NTLM, realm of DIGEST-MD5; or NULL */
	struct sasl_binding binding; /* for the mechanisms that need one */
};

struct sasl *sasl_new(const struct sasl_params *params, struct fail *why);
/* Wipes what the library kept. Takes NULL, returns NULL. */
struct sasl *sasl_free(struct sasl *s);

/* True when the mechanism speaks first: its first step is sent with AUTH. */
bool sasl_is_client_first(const struct sasl *s);

/*
 * Answers a challenge (base64; empty for the initial response) by a token
 * (base64, in *ret_token, borrowed until the next call); an initial response
 * that is empty is "=". 0, or -1.
 */
int sasl_step(struct sasl *s, struct slice challenge, struct slice *ret_token,
    struct fail *why);
/* True when the client side is satisfied (SCRAM: the server proved itself) */
bool sasl_is_complete(const struct sasl *s);
/* False when the exchange is over, so that no challenge may follow. */
bool sasl_takes_challenge(const struct sasl *s);
/*
 * What the server said in its last challenge about why it refuses a token
 * (RFC 7628 3.2.2), printable; "" when it said nothing.
 */
const char *sasl_reason(const struct sasl *s);

/*
 * The best mechanism of those offered (blank separated, upper case) that
 * `auth on` may use: SCRAM (with channel binding only where there is one)
 * before PLAIN, CRAM-MD5, DIGEST-MD5 and LOGIN; in clear none of the last
 * four. NULL when there is none.
 */
const char *sasl_choose(const char *offered, bool in_tls, bool has_binding);
/* True when the name (any case) is one this build can do; ret_name upper. */
bool sasl_is_known(const char *name, const char **ret_name);
/* True for a mechanism that is nothing without sasl_params.binding. */
bool sasl_needs_binding(const char *name);
/* Library name and version; names of all mechanisms, for --version. */
const char *sasl_library(void);
const char *sasl_mechanisms(void);

#endif
