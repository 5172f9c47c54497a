#include "path.h"
#include "addr.h"
#include "host.h"
#include "mem.h"
#include "utf8.h"
#include <stdlib.h>

enum { PATH_MAX_SIZE = 320 };

static struct slice local_part(const char *address)
{
	struct slice all = slice_of(address), domain = addr_domain(address);

	return slice_head(all, domain.n ? all.n - domain.n - 1 : all.n);
}

bool path_needs_utf8(const char *address)
{
	return slice_has_8bit(local_part(address));
}

/* A quoted local part may hold what would end a path elsewhere. */
static bool is_path(struct slice text)
{
	bool is_quoted = false;

	if (text.n > PATH_MAX_SIZE || !utf8_is_valid(text))
		return false;
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (is_control(c))
			return false;
		if (is_quoted && c == '\\' && i + 1 < text.n &&
		    !is_control(text.p[i + 1]))
			i++;
		else if (c == '"')
			is_quoted = !is_quoted;
		else if (!is_quoted && addr_is_one_of(c, "<> "))
			return false;
	}
	return !is_quoted;
}

static int to_ascii(
    const char *address, struct arena *a, const char **ret, struct fail *why)
{
	struct slice local = local_part(address);
	struct slice domain = addr_domain(address);
	char *text = mem_dup(domain.p, domain.n);
	char *name = host_to_ascii(text, why);

	free(text);
	if (!name) {
		(void)fail_as(why, FAIL_MESSAGE);
		return -1;
	}
	*ret = arena_printf(a, "%.*s@%s", SLICE_ARG(local), name);
	free(name);
	return 0;
}

const char *path_key(const char *address, struct arena *a)
{
	const char *key;

	if (slice_has_8bit(addr_domain(address)) &&
	    to_ascii(address, a, &key, NULL) == 0)
		return key;
	return address;
}

int path_make(const char *address, bool utf8, struct arena *a, const char **ret,
    struct fail *why)
{
	struct slice text = slice_of(address);

	if (!is_path(text))
		return fail(
		    why, FAIL_MESSAGE, "SMTP cannot carry this address");
	if (!utf8 && path_needs_utf8(address))
		return fail(why, FAIL_MESSAGE,
		    "the local part is not ASCII, and the server does not "
		    "offer SMTPUTF8");
	if (!utf8 && slice_has_8bit(text))
		return to_ascii(address, a, ret, why);
	*ret = address;
	return 0;
}
