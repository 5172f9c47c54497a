/*
 * fuzz_bus: an address that is taken is the one that was given, and each of
 * its parts is a socket of this machine.
 */
#include "bus.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void require(bool is_true)
{
	if (!is_true)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	char text[2048];
	struct slice rest, part;
	struct buf found;

	if (n >= sizeof(text))
		return 0;
	if (n)
		memcpy(text, bytes, n);
	text[n] = '\0';
	buf_init(&found, 1024);
	if (bus_find(text, NULL, &found)) {
		require(strcmp(buf_text(&found), text) == 0);
		rest = buf_slice(&found);
		while (slice_take_until(&rest, ';', &part))
			require(slice_starts(part, SLICE("unix:")));
	} else {
		require(found.n == 0);
	}
	/* Not absolute or not there: never a bus of the machine's. */
	buf_clear(&found);
	require(text[0] == '/' || !bus_find(NULL, text, &found));
	buf_free(&found);
	return 0;
}
