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
		bool in_tls;
		const char *name;
	} rows[] = {
		{ " PLAIN LOGIN ", true, "PLAIN" },
		{ " LOGIN PLAIN ", true, "PLAIN" },
		{ " LOGIN ", true, "LOGIN" },
		{ " PLAIN ", true, "PLAIN" },
		{ " PLAIN SCRAM-SHA-1 SCRAM-SHA-256 ", true, "SCRAM-SHA-256" },
		{ " PLAIN SCRAM-SHA-1 ", true, "SCRAM-SHA-1" },
		{ " SCRAM-SHA-256-PLUS PLAIN ", true, "PLAIN" },
		{ " CRAM-MD5 ", true, NULL },
		{ " CRAM-MD5 DIGEST-MD5 NTLM GSSAPI ", true, NULL },
		{ "", true, NULL },
		{ " ", true, NULL },
		{ " PLAINX XPLAIN ", true, NULL },
		{ " PLAIN LOGIN ", false, NULL },
		{ " PLAIN LOGIN CRAM-MD5 ", false, NULL },
		{ " PLAIN SCRAM-SHA-1 ", false, "SCRAM-SHA-1" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CASE(rows[i].offered);
		CHECK_STR(
		    sasl_choose(rows[i].offered, rows[i].in_tls), rows[i].name);
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
		{ "digest-md5", NULL },
		{ "ntlm", NULL },
		{ "scram-sha-256-plus", NULL },
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
	CHECK_STR(sasl_mechanisms(),
	    "SCRAM-SHA-256 SCRAM-SHA-1 PLAIN LOGIN CRAM-MD5 EXTERNAL");
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
		{ "unknown", "NTLM", "u", "p", 1, "unknown mechanism NTLM" },
		{ "PLUS", "SCRAM-SHA-256-PLUS", "u", "p", 1, "unknown" },
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
		{ "8-bit password", "PLAIN", "u", "p\xc3\xa4\xff", true, { "" },
		    { "\0u\0p\xc3\xa4\xff" }, 7 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct secret *password =
		    secret_of(rows[i].password, strlen(rows[i].password));
		struct sasl_params params = { rows[i].mechanism, rows[i].user,
			password, "smtp", "mail.example.com" };
		struct fail why = { .kind = FAIL_NONE };
		struct sasl *s = sasl_new(&params, &why);
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
		CHECK_INT(sasl_step(s, SLICE(""), &token, &why), -1);
		CHECK_INT(why.kind, FAIL_AUTH);
		sasl_free(s);
		secret_free(password);
	}
}

static int give_password(
    Gsasl *library, Gsasl_session *session, Gsasl_property what)
{
	(void)library;
	if (what != GSASL_PASSWORD)
		return GSASL_NO_CALLBACK;
	gsasl_property_set(session, what, "pencil");
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
	status = sasl_step(s, SLICE(""), &token, why);
	for (int step = 1; status == 0 && !sasl_is_complete(s); step++) {
		char text[512] = "", *in = NULL, *out = NULL;
		size_t n_in = 0, n_out = 0;

		if (gsasl_base64_from(token.p, token.n, &in, &n_in) != GSASL_OK)
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
