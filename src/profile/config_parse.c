#include "config_parse.h"
#include "run.h"
#include "token.h"

enum { EVAL_SECONDS = 10, KEYWORD_MAX = 32 };

struct parser {
	struct config *c;
	const struct config_source *source;
	unsigned line;
	struct settings defaults;
	struct account *v; /* of this file; the last one is being filled */
	size_t n;
	bool in_defaults;
	bool evaluated;   /* this line was printed by a command */
	bool has_secret;  /* a password stands in the file itself */
	bool bare_secret; /* the line before was a password without one */
};

/* ---- lines ---- */

static struct slice unquote(struct slice s)
{
	if (s.n >= 2 && s.p[0] == '"' && s.p[s.n - 1] == '"')
		return slice_head(slice_skip(s, 1), s.n - 2);
	return s;
}

/* False when the line says nothing: it is empty or a comment. */
static bool split_line(
    struct slice line, struct slice *ret_key, struct slice *ret_value)
{
	struct slice rest = slice_trim_eol(line);

	if (rest.n == 0 || rest.p[0] == '#')
		return false;
	(void)slice_take_word(&rest, ret_key);
	*ret_value = unquote(slice_trim(rest));
	return true;
}

static int check_line(struct slice line, struct fail *why)
{
	if (line.n > CONFIG_LINE_MAX)
		return fail(why, FAIL_CONFIG, "line longer than %d characters",
		    CONFIG_LINE_MAX);
	if (slice_find(line, '\0') < line.n)
		return fail(why, FAIL_CONFIG, "line with a NUL byte");
	return 0;
}

/* ---- accounts ---- */

static struct account *account_of(
    struct account *v, size_t n, struct slice name)
{
	for (size_t i = 0; i < n; i++)
		if (slice_eq(slice_of(v[i].name), name))
			return &v[i];
	return NULL;
}

/* The new account is what `defaults` say at this place of the file. */
static int open_account(struct parser *p, struct slice name, struct fail *why)
{
	struct account *account;

	if (name.n == 0)
		return fail(
		    why, FAIL_CONFIG, "missing argument for command account");
	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] == ',' || is_control(name.p[i]))
			return fail(why, FAIL_CONFIG,
			    "a name of an account must not contain commas or "
			    "control characters");
	account = account_of(p->v, p->n, name);
	if (account)
		return fail(why, FAIL_CONFIG,
		    "account %.*s was already defined in line %u",
		    SLICE_ARG(name), account->line);
	p->v = arena_grow(p->c->arena, p->v, p->n, sizeof(*p->v));
	account = &p->v[p->n++];
	*account = (struct account){
		.name = arena_copy(p->c->arena, name),
		.file = p->source->file,
		.line = p->line,
		.settings = p->defaults,
	};
	p->in_defaults = false;
	return 0;
}

/* A name of the list after `account`, which may have quotes of its own. */
static struct slice name_of(struct slice part)
{
	return unquote(slice_trim(part));
}

/* What was set explicitly in each of them, later ones on top. */
static int inherit(struct parser *p, struct slice parents, struct fail *why)
{
	struct account *heir = &p->v[p->n - 1];
	struct slice name;

	if (parents.n == 0)
		return fail(why, FAIL_CONFIG, "no account after the colon");
	while (slice_take_until(&parents, ',', &name)) {
		const struct account *parent;

		name = name_of(name);
		parent = account_of(p->v, p->n - 1, name);
		if (!parent)
			return fail(why, FAIL_CONFIG,
			    "account %.*s not (yet) defined", SLICE_ARG(name));
		settings_overlay(&heir->settings, &parent->settings);
	}
	return 0;
}

static int run_account(struct parser *p, struct slice value, struct fail *why)
{
	size_t colon = slice_find(value, ':');

	if (colon == value.n)
		return open_account(p, value, why);
	if (open_account(p, name_of(slice_head(value, colon)), why) != 0)
		return -1;
	return inherit(p, slice_trim(slice_skip(value, colon + 1)), why);
}

static int run_defaults(struct parser *p, struct slice value, struct fail *why)
{
	if (value.n)
		return fail(why, FAIL_CONFIG,
		    "command defaults does not take an argument");
	p->in_defaults = true;
	return 0;
}

/* ---- settings ---- */

static int run_option(struct parser *p, const struct option_info *o,
    struct slice value, struct fail *why)
{
	const struct option_source source = {
		.origin = { p->source->kind, p->line, p->source->file,
		    p->in_defaults },
		.home = p->c->home,
		.arena = p->c->arena,
	};
	struct settings *s = &p->defaults;

	if ((o->type == OPTION_SECRET || token_is_secret(value)) &&
	    !p->evaluated)
		p->has_secret = true;
	p->bare_secret = o->type == OPTION_SECRET && value.n == 0;
	if (!p->in_defaults) {
		if (p->n == 0 && open_account(p, SLICE("default"), why) != 0)
			return -1;
		s = &p->v[p->n - 1].settings;
	}
	return option_set(s, o, value, &source, why);
}

static bool is_name_char(char c)
{
	c = ascii_lower(c);
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
	       c == '-';
}

/*
 * The word is shown only when it has the form of a keyword: it may be the
 * rest of a password that somebody broke into two lines.
 */
static int unknown(const struct parser *p, struct slice key, struct fail *why)
{
	size_t n = 0;
	struct slice head;

	while (n < key.n && is_name_char(key.p[n]))
		n++;
	head = slice_head(key, n);
	if (n < key.n && (key.p[n] == '=' || key.p[n] == ':') &&
	    option_by_key(head))
		return fail(why, FAIL_CONFIG,
		    "command %.*s is followed by '%c', not by a blank",
		    SLICE_ARG(head), key.p[n]);
	if (n < key.n || n > KEYWORD_MAX || p->bare_secret)
		return fail(why, FAIL_CONFIG, "unknown command (not shown)");
	return fail(why, FAIL_CONFIG, "unknown command %.*s", SLICE_ARG(key));
}

/* ---- eval ---- */

static struct slice eval(
    struct parser *p, struct slice command, struct fail *why)
{
	struct config *c = p->c;
	const char *const argv[] = { "/bin/sh", "-c",
		arena_copy(c->arena, command), NULL };
	struct secret *line = NULL;
	struct run run;

	if (run_start(&run, argv, "eval", EVAL_SECONDS, why) == 0) {
		/* What a command prints that has nothing to add. */
		run.takes_empty = true;
		line = run_collect(&run, why);
	}
	if (!line) {
		if (why && why->kind == FAIL_SECRET)
			why->kind = FAIL_CONFIG;
		return (struct slice){ NULL, 0 };
	}
	c->evals =
	    arena_grow(c->arena, c->evals, c->n_evals, sizeof(struct secret *));
	c->evals[c->n_evals++] = line;
	return secret_view(line);
}

static int run_line(struct parser *p, struct slice line, struct fail *why);

static int run_eval(struct parser *p, struct slice value, struct fail *why)
{
	struct slice line;
	int result;

	if (value.n == 0)
		return fail(
		    why, FAIL_CONFIG, "missing argument for command eval");
	if (p->evaluated)
		return fail(why, FAIL_CONFIG, "eval must not yield eval");
	line = eval(p, value, why);
	if (!line.p)
		return -1;
	p->evaluated = true;
	result = run_line(p, line, why);
	p->evaluated = false;
	return result;
}

/* ---- the file ---- */

/* The words of the grammar itself; all others are options. */
static const struct {
	const char *word;
	int (*run)(struct parser *p, struct slice value, struct fail *why);
} words[] = {
	{ "account", run_account },
	{ "defaults", run_defaults },
	{ "eval", run_eval },
};

static int run_line(struct parser *p, struct slice line, struct fail *why)
{
	const struct option_info *o;
	const struct option_alias *alias;
	struct slice key, value;

	if (check_line(line, why) != 0)
		return -1;
	if (!split_line(line, &key, &value))
		return 0;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (slice_eq(key, slice_of(words[i].word)))
			return words[i].run(p, value, why);
	alias = option_alias_by_key(key);
	if (alias && option_alias_value(alias, value, &value, why) != 0)
		return -1;
	o = option_by_key(key);
	return o ? run_option(p, o, value, why) : unknown(p, key, why);
}

/* The user's file is read first and its accounts win as a whole. */
static void add_accounts(struct config *c, const struct parser *p)
{
	size_t known = c->n;

	for (size_t i = 0; i < p->n; i++) {
		if (account_of(c->v, known, slice_of(p->v[i].name)))
			continue;
		c->v = arena_grow(c->arena, c->v, c->n, sizeof(*c->v));
		c->v[c->n++] = p->v[i];
		c->n_user += p->source->kind == ORIGIN_USER;
	}
}

int config_parse(struct config *c, struct slice text,
    const struct config_source *source, bool *ret_secret, struct fail *why)
{
	struct parser p = { .c = c, .source = source };
	struct slice line;

	settings_init(&p.defaults);
	while (slice_take_line(&text, &line)) {
		p.line++;
		if (run_line(&p, line, why) != 0)
			return fail_wrap(
			    why, "%s: line %u", source->file, p.line);
	}
	add_accounts(c, &p);
	*ret_secret = p.has_secret;
	return 0;
}
