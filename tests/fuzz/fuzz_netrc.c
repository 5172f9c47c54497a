/*
 * fuzz_netrc: whatever the file says, a password that is found stands in it,
 * in the order of its bytes and without quotes around it; an entry of another
 * machine, put in front or behind, changes nothing.
 */
#include "buf.h"
#include "netrc.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static const struct netrc_key key = { "h", "u" };

static void require(bool is_true)
{
	if (!is_true)
		abort();
}

/* Are the bytes of one those of the other, with some left out? */
static bool is_within(struct slice part, struct slice whole)
{
	size_t i = 0;

	for (size_t j = 0; j < whole.n && i < part.n; j++)
		i += whole.p[j] == part.p[i];
	return i == part.n;
}

static void check_same(
    const char *before, struct slice text, const struct secret *expected)
{
	struct fail why;
	struct secret *found;
	struct buf b;

	buf_init(&b, NETRC_FILE_MAX);
	buf_adds(&b, before);
	buf_add_slice(&b, text);
	found = netrc_find(buf_slice(&b), &key, &why);
	require(!found == !expected);
	require(!found || slice_eq(secret_view(found), secret_view(expected)));
	secret_free(found);
	buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct slice text = { (const char *)bytes, n };
	struct fail why = { FAIL_BUG, "" };
	struct secret *found;

	if (n > NETRC_FILE_MAX / 2)
		return 0;
	found = netrc_find(text, &key, &why);
	require(why.kind == FAIL_NONE);
	if (found) {
		struct slice password = secret_view(found);

		require(password.n > 0 && password.n < n);
		require(slice_find(password, '\n') == password.n);
		require(is_within(password, text));
	}
	/* `default` ends what went before, whatever comes first. */
	check_same("machine x login u password q\ndefault\n", text, found);
	check_same("# machine h login u password q\n", text, found);
	secret_free(found);
	return 0;
}
