#include "netrc.h"
#include "io.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- words ---- */

static bool is_apart(char c)
{
	return is_space(c) || c == '\f' || c == '\v';
}

/*
 * Past the character: is it part of the word, or a quote? *quote is 0 outside
 * of quotes.
 */
static bool is_part(char c, char *quote)
{
	if (*quote && c == *quote)
		*quote = '\0';
	else if (!*quote && (c == '"' || c == '\''))
		*quote = c;
	else
		return true;
	return false;
}

/* The next word, its quotes still in it; they end at the line's end. */
static bool take_word(struct slice *rest, struct slice *ret_word)
{
	struct slice s = *rest;
	char quote = '\0';
	size_t n = 0;

	while (s.n && (is_apart(s.p[0]) || s.p[0] == '#')) {
		size_t skip = s.p[0] == '#' ? slice_find(s, '\n') : 1;

		s = slice_skip(s, skip);
	}
	for (; n < s.n && s.p[n] != '\n'; n++) {
		if (!quote && is_apart(s.p[n]))
			break;
		(void)is_part(s.p[n], &quote);
	}
	*ret_word = slice_head(s, n);
	*rest = slice_skip(s, n);
	return n > 0;
}

static bool word_is(struct slice word, const char *text, bool any_case)
{
	char quote = '\0';

	for (size_t i = 0; i < word.n; i++) {
		char c = word.p[i];

		if (!is_part(c, &quote))
			continue;
		if (*text == '\0' ||
		    (any_case ? ascii_lower(c) != ascii_lower(*text)
			      : c != *text))
			return false;
		text++;
	}
	return *text == '\0';
}

/* NULL when nothing but quotes is left of it. */
static struct secret *secret_of(struct slice word, struct fail *why)
{
	struct secret *secret = secret_new(word.n, why);
	char quote = '\0';

	for (size_t i = 0; secret && i < word.n; i++)
		if (is_part(word.p[i], &quote))
			(void)secret_add(
			    secret, slice_head(slice_skip(word, i), 1));
	if (secret && secret_view(secret).n == 0)
		secret = secret_free(secret);
	return secret;
}

/* ---- entries ---- */

struct reader {
	const struct netrc_key *key;
	bool is_machine; /* of the entry that is being read */
	bool is_login;
	bool has_login;
	struct slice password;
};

static void skip_macro(struct slice *rest)
{
	struct slice line;

	while (slice_take_line(rest, &line))
		if (slice_trim_eol(line).n == 0)
			return;
}

static void begin(struct reader *r, bool is_machine)
{
	*r = (struct reader){ r->key, .is_machine = is_machine,
		.password = SLICE("") };
}

static void set_machine(struct reader *r, struct slice value)
{
	begin(r, word_is(value, r->key->machine, true));
}

static void set_login(struct reader *r, struct slice value)
{
	/* A second one begins an entry of its own for the same machine. */
	if (r->has_login)
		begin(r, r->is_machine);
	r->has_login = true;
	r->is_login = word_is(value, r->key->login, false);
}

static void set_password(struct reader *r, struct slice value)
{
	r->password = value;
}

static void set_nothing(struct reader *r, struct slice value)
{
	(void)r, (void)value;
}

static const struct {
	const char *word;
	void (*set)(struct reader *r, struct slice value);
} words[] = {
	{ "machine", set_machine },
	{ "login", set_login },
	{ "user", set_login },
	{ "password", set_password },
	{ "passwd", set_password },
	{ "account", set_nothing },
};

/* One word and its value, if it has one. */
static void read_word(struct reader *r, struct slice word, struct slice *rest)
{
	struct slice value;

	if (slice_eq(word, SLICE("default")))
		begin(r, false);
	if (slice_eq(word, SLICE("macdef")))
		skip_macro(rest);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (slice_eq(word, slice_of(words[i].word)) &&
		    take_word(rest, &value))
			words[i].set(r, value);
}

struct secret *netrc_find(
    struct slice text, const struct netrc_key *key, struct fail *why)
{
	struct reader r = { .key = key, .password = SLICE("") };
	struct secret *secret = NULL;
	struct slice word;

	(void)fail_as(why, FAIL_NONE);
	/* What is set may stand in any order: looked at after every word. */
	while (!secret && take_word(&text, &word)) {
		read_word(&r, word, &text);
		if (!r.is_machine || !r.is_login || r.password.n == 0)
			continue;
		secret = secret_of(r.password, why);
		if (!secret && why && why->kind != FAIL_NONE)
			return NULL;
		r.password = SLICE("");
	}
	return secret;
}

/* ---- files ---- */

static struct secret *read_text(int fd, const struct stat *st, struct fail *why)
{
	struct secret *text;

	if (!S_ISREG(st->st_mode) || st->st_size > NETRC_FILE_MAX) {
		fail(why, FAIL_SECRET, "not a regular file of at most %d bytes",
		    NETRC_FILE_MAX);
		return NULL;
	}
	text = secret_new((size_t)st->st_size, why);
	if (text && secret_read(text, fd) != 0) {
		fail(why, FAIL_SECRET, "%s",
		    errno == EFBIG ? "changed while it was read"
				   : strerror(errno));
		text = secret_free(text);
	}
	return text;
}

static struct secret *find_in(
    int fd, const struct netrc_key *key, struct fail *why)
{
	struct secret *text, *secret;
	struct stat st;

	if (fstat(fd, &st) != 0) {
		fail(why, FAIL_SECRET, "%s", strerror(errno));
		return NULL;
	}
	text = read_text(fd, &st, why);
	if (!text)
		return NULL;
	secret = netrc_find(secret_view(text), key, why);
	secret_free(text);
	/* Of a file without the password its mode is nobody's business. */
	if (secret && st.st_uid != 0 && (st.st_mode & (S_IRWXG | S_IRWXO))) {
		fail(why, FAIL_SECRET,
		    "has a password and must be closed to group and others "
		    "(mode 0600)");
		secret = secret_free(secret);
	}
	return secret;
}

struct secret *netrc_read(
    const char *path, const struct netrc_key *key, struct fail *why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct secret *secret;

	(void)fail_as(why, FAIL_NONE);
	if (fd < 0)
		return NULL;
	secret = find_in(fd, key, why);
	(void)io_close(fd);
	if (!secret && why && why->kind != FAIL_NONE)
		fail_wrap(why, "%s", path);
	return secret;
}
