#include "addr.h"
#include "alias_private.h"

enum { EXCERPT_MAX = 60 };

struct reader {
	struct alias_table *t;
	struct arena *a;
	struct arena scratch;
	struct buf *warnings;
	struct slice rest;   /* of the file */
	size_t rest_line;    /* the number of its first line */
	size_t entry_line;   /* the number of the first line of the entry */
	struct buf entry;    /* its text, comments left out, as many lines as in
				the file */
	bool entry_in_quote; /* it ends within quotes */
	struct buf values;   /* of the entry, a NUL behind each */
	size_t n_values;
};

/* The place behind the character at i. A backslash takes the next along. */
static size_t step(struct slice s, size_t i, bool *in_quote)
{
	if (s.p[i] == '\\')
		return i + 2 < s.n ? i + 2 : s.n;
	if (s.p[i] == '"')
		*in_quote = !*in_quote;
	return i + 1;
}

/*
 * A line without its comment. '#' is a legal character of a local part (RFC
 * 5322 3.2.3), so it ends the text only where no local part can go on.
 */
static struct slice without_comment(struct slice line, bool *in_quote)
{
	bool in_domain = false, is_first = true;
	size_t i = 0;

	while (i < line.n) {
		char c = line.p[i];
		bool is_apart =
		    i == 0 || addr_is_one_of(line.p[i - 1], " \t,:>)");

		if (c == '#' && !*in_quote && (is_apart || in_domain))
			break;
		in_domain = !*in_quote && !addr_is_one_of(c, " \t,:") &&
			    (in_domain || c == '@');
		/* A mark of its own, as in value_length(). */
		if (c == '\\' && is_first && !*in_quote)
			i++;
		else
			i = step(line, i, in_quote);
		is_first = addr_is_one_of(c, ",:") || (is_first && is_blank(c));
	}
	return slice_trim(slice_head(line, i));
}

/* The length of the name before a colon; s.n when there is no colon. */
static size_t name_length(struct slice s)
{
	bool in_quote = false, in_literal = false;
	size_t i = 0;

	while (i < s.n && (s.p[i] != ':' || in_quote || in_literal)) {
		if (!in_quote && addr_is_one_of(s.p[i], "[]"))
			in_literal = s.p[i] == '[';
		i = step(s, i, &in_quote);
	}
	return i;
}

/* The text as exactly one name or address. NULL: why is MESSAGE. */
static const char *parse_one(
    struct arena *a, struct slice text, struct fail *why)
{
	static const struct addr_syntax syntax = { .bare_blanks = false };
	struct addr_list list = { 0 };

	if (addr_parse(a, text, &syntax, &list, why) != 0)
		return NULL;
	if (list.n == 1)
		return list.v[0].spec;
	text = slice_head(text, EXCERPT_MAX);
	fail(why, FAIL_MESSAGE, "\"%.*s\" is not one name or address",
	    SLICE_ARG(text));
	return NULL;
}

/* Takes "name:" off an entry. NULL: why is MESSAGE. */
static const char *take_name(
    struct arena *a, struct slice *rest, struct fail *why)
{
	size_t n = name_length(*rest);
	struct slice text = slice_trim_eol(slice_head(*rest, n));
	const char *name;

	if (n == rest->n) {
		fail(why, FAIL_MESSAGE, "a name and a colon are missing");
		return NULL;
	}
	name = parse_one(a, text, why);
	if (name)
		*rest = slice_skip(*rest, n + 1);
	return name;
}

static bool has_name(struct slice line)
{
	struct arena scratch = { 0 };
	bool has = take_name(&scratch, &line, NULL) != NULL;

	arena_free(&scratch);
	return has;
}

/* Does the line go on with the entry that was read so far? */
static bool continues(const struct reader *r, struct slice line)
{
	struct slice entry = slice_trim_eol(buf_slice(&r->entry));

	if (!is_blank(line.p[0]))
		return false;
	return r->entry_in_quote ||
	       addr_is_one_of(entry.p[entry.n - 1], ",:") ||
	       !has_name(slice_trim_eol(line));
}

/* The next entry with the lines that continue it. False at the end. */
static bool read_entry(struct reader *r)
{
	struct slice rest = r->rest, line;

	buf_clear(&r->entry);
	r->entry_in_quote = false;
	while (slice_take_line(&rest, &line)) {
		struct slice text = slice_trim_eol(line);

		if (text.n && text.p[0] != '#') {
			if (r->entry.n && !continues(r, line))
				break;
			if (r->entry.n)
				buf_addc(&r->entry, ' ');
			else
				r->entry_line = r->rest_line;
			buf_add_slice(&r->entry,
			    without_comment(text, &r->entry_in_quote));
		}
		if (r->entry.n)
			buf_addc(&r->entry, '\n');
		r->rest = rest;
		r->rest_line++;
	}
	return r->entry.n > 0;
}

/* What others run, write to, read from or bounce with. */
static bool is_directive(struct slice s)
{
	while (s.n && addr_is_one_of(s.p[0], "\\\" \t"))
		s = slice_skip(s, 1);
	return s.n && (addr_is_one_of(s.p[0], "|/:") ||
			  slice_istarts(s, SLICE("error:")));
}

/*
 * Up to the comma. Parentheses hold comments, but not those of a shell. A
 * backslash in front is a mark and takes nothing along.
 */
static size_t value_length(struct slice s)
{
	const bool has_comments = !is_directive(s);
	bool in_quote = false;
	size_t depth = 0, i = s.p[0] == '\\';

	while (i < s.n) {
		char c = s.p[i];

		if (c == ',' && !in_quote && depth == 0)
			break;
		if (has_comments && !in_quote) {
			depth += c == '(';
			depth -= c == ')' && depth > 0;
		}
		i = step(s, i, &in_quote);
	}
	return i;
}

static bool take_value(struct slice *rest, struct slice *ret)
{
	struct slice s = slice_trim_eol(*rest);
	size_t n;

	while (s.n && s.p[0] == ',')
		s = slice_trim_eol(slice_skip(s, 1));
	if (s.n == 0)
		return false;
	n = value_length(s);
	*ret = slice_trim_eol(slice_head(s, n));
	*rest = slice_skip(s, n);
	return true;
}

/* Some put all of an address in quotes, and mean the address. */
static struct slice unquoted(struct slice s)
{
	struct slice inner;

	if (s.n < 2 || s.p[0] != '"' || s.p[s.n - 1] != '"')
		return s;
	inner = slice_head(slice_skip(s, 1), s.n - 2);
	if (slice_find(inner, '@') == inner.n ||
	    slice_find(inner, '"') < inner.n ||
	    slice_find(inner, '\\') < inner.n)
		return s;
	return inner;
}

/* Adds the value, or what is left of it: nothing. Fails: MESSAGE. */
static int add_value(
    struct reader *r, struct slice value, size_t line, struct fail *why)
{
	bool is_last = value.p[0] == '\\';
	bool is_ignored = is_directive(value);
	const char *spec = NULL;

	if (!is_ignored) {
		spec = parse_one(
		    &r->scratch, unquoted(slice_skip(value, is_last)), why);
		if (!spec)
			return -1;
		/* Quotes and comments may have hidden it. */
		is_ignored = is_directive(slice_of(spec));
	}
	if (is_ignored) {
		value = slice_head(value, EXCERPT_MAX);
		alias_warn(r->warnings, r->t->path, line,
		    "%.*s is ignored: only addresses and names are followed",
		    SLICE_ARG(value));
		return 0;
	}
	if (addr_check(spec, false, why) != 0)
		return -1;
	if (is_last)
		buf_addc(&r->values, '\\');
	buf_add(&r->values, spec, strlen(spec) + 1);
	r->n_values++;
	return 0;
}

static size_t count_lines(struct slice s)
{
	size_t lines = 0;

	for (size_t i = 0; i < s.n; i++)
		lines += s.p[i] == '\n';
	return lines;
}

/* False when the entry cannot be used; that was said then. */
static bool read_values(struct reader *r, struct slice rest)
{
	size_t line = r->entry_line;
	const char *at = r->entry.p;
	struct slice value;
	struct fail why;

	buf_clear(&r->values);
	r->n_values = 0;
	while (take_value(&rest, &value)) {
		int rc;

		line +=
		    count_lines((struct slice){ at, (size_t)(value.p - at) });
		at = value.p;
		rc = add_value(r, value, line, &why);
		arena_free(&r->scratch);
		if (rc != 0) {
			alias_warn(r->warnings, r->t->path, line,
			    "left out: %s", why.text);
			return false;
		}
	}
	return true;
}

static void parse_entry(struct reader *r)
{
	struct slice rest = buf_slice(&r->entry);
	struct alias *alias, **place;
	struct fail why;
	const char *name = take_name(&r->scratch, &rest, &why);

	if (!name) {
		alias_warn(r->warnings, r->t->path, r->entry_line,
		    "left out: %s", why.text);
		return;
	}
	if (strcmp(name, "*") == 0)
		name = "default";
	place = alias_place(r->t, slice_of(name));
	if (*place) {
		alias_warn(r->warnings, r->t->path, r->entry_line,
		    "left out: %s was there before", name);
		return;
	}
	name = arena_copy(r->a, slice_of(name));
	if (!read_values(r, rest))
		return;
	if (r->n_values == 0)
		alias_warn(r->warnings, r->t->path, r->entry_line,
		    "%s has no address", name);
	alias = arena_alloc(r->a, sizeof(*alias));
	alias->name = name;
	alias->values = arena_copy(r->a, buf_slice(&r->values));
	alias->n = r->n_values;
	*place = alias;
	if (slice_ieq(slice_of(name), SLICE("default")))
		r->t->catch_all = alias;
}

/* A name a line at most: the chains stay short. */
static void make_buckets(
    struct alias_table *t, struct slice text, struct arena *a)
{
	size_t lines = count_lines(text) + 1;

	t->n_buckets = 1;
	while (t->n_buckets < lines)
		t->n_buckets *= 2;
	t->bucket = arena_alloc(a, t->n_buckets * sizeof(struct alias *));
}

void alias_parse(struct alias_table *t, const char *path, struct slice text,
    struct arena *a, struct buf *warnings)
{
	struct reader r = { .t = t,
		.a = a,
		.warnings = warnings,
		.rest = text,
		.rest_line = 1 };

	*t = (struct alias_table){ .path = path, .host = alias_host_name(a) };
	make_buckets(t, text, a);
	/* An entry is no longer than the text, with a blank for each line. */
	buf_init(&r.entry, 2 * text.n + 2);
	buf_init(&r.values, 4 * text.n + 4);
	while (read_entry(&r)) {
		parse_entry(&r);
		arena_free(&r.scratch);
	}
	buf_free(&r.entry);
	buf_free(&r.values);
}
