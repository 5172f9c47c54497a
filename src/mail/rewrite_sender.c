#include "rewrite_private.h"

/* One mailbox and nothing around it that could be a route, a group or a list.
 */
static bool is_plain(const struct rewrite_list *list)
{
	return list->in.n == 1 && list->in.n_stray == 0 &&
	       slice_find(list->text, ':') == list->text.n;
}

/* The name of the first one that has any, as it was written. */
static void add_name(struct buf *b, const struct rewrite_list *list)
{
	struct slice name = SLICE("");

	for (size_t i = 0; i < list->in.n && name.n == 0; i++)
		name = list->in.v[i].name;
	if (name.n > 1 && name.p[0] == '"' && name.p[name.n - 1] == '"')
		buf_add_slice(b, name);
	else
		addr_add_phrase(b, name);
}

/*
 * What stands before the address, or all of it when there is none. What holds
 * an '@' is no name: who sees it would take it for the address.
 */
static void add_text(struct buf *b, struct slice value)
{
	struct slice name = slice_head(value, slice_find(value, '<'));

	while (name.n && addr_is_one_of(name.p[0], "\" \t\r\n"))
		name = slice_skip(name, 1);
	while (name.n && addr_is_one_of(name.p[name.n - 1], "\" \t\r\n"))
		name.n--;
	if (slice_find(name, '@') == name.n)
		addr_add_phrase(b, name);
}

/* Of the value all but its line end. */
static void replace_value(
    struct rewriter *w, const struct hdr_field *f, struct slice text)
{
	rewrite_edit(w, f->value.p, slice_chop(f->value).n, text);
}

bool rewrite_rule_sender(struct rewriter *w, const struct hdr_field *f)
{
	const char *address = f->info->id == HDR_ID_FROM ? w->params->new_from
			      : f->info->id == HDR_ID_SENDER
				  ? w->params->new_sender
				  : NULL;
	struct rewrite_list list = { .text = SLICE("") };
	struct buf b;
	bool is_list;

	if (!address)
		return false;
	is_list = rewrite_read_list(w, f->value, &list);
	if (is_list && is_plain(&list)) {
		const struct addr *a = &list.in.v[0];

		/* In place: a comment that is the name stays one. */
		rewrite_edit(w, list.text.p + a->start, a->end - a->start,
		    slice_of(address));
		return true;
	}
	buf_init(&b, MSG_FIELD_MAX);
	buf_addc(&b, ' ');
	if (is_list)
		add_name(&b, &list);
	else
		add_text(&b, f->value);
	buf_addf(&b, b.n > 1 ? " <%s>" : "%s", address);
	w->full = w->full || b.full;
	replace_value(w, f, rewrite_copy(w, buf_slice(&b)));
	buf_free(&b);
	return true;
}
