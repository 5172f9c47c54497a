#include "mem.h"
#include "sasl_private.h"
#include <gsasl.h>
#include <stdio.h>
#include <stdlib.h>

/* A hostile server may not make us hash for minutes (RFC 5802: >= 4096). */
enum { SCRAM_ROUNDS_MAX = 500000, REASON_MAX = 1024 };

struct sasl {
	Gsasl *library;
	Gsasl_session *session; /* NULL: a mechanism of sasl_bearer.c */
	const struct sasl_mechanism *mechanism;
	const struct secret *password;
	struct secret *first; /* of sasl_bearer.c, until it is sent */
	struct buf reason;
	char *token;
	size_t n_token;
	unsigned rounds;
	bool is_complete, is_too_costly;
};

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
	if (!s->session || !s->password)
		return;
	wipe_property(s->session, GSASL_PASSWORD);
	wipe_property(s->session, GSASL_SCRAM_SALTED_PASSWORD);
	if (s->mechanism->flags & SASL_PREPARED)
		wipe_freed(secret_view(s->password).n);
}

static int check_params(const struct sasl_params *params, struct fail *why)
{
	const struct sasl_mechanism *m = sasl_find(params->mechanism);
	struct slice password;

	if (!m)
		return fail(why, FAIL_CONFIG, "unknown mechanism %s for AUTH",
		    params->mechanism ? params->mechanism : "(none)");
	if ((m->flags & SASL_BINDING) && params->binding.bytes.n == 0)
		return fail(why, FAIL_CONFIG,
		    "AUTH %s needs TLS that can be bound to", m->name);
	if (m->flags & SASL_TICKET)
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

static int set_binding(struct sasl *s, const struct sasl_binding *binding)
{
	char *coded = NULL;
	int error =
	    gsasl_base64_to(binding->bytes.p, binding->bytes.n, &coded, NULL);

	if (error == GSASL_OK)
		error = gsasl_property_set(s->session,
		    binding->is_exporter ? GSASL_CB_TLS_EXPORTER
					 : GSASL_CB_TLS_UNIQUE,
		    coded);
	gsasl_free(coded);
	return error;
}

static int start_library(struct sasl *s, const struct sasl_params *params)
{
	bool is_ticket = s->mechanism->flags & SASL_TICKET;
	int error = gsasl_init(&s->library);

	if (error == GSASL_OK)
		error = gsasl_client_start(
		    s->library, s->mechanism->name, &s->session);
	if (error != GSASL_OK)
		return error;
	gsasl_callback_hook_set(s->library, s);
	gsasl_callback_set(s->library, supply);
	/* RFC 4422 appendix A: only whom to act as, if it is somebody else. */
	gsasl_property_set(
	    s->session, is_ticket ? GSASL_AUTHZID : GSASL_AUTHID, params->user);
	gsasl_property_set(s->session, GSASL_SERVICE, params->service);
	gsasl_property_set(s->session, GSASL_HOSTNAME, params->host);
	if (params->realm)
		gsasl_property_set(s->session, GSASL_REALM, params->realm);
	/* With it, the library wants a server that binds, too. */
	if (s->mechanism->flags & SASL_BINDING)
		error = set_binding(s, &params->binding);
	return error;
}

struct sasl *sasl_new(const struct sasl_params *params, struct fail *why)
{
	struct sasl *s;
	int error;

	if (check_params(params, why) != 0)
		return NULL;
	s = mem_zero(sizeof(*s));
	buf_init(&s->reason, REASON_MAX);
	s->mechanism = sasl_find(params->mechanism);
	s->password = params->password;
	if (s->mechanism->flags & SASL_BEARER) {
		s->first = sasl_bearer_first(params, s->mechanism, why);
		return s->first ? s : sasl_free(s);
	}
	error = start_library(s, params);
	if (error == GSASL_OK)
		return s;
	fail(why, error == GSASL_UNKNOWN_MECHANISM ? FAIL_CONFIG : FAIL_BUG,
	    "%s: %s", s->mechanism->name, gsasl_strerror(error));
	return sasl_free(s);
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
	secret_free(s->first);
	buf_free(&s->reason);
	free(s);
	return NULL;
}

bool sasl_is_client_first(const struct sasl *s)
{
	return s->mechanism->flags & SASL_FIRST;
}

bool sasl_is_complete(const struct sasl *s)
{
	return s->is_complete;
}

bool sasl_takes_challenge(const struct sasl *s)
{
	/* The error of a bearer mechanism comes as one. */
	return !s->is_complete || (s->first && s->rounds == 1);
}

const char *sasl_reason(const struct sasl *s)
{
	return buf_text(&s->reason);
}

static int fail_step(const struct sasl *s, int error, struct fail *why)
{
	if (error == GSASL_MALLOC_ERROR)
		mem_exhausted();
	if (error == GSASL_SASLPREP_ERROR)
		return fail(why, FAIL_CONFIG,
		    "%s: the user or the password is not UTF-8, or has a "
		    "character that is not allowed there (RFC 4013)",
		    s->mechanism->name);
	if (s->is_too_costly)
		return fail(why, FAIL_AUTH,
		    "%s: the server asks for more than %d rounds of hashing",
		    s->mechanism->name, SCRAM_ROUNDS_MAX);
	/* Nothing has come from the server yet: a ticket is missing. */
	if (s->rounds == 1 && (s->mechanism->flags & SASL_TICKET))
		return fail(why, FAIL_AUTH,
		    "%s: there is no ticket for the service %s at %s: log in "
		    "(kinit), and let host be the name that the realm knows",
		    s->mechanism->name,
		    gsasl_property_fast(s->session, GSASL_SERVICE),
		    gsasl_property_fast(s->session, GSASL_HOSTNAME));
	if (s->rounds == 1 && sasl_is_client_first(s))
		return fail(why, FAIL_AUTH, "%s: %s", s->mechanism->name,
		    gsasl_strerror(error));
	return fail(why, FAIL_AUTH, "%s: the server's challenge is wrong: %s",
	    s->mechanism->name, gsasl_strerror(error));
}

/* Into the token. */
static int encode(struct sasl *s, struct slice bytes, struct fail *why)
{
	int error = gsasl_base64_to(
	    bytes.n ? bytes.p : "", bytes.n, &s->token, &s->n_token);

	return error == GSASL_OK ? 0 : fail_step(s, error, why);
}

static size_t little_endian(struct slice s, size_t at, size_t n)
{
	size_t value = 0;

	while (n-- > 0)
		value = value << 8 | (unsigned char)s.p[at + n];
	return value;
}

/*
 * A challenge of NTLM: what the library reads of it is there (MS-NLMP 2.2.1.2).
 * It copies what came over a structure and looks no further.
 */
static bool is_ntlm_challenge(struct slice s)
{
	enum { HEAD = 32, TYPE = 8, LENGTH = 12, OFFSET = 16 };

	return s.n >= HEAD && slice_starts(s, SLICE("NTLMSSP")) &&
	       s.p[TYPE - 1] == '\0' && little_endian(s, TYPE, 4) == 2 &&
	       little_endian(s, OFFSET, 4) <= s.n &&
	       little_endian(s, LENGTH, 2) <= s.n - little_endian(s, OFFSET, 4);
}

/* May the library see this? */
static bool is_sound(const struct sasl *s, struct slice in)
{
	unsigned flags = s->mechanism->flags;

	if ((flags & SASL_FILLED) && in.n == 0)
		return false;
	return !(flags & SASL_NTLM) || s->rounds == 1 || is_ntlm_challenge(in);
}

/* One step with a challenge in plain bytes; the answer becomes the token. */
static int step_plain(struct sasl *s, struct slice in, struct fail *why)
{
	char *out = NULL;
	size_t n_out = 0;
	int error = GSASL_MECHANISM_PARSE_ERROR, result = -1;

	if (is_sound(s, in))
		error = gsasl_step(s->session, in.p, in.n, &out, &n_out);
	wipe_library(s);
	if (error == GSASL_OK || error == GSASL_NEEDS_MORE) {
		s->is_complete = error == GSASL_OK;
		result = encode(s, (struct slice){ out, out ? n_out : 0 }, why);
	} else {
		fail_step(s, error, why);
	}
	forget(out, n_out);
	return result;
}

/* The token, then, if the server objects, what makes it say so in a reply. */
static int step_bearer(struct sasl *s, struct slice in, struct fail *why)
{
	s->is_complete = s->rounds == 1;
	if (s->is_complete)
		return encode(s, secret_view(s->first), why);
	sasl_bearer_reason(in, s->password, &s->reason);
	return encode(s, sasl_bearer_last(s->mechanism), why);
}

static int check_step(struct sasl *s, struct slice challenge, struct fail *why)
{
	if (!sasl_takes_challenge(s))
		return fail(why, FAIL_AUTH,
		    "%s: the server's challenge comes after the end",
		    s->mechanism->name);
	if (++s->rounds > SASL_ROUNDS_MAX || challenge.n > SASL_CHALLENGE_MAX)
		return fail(why, FAIL_AUTH,
		    "%s: the server's challenges have no end",
		    s->mechanism->name);
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
	if (check_step(s, challenge, why) != 0)
		return -1;
	if (challenge.n > 0)
		error = gsasl_base64_from(challenge.p, challenge.n, &in, &n_in);
	if (error != GSASL_OK)
		return fail_step(s, error, why);
	result = (s->first ? step_bearer : step_plain)(
	    s, (struct slice){ in, n_in }, why);
	gsasl_free(in);
	if (result != 0)
		return -1;
	/* RFC 4954 4: the first response is not left out when it is empty. */
	if (s->rounds == 1 && sasl_is_client_first(s) && s->n_token == 0)
		*ret_token = SLICE("=");
	else
		*ret_token = (struct slice){ s->token, s->n_token };
	return 0;
}

bool sasl_is_supported(const struct sasl_mechanism *m)
{
	Gsasl *library;
	bool is_there;

	if (!(m->flags & SASL_OPTIONAL))
		return true;
	if (gsasl_init(&library) != GSASL_OK)
		return false;
	is_there = gsasl_client_support_p(library, m->name);
	gsasl_done(library);
	return is_there;
}

const char *sasl_library(void)
{
	static char text[48];

	(void)snprintf(
	    text, sizeof(text), "GNU SASL %s", gsasl_check_version(NULL));
	return text;
}
