/*
 * What a server says of itself (-S): nobody logs in, nothing is read and no
 * command for a password is run. And the request to send what it keeps for us
 * (--rmqs), with all that a message takes but the message.
 */
#include "account.h"
#include "modes.h"
#include "send.h"
#include "submit.h"
#include <stdio.h>
#include <time.h>

enum { TEXT_MAX = 64 * 1024 };

#define MIB (1024.0 * 1024.0)

/* In the order in which msmtp has them, with AUTH at the end. */
static const struct {
	enum cap cap;
	const char *name, *meaning;
} extensions[] = {
	{ CAP_PIPELINING, "PIPELINING", "Several commands in one flight" },
	{ CAP_8BITMIME, "8BITMIME", "Bodies with 8-bit characters" },
	{ CAP_SMTPUTF8, "SMTPUTF8", "Addresses and headers in UTF-8" },
	{ CAP_ETRN, "ETRN", "Remote message queue starting (--rmqs)" },
	{ CAP_DSN, "DSN", "Delivery status notifications" },
};

enum { N_EXTENSIONS = sizeof(extensions) / sizeof(extensions[0]) };

static void show_lines(struct buf *b, const char *text)
{
	struct slice rest = slice_of(text), line;

	while (slice_take_until(&rest, '\n', &line)) {
		buf_adds(b, "    ");
		buf_add_printable(b, line);
		buf_addc(b, '\n');
	}
}

static void show_time(struct buf *b, const char *label, time_t when)
{
	char text[64] = "not given";
	struct tm tm;

	if (when != (time_t)-1 && gmtime_r(&when, &tm))
		(void)strftime(
		    text, sizeof(text), "%a %d %b %Y %H:%M:%S UTC", &tm);
	buf_addf(b, "        %s: %s\n", label, text);
}

static void show_name(struct buf *b, const char *label, const char *name)
{
	buf_addf(b, "    %s:\n        ", label);
	buf_add_printable(b, slice_of(name));
	buf_addc(b, '\n');
}

static void show_peer(struct buf *b, const struct tls_peer *peer)
{
	buf_addf(b, "TLS session parameters:\n    %s\n", peer->session);
	buf_adds(b, "TLS certificate information:\n");
	show_name(b, "Owner", peer->subject);
	show_name(b, "Issuer", peer->issuer);
	buf_adds(b, "    Validity:\n");
	show_time(b, "Activation time", peer->from);
	show_time(b, "Expiration time", peer->until);
	buf_adds(b, "    Fingerprints:\n        SHA256: ");
	for (size_t i = 0; i < sizeof(peer->sha256); i++)
		buf_addf(b, "%s%02X", i ? ":" : "", peer->sha256[i]);
	buf_addc(b, '\n');
}

static void show_extension(struct buf *b, const char *name, const char *meaning)
{
	buf_addf(b, "    %s:\n        %s\n", name, meaning);
}

static void show_size(struct buf *b, const struct caps *caps)
{
	unsigned long long size = caps->max_size;

	if (size > 0)
		buf_addf(b,
		    "    SIZE %llu:\n        Messages of at most %llu bytes = "
		    "%.2f MiB\n",
		    size, size, (double)size / MIB);
	else
		show_extension(b, "SIZE", "No limit is given");
}

static void show_capabilities(struct buf *b, const struct smtp_info *info)
{
	const struct caps *caps = info->caps;
	size_t n;

	buf_adds(b, "Capabilities:\n");
	n = b->n;
	if (caps->set & CAP_SIZE)
		show_size(b, caps);
	for (size_t i = 0; i < N_EXTENSIONS; i++)
		if (caps->set & (unsigned)extensions[i].cap)
			show_extension(
			    b, extensions[i].name, extensions[i].meaning);
	if (info->had_starttls)
		show_extension(b, "STARTTLS", "TLS by the command STARTTLS");
	if (caps->auth[0])
		buf_addf(b, "    AUTH:\n        Mechanisms:\n       %s\n",
		    caps->auth);
	if (b->n == n)
		buf_adds(b, "    none that this program knows\n");
	if (!info->has_peer)
		buf_adds(b, "The server may have others inside TLS.\n");
}

static void show_info(
    struct buf *b, const struct plan *p, const struct smtp_info *info)
{
	buf_addf(b, "%s server at ", p->smtp.is_lmtp ? "LMTP" : "SMTP");
	buf_add_printable(b, slice_of(p->smtp.host));
	if (info->address[0])
		buf_addf(b, " ([%s]), port %u", info->address, p->smtp.port);
	buf_adds(b, ":\n");
	show_lines(b, info->banner);
	if (info->has_peer)
		show_peer(b, &info->peer);
	show_capabilities(b, info);
}

/* Neither of the two has anything to do with recipients. */
static int check_operands(const struct invocation *inv, struct fail *why)
{
	if (inv->asks_info && inv->queue)
		return fail(why, FAIL_USAGE,
		    "--serverinfo and --rmqs: only one at a time");
	if (inv->n_operands > 0)
		return fail(why, FAIL_USAGE,
		    "too many arguments: %s takes no recipients",
		    inv->asks_info ? "--serverinfo" : "--rmqs");
	return 0;
}

/* NULL with why->kind NONE: nobody was named. */
static const char *named_sender(
    const struct invocation *inv, struct arena *a, struct fail *why)
{
	why->kind = FAIL_NONE;
	return inv->sender ? plan_sender_operand(inv->sender, a, why) : NULL;
}

static int choose_server(struct send *s, struct fail *why)
{
	const struct settings *settings = &s->files.settings;
	const char *sender = named_sender(s->inv, s->arena, why);

	if (why->kind != FAIL_NONE ||
	    files_load(&s->files, s->inv, sender, why) != 0 ||
	    account_check_server(settings, why) != 0 ||
	    plan_connection(&s->plan, settings, s->arena, why) != 0)
		return -1;
	s->plan.smtp.auth = false;
	send_show(s);
	return 0;
}

/* -1: *end says why. */
static int show_server(struct send *s, struct buf *b, struct outcome *end)
{
	struct smtp_info info;
	struct smtp *session;

	if (check_operands(s->inv, &end->why) != 0 ||
	    choose_server(s, &end->why) != 0)
		return -1;
	send_warn(s);
	session = submit_open(&s->plan, NULL, s->arena, end);
	if (!session)
		return -1;
	smtp_info(session, &info);
	show_info(b, &s->plan, &info);
	smtp_close(session);
	return 0;
}

int mode_serverinfo(const struct invocation *inv, struct arena *a)
{
	struct outcome end = { .why.kind = FAIL_NONE };
	struct send s;
	struct buf b;
	int code;

	buf_init(&b, TEXT_MAX);
	send_begin(&s, inv, a);
	code = show_server(&s, &b, &end) == 0 ? 0
					      : report_refusal(&s.report, &end);
	send_end(&s);
	return mode_print(&b, code);
}

/* -1: *end says why. */
static int start_queue(struct send *s, struct outcome *end)
{
	struct fail *why = &end->why;
	const char *sender = named_sender(s->inv, s->arena, why);
	struct smtp *session;

	if (why->kind != FAIL_NONE || check_operands(s->inv, why) != 0 ||
	    send_choose(s, sender, why) != 0)
		return -1;
	send_warn(s);
	if (cred_collect(&s->cred, &s->files.settings, &s->password, why) != 0)
		return -1;
	session = submit_open(&s->plan, s->password, s->arena, end);
	if (session)
		(void)smtp_etrn(session, s->inv->queue, end);
	smtp_close(session);
	return why->kind == FAIL_NONE ? 0 : -1;
}

int mode_rmqs(const struct invocation *inv, struct arena *a)
{
	struct outcome end = { .why.kind = FAIL_NONE };
	struct send s;
	int code;

	send_begin(&s, inv, a);
	code = start_queue(&s, &end) == 0 ? 0 : report_refusal(&s.report, &end);
	send_end(&s);
	return code;
}
