#include "caps.h"

static const struct {
	const char *keyword;
	enum cap cap;
} keywords[] = {
	{ "STARTTLS", CAP_STARTTLS },
	{ "PIPELINING", CAP_PIPELINING },
	{ "SIZE", CAP_SIZE },
	{ "8BITMIME", CAP_8BITMIME },
	{ "AUTH", CAP_AUTH },
	{ "DSN", CAP_DSN },
};

enum { MECHANISM_MAX = 20 }; /* RFC 4422 3.1 */

static char mechanism_char(char c)
{
	if (c >= 'a' && c <= 'z')
		return (char)(c - 32);
	if ((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
	    c == '_')
		return c;
	return '\0';
}

/* Into `name`, in upper case, with a NUL. False: not a mechanism's name. */
static bool mechanism_name(struct slice word, char name[MECHANISM_MAX + 1])
{
	if (word.n == 0 || word.n > MECHANISM_MAX)
		return false;
	for (size_t i = 0; i < word.n; i++) {
		name[i] = mechanism_char(word.p[i]);
		if (!name[i])
			return false;
	}
	name[word.n] = '\0';
	return true;
}

static void add_mechanisms(struct caps *c, struct slice list)
{
	struct slice word;

	while (slice_take_word(&list, &word)) {
		size_t n = strlen(c->auth);
		char name[MECHANISM_MAX + 1];

		if (!mechanism_name(word, name) ||
		    caps_has_mechanism(c, name) ||
		    n + word.n + 3 > sizeof(c->auth))
			continue;
		if (n == 0)
			c->auth[n++] = ' ';
		memcpy(c->auth + n, name, word.n);
		memcpy(c->auth + n + word.n, " ", 2);
	}
}

static void take_line(struct caps *c, struct slice line)
{
	struct slice keyword, word;
	uint64_t size;

	line = slice_trim(line);
	/* "AUTH=LOGIN" is older than RFC 2554 and still offered. */
	keyword = slice_head(line, 4);
	if (line.n > 4 && line.p[4] == '=' && slice_ieq(keyword, SLICE("AUTH")))
		line = slice_skip(line, 5);
	else if (slice_take_word(&line, &word))
		keyword = word;
	for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++) {
		if (!slice_ieq(keyword, slice_of(keywords[i].keyword)))
			continue;
		c->set |= keywords[i].cap;
		if (keywords[i].cap == CAP_AUTH)
			add_mechanisms(c, line);
		if (keywords[i].cap == CAP_SIZE &&
		    slice_number(slice_trim(line), 0, UINT64_MAX, &size))
			c->max_size = size;
		return;
	}
}

void caps_parse(const struct reply *ehlo, struct caps *ret_caps)
{
	struct slice rest = buf_slice(&ehlo->text), line;

	*ret_caps = (struct caps){ .set = 0 };
	/* The first line is the server's name and greeting. */
	(void)slice_take_until(&rest, '\n', &line);
	while (slice_take_until(&rest, '\n', &line))
		take_line(ret_caps, line);
}

bool caps_has_mechanism(const struct caps *c, const char *name)
{
	struct slice rest = slice_of(c->auth), word;

	while (slice_take_word(&rest, &word))
		if (slice_ieq(word, slice_of(name)))
			return true;
	return false;
}
