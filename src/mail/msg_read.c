/*
 * A struct msg read as it is to be sent.
 */
#include "intake.h"
#include "io.h"
#include <errno.h>

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
