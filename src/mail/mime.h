/*
 * mime: a walk over the parts of a message (RFC 2045, 2046), for who has to
 * treat them apart. The message is fed in blocks; events tell what each piece
 * is: the header of a part, its body, or what stands around parts.
 *
 * All events together are the message as it was fed, but that headers are made
 * fit for hdr.h: NULs are left out, CR without LF becomes LF. And in headers
 * and lines that start with "-" a run of CR is one CR: on the wire (wire.h) it
 * is the same.
 *
 * What a reader does with an odd message is what is done here:
 *   - A header ends at an empty line, or before a line that is no field.
 *   - Without MIME-Version, Content-Type counts as well.
 *   - A delimiter is the boundary, perhaps "--", blanks, and nothing else. That
 *     of an outer multipart ends the inner ones.
 *   - A multipart without a boundary, or one that fits no line, is a leaf; so
 * is a message/rfc822 that is encoded. Within multipart/digest, message/rfc822
 * is the default.
 *
 * mime_free() when done. Fails: MESSAGE (nested deeper than MIME_DEPTH_MAX, a
 * header of a part larger than MSG_HEADER_MAX), or what the sink fails with.
 */
#ifndef MAIL_MIME_H
#define MAIL_MIME_H

#include "buf.h"
#include "fail.h"

#define MIME_DEPTH_MAX 100

enum mime_kind {
	MIME_LEAF,
	MIME_MULTIPART,
	MIME_MESSAGE, /* has one part within, a message */
};

enum mime_encoding {
	MIME_7BIT, /* or none, or one that nobody knows */
	MIME_WIDE, /* 8bit, binary */
	MIME_BASE64,
	MIME_QP,
};

struct mime_part {
	size_t number; /* in the order of their headers; the message is 0 */
	enum mime_kind kind;
	enum mime_encoding encoding;
	bool is_message; /* its header is the one of a message */
	bool is_digest;
};

enum mime_event_kind {
	MIME_HEADER,    /* the part's header, all of it */
	MIME_BODY,      /* some of the part's body; the line end before a
			   delimiter counts */
	MIME_AROUND,    /* of a multipart: what stands outside its parts */
	MIME_DELIMITER, /* of a multipart: a line, with its line end */
};

struct mime_event {
	enum mime_event_kind kind;
	const struct mime_part *part;
	struct slice text;
	struct slice empty; /* HEADER: the empty line behind it, if any */
};

/* 0, or -1: why says so. */
struct mime_sink {
	int (*take)(void *ctx, const struct mime_event *e, struct fail *why);
	void *ctx;
};

struct mime_level {
	struct mime_part part;
	size_t boundary; /* its place in mime.boundaries */
	size_t boundary_n;
	bool is_open; /* its delimiters count */
};

struct mime {
	struct mime_sink sink;
	size_t n_parts;
	struct mime_part part; /* the current one, unless around parts */

	enum { MIME_IN_HEADER, MIME_IN_BODY, MIME_IN_AROUND } state;
	struct buf line; /* in a header all of it, else a line that may be a
			    delimiter */
	size_t line_at;  /* in it: where the last line starts */
	bool is_cr;      /* it ends in CR, and LF may follow */
	bool is_known;   /* it belongs to the header, whatever follows */
	char last;       /* octet before the next one, in a body */
	size_t depth;    /* multiparts and messages around the current part */
	size_t n_open;   /* of these have delimiters that count */
	struct buf boundaries;
	struct mime_level levels[MIME_DEPTH_MAX];
};

/*
 * The header of the message, as intake.h leaves it and without NULs. Its event
 * comes without an empty line.
 */
int mime_begin(struct mime *w, const struct mime_sink *sink,
    struct slice header, struct fail *why);
/* Its body, cut anywhere. */
int mime_add(struct mime *w, struct slice body, struct fail *why);
int mime_finish(struct mime *w, struct fail *why);
void mime_free(struct mime *w);

/*
 * What the header of a part says it is. The boundary (empty unless kind is
 * MULTIPART) is added to *boundary.
 */
void mime_describe(
    struct slice header, struct mime_part *part, struct buf *boundary);

/* Leaves NULs out; returns how many octets remain. */
size_t mime_strip(char *text, size_t n);

/* A mailbox line at the start of a header: its length, or 0. */
size_t mime_mailbox_line(struct slice header);

#endif
