#include "tls_setup.h"
#include "buf.h"
#include "io.h"
#include <errno.h>
#include <fcntl.h>
#include <gnutls/x509.h>
#include <sys/stat.h>

enum { PRIORITIES_MAX = 16 * 1024 };

/* ---- certificates ---- */

static int load_revoked(gnutls_certificate_credentials_t credentials,
    const char *file, struct fail *why)
{
	int n = gnutls_certificate_set_x509_crl_file(
	    credentials, file, GNUTLS_X509_FMT_PEM);

	if (n > 0)
		return 0;
	return fail(why, FAIL_CONFIG, "revoked certificates in %s: %s", file,
	    n < 0 ? gnutls_strerror(n) : "there is no list of them");
}

/*
 * As with a file that holds a password: only root may leave a secret open to
 * others.
 */
static int check_key_file(const char *file, struct fail *why)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;
	int result = 0;

	if (fd < 0 || fstat(fd, &st) != 0)
		result = fail(why, FAIL_SECRET, "tls_key_file %s: %s", file,
		    strerror(errno));
	else if (!S_ISREG(st.st_mode))
		result = fail(why, FAIL_SECRET,
		    "tls_key_file %s: not a regular file", file);
	else if (st.st_uid != 0 && (st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		result = fail(why, FAIL_SECRET,
		    "tls_key_file %s: must be closed to group and others "
		    "(mode 0600)",
		    file);
	io_close(fd);
	return result;
}

static int fail_pair(const struct tls_params *p, int error, struct fail *why)
{
	if (error == GNUTLS_E_DECRYPTION_FAILED ||
	    error == GNUTLS_E_PKCS11_PIN_ERROR)
		return fail(why, FAIL_SECRET,
		    "tls_key_file %s: the key is locked by a passphrase or "
		    "PIN, which is not asked for",
		    p->key_file);
	if (error == GNUTLS_E_CERTIFICATE_KEY_MISMATCH)
		return fail(why, FAIL_CONFIG,
		    "tls_key_file %s is not the key of tls_cert_file %s",
		    p->key_file, p->cert_file);
	return fail(why, FAIL_CONFIG,
	    "tls_cert_file %s and tls_key_file %s: %s", p->cert_file,
	    p->key_file, gnutls_strerror(error));
}

static int load_pair(gnutls_certificate_credentials_t credentials,
    const struct tls_params *p, struct fail *why)
{
	int error;

	/* A key in a token is for the token to guard. */
	if (!gnutls_url_is_supported(p->key_file) &&
	    check_key_file(p->key_file, why) != 0)
		return -1;
	error = gnutls_certificate_set_x509_key_file2(credentials, p->cert_file,
	    p->key_file, GNUTLS_X509_FMT_PEM, NULL, 0);
	return error < 0 ? fail_pair(p, error, why) : 0;
}

int tls_setup_credentials(gnutls_certificate_credentials_t credentials,
    const struct tls_params *params, struct fail *why)
{
	bool is_verified = !params->is_unchecked && params->pin.n == 0;

	if (params->crl_file && is_verified &&
	    load_revoked(credentials, params->crl_file, why) != 0)
		return -1;
	if (!params->cert_file || !params->key_file)
		return 0;
	return load_pair(credentials, params, why);
}

/* ---- priorities ---- */

/*
 * The library takes a named group (RFC 7919) for large enough, whatever the
 * least size of a prime is.
 */
static void drop_small_groups(struct buf *priorities, unsigned min_bits)
{
	static const unsigned groups[] = { 2048, 3072, 4096, 6144, 8192 };

	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		if (groups[i] < min_bits)
			buf_addf(priorities, ":-GROUP-FFDHE%u", groups[i]);
}

static int fail_priorities(const char *text, int error, struct fail *why)
{
	if (error == GNUTLS_E_NO_PRIORITIES_WERE_SET)
		return fail(why, FAIL_CONFIG,
		    "tls_priorities %s: leaves neither TLS 1.2 nor TLS 1.3",
		    text);
	return fail(why, FAIL_CONFIG, "tls_priorities %s: %s", text,
	    gnutls_strerror(error));
}

static int set_own(gnutls_session_t session, const char *text)
{
	gnutls_priority_t priorities;
	const unsigned *versions;
	int error = gnutls_priority_init2(&priorities, text, NULL, 0);

	if (error != 0)
		return error;
	error = gnutls_priority_protocol_list(priorities, &versions) > 0
		    ? gnutls_priority_set(session, priorities)
		    : GNUTLS_E_NO_PRIORITIES_WERE_SET;
	gnutls_priority_deinit(priorities);
	return error;
}

static int set_priorities(
    gnutls_session_t session, const struct tls_params *params)
{
	/* Whatever the account asks for: nothing older than TLS 1.2. */
	static const char floor[] =
	    "-VERS-SSL3.0:-VERS-TLS1.0:-VERS-TLS1.1:-VERS-DTLS-ALL";
	struct buf whole;
	int error = GNUTLS_E_INVALID_REQUEST;

	buf_init(&whole, PRIORITIES_MAX);
	if (params->priorities)
		buf_addf(&whole, "%s:", params->priorities);
	buf_adds(&whole, floor);
	drop_small_groups(&whole, params->min_dh_bits);
	if (params->priorities && !whole.full)
		error = set_own(session, buf_text(&whole));
	else if (!whole.full)
		error = gnutls_set_default_priority_append(
		    session, buf_text(&whole), NULL, 0);
	buf_free(&whole);
	return error;
}

int tls_setup_session(
    gnutls_session_t session, const struct tls_params *params, struct fail *why)
{
	const char *text = params->priorities;
	int error;

	if (!text && params->min_dh_bits == 0)
		return 0;
	error = set_priorities(session, params);
	if (error != 0)
		return fail_priorities(text ? text : "(default)", error, why);
	if (params->min_dh_bits > 0)
		gnutls_dh_set_prime_bits(session, params->min_dh_bits);
	return 0;
}

/* ---- the pin ---- */

/* The digest of a pin is told by its length. */
static bool is_digest(size_t n, gnutls_digest_algorithm_t *ret_digest)
{
	static const struct {
		size_t n;
		gnutls_digest_algorithm_t digest;
	} digests[] = {
		{ 32, GNUTLS_DIG_SHA256 },
		{ 20, GNUTLS_DIG_SHA1 },
		{ 16, GNUTLS_DIG_MD5 },
	};

	for (size_t i = 0; i < sizeof(digests) / sizeof(digests[0]); i++)
		if (digests[i].n == n) {
			*ret_digest = digests[i].digest;
			return true;
		}
	return false;
}

/* Of the server's own certificate, the first one of its chain. */
static bool shown_pin(
    gnutls_session_t session, size_t n, struct tls_pin *ret_pin)
{
	unsigned n_chain = 0;
	const gnutls_datum_t *chain =
	    gnutls_certificate_get_peers(session, &n_chain);
	gnutls_digest_algorithm_t digest;

	ret_pin->n = sizeof(ret_pin->bytes);
	return chain && n_chain > 0 && is_digest(n, &digest) &&
	       gnutls_fingerprint(
		   digest, &chain[0], ret_pin->bytes, &ret_pin->n) == 0;
}

bool tls_pin_fits(gnutls_session_t session, const struct tls_pin *pin)
{
	struct tls_pin shown;

	return shown_pin(session, pin->n, &shown) && shown.n == pin->n &&
	       memcmp(shown.bytes, pin->bytes, pin->n) == 0;
}

int tls_pin_fail(gnutls_session_t session, const struct tls_pin *pin,
    const char *name, struct fail *why)
{
	struct tls_pin shown;
	struct buf text;

	if (!shown_pin(session, pin->n, &shown))
		return fail(why, FAIL_TLS,
		    "certificate of %s: it has no fingerprint", name);
	buf_init(&text, 3 * sizeof(shown.bytes));
	for (size_t i = 0; i < shown.n; i++)
		buf_addf(&text, "%s%02X", i ? ":" : "", shown.bytes[i]);
	fail(why, FAIL_TLS,
	    "certificate of %s is not the one of tls_fingerprint: its "
	    "fingerprint is %s",
	    name, buf_text(&text));
	buf_free(&text);
	return -1;
}
