/*
 * resolve with a getaddrinfo() of the test: one that says what no resolver of
 * this machine can be made to say, or nothing at all. The module is included.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <unistd.h>

static int fake_look_up(const char *host, const char *port,
    const struct addrinfo *hints, struct addrinfo **ret);
static void fake_free(struct addrinfo *list);

static int no_fork;

static pid_t fake_fork(void)
{
	errno = EAGAIN;
	return no_fork ? -1 : fork();
}

#define fork         fake_fork
#define getaddrinfo  fake_look_up
#define freeaddrinfo fake_free
#include "../../src/base/resolve.c"
#undef fork
#undef getaddrinfo
#undef freeaddrinfo

#include "unit.h"

static void fake_free(struct addrinfo *list)
{
	if (!list->ai_canonname || list->ai_canonname[0] != '!') {
		freeaddrinfo(list);
		return;
	}
	while (list) {
		struct addrinfo *next = list->ai_next;

		free(list->ai_addr);
		free(list);
		list = next;
	}
}

/* "many-N": N addresses, 10.0.0.0 and what follows, and a canonical name. */
static int many(size_t n, struct addrinfo **ret)
{
	static char name[] = "!canonical";
	struct addrinfo *list = NULL;

	while (n-- > 0) {
		struct addrinfo *one = calloc(1, sizeof(*one));
		struct sockaddr_in *to = calloc(1, sizeof(*to));

		if (!one || !to)
			exit(1);
		to->sin_family = AF_INET;
		to->sin_addr.s_addr = htonl(0x0a000000 + (unsigned)n);
		*one = (struct addrinfo){ .ai_family = AF_INET,
			.ai_socktype = SOCK_STREAM,
			.ai_addr = (struct sockaddr *)to,
			.ai_addrlen = sizeof(*to),
			.ai_canonname = name,
			.ai_next = list };
		list = one;
	}
	*ret = list;
	return 0;
}

/* As its host says; an address is left to the real one. */
static int fake_look_up(const char *host, const char *port,
    const struct addrinfo *hints, struct addrinfo **ret)
{
	if (hints->ai_flags & AI_NUMERICHOST)
		return getaddrinfo(host, port, hints, ret);
	if (strcmp(host, "silent") == 0)
		for (;;)
			pause();
	if (strcmp(host, "crash") == 0)
		_exit(3);
	if (strcmp(host, "stdin") == 0)
		return read(STDIN_FILENO, (char[1]){ 0 }, 1) == 0 ? EAI_NONAME
								  : EAI_FAIL;
	if (strncmp(host, "many-", 5) == 0)
		return many((size_t)strtoul(host + 5, NULL, 10), ret);
	errno = ENETDOWN;
	return atoi(host + 1); /* "e-2": EAI_NONAME */
}

static int ask(
    const char *host, int64_t ms, struct addrinfo **ret, struct fail *why)
{
	struct resolve_query query = { host, 25, AI_ADDRCONFIG,
		deadline_in_ms(ms) };

	return resolve(&query, ret, why);
}

/* Nobody is left behind. */
static bool has_child(void)
{
	return waitpid(-1, NULL, WNOHANG) >= 0 || errno != ECHILD;
}

TEST(addresses_need_nobody)
{
	static const struct {
		const char *host;
		int family;
	} rows[] = {
		{ "127.0.0.1", AF_INET },
		{ "::1", AF_INET6 },
		{ "::ffff:192.0.2.1", AF_INET6 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fail why = { .kind = FAIL_NONE };
		struct addrinfo *list = NULL;
		char host[64], port[16];

		CASE(rows[i].host);
		CHECK_INT(ask(rows[i].host, 1, &list, &why), 0);
		if (!list)
			continue;
		CHECK_INT(list->ai_family, rows[i].family);
		CHECK_INT(list->ai_socktype, SOCK_STREAM);
		CHECK(!list->ai_next);
		CHECK_INT(getnameinfo(list->ai_addr, list->ai_addrlen, host,
			      sizeof(host), port, sizeof(port),
			      NI_NUMERICHOST | NI_NUMERICSERV),
		    0);
		CHECK_STR(host, rows[i].host);
		CHECK_STR(port, "25");
		CHECK(!resolve_free(list));
	}
}

TEST(all_that_fit)
{
	static const struct {
		const char *host;
		size_t n;
	} rows[] = {
		{ "many-1", 1 },
		{ "many-2", 2 },
		{ "many-64", 64 },
		{ "many-65", 64 },
		{ "many-4000", 64 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fail why = { .kind = FAIL_NONE };
		struct addrinfo *list = NULL, *one;
		size_t n = 0;

		CASE(rows[i].host);
		CHECK_INT(ask(rows[i].host, 20000, &list, &why), 0);
		CHECK(list && list->ai_canonname &&
		      strcmp(list->ai_canonname, "!canonical") == 0);
		for (one = list; one; one = one->ai_next, n++) {
			struct sockaddr_in to;

			memcpy(&to, one->ai_addr, sizeof(to));
			CHECK_INT(ntohl(to.sin_addr.s_addr), 0x0a000000 + n);
		}
		CHECK_INT(n, rows[i].n);
		resolve_free(list);
		CHECK(!has_child());
	}
}

TEST(failures)
{
	static const struct {
		const char *host;
		int64_t ms;
		enum fail_kind kind;
		const char *text; /* NULL: the library's */
	} rows[] = {
		{ "e-2", 20000, FAIL_NOHOST, NULL },
		{ "e-5", 20000, FAIL_NOHOST, NULL },
		{ "e-9", 20000, FAIL_NOHOST, NULL },
		{ "e-3", 20000, FAIL_DNS, NULL },
		{ "e-4", 20000, FAIL_DNS, NULL },
		{ "e-10", 20000, FAIL_NOMEM, NULL },
		{ "e-11", 20000, FAIL_DNS, "Network is down" },
		{ "many-0", 20000, FAIL_NOHOST, NULL },
		{ "crash", 20000, FAIL_DNS, "it has broken off" },
		{ "silent", 50, FAIL_DNS, "no answer in time" },
		{ "silent", 1, FAIL_DNS, "no answer in time" },
		/* Standard input is the mail: the child has none. */
		{ "stdin", 20000, FAIL_NOHOST, NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fail why = { .kind = FAIL_NONE };
		struct addrinfo *list = NULL;

		CASE(rows[i].host);
		CHECK_INT(ask(rows[i].host, rows[i].ms, &list, &why), -1);
		CHECK(!list);
		CHECK_INT(why.kind, rows[i].kind);
		CHECK(why.text[0] != '\0');
		if (rows[i].text)
			CHECK_STR(why.text, rows[i].text);
		CHECK(!has_child());
	}
	CASE("nobody asks why");
	CHECK_INT(ask("crash", 20000, &(struct addrinfo *){ NULL }, NULL), -1);
}

/* When no child can be had, the work is done all the same. */
TEST(without_a_child)
{
	struct fail why = { .kind = FAIL_NONE };
	struct addrinfo *list = NULL;

	no_fork = true;
	CASE("addresses");
	CHECK_INT(ask("many-3", 20000, &list, &why), 0);
	CHECK(list != NULL);
	resolve_free(list);
	CASE("a failure");
	CHECK_INT(ask("e-2", 20000, &list, &why), -1);
	CHECK_INT(why.kind, FAIL_NOHOST);
	no_fork = false;
	CASE("no limit");
	CHECK_INT(ask("many-3", 0, &list, &why), 0);
	resolve_free(list);
}
