#include "child.h"
#include "sasl.h"
#include "unit.h"
#include <gsasl.h>

static struct secret *secret_of(const char *bytes, size_t n)
{
	struct secret *s = secret_new(n + 1, NULL);

	if (!s || secret_add(s, (struct slice){ bytes, n }) != 0)
		exit(1);
	return s;
}

static char *coded(const char *text)
{
	char *out = NULL;

	if (gsasl_base64_to(text, strlen(text), &out, NULL) != GSASL_OK)
		exit(1);
	return out;
}

TEST(choose)
{
	static const struct {
		const char *offered;
		bool in_tls, has_binding;
		const char *name;
	} rows[] = {
		{ " PLAIN LOGIN ", true, true, "PLAIN" },
		{ " LOGIN PLAIN ", true, true, "PLAIN" },
		{ " LOGIN ", true, true, "LOGIN" },
		{ " PLAIN ", true, true, "PLAIN" },
		{ " PLAIN SCRAM-SHA-1 SCRAM-SHA-256 ", true, true,
		    "SCRAM-SHA-256" },
		{ " PLAIN SCRAM-SHA-1 ", true, true, "SCRAM-SHA-1" },
		{ " SCRAM-SHA-256-PLUS PLAIN ", true, false, "PLAIN" },
		{ " PLAIN SCRAM-SHA-256 SCRAM-SHA-1-PLUS ", true, true,
		    "SCRAM-SHA-1-PLUS" },
		{ " SCRAM-SHA-1-PLUS SCRAM-SHA-256-PLUS ", true, true,
		    "SCRAM-SHA-256-PLUS" },
		{ " SCRAM-SHA-256-PLUS SCRAM-SHA-256 ", true, false,
		    "SCRAM-SHA-256" },
		{ " SCRAM-SHA-256-PLUS SCRAM-SHA-1 ", false, false,
		    "SCRAM-SHA-1" },
		{ " SCRAM-SHA-256-PLUS ", true, false, NULL },
		{ " CRAM-MD5 ", true, true, "CRAM-MD5" },
		{ " LOGIN DIGEST-MD5 CRAM-MD5 ", true, true, "CRAM-MD5" },
		{ " LOGIN DIGEST-MD5 ", true, true, "DIGEST-MD5" },
		{ " NTLM GSSAPI EXTERNAL XOAUTH2 OAUTHBEARER ANONYMOUS ", true,
		    true, NULL },
		{ " NTLM LOGIN ", true, true, "LOGIN" },
		{ "", true, true, NULL },
		{ " ", true, true, NULL },
		{ " PLAINX XPLAIN ", true, true, NULL },
		{ " PLAIN LOGIN ", false, false, NULL },
		{ " PLAIN LOGIN CRAM-MD5 DIGEST-MD5 ", false, false, NULL },
		{ " PLAIN SCRAM-SHA-1 ", false, false, "SCRAM-SHA-1" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CASE(rows[i].offered);
		CHECK_STR(sasl_choose(rows[i].offered, rows[i].in_tls,
			      rows[i].has_binding),
		    rows[i].name);
	}
}

TEST(known)
{
	static const struct {
		const char *name, *upper;
	} rows[] = {
		{ "plain", "PLAIN" },
		{ "PLAIN", "PLAIN" },
		{ "Login", "LOGIN" },
		{ "cram-md5", "CRAM-MD5" },
		{ "scram-sha-256", "SCRAM-SHA-256" },
		{ "scram-sha-1", "SCRAM-SHA-1" },
		{ "scram-sha-256-plus", "SCRAM-SHA-256-PLUS" },
		{ "oauthbearer", "OAUTHBEARER" },
		{ "xoauth2", "XOAUTH2" },
		{ "external", "EXTERNAL" },
		{ "securid", NULL },
		{ "plai", NULL },
		{ "plain ", NULL },
		{ "", NULL },
		{ NULL, NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *name = NULL;

		CASE(rows[i].name ? rows[i].name : "NULL");
		CHECK_INT(
		    sasl_is_known(rows[i].name, &name), rows[i].upper != NULL);
		CHECK_STR(name, rows[i].upper);
	}
	CASE("the list");
	CHECK(strstr(sasl_mechanisms(),
		  "SCRAM-SHA-256 SCRAM-SHA-1 PLAIN CRAM-MD5") != NULL);
	CHECK(strstr(sasl_mechanisms(), "LOGIN") != NULL);
	CHECK(
	    strstr(sasl_mechanisms(), "EXTERNAL OAUTHBEARER XOAUTH2") != NULL);
	CHECK(sasl_needs_binding("scram-sha-1-plus"));
	CHECK(!sasl_needs_binding("SCRAM-SHA-1"));
	CHECK(!sasl_needs_binding(NULL));
	CHECK(strncmp(sasl_library(), "GNU SASL ", 9) == 0);
}

TEST(unusable)
{
	static const struct {
		const char *label, *mechanism, *user, *password;
		size_t n_password;
		const char *text;
	} rows[] = {
		{ "no mechanism", NULL, "u", "p", 1, "unknown mechanism" },
		{ "unknown", "OTP", "u", "p", 1, "unknown mechanism OTP" },
		{ "PLUS", "SCRAM-SHA-256-PLUS", "u", "p", 1, "bound to" },
		{ "no token", "XOAUTH2", "u", NULL, 0, "no password" },
		{ "an empty token", "XOAUTH2", "u", "", 0, "token is empty" },
		{ "a token with a blank", "XOAUTH2", "u", "a b", 3,
		    "not printable" },
		{ "a token with a separator", "XOAUTH2", "u", "a\001b", 3,
		    "not printable" },
		{ "a token with 8-bit", "OAUTHBEARER", "u", "a\xc3\xa4", 3,
		    "not printable" },
		{ "a token for nobody", "OAUTHBEARER", "", "t", 1, "no user" },
		{ "a name with a separator", "XOAUTH2", "u\001auth=", "t", 1,
		    "not a name" },
		{ "no user", "PLAIN", NULL, "p", 1, "no user" },
		{ "empty user", "PLAIN", "", "p", 1, "no user" },
		{ "no password", "PLAIN", "u", NULL, 0, "no password" },
		{ "NUL", "PLAIN", "u", "p\0q", 3, "NUL" },
		{ "NUL at the end", "PLAIN", "u", "p\0", 2, "NUL" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fail why = { .kind = FAIL_NONE };
		struct secret *password =
		    rows[i].password
			? secret_of(rows[i].password, rows[i].n_password)
			: NULL;
		struct sasl_params params = { rows[i].mechanism, rows[i].user,
			password, "smtp", "mail.example.com" };

		CASE(rows[i].label);
		CHECK(sasl_new(&params, &why) == NULL);
		CHECK_INT(why.kind, FAIL_CONFIG);
		CHECK(strstr(why.text, rows[i].text) != NULL);
		secret_free(password);
	}
	CHECK(sasl_free(NULL) == NULL);
}

/* OCI's users are about 160 characters long. */
#define LONG_USER                                                              \
	"ocid1.user.oc1..aaaaaaaabbbbbbbbccccccccddddddddeeeeeeeeffffffff"     \
	"gggg@ocid1.tenancy.oc1..aaaaaaaabbbbbbbbccccccccddddddddeeeeeeee"     \
	"ffffffffgggg.a1.com"

/* A server that objects for ever. */
static void continue_with_errors(struct sasl *s)
{
	struct fail why = { .kind = FAIL_NONE };
	struct slice token;
	int rounds = 2;

	while (sasl_step(s, SLICE("e30="), &token, &why) == 0)
		rounds++;
	CHECK_INT(rounds, SASL_ROUNDS_MAX);
	CHECK_INT(why.kind, FAIL_AUTH);
}

TEST(reasons)
{
	static const struct {
		const char *label, *challenge, *reason;
	} rows[] = {
		{ "JSON", "{\"status\":\"invalid_token\"}",
		    "{\"status\":\"invalid_token\"}" },
		{ "control characters", "a\r\nb\033[0m", "a??b?[0m" },
		{ "the token itself", "{\"got\":\"s3cret-token\"}", "" },
		{ "nearly the token", "s3cret-toke", "s3cret-toke" },
		{ "nothing", "", "" },
	};
	struct secret *token = secret_of("s3cret-token", 12);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sasl_params params = { "XOAUTH2", "u", token, "smtp",
			"mail.example.com" };
		struct fail why = { .kind = FAIL_NONE };
		struct sasl *s = sasl_new(&params, &why);
		char *challenge = coded(rows[i].challenge);
		struct slice answer;

		CASE(rows[i].label);
		CHECK_STR(sasl_reason(s), "");
		CHECK_INT(sasl_step(s, SLICE(""), &answer, &why), 0);
		CHECK_INT(sasl_step(s, slice_of(challenge), &answer, &why), 0);
		CHECK_INT(answer.n, 0);
		CHECK_STR(sasl_reason(s), rows[i].reason);
		gsasl_free(challenge);
		sasl_free(s);
	}
	secret_free(token);
}

/* 8 KiB, as an account may have it. */
TEST(long_token)
{
	static const char *const names[] = { "XOAUTH2", "OAUTHBEARER" };
	char text[8192];

	memset(text, 't', sizeof(text));
	for (size_t i = 0; i < 2; i++) {
		struct secret *token = secret_of(text, sizeof(text));
		struct sasl_params params = { names[i], "u", token, "smtp",
			"mail.example.com" };
		struct fail why = { .kind = FAIL_NONE };
		struct sasl *s = sasl_new(&params, &why);
		struct slice answer;

		CASE(names[i]);
		CHECK_INT(sasl_step(s, SLICE(""), &answer, &why), 0);
		CHECK(answer.n > 8192 / 3 * 4 && answer.n < 12288);
		sasl_free(s);
		secret_free(token);
	}
}

TEST(answers)
{
	static const struct {
		const char *label, *mechanism, *user, *password;
		bool is_client_first;
		const char *step[3]; /* challenge, in clear; "" for none */
		const char *answer[3];
		size_t n_first; /* when it holds NUL */
	} rows[] = {
		{ "PLAIN", "PLAIN", "AKIAEXAMPLE", "BPass+/=", true, { "" },
		    { "\0AKIAEXAMPLE\0BPass+/=" }, 21 },
		{ "OCI", "PLAIN", LONG_USER, "a#b;${}<>!&:.,~()=\"'\\ ", true,
		    { "" }, { "\0" LONG_USER "\0a#b;${}<>!&:.,~()=\"'\\ " },
		    sizeof(LONG_USER) + 23 },
		{ "LOGIN", "LOGIN", "user@example.com", "pass word", false,
		    { "Username:", "Password:" },
		    { "user@example.com", "pass word" }, 0 },
		{ "LOGIN, other words", "LOGIN", "u", "p", false,
		    { "User Name\n", "" }, { "u", "p" }, 0 },
		{ "RFC 2195", "CRAM-MD5", "tim", "tanstaaftanstaaf", false,
		    { "<1896.697170952@postoffice.reston.mci.net>" },
		    { "tim b913a602c7eda7a495b4e6e7334d3890" }, 0 },
		{ "EXTERNAL, as somebody", "EXTERNAL", "someone", "", true,
		    { "" }, { "someone" }, 0 },
		{ "XOAUTH2", "XOAUTH2", "someuser@example.com",
		    "vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg==", true, { "" },
		    { "user=someuser@example.com\001auth=Bearer "
		      "vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg==\001\001" },
		    0 },
		{ "OAUTHBEARER", "OAUTHBEARER", "user@example.com",
		    "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==", true, { "" },
		    { "n,a=user@example.com,\001host=mail.example.com\001"
		      "port=587\001auth=Bearer "
		      "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\001\001" },
		    0 },
		{ "OAUTHBEARER, an odd name", "OAUTHBEARER", "a,b=c", "t", true,
		    { "" },
		    { "n,a=a=2Cb=3Dc,\001host=mail.example.com\001port=587\001"
		      "auth=Bearer t\001\001" },
		    0 },
		{ "8-bit password", "PLAIN", "u", "p\xc3\xa4\xff", true, { "" },
		    { "\0u\0p\xc3\xa4\xff" }, 7 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct secret *password =
		    secret_of(rows[i].password, strlen(rows[i].password));
		struct sasl_params params = { rows[i].mechanism, rows[i].user,
			password, "smtp", "mail.example.com", 587 };
		struct fail why = { .kind = FAIL_NONE };
		struct sasl *s = sasl_new(&params, &why);
		bool is_bearer = strstr(rows[i].mechanism, "OAUTH") != NULL;
		struct slice token;

		CASE(rows[i].label);
		CHECK_STR(why.text, "");
		CHECK_INT(sasl_is_client_first(s), rows[i].is_client_first);
		for (int n = 0; n < 3 && rows[i].step[n]; n++) {
			char *challenge = coded(rows[i].step[n]);
			char *bytes = NULL;
			size_t n_bytes = 0;
			const char *expected = rows[i].answer[n];

			CHECK(!sasl_is_complete(s));
			CHECK_INT(
			    sasl_step(s, slice_of(challenge), &token, &why), 0);
			CHECK_INT(gsasl_base64_from(
				      token.p, token.n, &bytes, &n_bytes),
			    GSASL_OK);
			CHECK_INT(n_bytes, rows[i].n_first ? rows[i].n_first
							   : strlen(expected));
			CHECK(memcmp(bytes, expected, n_bytes) == 0);
			gsasl_free(bytes);
			gsasl_free(challenge);
		}
		CASE(rows[i].label);
		CHECK(sasl_is_complete(s));
		CHECK_INT(sasl_takes_challenge(s), is_bearer);
		if (is_bearer) {
			CHECK_INT(sasl_step(s, SLICE("e30="), &token, &why), 0);
			CHECK_STR(sasl_reason(s), "{}");
			CHECK(!sasl_is_complete(s));
			continue_with_errors(s);
			sasl_free(s);
			secret_free(password);
			continue;
		}
		CHECK_INT(sasl_step(s, SLICE(""), &token, &why), -1);
		CHECK_INT(why.kind, FAIL_AUTH);
		sasl_free(s);
		secret_free(password);
	}
}

/* What the server binds to, with the bytes "binding". */
static Gsasl_property server_binding = GSASL_PASSWORD;

static int give_password(
    Gsasl *library, Gsasl_session *session, Gsasl_property what)
{
	(void)library;
	if (what == GSASL_PASSWORD)
		gsasl_property_set(session, what, "pencil");
	else if (what == server_binding)
		gsasl_property_set(session, what, "YmluZGluZw==");
	else
		return GSASL_NO_CALLBACK;
	return GSASL_OK;
}

enum tamper {
	TAMPER_NONE,
	TAMPER_PROOF,
	TAMPER_ROUNDS,
	TAMPER_NONCE,
	TAMPER_EARLY
};

/* A server's words, in clear, as the one in the middle would change them. */
static void tamper_with(enum tamper how, int step, char *text)
{
	char *at;

	if (how == TAMPER_PROOF && step == 2)
		text[4] = text[4] == 'A' ? 'B' : 'A';
	if (how == TAMPER_NONCE && step == 1)
		text[3] = text[3] == 'A' ? 'B' : 'A';
	if (how == TAMPER_ROUNDS && step == 1 && (at = strstr(text, ",i=")))
		memcpy(at, ",i=500001", 10);
	if (how == TAMPER_EARLY && step == 1)
		memcpy(text, "v=AAAA", 7);
}

/* One exchange with libgsasl's own server; the client's last status. */
static int exchange(
    struct sasl *s, const char *mechanism, enum tamper how, struct fail *why)
{
	Gsasl *library;
	Gsasl_session *server;
	char *challenge = NULL;
	struct slice token;
	int status, result = GSASL_NEEDS_MORE;

	if (gsasl_init(&library) != GSASL_OK ||
	    gsasl_server_start(library, mechanism, &server) != GSASL_OK)
		exit(1);
	gsasl_callback_set(library, give_password);
	token = SLICE("");
	status =
	    sasl_is_client_first(s) ? sasl_step(s, SLICE(""), &token, why) : 0;
	for (int step = 1; status == 0 && !sasl_is_complete(s); step++) {
		char text[512] = "", *in = NULL, *out = NULL;
		size_t n_in = 0, n_out = 0;

		if (token.n > 0 &&
		    gsasl_base64_from(token.p, token.n, &in, &n_in) != GSASL_OK)
			exit(1);
		result = gsasl_step(server, in, n_in, &out, &n_out);
		gsasl_free(in);
		if (result != GSASL_OK && result != GSASL_NEEDS_MORE)
			break;
		memcpy(text, out, n_out);
		gsasl_free(out);
		tamper_with(how, step, text);
		challenge = coded(text);
		status = sasl_step(s, slice_of(challenge), &token, why);
		gsasl_free(challenge);
	}
	gsasl_finish(server);
	gsasl_done(library);
	return status;
}

TEST(scram)
{
	static const struct {
		const char *label, *mechanism, *password;
		enum tamper how;
		int status;
		bool is_complete;
		const char *text;
	} rows[] = {
		{ "SHA-256", "SCRAM-SHA-256", "pencil", TAMPER_NONE, 0, true,
		    "" },
		{ "SHA-1", "SCRAM-SHA-1", "pencil", TAMPER_NONE, 0, true, "" },
		/* The server says no with a code; there is no proof. */
		{ "wrong password", "SCRAM-SHA-256", "pencils", TAMPER_NONE, 0,
		    false, "" },
		{ "wrong proof", "SCRAM-SHA-256", "pencil", TAMPER_PROOF, -1,
		    false, "challenge is wrong" },
		{ "wrong proof", "SCRAM-SHA-1", "pencil", TAMPER_PROOF, -1,
		    false, "challenge is wrong" },
		{ "other nonce", "SCRAM-SHA-256", "pencil", TAMPER_NONCE, -1,
		    false, "challenge is wrong" },
		{ "much work", "SCRAM-SHA-256", "pencil", TAMPER_ROUNDS, -1,
		    false, "500000 rounds" },
		{ "proof too early", "SCRAM-SHA-256", "pencil", TAMPER_EARLY,
		    -1, false, "challenge is wrong" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct secret *password =
		    secret_of(rows[i].password, strlen(rows[i].password));
		struct sasl_params params = { rows[i].mechanism, "user",
			password, "smtp", "mail.example.com" };
		struct fail why = { .kind = FAIL_NONE };
		struct sasl *s = sasl_new(&params, &why);

		CASE(rows[i].label);
		CHECK(sasl_is_client_first(s));
		CHECK_INT(exchange(s, rows[i].mechanism, rows[i].how, &why),
		    rows[i].status);
		CHECK_INT(sasl_is_complete(s), rows[i].is_complete);
		CHECK_INT(
		    why.kind, rows[i].status == 0 ? FAIL_NONE : FAIL_AUTH);
		CHECK(strstr(why.text, rows[i].text) != NULL);
		CHECK(strstr(why.text, "pencil") == NULL);
		sasl_free(s);
		secret_free(password);
	}
}

TEST(bound_to_tls)
{
	static const struct {
		const char *label, *mechanism, *bytes;
		bool is_exporter;
		Gsasl_property server;
		bool is_complete;
	} rows[] = {
		{ "exporter", "SCRAM-SHA-256-PLUS", "binding", true,
		    GSASL_CB_TLS_EXPORTER, true },
		{ "unique", "SCRAM-SHA-256-PLUS", "binding", false,
		    GSASL_CB_TLS_UNIQUE, true },
		{ "SHA-1, exporter", "SCRAM-SHA-1-PLUS", "binding", true,
		    GSASL_CB_TLS_EXPORTER, true },
		{ "somebody between", "SCRAM-SHA-256-PLUS", "BINDING", true,
		    GSASL_CB_TLS_EXPORTER, false },
		{ "without a plus it is left out", "SCRAM-SHA-256", "binding",
		    true, GSASL_CB_TLS_EXPORTER, true },
	};
	struct secret *password = secret_of("pencil", 6);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sasl_params params = { rows[i].mechanism, "user",
			password, "smtp", "mail.example.com", 0, NULL,
			{ rows[i].is_exporter, slice_of(rows[i].bytes) } };
		struct fail why = { .kind = FAIL_NONE };
		struct sasl *s = sasl_new(&params, &why);

		CASE(rows[i].label);
		CHECK(s != NULL);
		server_binding = rows[i].server;
		if (s)
			(void)exchange(s, rows[i].mechanism, TAMPER_NONE, &why);
		CHECK_INT(s && sasl_is_complete(s), rows[i].is_complete);
		server_binding = GSASL_PASSWORD;
		sasl_free(s);
	}
	secret_free(password);
}

TEST(digest)
{
	static const struct {
		const char *label, *password, *realm;
		bool is_complete;
	} rows[] = {
		{ "right", "pencil", NULL, true },
		{ "a realm of ours", "pencil", "example.com", true },
		{ "wrong", "pencils", NULL, false },
	};

	const char *name;

	if (!sasl_is_known("digest-md5", &name))
		SKIP("the library has no DIGEST-MD5");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct secret *password =
		    secret_of(rows[i].password, strlen(rows[i].password));
		struct sasl_params params = { "DIGEST-MD5", "user", password,
			"smtp", "mail.example.com", 0, rows[i].realm };
		struct fail why = { .kind = FAIL_NONE };
		struct sasl *s = sasl_new(&params, &why);

		CASE(rows[i].label);
		CHECK(!sasl_is_client_first(s));
		(void)exchange(s, "DIGEST-MD5", TAMPER_NONE, &why);
		CHECK_INT(sasl_is_complete(s), rows[i].is_complete);
		CHECK(strstr(why.text, "pencil") == NULL);
		sasl_free(s);
		secret_free(password);
	}
}

/* Are these octets in the token? */
static bool holds(struct slice token, const void *octets, size_t n)
{
	char *text = NULL;
	size_t n_text = 0;
	bool is_there;

	if (gsasl_base64_from(token.p, token.n, &text, &n_text) != GSASL_OK)
		return false;
	is_there = memmem(text, n_text, octets, n) != NULL;
	gsasl_free(text);
	return is_there;
}

/*
 * The first message of NTLM, and the answer to the challenge of a server:
 * what DES and MD4 of another library (OpenSSL) make of these four.
 */
TEST(ntlm)
{
	static const unsigned char lm[] = { 0xc3, 0x37, 0xcd, 0x5c, 0xbd, 0x44,
		0xfc, 0x97, 0x82, 0xa6, 0x67, 0xaf, 0x6d, 0x42, 0x7c, 0x6d,
		0xe6, 0x7c, 0x20, 0xc2, 0xd3, 0xe7, 0x7c, 0x56 };
	static const unsigned char nt[] = { 0x25, 0xa9, 0x8c, 0x1c, 0x31, 0xe8,
		0x18, 0x47, 0x46, 0x6b, 0x29, 0xb2, 0xdf, 0x46, 0x80, 0xf3,
		0x99, 0x58, 0xfb, 0x8c, 0x21, 0x3a, 0x9c, 0xc6 };

	static const char challenge[] =
	    "TlRMTVNTUAACAAAADAAMADAAAAABAoEAASNFZ4mrze8AAAAAAAAAAAAAAAAAAAAA"
	    "RABPAE0AQQBJAE4A";
	/* Short, of another type, a name behind its end. */
	static const char *const bad[] = { "", "AAAA", "TlRMTVNTUAAC",
		"TlRMTVNTUAABAAAADAAMADAAAAABAoEAASNFZ4mrze8AAAAAAAAAAAAAAAAA"
		"AAAARABPAE0AQQBJAE4A",
		"TlRMTVNTUAACAAAADAAMADEAAAABAoEAASNFZ4mrze8AAAAAAAAAAAAAAAAA"
		"AAAARABPAE0AQQBJAE4A",
		"TlRMTVNTUAACAAAADAAMAP///38BAoEAASNFZ4mrze8AAAAAAAAAAAAAAAAA"
		"AAAARABPAE0AQQBJAE4A" };
	struct secret *password = secret_of("SecREt01", 8);
	struct sasl_params params = { "NTLM", "user", password, "smtp",
		"mail.example.com", 0, "DOMAIN" };
	struct fail why = { .kind = FAIL_NONE };
	struct slice token;
	const char *name;
	struct sasl *s;

	if (!sasl_is_known("ntlm", &name)) {
		secret_free(password);
		SKIP("the library has no NTLM");
	}
	s = sasl_new(&params, &why);
	CHECK_INT(sasl_step(s, SLICE(""), &token, &why), 0);
	CHECK(slice_starts(token, SLICE("TlRMTVNTUAAB")));
	CHECK_INT(sasl_step(s, slice_of(challenge), &token, &why), 0);
	CHECK(slice_starts(token, SLICE("TlRMTVNTUAAD")));
	CHECK(holds(token, lm, sizeof(lm)));
	CHECK(holds(token, nt, sizeof(nt)));
	CHECK(sasl_is_complete(s));
	sasl_free(s);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CASE(bad[i]);
		s = sasl_new(&params, &why);
		CHECK_INT(sasl_step(s, SLICE(""), &token, &why), 0);
		CHECK_INT(sasl_step(s, slice_of(bad[i]), &token, &why), -1);
		CHECK_INT(why.kind, FAIL_AUTH);
		sasl_free(s);
	}
	secret_free(password);
}

static int ask_for_ticket(void *argument)
{
	struct sasl_params params = { "GSSAPI", NULL, NULL, "smtp",
		"mail.example.com" };
	struct fail why = { .kind = FAIL_NONE };
	struct slice token;
	struct sasl *s;

	(void)argument;
	setenv("KRB5CCNAME", "FILE:/nonexistent", 1);
	setenv("KRB5_CONFIG", "/nonexistent", 1);
	s = sasl_new(&params, &why);
	CHECK(s != NULL);
	CHECK(sasl_is_client_first(s));
	CHECK_INT(sasl_step(s, SLICE(""), &token, &why), -1);
	CHECK_INT(why.kind, FAIL_AUTH);
	CHECK(strstr(why.text, "GSSAPI: ") == why.text);
	CHECK(strstr(why.text, "challenge") == NULL);
	sasl_free(s);
	return unit_bad;
}

/* In a process of its own: what Kerberos loses there is not ours. */
TEST(ticket_that_is_missing)
{
	const char *name;

	if (!sasl_is_known("gssapi", &name))
		SKIP("the library has no GSSAPI");
	CHECK_INT(child_run(ask_for_ticket, NULL), 0);
}

/* Not the server's fault, and nothing that trying again would mend. */
/* There with the leak sanitizer only. */
extern void __lsan_disable(void) __attribute__((weak));
extern void __lsan_enable(void) __attribute__((weak));

/* libgsasl loses its copy of what it cannot prepare. */
static int step_to_the_loss(
    struct sasl *s, const char *challenge, struct fail *why)
{
	struct slice token;
	int result;

	if (__lsan_disable)
		__lsan_disable();
	result = sasl_step(s, slice_of(challenge), &token, why);
	if (__lsan_enable)
		__lsan_enable();
	return result;
}

TEST(unprepared)
{
	static const struct {
		const char *mechanism, *user, *password;
	} rows[] = {
		{ "CRAM-MD5", "u", "gr\xfcn" },
		{ "CRAM-MD5", "u", "a\xee\x80\x80" },
		{ "SCRAM-SHA-1", "u", "gr\xfcn" },
		{ "SCRAM-SHA-256", "u", "a\xee\x80\x80" },
		{ "SCRAM-SHA-256", "gr\xfcn", "p" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct secret *password =
		    secret_of(rows[i].password, strlen(rows[i].password));
		struct sasl_params params = { rows[i].mechanism, rows[i].user,
			password, "smtp", "mail.example.com" };
		struct fail why = { .kind = FAIL_NONE };
		struct sasl *s = sasl_new(&params, &why);
		struct slice token = SLICE("");
		char *plain = NULL, *challenge = NULL;
		size_t n = 0;

		CASE(rows[i].mechanism);
		if (sasl_is_client_first(s) &&
		    sasl_step(s, SLICE(""), &token, &why) == 0 &&
		    gsasl_base64_from(token.p, token.n, &plain, &n) == 0) {
			struct buf b;

			buf_init(&b, 1024);
			buf_addf(&b, "%.*sx,s=c2FsdA==,i=4096",
			    (int)(n -
				  slice_find((struct slice){ plain, n }, 'r')),
			    strchr(plain, 'r'));
			challenge = coded(buf_text(&b));
			buf_free(&b);
			gsasl_free(plain);
		} else {
			challenge = coded("<1@example.com>");
		}
		if (why.kind == FAIL_NONE)
			CHECK_INT(step_to_the_loss(s, challenge, &why), -1);
		CHECK_INT(why.kind, FAIL_CONFIG);
		CHECK(strstr(why.text, "RFC 4013") != NULL);
		CHECK(strstr(why.text, "challenge") == NULL);
		gsasl_free(challenge);
		sasl_free(s);
		secret_free(password);
	}
}

TEST(challenges)
{
	static const struct {
		const char *label, *mechanism, *challenge;
	} rows[] = {
		{ "not base64", "LOGIN", "Username:" },
		{ "not base64", "CRAM-MD5", "?" },
		{ "cut base64", "SCRAM-SHA-256",
		    "cj1h"
		    "c" },
		{ "empty", "SCRAM-SHA-256", "" },
		{ "NUL", "SCRAM-SHA-256", "AAAA" },
		{ "empty", "DIGEST-MD5", "" },
		{ "no nonce", "DIGEST-MD5", "eD15" },
		{ "no salt", "SCRAM-SHA-1", "cj1hLHM9LGk9MQ==" },
	};
	struct secret *password = secret_of("p", 1);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sasl_params params = { rows[i].mechanism, "u", password,
			"smtp", "mail.example.com" };
		struct fail why = { .kind = FAIL_NONE };
		struct sasl *s = sasl_new(&params, &why);
		struct slice token;

		CASE(rows[i].label);
		if (sasl_is_client_first(s))
			CHECK_INT(sasl_step(s, SLICE(""), &token, &why), 0);
		CHECK_INT(
		    sasl_step(s, slice_of(rows[i].challenge), &token, &why),
		    -1);
		CHECK_INT(why.kind, FAIL_AUTH);
		sasl_free(s);
	}
	secret_free(password);
}

TEST(endless)
{
	struct secret *password = secret_of("p", 1);
	struct sasl_params params = { "CRAM-MD5", "u", password, "smtp",
		"mail.example.com" };
	static char large[SASL_CHALLENGE_MAX + 4];
	struct fail why = { .kind = FAIL_NONE };
	struct sasl *s = sasl_new(&params, &why);
	struct slice token;

	CASE("rounds");
	for (int i = 0; i < SASL_ROUNDS_MAX; i++)
		CHECK_INT(sasl_step(s, SLICE(""), &token, &why), 0);
	CHECK_INT(sasl_step(s, SLICE(""), &token, &why), -1);
	CHECK_INT(why.kind, FAIL_AUTH);
	sasl_free(s);
	CASE("a large challenge");
	memset(large, 'A', sizeof(large));
	s = sasl_new(&params, &why);
	CHECK_INT(
	    sasl_step(s, (struct slice){ large, sizeof(large) }, &token, &why),
	    -1);
	sasl_free(s);
	s = sasl_new(&params, &why);
	CHECK_INT(sasl_step(s, (struct slice){ large, SASL_CHALLENGE_MAX },
		      &token, &why),
	    0);
	sasl_free(s);
	secret_free(password);
}
