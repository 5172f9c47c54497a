#include "tls_peer.h"
#include <gnutls/x509.h>
#include <stdio.h>
#include <string.h>

static void take_text(char *to, size_t size, gnutls_datum_t *text)
{
	(void)snprintf(to, size, "%s", text->data ? (char *)text->data : "");
	gnutls_free(text->data);
	text->data = NULL;
}

void tls_peer_describe(gnutls_session_t session, char *ret, size_t size)
{
	const char *version =
	    gnutls_protocol_get_name(gnutls_protocol_get_version(session));
	const char *cipher = gnutls_cipher_get_name(gnutls_cipher_get(session));

	(void)snprintf(ret, size, "%s %s", version ? version : "TLS",
	    cipher ? cipher : "");
}

static int read_certificate(gnutls_x509_crt_t crt, struct tls_peer *ret)
{
	gnutls_datum_t text = { NULL, 0 };
	size_t n = sizeof(ret->sha256);

	if (gnutls_x509_crt_get_dn3(crt, &text, 0) < 0)
		return -1;
	take_text(ret->subject, sizeof(ret->subject), &text);
	if (gnutls_x509_crt_get_issuer_dn3(crt, &text, 0) < 0)
		return -1;
	take_text(ret->issuer, sizeof(ret->issuer), &text);
	ret->from = gnutls_x509_crt_get_activation_time(crt);
	ret->until = gnutls_x509_crt_get_expiration_time(crt);
	return gnutls_x509_crt_get_fingerprint(
	    crt, GNUTLS_DIG_SHA256, ret->sha256, &n);
}

bool tls_peer_read(gnutls_session_t session, struct tls_peer *ret)
{
	unsigned n = 0;
	const gnutls_datum_t *chain = gnutls_certificate_get_peers(session, &n);
	char *description = gnutls_session_get_desc(session);
	gnutls_x509_crt_t crt;
	int error;

	*ret = (struct tls_peer){ .from = 0 };
	(void)snprintf(ret->session, sizeof(ret->session), "%s",
	    description ? description : "");
	gnutls_free(description);
	if (n == 0 || gnutls_x509_crt_init(&crt) < 0)
		return false;
	error = gnutls_x509_crt_import(crt, &chain[0], GNUTLS_X509_FMT_DER);
	if (error == 0)
		error = read_certificate(crt, ret);
	gnutls_x509_crt_deinit(crt);
	return error == 0;
}

/*
 * In TLS 1.2 the bytes of tls-unique name one session only when the keys
 * depend on the whole handshake (RFC 7627); without that nothing is bound to.
 */
bool tls_binding_read(gnutls_session_t session, struct tls_binding *ret)
{
	bool is_13 = gnutls_protocol_get_version(session) >= GNUTLS_TLS1_3;
	gnutls_datum_t bytes = { NULL, 0 };
	bool is_found = false;

	if (!is_13 && !gnutls_session_ext_master_secret_status(session))
		return false;
	if (gnutls_session_channel_binding(session,
		is_13 ? GNUTLS_CB_TLS_EXPORTER : GNUTLS_CB_TLS_UNIQUE,
		&bytes) != 0)
		return false;
	if (bytes.size > 0 && bytes.size <= sizeof(ret->bytes)) {
		memcpy(ret->bytes, bytes.data, bytes.size);
		ret->n = bytes.size;
		ret->is_exporter = is_13;
		is_found = true;
	}
	gnutls_free(bytes.data);
	return is_found;
}
