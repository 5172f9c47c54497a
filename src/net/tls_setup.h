/*
 * tls_setup: what an account may say about its TLS beyond the file of whom it
 * trusts (trust.h): another kind of store, a list of revoked certificates, a
 * certificate of its own, the library's priorities, and the one certificate
 * that the server must have. The half of tls_gnutls.c that is read when such a
 * setting is in the way; nobody else includes this.
 */
#ifndef NET_TLS_SETUP_H
#define NET_TLS_SETUP_H

#include "tls.h"
#include <gnutls/gnutls.h>
#include <stdbool.h>

/* What a token was told; lives as long as the credentials. */
struct tls_token {
	const struct secret *password;
	struct secret *(*ask)(const char *token, struct fail *why);
	unsigned tried; /* PINs */
	bool is_spared; /* the password was not tried, see tls_setup_pin() */
	struct fail why;
};

/* Before anything is loaded: where the PIN of a token comes from. */
void tls_setup_token(gnutls_certificate_credentials_t credentials,
    struct tls_token *token, const struct tls_params *params);
/*
 * Called by the library when a token wants its PIN (gnutls_pin_callback_t);
 * ctx is the struct tls_token. Below 0: there is none.
 */
int tls_setup_pin(void *ctx, int attempt, const char *url, const char *label,
    unsigned flags, char *ret_pin, size_t max);

/*
 * All of a store: a file, a directory of files, a token, or, with NULL, the
 * system's. How many certificates; below 0: the library's error.
 */
int tls_setup_trust(
    gnutls_certificate_credentials_t credentials, const char *store);

/*
 * The list of revoked certificates, and the client's certificate. Fails:
 * CONFIG, SECRET (a key that others can read, no PIN or a wrong one).
 */
int tls_setup_credentials(gnutls_certificate_credentials_t credentials,
    const struct tls_token *token, const struct tls_params *params,
    struct fail *why);

/*
 * Versions, ciphers and the size of a prime, if the account speaks of them; a
 * session that it says nothing about stays as it is. Fails: CONFIG.
 */
int tls_setup_session(gnutls_session_t session, const struct tls_params *params,
    struct fail *why);

/* Has the server, in its handshake, shown the certificate of the pin? */
bool tls_pin_fits(gnutls_session_t session, const struct tls_pin *pin);
/* Says which one it has shown. Returns -1, why is TLS. */
int tls_pin_fail(gnutls_session_t session, const struct tls_pin *pin,
    const char *name, struct fail *why);

#endif
