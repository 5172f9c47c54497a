#include "serve_reply.h"
#include "buf.h"
#include "send.h"

enum { TEXT_MAX = 8 * 1024, NAMED_MAX = 30 };

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

/* The first row that fits decides. */
enum { ANY_STEP = -1 };

static const struct {
	int step; /* enum serve_step */
	enum fail_kind kind;
	int code;
	const char *enhanced;
} failures[] = {
	/* Options of the command line are its configuration. */
	{ SERVE_MAIL, FAIL_USAGE, 451, "4.3.5" },
	{ SERVE_RCPT, FAIL_MESSAGE, 553, "5.1.3" },
	{ SERVE_RCPT, FAIL_LATER, 452, "4.5.3" },
	{ SERVE_DOT, FAIL_USAGE, 553, "5.1.7" },
	{ ANY_STEP, FAIL_MESSAGE, 554, "5.6.0" },
	{ ANY_STEP, FAIL_RCPT, 550, "5.1.1" },
	{ ANY_STEP, FAIL_SENDER, 550, "5.7.1" },
	{ ANY_STEP, FAIL_AUTH, 454, "4.7.0" },
	{ ANY_STEP, FAIL_SECRET, 454, "4.7.0" },
	{ ANY_STEP, FAIL_CONFIG, 451, "4.3.5" },
	{ ANY_STEP, FAIL_NOHOST, 451, "4.4.4" },
	{ ANY_STEP, FAIL_DNS, 451, "4.4.3" },
	{ ANY_STEP, FAIL_CONNECT, 451, "4.4.1" },
	{ ANY_STEP, FAIL_LOST, 451, "4.4.2" },
	{ ANY_STEP, FAIL_UNSURE, 451, "4.4.2" },
	{ ANY_STEP, FAIL_TLS, 451, "4.7.5" },
	{ ANY_STEP, FAIL_PROTOCOL, 451, "4.5.0" },
	{ ANY_STEP, FAIL_REFUSED, 451, "4.3.2" },
	{ ANY_STEP, FAIL_LATER, 451, "4.3.2" },
	{ ANY_STEP, FAIL_NOMEM, 452, "4.3.1" },
};

static void add_advice(struct buf *b, const struct fail *why)
{
	if (why->advice)
		buf_addf(b, "\nwhat to do: %s", why->advice);
}

static void finish(struct buf *b, struct arena *a, struct server_reply *ret)
{
	ret->text = arena_copy(a, buf_slice(b));
	buf_free(b);
}

void serve_reply_failure(enum serve_step step, const struct fail *why,
    struct arena *a, struct server_reply *ret)
{
	struct buf b;
	size_t i = 0;

	while (i < ROWS(failures) && (failures[i].kind != why->kind ||
					 (failures[i].step != ANY_STEP &&
					     failures[i].step != (int)step)))
		i++;
	*ret = (struct server_reply){ 451, "4.3.0", NULL };
	if (i < ROWS(failures))
		*ret = (struct server_reply){ failures[i].code,
			failures[i].enhanced, NULL };
	if (send_is_too_large(why))
		*ret = (struct server_reply){ 552, "5.3.4", NULL };
	buf_init(&b, TEXT_MAX);
	buf_adds(&b, why->text);
	add_advice(&b, why);
	finish(&b, a, ret);
}

/* "5.1.1", or NULL when the relay sent none. */
static const char *enhanced_of(
    const struct outcome_reply *reply, int class, struct arena *a)
{
	if (reply->enhanced[0] == 0)
		return NULL;
	return arena_printf(
	    a, "%d.%d.%d", class, reply->enhanced[1], reply->enhanced[2]);
}

/* The relay's words without the codes in front of each line. */
static void add_words(
    struct buf *b, const struct outcome_reply *reply, struct arena *a)
{
	struct slice rest = slice_of(reply->text), line;
	const char *code = enhanced_of(reply, reply->enhanced[0], a);

	while (slice_take_until(&rest, '\n', &line)) {
		line = slice_skip(line, sizeof("250 ") - 1);
		if (code && slice_starts(line, slice_of(code)))
			line = slice_skip(line, strlen(code));
		buf_add_slice(b, slice_trim(line));
		if (rest.n)
			buf_addc(b, '\n');
	}
}

/* A reply that speaks of the message, not of the session it is sent in. */
static bool is_verdict(const struct outcome_reply *reply)
{
	static const char *const stages[] = { "mail", "rcpt", "data",
		"data-end" };
	int class = reply->code / 100;

	for (size_t i = 0; i < ROWS(stages); i++)
		if ((class == 4 || class == 5) &&
		    strcmp(reply->stage, stages[i]) == 0)
			return true;
	return false;
}

/* Codes that would speak of the caller's session with us. */
static int passed_on(int code)
{
	static const struct {
		int from, to;
	} codes[] = {
		{ 421, 451 }, /* we do not close it */
		{ 530, 550 }, /* it need not log in */
		{ 534, 550 },
		{ 535, 550 },
		{ 538, 550 },
	};

	for (size_t i = 0; i < ROWS(codes); i++)
		if (codes[i].from == code)
			return codes[i].to;
	return code;
}

/* Or safe in the spool: the caller need do nothing. */
static bool is_delivered(const struct outcome_rcpt *r)
{
	return r->class == OUTCOME_ACCEPTED || r->is_queued;
}

/* Not a recipient that the relay has on a list and says 2yz to. */
static bool is_refused(const struct outcome_rcpt *r)
{
	return !is_delivered(r) && r->class != OUTCOME_SUPPRESSED;
}

/* A line for each recipient that did not get it. */
static void add_recipients(struct buf *b, const struct outcome *o)
{
	size_t n = 0;

	for (size_t i = 0; i < o->n_rcpt; i++) {
		const struct outcome_rcpt *r = &o->rcpt[i];

		if (!is_delivered(r) && n++ < NAMED_MAX)
			buf_addf(b, "\n<%s>: %.200s", r->address, r->why.text);
	}
	if (n > NAMED_MAX)
		buf_addf(b, "\nand %zu more", n - NAMED_MAX);
}

static void reply_mixed(
    const struct outcome *o, struct arena *a, struct server_reply *ret)
{
	const struct outcome_rcpt *first = NULL;
	struct buf b;

	for (size_t i = 0; i < o->n_rcpt && !first; i++)
		if (is_refused(&o->rcpt[i]))
			first = &o->rcpt[i];
	*ret = (struct server_reply){ 554, enhanced_of(&first->reply, 5, a),
		NULL };
	if (!ret->enhanced)
		ret->enhanced = "5.1.0";
	buf_init(&b, TEXT_MAX);
	buf_adds(&b, "some recipients got the message: do not send it to "
		     "all of them again; without it are");
	add_recipients(&b, o);
	add_advice(&b, &first->why);
	finish(&b, a, ret);
}

static void reply_accepted(
    const struct outcome *o, struct arena *a, struct server_reply *ret)
{
	struct buf b;

	*ret = (struct server_reply){ 250, enhanced_of(&o->reply, 2, a), NULL };
	if (!ret->enhanced || o->queue_id)
		ret->enhanced = "2.0.0";
	buf_init(&b, TEXT_MAX);
	if (o->queue_id)
		buf_addf(&b, "queued as %s", o->queue_id);
	else
		add_words(&b, &o->reply, a);
	add_recipients(&b, o);
	finish(&b, a, ret);
}

static void reply_verdict(
    const struct outcome *o, struct arena *a, struct server_reply *ret)
{
	bool is_common = true;
	struct buf b;

	*ret = (struct server_reply){ passed_on(o->reply.code),
		enhanced_of(&o->reply, o->reply.code / 100, a), NULL };
	if (!ret->enhanced)
		ret->enhanced = o->reply.code / 100 == 4 ? "4.0.0" : "5.0.0";
	buf_init(&b, TEXT_MAX);
	add_words(&b, &o->reply, a);
	for (size_t i = 1; i < o->n_rcpt; i++)
		is_common &=
		    strcmp(o->rcpt[i].why.text, o->rcpt[0].why.text) == 0;
	if (!is_common)
		add_recipients(&b, o);
	add_advice(&b, &o->why);
	finish(&b, a, ret);
}

void serve_reply_outcome(
    const struct outcome *o, struct arena *a, struct server_reply *ret)
{
	size_t delivered = 0, refused = 0;

	for (size_t i = 0; i < o->n_rcpt; i++) {
		delivered += is_delivered(&o->rcpt[i]);
		refused += is_refused(&o->rcpt[i]);
	}
	if (delivered && refused)
		reply_mixed(o, a, ret);
	else if (delivered)
		reply_accepted(o, a, ret);
	else if (o->class != OUTCOME_UNKNOWN && is_verdict(&o->reply))
		reply_verdict(o, a, ret);
	else
		serve_reply_failure(SERVE_DOT, &o->why, a, ret);
}
