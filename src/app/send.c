#include "send.h"
#include "account.h"
#include "deliver.h"
#include "hdr.h"
#include "io.h"
#include "log.h"
#include "modes.h"
#include "passwords.h"
#include "show.h"
#include <unistd.h>

enum { SETTINGS_MAX = 256 * 1024, WARNINGS_MAX = 8192 };

static const char size_advice[] =
    "the account's limit is max_message_size; send a link to what is large";

/* Of what -d shows. In mode -bs it is taken: there our own caller is served. */
static bool is_for_stdout(const struct invocation *inv)
{
	return inv->is_msmtp && inv->mode != MODE_SERVE;
}

/* -d: on the same stream as the dialogue. */
static void show_what_holds(const struct send *s)
{
	struct buf text;

	buf_init(&text, SETTINGS_MAX);
	show_settings(&s->files, s->inv->is_msmtp, &text);
	(void)io_write(is_for_stdout(s->inv) ? STDOUT_FILENO : STDERR_FILENO,
	    text.p, text.n);
	buf_free(&text);
}

void send_show(struct send *s)
{
	const struct invocation *inv = s->inv;

	if (inv->verbose)
		s->plan.smtp.trace = is_for_stdout(inv) && inv->shows_settings
					 ? &show_dialogue_out
					 : &show_dialogue;
	if (inv->shows_settings)
		show_what_holds(s);
}

void send_begin(struct send *s, const struct invocation *inv, struct arena *a)
{
	*s = (struct send){
		.inv = inv,
		.arena = a,
		.report.is_msmtp = inv->is_msmtp,
	};
	files_init(&s->files, a);
	buf_init(&s->alias_warnings, WARNINGS_MAX);
}

void send_end(struct send *s)
{
	cred_end(&s->cred);
	files_free(&s->files);
	buf_free(&s->alias_warnings);
}

/* Who calls sendmail's name is a program, and nobody waits for its question. */
static void may_ask(struct send *s)
{
	bool is_person = !s->inv->is_sendmail && (s->inv->mode == MODE_SEND ||
						     s->inv->mode == MODE_RMQS);

	s->cred.ask = is_person ? passwords_of_account : NULL;
	s->plan.tls.ask_pin = is_person ? passwords_of_token : NULL;
}

int send_choose_account(struct send *s, const char *sender, struct fail *why)
{
	const struct settings *settings = &s->files.settings;
	int result = files_load(&s->files, s->inv, sender, why);

	/* An account that is known may still say where to log. */
	s->report.account = s->files.account;
	s->report.account_file = s->files.account_file;
	if (result == 0 || s->files.account)
		s->report.settings = settings;
	if (result != 0)
		return -1;
	if (account_check_sending(settings, why) != 0 ||
	    plan_connection(&s->plan, settings, s->arena, why) != 0)
		return files_wrap(&s->files, why);
	send_show(s);
	may_ask(s);
	return 0;
}

int send_choose(struct send *s, const char *sender, struct fail *why)
{
	if (send_choose_account(s, sender, why) != 0)
		return -1;
	return cred_start(
	    &s->cred, &s->files.settings, files_netrc(s->arena), why);
}

int send_share(struct send *s, const struct send *from, struct fail *why)
{
	s->files.settings = from->files.settings;
	s->files.account = from->files.account;
	s->report.account = s->files.account;
	s->report.account_file = from->files.account_file;
	s->report.settings = &s->files.settings;
	return plan_connection(&s->plan, &s->files.settings, s->arena, why);
}

struct intake_params send_intake(const struct send *s, bool dot_ends)
{
	return (struct intake_params){
		.max_size = s->plan.max_size,
		.size_advice = size_advice,
		.dot_ends = dot_ends,
	};
}

bool send_is_too_large(const struct fail *why)
{
	return why->kind == FAIL_MESSAGE && why->advice == size_advice;
}

int send_check_size(const struct send *s, uint64_t size, struct fail *why)
{
	if (s->plan.max_size == 0 || size <= s->plan.max_size)
		return 0;
	fail(why, FAIL_MESSAGE, "the message is larger than %llu octets: %llu",
	    (unsigned long long)s->plan.max_size, (unsigned long long)size);
	why->advice = size_advice;
	return -1;
}

/*
 * The mail goes out all the same, and whoever calls sendmail's name may take
 * any word of it for a failure: there they are for the log.
 */
static void warn_of_aliases(struct send *s)
{
	struct slice rest = buf_slice(&s->alias_warnings), line;

	if (!s->inv->is_sendmail || s->inv->verbose)
		log_warnings(rest);
	while (slice_take_until(&rest, '\n', &line))
		report_note(&s->report, NULL, arena_copy(s->arena, line));
	buf_clear(&s->alias_warnings);
}

void send_warn(struct send *s)
{
	log_warnings(buf_slice(&s->files.warnings));
	buf_clear(&s->files.warnings);
	warn_of_aliases(s);
}

/* The Message-ID as it will be sent: generated, or the message's own. */
static struct slice final_message_id(const struct send *s)
{
	struct slice rest = s->msg->prefix;
	struct hdr_field field;

	while (hdr_next(&rest, &field))
		if (field.info->id == HDR_ID_MESSAGE_ID)
			return slice_trim_eol(field.value);
	return s->view.message_id;
}

int send_prepare(struct send *s, struct fail *why)
{
	struct rewrite_params rewrite;
	struct slice id;
	int result =
	    plan_envelope(&s->plan, s->inv, &s->view, &s->alias_warnings, why);

	send_warn(s);
	if (result != 0)
		return files_wrap(&s->files, why);
	s->report.plan = &s->plan;
	s->report.message_id = s->view.message_id;
	plan_rewrite(&s->plan, s->inv, &rewrite);
	if (rewrite_plan(&rewrite, s->msg, s->arena, why) != 0)
		return -1;
	id = final_message_id(s);
	/* A copy: the header may be written anew on its way (recode.h). */
	s->report.message_id = slice_of(arena_copy(s->arena, id));
	/* Intake counted octets as they came; the relay counts CRLF and
	   header. */
	return send_check_size(s, msg_wire_size(s->msg), why);
}

int send_submit(struct send *s, struct outcome *ret, struct fail *why)
{
	why->kind = FAIL_NONE;
	if (send_prepare(s, why) != 0)
		return -1;
	return deliver(s, ret, why);
}

static int read_message(struct send *s, struct msg *m, struct fail *why)
{
	struct intake_params params =
	    send_intake(s, s->inv->is_sendmail && !s->inv->keep_dots);

	if (msg_intake(m, STDIN_FILENO, &params, why) != 0)
		return -1;
	s->msg = m;
	return rewrite_look(
	    m, s->inv->read_recipients, s->arena, &s->view, why);
}

static int account_and_message(struct send *s, struct msg *m, struct fail *why)
{
	const char *sender = NULL;

	if (s->inv->read_sender) {
		if (read_message(s, m, why) != 0)
			return -1;
		return send_choose(s, s->view.from, why);
	}
	if (s->inv->sender) {
		sender = plan_sender_operand(s->inv->sender, s->arena, why);
		if (!sender)
			return -1;
	}
	if (send_choose(s, sender, why) != 0)
		return -1;
	return read_message(s, m, why);
}

int mode_send(const struct invocation *inv, struct arena *a)
{
	struct fail why = { .kind = FAIL_NONE };
	struct outcome outcome;
	struct send s;
	struct msg m;
	int code;

	send_begin(&s, inv, a);
	msg_init(&m);
	if (account_and_message(&s, &m, &why) == 0 &&
	    send_submit(&s, &outcome, &why) == 0) {
		code = report_outcome(&s.report, &outcome);
	} else {
		send_warn(&s);
		code = report_failure(&s.report, &why);
	}
	send_end(&s);
	msg_free(&m);
	return code;
}
