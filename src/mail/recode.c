#include "recode.h"
#include "body.h"
#include "cut.h"
#include "hdr.h"
#include "mem.h"
#include "mend.h"
#include "mime.h"
#include "qp.h"
#include <stdlib.h>

enum {
	BLOCK = 32 * 1024,
	/* A header may grow by what mend.h puts in. */
	HEADER_MAX = 8 * MSG_HEADER_MAX,
};

/* What the first walk has found out for the second. */
enum part_flag {
	PART_ENCODE = 1 << 0,     /* it becomes quoted-printable */
	PART_CUT = 1 << 1,        /* it must pass through cut.h */
	PART_WAS_8BIT = 1 << 2,   /* it had octets that may not stay */
	PART_HOLDS_CODE = 1 << 3, /* a part in it becomes quoted-printable */
	PART_DELIMITED = 1 << 4,  /* a delimiter of it was met */
};

struct recoder {
	struct msg *m;
	bool may_8bit;
	struct buf header; /* of the message, first as it was, then as it is */
	struct mime mime;
	struct buf parts; /* an octet of flags for each */

	/* The first walk: the text since the last header or delimiter. */
	struct mime_part part;
	struct tally text;

	/* The second walk. */
	struct body body;
	struct buf out;

	enum { AS_IS, BY_CUT, BY_QP } way;
	struct cut cut;
	struct qp qp;
};

static bool is_bad(const struct recoder *r, const struct tally *t)
{
	return t->has_nul || t->longest > LINE_MAX_OCTETS ||
	       (t->has_8bit && !r->may_8bit);
}

/* What the edits put in. */
static struct tally added(const struct msg *m)
{
	struct tally t = { .text = 0 };

	tally_add(&t, m->prefix.p, m->prefix.n);
	for (size_t i = 0; i < m->n_edits; i++)
		tally_add(&t, m->edits[i].text.p, m->edits[i].text.n);
	return t;
}

bool recode_has_8bit(const struct msg *m)
{
	return m->facts.has_8bit_body || m->facts.has_8bit_header ||
	       added(m).has_8bit;
}

/* By the facts, and what the edits add to them. */
static bool is_suspect(const struct msg *m, bool may_8bit)
{
	struct tally t = added(m);

	/* What an edit adds may stand in the longest line there is. */
	return m->facts.has_nul || t.has_nul ||
	       m->facts.longest_line + t.text > LINE_MAX_OCTETS ||
	       (!may_8bit && recode_has_8bit(m));
}

static size_t header_size(const struct msg *m)
{
	size_t n = m->prefix.n + m->header.n;

	for (size_t i = 0; i < m->n_edits; i++)
		n = n - m->edits[i].n + m->edits[i].text.n;
	return n;
}

/* The header with its edits; what is read next is the empty line. */
static int read_header(struct recoder *r, struct fail *why)
{
	size_t left = header_size(r->m);
	char bytes[1024];

	msg_rewind(r->m);
	buf_clear(&r->header);
	while (left) {
		ssize_t got = msg_read(r->m, bytes,
		    left < sizeof(bytes) ? left : sizeof(bytes), why);

		if (got <= 0)
			return got < 0 ? -1
				       : fail(why, FAIL_BUG, "half a header");
		buf_add(&r->header, bytes, (size_t)got);
		left -= (size_t)got;
	}
	return 0;
}

static int begin_walk(
    struct recoder *r, const struct mime_sink *sink, struct fail *why)
{
	char empty;

	if (read_header(r, why) != 0 || msg_read(r->m, &empty, 1, why) < 0)
		return -1;
	r->header.n = mime_strip(r->header.p, r->header.n);
	return mime_begin(&r->mime, sink, buf_slice(&r->header), why);
}

static int walk(struct recoder *r,
    int (*take)(void *, const struct mime_event *, struct fail *),
    struct fail *why)
{
	const struct mime_sink sink = { take, r };
	char *block = mem_alloc(BLOCK);
	int status = begin_walk(r, &sink, why);
	ssize_t got = 0;

	while (status == 0 && (got = msg_read(r->m, block, BLOCK, why)) > 0)
		status = mime_add(
		    &r->mime, (struct slice){ block, (size_t)got }, why);
	if (status == 0 && got == 0)
		status = mime_finish(&r->mime, why);
	mime_free(&r->mime);
	free(block);
	return got < 0 ? -1 : status;
}

static void mark(struct recoder *r, size_t part, unsigned flags)
{
	r->parts.p[part] = (char)((unsigned char)r->parts.p[part] | flags);
}

static unsigned flags_of(const struct recoder *r, size_t part)
{
	return (unsigned char)r->parts.p[part];
}

static void mark_around(struct recoder *r, unsigned flags)
{
	for (size_t i = 0; i < r->mime.depth; i++)
		mark(r, r->mime.levels[i].part.number, flags);
}

/* The text of a part ends here: what is to be done with it? */
static void judge(struct recoder *r)
{
	const struct mime_part *part = &r->part;
	unsigned flags = flags_of(r, part->number);
	bool is_leaf = part->kind == MIME_LEAF || !(flags & PART_DELIMITED);

	tally_finish(&r->text);
	if (is_bad(r, &r->text)) {
		if (is_leaf && part->encoding < MIME_BASE64) {
			mark(r, part->number, PART_ENCODE);
			mark_around(r, PART_HOLDS_CODE);
		} else {
			mark(r, part->number, PART_CUT);
		}
		if (r->text.has_8bit && !r->may_8bit)
			mark_around(r, PART_WAS_8BIT);
	}
	r->text = (struct tally){ .text = 0 };
}

static int look(void *ctx, const struct mime_event *e, struct fail *why)
{
	struct recoder *r = ctx;

	if (e->kind == MIME_BODY || e->kind == MIME_AROUND) {
		r->part = *e->part;
		tally_add(&r->text, e->text.p, e->text.n);
		return 0;
	}
	if (e->kind == MIME_DELIMITER)
		mark(r, e->part->number, PART_DELIMITED);
	if (r->parts.n)
		judge(r);
	if (e->kind == MIME_HEADER)
		buf_addc(&r->parts, '\0');
	if (r->parts.full)
		return fail(why, FAIL_MESSAGE,
		    "the message has more than %d parts", RECODE_PARTS_MAX);
	r->part = *e->part;
	tally_add(&r->text, e->text.p, e->text.n);
	if (r->text.has_8bit && !r->may_8bit)
		mark_around(r, PART_WAS_8BIT);
	r->text = (struct tally){ .text = 0 };
	return 0;
}

static int write_out(struct recoder *r, struct fail *why)
{
	int status = body_add(&r->body, buf_slice(&r->out), why);

	buf_clear(&r->out);
	return status;
}

static int write_qp(struct recoder *r, struct slice text, struct fail *why)
{
	char out[QP_GROWTH(1024)];
	int status = 0;

	for (; text.n && status == 0; text = slice_skip(text, 1024)) {
		size_t n =
		    qp_add(&r->qp, text.p, slice_head(text, 1024).n, out);

		status = body_add(&r->body, (struct slice){ out, n }, why);
	}
	return status;
}

static int write_text(struct recoder *r, struct slice text, struct fail *why)
{
	if (r->way == AS_IS)
		return body_add(&r->body, text, why);
	if (r->way == BY_QP)
		return write_qp(r, text, why);
	cut_add(&r->cut, text, &r->out);
	return write_out(r, why);
}

/* The text ends here. */
static int end_text(struct recoder *r, struct fail *why)
{
	char out[QP_END_MAX];
	size_t n = r->way == BY_QP ? qp_finish(&r->qp, out) : 0;

	buf_add(&r->out, out, n);
	if (r->way == BY_CUT)
		cut_finish(&r->cut, &r->out);
	return write_out(r, why);
}

static void begin_text(
    struct recoder *r, const struct mime_part *part, unsigned flags)
{
	bool is_qp = part->encoding == MIME_QP && !(flags & PART_DELIMITED);

	r->way = AS_IS;
	if (flags & PART_ENCODE) {
		r->way = BY_QP;
		r->qp = (struct qp){ .column = 0 };
	} else if (flags & PART_CUT) {
		r->way = BY_CUT;
		cut_begin(&r->cut, is_qp ? CUT_QUOTED : CUT_PLAIN, r->may_8bit);
	}
}

/* The Content-Transfer-Encoding it gets, or NULL. */
static const char *new_encoding(
    const struct recoder *r, const struct mime_part *part)
{
	unsigned flags = flags_of(r, part->number);

	if (flags & PART_ENCODE)
		return "quoted-printable";
	return part->encoding == MIME_WIDE && part->kind != MIME_LEAF &&
		       (flags & PART_WAS_8BIT)
		   ? "7bit"
		   : NULL;
}

static void put_encoding(struct buf *b, const char *encoding)
{
	buf_addf(b, "Content-Transfer-Encoding: %s\n", encoding);
}

/* The fields, as they are to be; tells whether there is a MIME-Version. */
static bool put_fields(
    struct recoder *r, struct slice rest, const char *encoding, struct buf *b)
{
	bool has_version = false, is_put = !encoding;
	size_t mailbox = mime_mailbox_line(rest);
	struct hdr_field f;

	mend_field(b, slice_head(rest, mailbox), r->may_8bit);
	rest = slice_skip(rest, mailbox);
	while (hdr_next(&rest, &f)) {
		bool is_old =
		    encoding && f.info->id == HDR_ID_CONTENT_TRANSFER_ENCODING;

		has_version |= f.info->id == HDR_ID_MIME_VERSION;
		if (!is_old)
			mend_field(b, f.raw, r->may_8bit);
		else if (!is_put)
			put_encoding(b, encoding);
		is_put = is_put || is_old;
	}
	mend_field(b, rest, r->may_8bit);
	if (b->n && b->p[b->n - 1] != '\n' && !is_put)
		buf_addc(b, '\n');
	if (!is_put)
		put_encoding(b, encoding);
	return has_version;
}

static void put_header(
    struct recoder *r, const struct mime_event *e, struct buf *b)
{
	unsigned flags = flags_of(r, e->part->number);
	bool is_coded = flags & (PART_ENCODE | PART_HOLDS_CODE);

	if (!put_fields(r, e->text, new_encoding(r, e->part), b) &&
	    e->part->is_message && is_coded)
		buf_adds(b, "MIME-Version: 1.0\n");
}

/* Without the empty line, what is changed below might become a field. */
static bool needs_empty_line(const struct mime_event *e, unsigned flags)
{
	unsigned below = PART_HOLDS_CODE | PART_WAS_8BIT;

	return e->empty.n == 0 &&
	       (flags & (PART_ENCODE | PART_CUT |
			    (e->part->kind == MIME_MESSAGE ? below : 0)));
}

/* One that ends in CR must not swallow a line end that comes next. */
static void end_line(struct buf *b)
{
	if (b->n && b->p[b->n - 1] == '\r')
		b->p[b->n - 1] = '\n';
}

static int write_header(
    struct recoder *r, const struct mime_event *e, struct fail *why)
{
	unsigned flags = flags_of(r, e->part->number);
	bool is_first = e->part->number == 0;

	put_header(r, e, &r->out);
	if (!is_first && needs_empty_line(e, flags))
		buf_addc(&r->out, '\n');
	buf_add_slice(&r->out, e->empty);
	end_line(&r->out);
	if (r->out.full)
		return fail(why, FAIL_MESSAGE, "a header becomes too large");
	if (!is_first)
		return write_out(r, why);
	buf_clear(&r->header);
	buf_add_slice(&r->header, buf_slice(&r->out));
	buf_clear(&r->out);
	return 0;
}

static int write_delimiter(
    struct recoder *r, const struct mime_event *e, struct fail *why)
{
	for (size_t i = 0; i < e->text.n; i++)
		if (r->may_8bit || !is_8bit(e->text.p[i]))
			buf_addc(&r->out, e->text.p[i]);
		else
			buf_addc(&r->out, '?');
	end_line(&r->out);
	return write_out(r, why);
}

static int rewrite(void *ctx, const struct mime_event *e, struct fail *why)
{
	struct recoder *r = ctx;
	int status;

	if (e->kind == MIME_BODY || e->kind == MIME_AROUND)
		return write_text(r, e->text, why);
	status = end_text(r, why);
	if (status == 0)
		status = e->kind == MIME_HEADER ? write_header(r, e, why)
						: write_delimiter(r, e, why);
	begin_text(r, e->part, flags_of(r, e->part->number));
	return status;
}

/* The message that was written takes the place of the one that was read. */
static void replace(struct recoder *r)
{
	const struct tally *body = &r->body.tally;
	struct tally head = { .text = 0 };
	struct msg *m = r->m;

	tally_add(&head, r->header.p, r->header.n);
	tally_finish(&head);
	buf_free(&m->header);
	m->header = r->header;
	buf_init(&r->header, HEADER_MAX);
	m->edits = NULL;
	m->n_edits = 0;
	m->prefix = SLICE("");
	m->facts = (struct msg_facts){
		.size = head.text + head.ends + 1 + body->text + body->ends,
		.longest_line =
		    head.longest > body->longest ? head.longest : body->longest,
		.has_8bit_header = head.has_8bit,
		.has_8bit_body = body->has_8bit,
		.has_bad_utf8 = body->utf8.is_bad,
		.has_bare_cr = body->has_bare_cr,
	};
	body_move(&r->body, m);
}

static int recode_all(struct recoder *r, struct fail *why)
{
	const struct msg_facts *f = &r->m->facts;
	struct tally t = { .has_8bit = f->has_8bit_body };

	if (read_header(r, why) != 0)
		return -1;
	tally_add(&t, r->header.p, r->header.n);
	tally_finish(&t);
	/* What made it suspect need not be in what is sent. */
	if (!is_bad(r, &t) && !f->has_nul && f->longest_line <= LINE_MAX_OCTETS)
		return 0;
	if (walk(r, look, why) != 0)
		return -1;
	judge(r);
	if (walk(r, rewrite, why) != 0)
		return -1;
	if (end_text(r, why) != 0 || body_finish(&r->body, why) != 0)
		return -1;
	replace(r);
	return 0;
}

int recode(struct msg *m, bool may_8bit, struct fail *why)
{
	struct recoder *r;
	int status;

	msg_rewind(m);
	if (!is_suspect(m, may_8bit))
		return 0;
	r = mem_zero(sizeof(*r));
	r->m = m;
	r->may_8bit = may_8bit;
	buf_init(&r->header, HEADER_MAX);
	buf_init(&r->out, HEADER_MAX);
	buf_init(&r->parts, RECODE_PARTS_MAX);
	body_init(&r->body);
	status = recode_all(r, why);
	msg_rewind(m);
	buf_free(&r->header);
	buf_free(&r->out);
	buf_free(&r->parts);
	body_free(&r->body);
	free(r);
	return status;
}
