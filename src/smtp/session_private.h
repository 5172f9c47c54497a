/*
 * session_private: what session.c (the engine), states.c and states_auth.c (the
 * functions of the states) share. Nobody else includes this.
 *
 * A send function queues the state's command and returns the state whose
 * command may follow in the same flight, or STATE_WAIT; a failure is left in
 * s->broken. A recv function looks at the complete reply in s->reply and
 * returns the next state. Neither changes s->state.
 */
#ifndef SMTP_SESSION_PRIVATE_H
#define SMTP_SESSION_PRIVATE_H

#include "caps.h"
#include "session.h"
#include "verdict.h"

enum smtp_state {

#define STATE(id, name, stage, phrase, seconds, pipelined) STATE_##id,
#include "states.def"
#undef STATE
	STATE_READY,  /* in step, nothing under way */
	STATE_LEAVE,  /* in step, and only QUIT may follow */
	STATE_CLOSED, /* nothing may be sent any more */
	STATE_WAIT,   /* of a send function: nothing more in this flight */
	N_STATES = STATE_READY,
};

struct smtp_row {
	const char *name, *stage, *phrase;
	int seconds;
	bool is_pipelined;
	enum smtp_state (*send)(struct smtp *s);
	enum smtp_state (*recv)(struct smtp *s);
};

/* One transaction. */
struct smtp_transaction {
	const struct smtp_envelope *envelope;
	struct msg *msg;
	bool is_last;
	bool is_utf8;       /* MAIL says SMTPUTF8 (RFC 6531) */
	const char *sender; /* as MAIL and RCPT have them */
	const char *const *rcpt;
	size_t sent, got, accepted;    /* RCPT: commands, replies, 2yz */
	size_t reported;               /* LMTP: replies to the dot */
	struct outcome_reply delivery; /* LMTP: the last 2yz of them */
	bool is_quit_sent;
	bool is_dot_queued; /* since the last flush */
	size_t before_dot;  /* octets queued when it was */
	bool is_dot_tried;  /* any byte of the final dot may have left */
	bool has_surplus;   /* behind the reply to the dot */
};

struct smtp_auth {
	struct secret *password;
	const char *mechanism;
	struct sasl *sasl;
	struct slice token; /* borrowed from sasl */
	bool is_begun;      /* the AUTH command is out */
	bool has_token;     /* the token is still to be sent */
	bool is_cancelled;
};

struct smtp {
	struct smtp_params params; /* its strings are borrowed */
	struct arena *arena;
	struct conn *conn;
	struct tls *tls; /* until the handshake */
	struct caps caps;
	const char *banner; /* the greeting; arena */
	bool had_starttls;  /* offered in clear */
	const char *queue;  /* the argument of ETRN */
	struct reply reply;
	enum smtp_state state;
	size_t owed; /* commands sent whose replies are still to come */
	struct deadline deadline;
	struct fail broken; /* why nothing can be sent any more */
	struct outcome *out;
	bool is_settled; /* *out says what became of it */
	struct smtp_auth auth;
	struct smtp_transaction t;
};

/* The rows of states.def. */
extern const struct smtp_row smtp_rows[N_STATES];

/* Capped by the timeout of the parameters. */
struct deadline smtp_deadline(const struct smtp *s, int seconds);
int smtp_seconds(const struct smtp *s, int seconds);

/*
 * Queues a command without its CR LF: the one gate through which text gets
 * into a command. A byte that is not printable ASCII, or too long a line, is
 * a BUG here; callers have checked. -1: s->broken says why.
 */
int smtp_command(struct smtp *s, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Is the message on its way, or has it gone? */
static inline bool smtp_is_body(const struct smtp *s)
{
	return s->state == STATE_BODY || s->state == STATE_LBODY;
}

/* True when the server pipelines (RFC 2920). */
bool smtp_can_pipeline(const struct smtp *s);

/* The handshake, over s->conn; takes s->tls. Says the host in why. */
int smtp_start_tls(struct smtp *s, struct fail *why);
/* The reply lets the dialogue go on. */
bool smtp_is_accepted(const struct smtp *s);
/* The state after a refusal outside a transaction. */
enum smtp_state smtp_give_up(struct smtp *s);
/* NOT-SENT for a reason of ours; returns next. */
enum smtp_state smtp_fail_here(
    struct smtp *s, const struct fail *why, enum smtp_state next);

/* AUTH, in states_auth.c. Chooses the mechanism and makes its first token. */
int smtp_begin_auth(struct smtp *s, struct fail *why);
enum smtp_state smtp_send_auth(struct smtp *s);
enum smtp_state smtp_recv_auth(struct smtp *s);
/* Forgets password and exchange. */
void smtp_end_auth(struct smtp *s);

/*
 * These decide what became of the message, or of the session before there is
 * one; the first one counts. Recipients that were refused keep their own
 * entries.
 */
void smtp_settle(
    struct smtp *s, enum outcome_class class, const struct fail *why);
/* By the reply. True: the dialogue is still in step (4yz and 5yz). */
bool smtp_refused(struct smtp *s);
/* By a failure of the connection; UNKNOWN once the dot was tried. */
void smtp_lost(struct smtp *s, const struct fail *why);
/* 2yz to the dot. */
void smtp_accepted(struct smtp *s);
/* By the replies to RCPT, if they stop the message. */
void smtp_settle_rcpts(struct smtp *s);
/* The reply to RCPT number i. */
void smtp_note_rcpt(struct smtp *s, size_t i);
/* LMTP: a reply to the dot, and what becomes of the message by all of them. */
void smtp_note_delivery(struct smtp *s);
void smtp_settle_deliveries(struct smtp *s);
/* What is to be said besides the reply that was refused; "" is nothing. */
void smtp_add_reason(struct smtp *s, const char *label, const char *reason);

#endif
