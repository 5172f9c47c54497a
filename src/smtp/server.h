/*
 * server: one SMTP dialogue from the other side (RFC 5321, 1870, 2034, 2920,
 * 6152), or LMTP (RFC 2033), over two descriptors. It knows the grammar, the
 * order of the commands and the transparency of the text; what becomes of a
 * sender, a recipient and a message the owner says by callbacks.
 *
 * Command lines end in LF, with or without CR, and are read whole up to
 * SERVER_LINE_MAX. What ends a message depends on how the line of its DATA
 * ended, see dots.h: in a dialogue of CRLF no other line end can make a
 * second message out of the first. Input may come before it is asked for;
 * replies are written when there is none in hand (one write a flight).
 *
 * Memory does not grow with the dialogue. There is no time limit: whoever
 * wrote the input is a caller, not a stranger.
 */
#ifndef SMTP_SERVER_H
#define SMTP_SERVER_H

#include "intake.h"

#define SERVER_LINE_MAX  2048 /* octets of a command with its end */
#define SERVER_RCPT_MAX  1000 /* tried in a transaction */
#define SERVER_REPLY_MAX 512  /* octets of a line, RFC 5321 4.5.3.1.5 */

/*
 * Texts are borrowed until the callback that gave them is followed by another
 * one. They are made printable and folded into as many lines as they need.
 */
struct server_reply {
	int code;             /* its first digit says what happens */
	const char *enhanced; /* "5.1.1", or NULL; after HELO it stands in
				 refusals only */
	const char *text;     /* lines with LF between them */
};

struct server_mail {
	const char *sender; /* as addr_check() wants it, or "" */
	uint64_t size;      /* of SIZE=, 0: it was not said */
};

/*
 * Each fills *ret; a code other than 2yz refuses. What is passed is borrowed
 * for the call; `ctx` is that of the parameters. A transaction begins with
 * mail(), refused or not, and reset() ends it, after message(), too.
 */
struct server_ops {
	/* For EHLO: octets, 0 when that depends. */
	uint64_t (*max_size)(void *ctx);
	void (*mail)(void *ctx, const struct server_mail *mail,
	    struct server_reply *ret);
	/* An address as addr_check() wants it, maybe without a domain. */
	void (*rcpt)(void *ctx, const char *address, struct server_reply *ret);
	/* How the message is to be taken in; borrowed until message(). */
	const struct intake_params *(*data)(void *ctx);
	/*
	 * The message has ended. m is the server's; NULL when it could not be
	 * taken in, for the reason in `why`. ret has one entry, in LMTP one
	 * for each recipient that was accepted, in their order.
	 */
	void (*message)(void *ctx, struct msg *m, const struct fail *why,
	    struct server_reply *ret);
	void (*reset)(void *ctx);
};

struct server_params {
	int in, out;      /* descriptors; they stay open */
	bool is_lmtp;     /* LHLO; a reply for each recipient */
	const char *name; /* of this host */
	const struct server_ops *ops;
	void *ctx;
};

/*
 * Greets and serves until QUIT or the end of the input: 0. Fails: INPUT (it
 * cannot be read, or ends in a transaction, of which no message() was called
 * then), OS (a reply cannot be written; nothing is asked of ops from then
 * on). What was begun stays for the owner to end.
 */
int server_run(const struct server_params *params, struct fail *why);

#endif
