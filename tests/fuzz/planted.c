/*
 * planted: a parser with a mistake, to see that replay finds mistakes. It
 * reads behind a quotation mark at the end of its input.
 */
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	size_t quotes = 0;

	for (size_t i = 0; i < n; i++)
		quotes += bytes[i] == '"';
	/* Without a sanitizer nobody sees a byte too far. */
	if (n > 5 && quotes == 3 && bytes[n - 1] == '"')
		abort();
	return 0;
}
