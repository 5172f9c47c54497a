#include "session.h"
#include "unit.h"
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * The server is a script: what it says in advance, in pieces. The pair keeps
 * pieces apart, so each read of the client gets one piece, and each flight of
 * the client is seen as one piece. In the notation ';' is CR LF and '|' ends
 * a piece.
 */

enum flag {
	AUTH = 1 << 0, /* user "u", password "p" */
	ALL_OR_NOTHING = 1 << 1,
	LAST = 1 << 2,
	GONE = 1 << 3,      /* the server is closed before the client starts */
	SILENT = 1 << 4,    /* the server does not close at the end */
	EIGHT_BIT = 1 << 5, /* the message has 8-bit bytes */
	STARTTLS = 1 << 6,
	LARGE = 1 << 7, /* 300 KB */
	NULL_SENDER = 1 << 8,
	GONE_AT_DOT = 1 << 9, /* closed when the dot is about to leave */
	NOTIFY = 1 << 10,     /* notifications are asked for */
	LMTP = 1 << 11,
	UTF8_SENDER = 1 << 12,
};

enum { RCPT_MAX = 300 };

struct scene {
	const char *server;
	int flags;
	size_t n_rcpt;         /* 0: one */
	const char *mechanism; /* of `auth` */
	const char *rcpt;      /* instead of r0@y, r1@y ... */
};

struct result {
	bool is_open;  /* smtp_open() succeeded */
	bool is_ready; /* smtp_send() says that another may follow */
	struct outcome outcome;
	struct arena arena;
	struct buf sent; /* in the notation */
	int peer;        /* the server's end, -1 when it is closed */
};

static void put_pieces(int fd, const char *script)
{
	char piece[8192];
	size_t n = 0;

	for (; *script; script++) {
		if (*script == ';') {
			memcpy(piece + n, "\r\n", 2);
			n += 2;
		} else if (*script != '|') {
			piece[n++] = *script;
		} else {
			if (send(fd, piece, n, MSG_DONTWAIT) != (ssize_t)n)
				exit(1);
			n = 0;
		}
	}
	if (n && send(fd, piece, n, MSG_DONTWAIT) != (ssize_t)n)
		exit(1);
}

static void take_pieces(int fd, struct buf *b)
{
	static char piece[70000];
	ssize_t n;

	/* What the client has not read makes the first call fail. */
	(void)recv(fd, piece, 0, MSG_DONTWAIT | MSG_PEEK);
	while ((n = recv(fd, piece, sizeof(piece), MSG_DONTWAIT)) > 0) {
		for (ssize_t i = 0; i < n; i++) {
			if (piece[i] == '\r' && i + 1 < n &&
			    piece[i + 1] == '\n')
				i++, buf_addc(b, ';');
			else
				buf_addc(b, piece[i]);
		}
		buf_addc(b, '|');
	}
}

/* What fd holds and the text behind it. */
static void read_message(struct msg *m, int fd, const char *text)
{
	static const struct intake_params params = { 0 };
	struct fail why;

	if (io_write(fd, text, strlen(text)) != 0 ||
	    lseek(fd, 0, SEEK_SET) != 0)
		exit(1);
	msg_init(m);
	if (msg_intake(m, fd, &params, &why) != 0) {
		puts(why.text);
		exit(1);
	}
	io_close(fd);
}

static void make_message(struct msg *m, int flags)
{
	int fd = io_temp(), status;

	status = io_write(fd, "Subject: t\n\n", 12);
	if (flags & EIGHT_BIT)
		status |= io_write(fd, "\xc3\xa4\n", 3);
	for (int i = 0; (flags & LARGE) && i < 10000; i++)
		status |= io_write(fd, "123456789 123456789 12345678\n", 29);
	if (status != 0)
		exit(1);
	read_message(m, fd, ".Hello.\n");
}

static struct secret *make_password(void)
{
	struct secret *s = secret_new(16, NULL);

	if (!s || secret_add(s, SLICE("p")) != 0)
		exit(1);
	return s;
}

static void make_envelope(
    struct smtp_envelope *e, const struct scene *scene, struct arena *a)
{
	const char **rcpt = arena_alloc(a, RCPT_MAX * sizeof(*rcpt));

	e->sender = scene->flags & NULL_SENDER   ? ""
		    : scene->flags & UTF8_SENDER ? "\xc3\xa4@x"
						 : "s@x";
	e->n_rcpt = scene->n_rcpt ? scene->n_rcpt : 1;
	for (size_t i = 0; i < e->n_rcpt; i++)
		rcpt[i] =
		    scene->rcpt ? scene->rcpt : arena_printf(a, "r%zu@y", i);
	e->rcpt = rcpt;
	if (scene->flags & NOTIFY)
		e->dsn = (struct dsn){ "failure,delay", "hdrs", "a+b" };
}

static void hang_up_at_dot(void *ctx, bool out, struct slice line)
{
	struct result *r = ctx;

	if (out && slice_eq(line, SLICE(".")))
		r->peer = io_close(r->peer);
}

static void talk(int fd, const struct scene *scene, struct result *r)
{
	static const struct tls_params tls = { .host = "mail.example.com" };
	const struct conn_trace trace = { hang_up_at_dot, NULL, r };
	const struct smtp_params params = {
		.ehlo_name = "me",
		.host = "h",
		.tls =
		    scene->flags & STARTTLS ? SMTP_TLS_STARTTLS : SMTP_TLS_NONE,
		.tls_params = &tls,
		.auth = (scene->flags & AUTH) != 0,
		.mechanism = scene->mechanism,
		.user = "u",
		.is_lmtp = (scene->flags & LMTP) != 0,
		.partial_delivery = !(scene->flags & ALL_OR_NOTHING),
		.timeout = 1,
		.trace = scene->flags & GONE_AT_DOT ? &trace : NULL,
	};
	struct smtp_envelope envelope = { .sender = NULL };
	struct smtp *s;
	struct msg m;

	make_message(&m, scene->flags);
	make_envelope(&envelope, scene, &r->arena);
	s = smtp_open(fd, &params, scene->flags & AUTH ? make_password() : NULL,
	    &r->arena, &r->outcome);
	r->is_open = s != NULL;
	if (s)
		r->is_ready = smtp_send(
		    s, &envelope, &m, (scene->flags & LAST) != 0, &r->outcome);
	smtp_close(s);
	msg_free(&m);
}

/* Plays the scene; result_free() afterwards. */
static void play(const struct scene *scene, struct result *r)
{
	int fd[2], size = 4 * 1024 * 1024;

	*r = (struct result){ .is_open = false };
	buf_init(&r->sent, 4 * 1024 * 1024);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fd) != 0)
		exit(1);
	(void)setsockopt(fd[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	put_pieces(fd[1], scene->server);
	if (!(scene->flags & SILENT))
		shutdown(fd[1], SHUT_WR);
	if (scene->flags & GONE)
		fd[1] = io_close(fd[1]);
	r->peer = fd[1];
	talk(fd[0], scene, r);
	if (r->peer >= 0)
		take_pieces(r->peer, &r->sent);
	io_close(r->peer);
}

static void result_free(struct result *r)
{
	buf_free(&r->sent);
	arena_free(&r->arena);
}

#define HI       "220 x;|250 x;|"
#define HI_PIPE  "220 x;|250-x;250 PIPELINING;|"
#define C_HI     "EHLO me;|"
#define MSG      "Subject: t;;..Hello.;.;"
#define ENVELOPE "MAIL FROM:<s@x>;|RCPT TO:<r0@y>;|DATA;|"
#define GROUP    "MAIL FROM:<s@x>;RCPT TO:<r0@y>;DATA;|"

struct row {
	const char *label;
	struct scene scene;
	const char *client;
	enum outcome_class class;
	enum fail_kind kind;
	const char *stage;
	int code;
	const char *text; /* in why.text */
	bool is_ready;
};

static void check_row(const struct row *row)
{
	struct result r;

	CASE(row->label);
	play(&row->scene, &r);
	if (row->client)
		CHECK_STR(buf_text(&r.sent), row->client);
	CHECK_INT(r.outcome.class, row->class);
	CHECK_INT(r.outcome.why.kind, row->kind);
	CHECK_STR(r.outcome.reply.stage, row->stage ? row->stage : "");
	CHECK_INT(r.outcome.reply.code, row->code);
	if (row->text && !strstr(r.outcome.why.text, row->text))
		CHECK_STR(r.outcome.why.text, row->text);
	CHECK_INT(r.is_ready, row->is_ready);
	for (size_t i = 0; i < r.outcome.n_rcpt; i++)
		CHECK(r.outcome.rcpt[i].address != NULL);
	result_free(&r);
}

#define CHECK_ROWS(rows)                                                       \
	for (size_t row = 0; row < sizeof(rows) / sizeof((rows)[0]); row++)    \
	check_row(&(rows)[row])

TEST(accepted)
{
	static const struct row rows[] = {
		{ "one by one",
		    { HI "250 Ok;|250 Ok;|354 go;|250 Ok 012345;|" },
		    C_HI ENVELOPE MSG "|QUIT;|", OUTCOME_ACCEPTED, FAIL_NONE,
		    "data-end", 250, "", true },
		{ "the last one",
		    { HI "250 Ok;|250 Ok;|354 go;|250 Ok;|", LAST },
		    C_HI ENVELOPE MSG "|QUIT;|", OUTCOME_ACCEPTED, FAIL_NONE,
		    "data-end", 250, "", false },
		{ "pipelined", { HI_PIPE "250 Ok;250 Ok;354 go;|250 Ok;|" },
		    C_HI GROUP MSG "|QUIT;|", OUTCOME_ACCEPTED, FAIL_NONE,
		    "data-end", 250, "", true },
		{ "pipelined, the last one",
		    { HI_PIPE "250 Ok;250 Ok;354 go;|250 Ok;221 bye;|", LAST },
		    C_HI GROUP MSG "QUIT;|", OUTCOME_ACCEPTED, FAIL_NONE,
		    "data-end", 250, "", false },
		{ "replies in other pieces",
		    { HI_PIPE "250 Ok;25|0 Ok;|354| go;|2|50 Ok;|" },
		    C_HI GROUP MSG "|QUIT;|", OUTCOME_ACCEPTED, FAIL_NONE,
		    "data-end", 250, "", true },
		{ "replies of many lines",
		    { "220-x;220 y;|250 x;|250-a;250 b;|250-a;250 b;|354-a;"
		      "354 b;|250-a;250 b;|" },
		    C_HI ENVELOPE MSG "|QUIT;|", OUTCOME_ACCEPTED, FAIL_NONE,
		    "data-end", 250, "", true },
		{ "200", { HI "250;|250;|354;|200;|" },
		    C_HI ENVELOPE MSG "|QUIT;|", OUTCOME_ACCEPTED, FAIL_NONE,
		    "data-end", 200, "", true },
		{ "254", { HI "250;|250;|354;|254 4.7.1 Suppression;|" }, NULL,
		    OUTCOME_ACCEPTED, FAIL_NONE, "data-end", 254, "", true },
		{ "surplus behind the dot's reply",
		    { HI "250;|250;|354;|250 ok;250 again;|" },
		    C_HI ENVELOPE MSG "|", OUTCOME_ACCEPTED, FAIL_NONE,
		    "data-end", 250, "", false },
		{ "garbage behind the dot's reply",
		    { HI_PIPE "250;250;354;|250 ok;x|", LAST },
		    C_HI GROUP MSG "QUIT;|", OUTCOME_ACCEPTED, FAIL_NONE,
		    "data-end", 250, "", false },
		{ "SIZE and 8BITMIME",
		    { "220 x;|250-x;250-SIZE 1000;250 8BITMIME;|250;|250;|"
		      "354;|250;|",
			EIGHT_BIT },
		    C_HI "MAIL FROM:<s@x> SIZE=27 BODY=8BITMIME;|"
			 "RCPT TO:<r0@y>;|DATA;|"
			 "Subject: t;;\xc3\xa4;..Hello.;.;|QUIT;|",
		    OUTCOME_ACCEPTED, FAIL_NONE, "data-end", 250, "", true },
		{ "8BITMIME without need",
		    { "220 x;|250-x;250 8BITMIME;|250;|250;|354;|250;|" },
		    C_HI ENVELOPE MSG "|QUIT;|", OUTCOME_ACCEPTED, FAIL_NONE,
		    "data-end", 250, "", true },
		{ "DSN",
		    { "220 x;|250-x;250 DSN;|250;|250;|250;|354;|250;|", NOTIFY,
			2 },
		    C_HI "MAIL FROM:<s@x> RET=HDRS ENVID=a+2Bb;|"
			 "RCPT TO:<r0@y> NOTIFY=FAILURE,DELAY;|"
			 "RCPT TO:<r1@y> NOTIFY=FAILURE,DELAY;|DATA;|" MSG
			 "|QUIT;|",
		    OUTCOME_ACCEPTED, FAIL_NONE, "data-end", 250, "", true },
		{ "DSN that is not offered",
		    { HI "250;|250;|354;|250;|", NOTIFY },
		    C_HI ENVELOPE MSG "|QUIT;|", OUTCOME_ACCEPTED, FAIL_NONE,
		    "data-end", 250, "", true },
		{ "DSN that nobody asks for",
		    { "220 x;|250-x;250 DSN;|250;|250;|354;|250;|" },
		    C_HI ENVELOPE MSG "|QUIT;|", OUTCOME_ACCEPTED, FAIL_NONE,
		    "data-end", 250, "", true },
		{ "DSN, SIZE and 8BITMIME",
		    { "220 x;|250-DSN;250-DSN;250-SIZE;250 8BITMIME;|250;|250;|"
		      "354;|250;|",
			NOTIFY | EIGHT_BIT | NULL_SENDER },
		    C_HI "MAIL FROM:<> SIZE=27 BODY=8BITMIME RET=HDRS "
			 "ENVID=a+2Bb;|RCPT TO:<r0@y> NOTIFY=FAILURE,DELAY;|"
			 "DATA;|Subject: t;;\xc3\xa4;..Hello.;.;|QUIT;|",
		    OUTCOME_ACCEPTED, FAIL_NONE, "data-end", 250, "", true },
		{ "8 bits without 8BITMIME",
		    { HI "250;|250;|354;|250;|", EIGHT_BIT },
		    C_HI ENVELOPE "Subject: t;"
				  "Content-Transfer-Encoding: quoted-printable;"
				  "MIME-Version: 1.0;;=C3=A4;..Hello.;.;|"
				  "QUIT;|",
		    OUTCOME_ACCEPTED, FAIL_NONE, "data-end", 250, "", true },
		{ "8 bits without 8BITMIME count as they are sent",
		    { "220 x;|250-x;250 SIZE;|250;|250;|354;|250;|",
			EIGHT_BIT },
		    C_HI "MAIL FROM:<s@x> SIZE=95;|RCPT TO:<r0@y>;|DATA;|"
			 "Subject: t;"
			 "Content-Transfer-Encoding: quoted-printable;"
			 "MIME-Version: 1.0;;=C3=A4;..Hello.;.;|QUIT;|",
		    OUTCOME_ACCEPTED, FAIL_NONE, "data-end", 250, "", true },
		{ "they may make it too large",
		    { "220 x;|250-x;250 SIZE 94;|", EIGHT_BIT }, C_HI "QUIT;|",
		    OUTCOME_NOT_SENT, FAIL_MESSAGE, "mail", 0, "", true },
		{ "the null sender", { HI "250;|250;|354;|250;|", NULL_SENDER },
		    C_HI "MAIL FROM:<>;|RCPT TO:<r0@y>;|DATA;|" MSG "|QUIT;|",
		    OUTCOME_ACCEPTED, FAIL_NONE, "data-end", 250, "", true },
		{ "a message that just fits",
		    { "220 x;|250-x;250 SIZE 23;|250;|250;|354;|250;|" }, NULL,
		    OUTCOME_ACCEPTED, FAIL_NONE, "data-end", 250, "", true },
		{ "SIZE without number",
		    { "220 x;|250-x;250 SIZE;|250;|250;|354;|250;|" }, NULL,
		    OUTCOME_ACCEPTED, FAIL_NONE, "data-end", 250, "", true },
		{ "bare LF from the server",
		    { "220 x\n|250 x\n|250\n|250\n|354\n|250\n|" },
		    C_HI ENVELOPE MSG "|QUIT;|", OUTCOME_ACCEPTED, FAIL_NONE,
		    "data-end", 250, "", true },
	};

	CHECK_ROWS(rows);
}

TEST(opening)
{
	static const struct row rows[] = {
		{ "421 greeting", { "421 4.3.2 later;|" }, "", OUTCOME_TEMP,
		    FAIL_LATER, "greeting", 421,
		    "h: waiting for the greeting: 421 4.3.2 later", false },
		{ "554 greeting", { "554 no;|" }, "QUIT;|", OUTCOME_PERM,
		    FAIL_REFUSED, "greeting", 554, "554 no", false },
		{ "450 greeting", { "450 no;|" }, "QUIT;|", OUTCOME_TEMP,
		    FAIL_LATER, "greeting", 450, "", false },
		{ "354 greeting", { "354 no;|" }, "", OUTCOME_NOT_SENT,
		    FAIL_PROTOCOL, "greeting", 354, "", false },
		{ "no greeting", { "" }, "", OUTCOME_NOT_SENT, FAIL_LOST,
		    "greeting", 0,
		    "h: waiting for the greeting: the server closed", false },
		{ "silence", { "", SILENT }, "", OUTCOME_NOT_SENT, FAIL_LOST,
		    "greeting", 0, "waiting for the greeting: timed out",
		    false },
		{ "half a greeting", { "220-x;|" }, "", OUTCOME_NOT_SENT,
		    FAIL_LOST, "greeting", 0, "", false },
		{ "another protocol", { "SSH-2.0-x;|" }, "", OUTCOME_NOT_SENT,
		    FAIL_PROTOCOL, "greeting", 0,
		    "not an SMTP reply: SSH-2.0-x", false },
		{ "surplus behind the greeting", { "220 x;250 x;|" }, "",
		    OUTCOME_NOT_SENT, FAIL_PROTOCOL, "greeting", 0,
		    "more than the reply", false },
		{ "surplus byte", { "220 x;2|50 x;|" }, "", OUTCOME_NOT_SENT,
		    FAIL_PROTOCOL, "greeting", 0, "more than the reply",
		    false },
		{ "EHLO refused", { "220 x;|554 no;|" }, C_HI "QUIT;|",
		    OUTCOME_PERM, FAIL_REFUSED, "ehlo", 554, "", false },
		{ "EHLO and HELO refused", { "220 x;|502 no;|500 no;|" },
		    C_HI "HELO me;|QUIT;|", OUTCOME_PERM, FAIL_REFUSED, "ehlo",
		    500, "waiting for the reply to HELO: 500 no", false },
		{ "421 to HELO", { "220 x;|502 no;|421 no;|" },
		    C_HI "HELO me;|", OUTCOME_TEMP, FAIL_LATER, "ehlo", 421, "",
		    false },
		{ "no EHLO, no STARTTLS", { "220 x;|502 no;|", STARTTLS },
		    C_HI "QUIT;|", OUTCOME_PERM, FAIL_REFUSED, "ehlo", 502,
		    "502 no; STARTTLS, which the account wants, needs EHLO",
		    false },
		{ "421 to EHLO", { "220 x;|421 no;|" }, C_HI, OUTCOME_TEMP,
		    FAIL_LATER, "ehlo", 421, "", false },
		{ "closed after EHLO", { "220 x;|" }, C_HI, OUTCOME_NOT_SENT,
		    FAIL_LOST, "ehlo", 0, "waiting for the reply to EHLO",
		    false },
		{ "surplus behind EHLO", { "220 x;|250 x;250 x;|" }, C_HI,
		    OUTCOME_NOT_SENT, FAIL_PROTOCOL, "ehlo", 0, "", false },
		{ "gone, with a word", { "220 x;|421 bye;|", GONE }, "",
		    OUTCOME_TEMP, FAIL_LATER, "ehlo", 421, "421 bye", false },
		{ "gone, with praise", { "220 x;|250 x;|", GONE }, "",
		    OUTCOME_NOT_SENT, FAIL_LOST, "ehlo", 0, "", false },
		{ "gone without a word", { "220 x;|", GONE }, "",
		    OUTCOME_NOT_SENT, FAIL_LOST, "ehlo", 0, "Broken pipe",
		    false },
		{ "no STARTTLS", { HI, STARTTLS }, C_HI "QUIT;|",
		    OUTCOME_NOT_SENT, FAIL_TLS, "ehlo", 0,
		    "h: the server does not offer STARTTLS", false },
		{ "STARTTLS later",
		    { "220 x;|250-x;250 STARTTLS;|454 not now;|", STARTTLS },
		    C_HI "STARTTLS;|QUIT;|", OUTCOME_TEMP, FAIL_LATER,
		    "starttls", 454, "", false },
		{ "STARTTLS refused",
		    { "220 x;|250-x;250 STARTTLS;|502 no;|", STARTTLS },
		    C_HI "STARTTLS;|QUIT;|", OUTCOME_NOT_SENT, FAIL_TLS,
		    "starttls", 502, "", false },
		{ "STARTTLS with another 2yz",
		    { "220 x;|250-x;250 STARTTLS;|250 ok;|", STARTTLS },
		    C_HI "STARTTLS;|", OUTCOME_NOT_SENT, FAIL_PROTOCOL,
		    "starttls", 250, "", false },
		{ "STARTTLS with injection",
		    { "220 x;|250-x;250 STARTTLS;|220 go;250-x;250 AUTH "
		      "PLAIN;|",
			STARTTLS },
		    C_HI "STARTTLS;|", OUTCOME_NOT_SENT, FAIL_PROTOCOL,
		    "starttls", 0, "more than the reply", false },
		{ "STARTTLS with one byte",
		    { "220 x;|250-x;250 STARTTLS;|220 go;\n|", STARTTLS },
		    C_HI "STARTTLS;|", OUTCOME_NOT_SENT, FAIL_PROTOCOL,
		    "starttls", 0, "", false },
	};

	CHECK_ROWS(rows);
}

#define HI_AUTH "220 x;|250-x;250 AUTH PLAIN LOGIN;|"
#define PLAIN   "AUTH PLAIN AHUAcA==;|"

TEST(authentication)
{
	static const struct row rows[] = {
		{ "PLAIN", { HI_AUTH "235 ok;|250;|250;|354;|250;|", AUTH },
		    C_HI PLAIN ENVELOPE MSG "|QUIT;|", OUTCOME_ACCEPTED,
		    FAIL_NONE, "data-end", 250, "", true },
		{ "LOGIN",
		    { HI_AUTH "334 VXNlcm5hbWU6;|334 UGFzc3dvcmQ6;|235;|"
			      "250;|250;|354;|250;|",
			AUTH, 0, "LOGIN" },
		    C_HI "AUTH LOGIN;|dQ==;|cA==;|" ENVELOPE MSG "|QUIT;|",
		    OUTCOME_ACCEPTED, FAIL_NONE, "data-end", 250, "", true },
		{ "wrong password", { HI_AUTH "535 5.7.8 Invalid;|", AUTH },
		    C_HI PLAIN "QUIT;|", OUTCOME_PERM, FAIL_AUTH, "auth", 535,
		    "h: waiting for the reply to AUTH: 535 5.7.8 Invalid",
		    false },
		{ "not now", { HI_AUTH "454 4.7.0 later;|", AUTH },
		    C_HI PLAIN "QUIT;|", OUTCOME_TEMP, FAIL_LATER, "auth", 454,
		    "", false },
		{ "too many failures", { HI_AUTH "421 Too many;|", AUTH },
		    C_HI PLAIN, OUTCOME_TEMP, FAIL_LATER, "auth", 421, "",
		    false },
		{ "250 is no success", { HI_AUTH "250 ok;|250;|", AUTH },
		    C_HI PLAIN, OUTCOME_NOT_SENT, FAIL_PROTOCOL, "auth", 250,
		    "", false },
		{ "220 is no success", { HI_AUTH "220 ok;|250;|", AUTH },
		    C_HI PLAIN, OUTCOME_NOT_SENT, FAIL_PROTOCOL, "auth", 220,
		    "", false },
		{ "334 to a complete answer", { HI_AUTH "334 ;|235;|", AUTH },
		    C_HI PLAIN, OUTCOME_NOT_SENT, FAIL_PROTOCOL, "auth", 334,
		    "", false },
		{ "334 after the password",
		    { HI_AUTH "334 ;|334 ;|334 ;|235;|", AUTH, 0, "LOGIN" },
		    C_HI "AUTH LOGIN;|dQ==;|cA==;|", OUTCOME_NOT_SENT,
		    FAIL_PROTOCOL, "auth", 334, "", false },
		{ "235 before the password",
		    { HI_AUTH "334 ;|235 ok;|", AUTH, 0, "LOGIN" },
		    C_HI "AUTH LOGIN;|dQ==;|QUIT;|", OUTCOME_NOT_SENT,
		    FAIL_AUTH, "auth", 0, "did not prove", false },
		{ "not offered", { HI, AUTH }, C_HI "QUIT;|", OUTCOME_NOT_SENT,
		    FAIL_AUTH, "ehlo", 0, "does not offer AUTH", false },
		{ "another one offered", { HI_AUTH, AUTH, 0, "SCRAM-SHA-256" },
		    C_HI "QUIT;|", OUTCOME_NOT_SENT, FAIL_AUTH, "ehlo", 0,
		    "does not offer AUTH SCRAM-SHA-256, only PLAIN LOGIN",
		    false },
		{ "none that is good",
		    { "220 x;|250-x;250 AUTH NTLM XOAUTH2;|", AUTH },
		    C_HI "QUIT;|", OUTCOME_NOT_SENT, FAIL_AUTH, "ehlo", 0,
		    "NTLM XOAUTH2", false },
		{ "binding without TLS",
		    { "220 x;|250-x;250 AUTH SCRAM-SHA-256-PLUS;|", AUTH, 0,
			"SCRAM-SHA-256-PLUS" },
		    C_HI "QUIT;|", OUTCOME_NOT_SENT, FAIL_CONFIG, "ehlo", 0,
		    "TLS that can be bound to", false },
		{ "a token that is refused",
		    { "220 x;|250-x;250 AUTH XOAUTH2;|334 eyJzdGF0dXMiOiI0MDEi"
		      "fQ==;|535 5.7.8 no;|",
			AUTH, 0, "XOAUTH2" },
		    C_HI "AUTH XOAUTH2 dXNlcj11AWF1dGg9QmVhcmVyIHABAQ==;|;|"
			 "QUIT;|",
		    OUTCOME_PERM, FAIL_AUTH, "auth", 535,
		    "535 5.7.8 no; the server's reason: {\"status\":\"401\"}",
		    false },
		{ "a token that is refused, RFC 7628",
		    { "220 x;|250-x;250 AUTH OAUTHBEARER;|334 eyJzdGF0dXMiOiI0"
		      "MDEifQ==;|454 4.7.0 later;|",
			AUTH, 0, "OAUTHBEARER" },
		    C_HI "AUTH OAUTHBEARER bixhPXUsAWhvc3Q9aAFhdXRoPUJlYXJlciBw"
			 "AQE=;|AQ==;|QUIT;|",
		    OUTCOME_TEMP, FAIL_LATER, "auth", 454, "reason: {", false },
		{ "an error, and yet success",
		    { "220 x;|250-x;250 AUTH XOAUTH2;|334 e30=;|235 ok;|", AUTH,
			0, "XOAUTH2" },
		    C_HI "AUTH XOAUTH2 dXNlcj11AWF1dGg9QmVhcmVyIHABAQ==;|;|"
			 "QUIT;|",
		    OUTCOME_NOT_SENT, FAIL_AUTH, "auth", 0, "", false },
		{ "two errors for a token",
		    { "220 x;|250-x;250 AUTH XOAUTH2;|334 e30=;|334 e30=;|"
		      "501 ok;|",
			AUTH, 0, "XOAUTH2" },
		    NULL, OUTCOME_PERM, FAIL_AUTH, "auth", 501, "", false },
		{ "a challenge that is none",
		    { "220 x;|250-x;250 AUTH CRAM-MD5;|334 ?;|501 ok;|", AUTH,
			0, "CRAM-MD5" },
		    C_HI "AUTH CRAM-MD5;|*;|QUIT;|", OUTCOME_NOT_SENT,
		    FAIL_AUTH, "auth", 0, "challenge is wrong", false },
		{ "a cancelled exchange that succeeds",
		    { "220 x;|250-x;250 AUTH CRAM-MD5;|334 ?;|235 ok;|", AUTH,
			0, "CRAM-MD5" },
		    C_HI "AUTH CRAM-MD5;|*;|", OUTCOME_NOT_SENT, FAIL_AUTH,
		    "auth", 0, "challenge is wrong", false },
		{ "a cancelled exchange that goes on",
		    { "220 x;|250-x;250 AUTH CRAM-MD5;|334 ?;|334 ?;|", AUTH, 0,
			"CRAM-MD5" },
		    C_HI "AUTH CRAM-MD5;|*;|", OUTCOME_NOT_SENT, FAIL_AUTH,
		    "auth", 0, "challenge is wrong", false },
		{ "a cancelled exchange, closed",
		    { "220 x;|250-x;250 AUTH CRAM-MD5;|334 ?;|", AUTH, 0,
			"CRAM-MD5" },
		    C_HI "AUTH CRAM-MD5;|*;|", OUTCOME_NOT_SENT, FAIL_AUTH,
		    "auth", 0, "challenge is wrong", false },
		{ "closed", { HI_AUTH, AUTH }, C_HI PLAIN, OUTCOME_NOT_SENT,
		    FAIL_LOST, "auth", 0, "waiting for the reply to AUTH",
		    false },
		{ "surplus", { HI_AUTH "235 ok;250 ok;|", AUTH }, C_HI PLAIN,
		    OUTCOME_NOT_SENT, FAIL_PROTOCOL, "auth", 0, "", false },
		{ "no auth wanted", { HI_AUTH "250;|250;|354;|250;|" },
		    C_HI ENVELOPE MSG "|QUIT;|", OUTCOME_ACCEPTED, FAIL_NONE,
		    "data-end", 250, "", true },
	};

	CHECK_ROWS(rows);
}

/* Rounds without end stop at SASL_ROUNDS_MAX. */
TEST(challenges_without_end)
{
	static const struct row row = { "334 for ever",
		{ "220 x;|250-x;250 AUTH CRAM-MD5;|"
		  "334 ;|334 ;|334 ;|334 ;|334 ;|334 ;|334 ;|334 ;|334 ;|"
		  "334 ;|334 ;|334 ;|",
		    AUTH, 0, "CRAM-MD5" },
		C_HI "AUTH CRAM-MD5;|;|;|;|;|;|;|;|;|*;|", OUTCOME_NOT_SENT,
		FAIL_AUTH, "auth", 0, "no end", false };

	check_row(&row);
}

TEST(refusals)
{
	static const struct row rows[] = {
		{ "MAIL 4yz", { HI "451 later;|250 reset;|" },
		    C_HI "MAIL FROM:<s@x>;|RSET;|QUIT;|", OUTCOME_TEMP,
		    FAIL_LATER, "mail", 451,
		    "h: waiting for the reply to MAIL: 451 later", true },
		{ "MAIL 501", { HI "501 Invalid MAIL FROM;|", LAST },
		    C_HI "MAIL FROM:<s@x>;|QUIT;|", OUTCOME_PERM, FAIL_MESSAGE,
		    "mail", 501, "", false },
		{ "MAIL 5.7.1", { HI "550 5.7.1 not you;|250;|" }, NULL,
		    OUTCOME_PERM, FAIL_SENDER, "mail", 550, "", true },
		{ "MAIL 354", { HI "354 what;|250;|" },
		    C_HI "MAIL FROM:<s@x>;|", OUTCOME_NOT_SENT, FAIL_PROTOCOL,
		    "mail", 354, "", false },
		{ "MAIL 421", { HI "421 bye;|" }, C_HI "MAIL FROM:<s@x>;|",
		    OUTCOME_TEMP, FAIL_LATER, "mail", 421, "", false },
		{ "MAIL, RSET closed", { HI "550 no;|" },
		    C_HI "MAIL FROM:<s@x>;|RSET;|", OUTCOME_PERM, FAIL_REFUSED,
		    "mail", 550, "", false },
		{ "MAIL, RSET refused", { HI "550 no;|500 what;|" },
		    C_HI "MAIL FROM:<s@x>;|RSET;|QUIT;|", OUTCOME_PERM,
		    FAIL_REFUSED, "mail", 550, "", false },
		{ "RCPT 5yz", { HI "250;|550 5.1.1 who;|250;|" },
		    C_HI "MAIL FROM:<s@x>;|RCPT TO:<r0@y>;|RSET;|QUIT;|",
		    OUTCOME_PERM, FAIL_RCPT, "rcpt", 550,
		    "h: waiting for the reply to RCPT TO:<r0@y>: 550 5.1.1 "
		    "who",
		    true },
		{ "RCPT 4yz", { HI "250;|450 greylisted;|250;|" }, NULL,
		    OUTCOME_TEMP, FAIL_LATER, "rcpt", 450, "", true },
		{ "RCPT 354", { HI "250;|354 go;|250;|" },
		    C_HI "MAIL FROM:<s@x>;|RCPT TO:<r0@y>;|", OUTCOME_NOT_SENT,
		    FAIL_PROTOCOL, "rcpt", 354, "", false },
		{ "RCPT 421", { HI "250;|421 bye;|" }, NULL, OUTCOME_TEMP,
		    FAIL_LATER, "rcpt", 421, "", false },
		{ "RCPT closed", { HI "250;|" }, NULL, OUTCOME_NOT_SENT,
		    FAIL_LOST, "rcpt", 0, "waiting for the reply to RCPT",
		    false },
		{ "DATA 5yz", { HI "250;|250;|554 no;|250;|" },
		    C_HI ENVELOPE "RSET;|QUIT;|", OUTCOME_PERM, FAIL_REFUSED,
		    "data", 554, "", true },
		{ "DATA 4yz", { HI "250;|250;|451 no;|250;|" }, NULL,
		    OUTCOME_TEMP, FAIL_LATER, "data", 451, "", true },
		{ "DATA 250", { HI "250;|250;|250 ok;|250;|" }, C_HI ENVELOPE,
		    OUTCOME_NOT_SENT, FAIL_PROTOCOL, "data", 250, "", false },
		{ "DATA with surplus", { HI "250;|250;|354 go;250 ok;|" },
		    C_HI ENVELOPE, OUTCOME_NOT_SENT, FAIL_PROTOCOL, "data", 0,
		    "more than the reply", false },
		{ "dot 4yz", { HI "250;|250;|354;|454 Throttling;|" },
		    C_HI ENVELOPE MSG "|QUIT;|", OUTCOME_TEMP, FAIL_LATER,
		    "data-end", 454, "h: waiting for the reply to the message",
		    true },
		{ "dot 5yz", { HI "250;|250;|354;|554 rejected;|" },
		    C_HI ENVELOPE MSG "|QUIT;|", OUTCOME_PERM, FAIL_REFUSED,
		    "data-end", 554, "", true },
		{ "dot 5yz with surplus", { HI "250;|250;|354;|554 no;250;|" },
		    C_HI ENVELOPE MSG "|", OUTCOME_PERM, FAIL_REFUSED,
		    "data-end", 554, "", false },
		{ "dot 421", { HI "250;|250;|354;|421 bye;|" },
		    C_HI ENVELOPE MSG "|", OUTCOME_TEMP, FAIL_LATER, "data-end",
		    421, "", false },
		{ "pipelined: MAIL refused",
		    { HI_PIPE "550 no;503 no;503 no;|250;|" },
		    C_HI GROUP "RSET;|QUIT;|", OUTCOME_PERM, FAIL_REFUSED,
		    "mail", 550, "", true },
		{ "pipelined: MAIL refused, 354 all the same",
		    { HI_PIPE "550 no;250;354 go;|250;|" }, C_HI GROUP,
		    OUTCOME_PERM, FAIL_REFUSED, "mail", 550, "", false },
		{ "pipelined: RCPT refused",
		    { HI_PIPE "250;550 no;554 no valid;|250;|" },
		    C_HI GROUP "RSET;|QUIT;|", OUTCOME_PERM, FAIL_RCPT, "rcpt",
		    550, "", true },
		{ "pipelined: RCPT refused, 354 all the same",
		    { HI_PIPE "250;550 no;354 go;|250;|" }, C_HI GROUP,
		    OUTCOME_PERM, FAIL_RCPT, "rcpt", 550, "", false },
		{ "pipelined: DATA refused",
		    { HI_PIPE "250;250;451 later;|250;|" },
		    C_HI GROUP "RSET;|QUIT;|", OUTCOME_TEMP, FAIL_LATER, "data",
		    451, "", true },
		{ "pipelined: a reply too many",
		    { HI_PIPE "250;250;354;250;|250;|" }, C_HI GROUP,
		    OUTCOME_NOT_SENT, FAIL_PROTOCOL, "data", 0, "", false },
		{ "pipelined: a reply too few", { HI_PIPE "250;250;|" },
		    C_HI GROUP, OUTCOME_NOT_SENT, FAIL_LOST, "data", 0,
		    "waiting for the reply to DATA", false },
		{ "pipelined: 421 in the group", { HI_PIPE "250;421 bye;|" },
		    C_HI GROUP, OUTCOME_TEMP, FAIL_LATER, "rcpt", 421, "",
		    false },
		{ "pipelined: dot refused, QUIT is out",
		    { HI_PIPE "250;250;354;|554 no;221 bye;|", LAST },
		    C_HI GROUP MSG "QUIT;|", OUTCOME_PERM, FAIL_REFUSED,
		    "data-end", 554, "", false },
	};

	CHECK_ROWS(rows);
}

TEST(doubt)
{
	static const struct row rows[] = {
		{ "closed after the dot", { HI "250;|250;|354;|" },
		    C_HI ENVELOPE MSG "|", OUTCOME_UNKNOWN, FAIL_UNSURE,
		    "data-end", 0,
		    "h: waiting for the reply to the message: the server "
		    "closed the connection; the message may have been "
		    "delivered",
		    false },
		{ "silence after the dot", { HI "250;|250;|354;|", SILENT },
		    C_HI ENVELOPE MSG "|", OUTCOME_UNKNOWN, FAIL_UNSURE,
		    "data-end", 0,
		    "timed out; the message may have been delivered", false },
		{ "half a reply", { HI "250;|250;|354;|250-queued;|" },
		    C_HI ENVELOPE MSG "|", OUTCOME_UNKNOWN, FAIL_UNSURE,
		    "data-end", 0, "", false },
		{ "half a line", { HI "250;|250;|354;|250 ok|" },
		    C_HI ENVELOPE MSG "|", OUTCOME_UNKNOWN, FAIL_UNSURE,
		    "data-end", 0, "", false },
		{ "half a line of refusal", { HI "250;|250;|354;|554 n|" },
		    C_HI ENVELOPE MSG "|", OUTCOME_UNKNOWN, FAIL_UNSURE,
		    "data-end", 0, "", false },
		{ "not a reply", { HI "250;|250;|354;|ok ok;|" },
		    C_HI ENVELOPE MSG "|", OUTCOME_UNKNOWN, FAIL_UNSURE,
		    "data-end", 0, "", false },
		{ "354 again", { HI "250;|250;|354;|354 go;|" },
		    C_HI ENVELOPE MSG "|", OUTCOME_UNKNOWN, FAIL_UNSURE,
		    "data-end", 354, "may have been delivered", false },
		{ "codes that differ", { HI "250;|250;|354;|250-a;550 b;|" },
		    C_HI ENVELOPE MSG "|", OUTCOME_UNKNOWN, FAIL_UNSURE,
		    "data-end", 0, "", false },
		{ "pipelined QUIT", { HI_PIPE "250;250;354;|", LAST },
		    C_HI GROUP MSG "QUIT;|", OUTCOME_UNKNOWN, FAIL_UNSURE,
		    "data-end", 0, "", false },
	};

	CHECK_ROWS(rows);
}

/* No byte of the dot was taken: whatever the body did, it was not sent. */
TEST(no_doubt)
{
	static const struct row rows[] = {
		{ "gone before the body", { HI "250;|250;|354;|", GONE_AT_DOT },
		    "", OUTCOME_NOT_SENT, FAIL_LOST, "data-end", 0,
		    "h: sending the message: ", false },
		{ "gone before body and QUIT",
		    { HI_PIPE "250;250;354;|", GONE_AT_DOT | LAST }, "",
		    OUTCOME_NOT_SENT, FAIL_LOST, "data-end", 0,
		    "h: sending the message: ", false },
		{ "gone between body and dot",
		    { HI "250;|250;|354;|", GONE_AT_DOT | LARGE | SILENT }, "",
		    OUTCOME_NOT_SENT, FAIL_LOST, "data-end", 0,
		    "h: sending the message: ", false },
		{ "gone with a word",
		    { HI "250;|250;|354;|421 bye;|", GONE_AT_DOT }, "",
		    OUTCOME_TEMP, FAIL_LATER, "data-end", 421,
		    "h: sending the message: 421 bye", false },
		{ "gone with praise",
		    { HI "250;|250;|354;|250 ok;|", GONE_AT_DOT }, "",
		    OUTCOME_NOT_SENT, FAIL_LOST, "data-end", 0,
		    "h: sending the message: ", false },
	};

	CHECK_ROWS(rows);
}

TEST(large_messages)
{
	static const struct row rows[] = {
		{ "the server speaks in the middle",
		    { HI "250;|250;|354;|552 5.3.4 too big;|", LARGE },
		    C_HI ENVELOPE, OUTCOME_PERM, FAIL_REFUSED, "data-end", 552,
		    "h: sending the message: 552 5.3.4 too big", false },
		{ "421 in the middle", { HI "250;|250;|354;|421 bye;|", LARGE },
		    C_HI ENVELOPE, OUTCOME_TEMP, FAIL_LATER, "data-end", 421,
		    "", false },
		{ "praise in the middle",
		    { HI "250;|250;|354;|250 ok;|", LARGE }, C_HI ENVELOPE,
		    OUTCOME_NOT_SENT, FAIL_PROTOCOL, "data-end", 0,
		    "before it had the whole message", false },
		{ "closed in the middle", { HI "250;|250;|354;|", LARGE },
		    C_HI ENVELOPE, OUTCOME_NOT_SENT, FAIL_LOST, "data-end", 0,
		    "h: sending the message: the server closed", false },
		{ "larger than the server's SIZE",
		    { "220 x;|250-x;250 SIZE 1000;|", LARGE }, C_HI "QUIT;|",
		    OUTCOME_NOT_SENT, FAIL_MESSAGE, "mail", 0,
		    "the server takes 1000", true },
		{ "one octet too many", { "220 x;|250-x;250 SIZE 22;|" },
		    C_HI "QUIT;|", OUTCOME_NOT_SENT, FAIL_MESSAGE, "mail", 0,
		    "has 23 octets, the server takes 22", true },
	};

	CHECK_ROWS(rows);
}

TEST(addresses_that_lie)
{
	static const char *const bad[] = { "a@x> BODY=8BITMIME X=<",
		"b@y>\r\nRCPT TO:<e@z", "a\nb@y", "a b@y", "<a@y>", "\"a@y",
		"a@y\"", "\"a\\\"@y", "a\x7f@y", "\xff@y", "\xc3@y",
		"\"a\\\n\"@y" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const struct row row = { bad[i],
			{ HI "250;|", 0, 0, NULL, bad[i] }, C_HI "QUIT;|",
			OUTCOME_NOT_SENT, FAIL_MESSAGE, "mail", 0,
			"cannot carry", true };

		check_row(&row);
	}
}

TEST(addresses_that_are_odd)
{
	static const char *const good[] = { "\"a b\"@y", "\"<>\"@y",
		"\"a\\\"b\"@y", "a'b{}@y", "o'brien+tag@[192.0.2.1]", "root" };

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct scene scene = { HI "250;|250;|354;|250;|", 0, 0, NULL,
			good[i] };
		struct result r;
		char command[100];

		CASE(good[i]);
		play(&scene, &r);
		(void)snprintf(
		    command, sizeof(command), "|RCPT TO:<%s>;|", good[i]);
		CHECK(strstr(buf_text(&r.sent), command) != NULL);
		CHECK_INT(r.outcome.class, OUTCOME_ACCEPTED);
		result_free(&r);
	}
}

/* A class as a letter: Accepted, Temp, Perm, Not sent, Unknown. */
static char letter(enum outcome_class class)
{
	static const char letters[] = { [OUTCOME_ACCEPTED] = 'A',
		[OUTCOME_SUPPRESSED] = 'S',
		[OUTCOME_NOT_SENT] = 'N',
		[OUTCOME_TEMP] = 'T',
		[OUTCOME_PERM] = 'P',
		[OUTCOME_UNKNOWN] = 'U' };

	return letters[class];
}

#define RCPT3  "RCPT TO:<r0@y>;|RCPT TO:<r1@y>;|RCPT TO:<r2@y>;|"
#define GROUP3 "MAIL FROM:<s@x>;RCPT TO:<r0@y>;RCPT TO:<r1@y>;RCPT TO:<r2@y>;"

TEST(several_recipients)
{
	static const struct {
		const char *label, *server;
		int flags;
		const char *client;
		const char *classes; /* of the whole, then of each */
		enum fail_kind kind;
		int codes[3]; /* of the entries' replies */
	} rows[] = {
		{ "all", HI "250;|250;|250;|250;|354;|250 ok;|", 0,
		    C_HI "MAIL FROM:<s@x>;|" RCPT3 "DATA;|" MSG "|QUIT;|",
		    "AAAA", FAIL_NONE, { 250, 250, 250 } },
		{ "one refused", HI "250;|250;|550 who;|250;|354;|250;|", 0,
		    C_HI "MAIL FROM:<s@x>;|" RCPT3 "DATA;|" MSG "|QUIT;|",
		    "AAPA", FAIL_NONE, { 250, 550, 250 } },
		{ "one later, one refused",
		    HI "250;|450 l;|550 who;|250;|354;|250;|", 0, NULL, "ATPA",
		    FAIL_NONE, { 450, 550, 250 } },
		{ "one suppressed", HI "250;|254 4.7.1 S;|250;|250;|354;|250;|",
		    0, NULL, "AAAA", FAIL_NONE, { 254, 250, 250 } },
		{ "dot 254", HI "250;|250;|250;|250;|354;|254 4.7.1 S;|", 0,
		    NULL, "AAAA", FAIL_NONE, { 254, 254, 254 } },
		{ "all refused", HI "250;|550 a;|553 b;|554 c;|250;|", 0,
		    C_HI "MAIL FROM:<s@x>;|" RCPT3 "RSET;|QUIT;|", "PPPP",
		    FAIL_RCPT, { 550, 553, 554 } },
		{ "all refused, one for now",
		    HI "250;|550 a;|450 b;|451 c;|250;|", 0, NULL, "TPTT",
		    FAIL_LATER, { 550, 450, 451 } },
		{ "dot refused, one was before",
		    HI "250;|250;|550 a;|250;|354;|554 c;|", 0, NULL, "PPPP",
		    FAIL_REFUSED, { 554, 550, 554 } },
		{ "DATA later, one was refused",
		    HI "250;|250;|550 a;|250;|451 c;|250;|", 0, NULL, "TTPT",
		    FAIL_LATER, { 451, 550, 451 } },
		{ "closed after the dot", HI "250;|250;|550 a;|250;|354;|", 0,
		    NULL, "UUPU", FAIL_UNSURE, { 0, 550, 0 } },
		{ "closed before DATA", HI "250;|250;|550 a;|", 0, NULL, "NNPN",
		    FAIL_LOST, { 0, 550, 0 } },
		{ "421 at the last", HI "250;|250;|550 a;|421 b;|", 0, NULL,
		    "TTPT", FAIL_LATER, { 421, 550, 421 } },
		{ "MAIL refused", HI "550 5.7.1 a;|250;|", 0, NULL, "PPPP",
		    FAIL_SENDER, { 550, 550, 550 } },
		{ "pipelined", HI_PIPE "250;250;550 a;250;354;|250;|", 0,
		    C_HI GROUP3 "DATA;|" MSG "|QUIT;|", "AAPA", FAIL_NONE,
		    { 250, 550, 250 } },
		{ "pipelined, all refused",
		    HI_PIPE "250;550 a;550 b;450 c;554 d;|250;|", 0,
		    C_HI GROUP3 "DATA;|RSET;|QUIT;|", "TPPT", FAIL_LATER,
		    { 550, 550, 450 } },
		{ "pipelined, MAIL refused",
		    HI_PIPE "451 x;250;503 y;250;503 z;|250;|", 0,
		    C_HI GROUP3 "DATA;|RSET;|QUIT;|", "TTTT", FAIL_LATER,
		    { 451, 451, 451 } },
		{ "all or nothing: all", HI "250;|250;|250;|250;|354;|250;|",
		    ALL_OR_NOTHING, NULL, "AAAA", FAIL_NONE,
		    { 250, 250, 250 } },
		{ "all or nothing: nothing",
		    HI "250;|250;|550 a;|250;|250 reset;|", ALL_OR_NOTHING,
		    C_HI "MAIL FROM:<s@x>;|" RCPT3 "RSET;|QUIT;|", "PNPN",
		    FAIL_RCPT, { 550, 550, 550 } },
		{ "all or nothing: later", HI "250;|550 a;|450 a;|250;|",
		    ALL_OR_NOTHING | LAST,
		    C_HI "MAIL FROM:<s@x>;|" RCPT3 "QUIT;|", "TPTN", FAIL_LATER,
		    { 550, 450, 450 } },
		{ "all or nothing, pipelined",
		    HI_PIPE "250;250;250;250;|354;|250;|", ALL_OR_NOTHING,
		    C_HI GROUP3 "|DATA;|" MSG "|QUIT;|", "AAAA", FAIL_NONE,
		    { 250, 250, 250 } },
		{ "all or nothing, pipelined: nothing",
		    HI_PIPE "250;250;250;550 a;|250;|", ALL_OR_NOTHING,
		    C_HI GROUP3 "|RSET;|QUIT;|", "PNNP", FAIL_RCPT,
		    { 550, 550, 550 } },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct scene scene = { rows[i].server, rows[i].flags, 3 };
		struct result r;
		char classes[5] = "";

		CASE(rows[i].label);
		play(&scene, &r);
		if (rows[i].client)
			CHECK_STR(buf_text(&r.sent), rows[i].client);
		CHECK_INT(r.outcome.n_rcpt, 3);
		classes[0] = letter(r.outcome.class);
		for (size_t n = 0; n < r.outcome.n_rcpt; n++) {
			struct outcome_rcpt *e = &r.outcome.rcpt[n];

			classes[n + 1] = letter(e->class);
			CHECK_INT(e->reply.code, rows[i].codes[n]);
			CHECK((e->why.kind == FAIL_NONE) ==
			      (e->class == OUTCOME_ACCEPTED));
		}
		CHECK_STR(classes, rows[i].classes);
		CHECK_INT(r.outcome.why.kind, rows[i].kind);
		result_free(&r);
	}
}

#define LHI      "220 x;|250 x;|"
#define LHI_PIPE "220 x;|250-x;250 PIPELINING;|"
#define C_LHI    "LHLO me;|"

TEST(lmtp)
{
	static const struct {
		const char *label, *server;
		int flags;
		const char *client;
		const char *classes; /* of the whole, then of each */
		enum fail_kind kind;
		int codes[3];
		const char *text; /* in the why of the one that failed first */
		bool is_ready;
	} rows[] = {
		{ "all", LHI "250;|250;|250;|250;|354;|250 a;250 b;250 c;|", 0,
		    C_LHI "MAIL FROM:<s@x>;|" RCPT3 "DATA;|" MSG "|QUIT;|",
		    "AAAA", FAIL_NONE, { 250, 250, 250 }, "", true },
		{ "replies in pieces",
		    LHI "250;|250;|250;|250;|354;|250-a;25|0 a;250 b;2|50 c;|",
		    0, NULL, "AAAA", FAIL_NONE, { 250, 250, 250 }, "", true },
		{ "one refused after the dot",
		    LHI "250;|250;|250;|250;|354;|250 a;550 b;250 c;|", 0, NULL,
		    "AAPA", FAIL_NONE, { 250, 550, 250 },
		    "h: waiting for the replies to the message for <r1@y>: "
		    "550 b",
		    true },
		{ "one refused before the dot",
		    LHI "250;|250;|550 n;|250;|354;|250 a;250 c;|", 0,
		    C_LHI "MAIL FROM:<s@x>;|" RCPT3 "DATA;|" MSG "|QUIT;|",
		    "AAPA", FAIL_NONE, { 250, 550, 250 }, "TO:<r1@y>: 550 n",
		    true },
		{ "one before, one after",
		    LHI "250;|250;|550 n;|250;|354;|452 a;250 c;|", 0, NULL,
		    "ATPA", FAIL_NONE, { 452, 550, 250 }, "<r0@y>: 452 a",
		    true },
		{ "all refused after the dot",
		    LHI "250;|250;|250;|250;|354;|550 a;552 b;554 c;|", 0, NULL,
		    "PPPP", FAIL_REFUSED, { 550, 552, 554 }, "<r0@y>: 550 a",
		    true },
		{ "all refused, one for now",
		    LHI "250;|250;|250;|250;|354;|550 a;451 b;554 c;|", 0, NULL,
		    "TPTP", FAIL_LATER, { 550, 451, 554 }, "", true },
		{ "all refused before the dot",
		    LHI "250;|550 a;|550 b;|550 c;|250;|", 0,
		    C_LHI "MAIL FROM:<s@x>;|" RCPT3 "RSET;|QUIT;|", "PPPP",
		    FAIL_RCPT, { 550, 550, 550 }, "", true },
		{ "pipelined", LHI_PIPE "250;250;550 n;250;354;|250 a;451 c;|",
		    0, C_LHI GROUP3 "DATA;|" MSG "|QUIT;|", "AAPT", FAIL_NONE,
		    { 250, 550, 451 }, "", true },
		{ "pipelined, the last one",
		    LHI_PIPE "250;250;250;250;354;|250 a;250 b;250 c;221 q;|",
		    LAST, C_LHI GROUP3 "DATA;|" MSG "QUIT;|", "AAAA", FAIL_NONE,
		    { 250, 250, 250 }, "", false },
		{ "a reply is missing",
		    LHI "250;|250;|250;|250;|354;|250 a;250 b;|", 0, NULL,
		    "UAAU", FAIL_UNSURE, { 250, 250, 0 }, "may have been",
		    false },
		{ "no reply at all", LHI "250;|250;|250;|250;|354;|", 0, NULL,
		    "UUUU", FAIL_UNSURE, { 0, 0, 0 }, "may have been", false },
		{ "421 for one of them",
		    LHI "250;|250;|250;|250;|354;|250 a;421 b;250 c;|", 0, NULL,
		    "AATA", FAIL_NONE, { 250, 421, 250 }, "421 b", true },
		{ "421 and gone", LHI "250;|250;|250;|250;|354;|250 a;421 b;|",
		    0, NULL, "UATU", FAIL_UNSURE, { 250, 421, 0 }, "421 b",
		    false },
		{ "out of step",
		    LHI "250;|250;|250;|250;|354;|250 a;354 b;250 c;|", 0, NULL,
		    "UAUU", FAIL_UNSURE, { 250, 354, 354 }, "", false },
		{ "a reply too many",
		    LHI "250;|250;|250;|250;|354;|250;250;250;250;|", 0, NULL,
		    "AAAA", FAIL_NONE, { 250, 250, 250 }, "", false },
		{ "garbage for the second",
		    LHI "250;|250;|250;|250;|354;|250 a;x;|", 0, NULL, "UAUU",
		    FAIL_UNSURE, { 250, 0, 0 }, "", false },
		{ "DATA refused", LHI "250;|250;|250;|250;|451 d;|250;|", 0,
		    C_LHI "MAIL FROM:<s@x>;|" RCPT3 "DATA;|RSET;|QUIT;|",
		    "TTTT", FAIL_LATER, { 451, 451, 451 }, "", true },
		{ "suppressed",
		    LHI "250;|250;|250;|250;|354;|250;254 4.7.1 S;250;|", 0,
		    NULL, "AAAA", FAIL_NONE, { 250, 254, 250 }, "", true },
		{ "all or nothing is before the dot",
		    LHI "250;|250;|250;|250;|354;|250 a;550 b;250 c;|",
		    ALL_OR_NOTHING, NULL, "AAPA", FAIL_NONE, { 250, 550, 250 },
		    "", true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct scene scene = { rows[i].server, LMTP | rows[i].flags,
			3 };
		struct result r;
		char classes[5] = "";
		const char *first = "";

		CASE(rows[i].label);
		play(&scene, &r);
		if (rows[i].client)
			CHECK_STR(buf_text(&r.sent), rows[i].client);
		CHECK_INT(r.is_ready, rows[i].is_ready);
		classes[0] = letter(r.outcome.class);
		for (size_t n = 0; n < r.outcome.n_rcpt; n++) {
			struct outcome_rcpt *e = &r.outcome.rcpt[n];

			classes[n + 1] = letter(e->class);
			CHECK_INT(e->reply.code, rows[i].codes[n]);
			if (!first[0])
				first = e->why.text;
		}
		CHECK_STR(classes, rows[i].classes);
		CHECK_INT(r.outcome.why.kind, rows[i].kind);
		if (!strstr(first, rows[i].text))
			CHECK_STR(first, rows[i].text);
		result_free(&r);
	}
}

/* LHLO is as EHLO is: refused, and not sent twice. */
TEST(lmtp_hello)
{
	static const struct row rows[] = {
		{ "LHLO refused", { "220 x;|500 what;|", LMTP }, C_LHI "QUIT;|",
		    OUTCOME_PERM, FAIL_REFUSED, "ehlo", 500,
		    "reply to LHLO: 500 what", false },
		{ "SIZE and DSN in LMTP",
		    { "220 x;|250-x;250-SIZE;250 DSN;|250;|250;|354;|250;|",
			LMTP | NOTIFY },
		    C_LHI "MAIL FROM:<s@x> SIZE=23 RET=HDRS ENVID=a+2Bb;|"
			  "RCPT TO:<r0@y> NOTIFY=FAILURE,DELAY;|DATA;|" MSG
			  "|QUIT;|",
		    OUTCOME_ACCEPTED, FAIL_NONE, "data-end", 250, "", true },
		{ "many lines",
		    { "220 x;|250-x;250 PIPELINING;|250;250;354;|250-a;250 b;|",
			LMTP },
		    C_LHI GROUP MSG "|QUIT;|", OUTCOME_ACCEPTED, FAIL_NONE,
		    "data-end", 250, "", true },
	};

	CHECK_ROWS(rows);
}

/* Half a dialogue of LMTP, cut at every byte: see cut_at_every_byte. */
TEST(lmtp_cut_at_every_byte)
{
	static const char script[] = "220 x;|250-x;250 PIPELINING;|250 a;"
				     "250 b;250 b;354 go;|250 c;250 d;|";
	size_t go = (size_t)(strstr(script, "354 go;") + 7 - script);
	size_t one = (size_t)(strstr(script, "250 c;") + 6 - script);
	char cut[sizeof(script)];

	for (size_t n = 0; n < sizeof(script) - 1; n++) {
		struct scene scene = { cut, LMTP, 2 };
		struct result r;

		CASE("a cut");
		memcpy(cut, script, n);
		cut[n] = '\0';
		play(&scene, &r);
		CHECK_INT(r.outcome.class, n < go ? OUTCOME_NOT_SENT
					   : n < sizeof(script) - 2
					       ? OUTCOME_UNKNOWN
					       : OUTCOME_ACCEPTED);
		if (r.outcome.n_rcpt == 2)
			CHECK_INT(r.outcome.rcpt[0].class,
			    n < go    ? OUTCOME_NOT_SENT
			    : n < one ? OUTCOME_UNKNOWN
				      : OUTCOME_ACCEPTED);
		result_free(&r);
	}
}

#define HI_UTF8 "220 x;|250-x;250-8BITMIME;250 SMTPUTF8;|"

TEST(internationalized_addresses)
{
	static const struct row rows[] = {
		{ "not needed", { HI_UTF8 "250;|250;|354;|250;|" },
		    C_HI ENVELOPE MSG "|QUIT;|", OUTCOME_ACCEPTED, FAIL_NONE,
		    "data-end", 250, "", true },
		{ "recipient",
		    { HI_UTF8 "250;|250;|354;|250;|", 0, 0, NULL,
			"\xc3\xbc@\xc3\xb6.example" },
		    C_HI "MAIL FROM:<s@x> SMTPUTF8;|"
			 "RCPT TO:<\xc3\xbc@\xc3\xb6.example>;|DATA;|" MSG
			 "|QUIT;|",
		    OUTCOME_ACCEPTED, FAIL_NONE, "data-end", 250, "", true },
		{ "sender, 8-bit text",
		    { HI_UTF8 "250;|250;|354;|250;|", UTF8_SENDER | EIGHT_BIT },
		    C_HI "MAIL FROM:<\xc3\xa4@x> BODY=8BITMIME SMTPUTF8;|"
			 "RCPT TO:<r0@y>;|DATA;|Subject: t;;\xc3\xa4;"
			 "..Hello.;.;|QUIT;|",
		    OUTCOME_ACCEPTED, FAIL_NONE, "data-end", 250, "", true },
		{ "only the domain, offered",
		    { HI_UTF8 "250;|250;|354;|250;|", 0, 0, NULL,
			"a@b\xc3\xbc"
			"cher.example" },
		    C_HI "MAIL FROM:<s@x>;|RCPT TO:<a@xn--bcher-kva.example>;|"
			 "DATA;|" MSG "|QUIT;|",
		    OUTCOME_ACCEPTED, FAIL_NONE, "data-end", 250, "", true },
		{ "only the domain, not offered",
		    { HI "250;|250;|354;|250;|", 0, 0, NULL,
			"\"a b\"@b\xc3\xbc"
			"cher.example" },
		    C_HI "MAIL FROM:<s@x>;|"
			 "RCPT TO:<\"a b\"@xn--bcher-kva.example>;|"
			 "DATA;|" MSG "|QUIT;|",
		    OUTCOME_ACCEPTED, FAIL_NONE, "data-end", 250, "", true },
		{ "a domain that is none",
		    { HI, 0, 0, NULL, "a@\xe2\x80\xa8.example" }, C_HI "QUIT;|",
		    OUTCOME_NOT_SENT, FAIL_MESSAGE, "mail", 0, "recipient <a@",
		    true },
		{ "recipient, not offered", { HI, 0, 0, NULL, "\xc3\xbc@y" },
		    C_HI "QUIT;|", OUTCOME_NOT_SENT, FAIL_MESSAGE, "mail", 0,
		    "does not offer SMTPUTF8", true },
		{ "sender, not offered", { HI, UTF8_SENDER }, C_HI "QUIT;|",
		    OUTCOME_NOT_SENT, FAIL_MESSAGE, "mail", 0,
		    "sender <??@x>: the local part is not ASCII", true },
		{ "a line end in UTF-8",
		    { HI_UTF8, 0, 0, NULL, "\xc3\xbc\r\nRCPT TO:<b@y" },
		    C_HI "QUIT;|", OUTCOME_NOT_SENT, FAIL_MESSAGE, "mail", 0,
		    "cannot carry", true },
	};

	CHECK_ROWS(rows);
}

TEST(etrn)
{
	static const struct {
		const char *label, *server, *queue, *client;
		enum outcome_class class;
		enum fail_kind kind;
		int code;
		bool is_ready;
	} rows[] = {
		{ "250", "220 x;|250-x;250 ETRN;|250 started;|",
		    "client.example.com",
		    C_HI "ETRN client.example.com;|QUIT;|", OUTCOME_ACCEPTED,
		    FAIL_NONE, 250, true },
		{ "251", "220 x;|250-x;250 ETRN;|251 nothing;|", "#q",
		    C_HI "ETRN #q;|QUIT;|", OUTCOME_ACCEPTED, FAIL_NONE, 251,
		    true },
		{ "253", "220 x;|250-x;250 ETRN;|253 pending;|", "@d", NULL,
		    OUTCOME_ACCEPTED, FAIL_NONE, 253, true },
		{ "458", "220 x;|250-x;250 ETRN;|458 unable;|", "q", NULL,
		    OUTCOME_TEMP, FAIL_LATER, 458, false },
		{ "459", "220 x;|250-x;250 ETRN;|459 not allowed;|", "q", NULL,
		    OUTCOME_TEMP, FAIL_LATER, 459, false },
		{ "500", "220 x;|250-x;250 ETRN;|500 syntax;|", "q", NULL,
		    OUTCOME_PERM, FAIL_MESSAGE, 500, false },
		{ "501", "220 x;|250-x;250 ETRN;|501 argument;|", "q", NULL,
		    OUTCOME_PERM, FAIL_MESSAGE, 501, false },
		{ "502", "220 x;|250-x;250 ETRN;|502 no;|", "q", NULL,
		    OUTCOME_PERM, FAIL_REFUSED, 502, false },
		{ "354", "220 x;|250-x;250 ETRN;|354 go;|", "q", NULL,
		    OUTCOME_NOT_SENT, FAIL_PROTOCOL, 354, false },
		{ "closed", "220 x;|250-x;250 ETRN;|", "q", NULL,
		    OUTCOME_NOT_SENT, FAIL_LOST, 0, false },
		{ "not offered", HI, "q", C_HI "QUIT;|", OUTCOME_NOT_SENT,
		    FAIL_REFUSED, 0, true },
		{ "a blank", "220 x;|250-x;250 ETRN;|", "q q", C_HI "QUIT;|",
		    OUTCOME_NOT_SENT, FAIL_MESSAGE, 0, true },
		{ "a line end", "220 x;|250-x;250 ETRN;|", "q\r\nDATA",
		    C_HI "QUIT;|", OUTCOME_NOT_SENT, FAIL_MESSAGE, 0, true },
		{ "empty", "220 x;|250-x;250 ETRN;|", "", C_HI "QUIT;|",
		    OUTCOME_NOT_SENT, FAIL_MESSAGE, 0, true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct smtp_params params = {
			.ehlo_name = "me", .host = "h", .timeout = 1
		};
		struct outcome out = { .size = 0 };
		struct arena a = { 0 };
		struct buf sent;
		struct smtp *s;
		int fd[2];

		CASE(rows[i].label);
		if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fd) != 0)
			exit(1);
		buf_init(&sent, 4096);
		put_pieces(fd[1], rows[i].server);
		shutdown(fd[1], SHUT_WR);
		s = smtp_open(fd[0], &params, NULL, &a, &out);
		CHECK(s != NULL);
		CHECK_INT(smtp_etrn(s, rows[i].queue, &out), rows[i].is_ready);
		smtp_close(s);
		take_pieces(fd[1], &sent);
		if (rows[i].client)
			CHECK_STR(buf_text(&sent), rows[i].client);
		CHECK_INT(out.class, rows[i].class);
		CHECK_INT(out.why.kind, rows[i].kind);
		CHECK_INT(out.reply.code, rows[i].code);
		CHECK_STR(out.reply.stage, "etrn");
		buf_free(&sent);
		arena_free(&a);
		io_close(fd[1]);
	}
}

static void repeat(struct buf *b, const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_adds(b, text);
}

/* Flights end where the replies could fill every buffer between. */
TEST(many_recipients)
{
	struct scene scene = { NULL, 0, 250 };
	struct buf script;
	struct result r;
	size_t flights = 0;

	buf_init(&script, 100000);
	buf_adds(&script, HI_PIPE);
	repeat(&script, "250;", 100);
	buf_adds(&script, "|");
	repeat(&script, "250;", 100);
	buf_adds(&script, "|");
	repeat(&script, "250;", 51);
	buf_adds(&script, "354;|250 ok;|");
	scene.server = buf_text(&script);
	play(&scene, &r);
	CHECK_INT(r.outcome.class, OUTCOME_ACCEPTED);
	CHECK_INT(r.outcome.n_rcpt, 250);
	CHECK_INT(r.outcome.rcpt[249].class, OUTCOME_ACCEPTED);
	CHECK_STR(r.outcome.rcpt[249].address, "r249@y");
	for (const char *p = buf_text(&r.sent); *p; p++)
		flights += *p == '|';
	CHECK_INT(flights, 6);
	result_free(&r);
	buf_free(&script);
}

TEST(parts_of_an_outcome)
{
	struct scene scene = { HI "250;|250;|354;|"
				  "250-2.0.0 Ok: queued as AB12\x1b[0m;"
				  "250 2.0.0 done;|" };
	struct result r;

	play(&scene, &r);
	CASE("the reply, made harmless");
	CHECK_STR(r.outcome.reply.text,
	    "250-2.0.0 Ok: queued as AB12?[0m\n250 2.0.0 done");
	CHECK_INT(r.outcome.reply.enhanced[0], 2);
	CASE("the server's id");
	CHECK_STR(r.outcome.server_id, "AB12");
	CASE("octets, LF as one");
	CHECK(r.outcome.size == 20);
	CHECK_STR(r.outcome.why.text, "");
	result_free(&r);
}

/* A line end counts one, whatever it is; edits count; fate does not. */
TEST(sizes)
{
	static const struct {
		const char *label, *text, *prefix;
		struct msg_edit edit;
		unsigned size;
	} rows[] = {
		{ "LF", "Subject: t\n\nab\n", "", { 0 }, 15 },
		{ "CRLF", "Subject: t\r\n\r\nab\r\n", "", { 0 }, 15 },
		{ "mixed", "Subject: t\r\n\nab\r\r\nc\rd\n", "", { 0 }, 19 },
		{ "dots", "Subject: t\n\n.\n..\n", "", { 0 }, 17 },
		{ "no line end", "Subject: t\n\nab", "", { 0 }, 14 },
		{ "fields before it", "Subject: t\n\nab\n", "Date: x\n", { 0 },
		    23 },
		{ "a field less, LF", "Bcc: y\nSubject: t\n\nab\n", "",
		    { 0, 7, { "", 0 } }, 15 },
		{ "a field less, CRLF", "Bcc: y\r\nSubject: t\r\n\r\nab\r\n",
		    "", { 0, 8, { "", 0 } }, 15 },
		{ "a field replaced, CRLF",
		    "Subject: t\r\nFrom: y\r\n\r\nab\r\n", "X: y\n",
		    { 12, 9, { "From: a@example.com\n", 20 } }, 40 },
		{ "a blank less", "Subject : t\r\n\r\nab\r\n", "",
		    { 7, 1, { "", 0 } }, 15 },
		{ "a bare CR made a blank", "Subject: t\ru\n\nab\n", "",
		    { 10, 1, { " ", 1 } }, 17 },
	};

	for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
		const char *script =
		    i % 2 ? HI "451 no;|250;|" : HI "250;|250;|354;|250;|";
		const char *rcpt[] = { "r@y" };
		const struct smtp_envelope envelope = { "s@x", rcpt, 1 };
		const struct smtp_params params = {
			.ehlo_name = "me", .host = "h", .timeout = 1
		};
		struct msg_edit edit = rows[i / 2].edit;
		struct outcome out = { .size = 0 };
		struct arena a = { 0 };
		struct smtp *s;
		struct msg m;
		int fd[2];

		CASE(rows[i / 2].label);
		if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fd) != 0)
			exit(1);
		put_pieces(fd[1], script);
		read_message(&m, io_temp(), rows[i / 2].text);
		m.prefix = slice_of(rows[i / 2].prefix);
		m.edits = &edit;
		m.n_edits = edit.n > 0;
		s = smtp_open(fd[0], &params, NULL, &a, &out);
		(void)smtp_send(s, &envelope, &m, false, &out);
		smtp_close(s);
		CHECK_INT(out.class, i % 2 ? OUTCOME_TEMP : OUTCOME_ACCEPTED);
		CHECK_INT(out.size, rows[i / 2].size);
		msg_free(&m);
		arena_free(&a);
		io_close(fd[1]);
	}
}

/*
 * The server's half of a whole dialogue, cut at every byte: the message is
 * accepted if and only if the reply to the dot was complete, and in doubt if
 * and only if the dot had left.
 */
TEST(cut_at_every_byte)
{
	static const char *const scripts[] = {
		"220 x;|250-x;250 AUTH PLAIN;|235 ok;|250 a;|250 b;|354 go;|"
		"250-ok;250 done;|",
		"220 x;|250-x;250-AUTH PLAIN;250 PIPELINING;|235 ok;|250 a;"
		"250 b;354 go;|250-ok;250 done;|",
	};

	for (size_t i = 0; i < 2; i++) {
		size_t length = strlen(scripts[i]);
		size_t go =
		    (size_t)(strstr(scripts[i], "354 go;") + 7 - scripts[i]);
		char cut[256];

		for (size_t n = 0; n < length; n++) {
			struct scene scene = { cut, AUTH };
			struct result r;
			enum outcome_class expected = n < go ? OUTCOME_NOT_SENT
						      : n < length - 1
							  ? OUTCOME_UNKNOWN
							  : OUTCOME_ACCEPTED;

			CASE("a cut");
			memcpy(cut, scripts[i], n);
			cut[n] = '\0';
			play(&scene, &r);
			CHECK_INT(r.outcome.class, expected);
			CHECK_INT(r.is_open && r.is_ready,
			    expected == OUTCOME_ACCEPTED);
			result_free(&r);
		}
	}
}

/* The same with every byte changed: praise needs a 2 where it belongs. */
TEST(one_byte_changed)
{
	static const char script[] =
	    "220 x;|250-x;250 PIPELINING;|250 a;250 b;354 go;|250 done;|";
	const size_t dot = (size_t)(strstr(script, "250 done") - script);
	static const char bytes[] = { '0', '3', '4', '5', '9', '-', ' ', 'x',
		'\n', '\x80' };

	for (size_t at = 0; at < sizeof(script) - 1; at++) {
		if (script[at] == '|')
			continue;
		for (size_t b = 0; b < sizeof(bytes); b++) {
			char changed[sizeof(script)];
			struct scene scene = { changed };
			struct result r;

			CASE("a change");
			memcpy(changed, script, sizeof(script));
			changed[at] = bytes[b];
			play(&scene, &r);
			if (r.outcome.class == OUTCOME_ACCEPTED)
				CHECK(changed[dot] == '2');
			/* Without the line end of 354 the dot's reply is
			 * a part of it. */
			if (r.outcome.class == OUTCOME_UNKNOWN)
				CHECK(at + 2 >= dot);
			result_free(&r);
		}
	}
}

TEST(two_transactions)
{
	static const char script[] =
	    "220 x;|250 x;|250;|250;|354;|250 Ok 111111;|250;|550 no;|250;|"
	    "250;|250;|354;|250 Ok 333333;|";
	const struct smtp_params params = {
		.ehlo_name = "me", .host = "h", .partial_delivery = true
	};
	const char *rcpt[] = { "r@y" };
	const struct smtp_envelope envelope = { "s@x", rcpt, 1 };
	struct outcome out = { .n_rcpt = 7 };
	struct arena a = { 0 };
	struct smtp *s;
	struct msg m;
	int fd[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fd) != 0)
		exit(1);
	put_pieces(fd[1], script);
	make_message(&m, 0);
	s = smtp_open(fd[0], &params, NULL, &a, &out);
	CHECK(s != NULL);
	CASE("success leaves the outcome alone");
	CHECK_INT(out.n_rcpt, 7);
	CASE("first");
	CHECK(smtp_send(s, &envelope, &m, false, &out));
	CHECK_STR(out.server_id, "111111");
	CASE("second, refused");
	CHECK(smtp_send(s, &envelope, &m, false, &out));
	CHECK_INT(out.class, OUTCOME_PERM);
	CHECK(out.server_id == NULL);
	CASE("third");
	CHECK(!smtp_send(s, &envelope, &m, true, &out));
	CHECK_STR(out.server_id, "333333");
	CASE("fourth, after QUIT");
	CHECK(!smtp_send(s, &envelope, &m, true, &out));
	CHECK_INT(out.class, OUTCOME_NOT_SENT);
	CHECK_INT(out.why.kind, FAIL_LOST);
	CHECK_STR(out.reply.stage, "mail");
	CHECK_INT(out.rcpt[0].class, OUTCOME_NOT_SENT);
	CHECK(smtp_close(s) == NULL);
	CHECK(smtp_close(NULL) == NULL);
	msg_free(&m);
	arena_free(&a);
	io_close(fd[1]);
}

TEST(params_that_cannot_be)
{
	static const struct tls_params no_trust = { "h", "/nonexistent" };

	static const struct {
		const char *label;
		struct smtp_params params;
		bool is_tcp;
		const char *text;
	} rows[] = {
		{ "no name", { .host = "h" }, false, "EHLO" },
		{ "empty name", { .host = "h", .ehlo_name = "" }, false,
		    "EHLO" },
		{ "name with a line end",
		    { .host = "h", .ehlo_name = "a\r\nMAIL" }, false, "EHLO" },
		{ "name with a blank", { .host = "h", .ehlo_name = "a b" },
		    false, "EHLO" },
		{ "8-bit name", { .host = "h", .ehlo_name = "\xc3\xa4" }, false,
		    "EHLO" },
		{ "AUTH in clear",
		    { .host = "h",
			.ehlo_name = "me",
			.auth = true,
			.user = "u" },
		    true, "AUTH needs TLS" },
		{ "trust file",
		    { .host = "h",
			.ehlo_name = "me",
			.tls = SMTP_TLS_STARTTLS,
			.tls_params = &no_trust },
		    false, "/nonexistent" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct outcome out = { .n_rcpt = 7 };
		struct arena a = { 0 };
		char sent[1];
		int fd[2];

		CASE(rows[i].label);
		if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fd) != 0)
			exit(1);
		put_pieces(fd[1], HI_AUTH "235;|");
		if (rows[i].is_tcp) {
			io_close(fd[0]);
			fd[0] = socket(AF_INET, SOCK_STREAM, 0);
		}
		CHECK(smtp_open(fd[0], &rows[i].params, make_password(), &a,
			  &out) == NULL);
		CHECK_INT(out.class, OUTCOME_NOT_SENT);
		CHECK_INT(out.why.kind, FAIL_CONFIG);
		CHECK_STR(out.reply.stage, "");
		CHECK(strstr(out.why.text, rows[i].text) != NULL);
		CASE("nothing was sent, the recipients are the caller's");
		(void)recv(fd[1], sent, 0, MSG_DONTWAIT | MSG_PEEK);
		CHECK_INT(recv(fd[1], sent, 1, MSG_DONTWAIT), 0);
		CHECK_INT(out.n_rcpt, 7);
		io_close(fd[1]);
		arena_free(&a);
	}
}

/* A server in a child that answers each flight; stdout stays ours. */
static void serve(int fd, uint64_t body)
{
	static const char *const replies[] = { "220 x\r\n", "250 x\r\n",
		"250 ok\r\n", "250 ok\r\n", "354 go\r\n" };
	static char bytes[65536];
	uint64_t total = 0;
	char end[5] = "";
	ssize_t n;

	for (size_t i = 0; i < 5; i++) {
		if (i > 0 && read(fd, bytes, sizeof(bytes)) <= 0)
			_exit(1);
		if (io_write(fd, replies[i], strlen(replies[i])) != 0)
			_exit(1);
	}
	while (total < body && (n = read(fd, bytes, 5000)) > 0) {
		total += (uint64_t)n;
		usleep(50);
		memcpy(end, bytes + n - (n < 5 ? n : 5), n < 5 ? n : 5);
	}
	if (total != body || memcmp(end, "\r\n.\r\n", 5) != 0)
		_exit(2);
	(void)io_write(fd, "250 Ok 123456\r\n", 15);
	_exit(0);
}

TEST(a_large_message_arrives)
{
	struct scene scene = { .flags = LARGE };
	struct result r = { .is_open = false };
	int fd[2], status = -1;
	pid_t child;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fd) != 0)
		exit(1);
	fflush(stdout);
	child = fork();
	if (child == 0) {
		close(fd[0]);
		serve(fd[1], 14 + 10000 * 30 + 10 + 3);
	}
	close(fd[1]);
	talk(fd[0], &scene, &r);
	waitpid(child, &status, 0);
	CHECK_INT(status, 0);
	CHECK_STR(r.outcome.why.text, "");
	CHECK_INT(r.outcome.class, OUTCOME_ACCEPTED);
	CHECK_STR(r.outcome.server_id, "123456");
	CHECK(r.outcome.size == 12 + 10000 * 29 + 8);
	arena_free(&r.arena);
}
