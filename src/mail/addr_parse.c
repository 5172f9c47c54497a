#include "addr.h"

/*
 * The parser looks ahead to the '<', ',', ';' or ':' that tells what the next
 * element of the list is, then reads it. It never goes back further than that
 * and never recurses.
 */
struct parser {
	struct arena *a;
	struct slice text;
	size_t at;
	bool bare_blanks, marks;
	bool in_group;
	size_t group_start;   /* list.n when the group began */
	struct slice comment; /* text of the last one in this element */
	/* What look_ahead() found. */
	size_t mark;      /* where the telling character stands */
	size_t plain_end; /* no need to look ahead again before this */
	bool saw_at;      /* an '@' stands before it */
	/* The address in hand. */
	struct buf local; /* without quotes */
	struct buf domain;
	struct addr_list list;
	struct fail *why;
};

/* More than any address that could be sent, so that addr_check() has its say
   about those that are merely too long. */
enum { PART_MAX = 4096, EXCERPT_MAX = 40 };

static int bad(struct parser *p, const char *what)
{
	struct slice rest = slice_head(slice_skip(p->text, p->at), EXCERPT_MAX);

	if (rest.n == 0)
		return fail(p->why, FAIL_MESSAGE, "%s at the end", what);
	return fail(p->why, FAIL_MESSAGE, "%s at octet %zu, \"%.*s\"", what,
	    p->at + 1, SLICE_ARG(rest));
}

/* '\0' at the end, which as a byte of the text is never legal. */
static char peek(const struct parser *p)
{
	if (p->at < p->text.n)
		return p->text.p[p->at];
	return '\0';
}

static bool at_end(const struct parser *p)
{
	return p->at >= p->text.n;
}

/*
 * One step through quoted text, a comment or between words: a line end that
 * folds (or ends the text), a quoted pair, any other byte. Bytes that could
 * mean a line end to somebody else are refused (RFC 5322 2.2.3, 4).
 */
static int step(struct parser *p, bool pairs)
{
	char c = peek(p);
	size_t n = p->at;

	if (pairs && c == '\\') {
		p->at++;
		c = peek(p);
		if (at_end(p) || (is_control(c) && c != '\t'))
			return bad(p, "nothing to escape");
	}
	if (!is_control(c) || c == '\t') {
		p->at++;
		return 0;
	}
	while (n < p->text.n && p->text.p[n] == '\r')
		n++;
	if (n == p->text.n || p->text.p[n] != '\n')
		return bad(
		    p, c == '\r' ? "a CR without LF" : "a control character");
	n++;
	if (n < p->text.n && !is_blank(p->text.p[n]))
		return bad(p, "a line end");
	p->at = n;
	return 0;
}

/* A comment, comments in it included, from its '(' on. */
static int skip_comment(struct parser *p)
{
	const size_t start = p->at;
	size_t depth = 0;

	while (!at_end(p)) {
		char c = peek(p);

		depth += c == '(';
		depth -= c == ')';
		if (step(p, true) < 0)
			return -1;
		if (depth == 0) {
			p->comment = slice_head(
			    slice_skip(p->text, start + 1), p->at - start - 2);
			return 0;
		}
	}
	p->at = start;
	return bad(p, "a comment without its end");
}

/* Blanks, folds and comments (CFWS, RFC 5322 3.2.2). */
static int skip_cfws(struct parser *p)
{
	int rc = 0;

	while (rc == 0 && !at_end(p)) {
		char c = peek(p);

		if (c == '(')
			rc = skip_comment(p);
		else if (c == ' ' || is_control(c))
			rc = step(p, false);
		else
			break;
	}
	return rc;
}

/* From its opening quote on; content may be NULL. */
static int take_quoted(struct parser *p, struct buf *content)
{
	const size_t start = p->at++;

	while (!at_end(p) && peek(p) != '"') {
		char last;

		if (step(p, true) < 0)
			return -1;
		/* Of a pair the second byte counts, of a fold none. */
		last = p->text.p[p->at - 1];
		if (content && last != '\n')
			buf_addc(content, last);
	}
	if (at_end(p)) {
		p->at = start;
		return bad(p, "a quote without its end");
	}
	p->at++;
	return 0;
}

static void take_atom(struct parser *p, struct buf *content)
{
	while (addr_is_atext(peek(p)))
		buf_addc(content, p->text.p[p->at++]);
}

static int take_word(struct parser *p)
{
	if (peek(p) == '"')
		return take_quoted(p, &p->local);
	take_atom(p, &p->local);
	return 0;
}

/*
 * word *("." word), blanks and comments around the dots (RFC 5322 4.4). Dots
 * in a row or at the ends, as some providers gave them out, are let through:
 * the SMTP form has quotes then.
 */
static int take_local(struct parser *p, struct addr *ret)
{
	bool after_word = false, has_word = false;

	buf_clear(&p->local);
	ret->local_end = p->at;
	for (;;) {
		char c = peek(p);

		if (c == '.') {
			buf_addc(&p->local, c);
			p->at++;
			after_word = false;
		} else if (!after_word && (c == '"' || addr_is_atext(c))) {
			if (take_word(p) < 0)
				return -1;
			after_word = has_word = true;
		} else {
			break;
		}
		ret->local_end = p->at;
		if (skip_cfws(p) < 0)
			return -1;
	}
	return has_word ? 0 : bad(p, "an address is missing");
}

/* "[192.0.2.1]", "[IPv6:2001:db8::1]": RFC 5321 4.1.3. */
static int take_literal(struct parser *p)
{
	do
		buf_addc(&p->domain, p->text.p[p->at++]);
	while (addr_is_atext(peek(p)) || addr_is_one_of(peek(p), ".:"));
	if (peek(p) != ']')
		return bad(p, "a bad address literal");
	p->at++;
	buf_addc(&p->domain, ']');
	return 0;
}

/* May an element start here, behind another one? */
static bool is_apart(const struct parser *p)
{
	char before = p->text.p[p->at - 1];

	return p->bare_blanks && (is_blank(before) || before == '\n');
}

/* The dot of DNS behind a whole name, which no mail knows. */
static bool was_last_dot(const struct parser *p)
{
	return at_end(p) || addr_is_one_of(peek(p), ",;>");
}

static int take_domain(struct parser *p, size_t *ret_end)
{
	size_t end, behind;

	buf_clear(&p->domain);
	if (skip_cfws(p) < 0)
		return -1;
	for (;;) {
		if (peek(p) == '[' && p->domain.n == 0) {
			if (take_literal(p) < 0)
				return -1;
		} else if (addr_is_atext(peek(p))) {
			take_atom(p, &p->domain);
		} else {
			return bad(p, "an incomplete domain");
		}
		end = p->at;
		if (skip_cfws(p) < 0)
			return -1;
		if (peek(p) != '.')
			break;
		p->at++;
		behind = p->at;
		if (skip_cfws(p) < 0)
			return -1;
		/* "a@b. c" as an operand is two. */
		if (was_last_dot(p) || (is_apart(p) && behind == end + 1)) {
			end = behind;
			break;
		}
		buf_addc(&p->domain, '.');
	}
	*ret_end = end;
	return 0;
}

/* Quotes and comments are as good as what spec has. */
static bool is_odd(const struct parser *p, const struct addr *addr)
{
	struct slice source =
	    slice_skip(slice_head(p->text, addr->end), addr->start);

	return addr->is_marked || (!slice_eq(source, slice_of(addr->spec)) &&
				      slice_find(source, '"') == source.n &&
				      slice_find(source, '(') == source.n);
}

static int take_addr_spec(struct parser *p, struct addr *ret)
{
	ret->is_marked = p->marks && peek(p) == '\\';
	p->at += ret->is_marked;
	if (take_local(p, ret) < 0)
		return -1;
	ret->end = ret->local_end;
	buf_clear(&p->domain);
	ret->has_domain = peek(p) == '@';
	if (ret->has_domain) {
		p->at++;
		if (take_domain(p, &ret->end) < 0)
			return -1;
	}
	if (p->local.full || p->domain.full)
		return bad(p, "an endless address");
	ret->spec =
	    addr_join(p->a, buf_slice(&p->local), buf_slice(&p->domain));
	ret->is_odd = is_odd(p, ret);
	return 0;
}

/* "@a,@b:" of RFC 5322 4.4: nobody routes by hand any more. */
static int skip_route(struct parser *p)
{
	size_t end;

	while (addr_is_one_of(peek(p), "@,")) {
		bool is_at = peek(p) == '@';

		p->at++;
		if (is_at ? take_domain(p, &end) < 0 : skip_cfws(p) < 0)
			return -1;
	}
	if (peek(p) != ':')
		return bad(p, "a route without its colon");
	p->at++;
	return skip_cfws(p);
}

/* From the '<' on. */
static int take_angle(struct parser *p, struct addr *ret)
{
	p->at++;
	if (skip_cfws(p) < 0)
		return -1;
	if (peek(p) == '>')
		return bad(p, "an empty address");
	ret->start = p->at;
	if (addr_is_one_of(peek(p), "@,") && skip_route(p) < 0)
		return -1;
	if (take_addr_spec(p, ret) < 0)
		return -1;
	if (peek(p) != '>')
		return bad(p, "an address without its '>'");
	p->at++;
	return skip_cfws(p);
}

enum element {
	ELEMENT_PLAIN, /* address, or what cannot be one */
	ELEMENT_NAMED, /* phrase <address> */
	ELEMENT_GROUP, /* phrase: ... */
};

/* To the character that tells, or one that cannot be. Sets saw_at. */
static int skip_phrase(struct parser *p)
{
	bool in_literal = false;
	int rc = 0;

	p->saw_at = false;
	while (rc == 0 && !at_end(p)) {
		char c = peek(p);

		if (addr_is_one_of(c, in_literal ? "<>)\\" : "<>)\\,;:"))
			break;
		if (c == '"') {
			rc = take_quoted(p, NULL);
		} else if (is_blank(c) || c == '(' || is_control(c)) {
			rc = skip_cfws(p);
			/* Of operands "a@b c <d@e>" is two, not one. */
			if (p->bare_blanks && p->saw_at && peek(p) != '<')
				break;
		} else {
			in_literal = c == '[' || (in_literal && c != ']');
			p->saw_at = p->saw_at || c == '@';
			p->at++;
		}
	}
	return rc;
}

/* What starts here. Sets mark and saw_at; moves nothing else. */
static int look_ahead(struct parser *p, enum element *ret)
{
	const struct slice comment = p->comment;
	const size_t start = p->at;

	if (skip_phrase(p) < 0)
		return -1;
	p->mark = p->at;
	*ret = ELEMENT_PLAIN;
	if (peek(p) == '<')
		*ret = ELEMENT_NAMED;
	if (peek(p) == ':' && !p->saw_at && p->mark > start)
		*ret = ELEMENT_GROUP;
	p->at = start;
	p->comment = comment;
	return 0;
}

/* "a@b <a@b>" and "'a@b' <a@b>" occur; the phrase hides no other address. */
static bool says_the_same(struct slice phrase, const char *spec)
{
	if (phrase.n > 2 && phrase.p[0] == '\'' &&
	    phrase.p[phrase.n - 1] == '\'')
		phrase = slice_head(slice_skip(phrase, 1), phrase.n - 2);
	return slice_ieq(phrase, slice_of(spec));
}

static int take_mailbox(struct parser *p, enum element kind)
{
	const size_t start = p->at;
	struct addr addr = { .start = start };

	if (p->list.n == ADDR_LIST_MAX)
		return fail(p->why, FAIL_MESSAGE, "more than %d addresses",
		    ADDR_LIST_MAX);
	if (kind == ELEMENT_NAMED) {
		addr.name = slice_trim_eol(
		    slice_head(slice_skip(p->text, start), p->mark - start));
		p->at = p->mark;
		if (take_angle(p, &addr) < 0)
			return -1;
		if (p->saw_at && !says_the_same(addr.name, addr.spec)) {
			p->at = start;
			return bad(p, "a comma or a quote is missing");
		}
	} else if (take_addr_spec(p, &addr) < 0) {
		return -1;
	}
	if (addr.name.n == 0)
		addr.name = p->comment;
	p->comment = slice_head(p->comment, 0);
	p->list.v = arena_grow(p->a, p->list.v, p->list.n, sizeof(addr));
	p->list.v[p->list.n++] = addr;
	return 0;
}

/* Sets *ret_separated when nothing need stand before the next element. */
static int take_element(struct parser *p, bool *ret_separated)
{
	enum element kind = ELEMENT_PLAIN;

	if (p->at >= p->plain_end && look_ahead(p, &kind) < 0)
		return -1;
	if (kind == ELEMENT_PLAIN)
		p->plain_end = p->mark;
	*ret_separated = kind == ELEMENT_GROUP;
	if (kind != ELEMENT_GROUP)
		return take_mailbox(p, kind);
	if (p->in_group)
		return bad(p, "a group in a group");
	p->in_group = true;
	p->group_start = p->list.n;
	p->at = p->mark + 1;
	return 0;
}

/* Behind a comma or a semicolon. */
static void take_separator(struct parser *p)
{
	struct addr_list *list = &p->list;

	if (peek(p) == ';' && !p->in_group) {
		list->stray = arena_grow(
		    p->a, list->stray, list->n_stray, sizeof(*list->stray));
		list->stray[list->n_stray++] = p->at;
	}
	p->in_group = p->in_group && peek(p) == ',';
	p->at++;
}

static int take_list(struct parser *p)
{
	bool separated = true;

	while (skip_cfws(p) == 0) {
		char c = peek(p);

		if (at_end(p)) {
			p->list.is_open = p->in_group;
			return p->in_group && p->list.n > p->group_start
				   ? bad(p, "a group without its semicolon")
				   : 0;
		}
		if (c == ',' || c == ';') {
			take_separator(p);
			separated = true;
			continue;
		}
		if (!separated && !is_apart(p))
			return bad(p, addr_is_one_of(c, ")>]:@\\")
					  ? "an unexpected character"
					  : "a comma is missing");
		if (take_element(p, &separated) < 0)
			return -1;
	}
	return -1;
}

int addr_parse(struct arena *a, struct slice text,
    const struct addr_syntax *syntax, struct addr_list *list, struct fail *why)
{
	struct parser p = { .a = a,
		.text = text,
		.bare_blanks = syntax->bare_blanks,
		.marks = syntax->marks,
		.list = *list,
		.why = why };
	int rc;

	p.list.is_open = false;
	p.list.stray = NULL;
	p.list.n_stray = 0;
	buf_init(&p.local, PART_MAX);
	buf_init(&p.domain, PART_MAX);
	rc = take_list(&p);
	buf_free(&p.local);
	buf_free(&p.domain);
	if (rc == 0)
		*list = p.list;
	return rc;
}
