#include "rewrite_private.h"
#include "stamp.h"

static int write_from(struct rewriter *w, struct buf *b, struct fail *why)
{
	const struct rewrite_params *params = w->params;
	const char *from = addr_qualify(w->a, params->from, params->qualify);
	size_t bare = b->n;

	if (addr_check(from, false, why) < 0)
		return -1;
	if (params->full_name)
		addr_add_phrase(b, slice_of(params->full_name));
	buf_addf(b, b->n > bare ? " <%s>" : "%s", from);
	return 0;
}

/* RFC 5322 section 2.1.1: a line should have at most 78 characters. */
static int write_to(struct rewriter *w, struct buf *b, struct fail *why)
{
	enum { LINE_CHARACTERS = 76 };
	const struct rewrite_params *params = w->params;
	size_t column = sizeof("To:");

	(void)why;
	if (params->set_to == REWRITE_TO_UNDISCLOSED)
		buf_adds(b, "undisclosed-recipients:;");
	for (size_t i = 0; params->set_to == REWRITE_TO_ON && i < params->n_to;
	     i++) {
		size_t n = strlen(params->to[i]) + 2;
		bool is_full = i && column + n > LINE_CHARACTERS;

		buf_adds(b, !i ? "" : is_full ? ",\n " : ", ");
		buf_adds(b, params->to[i]);
		column = (is_full ? 1 : column) + n;
	}
	return 0;
}

static int write_reply_to(struct rewriter *w, struct buf *b, struct fail *why)
{
	(void)why;
	buf_adds(b, w->params->reply_to);
	return 0;
}

static int write_date(struct rewriter *w, struct buf *b, struct fail *why)
{
	(void)why;
	stamp_date(b, w->params->now);
	return 0;
}

static int write_new_id(struct rewriter *w, struct buf *b, struct fail *why)
{
	(void)why;
	stamp_message_id(b, w->params->id_domain);
	return 0;
}

static int write_message_id(struct rewriter *w, struct buf *b, struct fail *why)
{
	if (!w->params->message_id)
		return write_new_id(w, b, why);
	buf_adds(b, w->params->message_id);
	return 0;
}

static int write_mime_version(
    struct rewriter *w, struct buf *b, struct fail *why)
{
	(void)w, (void)why;
	buf_adds(b, "1.0");
	return 0;
}

/* RFC 1428 3 on what to call text of which nobody knows the charset. */
static int write_type(struct rewriter *w, struct buf *b, struct fail *why)
{
	(void)why;
	buf_addf(b, "text/plain; charset=%s",
	    w->facts->has_bad_utf8 ? "unknown-8bit" : "utf-8");
	return 0;
}

static int write_encoding(struct rewriter *w, struct buf *b, struct fail *why)
{
	(void)w, (void)why;
	buf_adds(b, "8bit");
	return 0;
}

static bool wants_from(const struct rewriter *w)
{
	return w->params->set_from != REWRITE_FROM_OFF && w->params->from &&
	       w->params->from[0];
}

static bool wants_to(const struct rewriter *w)
{
	return w->params->set_to != REWRITE_TO_OFF;
}

static bool wants_reply_to(const struct rewriter *w)
{
	return w->params->reply_to != NULL;
}

static bool wants_date(const struct rewriter *w)
{
	return w->params->add_date;
}

static bool wants_message_id(const struct rewriter *w)
{
	return w->params->add_message_id;
}

/* Text with 8-bit octets that does not say what they are. */
static bool wants_label(const struct rewriter *w)
{
	return w->params->label_8bit && w->facts->has_8bit_body &&
	       w->kept[HDR_ID_CONTENT_TYPE].n == 0;
}

/* The fields of HDR_MADE, in the order in which they are put in. */
static const struct made {
	enum hdr_id id;
	bool (*wanted)(const struct rewriter *);
	int (*write)(struct rewriter *, struct buf *, struct fail *);
} made[] = {
	{ HDR_ID_FROM, wants_from, write_from },
	{ HDR_ID_TO, wants_to, write_to },
	{ HDR_ID_REPLY_TO, wants_reply_to, write_reply_to },
	{ HDR_ID_DATE, wants_date, write_date },
	{ HDR_ID_MESSAGE_ID, wants_message_id, write_message_id },
	{ HDR_ID_RESENT_DATE, wants_date, write_date },
	{ HDR_ID_RESENT_MESSAGE_ID, wants_message_id, write_new_id },
	{ HDR_ID_MIME_VERSION, wants_label, write_mime_version },
	{ HDR_ID_CONTENT_TYPE, wants_label, write_type },
	{ HDR_ID_CONTENT_TRANSFER_ENCODING, wants_label, write_encoding },
};

bool rewrite_rule_made(struct rewriter *w, const struct hdr_field *f)
{
	const struct made *entry = made;
	bool is_old;

	if ((f->info->flags & HDR_RESENT) && !rewrite_is_within(w->resent, f))
		return false;
	while (entry->id != f->info->id)
		entry++;
	is_old = slice_trim_eol(f->value).n == 0 ||
		 (entry->id == HDR_ID_FROM &&
		     w->params->set_from == REWRITE_FROM_ON);
	return is_old && entry->wanted(w) && rewrite_remove(w, f);
}

/* Adds those with HDR_RESENT, or those without, that are not there yet. */
static int add_made(struct rewriter *w, unsigned resent,
    const bool has[HDR_ID_COUNT], struct buf *b, struct fail *why)
{
	for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++) {
		const struct hdr_info *info = hdr_info(made[i].id);

		if ((info->flags & HDR_RESENT) != resent || has[info->id] ||
		    !made[i].wanted(w) ||
		    rewrite_is_of_account(w, slice_of(info->name)))
			continue;
		buf_addf(b, "%s: ", info->name);
		if (made[i].write(w, b, why) < 0)
			return -1;
		buf_addc(b, '\n');
	}
	return 0;
}

bool rewrite_rule_resent(struct rewriter *w, const struct hdr_field *f)
{
	bool has[HDR_ID_COUNT] = { false };
	struct slice rest = w->resent;
	struct hdr_field field;
	struct buf b;

	if (f->raw.p != rest.p)
		return false;
	while (hdr_next(&rest, &field))
		has[field.info->id] = slice_trim_eol(field.value).n > 0;
	buf_init(&b, MSG_FIELD_MAX);
	/* Neither a date nor an ID fails. */
	(void)add_made(w, HDR_RESENT, has, &b, NULL);
	if (b.n)
		rewrite_edit(w, f->raw.p, 0, rewrite_copy(w, buf_slice(&b)));
	buf_free(&b);
	return false;
}

int rewrite_add_made(struct rewriter *w, struct buf *b, struct fail *why)
{
	bool has[HDR_ID_COUNT];

	for (size_t i = 0; i < HDR_ID_COUNT; i++)
		has[i] = w->kept[i].seen;
	return add_made(w, 0, has, b, why);
}
