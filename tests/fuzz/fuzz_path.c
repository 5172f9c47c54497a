/*
 * fuzz_path: what is made of any address stands between < and > of a command
 * and cannot end it; without SMTPUTF8 it is ASCII.
 */
#include "path.h"
#include "slice.h"
#include "utf8.h"
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void require(bool is_true)
{
	if (!is_true)
		abort();
}

static bool is_harmless(const char *path)
{
	bool is_quoted = false;

	for (; *path; path++) {
		if (is_control(*path))
			return false;
		if (is_quoted && *path == '\\' && path[1])
			path++;
		else if (*path == '"')
			is_quoted = !is_quoted;
		else if (!is_quoted && strchr("<> ", *path))
			return false;
	}
	return !is_quoted;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct slice text = { (const char *)bytes, n };
	struct arena a = { 0 };
	const char *address = arena_copy(&a, slice_head(text, 1000));
	struct fail why = { .kind = FAIL_NONE };
	const char *path;

	if (path_make(address, true, &a, &path, &why) == 0) {
		require(is_harmless(path));
		require(utf8_is_valid(slice_of(path)));
	} else {
		require(why.kind == FAIL_MESSAGE);
	}
	if (path_make(address, false, &a, &path, &why) == 0) {
		require(is_harmless(path));
		require(slice_is_printable(slice_of(path)));
		require(!path_needs_utf8(address));
	} else {
		require(why.kind == FAIL_MESSAGE);
	}
	arena_free(&a);
	return 0;
}
