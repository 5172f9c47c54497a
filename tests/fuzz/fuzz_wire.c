/*
 * fuzz_wire: however the input is cut, the filter puts what a reader of one
 * octet at a time would put, and the tally knows its length before.
 */
#include "tally.h"
#include "wire.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void require(bool is_true)
{
	if (!is_true)
		abort();
}

/* Puts the text with CRLF and doubled dots; counts the dots put in. */
static size_t reference(const char *in, size_t n, char *out, size_t *ret_dots)
{
	size_t o = 0, dots = 0;
	bool in_line = false;

	for (size_t i = 0; i < n; i++) {
		bool is_cr = in[i] == '\r';

		if (is_cr && i + 1 < n &&
		    (in[i + 1] == '\r' || in[i + 1] == '\n'))
			continue;
		if (is_cr || in[i] == '\n') {
			out[o++] = '\r';
			out[o++] = '\n';
			in_line = false;
			continue;
		}
		if (!in_line && in[i] == '.') {
			out[o++] = '.';
			dots++;
		}
		out[o++] = in[i];
		in_line = true;
	}
	if (in_line) {
		out[o++] = '\r';
		out[o++] = '\n';
	}
	*ret_dots = dots;
	return o;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	/* The first octet says how long the pieces are. */
	size_t piece = n ? 1 + bytes[0] : 1, done = 0, o = 0, dots, expected_n;
	const char *in = n ? (const char *)bytes + 1 : NULL;
	struct tally t = { .text = 0 };
	struct wire w = { .in_line = false };
	char *out, *expected;

	n = n ? n - 1 : 0;
	out = malloc(WIRE_GROWTH(n) + 2);
	expected = malloc(WIRE_GROWTH(n) + 2);
	require(out && expected);
	while (done < n) {
		size_t part = piece < n - done ? piece : n - done;
		size_t put = wire_filter(&w, in + done, part, out + o);

		require(put <= WIRE_GROWTH(part));
		tally_add(&t, in + done, part);
		o += put;
		done += part;
	}
	o += wire_finish(&w, out + o);
	tally_finish(&t);
	require(!w.in_line && !w.pending_cr);
	expected_n = reference(in, n, expected, &dots);
	require(o == expected_n && memcmp(out, expected, o) == 0);
	require(tally_wire_size(&t) == o - dots);
	free(out);
	free(expected);
	return 0;
}
