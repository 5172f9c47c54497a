#include "flight.h"
#include "io.h"
#include "unit.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

static struct flight flight;

/* A pair that keeps the pieces apart: one read returns one piece. */
static int begin(int type)
{
	int fd[2];

	if (socketpair(AF_UNIX, type, 0, fd) != 0)
		exit(1);
	flight_begin(&flight, fd[0]);
	return fd[1];
}

static void end(int peer)
{
	close(flight.fd);
	close(peer);
}

static void push(const char *text)
{
	CHECK_INT(flight_push(&flight, text, strlen(text)), strlen(text));
}

/* What pull gives for n bytes: the text, or the name of the error. */
static const char *pull(size_t n)
{
	static char text[64];
	ssize_t got = flight_pull(&flight, text, n);

	if (got < 0)
		return errno == EAGAIN ? "EAGAIN" : strerror(errno);
	text[got] = '\0';
	return text;
}

/* The pieces that have come at the peer, each in brackets. */
static const char *arrived(int peer)
{
	static char text[128];
	char piece[64];
	size_t n = 0;
	ssize_t got;

	text[0] = '\0';
	while ((got = recv(peer, piece, sizeof(piece), MSG_DONTWAIT)) > 0)
		n += (size_t)snprintf(
		    text + n, sizeof(text) - n, "[%.*s]", (int)got, piece);
	return text;
}

TEST(out)
{
	int peer = begin(SOCK_SEQPACKET);

	CASE("held");
	push("change");
	push("finished");
	CHECK_STR(arrived(peer), "");
	CHECK_STR(pull(5), "EAGAIN");
	CHECK_STR(arrived(peer), "[changefinished]");
	CASE("sent when asked");
	push("a");
	push("b");
	CHECK_INT(flight_send(&flight), 0);
	CHECK_STR(arrived(peer), "[ab]");
	CHECK_INT(flight_send(&flight), 0);
	CHECK_STR(arrived(peer), "");
	CASE("not held");
	push("held");
	flight.is_holding = false;
	push("one");
	push("two");
	CHECK_STR(arrived(peer), "[held][one][two]");
	end(peer);
}

/* More than the room there is goes out in order, and nothing is lost. */
TEST(out_of_room)
{
	int peer = begin(SOCK_STREAM);
	char block[FLIGHT_MAX - 1], got[2 * sizeof(block)];
	size_t n = 0;

	memset(block, 'a', sizeof(block));
	CHECK_INT(flight_push(&flight, block, sizeof(block)), sizeof(block));
	memset(block, 'b', sizeof(block));
	CHECK_INT(flight_push(&flight, block, sizeof(block)), sizeof(block));
	CHECK_INT(flight_send(&flight), 0);
	while (n < sizeof(got)) {
		ssize_t more = read(peer, got + n, sizeof(got) - n);

		if (more <= 0)
			break;
		n += (size_t)more;
	}
	CHECK_INT(n, sizeof(got));
	CHECK(got[0] == 'a' && got[sizeof(block) - 1] == 'a');
	CHECK(got[sizeof(block)] == 'b' && got[n - 1] == 'b');
	end(peer);
}

/* What the kernel does not take waits, and a part of it is not sent twice. */
TEST(full_socket)
{
	int peer = begin(SOCK_STREAM), size = 1;
	char block[4096], got[4096];
	size_t sent = 0, read_n = 0;
	ssize_t n;

	setsockopt(flight.fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	memset(block, 'x', sizeof(block));
	flight.is_holding = false;
	while ((n = flight_push(&flight, block, sizeof(block))) > 0)
		sent += (size_t)n;
	CHECK_INT(n, -1);
	CHECK_INT(errno, EAGAIN);
	flight.is_holding = true;
	push("last");
	sent += 4;
	flight_listen(&flight, false);
	CHECK_STR(pull(1), "EAGAIN");
	CHECK_INT(flight.out_n, 4);
	while ((n = recv(peer, got, sizeof(got), MSG_DONTWAIT)) > 0 ||
	       flight.out_n > 0) {
		read_n += n > 0 ? (size_t)n : 0;
		(void)flight_send(&flight);
	}
	CHECK_INT(read_n, sent);
	end(peer);
}

TEST(in)
{
	int peer = begin(SOCK_SEQPACKET);

	CASE("nothing is read before somebody has waited");
	CHECK_INT(write(peer, "12345record", 11), 11);
	CHECK_INT(write(peer, "more", 4), 4);
	CHECK_STR(pull(5), "EAGAIN");
	CASE("one read, many pulls");
	flight_listen(&flight, false);
	CHECK_STR(pull(5), "12345");
	CHECK_INT(flight_unread(&flight), 6);
	CHECK_STR(pull(60), "record");
	CHECK_INT(flight_unread(&flight), 0);
	CASE("and no second read");
	CHECK_STR(pull(5), "EAGAIN");
	flight_listen(&flight, false);
	CHECK_STR(pull(60), "more");
	CASE("in vain");
	flight_listen(&flight, false);
	CHECK_STR(pull(60), "EAGAIN");
	CHECK_STR(pull(60), "EAGAIN");
	end(peer);
}

/* A read may wait, as long as the socket lets it, and does so once. */
TEST(waits)
{
	const struct timeval limit = { .tv_usec = 50000 };
	int peer = begin(SOCK_STREAM);
	int64_t before = io_now();

	CHECK_INT(setsockopt(flight.fd, SOL_SOCKET, SO_RCVTIMEO, &limit,
		      sizeof(limit)),
	    0);
	CASE("in vain");
	flight_listen(&flight, true);
	CHECK_STR(pull(5), "EAGAIN");
	CHECK(io_now() - before >= 40);
	CASE("once");
	CHECK(!flight.may_wait);
	CASE("not when something is there");
	CHECK_INT(write(peer, "12345", 5), 5);
	flight_listen(&flight, true);
	CHECK_STR(pull(5), "12345");
	CHECK(!flight.may_wait);
	end(peer);
}

TEST(the_end)
{
	int peer = begin(SOCK_STREAM);

	CASE("of the stream is told as often as is asked");
	CHECK_INT(write(peer, "last", 4), 4);
	close(peer);
	flight_listen(&flight, false);
	CHECK_STR(pull(60), "last");
	flight_listen(&flight, false);
	CHECK_STR(pull(60), "");
	CHECK_STR(pull(60), "");
	CASE("nobody reads any more");
	flight.is_holding = false;
	CHECK_INT(flight_push(&flight, "x", 1), -1);
	CHECK_INT(errno, EPIPE);
	flight.is_holding = true;
	push("x");
	CHECK_INT(flight_send(&flight), -1);
	CHECK_INT(errno, EPIPE);
	CHECK_STR(pull(5), strerror(EPIPE));
	close(flight.fd);
}
