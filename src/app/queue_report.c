#include "queue_report.h"
#include "account.h"
#include "log.h"
#include "stamp.h"
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	REPORT_MAX = 2 * 1024 * 1024,
	HEADER_SHOWN_MAX = 64 * 1024,
	HOST_MAX = 256,
};

int queue_expire(struct queued *q, struct fail *why)
{
	for (char *c = q->file.progress.letters; *c; c++)
		if (*c == QUEUE_WAITS || *c == QUEUE_UNKNOWN)
			*c = QUEUE_REFUSED;
	return queuefile_save(&q->file, why);
}

/* The letter P of a recipient that waited too long is no refusal. */
static bool is_expiry(const struct queue_progress *p)
{
	return p->class != OUTCOME_PERM && p->class != OUTCOME_SUPPRESSED;
}

static void add_date(struct buf *b, const char *name, int64_t when)
{
	buf_addf(b, "%s: ", name);
	stamp_date(b, (time_t)when);
	buf_addc(b, '\n');
}

static void add_refused(
    struct buf *b, const struct queue_file *f, const char *form)
{
	for (size_t i = 0; i < f->info.n_rcpt; i++) {
		if (f->progress.letters[i] != QUEUE_REFUSED)
			continue;
		buf_adds(b, form);
		buf_add_printable(b, slice_of(f->info.rcpt[i]));
		buf_addc(b, '\n');
	}
}

static void add_header(struct buf *b, const struct queue_file *f,
    const char *from, const char *to, const char *domain)
{
	buf_addf(b, "From: Mail Delivery <%s>\nTo: %s\n", from, to);
	buf_adds(b, "Subject: Mail could not be delivered\n");
	add_date(b, "Date", time(NULL));
	buf_adds(b, "Message-ID: ");
	stamp_message_id(b, domain);
	/* RFC 3834 5: nobody answers this by machine. */
	buf_addf(b,
	    "\nAuto-Submitted: auto-replied\n"
	    "MIME-Version: 1.0\n"
	    "Content-Type: multipart/report; report-type=delivery-status;\n"
	    " boundary=\"=_%s\"\n\n",
	    f->info.id);
}

static void add_text(struct buf *b, const struct queue_file *f)
{
	const struct queue_progress *p = &f->progress;

	buf_addf(b,
	    "--=_%s\nContent-Type: text/plain; charset=us-ascii\n\n"
	    "The message below could not be delivered to:\n\n",
	    f->info.id);
	add_refused(b, f, "    ");
	buf_addf(b, "\n%s\n\n    ",
	    is_expiry(p) ? "It has waited too long. The last try ended with:"
			 : "It was refused:");
	buf_add_printable(b, slice_of(p->text));
	buf_addf(b, "\n\nQueue id %s, account ", f->info.id);
	buf_add_printable(b, slice_of(f->info.account));
	buf_adds(b, ".\n\n");
}

/* RFC 3464 2.2 and 2.3: a group for the message, one for each recipient. */
static void add_status(struct buf *b, const struct queue_file *f)
{
	const struct queue_progress *p = &f->progress;
	char host[HOST_MAX] = "";

	if (gethostname(host, sizeof(host) - 1) != 0 || host[0] == '\0')
		memcpy(host, "localhost", sizeof("localhost"));
	buf_addf(
	    b, "--=_%s\nContent-Type: message/delivery-status\n\n", f->info.id);
	if (f->info.envid)
		buf_addf(b, "Original-Envelope-Id: %s\n", f->info.envid);
	buf_adds(b, "Reporting-MTA: dns; ");
	buf_add_printable(b, slice_of(host));
	buf_addc(b, '\n');
	add_date(b, "Arrival-Date", f->info.created);
	for (size_t i = 0; i < f->info.n_rcpt; i++) {
		if (p->letters[i] != QUEUE_REFUSED)
			continue;
		buf_adds(b, "\nFinal-Recipient: rfc822; ");
		buf_add_printable(b, slice_of(f->info.rcpt[i]));
		buf_addf(b, "\nAction: failed\nStatus: %s\n",
		    is_expiry(p) ? "4.4.7" : "5.0.0");
		if (p->code) {
			buf_addf(b, "Diagnostic-Code: smtp; %03d ", p->code);
			buf_add_printable(b, slice_of(p->text));
			buf_addc(b, '\n');
		}
		if (p->last_try)
			add_date(b, "Last-Attempt-Date", p->last_try);
	}
	buf_addc(b, '\n');
}

/* The header tells what it was about; the rest may be private, or large. */
static void add_original(struct buf *b, struct queue_file *f)
{
	struct slice header;
	struct msg m;

	msg_init(&m);
	if (queuefile_load(f, &m, NULL) == 0) {
		header = slice_head(buf_slice(&m.header), HEADER_SHOWN_MAX);
		buf_addf(b, "--=_%s\nContent-Type: text/rfc822-headers\n\n",
		    f->info.id);
		buf_add_slice(b, header);
		if (header.n && header.p[header.n - 1] != '\n')
			buf_addc(b, '\n');
		buf_addc(b, '\n');
	}
	msg_free(&m);
	buf_addf(b, "--=_%s--\n", f->info.id);
}

static const char *whom_to_tell(
    const struct queue_file *f, const struct settings *s)
{
	if (s->report_to && s->report_to[0])
		return s->report_to;
	return f->info.sender[0] && account_allows(s, f->info.sender)
		   ? f->info.sender
		   : NULL;
}

static int put_in(struct store *store, struct queue_file *f, struct buf *text,
    struct arena *a, struct fail *why)
{
	static const struct intake_params params = { .max_size = 0 };
	struct intake intake;
	struct msg m;
	bool unsure = false;
	int result;

	msg_init(&m);
	intake_begin(&intake, &m, &params);
	result = intake_add(&intake, buf_slice(text), why);
	if (result == 0)
		result = intake_finish(&intake, why);
	if (result == 0)
		result = store_add(store, f, &m, a, &unsure, why);
	if (result == 0)
		store_release(f);
	msg_free(&m);
	/* Better two reports than none: the message stays. */
	return unsure ? -1 : result;
}

static int report(struct queued *q, const struct settings *s, const char *to,
    struct arena *a, struct fail *why)
{
	const char *own = account_address(s);
	const char *from = own ? own : to;
	struct slice domain = addr_domain(from);
	const char *rcpt[] = { to };
	struct queue_file f = {
		.info = {
			.created = time(NULL),
			.uid = getuid(),
			.account = q->file.info.account,
			/* Some relays take no null sender. */
			.sender = s->null_sender ? "" : from,
			.is_report = true,
			.rcpt = rcpt,
			.n_rcpt = 1,
		},
		.progress = { .class = OUTCOME_NOT_SENT, .letters = "Q" },
	};
	struct buf b;
	int result;

	buf_init(&b, REPORT_MAX);
	add_header(&b, &q->file, from, to, arena_copy(a, domain));
	add_text(&b, &q->file);
	add_status(&b, &q->file);
	add_original(&b, &q->file);
	result = put_in(&q->store, &f, &b, a, why);
	buf_free(&b);
	return result;
}

int queue_finish(
    struct queued *q, struct send *s, struct arena *a, struct fail *why)
{
	const struct queue_file *f = &q->file;
	const struct settings *settings = &s->files.settings;
	const char *to = whom_to_tell(f, settings);

	if (!strchr(f->progress.letters, QUEUE_REFUSED))
		return store_remove(&q->store, q->place, f, why);
	if (f->info.is_report)
		return store_move(
		    &q->store, q->place, STORE_FAILED, f->info.id, why);
	if (!to)
		log_warning("queued message %s: nobody is told that it was "
			    "not delivered: set report_to",
		    f->info.id);
	/* The last copy goes only when the report is safe. */
	else if (report(q, settings, to, a, why) != 0)
		return -1;
	return store_remove(&q->store, q->place, f, why);
}
