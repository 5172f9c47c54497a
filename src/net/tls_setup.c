#include "tls_setup.h"
#include "buf.h"
#include "io.h"
#include "token.h"
#include <errno.h>
#include <fcntl.h>
#include <gnutls/pkcs11.h>
#include <gnutls/x509.h>
#include <sys/stat.h>

enum { PRIORITIES_MAX = 16 * 1024, TYPED_MAX = 3 };

/* ---- tokens ---- */

void tls_setup_token(gnutls_certificate_credentials_t credentials,
    struct tls_token *token, const struct tls_params *params)
{
	*token = (struct tls_token){
		.password = params->password,
		.ask = params->ask_pin,
	};
	if (token_is_name(params->key_file) ||
	    token_is_name(params->cert_file) ||
	    token_is_name(params->trust_file))
		gnutls_certificate_set_pin_function(
		    credentials, tls_setup_pin, token);
}

static int put_pin(struct slice pin, char *ret_pin, size_t max)
{
	if (pin.n == 0 || pin.n >= max || slice_find(pin, '\0') < pin.n)
		return GNUTLS_E_PKCS11_PIN_ERROR;
	memcpy(ret_pin, pin.p, pin.n);
	ret_pin[pin.n] = '\0';
	return 0;
}

static int ask_pin(
    struct tls_token *token, const char *label, char *ret_pin, size_t max)
{
	struct secret *typed = token->ask(label, &token->why);
	int result = put_pin(secret_view(typed), ret_pin, max);

	token->tried += typed != NULL;
	secret_free(typed);
	return result;
}

/*
 * A token that has refused a few PINs in a row locks itself: the password,
 * which may be meant for the server alone, is not what it takes for its last
 * ones, and never twice. How many parameters there are is the library's choice.
 */
/* NOLINTNEXTLINE(readability-function-size) */
int tls_setup_pin(void *ctx, int attempt, const char *url, const char *label,
    unsigned flags, char *ret_pin, size_t max)
{
	const unsigned refused =
	    GNUTLS_PIN_WRONG | GNUTLS_PIN_COUNT_LOW | GNUTLS_PIN_FINAL_TRY;
	struct tls_token *token = ctx;
	struct slice password = secret_view(token->password);

	(void)url;
	token->is_spared = password.n > 0 && token->tried == 0 &&
			   (attempt > 0 || (flags & refused));
	if (password.n > 0 && token->tried == 0 && !token->is_spared) {
		token->tried++;
		return put_pin(password, ret_pin, max);
	}
	if (!token->ask || token->tried >= TYPED_MAX)
		return GNUTLS_E_PKCS11_PIN_ERROR;
	return ask_pin(token, label, ret_pin, max);
}

/* ---- certificates ---- */

int tls_setup_trust(
    gnutls_certificate_credentials_t credentials, const char *store)
{
	struct stat st;

	if (!store)
		return gnutls_certificate_set_x509_system_trust(credentials);
	if (stat(store, &st) == 0 && S_ISDIR(st.st_mode))
		return gnutls_certificate_set_x509_trust_dir(
		    credentials, store, GNUTLS_X509_FMT_PEM);
	return gnutls_certificate_set_x509_trust_file(
	    credentials, store, GNUTLS_X509_FMT_PEM);
}

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

static bool is_locked(int error)
{
	return error == GNUTLS_E_DECRYPTION_FAILED ||
	       error == GNUTLS_E_PKCS11_PIN_ERROR ||
	       error == GNUTLS_E_PKCS11_PIN_EXPIRED ||
	       error == GNUTLS_E_PKCS11_PIN_LOCKED;
}

static int fail_locked(
    const struct tls_token *token, const char *key, int error, struct fail *why)
{
	if (!token_is_name(key))
		return fail(why, FAIL_SECRET,
		    "the key is locked by a passphrase, which is not asked "
		    "for");
	if (token->why.kind != FAIL_NONE)
		return fail(why, FAIL_SECRET, "the PIN: %s", token->why.text);
	if (error != GNUTLS_E_PKCS11_PIN_ERROR)
		return fail(why, FAIL_SECRET, "%s", gnutls_strerror(error));
	if (token_has_pin(key))
		return fail(why, FAIL_SECRET,
		    "the PIN of the URL is wrong, or cannot be read");
	if (token->tried > 0)
		return fail(
		    why, FAIL_SECRET, "the token refuses the PIN it was given");
	if (token->is_spared)
		return fail(why, FAIL_SECRET,
		    "the token has refused a PIN before, so that the password "
		    "is not tried: give it by pin-source in the URL");
	return fail(why, FAIL_SECRET,
	    "the token wants a PIN: give it by pin-source in the URL, or by "
	    "password");
}

static int fail_pair(const struct tls_token *token, const struct tls_params *p,
    int error, struct fail *why)
{
	char key[TOKEN_SHOWN_MAX], cert[TOKEN_SHOWN_MAX];

	token_shown(p->key_file, key);
	token_shown(p->cert_file, cert);
	if (is_locked(error)) {
		fail_locked(token, p->key_file, error, why);
		return fail_wrap(why, "tls_key_file %s", key);
	}
	if (error == GNUTLS_E_CERTIFICATE_KEY_MISMATCH)
		return fail(why, FAIL_CONFIG,
		    "tls_key_file %s is not the key of tls_cert_file %s", key,
		    cert);
	return fail(why, FAIL_CONFIG,
	    "tls_cert_file %s and tls_key_file %s: %s", cert, key,
	    gnutls_strerror(error));
}

static int load_pair(gnutls_certificate_credentials_t credentials,
    const struct tls_token *token, const struct tls_params *p, struct fail *why)
{
	int error;

	/* A key in a token is for the token to guard. */
	if (!gnutls_url_is_supported(p->key_file) &&
	    check_key_file(p->key_file, why) != 0)
		return -1;
	error = gnutls_certificate_set_x509_key_file2(credentials, p->cert_file,
	    p->key_file, GNUTLS_X509_FMT_PEM, NULL, 0);
	return error < 0 ? fail_pair(token, p, error, why) : 0;
}

int tls_setup_credentials(gnutls_certificate_credentials_t credentials,
    const struct tls_token *token, const struct tls_params *params,
    struct fail *why)
{
	bool is_verified = !params->is_unchecked && params->pin.n == 0;

	if (params->crl_file && is_verified &&
	    load_revoked(credentials, params->crl_file, why) != 0)
		return -1;
	if (!params->cert_file || !params->key_file)
		return 0;
	return load_pair(credentials, token, params, why);
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
