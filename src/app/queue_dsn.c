#include "queue_dsn.h"
#include "stamp.h"
#include <limits.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { HEADER_SHOWN_MAX = 64 * 1024 };

/* The letter P of a recipient that waited too long is no refusal. */
static bool is_expiry(const struct queue_dsn *d)
{
	enum outcome_class class = d->q->file.progress.class;

	return class != OUTCOME_PERM && class != OUTCOME_SUPPRESSED;
}

/* ---- one recipient, by its place in the file ---- */

/* May an earlier try, whose fate is unknown, have reached him? */
static bool is_in_doubt(const struct queue_dsn *d, size_t place)
{
	return d->q->before && d->q->before[place] == QUEUE_UNKNOWN;
}

/* What the last try said of it, or NULL. */
static const struct outcome_rcpt *outcome_of(
    const struct queue_dsn *d, size_t place)
{
	for (size_t i = 0; d->o && i < d->o->n_rcpt; i++)
		if ((d->q->rcpt ? d->q->rcpt[i] : i) == place)
			return &d->o->rcpt[i];
	return NULL;
}

static const char *reason_of(const struct queue_dsn *d, size_t place)
{
	const struct outcome_rcpt *r = outcome_of(d, place);

	return r ? r->why.text : d->q->file.progress.text;
}

/* The reply; of the file's words, "HOST: MAIL FROM: 550 No", it is the end. */
static struct slice reply_of(const struct queue_dsn *d, size_t place)
{
	const struct outcome_rcpt *r = outcome_of(d, place);
	const struct queue_progress *p = &d->q->file.progress;
	char mark[16];
	const char *at;

	if (r)
		return slice_of(r->reply.code ? r->reply.text : "");
	(void)snprintf(mark, sizeof(mark), ": %03d", p->code);
	at = p->code ? strstr(p->text, mark) : NULL;
	return slice_of(at ? at + 2 : "");
}

/* "5.1.1" behind the code. */
static bool take_enhanced(
    struct slice reply, uint64_t *ret_subject, uint64_t *ret_detail)
{
	struct slice word, class, subject;

	reply = slice_skip(reply, 4);
	return slice_take_word(&reply, &word) &&
	       slice_take_until(&word, '.', &class) &&
	       (slice_eq(class, SLICE("4")) || slice_eq(class, SLICE("5"))) &&
	       slice_take_until(&word, '.', &subject) &&
	       slice_number(subject, 0, 999, ret_subject) &&
	       slice_number(word, 0, 999, ret_detail);
}

/*
 * RFC 3463. What failed for good is of class 5, whatever class the reply says
 * (a suppression is "254 4.7.1"); the rest of an expiry is fixed.
 */
static void add_status(
    struct buf *b, const struct queue_dsn *d, struct slice reply)
{
	uint64_t subject, detail;

	if (is_expiry(d))
		buf_adds(b, "\nStatus: 4.4.7");
	else if (take_enhanced(reply, &subject, &detail))
		buf_addf(b, "\nStatus: 5.%u.%u", (unsigned)subject,
		    (unsigned)detail);
	else
		buf_adds(b, "\nStatus: 5.0.0");
}

/* The lines of a reply as one field, folded. */
static void add_lines(struct buf *b, struct slice lines)
{
	struct slice line;

	for (size_t n = 0; slice_take_until(&lines, '\n', &line); n++) {
		buf_adds(b, n ? "\n " : "");
		buf_add_printable(b, line);
	}
}

static void add_date(struct buf *b, const char *name, int64_t when)
{
	buf_addf(b, "%s: ", name);
	stamp_date(b, (time_t)when);
	buf_addc(b, '\n');
}

static void add_recipient(struct buf *b, const struct queue_dsn *d, size_t i)
{
	const struct queue_file *f = &d->q->file;
	const struct outcome_rcpt *r = outcome_of(d, i);
	struct slice reply = reply_of(d, i);
	/* That of another account is not known here. */
	bool is_known = d->relay && d->relay[0] && !(r && r->is_of_other);

	buf_adds(b, "\nFinal-Recipient: rfc822; ");
	buf_add_printable(b, slice_of(f->info.rcpt[i]));
	buf_adds(b, "\nAction: failed");
	add_status(b, d, reply);
	if (reply.n && is_known) {
		buf_adds(b, "\nRemote-MTA: dns; ");
		buf_add_printable(b, slice_of(d->relay));
	}
	if (reply.n) {
		buf_adds(b, "\nDiagnostic-Code: smtp; ");
		add_lines(b, reply);
	}
	buf_addc(b, '\n');
	if (f->progress.last_try)
		add_date(b, "Last-Attempt-Date", f->progress.last_try);
}

/* ---- the parts ---- */

static void add_boundary(
    struct buf *b, const struct queue_dsn *d, const char *end)
{
	buf_addf(b, "--=_%s%s\n", d->q->file.info.id, end);
}

static void add_header(
    struct buf *b, const struct queue_dsn *d, bool is_8bit, struct arena *a)
{
	const struct queue_info *info = &d->q->file.info;

	buf_addf(b, "From: Mail Delivery <%s>\nTo: %s\n", d->from, d->to);
	buf_adds(b, "Subject: Mail could not be delivered\n");
	add_date(b, "Date", time(NULL));
	buf_adds(b, "Message-ID: ");
	stamp_message_id(b, arena_copy(a, addr_domain(d->from)));
	/* RFC 3834 5: nobody answers this by machine. */
	buf_addf(b,
	    "\nAuto-Submitted: auto-replied\n"
	    "MIME-Version: 1.0\n"
	    "Content-Type: multipart/report; report-type=delivery-status;\n"
	    " boundary=\"=_%s\"\n%s\n",
	    info->id, is_8bit ? "Content-Transfer-Encoding: 8bit\n" : "");
}

static void add_text(struct buf *b, const struct queue_dsn *d)
{
	const struct queue_file *f = &d->q->file;

	add_boundary(b, d, "");
	buf_addf(b,
	    "Content-Type: text/plain; charset=us-ascii\n\n"
	    "A message could not be delivered to these recipients. %s\n",
	    is_expiry(d) ? "It has\nwaited too long; this is how the last try "
			   "ended."
			 : "They were\nrefused.");
	for (size_t i = 0; i < f->info.n_rcpt; i++) {
		if (f->progress.letters[i] != QUEUE_REFUSED)
			continue;
		buf_adds(b, "\n    ");
		buf_add_printable(b, slice_of(f->info.rcpt[i]));
		buf_adds(b, "\n        ");
		buf_add_printable(b, slice_of(reason_of(d, i)));
		buf_addc(b, '\n');
		if (is_in_doubt(d, i))
			buf_adds(b, "        An earlier try ended without an "
				    "answer, and may have delivered it\n"
				    "        all the same.\n");
	}
	buf_addf(b, "\nQueue id %s, account ", f->info.id);
	buf_add_printable(b, slice_of(f->info.account));
	buf_adds(b, ".\n\n");
}

/* RFC 3464 2.2 and 2.3: a group for the message, one for each recipient. */
static void add_delivery_status(struct buf *b, const struct queue_dsn *d)
{
	const struct queue_file *f = &d->q->file;
	char host[HOST_NAME_MAX + 1] = "";

	if (gethostname(host, sizeof(host) - 1) != 0 || host[0] == '\0')
		memcpy(host, "localhost", sizeof("localhost"));
	add_boundary(b, d, "");
	buf_adds(b, "Content-Type: message/delivery-status\n\n");
	if (f->info.envid && f->info.envid[0]) {
		buf_adds(b, "Original-Envelope-Id: ");
		buf_add_printable(b, slice_of(f->info.envid));
		buf_addc(b, '\n');
	}
	buf_adds(b, "Reporting-MTA: dns; ");
	buf_add_printable(b, slice_of(host));
	buf_addc(b, '\n');
	add_date(b, "Arrival-Date", f->info.created);
	for (size_t i = 0; i < f->info.n_rcpt; i++)
		if (f->progress.letters[i] == QUEUE_REFUSED)
			add_recipient(b, d, i);
	buf_addc(b, '\n');
}

/* The header tells what it was about; the rest may be private, or large. */
static void add_original(
    struct buf *b, const struct queue_dsn *d, struct slice header, bool is_8bit)
{
	add_boundary(b, d, "");
	buf_addf(b, "Content-Type: text/rfc822-headers\n%s\n",
	    is_8bit ? "Content-Transfer-Encoding: 8bit\n" : "");
	buf_add_slice(b, header);
	if (header.n && header.p[header.n - 1] != '\n')
		buf_addc(b, '\n');
	buf_addc(b, '\n');
}

void queue_dsn_make(const struct queue_dsn *d, struct arena *a, struct buf *b)
{
	struct slice header = SLICE("");
	struct msg m;
	bool eight;

	msg_init(&m);
	if (queuefile_load(&d->q->file, &m, NULL) == 0)
		header = slice_head(buf_slice(&m.header), HEADER_SHOWN_MAX);
	eight = slice_has_8bit(header);
	add_header(b, d, eight, a);
	add_text(b, d);
	add_delivery_status(b, d);
	if (header.n)
		add_original(b, d, header, eight);
	add_boundary(b, d, "--");
	msg_free(&m);
}
