#include "dial.h"
#include "host.h"
#include "slice.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

enum { ADDRESSES_MAX = 16, STAGGER_MS = 250, PORT_MAX = 65535 };

struct attempt {
	int fd;
	const struct addrinfo *to;
	struct deadline deadline;
};

struct race {
	const struct addrinfo *order[ADDRESSES_MAX];
	size_t n, next;
	struct attempt running[ADDRESSES_MAX];
	size_t n_running;
	int address_seconds;
	struct deadline total;
	struct deadline stagger; /* when the next address may start */
	struct fail *why;        /* holds the last failure */
};

static enum fail_kind look_up_kind(int error)
{
	switch (error) {
	case EAI_NONAME:
	case EAI_NODATA:
	case EAI_ADDRFAMILY:
		return FAIL_NOHOST;
	case EAI_MEMORY:
		return FAIL_NOMEM;
	default:
		return FAIL_DNS;
	}
}

static int look_up(
    const struct dial_params *params, struct addrinfo **ret, struct fail *why)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICSERV };
	char *host = host_to_ascii(params->host, why);
	char port[16];
	int error;

	if (!host)
		return -1;
	/* AI_ADDRCONFIG would refuse ::1 where only IPv4 is configured. */
	hints.ai_flags |=
	    host_is_address(host) ? AI_NUMERICHOST : AI_ADDRCONFIG;
	(void)snprintf(port, sizeof(port), "%u", params->port);
	error = getaddrinfo(host, port, &hints, ret);
	free(host);
	if (error == 0)
		return 0;
	return fail(why, look_up_kind(error), "look-up of %s: %s", params->host,
	    error == EAI_SYSTEM ? strerror(errno) : gai_strerror(error));
}

static const struct addrinfo *next_of_family(
    const struct addrinfo *a, int family, bool is_same)
{
	while (a && (a->ai_family == family) != is_same)
		a = a->ai_next;
	return a;
}

/* The resolver's order (RFC 6724), families in turn (RFC 8305 section 4). */
static void race_order(struct race *r, const struct addrinfo *list)
{
	const struct addrinfo *same = list;
	const struct addrinfo *other =
	    next_of_family(list, list->ai_family, false);

	while (same || other) {
		if (same && r->n < ADDRESSES_MAX) {
			r->order[r->n++] = same;
			same = next_of_family(
			    same->ai_next, list->ai_family, true);
		}
		if (other && r->n < ADDRESSES_MAX) {
			r->order[r->n++] = other;
			other = next_of_family(
			    other->ai_next, list->ai_family, false);
		}
		if (r->n == ADDRESSES_MAX)
			return;
	}
}

static int race_note(struct race *r, const struct addrinfo *to, int error)
{
	char host[INET6_ADDRSTRLEN + 16], port[16];

	if (getnameinfo(to->ai_addr, to->ai_addrlen, host, sizeof(host), port,
		sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		return fail(
		    r->why, FAIL_CONNECT, "connect: %s", strerror(error));
	return fail(r->why, FAIL_CONNECT,
	    to->ai_family == AF_INET6 ? "connect to [%s]:%s: %s"
				      : "connect to %s:%s: %s",
	    host, port, strerror(error));
}

/* The next address goes at once when one has failed. */
static void race_drop(struct race *r, size_t i, int error)
{
	race_note(r, r->running[i].to, error);
	io_close(r->running[i].fd);
	r->running[i] = r->running[--r->n_running];
	r->stagger = (struct deadline){ .at = 1 };
}

static void race_start(struct race *r)
{
	const struct addrinfo *to = r->order[r->next++];
	struct attempt *a = &r->running[r->n_running];
	int on = 1;

	*a = (struct attempt){ .to = to };
	a->fd = socket(to->ai_family,
	    to->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, to->ai_protocol);
	if (a->fd < 0) {
		race_note(r, to, errno);
		return;
	}
	/* Without it a flight waits for the ACK of the one before it. */
	(void)setsockopt(a->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (connect(a->fd, to->ai_addr, to->ai_addrlen) != 0 &&
	    errno != EINPROGRESS) {
		race_note(r, to, errno);
		io_close(a->fd);
		return;
	}
	a->deadline = deadline_in(r->address_seconds);
	r->stagger = deadline_in_ms(STAGGER_MS);
	r->n_running++;
}

static struct deadline race_deadline(const struct race *r)
{
	struct deadline d = r->total;

	for (size_t i = 0; i < r->n_running; i++)
		d = deadline_min(d, r->running[i].deadline);
	return r->next < r->n ? deadline_min(d, r->stagger) : d;
}

/* Until something happens. The winner's socket, or -1: nobody has won yet. */
static int race_wait(struct race *r)
{
	struct pollfd set[ADDRESSES_MAX];

	for (size_t i = 0; i < r->n_running; i++)
		set[i] = (struct pollfd){ .fd = r->running[i].fd,
			.events = POLLOUT };
	(void)poll(set, (nfds_t)r->n_running, deadline_left(race_deadline(r)));
	/* Downwards: race_drop() moves the last one into the gap. */
	for (size_t i = r->n_running; i-- > 0;) {
		int error = 0;
		socklen_t n = sizeof(error);

		if (set[i].revents) {
			(void)getsockopt(
			    set[i].fd, SOL_SOCKET, SO_ERROR, &error, &n);
			if (error == 0) {
				r->running[i] = r->running[--r->n_running];
				return set[i].fd;
			}
			race_drop(r, i, error);
		} else if (deadline_passed(r->running[i].deadline)) {
			race_drop(r, i, ETIMEDOUT);
		}
	}
	return -1;
}

static int race_run(struct race *r)
{
	int fd = -1;

	while (fd < 0 && !deadline_passed(r->total)) {
		if (r->next < r->n &&
		    (r->n_running == 0 || deadline_passed(r->stagger)))
			race_start(r);
		else if (r->n_running == 0)
			return -1;
		else
			fd = race_wait(r);
	}
	while (r->n_running > 0) {
		if (fd < 0)
			race_note(r, r->running[0].to, ETIMEDOUT);
		io_close(r->running[--r->n_running].fd);
	}
	return fd;
}

int dial(const struct dial_params *params, struct fail *why)
{
	struct fail last = { .kind = FAIL_NONE };
	struct race r = { .address_seconds = params->address_seconds,
		.total = deadline_in(params->total_seconds),
		.why = &last };
	struct addrinfo *list = NULL;
	int fd;

	if (params->port < 1 || params->port > PORT_MAX)
		return fail(
		    why, FAIL_CONFIG, "port %u: not 1 to 65535", params->port);
	if (look_up(params, &list, why) != 0)
		return -1;
	race_order(&r, list);
	fd = race_run(&r);
	freeaddrinfo(list);
	if (fd < 0 && last.kind == FAIL_NONE)
		return fail(why, FAIL_DNS, "look-up of %s: took too long",
		    params->host);
	if (fd < 0)
		return fail(why, last.kind, "%s", last.text);
	return fd;
}
