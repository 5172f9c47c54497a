/*
 * tls: the seam behind which a TLS library stands; one implementation is
 * chosen by the build (tls_gnutls.c). No type of the library leaks. No call
 * waits unless it is told that it may; deadlines are conn's business.
 *
 * The name, the chain and its purpose are verified inside the handshake: when
 * tls_step() says TLS_DONE the peer is the server tls_params.host says, or the
 * one whose certificate the pin names. Only is_unchecked changes that.
 */
#ifndef NET_TLS_H
#define NET_TLS_H

#include "secret.h"
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <time.h>

struct tls;

/* The digest of a certificate: SHA-256, SHA-1 or MD5, told by its length. */
struct tls_pin {
	unsigned char bytes[32];
	size_t n; /* 32, 20 or 16; 0: none */
};

struct tls_params {
	const char *host;       /* SNI and the name the certificate must have */
	const char *trust_file; /* PEM, or a directory; NULL: the system's */
	const char *crl_file;   /* PEM: revoked certificates; NULL: none */
	struct tls_pin pin;     /* replaces name, trust and dates */
	bool is_unchecked;      /* any certificate will do */
	/* The client's own, PEM or PKCS#11 URLs; both or neither. */
	const char *cert_file;
	const char *key_file;
	/*
	 * The PIN of a token whose URL has none: this, unless the token has
	 * refused a PIN before, or what a person types. Either may be NULL;
	 * the secret is borrowed until the handshake is done.
	 */
	const struct secret *password;
	struct secret *(*ask_pin)(const char *token, struct fail *why);
	const char *priorities; /* of the library; TLS 1.2 stays the oldest */
	unsigned min_dh_bits; /* of a Diffie-Hellman prime; 0: the library's */
};

enum tls_status {
	TLS_DONE,
	TLS_WANT_READ,
	TLS_WANT_WRITE,
	TLS_CLOSED,
	TLS_FAILED,
};

/*
 * Everything that can fail before the network is touched: trust file, lists,
 * keys, priorities. NULL on failure: CONFIG, SECRET (a key that others can
 * read, a PIN that is missing or wrong), OS. The strings of params are copied.
 * Certificates of the trust file are parsed in the handshake, and only those
 * the server's chain can need (see trust.h).
 */
struct tls *tls_new(const struct tls_params *params, struct fail *why);
/* Frees; sends nothing. Takes NULL, returns NULL. */
struct tls *tls_free(struct tls *t);

/* The descriptor is borrowed. Then call tls_step() until it is TLS_DONE. */
void tls_attach(struct tls *t, int fd);
/*
 * Something may have come on the descriptor, or, if the next read may wait,
 * is to come: as long as the descriptor lets it. A call that says
 * TLS_WANT_READ has read all there was, and none reads again before this is
 * said.
 */
void tls_listen(struct tls *t, bool may_wait);
/*
 * TLS_FAILED fills why: TLS (certificate, handshake), PROTOCOL (not TLS),
 * CONFIG (a trusted certificate that is needed is damaged).
 */
enum tls_status tls_step(struct tls *t, struct fail *why);

/* TLS_DONE sets *ret_n > 0. TLS_FAILED fills why: LOST. */
enum tls_status tls_read(
    struct tls *t, void *bytes, size_t n, size_t *ret_n, struct fail *why);
/*
 * After a WANT status, which says that a record was begun, call again with the
 * same bytes. Any other failure at the first call has sent nothing.
 */
enum tls_status tls_write(struct tls *t, const void *bytes, size_t n,
    size_t *ret_n, struct fail *why);
/* Decrypted bytes waiting inside. */
size_t tls_pending(const struct tls *t);

/* "TLS1.3" and the cipher. Valid as long as t. */
const char *tls_describe(const struct tls *t);

/* The session and the certificate of the server, for people. */
struct tls_peer {
	char session[160]; /* version, key exchange, cipher */
	char subject[512]; /* names as of RFC 4514 */
	char issuer[512];
	time_t from, until; /* -1: not said */
	unsigned char sha256[32];
};

/* After the handshake. False: there is no certificate that can be read. */
bool tls_peer(const struct tls *t, struct tls_peer *ret);

/* What is the same on both sides of this session, and in no other. */
struct tls_binding {
	bool is_exporter; /* tls-exporter (RFC 9266), else tls-unique */
	unsigned char bytes[64];
	size_t n;
};

/* After the handshake. False: none that is safe can be had. */
bool tls_binding(const struct tls *t, struct tls_binding *ret);

/* The library's name and version, for --version. */
const char *tls_library(void);

#endif
