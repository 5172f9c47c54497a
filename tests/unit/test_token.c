#include "token.h"
#include "unit.h"

TEST(names)
{
	static const struct {
		const char *label, *text, *shown;
		bool is_name, has_pin;
	} rows[] = {
		{ "nothing", NULL, "", false, false },
		{ "empty", "", "", false, false },
		{ "a path", "/etc/key.pem", "/etc/key.pem", false, false },
		{ "a path that looks like it", "./pkcs11:a?pin-value=1",
		    "./pkcs11:a?pin-value=1", false, false },
		{ "alone", "pkcs11:", "pkcs11:", true, false },
		{ "any case", "PKCS11:object=k", "PKCS11:object=k", true,
		    false },
		{ "no PIN", "pkcs11:token=t;object=k",
		    "pkcs11:token=t;object=k", true, false },
		{ "a PIN", "pkcs11:object=k?pin-value=1234",
		    "pkcs11:object=k?pin-value=*", true, true },
		{ "any case, too", "pkcs11:object=k?Pin-Value=1234",
		    "pkcs11:object=k?Pin-Value=*", true, true },
		{ "an empty PIN", "pkcs11:?pin-value=", "pkcs11:?pin-value=*",
		    true, true },
		{ "in the middle", "pkcs11:a?x=1&pin-value=12&module-name=m",
		    "pkcs11:a?x=1&pin-value=*&module-name=m", true, true },
		{ "more than one", "pkcs11:?pin-value=a&pin-value=b",
		    "pkcs11:?pin-value=*&pin-value=*", true, true },
		{ "older form, in the path", "pkcs11:pin-value=12;object=k",
		    "pkcs11:pin-value=*", true, true },
		{ "not quoted as it should be", "pkcs11:?pin-value=a;b?c d",
		    "pkcs11:?pin-value=*", true, true },
		{ "within a PIN", "pkcs11:?pin-value=pin-value=1",
		    "pkcs11:?pin-value=*", true, true },
		{ "a source is no secret", "pkcs11:?pin-source=/run/pin",
		    "pkcs11:?pin-source=/run/pin", true, true },
		{ "cut off", "pkcs11:?pin-valu", "pkcs11:?pin-valu", true,
		    false },
		{ "not printable", "pkcs11:\x1b[m?pin-value=\x07&x=\xff",
		    "pkcs11:?[m?pin-value=*&x=?", true, true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char room[TOKEN_SHOWN_MAX];

		CASE(rows[i].label);
		CHECK_INT(token_is_name(rows[i].text), rows[i].is_name);
		CHECK_INT(token_has_pin(rows[i].text), rows[i].has_pin);
		CHECK_STR(token_shown(rows[i].text, room), rows[i].shown);
		/* What is hidden is what is secret. */
		CHECK_INT(token_is_secret(slice_of(rows[i].text)),
		    strchr(rows[i].shown, '*') != NULL);
	}
}

TEST(long_names_are_cut)
{
	char text[4 * TOKEN_SHOWN_MAX], room[TOKEN_SHOWN_MAX];

	memset(text, 'a', sizeof(text));
	memcpy(text, "pkcs11:?pin-value=", 18);
	text[sizeof(text) - 1] = '\0';
	CASE("the PIN alone is long");
	CHECK_STR(token_shown(text, room), "pkcs11:?pin-value=*");
	CASE("and something else is");
	text[20] = '&';
	CHECK_INT(strlen(token_shown(text, room)), sizeof(room) - 1);
	CHECK(strncmp(room, "pkcs11:?pin-value=*&aaa", 23) == 0);
}
