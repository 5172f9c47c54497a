#include "rewrite.h"
#include "hdr.h"
#include "stamp.h"

/* Joined lists are folded before a line gets longer: RFC 5322 2.1.1 is 998. */
enum { JOINED_LINE_MAX = 900 };

/* The first field of an id, to which the values of others may be joined. */
struct kept {
	bool seen;
	bool joins;    /* an edit was set aside for joined values */
	bool open;     /* nothing stands before a value that is joined */
	size_t edit;   /* its number */
	size_t column; /* octets in the last line so far */
	struct buf joined;
};

struct plan {
	const struct rewrite_params *params;
	struct arena *a;
	struct slice header;
	struct msg_edit *edits;
	size_t n;
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

/* Position of a CR that is no line end; s.n when there is none. */
static size_t find_bare_cr(struct slice s)
{
	size_t at = slice_find(s, '\r');

	while (at < s.n) {
		size_t end = at;

		while (end < s.n && s.p[end] == '\r')
			end++;
		if (end == s.n || s.p[end] != '\n')
			return at;
		at = end + slice_find(slice_skip(s, end), '\r');
	}
	return s.n;
}

static void add_without_bare_cr(struct buf *b, struct slice s)
{
	size_t at;

	while ((at = find_bare_cr(s)) < s.n) {
		buf_add_slice(b, slice_head(s, at));
		buf_addc(b, ' ');
		s = slice_skip(s, at + 1);
	}
	buf_add_slice(b, s);
}

/* Addresses to be qualified; none when they cannot be read. */
static struct addr_list addresses_of(struct plan *p, struct slice value)
{
	const struct addr_syntax syntax = { .bare_blanks = false };
	struct addr_list list = { NULL, 0 };

	if (p->params->qualify)
		(void)addr_parse(p->a, value, &syntax, &list, NULL);
	return list;
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

/* Octets behind the last line end. */
static size_t last_line(struct slice s)
{
	const char *end = memrchr(s.p, '\n', s.n);

	return end ? s.n - (size_t)(end + 1 - s.p) : s.n;
}

/* Appends the value of a field that goes to that of the first of its kind. */
static void join(struct plan *p, struct kept *k, const struct hdr_field *f)
{
	struct slice value = slice_trim_eol(f->value);
	struct addr_list list = addresses_of(p, value);
	bool fold = k->column + slice_find(value, '\n') > JOINED_LINE_MAX;
	size_t done = 0, last = last_line(value);

	if (!k->joins || value.n == 0)
		return;
	buf_adds(&k->joined, k->open ? "" : ",");
	buf_adds(&k->joined, fold ? "\n " : " ");
	for (size_t i = 0; i < list.n; i++)
		if (!list.v[i].has_domain) {
			buf_add(&k->joined, value.p + done,
			    list.v[i].local_end - done);
			buf_addf(&k->joined, "@%s", p->params->qualify);
			done = list.v[i].local_end;
		}
	add_without_bare_cr(&k->joined, slice_skip(value, done));
	k->open = value.p[value.n - 1] == ',';
	k->column = (fold || last < value.n ? 0 : k->column) + last + 2;
}

static bool rule_once(struct plan *p, const struct hdr_field *f)
{
	struct kept *k = &p->kept[f->info->id];

	if (!k->seen) {
		k->seen = true;
		return false;
	}
	if (p->params->keep_once)
		return false;
	if (!(f->info->flags & HDR_ONCE) && !p->params->once_relay)
		return false;
	if (f->info->flags & HDR_MERGE)
		join(p, k, f);
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

static bool rule_bare_cr(struct plan *p, const struct hdr_field *f)
{
	struct slice value = f->value;
	struct buf b;

	if (find_bare_cr(value) == value.n)
		return false;
	if (value.p[value.n - 1] == '\n')
		value.n--;
	while (value.n && value.p[value.n - 1] == '\r')
		value.n--;
	buf_init(&b, value.n);
	add_without_bare_cr(&b, value);
	add_edit(p, value.p, value.n, arena_slice(p->a, buf_slice(&b)));
	buf_free(&b);
	return false;
}

static bool rule_qualify(struct plan *p, const struct hdr_field *f)
{
	struct addr_list list = addresses_of(p, f->value);

	for (size_t i = 0; i < list.n; i++)
		if (!list.v[i].has_domain)
			add_edit(p, f->value.p + list.v[i].local_end, 0,
			    slice_of(
				arena_printf(p->a, "@%s", p->params->qualify)));
	return false;
}

/* Sets an edit aside for values that join() may bring. */
static bool rule_room(struct plan *p, const struct hdr_field *f)
{
	struct kept *k = &p->kept[f->info->id];
	struct slice value = slice_trim_eol(f->value);
	const char *at = value.n ? value.p + value.n : f->value.p;
	const struct msg_edit *last = p->n ? &p->edits[p->n - 1] : NULL;

	if (k->joins || p->params->keep_once)
		return false;
	if (last && at < p->header.p + last->at + last->n)
		at = p->header.p + last->at + last->n;
	k->column = last_line(slice_head(f->raw, (size_t)(at - f->raw.p)));
	k->open = value.n == 0 || value.p[value.n - 1] == ',';
	k->edit = p->n;
	k->joins = true;
	buf_init(&k->joined, MSG_HEADER_MAX);
	add_edit(p, at, 0, slice_head(f->raw, 0));
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
	{ 0, rule_bare_cr },
	{ HDR_ADDRESSES, rule_qualify },
	{ HDR_MERGE, rule_room },
};

static void apply_rules(struct plan *p)
{
	struct slice rest = p->header;
	struct hdr_field f;

	while (hdr_next(&rest, &f)) {
		bool removed = false;

		for (size_t i = 0;
		     i < sizeof(rules) / sizeof(rules[0]) && !removed; i++)
			if (!rules[i].flags || (rules[i].flags & f.info->flags))
				removed = rules[i].apply(p, &f);
	}
}

/* Fills the edits set aside and drops those that came to nothing. */
static bool finish_edits(struct plan *p)
{
	bool full = false;
	size_t n = 0;

	for (size_t i = 0; i < HDR_ID_COUNT; i++) {
		struct kept *k = &p->kept[i];

		if (!k->joins)
			continue;
		full = full || k->joined.full;
		p->edits[k->edit].text =
		    arena_slice(p->a, buf_slice(&k->joined));
		buf_free(&k->joined);
	}
	for (size_t i = 0; i < p->n; i++)
		if (p->edits[i].n || p->edits[i].text.n)
			p->edits[n++] = p->edits[i];
	p->n = n;
	return !full;
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
	fits = finish_edits(&p);
	rc = write_prefix(&p, &prefix, why);
	fits =
	    fits && !prefix.full && size_after(&p, &prefix) <= MSG_HEADER_MAX;
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
