#include "tls_peer.h"
#include "unit.h"
#include <gnutls/x509.h>
#include <sys/socket.h>
#include <unistd.h>

/* Both ends of a session in one process, with a certificate made for it. */
struct pair {
	int fd[2];
	gnutls_session_t end[2]; /* client, server */
	gnutls_certificate_credentials_t own, none;
	gnutls_x509_crt_t crt;
	gnutls_x509_privkey_t key;
};

static void require(int is_true)
{
	if (!is_true) {
		puts("# the session cannot be made");
		exit(1);
	}
}

static void make_certificate(struct pair *p)
{
	static const char name[] = "CN=mail.example.com,O=Example\\, Inc.";
	const char *bad;

	require(gnutls_x509_privkey_init(&p->key) == 0);
	require(gnutls_x509_privkey_generate(
		    p->key, GNUTLS_PK_EDDSA_ED25519, 0, 0) == 0);
	require(gnutls_x509_crt_init(&p->crt) == 0);
	require(gnutls_x509_crt_set_version(p->crt, 3) == 0);
	require(gnutls_x509_crt_set_serial(p->crt, "\x01", 1) == 0);
	require(gnutls_x509_crt_set_dn(p->crt, name, &bad) == 0);
	require(gnutls_x509_crt_set_activation_time(p->crt, 1000000000) == 0);
	require(gnutls_x509_crt_set_expiration_time(p->crt, 4000000000) == 0);
	require(gnutls_x509_crt_set_key(p->crt, p->key) == 0);
	require(gnutls_x509_crt_sign2(
		    p->crt, p->crt, p->key, GNUTLS_DIG_SHA512, 0) == 0);
}

static void open_pair(struct pair *p, const char *priorities)
{
	int done[2] = { 0, 0 };

	make_certificate(p);
	require(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, p->fd) == 0);
	require(gnutls_certificate_allocate_credentials(&p->own) == 0);
	require(gnutls_certificate_allocate_credentials(&p->none) == 0);
	require(
	    gnutls_certificate_set_x509_key(p->own, &p->crt, 1, p->key) == 0);
	for (int i = 0; i < 2; i++) {
		require(gnutls_init(
			    &p->end[i], (i ? GNUTLS_SERVER : GNUTLS_CLIENT) |
					    GNUTLS_NONBLOCK) == 0);
		require(gnutls_priority_set_direct(
			    p->end[i], priorities, NULL) == 0);
		require(gnutls_credentials_set(p->end[i],
			    GNUTLS_CRD_CERTIFICATE, i ? p->own : p->none) == 0);
		gnutls_transport_set_int(p->end[i], p->fd[i]);
		(void)gnutls_handshake(p->end[i]);
	}
	for (int i = 0; !done[0] || !done[1]; i = !i) {
		int error =
		    done[i] ? GNUTLS_E_AGAIN : gnutls_handshake(p->end[i]);

		require(error == 0 || !gnutls_error_is_fatal(error));
		done[i] |= error == 0;
	}
}

static void close_pair(struct pair *p)
{
	for (int i = 0; i < 2; i++) {
		gnutls_deinit(p->end[i]);
		close(p->fd[i]);
	}
	gnutls_certificate_free_credentials(p->own);
	gnutls_certificate_free_credentials(p->none);
	gnutls_x509_crt_deinit(p->crt);
	gnutls_x509_privkey_deinit(p->key);
}

TEST(binding)
{
	static const struct {
		const char *label, *priorities;
		bool is_there, is_exporter;
		size_t n;
	} rows[] = {
		{ "TLS 1.3", "NORMAL:-VERS-ALL:+VERS-TLS1.3", true, true, 32 },
		{ "TLS 1.2", "NORMAL:-VERS-ALL:+VERS-TLS1.2", true, false, 12 },
		/* Two sessions could be made to have the same bytes. */
		{ "TLS 1.2 of old",
		    "NORMAL:-VERS-ALL:+VERS-TLS1.2:%NO_SESSION_HASH", false,
		    false, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct tls_binding ends[2] = { { .n = 0 }, { .n = 0 } };
		struct pair p;

		CASE(rows[i].label);
		open_pair(&p, rows[i].priorities);
		for (int end = 0; end < 2; end++) {
			CHECK_INT(tls_binding_read(p.end[end], &ends[end]),
			    rows[i].is_there);
			CHECK_INT(ends[end].n, rows[i].n);
			CHECK_INT(ends[end].is_exporter, rows[i].is_exporter);
		}
		CHECK(memcmp(ends[0].bytes, ends[1].bytes, rows[i].n) == 0);
		close_pair(&p);
	}
}

TEST(another_session_has_another_binding)
{
	struct tls_binding bindings[2];

	for (int i = 0; i < 2; i++) {
		struct pair p;

		open_pair(&p, "NORMAL");
		CHECK(tls_binding_read(p.end[0], &bindings[i]));
		close_pair(&p);
	}
	CHECK(memcmp(bindings[0].bytes, bindings[1].bytes, bindings[0].n) != 0);
}

TEST(peer)
{
	unsigned char digest[32];
	size_t n = sizeof(digest);
	struct tls_peer peer;
	struct pair p;

	open_pair(&p, "NORMAL:-VERS-ALL:+VERS-TLS1.3");
	CHECK(tls_peer_read(p.end[0], &peer));
	CHECK_STR(peer.subject, "CN=mail.example.com,O=Example\\, Inc.");
	CHECK_STR(peer.issuer, "CN=mail.example.com,O=Example\\, Inc.");
	CHECK_INT(peer.from, 1000000000);
	CHECK_INT(peer.until, 4000000000);
	CHECK(strstr(peer.session, "TLS1.3") != NULL);
	CHECK_INT(gnutls_x509_crt_get_fingerprint(
		      p.crt, GNUTLS_DIG_SHA256, digest, &n),
	    0);
	CHECK(memcmp(digest, peer.sha256, n) == 0);
	CASE("a client without a certificate");
	CHECK(!tls_peer_read(p.end[1], &peer));
	close_pair(&p);
}
