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

/* The rest of a line end may come in another block than its start. */
static struct slice without_line_end(struct intake *in, struct slice s)
{
	while (in->in_empty && s.n) {
		in->in_empty = s.p[0] == '\r';
		if (in->in_empty || s.p[0] == '\n')
			s = slice_skip(s, 1);
		else
			in->has_bare_cr = true;
	}
	return s;
}

static int body_add(struct intake *in, struct slice s, struct fail *why)
{
	struct msg *m = in->m;
	size_t room = MSG_MEMORY_MAX - m->body.n;

	s = without_line_end(in, s);
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

struct line {
	size_t text;  /* octets before its end */
	size_t n;     /* with its end */
	bool is_done; /* nothing that follows can belong to its end */
	bool is_bare; /* it ends in CR without LF */
};

/* The line at the start of s. Headers are small: octet by octet will do. */
static struct line first_line(struct slice s, bool eof)
{
	struct line line = { .text = 0 };
	size_t n = 0;

	while (n < s.n && s.p[n] != '\n' && s.p[n] != '\r')
		n++;
	line.text = n;
	while (n < s.n && s.p[n] == '\r')
		n++;
	line.is_done = n < s.n || eof;
	line.is_bare = n > line.text && (n == s.n || s.p[n] != '\n');
	line.n = n < s.n && s.p[n] == '\n' ? n + 1 : n;
	return line;
}

enum line_kind {
	LINE_UNKNOWN, /* more input will tell */
	LINE_HEADER,
	LINE_MAILBOX,
	LINE_EMPTY,
	LINE_BODY,
};

/*
 * What the line at the start of text is. A mailbox line counts as one only
 * when something follows: else it is all there is, the text of the message.
 */
static enum line_kind line_kind(
    struct slice text, const struct line *line, bool is_first, bool eof)
{
	bool has_end = line->text < text.n && line->text < LINE_DECIDES;

	if (text.n == 0)
		return eof ? LINE_BODY : LINE_UNKNOWN;
	if (!has_end && !eof && text.n < LINE_DECIDES)
		return LINE_UNKNOWN;
	if (line->text == 0)
		return LINE_EMPTY;
	if (hdr_is_field_line(text) || (!is_first && is_blank(text.p[0])))
		return LINE_HEADER;
	if (is_first && has_end &&
	    slice_starts(slice_skip(text, text.p[0] == '>'), SLICE("From "))) {
		if (line->n < text.n)
			return LINE_MAILBOX;
		return eof ? LINE_BODY : LINE_UNKNOWN;
	}
	return LINE_BODY;
}

/* A line of the header. 1: it counts; 0: the rest of it is to come; -1. */
static int header_line(
    struct intake *in, size_t at, const struct line *line, struct fail *why)
{
	char *p = in->m->header.p + at;
	size_t field = line->text + (is_blank(*p) ? in->field : 0);

	if (field > MSG_FIELD_MAX && !in->params->is_again)
		return fail(why, FAIL_MESSAGE,
		    "a header field is larger than %zu octets", MSG_FIELD_MAX);
	if (!line->is_done)
		return 0;
	if (in->lines == MSG_HEADER_LINES_MAX && !in->params->is_again)
		return fail(why, FAIL_MESSAGE,
		    "the header has more than %d lines", MSG_HEADER_LINES_MAX);
	if (line->is_bare) {
		p[line->n - 1] = '\n';
		in->has_bare_cr = true;
	}
	in->ends_bare = line->is_bare;
	in->field = field;
	in->lines++;
	in->scanned += line->n;
	return 1;
}

/*
 * Text that is no field stands behind a lone CR: a byte of a value (a progress
 * bar in a Subject), not the end of the header, or a Bcc below would be body.
 */
static bool rejoin(struct intake *in, size_t at)
{
	char *p = in->m->header.p;
	bool is_lone = in->ends_bare && at > 1 && p[at - 2] != '\r';

	if (is_lone)
		p[at - 1] = ' ';
	return is_lone;
}

/*
 * Goes on through the lines in m->header. 1: they end, *ret_body is what
 * stands behind; 0: more input is needed; -1: too large.
 */
static int header_scan(
    struct intake *in, bool eof, struct slice *ret_body, struct fail *why)
{
	struct buf *b = &in->m->header;
	size_t first = 0; /* behind mailbox lines */
	enum line_kind kind;
	int more = 1;

	while (more > 0) {
		size_t at = first + in->scanned;
		struct slice rest = slice_skip(buf_slice(b), at);
		struct line line = first_line(rest, eof);

		kind = line_kind(rest, &line, in->scanned == 0, eof);
		more = kind == LINE_MAILBOX;
		if (kind == LINE_MAILBOX)
			first += line.n;
		if (kind == LINE_BODY && rest.n > 0 && rejoin(in, at))
			kind = LINE_HEADER;
		if (kind == LINE_HEADER)
			more = header_line(in, at, &line, why);
	}
	if (more < 0)
		return -1;
	if (first) {
		b->n -= first;
		memmove(b->p, b->p + first, b->n + 1);
	}
	*ret_body = slice_skip(buf_slice(b), in->scanned);
	in->in_empty = kind == LINE_EMPTY;
	in->head.ends += in->in_empty;
	more = kind == LINE_UNKNOWN || kind == LINE_HEADER;
	if (in->scanned > MSG_HEADER_MAX || (more && b->n > MSG_HEADER_MAX))
		return fail(why, FAIL_MESSAGE,
		    "the header is larger than %zu octets", MSG_HEADER_MAX);
	return !more;
}

static int header_add(
    struct intake *in, struct slice s, bool eof, struct fail *why)
{
	struct buf *b = &in->m->header;
	struct slice body;
	int done;

	buf_add_slice(b, s);
	done = header_scan(in, eof, &body, why);
	if (done <= 0)
		return done;
	tally_add(&in->head, b->p, in->scanned);
	in->in_body = true;
	if (body_add(in, body, why) < 0)
		return -1;
	b->n = in->scanned;
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
		.has_nul = head->has_nul || body->has_nul,
		.has_bare_cr =
		    in->has_bare_cr || in->in_empty || body->has_bare_cr,
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
