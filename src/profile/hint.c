#include "hint.h"
#include "account.h"
#include "provider_private.h"

enum { VALUE_MAX = 4096, WARNINGS_MAX = 4096 };

/* Of those that know the host; the region is a part of it. */
static const struct provider *provider_of(
    const char *host, struct slice *ret_region)
{
	for (size_t i = 0; host && provider_list[i]; i++) {
		const struct provider *p = provider_list[i];

		if (region_of_host(
			p->regions, p->hosts, slice_of(host), ret_region))
			return p;
	}
	return NULL;
}

static void add_change(const struct settings *now, const struct settings *then,
    const struct option_info *o, struct buf *out)
{
	struct buf before, after;

	buf_init(&before, VALUE_MAX);
	buf_init(&after, VALUE_MAX);
	(void)option_format(now, o, &before);
	(void)option_format(then, o, &after);
	if (!slice_eq(buf_slice(&before), buf_slice(&after)))
		buf_addf(out, "#   %s = %s   # now %s\n", o->key,
		    buf_text(&after), before.n ? buf_text(&before) : "unset");
	buf_free(&before);
	buf_free(&after);
}

static void add_changes(
    const struct settings *now, const struct settings *then, struct buf *out)
{
	for (size_t i = 0; i < OPT_COUNT; i++)
		if (i != OPT_provider && i != OPT_region)
			add_change(now, then, &option_table[i], out);
}

void hint_provider(const struct settings *s, struct arena *a, struct buf *out)
{
	struct settings then = *s;
	struct slice region = SLICE("");
	const struct provider *p =
	    s->provider ? NULL : provider_of(s->host, &region);
	struct buf warnings;

	if (!p)
		return;
	then.provider = p->name;
	then.region = arena_copy(a, region);
	buf_init(&warnings, WARNINGS_MAX);
	if (account_complete(&then, a, &warnings, NULL) == 0) {
		buf_addf(out,
		    "# host %s is one of %s. The two lines\n"
		    "#   provider %s\n"
		    "#   region %s\n"
		    "# would add what its replies mean and what to do about "
		    "them, and\n",
		    s->host, p->title, p->name, then.region);
		add_changes(s, &then, out);
	}
	buf_free(&warnings);
}

void hint_sender(const struct settings *s, struct buf *out)
{
	/* Otherwise the caller's name is one. */
	bool is_empty = s->from || !s->qualify_domain;

	if (!account_is_nobody(s->from) || s->auto_from || !is_empty)
		return;
	if (account_has_null_sender(s))
		buf_adds(out,
		    "# from is empty: the sender is the empty one without "
		    "-f\n");
	else if (!s->sender_from_header)
		buf_adds(
		    out, "# from is not set: no message is sent without -f\n");
}
