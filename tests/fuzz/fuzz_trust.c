/*
 * fuzz_trust: what is found in a file of certificates stands in it, in order,
 * is read again as the same certificates, and is as many for every chain.
 */
#include "mem.h"
#include "trust.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void require(bool is_true)
{
	if (!is_true)
		abort();
}

/* A chain whose issuer has an empty name, the subject one of four bytes. */
static bool want(struct trust *t, struct slice text)
{
	char der[] = "\x30\x11\x30\x0f\x02\x01\x01\x30\x00\x30\x00"
		     "\x30\x00\x30\x04xxxx";
	struct slice all = { der, sizeof(der) - 1 };

	for (size_t i = 0; i < 4 && i < text.n; i++)
		der[all.n - 1 - i] = text.p[i];
	return trust_want(t, all) == 0;
}

static void check_wanted(const struct trust *t)
{
	struct buf pem;

	buf_init(&pem, 2 * (size_t)TRUST_FILE_MAX);
	trust_add_wanted(t, &pem);
	require(!pem.full && pem.n <= 2 * trust_text(t).n);
	if (pem.n) {
		struct trust *again = trust_parse(mem_dup(pem.p, pem.n), pem.n);

		require(again && trust_count(again) <= trust_count(t));
		trust_free(again);
	}
	buf_free(&pem);
}

static void check_same(const struct trust *t)
{
	struct slice text = trust_text(t);
	struct trust *again = trust_parse(mem_dup(text.p, text.n), text.n);

	require(again && trust_count(again) == trust_count(t));
	trust_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct slice text = { (const char *)bytes, n };
	struct trust *t = trust_parse(mem_dup(text.p, n), n);

	if (!t)
		return 0;
	require(trust_count(t) > 0 && slice_eq(trust_text(t), text));
	require(want(t, text));
	(void)trust_want(t, text);
	check_wanted(t);
	check_same(t);
	trust_free(t);
	return 0;
}
