#include "child.h"
#include "dns.h"
#include "io.h"
#include "unit.h"
#include <arpa/inet.h>
#include <signal.h>
#include <sys/socket.h>

/* ---- answers, in pieces of a notation ---- */

/* "\x" bytes are themselves: a name of this test's answers. */
#define QUESTION                                                               \
	"\x0c_submissions\x04_tcp\x07"                                         \
	"example\x03"                                                          \
	"com\x00\x00\x21\x00\x01"
#define NAME               "\xc0\x0c"
#define SRV                NAME "\x00\x21\x00\x01\x00\x00\x0e\x10"
#define HEAD(n)            "\x12\x34\x81\x80\x00\x01\x00" n "\x00\x00\x00\x00"
#define COM_AT             "\xc0\x1e" /* "example.com" in the question */
#define BYTES(label, text) label, text, sizeof(text) - 1

static const struct answer {
	const char *label, *bytes;
	size_t n;
	enum fail_kind kind;
	const char *host; /* the one to try first, NULL: none */
	unsigned port;
	size_t n_srv;
} answers[] = {
	{ BYTES("one", HEAD("\x01") QUESTION SRV "\x00\x0c\x00\x00\x00\x01"
						 "\x01\xd1\x03mx1" COM_AT),
	    FAIL_NONE, "mx1.example.com", 465, 1 },
	{ BYTES("priority, then weight", HEAD("\x03") QUESTION SRV
	      "\x00\x0c\x00\x0a\x00\xff\x01\xd1\x03mx1" COM_AT SRV
	      "\x00\x0c\x00\x05\x00\x01\x01\xd2\x03mx2" COM_AT SRV
	      "\x00\x0c\x00\x05\x00\x02\x01\xd3\x03mx3" COM_AT),
	    FAIL_NONE, "mx3.example.com", 467, 3 },
	{ BYTES("no such service",
	      HEAD("\x01") QUESTION SRV "\x00\x07\x00\x00\x00\x00\x00\x00"
					"\x00"),
	    FAIL_NONE, NULL, 0, 1 },
	{ BYTES("an alias in front", HEAD("\x02") QUESTION NAME
	      "\x00\x05\x00\x01\x00\x00\x0e\x10\x00\x02" COM_AT SRV
	      "\x00\x0c\x00\x00\x00\x01\x02\x4b\x03mx1" COM_AT),
	    FAIL_NONE, "mx1.example.com", 587, 1 },
	{ BYTES("no record", HEAD("\x00") QUESTION), FAIL_NOHOST, NULL, 0, 0 },
	{ BYTES("port 0", HEAD("\x01") QUESTION SRV
	      "\x00\x0c\x00\x00\x00\x01\x00\x00\x03mx1" COM_AT),
	    FAIL_NOHOST, NULL, 0, 0 },
	{ BYTES("a name with a line end",
	      HEAD("\x01") QUESTION SRV "\x00\x0c\x00\x00\x00\x01\x01\xd1\x03"
					"a\nb" COM_AT),
	    FAIL_NOHOST, NULL, 0, 0 },
	{ BYTES("a name with a blank",
	      HEAD("\x01") QUESTION SRV "\x00\x0c\x00\x00\x00\x01\x01\xd1\x03"
					"a b" COM_AT),
	    FAIL_NOHOST, NULL, 0, 0 },
	{ BYTES("a name that points to itself",
	      HEAD("\x01") QUESTION SRV "\x00\x08\x00\x00\x00\x01\x01\xd1"
					"\xc0\x41"),
	    FAIL_NOHOST, NULL, 0, 0 },
	{ BYTES("a record too short",
	      HEAD("\x01") QUESTION SRV "\x00\x06\x00\x00\x00\x01\x01\xd1"),
	    FAIL_NOHOST, NULL, 0, 0 },
	{ BYTES("an address", HEAD("\x01") QUESTION NAME
	      "\x00\x01\x00\x01\x00\x00\x0e\x10\x00\x04"
	      "\x7f\x00\x00\x01"),
	    FAIL_NOHOST, NULL, 0, 0 },
	{ BYTES("cut", HEAD("\x01") QUESTION SRV
	      "\x00\x0c\x00\x00\x00\x01\x01\xd1\x03mx"),
	    FAIL_DNS, NULL, 0, 0 },
	{ BYTES("more than there are",
	      HEAD("\x02") QUESTION SRV "\x00\x0c\x00\x00\x00\x01\x01\xd1"
					"\x03mx1" COM_AT),
	    FAIL_DNS, NULL, 0, 0 },
	{ BYTES("half a head", "\x12\x34\x81"), FAIL_DNS, NULL, 0, 0 },
	{ BYTES("nothing", ""), FAIL_DNS, NULL, 0, 0 },
};

enum { N_ANSWERS = sizeof(answers) / sizeof(answers[0]) };

TEST(parse)
{
	for (size_t i = 0; i < N_ANSWERS; i++) {
		const struct answer *row = &answers[i];
		struct slice bytes = { row->bytes, row->n };
		struct dns_srv_list list = { .n = 77 };
		struct fail why = { .kind = FAIL_NONE };
		const struct dns_srv *best;

		CASE(row->label);
		CHECK_INT(dns_parse_srv(bytes, &list, &why),
		    row->kind == FAIL_NONE ? 0 : -1);
		CHECK_INT(why.kind, row->kind);
		CHECK_INT(list.n, row->kind == FAIL_NONE ? row->n_srv : 77);
		if (row->kind != FAIL_NONE)
			continue;
		best = dns_choose_srv(&list);
		CHECK_STR(best ? best->host : NULL, row->host);
		CHECK_INT(best ? best->port : 0, row->port);
	}
}

/* Cut anywhere: a failure or fewer records, and no byte behind the end. */
TEST(cut_anywhere)
{
	const struct answer *whole = &answers[1];

	for (size_t n = 0; n < whole->n; n++) {
		struct dns_srv_list list;
		struct fail why = { .kind = FAIL_NONE };
		char *copy = malloc(n + 1);

		CASE("a cut");
		memcpy(copy, whole->bytes, n);
		CHECK_INT(
		    dns_parse_srv((struct slice){ copy, n }, &list, &why), -1);
		free(copy);
	}
}

/* ---- a server ---- */

struct server {
	int fd;
	const struct answer *answer;
	int rcode;
	bool is_silent;
};

/* Answers one question after the other, with the id it came with. */
static int serve(void *argument)
{
	const struct server *s = argument;
	unsigned char packet[512];
	struct sockaddr_in from;

	for (;;) {
		socklen_t size = sizeof(from);
		ssize_t n = recvfrom(s->fd, packet, sizeof(packet), 0,
		    (struct sockaddr *)&from, &size);
		char id[2];

		if (n < 12)
			return 1;
		if (s->is_silent)
			continue;
		memcpy(id, packet, 2);
		memcpy(packet, s->answer->bytes, s->answer->n);
		memcpy(packet, id, 2);
		packet[3] = (unsigned char)(0x80 | s->rcode);
		(void)sendto(s->fd, packet, s->answer->n, 0,
		    (struct sockaddr *)&from, size);
	}
}

TEST(look_up)
{
	static const struct {
		const char *label;
		size_t answer;
		int rcode;
		bool is_silent;
		enum fail_kind kind;
		const char *host;
	} rows[] = {
		{ "found", 0, 0, false, FAIL_NONE, "mx1.example.com" },
		{ "no such name", 4, 3, false, FAIL_NOHOST, NULL },
		{ "no such record", 4, 0, false, FAIL_NOHOST, NULL },
		{ "the server failed", 4, 2, false, FAIL_DNS, NULL },
		{ "refused", 4, 5, false, FAIL_DNS, NULL },
		{ "no answer", 0, 0, true, FAIL_DNS, NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sockaddr_in at = { .sin_family = AF_INET };
		struct dns_params params = { .server = &at,
			.seconds = rows[i].is_silent ? 2 : 60 };
		socklen_t size = sizeof(at);
		struct dns_srv_list list = { .n = 0 };
		struct fail why = { .kind = FAIL_NONE };
		struct server s = { socket(AF_INET, SOCK_DGRAM, 0),
			&answers[rows[i].answer], rows[i].rcode,
			rows[i].is_silent };
		int64_t start = io_now();
		pid_t pid;

		CASE(rows[i].label);
		at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		if (bind(s.fd, (struct sockaddr *)&at, size) != 0 ||
		    getsockname(s.fd, (struct sockaddr *)&at, &size) != 0)
			SKIP("no socket on the loopback interface");
		pid = child_start(serve, &s);
		CHECK_INT(dns_look_up_srv(&params,
			      "_submissions._tcp.example.com", &list, &why),
		    rows[i].kind == FAIL_NONE ? 0 : -1);
		CHECK_INT(why.kind, rows[i].kind);
		if (rows[i].host)
			CHECK_STR(list.v[0].host, rows[i].host);
		CHECK(io_now() - start < 60000);
		(void)kill(pid, SIGKILL);
		(void)child_wait(pid);
		close(s.fd);
	}
}
