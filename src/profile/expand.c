#include "expand.h"
#include "io.h"
#include "resolve.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* A name of a host has at most 253 characters (RFC 1035 section 2.3.4). */
enum { NAME_MAX_BYTES = 255, TEXT_MAX_BYTES = 1024, LOOK_UP_SECONDS = 10 };

struct expansion {
	const struct expand_params *params;
	struct settings *s;
	struct arena *a;
	enum option_id id;
	struct buf text;
	struct fail *why;
};

/* Nothing of it may end a line of the dialogue, or fill one. */
static int add_name(struct expansion *e, struct slice name)
{
	if (name.n == 0 || name.n > NAME_MAX_BYTES)
		return -1;
	for (size_t i = 0; i < name.n; i++)
		if (is_control(name.p[i]))
			buf_addc(&e->text, '?');
		else
			buf_addc(&e->text, name.p[i]);
	return 0;
}

static int no_name(struct expansion *e, const char *what)
{
	return option_fail(e->why, e->s, e->id,
	    "%s: %s is not known, or longer than %d characters",
	    option_table[e->id].key, what, NAME_MAX_BYTES);
}

/* HOSTNAME is how people set it where they cannot set the machine's. */
static const char *host_name(char buffer[NAME_MAX_BYTES + 1])
{
	const char *name = getenv("HOSTNAME");

	if (name && *name)
		return name;
	buffer[NAME_MAX_BYTES] = '\0';
	return gethostname(buffer, NAME_MAX_BYTES) == 0 ? buffer : "";
}

static int add_host(struct expansion *e)
{
	char buffer[NAME_MAX_BYTES + 1];

	return add_name(e, slice_of(host_name(buffer))) == 0
		   ? 0
		   : no_name(e, "the name of this machine (%H)");
}

static int add_canonical(struct expansion *e)
{
	char buffer[NAME_MAX_BYTES + 1];
	const char *name = host_name(buffer);
	const struct resolve_query query = {
		.host = name,
		.flags = AI_CANONNAME,
		.deadline = deadline_in(LOOK_UP_SECONDS),
	};
	struct addrinfo *found = NULL;
	int result;

	if (resolve(&query, &found, NULL) == 0 && found->ai_canonname)
		name = found->ai_canonname;
	result = add_name(e, slice_of(name));
	resolve_free(found);
	return result == 0 ? 0 : no_name(e, "the canonical name (%C)");
}

static int add_mail_name(struct expansion *e)
{
	const char *path = e->params->mailname;
	char bytes[NAME_MAX_BYTES + 2];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	ssize_t n = fd < 0 ? -1 : io_read(fd, bytes, sizeof(bytes));
	int error = errno;
	struct slice line = { bytes, n > 0 ? (size_t)n : 0 };

	(void)io_close(fd);
	if (n < 0)
		return option_fail(e->why, e->s, e->id, "%s: %%M: %s: %s",
		    option_table[e->id].key, path, strerror(error));
	line = slice_trim(slice_first_line(line));
	return add_name(e, line) == 0 ? 0 : no_name(e, "the mail name (%M)");
}

static int add_user(struct expansion *e)
{
	return add_name(e, slice_of(e->params->user(e->a))) == 0
		   ? 0
		   : no_name(e, "the calling user (%U)");
}

static const struct substitution {
	char letter;
	bool in_domain;
	int (*add)(struct expansion *e);
} substitutions[] = {
	{ 'H', true, add_host },
	{ 'C', true, add_canonical },
	{ 'M', true, add_mail_name },
	{ 'U', false, add_user },
};

static const struct substitution *find(char letter, enum option_id id)
{
	size_t n = sizeof(substitutions) / sizeof(substitutions[0]);

	for (size_t i = 0; i < n; i++)
		if (substitutions[i].letter == letter &&
		    (id == OPT_from || substitutions[i].in_domain))
			return &substitutions[i];
	return NULL;
}

/* The new text in e->text. */
static int expand_text(struct expansion *e, const char *text)
{
	for (; *text; text++) {
		const struct substitution *found =
		    *text == '%' ? find(text[1], e->id) : NULL;

		if (!found) {
			buf_addc(&e->text, *text);
			continue;
		}
		if (found->add(e) != 0)
			return -1;
		text++;
	}
	if (e->text.full)
		return option_fail(e->why, e->s, e->id,
		    "%s: longer than %d characters", option_table[e->id].key,
		    TEXT_MAX_BYTES);
	return 0;
}

static int expand_option(
    struct expansion *e, enum option_id id, const char **field)
{
	int result;

	if (!*field || !strchr(*field, '%'))
		return 0;
	e->id = id;
	buf_init(&e->text, TEXT_MAX_BYTES);
	result = expand_text(e, *field);
	if (result == 0)
		*field = arena_copy(e->a, buf_slice(&e->text));
	buf_free(&e->text);
	return result;
}

/* The sender of old: the user, whatever the caller says. */
static void apply_auto_from(struct settings *s, struct arena *a)
{
	const struct origin *origin = &s->origin[OPT_auto_from];
	const char *domain = s->maildomain;

	if (!s->auto_from)
		return;
	s->from =
	    arena_printf(a, "%%U%s%s", domain ? "@" : "", domain ? domain : "");
	s->origin[OPT_from] = *origin;
	s->allow_from_override = false;
	s->origin[OPT_allow_from_override] = *origin;
}

int expand_settings(struct settings *s, const struct expand_params *params,
    struct arena *a, struct fail *why)
{
	struct expansion e = { .params = params, .s = s, .a = a, .why = why };

	apply_auto_from(s, a);
	if (expand_option(&e, OPT_from, &s->from) != 0)
		return -1;
	return expand_option(&e, OPT_domain, &s->domain);
}

const char *expand_author(const char *text, const char *author, struct arena *a)
{
	const char *at = strstr(text, EXPAND_AUTHOR);

	if (!at)
		return text;
	return arena_printf(a, "%.*s%s%s", (int)(at - text), text, author,
	    at + sizeof(EXPAND_AUTHOR) - 1);
}
