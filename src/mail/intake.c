#include "intake.h"
#include "dots.h"
#include "hdr.h"
#include "io.h"
#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

enum {
	BLOCK = 64 * 1024,
	/* What a line is must show within so many octets of it, however the
	   input is cut into blocks. Above HDR_COLON_MAX and a "//". */
	LINE_DECIDES = 1024,
};

void msg_init(struct msg *m)
{
	*m = (struct msg){ .fd = -1 };
	/* The block that holds the end of the header goes in as a whole. */
	buf_init(&m->header, MSG_HEADER_MAX + 2 * (size_t)BLOCK);
	buf_init(&m->body, MSG_MEMORY_MAX);
}

void msg_free(struct msg *m)
{
	buf_free(&m->header);
	buf_free(&m->body);
	m->fd = io_close(m->fd);
}

static int body_add(struct intake *in, struct slice s, struct fail *why)
{
	struct msg *m = in->m;
	size_t room = MSG_MEMORY_MAX - m->body.n;

	tally_add(&in->body, s.p, s.n);
	buf_add_slice(&m->body, slice_head(s, room));
	s = slice_skip(s, room);
	if (s.n == 0)
		return 0;
	if (m->fd < 0)
		m->fd = io_temp();
	if (m->fd < 0 || io_write(m->fd, s.p, s.n) < 0)
		return fail(why, FAIL_OS, "no room for a temporary file: %s",
		    strerror(errno));
	m->fd_size += s.n;
	return 0;
}

/*
 * Goes on reading the line at the start of s, behind what of it was read when
 * less had come in: many small pieces of a long line are read once.
 */
static void read_line(struct intake_line *line, struct slice s, bool eof)
{
	const size_t from = line->n;
	const size_t lf = from + slice_find(slice_skip(s, from), '\n');
	size_t text = lf;

	if (line->is_done)
		return;
	while (text > from && s.p[text - 1] == '\r')
		text--;
	if (text > from)
		line->text = text;
	line->n = lf < s.n ? lf + 1 : lf;
	line->is_done = lf < s.n || eof;
}

/* Text of a line as a header may hold it: s itself, or a copy in room[s.n]. */
static struct slice mended(struct slice s, char *room)
{
	size_t n = 0;

	if (slice_find(s, '\r') == s.n && slice_find(s, '\0') == s.n)
		return s;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == '\r')
			room[n++] = ' ';
		else if (s.p[i] != '\0')
			room[n++] = s.p[i];
	return (struct slice){ room, n };
}

enum line_kind {
	LINE_UNKNOWN, /* more input will tell */
	LINE_FIELD,
	LINE_FOLD, /* goes on with the field above it */
	LINE_MAILBOX,
	LINE_EMPTY,
	LINE_BODY,
};

/*
 * What a line with text is, by the octets it starts with. A mailbox line
 * counts as one only when something follows: else it is all there is, the
 * text of the message.
 */
static enum line_kind kind_by_start(
    struct slice rest, const struct intake_line *line, bool is_first, bool eof)
{
	char room[LINE_DECIDES];
	struct slice start =
	    slice_head(rest, line->is_done ? line->text : rest.n);

	start = mended(slice_head(start, LINE_DECIDES), room);
	/* NULs may not push a colon, or what is behind it, out of sight. */
	if (line->text >= LINE_DECIDES && start.n < HDR_COLON_MAX + 3)
		return LINE_BODY;
	if (hdr_is_field_line(start))
		return LINE_FIELD;
	if (!is_first && start.n && is_blank(start.p[0]))
		return LINE_FOLD;
	if (is_first && line->text < LINE_DECIDES &&
	    slice_starts(slice_skip(start, start.n && start.p[0] == '>'),
		SLICE("From "))) {
		if (line->n < rest.n)
			return LINE_MAILBOX;
		return eof ? LINE_BODY : LINE_UNKNOWN;
	}
	return LINE_BODY;
}

/* What the line at the start of rest is. */
static enum line_kind line_kind(
    struct slice rest, const struct intake_line *line, bool is_first, bool eof)
{
	if (rest.n == 0)
		return eof ? LINE_BODY : LINE_UNKNOWN;
	if (!line->is_done && (rest.n < LINE_DECIDES || line->text == 0))
		return LINE_UNKNOWN;
	if (line->text == 0)
		return LINE_EMPTY;
	return kind_by_start(rest, line, is_first, eof);
}

/* Puts the line at rest behind those that are known to be header. */
static void keep_line(struct intake *in, struct slice rest)
{
	const struct intake_line *line = &in->line;
	char *to = in->m->header.p + in->scanned;
	struct slice end = slice_skip(slice_head(rest, line->n), line->text);
	struct slice text = mended(slice_head(rest, line->text), to);

	memmove(to, text.p, text.n);
	memmove(to + text.n, end.p, end.n);
	in->scanned += text.n + end.n;
}

/* A line of the header. 1: it was kept; 0: the rest of it is to come; -1. */
static int header_line(
    struct intake *in, struct slice rest, bool is_fold, struct fail *why)
{
	size_t field = in->line.text + (is_fold ? in->field : 0);

	if (field > MSG_FIELD_MAX && !in->params->is_again)
		return fail(why, FAIL_MESSAGE,
		    "a header field is larger than %zu octets", MSG_FIELD_MAX);
	if (!in->line.is_done)
		return 0;
	if (in->lines == MSG_HEADER_LINES_MAX && !in->params->is_again)
		return fail(why, FAIL_MESSAGE,
		    "the header has more than %d lines", MSG_HEADER_LINES_MAX);
	keep_line(in, rest);
	in->field = field;
	in->lines++;
	return 1;
}

/*
 * Goes on through the lines in m->header. 1: they end, what stands behind them
 * is the body; 0: more input is needed; -1: too large.
 */
static int header_scan(struct intake *in, bool eof, struct fail *why)
{
	struct buf *b = &in->m->header;
	size_t at = in->scanned; /* the line that is looked at */
	enum line_kind kind;
	int more = 1;

	while (more > 0) {
		struct slice rest = slice_skip(buf_slice(b), at);

		read_line(&in->line, rest, eof);
		kind = line_kind(rest, &in->line, in->scanned == 0, eof);
		more = kind == LINE_MAILBOX;
		if (kind == LINE_FIELD || kind == LINE_FOLD)
			more = header_line(in, rest, kind == LINE_FOLD, why);
		if (more > 0 || kind == LINE_EMPTY) {
			at += in->line.n;
			in->line = (struct intake_line){ .n = 0 };
		}
	}
	if (more < 0)
		return -1;
	/* Mailbox lines, NULs and the empty line are left out. */
	if (at > in->scanned) {
		memmove(b->p + in->scanned, b->p + at, b->n - at);
		b->n -= at - in->scanned;
	}
	in->head.ends += kind == LINE_EMPTY;
	more = kind != LINE_EMPTY && kind != LINE_BODY;
	if (in->scanned > MSG_HEADER_MAX || (more && b->n > MSG_HEADER_MAX))
		return fail(why, FAIL_MESSAGE,
		    "the header is larger than %zu octets", MSG_HEADER_MAX);
	return !more;
}

static int header_add(
    struct intake *in, struct slice s, bool eof, struct fail *why)
{
	struct buf *b = &in->m->header;
	int done;

	buf_add_slice(b, s);
	done = header_scan(in, eof, why);
	if (done <= 0)
		return done;
	in->in_body = true;
	if (body_add(in, slice_skip(buf_slice(b), in->scanned), why) < 0)
		return -1;
	b->n = in->scanned;
	tally_add(&in->head, b->p, b->n);
	if (b->n && b->p[b->n - 1] != '\n')
		buf_addc(b, '\n');
	else if (b->p)
		b->p[b->n] = '\0';
	return 0;
}

void intake_begin(
    struct intake *in, struct msg *m, const struct intake_params *params)
{
	*in = (struct intake){ .m = m, .params = params };
}

static int block_add(struct intake *in, struct slice s, struct fail *why)
{
	in->octets += s.n;
	if (in->params->max_size && in->octets > in->params->max_size) {
		fail(why, FAIL_MESSAGE,
		    "the message is larger than %" PRIu64 " octets",
		    in->params->max_size);
		why->advice = in->params->size_advice;
		return -1;
	}
	if (in->in_body)
		return body_add(in, s, why);
	return header_add(in, s, false, why);
}

int intake_add(struct intake *in, struct slice s, struct fail *why)
{
	int result = 0;

	for (; s.n && result == 0; s = slice_skip(s, BLOCK))
		result = block_add(in, slice_head(s, BLOCK), why);
	return result;
}

static void conclude(struct intake *in)
{
	const struct tally *head = &in->head, *body = &in->body;

	tally_finish(&in->head);
	tally_finish(&in->body);
	in->m->facts = (struct msg_facts){
		.size = head->text + head->ends + body->text + body->ends,
		.body_wire = tally_wire_size(body),
		.longest_line = head->longest > body->longest ? head->longest
							      : body->longest,
		.has_8bit_header = head->has_8bit,
		.has_8bit_body = body->has_8bit,
		.has_bad_utf8 = body->utf8.is_bad,
		.has_nul = body->has_nul,
		.has_bare_cr = body->has_bare_cr,
	};
}

int intake_finish(struct intake *in, struct fail *why)
{
	if (!in->in_body && header_add(in, SLICE(""), true, why) < 0)
		return -1;
	conclude(in);
	return 0;
}

/* Fills the room unless the input ends; `once` takes what comes first. */
static ssize_t read_block(int fd, char *room, size_t n, bool once)
{
	size_t have = 0;
	ssize_t got = 1;

	while (have < n && got > 0 && (have == 0 || !once)) {
		got = io_read(fd, room + have, n - have);
		if (got < 0)
			return -1;
		have += (size_t)got;
	}
	return (ssize_t)have;
}

static void drain(int fd, char *room, size_t n)
{
	while (read_block(fd, room, n, false) == (ssize_t)n)
		;
}

int msg_intake(
    struct msg *m, int fd, const struct intake_params *params, struct fail *why)
{
	/* A terminal yields a line at a time, and must be asked for one only:
	   its dot ends the message there and then. */
	const bool once = params->dot_ends && isatty(fd);
	struct dots dots = { .rule = DOTS_SENDMAIL };
	struct intake in;
	char block[BLOCK];
	size_t held = 0;
	bool eof;

	intake_begin(&in, m, params);
	do {
		size_t room = sizeof(block) - held;
		ssize_t got = read_block(fd, block + held, room, once);
		size_t n = held + (size_t)(got > 0 ? got : 0);
		struct slice s = { block, n };

		if (got < 0)
			return fail(why, FAIL_INPUT,
			    "standard input cannot be read: %s",
			    strerror(errno));
		eof = once ? got == 0 : (size_t)got < room;
		if (params->dot_ends)
			s.n = dots_filter(&dots, block, n, eof);
		if (intake_add(&in, s, why) < 0) {
			if (!eof)
				drain(fd, block, sizeof(block));
			return -1;
		}
		held = params->dot_ends ? n - dots.taken : 0;
		memmove(block, block + n - held, held);
	} while (!eof && !dots.ended);
	if (!eof && !once)
		drain(fd, block, sizeof(block));
	return intake_finish(&in, why);
}
