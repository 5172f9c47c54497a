#include "server.h"
#include "addr.h"
#include "dots.h"
#include "io.h"
#include "mem.h"
#include "server_path.h"
#include <errno.h>
#include <stdlib.h>

enum {
	BLOCK = 64 * 1024,
	OUT_MAX = 64 * 1024,
	OUT_FLUSH = 16 * 1024,
	TEXT_MAX = 8 * 1024, /* of a reply */
};

enum state { START, READY, MAIL, RCPT, GONE };

/* Sets of states. */
enum {
	IN_ANY = 1 << START | 1 << READY | 1 << MAIL | 1 << RCPT,
	IN_READY = 1 << READY,
	IN_TRANSACTION = 1 << MAIL | 1 << RCPT,
	IN_RCPT = 1 << RCPT,
};

struct server {
	const struct server_params *params;
	enum state state;
	bool is_extended; /* EHLO or LHLO was said */
	bool is_lf;       /* the last line of a command ended in LF alone */
	bool is_broken;   /* why says it */
	struct fail *why;
	struct arena arena; /* of the command in hand */
	size_t n_rcpt;      /* accepted */
	size_t n_tried;     /* accepted or not */
	struct buf out;
	size_t start, end; /* of what is left in the block */
	char block[BLOCK];
};

static const struct server_reply ok = { 250, "2.0.0", "Ok" };

static void flush(struct server *s)
{
	if (s->out.n && !s->is_broken &&
	    io_write(s->params->out, s->out.p, s->out.n) != 0) {
		s->is_broken = true;
		fail(s->why, FAIL_OS, "a reply cannot be written: %s",
		    strerror(errno));
	}
	buf_clear(&s->out);
}

/* As much of the next line as goes into one of a reply. */
static struct slice take_piece(struct slice *rest, size_t max)
{
	size_t n = slice_find(*rest, '\n'), skip = n < rest->n;
	struct slice piece = slice_head(*rest, n);

	if (n > max) {
		for (n = max; n > max / 2 && !is_blank(piece.p[n]);)
			n--;
		if (!is_blank(piece.p[n]))
			n = max;
		skip = is_blank(piece.p[n]);
	}
	piece = slice_head(piece, n);
	*rest = slice_skip(*rest, n + skip);
	return piece;
}

/*
 * After HELO nobody asked for enhanced codes, and some callers look for an id
 * right behind "250 Ok"; but a refusal should say what it can.
 */
static void put_reply(struct server *s, const struct server_reply *reply)
{
	bool has_code =
	    reply->enhanced && (s->is_extended || reply->code >= 400);
	struct slice code = has_code ? slice_of(reply->enhanced) : SLICE("");
	struct slice rest = slice_head(slice_of(reply->text), TEXT_MAX);
	size_t room = SERVER_REPLY_MAX - sizeof("250 \r\n") - code.n;

	do {
		struct slice piece = take_piece(&rest, room);

		buf_addf(&s->out, "%03d%c%.*s%s", reply->code,
		    rest.n ? '-' : ' ', SLICE_ARG(code), code.n ? " " : "");
		buf_add_printable(&s->out, piece);
		buf_adds(&s->out, "\r\n");
	} while (rest.n);
	if (s->out.n > OUT_FLUSH)
		flush(s);
}

static void say(
    struct server *s, int code, const char *enhanced, const char *text)
{
	const struct server_reply reply = { code, enhanced, text };

	put_reply(s, &reply);
}

/* More input behind what is left. False at its end, or when it broke. */
static bool fill(struct server *s)
{
	ssize_t got;

	flush(s);
	if (s->is_broken)
		return false;
	s->end -= s->start;
	memmove(s->block, s->block + s->start, s->end);
	s->start = 0;
	got = io_read(s->params->in, s->block + s->end, BLOCK - s->end);
	if (got < 0) {
		s->is_broken = true;
		fail(s->why, FAIL_INPUT, "the input cannot be read: %s",
		    strerror(errno));
	}
	s->end += got > 0 ? (size_t)got : 0;
	return got > 0;
}

static struct slice in_hand(const struct server *s)
{
	return (struct slice){ s->block + s->start, s->end - s->start };
}

/*
 * The next command without its line end. False at the end of the input: what
 * stands there without a line end may be half of what was meant.
 */
static bool next_line(struct server *s, struct slice *ret_line)
{
	bool is_long = false;

	for (;;) {
		struct slice all = in_hand(s);
		size_t n = slice_find(all, '\n');

		is_long |= n >= SERVER_LINE_MAX;
		if (n < all.n) {
			s->start += n + 1;
			s->is_lf = n == 0 || all.p[n - 1] != '\r';
			*ret_line = slice_head(all, s->is_lf ? n : n - 1);
			if (!is_long)
				return true;
			say(s, 500, "5.5.2", "the line is too long");
			is_long = false;
			continue;
		}
		if (is_long)
			s->start = s->end;
		if (!fill(s))
			return false;
	}
}

static void end_transaction(struct server *s)
{
	if (s->state == MAIL || s->state == RCPT) {
		s->params->ops->reset(s->params->ctx);
		s->state = READY;
	}
	s->n_rcpt = 0;
	s->n_tried = 0;
}

static void do_helo(struct server *s, struct slice name)
{
	(void)name;
	end_transaction(s);
	s->state = READY;
	s->is_extended = false;
	say(s, 250, NULL, s->params->name);
}

static void do_ehlo(struct server *s, struct slice name)
{
	const char *text;
	uint64_t size;

	(void)name;
	end_transaction(s);
	size = s->params->ops->max_size(s->params->ctx);
	s->state = READY;
	s->is_extended = true;
	text = arena_printf(&s->arena,
	    "%s\nPIPELINING\n8BITMIME\nENHANCEDSTATUSCODES\nSIZE",
	    s->params->name);
	if (size)
		text = arena_printf(
		    &s->arena, "%s %llu", text, (unsigned long long)size);
	say(s, 250, NULL, text);
}

static void do_mail(struct server *s, struct slice arg)
{
	struct server_reply reply = { 250, "2.1.0", "Ok" };
	struct server_mail mail = { .sender = NULL };

	if (!server_mail_parse(arg, &s->arena, &mail, &reply)) {
		put_reply(s, &reply);
		return;
	}
	s->state = MAIL;
	s->params->ops->mail(s->params->ctx, &mail, &reply);
	put_reply(s, &reply);
	if (reply.code / 100 != 2)
		end_transaction(s);
}

static void do_rcpt(struct server *s, struct slice arg)
{
	struct server_reply reply = { 250, "2.1.5", "Ok" };
	const char *address;

	if (s->n_tried == SERVER_RCPT_MAX) {
		say(s, 452, "4.5.3", "too many recipients");
		return;
	}
	s->n_tried++;
	if (server_rcpt_parse(arg, &s->arena, &address, &reply))
		s->params->ops->rcpt(s->params->ctx, address, &reply);
	put_reply(s, &reply);
	if (reply.code / 100 != 2)
		return;
	s->n_rcpt++;
	s->state = RCPT;
}

/*
 * Everything up to the final dot goes into the message; once that failed, it
 * is only passed over. False when the input ended or broke before the dot.
 */
static bool take_text(
    struct server *s, struct intake *intake, struct fail *failed)
{
	struct dots dots = { .rule = s->is_lf ? DOTS_LF : DOTS_CRLF };

	do {
		struct slice text = in_hand(s);

		text.n = dots_filter(&dots, s->block + s->start, text.n, false);
		s->start += dots.taken;
		if (failed->kind == FAIL_NONE)
			(void)intake_add(intake, text, failed);
	} while (!dots.ended && fill(s));
	if (dots.ended && failed->kind == FAIL_NONE)
		(void)intake_finish(intake, failed);
	return dots.ended;
}

static void answer_message(
    struct server *s, struct msg *m, const struct fail *failed)
{
	size_t n = s->params->is_lmtp ? s->n_rcpt : 1;
	struct server_reply *replies =
	    arena_alloc(&s->arena, n * sizeof(*replies));

	s->params->ops->message(s->params->ctx,
	    failed->kind == FAIL_NONE ? m : NULL, failed, replies);
	for (size_t i = 0; i < n; i++)
		put_reply(s, &replies[i]);
	end_transaction(s);
}

static void do_data(struct server *s, struct slice arg)
{
	const struct intake_params *params =
	    s->params->ops->data(s->params->ctx);
	struct fail failed = { .kind = FAIL_NONE };
	struct intake intake;
	struct msg m;

	(void)arg;
	msg_init(&m);
	intake_begin(&intake, &m, params);
	say(s, 354, NULL, "send it, and end with a line with only a dot");
	if (take_text(s, &intake, &failed))
		answer_message(s, &m, &failed);
	msg_free(&m);
}

static void do_rset(struct server *s, struct slice arg)
{
	(void)arg;
	end_transaction(s);
	put_reply(s, &ok);
}

static void do_quit(struct server *s, struct slice arg)
{
	(void)arg;
	end_transaction(s);
	s->state = GONE;
	say(s, 221, "2.0.0", "Bye");
}

enum { IN_SMTP = 1, IN_LMTP = 2, IN_BOTH = 3 };

enum takes { TAKES_NONE, TAKES_SOME, TAKES_ANY };

/* Without a function, the reply is all there is to it. */
static const struct command {
	const char *verb;
	void (*run)(struct server *s, struct slice arg);
	unsigned states;
	int dialects;
	enum takes takes;
	struct server_reply reply;
} commands[] = {
	{ "HELO", do_helo, IN_ANY, IN_SMTP, TAKES_SOME, { 0 } },
	{ "EHLO", do_ehlo, IN_ANY, IN_SMTP, TAKES_SOME, { 0 } },
	{ "LHLO", do_ehlo, IN_ANY, IN_LMTP, TAKES_SOME, { 0 } },
	{ "MAIL", do_mail, IN_READY, IN_BOTH, TAKES_SOME, { 0 } },
	{ "RCPT", do_rcpt, IN_TRANSACTION, IN_BOTH, TAKES_SOME, { 0 } },
	{ "DATA", do_data, IN_RCPT, IN_BOTH, TAKES_NONE, { 0 } },
	{ "RSET", do_rset, IN_ANY, IN_BOTH, TAKES_NONE, { 0 } },
	{ "QUIT", do_quit, IN_ANY, IN_BOTH, TAKES_NONE, { 0 } },
	{ "NOOP", NULL, IN_ANY, IN_BOTH, TAKES_ANY, { 250, "2.0.0", "Ok" } },
	{ "VRFY", NULL, IN_ANY, IN_BOTH, TAKES_SOME,
	    { 252, "2.5.0", "not verified: send to it, and see" } },
	{ "EXPN", NULL, IN_ANY, IN_BOTH, TAKES_ANY,
	    { 502, "5.5.1", "no list is shown" } },
	{ "HELP", NULL, IN_ANY, IN_BOTH, TAKES_ANY,
	    { 214, "2.0.0", "MAIL RCPT DATA RSET NOOP VRFY HELP QUIT" } },
	{ "AUTH", NULL, IN_ANY, IN_BOTH, TAKES_ANY,
	    { 502, "5.5.1", "there is nobody to log in to" } },
	{ "STARTTLS", NULL, IN_ANY, IN_BOTH, TAKES_ANY,
	    { 502, "5.5.1", "there is no network to protect" } },
};

static const struct command *find_command(
    const struct server *s, struct slice verb)
{
	int dialect = s->params->is_lmtp ? IN_LMTP : IN_SMTP;

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (slice_ieq(verb, slice_of(commands[i].verb)) &&
		    commands[i].dialects & dialect)
			return &commands[i];
	return NULL;
}

/* What the order of the commands asks for (RFC 5321 4.1.4). */
static const char *wanted(const struct server *s, const struct command *c)
{
	if (s->state == START)
		return s->params->is_lmtp ? "LHLO comes first"
					  : "HELO or EHLO comes first";
	if (c->states == IN_READY)
		return "a transaction is open already";
	return s->state == MAIL ? "no recipient was accepted"
				: "MAIL comes first";
}

static void serve(struct server *s, struct slice line)
{
	struct slice arg = slice_trim(line), verb = SLICE("");
	const struct command *c;

	(void)slice_take_word(&arg, &verb);
	arg = slice_trim(arg);
	c = find_command(s, verb);
	if (!c)
		say(s, 500, "5.5.2", "no such command");
	else if (!(c->states & 1U << s->state))
		say(s, 503, "5.5.1", wanted(s, c));
	else if (c->takes == TAKES_SOME && arg.n == 0)
		say(s, 501, "5.5.4", "an argument is missing");
	else if (c->takes == TAKES_NONE && arg.n > 0)
		say(s, 501, "5.5.4", "no argument is taken");
	else if (c->run)
		c->run(s, arg);
	else
		put_reply(s, &c->reply);
}

/* Whether the end of the input is a good one. */
static void check_end(struct server *s)
{
	if (s->is_broken || (s->state != MAIL && s->state != RCPT))
		return;
	s->is_broken = true;
	fail(s->why, FAIL_INPUT,
	    "the input ended in the middle of a transaction: nothing was "
	    "sent for it");
}

int server_run(const struct server_params *params, struct fail *why)
{
	struct server *s = mem_zero(sizeof(*s));
	struct slice line;
	bool is_broken;

	s->params = params;
	s->why = why;
	buf_init(&s->out, OUT_MAX);
	say(s, 220, NULL,
	    arena_printf(&s->arena, "%s %s", params->name,
		params->is_lmtp ? "LMTP" : "ESMTP"));
	while (!s->is_broken && s->state != GONE && next_line(s, &line)) {
		serve(s, line);
		arena_free(&s->arena);
	}
	flush(s);
	check_end(s);
	is_broken = s->is_broken;
	arena_free(&s->arena);
	buf_free(&s->out);
	free(s);
	return is_broken ? -1 : 0;
}
