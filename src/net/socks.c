#include "socks.h"
#include "host.h"
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

enum {
	VERSION_5 = 5,
	METHOD_NONE = 0,
	METHOD_NO_ACCEPTABLE = 0xff,
	COMMAND_CONNECT = 1,
	ADDRESS_V4 = 1,
	ADDRESS_NAME = 3,
	ADDRESS_V6 = 4,
	/* Version, reply, reserved, type, and the first octet of the address:
	 * what tells how long it is. */
	REPLY_HEAD = 5,
	NAME_MAX_OCTETS = 255,
};

/* ---- what the proxy says ---- */

static unsigned octet(struct slice s, size_t i)
{
	return (unsigned char)s.p[i];
}

static int check_version(struct slice reply, struct fail *why)
{
	if (reply.n > 0 && octet(reply, 0) != VERSION_5)
		return fail(why, FAIL_PROTOCOL, "does not speak SOCKS5");
	return 0;
}

int socks_method_missing(struct slice reply, struct fail *why)
{
	if (check_version(reply, why) != 0)
		return -1;
	if (reply.n < 2)
		return 2 - (int)reply.n;
	if (octet(reply, 1) == METHOD_NO_ACCEPTABLE)
		return fail(why, FAIL_REFUSED,
		    "asks for authentication, which is not supported");
	if (octet(reply, 1) != METHOD_NONE || reply.n > 2)
		return fail(why, FAIL_PROTOCOL, "does not speak SOCKS5");
	return 0;
}

/* RFC 1928 section 6. What may be different later is CONNECT. */
static int refused(unsigned code, struct fail *why)
{
	static const struct {
		enum fail_kind kind;
		const char *text;
	} codes[] = {
		[1] = { FAIL_CONNECT, "general failure of the proxy" },
		[2] = { FAIL_REFUSED, "not allowed by the rules of the proxy" },
		[3] = { FAIL_CONNECT, "network unreachable" },
		[4] = { FAIL_CONNECT, "host unreachable" },
		[5] = { FAIL_CONNECT, "connection refused" },
		[6] = { FAIL_CONNECT, "TTL expired" },
		[7] = { FAIL_REFUSED, "the proxy does not do CONNECT" },
		[8] = { FAIL_REFUSED,
		    "the proxy does not do this type of address" },
	};

	if (code < sizeof(codes) / sizeof(codes[0]))
		return fail(why, codes[code].kind, "%s", codes[code].text);
	return fail(why, FAIL_CONNECT, "error %u of the proxy", code);
}

/* Octets of the address with what says its length; 0: no such type. */
static size_t address_length(unsigned type, unsigned first)
{
	switch (type) {
	case ADDRESS_V4:
		return 4;
	case ADDRESS_V6:
		return 16;
	case ADDRESS_NAME:
		return 1 + first;
	default:
		return 0;
	}
}

int socks_reply_missing(struct slice reply, struct fail *why)
{
	size_t address, whole;

	if (check_version(reply, why) != 0)
		return -1;
	if (reply.n >= 2 && octet(reply, 1) != 0)
		return refused(octet(reply, 1), why);
	if (reply.n < REPLY_HEAD)
		return REPLY_HEAD - (int)reply.n;
	address = address_length(octet(reply, 3), octet(reply, 4));
	whole = REPLY_HEAD - 1 + address + 2;
	if (address == 0 || reply.n > whole)
		return fail(why, FAIL_PROTOCOL,
		    "its reply does not follow the rules of SOCKS5");
	return (int)(whole - reply.n);
}

/* ---- talking to it ---- */

static int wait_for(int fd, short events, struct deadline d, struct fail *why)
{
	int n = io_wait(fd, events, d);

	if (n > 0)
		return 0;
	return fail(why, FAIL_CONNECT, "%s",
	    n == 0 ? "no answer from the proxy: timed out" : strerror(errno));
}

static int put(int fd, struct slice bytes, struct deadline d, struct fail *why)
{
	while (bytes.n > 0) {
		ssize_t n = send(fd, bytes.p, bytes.n, MSG_NOSIGNAL);

		if (n >= 0)
			bytes = slice_skip(bytes, (size_t)n);
		else if (errno == EAGAIN && wait_for(fd, POLLOUT, d, why) != 0)
			return -1;
		else if (errno != EAGAIN && errno != EINTR)
			return fail(why, FAIL_CONNECT, "%s", strerror(errno));
	}
	return 0;
}

/* Reads, never more than is missing, until nothing is. */
static int get(int fd, int (*missing)(struct slice reply, struct fail *why),
    struct deadline d, struct fail *why)
{
	char bytes[SOCKS_REPLY_MAX];
	struct slice reply = { bytes, 0 };
	int more;

	while ((more = missing(reply, why)) > 0) {
		ssize_t n;

		if (wait_for(fd, POLLIN, d, why) != 0)
			return -1;
		n = recv(fd, bytes + reply.n, (size_t)more, 0);
		if (n == 0)
			return fail(why, FAIL_CONNECT,
			    "the proxy closed the connection");
		if (n > 0)
			reply.n += (size_t)n;
		else if (errno != EAGAIN && errno != EINTR)
			return fail(why, FAIL_CONNECT, "%s", strerror(errno));
	}
	return more;
}

/* The request of section 4; its length. */
static size_t make_request(
    char *request, const char *host, size_t n_host, unsigned port)
{
	unsigned char address[16];
	size_t n = 0, octets = host_address(host, address);

	request[n++] = VERSION_5;
	request[n++] = COMMAND_CONNECT;
	request[n++] = 0;
	if (octets) {
		request[n++] = octets == 4 ? ADDRESS_V4 : ADDRESS_V6;
		memcpy(request + n, address, octets);
		n += octets;
	} else {
		request[n++] = ADDRESS_NAME;
		request[n++] = (char)n_host;
		memcpy(request + n, host, n_host);
		n += n_host;
	}
	request[n++] = (char)(port >> 8);
	request[n++] = (char)port;
	return n;
}

int socks_connect(int fd, const char *host, unsigned port, struct deadline d,
    struct fail *why)
{
	static const char hello[] = { VERSION_5, 1, METHOD_NONE };
	char request[SOCKS_REPLY_MAX];
	size_t n = strlen(host);

	if (n == 0 || n > NAME_MAX_OCTETS)
		return fail(
		    why, FAIL_CONFIG, "the name of the host is too long");
	n = make_request(request, host, n, port);
	if (put(fd, (struct slice){ hello, sizeof(hello) }, d, why) != 0 ||
	    get(fd, socks_method_missing, d, why) != 0)
		return -1;
	if (put(fd, (struct slice){ request, n }, d, why) != 0 ||
	    get(fd, socks_reply_missing, d, why) != 0)
		return fail_wrap(why, "%s:%u", host, port);
	return 0;
}
