/*
 * reply: a server's reply as a value (RFC 5321 4.2, RFC 2034). Limits: a line
 * of 2048 octets with its end, 64 lines (128 for EHLO), 16 KiB (64 KiB for
 * EHLO); a challenge to AUTH may be one line of 12288 octets. All lines carry
 * the same code.
 *
 * The owner calls reply_free(). Fails: PROTOCOL.
 */
#ifndef SMTP_REPLY_H
#define SMTP_REPLY_H

#include "buf.h"
#include "fail.h"

#define REPLY_LINE_MAX 2048 /* with CR LF */
#define REPLY_TEXT_MAX 512  /* what is shown and kept of a reply */

struct reply {
	int code;                  /* 200-599, 0: empty */
	unsigned char enhanced[3]; /* 0.0.0: none, or not of the code's class */
	unsigned n_lines;
	struct buf text; /* texts after the codes, joined by LF, as they came */
};

void reply_init(struct reply *r);
void reply_free(struct reply *r);
void reply_clear(struct reply *r);

struct reply_limits {
	size_t max_line; /* octets, with CR LF: for conn_line() */
	unsigned max_lines;
	size_t max_bytes;
};
extern const struct reply_limits reply_limits_usual, reply_limits_ehlo,
    reply_limits_auth;

/*
 * Adds a line without its CRLF. 1: the reply is complete, 0: more lines
 * follow, -1: why is PROTOCOL.
 */
int reply_add_line(struct reply *r, struct slice line,
    const struct reply_limits *limits, struct fail *why);

/* First digit: 2 success, 3 go on, 4 try later, 5 refused, 0 empty. */
static inline int reply_class(const struct reply *r)
{
	return r->code / 100;
}

/*
 * "550 5.1.1 text" for people: one line, printable, at most 512 bytes. An
 * enhanced code that stands in every line is shown once.
 */
void reply_describe(const struct reply *r, struct buf *b);
/* Lines with their codes, joined by `join`, printable, at most 512 bytes:
 * what a log keeps. */
void reply_lines(const struct reply *r, const char *join, struct buf *b);

/*
 * The id a server gives in its accepting reply ("250 Ok ID", "queued as ID",
 * "id=ID"); an empty slice when there is none. Graphic ASCII only; borrowed
 * from the reply.
 */
struct slice reply_server_id(const struct reply *r);

#endif
