#include "addr.h"
#include "utf8.h"

bool addr_is_one_of(char c, const char *set)
{
	return c != '\0' && strchr(set, c);
}

static bool is_alnum(char c)
{
	char lower = ascii_lower(c);

	return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9');
}

bool addr_is_atext(char c)
{
	return is_alnum(c) || is_8bit(c) ||
	       addr_is_one_of(c, "!#$%&'*+-/=?^_`{|}~");
}

bool addr_is_dot_string(struct slice s)
{
	if (s.n == 0 || s.p[0] == '.' || s.p[s.n - 1] == '.')
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!addr_is_atext(s.p[i]) &&
		    (s.p[i] != '.' || s.p[i - 1] == '.'))
			return false;
	return true;
}

/* Where the '@' stands, or the length when there is none. */
static size_t local_length(struct slice spec)
{
	size_t n = 1;

	if (spec.n == 0 || spec.p[0] != '"')
		return slice_find(spec, '@');
	while (n < spec.n && spec.p[n] != '"')
		n += spec.p[n] == '\\' ? 2 : 1;
	return n + 1 < spec.n && spec.p[n + 1] == '@' ? n + 1 : spec.n;
}

/* "..." with a quote at the end only, RFC 5321 4.1.2 Quoted-string. */
static bool is_quoted_string(struct slice s)
{
	size_t i = 1;

	if (s.n < 2 || s.p[0] != '"' || s.p[s.n - 1] != '"')
		return false;
	while (i < s.n - 1 && s.p[i] != '"')
		i += s.p[i] == '\\' ? 2 : 1;
	return i == s.n - 1;
}

static bool is_literal(struct slice s)
{
	if (s.n < 3 || s.p[0] != '[' || s.p[s.n - 1] != ']')
		return false;
	for (size_t i = 1; i < s.n - 1; i++)
		if (!is_alnum(s.p[i]) && !addr_is_one_of(s.p[i], ".:-"))
			return false;
	return true;
}

/* In UTF-8 the octets behind the first one are of this form. */
static bool starts_character(char c)
{
	return ((unsigned char)c & 0xc0) != 0x80;
}

/* A name in Unicode has labels of its own (RFC 5890), for host.h to judge. */
static bool is_host(struct slice s)
{
	size_t label = 0;

	for (size_t i = 0; i < s.n; i++) {
		bool is_dot = s.p[i] == '.';

		if (!is_dot && !is_alnum(s.p[i]) && !is_8bit(s.p[i]) &&
		    !addr_is_one_of(s.p[i], "-_"))
			return false;
		label += starts_character(s.p[i]);
		if (is_dot ? label == 1 : label > ADDR_LABEL_MAX)
			return false;
		label = is_dot ? 0 : label;
	}
	return label > 0;
}

/* The controls of ASCII, and those that Unicode has beside them. */
static bool has_control(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (is_control(s.p[i]) ||
		    (i > 0 && (unsigned char)s.p[i - 1] == 0xc2 &&
			(unsigned char)s.p[i] < 0xa0))
			return true;
	return false;
}

/* What is wrong with it, NULL when nothing is. */
static const char *complaint(struct slice spec, bool need_domain)
{
	struct slice local = slice_head(spec, local_length(spec));
	struct slice domain = slice_skip(spec, local.n + 1);

	if (has_control(spec))
		return "has a control character";
	if (!utf8_is_valid(spec))
		return "is neither ASCII nor UTF-8";
	if (local.n == 0)
		return "is empty or has no local part";
	if (!addr_is_dot_string(local) && !is_quoted_string(local))
		return "has a character in its local part that needs quotes";
	if (local.n > ADDR_LOCAL_MAX || spec.n > ADDR_MAX)
		return "is too long";
	if (local.n == spec.n)
		return need_domain ? "has no domain" : NULL;
	if (!is_host(domain) && !is_literal(domain))
		return "has a domain that is none";
	return NULL;
}

int addr_check(const char *spec, bool need_domain, struct fail *why)
{
	const char *what = complaint(slice_of(spec), need_domain);

	return what ? fail(why, FAIL_MESSAGE, "the address \"%s\" %s", spec,
			  what)
		    : 0;
}

struct slice addr_domain(const char *spec)
{
	struct slice s = slice_of(spec);

	return slice_skip(s, local_length(s) + 1);
}

bool addr_same(const char *a, const char *b)
{
	struct slice local_a = { a, local_length(slice_of(a)) };
	struct slice local_b = { b, local_length(slice_of(b)) };

	return slice_eq(local_a, local_b) &&
	       slice_ieq(addr_domain(a), addr_domain(b));
}

bool addr_is_local(struct slice domain, struct addr_local local)
{
	struct slice name = slice_of(local.host);

	/* An address literal may have no dot either. */
	if (local.single_label && domain.n && domain.p[0] != '[' &&
	    slice_find(domain, '.') == domain.n)
		return true;

	name = slice_head(name, slice_find(name, '.'));
	return slice_ieq(domain, SLICE("localhost")) ||
	       slice_ieq(domain, SLICE("localhost.localdomain")) ||
	       (name.n && slice_ieq(domain, name));
}

const char *addr_join(struct arena *a, struct slice local, struct slice domain)
{
	const char *spec;
	struct buf b;

	buf_init(&b, 2 * (local.n + 1) + 1 + domain.n);
	if (addr_is_dot_string(local))
		buf_add_slice(&b, local);
	else
		addr_add_quoted(&b, local);
	if (domain.n) {
		buf_addc(&b, '@');
		buf_add_slice(&b, domain);
	}
	spec = arena_copy(a, buf_slice(&b));
	buf_free(&b);
	return spec;
}

const char *addr_qualify_local(struct arena *a, const char *spec,
    const char *domain, struct addr_local local)
{
	struct slice own = addr_domain(spec);

	if (domain && own.n && addr_is_local(own, local))
		spec = arena_copy(
		    a, slice_head(slice_of(spec), strlen(spec) - own.n - 1));
	return addr_qualify(a, spec, domain);
}

const char *addr_qualify(struct arena *a, const char *spec, const char *domain)
{
	if (!domain || addr_domain(spec).n > 0)
		return spec;
	return arena_printf(a, "%s@%s", spec, domain);
}
