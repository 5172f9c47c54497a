/*
 * intake: what a caller writes becomes a struct msg. All of it is read before
 * the network is touched: the header block into memory, the body into memory up
 * to a bound and from there on into an unlinked file, so that memory does not
 * grow with the message. Facts that later decisions need are counted on the
 * way.
 *
 * The header ends at the first empty line, which belongs to neither part, or
 * before the first line that is neither a field nor a continuation: a message
 * that begins with its text has no header, and gets an empty line. "From "
 * and ">From " lines of a mailbox file at the start are left out.
 *
 * A line end is LF, CRLF or a run of CR with or without LF, as in wire.h:
 * whoever reads the message off the wire sees the same fields, the same empty
 * line and the same body. (Only the dot that ends a message is looked for
 * behind LF alone.)
 *
 * The owner calls msg_free(). The header block keeps the bytes that came in,
 * but that the last CR of a line end without LF becomes LF (a lone one before
 * text that is no field becomes a blank): every line of it ends in LF, and
 * what walks over it need not know of others. rewrite.h lists
 * edits over it, msg_read() applies them.
 */
#ifndef MAIL_INTAKE_H
#define MAIL_INTAKE_H

#include "arena.h"
#include "buf.h"
#include "fail.h"
#include "tally.h"
#include <stdint.h>
#include <sys/types.h>

#define MSG_HEADER_MAX       ((size_t)1024 * 1024)
#define MSG_HEADER_LINES_MAX 10000
#define MSG_FIELD_MAX        ((size_t)64 * 1024) /* without line ends */
#define MSG_MEMORY_MAX       ((size_t)1024 * 1024)

struct intake_params {
	uint64_t max_size; /* octets of input; 0: no limit */
	bool dot_ends;     /* a line "." ends the message, ".." loses a dot */
	const char *size_advice; /* what to do when it is larger, or NULL */
	bool is_again; /* it was taken in before and has got fields of ours:
			  neither they nor their lines are counted */
};

struct msg_facts {
	uint64_t size;       /* octets as read, a line end counted as one;
				without mailbox lines and what a dot removed */
	uint64_t body_wire;  /* octets of the body with CRLF, not dot-stuffed */
	size_t longest_line; /* of header and body, without line end */
	bool has_8bit_header;
	bool has_8bit_body;
	bool has_bad_utf8; /* 8-bit octets of the body that are not UTF-8 */
	bool has_nul;
	bool has_bare_cr; /* a CR that no CR or LF follows */
};

/* Replace `n` bytes at `at` of the header block by `text`. */
struct msg_edit {
	size_t at;
	size_t n;
	struct slice text;
};

struct msg {
	struct buf header; /* the fields, without the empty line; each line
			      ends in LF, with or without CRs before it */
	struct buf body;   /* the part of the body in memory */
	int fd;            /* the rest of the body, -1 when there is none */
	uint64_t fd_size;
	struct msg_facts facts;
	struct msg_edit *edits; /* sorted by `at`, not overlapping; arena */
	size_t n_edits;
	struct slice prefix; /* fields put before the header block; LF ends */

	struct {
		size_t piece;
		uint64_t at;
	} pos; /* where msg_read() stands */
};

void msg_init(struct msg *m);
void msg_free(struct msg *m);

/* A message on its way in; the fields are intake.c's alone. */
struct intake {
	struct msg *m;
	const struct intake_params *params;
	uint64_t octets;
	bool in_body;
	bool in_empty;    /* of the empty line a CR was seen, but no LF */
	bool has_bare_cr; /* met before the body, where tallies see none */
	bool ends_bare;   /* as the last line of the header does */
	size_t scanned;   /* of m->header: octets known to be header */
	size_t lines;     /* in them */
	size_t field;     /* octets of the last field in them, unfolded */
	struct tally head, body;
};

/*
 * The message in pieces, for who has no descriptor that ends with it: begin,
 * with m as msg_init() left it, add, finish. Dots mean nothing here (dots.h),
 * whatever the parameters; both structs are borrowed. Fails: as msg_intake();
 * after a failure nothing more is added or finished.
 */
void intake_begin(
    struct intake *in, struct msg *m, const struct intake_params *params);
int intake_add(struct intake *in, struct slice s, struct fail *why);
int intake_finish(struct intake *in, struct fail *why);

/*
 * Reads fd to its end into m, as msg_init() left it. Fails: INPUT (cannot be
 * read), MESSAGE (too large as a whole or in its header, by the limits above),
 * OS (no room for the temporary file). After a
 * failure other than INPUT, and behind a dot that ended the message, the rest
 * is read and thrown away so that the caller does not get a SIGPIPE; but
 * nobody at a terminal is kept waiting behind a dot.
 */
int msg_intake(struct msg *m, int fd, const struct intake_params *params,
    struct fail *why);

/*
 * The message as it is to be sent: prefix, edited header, an empty line,
 * body. Line ends are as they came; wire.h makes them CRLF. Up to n bytes;
 * 0 at the end, -1: why is OS.
 */
void msg_rewind(struct msg *m);
ssize_t msg_read(struct msg *m, char *bytes, size_t n, struct fail *why);

/*
 * Octets on the wire after CRLF conversion, before dot stuffing: the SIZE of
 * RFC 1870. Counts the edits.
 */
uint64_t msg_wire_size(const struct msg *m);

#endif
