#include "queue_heir.h"
#include <string.h>

/* The accounts that come into question, the first choice first. */
struct names {
	const char **v; /* arena */
	size_t n;
};

static void add(struct names *names, struct arena *a, const char *name)
{
	names->v = arena_grow(a, names->v, names->n, sizeof(*names->v));
	names->v[names->n++] = name;
}

static struct names names_for(const struct settings *settings,
    const struct invocation *inv, struct arena *a)
{
	struct slice rest = slice_of(settings ? settings->failover : NULL);
	struct names names = { .n = 0 };
	struct invocation call = *inv;
	struct slice name;
	struct files files;

	call.account = NULL; /* the default one */
	while (slice_take_until(&rest, ',', &name))
		add(&names, a, arena_copy(a, slice_trim(name)));
	files_init(&files, a);
	if (files_load(&files, &call, NULL, NULL) == 0)
		add(&names, a, files.account);
	for (size_t i = 0; i < files.config.n; i++)
		add(&names, a, files.config.v[i].name);
	files_free(&files);
	return names;
}

/* All that can be known without a connection, and without the secret that a
   command or a keyring has. */
static bool can_send(
    struct queue_heir *h, const struct invocation *inv, struct arena *a)
{
	struct invocation call = *inv;
	struct send send;
	struct fail why;
	bool can;

	call.account = h->account;
	send_begin(&send, &call, a);
	can = send_choose(&send, NULL, &why) == 0;
	h->settings = send.files.settings;
	send_end(&send);
	return can;
}

static bool find(struct queue_heir *h, const struct queue_line *l,
    const struct settings *own, struct arena *a)
{
	struct names names;

	if (h->of && strcmp(h->of, l->account) == 0)
		return h->account != NULL;
	h->of = arena_copy(a, slice_of(l->account));
	names = names_for(own, &l->inv, a);
	for (size_t i = 0; i < names.n; i++) {
		h->account = names.v[i];
		if (strcmp(h->account, l->account) != 0 &&
		    can_send(h, &l->inv, a))
			return true;
	}
	h->account = NULL;
	return false;
}

/* NULL when the account is in no file. */
static const struct settings *settings_of(const struct queue_line *l)
{
	const struct files *files = &l->send.files;

	return files->account ? &files->settings : NULL;
}

static bool is_usable(const struct queue_line *l)
{
	return l->unusable.kind == FAIL_NONE;
}

bool queue_heir_can_tell(
    struct queue_heir *h, const struct queue_line *l, struct arena *a)
{
	return is_usable(l) || find(h, l, settings_of(l), a);
}

bool queue_heir_gives_up(struct queue_heir *h, const struct queue_line *l,
    int64_t created, int64_t now, struct arena *a)
{
	const struct settings *s = settings_of(l);

	if (!s && !queue_heir_can_tell(h, l, a))
		return false;
	if (!s)
		s = &h->settings;
	return schedule_is_expired(created, s->queue_lifetime, now) &&
	       queue_heir_can_tell(h, l, a);
}

void queue_heir_speak(
    const struct queue_heir *h, const struct queue_line *l, struct send *s)
{
	const struct settings *own = settings_of(l);

	if (is_usable(l))
		return;
	s->files.settings = h->settings;
	s->files.account = h->account;
	if (!own)
		return;
	s->report.settings = own;
	if (!own->report_to || !own->report_to[0])
		return;
	s->files.settings.report_to = own->report_to;
	/* A name in it means what it means there. */
	s->files.settings.aliases = own->aliases;
	s->files.settings.qualify_domain = own->qualify_domain;
}
