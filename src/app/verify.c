/*
 * verify (-bv): where mail for the recipients on the command line would go,
 * after the aliases and with its domain. Nothing is read and nothing connected.
 */
#include "files.h"
#include "io.h"
#include "log.h"
#include "modes.h"
#include "plan.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { OUTPUT_MAX = 4 * 1024 * 1024, WARNINGS_MAX = 8192 };

struct verify {
	struct plan plan;
	struct buf out;
	struct buf warnings;
	int code; /* of the last recipient that is bad */
};

/* One recipient: a line for each address it stands for. */
static void verify_one(struct verify *v, const char *recipient)
{
	struct fail why;

	v->plan.n_rcpt = 0;
	if (plan_operand(&v->plan, recipient, &v->warnings, &why) != 0) {
		log_error("%s", why.text);
		v->code = fail_exit_code(why.kind);
		return;
	}
	for (size_t i = 0; i < v->plan.n_rcpt; i++) {
		buf_add_printable(&v->out, slice_of(recipient));
		buf_adds(&v->out, "... deliverable: mailer relay, user ");
		buf_add_printable(&v->out, slice_of(v->plan.rcpt[i]));
		buf_addc(&v->out, '\n');
	}
}

/* An operand may hold several addresses; each has lines of its own. */
static void verify_operand(
    struct verify *v, const char *operand, struct arena *a)
{
	struct addr_list list = { 0 };

	if (plan_parse_operand(a, operand, &list, NULL) != 0 || list.n < 2) {
		verify_one(v, operand);
		return;
	}
	for (size_t i = 0; i < list.n; i++) {
		const char *one = arena_printf(
		    a, "%s%s", list.v[i].is_marked ? "\\" : "", list.v[i].spec);

		verify_one(v, one);
	}
}

static int verify_all(
    struct verify *v, const struct invocation *inv, struct arena *a)
{
	struct slice text;

	plan_aliases(&v->plan, inv, &v->warnings);
	for (size_t i = 0; i < inv->n_operands; i++)
		verify_operand(v, inv->operands[i], a);
	log_warnings(buf_slice(&v->warnings));
	text = buf_slice(&v->out);
	if (io_write(STDOUT_FILENO, text.p, text.n) == 0)
		return v->code;
	log_error("standard output: %s", strerror(errno));
	return fail_exit_code(FAIL_OS);
}

static int choose(struct verify *v, const struct invocation *inv,
    struct files *files, struct arena *a, struct fail *why)
{
	const char *sender = NULL;

	if (inv->n_operands == 0)
		return fail(why, FAIL_USAGE, "-bv: name the recipients");
	if (inv->sender) {
		sender = plan_sender_operand(inv->sender, a, why);
		if (!sender)
			return -1;
	}
	if (files_load(files, inv, sender, why) != 0)
		return -1;
	return plan_connection(&v->plan, &files->settings, a, why);
}

int mode_verify(const struct invocation *inv, struct arena *a)
{
	struct verify v = { .code = 0 };
	struct files files;
	struct fail why;

	files_init(&files, a);
	buf_init(&v.out, OUTPUT_MAX);
	buf_init(&v.warnings, WARNINGS_MAX);
	if (choose(&v, inv, &files, a, &why) == 0) {
		v.code = verify_all(&v, inv, a);
	} else {
		log_error("%s", why.text);
		v.code = fail_exit_code(why.kind);
	}
	buf_free(&v.out);
	buf_free(&v.warnings);
	files_free(&files);
	return v.code;
}
