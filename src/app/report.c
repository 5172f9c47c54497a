#include "report.h"
#include "account.h"
#include "log.h"
#include <string.h>
#include <syslog.h>
#include <time.h>

/* A line must also fit a datagram of syslog. */
enum {
	LINE_MAX_BYTES = 16 * 1024,
	LIST_MAX_BYTES = 2048,
	WORD_MAX_BYTES = 512,
};

/*
 * Of a message that was accepted, the recipients that were refused decide, a
 * permanent refusal first; a suppressed one only when nobody else got it.
 */
static const struct fail *deciding(const struct outcome *o)
{
	const struct outcome_rcpt *worst = NULL;
	bool accepted = false;

	if (o->class != OUTCOME_ACCEPTED && !o->queue_id)
		return &o->why;
	for (size_t i = 0; i < o->n_rcpt; i++) {
		const struct outcome_rcpt *r = &o->rcpt[i];

		bool is_first = !worst || (r->class == OUTCOME_PERM &&
					      worst->class != OUTCOME_PERM);

		accepted |= r->class == OUTCOME_ACCEPTED || r->is_queued;
		if (r->why.kind != FAIL_NONE && !r->is_queued &&
		    r->class != OUTCOME_SUPPRESSED && is_first)
			worst = r;
	}
	if (!worst && !accepted && o->n_rcpt)
		worst = &o->rcpt[0];
	return worst ? &worst->why : NULL;
}

/* Some callers take 75 for success (tempfail_exit). */
static int exit_code(const struct report *r, enum fail_kind kind)
{
	int code = fail_exit_code(kind);

	if (code == fail_exit_code(FAIL_LATER) && r->settings)
		code = (int)r->settings->tempfail_exit;
	return code;
}

/* A quoted value of the log: ' would end it, a line end becomes \n. */
static void add_quoted(struct buf *b, const char *key, const char *text)
{
	buf_addf(b, " %s='", key);
	for (; *text; text++) {
		if (*text == '\n')
			buf_adds(b, "\\n");
		else if (*text == '\'')
			buf_addc(b, '?');
		else
			buf_add_printable(b, (struct slice){ text, 1 });
	}
	buf_addc(b, '\'');
}

/* A value without quotes: a blank inside would begin a field of its own. */
static void add_word(struct buf *b, const char *key, struct slice word)
{
	buf_addf(b, "%s%s=", b->n ? " " : "", key);
	for (size_t i = 0; i < word.n && i < WORD_MAX_BYTES; i++)
		if (is_blank(word.p[i]))
			buf_addc(b, '?');
		else
			buf_add_printable(
			    b, slice_head(slice_skip(word, i), 1));
}

/*
 * Addresses between commas. A line of the log has a maximum, and what stands
 * at its end must not be lost to a long list: the rest is only counted.
 */
struct address_list {
	struct buf *b;
	const char *key;
	size_t start, n, left_out;
};

static void add_address(struct address_list *list, const char *address)
{
	struct buf *b = list->b;

	if (list->n++ == 0) {
		list->start = b->n;
		add_word(b, list->key, slice_of(address));
	} else if (b->n - list->start > LIST_MAX_BYTES) {
		list->left_out++;
	} else {
		buf_addc(b, ',');
		for (; *address; address++)
			if (is_blank(*address))
				buf_addc(b, '?');
			else
				buf_addc(b, *address);
	}
}

static void end_list(struct address_list *list)
{
	if (list->left_out)
		buf_addf(list->b, ",+%zu", list->left_out);
}

static void add_recipients(struct buf *b, const struct plan *p)
{
	struct address_list list = { .b = b, .key = "recipients" };

	for (size_t i = 0; i < p->n_rcpt; i++)
		add_address(&list, p->rcpt[i]);
	end_list(&list);
}

/* Who did not get a message that others got. */
static void add_refused(struct buf *b, const struct outcome *o)
{
	struct address_list list = { .b = b, .key = "refused" };
	bool accepted = false;

	for (size_t i = 0; i < o->n_rcpt; i++)
		accepted |= o->rcpt[i].class == OUTCOME_ACCEPTED;
	for (size_t i = 0; accepted && i < o->n_rcpt; i++)
		if (o->rcpt[i].class != OUTCOME_ACCEPTED)
			add_address(&list, o->rcpt[i].address);
	end_list(&list);
}

static const char *on_off(bool on)
{
	return on ? "on" : "off";
}

static void add_server(struct buf *b, const struct settings *s)
{
	bool auth = account_has_auth(s);

	if (s->socket)
		add_word(b, "socket", slice_of(s->socket));
	else
		add_word(b, "host", slice_of(s->host));
	buf_addf(b, " tls=%s auth=%s", on_off(s->tls), on_off(auth));
	if (auth && s->user)
		add_word(b, "user", slice_of(s->user));
}

static void make_line(
    struct buf *b, const struct report *r, const struct outcome *o, int code)
{
	if (r->settings)
		add_server(b, r->settings);
	if (r->plan && r->plan->sender) {
		add_word(b, "from", slice_of(r->plan->sender));
		add_recipients(b, r->plan);
	}
	if (o->size)
		buf_addf(b, " mailsize=%llu", (unsigned long long)o->size);
	if (o->reply.code) {
		buf_addf(b, " smtpstatus=%d", o->reply.code);
		add_quoted(b, "smtpmsg", o->reply.text);
	}
	if (o->why.kind)
		add_quoted(b, "errormsg", o->why.text);
	buf_addf(b, "%sexitcode=%s", b->n ? " " : "", fail_code_name(code));
	if (r->account)
		add_word(b, "account", slice_of(r->account));
	buf_addf(b, " outcome=%s", outcome_name(o->class));
	if (r->message_id.n)
		add_word(b, "msgid", r->message_id);
	if (o->server_id)
		add_word(b, "serverid", slice_of(o->server_id));
	if (o->queue_id)
		add_word(b, "queue", slice_of(o->queue_id));
	add_refused(b, o);
}

/* msmtp's default format; "none" leaves the time out. */
static void add_time(struct buf *b, const char *format)
{
	char text[128];
	time_t now = time(NULL);
	struct tm tm;

	if (format && strcmp(format, "none") == 0)
		return;
	if (!format || !format[0])
		format = "%b %d %H:%M:%S";
	localtime_r(&now, &tm);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	if (strftime(text, sizeof(text), format, &tm) > 0)
		buf_addf(b, "%s ", text);
#pragma GCC diagnostic pop
}

/* -1: no syslog. */
static int facility(const struct report *r)
{
	static const struct {
		const char *name;
		int facility;
	} names[] = {
		{ "on", LOG_USER },
		{ "LOG_USER", LOG_USER },
		{ "LOG_MAIL", LOG_MAIL },
		{ "LOG_LOCAL0", LOG_LOCAL0 },
		{ "LOG_LOCAL1", LOG_LOCAL1 },
		{ "LOG_LOCAL2", LOG_LOCAL2 },
		{ "LOG_LOCAL3", LOG_LOCAL3 },
		{ "LOG_LOCAL4", LOG_LOCAL4 },
		{ "LOG_LOCAL5", LOG_LOCAL5 },
		{ "LOG_LOCAL6", LOG_LOCAL6 },
		{ "LOG_LOCAL7", LOG_LOCAL7 },
	};

	/* Without settings nobody said where to log, and a mail that is lost
	 * for want of a configuration should leave a trace somewhere. */
	if (!r->settings)
		return LOG_MAIL;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (r->settings->syslog &&
		    strcmp(names[i].name, r->settings->syslog) == 0)
			return names[i].facility;
	return -1;
}

static void write_line(
    const struct report *r, const struct buf *line, bool is_error)
{
	const char *path = r->settings ? r->settings->logfile : NULL;
	struct buf timed;
	struct fail why;

	buf_init(&timed, LINE_MAX_BYTES + 256);
	if (path && path[0]) {
		add_time(&timed, r->settings->logfile_time_format);
		buf_add_slice(&timed, buf_slice(line));
		/* A log that cannot be written changes no outcome. */
		if (log_to_file(path, buf_slice(&timed), &why) != 0) {
			log_warning("%s", why.text);
			if (r->is_msmtp)
				log_error("log info was: %s", buf_text(line));
		}
	}
	if (facility(r) >= 0)
		log_to_syslog(facility(r), is_error, buf_slice(line));
	buf_free(&timed);
}

static void write_log(const struct report *r, const struct outcome *o, int code)
{
	struct buf line;

	buf_init(&line, LINE_MAX_BYTES);
	make_line(&line, r, o, code);
	write_line(r, &line, code != 0);
	buf_free(&line);
}

void report_note(const struct report *r, const char *queue_id, const char *text)
{
	struct buf line;

	buf_init(&line, LINE_MAX_BYTES);
	buf_adds(&line, "note");
	add_quoted(&line, "errormsg", text);
	if (r->account)
		add_word(&line, "account", slice_of(r->account));
	if (queue_id)
		add_word(&line, "queue", slice_of(queue_id));
	write_line(r, &line, true);
	buf_free(&line);
}

void report_warning(
    const struct report *r, const char *queue_id, const char *text)
{
	log_warning("queued message %s: %s", queue_id, text);
	report_note(r, queue_id, text);
}

static void say_advice(const struct fail *why)
{
	if (why->advice)
		log_error("what to do: %s", why->advice);
}

/* "account default from FILE", as msmtp names one; "" without a file. */
static void name_account(const struct report *r, struct buf *b)
{
	if (r->account && r->account_file)
		buf_addf(b, "account %s from %s", r->account, r->account_file);
}

/* msmtp names the account in the last line, when it has got that far. */
static void say_as_msmtp(
    const struct report *r, const struct fail *why, const char *recipient)
{
	struct buf account;

	buf_init(&account, LINE_MAX_BYTES);
	/* Where the text begins with a file it says more. */
	if (!r->plan && (!r->account_file || !slice_starts(slice_of(why->text),
						 slice_of(r->account_file))))
		name_account(r, &account);
	log_error("%s%s%s%s%s", buf_text(&account), account.n ? ": " : "",
	    recipient, *recipient ? ": " : "", why->text);
	buf_free(&account);
}

/* LMTP answers for each recipient, and msmtp names it then. */
static void say_reply_as_msmtp(
    const struct report *r, const struct outcome_reply *reply)
{
	struct slice rest = slice_of(reply->code ? reply->text : "");
	struct slice line;
	bool is_lmtp = reply->code && r->plan && r->plan->smtp.is_lmtp &&
		       strcmp(reply->stage, "data-end") == 0;

	while (slice_take_until(&rest, '\n', &line))
		log_error("%sserver message: %.*s", is_lmtp ? "LMTP " : "",
		    SLICE_ARG(line));
}

static void say_end_as_msmtp(const struct report *r, const struct outcome *o)
{
	struct buf account;

	buf_init(&account, LINE_MAX_BYTES);
	name_account(r, &account);
	log_error("could not send mail%s%s%s%s",
	    o->class == OUTCOME_ACCEPTED ? " to all recipients" : "",
	    account.n ? " (" : "", buf_text(&account), account.n ? ")" : "");
	buf_free(&account);
}

static void say_failure(
    const struct report *r, const struct fail *why, const char *recipient)
{
	const char *account = r->account ? r->account : "";

	if (r->is_msmtp) {
		say_as_msmtp(r, why, recipient);
		return;
	}
	log_error("%s%s%s%s%s%s", *account ? "account " : "", account,
	    *account ? ": " : "", recipient, *recipient ? ": " : "", why->text);
}

/* The same text for every recipient is said once. */
static bool is_common(const struct outcome *o)
{
	for (size_t i = 0; i < o->n_rcpt; i++)
		/* That one must be named: he is what is to be undone. */
		if (o->rcpt[i].is_suppressed_here ||
		    o->rcpt[i].class != o->class ||
		    strcmp(o->rcpt[i].why.text, o->why.text) != 0)
			return false;
	return true;
}

/* An advice that many recipients share is given once, with the first. */
static bool is_new_advice(const struct outcome *o, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (o->rcpt[i].why.advice == o->rcpt[n].why.advice)
			return false;
	return true;
}

/* So is a reply of the server to the first one. */
static bool is_new_reply(const struct outcome *o, size_t n)
{
	const struct outcome_reply *reply = &o->rcpt[n].reply;

	for (size_t i = 0; i < n; i++)
		if (o->rcpt[i].reply.code == reply->code && reply->code &&
		    strcmp(o->rcpt[i].reply.text, reply->text) == 0)
			return false;
	return true;
}

static void say_recipients(const struct report *r, const struct outcome *o)
{
	for (size_t i = 0; i < o->n_rcpt; i++) {
		const struct outcome_rcpt *one = &o->rcpt[i];

		if (one->class == OUTCOME_ACCEPTED || one->is_queued)
			continue;
		if (one->class == OUTCOME_SUPPRESSED)
			log_warning("%s will not get the message: %s",
			    one->address, one->why.text);
		else
			say_failure(r, &one->why, one->address);
		if (r->is_msmtp && one->class != OUTCOME_SUPPRESSED &&
		    is_new_reply(o, i))
			say_reply_as_msmtp(r, &one->reply);
		if (is_new_advice(o, i))
			say_advice(&one->why);
	}
}

static void say_outcome(const struct report *r, const struct outcome *o)
{
	bool unknown = false;

	if (o->class == OUTCOME_ACCEPTED || o->queue_id || !is_common(o)) {
		say_recipients(r, o);
	} else {
		say_failure(r, &o->why, "");
		if (r->is_msmtp)
			say_reply_as_msmtp(r, &o->reply);
		say_advice(&o->why);
	}
	for (size_t i = 0; i < o->n_rcpt; i++)
		unknown |= o->rcpt[i].class == OUTCOME_UNKNOWN &&
			   !o->rcpt[i].is_queued;
	if (unknown)
		log_error("what to do: find out whether it arrived before "
			  "you send it again, or accept a duplicate");
}

int report_outcome(const struct report *r, const struct outcome *o)
{
	const struct fail *why = deciding(o);
	int code = why ? exit_code(r, why->kind) : 0;

	say_outcome(r, o);
	if (r->is_msmtp && code != 0)
		say_end_as_msmtp(r, o);
	write_log(r, o, code);
	return code;
}

int report_failure(const struct report *r, const struct fail *why)
{
	int code = exit_code(r, why->kind);
	struct outcome o = { .class = OUTCOME_NOT_SENT, .why = *why };

	say_failure(r, why, "");
	say_advice(why);
	write_log(r, &o, code);
	return code;
}

int report_refusal(const struct report *r, const struct outcome *o)
{
	log_error("%s", o->why.text);
	if (r->is_msmtp)
		say_reply_as_msmtp(r, &o->reply);
	say_advice(&o->why);
	return fail_exit_code(o->why.kind);
}
