/*
 * The send and receive functions of states.def.
 */
#include "mem.h"
#include "recode.h"
#include "session_private.h"
#include "wire.h"
#include <stdlib.h>

enum {
	BLOCK_SECONDS = 60, /* without progress while the body leaves */
	CHUNK = 32768,
	FLIGHT_END = 16, /* room for the dot and QUIT */
	PARAMETERS_MAX = 512,
};

_Static_assert(WIRE_GROWTH(CHUNK) <= CONN_ROOM, "a chunk must fit");

static enum smtp_state send_greet(struct smtp *s)
{
	(void)s; /* the server speaks first */
	return STATE_WAIT;
}

bool smtp_is_accepted(const struct smtp *s)
{
	const char *stage = smtp_rows[s->state].stage;

	return verdict_of(stage, &s->reply).kind == FAIL_NONE;
}

enum smtp_state smtp_give_up(struct smtp *s)
{
	return smtp_refused(s) ? STATE_LEAVE : STATE_CLOSED;
}

/* The command that says who we are. */
static enum smtp_state hello(const struct smtp *s)
{
	return s->params.is_lmtp ? STATE_LHLO : STATE_EHLO;
}

static enum smtp_state recv_greet(struct smtp *s)
{
	if (!smtp_is_accepted(s))
		return smtp_give_up(s);
	s->banner = arena_copy(s->arena, buf_slice(&s->reply.text));
	return hello(s);
}

static enum smtp_state send_ehlo(struct smtp *s)
{
	(void)smtp_command(s, "EHLO %s", s->params.ehlo_name);
	return STATE_WAIT;
}

static enum smtp_state send_lhlo(struct smtp *s)
{
	(void)smtp_command(s, "LHLO %s", s->params.ehlo_name);
	return STATE_WAIT;
}

enum smtp_state smtp_fail_here(
    struct smtp *s, const struct fail *why, enum smtp_state next)
{
	struct fail whole;

	fail(&whole, why->kind, "%s: %s", s->params.host, why->text);
	smtp_settle(s, OUTCOME_NOT_SENT, &whole);
	return next;
}

/* RFC 5321 4.1.4, and 504, which it has for parameters: no EHLO here. */
static bool is_without_ehlo(const struct smtp *s)
{
	static const int codes[] = { 500, 501, 502, 504, 550 };

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (s->reply.code == codes[i])
			return !s->params.is_lmtp;
	return false;
}

/* HELO has no extensions: it will not do where one is wanted. */
static enum smtp_state without_ehlo(struct smtp *s)
{
	bool is_enough = !s->tls && !s->params.auth;
	enum smtp_state next;

	if (is_without_ehlo(s) && is_enough)
		return STATE_HELO;
	next = smtp_give_up(s);
	if (is_without_ehlo(s))
		smtp_add_reason(s, "",
		    s->tls ? "STARTTLS, which the account wants, needs EHLO"
			   : "AUTH, which the account wants, needs EHLO");
	return next;
}

static enum smtp_state recv_ehlo(struct smtp *s)
{
	struct fail why;

	if (!smtp_is_accepted(s))
		return without_ehlo(s);
	caps_parse(&s->reply, &s->caps);
	s->had_starttls |= (s->caps.set & CAP_STARTTLS) != 0;
	if (s->tls && !(s->caps.set & CAP_STARTTLS)) {
		fail(&why, FAIL_TLS, "the server does not offer STARTTLS");
		return smtp_fail_here(s, &why, STATE_LEAVE);
	}
	if (s->tls)
		return STATE_STARTTLS;
	if (!s->params.auth)
		return STATE_READY;
	return smtp_begin_auth(s, &why) == 0
		   ? STATE_AUTH
		   : smtp_fail_here(s, &why, STATE_LEAVE);
}

static enum smtp_state recv_lhlo(struct smtp *s)
{
	return recv_ehlo(s);
}

static enum smtp_state send_helo(struct smtp *s)
{
	(void)smtp_command(s, "HELO %s", s->params.ehlo_name);
	return STATE_WAIT;
}

static enum smtp_state recv_helo(struct smtp *s)
{
	return smtp_is_accepted(s) ? STATE_READY : smtp_give_up(s);
}

static enum smtp_state send_starttls(struct smtp *s)
{
	(void)smtp_command(s, "STARTTLS");
	return STATE_WAIT;
}

static enum smtp_state recv_starttls(struct smtp *s)
{
	struct fail why;

	if (!smtp_is_accepted(s))
		return smtp_give_up(s);
	/* RFC 3207 4.2: what was learned in clear is forgotten. */
	s->caps = (struct caps){ .set = 0 };
	if (smtp_start_tls(s, &why) != 0) {
		smtp_settle(s, OUTCOME_NOT_SENT, &why);
		return STATE_CLOSED;
	}
	return hello(s);
}

static enum smtp_state send_auth(struct smtp *s)
{
	return smtp_send_auth(s);
}

static enum smtp_state recv_auth(struct smtp *s)
{
	return smtp_recv_auth(s);
}

static void add_mail_parameters(const struct smtp *s, struct buf *b)
{
	const struct msg *m = s->t.msg;
	bool is_8bit = recode_has_8bit(m);

	if (s->caps.set & CAP_SIZE)
		buf_addf(b, " SIZE=%llu", (unsigned long long)msg_wire_size(m));
	if (is_8bit && (s->caps.set & CAP_8BITMIME))
		buf_adds(b, " BODY=8BITMIME");
	if (s->t.is_utf8)
		buf_adds(b, " SMTPUTF8");
	if (s->caps.set & CAP_DSN)
		dsn_add_mail(b, &s->t.envelope->dsn);
}

static enum smtp_state send_mail(struct smtp *s)
{
	struct buf parameters;

	buf_init(&parameters, PARAMETERS_MAX);
	add_mail_parameters(s, &parameters);
	(void)smtp_command(
	    s, "MAIL FROM:<%s>%s", s->t.sender, buf_text(&parameters));
	buf_free(&parameters);
	return STATE_RCPT;
}

static enum smtp_state send_rcpt(struct smtp *s)
{
	const struct smtp_envelope *e = s->t.envelope;
	struct buf parameters;

	buf_init(&parameters, PARAMETERS_MAX);
	if (s->caps.set & CAP_DSN)
		dsn_add_rcpt(&parameters, &e->dsn);
	(void)smtp_command(
	    s, "RCPT TO:<%s>%s", s->t.rcpt[s->t.sent++], buf_text(&parameters));
	buf_free(&parameters);
	if (s->t.sent < e->n_rcpt)
		return STATE_RCPT;
	/* All or nothing is decided before DATA. */
	return s->params.partial_delivery || e->n_rcpt == 1 ? STATE_DATA
							    : STATE_WAIT;
}

/* After a transaction that ends without a message. */
static enum smtp_state recover(const struct smtp *s)
{
	return s->t.is_last ? STATE_LEAVE : STATE_RSET;
}

/* After a reply to MAIL or RCPT: what is the next one to? */
static enum smtp_state next_in_envelope(struct smtp *s)
{
	size_t n = s->t.envelope->n_rcpt;

	if (s->t.got == n)
		smtp_settle_rcpts(s);
	if (s->owed > 0)
		return s->t.got < s->t.sent ? STATE_RCPT : STATE_DATA;
	if (s->is_settled)
		return recover(s);
	return s->t.got < n ? STATE_RCPT : STATE_DATA;
}

static enum smtp_state recv_mail(struct smtp *s)
{
	if (!smtp_is_accepted(s) && !smtp_refused(s))
		return STATE_CLOSED;
	return next_in_envelope(s);
}

static enum smtp_state recv_rcpt(struct smtp *s)
{
	int class = reply_class(&s->reply);
	size_t i = s->t.got++;

	if (class == 3) {
		smtp_refused(s);
		return STATE_CLOSED;
	}
	if (!s->is_settled)
		smtp_note_rcpt(s, i);
	return next_in_envelope(s);
}

static enum smtp_state send_data(struct smtp *s)
{
	(void)smtp_command(s, "DATA");
	return STATE_WAIT;
}

static enum smtp_state recv_data(struct smtp *s)
{
	/*
	 * 354 although nobody is to get the message: any dot from here could
	 * deliver an empty one, so nothing more is sent at all.
	 */
	if (smtp_is_accepted(s) && s->is_settled)
		return STATE_CLOSED;
	if (smtp_is_accepted(s))
		return s->params.is_lmtp ? STATE_LBODY : STATE_BODY;
	return smtp_refused(s) ? recover(s) : STATE_CLOSED;
}

/*
 * n octets of the message, in conn_room(); 0: that was all. 0, or -1:
 * s->broken says why the message did not get through.
 */
static int put_body(struct smtp *s, size_t n)
{
	int status =
	    conn_stream(s->conn, n, smtp_seconds(s, BLOCK_SECONDS), &s->broken);

	if (status == 1)
		fail(&s->broken, FAIL_PROTOCOL,
		    "the server replied before it had the whole message");
	return status == 0 ? 0 : -1;
}

static int put_message(struct smtp *s, char *raw)
{
	struct wire filter = { .in_line = false };
	uint64_t put = 0;
	size_t n;
	ssize_t got;

	msg_rewind(s->t.msg);
	while ((got = msg_read(s->t.msg, raw, CHUNK, &s->broken)) > 0) {
		n = wire_filter(&filter, raw, (size_t)got, conn_room(s->conn));
		put += n;
		if (n > 0 && put_body(s, n) != 0)
			return -1;
	}
	if (got < 0)
		return -1;
	n = wire_finish(&filter, conn_room(s->conn));
	put += n;
	if (n > 0 && put_body(s, n) != 0)
		return -1;
	/*
	 * A dot that leaves together with a body of many segments would leave
	 * the outcome in doubt for longer than it has to be.
	 */
	if (put == conn_queued(s->conn) && put + FLIGHT_END <= CONN_QUEUE_MAX)
		return 0;
	return put_body(s, 0);
}

/* A spool has to know that a dot may be on its way before it is. */
static bool may_end(struct smtp *s)
{
	const struct smtp_envelope *e = s->t.envelope;

	return !e->before_dot || e->before_dot(e->ctx, s->out, &s->broken) == 0;
}

static enum smtp_state send_body(struct smtp *s)
{
	char *raw = mem_alloc(CHUNK);
	int status = put_message(s, raw);

	free(raw);
	if (status != 0 || !may_end(s))
		return STATE_WAIT;
	s->deadline = smtp_deadline(s, smtp_rows[s->state].seconds);
	s->t.is_dot_queued = true;
	s->t.before_dot = conn_queued(s->conn);
	(void)smtp_command(s, ".");
	return s->t.is_last ? STATE_QUIT : STATE_WAIT;
}

static enum smtp_state after_body(const struct smtp *s)
{
	return s->t.is_quit_sent || s->t.has_surplus ? STATE_CLOSED
						     : STATE_READY;
}

static enum smtp_state recv_body(struct smtp *s)
{
	if (smtp_is_accepted(s))
		smtp_accepted(s);
	else if (!smtp_refused(s))
		return STATE_CLOSED;
	return after_body(s);
}

static enum smtp_state send_lbody(struct smtp *s)
{
	enum smtp_state next = send_body(s);

	/* One reply is counted by the engine, as for any command. */
	if (s->t.is_dot_queued)
		s->owed += s->t.accepted - 1;
	return next;
}

static enum smtp_state recv_lbody(struct smtp *s)
{
	int class = reply_class(&s->reply);

	if (class == 3) {
		smtp_refused(s);
		return STATE_CLOSED;
	}
	smtp_note_delivery(s);
	if (++s->t.reported < s->t.accepted)
		return STATE_LBODY;
	smtp_settle_deliveries(s);
	return after_body(s);
}

static enum smtp_state send_etrn(struct smtp *s)
{
	(void)smtp_command(s, "ETRN %s", s->queue);
	return STATE_WAIT;
}

static enum smtp_state recv_etrn(struct smtp *s)
{
	if (!smtp_is_accepted(s))
		return smtp_give_up(s);
	smtp_accepted(s);
	return STATE_READY;
}

static enum smtp_state send_rset(struct smtp *s)
{
	(void)smtp_command(s, "RSET");
	return STATE_WAIT;
}

static enum smtp_state recv_rset(struct smtp *s)
{
	return smtp_is_accepted(s) ? STATE_READY : smtp_give_up(s);
}

static enum smtp_state send_quit(struct smtp *s)
{
	s->t.is_quit_sent = true;
	(void)smtp_command(s, "QUIT");
	return STATE_WAIT;
}

static enum smtp_state recv_quit(struct smtp *s)
{
	(void)s; /* not waited for */
	return STATE_CLOSED;
}

const struct smtp_row smtp_rows[N_STATES] = {
#define STATE(id, name, stage, phrase, seconds, pipelined)                     \
	[STATE_##id] = { #name, stage, phrase, seconds, pipelined,             \
		send_##name, recv_##name },
#include "states.def"
#undef STATE
};
