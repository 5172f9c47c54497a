/*
 * -bs: SMTP on standard input and output (smtp/server.h). Each transaction is
 * a call of its own: what MAIL and RCPT say takes the place of -f and the
 * operands, and the way of the message is that of send.h.
 */
#include "log.h"
#include "modes.h"
#include "send.h"
#include "serve_reply.h"
#include <limits.h>
#include <string.h>
#include <unistd.h>

struct serve {
	const struct invocation *inv; /* as we were called */
	bool is_open;                 /* a transaction; the rest is its own */
	struct invocation call;
	struct arena arena;
	struct send send;
	struct intake_params intake;
	int exit_code; /* of the first one that had no usable account */
};

/* Known before the sender is, only when he does not choose the account. */
static uint64_t account_max_size(void *ctx)
{
	const struct serve *s = ctx;
	struct arena arena = { NULL };
	struct files files;
	struct fail why;
	int64_t size = 0;

	files_init(&files, &arena);
	if (files_load(&files, s->inv, NULL, &why) == 0 &&
	    (s->inv->account || files.config.n <= 1))
		size = files.settings.max_message_size;
	files_free(&files);
	arena_free(&arena);
	return (uint64_t)size;
}

static void end(void *ctx)
{
	struct serve *s = ctx;

	if (!s->is_open)
		return;
	send_end(&s->send);
	arena_free(&s->arena);
	s->is_open = false;
}

static int choose(struct serve *s, struct fail *why)
{
	struct settings *settings = &s->send.files.settings;
	const char *sender =
	    plan_sender_operand(s->call.sender, &s->arena, why);
	int result = sender ? send_choose(&s->send, sender, why) : -1;

	send_warn(&s->send);
	/* Standard output is the dialogue. */
	if (settings->logfile && strcmp(settings->logfile, "-") == 0)
		settings->logfile = NULL;
	return result;
}

static void take_sender(
    void *ctx, const struct server_mail *mail, struct server_reply *ret)
{
	struct serve *s = ctx;
	struct fail why = { .kind = FAIL_NONE };
	int code;

	end(s);
	s->is_open = true;
	s->call = *s->inv;
	s->call.sender = arena_copy(&s->arena, slice_of(mail->sender));
	s->call.read_sender = false;
	s->call.read_recipients = false;
	send_begin(&s->send, &s->call, &s->arena);
	if (choose(s, &why) == 0 &&
	    send_check_size(&s->send, mail->size, &why) == 0)
		return;
	code = report_failure(&s->send.report, &why);
	if (!send_is_too_large(&why) && s->exit_code == 0)
		s->exit_code = code;
	serve_reply_failure(SERVE_MAIL, &why, &s->arena, ret);
}

static void take_recipient(
    void *ctx, const char *address, struct server_reply *ret)
{
	struct serve *s = ctx;
	struct fail why;

	if (plan_recipient(&s->send.plan, &s->call, address,
		&s->send.alias_warnings, &why) != 0)
		serve_reply_failure(SERVE_RCPT, &why, &s->arena, ret);
}

static const struct intake_params *how_to_take(void *ctx)
{
	struct serve *s = ctx;

	s->intake = send_intake(&s->send, false);
	return &s->intake;
}

static int submit_message(
    struct serve *s, struct msg *m, struct outcome *outcome, struct fail *why)
{
	struct send *send = &s->send;

	send->msg = m;
	if (rewrite_look(m, false, &s->arena, &send->view, why) != 0)
		return -1;
	return send_submit(send, outcome, why);
}

static void take_message(void *ctx, struct msg *m, const struct fail *broken,
    struct server_reply *ret)
{
	struct serve *s = ctx;
	struct fail why = *broken;
	struct outcome outcome;

	if (m && submit_message(s, m, &outcome, &why) == 0) {
		(void)report_outcome(&s->send.report, &outcome);
		serve_reply_outcome(&outcome, &s->arena, ret);
	} else {
		send_warn(&s->send);
		(void)report_failure(&s->send.report, &why);
		serve_reply_failure(SERVE_DOT, &why, &s->arena, ret);
	}
}

static const struct server_ops ops = {
	.max_size = account_max_size,
	.mail = take_sender,
	.rcpt = take_recipient,
	.data = how_to_take,
	.message = take_message,
	.reset = end,
};

static int refuse_operands(void)
{
	log_error("-bs takes no recipients: they are named in the dialogue");
	return fail_exit_code(FAIL_USAGE);
}

int mode_serve(const struct invocation *inv, struct arena *a)
{
	char name[HOST_NAME_MAX + 1] = "";
	struct serve s = { .inv = inv };
	const struct report nothing = { .account = NULL };
	const struct server_params params = {
		.in = STDIN_FILENO,
		.out = STDOUT_FILENO,
		.name = name,
		.ops = &ops,
		.ctx = &s,
	};
	struct fail why;

	(void)a;
	if (inv->n_operands > 0)
		return refuse_operands();
	if (gethostname(name, sizeof(name)) != 0 || name[0] == '\0')
		memcpy(name, "localhost", sizeof("localhost"));
	/* Some callers never read what we say there. */
	log_set_patient(false);
	if (server_run(&params, &why) != 0)
		s.exit_code =
		    report_failure(s.is_open ? &s.send.report : &nothing, &why);
	end(&s);
	return s.exit_code;
}
