/*
 * send: the use case, one message through one account. The steps in the order
 * that keeps the network idle until everything else is known: begin, choose,
 * take in the message, submit, end.
 */
#ifndef APP_SEND_H
#define APP_SEND_H

#include "cred.h"
#include "files.h"
#include "intake.h"
#include "report.h"
#include "rewrite.h"

struct send {
	const struct invocation *inv; /* borrowed, as the two below */
	struct arena *arena;
	struct msg *msg; /* NULL: not there yet */
	struct files files;
	struct buf alias_warnings; /* one a line */
	struct rewrite_view view;
	struct cred cred;
	struct secret *password;
	struct plan plan;
	struct report report; /* what is known so far */
};

void send_begin(struct send *s, const struct invocation *inv, struct arena *a);

/*
 * The account by -a or the sender (or NULL), and its secret on the way.
 * Fails: CONFIG, USAGE, SECRET, OS, NOMEM.
 */
int send_choose(struct send *s, const char *sender, struct fail *why);
/* Without the secret. */
int send_choose_account(struct send *s, const char *sender, struct fail *why);

/* What -v and -d ask for, once there is a plan; send_choose*() do it. */
void send_show(struct send *s);

/* How to take in a message for this account. */
struct intake_params send_intake(const struct send *s, bool dot_ends);

/*
 * 0 when so many octets are not too many for the account, else why is
 * MESSAGE with the advice that send_is_too_large() knows.
 */
int send_check_size(const struct send *s, uint64_t size, struct fail *why);
bool send_is_too_large(const struct fail *why);

/*
 * For one of several messages of the account of `from`, whose settings are
 * borrowed: a plan of its own, and no secret. Fails as send_choose().
 */
int send_share(struct send *s, const struct send *from, struct fail *why);

/* The warnings so far, once; those about aliases go to the log as well, and to
 * a caller of sendmail's name only there. */
void send_warn(struct send *s);

/* Envelope and header, without the network. Fails as plan and rewrite do. */
int send_prepare(struct send *s, struct fail *why);

/*
 * Envelope, header, network, for s->msg and what s->view saw in it. 0: *ret
 * says what became of it; -1: it did not get to submit(), for the reason in
 * why (any kind).
 */
int send_submit(struct send *s, struct outcome *ret, struct fail *why);

/* After send_begin(), whatever came of it. */
void send_end(struct send *s);

#endif
