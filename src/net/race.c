#include "race.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

enum { STAGGER_MS = 250 };

struct attempt {
	int fd;
	const struct addrinfo *to;
	struct deadline deadline;
};

struct race {
	const struct race_params *params;
	const struct addrinfo *order[RACE_MAX];
	size_t n, next;
	struct attempt running[RACE_MAX];
	size_t n_running;
	struct deadline stagger; /* when the next address may start */
	struct fail *why;        /* holds the last failure */
};

static const struct addrinfo *next_of_family(
    const struct addrinfo *a, int family, bool is_same)
{
	while (a && (a->ai_family == family) != is_same)
		a = a->ai_next;
	return a;
}

size_t race_order(const struct addrinfo *list, int family,
    const struct addrinfo *ret_order[RACE_MAX])
{
	bool is_any = family == AF_UNSPEC;
	int first = is_any && list ? list->ai_family : family;
	const struct addrinfo *same = next_of_family(list, first, true);
	const struct addrinfo *other =
	    is_any ? next_of_family(list, first, false) : NULL;
	size_t n = 0;

	while (same || other) {
		if (same && n < RACE_MAX) {
			ret_order[n++] = same;
			same = next_of_family(same->ai_next, first, true);
		}
		if (other && n < RACE_MAX) {
			ret_order[n++] = other;
			other = next_of_family(other->ai_next, first, false);
		}
		if (n == RACE_MAX)
			break;
	}
	return n;
}

/* Says what came of this address. */
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
static void race_hurry(struct race *r)
{
	r->stagger = (struct deadline){ .at = 1 };
}

static void race_drop(struct race *r, size_t i, int error)
{
	race_note(r, r->running[i].to, error);
	io_close(r->running[i].fd);
	r->running[i] = r->running[--r->n_running];
	race_hurry(r);
}

static int bind_source(int fd, const struct addrinfo *source, struct fail *why)
{
	char host[INET6_ADDRSTRLEN + 16] = "?";
	int error;

	if (!source || bind(fd, source->ai_addr, source->ai_addrlen) == 0)
		return 0;
	error = errno;
	(void)getnameinfo(source->ai_addr, source->ai_addrlen, host,
	    sizeof(host), NULL, 0, NI_NUMERICHOST);
	return fail(
	    why, FAIL_OS, "source address %s: %s", host, strerror(error));
}

/* The descriptor of a connection that has begun, or -1. */
static int begin(struct race *r, const struct addrinfo *to)
{
	int fd = socket(to->ai_family,
	    to->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, to->ai_protocol);
	int on = 1;

	if (fd < 0)
		return race_note(r, to, errno);
	/* Without it a flight waits for the ACK of the one before it. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (bind_source(fd, r->params->source, r->why) != 0)
		return io_close(fd);
	if (connect(fd, to->ai_addr, to->ai_addrlen) == 0 ||
	    errno == EINPROGRESS)
		return fd;
	race_note(r, to, errno);
	return io_close(fd);
}

static void race_start(struct race *r)
{
	const struct addrinfo *to = r->order[r->next++];
	int fd = begin(r, to);

	if (fd < 0) {
		race_hurry(r);
		return;
	}
	r->running[r->n_running++] =
	    (struct attempt){ fd, to, deadline_in(r->params->address_seconds) };
	r->stagger = deadline_in_ms(STAGGER_MS);
}

static struct deadline race_deadline(const struct race *r)
{
	struct deadline d = r->params->total;

	for (size_t i = 0; i < r->n_running; i++)
		d = deadline_min(d, r->running[i].deadline);
	return r->next < r->n ? deadline_min(d, r->stagger) : d;
}

/* Until something happens. The winner's socket, or -1: nobody has won yet. */
static int race_wait(struct race *r)
{
	struct pollfd set[RACE_MAX];

	for (size_t i = 0; i < r->n_running; i++)
		set[i] = (struct pollfd){ .fd = r->running[i].fd,
			.events = POLLOUT };
	(void)poll(set, (nfds_t)r->n_running, deadline_left(race_deadline(r)));
	/* Downwards: race_drop() moves the last one into the gap. */
	for (size_t i = r->n_running; i-- > 0;) {
		int error = 0;
		socklen_t n = sizeof(error);

		if (set[i].revents) {
			if (set[i].revents & (POLLERR | POLLHUP))
				(void)getsockopt(set[i].fd, SOL_SOCKET,
				    SO_ERROR, &error, &n);
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

	while (fd < 0 && !deadline_passed(r->params->total)) {
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

int race(const struct race_params *params, struct fail *why)
{
	struct fail last = { .kind = FAIL_NONE };
	struct race r = { .params = params, .why = &last };
	int family = params->source ? params->source->ai_family : AF_UNSPEC;
	int fd;

	r.n = race_order(params->list, family, r.order);
	if (r.n == 0)
		return fail(why, FAIL_CONFIG,
		    "no address of IPv%d, as the source address is",
		    family == AF_INET6 ? 6 : 4);
	fd = race_run(&r);
	if (fd < 0 && last.kind == FAIL_NONE)
		return fail(why, FAIL_DNS, "the look-up took too long");
	return fd < 0 ? fail(why, last.kind, "%s", last.text) : fd;
}
