/*
 * fuzz_sasl: a server that drives the exchange as it likes. The first byte
 * picks the mechanism; each line is a challenge: '=' and base64 as it is, or
 * text in clear, in which '%' stands for the nonce we have sent. The exchange
 * ends, is never complete after a failure, and SCRAM never is complete: the
 * server here does not know the password.
 */
#include "buf.h"
#include "sasl.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void require(bool is_true)
{
	if (!is_true)
		abort();
}

static const char digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void encode(struct buf *b, struct slice text)
{
	for (size_t i = 0; i < text.n; i += 3) {
		unsigned long group = 0;

		for (size_t j = 0; j < 3; j++)
			group =
			    group << 8 |
			    (i + j < text.n ? (unsigned char)text.p[i + j] : 0);
		for (size_t j = 0; j < 4; j++)
			buf_addc(b, i + j > text.n
					? '='
					: digits[group >> (18 - 6 * j) & 63]);
	}
}

static void decode(struct buf *b, struct slice coded)
{
	unsigned long group = 0, bits = 0;

	for (size_t i = 0; i < coded.n && coded.p[i] != '='; i++) {
		const char *at = strchr(digits, coded.p[i]);

		require(at && *at);
		group = (group << 6 | (unsigned long)(at - digits)) & 0xfffff;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			buf_addc(b, (char)(group >> bits & 0xff));
		}
	}
}

/* What follows "r=" in a SCRAM client's first message. */
static struct slice nonce_of(struct slice first)
{
	for (; first.n > 2; first = slice_skip(first, 1))
		if (slice_starts(first, SLICE("r=")))
			return slice_skip(first, 2);
	return SLICE("");
}

static void make_challenge(struct buf *b, struct slice line, struct slice nonce)
{
	struct buf clear;

	buf_clear(b);
	if (line.n > 0 && line.p[0] == '=') {
		buf_add_slice(b, slice_skip(line, 1));
		return;
	}
	buf_init(&clear, 65536);
	for (size_t i = 0; i < line.n; i++) {
		if (line.p[i] == '%')
			buf_add_slice(&clear, nonce);
		else
			buf_addc(&clear, line.p[i]);
	}
	encode(b, buf_slice(&clear));
	buf_free(&clear);
}

static void talk(struct sasl *s, struct slice rest)
{
	struct buf first, challenge;
	struct slice token = SLICE(""), line;
	int rounds = 0, status = 0;
	struct fail why;

	buf_init(&first, 4096);
	buf_init(&challenge, 65536);
	if (sasl_is_client_first(s))
		status = sasl_step(s, SLICE(""), &token, &why);
	decode(&first, token);
	while (status == 0 && slice_take_until(&rest, '\n', &line)) {
		struct buf answer;

		make_challenge(&challenge, line, nonce_of(buf_slice(&first)));
		status = sasl_step(s, buf_slice(&challenge), &token, &why);
		require(++rounds <= SASL_ROUNDS_MAX + 1);
		if (status != 0)
			continue;
		buf_init(&answer, 65536);
		decode(&answer, token);
		buf_free(&answer);
	}
	require(status == 0 || why.kind == FAIL_AUTH);
	buf_free(&challenge);
	buf_free(&first);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static const char *const names[] = { "SCRAM-SHA-256", "SCRAM-SHA-1",
		"PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-256-PLUS",
		"SCRAM-SHA-1-PLUS", "XOAUTH2", "OAUTHBEARER", "EXTERNAL",
		"DIGEST-MD5", "NTLM" };
	struct sasl_params params = {
		.user = "user",
		.service = "smtp",
		.host = "mail.example.com",
		.port = 587,
		.binding = { true, SLICE("binding") },
	};

	/* The order of the names above. */
	enum { PLAIN = 2, PLUS_256 = 5, PLUS_1 = 6, ALWAYS = 10, NAMES = 12 };
	struct fail why = { .kind = FAIL_NONE };
	struct secret *password;
	struct sasl *s;
	int which;

	if (n == 0)
		return 0;
	password = secret_new(64, &why);
	require(password && secret_add(password, SLICE("pencil")) == 0);
	which = bytes[0] % NAMES;
	params.mechanism = names[which];
	params.password = password;
	s = sasl_new(&params, &why);
	/* What the library may have been built without. */
	require(s != NULL || which >= ALWAYS || which == PLUS_256 ||
		which == PLUS_1);
	if (s) {
		talk(s, (struct slice){ (const char *)bytes + 1, n - 1 });
		require(
		    !sasl_is_complete(s) ||
		    (which >= PLAIN && which != PLUS_256 && which != PLUS_1));
		require(slice_is_printable(slice_of(sasl_reason(s))));
	}
	sasl_free(s);
	secret_free(password);
	return 0;
}
