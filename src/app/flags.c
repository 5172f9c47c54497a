#include "flags.h"
#include "dsn.h"

static const struct {
	const char *letter;
	enum mode_id mode;
} modes[] = {
	{ "m", MODE_SEND },
	{ "s", MODE_SERVE },
	{ "p", MODE_QUEUE_LIST },
	{ "P", MODE_QUEUE_COUNT },
	{ "v", MODE_VERIFY },
	{ "i", MODE_NOTHING },
	{ "h", MODE_NOTHING },
	{ "H", MODE_NOTHING },
};

enum { N_MODES = sizeof(modes) / sizeof(modes[0]) };

/* By -b or the name of the program, and not by an option of ours. */
static bool is_mode_of_sendmail(enum mode_id mode)
{
	for (size_t i = 0; i < N_MODES; i++)
		if (modes[i].mode == mode)
			return true;
	return false;
}

/*
 * -bX: what to do. -bm, which is only the default, takes back another -b, but
 * does not send what -P is to look at.
 */
static int take_mode(
    struct invocation *inv, const char *value, struct fail *why)
{
	for (size_t i = 0; i < N_MODES; i++) {
		if (strcmp(value, modes[i].letter) != 0)
			continue;
		if (modes[i].mode != MODE_SEND ||
		    is_mode_of_sendmail(inv->mode))
			inv->mode = modes[i].mode;
		return 0;
	}
	return fail(why, FAIL_USAGE, "mode %s is not supported", value);
}

/* -e X and -oeX: only "quiet" means something to a program that never mails
 * its errors back. */
static int take_errors(
    struct invocation *inv, const char *value, struct fail *why)
{
	(void)why;
	if (value[0] == 'q')
		inv->quiet = true;
	return 0;
}

/* What sendmail takes for true. */
static bool is_true(struct slice value)
{
	return value.n == 0 || slice_find(SLICE("tTyY1"), value.p[0]) < 5;
}

/* -oX: sendmail's short settings. */
static int take_setting(
    struct invocation *inv, const char *value, struct fail *why)
{
	if (value[0] == 'i')
		inv->keep_dots = is_true(slice_of(value + 1));
	if (value[0] == 'e')
		return take_errors(inv, value + 1, why);
	return 0;
}

/* -O Name=Value: two of sendmail's long settings change what we do. */
static int take_long_setting(
    struct invocation *inv, const char *value, struct fail *why)
{
	struct slice rest = slice_of(value), name;

	if (!slice_take_until(&rest, '=', &name))
		return 0;
	name = slice_trim(name);
	rest = slice_trim(rest);
	if (slice_ieq(name, SLICE("IgnoreDots")))
		inv->keep_dots = is_true(rest);
	else if (slice_ieq(name, SLICE("ErrorMode")) && rest.n)
		return take_errors(inv, rest.p, why);
	return 0;
}

static int check_body(
    struct invocation *inv, const char *value, struct fail *why)
{
	struct slice body = slice_of(value);

	(void)inv;
	if (slice_ieq(body, SLICE("7BIT")) ||
	    slice_ieq(body, SLICE("8BITMIME")))
		return 0;
	return fail(why, FAIL_USAGE, "unknown value %s", value);
}

static int take_envid(
    struct invocation *inv, const char *value, struct fail *why)
{
	if (!dsn_is_envid(slice_of(value)))
		return fail(why, FAIL_USAGE,
		    "an envelope id is printable ASCII of at most %d "
		    "characters",
		    DSN_ENVID_MAX);
	inv->envid = value;
	return 0;
}

/* Category 0 of sendmail's debugging is its version. */
static bool asks_version(const char *level)
{
	return level[0] == '0' &&
	       (level[1] == '\0' || level[1] == '.' || level[1] == '-');
}

static int take_debug(
    struct invocation *inv, const char *value, struct fail *why)
{
	(void)why;
	inv->shows_version = asks_version(value);
	return 0;
}

/* For msmtp -v and -d are one. */
static int take_verbose(
    struct invocation *inv, const char *value, struct fail *why)
{
	(void)value, (void)why;
	inv->verbose = true;
	inv->shows_settings |= inv->is_msmtp;
	return 0;
}

/* As msmtp: the version ends the run, so it is asked for in one way only. */
static int take_own_debug(
    struct invocation *inv, const char *value, struct fail *why)
{
	(void)why;
	if (strcmp(value, "0.1") == 0)
		inv->mode = MODE_VERSION;
	else
		inv->verbose = inv->shows_settings = true;
	return 0;
}

static int take_info(
    struct invocation *inv, const char *value, struct fail *why)
{
	(void)value, (void)why;
	inv->asks_info = true;
	inv->mode = MODE_SERVERINFO;
	return 0;
}

static int take_queue(
    struct invocation *inv, const char *value, struct fail *why)
{
	struct slice text = slice_of(value);

	if (text.n == 0 || !slice_is_printable(text) ||
	    slice_find(text, ' ') < text.n)
		return fail(why, FAIL_USAGE,
		    "a name as ETRN takes it expected: host, @domain or "
		    "#queue");
	inv->queue = value;
	inv->mode = MODE_RMQS;
	return 0;
}

static int take_address(
    struct invocation *inv, const char *value, struct fail *why)
{
	(void)why;
	inv->address = value;
	inv->mode = MODE_CONFIGURE;
	return 0;
}

static int refuse(struct invocation *inv, const char *value, struct fail *why)
{
	(void)inv, (void)value;
	return fail(why, FAIL_USAGE, "this option is not supported");
}

static int refuse_file(
    struct invocation *inv, const char *value, struct fail *why)
{
	(void)inv, (void)value;
	return fail(why, FAIL_USAGE,
	    "not taken under this name: the "
	    "configuration is not the caller's choice");
}

#define FIELD(name) offsetof(struct invocation, name)

/*
 * Every flag that is not a setting. What is accepted without meaning is what
 * a program can do without that sends at once, follows its configuration and
 * mails no errors back.
 */
const struct flag flags[] = {
	{ 't', TAKES_NONE, IN_BOTH, DOES_SET, "read-recipients",
	    FIELD(read_recipients), NULL, "",
	    "add the recipients of To, Cc and Bcc" },
	{ 'f', TAKES_VALUE, IN_BOTH, DOES_KEEP, "from", FIELD(sender), NULL,
	    "ADDRESS", "envelope sender" },
	{ 'r', TAKES_VALUE, IN_BOTH, DOES_KEEP, NULL, FIELD(sender), NULL,
	    "ADDRESS", "as -f" },
	{ 0, TAKES_NONE, IN_OWN, DOES_SET, "read-envelope-from",
	    FIELD(read_sender), NULL, "",
	    "take the envelope sender from the From field" },
	{ 'F', TAKES_VALUE, IN_BOTH, DOES_KEEP, NULL, FIELD(full_name), NULL,
	    "NAME", "name in a From field that is added" },
	{ 'a', TAKES_VALUE, IN_BOTH, DOES_KEEP, "account", FIELD(account), NULL,
	    "ACCOUNT", "use this account" },
	{ 'C', TAKES_VALUE, IN_OWN, DOES_KEEP, "file", FIELD(file), NULL,
	    "FILE", "read this instead of the user's configuration" },
	{ 'C', TAKES_VALUE, IN_SENDMAIL, DOES_CALL, NULL, 0, refuse_file, "",
	    NULL },
	{ 'i', TAKES_NONE, IN_BOTH, DOES_SET, NULL, FIELD(keep_dots), NULL, "",
	    "a line with a lone dot does not end the message" },
	{ 'n', TAKES_NONE, IN_BOTH, DOES_SET, NULL, FIELD(no_aliases), NULL, "",
	    "do not look at the aliases" },
	{ 'b', TAKES_VALUE, IN_BOTH, DOES_CALL, NULL, 0, take_mode, "MODE",
	    "m: send (default), s: SMTP on standard input and output, "
	    "p: list the queue, P: how long it is, i: rebuild aliases, "
	    "v: show where mail for the recipients would go" },
	{ 'o', TAKES_VALUE, IN_BOTH, DOES_CALL, NULL, 0, take_setting,
	    "SETTING", "i: as -i; eq: nothing on standard error" },
	{ 'e', TAKES_VALUE, IN_BOTH, DOES_CALL, NULL, 0, take_errors, "",
	    NULL },
	{ 'P', TAKES_NONE, IN_OWN, DOES_MODE, "pretend", MODE_PRETEND, NULL, "",
	    "show the settings and where they come from; send nothing" },
	{ 'S', TAKES_NONE, IN_OWN, DOES_CALL, "serverinfo", 0, take_info, "",
	    "show what the server says of itself: TLS, certificate, "
	    "extensions" },
	{ 0, TAKES_VALUE, IN_OWN, DOES_CALL, "rmqs", 0, take_queue, "NAME",
	    "ask the server to send what it keeps for this name (ETRN)" },
	{ 0, TAKES_VALUE, IN_OWN, DOES_CALL, "configure", 0, take_address,
	    "ADDRESS",
	    "look up the server for this address in DNS and show an account "
	    "for it" },
	{ 'v', TAKES_NONE, IN_BOTH, DOES_CALL, NULL, 0, take_verbose, "",
	    "show the dialogue on standard error, without secrets" },
	{ 'd', TAKES_OPTIONAL, IN_OWN, DOES_CALL, "debug", 0, take_own_debug,
	    "", "as -v, and the settings before it; -d0.1: as --version" },
	{ 'd', TAKES_OPTIONAL, IN_SENDMAIL, DOES_CALL, NULL, 0, take_debug, "",
	    NULL },
	{ 0, TAKES_NONE, IN_BOTH, DOES_MODE, "version", MODE_VERSION, NULL, "",
	    "show versions, libraries and file names" },
	{ 0, TAKES_NONE, IN_BOTH, DOES_MODE, "help", MODE_HELP, NULL, "",
	    "show this text" },
	{ 0, TAKES_NONE, IN_OWN, DOES_MODE, "derive-password", MODE_DERIVE,
	    NULL, "",
	    "turn a secret access key (terminal or standard input) into the "
	    "SMTP password; needs --provider and --region" },
	{ 0, TAKES_NONE, IN_OWN, DOES_MODE, "store-password",
	    MODE_STORE_PASSWORD, NULL, "",
	    "put the account's password (terminal or standard input) into "
	    "the keyring" },
	{ 0, TAKES_NONE, IN_OWN, DOES_MODE, "delete-password",
	    MODE_DELETE_PASSWORD, NULL, "",
	    "remove the account's password from the keyring" },
	{ 0, TAKES_NONE, IN_OWN, DOES_MODE, "suppress", MODE_SUPPRESS, NULL, "",
	    "never write to these recipients again with this account" },
	{ 0, TAKES_NONE, IN_OWN, DOES_MODE, "unsuppress", MODE_UNSUPPRESS, NULL,
	    "", "write to these recipients again" },
	{ 0, TAKES_NONE, IN_OWN, DOES_MODE, "suppressed", MODE_SUPPRESSED, NULL,
	    "", "list the recipients the account does not write to" },
	{ 'q', TAKES_OPTIONAL, IN_BOTH, DOES_MODE, NULL, MODE_QUEUE_RUN, NULL,
	    "", "try what waits in the spool" },
	{ 0, TAKES_NONE, IN_OWN, DOES_MODE, "queue-json", MODE_QUEUE_JSON, NULL,
	    "", "list the queue for programs, as JSON" },
	{ 0, TAKES_VALUE, IN_OWN, DOES_MODE, "queue-show", MODE_QUEUE_SHOW,
	    NULL, "ID", "show a message in the queue and what became of it" },
	{ 0, TAKES_VALUE, IN_OWN, DOES_MODE, "queue-retry", MODE_QUEUE_RETRY,
	    NULL, "ID", "try a message in the queue now" },
	{ 0, TAKES_VALUE, IN_OWN, DOES_MODE, "queue-hold", MODE_QUEUE_HOLD,
	    NULL, "ID", "keep a message in the queue until it is released" },
	{ 0, TAKES_VALUE, IN_OWN, DOES_MODE, "queue-release",
	    MODE_QUEUE_RELEASE, NULL, "ID", "let go of a message on hold" },
	{ 0, TAKES_VALUE, IN_OWN, DOES_MODE, "queue-drop", MODE_QUEUE_DROP,
	    NULL, "ID", "remove a message from the queue, unsent" },
	{ 'I', TAKES_NONE, IN_BOTH, DOES_MODE, NULL, MODE_NOTHING, NULL, "",
	    NULL },
	{ 'O', TAKES_VALUE, IN_BOTH, DOES_CALL, NULL, 0, take_long_setting,
	    "NAME=VALUE", "IgnoreDots=true: as -i; ErrorMode=q: as -oeq" },
	{ 'B', TAKES_VALUE, IN_BOTH, DOES_CALL, NULL, 0, check_body, "", NULL },
	{ 'N', TAKES_VALUE, IN_BOTH, DOES_SETTING, NULL, OPT_dsn_notify, NULL,
	    "WORD,...",
	    "ask for notifications: never, or of failure,delay,success" },
	{ 'R', TAKES_VALUE, IN_BOTH, DOES_SETTING, NULL, OPT_dsn_return, NULL,
	    "full|hdrs", "what a notification about a failure returns" },
	{ 'V', TAKES_VALUE, IN_BOTH, DOES_CALL, NULL, 0, take_envid, "ID",
	    "envelope id that a notification names" },
	{ 'L', TAKES_VALUE, IN_BOTH, DOES_KEEP, NULL, FIELD(log_tag), NULL,
	    "TAG", "name of the program in the log of the system" },
	{ 'X', TAKES_VALUE, IN_SENDMAIL, DOES_SET, NULL, FIELD(has_traffic_log),
	    NULL, "", NULL },
	{ 'Q', TAKES_OPTIONAL, IN_BOTH, DOES_CALL, NULL, 0, refuse, "", NULL },

#define IGNORED(letter, takes, grammar)                                        \
	{                                                                      \
		letter, takes, grammar, DOES_NOTHING, NULL, 0, NULL, "", NULL  \
	}
	IGNORED('A', TAKES_VALUE, IN_BOTH),
	IGNORED('D', TAKES_VALUE, IN_BOTH),
	IGNORED('M', TAKES_VALUE, IN_BOTH),
	IGNORED('h', TAKES_VALUE, IN_BOTH),
	IGNORED('p', TAKES_VALUE, IN_BOTH),
	IGNORED('G', TAKES_NONE, IN_BOTH),
	IGNORED('U', TAKES_NONE, IN_BOTH),
	IGNORED('c', TAKES_NONE, IN_BOTH),
	IGNORED('m', TAKES_NONE, IN_BOTH),
	IGNORED('s', TAKES_NONE, IN_BOTH),
	IGNORED('x', TAKES_NONE, IN_BOTH),
	IGNORED('E', TAKES_OPTIONAL, IN_BOTH),
	IGNORED('J', TAKES_OPTIONAL, IN_BOTH),
	IGNORED('T', TAKES_OPTIONAL, IN_BOTH),
#undef IGNORED
};

const size_t flags_n = sizeof(flags) / sizeof(flags[0]);
