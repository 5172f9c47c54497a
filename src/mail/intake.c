#include "intake.h"
#include "hdr.h"
#include "io.h"
#include "tally.h"
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <unistd.h>

enum {
	BLOCK = 64 * 1024,
	/* What a line is must show within so many octets of it, however the
	   input is cut into blocks. Above HDR_COLON_MAX and a "//". */
	LINE_DECIDES = 1024,
};

struct intake {
	struct msg *m;
	const struct intake_params *params;
	uint64_t octets;
	bool in_body;
	bool in_empty;    /* of the empty line a CR was seen, but no LF */
	bool has_bare_cr; /* met before the body, where tallies see none */
	bool ends_bare;   /* as the last line of the header does */
	size_t scanned;   /* of m->header: octets known to be header */
	size_t lines;     /* in them */
	size_t field;     /* octets of the last field in them, unfolded */
	struct tally head, body;

	struct {
		bool in_line; /* the block in hand starts within a line */
		bool ended;   /* the line "." was met */
		size_t held;  /* octets too few to tell what they are */
	} dot;
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

	if (field > MSG_FIELD_MAX)
		return fail(why, FAIL_MESSAGE,
		    "a header field is larger than %zu octets", MSG_FIELD_MAX);
	if (!line->is_done)
		return 0;
	if (in->lines == MSG_HEADER_LINES_MAX)
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

enum dot_kind { DOT_NONE, DOT_DOUBLE, DOT_ENDS, DOT_UNKNOWN };

/* What a dot at the start of a line means by what follows it. */
static enum dot_kind dot_kind(struct slice text, bool eof)
{
	if (slice_starts(text, SLICE("..")))
		return DOT_DOUBLE;
	if (slice_starts(text, SLICE(".\n")) ||
	    slice_starts(text, SLICE(".\r\n")))
		return DOT_ENDS;
	if (text.n == 1 || slice_eq(text, SLICE(".\r")))
		return eof ? DOT_ENDS : DOT_UNKNOWN;
	return DOT_NONE;
}

/* Position of the next dot at the start of a line; n when there is none. */
static size_t find_dot(const struct intake *in, struct slice block, size_t from)
{
	while (from < block.n) {
		size_t at = from + slice_find(slice_skip(block, from), '.');

		if (at < block.n &&
		    (at ? block.p[at - 1] == '\n' : !in->dot.in_line))
			return at;
		from = at + 1;
	}
	return block.n;
}

/*
 * sendmail without -i: a line "." ends the message, ".." at the start of a
 * line loses one dot. Works in place on n octets; returns how many are for
 * the message. Octets that wait for more are the last dot.held of the block.
 */
static size_t dot_filter(struct intake *in, char *block, size_t n, bool eof)
{
	const struct slice all = { block, n };
	size_t from = 0, to = 0, dot = find_dot(in, all, 0);

	in->dot.held = 0;
	while (dot < n) {
		enum dot_kind kind = dot_kind(slice_skip(all, dot), eof);

		if (kind == DOT_UNKNOWN)
			in->dot.held = n - dot;
		if (kind == DOT_ENDS)
			in->dot.ended = true;
		if (kind == DOT_UNKNOWN || kind == DOT_ENDS)
			break;
		if (kind == DOT_DOUBLE) {
			memmove(block + to, block + from, dot - from);
			to += dot - from;
			from = dot + 1;
		}
		dot = find_dot(in, all, dot + 2);
	}
	memmove(block + to, block + from, dot - from);
	to += dot - from;
	if (to)
		in->dot.in_line = block[to - 1] != '\n';
	return to;
}

/*
 * Fills the room unless the input ends; `once` takes what one read() yields.
 * A pipe may come from a caller that made it non-blocking.
 */
static ssize_t read_block(int fd, char *room, size_t n, bool once)
{
	size_t have = 0;

	while (have < n) {
		ssize_t got = read(fd, room + have, n - have);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && errno == EAGAIN &&
		    io_wait(fd, POLLIN, deadline_in(0)) >= 0)
			continue;
		if (got < 0)
			return -1;
		have += (size_t)got;
		if (got == 0 || once)
			break;
	}
	return (ssize_t)have;
}

static void drain(int fd, char *room, size_t n)
{
	while (read_block(fd, room, n, false) == (ssize_t)n)
		;
}

/* n octets in the block, the ones held before included. */
static int block_add(
    struct intake *in, char *block, size_t n, bool eof, struct fail *why)
{
	struct slice s = { block, n };

	if (in->params->dot_ends) {
		s.n = dot_filter(in, block, n, eof);
		eof = eof || in->dot.ended;
	}
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
	return header_add(in, s, eof, why);
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

int msg_intake(
    struct msg *m, int fd, const struct intake_params *params, struct fail *why)
{
	struct intake in = { .m = m, .params = params };
	/* A terminal yields a line at a time, and must be asked for one only:
	   its dot ends the message there and then. */
	const bool once = params->dot_ends && isatty(fd);
	char block[BLOCK];
	size_t held = 0;
	bool eof;

	do {
		size_t room = sizeof(block) - held;
		ssize_t got = read_block(fd, block + held, room, once);
		size_t n = held + (size_t)(got > 0 ? got : 0);

		if (got < 0)
			return fail(why, FAIL_INPUT,
			    "standard input cannot be read: %s",
			    strerror(errno));
		eof = once ? got == 0 : (size_t)got < room;
		if (block_add(&in, block, n, eof, why) < 0) {
			if (!eof)
				drain(fd, block, sizeof(block));
			return -1;
		}
		held = in.dot.held;
		memmove(block, block + n - held, held);
	} while (!eof && !in.dot.ended);
	if (!eof && !once)
		drain(fd, block, sizeof(block));
	conclude(&in);
	return 0;
}

/*
 * The message in memory as a row of pieces: prefix, then by turns original
 * header and the text of an edit, the empty line, the body.
 */
static size_t header_pieces(const struct msg *m)
{
	return 2 + 2 * m->n_edits;
}

static struct slice piece_of(const struct msg *m, size_t i)
{
	const struct msg_edit *after, *before;
	size_t from, to;

	if (i == 0)
		return m->prefix;
	if (i == header_pieces(m))
		return SLICE("\n");
	if (i > header_pieces(m))
		return buf_slice(&m->body);
	i--;
	if (i % 2)
		return m->edits[i / 2].text;
	before = i ? &m->edits[i / 2 - 1] : NULL;
	after = i / 2 < m->n_edits ? &m->edits[i / 2] : NULL;
	from = before ? before->at + before->n : 0;
	to = after ? after->at : m->header.n;
	return slice_head(slice_skip(buf_slice(&m->header), from), to - from);
}

void msg_rewind(struct msg *m)
{
	m->pos.piece = 0;
	m->pos.at = 0;
}

static ssize_t read_fd(struct msg *m, char *bytes, size_t n, struct fail *why)
{
	uint64_t left = m->fd_size - m->pos.at;
	ssize_t got;

	if (m->fd < 0)
		return 0;
	if (n > left)
		n = (size_t)left;
	got = io_pread(m->fd, bytes, n, (off_t)m->pos.at);
	if (got != (ssize_t)n)
		return fail(why, FAIL_OS, "the temporary file: %s",
		    got < 0 ? strerror(errno) : "it was cut");
	m->pos.at += n;
	return got;
}

ssize_t msg_read(struct msg *m, char *bytes, size_t n, struct fail *why)
{
	const size_t pieces = header_pieces(m) + 2;
	size_t have = 0;
	ssize_t got;

	while (have < n && m->pos.piece < pieces) {
		struct slice s =
		    slice_skip(piece_of(m, m->pos.piece), (size_t)m->pos.at);

		if (s.n == 0) {
			m->pos.piece++;
			m->pos.at = 0;
			continue;
		}
		s = slice_head(s, n - have);
		memcpy(bytes + have, s.p, s.n);
		have += s.n;
		m->pos.at += s.n;
	}
	if (have == n)
		return (ssize_t)have;
	got = read_fd(m, bytes + have, n - have, why);
	return got < 0 ? -1 : (ssize_t)have + got;
}

uint64_t msg_wire_size(const struct msg *m)
{
	struct tally t = { .text = 0 };

	for (size_t i = 0; i <= header_pieces(m); i++) {
		struct slice s = piece_of(m, i);

		tally_add(&t, s.p, s.n);
	}
	tally_finish(&t);
	return tally_wire_size(&t) + m->facts.body_wire;
}
