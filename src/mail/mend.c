#include "cut.h"
#include "hdr.h"
#include "mend_private.h"
#include "tally.h"

enum shape {
	SHAPE_TEXT,
	SHAPE_ADDRESSES, /* phrases before "<" and ":" */
	SHAPE_PARAMETERS,
	SHAPE_STRUCTURED, /* only comments are text */
	SHAPE_TRACE,      /* no encoded words at all (RFC 2047 5) */
};

/* Besides what hdr.def marks HDR_ADDRESSES; all others are text. */
static const struct {
	const char *name;
	enum shape shape;
} shapes[] = {
	{ "Content-Type", SHAPE_PARAMETERS },
	{ "Content-Disposition", SHAPE_PARAMETERS },
	{ "Content-Transfer-Encoding", SHAPE_STRUCTURED },
	{ "Content-ID", SHAPE_STRUCTURED },
	{ "Content-Language", SHAPE_STRUCTURED },
	{ "Content-Location", SHAPE_STRUCTURED },
	{ "MIME-Version", SHAPE_STRUCTURED },
	{ "Date", SHAPE_STRUCTURED },
	{ "Resent-Date", SHAPE_STRUCTURED },
	{ "Message-ID", SHAPE_STRUCTURED },
	{ "Resent-Message-ID", SHAPE_STRUCTURED },
	{ "In-Reply-To", SHAPE_STRUCTURED },
	{ "References", SHAPE_STRUCTURED },
	{ "Auto-Submitted", SHAPE_STRUCTURED },
	{ "List-Archive", SHAPE_STRUCTURED },
	{ "List-Help", SHAPE_STRUCTURED },
	{ "List-Owner", SHAPE_STRUCTURED },
	{ "List-Post", SHAPE_STRUCTURED },
	{ "List-Subscribe", SHAPE_STRUCTURED },
	{ "List-Unsubscribe", SHAPE_STRUCTURED },
	{ "List-Unsubscribe-Post", SHAPE_STRUCTURED },
	{ "Authentication-Results", SHAPE_STRUCTURED },
	{ "DKIM-Signature", SHAPE_TRACE },
	{ "DomainKey-Signature", SHAPE_TRACE },
	{ "ARC-Seal", SHAPE_TRACE },
	{ "ARC-Message-Signature", SHAPE_TRACE },
	{ "ARC-Authentication-Results", SHAPE_TRACE },
	{ "Received", SHAPE_TRACE },
	{ "Return-Path", SHAPE_TRACE },
	{ "List-Id", SHAPE_ADDRESSES },
	{ "Disposition-Notification-To", SHAPE_ADDRESSES },
	{ "Return-Receipt-To", SHAPE_ADDRESSES },
	{ "Errors-To", SHAPE_ADDRESSES },
	{ "Bounces-To", SHAPE_ADDRESSES },
	{ "Original-From", SHAPE_ADDRESSES },
	{ "Mail-Reply-To", SHAPE_ADDRESSES },
	{ "Mail-Followup-To", SHAPE_ADDRESSES },
	{ "Delivered-To", SHAPE_ADDRESSES },
};

static enum shape shape_of(const struct hdr_field *f)
{
	if (f->info->flags & HDR_ADDRESSES)
		return SHAPE_ADDRESSES;
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		if (slice_ieq(f->name, slice_of(shapes[i].name)))
			return shapes[i].shape;
	return SHAPE_TEXT;
}

/* A phrase is what stands before the "<" of an address or the ":" of a group */
static void mend_addresses(struct buf *b, struct slice text)
{
	while (text.n) {
		size_t n = mend_find(text, "<:,;");
		char stop = '\0';

		if (n < text.n)
			stop = text.p[n];
		mend_words(b, slice_head(text, n),
		    stop == '<' || stop == ':' ? MEND_PHRASE : MEND_OTHER);
		text = slice_skip(text, n);
		n = stop == '<' ? mend_find(text, ">") : 0;
		n += n < text.n;
		mend_words(b, slice_head(text, n), MEND_OTHER);
		text = slice_skip(text, n);
	}
}

static void mend_value(struct buf *b, const struct hdr_field *f)
{
	static const enum mend_mode modes[] = {
		[SHAPE_TEXT] = MEND_TEXT,
		[SHAPE_STRUCTURED] = MEND_OTHER,
		[SHAPE_TRACE] = MEND_ASCII,
	};

	switch (shape_of(f)) {
	case SHAPE_ADDRESSES:
		mend_addresses(b, f->value);
		break;
	case SHAPE_PARAMETERS:
		mend_parameters(b, f->value);
		break;
	case SHAPE_TEXT:
	case SHAPE_STRUCTURED:
	case SHAPE_TRACE:
		mend_words(b, f->value, modes[shape_of(f)]);
		break;
	}
}

/*
 * Behind the last comma or semicolon outside quotes and comments, where a
 * blank says nothing; 0 when there is none.
 */
static size_t list_place(struct slice line)
{
	size_t n = 0, place = 0;

	while (n < line.n) {
		bool is_stop = line.p[n] == ',' || line.p[n] == ';';

		n += mend_unit(slice_skip(line, n));
		if (is_stop)
			place = n;
	}
	return place;
}

/*
 * Where a line longer than max is folded: before the last blank that leaves no
 * line of blanks, or in a list behind what separates; 0 when there is neither.
 */
static size_t fold_place(struct slice line, size_t max, bool is_list)
{
	size_t first = 0, at = max;
	size_t place = is_list ? list_place(slice_head(line, max)) : 0;

	while (first < line.n && is_blank(line.p[first]))
		first++;
	while (at > first && !is_blank(line.p[at]))
		at--;
	if (at > place)
		place = at;
	return place > first ? place : 0;
}

/* Without the blanks that would fill a line (RFC 5322 3.2.2 forbids it). */
static struct slice less_blank(struct slice text)
{
	size_t n = 0;

	while (n < text.n && is_blank(text.p[n]))
		n++;
	return slice_skip(text, n >= LINE_MAX_OCTETS ? n - 1 : 0);
}

static void add_line(struct buf *b, struct slice line, bool is_list)
{
	struct slice text = slice_chop(line);

	line = slice_skip(line, text.n);
	text = less_blank(text);
	for (size_t max = LINE_MAX_OCTETS; text.n > max;) {
		size_t n = fold_place(text, max, is_list);

		if (n == 0)
			n = cut_place(text, max);
		buf_add_slice(b, slice_head(text, n));
		text = less_blank(slice_skip(text, n));
		if (slice_trim(text).n == 0)
			text.n = 0;
		max = LINE_MAX_OCTETS;
		if (text.n)
			buf_addc(b, '\n');
		if (text.n && !is_blank(text.p[0])) {
			buf_addc(b, ' ');
			max--;
		}
	}
	buf_add_slice(b, text);
	buf_add_slice(b, line);
}

void mend_field(struct buf *b, struct slice raw, bool may_8bit)
{
	struct slice rest = raw, line;
	struct tally t = { .text = 0 };
	struct buf text;
	struct hdr_field f;
	bool is_field, is_list;

	tally_add(&t, raw.p, raw.n);
	tally_finish(&t);
	if (t.longest <= LINE_MAX_OCTETS && (may_8bit || !t.has_8bit)) {
		buf_add_slice(b, raw);
		return;
	}
	/* A piece of three octets each is more than any encoding makes. */
	buf_init(&text, 16 * raw.n + 1024);
	is_field = hdr_next(&rest, &f);
	is_list = is_field && shape_of(&f) != SHAPE_TEXT;
	if (may_8bit || !t.has_8bit) {
		buf_add_slice(&text, raw);
	} else if (is_field) {
		/* An open quote must not swallow the end of the field. */
		line = f.value;
		f.value = slice_chop(line);
		buf_add(&text, raw.p, (size_t)(f.value.p - raw.p));
		mend_value(&text, &f);
		buf_add_slice(&text, slice_skip(line, f.value.n));
	} else {
		mend_words(&text, raw, MEND_ASCII);
	}
	rest = buf_slice(&text);
	while (slice_take_line(&rest, &line))
		add_line(b, line, is_list);
	b->full = b->full || text.full;
	buf_free(&text);
}
