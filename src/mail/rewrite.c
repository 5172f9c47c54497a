#include "rewrite_private.h"

struct slice rewrite_copy(struct rewriter *w, struct slice s)
{
	return (struct slice){ arena_copy(w->a, s), s.n };
}

void rewrite_edit(
    struct rewriter *w, const char *at, size_t n, struct slice text)
{
	struct msg_edit *last = w->n ? &w->edits[w->n - 1] : NULL;
	size_t offset = (size_t)(at - w->header.p);

	/* Fields removed in a row are one edit. */
	if (last && n && !text.n && last->n && !last->text.n &&
	    last->at + last->n == offset) {
		last->n += n;
		return;
	}
	w->edits = arena_grow(w->a, w->edits, w->n, sizeof(*w->edits));
	w->edits[w->n++] = (struct msg_edit){ offset, n, text };
}

bool rewrite_remove(struct rewriter *w, const struct hdr_field *f)
{
	rewrite_edit(w, f->raw.p, f->raw.n, slice_head(f->raw, 0));
	return true;
}

bool rewrite_is_of_account(const struct rewriter *w, struct slice name)
{
	const struct rewrite_params *params = w->params;

	for (size_t i = 0; i < params->n_fields; i++)
		if (slice_ieq(name, slice_of(params->fields[i].name)))
			return true;
	return false;
}

static bool rule_account(struct rewriter *w, const struct hdr_field *f)
{
	return rewrite_is_of_account(w, f->name) && rewrite_remove(w, f);
}

static bool rule_drop(struct rewriter *w, const struct hdr_field *f)
{
	bool kept = (f->info->flags & HDR_BCC) && w->params->keep_bcc;

	return !kept && rewrite_remove(w, f);
}

/* Strict relays refuse the message for what readers pass over. */
static bool says_nothing(const struct hdr_field *f)
{
	struct slice value = slice_trim_eol(f->value);

	return (f->info->flags & HDR_TYPED) &&
	       (value.n == 0 || (f->info->id == HDR_ID_CONTENT_TYPE &&
				    slice_find(value, '/') == value.n));
}

static bool rule_typed(struct rewriter *w, const struct hdr_field *f)
{
	return says_nothing(f) && rewrite_remove(w, f);
}

/* Nobody is to learn from them who gets it. */
static bool rule_shown(struct rewriter *w, const struct hdr_field *f)
{
	return w->params->set_to != REWRITE_TO_OFF && rewrite_remove(w, f);
}

static bool rule_once(struct rewriter *w, const struct hdr_field *f)
{
	struct rewrite_kept *k = &w->kept[f->info->id];

	if (!k->seen) {
		k->seen = true;
		return false;
	}
	if (w->params->keep_once || k->apart)
		return false;
	if (!(f->info->flags & HDR_ONCE) && !w->params->once_relay)
		return false;
	return rewrite_remove(w, f);
}

static bool rule_colon(struct rewriter *w, const struct hdr_field *f)
{
	const char *end = f->name.p + f->name.n;
	size_t n = (size_t)(f->value.p - 1 - end);

	if (n)
		rewrite_edit(w, end, n, slice_head(f->raw, 0));
	return false;
}

static const struct {
	unsigned flags; /* to fields with any of these; 0: to all */
	bool (*apply)(struct rewriter *, const struct hdr_field *);
} rules[] = {
	{ HDR_RESENT, rewrite_rule_resent },
	{ 0, rule_account },
	{ HDR_SHOWN, rule_shown },
	{ HDR_DROP, rule_drop },
	{ HDR_TYPED, rule_typed },
	{ HDR_MADE, rewrite_rule_made },
	{ HDR_ONCE | HDR_ONCE_RELAY, rule_once },
	{ 0, rule_colon },
	{ HDR_SENDER, rewrite_rule_sender },
	{ HDR_ADDRESSES, rewrite_rule_addresses },
};

static void apply_rules(struct rewriter *w)
{
	struct slice rest = w->header;
	struct hdr_field f;
	unsigned flags;

	rewrite_take_resent(&rest, &w->resent, &flags);
	rest = w->header;
	while (hdr_next(&rest, &f))
		w->kept[f.info->id].n += !says_nothing(&f);
	rest = w->header;
	while (hdr_next(&rest, &f)) {
		bool done = false;

		for (size_t i = 0;
		     i < sizeof(rules) / sizeof(rules[0]) && !done; i++)
			if (!rules[i].flags || (rules[i].flags & f.info->flags))
				done = rules[i].apply(w, &f);
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

static int write_prefix(struct rewriter *w, struct buf *b, struct fail *why)
{
	const struct rewrite_params *params = w->params;

	if (rewrite_add_made(w, b, why) < 0)
		return -1;
	for (size_t i = 0; i < params->n_fields; i++)
		if (write_field(&params->fields[i], b, why) < 0)
			return -1;
	return 0;
}

static size_t size_after(const struct rewriter *w, const struct buf *prefix)
{
	size_t n = prefix->n + w->header.n;

	for (size_t i = 0; i < w->n; i++)
		n = n - w->edits[i].n + w->edits[i].text.n;
	return n;
}

int rewrite_plan(const struct rewrite_params *params, struct msg *m,
    struct arena *a, struct fail *why)
{
	struct rewriter w = {
		.params = params,
		.facts = &m->facts,
		.a = a,
		.header = buf_slice(&m->header),
	};
	struct buf prefix;
	bool fits;
	int rc;

	buf_init(&prefix, MSG_HEADER_MAX);
	apply_rules(&w);
	rc = write_prefix(&w, &prefix, why);
	fits = !w.full && !prefix.full &&
	       size_after(&w, &prefix) <= MSG_HEADER_MAX;
	if (rc == 0 && !fits)
		rc = fail(why, FAIL_MESSAGE,
		    "the header would become larger than %zu octets",
		    MSG_HEADER_MAX);
	if (rc == 0) {
		m->edits = w.edits;
		m->n_edits = w.n;
		m->prefix = rewrite_copy(&w, buf_slice(&prefix));
		msg_rewind(m);
	}
	buf_free(&prefix);
	return rc;
}
