#include "cert_text.h"
#include "mem.h"
#include "trust.h"
#include "unit.h"
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUNDLE "/etc/ssl/certs/ca-certificates.crt"

enum { ZEROS = 41 };

/* Lines of so many characters. */
static void pem_add(
    struct buf *out, struct slice der, size_t width, const char *eol)
{
	static const char alphabet[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *p = (const unsigned char *)der.p;
	size_t column = 0;

	buf_addf(out, "-----BEGIN CERTIFICATE-----%s", eol);
	for (size_t i = 0; i < der.n; i += 3) {
		size_t left = der.n - i;
		unsigned bits = (unsigned)p[i] << 16 |
				(left > 1 ? (unsigned)p[i + 1] << 8 : 0) |
				(left > 2 ? (unsigned)p[i + 2] : 0);

		if (column == width) {
			buf_adds(out, eol);
			column = 0;
		}
		buf_addc(out, alphabet[bits >> 18]);
		buf_addc(out, alphabet[bits >> 12 & 63]);
		buf_addc(out, left > 1 ? alphabet[bits >> 6 & 63] : '=');
		buf_addc(out, left > 2 ? alphabet[bits & 63] : '=');
		column += 4;
	}
	buf_addf(out, "%s-----END CERTIFICATE-----", eol);
}

static struct trust *parse(struct slice text)
{
	return trust_parse(mem_dup(text.p, text.n), text.n);
}

static void add(struct buf *text, int type, const char *subject, size_t width,
    const char *eol)
{
	struct buf der;

	buf_init(&der, 16384);
	der_add_certificate(&der, 3, type, "any", subject, ZEROS);
	pem_add(text, buf_slice(&der), width, eol);
	buf_free(&der);
}

/* The number of certificates for a chain of one with these names. */
static int count_wanted(
    struct trust *t, const char *issuer, const char *subject)
{
	struct buf der, pem;
	struct slice rest;
	int n = 0;

	buf_init(&der, 16384);
	buf_init(&pem, 2 * (size_t)TRUST_FILE_MAX);
	der_add_certificate(&der, 3, 0x0c, issuer, subject, ZEROS);
	CHECK_INT(trust_want(t, buf_slice(&der)), 0);
	trust_add_wanted(t, &pem);
	rest = buf_slice(&pem);
	while (rest.n) {
		CHECK(slice_starts(rest, SLICE("-----BEGIN CERTIFICATE--")));
		n++;
		rest = slice_skip(rest, 1);
		while (rest.n && !slice_starts(rest, SLICE("-----BEGIN")))
			rest = slice_skip(rest, 1);
	}
	buf_free(&der);
	buf_free(&pem);
	return n;
}

/* Some characters stand for certificates. */
static void write_text(struct buf *text, const char *form)
{
	for (const char *p = form; *p; p++) {
		if (*p == '1')
			add(text, 0x0c, "one", 64, "\n");
		else if (*p == '2')
			add(text, 0x0c, "two", 64, "\n");
		else if (*p == 'w')
			add(text, 0x0c, "one", 64, "\r\n");
		else if (*p == '7')
			add(text, 0x0c, "one", 76, "\n");
		else if (*p == '*')
			add(text, 0x0c, "one", 9999, "\n");
		else if (*p == 'p')
			add(text, 0x13, "one", 64, "\n");
		else
			buf_addc(text, *p);
	}
}

TEST(forms)
{
	static const struct {
		const char *label;
		const char *form;
		int count;  /* 0: left to the library */
		int wanted; /* for the subject "one" */
	} rows[] = {
		{ "one", "1\n", 1, 1 },
		{ "no line end at the end", "1", 1, 1 },
		{ "two", "1\n2\n", 2, 1 },
		{ "without a line end between", "12", 2, 1 },
		{ "the same twice", "1\n2\n1\n", 3, 2 },
		{ "CRLF", "w\r\n2\n", 2, 1 },
		{ "lines of 76", "7\n", 1, 1 },
		{ "one line", "*\n", 1, 1 },
		{ "other type of string", "p\n2\n1\n", 3, 2 },
		{ "text between", "\xef\xbb\xbfone:\n# - -- ---\n1\nmore\n2\n",
		    2, 1 },
		{ "dashes before", "x---1\n", 1, 1 },
		{ "another block",
		    "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY"
		    "-----\n1\n",
		    1, 1 },
		{ "another kind of certificate",
		    "-----BEGIN TRUSTED CERTIFICATE-----\nAAAA\n"
		    "-----END TRUSTED CERTIFICATE-----\n1\n",
		    1, 1 },
		{ "none that is wanted", "2\n", 1, 0 },
		{ "nothing", "", 0, 0 },
		{ "no certificate", "text\n", 0, 0 },
		{ "an END alone", "-----END CERTIFICATE-----\n", 0, 0 },
		{ "no END", "1\n-----BEGIN CERTIFICATE-----\nMAAA\n", 0, 0 },
		{ "another END",
		    "-----BEGIN CERTIFICATE-----\nMAAA\n-----END X-----\n1\n",
		    0, 0 },
		{ "a BEGIN in it", "-----BEGIN CERTIFICATE-----\nMAAA\n1\n", 0,
		    0 },
		{ "no DER",
		    "1\n-----BEGIN CERTIFICATE-----\nAAAA\n"
		    "-----END CERTIFICATE-----\n",
		    0, 0 },
		{ "empty",
		    "1\n-----BEGIN CERTIFICATE-----\n"
		    "-----END CERTIFICATE-----\n",
		    0, 0 },
		{ "no base64",
		    "1\n-----BEGIN CERTIFICATE-----\nMA\x01\x01\n"
		    "-----END CERTIFICATE-----\n",
		    0, 0 },
		{ "a request",
		    "-----BEGIN CERTIFICATE REQUEST-----\nMAAA\n"
		    "-----END CERTIFICATE REQUEST-----\n1\n",
		    0, 0 },
		{ "an old kind",
		    "1\n-----BEGIN X509 CERTIFICATE-----\nMAAA\n"
		    "-----END X509 CERTIFICATE-----\n",
		    0, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf text;
		struct trust *t;

		CASE(rows[i].label);
		buf_init(&text, TRUST_FILE_MAX);
		write_text(&text, rows[i].form);
		t = parse(buf_slice(&text));
		CHECK_INT(t ? trust_count(t) : 0, rows[i].count);
		if (t) {
			CHECK(slice_eq(trust_text(t), buf_slice(&text)));
			CHECK_INT(count_wanted(t, "x", "y"), 0);
			CHECK_INT(count_wanted(t, "one", "y"), rows[i].wanted);
		}
		CHECK(trust_free(t) == NULL);
		buf_free(&text);
	}
}

/* What is cut or changed within the block of one certificate. */
TEST(damage)
{
	struct buf text;
	struct slice all;
	size_t begin = strlen("-----BEGIN CERTIFICATE-----\n"), odd = 0;

	buf_init(&text, TRUST_FILE_MAX);
	add(&text, 0x0c, "one", 64, "\n");
	all = buf_slice(&text);
	for (size_t i = 0; i < all.n; i++) {
		struct trust *t = parse(slice_head(all, i));

		CASE("cut off");
		CHECK(t == NULL);
		trust_free(t);
	}
	for (size_t i = begin; i + begin < all.n; i++) {
		struct buf less;
		struct trust *t;

		CASE("a character is missing");
		if (all.p[i] == '\n')
			continue;
		buf_init(&less, TRUST_FILE_MAX);
		buf_add_slice(&less, slice_head(all, i));
		buf_add_slice(&less, slice_skip(all, i + 1));
		t = parse(buf_slice(&less));
		CHECK(t == NULL);
		trust_free(t);
		buf_free(&less);
		odd++;
	}
	CHECK(odd > 100);
	buf_free(&text);
}

TEST(wanted)
{
	static const struct {
		const char *label;
		const char *issuer;
		const char *subject;
		int n;
	} rows[] = {
		{ "neither", "none", "nobody", 0 },
		{ "the issuer", "two", "leaf", 1 },
		{ "the subject", "x", "two", 1 },
		{ "both", "one", "two", 3 },
		{ "several of the same name", "one", "leaf", 2 },
		{ "self-signed", "two", "two", 1 },
		{ "upper case is another name", "ONE", "leaf", 0 },
		{ "a beginning of it", "on", "leaf", 0 },
	};
	struct buf text;

	buf_init(&text, TRUST_FILE_MAX);
	write_text(&text, "1\n2\n1\n");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct trust *t = parse(buf_slice(&text));

		CASE(rows[i].label);
		CHECK(t != NULL);
		CHECK_INT(count_wanted(t, rows[i].issuer, rows[i].subject),
		    rows[i].n);
		/* It stays with the certificates of the same chain. */
		CHECK_INT(count_wanted(t, "none", "nobody"), rows[i].n);
		CHECK_INT(count_wanted(t, "one", "two"), 3);
		CHECK_INT(trust_want(t, SLICE("\x30")), -1);
		CHECK_INT(trust_want(t, SLICE("text")), -1);
		trust_free(t);
	}
	buf_free(&text);
}

static void write_file(const char *path, struct slice text)
{
	FILE *f = fopen(path, "we");

	CHECK(f != NULL);
	if (f && text.n)
		CHECK_INT(fwrite(text.p, 1, text.n, f), text.n);
	if (f)
		CHECK_INT(fclose(f), 0);
}

TEST(files)
{
	struct buf text;
	struct trust *t;

	CASE("a file");
	buf_init(&text, TRUST_FILE_MAX + 1);
	write_text(&text, "1\n2\n");
	write_file("two.pem", buf_slice(&text));
	t = trust_load("two.pem");
	CHECK(t && trust_count(t) == 2);
	trust_free(t);

	CASE("the largest file");
	while (text.n < TRUST_FILE_MAX)
		buf_addc(&text, '\n');
	write_file("large.pem", buf_slice(&text));
	t = trust_load("large.pem");
	CHECK(t && trust_count(t) == 2);
	trust_free(t);

	CASE("one byte more");
	buf_addc(&text, '\n');
	CHECK(!text.full);
	write_file("large.pem", buf_slice(&text));
	CHECK(trust_load("large.pem") == NULL);

	CASE("no file");
	CHECK(trust_load("") == NULL);
	CHECK(trust_load("missing.pem") == NULL);
	CHECK(trust_load("pkcs11:") == NULL);
	CHECK(trust_load(".") == NULL);
	CHECK(trust_load("/dev/null") == NULL);

	CASE("a pipe is left alone");
	CHECK_INT(mkfifo("pipe", 0600), 0);
	CHECK(trust_load("pipe") == NULL);
	unlink("pipe");
	unlink("two.pem");
	unlink("large.pem");
	buf_free(&text);
	CHECK(trust_free(NULL) == NULL);
}

/* The system's bundle, as GnuTLS reads it. */
struct bundle {
	struct trust *trust;
	gnutls_x509_crt_t *roots;
	unsigned n;
};

static bool open_bundle(struct bundle *b)
{
	gnutls_datum_t pem;

	b->trust = trust_load(BUNDLE);
	if (!b->trust || gnutls_load_file(BUNDLE, &pem) != 0)
		return false;
	CHECK_INT(gnutls_x509_crt_list_import2(
		      &b->roots, &b->n, &pem, GNUTLS_X509_FMT_PEM, 0),
	    0);
	gnutls_free(pem.data);
	return b->n > 0;
}

static void close_bundle(struct bundle *b)
{
	for (unsigned i = 0; i < b->n; i++)
		gnutls_x509_crt_deinit(b->roots[i]);
	gnutls_free(b->roots);
	trust_free(b->trust);
}

/* The roots of this subject are found, the same ones, in the same order. */
static void check_found(const struct bundle *b, unsigned wanted)
{
	struct trust *t = parse(trust_text(b->trust));
	gnutls_datum_t der = { NULL, 0 }, pem, subject, other;
	gnutls_x509_crt_t *found = NULL;
	unsigned n_found = 0, at = 0;
	struct buf text;

	CHECK_INT(gnutls_x509_crt_export2(
		      b->roots[wanted], GNUTLS_X509_FMT_DER, &der),
	    0);
	CHECK_INT(gnutls_x509_crt_get_raw_dn(b->roots[wanted], &subject), 0);
	CHECK_INT(
	    trust_want(t, (struct slice){ (char *)der.data, der.size }), 0);
	buf_init(&text, 2 * (size_t)TRUST_FILE_MAX);
	trust_add_wanted(t, &text);
	pem = (gnutls_datum_t){ (unsigned char *)text.p, (unsigned)text.n };
	CHECK_INT(gnutls_x509_crt_list_import2(
		      &found, &n_found, &pem, GNUTLS_X509_FMT_PEM, 0),
	    0);
	for (unsigned i = 0; i < b->n; i++) {
		CHECK_INT(gnutls_x509_crt_get_raw_dn(b->roots[i], &other), 0);
		if (other.size == subject.size &&
		    memcmp(other.data, subject.data, other.size) == 0) {
			CHECK(at < n_found &&
			      gnutls_x509_crt_equals(found[at], b->roots[i]));
			at++;
		}
		gnutls_free(other.data);
	}
	CHECK_INT(at, n_found);
	for (unsigned i = 0; i < n_found; i++)
		gnutls_x509_crt_deinit(found[i]);
	gnutls_free(found);
	gnutls_free(der.data);
	gnutls_free(subject.data);
	buf_free(&text);
	trust_free(t);
}

TEST(bundle_of_the_system)
{
	struct bundle b = { 0 };

	if (access(BUNDLE, R_OK) != 0)
		SKIP("there is no " BUNDLE);
	CHECK(open_bundle(&b));
	CHECK_INT(trust_count(b.trust), b.n);
	for (unsigned i = 0; i < b.n; i++) {
		char label[16];

		(void)snprintf(label, sizeof(label), "root %u", i);
		CASE(label);
		check_found(&b, i);
	}
	unit_case = "";
	close_bundle(&b);
}
