/*
 * tls_setup: what an account may say about its TLS beyond whom it trusts: a
 * list of revoked certificates, a certificate of its own, the library's
 * priorities, and the one certificate that the server must have. The half of
 * tls_gnutls.c that is read when such a setting is in the way; nobody else
 * includes this.
 */
#ifndef NET_TLS_SETUP_H
#define NET_TLS_SETUP_H

#include "tls.h"
#include <gnutls/gnutls.h>
#include <stdbool.h>

/*
 * The list of revoked certificates, and the client's certificate. Fails:
 * CONFIG, SECRET (a key that others can read).
 */
int tls_setup_credentials(gnutls_certificate_credentials_t credentials,
    const struct tls_params *params, struct fail *why);

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
