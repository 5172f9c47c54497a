#include "dial.h"
#include "host.h"
#include "race.h"
#include "resolve.h"
#include "socks.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

enum { PORT_MAX = 65535 };

/* ---- TCP ---- */

static int look_up(const char *name, unsigned port, struct deadline deadline,
    struct addrinfo **ret, struct fail *why)
{
	char *host = host_to_ascii(name, why);
	struct resolve_query query = {
		.host = host,
		.port = port,
		.flags = AI_ADDRCONFIG,
		.deadline = deadline,
	};
	int result;

	if (!host)
		return -1;
	result = resolve(&query, ret, why);
	free(host);
	return result == 0 ? 0 : fail_wrap(why, "look-up of %s", name);
}

static int find_source(
    const char *text, struct addrinfo **ret, struct fail *why)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICHOST };
	int error = getaddrinfo(text, NULL, &hints, ret);

	if (error == 0)
		return 0;
	return fail(why, error == EAI_MEMORY ? FAIL_NOMEM : FAIL_CONFIG,
	    "source address %s: %s", text, gai_strerror(error));
}

static int dial_tcp(const struct dial_params *params, const char *host,
    unsigned port, struct deadline total, struct fail *why)
{
	struct addrinfo *list = NULL, *source = NULL;
	struct race_params race_params = {
		.address_seconds = params->address_seconds,
		.total = total,
	};
	int fd;

	if (port < 1 || port > PORT_MAX)
		return fail(why, FAIL_CONFIG, "port %u: not 1 to 65535", port);
	if (params->source && find_source(params->source, &source, why) != 0)
		return -1;
	if (look_up(host, port, total, &list, why) == 0) {
		race_params.list = list;
		race_params.source = source;
		fd = race(&race_params, why);
		resolve_free(list);
		if (fd < 0 && why->kind != FAIL_CONNECT)
			fail_wrap(why, "%s", host);
	} else {
		fd = -1;
	}
	if (source)
		freeaddrinfo(source);
	return fd;
}

/* ---- proxy ---- */

static int dial_proxy(
    const struct dial_params *params, struct deadline total, struct fail *why)
{
	char *host = host_to_ascii(params->host, why);
	int fd;

	if (!host)
		return -1;
	fd = dial_tcp(params, params->proxy, params->proxy_port, total, why);
	if (fd >= 0 && socks_connect(fd, host, params->port, total, why) != 0) {
		fd = io_close(fd);
		fail_wrap(why, "%s:%u", params->proxy, params->proxy_port);
	}
	free(host);
	if (fd >= 0)
		return fd;
	/* It is not the server that does not exist. */
	if (why->kind == FAIL_NOHOST)
		why->kind = FAIL_CONFIG;
	return fail_wrap(why, "proxy");
}

/* ---- UNIX socket ---- */

/*
 * Blocking, with a limit: the kernel lets nobody wait for room in the queue of
 * a listener with poll().
 */
static int connect_local(
    int fd, const struct sockaddr_un *to, struct deadline total)
{
	int ms = deadline_left(total), result;
	struct timeval limit = { ms / 1000, ms % 1000 * 1000L };

	if (ms >= 0)
		(void)setsockopt(
		    fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	do
		result = connect(fd, (const struct sockaddr *)to, sizeof(*to));
	while (result != 0 && errno == EINTR);
	if (result != 0 && errno == EAGAIN)
		errno = ETIMEDOUT;
	return result != 0 ? -1 : fcntl(fd, F_SETFL, O_NONBLOCK);
}

static int dial_local(const char *path, struct deadline total, struct fail *why)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	size_t n = strlen(path);
	int fd;

	if (n == 0 || n >= sizeof(to.sun_path))
		return fail(why, FAIL_CONFIG,
		    "socket %s: the path must have 1 to %zu bytes", path,
		    sizeof(to.sun_path) - 1);
	memcpy(to.sun_path, path, n);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect_local(fd, &to, total) == 0)
		return fd;
	fail(why, FAIL_CONNECT, "connect to %s: %s", path, strerror(errno));
	return io_close(fd);
}

int dial(const struct dial_params *params, struct fail *why)
{
	struct deadline total = deadline_in(params->total_seconds);

	if (params->path)
		return dial_local(params->path, total, why);
	if (params->proxy)
		return dial_proxy(params, total, why);
	return dial_tcp(params, params->host, params->port, total, why);
}
