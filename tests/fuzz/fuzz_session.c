/*
 * fuzz_session: a whole dialogue with a server that says what it likes. The
 * first byte picks the circumstances, the second the number of recipients;
 * the rest is what the server sends, in pieces that '|' ends. A pair of
 * sockets that keeps pieces apart makes it repeatable: the client gets one
 * piece a read, and the end of the stream after the last.
 *
 * Whatever the server does: what goes to it is well formed, the outcome is
 * complete, and it agrees with whether the final dot has left.
 */
#include "session.h"
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

enum {
	AUTH = 1,
	LAST = 2,
	ALL_OR_NOTHING = 4,
	LARGE = 8,
	LOGIN = 16,
	CRAM = 32,
	SCRAM = 64,
	GONE = 128
};

enum { RCPT_MAX = 16, PIECES_MAX = 64 };

static void require(bool is_true)
{
	if (!is_true)
		abort();
}

/* Messages are the same for each run. */
static struct msg *message(bool is_large)
{
	static const struct intake_params params = { .max_size = 0 };
	static struct msg kept[2];
	static bool is_made[2];
	struct fail why;
	int fd;

	if (is_made[is_large])
		return &kept[is_large];
	fd = io_temp();
	require(io_write(fd, "Subject: t\n\n.dots\n\xc3\xa4\n", 21) == 0);
	for (int i = 0; is_large && i < 3000; i++)
		require(
		    io_write(fd, "0123456789 0123456789 01234567\n", 31) == 0);
	require(io_write(fd, "The end.\n", 9) == 0);
	require(lseek(fd, 0, SEEK_SET) == 0);
	msg_init(&kept[is_large]);
	require(msg_intake(&kept[is_large], fd, &params, &why) == 0);
	io_close(fd);
	is_made[is_large] = true;
	return &kept[is_large];
}

static void say(int fd, struct slice script)
{
	struct slice piece;

	for (int i = 0; i < PIECES_MAX; i++) {
		if (!slice_take_until(&script, '|', &piece))
			break;
		/* An empty piece would read as the end of the stream. */
		if (piece.n > 0 && send(fd, piece.p, piece.n, MSG_DONTWAIT) < 0)
			break;
	}
	shutdown(fd, SHUT_WR);
}

static void hear(int fd, struct buf *b)
{
	static char piece[CONN_QUEUE_MAX];
	ssize_t got;

	(void)recv(fd, piece, 0, MSG_DONTWAIT | MSG_PEEK);
	while ((got = recv(fd, piece, sizeof(piece), MSG_DONTWAIT)) > 0)
		buf_add(b, piece, (size_t)got);
}

static void check_text(const char *text)
{
	for (; *text; text++)
		require(
		    (!is_control(*text) && !is_8bit(*text)) || *text == '\n');
}

static void check_class(enum outcome_class class, const struct fail *why,
    const struct outcome_reply *reply)
{
	require((class == OUTCOME_ACCEPTED) == (why->kind == FAIL_NONE));
	require((class == OUTCOME_UNKNOWN) == (why->kind == FAIL_UNSURE));
	require((class == OUTCOME_ACCEPTED) == (why->text[0] == '\0'));
	require(class != OUTCOME_TEMP || reply->code / 100 == 4);
	require(class != OUTCOME_PERM || reply->code / 100 == 5);
	require(class != OUTCOME_ACCEPTED || reply->code / 100 == 2);
	require(reply->stage && reply->stage[0] && reply->text);
	check_text(why->text);
	check_text(reply->text);
}

/* Lines end with CR LF, and the dot stands where it belongs. */
static bool check_sent(const struct buf *sent)
{
	for (size_t i = 0; i < sent->n; i++) {
		require(
		    sent->p[i] != '\n' || (i > 0 && sent->p[i - 1] == '\r'));
		require(sent->p[i] != '\r' ||
			(i + 1 < sent->n && sent->p[i + 1] == '\n'));
	}
	return sent->n > 0 &&
	       memmem(sent->p, sent->n, "The end.\r\n.\r\n", 13) != NULL;
}

static void check_outcome(
    const struct outcome *o, size_t n_rcpt, bool is_dot_sent)
{
	check_class(o->class, &o->why, &o->reply);
	require(o->n_rcpt == n_rcpt);
	for (size_t i = 0; i < n_rcpt; i++) {
		require(o->rcpt[i].address != NULL);
		check_class(
		    o->rcpt[i].class, &o->rcpt[i].why, &o->rcpt[i].reply);
	}
	if (o->class == OUTCOME_ACCEPTED || o->class == OUTCOME_UNKNOWN)
		require(is_dot_sent);
	if (o->class == OUTCOME_NOT_SENT)
		require(!is_dot_sent);
	if (o->server_id)
		check_text(o->server_id);
}

static struct secret *make_password(void)
{
	struct secret *s = secret_new(16, NULL);

	require(s && secret_add(s, SLICE("pw")) == 0);
	return s;
}

static const char *mechanism(unsigned flags)
{
	return flags & LOGIN   ? "LOGIN"
	       : flags & CRAM  ? "CRAM-MD5"
	       : flags & SCRAM ? "SCRAM-SHA-256"
			       : NULL;
}

/* Returns the number of recipients of the outcome. */
static size_t talk(
    int fd, unsigned flags, size_t n_rcpt, struct arena *a, struct outcome *o)
{
	static const char *const rcpt[RCPT_MAX] = { "a@y", "b@y", "c@y", "d@y",
		"e@y", "f@y", "g@y", "h@y", "i@y", "j@y", "k@y", "l@y", "m@y",
		"n@y", "o@y", "p@y" };
	const struct smtp_params params = {
		.ehlo_name = "me",
		.host = "h",
		.auth = (flags & AUTH) != 0,
		.mechanism = mechanism(flags),
		.user = "user",
		.partial_delivery = !(flags & ALL_OR_NOTHING),
		.timeout = 1,
	};
	const struct smtp_envelope envelope = { "s@x", rcpt, n_rcpt,
		{ "failure,delay", "full", "a+b" } };
	struct smtp *s =
	    smtp_open(fd, &params, flags & AUTH ? make_password() : NULL, a, o);
	bool is_open = s != NULL;

	if (s)
		smtp_send(s, &envelope, message((flags & LARGE) != 0),
		    (flags & LAST) != 0, o);
	smtp_close(s);
	return is_open ? n_rcpt : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct outcome o = { .class = OUTCOME_ACCEPTED };
	struct arena a = { NULL };
	struct buf sent;
	size_t n_rcpt;
	int fd[2], size = 1024 * 1024;

	if (n < 2)
		return 0;
	message((bytes[0] & LARGE) != 0);
	require(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fd) == 0);
	(void)setsockopt(fd[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	say(fd[1], (struct slice){ (const char *)bytes + 2, n - 2 });
	if (bytes[0] & GONE)
		fd[1] = io_close(fd[1]);
	n_rcpt = talk(fd[0], bytes[0], bytes[1] % RCPT_MAX + 1, &a, &o);
	buf_init(&sent, (size_t)1024 * 1024);
	if (fd[1] >= 0) {
		hear(fd[1], &sent);
		check_outcome(&o, n_rcpt, check_sent(&sent));
	}
	buf_free(&sent);
	arena_free(&a);
	io_close(fd[1]);
	return 0;
}
