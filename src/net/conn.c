#include "conn.h"
#include "buf.h"
#include "mem.h"
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

enum {
	RECORD_MAX = 16384, /* of TLS (RFC 8446 5.1) */
	TRACE_LINE_MAX = 4096,
	STEP_SECONDS = 2, /* a read waits no longer, see conn_wait() */
};

struct conn {
	int fd;
	bool is_broken, is_late;
	bool has_step;   /* a read that waits ends after STEP_SECONDS */
	bool may_wait;   /* the next read may */
	bool has_waited; /* for input, and nothing was written since */
	struct tls *tls;
	struct conn_trace trace;
	struct buf traced; /* an output line that has not ended yet */
	size_t total_in;
	char *in; /* CONN_LINE_MAX; unread from in_at to in_n */
	size_t in_at, in_n;
	char *out; /* unsent from out_at to out_n; CONN_ROOM behind it */
	size_t out_at, out_n;
	size_t begun; /* of what is unsent: in a record that was begun */
};

struct conn *conn_new(int fd, const struct conn_trace *trace)
{
	const struct timeval step = { .tv_sec = STEP_SECONDS };
	struct conn *c = mem_zero(sizeof(*c));

	c->fd = fd;
	c->has_step =
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &step, sizeof(step)) == 0 &&
	    fcntl(fd, F_SETFL, 0) == 0;
	c->in = mem_alloc(CONN_LINE_MAX);
	c->out = mem_alloc(CONN_QUEUE_MAX + CONN_ROOM);
	buf_init(&c->traced, TRACE_LINE_MAX);
	if (trace)
		c->trace = *trace;
	return c;
}

struct conn *conn_free(struct conn *c)
{
	if (!c)
		return NULL;
	tls_free(c->tls);
	io_close(c->fd);
	buf_free(&c->traced);
	free(c->in);
	free(c->out);
	free(c);
	return NULL;
}

bool conn_is_tls(const struct conn *c)
{
	return c->tls != NULL;
}

bool conn_is_local(const struct conn *c)
{
	int domain = AF_UNSPEC;
	socklen_t n = sizeof(domain);

	return getsockopt(c->fd, SOL_SOCKET, SO_DOMAIN, &domain, &n) == 0 &&
	       domain == AF_UNIX;
}

bool conn_peer(const struct conn *c, struct tls_peer *ret)
{
	return c->tls && tls_peer(c->tls, ret);
}

bool conn_binding(const struct conn *c, struct tls_binding *ret)
{
	return c->tls && tls_binding(c->tls, ret);
}

void conn_address(const struct conn *c, char *ret, size_t size)
{
	struct sockaddr_storage peer = { .ss_family = AF_UNIX };
	socklen_t n = sizeof(peer);

	ret[0] = '\0';
	if (getpeername(c->fd, (struct sockaddr *)&peer, &n) == 0 &&
	    peer.ss_family != AF_UNIX)
		(void)getnameinfo((struct sockaddr *)&peer, n, ret,
		    (socklen_t)size, NULL, 0, NI_NUMERICHOST);
}

size_t conn_surplus(struct conn *c)
{
	return c->in_n - c->in_at + (c->tls ? tls_pending(c->tls) : 0);
}

static size_t unsent(const struct conn *c)
{
	return c->out_n - c->out_at;
}

size_t conn_queued(const struct conn *c)
{
	return unsent(c) - c->begun;
}

void conn_note(const struct conn *c, const char *text)
{
	if (c->trace.note)
		c->trace.note(c->trace.ctx, text);
}

static void trace_line(const struct conn *c, bool out, struct slice line)
{
	if (line.n && line.p[line.n - 1] == '\r')
		line.n--;
	c->trace.line(c->trace.ctx, out, line);
}

/* Output comes in pieces: a line is shown when it has ended. */
static void trace_output(struct conn *c, struct slice bytes)
{
	while (c->trace.line && bytes.n > 0) {
		size_t n = slice_find(bytes, '\n');

		buf_add_slice(&c->traced, slice_head(bytes, n));
		if (n == bytes.n)
			return;
		trace_line(c, true, buf_slice(&c->traced));
		buf_clear(&c->traced);
		bytes = slice_skip(bytes, n + 1);
	}
}

/*
 * A server with Nagle's algorithm keeps its next line back until we have
 * acknowledged the one before. Our next flight does that; when we wait once
 * more instead, something has come that was not all of it. The kernel forgets
 * the wish with every write. Another kind of socket refuses it.
 */
static void acknowledge(struct conn *c)
{
	int on = 1;

	if (c->has_waited)
		(void)setsockopt(
		    c->fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof(on));
	c->has_waited = true;
}

/* Its end is no nearer than that of a read that waits. */
static bool is_far(struct deadline d)
{
	int left = deadline_left(d);

	return left < 0 || left >= STEP_SECONDS * 1000;
}

/*
 * Until there is something to do. Where there is time enough the read that
 * follows waits, which is one call instead of two; if nothing comes it ends
 * soon enough to look at the clock again.
 */
static int conn_wait(
    struct conn *c, short events, struct deadline d, struct fail *why)
{
	bool is_late = deadline_passed(d);
	int n = 1;

	/* What has come in time is taken, even if we come late; but a peer
	 * that never stops may not keep us beyond that. */
	if (is_late && c->is_late)
		return fail(why, FAIL_LOST, "timed out");
	c->is_late = is_late;
	if (events & POLLIN)
		acknowledge(c);
	/* Who waits twice and has not read would never wait. */
	c->may_wait =
	    events == POLLIN && c->has_step && !c->may_wait && is_far(d);
	if (!c->may_wait)
		n = io_wait(c->fd, events, d);
	if (n == 0)
		return fail(why, FAIL_LOST, "timed out");
	if (n < 0)
		return fail(why, FAIL_LOST, "%s", strerror(errno));
	if (c->tls)
		tls_listen(c->tls, c->may_wait);
	return 0;
}

static int wait_status(
    struct conn *c, enum tls_status status, struct deadline d, struct fail *why)
{
	if (status == TLS_WANT_READ)
		return conn_wait(c, POLLIN, d, why);
	if (status == TLS_WANT_WRITE)
		return conn_wait(c, POLLOUT, d, why);
	if (status == TLS_CLOSED)
		return fail(why, FAIL_LOST, "the server closed the connection");
	return -1;
}

int conn_start_tls(
    struct conn *c, struct tls *t, struct deadline d, struct fail *why)
{
	enum tls_status status;

	if (conn_surplus(c) > 0) {
		tls_free(t);
		return fail(why, FAIL_PROTOCOL,
		    "the server sent data in clear before TLS began");
	}
	tls_attach(t, c->fd);
	while ((status = tls_step(t, why)) != TLS_DONE) {
		if (wait_status(c, status, d, why) != 0) {
			tls_free(t);
			return status == TLS_FAILED
				   ? -1
				   : fail_wrap(why, "the TLS handshake");
		}
		tls_listen(t, c->may_wait);
		c->may_wait = false;
	}
	c->tls = t;
	conn_note(c, tls_describe(t));
	return 0;
}

static enum tls_status socket_status(ssize_t result, struct fail *why)
{
	if (result == 0)
		return TLS_CLOSED;
	fail(why, FAIL_LOST, "%s", strerror(errno));
	return TLS_FAILED;
}

static enum tls_status read_some(
    struct conn *c, size_t *ret_n, struct fail *why)
{
	char *room = c->in + c->in_n;
	const int flags = c->may_wait ? 0 : MSG_DONTWAIT;
	size_t n = CONN_LINE_MAX - c->in_n;
	ssize_t got;

	c->may_wait = false;
	if (c->tls)
		return tls_read(c->tls, room, n, ret_n, why);
	do
		got = recv(c->fd, room, n, flags);
	while (got < 0 && errno == EINTR);
	if (got < 0 && errno == EAGAIN)
		return TLS_WANT_READ;
	if (got <= 0)
		return socket_status(got, why);
	*ret_n = (size_t)got;
	return TLS_DONE;
}

static int count_input(struct conn *c, size_t n, struct fail *why)
{
	c->in_n += n;
	c->total_in += n;
	if (c->total_in > CONN_INPUT_MAX)
		return fail(why, FAIL_PROTOCOL,
		    "the server sent more than %d bytes", CONN_INPUT_MAX);
	return 0;
}

/* One read of as much as there is; the caller knows that there is room. */
static int conn_fill(struct conn *c, struct deadline d, struct fail *why)
{
	enum tls_status status = TLS_WANT_READ;
	size_t n = 0;

	if (c->in_at > 0) {
		memmove(c->in, c->in + c->in_at, c->in_n - c->in_at);
		c->in_n -= c->in_at;
		c->in_at = 0;
	}
	/* Records may be here already, of which no waiting would tell. */
	if (c->tls)
		status = read_some(c, &n, why);
	while (status != TLS_DONE) {
		if (wait_status(c, status, d, why) != 0)
			return -1;
		status = read_some(c, &n, why);
	}
	return count_input(c, n, why);
}

int conn_line(struct conn *c, size_t max, struct deadline d,
    struct slice *ret_line, struct fail *why)
{
	size_t seen = 0;

	if (max > CONN_LINE_MAX)
		max = CONN_LINE_MAX;
	for (;;) {
		struct slice have = { c->in + c->in_at, c->in_n - c->in_at };
		size_t n = seen + slice_find(slice_skip(have, seen), '\n');

		if (n >= max)
			return fail(why, FAIL_PROTOCOL,
			    "the server sent a line of more than %zu bytes",
			    max);
		if (n < have.n) {
			c->in_at += n + 1;
			if (n > 0 && have.p[n - 1] == '\r')
				n--;
			*ret_line = slice_head(have, n);
			if (c->trace.line)
				trace_line(c, false, *ret_line);
			return 0;
		}
		seen = have.n;
		if (conn_fill(c, d, why) != 0)
			return -1;
	}
}

static enum tls_status write_some(struct conn *c, struct fail *why)
{
	const char *bytes = c->out + c->out_at;
	size_t n = unsent(c), done = 0;
	enum tls_status status = TLS_DONE;
	ssize_t sent;

	c->has_waited = false;
	if (c->tls) {
		if (n > RECORD_MAX)
			n = RECORD_MAX;
		status = tls_write(c->tls, bytes, n, &done, why);
		c->out_at += done;
		/* A failure leaves it as it was: nothing of a record that
		 * fails at the first try has left. */
		if (status == TLS_DONE)
			c->begun = 0;
		else if (status == TLS_WANT_READ || status == TLS_WANT_WRITE)
			c->begun = n;
		return status;
	}
	do
		sent = send(c->fd, bytes, n, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (sent < 0 && errno == EINTR);
	if (sent < 0 && errno == EAGAIN)
		return TLS_WANT_WRITE;
	if (sent <= 0)
		return socket_status(sent, why);
	c->out_at += (size_t)sent;
	return TLS_DONE;
}

static int check_writable(const struct conn *c, struct fail *why)
{
	if (c->is_broken)
		return fail(why, FAIL_LOST, "the connection is broken");
	return 0;
}

int conn_flush(struct conn *c, struct deadline d, struct fail *why)
{
	if (check_writable(c, why) != 0)
		return -1;
	while (unsent(c) > 0) {
		enum tls_status status = write_some(c, why);

		if (status != TLS_DONE && wait_status(c, status, d, why) != 0) {
			c->is_broken = true;
			return -1;
		}
	}
	c->out_at = c->out_n = 0;
	return 0;
}

/* Moves what fits from *bytes to the queue. */
static void enqueue(struct conn *c, struct slice *bytes)
{
	struct slice head = slice_head(*bytes, CONN_QUEUE_MAX - c->out_n);

	if (head.n)
		memcpy(c->out + c->out_n, head.p, head.n);
	c->out_n += head.n;
	*bytes = slice_skip(*bytes, head.n);
}

static int put_all(
    struct conn *c, struct slice bytes, struct deadline d, struct fail *why)
{
	if (check_writable(c, why) != 0)
		return -1;
	do {
		enqueue(c, &bytes);
		if (c->out_n == CONN_QUEUE_MAX && conn_flush(c, d, why) != 0)
			return -1;
	} while (bytes.n > 0);
	return 0;
}

int conn_put(
    struct conn *c, struct slice bytes, struct deadline d, struct fail *why)
{
	trace_output(c, bytes);
	return put_all(c, bytes, d, why);
}

int conn_send_secret(struct conn *c, struct slice bytes, const char *label,
    struct deadline d, struct fail *why)
{
	size_t used = c->out_n + bytes.n + 2;
	int result;

	trace_output(c, SLICE("<"));
	trace_output(c, slice_of(label));
	trace_output(c, SLICE(">\n"));
	result = put_all(c, bytes, d, why);
	if (result == 0)
		result = put_all(c, SLICE("\r\n"), d, why);
	if (result == 0)
		result = conn_flush(c, d, why);
	explicit_bzero(c->out, used < CONN_QUEUE_MAX ? used : CONN_QUEUE_MAX);
	return result;
}

/* 1: there is input now, 0: there is none, -1: the stream has ended. */
static int conn_listen(struct conn *c, struct fail *why)
{
	size_t n = 0;
	enum tls_status status;

	if (conn_surplus(c) > 0)
		return 1;
	c->in_at = c->in_n = 0;
	c->may_wait = false;
	if (c->tls)
		tls_listen(c->tls, false);
	status = read_some(c, &n, why);
	if (status == TLS_DONE)
		return count_input(c, n, why) == 0 ? 1 : -1;
	if (status == TLS_WANT_READ || status == TLS_WANT_WRITE)
		return 0;
	return wait_status(c, status, (struct deadline){ 0 }, why);
}

/* Until no more than `rest` octets wait. */
static int stream_flush(
    struct conn *c, size_t rest, int seconds, struct fail *why)
{
	struct deadline d = deadline_in(seconds);
	int heard;

	while ((heard = conn_listen(c, why)) == 0) {
		enum tls_status status = TLS_DONE;

		while (status == TLS_DONE && unsent(c) > rest) {
			status = write_some(c, why);
			if (status == TLS_DONE)
				d = deadline_in(seconds);
		}
		if (status == TLS_DONE)
			return 0;
		if (status == TLS_FAILED || status == TLS_CLOSED)
			return wait_status(c, status, d, why);
		if (conn_wait(c, POLLIN | POLLOUT, d, why) != 0)
			return -1;
	}
	return heard;
}

char *conn_room(struct conn *c)
{
	/* What waits on a broken connection never leaves. */
	return c->is_broken ? c->out : c->out + c->out_n;
}

int conn_stream(struct conn *c, size_t n, int seconds, struct fail *why)
{
	int result = check_writable(c, why);

	if (result != 0)
		return result;
	trace_output(c, (struct slice){ conn_room(c), n });
	c->out_n += n;
	if (n > 0 && c->out_n < CONN_QUEUE_MAX)
		return 0;
	result = stream_flush(c, n > 0 ? RECORD_MAX - 1 : 0, seconds, why);
	if (result != 0) {
		c->is_broken = true;
		return result;
	}
	c->out_n = unsent(c);
	memmove(c->out, c->out + c->out_at, c->out_n);
	c->out_at = 0;
	return 0;
}
