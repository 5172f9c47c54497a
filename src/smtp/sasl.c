#include "sasl.h"
#include "mem.h"
#include <gsasl.h>
#include <stdio.h>
#include <stdlib.h>

/* A hostile server may not make us hash for minutes (RFC 5802: >= 4096). */
enum { SCRAM_ROUNDS_MAX = 500000 };

struct mechanism {
	const char *name;
	bool is_client_first;
	bool is_automatic; /* `auth on` may choose it */
	bool needs_tls;    /* carries the password itself */
	bool is_prepared;  /* the library makes copies (RFC 4013) */
	bool is_external;  /* who we are is known: no password */
};

/* Best first. */
static const struct mechanism mechanisms[] = {
	{ "SCRAM-SHA-256", true, true, false, true },
	{ "SCRAM-SHA-1", true, true, false, true },
	{ "PLAIN", true, true, true, false },
	{ "LOGIN", false, true, true, false },
	{ "CRAM-MD5", false, false, false, true },
	{ .name = "EXTERNAL", .is_client_first = true, .is_external = true },
};

enum { N_MECHANISMS = sizeof(mechanisms) / sizeof(mechanisms[0]) };

struct sasl {
	Gsasl *library;
	Gsasl_session *session;
	const struct mechanism *mechanism;
	const struct secret *password;
	char *token;
	size_t n_token;
	unsigned rounds;
	bool is_complete, is_too_costly;
};

static const struct mechanism *find_mechanism(const char *name)
{
	for (size_t i = 0; name && i < N_MECHANISMS; i++)
		if (slice_ieq(slice_of(name), slice_of(mechanisms[i].name)))
			return &mechanisms[i];
	return NULL;
}

static void forget(char *bytes, size_t n)
{
	if (bytes)
		explicit_bzero(bytes, n);
	gsasl_free(bytes);
}

/* Called by the library when it wants a property that it does not have. */
static int supply(Gsasl *library, Gsasl_session *session, Gsasl_property what)
{
	struct sasl *s = gsasl_callback_hook_get(library);
	const char *rounds = gsasl_property_fast(session, GSASL_SCRAM_ITER);
	struct slice password;
	uint64_t number;

	if (what != GSASL_PASSWORD)
		return GSASL_NO_CALLBACK;
	if (rounds &&
	    !slice_number(slice_of(rounds), 1, SCRAM_ROUNDS_MAX, &number)) {
		s->is_too_costly = true;
		return GSASL_NO_PASSWORD;
	}
	password = secret_view(s->password);
	gsasl_property_set_raw(session, what, password.p, password.n);
	return GSASL_OK;
}

/*
 * The library frees its properties without wiping them and lends them as
 * const: the one place where that const is cast away.
 */
static void wipe_property(Gsasl_session *session, Gsasl_property what)
{
	const char *value = gsasl_property_fast(session, what);

	if (!value)
		return;
	explicit_bzero((void *)(uintptr_t)value, strlen(value));
	gsasl_property_set(session, what, NULL);
}

/*
 * Preparing a password (RFC 4013) leaves copies of it, in bytes and in code
 * points, in blocks that were freed already. The allocator hands the blocks
 * of these sizes out again.
 */
static void wipe_freed(size_t n)
{
	enum { STEP = 16, EACH = 8 };

	size_t largest = 4 * n + 128;

	for (size_t size = STEP; size <= largest; size += STEP) {
		void *blocks[EACH];

		for (int i = 0; i < EACH; i++) {
			blocks[i] = mem_alloc(size);
			explicit_bzero(blocks[i], size);
		}
		for (int i = 0; i < EACH; i++)
			free(blocks[i]);
	}
}

static void wipe_library(const struct sasl *s)
{
	wipe_property(s->session, GSASL_PASSWORD);
	wipe_property(s->session, GSASL_SCRAM_SALTED_PASSWORD);
	if (s->mechanism->is_prepared)
		wipe_freed(secret_view(s->password).n);
}

static int check_params(const struct sasl_params *params, struct fail *why)
{
	struct slice password;

	if (!find_mechanism(params->mechanism))
		return fail(why, FAIL_CONFIG, "unknown mechanism %s for AUTH",
		    params->mechanism ? params->mechanism : "(none)");
	if (find_mechanism(params->mechanism)->is_external)
		return 0;
	if (!params->user || !params->user[0])
		return fail(why, FAIL_CONFIG, "no user name for AUTH");
	if (!params->password)
		return fail(why, FAIL_CONFIG, "no password for AUTH");
	password = secret_view(params->password);
	if (slice_find(password, '\0') < password.n)
		return fail(
		    why, FAIL_CONFIG, "the password has a NUL character");
	return 0;
}

struct sasl *sasl_new(const struct sasl_params *params, struct fail *why)
{
	struct sasl *s;
	int error;

	if (check_params(params, why) != 0)
		return NULL;
	s = mem_zero(sizeof(*s));
	s->mechanism = find_mechanism(params->mechanism);
	s->password = params->password;
	error = gsasl_init(&s->library);
	if (error == GSASL_OK)
		error = gsasl_client_start(
		    s->library, s->mechanism->name, &s->session);
	if (error != GSASL_OK) {
		fail(why,
		    error == GSASL_UNKNOWN_MECHANISM ? FAIL_CONFIG : FAIL_BUG,
		    "%s: %s", s->mechanism->name, gsasl_strerror(error));
		return sasl_free(s);
	}
	gsasl_callback_hook_set(s->library, s);
	gsasl_callback_set(s->library, supply);
	/* RFC 4422 appendix A: only whom to act as, if it is somebody else. */
	gsasl_property_set(s->session,
	    s->mechanism->is_external ? GSASL_AUTHZID : GSASL_AUTHID,
	    params->user);
	gsasl_property_set(s->session, GSASL_SERVICE, params->service);
	gsasl_property_set(s->session, GSASL_HOSTNAME, params->host);
	return s;
}

struct sasl *sasl_free(struct sasl *s)
{
	if (!s)
		return NULL;
	forget(s->token, s->n_token);
	if (s->session) {
		wipe_library(s);
		gsasl_finish(s->session);
	}
	if (s->library)
		gsasl_done(s->library);
	free(s);
	return NULL;
}

bool sasl_is_client_first(const struct sasl *s)
{
	return s->mechanism->is_client_first;
}

bool sasl_is_complete(const struct sasl *s)
{
	return s->is_complete;
}

static int fail_step(const struct sasl *s, int error, struct fail *why)
{
	if (error == GSASL_MALLOC_ERROR)
		mem_exhausted();
	if (s->is_too_costly)
		return fail(why, FAIL_AUTH,
		    "%s: the server asks for more than %d rounds of hashing",
		    s->mechanism->name, SCRAM_ROUNDS_MAX);
	return fail(why, FAIL_AUTH, "%s: the server's challenge is wrong: %s",
	    s->mechanism->name, gsasl_strerror(error));
}

/* One step with a challenge in plain bytes; the answer becomes the token. */
static int step_plain(
    struct sasl *s, const char *in, size_t n_in, struct fail *why)
{
	char *out = NULL;
	size_t n_out = 0;
	int error = gsasl_step(s->session, in, n_in, &out, &n_out);

	wipe_library(s);
	if (error == GSASL_OK || error == GSASL_NEEDS_MORE) {
		int coded = gsasl_base64_to(
		    out ? out : "", n_out, &s->token, &s->n_token);

		s->is_complete = error == GSASL_OK;
		if (coded != GSASL_OK)
			error = coded;
	}
	forget(out, n_out);
	if (error != GSASL_OK && error != GSASL_NEEDS_MORE)
		return fail_step(s, error, why);
	return 0;
}

int sasl_step(struct sasl *s, struct slice challenge, struct slice *ret_token,
    struct fail *why)
{
	char *in = NULL;
	size_t n_in = 0;
	int error = GSASL_OK, result;

	forget(s->token, s->n_token);
	s->token = NULL;
	s->n_token = 0;
	if (s->is_complete)
		return fail(why, FAIL_AUTH,
		    "%s: the server's challenge comes after the end",
		    s->mechanism->name);
	if (++s->rounds > SASL_ROUNDS_MAX || challenge.n > SASL_CHALLENGE_MAX)
		return fail(why, FAIL_AUTH,
		    "%s: the server's challenges have no end",
		    s->mechanism->name);
	if (challenge.n > 0)
		error = gsasl_base64_from(challenge.p, challenge.n, &in, &n_in);
	if (error != GSASL_OK)
		return fail_step(s, error, why);
	result = step_plain(s, in, n_in, why);
	gsasl_free(in);
	if (result != 0)
		return -1;
	/* RFC 4954 4: the first response is not left out when it is empty. */
	if (s->rounds == 1 && s->mechanism->is_client_first && s->n_token == 0)
		*ret_token = SLICE("=");
	else
		*ret_token = (struct slice){ s->token, s->n_token };
	return 0;
}

static bool is_offered(const char *offered, const char *name)
{
	struct slice rest = slice_of(offered), word;

	while (slice_take_word(&rest, &word))
		if (slice_eq(word, slice_of(name)))
			return true;
	return false;
}

const char *sasl_choose(const char *offered, bool in_tls)
{
	for (size_t i = 0; i < N_MECHANISMS; i++)
		if (mechanisms[i].is_automatic &&
		    (in_tls || !mechanisms[i].needs_tls) &&
		    is_offered(offered, mechanisms[i].name))
			return mechanisms[i].name;
	return NULL;
}

bool sasl_is_known(const char *name, const char **ret_name)
{
	const struct mechanism *m = find_mechanism(name);

	if (m)
		*ret_name = m->name;
	return m != NULL;
}

const char *sasl_library(void)
{
	static char text[48];

	(void)snprintf(
	    text, sizeof(text), "GNU SASL %s", gsasl_check_version(NULL));
	return text;
}

const char *sasl_mechanisms(void)
{
	static char text[24 * N_MECHANISMS];
	size_t n = 0;

	for (size_t i = 0; i < N_MECHANISMS; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s",
		    i ? " " : "", mechanisms[i].name);
	return text;
}
