/*
 * The use case: one message from standard input to the relay. Steps in the
 * order that keeps the network idle until everything else is known.
 */
#include "account.h"
#include "cred.h"
#include "files.h"
#include "hdr.h"
#include "io.h"
#include "log.h"
#include "modes.h"
#include "report.h"
#include "submit.h"
#include <unistd.h>

static const char size_advice[] =
    "the account's limit is max_message_size; send a link to what is large";

struct send {
	const struct invocation *inv;
	struct arena *arena;
	struct files files;
	struct msg msg;
	struct rewrite_view view;
	struct cred cred;
	struct secret *password;
	struct plan plan;
	struct report report;
};

/* -v: the dialogue, on stderr since stdout may be a web page. */
static void show(const char *mark, struct slice text)
{
	struct buf line;

	buf_init(&line, text.n + 8);
	buf_adds(&line, mark);
	buf_add_printable(&line, text);
	buf_addc(&line, '\n');
	(void)io_write(STDERR_FILENO, line.p, line.n);
	buf_free(&line);
}

static void show_line(void *ctx, bool out, struct slice text)
{
	(void)ctx;
	show(out ? "--> " : "<-- ", text);
}

static void show_note(void *ctx, const char *text)
{
	(void)ctx;
	show("    ", slice_of(text));
}

static const struct conn_trace verbose_trace = {
	.line = show_line,
	.note = show_note,
};

/* The account by -a or the sender, and the secret on its way. */
static int choose_account(struct send *s, const char *sender, struct fail *why)
{
	const struct settings *settings = &s->files.settings;
	int result = files_load(&s->files, s->inv, sender, why);

	/* An account that is known may still say where to log. */
	s->report.account = s->files.account;
	if (result == 0 || s->files.account)
		s->report.settings = settings;
	if (result != 0 || account_check_sending(settings, why) != 0 ||
	    plan_connection(&s->plan, settings, s->arena, why) != 0)
		return -1;
	if (s->inv->verbose)
		s->plan.smtp.trace = &verbose_trace;
	return cred_start(&s->cred, settings, why);
}

static int read_message(struct send *s, struct fail *why)
{
	struct intake_params params = {
		.max_size = s->plan.max_size,
		.size_advice = size_advice,
		.dot_ends = s->inv->is_sendmail && !s->inv->keep_dots,
	};

	if (msg_intake(&s->msg, STDIN_FILENO, &params, why) != 0)
		return -1;
	return rewrite_look(
	    &s->msg, s->inv->read_recipients, s->arena, &s->view, why);
}

static int account_and_message(struct send *s, struct fail *why)
{
	const char *sender = NULL;

	if (s->inv->read_sender) {
		if (read_message(s, why) != 0)
			return -1;
		return choose_account(s, s->view.from, why);
	}
	if (s->inv->sender) {
		sender = plan_sender_operand(s->inv->sender, s->arena, why);
		if (!sender)
			return -1;
	}
	if (choose_account(s, sender, why) != 0)
		return -1;
	return read_message(s, why);
}

/* The Message-ID as it will be sent: generated, or the message's own. */
static struct slice final_message_id(const struct send *s)
{
	struct slice rest = s->msg.prefix;
	struct hdr_field field;

	while (hdr_next(&rest, &field))
		if (field.info->id == HDR_ID_MESSAGE_ID)
			return slice_trim_eol(field.value);
	return s->view.message_id;
}

/* Intake counted octets as they came; the relay counts CRLF and header. */
static int check_size(const struct send *s, struct fail *why)
{
	uint64_t size = msg_wire_size(&s->msg);

	if (s->plan.max_size == 0 || size <= s->plan.max_size)
		return 0;
	fail(why, FAIL_MESSAGE, "the message is larger than %llu octets: %llu",
	    (unsigned long long)s->plan.max_size, (unsigned long long)size);
	why->advice = size_advice;
	return -1;
}

static int prepare(struct send *s, struct fail *why)
{
	struct rewrite_params rewrite;

	int result = account_and_message(s, why);

	if (result == 0)
		result = plan_envelope(
		    &s->plan, s->inv, &s->view, &s->files.warnings, why);
	log_warnings(buf_slice(&s->files.warnings));
	if (result != 0)
		return -1;
	s->report.plan = &s->plan;
	s->report.message_id = s->view.message_id;
	plan_rewrite(&s->plan, s->inv, &rewrite);
	if (rewrite_plan(&rewrite, &s->msg, s->arena, why) != 0)
		return -1;
	s->report.message_id = final_message_id(s);
	if (check_size(s, why) != 0)
		return -1;
	s->password = cred_collect(&s->cred, &s->files.settings, why);
	return !s->password && why->kind != FAIL_NONE ? -1 : 0;
}

int mode_send(const struct invocation *inv, struct arena *a)
{
	struct send s = { .inv = inv, .arena = a };
	struct outcome outcome;
	struct fail why = { .kind = FAIL_NONE };
	int code;

	files_init(&s.files, a);
	msg_init(&s.msg);
	if (prepare(&s, &why) != 0) {
		code = report_failure(&s.report, &why);
	} else {
		/* The files' text holds secrets nobody needs any more. */
		files_free(&s.files);
		submit(&s.plan, &s.msg, s.password, a, &outcome);
		code = report_outcome(&s.report, &outcome);
	}
	cred_end(&s.cred);
	files_free(&s.files);
	msg_free(&s.msg);
	return code;
}
