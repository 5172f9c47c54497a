/*
 * fuzz_caps: whatever stands in the lines of an EHLO reply, the list of
 * mechanisms is made of names, each once, and fits.
 */
#include "caps.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void require(bool is_true)
{
	if (!is_true)
		abort();
}

static void check_mechanisms(const struct caps *c)
{
	struct slice all = slice_of(c->auth), rest = all, word;
	size_t total = 0;

	require(all.n < sizeof(c->auth));
	require(all.n == 0 || (all.p[0] == ' ' && all.p[all.n - 1] == ' '));
	while (slice_take_word(&rest, &word)) {
		struct slice others = rest, other;
		char name[32] = "";

		require(word.n <= 20);
		for (size_t i = 0; i < word.n; i++) {
			char ch = word.p[i];

			require((ch >= 'A' && ch <= 'Z') ||
				(ch >= '0' && ch <= '9') || ch == '-' ||
				ch == '_');
			name[i] = ascii_lower(ch);
		}
		require(caps_has_mechanism(c, name));
		while (slice_take_word(&others, &other))
			require(!slice_eq(word, other));
		total += word.n + 1;
	}
	require(all.n == 0 || total + 1 == all.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct slice rest = { (const char *)bytes, n }, line;
	struct reply r;
	struct caps c;

	reply_init(&r);
	r.code = 250;
	while (slice_take_until(&rest, '\n', &line) && r.n_lines < 128) {
		if (r.n_lines++ > 0)
			buf_addc(&r.text, '\n');
		buf_add_slice(&r.text, line);
	}
	caps_parse(&r, &c);
	require((c.set & CAP_AUTH) || c.auth[0] == '\0');
	require((c.set & CAP_SIZE) || c.max_size == 0);
	require(c.set < CAP_DSN << 1);
	check_mechanisms(&c);
	reply_free(&r);
	return 0;
}
