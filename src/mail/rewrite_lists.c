#include "rewrite_private.h"
#include <string.h>

/* Joined lists are folded before a line gets longer: RFC 5322 2.1.1 is 998. */
enum { JOINED_LINE_MAX = 900 };

static bool is_around_list(char c)
{
	return is_blank(c) || addr_is_one_of(c, "\r\n,");
}

/* False when it cannot be read. */
bool rewrite_read_list(
    struct rewriter *w, struct slice value, struct rewrite_list *ret)
{
	const struct addr_syntax syntax = { .marks = true };
	struct rewrite_list list = { .text = value };

	while (list.text.n && is_around_list(list.text.p[0]))
		list.text = slice_skip(list.text, 1);
	while (list.text.n && is_around_list(list.text.p[list.text.n - 1]))
		list.text.n--;
	if (addr_parse(w->a, list.text, &syntax, &list.in, NULL) < 0)
		return false;
	*ret = list;
	return true;
}

/* A list on its way into b. */
struct mending {
	const struct rewrite_list *list;
	struct buf b;
	size_t done;    /* octets of its text */
	size_t n_stray; /* semicolons of it */
};

static void copy_until(struct mending *m, size_t end)
{
	buf_add(&m->b, m->list->text.p + m->done, end - m->done);
	m->done = end;
}

/* Has what b holds something before the semicolon that is to be kept apart
 * from something behind it? Two commas in a row are as bad as a semicolon. */
static bool is_between(const struct mending *m, size_t at)
{
	struct slice behind = slice_trim_eol(slice_skip(m->list->text, at + 1));
	struct slice before;

	if (behind.n == 0 || addr_is_one_of(behind.p[0], ",;"))
		return false;
	before = slice_trim_eol(buf_slice(&m->b));
	return before.n > 0 && before.p[before.n - 1] != ',';
}

/* No line of blanks alone where a semicolon had one for itself: it could be
 * taken for the end of the header. */
static void drop_fold(struct mending *m)
{
	struct slice text = m->list->text;

	if (m->done < text.n && !is_space(text.p[m->done]))
		return;
	while (m->b.n && is_space(m->b.p[m->b.n - 1]))
		m->b.n--;
}

/* Relays with a strict parser take a semicolon for the end of a group only:
 * between addresses it becomes a comma, elsewhere it goes. */
static void mend_strays(struct mending *m, size_t end)
{
	const struct addr_list *in = &m->list->in;

	while (m->n_stray < in->n_stray && in->stray[m->n_stray] < end) {
		size_t at = in->stray[m->n_stray++];

		copy_until(m, at);
		m->done++;
		if (is_between(m, at))
			buf_addc(&m->b, ',');
		else
			drop_fold(m);
	}
}

/* Written anew is only what a strict parser cannot read. */
static void mend_address(
    struct mending *m, const struct rewriter *w, const struct addr *addr)
{
	const struct rewrite_params *params = w->params;
	const char *spec = addr_qualify_local(
	    w->a, addr->spec, params->qualify, params->local);
	const char *wire =
	    params->in_ascii ? params->in_ascii(spec, w->a) : spec;

	if (addr->is_odd || wire != spec) {
		copy_until(m, addr->start);
		buf_adds(&m->b, wire);
		m->done = addr->end;
	} else if (spec != addr->spec) {
		copy_until(m, addr->local_end);
		buf_addf(&m->b, "@%s", params->qualify);
		m->done = addr->end;
	}
}

/* With its addresses whole, commas, and the semicolon of its last group. */
static struct slice mended(struct rewriter *w, const struct rewrite_list *list)
{
	struct mending m = { .list = list };
	struct slice text = list->text;

	buf_init(&m.b, MSG_HEADER_MAX);
	for (size_t i = 0; i < list->in.n; i++) {
		mend_strays(&m, list->in.v[i].start);
		mend_address(&m, w, &list->in.v[i]);
	}
	mend_strays(&m, text.n);
	copy_until(&m, text.n);
	if (list->in.is_open)
		buf_addc(&m.b, ';');
	w->full = w->full || m.b.full;
	if (!slice_eq(buf_slice(&m.b), text))
		text = rewrite_copy(w, buf_slice(&m.b));
	buf_free(&m.b);
	return text;
}

/* The lists of a field and of those of its kind below it. */
struct lists {
	struct rewrite_list *v;
	size_t n;
	size_t addresses; /* in all of them */
};

/* False when one of them cannot be read. */
static bool read_lists(
    struct rewriter *w, const struct hdr_field *first, struct lists *ret)
{
	struct slice rest =
	    slice_skip(w->header, (size_t)(first->raw.p - w->header.p));
	struct lists all = { .n = 0 };
	struct hdr_field f;

	while (hdr_next(&rest, &f)) {
		if (f.info != first->info)
			continue;
		all.v = arena_grow(w->a, all.v, all.n, sizeof(*all.v));
		if (!rewrite_read_list(w, f.value, &all.v[all.n]))
			return false;
		all.addresses += all.v[all.n++].in.n;
	}
	*ret = all;
	return true;
}

/* Octets behind the last line end. */
static size_t last_line(struct slice s)
{
	const char *end = memrchr(s.p, '\n', s.n);

	return end ? s.n - (size_t)(end + 1 - s.p) : s.n;
}

/*
 * An empty group beside addresses says nothing any more, and strict relays
 * do not expect it there: such lists are left out, unless all are like that.
 */
static void add_lists(
    struct rewriter *w, struct buf *b, const struct lists *all, size_t column)
{
	for (size_t i = 0; i < all->n; i++) {
		const struct rewrite_list *list = &all->v[i];
		struct slice text = mended(w, list);
		size_t last = last_line(text);
		bool is_first = b->n == 0, fold;

		if (all->addresses ? list->in.n == 0 : !is_first || !text.n)
			continue;
		fold = !is_first &&
		       column + slice_find(text, '\n') > JOINED_LINE_MAX;
		buf_adds(b, is_first ? "" : ",");
		buf_adds(b, fold ? "\n " : " ");
		buf_add_slice(b, text);
		column = (fold || last < text.n ? 0 : column) + last + 2;
	}
}

/* Puts all lists of its kind into a field; false when they must stay apart. */
static bool join(struct rewriter *w, const struct hdr_field *f)
{
	size_t before = (size_t)(f->value.p - f->raw.p);
	struct slice value = f->value;
	struct lists all;
	struct buf b;
	bool fits;

	if (before > MSG_FIELD_MAX || !read_lists(w, f, &all) ||
	    all.addresses > ADDR_LIST_MAX)
		return false;
	if (value.n && value.p[value.n - 1] == '\n')
		value.n--;
	while (value.n && value.p[value.n - 1] == '\r')
		value.n--;
	buf_init(&b, MSG_FIELD_MAX - before);
	add_lists(w, &b, &all, before);
	fits = !b.full;
	if (fits && !slice_eq(buf_slice(&b), value))
		rewrite_edit(
		    w, value.p, value.n, rewrite_copy(w, buf_slice(&b)));
	buf_free(&b);
	return fits;
}

bool rewrite_rule_addresses(struct rewriter *w, const struct hdr_field *f)
{
	struct rewrite_kept *k = &w->kept[f->info->id];
	bool joins = (f->info->flags & HDR_MERGE) && k->n > 1 && !k->apart &&
		     !w->params->keep_once;
	struct slice text;
	struct rewrite_list list;

	if (joins && join(w, f))
		return false;
	k->apart = k->apart || joins;
	if (!rewrite_read_list(w, f->value, &list))
		return false;
	text = mended(w, &list);
	if (text.p != list.text.p)
		rewrite_edit(w, list.text.p, list.text.n, text);
	return false;
}
