/* What a token is told when it asks for its PIN. */
#include "tls_setup.h"
#include "unit.h"
#include <gnutls/pkcs11.h>

static const char *typed; /* NULL: nobody is there */
static unsigned times;

static struct secret *type(const char *token, struct fail *why)
{
	struct secret *s;

	CHECK_STR(token, "label");
	times++;
	if (!typed)
		return NULL;
	s = secret_new(64, why);
	if (!s || secret_add(s, slice_of(typed)) != 0)
		exit(1);
	return s;
}

enum { WRONG = GNUTLS_PIN_WRONG, LOW = GNUTLS_PIN_COUNT_LOW };

enum { LAST = GNUTLS_PIN_FINAL_TRY, SO = GNUTLS_PIN_SO };

TEST(pins)
{
	static const struct {
		const char *label, *password, *typed;
		unsigned flags[3];       /* of one attempt after the other */
		const char *expected[3]; /* NULL: none */
		bool is_spared;
	} rows[] = {
		{ "neither", NULL, NULL, { 0 }, { NULL }, false },
		{ "the password, once", "p", NULL, { 0, WRONG }, { "p", NULL },
		    false },
		{ "an empty password is none", "", "t", { 0 }, { "t" }, false },
		{ "a person", NULL, "t", { 0, WRONG, WRONG }, { "t", "t", "t" },
		    false },
		{ "the password, then a person", "p", "t",
		    { 0, WRONG, WRONG | LAST }, { "p", "t", "t" }, false },
		{ "refused before: not the password", "p", NULL, { LOW },
		    { NULL }, true },
		{ "the last one: not the password", "p", NULL, { LAST },
		    { NULL }, true },
		{ "refused before: a person", "p", "t", { LOW, WRONG | LOW },
		    { "t", "t" }, false },
		{ "a person knows about the last one", NULL, "t", { LAST },
		    { "t" }, false },
		{ "too long", "0123456789", NULL, { 0 }, { NULL }, false },
		{ "the longest", "0123456", NULL, { 0 }, { "0123456" }, false },
		{ "too long, typed", NULL, "01234567", { 0 }, { NULL }, false },
		{ "an empty line", NULL, "", { 0 }, { NULL }, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct secret *password = NULL;
		struct tls_token token = { .ask = type };

		CASE(rows[i].label);
		typed = rows[i].typed;
		if (rows[i].password) {
			password = secret_new(64, NULL);
			if (!password || secret_add(password,
					     slice_of(rows[i].password)) != 0)
				exit(1);
		}
		token.password = password;
		for (int n = 0; n < 3 && (n == 0 || rows[i].flags[n]); n++) {
			char pin[8] = "";
			int result =
			    tls_setup_pin(&token, n, "pkcs11:", "label",
				rows[i].flags[n], pin, sizeof(pin));

			CHECK_INT(result == 0, rows[i].expected[n] != NULL);
			if (rows[i].expected[n])
				CHECK_STR(pin, rows[i].expected[n]);
		}
		CHECK_INT(token.is_spared, rows[i].is_spared);
		secret_free(password);
	}
}

/* A token that asks for ever is told three times. */
TEST(there_is_an_end)
{
	struct tls_token token = { .ask = type };
	char pin[8];

	typed = "t";
	times = 0;
	for (int n = 0; n < 10; n++)
		CHECK_INT(tls_setup_pin(&token, n, "pkcs11:", "label",
			      n ? WRONG : 0, pin, sizeof(pin)) == 0,
		    n < 3);
	CHECK_INT(times, 3);
	CASE("nobody may be asked");
	token = (struct tls_token){ .ask = NULL };
	CHECK(tls_setup_pin(
		  &token, 0, "pkcs11:", "label", SO, pin, sizeof(pin)) < 0);
}
