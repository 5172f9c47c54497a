#include "body.h"
#include "io.h"
#include <errno.h>

/* Large enough that a small piece costs little more than a copy. */
enum { BLOCK = 64 * 1024 };

void body_init(struct body *b)
{
	*b = (struct body){ .fd = -1 };
	buf_init(&b->memory, MSG_MEMORY_MAX);
	buf_init(&b->block, BLOCK);
}

void body_free(struct body *b)
{
	buf_free(&b->memory);
	buf_free(&b->block);
	b->fd = io_close(b->fd);
}

static int put(struct body *b, struct slice s, struct fail *why)
{
	size_t room = MSG_MEMORY_MAX - b->memory.n;

	tally_add(&b->tally, s.p, s.n);
	buf_add_slice(&b->memory, slice_head(s, room));
	s = slice_skip(s, room);
	if (s.n == 0)
		return 0;
	if (b->fd < 0)
		b->fd = io_temp();
	if (b->fd < 0 || io_write(b->fd, s.p, s.n) < 0)
		return fail(why, FAIL_OS, "no room for a temporary file: %s",
		    strerror(errno));
	b->fd_size += s.n;
	return 0;
}

int body_add(struct body *b, struct slice s, struct fail *why)
{
	if (s.n > BLOCK - b->block.n) {
		if (put(b, buf_slice(&b->block), why) != 0)
			return -1;
		buf_clear(&b->block);
	}
	if (s.n > BLOCK)
		return put(b, s, why);
	buf_add_slice(&b->block, s);
	return 0;
}

int body_finish(struct body *b, struct fail *why)
{
	int status = put(b, buf_slice(&b->block), why);

	buf_clear(&b->block);
	tally_finish(&b->tally);
	return status;
}

void body_move(struct body *b, struct msg *m)
{
	buf_free(&m->body);
	io_close(m->fd);
	m->body = b->memory;
	m->fd = b->fd;
	m->fd_size = b->fd_size;
	m->facts.body_wire = tally_wire_size(&b->tally);
	buf_init(&b->memory, MSG_MEMORY_MAX);
	b->fd = -1;
	b->fd_size = 0;
}
