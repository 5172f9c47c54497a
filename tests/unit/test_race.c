#include "race.h"
#include "unit.h"
#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <sys/socket.h>

/* Addresses as a resolver would give them, from a text. */
struct list {
	struct addrinfo v[32];
	struct sockaddr_storage address[32];
	size_t n;
};

static void add(struct list *l, const char *host, unsigned port)
{
	struct addrinfo *a = &l->v[l->n];
	struct sockaddr_storage *to = &l->address[l->n];
	struct sockaddr_in *v4 = (struct sockaddr_in *)to;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)to;
	bool is_v6 = strchr(host, ':') != NULL;

	memset(to, 0, sizeof(*to));
	*a = (struct addrinfo){ .ai_family = is_v6 ? AF_INET6 : AF_INET,
		.ai_socktype = SOCK_STREAM,
		.ai_addr = (struct sockaddr *)to,
		.ai_addrlen = is_v6 ? sizeof(*v6) : sizeof(*v4) };
	to->ss_family = (sa_family_t)a->ai_family;
	if (is_v6)
		v6->sin6_port = htons((uint16_t)port);
	else
		v4->sin_port = htons((uint16_t)port);
	if (inet_pton(a->ai_family, host,
		is_v6 ? (void *)&v6->sin6_addr : (void *)&v4->sin_addr) != 1)
		exit(1);
	if (l->n > 0)
		l->v[l->n - 1].ai_next = a;
	l->n++;
}

/* ---- the order ---- */

/* "4a" is the first address of IPv4, "6b" the second one of IPv6. */
static void add_words(struct list *l, const char *words)
{
	l->n = 0;
	for (; *words; words += words[2] ? 3 : 2) {
		char host[32];

		(void)snprintf(host, sizeof(host),
		    words[0] == '6' ? "2001:db8::%x" : "192.0.2.%d",
		    words[1] - 'a' + 1);
		add(l, host, 25);
	}
}

static void show(const struct addrinfo *const *order, size_t n, char *text)
{
	for (size_t i = 0; i < n; i++) {
		const struct addrinfo *a = order[i];
		const struct sockaddr_in *v4 = (const void *)a->ai_addr;
		const struct sockaddr_in6 *v6 = (const void *)a->ai_addr;
		bool is_v6 = a->ai_family == AF_INET6;
		unsigned last = is_v6 ? v6->sin6_addr.s6_addr[15]
				      : ntohl(v4->sin_addr.s_addr) & 0xff;

		text += sprintf(text, "%s%c%c", i ? " " : "", is_v6 ? '6' : '4',
		    (int)('a' + last - 1));
	}
	*text = '\0';
}

TEST(order)
{
	static const struct {
		const char *list;
		int family;
		const char *order;
	} rows[] = {
		{ "", AF_UNSPEC, "" },
		{ "4a", AF_UNSPEC, "4a" },
		{ "6a", AF_UNSPEC, "6a" },
		{ "4a 4b 4c", AF_UNSPEC, "4a 4b 4c" },
		{ "6a 6b 4a 4b", AF_UNSPEC, "6a 4a 6b 4b" },
		{ "4a 4b 6a 6b", AF_UNSPEC, "4a 6a 4b 6b" },
		{ "6a 4a 4b 4c", AF_UNSPEC, "6a 4a 4b 4c" },
		{ "6a 6b 6c 4a", AF_UNSPEC, "6a 4a 6b 6c" },
		{ "6a 4a 6b 4b", AF_UNSPEC, "6a 4a 6b 4b" },
		{ "6a 6b 4a 4b", AF_INET, "4a 4b" },
		{ "6a 6b 4a 4b", AF_INET6, "6a 6b" },
		{ "4a 6a", AF_INET6, "6a" },
		{ "4a 4b", AF_INET6, "" },
		{ "", AF_INET, "" },
		{ "6a 6b 6c 6d 6e 6f 6g 6h 6i 6j 4a", AF_UNSPEC,
		    "6a 4a 6b 6c 6d 6e 6f 6g 6h 6i 6j" },
		/* no more than sixteen, and both families among them */
		{ "6a 6b 6c 6d 6e 6f 6g 6h 6i 6j 4a 4b 4c 4d 4e 4f 4g 4h 4i",
		    AF_UNSPEC,
		    "6a 4a 6b 4b 6c 4c 6d 4d 6e 4e 6f 4f 6g 4g 6h 4h" },
		{ "4a 4b 4c 4d 4e 4f 4g 4h 4i 4j 4k 4l 4m 4n 4o 4p 4q", AF_INET,
		    "4a 4b 4c 4d 4e 4f 4g 4h 4i 4j 4k 4l 4m 4n 4o 4p" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct addrinfo *order[RACE_MAX];
		struct list l;
		char text[200];
		size_t n;

		CASE(rows[i].list);
		add_words(&l, rows[i].list);
		n = race_order(l.n ? l.v : NULL, rows[i].family, order);
		show(order, n, text);
		CHECK_STR(text, rows[i].order);
	}
}

/* ---- the race ---- */

/* A listener at this address, or a socket there that refuses. */
static int serve(const char *host, bool is_open, unsigned *port)
{
	struct list l = { .n = 0 };
	struct sockaddr_in6 got;
	socklen_t n = sizeof(got);
	int fd;

	add(&l, host, *port);
	fd = socket(l.v[0].ai_family, SOCK_STREAM, 0);
	if (fd < 0 || bind(fd, l.v[0].ai_addr, l.v[0].ai_addrlen) != 0 ||
	    (is_open && listen(fd, 0) != 0) ||
	    getsockname(fd, (struct sockaddr *)&got, &n) != 0)
		return io_close(fd);
	*port = ntohs(got.sin6_port); /* where that of IPv4 is, too */
	return fd;
}

static int descriptors(void)
{
	DIR *directory = opendir("/proc/self/fd");
	int n = 0;

	while (directory && readdir(directory))
		n++;
	if (directory)
		closedir(directory);
	return n;
}

static bool comes_from(int fd, const char *host, bool is_peer)
{
	struct sockaddr_in got = { .sin_family = AF_UNSPEC };
	char text[INET_ADDRSTRLEN] = "";
	socklen_t n = sizeof(got);

	if (is_peer)
		(void)getpeername(fd, (struct sockaddr *)&got, &n);
	else
		(void)getsockname(fd, (struct sockaddr *)&got, &n);
	(void)inet_ntop(AF_INET, &got.sin_addr, text, sizeof(text));
	return strcmp(text, host) == 0;
}

/* A listener whose queue is full drops what knocks, as a black hole does. */
struct hole {
	int fd[8];
};

static void dig(struct hole *h, const char *host, unsigned port)
{
	struct list l = { .n = 0 };

	add(&l, host, port);
	h->fd[0] = serve(host, true, &port);
	for (int i = 1; i < 8; i++) {
		h->fd[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		(void)connect(h->fd[i], l.v[0].ai_addr, l.v[0].ai_addrlen);
	}
}

static void fill(struct hole *h)
{
	for (int i = 0; i < 8; i++)
		io_close(h->fd[i]);
}

/* Who is reached, and who is not waited for: a letter an address, 'o' open,
 * 'r' refuses, 'h' is a black hole. */
TEST(who_wins)
{
	static const struct {
		const char *label, *field;
		const char *winner; /* NULL: nobody */
		const char *text;
		int at_least_ms;
	} rows[] = {
		{ "alone", "o", "127.0.0.2", "", 0 },
		{ "the first", "oo", "127.0.0.2", "", 0 },
		{ "behind a refusal, at once", "ro", "127.0.0.3", "", 0 },
		{ "behind five refusals", "rrrrro", "127.0.0.7", "", 0 },
		{ "behind a hole, after the stagger", "ho", "127.0.0.3", "",
		    240 },
		{ "behind two holes", "hho", "127.0.0.4", "", 490 },
		{ "a refusal spares the wait", "hro", "127.0.0.4", "", 240 },
		{ "all refuse", "rrr", NULL, "Connection refused", 0 },
		{ "a hole alone", "h", NULL, "Connection timed out", 900 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fail why = { .kind = FAIL_NONE };
		/* Whoever waits for a hole beside a winner fails by it. */
		struct race_params params = { .address_seconds =
						  rows[i].winner ? 600 : 1 };
		struct list l = { .n = 0 };
		struct hole holes[2];
		int server[8], n_holes = 0, before, fd;
		unsigned port = 0, n = (unsigned)strlen(rows[i].field);
		char host[8][32], text[100];
		int64_t start, spent;

		CASE(rows[i].label);
		for (unsigned j = 0; j < n; j++) {
			char what = rows[i].field[j];

			(void)snprintf(
			    host[j], sizeof(host[j]), "127.0.0.%u", j + 2);
			/* One port for all: that of the first one. */
			server[j] = what == 'h' && port
					? -1
					: serve(host[j], what == 'o', &port);
			if (what == 'h') {
				io_close(server[j]);
				server[j] = -1;
				dig(&holes[n_holes++], host[j], port);
			}
			add(&l, host[j], port);
		}
		params.list = l.v;
		params.total = deadline_in(600);
		before = descriptors();
		start = io_now();
		fd = race(&params, &why);
		spent = io_now() - start;
		CHECK_INT(fd >= 0, rows[i].winner != NULL);
		if (rows[i].winner) {
			CHECK(comes_from(fd, rows[i].winner, true));
		} else {
			(void)snprintf(text, sizeof(text),
			    "connect to %s:%u: %s", host[n - 1], port,
			    rows[i].text);
			CHECK_STR(why.text, text);
			CHECK_INT(why.kind, FAIL_CONNECT);
		}
		CHECK(spent >= rows[i].at_least_ms);
		CHECK(spent < 60000);
		/* No loser is left open. */
		CHECK_INT(descriptors(), before + (fd >= 0));
		io_close(fd);
		for (unsigned j = 0; j < n; j++)
			io_close(server[j]);
		while (n_holes > 0)
			fill(&holes[--n_holes]);
	}
}

TEST(source)
{
	static const struct {
		const char *label, *source;
		enum fail_kind kind;
		const char *text;
	} rows[] = {
		{ "another of this machine", "127.0.0.9", FAIL_NONE, "" },
		{ "not of this machine", "192.0.2.7", FAIL_OS,
		    "source address 192.0.2.7: Cannot assign requested "
		    "address" },
		{ "another family", "::1", FAIL_CONFIG,
		    "no address of IPv6, as the source address is" },
	};

	unsigned port = 0;
	int server = serve("127.0.0.1", true, &port);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct list to = { .n = 0 }, from = { .n = 0 };
		struct fail why = { .kind = FAIL_NONE };
		struct race_params params = { .address_seconds = 5,
			.total = deadline_in(5) };
		int fd;

		CASE(rows[i].label);
		add(&to, "127.0.0.1", port);
		add(&from, rows[i].source, 0);
		params.list = to.v;
		params.source = from.v;
		fd = race(&params, &why);
		CHECK_INT(fd >= 0, rows[i].kind == FAIL_NONE);
		CHECK_INT(why.kind, rows[i].kind);
		CHECK_STR(why.text, rows[i].text);
		if (fd >= 0)
			CHECK(comes_from(fd, rows[i].source, false));
		io_close(fd);
	}
	io_close(server);
}

TEST(no_time_left)
{
	struct list l = { .n = 0 };
	struct fail why = { .kind = FAIL_NONE };
	struct race_params params = {
		.list = l.v, .address_seconds = 5, .total = { .at = 1 }
	};

	add(&l, "127.0.0.1", 1);
	CHECK_INT(race(&params, &why), -1);
	CHECK_INT(why.kind, FAIL_DNS);
	CHECK_STR(why.text, "the look-up took too long");
}
