#include "hdr.h"
#include "rewrite.h"

/* Flags of all Resent- fields taken together. */
static unsigned resent_flags(struct slice header)
{
	struct hdr_field f;
	unsigned flags = 0;

	while (hdr_next(&header, &f))
		if (f.info->flags & HDR_RESENT)
			flags |= f.info->flags;
	return flags;
}

static const char *first_address(struct arena *a, struct slice value)
{
	const struct addr_syntax syntax = { .bare_blanks = false };
	struct addr_list list = { NULL, 0 };

	if (addr_parse(a, value, &syntax, &list, NULL) < 0 || list.n == 0)
		return NULL;
	return list.v[0].spec;
}

static int add_recipients(struct arena *a, const struct hdr_field *f,
    struct addr_list *list, struct fail *why)
{
	const struct addr_syntax syntax = { .bare_blanks = false };

	if (addr_parse(a, f->value, &syntax, list, why) < 0)
		return fail_wrap(why, "%s", f->info->name);
	return 0;
}

int rewrite_look(const struct msg *m, bool want_recipients, struct arena *a,
    struct rewrite_view *ret_view, struct fail *why)
{
	struct slice rest = buf_slice(&m->header);
	struct rewrite_view view = { .message_id = SLICE("") };
	const unsigned resent = resent_flags(rest);
	const char *resent_from = NULL;

	enum { ABOVE, INSIDE, BELOW } block = ABOVE;
	struct hdr_field f;

	while (hdr_next(&rest, &f)) {
		unsigned flags = f.info->flags;
		bool counts = !(resent & HDR_RCPT);

		if (flags & HDR_RESENT) {
			block = block == ABOVE ? INSIDE : block;
			counts = block == INSIDE;
		} else if (block == INSIDE) {
			block = BELOW;
		}
		if (want_recipients && counts && (flags & HDR_RCPT) &&
		    add_recipients(a, &f, &view.to, why) < 0)
			return -1;
		if (f.info->id == HDR_ID_RESENT_FROM && counts && !resent_from)
			resent_from = first_address(a, f.value);
		if (f.info->id == HDR_ID_FROM && !view.from)
			view.from = first_address(a, f.value);
		if (f.info->id == HDR_ID_MESSAGE_ID && !view.message_id.n)
			view.message_id = slice_trim_eol(f.value);
	}
	if (resent_from)
		view.from = resent_from;
	*ret_view = view;
	return 0;
}
