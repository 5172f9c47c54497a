#include "server_path.h"
#include "addr.h"

static bool refuse(
    struct server_reply *ret, int code, const char *enhanced, const char *text)
{
	*ret = (struct server_reply){ code, enhanced, text };
	return false;
}

/* Octets up to one of the set that stands outside quotes, or all. */
static size_t find_unquoted(struct slice s, const char *set)
{
	bool is_quoted = false;
	size_t i;

	for (i = 0; i < s.n; i++) {
		if (!is_quoted && addr_is_one_of(s.p[i], set))
			break;
		if (s.p[i] == '"')
			is_quoted = !is_quoted;
		else if (is_quoted && s.p[i] == '\\')
			i++;
	}
	return i < s.n ? i : s.n;
}

/* What stands between the brackets, or the word that has none. */
static bool take_path(struct slice *rest, struct slice *ret_path)
{
	struct slice s = slice_trim(*rest);
	bool has_brackets = s.n > 0 && s.p[0] == '<';
	size_t n;

	s = slice_skip(s, has_brackets);
	n = find_unquoted(s, has_brackets ? ">" : " \t");
	*ret_path = slice_head(s, n);
	if (has_brackets && n == s.n)
		return false;
	*rest = slice_skip(s, n + has_brackets);
	return (has_brackets || n > 0) &&
	       (rest->n == 0 || is_blank(rest->p[0]));
}

/* NULL: why says what is wrong. */
static const char *parse_address(
    struct slice path, struct arena *a, struct fail *why)
{
	static const struct addr_syntax syntax = { .bare_blanks = false };
	struct addr_list list = { 0 };

	if (!slice_is_printable(path)) {
		fail(why, FAIL_MESSAGE, "the address is not printable ASCII");
		return NULL;
	}
	path = slice_of(arena_printf(a, "<%.*s>", SLICE_ARG(path)));
	if (addr_parse(a, path, &syntax, &list, why) != 0)
		return NULL;
	if (list.n != 1) {
		fail(why, FAIL_MESSAGE, "not one address");
		return NULL;
	}
	return addr_check(list.v[0].spec, false, why) == 0 ? list.v[0].spec
							   : NULL;
}

/* Takes "FROM:" or "TO:" and the path behind it. */
static bool take_address(struct slice *rest, struct slice keyword,
    struct slice *ret_path, struct server_reply *ret_reply)
{
	struct slice s = *rest;

	if (!slice_istarts(s, keyword))
		return refuse(ret_reply, 501, "5.5.4",
		    "the syntax is MAIL FROM:<address> and RCPT TO:<address>");
	s = slice_skip(s, keyword.n);
	if (!take_path(&s, ret_path))
		return refuse(ret_reply, 501, "5.5.4",
		    "the address is missing, or has a bracket too few or too "
		    "many");
	*rest = s;
	return true;
}

static bool parse_size(struct slice value, struct server_mail *mail)
{
	return slice_number(value, 0, UINT64_MAX, &mail->size);
}

/* Either way the octets are taken as they come. */
static bool parse_body(struct slice value, struct server_mail *mail)
{
	(void)mail;
	return slice_ieq(value, SLICE("7BIT")) ||
	       slice_ieq(value, SLICE("8BITMIME"));
}

static const struct {
	const char *name;
	bool (*parse)(struct slice value, struct server_mail *mail);
} parameters[] = {
	{ "SIZE", parse_size },
	{ "BODY", parse_body },
};

enum { N_PARAMETERS = sizeof(parameters) / sizeof(parameters[0]) };

static bool parse_parameter(struct slice word, struct server_mail *mail,
    unsigned *seen, struct server_reply *ret_reply)
{
	struct slice name = slice_head(word, slice_find(word, '='));
	size_t i = 0;

	while (
	    i < N_PARAMETERS && !slice_ieq(name, slice_of(parameters[i].name)))
		i++;
	if (i == N_PARAMETERS)
		return refuse(
		    ret_reply, 555, "5.5.4", "a parameter is not known here");
	if (*seen & 1U << i ||
	    !parameters[i].parse(slice_skip(word, name.n + 1), mail))
		return refuse(
		    ret_reply, 501, "5.5.4", "a parameter has no such value");
	*seen |= 1U << i;
	return true;
}

bool server_mail_parse(struct slice arg, struct arena *a,
    struct server_mail *ret_mail, struct server_reply *ret_reply)
{
	struct server_mail mail = { .sender = "" };
	struct slice path, word;
	unsigned seen = 0;
	struct fail why;

	if (!take_address(&arg, SLICE("FROM:"), &path, ret_reply))
		return false;
	if (path.n > 0)
		mail.sender = parse_address(path, a, &why);
	if (!mail.sender)
		return refuse(
		    ret_reply, 501, "5.1.7", arena_copy(a, slice_of(why.text)));
	while (slice_take_word(&arg, &word))
		if (!parse_parameter(word, &mail, &seen, ret_reply))
			return false;
	*ret_mail = mail;
	return true;
}

bool server_rcpt_parse(struct slice arg, struct arena *a,
    const char **ret_address, struct server_reply *ret_reply)
{
	struct slice path, word;
	const char *address;
	struct fail why;

	if (!take_address(&arg, SLICE("TO:"), &path, ret_reply))
		return false;
	address = parse_address(path, a, &why);
	if (!address)
		return refuse(
		    ret_reply, 501, "5.1.3", arena_copy(a, slice_of(why.text)));
	if (slice_take_word(&arg, &word))
		return refuse(
		    ret_reply, 555, "5.5.4", "no parameter is known here");
	*ret_address = address;
	return true;
}
