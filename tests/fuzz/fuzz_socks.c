/*
 * fuzz_socks: however a proxy's replies come in pieces, what is said to be
 * missing leads to the same end, never reads past it, and fits.
 */
#include "socks.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void require(bool is_true)
{
	if (!is_true)
		abort();
}

/* Up to `step` octets at a time. Returns what was taken, *ret_more how it
 * ended: 0, -1, or what is still missing when the input has ended. */
static size_t take(int (*missing)(struct slice, struct fail *),
    struct slice all, size_t step, int *ret_more)
{
	struct fail why = { .kind = FAIL_NONE };
	struct slice reply = slice_head(all, 0);
	int more;

	while ((more = missing(reply, &why)) > 0) {
		size_t want = (size_t)more < step ? (size_t)more : step;

		require(why.kind == FAIL_NONE);
		require(reply.n + (size_t)more <= SOCKS_REPLY_MAX);
		if (reply.n == all.n)
			break;
		reply = slice_head(all, reply.n + want);
	}
	require(more >= -1);
	require((more < 0) == (why.kind != FAIL_NONE));
	require((more < 0) == (why.text[0] != '\0'));
	*ret_more = more;
	return reply.n;
}

static void check(int (*missing)(struct slice, struct fail *), struct slice all)
{
	int whole, dripped;
	size_t n_whole = take(missing, all, SOCKS_REPLY_MAX, &whole);
	size_t n_dripped = take(missing, all, 1, &dripped);

	require((whole < 0) == (dripped < 0));
	if (whole < 0)
		require(n_dripped <= n_whole);
	else
		require(n_dripped == n_whole && whole == dripped);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct slice all = { (const char *)bytes, n };
	struct fail why;

	check(socks_method_missing, all);
	check(socks_reply_missing, all);
	/* At once, as no caller has it. */
	(void)socks_method_missing(all, &why);
	(void)socks_reply_missing(all, &why);
	return 0;
}
