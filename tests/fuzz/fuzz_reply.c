/*
 * fuzz_reply: lines of a server become a reply within its limits, and what is
 * shown of it is printable and short, whatever came.
 */
#include "reply.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void require(bool is_true)
{
	if (!is_true)
		abort();
}

static void check_printable(const struct buf *b, char but)
{
	require(!b->full && b->n <= REPLY_TEXT_MAX);
	for (size_t i = 0; i < b->n; i++)
		require((!is_control(b->p[i]) && !is_8bit(b->p[i])) ||
			b->p[i] == but);
}

static void check_shown(const struct reply *r)
{
	struct buf b;

	buf_init(&b, 4096);
	reply_describe(r, &b);
	check_printable(&b, ' ');
	require(b.n >= 3);
	buf_clear(&b);
	reply_lines(r, "\n", &b);
	check_printable(&b, '\n');
	require(r->n_lines == 0 || b.n >= 3);
	buf_free(&b);
}

static void check_id(const struct reply *r)
{
	struct slice id = reply_server_id(r);

	require(id.n == 0 || reply_class(r) == 2);
	for (size_t i = 0; i < id.n; i++)
		require(!is_control(id.p[i]) && !is_8bit(id.p[i]) &&
			!is_blank(id.p[i]));
	require(id.n == 0 ||
		(id.p >= r->text.p && id.p + id.n <= r->text.p + r->text.n));
}

static void check_reply(
    const struct reply *r, const struct reply_limits *limits)
{
	require(!r->text.full);
	require(r->n_lines <= limits->max_lines);
	require(r->text.n <= limits->max_bytes);
	require(r->n_lines == 0 || (r->code >= 200 && r->code <= 599));
	require(r->enhanced[0] == 0 || r->enhanced[0] == reply_class(r));
	check_shown(r);
	check_id(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static const struct reply_limits small = { 100, 3, 200 };
	const struct reply_limits *limits[] = { &reply_limits_usual,
		&reply_limits_ehlo, &reply_limits_auth, &small };
	struct slice rest = { (const char *)bytes, n }, line;
	const struct reply_limits *which;
	struct reply r;

	if (n == 0)
		return 0;
	which = limits[bytes[0] & 3];
	rest = slice_skip(rest, 1);
	reply_init(&r);
	while (slice_take_until(&rest, '\n', &line)) {
		struct fail why = { .kind = FAIL_NONE };
		unsigned before = r.n_lines;
		int status = reply_add_line(&r, line, which, &why);

		require(status >= -1 && status <= 1);
		require((status < 0) == (why.kind == FAIL_PROTOCOL));
		require(r.n_lines == before + (status >= 0));
		check_reply(&r, which);
		if (status != 0)
			reply_clear(&r);
	}
	reply_free(&r);
	return 0;
}
