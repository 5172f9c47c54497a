#include "caller.h"
#include "buf.h"
#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

enum { NAME_MAX_BYTES = 1024 };

const char *caller_login(struct arena *a)
{
	const struct passwd *pw = getpwuid(getuid());

	return pw && pw->pw_name && pw->pw_name[0]
		   ? arena_copy(a, slice_of(pw->pw_name))
		   : NULL;
}

const char *caller_user(struct arena *a)
{
	static const char *const names[] = { "USER", "LOGNAME" };
	const char *login = caller_login(a);

	for (size_t i = 0;
	     !(login && *login) && i < sizeof(names) / sizeof(names[0]); i++)
		login = getenv(names[i]);
	return login && *login ? login : "unknown";
}

static void add_capitalised(struct buf *b, struct slice login)
{
	if (login.n && login.p[0] >= 'a' && login.p[0] <= 'z') {
		buf_addc(b, (char)(login.p[0] - ('a' - 'A')));
		login = slice_skip(login, 1);
	}
	buf_add_slice(b, login);
}

const char *caller_gecos(const char *gecos, const char *login, struct arena *a)
{
	struct slice name = slice_of(gecos);
	const char *result = NULL;
	struct buf b;

	name = slice_trim(slice_head(name, slice_find(name, ',')));
	buf_init(&b, NAME_MAX_BYTES);
	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] == '&')
			add_capitalised(&b, slice_of(login));
		else
			buf_addc(&b, name.p[i]);
	/* A name that is cut could end within a character. */
	if (b.n && !b.full)
		result = arena_copy(a, buf_slice(&b));
	buf_free(&b);
	return result;
}

const char *caller_full_name(struct arena *a)
{
	const struct passwd *pw = getpwuid(getuid());

	return pw ? caller_gecos(pw->pw_gecos, pw->pw_name, a) : NULL;
}
