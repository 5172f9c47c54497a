#include "socks.h"
#include "unit.h"
#include <fcntl.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#define BYTES(literal)                                                         \
	{                                                                      \
		(literal), sizeof(literal) - 1                                 \
	}

/* A name of 255 octets. */
#define A16  "aaaaaaaaaaaaaaaa"
#define A64  A16 A16 A16 A16
#define A255 A64 A64 A64 A16 A16 A16 "aaaaaaaaaaaaaaa"

TEST(method)
{
	static const struct {
		const char *label;
		struct slice reply;
		int missing;
		enum fail_kind kind;
	} rows[] = {
		{ "nothing", BYTES(""), 2, FAIL_NONE },
		{ "half", BYTES("\5"), 1, FAIL_NONE },
		{ "yes", BYTES("\5\0"), 0, FAIL_NONE },
		{ "a password", BYTES("\5\377"), -1, FAIL_REFUSED },
		{ "one that was not offered", BYTES("\5\2"), -1,
		    FAIL_PROTOCOL },
		{ "version 4", BYTES("\4"), -1, FAIL_PROTOCOL },
		{ "a web server", BYTES("HT"), -1, FAIL_PROTOCOL },
		{ "a mail server", BYTES("2"), -1, FAIL_PROTOCOL },
		{ "more than was asked for", BYTES("\5\0\0"), -1,
		    FAIL_PROTOCOL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fail why = { .kind = FAIL_NONE };

		CASE(rows[i].label);
		CHECK_INT(
		    socks_method_missing(rows[i].reply, &why), rows[i].missing);
		CHECK_INT(why.kind, rows[i].kind);
	}
}

TEST(reply)
{
	static const struct {
		const char *label;
		struct slice reply;
		int missing;
		enum fail_kind kind;
		const char *text;
	} rows[] = {
		{ "nothing", BYTES(""), 5, FAIL_NONE, "" },
		{ "half a head", BYTES("\5\0"), 3, FAIL_NONE, "" },
		{ "IPv4", BYTES("\5\0\0\1\0\0\0\0\0\0"), 0, FAIL_NONE, "" },
		{ "IPv4, the head", BYTES("\5\0\0\1\0"), 5, FAIL_NONE, "" },
		{ "IPv4, but one", BYTES("\5\0\0\1\0\0\0\0\0"), 1, FAIL_NONE,
		    "" },
		{ "IPv4 and one", BYTES("\5\0\0\1\0\0\0\0\0\0\0"), -1,
		    FAIL_PROTOCOL,
		    "its reply does not follow the rules of SOCKS5" },
		{ "IPv6, the head", BYTES("\5\0\0\4\0"), 17, FAIL_NONE, "" },
		{ "IPv6", BYTES("\5\0\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
		    0, FAIL_NONE, "" },
		{ "an empty name", BYTES("\5\0\0\3\0"), 2, FAIL_NONE, "" },
		{ "an empty name, all of it", BYTES("\5\0\0\3\0\0\0"), 0,
		    FAIL_NONE, "" },
		{ "a name", BYTES("\5\0\0\3\5local"), 2, FAIL_NONE, "" },
		{ "the longest name, the head", BYTES("\5\0\0\3\377"), 257,
		    FAIL_NONE, "" },
		{ "the longest name", BYTES("\5\0\0\3\377" A255 "\0\0"), 0,
		    FAIL_NONE, "" },
		{ "no type", BYTES("\5\0\0\0\0"), -1, FAIL_PROTOCOL,
		    "its reply does not follow the rules of SOCKS5" },
		{ "an unknown type", BYTES("\5\0\0\2\0"), -1, FAIL_PROTOCOL,
		    "its reply does not follow the rules of SOCKS5" },
		{ "another version", BYTES("\4\132"), -1, FAIL_PROTOCOL,
		    "does not speak SOCKS5" },
		{ "1", BYTES("\5\1"), -1, FAIL_CONNECT,
		    "general failure of the proxy" },
		{ "2", BYTES("\5\2"), -1, FAIL_REFUSED,
		    "not allowed by the rules of the proxy" },
		{ "3", BYTES("\5\3"), -1, FAIL_CONNECT, "network unreachable" },
		{ "4", BYTES("\5\4"), -1, FAIL_CONNECT, "host unreachable" },
		{ "5", BYTES("\5\5"), -1, FAIL_CONNECT, "connection refused" },
		{ "6", BYTES("\5\6"), -1, FAIL_CONNECT, "TTL expired" },
		{ "7", BYTES("\5\7"), -1, FAIL_REFUSED,
		    "the proxy does not do CONNECT" },
		{ "8", BYTES("\5\10"), -1, FAIL_REFUSED,
		    "the proxy does not do this type of address" },
		{ "9", BYTES("\5\11"), -1, FAIL_CONNECT,
		    "error 9 of the proxy" },
		{ "255", BYTES("\5\377"), -1, FAIL_CONNECT,
		    "error 255 of the proxy" },
		{ "an error, all of it", BYTES("\5\5\0\1\0\0\0\0\0\0"), -1,
		    FAIL_CONNECT, "connection refused" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fail why = { .kind = FAIL_NONE };

		CASE(rows[i].label);
		CHECK_INT(
		    socks_reply_missing(rows[i].reply, &why), rows[i].missing);
		CHECK_INT(why.kind, rows[i].kind);
		CHECK_STR(why.text, rows[i].text);
	}
}

/* ---- a whole exchange ---- */

/* What the proxy says, a piece each, after it has heard so many octets. */
struct proxy {
	int fd;
	const struct slice *says; /* ends with an empty one */
	size_t n_request;
	bool is_dripping;
	char heard[300];
	size_t n_heard;
};

static void hear(struct proxy *p, size_t n)
{
	while (p->n_heard < n) {
		ssize_t got =
		    read(p->fd, p->heard + p->n_heard, n - p->n_heard);

		if (got <= 0)
			return;
		p->n_heard += (size_t)got;
	}
}

static void say(const struct proxy *p, struct slice s)
{
	size_t step = p->is_dripping ? 1 : s.n;

	for (size_t i = 0; i < s.n; i += step)
		if (send(p->fd, s.p + i, step, MSG_NOSIGNAL) < 0)
			return;
}

static void *run_proxy(void *context)
{
	struct proxy *p = context;

	hear(p, 3);
	say(p, p->says[0]);
	if (p->says[1].n) {
		hear(p, 3 + p->n_request);
		say(p, p->says[1]);
	}
	shutdown(p->fd, SHUT_WR);
	return NULL;
}

TEST(exchange)
{
	static const struct {
		const char *label, *host;
		struct slice request;
		struct slice says[2];
		enum fail_kind kind;
		const char *text;
		const char *left; /* behind the proxy's reply */
	} rows[] = {
		{ "a name", "mail.example.com",
		    BYTES("\5\1\0\3\20mail.example.com\2\113"),
		    { BYTES("\5\0"), BYTES("\5\0\0\1\0\0\0\0\0\0") }, FAIL_NONE,
		    "", "" },
		{ "IPv4", "192.0.2.1", BYTES("\5\1\0\1\300\0\2\1\2\113"),
		    { BYTES("\5\0"), BYTES("\5\0\0\3\4host\0\0") }, FAIL_NONE,
		    "", "" },
		{ "IPv6", "2001:db8::1",
		    BYTES("\5\1\0\4\40\1\15\270\0\0\0\0\0\0\0\0\0\0\0\1\2\113"),
		    { BYTES("\5\0"),
			BYTES("\5\0\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0") },
		    FAIL_NONE, "", "" },
		{ "the longest name", A255, BYTES("\5\1\0\3\377" A255 "\2\113"),
		    { BYTES("\5\0"), BYTES("\5\0\0\1\0\0\0\0\0\0") }, FAIL_NONE,
		    "", "" },
		{ "a server that speaks at once", "h",
		    BYTES("\5\1\0\3\1h\2\113"),
		    { BYTES("\5\0"), BYTES("\5\0\0\1\0\0\0\0\0\0"
					   "220 hello\r\n") },
		    FAIL_NONE, "", "220 hello\r\n" },
		{ "a refusal", "h", BYTES("\5\1\0\3\1h\2\113"),
		    { BYTES("\5\0"), BYTES("\5\5\0\1\0\0\0\0\0\0") },
		    FAIL_CONNECT, "h:587: connection refused", NULL },
		{ "half a refusal", "h", BYTES("\5\1\0\3\1h\2\113"),
		    { BYTES("\5\0"), BYTES("\5\2") }, FAIL_REFUSED,
		    "h:587: not allowed by the rules of the proxy", NULL },
		{ "half a reply", "h", BYTES("\5\1\0\3\1h\2\113"),
		    { BYTES("\5\0"), BYTES("\5\0\0\1\0\0") }, FAIL_CONNECT,
		    "h:587: the proxy closed the connection", NULL },
		{ "no reply", "h", BYTES(""), { BYTES("\5\0"), BYTES("") },
		    FAIL_CONNECT, "h:587: the proxy closed the connection",
		    NULL },
		{ "half a method", "h", BYTES(""), { BYTES("\5"), BYTES("") },
		    FAIL_CONNECT, "the proxy closed the connection", NULL },
		{ "nothing", "h", BYTES(""), { BYTES(""), BYTES("") },
		    FAIL_CONNECT, "the proxy closed the connection", NULL },
		{ "a web server", "h", BYTES(""),
		    { BYTES("HTTP/1.1 400 Bad Request\r\n\r\n"), BYTES("") },
		    FAIL_PROTOCOL, "does not speak SOCKS5", NULL },
		{ "no name", "", BYTES(""), { BYTES(""), BYTES("") },
		    FAIL_CONFIG, "the name of the host is too long", NULL },
		{ "too long a name", A255 "a", BYTES(""),
		    { BYTES(""), BYTES("") }, FAIL_CONFIG,
		    "the name of the host is too long", NULL },
	};

	for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
		const struct slice *says = rows[i / 2].says;
		struct proxy p = { .says = says,
			.n_request = rows[i / 2].request.n,
			.is_dripping = i % 2 };
		struct fail why = { .kind = FAIL_NONE };
		const char *left = rows[i / 2].left;
		pthread_t thread;
		char rest[100];
		int fd[2], result;

		CASE(rows[i / 2].label);
		if (socketpair(AF_UNIX, SOCK_STREAM, 0, fd) != 0)
			exit(1);
		(void)fcntl(fd[0], F_SETFL, O_NONBLOCK);
		p.fd = fd[1];
		if (pthread_create(&thread, NULL, run_proxy, &p) != 0)
			exit(1);
		result = socks_connect(
		    fd[0], rows[i / 2].host, 587, deadline_in(10), &why);
		if (result != 0)
			shutdown(fd[0], SHUT_WR);
		pthread_join(thread, NULL);
		CHECK_INT(result, left ? 0 : -1);
		CHECK_INT(why.kind, rows[i / 2].kind);
		CHECK_STR(why.text, rows[i / 2].text);
		if (rows[i / 2].request.n) {
			CHECK(memcmp(p.heard, "\5\1\0", 3) == 0);
			CHECK(memcmp(p.heard + 3, rows[i / 2].request.p,
				  rows[i / 2].request.n) == 0);
		}
		if (left) {
			ssize_t n = read(fd[0], rest, sizeof(rest));

			CHECK_INT(n, strlen(left));
			CHECK(n < 0 || memcmp(rest, left, (size_t)n) == 0);
		}
		io_close(fd[0]);
		io_close(fd[1]);
	}
}

TEST(silence)
{
	static const struct slice pieces[] = { BYTES(""), BYTES("\5"),
		BYTES("\5\0"), BYTES("\5\0\5\0\0\1") };

	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		struct fail why = { .kind = FAIL_NONE };
		int64_t before = io_now();
		int fd[2];

		CASE(i ? "silence in the middle" : "silence");
		if (socketpair(AF_UNIX, SOCK_STREAM, 0, fd) != 0 ||
		    (pieces[i].n && write(fd[1], pieces[i].p, pieces[i].n) < 0))
			exit(1);
		(void)fcntl(fd[0], F_SETFL, O_NONBLOCK);
		CHECK_INT(
		    socks_connect(fd[0], "h", 25, deadline_in_ms(200), &why),
		    -1);
		CHECK_INT(why.kind, FAIL_CONNECT);
		CHECK(strstr(why.text, "timed out") != NULL);
		CHECK(io_now() - before >= 190);
		io_close(fd[0]);
		io_close(fd[1]);
	}
}
