/*
 * fuzz_alias: whatever a file says, an address becomes addresses that can be
 * sent or stays itself; none is a command or a file, none comes twice, limits
 * hold; the same is said each time; warnings are lines for people.
 */
#include "addr.h"
#include "alias.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

enum { NAMES_MAX = 40, WARNINGS_MAX = 16384 };

static void require(bool is_true)
{
	if (!is_true)
		abort();
}

static bool is_followed_by_others(const char *spec)
{
	if (*spec == '\\')
		return true;
	spec += *spec == '"';
	return *spec == '|' || *spec == '/' || *spec == ':';
}

static void check_warnings(const struct buf *b)
{
	struct slice rest = buf_slice(b), line;

	while (slice_take_line(&rest, &line)) {
		require(slice_starts(line, SLICE("F: ")));
		require(line.p[line.n - 1] == '\n');
		require(slice_is_printable(slice_head(line, line.n - 1)));
	}
}

static void check_results(const struct alias_list *list, const char *address)
{
	const char *itself = address + (*address == '\\');

	require(list->n >= 1 && list->n <= ALIAS_RESULT_MAX);
	for (size_t i = 0; i < list->n; i++) {
		const char *spec = list->v[i];

		for (size_t j = 0; j < i; j++)
			require(!addr_same(spec, list->v[j]));
		if (strcmp(spec, itself) == 0)
			continue;
		require(addr_check(spec, false, NULL) == 0);
		require(!is_followed_by_others(spec));
	}
	if (itself != address)
		require(list->n == 1 && strcmp(list->v[0], itself) == 0);
}

static void check_expansion(
    struct alias_table *t, const char *address, struct arena *a)
{
	struct alias_list list = { 0 }, again = { 0 };
	struct buf warnings;

	buf_init(&warnings, WARNINGS_MAX);
	alias_expand(t, address, a, &list, &warnings);
	check_results(&list, address);
	check_warnings(&warnings);
	alias_expand(t, address, a, &again, &warnings);
	require(again.n == list.n);
	for (size_t i = 0; i < list.n; i++)
		require(strcmp(again.v[i], list.v[i]) == 0);
	buf_free(&warnings);
}

/* Of the names in the text and of some others. */
static void check_names(
    struct alias_table *t, struct slice text, struct arena *a)
{
	static const struct addr_syntax syntax = { .bare_blanks = true };
	static const char *const always[] = { "root", "\\root", "web@localhost",
		"web@box", "a@b", "default", "nobody", "\"a b\"" };
	struct slice line, name;

	for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++)
		check_expansion(t, always[i], a);
	for (size_t i = 0; i < NAMES_MAX && slice_take_line(&text, &line);
	     i++) {
		struct addr_list list = { 0 };

		if (slice_take_until(&line, ':', &name) &&
		    addr_parse(a, name, &syntax, &list, NULL) == 0 && list.n)
			check_expansion(t, list.v[0].spec, a);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct slice text = { (const char *)bytes, n };
	struct arena a = { 0 };
	struct alias_table t;
	struct buf warnings;

	buf_init(&warnings, WARNINGS_MAX);
	alias_parse(&t, "F", text, &a, &warnings);
	t.host = "box.example";
	check_warnings(&warnings);
	check_names(&t, text, &a);
	buf_free(&warnings);
	arena_free(&a);
	return 0;
}
