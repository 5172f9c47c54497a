#include "cmdline.h"
#include "flags.h"
#include <getopt.h>
#include <string.h>

/* Bytes of one argument: a list as long as a field of the header may be. */
enum { OPERAND_MAX = 64 * 1024 };

/* Long options of settings; an alias leads to one of them. */
enum { ROWS_MAX = 2 * OPT_COUNT };

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

/* A program name chooses the grammar and the usual mode. */
static const struct {
	const char *name;
	bool is_sendmail;
	bool is_refused; /* what it stands for is not here */
	enum mode_id mode;
} programs[] = {
	{ "sendmail", true, false, MODE_SEND },
	{ "send-mail", true, false, MODE_SEND },
	{ "mailq", true, false, MODE_QUEUE_LIST },
	{ "newaliases", true, false, MODE_NOTHING },
	{ "hoststat", true, false, MODE_NOTHING },
	{ "purgestat", true, false, MODE_NOTHING },
	{ "runq", true, false, MODE_QUEUE_RUN },
	{ "smtpd", true, true, MODE_SEND },
	{ "msmtp", false, false, MODE_SEND },
};

static int know_program(
    struct invocation *inv, const char *path, struct fail *why)
{
	const char *slash = path ? strrchr(path, '/') : NULL;
	const char *base = slash ? slash + 1 : path;

	*inv = (struct invocation){ .program = "postrider" };
	for (size_t i = 0; base && i < ROWS(programs); i++) {
		if (strcmp(base, programs[i].name) != 0)
			continue;
		inv->program = programs[i].name;
		inv->is_sendmail = programs[i].is_sendmail;
		inv->is_msmtp = strcmp(base, "msmtp") == 0;
		inv->mode = programs[i].mode;
		if (programs[i].is_refused)
			return fail(why, FAIL_USAGE,
			    "this program is no server and cannot be started "
			    "by this name");
	}
	return 0;
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
			(o->type == OPTION_TEXT && o->choices);

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
 * id or an older name's index, all above any letter. */
enum { FLAG_BASE = 1000, OPTION_BASE = 2000, ALIAS_BASE = 3000 };

/* --version and --help are the only long options of sendmail's grammar. */
static bool has_word(const struct flag *f, int grammar)
{
	return f->name && f->grammar & grammar &&
	       (grammar == IN_OWN || f->letter == 0);
}

/*
 * Long options may be abbreviated, and what is enough of a name for msmtp must
 * be enough here, where more of them begin alike. But not --password: whoever
 * writes that has a password behind it, and passwordeval would run it.
 */
static const struct {
	const char *text, *name;
} abbreviations[] = {
	{ "al", "aliases" },
	{ "de", "debug" },
	{ "fr", "from" },
	{ "fro", "from" },
	{ "he", "help" },
	{ "k", "keepbcc" },
	{ "ke", "keepbcc" },
	{ "m", "maildomain" },
	{ "ma", "maildomain" },
	{ "pa", "passwordeval" },
	{ "pas", "passwordeval" },
	{ "pass", "passwordeval" },
	{ "passw", "passwordeval" },
	{ "passwo", "passwordeval" },
	{ "passwor", "passwordeval" },
	{ "set-m", "set-msgid-header" },
	{ "un", "undisclosed-recipients" },
};

/* Behind the n rows of whole names; returns how many. */
static size_t make_abbreviations(struct option *rows, size_t n)
{
	size_t end = n;

	for (size_t i = 0; i < ROWS(abbreviations); i++)
		for (size_t j = 0; j < n; j++)
			if (strcmp(rows[j].name, abbreviations[i].name) == 0) {
				rows[end] = rows[j];
				rows[end++].name = abbreviations[i].text;
			}
	return end - n;
}

/* Names of msmtp that --help does not show; returns how many. */
static size_t make_aliases(struct arena *a, struct option *rows)
{
	size_t n = 0;

	for (const struct option_alias *alias = option_aliases; alias->key;
	     alias++)
		if (!option_alias_is_word(alias))
			rows[n++] = (struct option){ dashes(a, alias->key),
				alias->on ? optional_argument
					  : takes_of(&option_table[alias->id]),
				NULL,
				ALIAS_BASE + (int)(alias - option_aliases) };
	return n;
}

static void make_long(int grammar, struct arena *a, struct option *rows)
{
	static const int getopt_takes[] = { no_argument, required_argument,
		optional_argument };
	size_t n = 0;

	for (size_t i = 0; i < flags_n; i++)
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
	if (grammar == IN_OWN)
		n += make_aliases(a, rows + n);
	if (grammar == IN_OWN)
		n += make_abbreviations(rows, n);
	rows[n] = (struct option){ 0 };
}

static void make_short(int grammar, struct buf *b)
{
	static const char *const colons[] = { "", ":", "::" };

	buf_adds(b, grammar == IN_SENDMAIL ? "+:" : ":");
	for (size_t i = 0; i < flags_n; i++)
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

/* Checked at once: what is wrong with a flag is wrong whatever is done. */
static int apply_setting(struct invocation *inv,
    const struct option_info *option, const char *value, struct arena *a,
    struct fail *why)
{
	struct option_source source = {
		.origin = { .kind = ORIGIN_COMMAND_LINE },
		.arena = a,
	};
	struct settings scratch;
	char *lower = arena_copy(a, slice_of(value));

	for (char *c = lower; *c; c++)
		*c = ascii_lower(*c);
	settings_init(&scratch);
	if (lower[0] &&
	    option_set(&scratch, option, slice_of(lower), &source, why) == 0)
		return add_override(inv, option, lower, a);
	return fail(why, FAIL_USAGE, "unknown value %s: %s expected", value,
	    option->choices);
}

static int apply_flag(struct invocation *inv, const struct flag *f,
    const char *value, struct arena *a, struct fail *why)
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
		inv->mode_value = value;
		break;
	case DOES_CALL:
		if (f->call(inv, value ? value : "", why) == 0)
			break;
		return f->letter ? fail_wrap(why, "-%c", f->letter)
				 : fail_wrap(why, "--%s", f->name);
	case DOES_SETTING:
		if (apply_setting(
			inv, &option_table[f->target], value, a, why) != 0)
			return fail_wrap(why, "-%c", f->letter);
		break;
	case DOES_NOTHING:
		break;
	}
	return 0;
}

static int apply_alias(struct invocation *inv, const struct option_alias *alias,
    const char *value, struct arena *a, struct fail *why)
{
	struct slice text;

	if (option_alias_value(alias, slice_of(value), &text, why) == 0)
		return add_override(
		    inv, &option_table[alias->id], arena_copy(a, text), a);
	(void)fail_as(why, FAIL_USAGE);
	return fail_wrap(why, ORIGIN_TYPED);
}

static int apply(struct invocation *inv, int c, const char *value,
    struct arena *a, struct fail *why)
{
	int grammar = inv->is_sendmail ? IN_SENDMAIL : IN_OWN;

	if (c >= ALIAS_BASE)
		return apply_alias(
		    inv, &option_aliases[c - ALIAS_BASE], value, a, why);
	if (c >= OPTION_BASE)
		return add_override(
		    inv, &option_table[c - OPTION_BASE], value, a);
	if (c >= FLAG_BASE)
		return apply_flag(inv, &flags[c - FLAG_BASE], value, a, why);
	for (size_t i = 0; i < flags_n; i++)
		if (flags[i].letter == c && flags[i].grammar & grammar)
			return apply_flag(inv, &flags[i], value, a, why);
	return add_override(inv, option_by_letter((char)c), value, a);
}

struct arguments {
	char **v;
	int n;
	bool has_dashes; /* a "--" ended the options, no value of one */
};

static int take_operands(
    struct invocation *inv, const struct arguments *args, struct fail *why)
{
	inv->operands = args->v + optind;
	inv->n_operands = (size_t)(args->n - optind);
	for (size_t i = 0; i < inv->n_operands; i++) {
		if (strlen(inv->operands[i]) > OPERAND_MAX)
			return fail(why, FAIL_USAGE,
			    "a recipient argument is longer than %d bytes",
			    OPERAND_MAX);
		if (!args->has_dashes && inv->operands[i][0] == '-')
			return fail(why, FAIL_USAGE,
			    "%s: an option after a recipient; options come "
			    "first, -- goes before a recipient that begins "
			    "with a dash",
			    inv->operands[i]);
	}
	return 0;
}

/* What follows = is not repeated: it may be a secret in the wrong place. */
static int bad_option(int c, char **argv, struct fail *why)
{
	struct slice text = slice_of(argv[optind - 1]);
	bool is_long = slice_starts(text, SLICE("--"));

	text = slice_head(text, slice_find(text, '='));
	if (c == ':' && !is_long)
		return fail(why, FAIL_USAGE, "-%c: a value is missing", optopt);
	if (c == ':')
		return fail(why, FAIL_USAGE, "%.*s: a value is missing",
		    SLICE_ARG(text));
	if (optopt && optopt < FLAG_BASE && !is_long)
		return fail(why, FAIL_USAGE, "-%c: unknown option", optopt);
	return fail(why, FAIL_USAGE,
	    "%.*s: unknown option, or a value where none is taken",
	    SLICE_ARG(text));
}

static int take_options(struct invocation *inv, struct arguments *args,
    struct arena *a, struct fail *why)
{
	size_t n_max = flags_n + ROWS_MAX + ROWS(abbreviations) + 1;
	struct option *long_rows = arena_alloc(a, n_max * sizeof(*long_rows));
	struct buf short_rows;
	int grammar = inv->is_sendmail ? IN_SENDMAIL : IN_OWN;
	int c, before = 0, result = 0;

	make_long(grammar, a, long_rows);
	buf_init(&short_rows, 512);
	make_short(grammar, &short_rows);
	opterr = 0;
	optind = 0; /* glibc: start afresh */
	while (result == 0) {
		before = optind;
		c = getopt_long(
		    args->n, args->v, buf_text(&short_rows), long_rows, NULL);
		if (c == -1)
			break;
		result = c == '?' || c == ':' ? bad_option(c, args->v, why)
					      : apply(inv, c, optarg, a, why);
	}
	buf_free(&short_rows);
	args->has_dashes = result == 0 && optind > 1 && optind > before &&
			   strcmp(args->v[optind - 1], "--") == 0;
	return result;
}

int cmdline_parse(int argc, char **argv, struct arena *a,
    struct invocation *ret, struct fail *why)
{
	struct arguments args = { .v = argv, .n = argc };

	if (know_program(ret, argc > 0 ? argv[0] : NULL, why) != 0)
		return -1;
	if (argc < 1)
		return fail(why, FAIL_USAGE, "no program name was passed");
	if (take_options(ret, &args, a, why) != 0)
		return -1;
	if (ret->sender && ret->read_sender)
		return fail(why, FAIL_USAGE,
		    "--from and --read-envelope-from exclude each other");
	return take_operands(ret, &args, why);
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
	for (size_t i = 0; i < flags_n; i++)
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
