/*
 * rewrite: the header policy. It looks at the header block once and leaves a
 * list of edits in the message; a message that needs no edit goes out byte
 * for byte. What is done to a field is decided by its flags in hdr.def and by
 * these parameters, never by its name in code.
 *
 * Several fields that hold lists (HDR_MERGE) become one. They stay apart, as
 * they are, when one of the lists cannot be read or all together would be more
 * than intake.h lets into a field: no address is lost.
 *
 * Whatever the parameters: a blank before a colon goes (RFC 5322 4.5), and an
 * empty group at the end of a list gets the semicolon it lacks (3.4).
 */
#ifndef MAIL_REWRITE_H
#define MAIL_REWRITE_H

#include "addr.h"
#include "intake.h"

enum rewrite_from {
	REWRITE_FROM_AUTO, /* add when missing or empty */
	REWRITE_FROM_ON,   /* always replace */
	REWRITE_FROM_OFF,
};

/* What becomes of To, Cc and Bcc. */
enum rewrite_to {
	REWRITE_TO_OFF,         /* they stay */
	REWRITE_TO_ON,          /* a To of `to` takes their place */
	REWRITE_TO_UNDISCLOSED, /* a To that names nobody */
};

struct rewrite_params {
	enum rewrite_from set_from;
	enum rewrite_to set_to;
	bool add_date;          /* when missing or empty; Resent-Date as well,
				   in the newest block of Resent- fields */
	bool add_message_id;    /* the same */
	bool label_8bit;        /* say what an 8-bit body without Content-Type
				   is (RFC 2045 5, RFC 1428 3) */
	bool keep_bcc;          /* remove_bcc_headers off */
	bool keep_once;         /* leave repeated once-only fields alone */
	bool once_relay;        /* HDR_ONCE_RELAY fields once, too */
	const char *from;       /* address of a From that is written; NULL or
				   empty: none is written */
	const char *full_name;  /* its display name, or NULL */
	const char *new_from;   /* replaces the addresses in From, or NULL: the
				   display name stays */
	const char *new_sender; /* the same for Sender */
	const char *const *to;  /* addresses of a To that is written */
	size_t n_to;
	const char *reply_to; /* value of a Reply-To when there is none, or
				 NULL */
	const char *qualify;  /* domain for bare header addresses and for
				 those of `local`, or NULL */
	struct addr_local local;
	/* An address with the A-labels of its domain, itself when there is
	   nothing to change; NULL: header addresses stay in UTF-8. */
	const char *(*in_ascii)(const char *address, struct arena *a);
	const char *id_domain;  /* right side of Message-ID */
	const char *message_id; /* the one that is added, or NULL: a new one */
	time_t now;
	const struct rewrite_field *fields; /* further fields to put in */
	size_t n_fields;
};

/* A field of the account. It replaces fields of that name in the message. */
struct rewrite_field {
	const char *name;
	const char *value;
};

/*
 * Plans the edits, in the message's edits and prefix; what they refer to is
 * in the arena. Fails: MESSAGE (the address of From, a field of the account
 * with a control character, a header that would exceed MSG_HEADER_MAX). An
 * address list that cannot be read where it must be qualified is left alone.
 */
int rewrite_plan(const struct rewrite_params *params, struct msg *m,
    struct arena *a, struct fail *why);

/* What -t and the choice of the sender need to know of a header. */
struct rewrite_view {
	struct addr_list to; /* recipients; when there is a Resent- field of
				recipients, those of the first block of
				Resent- fields that has one only */
	struct addr_list authors; /* all of From, */
	struct addr_list senders; /* and of Sender */
	bool has_bad_author;      /* one of the two cannot be read */
	const char *from; /* first address of Resent-From in that block (of
			     the first when none has recipients),
			     else of From; NULL when there is none */
	struct slice message_id; /* as in the message; empty when missing */
};

/*
 * Reads recipients (when want_recipients), the author and the Message-ID off
 * the header block as it came. Fails: MESSAGE (a bad list of recipients).
 */
int rewrite_look(const struct msg *m, bool want_recipients, struct arena *a,
    struct rewrite_view *ret_view, struct fail *why);

#endif
