#include "io.h"
#include "rewrite.h"
#include "unit.h"
#include <sys/mman.h>
#include <unistd.h>

/* A message of this header block and the body "x". */
static struct msg message(const char *header)
{
	struct msg m;

	msg_init(&m);
	buf_adds(&m.header, header);
	buf_adds(&m.body, "x");
	m.facts.body_wire = 3;
	return m;
}

/* Header as it goes out, the empty line and body cut off; the unique part of
   each Message-ID that was made is replaced by "ID>". */
static const char *sent(struct msg *m, struct arena *a)
{
	static char bytes[3 * MSG_HEADER_MAX];
	ssize_t n = msg_read(m, bytes, sizeof(bytes), NULL);
	char *id = bytes;

	CHECK(n >= 2);
	CHECK(n < 2 || memcmp(bytes + n - 2, "\nx", 2) == 0);
	bytes[n < 2 ? 0 : n - 2] = '\0';
	while ((id = strstr(id, "Message-ID: <"))) {
		id += strlen("Message-ID: <");
		if (strspn(id, "0123456789abcdef") != 24 || id[24] != '@')
			continue;
		memcpy(id, "ID>", 3);
		memmove(id + 3, id + 24, strlen(id + 24) + 1);
	}
	return arena_copy(a, slice_of(bytes));
}

/* Nothing switched on. */
static const struct rewrite_params nothing = {
	.set_from = REWRITE_FROM_OFF, .keep_bcc = true, .keep_once = true
};
/* The usual. */
static const struct rewrite_params usual = {
	.add_date = true,
	.add_message_id = true,
	.once_relay = true,
	.from = "me@q.example",
	.qualify = "q.example",
	.local = { .host = "host.example" },
	.id_domain = "q.example",
};

#define FROM       "From: a@b\n"
#define DATE       "Date: Thu, 01 Jan 1970 00:00:00 +0000\n"
#define ID         "Message-ID: <i@b>\n"
#define ALL        FROM DATE ID
#define MY_ID      "Message-ID: <ID>@q.example>\n"
#define MADE_AGAIN "Resent-" DATE "Resent-" MY_ID

struct row {
	const char *label;
	const char *in;
	const char *out; /* NULL: as it came, without any edit */
};

static void check(const struct row *r, const struct rewrite_params *params)
{
	struct msg m = message(r->in);
	struct fail why = { .kind = FAIL_NONE };
	struct arena a = { 0 };

	CASE(r->label);
	if (rewrite_plan(params, &m, &a, &why) < 0) {
		UNIT_FAIL("%s", why.text);
	} else {
		CHECK_STR(sent(&m, &a), r->out ? r->out : r->in);
		CHECK_INT(m.n_edits + m.prefix.n == 0, !r->out);
		for (size_t i = 1; i < m.n_edits; i++)
			CHECK(m.edits[i].at >=
			      m.edits[i - 1].at + m.edits[i - 1].n);
	}
	arena_free(&a);
	msg_free(&m);
}

#define CHECK_ROWS(rows, params)                                               \
	for (size_t i = 0; i < sizeof(rows) / sizeof((rows)[0]); i++)          \
	check(&(rows)[i], params)

TEST(who_gets_it)
{
	static const char *const to[] = { "a@b", "c@d" };
	static const struct rewrite_params shown = {
		.set_from = REWRITE_FROM_OFF,
		.set_to = REWRITE_TO_ON,
		.keep_bcc = true,
		.to = to,
		.n_to = 2,
	};
	static const struct rewrite_params hidden = {
		.set_from = REWRITE_FROM_OFF,
		.set_to = REWRITE_TO_UNDISCLOSED,
	};
	static const struct row shown_rows[] = {
		{ "none", "X: y\n", "To: a@b, c@d\nX: y\n" },
		{ "all three", "To: x\nSubject: s\nCc: y\nBcc: z\n",
		    "To: a@b, c@d\nSubject: s\n" },
		{ "folded, any case", "tO:\n x,\n y\nX: y\nCC: z\n w\n",
		    "To: a@b, c@d\nX: y\n" },
		{ "several", "To: x\nTo: y\nX: y\nTo: z\n",
		    "To: a@b, c@d\nX: y\n" },
		{ "those of Resent- stay",
		    "Resent-To: x@y\nResent-Cc: x@y\nApparently-To: x@y\n",
		    "To: a@b, c@d\n"
		    "Resent-To: x@y\nResent-Cc: x@y\nApparently-To: x@y\n" },
		{ "unreadable", "To: <a@@b\n", "To: a@b, c@d\n" },
	};
	static const struct row hidden_rows[] = {
		{ "none", "X: y\n", "To: undisclosed-recipients:;\nX: y\n" },
		{ "all three", "X: y\nTo: x\nBcc: y\nCc: z\n",
		    "To: undisclosed-recipients:;\nX: y\n" },
	};

	CHECK_ROWS(shown_rows, &shown);
	CHECK_ROWS(hidden_rows, &hidden);
}

TEST(who_gets_it_folded)
{
	static const char address[] = "someone-with-a-name@example.net";
	static const char *const to[] = { address, address, address };
	static const struct rewrite_params shown = {
		.set_from = REWRITE_FROM_OFF,
		.set_to = REWRITE_TO_ON,
		.to = to,
		.n_to = 3,
	};
	static const struct row rows[] = {
		{ "at 76 characters", "X: y\n",
		    "To: someone-with-a-name@example.net, "
		    "someone-with-a-name@example.net,\n"
		    " someone-with-a-name@example.net\nX: y\n" },
	};

	CHECK_ROWS(rows, &shown);
}

TEST(single_labels)
{
	static const struct rewrite_params all = { .set_from = REWRITE_FROM_OFF,
		.qualify = "q.example",
		.local = { .single_label = true } };
	static const struct rewrite_params here = { .set_from =
							REWRITE_FROM_OFF,
		.qualify = "q.example",
		.local = { .host = "host" } };
	static const struct row any[] = {
		{ "any", "To: a@b, c@d.e, f@[IPv6:::1], g\n",
		    "To: a@q.example, c@d.e, f@[IPv6:::1], g@q.example\n" },
	};
	static const struct row own[] = {
		{ "own", "To: a@b, c@hosts, f@Host, <@h:g@localhost>\n",
		    "To: a@b, c@hosts, f@q.example, <g@q.example>\n" },
	};

	CHECK_ROWS(any, &all);
	CHECK_ROWS(own, &here);
}

TEST(another_author)
{
	static const struct rewrite_params own = { .set_from = REWRITE_FROM_OFF,
		.keep_bcc = true,
		.keep_once = true,
		.qualify = "q.example",
		.new_from = "own@x.example",
		.new_sender = "own@x.example" };
	static const struct row rows[] = {
		{ "address", "From: a@b\n", "From: own@x.example\n" },
		{ "bare name", "From: root\n", "From: own@x.example\n" },
		{ "comment", "From: root (Cron Daemon)\n",
		    "From: own@x.example (Cron Daemon)\n" },
		{ "name", "From: Me <a@b>\n", "From: Me <own@x.example>\n" },
		{ "quoted name", "From: \"(Cron Daemon)\" <root>\n",
		    "From: \"(Cron Daemon)\" <own@x.example>\n" },
		{ "encoded name", "From: =?utf-8?q?=C3=A9?= <a@b>\n",
		    "From: =?utf-8?q?=C3=A9?= <own@x.example>\n" },
		{ "folded, CRLF", "From:\r\n Me\r\n <a@b>\r\n",
		    "From:\r\n Me\r\n <own@x.example>\r\n" },
		{ "blank before the colon", "From : a@b\n",
		    "From: own@x.example\n" },
		{ "a route", "From: Me <@h.example:a@b>\n",
		    "From: Me <own@x.example>\n" },
		{ "a colon in the name", "From: \"a: b\" <a@b>\n",
		    "From: \"a: b\" <own@x.example>\n" },
		{ "two authors", "From: a@b, \"Second, One\" <c@d>\n",
		    "From: \"Second, One\" <own@x.example>\n" },
		{ "two authors, no name", "From: a@b, c@d\r\n",
		    "From: own@x.example\r\n" },
		{ "a group", "From: Us: a@b, c@d;\n", "From: own@x.example\n" },
		{ "unreadable", "From: a@b@c <\n", "From: own@x.example\n" },
		{ "unreadable, a name", "From: A <a@b\n",
		    "From: A <own@x.example>\n" },
		{ "unreadable, folded name, CRLF", "From: A\r\n B\r\n <a@b\r\n",
		    "From: A B <own@x.example>\r\n" },
		{ "unreadable, quoted name", "From: \"A, B\" <a@b\n",
		    "From: \"A, B\" <own@x.example>\n" },
		{ "unreadable, open quote", "From: \"A B <a@b>\n",
		    "From: A B <own@x.example>\n" },
		{ "unreadable, a quote within", "From: A\"B <a@b>\n",
		    "From: \"A\\\"B\" <own@x.example>\n" },
		{ "unreadable, < in a quoted name", "From: \"A <B>\" <a@b\n",
		    "From: A <own@x.example>\n" },
		{ "unreadable, encoded name", "From: =?utf-8?q?=C3=A9?= <a@b\n",
		    "From: =?utf-8?q?=C3=A9?= <own@x.example>\n" },
		{ "unreadable, 8-bit name", "From: \xc3\xa9 <a@b\n",
		    "From: =?UTF-8?b?w6k=?= <own@x.example>\n" },
		{ "unreadable, no address", "From: Cron Daemon\n",
		    "From: Cron Daemon <own@x.example>\n" },
		{ "unreadable, no address but a comment",
		    "From: Cron Daemon (root)\n",
		    "From: \"Cron Daemon (root)\" <own@x.example>\n" },
		{ "unreadable, no name", "From: <a@b\n",
		    "From: own@x.example\n" },
		{ "unreadable, only quotes", "From: \"\" <a@b\n",
		    "From: own@x.example\n" },
		{ "unreadable, no name before the @", "From: a b@c\n",
		    "From: own@x.example\n" },
		{ "nothing that is a name", "From: ,,\n",
		    "From: own@x.example\n" },
		{ "Sender, too", "Sender: N <a@b>\nX: y\n",
		    "Sender: N <own@x.example>\nX: y\n" },
		{ "nobody else", "Reply-To: a@b\nResent-From: c@d\nTo: e@f\n",
		    NULL },
		{ "the others are qualified", "From: root\nTo: root\n",
		    "From: own@x.example\nTo: root@q.example\n" },
	};

	CHECK_ROWS(rows, &own);
}

TEST(another_sender_alone)
{
	static const struct rewrite_params own = { .set_from = REWRITE_FROM_OFF,
		.keep_once = true,
		.new_sender = "own@x.example" };
	static const struct row rows[] = {
		{ "Sender", "From: a@b\nSender: c@d\n",
		    "From: a@b\nSender: own@x.example\n" },
		{ "none", "From: a@b\n", NULL },
	};

	CHECK_ROWS(rows, &own);
}

TEST(reply_to)
{
	static const struct rewrite_params add = { .set_from = REWRITE_FROM_OFF,
		.reply_to = "r@x.example" };
	static const struct row rows[] = {
		{ "missing", "X: y\n", "Reply-To: r@x.example\nX: y\n" },
		{ "there", "Reply-To: a@b\n", NULL },
		{ "empty", "Reply-To:\nX: y\n",
		    "Reply-To: r@x.example\nX: y\n" },
	};

	CHECK_ROWS(rows, &add);
}

/* The body decides what is said about it. */
static void check_label(const struct row *r, bool is_bad, bool on)
{
	struct msg m = message(r->in);
	const struct rewrite_params params = { .set_from = REWRITE_FROM_OFF,
		.once_relay = true,
		.label_8bit = on };
	struct arena a = { 0 };

	m.facts.has_8bit_body = true;
	m.facts.has_bad_utf8 = is_bad;
	CASE(r->label);
	CHECK_INT(rewrite_plan(&params, &m, &a, NULL), 0);
	CHECK_STR(sent(&m, &a), r->out ? r->out : r->in);
	arena_free(&a);
	msg_free(&m);
}

#define LABEL(charset)                                                         \
	"MIME-Version: 1.0\nContent-Type: text/plain; charset=" charset        \
	"\nContent-Transfer-Encoding: 8bit\n"

TEST(label)
{
	static const struct row utf8[] = {
		{ "no header", "", LABEL("utf-8") },
		{ "a header", "X: y\n", LABEL("utf-8") "X: y\n" },
		{ "only the version", "MIME-Version: 1.0\n",
		    "Content-Type: text/plain; charset=utf-8\n"
		    "Content-Transfer-Encoding: 8bit\nMIME-Version: 1.0\n" },
		{ "an encoding", "Content-Transfer-Encoding: binary\n",
		    "MIME-Version: 1.0\n"
		    "Content-Type: text/plain; charset=utf-8\n"
		    "Content-Transfer-Encoding: binary\n" },
		{ "a type", "Content-Type: text/html\n", NULL },
		{ "an empty type", "Content-Type:\n", LABEL("utf-8") },
		{ "no type, and no encoding",
		    "content-type : text;charset=x\n"
		    "Content-Transfer-Encoding:\n \n",
		    LABEL("utf-8") },
		{ "the second is a type", "Content-Type:\nContent-Type: a/b\n",
		    "Content-Type: a/b\n" },
	};
	static const struct row bad = { "not UTF-8", "X: y\n",
		LABEL("unknown-8bit") "X: y\n" };
	static const struct row off = { "switched off", "X: y\n", NULL };

	for (size_t i = 0; i < sizeof(utf8) / sizeof(utf8[0]); i++)
		check_label(&utf8[i], false, true);
	check_label(&bad, true, true);
	check_label(&off, false, false);
}

TEST(switched_off)
{
	static const struct row rows[] = {
		{ "nothing", "", NULL },
		{ "a message", ALL "Subject: x\nX: y\n z\n", NULL },
		{ "CRLF", "From: a@b\r\nSubject: x\r\n y\r\n", NULL },
		{ "bare addresses", "From: root\nTo: root, www\n", NULL },
		{ "twice", "To: a@b\nTo: c@d\nSubject: x\nSubject: y\n", NULL },
		{ "Bcc", "Bcc: a@b\nResent-Bcc: c@d\n", NULL },
		{ "Return-Path goes all the same", "Return-Path: <a@b>\nX: y\n",
		    "X: y\n" },
		{ "Content-Length, too", "X: y\nContent-Length: 7\n",
		    "X: y\n" },
		{ "blank before the colon", "Subject : x\n", "Subject: x\n" },
		{ "blanks before the colon", "Subject \t : x\n",
		    "Subject: x\n" },
		{ "blank before the colon of any field", "X-Y : z\n",
		    "X-Y: z\n" },
		{ "an open group", "To: undisclosed-recipients:\n",
		    "To: undisclosed-recipients:;\n" },
		{ "a closed group", "To: undisclosed-recipients:;\n", NULL },
		{ "CR CR LF is a line end", "X: a\r\r\n b\n", NULL },
	};

	CHECK_ROWS(rows, &nothing);
}

TEST(made)
{
	static const struct row rows[] = {
		{ "all are there", ALL, NULL },
		{ "nothing is there", "", "From: me@q.example\n" DATE MY_ID },
		{ "order", "Subject: s\nTo: a@b\n",
		    "From: me@q.example\n" DATE MY_ID "Subject: s\nTo: a@b\n" },
		{ "no From", DATE ID, "From: me@q.example\n" DATE ID },
		{ "no Date", FROM ID, DATE FROM ID },
		{ "no Message-ID", FROM DATE, MY_ID FROM DATE },
		{ "any case", "FROM: a@b\ndate: x\nmessage-id: <y>\n", NULL },
		{ "empty From", "From:\n" DATE ID,
		    "From: me@q.example\n" DATE ID },
		{ "blank From", DATE "From: \t\r\n \r\n" ID,
		    "From: me@q.example\n" DATE ID },
		{ "empty Date", FROM "Date: \n" ID, DATE FROM ID },
		{ "empty Message-ID", FROM DATE "Message-ID:\n",
		    MY_ID FROM DATE },
		{ "empty From, then another", "From:\nFrom: a@b\n" DATE ID,
		    "From: a@b\n" DATE ID },
		{ "From : with a blank is one", "From : a@b\n" DATE ID,
		    "From: a@b\n" DATE ID },
		{ "Resent fields do not count",
		    "Resent-From: a@b\nResent-Date: x\n"
		    "Resent-Message-ID: <y>\n",
		    "From: me@q.example\n" DATE MY_ID
		    "Resent-From: a@b\nResent-Date: x\n"
		    "Resent-Message-ID: <y>\n" },
		{ "X-From does not count", "X-From: a@b\n" DATE ID,
		    "From: me@q.example\nX-From: a@b\n" DATE ID },
		{ "a From that cannot be read stays", "From: <>\n" DATE ID,
		    NULL },
	};

	CHECK_ROWS(rows, &usual);
}

/* In the newest block of Resent- fields, at its top. */
TEST(made_again)
{
#define AGAIN  "Resent-From: a@b\nResent-To: c@d\n"
#define R_DATE "Resent-" DATE
#define R_ID   "Resent-" ID
	static const struct row rows[] = {
		{ "both are missing", ALL "X: y\n" AGAIN "X: z\n",
		    ALL "X: y\n" MADE_AGAIN AGAIN "X: z\n" },
		{ "first of all", AGAIN ALL, MADE_AGAIN AGAIN ALL },
		{ "Resent-From alone", ALL "Resent-From: a@b\n",
		    ALL MADE_AGAIN "Resent-From: a@b\n" },
		{ "recipients alone", ALL "Resent-Cc: a@b\n",
		    ALL MADE_AGAIN "Resent-Cc: a@b\n" },
		{ "Resent-Date is missing", ALL AGAIN R_ID,
		    ALL R_DATE AGAIN R_ID },
		{ "Resent-Message-ID is missing", ALL R_DATE AGAIN,
		    ALL "Resent-" MY_ID R_DATE AGAIN },
		{ "none is missing", ALL R_DATE AGAIN R_ID, NULL },
		{ "they are empty",
		    ALL "Resent-Date:\n" AGAIN "Resent-Message-ID: \r\n",
		    ALL MADE_AGAIN AGAIN },
		{ "only the newest block",
		    ALL AGAIN "X: y\n" AGAIN "Resent-Date:\n",
		    ALL MADE_AGAIN AGAIN "X: y\n" AGAIN "Resent-Date:\n" },
		{ "blocks side by side", ALL AGAIN R_ID AGAIN R_DATE,
		    ALL R_DATE AGAIN R_ID AGAIN R_DATE },
		{ "an empty one of the block below",
		    ALL AGAIN R_DATE R_ID "Resent-Date:\n" AGAIN, NULL },
		{ "behind what is removed", "Bcc: x@y\n" AGAIN ALL,
		    MADE_AGAIN AGAIN ALL },
		{ "before what is removed", "Resent-Bcc: x@y\n" AGAIN ALL,
		    MADE_AGAIN AGAIN ALL },
		{ "the message has none", AGAIN R_DATE R_ID,
		    "From: me@q.example\n" DATE MY_ID AGAIN R_DATE R_ID },
		{ "a name like one", ALL "Resent-X: a@b\n", NULL },
	};
	static const struct row no_date[] = {
		{ "only the ID", ALL AGAIN, ALL "Resent-" MY_ID AGAIN },
		{ "an empty date stays", ALL AGAIN R_ID "Resent-Date:\n",
		    NULL },
	};
	static const struct row account[] = {
		{ "not what the account has", ALL AGAIN R_ID,
		    "Resent-Date: d\n" ALL AGAIN R_ID },
	};
	static const struct rewrite_field field = { "Resent-Date", "d" };
	struct rewrite_params params = usual;

	CHECK_ROWS(rows, &usual);
	params.add_date = false;
	CHECK_ROWS(no_date, &params);
	params = usual;
	params.fields = &field;
	params.n_fields = 1;
	CHECK_ROWS(account, &params);
#undef AGAIN
#undef R_DATE
#undef R_ID
}

TEST(from)
{
	static const struct {
		const char *label;
		enum rewrite_from set;
		const char *from, *name, *in, *out;
	} rows[] = {
		{ "on, none there", REWRITE_FROM_ON, "me@x", NULL, "X: y\n",
		    "From: me@x\nX: y\n" },
		{ "on, replaced", REWRITE_FROM_ON, "me@x", NULL,
		    "X: y\nFrom: a@b,\n c@d\nZ: z\n",
		    "From: me@x\nX: y\nZ: z\n" },
		{ "on, several", REWRITE_FROM_ON, "me@x", NULL,
		    "From: a@b\nX: y\nFrom: a@b\n", "From: me@x\nX: y\n" },
		{ "on, no address", REWRITE_FROM_ON, NULL, NULL, "From: a@b\n",
		    "From: a@b\n" },
		{ "on, null sender", REWRITE_FROM_ON, "", NULL, "From: a@b\n",
		    "From: a@b\n" },
		{ "auto, null sender", REWRITE_FROM_AUTO, "", NULL, "X: y\n",
		    "X: y\n" },
		{ "auto, empty, null sender", REWRITE_FROM_AUTO, "", NULL,
		    "From:\n", "From:\n" },
		{ "off, empty", REWRITE_FROM_OFF, "me@x", NULL, "From:\n",
		    "From:\n" },
		{ "off, none there", REWRITE_FROM_OFF, "me@x", NULL, "X: y\n",
		    "X: y\n" },
		{ "name", REWRITE_FROM_ON, "me@x", "My Name", "",
		    "From: My Name <me@x>\n" },
		{ "name that needs quotes", REWRITE_FROM_ON, "me@x",
		    "Doe, John", "", "From: \"Doe, John\" <me@x>\n" },
		{ "8-bit name", REWRITE_FROM_ON, "me@x", "J\xc3\xb6rg", "",
		    "From: =?UTF-8?b?SsO2cmc=?= <me@x>\n" },
		{ "empty name", REWRITE_FROM_ON, "me@x", "", "",
		    "From: me@x\n" },
		{ "name of nothing but control characters", REWRITE_FROM_ON,
		    "me@x", "\r\n\t", "", "From: me@x\n" },
		{ "name that would be a field", REWRITE_FROM_ON, "me@x",
		    "E\nBcc: x@z", "", "From: \"EBcc: x@z\" <me@x>\n" },
		{ "quoted local part", REWRITE_FROM_ON, "\"a b\"@x", NULL, "",
		    "From: \"a b\"@x\n" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rewrite_params params = nothing;
		struct row r = { rows[i].label, rows[i].in, rows[i].out };

		params.set_from = rows[i].set;
		params.from = rows[i].from;
		params.full_name = rows[i].name;
		if (strcmp(r.in, r.out) == 0)
			r.out = NULL;
		check(&r, &params);
	}
}

TEST(from_is_qualified)
{
	struct rewrite_params params = nothing;
	struct row r = { "bare", "", "From: root@q.example\n" };

	params.set_from = REWRITE_FROM_ON;
	params.from = "root";
	params.qualify = "q.example";
	check(&r, &params);
	params.qualify = NULL;
	r.out = "From: root\n";
	check(&r, &params);
}

TEST(from_that_cannot_be_written)
{
	static const char *const bad[] = { "a@b\nBcc: x@y", "a b@c", "a@b>",
		"<a@b>", "a@b, c@d", "\xe4@b", "a@" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct rewrite_params params = usual;
		struct fail why = { .kind = FAIL_NONE };
		struct msg m = message("X: y\n");
		struct arena a = { 0 };

		CASE(bad[i]);
		params.from = bad[i];
		CHECK_INT(rewrite_plan(&params, &m, &a, &why), -1);
		CHECK_INT(why.kind, FAIL_MESSAGE);
		CHECK_INT(m.n_edits + m.prefix.n, 0);
		arena_free(&a);
		msg_free(&m);
	}
}

TEST(drop)
{
	static const struct row rows[] = {
		{ "Bcc", ALL "Bcc: x@y\n", ALL },
		{ "folded", ALL "Bcc: x@y,\n z@y\nX: y\n", ALL "X: y\n" },
		{ "folded CRLF", ALL "bcc: x@y,\r\n\tz@y\r\nX: y\n",
		    ALL "X: y\n" },
		{ "several", ALL "Bcc: x@y\nBCC: z@y\n", ALL },
		{ "several, apart", "Bcc: x@y\n" ALL "bCC: z@y\n", ALL },
		{ "blank before the colon", "Bcc : x@y\n" ALL, ALL },
		{ "Resent-Bcc", ALL "Resent-Bcc: x@y\n", ALL MADE_AGAIN },
		{ "empty", ALL "Bcc:\n", ALL },
		{ "Return-Path", "Return-Path: <x@y>\n" ALL, ALL },
		{ "Content-Length", ALL "Content-Length: 17\n", ALL },
		{ "all of it",
		    ALL "Return-Path: <x@y>\nBcc: a@b\n"
			"Content-Length: 1\nResent-Bcc: c\n",
		    ALL MADE_AGAIN },
		{ "not what looks like it", ALL "X-Bcc: x@y\nBccs: z\n", NULL },
	};
	static const struct row kept[] = {
		{ "Bcc", ALL "Bcc: x@y\n", NULL },
		{ "Resent-Bcc", ALL "Resent-Bcc: x@y\n",
		    ALL MADE_AGAIN "Resent-Bcc: x@y\n" },
		{ "qualified", ALL "Bcc: root\n", ALL "Bcc: root@q.example\n" },
		{ "joined", ALL "Bcc: a@b\nBcc: c@d\n", ALL "Bcc: a@b, c@d\n" },
		{ "Return-Path", ALL "Return-Path: <x@y>\n", ALL },
	};
	struct rewrite_params params = usual;

	CHECK_ROWS(rows, &usual);
	params.keep_bcc = true;
	CHECK_ROWS(kept, &params);
}

TEST(once)
{
	static const struct row rows[] = {
		{ "Subject", ALL "Subject: a\nSubject: b\n",
		    ALL "Subject: a\n" },
		{ "From, Date, Message-ID", ALL ALL, ALL },
		{ "three", ALL "Subject: a\nX: y\nSubject: b\nSubject: c\n",
		    ALL "Subject: a\nX: y\n" },
		{ "MIME-Version", ALL "MIME-Version: 1.0\nmime-version: 1.0\n",
		    ALL "MIME-Version: 1.0\n" },
		{ "Sender", ALL "Sender: a@b\nSender: c@d\n",
		    ALL "Sender: a@b\n" },
		{ "first one empty", ALL "Subject:\nSubject: b\n",
		    ALL "Subject:\n" },
		{ "relay's own", ALL "Precedence: bulk\nPrecedence: list\n",
		    ALL "Precedence: bulk\n" },
		{ "signatures", ALL "DKIM-Signature: a\nDKIM-Signature: b\n",
		    ALL "DKIM-Signature: a\n" },
		{ "fields that may come often",
		    ALL "Received: a\nReceived: b\nX: c\nX: d\n"
			"Resent-To: a@b\nResent-To: c@d\n",
		    ALL "Received: a\nReceived: b\nX: c\nX: d\n" MADE_AGAIN
			"Resent-To: a@b\nResent-To: c@d\n" },

		{ "To", ALL "To: a@b\nTo: c@d\n", ALL "To: a@b, c@d\n" },
		{ "Cc", ALL "Cc: a@b\nX: y\nCC: c@d\nZ: z\n",
		    ALL "Cc: a@b, c@d\nX: y\nZ: z\n" },
		{ "Reply-To", ALL "Reply-To: a@b\nReply-To: c@d\n",
		    ALL "Reply-To: a@b, c@d\n" },
		{ "three To", ALL "To: a@b\nTo: c@d\nto: e@f\n",
		    ALL "To: a@b, c@d, e@f\n" },
		{ "To and Cc by turns",
		    ALL "To: a@b\nCc: e@f\nTo: c@d\nCc: g@h\n",
		    ALL "To: a@b, c@d\nCc: e@f, g@h\n" },
		{ "CRLF", ALL "To: a@b\r\nTo: c@d\r\n",
		    ALL "To: a@b, c@d\r\n" },
		{ "folded", ALL "To: a@b,\n c@d\nTo: e@f,\n\tg@h\n",
		    ALL "To: a@b,\n c@d, e@f,\n\tg@h\n" },
		{ "bare ones", ALL "To: root\nTo: www (x), a@b, ftp\n",
		    ALL "To: root@q.example, www@q.example (x), a@b, "
			"ftp@q.example\n" },
		{ "first empty", ALL "To:\nTo: a@b\n", ALL "To: a@b\n" },
		{ "first blank", ALL "To: \nTo: a@b\n", ALL "To: a@b\n" },
		{ "second empty", ALL "To: a@b\nTo: \n", ALL "To: a@b\n" },
		{ "both empty", ALL "To:\nTo:\n", ALL "To:\n" },
		{ "comma at the end", ALL "To: a@b,\nTo: c@d,\nTo: e@f\n",
		    ALL "To: a@b, c@d, e@f\n" },
		{ "group", ALL "To: undisclosed-recipients:;\nTo: a@b\n",
		    ALL "To: a@b\n" },
		{ "open group first",
		    ALL "To: undisclosed-recipients:\nTo: a@b\n",
		    ALL "To: a@b\n" },
		{ "open group between",
		    ALL "To: a\nTo: undisclosed-recipients: (x)\nTo: b@c\n",
		    ALL "To: a@q.example, b@c\n" },
		{ "open group last", ALL "Cc: a@b\nCc: g:\n", ALL "Cc: a@b\n" },
		{ "open group behind an address", ALL "To: a@b, g:\nTo: c@d\n",
		    ALL "To: a@b, g:;, c@d\n" },
		{ "open group and a comma", ALL "To: a@b, g: , ,\nTo: c@d,\n",
		    ALL "To: a@b, g:;, c@d\n" },
		{ "only open groups", ALL "To: g:\nTo: h:\n", ALL "To: g:;\n" },
		{ "empty, open and closed groups",
		    ALL "To:\nTo: , \nTo: g: (x)\r\nTo: h:;\n",
		    ALL "To: g: (x);\n" },
		{ "group with addresses", ALL "To: g: a, b@c;\nTo: d\n",
		    ALL "To: g: a@q.example, b@c;, d@q.example\n" },
		{ "comments only", ALL "To: (x)\nTo: a@b\nTo: (y)\n",
		    ALL "To: a@b\n" },
		{ "commas all over", ALL "To: ,a@b, ,\nTo: ,,c@d;\nTo: ,e@f\n",
		    ALL "To: a@b, c@d, e@f\n" },
		{ "a semicolon within and behind", ALL "To: a@b;c@d;;\n",
		    ALL "To: a@b,c@d\n" },
		{ "a semicolon before all", ALL "To: ; ;a@b\nCc: \r\n ;c\n",
		    ALL "To:  a@b\nCc: \r\n c@q.example\n" },
		{ "semicolons and commas",
		    ALL "To: a@b;, c@d ,;\r\n e@f; ;\r\n ,;g@h ; ;;\n",
		    ALL "To: a@b, c@d ,\r\n e@f\r\n ,g@h\n" },
		{ "semicolons in lines of their own",
		    ALL "To: a@b\r\n ;\r\nCc: c@d,\n ;\n e@f;\n ;\n g@h\n",
		    ALL "To: a@b\r\nCc: c@d,\n e@f\n ,\n g@h\n" },
		{ "semicolons and bare names", ALL "Cc: a;b ; (;) c;d@e; \n",
		    ALL
		    "Cc: a@q.example,b@q.example , (;) c@q.example,d@e \n" },
		{ "the semicolon of a group", ALL "To: g: a@b; ;h:;c@d\n",
		    ALL "To: g: a@b; ,h:;c@d\n" },
		{ "folds at the ends", ALL "To:\n a@b\n \nTo:\r\n\tc@d\r\n",
		    ALL "To: a@b, c@d\n" },
		{ "the same from three", ALL "To: a@b\nTo: a@b\nTo: A@B\n",
		    ALL "To: a@b, a@b, A@B\n" },
		{ "blank before the colon", ALL "To : a@b\nTo : c@d\n",
		    ALL "To: a@b, c@d\n" },
		{ "first cannot be read", ALL "To: (\nTo: a@b\n", NULL },
		{ "second cannot be read", ALL "To: a@b\nTo: John Doe\n",
		    NULL },
		{ "last cannot be read", ALL "To: a@b\nTo: c@d\nTo: e@\n",
		    NULL },
		{ "what one opens the next does not close",
		    ALL "To: j@x (open\nTo: k@x)\nTo: l@x\n", NULL },
		{ "a group that lacks its end", ALL "To: g: a@b\nTo: c@d\n",
		    NULL },
		{ "apart, but mended", ALL "To: <>\nTo : root\nTo: g:\n",
		    ALL "To: <>\nTo: root@q.example\nTo: g:;\n" },
		{ "apart, the other kind not",
		    ALL "To: <>\nCc: a@b\nTo: c@d\nCc: e\n",
		    ALL "To: <>\nCc: a@b, e@q.example\nTo: c@d\n" },
	};
	static const struct row relay_off[] = {
		{ "relay's own", ALL "Precedence: bulk\nPrecedence: list\n",
		    NULL },
		{ "Subject", ALL "Subject: a\nSubject: b\n",
		    ALL "Subject: a\n" },
	};
	static const struct row kept[] = {
		{ "To", ALL "To: a@b\nTo: c@d\n", NULL },
		{ "Subject", ALL "Subject: a\nSubject: b\n", NULL },
		{ "From", ALL FROM, NULL },
		{ "bare ones", ALL "To: a\nTo: b\n",
		    ALL "To: a@q.example\nTo: b@q.example\n" },
	};
	struct rewrite_params params = usual;

	CHECK_ROWS(rows, &usual);
	params.once_relay = false;
	CHECK_ROWS(relay_off, &params);
	params.keep_once = true;
	CHECK_ROWS(kept, &params);
}

/* Headers as they are read: a CR makes no field, and no end of one. */
TEST(bare_cr)
{
	static const struct row rows[] = {
		{ "and no Bcc", ALL "Subject: s\rBcc: h@b\nTo: a@b\n",
		    ALL "Subject: s Bcc: h@b\nTo: a@b\n" },
		{ "and no Bcc, CRLF", ALL "Subject: s\rBcc: h@b\r\nTo: a@b\r\n",
		    ALL "Subject: s Bcc: h@b\r\nTo: a@b\r\n" },
		{ "several", ALL "Subject: s\r\r\rbcc : h@b\rX: y",
		    ALL "Subject: s   bcc : h@b X: y\n" },
		{ "in a Bcc", ALL "Bcc: h@b,\r h2@b\r\th3@b\nTo: a@b\n",
		    ALL "To: a@b\n" },
		{ "at the end of a Bcc", ALL "Bcc: h@b\rTo: a@b\n", ALL },
		{ "before the colon of a Bcc", ALL "Bcc\r: h@b\nTo: a@b\n",
		    ALL "To: a@b\n" },
		{ "at the start of a line",
		    ALL "Subject: s\n\rBcc: h@b\nBcc: h@b\n",
		    ALL "Subject: s\n Bcc: h@b\n" },
		{ "what stands once", ALL "Subject: a\rSubject: b\n",
		    ALL "Subject: a Subject: b\n" },
		{ "for all line ends", ALL "To: c\rBcc: h@b\rTo: e,\r f\r",
		    ALL "To: c Bcc: h@b To: e,  f\r\n" },
		{ "in a list", ALL "To: a\r ,b\r\r,c\n",
		    ALL "To: a@q.example  ,b@q.example  ,c@q.example\n" },
		{ "in a name", ALL "To: root (Cron\r Daemon)\n",
		    ALL "To: root@q.example (Cron  Daemon)\n" },
		{ "before the line end", ALL "To: a@b\r\r\nTo: c@d\r\n",
		    ALL "To: a@b, c@d\r\r\n" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct intake_params plain = { .max_size = 0 };
		int fd = memfd_create("input", MFD_CLOEXEC);
		struct arena a = { 0 };
		char out[1000];
		struct msg m;
		ssize_t n;

		CASE(rows[i].label);
		CHECK_INT(io_write(fd, rows[i].in, strlen(rows[i].in)), 0);
		CHECK_INT(lseek(fd, 0, SEEK_SET), 0);
		msg_init(&m);
		CHECK_INT(msg_intake(&m, fd, &plain, NULL), 0);
		CHECK_INT(rewrite_plan(&usual, &m, &a, NULL), 0);
		n = msg_read(&m, out, sizeof(out), NULL);
		CHECK(n > 0);
		/* Without the empty line. */
		out[n > 0 ? n - 1 : 0] = '\0';
		CHECK_STR(out, rows[i].out);
		CHECK_INT(m.body.n, 0);
		arena_free(&a);
		msg_free(&m);
		io_close(fd);
	}
}

/* Lists that together are more than a field or a list may hold stay apart. */
TEST(join_limits)
{
	static const struct {
		const char *label;
		int width; /* of a domain */
		size_t each, fields;
		bool joined;
	} rows[] = {
		{ "addresses", 1, 100, 10, true },
		{ "addresses, one field more", 1, 100, 11, false },
		{ "octets", 95, 65, 10, true },
		{ "octets, one field more", 95, 65, 11, false },
		{ "octets, one field", 95, 655, 1, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena a = { 0 };
		struct buf b;
		struct msg m;

		CASE(rows[i].label);
		buf_init(&b, MSG_HEADER_MAX);
		buf_adds(&b, ALL);
		for (size_t n = 0; n < rows[i].fields; n++) {
			buf_adds(&b, "To: ");
			for (size_t k = 1; k < rows[i].each; k++)
				buf_addf(&b, "a@%0*d,\n ", rows[i].width, 1);
			buf_addf(&b, "a@%0*d\n", rows[i].width, 1);
		}
		m = message(buf_text(&b));
		CHECK_INT(rewrite_plan(&usual, &m, &a, NULL), 0);
		/* The list, and the other fields as one removal. */
		CHECK_INT(m.n_edits, rows[i].joined ? 2 : 0);
		buf_free(&b);
		arena_free(&a);
		msg_free(&m);
	}
}

/* Many fields make one list in lines that may be sent. */
TEST(joined_lines)
{
	static char header[200000];
	struct fail why;
	struct arena a = { 0 };
	struct msg m;
	struct slice rest, line;
	size_t n, found = 0, lines = 0;
	const char *out;

	n = (size_t)snprintf(header, sizeof(header), ALL);
	for (size_t i = 0; i < 900; i++)
		n += (size_t)snprintf(header + n, sizeof(header) - n,
		    "To: user%zu@sub.domain.example\n", i);
	m = message(header);
	CHECK_INT(rewrite_plan(&usual, &m, &a, &why), 0);
	out = sent(&m, &a);
	rest = slice_of(out);
	while (slice_take_line(&rest, &line)) {
		CHECK(line.n <= 999);
		found += slice_starts(line, SLICE("To:"));
		lines++;
	}
	CHECK_INT(found, 1);
	CHECK(lines > 20 && lines < 60);
	CHECK(strstr(out, "user899@sub.domain.example\n") != NULL);
	arena_free(&a);
	msg_free(&m);
}

TEST(qualify)
{
	static const struct row rows[] = {
		{ "cron", "From: root (Cron Daemon)\n" DATE ID,
		    "From: root@q.example (Cron Daemon)\n" DATE ID },
		{ "cronie", "From: \"(Cron Daemon)\" <root>\n" DATE ID,
		    "From: \"(Cron Daemon)\" <root@q.example>\n" DATE ID },
		{ "mdadm", "From: mdadm monitoring <root>\n" DATE ID,
		    "From: mdadm monitoring <root@q.example>\n" DATE ID },
		{ "To", ALL "To: root\n", ALL "To: root@q.example\n" },
		{ "at this machine",
		    "From: mdadm <root@host>\n" DATE ID
		    "To: a@localhost (b), \"c d\"@HOST, e@host.example\n",
		    "From: mdadm <root@q.example>\n" DATE ID
		    "To: a@q.example (b), \"c d\"@q.example, "
		    "e@host.example\n" },
		{ "longer than the domain",
		    ALL "To: a@localhost.localdomain, b\n",
		    ALL "To: a@q.example, b@q.example\n" },
		{ "as long as the domain", ALL "To: a@localhost\n",
		    ALL "To: a@q.example\n" },
		{ "some of them", ALL "To: root, a@b, www\n",
		    ALL "To: root@q.example, a@b, www@q.example\n" },
		{ "folded", ALL "To: root,\n www\n",
		    ALL "To: root@q.example,\n www@q.example\n" },
		{ "CRLF", ALL "To: root,\r\n www\r\n",
		    ALL "To: root@q.example,\r\n www@q.example\r\n" },
		{ "group", ALL "To: g: root, a@b;\n",
		    ALL "To: g: root@q.example, a@b;\n" },
		{ "empty group", ALL "To: undisclosed-recipients:;\n", NULL },
		{ "open group", ALL "To: root, h:\r\n",
		    ALL "To: root@q.example, h:;\r\n" },
		{ "open group, folded",
		    ALL "Cc: a, undisclosed-recipients:\n (x)\n \n",
		    ALL "Cc: a@q.example, undisclosed-recipients:\n (x);\n "
			"\n" },
		{ "a comma behind it", ALL "To: root, g: , \n",
		    ALL "To: root@q.example, g:; , \n" },
		{ "Cc, Sender, Reply-To", ALL "Cc: a\nSender: b\nReply-To: c\n",
		    ALL "Cc: a@q.example\nSender: b@q.example\n"
			"Reply-To: c@q.example\n" },
		{ "Resent",
		    ALL "Resent-From: a\nResent-Sender: b\nResent-To: c\n"
			"Resent-Cc: d\n",
		    ALL MADE_AGAIN
		    "Resent-From: a@q.example\n"
		    "Resent-Sender: b@q.example\n"
		    "Resent-To: c@q.example\nResent-Cc: d@q.example\n" },
		{ "Apparently-To", ALL "Apparently-To: root\n",
		    ALL "Apparently-To: root@q.example\n" },
		{ "quoted", ALL "To: \"a b\"\n",
		    ALL "To: \"a b\"@q.example\n" },
		{ "other fields", ALL "Subject: root\nX-To: root\n", NULL },
		{ "a list that cannot be read", ALL "To: John Doe\n", NULL },
		{ "bare and unreadable", ALL "To: root, a@\n", NULL },
		{ "both edits", ALL "To : root\n", ALL "To: root@q.example\n" },
	};

	CHECK_ROWS(rows, &usual);
}

TEST(account_fields)
{
	static const struct rewrite_field two[] = { { "X-A", "one" },
		{ "X-B", "two; three" } };
	static const struct rewrite_field odd[] = { { "from", "z@z" },
		{ "X-\xc3\xa4", "" } };
	static const struct row rows[] = {
		{ "put in", "X: y\n", "X-A: one\nX-B: two; three\nX: y\n" },
		{ "replaced", "x-a: old\nX: y\nX-A : old\n too\n",
		    "X-A: one\nX-B: two; three\nX: y\n" },
	};
	struct rewrite_params params = nothing;
	struct row r = { "a From of the account", FROM "X: y\n",
		"from: z@z\nX: y\n" };

	params.fields = two;
	params.n_fields = 2;
	CHECK_ROWS(rows, &params);
	params = usual;
	params.fields = two;
	params.n_fields = 2;
	check(&(struct row){ "behind the others", "X: y\n",
		  "From: me@q.example\n" DATE MY_ID
		  "X-A: one\nX-B: two; three\nX: y\n" },
	    &params);
	params.fields = odd;
	params.n_fields = 1;
	params.add_date = params.add_message_id = false;
	check(&r, &params);
	r.in = "X: y\n";
	check(&r, &params);
}

TEST(bad_account_fields)
{
	static const struct rewrite_field bad[] = { { "X", "a\nb" },
		{ "X", "a\rb" }, { "X", "a\r\nBcc: x@y" }, { "X", "\n" },
		{ "X", "a\x01" }, { "X", "a\x7f" }, { "X\n", "a" },
		{ "X Y", "a" }, { "X:", "a" }, { "", "a" },
		{ "\xc3\xa4", "a" } };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct rewrite_params params = usual;
		struct fail why = { .kind = FAIL_NONE };
		struct msg m = message("X: y\n");
		struct arena a = { 0 };

		CASE(bad[i].value);
		params.fields = &bad[i];
		params.n_fields = 1;
		CHECK_INT(rewrite_plan(&params, &m, &a, &why), -1);
		CHECK_INT(why.kind, FAIL_MESSAGE);
		CHECK_INT(m.n_edits + m.prefix.n, 0);
		arena_free(&a);
		msg_free(&m);
	}
}

/* What is added may bring a header to the limit but not beyond. */
TEST(limit)
{
	static char header[MSG_HEADER_MAX + 16];
	static const size_t added = sizeof("From: me@q.example\n" DATE) - 1 +
				    sizeof("Message-ID: <@q.example>\n") - 1 +
				    24;

	for (size_t n = MSG_HEADER_MAX - added - 1;
	     n <= MSG_HEADER_MAX - added + 1; n++) {
		bool fits = n + added <= MSG_HEADER_MAX;
		struct fail why = { .kind = FAIL_NONE };
		struct arena a = { 0 };
		struct msg m;

		CASE("limit");
		memset(header, 'x', sizeof(header));
		memcpy(header, "X: ", 3);
		header[n - 1] = '\n';
		header[n] = '\0';
		m = message(header);
		CHECK_INT(rewrite_plan(&usual, &m, &a, &why), fits ? 0 : -1);
		CHECK_INT(why.kind, fits ? FAIL_NONE : FAIL_MESSAGE);
		arena_free(&a);
		msg_free(&m);
	}
}

/* The same plan again, as for another account: nothing piles up. */
TEST(again)
{
	struct msg m = message("To: root\nBcc: x\nTo: www\n");
	struct arena a = { 0 };
	char bytes[100];
	const char *first;
	size_t n;

	CHECK_INT(rewrite_plan(&usual, &m, &a, NULL), 0);
	n = m.n_edits;
	first = strstr(sent(&m, &a), "\nTo:");
	CHECK_INT(rewrite_plan(&usual, &m, &a, NULL), 0);
	CHECK_INT(m.n_edits, n);
	CHECK_STR(strstr(sent(&m, &a), "\nTo:"), first);
	CHECK_INT(rewrite_plan(&nothing, &m, &a, NULL), 0);
	CHECK_INT(m.n_edits + m.prefix.n, 0);
	CHECK(msg_read(&m, bytes, sizeof(bytes), NULL) > 0);
	arena_free(&a);
	msg_free(&m);
}

TEST(look)
{
	static const struct {
		const char *label, *in;
		const char *to;   /* "!" and what the failure has */
		const char *from; /* NULL: none */
		const char *id;
	} rows[] = {
		{ "nothing", "", "", NULL, "" },
		{ "To, Cc, Bcc in their order", "Cc: c@x\nTo: t@x\nBcc: b@x\n",
		    "c@x t@x b@x", NULL, "" },
		{ "Apparently-To", "Apparently-To: a@x\n", "a@x", NULL, "" },
		{ "several fields", "To: a@x\nTo: b@x, c@x\n", "a@x b@x c@x",
		    NULL, "" },
		{ "twice the same", "To: a@x\nCc: a@x\n", "a@x a@x", NULL, "" },
		{ "empty ones", "To:\nCc: \nBcc:\n", "", NULL, "" },
		{ "undisclosed", "To: undisclosed-recipients:;\n", "", NULL,
		    "" },
		{ "names, groups, comments, folds",
		    "To: \"Q, R\" <y@x>, g: a@x, b@x;,\r\n c@x (d@x)\r\n"
		    "Bcc: hid@x,\n hid2@x\n",
		    "y@x a@x b@x c@x hid@x hid2@x", NULL, "" },
		{ "quoted local part", "To: \"a b\"@c.d\n", "\"a b\"@c.d", NULL,
		    "" },
		{ "second author is no recipient",
		    "From: Boss <a@a>, Secretary <b@b>\nTo: x@x\n", "x@x",
		    "a@a", "" },
		{ "not Reply-To, Sender, Errors-To",
		    "Reply-To: a@x\nSender: b@x\nErrors-To: c@x\n", "", NULL,
		    "" },

		{ "Resent",
		    "To: hdr@x\nResent-To: r1@x\nResent-Cc: r2@x\n"
		    "X: 1\nResent-To: r3@x\n",
		    "r1@x r2@x", NULL, "" },
		{ "Resent-Bcc", "Resent-Bcc: r@x\nTo: a@x\n", "r@x", NULL, "" },
		{ "Resent block with other fields",
		    "Resent-Date: d\nResent-To: r1@x\nResent-From: f@x\n"
		    "Resent-Message-ID: i\nResent-Cc: r2@x\nTo: a@x\n",
		    "r1@x r2@x", "f@x", "" },
		{ "Resent without recipients",
		    "Resent-From: f@x\nTo: a@x\nFrom: g@x\n", "a@x", "f@x",
		    "" },
		{ "first block without recipients",
		    "Resent-From: f@x\nReceived: y\nResent-To: r@x\n"
		    "To: a@x\n",
		    "r@x", NULL, "" },
		{ "a block with others between",
		    "Resent-To: r1@x\nTo: a@x\nResent-From: f@x\nX: y\n"
		    "Resent-Cc: r2@x\nBcc: b@x\nResent-Bcc: r3@x\nCc: c@x\n",
		    "r1@x r2@x r3@x", "f@x", "" },
		{ "below a trace is an earlier block",
		    "Resent-To: r1@x\nReturn-Path: y\nResent-Cc: r2@x\n",
		    "r1@x", NULL, "" },
		{ "so is what is below the mark of a mailbox",
		    "Resent-To: r1@x\nDelivered-To: y\nResent-Cc: r2@x\n",
		    "r1@x", NULL, "" },
		{ "second block has both",
		    "Resent-From: f@x\nFrom: a@x\nResent-From: g@x\n"
		    "Resent-Bcc: r@x\nReceived: y\nResent-To: s@x\n",
		    "r@x", "g@x", "" },
		{ "third block has both",
		    "Resent-From: f@x\nReceived: y\nResent-Date: d\n"
		    "Received: y\nResent-Cc: r@x\nResent-From: g@x\n"
		    "RECEIVED : y\n"
		    "Resent-To: s@x\nResent-From: h@x\n",
		    "r@x", "g@x", "" },
		{ "blocks side by side",
		    "Resent-To: r1@x\nResent-From: f@x\nResent-Cc: r2@x\n"
		    "Resent-Cc: s1@x\nResent-From: g@x\nResent-To: s2@x\n"
		    "To: a@x\n",
		    "r1@x r2@x", "f@x", "" },
		{ "side by side, the second has both",
		    "Resent-From: f@x\nResent-Date: d\nResent-Date: e\n"
		    "Resent-From: g@x\nRESENT-TO: r@x\nResent-Date: f\n"
		    "Resent-To: s@x\n",
		    "r@x", "g@x", "" },
		{ "several Resent-To", "Resent-To: r@x\nResent-To: s@x\n",
		    "r@x", NULL, "" },
		{ "several blocks, no recipients",
		    "To: a@x\nResent-From: f@x\nTo: b@x\nResent-From: g@x\n",
		    "a@x b@x", "f@x", "" },
		{ "block at the end", "To: a@x\nX: y\nResent-To: r@x\n", "r@x",
		    NULL, "" },
		{ "empty Resent-To first",
		    "Resent-To:\nTo: a@x\nResent-To: r@x\n", "", NULL, "" },
		{ "empty Resent-To", "Resent-To:\nTo: a@x\n", "", NULL, "" },

		{ "From", "From: a@x\n", "", "a@x", "" },
		{ "From with a name", "From: N <a@x>\n", "", "a@x", "" },
		{ "bare From", "From: root (Cron)\n", "", "root", "" },
		{ "first From counts", "From: a@x\nFrom: b@x\n", "", "a@x",
		    "" },
		{ "empty From", "From:\nFrom: b@x\n", "", "b@x", "" },
		{ "bad From", "From: a b\n", "", NULL, "" },
		{ "bad From, good To", "From: <>\nTo: a@x\n", "a@x", NULL, "" },
		{ "From of a group", "From: g: a@x;\n", "", "a@x", "" },
		{ "Resent-From wins", "From: a@x\nResent-From: r@x\n", "",
		    "r@x", "" },
		{ "Resent-From of a later block",
		    "Resent-To: t@x\nReceived: y\nFrom: a@x\nResent-From: "
		    "r@x\n",
		    "t@x", "a@x", "" },

		{ "Message-ID", "Message-ID: <i@x>\n", "", NULL, "<i@x>" },
		{ "folded Message-ID", "message-id:\r\n <i@x> \r\n", "", NULL,
		    "<i@x>" },
		{ "empty Message-ID", "Message-ID:\nMessage-ID: <j@x>\n", "",
		    NULL, "<j@x>" },
		{ "Resent-Message-ID", "Resent-Message-ID: <i@x>\n", "", NULL,
		    "" },

		{ "bad To", "To: a@x b@x\n", "!To: a comma is missing", NULL,
		    "" },
		{ "bad Cc", "To: a@x\nCc: <>\n", "!Cc: an empty address", NULL,
		    "" },
		{ "bad bcc", "bcc: a@\n", "!Bcc: an incomplete domain", NULL,
		    "" },
		{ "bare CR", "Cc: c@y\rRCPT TO:<evil@z>\n",
		    "!Cc: a CR without LF", NULL, "" },
		{ "bad Resent-To", "Resent-To: (\nTo: a@x\n",
		    "!Resent-To: a comment without its end", NULL, "" },
		{ "bad To below good Resent-To", "Resent-To: a@x\nTo: (\n",
		    "a@x", NULL, "" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rewrite_view view = { .from = "untouched" };
		struct msg m = message(rows[i].in);
		struct fail why = { .kind = FAIL_NONE };
		bool bad = rows[i].to[0] == '!';
		struct arena a = { 0 };
		const char *to = "";

		CASE(rows[i].label);
		CHECK_INT(
		    rewrite_look(&m, true, &a, &view, &why), bad ? -1 : 0);
		if (bad) {
			CHECK_INT(why.kind, FAIL_MESSAGE);
			CHECK(strstr(why.text, rows[i].to + 1) == why.text);
			CHECK_STR(view.from, "untouched");
		} else {
			for (size_t k = 0; k < view.to.n; k++)
				to = arena_printf(&a, "%s%s%s", to,
				    k ? " " : "", view.to.v[k].spec);
			CHECK_STR(to, rows[i].to);
			CHECK_STR(view.from, rows[i].from);
			CHECK_SLICE(view.message_id, rows[i].id);
		}
		/* Without -t a list of recipients cannot be wrong. */
		CHECK_INT(rewrite_look(&m, false, &a, &view, &why), 0);
		CHECK_INT(view.to.n, 0);
		arena_free(&a);
		msg_free(&m);
	}
}

TEST(look_senders)
{
	static const struct {
		const char *in;
		const char *authors, *senders; /* specs, each before a blank */
		bool is_bad;
	} rows[] = {
		{ "", "", "", false },
		{ "From: a@b\n", "a@b ", "", false },
		{ "From: root (x), Me <c@d>\nSender: e@f\n", "root c@d ",
		    "e@f ", false },
		{ "From:\nFrom: a@b\n", "a@b ", "", false },
		{ "From: a@b@c\n", "", "", true },
		{ "From: a@b\nSender: (nobody)\n", "a@b ", "", true },
		{ "Resent-From: a@b\nReply-To: @\n", "", "", false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct msg m = message(rows[i].in);
		struct rewrite_view view;
		struct arena a = { 0 };
		const char *authors = "", *senders = "";

		CASE(rows[i].in);
		CHECK_INT(rewrite_look(&m, false, &a, &view, NULL), 0);
		for (size_t k = 0; k < view.authors.n; k++)
			authors = arena_printf(
			    &a, "%s%s ", authors, view.authors.v[k].spec);
		for (size_t k = 0; k < view.senders.n; k++)
			senders = arena_printf(
			    &a, "%s%s ", senders, view.senders.v[k].spec);
		CHECK_STR(authors, rows[i].authors);
		CHECK_STR(senders, rows[i].senders);
		CHECK_INT(view.has_bad_author, rows[i].is_bad);
		arena_free(&a);
		msg_free(&m);
	}
}

TEST(look_limit)
{
	static char header[9 * (ADDR_LIST_MAX + 2)];

	for (size_t n = ADDR_LIST_MAX; n <= ADDR_LIST_MAX + 1; n++) {
		bool fits = n <= ADDR_LIST_MAX;
		struct rewrite_view view;
		struct fail why;
		struct arena a = { 0 };
		struct msg m;

		CASE("limit");
		header[0] = '\0';
		for (size_t i = 0; i < n; i++)
			memcpy(header + 8 * i, "To: a@x\n", 9);
		m = message(header);
		CHECK_INT(
		    rewrite_look(&m, true, &a, &view, &why), fits ? 0 : -1);
		arena_free(&a);
		msg_free(&m);
	}
}
