#include "buf.h"
#include "conn.h"
#include "unit.h"
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* A pair that keeps the pieces apart: one read returns one piece. */
static struct conn *pair(
    int type, const struct conn_trace *trace, int *ret_peer)
{
	int fd[2];

	if (socketpair(AF_UNIX, type, 0, fd) != 0)
		exit(1);
	*ret_peer = fd[1];
	return conn_new(fd[0], trace);
}

static void say(int peer, const char *bytes, size_t n)
{
	if (write(peer, bytes, n) != (ssize_t)n)
		exit(1);
}

/* As much of it as a connection takes at a time, again and again. */
static int stream(
    struct conn *c, struct slice bytes, int seconds, struct fail *why)
{
	int result;

	do {
		struct slice one = slice_head(bytes, CONN_ROOM);

		memcpy(conn_room(c), one.p, one.n);
		result = conn_stream(c, one.n, seconds, why);
		bytes = slice_skip(bytes, one.n);
	} while (result == 0 && bytes.n > 0);
	return result;
}

static struct deadline soon(void)
{
	return deadline_in_ms(5000);
}

TEST(lines)
{
	static const struct {
		const char *label;
		const char *piece[6];
		const char *line[6];
		enum fail_kind end;
	} rows[] = {
		{ "one", { "220 x\r\n" }, { "220 x" }, FAIL_LOST },
		{ "bare LF", { "220 x\n" }, { "220 x" }, FAIL_LOST },
		{ "two in a piece", { "a\r\nb\r\n" }, { "a", "b" }, FAIL_LOST },
		{ "cut in the line end", { "a\r", "\nb\r\n" }, { "a", "b" },
		    FAIL_LOST },
		{ "cut before the line end", { "a", "\r\n" }, { "a" },
		    FAIL_LOST },
		{ "byte by byte", { "2", "5", "0", "\r", "\n" }, { "250" },
		    FAIL_LOST },
		{ "empty lines", { "\r\n\n\r\n" }, { "", "", "" }, FAIL_LOST },
		{ "one CR is the end's", { "a\r\r\n" }, { "a\r" }, FAIL_LOST },
		{ "bare CR is none", { "a\rb\r\n" }, { "a\rb" }, FAIL_LOST },
		{ "not ended", { "250 ok" }, { NULL }, FAIL_LOST },
		{ "not ended with CR", { "250 ok\r" }, { NULL }, FAIL_LOST },
		{ "as long as may be", { "0123456789abcd\r\n" },
		    { "0123456789abcd" }, FAIL_LOST },
		{ "one too long", { "0123456789abcde\r\n" }, { NULL },
		    FAIL_PROTOCOL },
		{ "too long without end", { "0123456789abcdef" }, { NULL },
		    FAIL_PROTOCOL },
		{ "too long in pieces", { "01234567", "89abcdef" }, { NULL },
		    FAIL_PROTOCOL },
		{ "LF, as long as may be", { "0123456789abcde\n" },
		    { "0123456789abcde" }, FAIL_LOST },
		{ "good, then too long", { "a\r\n0123456789abcdef" }, { "a" },
		    FAIL_PROTOCOL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fail why = { .kind = FAIL_NONE };
		struct slice line;
		int peer, n = 0;
		struct conn *c = pair(SOCK_SEQPACKET, NULL, &peer);

		CASE(rows[i].label);
		for (int j = 0; j < 6 && rows[i].piece[j]; j++)
			say(peer, rows[i].piece[j], strlen(rows[i].piece[j]));
		close(peer);
		while (conn_line(c, 16, soon(), &line, &why) == 0 && n < 6 &&
		       rows[i].line[n])
			CHECK_SLICE(line, rows[i].line[n++]);
		CHECK(n == 6 || rows[i].line[n] == NULL);
		CHECK_INT(why.kind, rows[i].end);
		conn_free(c);
	}
}

TEST(cut_anywhere)
{
	static const char text[] = "250-first line\r\n250-\r\n250 last\n";
	static const char *const lines[] = { "250-first line", "250-",
		"250 last" };

	for (size_t at = 1; at < sizeof(text) - 1; at++) {
		int peer;
		struct conn *c = pair(SOCK_SEQPACKET, NULL, &peer);
		struct slice line;

		CASE("a cut");
		say(peer, text, at);
		say(peer, text + at, sizeof(text) - 1 - at);
		for (size_t i = 0; i < 3; i++) {
			CHECK_INT(conn_line(c, 100, soon(), &line, NULL), 0);
			CHECK_SLICE(line, lines[i]);
		}
		CHECK_INT(conn_surplus(c), 0);
		close(peer);
		conn_free(c);
	}
}

TEST(nul)
{
	int peer;
	struct conn *c = pair(SOCK_STREAM, NULL, &peer);
	struct slice line;

	say(peer, "a\0b\r\n", 5);
	CHECK_INT(conn_line(c, 100, soon(), &line, NULL), 0);
	CHECK_INT(line.n, 3);
	close(peer);
	conn_free(c);
}

TEST(surplus)
{
	int peer;
	struct conn *c = pair(SOCK_SEQPACKET, NULL, &peer);
	struct fail why;
	struct slice line;

	CASE("what came with the line");
	say(peer, "220 ok\r\nEHLO", 12);
	CHECK_INT(conn_line(c, 100, soon(), &line, NULL), 0);
	CHECK_INT(conn_surplus(c), 4);
	CASE("and stops TLS");
	CHECK_INT(conn_start_tls(c, NULL, soon(), &why), -1);
	CHECK_INT(why.kind, FAIL_PROTOCOL);
	CHECK(!conn_is_tls(c));
	close(peer);
	conn_free(c);
}

TEST(input_has_an_end)
{
	static char line[1024];
	int peer;
	struct conn *c = pair(SOCK_SEQPACKET, NULL, &peer);
	struct fail why = { .kind = FAIL_NONE };
	struct slice got;
	size_t n = 0;

	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\n';
	do {
		say(peer, line, sizeof(line));
		n++;
	} while (n < 1000 && conn_line(c, 2048, soon(), &got, &why) == 0);
	CHECK_INT(n, CONN_INPUT_MAX / sizeof(line) + 1);
	CHECK_INT(why.kind, FAIL_PROTOCOL);
	close(peer);
	conn_free(c);
}

TEST(too_late)
{
	int peer;
	struct conn *c = pair(SOCK_STREAM, NULL, &peer);
	struct fail why = { .kind = FAIL_NONE };
	struct slice line;
	int64_t before = io_now();

	CASE("silence");
	CHECK_INT(conn_line(c, 100, deadline_in_ms(60), &line, &why), -1);
	CHECK_INT(why.kind, FAIL_LOST);
	CHECK_STR(why.text, "timed out");
	CASE("half a line");
	say(peer, "250 o", 5);
	CHECK_INT(conn_line(c, 100, deadline_in_ms(60), &line, &why), -1);
	CHECK(io_now() - before >= 115);
	close(peer);
	conn_free(c);
}

TEST(in_time)
{
	int peer;
	struct conn *c = pair(SOCK_SEQPACKET, NULL, &peer);
	struct deadline past = deadline_in_ms(1);
	struct fail why = { .kind = FAIL_NONE };
	struct slice line;

	usleep(5000);
	CASE("we come late, it was in time");
	say(peer, "250 ok\r\n", 8);
	CHECK_INT(conn_line(c, 100, past, &line, &why), 0);
	CHECK_SLICE(line, "250 ok");
	CASE("nothing more is waited for");
	say(peer, "250 ", 4);
	say(peer, "ok\r\n", 4);
	CHECK_INT(conn_line(c, 100, past, &line, &why), -1);
	CHECK_STR(why.text, "timed out");
	CASE("a new deadline is a new chance");
	CHECK_INT(conn_line(c, 100, soon(), &line, &why), 0);
	CHECK_SLICE(line, "250 ok");
	close(peer);
	conn_free(c);
}

/* A drip does not move the deadline. */
TEST(drip)
{
	int peer, status;
	struct conn *c = pair(SOCK_STREAM, NULL, &peer);
	struct fail why = { .kind = FAIL_NONE };
	struct slice line;
	pid_t child = fork();

	if (child == 0) {
		for (int i = 0; i < 900; i++) {
			if (write(peer, "x", 1) != 1)
				break;
			usleep(20000);
		}
		_exit(0);
	}
	close(peer);
	CHECK_INT(conn_line(c, 1000, deadline_in_ms(200), &line, &why), -1);
	CHECK_INT(why.kind, FAIL_LOST);
	/* And not that the drip has come to its end. */
	CHECK_STR(why.text, "timed out");
	conn_free(c);
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
}

/* Takes n bytes from the peer's end and compares them. */
static void expect(int peer, const char *expected)
{
	char got[512];
	ssize_t n = recv(peer, got, sizeof(got) - 1, MSG_DONTWAIT);

	got[n > 0 ? n : 0] = '\0';
	CHECK_STR(got, expected);
}

TEST(flights)
{
	int peer;
	struct conn *c = pair(SOCK_SEQPACKET, NULL, &peer);

	CHECK_INT(conn_put(c, SLICE("MAIL\r\n"), soon(), NULL), 0);
	CHECK_INT(conn_put(c, SLICE(""), soon(), NULL), 0);
	CHECK_INT(conn_put(c, SLICE("RCPT\r\n"), soon(), NULL), 0);
	CASE("nothing leaves before the flush");
	CHECK_INT(conn_queued(c), 12);
	expect(peer, "");
	CASE("all in one piece");
	CHECK_INT(conn_flush(c, soon(), NULL), 0);
	CHECK_INT(conn_queued(c), 0);
	expect(peer, "MAIL\r\nRCPT\r\n");
	CASE("an empty flush is nothing");
	CHECK_INT(conn_flush(c, soon(), NULL), 0);
	expect(peer, "");
	close(peer);
	conn_free(c);
}

struct record {
	struct buf seen;
};

static void record_line(void *ctx, bool out, struct slice bytes)
{
	struct record *r = ctx;

	buf_adds(&r->seen, out ? ">" : "<");
	buf_add_slice(&r->seen, bytes);
	buf_adds(&r->seen, "|");
}

static void record_note(void *ctx, const char *text)
{
	struct record *r = ctx;

	buf_addf(&r->seen, "(%s)", text);
}

TEST(trace)
{
	struct record r;
	const struct conn_trace trace = { record_line, record_note, &r };
	static char x[6000];
	int peer;
	struct conn *c;
	struct slice line;

	buf_init(&r.seen, 10000);
	c = pair(SOCK_SEQPACKET, &trace, &peer);
	say(peer, "220 hello\r\n", 11);
	conn_line(c, 100, soon(), &line, NULL);
	conn_put(c, SLICE("EHLO x\r\n"), soon(), NULL);
	conn_put(c, SLICE("AUTH "), soon(), NULL);
	conn_put(c, SLICE("PLAIN "), soon(), NULL);
	CHECK_INT(conn_send_secret(
		      c, SLICE("AHUAc2VjcmV0"), "credentials", soon(), NULL),
	    0);
	conn_note(c, "auth");
	conn_put(c, SLICE("a\nb\r\nc"), soon(), NULL);
	conn_put(c, SLICE("\r\n"), soon(), NULL);
	CHECK_INT(stream(c, SLICE("body\r\n.\r\n"), 5, NULL), 0);
	CHECK_SLICE(buf_slice(&r.seen),
	    "<220 hello|>EHLO x|>AUTH PLAIN <credentials>|(auth)>a|>b|>c|"
	    ">body|>.|");
	expect(peer, "EHLO x\r\nAUTH PLAIN AHUAc2VjcmV0\r\n");
	CASE("a long line is cut, not kept");
	buf_clear(&r.seen);
	memset(x, 'x', sizeof(x));
	conn_put(c, (struct slice){ x, sizeof(x) }, soon(), NULL);
	conn_put(c, SLICE("\r\nnext\r\n"), soon(), NULL);
	CHECK(r.seen.n < 4200);
	CHECK(slice_iends(buf_slice(&r.seen), SLICE("|>next|")));
	close(peer);
	conn_free(c);
	buf_free(&r.seen);
}

/* Reads everything in a child, which counts; then the count is compared. */
static pid_t drain(int peer, size_t expected, unsigned pause)
{
	pid_t child = fork();
	char bytes[8192];
	size_t total = 0;
	ssize_t n;

	if (child != 0)
		return child;
	while (total < expected && (n = read(peer, bytes, sizeof(bytes))) > 0) {
		total += (size_t)n;
		usleep(pause);
	}
	_exit(total == expected ? 0 : 1);
}

static int drained(pid_t child)
{
	int status = -1;

	waitpid(child, &status, 0);
	return status;
}

TEST(more_than_the_queue)
{
	static char block[100 * 1000];

	static const struct {
		const char *label;
		bool is_stream;
	} rows[] = { { "put", false }, { "stream", true } };

	memset(block, 'b', sizeof(block));
	for (size_t i = 0; i < 2; i++) {
		struct slice s = { block, sizeof(block) };
		int peer;
		struct conn *c = pair(SOCK_STREAM, NULL, &peer);
		pid_t child = drain(peer, 10 * sizeof(block), 100);

		CASE(rows[i].label);
		close(peer);
		for (int n = 0; n < 10; n++)
			CHECK_INT(rows[i].is_stream
				      ? stream(c, s, 5, NULL)
				      : conn_put(c, s, soon(), NULL),
			    0);
		CHECK(conn_queued(c) < CONN_QUEUE_MAX);
		CHECK_INT(rows[i].is_stream ? stream(c, SLICE(""), 5, NULL)
					    : conn_flush(c, soon(), NULL),
		    0);
		CHECK_INT(drained(child), 0);
		conn_free(c);
	}
}

TEST(nobody_reads)
{
	static char block[1000 * 1000];
	int peer;
	struct conn *c = pair(SOCK_STREAM, NULL, &peer);
	struct fail why = { .kind = FAIL_NONE };
	struct slice s = { block, sizeof(block) };

	CASE("put");
	CHECK_INT(conn_put(c, s, deadline_in_ms(100), &why), -1);
	CHECK_INT(why.kind, FAIL_LOST);
	CASE("nothing leaves any more");
	CHECK_INT(conn_put(c, SLICE("x"), soon(), &why), -1);
	CHECK_INT(conn_flush(c, soon(), &why), -1);
	CHECK_INT(stream(c, SLICE(""), 5, &why), -1);
	CHECK_INT(conn_send_secret(c, SLICE("x"), "x", soon(), &why), -1);
	CHECK_INT(why.kind, FAIL_LOST);
	conn_free(c);
	close(peer);
	CASE("stream");
	c = pair(SOCK_STREAM, NULL, &peer);
	CHECK_INT(stream(c, s, 1, &why), -1);
	CHECK_STR(why.text, "timed out");
	conn_free(c);
	close(peer);
}

/* Of a peer that says nothing, or something by and by, and never a line. */
TEST(ends_of_a_wait)
{
	static const struct {
		const char *label;
		int ms;
		bool says;
	} rows[] = {
		{ "soon", 150, false },
		{ "soon, with a word now and then", 450, true },
		{ "later", 2350, false },
		{ "later, with a word now and then", 2350, true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fail why = { .kind = FAIL_NONE };
		struct slice line;
		int peer;
		struct conn *c = pair(SOCK_STREAM, NULL, &peer);
		struct deadline d = deadline_in_ms(rows[i].ms);
		pid_t child = rows[i].says ? fork() : -1;

		CASE(rows[i].label);
		while (child == 0 && write(peer, "x", 1) == 1)
			usleep(100000);
		CHECK_INT(conn_line(c, 100, d, &line, &why), -1);
		CHECK_INT(why.kind, FAIL_LOST);
		CHECK_STR(why.text, "timed out");
		CHECK(deadline_passed(d));
		if (child > 0) {
			kill(child, SIGKILL);
			drained(child);
		}
		close(peer);
		conn_free(c);
	}
}

/* The time is that without progress: a slow reader is served. */
TEST(slow_reader)
{
	static char block[600 * 1000];
	struct slice s = { block, sizeof(block) };
	int peer, small = 4096;
	struct conn *c;
	pid_t child;
	int fd[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fd) != 0 ||
	    setsockopt(fd[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)))
		exit(1);
	peer = fd[1];
	c = conn_new(fd[0], NULL);
	child = drain(peer, sizeof(block), 20000);
	close(peer);
	CHECK_INT(stream(c, s, 1, NULL), 0);
	CHECK_INT(stream(c, SLICE(""), 1, NULL), 0);
	CHECK_INT(drained(child), 0);
	conn_free(c);
}

TEST(last_words)
{
	int peer;
	struct conn *c = pair(SOCK_STREAM, NULL, &peer);
	struct fail why = { .kind = FAIL_NONE };
	struct slice line;

	say(peer, "421 4.3.0 going down\r\n", 22);
	close(peer);
	CHECK_INT(conn_put(c, SLICE("MAIL\r\n"), soon(), &why), 0);
	CHECK_INT(conn_flush(c, soon(), &why), -1);
	CHECK_INT(why.kind, FAIL_LOST);
	CHECK_INT(conn_line(c, 100, soon(), &line, &why), 0);
	CHECK_SLICE(line, "421 4.3.0 going down");
	CHECK_INT(conn_line(c, 100, soon(), &line, &why), -1);
	conn_free(c);
}

TEST(voice_in_a_stream)
{
	static char block[1000 * 1000];
	int peer;
	struct conn *c = pair(SOCK_STREAM, NULL, &peer);
	struct fail why = { .kind = FAIL_NONE };
	struct slice line, s = { block, sizeof(block) };

	CASE("heard before the first block");
	say(peer, "552 too much\r\n", 14);
	CHECK_INT(stream(c, s, 5, &why), 1);
	CHECK_INT(conn_line(c, 100, soon(), &line, &why), 0);
	CHECK_SLICE(line, "552 too much");
	CHECK_INT(stream(c, s, 5, &why), -1);
	conn_free(c);
	close(peer);
	CASE("the stream ends");
	c = pair(SOCK_STREAM, NULL, &peer);
	close(peer);
	CHECK_INT(stream(c, s, 5, &why), -1);
	CHECK_INT(why.kind, FAIL_LOST);
	conn_free(c);
}

/* While the kernel takes nothing, a word from the other side is heard. */
TEST(voice_in_a_jam)
{
	static char block[1000 * 1000];
	int peer;
	struct conn *c = pair(SOCK_STREAM, NULL, &peer);
	struct fail why = { .kind = FAIL_NONE };
	struct slice line, s = { block, sizeof(block) };
	pid_t child = fork();

	if (child == 0) {
		usleep(100000);
		say(peer, "421 no\r\n", 8);
		sleep(5);
		_exit(0);
	}
	CHECK_INT(stream(c, s, 30, &why), 1);
	CHECK_INT(conn_line(c, 100, soon(), &line, &why), 0);
	CHECK_SLICE(line, "421 no");
	kill(child, SIGKILL);
	drained(child);
	close(peer);
	conn_free(c);
}

TEST(kinds_of_socket)
{
	int peer, fd = socket(AF_INET, SOCK_STREAM, 0);
	struct conn *c = pair(SOCK_STREAM, NULL, &peer);

	CASE("UNIX");
	CHECK(conn_is_local(c));
	CHECK(!conn_is_tls(c));
	CHECK(conn_free(c) == NULL);
	close(peer);
	CASE("TCP");
	c = conn_new(fd, NULL);
	CHECK(!conn_is_local(c));
	conn_free(c);
	CASE("closed with the conn");
	CHECK_INT(fcntl(fd, F_GETFL), -1);
	CHECK(conn_free(NULL) == NULL);
}

/* The same over TCP. */
static struct conn *tcp_pair(int *ret_fd, int *ret_peer)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(to);
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (bind(listener, (struct sockaddr *)&to, n) != 0 ||
	    listen(listener, 1) != 0 ||
	    getsockname(listener, (struct sockaddr *)&to, &n) != 0 ||
	    connect(fd, (struct sockaddr *)&to, n) != 0)
		exit(1);
	*ret_peer = accept(listener, NULL, NULL);
	*ret_fd = fd;
	close(listener);
	return conn_new(fd, NULL);
}

/* What comes in pieces is acknowledged piece by piece, and nothing else is. */
TEST(acknowledged)
{
	static const struct {
		const char *label, *said;
		int is_acknowledged;
	} rows[] = {
		{ "a line in one piece", "250 ok\r\n", 0 },
		{ "nothing", "", 0 },
		{ "a piece of a line", "250 o", 1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fail why = { .kind = FAIL_NONE };
		struct slice line;
		int fd, peer, on = 0;
		socklen_t n = sizeof(on);
		struct conn *c = tcp_pair(&fd, &peer);

		CASE(rows[i].label);
		CHECK_INT(setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &on, n), 0);
		say(peer, rows[i].said, strlen(rows[i].said));
		(void)conn_line(c, 100, deadline_in_ms(50), &line, &why);
		CHECK_INT(
		    getsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &on, &n), 0);
		CHECK_INT(on, rows[i].is_acknowledged);
		conn_free(c);
		close(peer);
	}
}

/* The hand-shake has ends, too; see tests/real for what succeeds. */
TEST(hand_shakes)
{
	static const struct {
		const char *label, *bytes;
		size_t n;
		bool is_closed;
		enum fail_kind kind;
	} rows[] = {
		{ "a greeting in clear", "220 mail.example.com ESMTP\r\n", 28,
		    false, FAIL_PROTOCOL },
		{ "a page of the web", "HTTP/1.1 400 Bad Request\r\n\r\n", 28,
		    false, FAIL_PROTOCOL },
		{ "closed", "", 0, true, FAIL_TLS },
		{ "half a record", "\x16\x03\x03\x00\x40\x02", 6, true,
		    FAIL_TLS },
		{ "an alert", "\x15\x03\x03\x00\x02\x02\x28", 7, false,
		    FAIL_TLS },
		{ "silence", "", 0, false, FAIL_LOST },
	};

	const char *trust = getenv("TEST_TRUST");

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct tls_params params = { "mail.example.com", trust };
		struct fail why = { .kind = FAIL_NONE };
		struct tls *t = tls_new(&params, &why);
		int peer;
		struct conn *c = pair(SOCK_STREAM, NULL, &peer);

		CASE(rows[i].label);
		if (!t) { /* a machine without certificates */
			CHECK_INT(why.kind, FAIL_CONFIG);
			close(peer);
			conn_free(c);
			continue;
		}
		say(peer, rows[i].bytes, rows[i].n);
		if (rows[i].is_closed)
			shutdown(peer, SHUT_WR);
		CHECK_INT(conn_start_tls(c, t, deadline_in_ms(200), &why), -1);
		CHECK_INT(why.kind, rows[i].kind);
		CHECK(!conn_is_tls(c));
		close(peer);
		conn_free(c);
	}
}

TEST(tls_params)
{
	static const struct {
		const char *label;
		struct tls_params params;
	} rows[] = {
		{ "no file", { "mail.example.com", "/nonexistent/ca.pem" } },
		{ "no certificate in it",
		    { "mail.example.com", "/proc/self/status" } },
		{ "empty", { "mail.example.com", "/dev/null" } },
		{ "no host", { "", NULL } },
		{ "not a host", { "a b", NULL } },
		{ "no label", { "xn--\xff", NULL } },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fail why = { .kind = FAIL_NONE };

		CASE(rows[i].label);
		CHECK(tls_new(&rows[i].params, &why) == NULL);
		CHECK_INT(why.kind, FAIL_CONFIG);
		CHECK(why.text[0] != '\0');
	}
	CHECK(tls_free(NULL) == NULL);
	CHECK(strncmp(tls_library(), "GnuTLS 3.", 9) == 0);
}
