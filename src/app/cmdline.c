#include "cmdline.h"
#include <getopt.h>
#include <stddef.h>
#include <string.h>

enum takes { TAKES_NONE, TAKES_VALUE, TAKES_OPTIONAL };

/* What a flag does to the invocation. */
enum does {
	DOES_NOTHING, /* accepted, without meaning for us */
	DOES_SET,     /* a bool of the invocation */
	DOES_KEEP,    /* its value, in a text of the invocation */
	DOES_MODE,    /* chooses what to do */
	DOES_CALL,
};

/* Which grammar knows a letter. */
enum { IN_SENDMAIL = 1, IN_OWN = 2, IN_BOTH = 3 };

/* Bytes of one argument. */
enum { OPERAND_MAX = 4096 };

/* -bX: what to do. */
static int take_mode(
    struct invocation *inv, const char *value, struct fail *why)
{
	static const struct {
		const char *letter;
		enum mode_id mode;
	} modes[] = {
		{ "m", MODE_SEND },
		{ "p", MODE_QUEUE_LIST },
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

static int check_word(const char *letter, const char *value,
    const char *const *words, struct fail *why)
{
	for (; *words; words++)
		if (slice_ieq(slice_of(value), slice_of(*words)))
			return 0;
	return fail(why, FAIL_USAGE, "%s: unknown value %s", letter, value);
}

static int check_body(
    struct invocation *inv, const char *value, struct fail *why)
{
	static const char *const words[] = { "7BIT", "8BITMIME", NULL };

	(void)inv;
	return check_word("-B", value, words, why);
}

static int check_return(
    struct invocation *inv, const char *value, struct fail *why)
{
	static const char *const words[] = { "full", "hdrs", "headers", "off",
		NULL };

	(void)inv;
	return check_word("-R", value, words, why);
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
		if (check_word("-N", text, words, why) != 0)
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
static const struct flag {
	char letter; /* or 0 */
	enum takes takes;
	int grammar;
	enum does does;
	const char *name; /* long option, or NULL */
	size_t target;    /* FIELD or enum mode_id */
	int (*call)(
	    struct invocation *inv, const char *value, struct fail *why);
	const char *argument; /* for help */
	const char *help;     /* NULL: not shown there */
} flags[] = {
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
	{ 'b', TAKES_VALUE, IN_BOTH, DOES_CALL, NULL, 0, take_mode, "MODE",
	    "m: send (default), p: list the queue, i: rebuild aliases" },
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
	IGNORED('O', TAKES_VALUE, IN_BOTH),
	IGNORED('T', TAKES_VALUE, IN_BOTH),
	IGNORED('V', TAKES_VALUE, IN_BOTH),
	IGNORED('h', TAKES_VALUE, IN_BOTH),
	IGNORED('p', TAKES_VALUE, IN_BOTH),
	IGNORED('G', TAKES_NONE, IN_BOTH),
	IGNORED('U', TAKES_NONE, IN_BOTH),
	IGNORED('c', TAKES_NONE, IN_BOTH),
	IGNORED('m', TAKES_NONE, IN_BOTH),
	IGNORED('n', TAKES_NONE, IN_BOTH),
	IGNORED('s', TAKES_NONE, IN_BOTH),
	IGNORED('E', TAKES_OPTIONAL, IN_BOTH),
	IGNORED('J', TAKES_OPTIONAL, IN_BOTH),
#undef IGNORED
};

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

/* A program name chooses the grammar and the usual mode. */
static const struct {
	const char *name;
	bool is_sendmail;
	enum mode_id mode;
} programs[] = {
	{ "sendmail", true, MODE_SEND },
	{ "send-mail", true, MODE_SEND },
	{ "mailq", true, MODE_QUEUE_LIST },
	{ "newaliases", true, MODE_NOTHING },
	{ "hoststat", true, MODE_NOTHING },
	{ "purgestat", true, MODE_NOTHING },
	{ "runq", true, MODE_NOTHING },
	{ "msmtp", false, MODE_SEND },
};

static void know_program(struct invocation *inv, const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;
	const char *base = slash ? slash + 1 : path;

	*inv = (struct invocation){ .program = "postrider" };
	for (size_t i = 0; base && i < ROWS(programs); i++) {
		if (strcmp(base, programs[i].name) == 0) {
			inv->program = programs[i].name;
			inv->is_sendmail = programs[i].is_sendmail;
			inv->mode = programs[i].mode;
		}
	}
}

/* A setting has a long option unless its value is a secret or the name is
 * taken by sendmail's meaning of it. */
static bool has_long_option(const struct option_info *o)
{
	return o->type != OPTION_SECRET && o->id != OPT_from;
}

static int takes_of(const struct option_info *o)
{
	bool optional = o->type == OPTION_BOOL || o->type == OPTION_CHOICE ||
			o->id == OPT_auth || o->id == OPT_syslog;

	return optional ? optional_argument : required_argument;
}

static char *dashes(struct arena *a, const char *key)
{
	char *name = arena_copy(a, slice_of(key));

	for (char *c = name; *c; c++)
		if (*c == '_')
			*c = '-';
	return name;
}

/* What getopt_long() returns: a flag's index or, from there on, a setting's
 * id, both above any letter. */
enum { FLAG_BASE = 1000, OPTION_BASE = 2000 };

/* --version and --help are the only long options of sendmail's grammar. */
static bool has_word(const struct flag *f, int grammar)
{
	return f->name && f->grammar & grammar &&
	       (grammar == IN_OWN || f->letter == 0);
}

static void make_long(int grammar, struct arena *a, struct option *rows)
{
	static const int getopt_takes[] = { no_argument, required_argument,
		optional_argument };
	size_t n = 0;

	for (size_t i = 0; i < ROWS(flags); i++)
		if (has_word(&flags[i], grammar))
			rows[n++] = (struct option){ flags[i].name,
				getopt_takes[flags[i].takes], NULL,
				FLAG_BASE + (int)i };
	for (int i = 0; grammar == IN_OWN && i < OPT_COUNT; i++)
		if (has_long_option(&option_table[i]))
			rows[n++] =
			    (struct option){ dashes(a, option_table[i].key),
				    takes_of(&option_table[i]), NULL,
				    OPTION_BASE + i };
	rows[n] = (struct option){ 0 };
}

static void make_short(int grammar, struct buf *b)
{
	static const char *const colons[] = { "", ":", "::" };

	buf_adds(b, grammar == IN_SENDMAIL ? "+:" : ":");
	for (size_t i = 0; i < ROWS(flags); i++)
		if (flags[i].letter && flags[i].grammar & grammar)
			buf_addf(
			    b, "%c%s", flags[i].letter, colons[flags[i].takes]);
	for (int i = 0; grammar == IN_OWN && i < OPT_COUNT; i++)
		if (option_table[i].letter)
			buf_addf(b, "%c:", option_table[i].letter);
}

static int add_override(struct invocation *inv,
    const struct option_info *option, const char *value, struct arena *a)
{
	inv->overrides = arena_grow(
	    a, inv->overrides, inv->n_overrides, sizeof(*inv->overrides));
	inv->overrides[inv->n_overrides++] =
	    (struct override){ option, value ? value : "" };
	return 0;
}

static int apply_flag(struct invocation *inv, const struct flag *f,
    const char *value, struct fail *why)
{
	char *base = (char *)inv;

	switch (f->does) {
	case DOES_SET:
		*(bool *)(base + f->target) = true;
		break;
	case DOES_KEEP:
		*(const char **)(base + f->target) = value;
		break;
	case DOES_MODE:
		inv->mode = (enum mode_id)f->target;
		break;
	case DOES_CALL:
		if (f->call(inv, value ? value : "", why) != 0)
			return fail_wrap(why, "-%c", f->letter);
		break;
	case DOES_NOTHING:
		break;
	}
	return 0;
}

static int apply(struct invocation *inv, int c, const char *value,
    struct arena *a, struct fail *why)
{
	int grammar = inv->is_sendmail ? IN_SENDMAIL : IN_OWN;

	if (c >= OPTION_BASE)
		return add_override(
		    inv, &option_table[c - OPTION_BASE], value, a);
	if (c >= FLAG_BASE)
		return apply_flag(inv, &flags[c - FLAG_BASE], value, why);
	for (size_t i = 0; i < ROWS(flags); i++)
		if (flags[i].letter == c && flags[i].grammar & grammar)
			return apply_flag(inv, &flags[i], value, why);
	return add_override(inv, option_by_letter((char)c), value, a);
}

static int take_operands(
    struct invocation *inv, int argc, char **argv, struct fail *why)
{
	bool dashes_seen = optind > 1 && strcmp(argv[optind - 1], "--") == 0;

	inv->operands = argv + optind;
	inv->n_operands = (size_t)(argc - optind);
	for (size_t i = 0; i < inv->n_operands; i++) {
		if (strlen(inv->operands[i]) > OPERAND_MAX)
			return fail(why, FAIL_USAGE,
			    "a recipient argument is longer than %d bytes",
			    OPERAND_MAX);
		if (inv->is_sendmail && !dashes_seen &&
		    inv->operands[i][0] == '-')
			return fail(why, FAIL_USAGE,
			    "%s: an option after a recipient; options come "
			    "first, -- goes before a recipient that begins "
			    "with a dash",
			    inv->operands[i]);
	}
	return 0;
}

static int bad_option(int c, char **argv, struct fail *why)
{
	const char *text = argv[optind - 1];
	bool is_long = strncmp(text, "--", 2) == 0;

	if (c == ':' && !is_long)
		return fail(why, FAIL_USAGE, "-%c: a value is missing", optopt);
	if (c == ':')
		return fail(why, FAIL_USAGE, "%s: a value is missing", text);
	if (optopt && optopt < FLAG_BASE && !is_long)
		return fail(why, FAIL_USAGE, "-%c: unknown option", optopt);
	return fail(why, FAIL_USAGE,
	    "%s: unknown option, or a value where "
	    "none is taken",
	    text);
}

int cmdline_parse(int argc, char **argv, struct arena *a,
    struct invocation *ret, struct fail *why)
{
	struct option long_rows[ROWS(flags) + OPT_COUNT + 1];
	struct buf short_rows;
	int grammar, c, result = 0;

	know_program(ret, argc > 0 ? argv[0] : NULL);
	if (argc < 1)
		return fail(why, FAIL_USAGE, "no program name was passed");
	grammar = ret->is_sendmail ? IN_SENDMAIL : IN_OWN;
	make_long(grammar, a, long_rows);
	buf_init(&short_rows, 512);
	make_short(grammar, &short_rows);
	opterr = 0;
	optind = 0; /* glibc: start afresh */
	while (
	    result == 0 && (c = getopt_long(argc, argv, buf_text(&short_rows),
				long_rows, NULL)) != -1)
		result = c == '?' || c == ':' ? bad_option(c, argv, why)
					      : apply(ret, c, optarg, a, why);
	buf_free(&short_rows);
	return result == 0 ? take_operands(ret, argc, argv, why) : -1;
}

bool cmdline_sets(const struct invocation *inv, enum option_id id)
{
	for (size_t i = 0; i < inv->n_overrides; i++)
		if (inv->overrides[i].option->id == id)
			return true;
	return false;
}

static void help_flag(const struct flag *f, int grammar, struct buf *b)
{
	bool word = has_word(f, grammar);

	if (f->letter)
		buf_addf(b, "  -%c%s%s", f->letter, f->argument[0] ? " " : "",
		    f->argument);
	if (word)
		buf_addf(b, "%s--%s%s%s", f->letter ? ", " : "  ", f->name,
		    f->argument[0] ? "=" : "", f->argument);
	buf_addf(b, "\n        %s\n", f->help);
}

static void help_setting(const struct option_info *o, struct buf *b)
{
	bool is_optional = takes_of(o) == optional_argument;

	buf_adds(b, "  --");
	for (const char *c = o->key; *c; c++)
		if (*c == '_')
			buf_addc(b, '-');
		else
			buf_addc(b, *c);
	buf_addf(b, "%s%s%s\n        %s\n", is_optional ? "[=" : "=",
	    o->argument, is_optional ? "]" : "", o->help);
}

void cmdline_help(const struct invocation *inv, struct buf *b)
{
	int grammar = inv->is_sendmail ? IN_SENDMAIL : IN_OWN;

	buf_addf(b, "usage: %s [option ...] [--] [recipient ...] < message\n\n",
	    inv->program);
	for (size_t i = 0; i < ROWS(flags); i++)
		if (flags[i].help && flags[i].grammar & grammar)
			help_flag(&flags[i], grammar, b);
	if (grammar == IN_SENDMAIL)
		return;
	buf_adds(b, "\nSettings, each also a keyword of the configuration "
		    "files (with _ for -):\n");
	for (int i = 0; i < OPT_COUNT; i++)
		if (has_long_option(&option_table[i]))
			help_setting(&option_table[i], b);
}
