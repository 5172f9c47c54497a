#include "dial.h"
#include "host.h"
#include "unit.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

/* A socket bound to the loopback; it refuses until somebody listens. */
static int bound(int family, unsigned *ret_port)
{
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6,
		.sin6_addr = in6addr_loopback };
	struct sockaddr_in v4 = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_storage got;
	socklen_t n = sizeof(got);
	int fd = socket(family, SOCK_STREAM, 0), status;

	status = family == AF_INET6
		     ? bind(fd, (struct sockaddr *)&v6, sizeof(v6))
		     : bind(fd, (struct sockaddr *)&v4, sizeof(v4));
	if (fd < 0 || status != 0 ||
	    getsockname(fd, (struct sockaddr *)&got, &n) != 0)
		return io_close(fd);
	*ret_port =
	    ntohs(family == AF_INET6 ? ((struct sockaddr_in6 *)&got)->sin6_port
				     : ((struct sockaddr_in *)&got)->sin_port);
	return fd;
}

TEST(connects)
{
	static const struct {
		const char *host;
		int family;
	} rows[] = {
		{ "127.0.0.1", AF_INET },
		{ "::1", AF_INET6 },
		/* May stand for ::1, too, where nobody listens. */
		{ "localhost", AF_INET },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fail why = { .kind = FAIL_NONE };
		unsigned port;
		int server = bound(rows[i].family, &port), fd, on = 0;
		struct dial_params params = { rows[i].host, 0, 5, 5 };
		socklen_t n = sizeof(on);

		CASE(rows[i].host);
		if (server < 0) /* no IPv6 here */
			continue;
		CHECK_INT(listen(server, 5), 0);
		params.port = port;
		fd = dial(&params, &why);
		CHECK_STR(why.text, "");
		CHECK(fd >= 0);
		CHECK(fcntl(fd, F_GETFL) & O_NONBLOCK);
		CHECK(fcntl(fd, F_GETFD) & FD_CLOEXEC);
		CHECK_INT(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, &n), 0);
		CHECK(on != 0);
		io_close(fd);
		io_close(server);
	}
}

TEST(refused)
{
	static const struct {
		const char *host, *shown;
		int family;
	} rows[] = {
		{ "127.0.0.1", "127.0.0.1", AF_INET },
		{ "::1", "[::1]", AF_INET6 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fail why = { .kind = FAIL_NONE };
		unsigned port;
		int server = bound(rows[i].family, &port);
		struct dial_params params = { rows[i].host, 0, 5, 5 };
		char expected[100];

		CASE(rows[i].host);
		if (server < 0)
			continue;
		params.port = port;
		CHECK_INT(dial(&params, &why), -1);
		CHECK_INT(why.kind, FAIL_CONNECT);
		(void)snprintf(expected, sizeof(expected),
		    "connect to %s:%u: Connection refused", rows[i].shown,
		    port);
		CHECK_STR(why.text, expected);
		io_close(server);
	}
}

/* A queue that is full: the kernel drops what knocks. */
TEST(silence)
{
	static const struct {
		const char *label;
		int address, total;
	} rows[] = { { "per address", 1, 600 }, { "in all", 600, 1 } };

	unsigned port = 0;
	int server = bound(AF_INET, &port), knock[8];
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons((uint16_t)port) };

	CHECK_INT(listen(server, 0), 0);
	for (int i = 0; i < 8; i++) {
		knock[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		(void)connect(knock[i], (struct sockaddr *)&to, sizeof(to));
	}
	for (size_t i = 0; i < 2; i++) {
		struct dial_params params = { "127.0.0.1", port,
			rows[i].address, rows[i].total };
		struct fail why = { .kind = FAIL_NONE };
		int64_t before = io_now();

		CASE(rows[i].label);
		CHECK_INT(dial(&params, &why), -1);
		CHECK_INT(why.kind, FAIL_CONNECT);
		CHECK(strstr(why.text, "timed out") != NULL);
		CHECK(io_now() - before >= 900 && io_now() - before < 60000);
	}
	for (int i = 0; i < 8; i++)
		io_close(knock[i]);
	io_close(server);
}

TEST(names)
{
	static const struct {
		const char *label, *host;
		unsigned port;
		enum fail_kind kind, or_kind; /* where DNS is out of reach */
	} rows[] = {
		{ "no such name", "no-such-host.invalid", 25, FAIL_NOHOST,
		    FAIL_DNS },
		{ "no such name, internationalised",
		    "b\xc3\xbc"
		    "cher.invalid",
		    25, FAIL_NOHOST, FAIL_DNS },
		{ "empty", "", 25, FAIL_CONFIG, FAIL_CONFIG },
		{ "NULL", NULL, 25, FAIL_CONFIG, FAIL_CONFIG },
		{ "blank", "a b", 25, FAIL_CONFIG, FAIL_CONFIG },
		{ "line end", "a\nb", 25, FAIL_CONFIG, FAIL_CONFIG },
		{ "DEL", "a\x7f", 25, FAIL_CONFIG, FAIL_CONFIG },
		{ "not UTF-8", "a\xff.example", 25, FAIL_CONFIG, FAIL_CONFIG },
		{ "port 0", "127.0.0.1", 0, FAIL_CONFIG, FAIL_CONFIG },
		{ "port 65536", "127.0.0.1", 65536, FAIL_CONFIG, FAIL_CONFIG },
	};

	char large[300];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct dial_params params = { rows[i].host, rows[i].port, 5,
			20 };
		struct fail why = { .kind = FAIL_NONE };

		CASE(rows[i].label);
		CHECK_INT(dial(&params, &why), -1);
		CHECK(why.kind == rows[i].kind || why.kind == rows[i].or_kind);
		CHECK(why.text[0] != '\0');
	}
	for (size_t n = 254; n <= 255; n++) {
		struct fail why = { .kind = FAIL_NONE };
		char *ascii;

		CASE("length");
		memset(large, 'a', sizeof(large));
		large[n] = '\0';
		ascii = host_to_ascii(large, &why);
		CHECK_INT(ascii != NULL, n == 254);
		free(ascii);
	}
}

TEST(ascii)
{
	static const struct {
		const char *host, *ascii;
	} rows[] = {
		{ "mail.example.com", "mail.example.com" },
		{ "MAIL.example.com.", "MAIL.example.com." },
		{ "b\xc3\xbc"
		  "cher.example",
		    "xn--bcher-kva.example" },
		{ "B\xc3\x9c"
		  "CHER.example",
		    "xn--bcher-kva.example" },
		/* Non-transitional: the sharp s stays itself. */
		{ "stra\xc3\x9f"
		  "e.example",
		    "xn--strae-oqa.example" },
		{ "192.0.2.1", "192.0.2.1" },
		{ "2001:db8::1", "2001:db8::1" },
		{ "under_score.example", "under_score.example" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fail why = { .kind = FAIL_NONE };
		char *ascii = host_to_ascii(rows[i].host, &why);

		CASE(rows[i].host);
		CHECK_STR(ascii, rows[i].ascii);
		free(ascii);
	}
}

TEST(names_of_hosts)
{
	static const struct {
		const char *name;
		bool is_one;
	} rows[] = {
		{ "a", true },
		{ "A-1_b.c.", true },
		{ "", false },
		{ ".", false },
		{ ".a", false },
		{ "a..b", false },
		{ "a..", false },
		{ "a b", false },
		{ "a>", false },
		{ "a/c", false },
		{ "[", false },
		{ "b\xc3\xbc", false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CASE(rows[i].name);
		CHECK_INT(host_is_name(rows[i].name), rows[i].is_one);
	}
}

TEST(addresses)
{
	static const struct {
		const char *host;
		size_t octets;
		unsigned char last;
	} rows[] = {
		{ "127.0.0.1", 4, 1 },
		{ "192.0.2.255", 4, 255 },
		{ "::", 16, 0 },
		{ "2001:db8::1", 16, 1 },
		{ "::ffff:192.0.2.7", 16, 7 },
		{ "192.0.2.256", 0 },
		{ "192.0.2", 0 },
		{ "1", 0 },
		{ "0x7f.1", 0 },
		{ "[::1]", 0 },
		{ "mail.example.com", 0 },
		{ "1.example", 0 },
		{ "", 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned char address[16];
		size_t n = host_address(rows[i].host, address);

		CASE(rows[i].host);
		CHECK_INT(n, rows[i].octets);
		CHECK_INT(host_is_address(rows[i].host), n > 0);
		if (n > 0)
			CHECK_INT(address[n - 1], rows[i].last);
	}
}
