/*
 * serve_reply: what a caller that speaks SMTP to us is answered. The one place
 * that turns a failure or an outcome into a code, an enhanced code (RFC 3463)
 * and a text.
 *
 * The relay's verdict on a message (its reply to MAIL, RCPT, DATA or the final
 * dot) is passed on. Whatever else keeps a message from being sent is no fault
 * of the message: it is 4yz, for the caller to keep and send again, even where
 * somebody has to mend the configuration first. A message that some got and
 * some did not is 5yz whatever the reason, since a caller that sent it again
 * to all would deliver it twice.
 */
#ifndef APP_SERVE_REPLY_H
#define APP_SERVE_REPLY_H

#include "outcome.h"
#include "server.h"

enum serve_step {
	SERVE_MAIL, /* the sender, and with it the account */
	SERVE_RCPT,
	SERVE_DOT,
};

/* For what failed on our side. Texts are in the arena. */
void serve_reply_failure(enum serve_step step, const struct fail *why,
    struct arena *a, struct server_reply *ret);

/* For what submit() says; never 250 unless the relay took it for everybody. */
void serve_reply_outcome(
    const struct outcome *o, struct arena *a, struct server_reply *ret);

#endif
