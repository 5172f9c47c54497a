/*
 * queuefile: a queued message as one file. Its first page tells what becomes
 * of it and is rewritten in place; what stands behind never changes.
 *
 *	0     postrider-spool 1 head=LENGTH:CRC body=LENGTH:CRC rcpt=N
 *	512   progress, one of two slots written by turns
 *	1024  the other
 *	1536  a letter for each recipient
 *	4096  head: "key value" lines, the envelope
 *	...   body: the message, as msg_read() gives it
 *
 * A slot fills one disk sector and carries a number and a checksum: when a
 * write of it was torn the other one, older by a step, still counts. Letters
 * are changed before the slot. A file that is cut short or damaged is MESSAGE,
 * one of a newer version of the format CONFIG; nothing in it is believed
 * without a check, since whoever can write here is not always who runs the
 * queue.
 *
 * Texts of struct queue_info live in the arena given to the reader.
 */
#ifndef SPOOL_QUEUEFILE_H
#define SPOOL_QUEUEFILE_H

#include "addr.h"
#include "intake.h"
#include "outcome.h"

#define QUEUE_ID_LEN       20 /* 98 bits: a digit, then base 32 */
#define QUEUE_TEXT_MAX     255
#define QUEUE_ACCOUNT_MAX  63
#define QUEUE_ATTEMPTS_MAX 99999

/* What became of a recipient: the letters in the file. */
enum queue_letter {
	QUEUE_WAITS = 'Q',
	QUEUE_DONE = 'D',    /* the relay has taken it */
	QUEUE_REFUSED = 'P', /* for good, and reported */
	QUEUE_UNKNOWN = 'U', /* the final dot may have arrived */
};

/* What was asked for; never changes. */
struct queue_info {
	const char *id;
	int64_t created; /* seconds since 1970 */
	uint32_t uid;    /* of who handed it in */
	const char *account;
	const char *sender; /* "" is the null sender */
	const char *message_id;
	const char *notify, *ret, *envid; /* DSN (RFC 3461), or NULL */
	bool is_report; /* one of ours about another message: never reported */
	const char **rcpt;
	size_t n_rcpt;
	uint64_t size; /* octets of the body part of the file */
};

/* How far it got. */
struct queue_progress {
	unsigned attempts;
	int64_t last_try; /* seconds since 1970; 0: never */
	int64_t next_try;
	enum outcome_class class;
	int code; /* of the last reply, 0 when there was none */
	/* That may have delivered it; "": its own. */
	char account[QUEUE_ACCOUNT_MAX + 1];
	char text[QUEUE_TEXT_MAX + 1];   /* what happened, printable */
	char letters[ADDR_LIST_MAX + 1]; /* one a recipient, then NUL */
};

struct queue_file {
	int fd; /* read and write; -1: none */
	struct queue_info info;
	struct queue_progress progress;
	bool is_unsure;    /* store_add(): a power cut may take it back */
	unsigned sequence; /* of the slot that counts */
	uint64_t body_at;
	uint32_t body_crc;
};

/* A new id: random, of letters and digits that a file name can have, a digit
 * first. */
void queuefile_new_id(char ret_id[QUEUE_ID_LEN + 1]);
bool queuefile_is_id(struct slice name);

/*
 * Writes the whole into f->fd, an empty file: info and progress as they stand
 * in f, the message from its start. Sets info.size, body_at and body_crc.
 * Nothing is durable yet. Fails: SPOOL.
 */
int queuefile_write(struct queue_file *f, struct msg *m, struct fail *why);

/*
 * Reads all but the message from f->fd into *f. Fails: MESSAGE (damaged, cut),
 * CONFIG (a newer version), SPOOL.
 */
int queuefile_read(struct queue_file *f, struct arena *a, struct fail *why);

/*
 * Makes progress durable (fdatasync). On failure the old state or the new
 * one is in the file. Fails: SPOOL.
 */
int queuefile_save(struct queue_file *f, struct fail *why);

/*
 * Checks the message against its checksum and reads it into m, which is as
 * msg_init() left it. Fails: MESSAGE, SPOOL, OS.
 */
int queuefile_load(const struct queue_file *f, struct msg *m, struct fail *why);

#endif
