#include "show.h"
#include "io.h"
#include <unistd.h>

enum { VALUE_MAX = 64 * 1024 };

static void show_account(const struct files *f, bool is_msmtp, struct buf *b)
{
	if (!is_msmtp)
		buf_addf(b, "account %s\n",
		    f->account ? f->account : "(command line)");
	else if (f->account)
		buf_addf(b, "using account %s from %s\n", f->account,
		    f->account_file);
	else
		buf_adds(b, "using account specified on command line\n");
}

void show_settings(const struct files *f, bool is_msmtp, struct buf *b)
{
	const struct settings *s = &f->settings;

	show_account(f, is_msmtp, b);
	for (int i = 0; i < OPT_COUNT; i++) {
		struct buf value;

		buf_init(&value, VALUE_MAX);
		if (option_format(s, &option_table[i], &value)) {
			buf_addf(b, "%s = %s%s", option_table[i].key,
			    buf_text(&value), is_msmtp ? "" : "   # ");
			if (!is_msmtp)
				origin_format(s, (enum option_id)i, b);
			buf_addc(b, '\n');
		}
		buf_free(&value);
	}
}

static void show(int fd, const char *mark, struct slice text)
{
	struct buf line;

	buf_init(&line, text.n + 8);
	buf_adds(&line, mark);
	buf_add_printable(&line, text);
	buf_addc(&line, '\n');
	(void)io_write(fd, line.p, line.n);
	buf_free(&line);
}

static void show_line(void *ctx, bool out, struct slice text)
{
	show(*(const int *)ctx, out ? "--> " : "<-- ", text);
}

static void show_note(void *ctx, const char *text)
{
	show(*(const int *)ctx, "    ", slice_of(text));
}

static int standard_output = STDOUT_FILENO;
static int standard_error = STDERR_FILENO;

const struct conn_trace show_dialogue = {
	.line = show_line,
	.note = show_note,
	.ctx = &standard_error,
};

const struct conn_trace show_dialogue_out = {
	.line = show_line,
	.note = show_note,
	.ctx = &standard_output,
};
