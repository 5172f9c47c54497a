#include "flight.h"
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

void flight_begin(struct flight *f, int fd)
{
	f->fd = fd;
	f->is_holding = f->is_dry = true;
	f->may_wait = false;
	f->in_at = f->in_n = f->out_n = 0;
}

void flight_listen(struct flight *f, bool may_wait)
{
	f->is_dry = false;
	f->may_wait = may_wait;
}

size_t flight_unread(const struct flight *f)
{
	return f->in_n - f->in_at;
}

static ssize_t send_now(const struct flight *f, const void *bytes, size_t n)
{
	ssize_t sent;

	do
		sent = send(f->fd, bytes, n, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (sent < 0 && errno == EINTR);
	return sent;
}

int flight_send(struct flight *f)
{
	while (f->out_n > 0) {
		ssize_t sent = send_now(f, f->out, f->out_n);

		if (sent < 0)
			return -1;
		f->out_n -= (size_t)sent;
		memmove(f->out, f->out + sent, f->out_n);
	}
	return 0;
}

ssize_t flight_push(void *flight, const void *bytes, size_t n)
{
	struct flight *f = flight;

	if (f->is_holding && n <= sizeof(f->out) - f->out_n) {
		memcpy(f->out + f->out_n, bytes, n);
		f->out_n += n;
		return (ssize_t)n;
	}
	return flight_send(f) == 0 ? send_now(f, bytes, n) : -1;
}

/*
 * One read takes what there is: to ask again before somebody has waited would
 * mostly be in vain, and a peer that never stops gets no further here.
 */
static ssize_t fill(struct flight *f)
{
	ssize_t got;

	errno = EAGAIN;
	if (f->is_dry)
		return -1;
	do
		got = recv(f->fd, f->in, sizeof(f->in),
		    f->may_wait ? 0 : MSG_DONTWAIT);
	while (got < 0 && errno == EINTR);
	f->may_wait = false;
	f->in_at = 0;
	f->in_n = got > 0 ? (size_t)got : 0;
	f->is_dry = got > 0 || (got < 0 && errno == EAGAIN);
	return got;
}

ssize_t flight_pull(void *flight, void *bytes, size_t n)
{
	struct flight *f = flight;
	ssize_t got;

	if (flight_unread(f) == 0) {
		/* The other side waits for it. */
		if (flight_send(f) != 0)
			return -1;
		got = fill(f);
		if (got <= 0)
			return got;
	}
	if (n > flight_unread(f))
		n = flight_unread(f);
	memcpy(bytes, f->in + f->in_at, n);
	f->in_at += n;
	return (ssize_t)n;
}
