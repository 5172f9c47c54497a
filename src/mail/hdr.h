/*
 * hdr: the names of header fields that mean something to us (hdr.def), and a
 * walk over a header block field by field (RFC 5322 2.2). What is not in the
 * table is HDR_ID_OTHER and is never touched. Lines end in LF, and in nothing
 * else: intake.h sees to it. Slices that are returned point into the text
 * given; nothing here allocates or fails.
 */
#ifndef MAIL_HDR_H
#define MAIL_HDR_H

#include "slice.h"

/*
 * A line is not looked at beyond this for its colon, so that a reader with
 * half a line in hand knows when to stop waiting (RFC 5322 2.1.1).
 */
#define HDR_COLON_MAX 998

enum hdr_flag {
	HDR_RCPT = 1 << 0,       /* its addresses are recipients under -t */
	HDR_RESENT = 1 << 1,     /* a Resent- field (RFC 5322 3.6.6) */
	HDR_SENDER = 1 << 2,     /* says who wrote or sent it */
	HDR_ADDRESSES = 1 << 3,  /* an address list: qualified */
	HDR_ONCE = 1 << 4,       /* at most one (RFC 5322 3.6): later ones go */
	HDR_ONCE_RELAY = 1 << 5, /* relays refuse a second one */
	HDR_MERGE = 1 << 6,      /* with HDR_ONCE: several become one list,
				    or stay when they cannot */
	HDR_DROP = 1 << 7,       /* never leaves: Bcc, Return-Path */
	HDR_BCC = 1 << 8,        /* a blind recipient field */
	HDR_MADE = 1 << 9,       /* one is made when it is missing or empty;
				    of HDR_RESENT, in the newest block */
	HDR_SHOWN = 1 << 10, /* shows recipients, set_to_header replaces it */
	HDR_TRACE = 1 << 11, /* a server put it in: Resent- fields below it are
				of an earlier time */
	HDR_TYPED = 1 << 12, /* says nothing without a value, or without the
				slash of a media type (RFC 2045 5.2) */
};

enum hdr_id {
	HDR_ID_OTHER,

#define HDR(id, name, flags) HDR_ID_##id,
#include "hdr.def"
#undef HDR
	HDR_ID_COUNT
};

struct hdr_info {
	const char *name;
	enum hdr_id id;
	unsigned flags; /* enum hdr_flag */
};

/* Never NULL; case does not matter. */
const struct hdr_info *hdr_lookup(struct slice name);
const struct hdr_info *hdr_info(enum hdr_id id);

/* Characters of a field name: RFC 5322 3.6.8 ftext. */
bool hdr_is_name(struct slice name);

struct hdr_field {
	struct slice raw;   /* with its line ends, folded lines included */
	struct slice name;  /* blanks before the colon left out */
	struct slice value; /* after the colon, line ends inside, not trimmed */
	const struct hdr_info *info;
};

/*
 * Does a field start here? A field is a name of ftext, blanks (RFC 5322
 * 4.5), a colon. A name nobody knows before "://" is none: a body that starts
 * with a URL is a body.
 */
bool hdr_is_field_line(struct slice line);

/*
 * Take the next field of a header block with its continuation lines. False at
 * its end, which is also the first line that is not a field.
 */
bool hdr_next(struct slice *rest, struct hdr_field *ret_field);

#endif
