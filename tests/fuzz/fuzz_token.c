/*
 * fuzz_token: however a PIN is written in a name, no octet of it is shown.
 */
#include "token.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void require(bool is_true)
{
	if (!is_true)
		abort();
}

/* With other octets for its PIN a name looks the same. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	char room[2][TOKEN_SHOWN_MAX], text[TOKEN_SHOWN_MAX / 2];
	static const char start[] = "pkcs11:a?pin-value=";
	size_t at = sizeof(start) - 1;

	if (n > sizeof(text) - sizeof(start))
		return 0;
	memcpy(text, start, at);
	for (size_t i = 0; i < n; i++)
		text[at + i] = bytes[i] ? (char)bytes[i] : '0';
	text[at + n] = '\0';
	require(token_is_name(text) && token_has_pin(text));
	token_shown(text, room[0]);
	for (size_t i = at; text[i] && text[i] != '&'; i++)
		text[i] = 'x';
	token_shown(text, room[1]);
	require(strcmp(room[0], room[1]) == 0);
	require(slice_is_printable(slice_of(room[0])));
	return 0;
}
