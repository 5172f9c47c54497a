#include "session.h"
#include "unit.h"
#include <sys/socket.h>
#include <unistd.h>

/*
 * A session over a TLS that is made of this file: bytes go through as they
 * are, and a script says how each handshake step and each write ends. So a
 * failure can be put at any record.
 *
 * A letter a call, the last one for ever: '.' done, 'r' and 'w' want to read
 * and to write, 'f' failed, 'c' closed.
 */
struct tls {
	int fd;
};

static struct {
	const char *steps;
	const char *writes;
	const char *armed_by; /* the writes count from the one with this text */
	bool is_armed;
} fake;

static enum tls_status next_status(const char **script)
{
	char c = **script;

	if (c && (*script)[1])
		++*script;
	switch (c) {
	case 'r':
		return TLS_WANT_READ;
	case 'w':
		return TLS_WANT_WRITE;
	case 'f':
		return TLS_FAILED;
	case 'c':
		return TLS_CLOSED;
	default:
		return TLS_DONE;
	}
}

struct tls *tls_new(const struct tls_params *params, struct fail *why)
{
	struct tls *t = calloc(1, sizeof(*t));

	(void)params;
	(void)why;
	if (!t)
		exit(1);
	return t;
}

struct tls *tls_free(struct tls *t)
{
	free(t);
	return NULL;
}

bool tls_peer(const struct tls *t, struct tls_peer *ret)
{
	(void)t, (void)ret;
	return false;
}

bool tls_binding(const struct tls *t, struct tls_binding *ret)
{
	(void)t, (void)ret;
	return false;
}

void tls_attach(struct tls *t, int fd)
{
	t->fd = fd;
}

/* This one reads whenever it is asked to. */
void tls_listen(struct tls *t, bool may_wait)
{
	(void)t, (void)may_wait;
}

enum tls_status tls_step(struct tls *t, struct fail *why)
{
	enum tls_status status = next_status(&fake.steps);

	(void)t;
	if (status == TLS_FAILED)
		fail(why, FAIL_TLS, "certificate of h is not trusted");
	return status;
}

enum tls_status tls_read(
    struct tls *t, void *bytes, size_t n, size_t *ret_n, struct fail *why)
{
	ssize_t got = recv(t->fd, bytes, n, MSG_DONTWAIT);

	if (got < 0)
		return TLS_WANT_READ;
	(void)why;
	*ret_n = (size_t)got;
	return got > 0 ? TLS_DONE : TLS_CLOSED;
}

enum tls_status tls_write(
    struct tls *t, const void *bytes, size_t n, size_t *ret_n, struct fail *why)
{
	enum tls_status status = TLS_DONE;

	fake.is_armed |=
	    memmem(bytes, n, fake.armed_by, strlen(fake.armed_by)) != NULL;
	if (fake.is_armed)
		status = next_status(&fake.writes);
	if (status == TLS_FAILED)
		fail(why, FAIL_LOST, "the record broke");
	if (status != TLS_DONE)
		return status;
	if (send(t->fd, bytes, n, MSG_NOSIGNAL) != (ssize_t)n)
		exit(1);
	*ret_n = n;
	return TLS_DONE;
}

size_t tls_pending(const struct tls *t)
{
	(void)t;
	return 0;
}

const char *tls_describe(const struct tls *t)
{
	(void)t;
	return "none";
}

const char *tls_library(void)
{
	return "none";
}

enum { RECORD = 16384 };

/* A message of n octets with CRLF. */
static void make_message(struct msg *m, size_t n)
{
	static const struct intake_params params = { .max_size = 0 };
	static const char line[] = "123456789 123456789\n";
	struct fail why;
	int fd = io_temp(), status;
	size_t left = n - 14; /* "Subject: t" and the empty line */

	status = io_write(fd, "Subject: t\n\n", 12);
	for (; left > sizeof(line) + 21; left -= sizeof(line))
		status |= io_write(fd, line, sizeof(line) - 1);
	for (; left > 2; left--)
		status |= io_write(fd, "x", 1);
	status |= io_write(fd, "\n", 1);
	if (status != 0 || lseek(fd, 0, SEEK_SET) != 0)
		exit(1);
	msg_init(m);
	if (msg_intake(m, fd, &params, &why) != 0 || msg_wire_size(m) != n)
		exit(1);
	io_close(fd);
}

struct scene {
	enum smtp_tls tls;
	const char *server; /* a piece ends with '|'; ';' is CR LF */
	size_t size;        /* of the message */
	bool is_last;
	bool is_silent; /* the server does not close at the end */
};

static void say(int fd, const char *script)
{
	char piece[512];
	size_t n = 0;

	for (; *script; script++) {
		if (*script != ';' && *script != '|')
			piece[n++] = *script;
		if (*script == ';') {
			memcpy(piece + n, "\r\n", 2);
			n += 2;
		}
		if (*script == '|') {
			if (send(fd, piece, n, 0) != (ssize_t)n)
				exit(1);
			n = 0;
		}
	}
}

static void talk(
    const struct scene *scene, struct arena *a, struct outcome *ret)
{
	static const struct tls_params tls = { .host = "h" };
	static const char *const rcpt[] = { "r@y" };
	static const struct smtp_envelope envelope = { "s@x", rcpt, 1 };
	const struct smtp_params params = { .ehlo_name = "me",
		.host = "h",
		.tls = scene->tls,
		.tls_params = &tls,
		.timeout = 1 };
	int fd[2], size = 4 * 1024 * 1024;
	struct smtp *s;
	struct msg m;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fd) != 0)
		exit(1);
	(void)setsockopt(fd[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	say(fd[1], scene->server);
	if (!scene->is_silent)
		shutdown(fd[1], SHUT_WR);
	make_message(&m, scene->size);
	s = smtp_open(fd[0], &params, NULL, a, ret);
	if (s)
		smtp_send(s, &envelope, &m, scene->is_last, ret);
	smtp_close(s);
	msg_free(&m);
	io_close(fd[1]);
}

#define HI "220 x;|250-x;250 PIPELINING;|250;250;354;|"

/*
 * NOT-SENT until a byte of the dot was handed over, and a record that was
 * begun counts as handed over.
 */
TEST(where_the_dot_is)
{
	static const struct {
		const char *label;
		size_t size;
		const char *armed_by;
		const char *writes;
		enum outcome_class class;
		bool is_last;
		const char *more; /* of the server */
		const char *text;
	} rows[] = {
		{ "fails at the first try", 100, "Subject", "f",
		    OUTCOME_NOT_SENT, false, "",
		    "h: sending the message: the record broke" },
		{ "with QUIT", 100, "Subject", "f", OUTCOME_NOT_SENT, true, "",
		    "h: sending the message: the record broke" },
		{ "closed at the first try", 100, "Subject", "c",
		    OUTCOME_NOT_SENT, false, "",
		    "h: sending the message: the server closed" },
		{ "begun, then failed", 100, "Subject", "wf", OUTCOME_UNKNOWN,
		    false, "", "the record broke; the message may have been" },
		{ "begun, with QUIT", 100, "Subject", "wf", OUTCOME_UNKNOWN,
		    true, "", "the record broke; the message may have been" },
		{ "begun, then closed", 100, "Subject", "wwc", OUTCOME_UNKNOWN,
		    false, "", "waiting for the reply to the message" },
		{ "begun, then timed out", 100, "Subject", "r", OUTCOME_UNKNOWN,
		    false, NULL, "timed out; the message may have been" },
		{ "begun, then done", 100, "Subject", "w.", OUTCOME_ACCEPTED,
		    false, "250 ok;|", "" },
		{ "begun, then done, no reply", 100, "Subject", "w.",
		    OUTCOME_UNKNOWN, false, "", "the server closed" },
		{ "two records: the first fails", 20000, "Subject", "f",
		    OUTCOME_NOT_SENT, false, "", "sending the message" },
		{ "two records: the first begun", 20000, "Subject", "wf",
		    OUTCOME_NOT_SENT, false, "", "sending the message" },
		{ "two records: the first begun, timed out", 20000, "Subject",
		    "r", OUTCOME_NOT_SENT, false, NULL, "timed out" },
		{ "two records: the second fails", 20000, "Subject", ".f",
		    OUTCOME_NOT_SENT, true, "", "sending the message" },
		{ "two records: both begun, the second fails", 20000, "Subject",
		    "w.wf", OUTCOME_UNKNOWN, false, "", "broke" },
		{ "two records: the first begun, the second fails", 20000,
		    "Subject", "w.f", OUTCOME_NOT_SENT, false, "", "broke" },
		{ "two records: the second begun", 20000, "Subject", ".wf",
		    OUTCOME_UNKNOWN, false, "", "broke" },
		{ "a record ends before the dot", RECORD, "Subject", ".f",
		    OUTCOME_NOT_SENT, false, "", "broke" },
		{ "a record ends before the dot, which is begun", RECORD,
		    "Subject", ".wf", OUTCOME_UNKNOWN, false, "", "broke" },
		{ "a record ends in the dot", RECORD - 1, "Subject", ".f",
		    OUTCOME_UNKNOWN, false, "", "broke" },
		{ "a record ends in the dot's line end", RECORD - 2, "Subject",
		    ".f", OUTCOME_UNKNOWN, true, "", "broke" },
		{ "a record ends behind the dot", RECORD - 3, "Subject", ".f",
		    OUTCOME_UNKNOWN, true, "", "broke" },
		{ "large: the body fails", 200000, "Subject", "......f",
		    OUTCOME_NOT_SENT, false, NULL, "broke" },
		{ "large: the body begun", 200000, "Subject", "......wf",
		    OUTCOME_NOT_SENT, false, NULL, "broke" },
		{ "large: the dot fails", 200000, ".\r\n", "f",
		    OUTCOME_NOT_SENT, false, NULL, "broke" },
		{ "the last words count", 100, "Subject", "f", OUTCOME_TEMP,
		    false, "421 bye;|", "h: sending the message: 421 bye" },
		{ "the last words count, begun", 100, "Subject", "wf",
		    OUTCOME_TEMP, false, "421 bye;|", "421 bye" },
		{ "praise does not", 100, "Subject", "f", OUTCOME_NOT_SENT,
		    false, "250 ok;|", "broke" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char script[200];
		struct scene scene = { SMTP_TLS_IMPLICIT, script, rows[i].size,
			rows[i].is_last, rows[i].more == NULL };
		struct outcome out = { .n_rcpt = 0 };
		struct arena a = { NULL };

		CASE(rows[i].label);
		(void)snprintf(script, sizeof(script), "%s%s", HI,
		    rows[i].more ? rows[i].more : "");
		fake.steps = ".";
		fake.writes = rows[i].writes;
		fake.armed_by = rows[i].armed_by;
		fake.is_armed = false;
		talk(&scene, &a, &out);
		CHECK_INT(out.class, rows[i].class);
		CHECK_INT(out.rcpt[0].class, rows[i].class);
		CHECK_STR(out.reply.stage, "data-end");
		CHECK_STR(out.rcpt[0].reply.stage, "data-end");
		if (rows[i].class == OUTCOME_NOT_SENT)
			CHECK_INT(out.why.kind, FAIL_LOST);
		if (!strstr(out.why.text, rows[i].text))
			CHECK_STR(out.why.text, rows[i].text);
		arena_free(&a);
	}
}

/* What fails before the first reply has a stage, too. */
TEST(where_it_failed)
{
	static const struct {
		const char *label;
		struct scene scene;
		const char *steps;
		enum fail_kind kind;
		const char *stage, *text;
	} rows[] = {
		{ "refused on connect", { SMTP_TLS_IMPLICIT, "" }, "f",
		    FAIL_TLS, "connect", "h: certificate of h is not trusted" },
		{ "refused after some steps", { SMTP_TLS_IMPLICIT, "" }, "wwf",
		    FAIL_TLS, "connect", "h: certificate of h is not trusted" },
		{ "silence on connect",
		    { SMTP_TLS_IMPLICIT, "", .is_silent = true }, "r",
		    FAIL_LOST, "connect", "h: the TLS handshake: timed out" },
		{ "refused after STARTTLS",
		    { SMTP_TLS_STARTTLS, "220 x;|250-x;250 STARTTLS;|220;|" },
		    "f", FAIL_TLS, "starttls",
		    "h: certificate of h is not trusted" },
		{ "silence after STARTTLS",
		    { SMTP_TLS_STARTTLS, "220 x;|250-x;250 STARTTLS;|220;|",
			.is_silent = true },
		    "r", FAIL_LOST, "starttls",
		    "h: the TLS handshake: timed out" },
		{ "closed behind the handshake", { SMTP_TLS_IMPLICIT, "" }, ".",
		    FAIL_LOST, "greeting",
		    "h: waiting for the greeting: the server closed the "
		    "connection" },
		{ "closed behind STARTTLS",
		    { SMTP_TLS_STARTTLS, "220 x;|250-x;250 STARTTLS;|220;|" },
		    ".", FAIL_LOST, "ehlo",
		    "h: waiting for the reply to EHLO: the server closed the "
		    "connection" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct scene scene = rows[i].scene;
		struct outcome out = { .n_rcpt = 0 };
		struct arena a = { NULL };

		CASE(rows[i].label);
		scene.size = 100;
		fake.steps = rows[i].steps;
		fake.writes = ".";
		fake.armed_by = "Subject";
		talk(&scene, &a, &out);
		CHECK_INT(out.class, OUTCOME_NOT_SENT);
		CHECK_INT(out.why.kind, rows[i].kind);
		CHECK_STR(out.why.text, rows[i].text);
		CHECK_STR(out.reply.stage, rows[i].stage);
		CHECK_INT(out.reply.code, 0);
		arena_free(&a);
	}
}
