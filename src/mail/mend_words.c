/*
 * Words of a header field that have 8-bit octets.
 */
#include "mend_private.h"
#include "word.h"

/*
 * Octets behind the last line end; nobody asks beyond where lines are folded,
 * and a line of a million octets is not searched again for each word of it.
 */
static size_t column_of(const struct buf *b)
{
	size_t n = b->n < WORD_LINE_MAX ? b->n : WORD_LINE_MAX;
	const char *end = n ? memrchr(b->p + b->n - n, '\n', n) : NULL;

	return end ? b->n - (size_t)(end + 1 - b->p) : n;
}

size_t mend_unit(struct slice text)
{
	char open = text.p[0];
	size_t depth = 0, n = 0;

	if (open != '"' && open != '(')
		return 1;
	for (; n < text.n; n++) {
		char c = text.p[n];

		if (c == '\\')
			n++;
		else if (open == '"' ? c == '"' && n > 0 : c == ')')
			depth--;
		else if (c == open)
			depth++;
		if (depth == 0)
			break;
	}
	return n < text.n ? n + 1 : text.n;
}

size_t mend_find(struct slice text, const char *stops)
{
	size_t n = 0;

	while (n < text.n && !(text.p[n] && strchr(stops, text.p[n])))
		n += mend_unit(slice_skip(text, n));
	return n;
}

static bool has_comments(enum mend_mode mode)
{
	return mode != MEND_TEXT && mode != MEND_ASCII;
}

size_t mend_spaces(struct slice s)
{
	size_t n = 0;

	while (n < s.n && is_space(s.p[n]))
		n++;
	return n;
}

/* Octets of the word at the start, which is not empty. */
static size_t word_length(struct slice s, enum mend_mode mode)
{
	size_t n = 0;

	while (n < s.n && !is_space(s.p[n])) {
		char c = s.p[n];

		if (has_comments(mode) &&
		    (c == '(' || (mode == MEND_COMMENT && c == ')')))
			break;
		if (mode == MEND_COMMENT)
			n += c == '\\' && n + 1 < s.n ? 2 : 1;
		else
			n += has_comments(mode) ? mend_unit(slice_skip(s, n))
						: 1;
	}
	return n;
}

/* What words stand for: without quotes and folds. */
static void add_meaning(struct buf *b, struct slice s, enum mend_mode mode)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (mode == MEND_PHRASE && c == '"')
			continue;
		if (mode != MEND_TEXT && c == '\\' && i + 1 < s.n)
			c = s.p[++i];
		if (c != '\r' && c != '\n')
			buf_addc(b, c);
	}
}

/* From the first word with 8-bit octets to the last one before another. */
static size_t run_length(struct slice s, enum mend_mode mode)
{
	size_t n = word_length(s, mode), next = n;

	while (next < s.n) {
		size_t word;

		next += mend_spaces(slice_skip(s, next));
		word = word_length(slice_skip(s, next), mode);
		if (!slice_has_8bit(slice_head(slice_skip(s, next), word)))
			break;
		next += word;
		n = next;
	}
	return n;
}

static size_t first_max(const struct buf *b)
{
	size_t column = column_of(b);
	size_t room = column < WORD_LINE_MAX ? WORD_LINE_MAX - column : 0;

	if (room > WORD_MAX)
		return WORD_MAX;
	return room < WORD_FIRST_MIN ? WORD_FIRST_MIN : room;
}

struct writer {
	struct buf *b;
	enum mend_mode mode;
	bool was_word; /* the last word is an encoded one from before */
};

/*
 * Spaces, then a run of words as encoded words. Blanks between these and
 * encoded words that stood beside them have to be encoded as well: a reader
 * drops the others.
 */
static size_t put_run(struct writer *w, struct slice spaces, struct slice s)
{
	struct slice run = slice_head(s, run_length(s, w->mode)), next;
	struct buf text;

	buf_init(&text, run.n + 2);
	next = slice_skip(s, run.n);
	next = slice_skip(next, mend_spaces(next));
	next = slice_head(next, word_length(next, w->mode));
	if (w->was_word)
		buf_addc(&text, ' ');
	add_meaning(&text, run, w->mode);
	if (word_is_one(next))
		buf_addc(&text, ' ');
	if (spaces.n && !memchr(spaces.p, '\n', spaces.n) &&
	    column_of(w->b) + spaces.n + WORD_FIRST_MIN > WORD_LINE_MAX)
		buf_addc(w->b, '\n');
	buf_add_slice(w->b, spaces);
	word_add(w->b, buf_slice(&text), first_max(w->b));
	buf_free(&text);
	return run.n;
}

static void add_ascii(struct buf *b, struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (is_8bit(s.p[i]))
			buf_addc(b, '?');
		else
			buf_addc(b, s.p[i]);
}

/* In a comment, what does not belong to a word; else a comment. */
static size_t put_comment(struct writer *w, struct slice s)
{
	size_t n = w->mode == MEND_COMMENT ? 1 : mend_unit(s);
	struct slice inside = { s.p + 1, n - 1 };
	bool is_closed = n > 1 && s.p[n - 1] == ')';

	buf_addc(w->b, s.p[0]);
	inside.n -= is_closed;
	mend_words(w->b, inside, MEND_COMMENT);
	if (is_closed)
		buf_addc(w->b, ')');
	return n;
}

static size_t put_word(struct writer *w, struct slice spaces, struct slice s)
{
	struct slice word = slice_head(s, word_length(s, w->mode));
	bool is_text = w->mode <= MEND_COMMENT;

	if (!is_text || !slice_has_8bit(word)) {
		w->was_word = word_is_one(word);
		buf_add_slice(w->b, spaces);
		add_ascii(w->b, word);
		return word.n;
	}
	word.n = put_run(w, spaces, s);
	w->was_word = true;
	/* In a phrase it stands apart from what follows. */
	s = slice_skip(s, word.n);
	if (w->mode == MEND_PHRASE && (s.n == 0 || s.p[0] == '('))
		buf_addc(w->b, ' ');
	return word.n;
}

void mend_words(struct buf *b, struct slice text, enum mend_mode mode)
{
	struct writer w = { .b = b, .mode = mode };

	while (text.n) {
		struct slice spaces = slice_head(text, mend_spaces(text));

		text = slice_skip(text, spaces.n);
		if (word_length(text, mode)) {
			text = slice_skip(text, put_word(&w, spaces, text));
			continue;
		}
		buf_add_slice(b, spaces);
		if (text.n)
			text = slice_skip(text, put_comment(&w, text));
		w.was_word = false;
	}
}
