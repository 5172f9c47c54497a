#include "flags.h"

/* -bX: what to do. */
static int take_mode(
    struct invocation *inv, const char *value, struct fail *why)
{
	static const struct {
		const char *letter;
		enum mode_id mode;
	} modes[] = {
		{ "m", MODE_SEND },
		{ "s", MODE_SERVE },
		{ "p", MODE_QUEUE_LIST },
		{ "P", MODE_QUEUE_COUNT },
		{ "i", MODE_NOTHING },
		{ "h", MODE_NOTHING },
		{ "H", MODE_NOTHING },
	};

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (strcmp(value, modes[i].letter) == 0) {
			inv->mode = modes[i].mode;
			return 0;
		}
	}
	return fail(why, FAIL_USAGE, "mode %s is not supported", value);
}

/* -e X and -oeX: only "quiet" means something to a program that never mails
 * its errors back. */
static int take_errors(
    struct invocation *inv, const char *value, struct fail *why)
{
	(void)why;
	if (strcmp(value, "q") == 0)
		inv->quiet = true;
	return 0;
}

/* -oX: sendmail's short settings. */
static int take_setting(
    struct invocation *inv, const char *value, struct fail *why)
{
	if (strcmp(value, "i") == 0)
		inv->keep_dots = true;
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
		inv->keep_dots = rest.n == 0 || slice_ieq(rest, SLICE("true"));
	else if (slice_ieq(name, SLICE("ErrorMode")) && rest.n == 1)
		return take_errors(inv, rest.p, why);
	return 0;
}

static int check_word(
    const char *value, const char *const *words, struct fail *why)
{
	for (; *words; words++)
		if (slice_ieq(slice_of(value), slice_of(*words)))
			return 0;
	return fail(why, FAIL_USAGE, "unknown value %s", value);
}

static int check_body(
    struct invocation *inv, const char *value, struct fail *why)
{
	static const char *const words[] = { "7BIT", "8BITMIME", NULL };

	(void)inv;
	return check_word(value, words, why);
}

static int check_return(
    struct invocation *inv, const char *value, struct fail *why)
{
	static const char *const words[] = { "full", "hdrs", "headers", "off",
		NULL };

	(void)inv;
	return check_word(value, words, why);
}

static int check_notify(
    struct invocation *inv, const char *value, struct fail *why)
{
	static const char *const words[] = { "never", "off", "failure", "delay",
		"success", NULL };
	struct slice rest = slice_of(value), word;
	char text[16];

	(void)inv;
	while (slice_take_until(&rest, ',', &word)) {
		word = slice_head(slice_trim(word), sizeof(text) - 1);
		memcpy(text, word.p, word.n);
		text[word.n] = '\0';
		if (check_word(text, words, why) != 0)
			return -1;
	}
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
	    "p: list the queue, i: rebuild aliases" },
	{ 'o', TAKES_VALUE, IN_BOTH, DOES_CALL, NULL, 0, take_setting,
	    "SETTING", "i: as -i; eq: nothing on standard error" },
	{ 'e', TAKES_VALUE, IN_BOTH, DOES_CALL, NULL, 0, take_errors, "",
	    NULL },
	{ 'P', TAKES_NONE, IN_OWN, DOES_MODE, "pretend", MODE_PRETEND, NULL, "",
	    "show the settings and where they come from; send nothing" },
	{ 'v', TAKES_NONE, IN_BOTH, DOES_SET, NULL, FIELD(verbose), NULL, "",
	    "show the dialogue on standard error, without secrets" },
	{ 'd', TAKES_OPTIONAL, IN_OWN, DOES_SET, "debug", FIELD(verbose), NULL,
	    "", "as -v" },
	{ 'd', TAKES_OPTIONAL, IN_SENDMAIL, DOES_NOTHING, NULL, 0, NULL, "",
	    NULL },
	{ 0, TAKES_NONE, IN_BOTH, DOES_MODE, "version", MODE_VERSION, NULL, "",
	    "show versions, libraries and file names" },
	{ 0, TAKES_NONE, IN_BOTH, DOES_MODE, "help", MODE_HELP, NULL, "",
	    "show this text" },
	{ 0, TAKES_NONE, IN_OWN, DOES_MODE, "derive-password", MODE_DERIVE,
	    NULL, "",
	    "turn a secret access key (terminal or standard input) into the "
	    "SMTP password; needs --provider and --region" },
	{ 'q', TAKES_OPTIONAL, IN_BOTH, DOES_MODE, NULL, MODE_NOTHING, NULL, "",
	    NULL },
	{ 'I', TAKES_NONE, IN_BOTH, DOES_MODE, NULL, MODE_NOTHING, NULL, "",
	    NULL },
	{ 'O', TAKES_VALUE, IN_BOTH, DOES_CALL, NULL, 0, take_long_setting,
	    "NAME=VALUE", "IgnoreDots=true: as -i; ErrorMode=q: as -oeq" },
	{ 'B', TAKES_VALUE, IN_BOTH, DOES_CALL, NULL, 0, check_body, "", NULL },
	{ 'R', TAKES_VALUE, IN_BOTH, DOES_CALL, NULL, 0, check_return, "",
	    NULL },
	{ 'N', TAKES_VALUE, IN_BOTH, DOES_CALL, NULL, 0, check_notify, "",
	    NULL },
	{ 'Q', TAKES_OPTIONAL, IN_BOTH, DOES_CALL, NULL, 0, refuse, "", NULL },

#define IGNORED(letter, takes, grammar)                                        \
	{                                                                      \
		letter, takes, grammar, DOES_NOTHING, NULL, 0, NULL, "", NULL  \
	}
	IGNORED('X', TAKES_VALUE, IN_SENDMAIL),
	IGNORED('A', TAKES_VALUE, IN_BOTH),
	IGNORED('D', TAKES_VALUE, IN_BOTH),
	IGNORED('L', TAKES_VALUE, IN_BOTH),
	IGNORED('M', TAKES_VALUE, IN_BOTH),
	IGNORED('T', TAKES_VALUE, IN_BOTH),
	IGNORED('V', TAKES_VALUE, IN_BOTH),
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
#undef IGNORED
};

const size_t flags_n = sizeof(flags) / sizeof(flags[0]);
