#include "mime.h"
#include "cut.h"
#include "hdr.h"
#include "intake.h"
#include "mem.h"
#include <stdlib.h>

enum {
	/* What a line is must show within so many octets, as in intake. */
	LINE_DECIDES = 1024,
	/* No line that can be sent is longer than this and four "-". */
	BOUNDARY_MAX = LINE_MAX_OCTETS - 4,
	BOUNDARIES_MAX = (MIME_DEPTH_MAX + 1) * BOUNDARY_MAX,
};

static int emit(struct mime *w, const struct mime_event *e, struct fail *why)
{
	return e->kind != MIME_HEADER && e->text.n == 0
		   ? 0
		   : w->sink.take(w->sink.ctx, e, why);
}

static int emit_text(struct mime *w, struct slice text, struct fail *why)
{
	bool is_around = w->state == MIME_IN_AROUND;
	const struct mime_event e = {
		.kind = is_around ? MIME_AROUND : MIME_BODY,
		.part = is_around ? &w->levels[w->depth - 1].part : &w->part,
		.text = text,
	};

	if (text.n)
		w->last = text.p[text.n - 1];
	return emit(w, &e, why);
}

static void begin_body(struct mime *w, bool is_around)
{
	w->state = is_around ? MIME_IN_AROUND : MIME_IN_BODY;
	w->last = '\n';
}

/* The next part, within what is on top of the levels. */
static void begin_part(struct mime *w)
{
	const struct mime_part *in = &w->levels[w->depth - 1].part;
	bool is_alone = in->kind == MIME_MESSAGE;

	w->part = (struct mime_part){
		.kind = in->is_digest && !is_alone ? MIME_MESSAGE : MIME_LEAF,
		.is_message = is_alone,
	};
	w->state = MIME_IN_HEADER;
}

static int push_level(struct mime *w, size_t boundary, struct fail *why)
{
	struct mime_level *level = &w->levels[w->depth];

	if (w->depth == MIME_DEPTH_MAX)
		return fail(why, FAIL_MESSAGE,
		    "parts of the message are nested deeper than %d",
		    MIME_DEPTH_MAX);
	*level = (struct mime_level){ .part = w->part,
		.boundary = boundary,
		.boundary_n = w->boundaries.n - boundary,
		.is_open = w->part.kind == MIME_MULTIPART };
	w->n_open += level->is_open;
	w->depth++;
	if (level->is_open)
		begin_body(w, true);
	else
		begin_part(w);
	return 0;
}

static int end_header(
    struct mime *w, struct slice header, struct slice empty, struct fail *why)
{
	const struct mime_event e = { MIME_HEADER, &w->part, header, empty };
	size_t boundary = w->boundaries.n;

	w->part.number = w->n_parts++;
	mime_describe(header, &w->part, &w->boundaries);
	if (w->boundaries.full || w->boundaries.n - boundary > BOUNDARY_MAX) {
		w->boundaries.n = boundary;
		w->boundaries.full = false;
		w->part.kind = MIME_LEAF;
	}
	if (emit(w, &e, why) != 0)
		return -1;
	w->is_known = false;
	if (w->part.kind != MIME_LEAF)
		return push_level(w, boundary, why);
	begin_body(w, false);
	return 0;
}

int mime_begin(struct mime *w, const struct mime_sink *sink,
    struct slice header, struct fail *why)
{
	*w = (struct mime){ .sink = *sink, .part = { .is_message = true } };
	buf_init(&w->line, MSG_HEADER_MAX + LINE_DECIDES);
	buf_init(&w->boundaries, BOUNDARIES_MAX);
	return end_header(w, header, SLICE(""), why);
}

void mime_free(struct mime *w)
{
	buf_free(&w->line);
	buf_free(&w->boundaries);
}

size_t mime_strip(char *text, size_t n)
{
	char *nul = n ? memchr(text, '\0', n) : NULL;
	size_t to = nul ? (size_t)(nul - text) : n;

	for (size_t at = to; at < n; at++)
		if (text[at])
			text[to++] = text[at];
	return to;
}

static bool is_blank_line(struct slice s)
{
	return slice_trim(s).n == 0;
}

/* The level whose delimiter the line is, or -1. */
static int find_level(const struct mime *w, struct slice line, bool *ret_closes)
{
	struct slice rest = slice_skip(line, 2);

	if (!slice_starts(line, SLICE("--")))
		return -1;
	for (size_t i = w->depth; i-- > 0;) {
		const struct mime_level *level = &w->levels[i];
		struct slice boundary = { w->boundaries.p + level->boundary,
			level->boundary_n };
		struct slice after = slice_skip(rest, boundary.n);

		if (!level->is_open || !slice_starts(rest, boundary))
			continue;
		*ret_closes = slice_starts(after, SLICE("--"));
		if (is_blank_line(after) ||
		    (*ret_closes && is_blank_line(slice_skip(after, 2))))
			return (int)i;
	}
	return -1;
}

static int delimit(struct mime *w, struct mime_level *l, bool closes,
    struct slice line, struct fail *why)
{
	const size_t level = (size_t)(l - w->levels);
	const struct mime_event e = {
		.kind = MIME_DELIMITER, .part = &l->part, .text = line
	};

	if (emit(w, &e, why) != 0)
		return -1;
	for (; w->depth > level + 1; w->depth--)
		w->n_open -= w->levels[w->depth - 1].is_open;
	w->boundaries.n = l->boundary + l->boundary_n;
	if (!closes) {
		begin_part(w);
		return 0;
	}
	l->is_open = false;
	w->n_open--;
	begin_body(w, true);
	return 0;
}

/*
 * Takes from *s what belongs to the last line of w->line. True when that is
 * complete; false when more is needed, or so much is there that it shows what
 * the line is.
 */
static bool take_line(struct mime *w, struct slice *s)
{
	bool is_done = false;

	while (s->n && !is_done) {
		char c = s->p[0];
		bool is_end = c == '\r' || c == '\n';

		is_done = c == '\n' || (w->is_cr && !is_end);
		if (is_end || !w->is_cr) {
			if (c != '\r' || !w->is_cr)
				buf_addc(&w->line, c);
			*s = slice_skip(*s, 1);
		}
		w->is_cr = c == '\r';
		if (!w->is_known && w->line.n - w->line_at >= LINE_DECIDES)
			break;
	}
	return is_done;
}

/* The level that ends with a complete line, or -1. */
static int level_of(const struct mime *w, struct slice line, bool *ret_closes)
{
	struct slice text = slice_chop(line);

	return text.n > LINE_MAX_OCTETS ? -1 : find_level(w, text, ret_closes);
}

static bool is_header_line(const struct mime *w, struct slice text)
{
	struct slice before = slice_head(buf_slice(&w->line), w->line_at);

	if (hdr_is_field_line(text))
		return true;
	if (before.n == 0)
		return w->part.is_message && mime_mailbox_line(text);
	/* A mailbox line is not continued. */
	return text.n && is_blank(text.p[0]) &&
	       mime_mailbox_line(before) < before.n;
}

/*
 * The header ends before the line in hand, which is an empty one, a delimiter
 * or the first of what follows.
 */
static int leave_header(
    struct mime *w, int level, bool closes, struct fail *why)
{
	size_t n = w->line.n - w->line_at;
	char *copy = mem_dup(w->line.p + w->line_at, n);
	struct slice line = { copy, n }, header = { w->line.p, w->line_at };
	bool is_empty = slice_chop(line).n == 0;
	int status;

	header.n = mime_strip(w->line.p, header.n);
	status = end_header(w, header, is_empty ? line : SLICE(""), why);
	buf_clear(&w->line);
	w->line_at = 0;
	w->is_cr = false;
	if (status == 0 && level >= 0)
		status = delimit(w, &w->levels[level], closes, line, why);
	else if (status == 0 && !is_empty)
		status = mime_add(w, line, why);
	free(copy);
	return status;
}

static int add_header(
    struct mime *w, struct slice *s, bool eof, struct fail *why)
{
	bool is_done = take_line(w, s) || eof, closes = false;
	struct slice line = slice_skip(buf_slice(&w->line), w->line_at);
	int level;

	if (w->line.n > MSG_HEADER_MAX)
		return fail(why, FAIL_MESSAGE,
		    "the header of a part is larger than %zu octets",
		    MSG_HEADER_MAX);
	if (!w->is_known && !is_done && line.n < LINE_DECIDES)
		return 0;
	level = is_done ? level_of(w, line, &closes) : -1;
	w->is_known =
	    w->is_known || (level < 0 && is_header_line(w, slice_chop(line)));
	if (!w->is_known)
		return leave_header(w, level, closes, why);
	if (!is_done)
		return 0;
	if (line.p[line.n - 1] == '\r')
		w->line.p[w->line.n - 1] = '\n';
	w->line_at = w->line.n;
	w->is_known = false;
	return 0;
}

/* A line that starts with "-". */
static int add_dashes(
    struct mime *w, struct slice *s, bool eof, struct fail *why)
{
	bool is_done = take_line(w, s) || eof, closes = false;
	struct slice line = buf_slice(&w->line);
	int level, status;

	if (!is_done && line.n < LINE_DECIDES)
		return 0;
	level = is_done ? level_of(w, line, &closes) : -1;
	status = level < 0 ? emit_text(w, line, why)
			   : delimit(w, &w->levels[level], closes, line, why);
	buf_clear(&w->line);
	w->is_cr = false;
	return status;
}

/* Position of the first "-" that starts a line, or s.n. */
static size_t find_dash(const struct mime *w, struct slice s)
{
	size_t at = slice_find(s, '-');

	while (at < s.n) {
		char before = w->last;

		if (at)
			before = s.p[at - 1];
		if (before == '\n' || before == '\r')
			break;
		at++;
		at += slice_find(slice_skip(s, at), '-');
	}
	return at;
}

static int add_body(struct mime *w, struct slice *s, struct fail *why)
{
	size_t at = w->n_open ? find_dash(w, *s) : s->n;

	if (emit_text(w, slice_head(*s, at), why) != 0)
		return -1;
	*s = slice_skip(*s, at);
	return s->n ? add_dashes(w, s, false, why) : 0;
}

int mime_add(struct mime *w, struct slice body, struct fail *why)
{
	int status = 0;

	while (body.n && status == 0) {
		if (w->state == MIME_IN_HEADER)
			status = add_header(w, &body, false, why);
		else if (w->line.n)
			status = add_dashes(w, &body, false, why);
		else
			status = add_body(w, &body, why);
	}
	return status;
}

int mime_finish(struct mime *w, struct fail *why)
{
	struct slice nothing = SLICE("");
	int status = 0;

	if (w->state != MIME_IN_HEADER && w->line.n)
		status = add_dashes(w, &nothing, true, why);
	while (status == 0 && w->state == MIME_IN_HEADER)
		status = add_header(w, &nothing, true, why);
	if (status == 0 && w->line.n)
		status = add_dashes(w, &nothing, true, why);
	return status;
}
