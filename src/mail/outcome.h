/*
 * outcome: what became of a message, as a value. The session fills it, the
 * report prints it, a spool may store it.
 */
#ifndef MAIL_OUTCOME_H
#define MAIL_OUTCOME_H

#include "arena.h"
#include "fail.h"
#include <stdbool.h>
#include <stddef.h>

/* The words of the log line. */
enum outcome_class {
	OUTCOME_ACCEPTED,   /* 2yz to the final dot */
	OUTCOME_SUPPRESSED, /* accepted, but this recipient will not get it */
	OUTCOME_NOT_SENT,   /* failed before the final dot was handed over */
	OUTCOME_TEMP,       /* 4yz */
	OUTCOME_PERM,       /* 5yz */
	OUTCOME_UNKNOWN,    /* the dot may have arrived, no reply came */
};

/* "ACCEPTED", "NOT-SENT" ... */
const char *outcome_name(enum outcome_class c);

/* Protocol stages at which a reply can decide. Names: smtp/states.def. */
struct outcome_reply {
	const char *stage; /* "rcpt", "data-end" ...; when no reply came, where
			      it was wanted; "connect": before the greeting;
			      "": before the server was spoken to at all */
	int code;          /* 0 when no reply decided */
	unsigned char enhanced[3]; /* RFC 3463; 0.0.0 when there is none */
	const char *text;          /* lines joined by LF, codes included; arena;
				      printable, at most 512 bytes */
};

struct outcome_rcpt {
	const char *address;
	enum outcome_class class;
	struct fail why; /* kind NONE when accepted */
	struct outcome_reply reply;
	bool is_suppressed_here; /* it was not offered to the relay */
	bool is_of_other;        /* that is what another account was told */
	bool is_queued;    /* waits in the spool: nobody need do anything */
	const char *retry; /* what the provider's rules say on trying again:
			      "yes", "no", "later" ...; NULL: nothing */
};

struct outcome {
	enum outcome_class class;   /* of the message as a whole */
	struct fail why;            /* what decided it */
	struct outcome_reply reply; /* the deciding reply, or the one to the
				       final dot when accepted */
	struct outcome_rcpt *rcpt;  /* one for each recipient, in their order */
	size_t n_rcpt;
	const char *retry;     /* as of a recipient */
	const char *queue_id;  /* recipients wait in the spool under it, or
				  NULL */
	const char *server_id; /* the id in the accepting reply, or NULL */
	uint64_t size; /* octets of the message as it was read, with what the
			  edits add and remove; a line end counts one */
};

/* What happened before the server was spoken to at all, to nobody yet. */
struct outcome outcome_unspoken(
    enum outcome_class class, const struct fail *why);

/* These recipients share the fate of `of`; their addresses stay. */
void outcome_share(
    const struct outcome *of, struct outcome_rcpt *rcpt, size_t n);

/*
 * A message may need several transactions, in several sessions. What became
 * of one recipient goes to its place in the whole, where its address stays;
 * after all of a part are put, outcome_sum() says what became of the whole:
 * in doubt if anybody is, else accepted if anybody was (each of the others
 * has a reason of its own), else what may be tried again decides. The arena
 * must live as long as the whole.
 */
void outcome_put(
    struct outcome *whole, size_t place, const struct outcome_rcpt *r);
void outcome_sum(
    struct outcome *whole, const struct outcome *part, struct arena *a);

#endif
