#include "io.h"
#include "server.h"
#include "unit.h"
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

/* What the callbacks were told, in a line. */
struct log {
	struct buf b;
	bool takes_bytes; /* of messages, too */
	uint64_t max_size;
	struct intake_params params;
	size_t n_rcpt;
};

static uint64_t max_size(void *ctx)
{
	return ((struct log *)ctx)->max_size;
}

static void mail(
    void *ctx, const struct server_mail *m, struct server_reply *ret)
{
	struct log *log = ctx;

	buf_addf(
	    &log->b, "mail(%s,%llu) ", m->sender, (unsigned long long)m->size);
	log->n_rcpt = 0;
	if (strcmp(m->sender, "no@x") == 0)
		*ret = (struct server_reply){ 451, "4.3.5", "one\ntwo" };
}

static void rcpt(void *ctx, const char *address, struct server_reply *ret)
{
	struct log *log = ctx;

	buf_addf(&log->b, "rcpt(%s) ", address);
	if (strcmp(address, "no@y") == 0)
		*ret = (struct server_reply){ 550, "5.1.1", "nobody" };
	else
		log->n_rcpt++;
}

static const struct intake_params *data(void *ctx)
{
	return &((struct log *)ctx)->params;
}

static void message(
    void *ctx, struct msg *m, const struct fail *why, struct server_reply *ret)
{
	static const struct server_reply replies[] = {
		{ 250, "2.0.0", "Ok id1" },
		{ 452, "4.2.2", "full" },
		{ 250, "2.0.0", "Ok id3" },
	};
	struct log *log = ctx;

	if (m) {
		buf_adds(&log->b, "message(");
		buf_add_slice(&log->b, buf_slice(&m->header));
		buf_adds(&log->b, "|");
		buf_add_slice(&log->b, buf_slice(&m->body));
		buf_adds(&log->b, ") ");
	} else {
		buf_addf(&log->b, "broken(%d) ", why->kind);
	}
	*ret = (struct server_reply){ 552, "5.3.4", "too large" };
	if (m && log->n_rcpt <= 3)
		memcpy(ret, replies, log->n_rcpt * sizeof(*ret));
}

static void message_smtp(
    void *ctx, struct msg *m, const struct fail *why, struct server_reply *ret)
{
	struct server_reply three[3];

	((struct log *)ctx)->n_rcpt = 1;
	message(ctx, m, why, three);
	*ret = three[0];
}

static void reset(void *ctx)
{
	buf_adds(&((struct log *)ctx)->b, "reset ");
}

static const struct server_ops ops_smtp = { max_size, mail, rcpt, data,
	message_smtp, reset };
static const struct server_ops ops_lmtp = { max_size, mail, rcpt, data, message,
	reset };

struct row {
	const char *label;
	const char *in;
	const char *out; /* without the greeting */
	const char *calls;
	enum fail_kind end;
	bool is_lmtp;
};

#define HELO "250 me\r\n"
#define EHLO                                                                   \
	"250-me\r\n250-PIPELINING\r\n250-8BITMIME\r\n"                         \
	"250-ENHANCEDSTATUSCODES\r\n250 SIZE\r\n"
#define GO  "354 send it, and end with a line with only a dot\r\n"
#define BYE "221 Bye\r\n"

static const struct row rows[] = {
	{ "nothing", "", "", "" },
	{ "QUIT", "QUIT\r\n", BYE, "" },
	{ "lower case, LF", "quit\n", BYE, "" },
	{ "nothing behind QUIT counts", "QUIT\r\nHELO x\r\n", BYE, "" },
	{ "half a command", "QUI", "", "" },
	{ "QUIT without a line end", "QUIT", "", "" },
	{ "HELO", "HELO x\r\n", HELO, "" },
	{ "HELO needs a name", "HELO\r\nHELO  \r\n",
	    "501 5.5.4 an argument is missing\r\n"
	    "501 5.5.4 an argument is missing\r\n",
	    "" },
	{ "EHLO", "EHLO [127.0.0.1]\r\nQUIT\r\n", EHLO "221 2.0.0 Bye\r\n",
	    "" },
	{ "HELO ends what EHLO began", "EHLO x\r\nNOOP\r\nHELO x\r\nNOOP\r\n",
	    EHLO "250 2.0.0 Ok\r\n" HELO "250 Ok\r\n", "" },
	{ "LHLO is not SMTP", "LHLO x\r\n", "500 5.5.2 no such command\r\n",
	    "" },
	{ "blanks around", "  noop  \r\n\tNOOP\tx y\t\r\n",
	    "250 Ok\r\n250 Ok\r\n", "" },
	{ "nonsense", "\r\n\n<html>\r\nDATAX\r\nNOOP\r\n",
	    "500 5.5.2 no such command\r\n500 5.5.2 no such command\r\n"
	    "500 5.5.2 no such command\r\n500 5.5.2 no such command\r\n"
	    "250 Ok\r\n",
	    "" },
	{ "CR ends no command", "NOOP\rNOOP\r\nNO\r\rOP\r\nNOOP\r\r\n",
	    "500 5.5.2 no such command\r\n500 5.5.2 no such command\r\n"
	    "500 5.5.2 no such command\r\n",
	    "" },
	{ "commands without a transaction",
	    "VRFY a\r\nVRFY\r\nEXPN a\r\nHELP\r\nHELP DATA\r\n"
	    "RSET\r\nRSET x\r\nQUIT x\r\nAUTH PLAIN eA==\r\nSTARTTLS\r\n",
	    "252 not verified: send to it, and see\r\n"
	    "501 5.5.4 an argument is missing\r\n"
	    "502 5.5.1 no list is shown\r\n"
	    "214 MAIL RCPT DATA RSET NOOP VRFY HELP QUIT\r\n"
	    "214 MAIL RCPT DATA RSET NOOP VRFY HELP QUIT\r\n"
	    "250 Ok\r\n"
	    "501 5.5.4 no argument is taken\r\n"
	    "501 5.5.4 no argument is taken\r\n"
	    "502 5.5.1 there is nobody to log in to\r\n"
	    "502 5.5.1 there is no network to protect\r\n",
	    "" },
	{ "order: nothing said yet",
	    "MAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA\r\n",
	    "503 5.5.1 HELO or EHLO comes first\r\n"
	    "503 5.5.1 HELO or EHLO comes first\r\n"
	    "503 5.5.1 HELO or EHLO comes first\r\n",
	    "" },
	{ "order: no transaction", "HELO x\r\nRCPT TO:<b@y>\r\nDATA\r\n",
	    HELO "503 5.5.1 MAIL comes first\r\n"
		 "503 5.5.1 MAIL comes first\r\n",
	    "" },
	{ "order: no recipient",
	    "HELO x\r\nMAIL FROM:<a@x>\r\nDATA\r\nRCPT TO:<no@y>\r\nDATA\r\n"
	    "RSET\r\n",
	    HELO "250 Ok\r\n503 5.5.1 no recipient was accepted\r\n"
		 "550 5.1.1 nobody\r\n503 5.5.1 no recipient was accepted\r\n"
		 "250 Ok\r\n",
	    "mail(a@x,0) rcpt(no@y) reset " },
	{ "order: a second MAIL",
	    "HELO x\r\nMAIL FROM:<a@x>\r\nMAIL FROM:<b@x>\r\nRSET\r\n"
	    "MAIL FROM:<b@x>\r\nRCPT TO:<c@y>\r\nMAIL FROM:<d@x>\r\nQUIT\r\n",
	    HELO "250 Ok\r\n503 5.5.1 a transaction is open already\r\n"
		 "250 Ok\r\n250 Ok\r\n250 Ok\r\n"
		 "503 5.5.1 a transaction is open already\r\n" BYE,
	    "mail(a@x,0) reset mail(b@x,0) rcpt(c@y) reset " },

	{ "a message",
	    "HELO x\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA\r\n"
	    "A: b\r\n\r\nc\r\n..\r\n.d\r\n.\r\nQUIT\r\n",
	    HELO "250 Ok\r\n250 Ok\r\n" GO "250 Ok id1\r\n" BYE,
	    "mail(a@x,0) rcpt(b@y) message(A: b\r\n|c\r\n.\r\nd\r\n) "
	    "reset " },
	{ "in LF",
	    "EHLO x\nMAIL FROM:<a@x>\nRCPT TO:<b@y>\nDATA\n"
	    "A: b\n\nc\n..\n.\nQUIT\n",
	    EHLO "250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n" GO
		 "250 2.0.0 Ok id1\r\n221 2.0.0 Bye\r\n",
	    "mail(a@x,0) rcpt(b@y) message(A: b\n|c\n.\n) reset " },
	{ "an empty message",
	    "HELO x\r\nMAIL FROM:<>\r\nRCPT TO:<b@y>\r\nDATA\r\n.\r\n",
	    HELO "250 Ok\r\n250 Ok\r\n" GO "250 Ok id1\r\n",
	    "mail(,0) rcpt(b@y) message(|) reset " },
	{ "two of them, and RSET between",
	    "HELO x\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA\r\n1\r\n.\r\n"
	    "MAIL FROM:<a@x>\r\nRCPT TO:<c@y>\r\nRSET\r\n"
	    "MAIL FROM:<a@x>\r\nRCPT TO:<d@y>\r\nDATA\r\n2\r\n.\r\n",
	    HELO "250 Ok\r\n250 Ok\r\n" GO "250 Ok id1\r\n"
		 "250 Ok\r\n250 Ok\r\n250 Ok\r\n"
		 "250 Ok\r\n250 Ok\r\n" GO "250 Ok id1\r\n",
	    "mail(a@x,0) rcpt(b@y) message(|1\r\n) reset "
	    "mail(a@x,0) rcpt(c@y) reset "
	    "mail(a@x,0) rcpt(d@y) message(|2\r\n) reset " },
	{ "EHLO in a transaction",
	    "HELO x\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nEHLO x\r\nDATA\r\n",
	    HELO "250 Ok\r\n250 Ok\r\n" EHLO "503 5.5.1 MAIL comes first\r\n",
	    "mail(a@x,0) rcpt(b@y) reset " },
	{ "a refused sender",
	    "HELO x\r\nMAIL FROM:<no@x>\r\nRCPT TO:<b@y>\r\n"
	    "MAIL FROM:<a@x>\r\nQUIT\r\n",
	    HELO "451-4.3.5 one\r\n451 4.3.5 two\r\n"
		 "503 5.5.1 MAIL comes first\r\n250 Ok\r\n" BYE,
	    "mail(no@x,0) reset mail(a@x,0) reset " },
	{ "a message that is too large",
	    "HELO x\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA\r\n"
	    "A: 890123456789012345678901234567890\r\n\r\n.x\r\n.\r\nNOOP\r\n",
	    HELO "250 Ok\r\n250 Ok\r\n" GO "552 5.3.4 too large\r\n250 Ok\r\n",
	    "mail(a@x,0) rcpt(b@y) broken(2) reset " },

	{ "CRLF: LF . LF is text",
	    "HELO x\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA\r\n"
	    "1\n.\nRSET\r\n.\r\nNOOP\r\n",
	    HELO "250 Ok\r\n250 Ok\r\n" GO "250 Ok id1\r\n250 Ok\r\n",
	    "mail(a@x,0) rcpt(b@y) message(|1\n.\nRSET\r\n) reset " },
	{ "CRLF: LF . CRLF is text",
	    "HELO x\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA\r\n"
	    "1\n.\r\nRSET\r\n.\r\nNOOP\r\n",
	    HELO "250 Ok\r\n250 Ok\r\n" GO "250 Ok id1\r\n250 Ok\r\n",
	    "mail(a@x,0) rcpt(b@y) message(|1\n.\r\nRSET\r\n) reset " },
	{ "CRLF: CRLF . LF is text",
	    "HELO x\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA\r\n"
	    "1\r\n.\nRSET\r\n.\r\nNOOP\r\n",
	    HELO "250 Ok\r\n250 Ok\r\n" GO "250 Ok id1\r\n250 Ok\r\n",
	    "mail(a@x,0) rcpt(b@y) message(|1\r\n\nRSET\r\n) reset " },
	{ "CRLF: CR . CR is text",
	    "HELO x\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA\r\n"
	    "1\r.\rRSET\r\n.\r\nNOOP\r\n",
	    HELO "250 Ok\r\n250 Ok\r\n" GO "250 Ok id1\r\n250 Ok\r\n",
	    "mail(a@x,0) rcpt(b@y) message(|1\r.\rRSET\r\n) reset " },
	{ "DATA decides, not the lines before",
	    "HELO x\nMAIL FROM:<a@x>\nRCPT TO:<b@y>\nDATA\r\n"
	    "1\n.\n2\r\n.\r\nNOOP\r\n",
	    HELO "250 Ok\r\n250 Ok\r\n" GO "250 Ok id1\r\n250 Ok\r\n",
	    "mail(a@x,0) rcpt(b@y) message(|1\n.\n2\r\n) reset " },

	{ "ends in a transaction", "HELO x\r\nMAIL FROM:<a@x>\r\n",
	    HELO "250 Ok\r\n", "mail(a@x,0) ", FAIL_INPUT },
	{ "ends before DATA",
	    "HELO x\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA",
	    HELO "250 Ok\r\n250 Ok\r\n", "mail(a@x,0) rcpt(b@y) ", FAIL_INPUT },
	{ "ends in the text",
	    "HELO x\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA\r\nA: b\r\n",
	    HELO "250 Ok\r\n250 Ok\r\n" GO, "mail(a@x,0) rcpt(b@y) ",
	    FAIL_INPUT },
	{ "ends in the dot",
	    "HELO x\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA\r\n1\r\n.\r",
	    HELO "250 Ok\r\n250 Ok\r\n" GO, "mail(a@x,0) rcpt(b@y) ",
	    FAIL_INPUT },
	{ "ends behind a message",
	    "HELO x\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA\r\n.\r\n",
	    HELO "250 Ok\r\n250 Ok\r\n" GO "250 Ok id1\r\n",
	    "mail(a@x,0) rcpt(b@y) message(|) reset " },

	{ "LMTP: one reply a recipient",
	    "HELO x\r\nEHLO x\r\nLHLO x\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\n"
	    "RCPT TO:<no@y>\r\nRCPT TO:<c@y>\r\nRCPT TO:<d@y>\r\nDATA\r\n"
	    "1\r\n.\r\nQUIT\r\n",
	    "500 5.5.2 no such command\r\n500 5.5.2 no such command\r\n" EHLO
	    "250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n550 5.1.1 nobody\r\n"
	    "250 2.1.5 Ok\r\n250 2.1.5 Ok\r\n" GO
	    "250 2.0.0 Ok id1\r\n452 4.2.2 full\r\n250 2.0.0 Ok id3\r\n"
	    "221 2.0.0 Bye\r\n",
	    "mail(a@x,0) rcpt(b@y) rcpt(no@y) rcpt(c@y) rcpt(d@y) "
	    "message(|1\r\n) reset ",
	    FAIL_NONE, true },
	{ "LMTP: order", "MAIL FROM:<a@x>\r\n",
	    "503 5.5.1 LHLO comes first\r\n", "", FAIL_NONE, true },
};

/* Pieces come one a read(); the output is kept write by write. */
struct run {
	struct log log;
	struct buf out;
	size_t writes;
	struct fail why;
	int result;
};

static void send_piece(int fd, struct slice s)
{
	/* An empty one would be the end. */
	if (s.n > 0 && send(fd, s.p, s.n, 0) != (ssize_t)s.n)
		abort();
}

static void receive(int fd, struct run *r)
{
	static char bytes[256 * 1024];
	ssize_t got;

	while ((got = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0) {
		buf_add(&r->out, bytes, (size_t)got);
		r->writes++;
	}
}

static void serve(
    struct run *r, struct slice in, size_t cut, size_t step, bool is_lmtp)
{
	struct server_params params = {
		.is_lmtp = is_lmtp,
		.name = "me",
		.ops = is_lmtp ? &ops_lmtp : &ops_smtp,
		.ctx = &r->log,
	};
	int fd[2], size = 4 * 1024 * 1024;

	r->log.params.max_size = 40;
	buf_init(&r->log.b, 1024 * 1024);
	buf_init(&r->out, 1024 * 1024);
	/* Of a piece that is larger than the room the rest would be lost. */
	if (socketpair(AF_UNIX, step > 32768 ? SOCK_STREAM : SOCK_SEQPACKET, 0,
		fd) != 0)
		abort();
	for (int i = 0; i < 2; i++)
		setsockopt(fd[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	send_piece(fd[0], slice_head(in, cut));
	for (in = slice_skip(in, cut); in.n; in = slice_skip(in, step))
		send_piece(fd[0], slice_head(in, step));
	shutdown(fd[0], SHUT_WR);
	params.in = params.out = fd[1];
	r->why.kind = FAIL_NONE;
	r->result = server_run(&params, &r->why);
	receive(fd[0], r);
	io_close(fd[1]);
	io_close(fd[0]);
}

static void end_run(struct run *r)
{
	buf_free(&r->log.b);
	buf_free(&r->out);
}

static void check_row(const struct row *row, size_t cut, size_t step)
{
	struct run r = { .writes = 0 };
	struct slice out;
	const char *greeting =
	    row->is_lmtp ? "220 me LMTP\r\n" : "220 me ESMTP\r\n";

	serve(&r, slice_of(row->in), cut, step, row->is_lmtp);
	out = buf_slice(&r.out);
	CHECK(slice_starts(out, slice_of(greeting)));
	CHECK_SLICE(slice_skip(out, strlen(greeting)), row->out);
	CHECK_STR(buf_text(&r.log.b), row->calls);
	CHECK_INT(r.result, row->end == FAIL_NONE ? 0 : -1);
	CHECK_INT(r.why.kind, row->end);
	/* The greeting, then one for what came at once. */
	if (cut == 0 && step >= strlen(row->in))
		CHECK_INT(r.writes, 1 + (row->out[0] != '\0'));
	end_run(&r);
}

TEST(dialogues)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t n = strlen(rows[i].in);

		CASE(rows[i].label);
		for (size_t cut = 0; cut <= n; cut++)
			check_row(&rows[i], cut, n + 1);
		if (n < 200)
			check_row(&rows[i], 0, 1);
		check_row(&rows[i], 1, 7);
	}
}

/* MAIL and RCPT: the reply, and the address and size that get through. */
TEST(arguments)
{
	static const struct {
		const char *line;
		const char *reply; /* its start */
		const char *call;
	} table[] = {
		{ "MAIL FROM:<a@x>", "250", "mail(a@x,0) " },
		{ "mail from:<a@x>", "250", "mail(a@x,0) " },
		{ "MAIL FROM: <a@x>", "250", "mail(a@x,0) " },
		{ "MAIL  FROM:  <a@x>  ", "250", "mail(a@x,0) " },
		{ "MAIL FROM:a@x", "250", "mail(a@x,0) " },
		{ "MAIL FROM: a@x", "250", "mail(a@x,0) " },
		{ "MAIL FROM:a@x SIZE=5", "250", "mail(a@x,5) " },
		{ "MAIL FROM:<>", "250", "mail(,0) " },
		{ "MAIL FROM: <> SIZE=7", "250", "mail(,7) " },
		{ "MAIL FROM:<root>", "250", "mail(root,0) " },
		{ "MAIL FROM:<a@x> BODY=8BITMIME", "250", "mail(a@x,0) " },
		{ "MAIL FROM:<a@x> body=7bit size=1", "250", "mail(a@x,1) " },
		{ "MAIL FROM:<a@x> SIZE=18446744073709551615", "250",
		    "mail(a@x,18446744073709551615) " },
		{ "MAIL FROM:<\"a b\"@x>", "250", "mail(\"a b\"@x,0) " },
		{ "MAIL FROM:<\"a>b\"@x> SIZE=1", "250", "mail(\"a>b\"@x,1) " },
		{ "MAIL FROM:<\"a\\\">b\"@x>", "250",
		    "mail(\"a\\\">b\"@x,0) " },
		{ "MAIL FROM:\"a b\"@x", "250", "mail(\"a b\"@x,0) " },
		{ "MAIL FROM:<@r,@s:a@x>", "250", "mail(a@x,0) " },
		{ "MAIL FROM:<a@[127.0.0.1]>", "250",
		    "mail(a@[127.0.0.1],0) " },
		{ "MAIL FROM:<a+b=c.d@x-y.z>", "250",
		    "mail(a+b=c.d@x-y.z,0) " },
		{ "MAIL", "501 5.5.4", "" },
		{ "MAIL FROM", "501 5.5.4", "" },
		{ "MAIL FROM:", "501 5.5.4", "" },
		{ "MAIL FROM: ", "501 5.5.4", "" },
		{ "MAIL FROM <a@x>", "501 5.5.4", "" },
		{ "MAIL TO:<a@x>", "501 5.5.4", "" },
		{ "MAIL <a@x>", "501 5.5.4", "" },
		{ "MAIL FROM:<a@x", "501 5.5.4", "" },
		{ "MAIL FROM:<a@x>>", "501 5.5.4", "" },
		{ "MAIL FROM:<a@x>SIZE=1", "501 5.5.4", "" },
		{ "MAIL FROM:<\"a@x>", "501 5.5.4", "" },
		{ "MAIL FROM:<<a@x>>", "501 5.5.4", "" },
		{ "MAIL FROM:a@x>", "501 5.1.7", "" },
		{ "MAIL FROM:<a@x,b@x>", "501 5.1.7", "" },
		{ "MAIL FROM:<a b@x>", "501 5.1.7", "" },
		{ "MAIL FROM:<@x>", "501 5.1.7", "" },
		{ "MAIL FROM:<a@>", "501 5.1.7", "" },
		{ "MAIL FROM:< >", "501 5.1.7", "" },
		{ "MAIL FROM:<a@x\x01>", "501 5.1.7", "" },
		{ "MAIL FROM:<a\r@x>", "501 5.1.7", "" },
		{ "MAIL FROM:<\xc3\xa4@x>", "501 5.1.7", "" },
		{ "MAIL FROM:<a@x> SIZE=", "501 5.5.4", "" },
		{ "MAIL FROM:<a@x> SIZE", "501 5.5.4", "" },
		{ "MAIL FROM:<a@x> SIZE=-1", "501 5.5.4", "" },
		{ "MAIL FROM:<a@x> SIZE=18446744073709551616", "501 5.5.4",
		    "" },
		{ "MAIL FROM:<a@x> SIZE=1 SIZE=1", "501 5.5.4", "" },
		{ "MAIL FROM:<a@x> BODY=BINARYMIME", "501 5.5.4", "" },
		{ "MAIL FROM:<a@x> RET=HDRS", "555 5.5.4", "" },
		{ "MAIL FROM:<a@x> AUTH=<>", "555 5.5.4", "" },
		{ "MAIL FROM:<a@x> SMTPUTF8", "555 5.5.4", "" },
		{ "MAIL FROM:<a@x> =", "555 5.5.4", "" },
		{ "RCPT TO:<b@y>", "250", "rcpt(b@y) " },
		{ "rcpt to: <b@y>", "250", "rcpt(b@y) " },
		{ "RCPT TO:b@y", "250", "rcpt(b@y) " },
		{ "RCPT TO:<root>", "250", "rcpt(root) " },
		{ "RCPT TO:root", "250", "rcpt(root) " },
		{ "RCPT TO:<postmaster>", "250", "rcpt(postmaster) " },
		{ "RCPT TO:<\"b c\"@y>", "250", "rcpt(\"b c\"@y) " },
		{ "RCPT TO:<>", "501 5.1.3", "" },
		{ "RCPT TO:<b@y> NOTIFY=NEVER", "555 5.5.4", "" },
		{ "RCPT TO:<b@y>,<c@y>", "501 5.5.4", "" },
		{ "RCPT TO:<b@y> <c@y>", "555 5.5.4", "" },
		{ "RCPT TO:<b@y;c@y>", "501 5.1.3", "" },
		{ "RCPT TO:<b@y_z>", "250", "rcpt(b@y_z) " },
		{ "RCPT TO:<b@y..z>", "501 5.1.3", "" },
		{ "RCPT FROM:<b@y>", "501 5.5.4", "" },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		bool is_mail = ascii_lower(table[i].line[0]) == 'm';
		const char *before =
		    is_mail ? "HELO x\r\n" : "HELO x\r\nMAIL FROM:<a@x>\r\n";
		const char *skip = is_mail
				       ? "220 me ESMTP\r\n250 me\r\n"
				       : "220 me ESMTP\r\n250 me\r\n250 Ok\r\n";
		struct run r = { .writes = 0 };
		struct slice out, calls;
		char in[512];

		CASE(table[i].line);
		snprintf(
		    in, sizeof(in), "%s%s\r\nQUIT\r\n", before, table[i].line);
		serve(&r, slice_of(in), 0, sizeof(in), false);
		out = slice_skip(buf_slice(&r.out), strlen(skip));
		if (!slice_starts(out, slice_of(table[i].reply)))
			UNIT_FAIL("reply %.*s", SLICE_ARG(out));
		calls = slice_skip(
		    buf_slice(&r.log.b), is_mail ? 0 : strlen("mail(a@x,0) "));
		CHECK(slice_starts(calls, slice_of(table[i].call)));
		CHECK(table[i].call[0] || !slice_starts(calls, SLICE("mail")));
		CHECK(table[i].call[0] || !slice_starts(calls, SLICE("rcpt")));
		end_run(&r);
	}
}

/* NUL is no end of a text that a person could have meant. */
TEST(nul_bytes)
{
	static const char in[] =
	    "HELO x\r\nMAIL FROM:<a@x\0y>\r\nNO\0OP\r\nNOOP\0\r\n"
	    "MAIL FROM:<a@x> SIZE=1\0002\r\n";
	struct run r = { .writes = 0 };

	CASE("NUL");
	serve(&r, (struct slice){ in, sizeof(in) - 1 }, 0, sizeof(in), false);
	CHECK_STR(buf_text(&r.out),
	    "220 me ESMTP\r\n250 me\r\n"
	    "501 5.1.7 the address is not printable ASCII\r\n"
	    "500 5.5.2 no such command\r\n"
	    "500 5.5.2 no such command\r\n"
	    "501 5.5.4 a parameter has no such value\r\n");
	CHECK_STR(buf_text(&r.log.b), "");
	end_run(&r);
}

TEST(line_limit)
{
	static const struct {
		size_t n; /* with CR LF */
		const char *reply;
	} table[] = {
		{ SERVER_LINE_MAX - 1, "250 Ok\r\n" },
		{ SERVER_LINE_MAX, "250 Ok\r\n" },
		{ SERVER_LINE_MAX + 1, "500 5.5.2 the line is too long\r\n" },
		{ 65535, "500 5.5.2 the line is too long\r\n" },
		{ 65536, "500 5.5.2 the line is too long\r\n" },
		{ 200001, "500 5.5.2 the line is too long\r\n" },
	};

	static char in[300000];
	static const size_t steps[] = { sizeof(in), 1000, 65536 };

	for (size_t i = 0; i < 3 * sizeof(table) / sizeof(table[0]); i++) {
		size_t n = table[i / 3].n;
		struct run r = { .writes = 0 };
		char out[100];

		CASE("line");
		memset(in, 'x', sizeof(in));
		memcpy(in, "NOOP ", 5);
		memcpy(in + n - 2, "\r\nQUIT\r\n", 8);
		serve(&r, (struct slice){ in, n + 6 }, 0, steps[i % 3], false);
		snprintf(out, sizeof(out), "220 me ESMTP\r\n%s%s",
		    table[i / 3].reply, BYE);
		CHECK_STR(buf_text(&r.out), out);
		end_run(&r);
	}
	CASE("a line without end");
	for (int i = 0; i < 2; i++) {
		struct run r = { .writes = 0 };

		memset(in, 'x', sizeof(in));
		serve(&r, (struct slice){ in, sizeof(in) }, 0, 65536, false);
		CHECK_STR(buf_text(&r.out), "220 me ESMTP\r\n");
		CHECK_INT(r.result, 0);
		end_run(&r);
	}
}

TEST(many_recipients)
{
	struct run r = { .writes = 0 };
	struct slice rest, line;
	struct buf in;
	size_t ok = 0, later = 0;

	CASE("1000 and no more");
	buf_init(&in, 1024 * 1024);
	buf_adds(&in, "HELO x\r\nMAIL FROM:<a@x>\r\n");
	for (int i = 0; i < SERVER_RCPT_MAX + 5; i++)
		buf_addf(&in, "RCPT TO:<%s%d@y>\r\n", i % 3 ? "b" : "c", i);
	buf_adds(&in, "DATA\r\n1\r\n.\r\nQUIT\r\n");
	serve(&r, buf_slice(&in), 0, 4000, false);
	rest = buf_slice(&r.out);
	while (slice_take_until(&rest, '\n', &line)) {
		ok += slice_eq(line, SLICE("250 Ok\r"));
		later += slice_starts(line, SLICE("452 4.5.3 "));
	}
	CHECK_INT(ok, 1 + SERVER_RCPT_MAX);
	CHECK_INT(later, 5);
	CHECK(memmem(r.out.p, r.out.n, "250 Ok id1\r\n", 12));
	end_run(&r);
	buf_free(&in);
}

static const char *long_text;

static void long_reply(
    void *ctx, struct msg *m, const struct fail *why, struct server_reply *ret)
{
	(void)ctx, (void)m, (void)why;
	*ret = (struct server_reply){ 550, "5.1.1", long_text };
}

/* A reply of any text is one of lines that are not too long. */
TEST(long_replies)
{
	static const size_t sizes[] = { 0, 1, 499, 500, 501, 502, 1000, 8000,
		20000 };
	static const struct server_ops ops = { max_size, mail, rcpt, data,
		long_reply, reset };
	static char text[20001];
	struct log log = { .max_size = 0 };
	struct server_params params = {
		.name = "me", .ops = &ops, .ctx = &log
	};

	for (size_t i = 0; i < 2 * sizeof(sizes) / sizeof(sizes[0]); i++) {
		size_t n = sizes[i / 2], last = 0, shown = 0;
		struct run r = { .writes = 0 };
		struct slice rest, line;
		int fd[2];

		CASE("text");
		memset(text, 'x', sizeof(text));
		text[n] = '\0';
		for (size_t k = 50; i % 2 && k < n; k += 70)
			text[k] = k % 4 ? ' ' : '\n';
		long_text = text;
		buf_init(&log.b, 1024);
		buf_init(&r.out, 65536);
		CHECK_INT(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fd), 0);
		send_piece(fd[0],
		    SLICE("HELO x\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\n"
			  "DATA\r\n.\r\nQUIT\r\n"));
		params.in = params.out = fd[1];
		CHECK_INT(server_run(&params, &r.why), 0);
		receive(fd[0], &r);
		rest = buf_slice(&r.out);
		while (slice_take_until(&rest, '\n', &line)) {
			CHECK(line.n + 1 <= SERVER_REPLY_MAX);
			CHECK(line.p[line.n - 1] == '\r');
			if (!slice_starts(line, SLICE("550")))
				continue;
			CHECK_INT(last, 0);
			last = line.p[3] == ' ';
			CHECK(
			    slice_starts(slice_skip(line, 4), SLICE("5.1.1 ")));
			shown += line.n - 11;
		}
		CHECK_INT(last, 1);
		CHECK(
		    shown <= n && shown + n / 40 + 1 >= (n > 8192 ? 8192 : n));
		buf_free(&r.out);
		buf_free(&log.b);
		io_close(fd[0]);
		io_close(fd[1]);
	}
}

TEST(size_is_advertised)
{
	struct run r = { .log = { .max_size = 12345 } };

	CASE("a number");
	serve(&r, SLICE("EHLO x\r\n"), 0, 8, false);
	CHECK(memmem(r.out.p, r.out.n, "250 SIZE 12345\r\n", 16));
	end_run(&r);
}

/* Nobody reads any more: nothing is asked of the owner then. */
TEST(replies_that_cannot_be_written)
{
	static const char in[] =
	    "HELO x\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\n";
	struct log log = { .max_size = 0 };
	struct server_params params = {
		.name = "me", .ops = &ops_smtp, .ctx = &log
	};
	struct fail why;
	int fd[2];

	CASE("/dev/full");
	buf_init(&log.b, 1024);
	CHECK_INT(pipe(fd), 0);
	CHECK_INT(write(fd[1], in, sizeof(in) - 1), (int)sizeof(in) - 1);
	io_close(fd[1]);
	params.in = fd[0];
	params.out = open("/dev/full", O_WRONLY);
	CHECK_INT(server_run(&params, &why), -1);
	CHECK_INT(why.kind, FAIL_OS);
	CHECK_STR(buf_text(&log.b), "");
	CASE("an input that cannot be read");
	io_close(params.out);
	params.out = open("/dev/null", O_WRONLY);
	params.in = -1;
	CHECK_INT(server_run(&params, &why), -1);
	CHECK_INT(why.kind, FAIL_INPUT);
	io_close(params.out);
	io_close(fd[0]);
	buf_free(&log.b);
}
