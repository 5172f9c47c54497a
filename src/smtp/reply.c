#include "reply.h"

enum { BYTES_MAX = 65536, CHALLENGE_LINE_MAX = 12288 + 8, ID_MIN = 6 };

const struct reply_limits reply_limits_usual = { REPLY_LINE_MAX, 64, 16384 };
const struct reply_limits reply_limits_ehlo = { REPLY_LINE_MAX, 128,
	BYTES_MAX };
const struct reply_limits reply_limits_auth = { CHALLENGE_LINE_MAX, 64, 16384 };

void reply_init(struct reply *r)
{
	*r = (struct reply){ .code = 0 };
	buf_init(&r->text, BYTES_MAX);
}

void reply_free(struct reply *r)
{
	buf_free(&r->text);
	reply_clear(r);
}

void reply_clear(struct reply *r)
{
	r->code = 0;
	memset(r->enhanced, 0, sizeof(r->enhanced));
	r->n_lines = 0;
	buf_clear(&r->text);
}

/* 200 to 599, or 0. */
static int parse_code(struct slice line)
{
	uint64_t code;

	if (line.n < 3 || !slice_number(slice_head(line, 3), 200, 599, &code))
		return 0;
	return (int)code;
}

/*
 * The length of an enhanced status code of this class at the start of text,
 * or 0. A code of another class says nothing (RFC 3463 2: the classes agree).
 */
static size_t parse_enhanced(
    struct slice text, int digit, unsigned char ret_enhanced[3])
{
	struct slice rest = text, part[3];
	uint64_t number[3];

	if (!slice_take_until(&rest, '.', &part[0]) ||
	    !slice_take_until(&rest, '.', &part[1]) ||
	    !slice_take_until(&rest, ' ', &part[2]))
		return 0;
	for (int i = 0; i < 3; i++)
		if (part[i].n > 3 || !slice_number(part[i], 0, 255, &number[i]))
			return 0;
	if (part[0].n != 1 || number[0] != (uint64_t)digit)
		return 0;
	for (int i = 0; i < 3; i++)
		ret_enhanced[i] = (unsigned char)number[i];
	return (size_t)(part[2].p - text.p) + part[2].n;
}

static bool has_enhanced(const struct reply *r)
{
	return r->enhanced[0] != 0;
}

int reply_add_line(struct reply *r, struct slice line,
    const struct reply_limits *limits, struct fail *why)
{
	int code = parse_code(line);
	char mark = ' ';
	struct slice text = slice_skip(line, 4);

	if (line.n > 3)
		mark = line.p[3];
	if (code == 0 || (mark != ' ' && mark != '-'))
		return fail(why, FAIL_PROTOCOL, "not an SMTP reply: %.*s",
		    SLICE_ARG(slice_head(line, REPLY_TEXT_MAX)));
	if (r->n_lines > 0 && code != r->code)
		return fail(why, FAIL_PROTOCOL,
		    "a reply that starts with %d goes on with %d", r->code,
		    code);
	if (r->n_lines >= limits->max_lines ||
	    r->text.n + 1 + line.n > limits->max_bytes)
		return fail(why, FAIL_PROTOCOL, "a reply without end");
	if (r->n_lines > 0)
		buf_addc(&r->text, '\n');
	buf_add_slice(&r->text, text);
	r->code = code;
	r->n_lines++;
	if (!has_enhanced(r))
		parse_enhanced(text, code / 100, r->enhanced);
	return mark == ' ';
}

static bool next_line(struct slice *rest, struct slice *ret_line)
{
	return slice_take_until(rest, '\n', ret_line);
}

/* Adds what of `text` fits into the room that is left. */
static void add_clipped(struct buf *b, struct slice text, size_t *room)
{
	text = slice_head(text, *room);
	buf_add_printable(b, text);
	*room -= text.n;
}

void reply_describe(const struct reply *r, struct buf *b)
{
	struct slice rest = buf_slice(&r->text), line;
	size_t room = REPLY_TEXT_MAX - 3;
	bool is_first = true;

	buf_addf(b, "%03d", r->code);
	while (next_line(&rest, &line)) {
		unsigned char same[3];

		if (!is_first)
			line = slice_skip(
			    line, parse_enhanced(line, reply_class(r), same));
		is_first = false;
		line = slice_trim(line);
		if (line.n == 0)
			continue;
		add_clipped(b, SLICE(" "), &room);
		add_clipped(b, line, &room);
	}
}

void reply_lines(const struct reply *r, const char *join, struct buf *b)
{
	struct slice rest = buf_slice(&r->text);
	size_t room = REPLY_TEXT_MAX;

	for (unsigned i = 1; i <= r->n_lines; i++) {
		struct slice line = SLICE("");
		const char head[4] = { (char)('0' + r->code / 100),
			(char)('0' + r->code / 10 % 10),
			(char)('0' + r->code % 10),
			i < r->n_lines ? '-' : ' ' };

		(void)next_line(&rest, &line);
		if (i > 1 && room > strlen(join) + sizeof(head)) {
			buf_adds(b, join);
			room -= strlen(join);
		} else if (i > 1) {
			return;
		}
		/* "250", not "250 ": a line without text has no blank. */
		add_clipped(b, slice_trim((struct slice){ head, 4 }), &room);
		if (line.n > 0 && i == r->n_lines)
			add_clipped(b, SLICE(" "), &room);
		add_clipped(b, line, &room);
	}
}

static bool is_id_char(char c)
{
	return !is_control(c) && !is_8bit(c) && !is_blank(c) &&
	       !strchr("()[]{},;'\"", c);
}

static struct slice take_id(struct slice text)
{
	size_t n = 0;

	while (n < text.n && text.p[n] && is_id_char(text.p[n]))
		n++;
	/* The full stop of a sentence is not a part of it. */
	while (n > 0 && text.p[n - 1] == '.')
		n--;
	return slice_head(text, n);
}

/* What follows the first occurrence of mark, in any case; empty: none. */
static struct slice after_mark(struct slice text, struct slice mark)
{
	for (; text.n > mark.n; text = slice_skip(text, 1))
		if (slice_istarts(text, mark))
			return slice_skip(text, mark.n);
	return SLICE("");
}

struct slice reply_server_id(const struct reply *r)
{
	static const struct slice marks[] = {
		{ "queued as ", 10 }, /* Postfix */
		{ "id=", 3 },         /* Exim */
	};
	struct slice text = buf_slice(&r->text), first, only, more;
	unsigned char enhanced[3];

	text = slice_head(text, slice_find(text, '\n'));
	text = slice_skip(text, parse_enhanced(text, reply_class(r), enhanced));
	if (reply_class(r) != 2)
		return SLICE("");
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		struct slice id = take_id(after_mark(text, marks[i]));

		if (id.n > 0)
			return id;
	}
	/* "Ok ID" and nothing else; "Ok done" has no digit. */
	if (!slice_take_word(&text, &first) || !slice_ieq(first, SLICE("Ok")) ||
	    !slice_take_word(&text, &only) || slice_take_word(&text, &more))
		return SLICE("");
	only = take_id(only);
	for (size_t i = 0; i < only.n && only.n >= ID_MIN; i++)
		if (only.p[i] >= '0' && only.p[i] <= '9')
			return only;
	return SLICE("");
}
