#include "caller.h"
#include "unit.h"

TEST(gecos)
{
	static const struct {
		const char *gecos, *login, *name; /* NULL: no name */
	} rows[] = {
		{ "Jane Doe", "jane", "Jane Doe" },
		{ "Jane Doe,Room 1,555-0100,", "jane", "Jane Doe" },
		{ "Jane Doe,", "jane", "Jane Doe" },
		{ " Jane Doe ,x", "jane", "Jane Doe" },
		{ "& Doe", "jane", "Jane Doe" },
		{ "&", "root", "Root" },
		{ "& and &", "web", "Web and Web" },
		{ "&", "Jane", "Jane" },
		{ "&", "_apt", "_apt" },
		{ "&", "1st", "1st" },
		{ "x&", "", "x" },
		{ "&", "", NULL },
		{ "", "jane", NULL },
		{ ",", "jane", NULL },
		{ ",Room 1", "jane", NULL },
		{ "  ", "jane", NULL },
		{ "J\xc3\xb6rg", "joerg", "J\xc3\xb6rg" },
		{ "\"Jane\" <x@y>", "jane", "\"Jane\" <x@y>" },
	};
	struct arena a = { 0 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *name;

		CASE(rows[i].gecos);
		name = caller_gecos(rows[i].gecos, rows[i].login, &a);
		CHECK_STR(
		    name ? name : "none", rows[i].name ? rows[i].name : "none");
	}
	CASE("no field at all");
	CHECK(caller_gecos(NULL, "jane", &a) == NULL);
	arena_free(&a);
}

TEST(gecos_that_is_too_long)
{
	struct arena a = { 0 };
	char gecos[2000];

	memset(gecos, '&', sizeof(gecos) - 1);
	gecos[sizeof(gecos) - 1] = '\0';
	CHECK(caller_gecos(gecos, "jane", &a) == NULL);
	arena_free(&a);
}
