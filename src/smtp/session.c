#include "mem.h"
#include "path.h"
#include "recode.h"
#include "session_private.h"
#include "tally.h"
#include "utf8.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	TLS_SECONDS = 30,
	/* What a server said before it broke off is there at once. */
	LAST_WORDS_SECONDS = 2,
	/* So many replies fit any socket's buffer, so neither side waits for
	 * the other to read (RFC 2920 3.1). */
	FLIGHT_MAX = 100,
	COMMAND_MAX = 1000,
	STACK_USED = 32 * 1024,
	ADDRESS_MAX = 320,
};

int smtp_seconds(const struct smtp *s, int seconds)
{
	int cap = s->params.timeout;

	return cap > 0 && cap < seconds ? cap : seconds;
}

struct deadline smtp_deadline(const struct smtp *s, int seconds)
{
	return deadline_in(smtp_seconds(s, seconds));
}

bool smtp_can_pipeline(const struct smtp *s)
{
	return (s->caps.set & CAP_PIPELINING) != 0;
}

/* Nothing that could end a line, and 8-bit only if MAIL says so. */
static bool is_sendable(const struct smtp *s, struct slice line)
{
	for (size_t i = 0; s->t.is_utf8 && i < line.n; i++)
		if (is_control(line.p[i]))
			return false;
	return s->t.is_utf8 ? utf8_is_valid(line) : slice_is_printable(line);
}

int smtp_command(struct smtp *s, const char *format, ...)
{
	char line[COMMAND_MAX];
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(line, sizeof(line) - 2, format, args);
	va_end(args);
	if (n < 0 || n >= (int)sizeof(line) - 2 ||
	    !is_sendable(s, (struct slice){ line, (size_t)n }))
		return fail(
		    &s->broken, FAIL_BUG, "a command that cannot be sent");
	line[n] = '\r';
	line[n + 1] = '\n';
	return conn_put(s->conn, (struct slice){ line, (size_t)n + 2 },
	    s->deadline, &s->broken);
}

static void change_state(struct smtp *s, enum smtp_state next)
{
	static const char *const ends[] = { "ready", "leave", "closed" };

	s->state = next;
	conn_note(s->conn,
	    next < N_STATES ? smtp_rows[next].name : ends[next - N_STATES]);
}

/*
 * The dot was not tried when all from it on is still queued: then the kernel
 * has no byte of it, whatever became of the message before it.
 */
static void flush_flight(struct smtp *s)
{
	size_t whole = conn_queued(s->conn);

	if (s->broken.kind == FAIL_NONE)
		(void)conn_flush(s->conn, s->deadline, &s->broken);
	if (s->t.is_dot_queued)
		s->t.is_dot_tried =
		    conn_queued(s->conn) < whole - s->t.before_dot;
	s->t.is_dot_queued = false;
}

static void send_flight(struct smtp *s)
{
	enum smtp_state at = s->state;

	s->deadline = smtp_deadline(s, smtp_rows[at].seconds);
	do {
		at = smtp_rows[at].send(s);
		s->owed++;
	} while (s->broken.kind == FAIL_NONE && at != STATE_WAIT &&
		 smtp_can_pipeline(s) && smtp_rows[at].is_pipelined &&
		 s->owed < FLIGHT_MAX);
	flush_flight(s);
}

static const struct reply_limits *limits_of(enum smtp_state state)
{
	if (state == STATE_EHLO || state == STATE_LHLO)
		return &reply_limits_ehlo;
	return state == STATE_AUTH ? &reply_limits_auth : &reply_limits_usual;
}

static int read_reply(struct smtp *s, struct fail *why)
{
	const struct reply_limits *limits = limits_of(s->state);
	bool is_broken = s->broken.kind != FAIL_NONE;
	struct deadline d = smtp_deadline(
	    s, is_broken ? LAST_WORDS_SECONDS : smtp_rows[s->state].seconds);
	int status = 0;

	reply_clear(&s->reply);
	while (status == 0) {
		struct slice line;

		if (conn_line(s->conn, limits->max_line, d, &line, why) != 0)
			return -1;
		status = reply_add_line(&s->reply, line, limits, why);
	}
	if (status < 0)
		return -1;
	s->owed--;
	if (s->owed > 0 || is_broken || conn_surplus(s->conn) == 0)
		return 0;
	/* What follows the reply to the dot cannot unsay it. */
	s->t.has_surplus = smtp_is_body(s);
	return s->t.has_surplus
		   ? 0
		   : fail(why, FAIL_PROTOCOL,
			 "the server sent more than the reply it owed");
}

/* A flight, if there is anything to say, and one reply. */
static enum smtp_state turn(struct smtp *s)
{
	const struct fail *broken = &s->broken;
	struct fail why = { .kind = FAIL_NONE };

	if (s->owed == 0)
		send_flight(s);
	/* Trouble of our own; SPOOL when before_dot() had to say so. */
	if (broken->kind == FAIL_OS || broken->kind == FAIL_SPOOL ||
	    broken->kind == FAIL_BUG) {
		smtp_lost(s, broken);
		return STATE_CLOSED;
	}
	if (read_reply(s, &why) != 0) {
		smtp_lost(s, broken->kind != FAIL_NONE ? broken : &why);
		return STATE_CLOSED;
	}
	/* In LMTP a 421 to the message is about one recipient. */
	if (broken->kind == FAIL_NONE &&
	    (s->reply.code != 421 || s->state == STATE_LBODY))
		return smtp_rows[s->state].recv(s);
	/* Its last words explain the break, unless they praise. */
	if (reply_class(&s->reply) >= 4)
		smtp_refused(s);
	else
		smtp_lost(s, broken);
	return STATE_CLOSED;
}

static void run(struct smtp *s, enum smtp_state first)
{
	s->owed = 0;
	change_state(s, first);
	while (s->state < N_STATES)
		change_state(s, turn(s));
}

static void say_quit(struct smtp *s)
{
	if (s->state != STATE_READY && s->state != STATE_LEAVE)
		return;
	change_state(s, STATE_QUIT);
	/* The reply is not waited for: nothing depends on it. */
	send_flight(s);
	change_state(s, STATE_CLOSED);
}

int smtp_start_tls(struct smtp *s, struct fail *why)
{
	struct tls *t = s->tls;

	s->tls = NULL;
	if (conn_start_tls(s->conn, t, smtp_deadline(s, TLS_SECONDS), why) == 0)
		return 0;
	if (why->kind == FAIL_PROTOCOL && s->params.tls == SMTP_TLS_IMPLICIT)
		return fail(why, FAIL_PROTOCOL,
		    "%s: the server does not speak TLS on this port: is it a "
		    "STARTTLS port (587)?",
		    s->params.host);
	return fail_wrap(why, "%s", s->params.host);
}

void smtp_end_auth(struct smtp *s)
{
	/* The exchange borrows the password. */
	s->auth.sasl = sasl_free(s->auth.sasl);
	s->auth.password = secret_free(s->auth.password);
	s->auth.token = SLICE("");
	s->auth.has_token = false;
}

/* All that can be said before the server has said anything. */
static int prepare(struct smtp *s, struct fail *why)
{
	const struct smtp_params *p = &s->params;
	struct slice name = slice_of(p->ehlo_name);
	struct tls_params tls;

	if (name.n == 0 || name.n > ADDRESS_MAX || !slice_is_printable(name) ||
	    slice_find(name, ' ') < name.n)
		return fail(why, FAIL_CONFIG,
		    "\"%s\" cannot be the name for EHLO",
		    p->ehlo_name ? p->ehlo_name : "");
	if (p->auth && p->tls == SMTP_TLS_NONE && !conn_is_local(s->conn))
		return fail(why, FAIL_CONFIG,
		    "%s: AUTH needs TLS: a password never goes over the "
		    "network in clear",
		    p->host);
	if (p->tls == SMTP_TLS_NONE)
		return 0;
	tls = *p->tls_params;
	tls.password = s->auth.password;
	s->tls = tls_new(&tls, why);
	if (!s->tls)
		return -1;
	if (p->tls != SMTP_TLS_IMPLICIT)
		return 0;
	s->out->reply.stage = "connect";
	return smtp_start_tls(s, why);
}

/* What the calls that handled the password have left below us. */
static __attribute__((noinline)) void wipe_stack(void)
{
	char room[STACK_USED];

	explicit_bzero(room, sizeof(room));
}

struct smtp *smtp_open(int fd, const struct smtp_params *params,
    struct secret *password, struct arena *a, struct outcome *ret)
{
	struct smtp *s = mem_zero(sizeof(*s));
	struct outcome opening = { .class = OUTCOME_NOT_SENT,
		.reply = { .stage = "", .text = "" } };
	struct fail why = { .kind = FAIL_NONE };
	bool has_secret = params->auth || password;

	s->params = *params;
	s->arena = a;
	s->conn = conn_new(fd, params->trace);
	s->auth.password = password;
	s->out = &opening;
	s->state = STATE_CLOSED;
	reply_init(&s->reply);
	if (prepare(s, &why) == 0)
		run(s, STATE_GREET);
	else
		smtp_settle(s, OUTCOME_NOT_SENT, &why);
	smtp_end_auth(s);
	if (has_secret)
		wipe_stack();
	s->out = NULL;
	if (s->state == STATE_READY)
		return s;
	ret->class = opening.class;
	ret->why = opening.why;
	ret->reply = opening.reply;
	return smtp_close(s);
}

/*
 * The addresses as the commands have them: the server is told of UTF-8 when
 * one cannot do without, and knows that; all others go in ASCII.
 */
static int make_paths(struct smtp *s, struct fail *why)
{
	const struct smtp_envelope *e = s->t.envelope;
	bool needs_utf8 = path_needs_utf8(e->sender);
	const char **rcpt = arena_alloc(s->arena, e->n_rcpt * sizeof(*rcpt));

	for (size_t i = 0; i < e->n_rcpt; i++)
		needs_utf8 |= path_needs_utf8(e->rcpt[i]);
	/* RFC 6531 3.1: the one is not offered without the other. */
	s->t.is_utf8 = needs_utf8 && (s->caps.set & CAP_SMTPUTF8) &&
		       (s->caps.set & CAP_8BITMIME);
	if (path_make(e->sender, s->t.is_utf8, s->arena, &s->t.sender, why) !=
	    0)
		return fail_wrap(why, "sender <%s>", e->sender);
	for (size_t i = 0; i < e->n_rcpt; i++)
		if (e->rcpt[i][0] == '\0'
			? fail(why, FAIL_MESSAGE, "no address")
			: path_make(e->rcpt[i], s->t.is_utf8, s->arena,
			      &rcpt[i], why))
			return fail_wrap(why, "recipient <%s>", e->rcpt[i]);
	s->t.rcpt = rcpt;
	return 0;
}

static int check_envelope(struct smtp *s, struct fail *why)
{
	uint64_t size = msg_wire_size(s->t.msg);

	if (s->t.envelope->n_rcpt == 0)
		return fail(why, FAIL_BUG, "a message without recipients");
	if (make_paths(s, why) != 0)
		return -1;
	if (s->caps.max_size > 0 && size > s->caps.max_size)
		return fail(why, FAIL_MESSAGE,
		    "%s: the message has %llu octets, the server takes %llu",
		    s->params.host, (unsigned long long)size,
		    (unsigned long long)s->caps.max_size);
	return 0;
}

static uint64_t octets(struct slice text)
{
	struct tally t = { .text = 0 };

	tally_add(&t, text.p, text.n);
	tally_finish(&t);
	return t.text + t.ends;
}

/* See outcome.h. */
static uint64_t edited_size(const struct msg *m)
{
	uint64_t size = m->facts.size + octets(m->prefix);

	for (size_t i = 0; i < m->n_edits; i++) {
		const struct msg_edit *e = &m->edits[i];
		struct slice old = slice_skip(buf_slice(&m->header), e->at);

		size += octets(e->text) - octets(slice_head(old, e->n));
	}
	return size;
}

static void begin(struct smtp *s, const struct smtp_envelope *e, struct msg *m,
    bool last, struct outcome *ret)
{
	*ret = (struct outcome){
		.class = OUTCOME_NOT_SENT,
		.reply = { .stage = "mail", .text = "" },
		.rcpt =
		    arena_alloc(s->arena, (e->n_rcpt + 1) * sizeof(*ret->rcpt)),
		.n_rcpt = e->n_rcpt,
		.size = edited_size(m),
	};
	for (size_t i = 0; i < e->n_rcpt; i++) {
		ret->rcpt[i].address = e->rcpt[i];
		ret->rcpt[i].class = OUTCOME_NOT_SENT;
		ret->rcpt[i].reply.stage = "";
		ret->rcpt[i].reply.text = "";
	}
	s->t = (struct smtp_transaction){
		.envelope = e, .msg = m, .is_last = last
	};
	s->out = ret;
	s->is_settled = false;
}

/* What the server can take decides what is sent, and how large it is. */
static int make_ready(struct smtp *s, struct fail *why)
{
	bool may_8bit = s->caps.set & CAP_8BITMIME;

	if (recode(s->t.msg, may_8bit, why) != 0)
		return -1;
	s->out->size = edited_size(s->t.msg);
	return check_envelope(s, why);
}

bool smtp_send(struct smtp *s, const struct smtp_envelope *envelope,
    struct msg *m, bool last, struct outcome *ret)
{
	struct fail why = { .kind = FAIL_NONE };

	begin(s, envelope, m, last, ret);
	if (s->state != STATE_READY) {
		fail(&why, FAIL_LOST, "%s: the session has ended",
		    s->params.host);
		smtp_settle(s, OUTCOME_NOT_SENT, &why);
	} else if (make_ready(s, &why) != 0) {
		smtp_settle(s, OUTCOME_NOT_SENT, &why);
	} else {
		run(s, STATE_MAIL);
	}
	if (last)
		say_quit(s);
	s->out = NULL;
	s->t.envelope = NULL;
	s->t.msg = NULL;
	return s->state == STATE_READY;
}

static int check_etrn(const struct smtp *s, const char *queue, struct fail *why)
{
	struct slice text = slice_of(queue);

	if (s->state != STATE_READY)
		return fail(why, FAIL_LOST, "%s: the session has ended",
		    s->params.host);
	if (!(s->caps.set & CAP_ETRN))
		return fail(why, FAIL_REFUSED,
		    "%s: the server does not offer ETRN", s->params.host);
	if (text.n == 0 || text.n > ADDRESS_MAX || !slice_is_printable(text) ||
	    slice_find(text, ' ') < text.n)
		return fail(why, FAIL_MESSAGE,
		    "\"%s\" cannot be an argument of ETRN", queue);
	return 0;
}

bool smtp_etrn(struct smtp *s, const char *queue, struct outcome *ret)
{
	struct fail why = { .kind = FAIL_NONE };

	*ret = (struct outcome){ .class = OUTCOME_NOT_SENT,
		.reply = { .stage = "etrn", .text = "" } };
	s->t = (struct smtp_transaction){ .envelope = NULL };
	s->out = ret;
	s->queue = queue;
	s->is_settled = false;
	if (check_etrn(s, queue, &why) != 0)
		smtp_settle(s, OUTCOME_NOT_SENT, &why);
	else
		run(s, STATE_ETRN);
	s->out = NULL;
	return s->state == STATE_READY;
}

void smtp_info(const struct smtp *s, struct smtp_info *ret)
{
	*ret = (struct smtp_info){ .banner = s->banner ? s->banner : "",
		.caps = &s->caps,
		.had_starttls = s->had_starttls };
	conn_address(s->conn, ret->address, sizeof(ret->address));
	ret->has_peer = conn_peer(s->conn, &ret->peer);
}

struct smtp *smtp_close(struct smtp *s)
{
	if (!s)
		return NULL;
	say_quit(s);
	smtp_end_auth(s);
	tls_free(s->tls);
	conn_free(s->conn);
	reply_free(&s->reply);
	free(s);
	return NULL;
}
