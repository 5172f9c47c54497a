#include "rewrite.h"
#include "hdr.h"
#include "stamp.h"

/* Joined lists are folded before a line gets longer: RFC 5322 2.1.1 is 998. */
enum { JOINED_LINE_MAX = 900 };

/* What is known of the fields of an id. */
struct kept {
	size_t n;   /* in the message */
	bool seen;  /* one that stays */
	bool apart; /* they hold lists that cannot become one */
};

struct plan {
	const struct rewrite_params *params;
	struct arena *a;
	struct slice header;
	struct msg_edit *edits;
	size_t n;
	bool full; /* a text would be larger than a header may be */
	struct kept kept[HDR_ID_COUNT];
};

static struct slice arena_slice(struct arena *a, struct slice s)
{
	return (struct slice){ arena_copy(a, s), s.n };
}

static void add_edit(
    struct plan *p, const char *at, size_t n, struct slice text)
{
	struct msg_edit *last = p->n ? &p->edits[p->n - 1] : NULL;
	size_t offset = (size_t)(at - p->header.p);

	/* Fields removed in a row are one edit. */
	if (last && n && !text.n && last->n && !last->text.n &&
	    last->at + last->n == offset) {
		last->n += n;
		return;
	}
	p->edits = arena_grow(p->a, p->edits, p->n, sizeof(*p->edits));
	p->edits[p->n++] = (struct msg_edit){ offset, n, text };
}

/* A list of addresses in the value of a field. */
struct list {
	struct slice text; /* without blanks and commas around it */
	struct addr_list in;
};

static bool is_around_list(char c)
{
	return is_blank(c) || addr_is_one_of(c, "\r\n,");
}

/* False when it cannot be read. */
static bool read_list(struct plan *p, struct slice value, struct list *ret)
{
	const struct addr_syntax syntax = { .bare_blanks = false };
	struct list list = { .text = value };

	while (list.text.n && is_around_list(list.text.p[0]))
		list.text = slice_skip(list.text, 1);
	while (list.text.n && is_around_list(list.text.p[list.text.n - 1]))
		list.text.n--;
	if (addr_parse(p->a, list.text, &syntax, &list.in, NULL) < 0)
		return false;
	*ret = list;
	return true;
}

/* With the domains that are missing, and the semicolon of its last group. */
static struct slice mended(struct plan *p, const struct list *list)
{
	const char *domain = p->params->qualify;
	struct slice text = list->text;
	size_t done = 0;
	struct buf b;

	buf_init(&b, MSG_HEADER_MAX);
	for (size_t i = 0; domain && i < list->in.n; i++) {
		const struct addr *addr = &list->in.v[i];

		if (addr->has_domain)
			continue;
		buf_add(&b, text.p + done, addr->local_end - done);
		buf_addf(&b, "@%s", domain);
		done = addr->local_end;
	}
	buf_add_slice(&b, slice_skip(text, done));
	if (list->in.is_open)
		buf_addc(&b, ';');
	p->full = p->full || b.full;
	if (b.n != text.n)
		text = arena_slice(p->a, buf_slice(&b));
	buf_free(&b);
	return text;
}

/*
 * The rules. Each looks at one field and returns true when it has removed it,
 * which ends the matter. Within a field edits are added in order.
 */
static bool remove_field(struct plan *p, const struct hdr_field *f)
{
	add_edit(p, f->raw.p, f->raw.n, slice_head(f->raw, 0));
	return true;
}

static bool is_of_account(
    const struct rewrite_params *params, struct slice name)
{
	for (size_t i = 0; i < params->n_fields; i++)
		if (slice_ieq(name, slice_of(params->fields[i].name)))
			return true;
	return false;
}

static bool rule_account(struct plan *p, const struct hdr_field *f)
{
	return is_of_account(p->params, f->name) && remove_field(p, f);
}

static bool rule_drop(struct plan *p, const struct hdr_field *f)
{
	bool kept = (f->info->flags & HDR_BCC) && p->params->keep_bcc;

	return !kept && remove_field(p, f);
}

static int write_from(struct plan *p, struct buf *b, struct fail *why)
{
	const struct rewrite_params *params = p->params;
	const char *from = addr_qualify(p->a, params->from, params->qualify);
	size_t bare = b->n;

	if (addr_check(from, false, why) < 0)
		return -1;
	if (params->full_name)
		addr_add_phrase(b, slice_of(params->full_name));
	buf_addf(b, b->n > bare ? " <%s>" : "%s", from);
	return 0;
}

static int write_date(struct plan *p, struct buf *b, struct fail *why)
{
	(void)why;
	stamp_date(b, p->params->now);
	return 0;
}

static int write_message_id(struct plan *p, struct buf *b, struct fail *why)
{
	(void)why;
	stamp_message_id(b, p->params->id_domain);
	return 0;
}

static bool wants_from(const struct rewrite_params *params)
{
	return params->set_from != REWRITE_FROM_OFF && params->from &&
	       params->from[0];
}

static bool wants_date(const struct rewrite_params *params)
{
	return params->add_date;
}

static bool wants_message_id(const struct rewrite_params *params)
{
	return params->add_message_id;
}

/* The fields of HDR_MADE, in the order in which they are put in. */
static const struct made {
	enum hdr_id id;
	bool (*wanted)(const struct rewrite_params *);
	int (*write)(struct plan *, struct buf *, struct fail *);
} made[] = {
	{ HDR_ID_FROM, wants_from, write_from },
	{ HDR_ID_DATE, wants_date, write_date },
	{ HDR_ID_MESSAGE_ID, wants_message_id, write_message_id },
};

enum { MADE = sizeof(made) / sizeof(made[0]) };

static bool rule_made(struct plan *p, const struct hdr_field *f)
{
	const struct made *entry = made;
	bool is_old;

	while (entry->id != f->info->id)
		entry++;
	is_old = slice_trim_eol(f->value).n == 0 ||
		 (entry->id == HDR_ID_FROM &&
		     p->params->set_from == REWRITE_FROM_ON);
	return is_old && entry->wanted(p->params) && remove_field(p, f);
}

static bool rule_once(struct plan *p, const struct hdr_field *f)
{
	struct kept *k = &p->kept[f->info->id];

	if (!k->seen) {
		k->seen = true;
		return false;
	}
	if (p->params->keep_once || k->apart)
		return false;
	if (!(f->info->flags & HDR_ONCE) && !p->params->once_relay)
		return false;
	return remove_field(p, f);
}

static bool rule_colon(struct plan *p, const struct hdr_field *f)
{
	const char *end = f->name.p + f->name.n;
	size_t n = (size_t)(f->value.p - 1 - end);

	if (n)
		add_edit(p, end, n, slice_head(f->raw, 0));
	return false;
}

/* The lists of a field and of those of its kind below it. */
struct lists {
	struct list *v;
	size_t n;
	size_t addresses; /* in all of them */
};

/* False when one of them cannot be read. */
static bool read_lists(
    struct plan *p, const struct hdr_field *first, struct lists *ret)
{
	struct slice rest =
	    slice_skip(p->header, (size_t)(first->raw.p - p->header.p));
	struct lists all = { .n = 0 };
	struct hdr_field f;

	while (hdr_next(&rest, &f)) {
		if (f.info != first->info)
			continue;
		all.v = arena_grow(p->a, all.v, all.n, sizeof(*all.v));
		if (!read_list(p, f.value, &all.v[all.n]))
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
    struct plan *p, struct buf *b, const struct lists *all, size_t column)
{
	for (size_t i = 0; i < all->n; i++) {
		const struct list *list = &all->v[i];
		struct slice text = mended(p, list);
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
static bool join(struct plan *p, const struct hdr_field *f)
{
	size_t before = (size_t)(f->value.p - f->raw.p);
	struct slice value = f->value;
	struct lists all;
	struct buf b;
	bool fits;

	if (before > MSG_FIELD_MAX || !read_lists(p, f, &all) ||
	    all.addresses > ADDR_LIST_MAX)
		return false;
	if (value.n && value.p[value.n - 1] == '\n')
		value.n--;
	while (value.n && value.p[value.n - 1] == '\r')
		value.n--;
	buf_init(&b, MSG_FIELD_MAX - before);
	add_lists(p, &b, &all, before);
	fits = !b.full;
	if (fits && !slice_eq(buf_slice(&b), value))
		add_edit(p, value.p, value.n, arena_slice(p->a, buf_slice(&b)));
	buf_free(&b);
	return fits;
}

static bool rule_addresses(struct plan *p, const struct hdr_field *f)
{
	struct kept *k = &p->kept[f->info->id];
	bool joins = (f->info->flags & HDR_MERGE) && k->n > 1 && !k->apart &&
		     !p->params->keep_once;
	struct slice text;
	struct list list;

	if (joins && join(p, f))
		return false;
	k->apart = k->apart || joins;
	if (!read_list(p, f->value, &list))
		return false;
	text = mended(p, &list);
	if (text.n != list.text.n)
		add_edit(p, list.text.p, list.text.n, text);
	return false;
}

static const struct {
	unsigned flags; /* to fields with any of these; 0: to all */
	bool (*apply)(struct plan *, const struct hdr_field *);
} rules[] = {
	{ 0, rule_account },
	{ HDR_DROP, rule_drop },
	{ HDR_MADE, rule_made },
	{ HDR_ONCE | HDR_ONCE_RELAY, rule_once },
	{ 0, rule_colon },
	{ HDR_ADDRESSES, rule_addresses },
};

static void apply_rules(struct plan *p)
{
	struct slice rest = p->header;
	struct hdr_field f;

	while (hdr_next(&rest, &f))
		p->kept[f.info->id].n++;
	rest = p->header;
	while (hdr_next(&rest, &f)) {
		bool removed = false;

		for (size_t i = 0;
		     i < sizeof(rules) / sizeof(rules[0]) && !removed; i++)
			if (!rules[i].flags || (rules[i].flags & f.info->flags))
				removed = rules[i].apply(p, &f);
	}
}

static int write_field(
    const struct rewrite_field *field, struct buf *b, struct fail *why)
{
	struct slice value = slice_of(field->value);

	if (!hdr_is_name(slice_of(field->name)))
		return fail(why, FAIL_MESSAGE,
		    "\"%s\" cannot be the name of a header field", field->name);
	for (size_t i = 0; i < value.n; i++)
		if (is_control(value.p[i]) && value.p[i] != '\t')
			return fail(why, FAIL_MESSAGE,
			    "a control character in the header field %s",
			    field->name);
	buf_addf(b, "%s: ", field->name);
	buf_add_slice(b, value);
	buf_addc(b, '\n');
	return 0;
}

static int write_prefix(struct plan *p, struct buf *b, struct fail *why)
{
	const struct rewrite_params *params = p->params;

	for (size_t i = 0; i < MADE; i++) {
		const char *name = hdr_info(made[i].id)->name;

		if (p->kept[made[i].id].seen || !made[i].wanted(params) ||
		    is_of_account(params, slice_of(name)))
			continue;
		buf_addf(b, "%s: ", name);
		if (made[i].write(p, b, why) < 0)
			return -1;
		buf_addc(b, '\n');
	}
	for (size_t i = 0; i < params->n_fields; i++)
		if (write_field(&params->fields[i], b, why) < 0)
			return -1;
	return 0;
}

static size_t size_after(const struct plan *p, const struct buf *prefix)
{
	size_t n = prefix->n + p->header.n;

	for (size_t i = 0; i < p->n; i++)
		n = n - p->edits[i].n + p->edits[i].text.n;
	return n;
}

int rewrite_plan(const struct rewrite_params *params, struct msg *m,
    struct arena *a, struct fail *why)
{
	struct plan p = {
		.params = params, .a = a, .header = buf_slice(&m->header)
	};
	struct buf prefix;
	bool fits;
	int rc;

	buf_init(&prefix, MSG_HEADER_MAX);
	apply_rules(&p);
	rc = write_prefix(&p, &prefix, why);
	fits = !p.full && !prefix.full &&
	       size_after(&p, &prefix) <= MSG_HEADER_MAX;
	if (rc == 0 && !fits)
		rc = fail(why, FAIL_MESSAGE,
		    "the header would become larger than %zu octets",
		    MSG_HEADER_MAX);
	if (rc == 0) {
		m->edits = p.edits;
		m->n_edits = p.n;
		m->prefix = arena_slice(a, buf_slice(&prefix));
		msg_rewind(m);
	}
	buf_free(&prefix);
	return rc;
}
