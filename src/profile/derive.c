#include "derive.h"
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

enum {
	KEY_SIZE = 32, /* HMAC-SHA-256 */
	RAW_SIZE = 1 + KEY_SIZE,
	TEXT_SIZE = 44, /* RAW_SIZE in base64: no padding */
	AWS_SECRET_SIZE = 40,
	VERSION = 4,
	VERSION_OLD = 2,
};

static int crypto_failed(int code, struct fail *why)
{
	return fail(why, code == GNUTLS_E_MEMORY_ERROR ? FAIL_NOMEM : FAIL_BUG,
	    "SMTP password: %s", gnutls_strerror(code));
}

/* key becomes HMAC(key, text), or HMAC(first, text) for the first step. */
static int step(unsigned char key[KEY_SIZE], struct slice first,
    struct slice text, struct fail *why)
{
	unsigned char digest[KEY_SIZE];
	const void *k = first.n ? (const void *)first.p : key;
	int code = gnutls_hmac_fast(GNUTLS_MAC_SHA256, k,
	    first.n ? first.n : KEY_SIZE, text.p, text.n, digest);

	if (code == 0)
		memcpy(key, digest, KEY_SIZE);
	explicit_bzero(digest, sizeof(digest));
	return code == 0 ? 0 : crypto_failed(code, why);
}

/* The chain of keys of Signature Version 4, with a date that never changes. */
static int derive_key(unsigned char key[KEY_SIZE], struct slice start,
    const char *region, struct fail *why)
{
	const char *const texts[] = { region, "ses", "aws4_request",
		"SendRawEmail" };

	if (step(key, start, SLICE("11111111"), why) != 0)
		return -1;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (step(key, (struct slice){ NULL, 0 }, slice_of(texts[i]),
			why) != 0)
			return -1;
	return 0;
}

/* The library returns the text in heap memory, which is wiped here. */
static struct secret *encode(const gnutls_datum_t *in, struct fail *why)
{
	gnutls_datum_t out = { NULL, 0 };
	struct secret *s = NULL;
	int code = gnutls_base64_encode2(in, &out);

	if (code != 0) {
		crypto_failed(code, why);
		return NULL;
	}
	s = secret_new(out.size, why);
	if (s)
		(void)secret_add(
		    s, (struct slice){ (const char *)out.data, out.size });
	explicit_bzero(out.data, out.size);
	gnutls_free(out.data);
	return s;
}

struct secret *derive_ses_password(
    struct slice secret_key, const char *region, struct fail *why)
{
	static const struct slice prefix = { "AWS4", 4 };
	struct secret *start = secret_new(prefix.n + secret_key.n, why);
	struct secret *password = NULL;
	unsigned char raw[RAW_SIZE] = { VERSION };
	const gnutls_datum_t version_and_key = { raw, sizeof(raw) };

	if (!start)
		return NULL;
	(void)secret_add(start, prefix);
	(void)secret_add(start, secret_key);
	if (derive_key(raw + 1, secret_view(start), region, why) == 0)
		password = encode(&version_and_key, why);
	explicit_bzero(raw, sizeof(raw));
	secret_free(start);
	return password;
}

static int base64_value(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz"
				     "0123456789+/";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

enum password_shape derive_shape(struct slice password)
{
	int first;

	for (size_t i = 0; i < password.n; i++)
		if (base64_value(password.p[i]) < 0)
			return SHAPE_OTHER;
	if (password.n == AWS_SECRET_SIZE)
		return SHAPE_AWS_SECRET;
	if (password.n != TEXT_SIZE)
		return SHAPE_OTHER;
	/* The version is the first eight bits of four times six. */
	first =
	    base64_value(password.p[0]) << 2 | base64_value(password.p[1]) >> 4;
	if (first == VERSION)
		return SHAPE_SMTP;
	return first == VERSION_OLD ? SHAPE_SMTP_OLD : SHAPE_OTHER;
}
