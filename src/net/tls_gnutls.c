#include "tls.h"
#include "flight.h"
#include "host.h"
#include "mem.h"
#include "slice.h"
#include "tls_peer.h"
#include "tls_setup.h"
#include "token.h"
#include "trust.h"
#include <errno.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <stdlib.h>

/*
 * The library is initialised by its own constructor. gnutls_bye() is never
 * called: it would flush a record that a failed write has left behind, and
 * that record may hold the final dot.
 */

enum {
	CHAIN_MAX = 10,
	CHAIN_KEY_BITS_MAX = 16384,
	HANDSHAKE_MAX = 64 * 1024,
	WARNINGS_MAX = 8,
	PRIORITIES_MAX = 1024,
};

/* TLS 1.2 and 1.3, whatever the system's policy leaves of them. */
#define VERSIONS "-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"

struct tls {
	gnutls_session_t session;
	gnutls_certificate_credentials_t trust;
	struct trust *store; /* that trust is filled from in the handshake */
	char *trust_file;    /* NULL: the system's store */
	int imported;        /* certificates; below 1: the library's reason */
	unsigned status;     /* GNUTLS_CERT_... of the verification */
	char *name;          /* A-labels, without the dot of the root */
	unsigned char address[16];       /* when the name is one */
	gnutls_typed_vdata_st wanted[2]; /* of the certificate */
	struct tls_pin pin;
	struct tls_token token;
	bool is_unchecked;
	bool is_shaken; /* the handshake is over */
	unsigned warnings;
	char description[96];
	struct flight flight;
};

static int fail_store(const struct tls *t, struct fail *why)
{
	char room[TOKEN_SHOWN_MAX];
	const char *file = t->trust_file ? token_shown(t->trust_file, room)
					 : "the system's store";

	if (t->imported < 0)
		return fail(why, FAIL_CONFIG, "trusted certificates in %s: %s",
		    file, gnutls_strerror(t->imported));
	return fail(why, FAIL_CONFIG, "no trusted certificates in %s", file);
}

/*
 * A store that cannot be read is found out before the network is touched; what
 * of it is needed is known when the server has shown its chain.
 */
static int tls_trust(
    struct tls *t, const struct tls_params *params, struct fail *why)
{
	int n = gnutls_certificate_allocate_credentials(&t->trust);

	if (n < 0)
		return fail(why, FAIL_OS, "TLS: %s", gnutls_strerror(n));
	tls_setup_token(t->trust, &t->token, params);
	gnutls_certificate_set_verify_limits(
	    t->trust, CHAIN_KEY_BITS_MAX, CHAIN_MAX);
	t->imported = 1;
	if (t->is_unchecked || t->pin.n > 0)
		return 0;
	t->store = trust_load(t->trust_file ? t->trust_file : TRUST_BUNDLE);
	if (!t->store)
		t->imported = tls_setup_trust(t->trust, t->trust_file);
	return t->imported > 0 ? 0 : fail_store(t, why);
}

static int import(struct tls *t, struct slice pem)
{
	gnutls_datum_t datum = { NULL, (unsigned)pem.n };

	/* Not written to, whatever its type says. */
	memcpy(&datum.data, &pem.p, sizeof(pem.p));
	return gnutls_certificate_set_x509_trust_mem(
	    t->trust, &datum, GNUTLS_X509_FMT_PEM);
}

/* How many; below 1: none is found, or the chain is not understood. */
static int import_wanted(struct tls *t)
{
	unsigned n = 0;
	const gnutls_datum_t *chain =
	    gnutls_certificate_get_peers(t->session, &n);
	struct buf pem;
	int result = 0;

	for (unsigned i = 0; i < n; i++) {
		struct slice one = { (const char *)chain[i].data,
			chain[i].size };

		if (trust_want(t->store, one) != 0)
			return 0;
	}
	buf_init(&pem, 2 * (size_t)TRUST_FILE_MAX);
	trust_add_wanted(t->store, &pem);
	if (pem.n > 0)
		result = import(t, buf_slice(&pem));
	buf_free(&pem);
	return result;
}

static int import_all(struct tls *t)
{
	return t->trust_file ? import(t, trust_text(t->store))
			     : tls_setup_trust(t->trust, NULL);
}

static int verify(struct tls *t)
{
	return gnutls_certificate_verify_peers(
	    t->session, t->wanted, 2, &t->status);
}

/*
 * Called within the handshake, before anything is sent under its keys. A chain
 * that the certificates found for it do not make trusted is verified against
 * all of the store: nothing is refused that the store bears out, and the
 * reason that is given is the one the whole store gives.
 */
static int check_chain(gnutls_session_t session)
{
	struct tls *t = gnutls_session_get_ptr(session);
	bool is_trusted = t->store && import_wanted(t) > 0 && verify(t) == 0 &&
			  t->status == 0;
	int error = 0;

	if (!is_trusted) {
		if (t->store)
			t->imported = import_all(t);
		error = t->imported > 0 ? verify(t) : t->imported;
	}
	t->store = trust_free(t->store);
	if (error != 0 || t->imported <= 0)
		return GNUTLS_E_CERTIFICATE_ERROR;
	return t->status ? GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR : 0;
}

/* Called within the handshake, before anything is sent under its keys. */
static int check_pin(gnutls_session_t session)
{
	const struct tls *t = gnutls_session_get_ptr(session);

	return tls_pin_fits(session, &t->pin)
		   ? 0
		   : GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR;
}

/*
 * Whose certificate it must be, and that it is for servers if it says what it
 * is for (RFC 5280 4.2.1.12). The library keeps the pointers.
 */
static void tls_verify(struct tls *t)
{
	static unsigned char purpose[] = GNUTLS_KP_TLS_WWW_SERVER;
	size_t n = host_address(t->name, t->address);

	gnutls_session_set_ptr(t->session, t);
	if (t->pin.n > 0)
		gnutls_session_set_verify_function(t->session, check_pin);
	if (t->is_unchecked || t->pin.n > 0)
		return;
	t->wanted[0].type = n ? GNUTLS_DT_IP_ADDRESS : GNUTLS_DT_DNS_HOSTNAME;
	t->wanted[0].data = n ? t->address : (unsigned char *)t->name;
	t->wanted[0].size = (unsigned)n; /* 0: ends with a NUL */
	t->wanted[1].type = GNUTLS_DT_KEY_PURPOSE_OID;
	t->wanted[1].data = purpose;
	gnutls_session_set_verify_function(t->session, check_chain);
}

/*
 * The groups of the system's policy with X25519 in front, if it is among them:
 * it costs less than P-256 does. For both a key is sent, so that no server
 * needs another round trip.
 */
static void add_groups(gnutls_priority_t policy, struct buf *priorities)
{
	const unsigned *groups;
	int n = gnutls_priority_group_list(policy, &groups);

	for (int i = 0; i < n; i++)
		if (groups[i] == GNUTLS_GROUP_X25519)
			buf_adds(priorities, ":-GROUP-ALL:+GROUP-X25519");
	for (int i = 0; i < n && priorities->n > strlen(VERSIONS); i++)
		if (groups[i] != GNUTLS_GROUP_X25519)
			buf_addf(priorities, ":+GROUP-%s",
			    gnutls_group_get_name(groups[i]));
}

static int set_priorities(gnutls_session_t session)
{
	struct buf priorities;
	gnutls_priority_t policy;
	int error = gnutls_priority_init2(
	    &policy, VERSIONS, NULL, GNUTLS_PRIORITY_INIT_DEF_APPEND);

	if (error != 0)
		return error;
	buf_init(&priorities, PRIORITIES_MAX);
	buf_adds(&priorities, VERSIONS);
	add_groups(policy, &priorities);
	gnutls_priority_deinit(policy);
	error = gnutls_set_default_priority_append(
	    session, buf_text(&priorities), NULL, 0);
	buf_free(&priorities);
	return error;
}

static int tls_session(
    struct tls *t, const struct tls_params *params, struct fail *why)
{
	const unsigned flags = GNUTLS_CLIENT | GNUTLS_NONBLOCK |
			       GNUTLS_NO_TICKETS | GNUTLS_NO_SIGNAL;
	int error = gnutls_init(&t->session, flags);

	if (error == 0)
		error = set_priorities(t->session);
	if (error == 0)
		error = gnutls_credentials_set(
		    t->session, GNUTLS_CRD_CERTIFICATE, t->trust);
	/* RFC 6066 3: a name, never an address. */
	if (error == 0 && !host_is_address(t->name))
		error = gnutls_server_name_set(
		    t->session, GNUTLS_NAME_DNS, t->name, strlen(t->name));
	if (error != 0)
		return fail(why, FAIL_OS, "TLS: %s", gnutls_strerror(error));
	if (tls_setup_session(t->session, params, why) != 0)
		return -1;
	tls_verify(t);
	gnutls_handshake_set_max_packet_length(t->session, HANDSHAKE_MAX);
	return 0;
}

struct tls *tls_new(const struct tls_params *params, struct fail *why)
{
	char *name = host_to_ascii(params->host, why);
	struct tls *t;
	size_t n;

	if (!name)
		return NULL;
	n = strlen(name);
	if (n > 1 && name[n - 1] == '.')
		name[n - 1] = '\0';
	t = mem_zero(sizeof(*t));
	t->name = name;
	t->is_unchecked = params->is_unchecked;
	if (!t->is_unchecked)
		t->pin = params->pin;
	if (params->trust_file)
		t->trust_file =
		    mem_dup(params->trust_file, strlen(params->trust_file));
	if (tls_trust(t, params, why) != 0 ||
	    tls_setup_credentials(t->trust, &t->token, params, why) != 0 ||
	    tls_session(t, params, why) != 0)
		return tls_free(t);
	return t;
}

struct tls *tls_free(struct tls *t)
{
	if (!t)
		return NULL;
	if (t->session)
		gnutls_deinit(t->session);
	if (t->trust)
		gnutls_certificate_free_credentials(t->trust);
	trust_free(t->store);
	free(t->trust_file);
	free(t->name);
	free(t);
	return NULL;
}

void tls_attach(struct tls *t, int fd)
{
	flight_begin(&t->flight, fd);
	gnutls_transport_set_ptr(t->session, &t->flight);
	gnutls_transport_set_push_function(t->session, flight_push);
	gnutls_transport_set_pull_function(t->session, flight_pull);
}

void tls_listen(struct tls *t, bool may_wait)
{
	flight_listen(&t->flight, may_wait);
}

/* The library's sentences end with ". "; one of them says only "not". */
static void fail_untrusted(const struct tls *t, struct fail *why)
{
	static const char first[] = "The certificate is NOT trusted. ";
	gnutls_datum_t text = { NULL, 0 };
	struct slice reason = SLICE("no reason given");

	if (gnutls_certificate_verification_status_print(
		t->status, GNUTLS_CRT_X509, &text, 0) == 0) {
		reason = slice_trim(slice_of((const char *)text.data));
		if (slice_starts(reason, slice_of(first)))
			reason = slice_skip(reason, sizeof(first) - 1);
	}
	fail(why, FAIL_TLS, "certificate of %s is not trusted: %.*s", t->name,
	    SLICE_ARG(reason));
	gnutls_free(text.data);
}

/*
 * Clear text is no record at all; a TLS that is too old is told apart from it
 * by the server hello that came.
 */
static bool is_clear_text(const struct tls *t, int error)
{
	return (error == GNUTLS_E_UNEXPECTED_PACKET ||
		   error == GNUTLS_E_UNSUPPORTED_VERSION_PACKET) &&
	       gnutls_handshake_get_last_in(t->session) !=
		   GNUTLS_HANDSHAKE_SERVER_HELLO;
}

static bool is_cut_off(int error)
{
	return error == GNUTLS_E_PREMATURE_TERMINATION ||
	       error == GNUTLS_E_UNEXPECTED_PACKET_LENGTH ||
	       error == GNUTLS_E_PULL_ERROR || error == GNUTLS_E_PUSH_ERROR;
}

static enum tls_status fail_handshake(
    const struct tls *t, int error, struct fail *why)
{
	if (t->imported <= 0)
		fail_store(t, why);
	else if (error == GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR &&
		 t->pin.n > 0)
		(void)tls_pin_fail(t->session, &t->pin, t->name, why);
	else if (error == GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR)
		fail_untrusted(t, why);
	else if (is_clear_text(t, error))
		fail(why, FAIL_PROTOCOL,
		    "the server does not speak TLS on this port");
	else if (error == GNUTLS_E_FATAL_ALERT_RECEIVED)
		fail(why, FAIL_TLS, "the server ended the TLS handshake: %s",
		    gnutls_alert_get_name(gnutls_alert_get(t->session)));
	else if (is_cut_off(error))
		fail(why, FAIL_TLS,
		    "the server closed the connection in the TLS handshake");
	else
		fail(
		    why, FAIL_TLS, "TLS handshake: %s", gnutls_strerror(error));
	return TLS_FAILED;
}

static enum tls_status wanted(const struct tls *t)
{
	return t->flight.out_n > 0 || gnutls_record_get_direction(t->session)
		   ? TLS_WANT_WRITE
		   : TLS_WANT_READ;
}

/*
 * True when the call is to be repeated at once. Some servers answer a name
 * they do not know with a warning alert; a flood of them is not borne.
 */
static bool is_repeated(struct tls *t, ssize_t error)
{
	return error == GNUTLS_E_INTERRUPTED ||
	       (error == GNUTLS_E_WARNING_ALERT_RECEIVED &&
		   ++t->warnings <= WARNINGS_MAX);
}

/* The last flight is ours; the library thinks that it has left. */
static enum tls_status finish(struct tls *t, struct fail *why)
{
	if (flight_send(&t->flight) == 0) {
		t->flight.is_holding = false;
		return TLS_DONE;
	}
	return errno == EAGAIN ? TLS_WANT_WRITE
			       : fail_handshake(t, GNUTLS_E_PUSH_ERROR, why);
}

enum tls_status tls_step(struct tls *t, struct fail *why)
{
	int error = GNUTLS_E_SUCCESS;

	while (!t->is_shaken) {
		error = gnutls_handshake(t->session);
		if (error == GNUTLS_E_SUCCESS) {
			tls_peer_describe(
			    t->session, t->description, sizeof(t->description));
			t->is_shaken = true;
		} else if (error == GNUTLS_E_AGAIN) {
			return wanted(t);
		} else if (!is_repeated(t, error)) {
			/* An alert that says why may still wait. */
			(void)flight_send(&t->flight);
			return fail_handshake(t, error, why);
		}
	}
	return finish(t, why);
}

/* A result below zero, or zero, of a record call. */
static enum tls_status record_status(
    const struct tls *t, ssize_t result, struct fail *why)
{
	if (result == GNUTLS_E_AGAIN)
		return wanted(t);
	/* SMTP has ends of its own: a missing close_notify hides nothing. */
	if (result == 0 || result == GNUTLS_E_PREMATURE_TERMINATION)
		return TLS_CLOSED;
	if (result == GNUTLS_E_PULL_ERROR || result == GNUTLS_E_PUSH_ERROR)
		fail(why, FAIL_LOST, "the server broke the connection");
	else if (result == GNUTLS_E_FATAL_ALERT_RECEIVED)
		fail(why, FAIL_LOST, "the server ended TLS: %s",
		    gnutls_alert_get_name(gnutls_alert_get(t->session)));
	else
		fail(why, FAIL_LOST, "TLS: %s", gnutls_strerror((int)result));
	return TLS_FAILED;
}

enum tls_status tls_read(
    struct tls *t, void *bytes, size_t n, size_t *ret_n, struct fail *why)
{
	ssize_t got;
	size_t unread;

	/* A record that is not for us, a ticket, ends a call of the library:
	 * what has come behind it is here, and no waiting would tell. */
	do {
		unread = flight_unread(&t->flight);
		got = gnutls_record_recv(t->session, bytes, n);
	} while (is_repeated(t, got) ||
		 (got == GNUTLS_E_AGAIN && flight_unread(&t->flight) > 0 &&
		     flight_unread(&t->flight) != unread));
	if (got <= 0)
		return record_status(t, got, why);
	*ret_n = (size_t)got;
	return TLS_DONE;
}

enum tls_status tls_write(
    struct tls *t, const void *bytes, size_t n, size_t *ret_n, struct fail *why)
{
	ssize_t sent;

	do
		sent = gnutls_record_send(t->session, bytes, n);
	while (sent == GNUTLS_E_INTERRUPTED);
	if (sent <= 0)
		return record_status(t, sent, why);
	*ret_n = (size_t)sent;
	return TLS_DONE;
}

size_t tls_pending(const struct tls *t)
{
	return gnutls_record_check_pending(t->session);
}

const char *tls_describe(const struct tls *t)
{
	return t->description;
}

bool tls_peer(const struct tls *t, struct tls_peer *ret)
{
	return tls_peer_read(t->session, ret);
}

bool tls_binding(const struct tls *t, struct tls_binding *ret)
{
	return tls_binding_read(t->session, ret);
}

const char *tls_library(void)
{
	static char text[48];

	(void)snprintf(
	    text, sizeof(text), "GnuTLS %s", gnutls_check_version(NULL));
	return text;
}
