#include "report.h"
#include "account.h"
#include "log.h"
#include <string.h>
#include <syslog.h>
#include <time.h>

enum { LINE_MAX_BYTES = 64 * 1024 };

/*
 * Of a message that was accepted, the recipients that were refused decide, a
 * permanent refusal first; a suppressed one only when nobody else got it.
 */
static const struct fail *deciding(const struct outcome *o)
{
	const struct outcome_rcpt *worst = NULL;
	bool accepted = false;

	if (o->class != OUTCOME_ACCEPTED)
		return &o->why;
	for (size_t i = 0; i < o->n_rcpt; i++) {
		const struct outcome_rcpt *r = &o->rcpt[i];

		bool is_first = !worst || (r->class == OUTCOME_PERM &&
					      worst->class != OUTCOME_PERM);

		accepted |= r->class == OUTCOME_ACCEPTED;
		if (r->why.kind != FAIL_NONE &&
		    r->class != OUTCOME_SUPPRESSED && is_first)
			worst = r;
	}
	if (!worst && !accepted && o->n_rcpt)
		worst = &o->rcpt[0];
	return worst ? &worst->why : NULL;
}

int report_exit_code(const struct outcome *o)
{
	const struct fail *why = deciding(o);

	return why ? fail_exit_code(why->kind) : 0;
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

static void add_recipients(struct buf *b, const struct plan *p)
{
	buf_adds(b, " recipients=");
	for (size_t i = 0; i < p->n_rcpt; i++)
		buf_addf(b, "%s%s", i ? "," : "", p->rcpt[i]);
}

static void add_refused(struct buf *b, const struct outcome *o)
{
	const char *separator = " refused=";

	for (size_t i = 0; i < o->n_rcpt; i++) {
		if (o->rcpt[i].class == OUTCOME_ACCEPTED)
			continue;
		buf_addf(b, "%s%s", separator, o->rcpt[i].address);
		separator = ",";
	}
}

static const char *on_off(bool on)
{
	return on ? "on" : "off";
}

static void add_server(struct buf *b, const struct settings *s)
{
	bool auth = account_has_auth(s);

	buf_addf(b, "host=%s tls=%s auth=%s", s->host ? s->host : "",
	    on_off(s->tls), on_off(auth));
	if (auth && s->user)
		buf_addf(b, " user=%s", s->user);
}

static void make_line(
    struct buf *b, const struct report *r, const struct outcome *o, int code)
{
	if (r->settings)
		add_server(b, r->settings);
	if (r->plan && r->plan->sender) {
		buf_addf(b, " from=%s", r->plan->sender);
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
		buf_addf(b, " account=%s", r->account);
	buf_addf(b, " outcome=%s", outcome_name(o->class));
	if (r->message_id.n) {
		buf_adds(b, " msgid=");
		buf_add_printable(b, r->message_id);
	}
	if (o->server_id)
		buf_addf(b, " serverid=%s", o->server_id);
	if (o->class == OUTCOME_ACCEPTED)
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

static void write_log(const struct report *r, const struct outcome *o, int code)
{
	const char *path = r->settings ? r->settings->logfile : NULL;
	struct buf line, timed;
	struct fail why;

	buf_init(&line, LINE_MAX_BYTES);
	buf_init(&timed, LINE_MAX_BYTES + 256);
	make_line(&line, r, o, code);
	if (path && path[0]) {
		add_time(&timed, r->settings->logfile_time_format);
		buf_add_slice(&timed, buf_slice(&line));
		/* A log that cannot be written changes no outcome. */
		if (log_to_file(path, buf_slice(&timed), &why) != 0)
			log_warning("%s", why.text);
	}
	if (facility(r) >= 0)
		log_to_syslog(facility(r), code != 0, buf_slice(&line));
	buf_free(&line);
	buf_free(&timed);
}

static void say_failure(
    const struct report *r, const struct fail *why, const char *recipient)
{
	const char *account = r->account ? r->account : "";

	log_error("%s%s%s%s%s%s", *account ? "account " : "", account,
	    *account ? ": " : "", recipient, *recipient ? ": " : "", why->text);
	if (why->advice)
		log_error("what to do: %s", why->advice);
}

/* The same text for every recipient is said once. */
static bool is_common(const struct outcome *o)
{
	for (size_t i = 0; i < o->n_rcpt; i++)
		if (o->rcpt[i].class != o->class ||
		    strcmp(o->rcpt[i].why.text, o->why.text) != 0)
			return false;
	return true;
}

static void say_outcome(const struct report *r, const struct outcome *o)
{
	bool unknown = false;

	if (o->class != OUTCOME_ACCEPTED && is_common(o)) {
		say_failure(r, &o->why, "");
		unknown = o->class == OUTCOME_UNKNOWN;
	} else {
		for (size_t i = 0; i < o->n_rcpt; i++) {
			if (o->rcpt[i].class == OUTCOME_ACCEPTED)
				continue;
			say_failure(r, &o->rcpt[i].why, o->rcpt[i].address);
			unknown |= o->rcpt[i].class == OUTCOME_UNKNOWN;
		}
	}
	if (unknown)
		log_error("the message may have been delivered: sending it "
			  "again may deliver it twice");
}

int report_outcome(const struct report *r, const struct outcome *o)
{
	int code = report_exit_code(o);

	say_outcome(r, o);
	write_log(r, o, code);
	return code;
}

int report_failure(const struct report *r, const struct fail *why)
{
	int code = fail_exit_code(why->kind);
	struct outcome o = { .class = OUTCOME_NOT_SENT, .why = *why };

	say_failure(r, why, "");
	write_log(r, &o, code);
	return code;
}
