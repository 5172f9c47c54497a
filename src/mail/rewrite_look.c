#include "rewrite_private.h"

/*
 * The block that says how the message was sent on last: the first that has a
 * field of recipients (RFC 5322 3.6.6), else the first; empty when there are
 * none.
 */
static struct slice last_sent_on(struct slice header, bool *ret_has_rcpt)
{
	struct slice found = slice_head(header, 0), block;
	bool has_rcpt = false;
	unsigned flags;

	while (!has_rcpt && rewrite_take_resent(&header, &block, &flags)) {
		has_rcpt = flags & HDR_RCPT;
		if (has_rcpt || found.n == 0)
			found = block;
	}
	*ret_has_rcpt = has_rcpt;
	return found;
}

static const char *first_address(struct arena *a, struct slice value)
{
	const struct addr_syntax syntax = { .marks = true };
	struct addr_list list = { 0 };

	if (addr_parse(a, value, &syntax, &list, NULL) < 0 || list.n == 0)
		return NULL;
	return list.v[0].spec;
}

static int add_recipients(struct arena *a, const struct hdr_field *f,
    struct addr_list *list, struct fail *why)
{
	const struct addr_syntax syntax = { .marks = true };

	if (addr_parse(a, f->value, &syntax, list, why) < 0)
		return fail_wrap(why, "%s", f->info->name);
	return 0;
}

/* Authors and senders, for whoever judges them. */
static void add_senders(
    struct arena *a, const struct hdr_field *f, struct rewrite_view *view)
{
	const struct addr_syntax syntax = { .marks = true };
	struct addr_list *list = f->info->id == HDR_ID_FROM     ? &view->authors
				 : f->info->id == HDR_ID_SENDER ? &view->senders
								: NULL;

	if (list && slice_trim_eol(f->value).n &&
	    (addr_parse(a, f->value, &syntax, list, NULL) < 0 || list->n == 0))
		view->has_bad_author = true;
}

int rewrite_look(const struct msg *m, bool want_recipients, struct arena *a,
    struct rewrite_view *ret_view, struct fail *why)
{
	struct slice rest = buf_slice(&m->header);
	struct rewrite_view view = { .message_id = SLICE("") };
	const char *resent_from = NULL;
	bool by_resent;
	const struct slice block = last_sent_on(rest, &by_resent);
	struct hdr_field f;

	while (hdr_next(&rest, &f)) {
		bool inside = rewrite_is_within(block, &f);

		if (want_recipients && (f.info->flags & HDR_RCPT) &&
		    inside == by_resent &&
		    add_recipients(a, &f, &view.to, why) < 0)
			return -1;
		if (f.info->id == HDR_ID_RESENT_FROM && inside && !resent_from)
			resent_from = first_address(a, f.value);
		if (f.info->id == HDR_ID_FROM && !view.from)
			view.from = first_address(a, f.value);
		add_senders(a, &f, &view);
		if (f.info->id == HDR_ID_MESSAGE_ID && !view.message_id.n)
			view.message_id = slice_trim_eol(f.value);
	}
	if (resent_from)
		view.from = resent_from;
	*ret_view = view;
	return 0;
}
