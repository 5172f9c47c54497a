/*
 * session: one SMTP dialogue as a client (RFC 5321, 3207, 4954, 2920, 1870,
 * 6152, 3461). states.def lists the states; each has a send and a receive
 * function and the receive function returns the next state. One transaction
 * after the other may be run over an open session.
 *
 * Nothing is sent after the first reply that does not fit, and no session
 * goes on after surplus bytes behind a reply.
 */
#ifndef SMTP_SESSION_H
#define SMTP_SESSION_H

#include "conn.h"
#include "dsn.h"
#include "intake.h"
#include "outcome.h"
#include "sasl.h"

enum smtp_tls {
	SMTP_TLS_NONE,
	SMTP_TLS_STARTTLS,
	SMTP_TLS_IMPLICIT,
};

struct smtp_params {
	const char *ehlo_name;
	const char *host; /* as configured: SASL, messages */
	enum smtp_tls tls;
	const struct tls_params *tls_params; /* unused when tls is NONE */
	bool auth;
	const char *mechanism; /* NULL: the best one offered */
	const char *user;
	bool partial_delivery; /* refused recipients do not stop the others */
	int timeout;           /* a cap on each deadline, seconds; 0: none */
	const struct conn_trace *trace;
};

struct smtp_envelope {
	const char *sender; /* "" is the null sender */
	const char *const *rcpt;
	size_t n_rcpt;
	struct dsn dsn; /* left out where DSN is not offered */
	/*
	 * When the body has left and before the final dot may: *so_far has
	 * the refused recipients. With -1 it never leaves, and why decides
	 * (NOT-SENT). NULL: nothing is to be done.
	 */
	int (*before_dot)(
	    void *ctx, const struct outcome *so_far, struct fail *why);
	void *ctx;
};

struct smtp;

/*
 * Greeting to AUTH over fd, which is taken over. The password (or NULL) is
 * freed right after the reply to AUTH, and in any case. NULL on failure, with
 * what happened in *ret (class NOT-SENT, TEMP or PERM; the stage is "connect"
 * for a handshake before the greeting, "" for parameters that cannot be).
 */
struct smtp *smtp_open(int fd, const struct smtp_params *params,
    struct secret *password, struct arena *a, struct outcome *ret);

/*
 * MAIL to the reply to the final dot. Fills every field of *ret, one entry
 * for each recipient. Returns true when the session can carry another
 * transaction. With `last`, QUIT follows (in one flight with the dot when the
 * server pipelines).
 */
bool smtp_send(struct smtp *s, const struct smtp_envelope *envelope,
    struct msg *m, bool last, struct outcome *ret);

/* QUIT if the session stands and none was sent; closes. Returns NULL. */
struct smtp *smtp_close(struct smtp *s);

#endif
