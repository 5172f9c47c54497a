/*
 * fuzz_server: a dialogue with a caller that says what it likes. The first
 * byte picks SMTP or LMTP and the length of the pieces in which the rest
 * comes.
 *
 * Whatever is said: replies are well formed, the owner is called in order and
 * with addresses that can go into a command, and cuts make no difference.
 */
#include "addr.h"
#include "io.h"
#include "server.h"
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

enum { LMTP = 1, PIECES_MAX = 64, INPUT_MAX = 65536 };

static void require(bool is_true)
{
	if (!is_true)
		abort();
}

struct owner {
	struct buf calls;
	struct intake_params params;
	bool is_lmtp, is_open, is_data;
	size_t n_rcpt, n_calls;
};

static void check_address(const char *address)
{
	struct fail why;

	require(addr_check(address, false, &why) == 0);
}

static uint64_t max_size(void *ctx)
{
	struct owner *o = ctx;

	return o->n_calls % 2;
}

static void mail(
    void *ctx, const struct server_mail *m, struct server_reply *ret)
{
	struct owner *o = ctx;

	require(!o->is_open && ret->code == 250);
	o->is_open = true;
	o->n_rcpt = 0;
	if (m->sender[0])
		check_address(m->sender);
	buf_addf(
	    &o->calls, "M%s %llu\n", m->sender, (unsigned long long)m->size);
	if (++o->n_calls % 7 == 6)
		*ret =
		    (struct server_reply){ 451, "4.3.0", "a\r\n\nb\x7f\xff" };
}

static void rcpt(void *ctx, const char *address, struct server_reply *ret)
{
	struct owner *o = ctx;

	require(o->is_open && ret->code == 250);
	check_address(address);
	buf_addf(&o->calls, "R%s\n", address);
	if (++o->n_calls % 5 == 4)
		*ret = (struct server_reply){ 550, NULL, "" };
	else
		o->n_rcpt++;
	require(o->n_rcpt <= SERVER_RCPT_MAX);
}

static const struct intake_params *data(void *ctx)
{
	struct owner *o = ctx;

	require(o->is_open && o->n_rcpt > 0 && !o->is_data);
	o->is_data = true;
	return &o->params;
}

static void message(
    void *ctx, struct msg *m, const struct fail *why, struct server_reply *ret)
{
	struct owner *o = ctx;

	require(o->is_open && o->is_data);
	require((m == NULL) == (why->kind != FAIL_NONE));
	o->is_data = false;
	if (m) {
		buf_add_slice(&o->calls, buf_slice(&m->header));
		buf_adds(&o->calls, "--\n");
		buf_add_slice(&o->calls, buf_slice(&m->body));
	} else {
		buf_addf(&o->calls, "B%d\n", why->kind);
	}
	for (size_t i = 0; i < (o->is_lmtp ? o->n_rcpt : 1); i++)
		ret[i] =
		    (struct server_reply){ m ? 250 : 554, "5.0.0", "done" };
}

static void reset(void *ctx)
{
	struct owner *o = ctx;

	require(o->is_open && !o->is_data);
	o->is_open = false;
	buf_adds(&o->calls, "reset\n");
}

static void check_replies(struct slice out)
{
	struct slice line;
	bool is_open = false;
	int code = 0;

	while (out.n) {
		uint64_t number;

		require(slice_find(out, '\n') < out.n);
		require(slice_take_until(&out, '\n', &line));
		require(line.n >= 5 && line.n + 1 <= SERVER_REPLY_MAX);
		require(line.p[line.n - 1] == '\r');
		require(slice_is_printable(slice_head(line, line.n - 1)));
		require(slice_number(slice_head(line, 3), 200, 599, &number));
		require(!is_open || code == (int)number);
		code = (int)number;
		require(line.p[3] == ' ' || line.p[3] == '-');
		is_open = line.p[3] == '-';
	}
	require(!is_open);
}

static void talk(struct owner *o, struct slice in, size_t step, struct buf *out)
{
	static const struct server_ops ops = { max_size, mail, rcpt, data,
		message, reset };
	struct server_params params = {
		.is_lmtp = o->is_lmtp,
		.name = "me",
		.ops = &ops,
		.ctx = o,
	};
	char bytes[4096];
	struct fail why;
	ssize_t got;
	int fd[2], file = io_temp(), size = 1024 * 1024;

	require(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fd) == 0);
	(void)setsockopt(fd[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	for (; in.n; in = slice_skip(in, step)) {
		struct slice piece = slice_head(in, step);

		require(send(fd[0], piece.p, piece.n, MSG_DONTWAIT) ==
			(ssize_t)piece.n);
	}
	io_close(fd[0]);
	params.in = fd[1];
	params.out = file;
	if (server_run(&params, &why) == 0)
		require(!o->is_open);
	else
		require(why.kind == FAIL_INPUT && o->is_open);
	io_close(fd[1]);
	require(lseek(file, 0, SEEK_SET) == 0);
	while ((got = io_read(file, bytes, sizeof(bytes))) > 0)
		buf_add(out, bytes, (size_t)got);
	io_close(file);
}

static void owner_init(struct owner *o, bool is_lmtp)
{
	*o = (struct owner){ .is_lmtp = is_lmtp, .params.max_size = 200 };
	buf_init(&o->calls, (size_t)1024 * 1024);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct slice in = { (const char *)bytes + 1, n - 1 };
	struct owner whole, pieces;
	struct buf out[2];
	size_t step;

	/* Larger than the server's block would be lost in one piece. */
	if (n < 2 || n > INPUT_MAX)
		return 0;
	step = bytes[0] / 2 + in.n / PIECES_MAX + 1;
	owner_init(&whole, bytes[0] & LMTP);
	owner_init(&pieces, bytes[0] & LMTP);
	buf_init(&out[0], (size_t)1024 * 1024);
	buf_init(&out[1], (size_t)1024 * 1024);
	talk(&whole, in, in.n, &out[0]);
	talk(&pieces, in, step, &out[1]);
	check_replies(buf_slice(&out[0]));
	require(slice_eq(buf_slice(&out[0]), buf_slice(&out[1])));
	require(slice_eq(buf_slice(&whole.calls), buf_slice(&pieces.calls)));
	buf_free(&out[0]);
	buf_free(&out[1]);
	buf_free(&whole.calls);
	buf_free(&pieces.calls);
	return 0;
}
