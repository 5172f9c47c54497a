#include "slice.h"

bool slice_eq(struct slice a, struct slice b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool slice_ieq(struct slice a, struct slice b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (ascii_lower(a.p[i]) != ascii_lower(b.p[i]))
			return false;
	return true;
}

bool slice_starts(struct slice s, struct slice prefix)
{
	return slice_eq(slice_head(s, prefix.n), prefix);
}

bool slice_istarts(struct slice s, struct slice prefix)
{
	return slice_ieq(slice_head(s, prefix.n), prefix);
}

bool slice_iends(struct slice s, struct slice suffix)
{
	return s.n >= suffix.n &&
	       slice_ieq(slice_skip(s, s.n - suffix.n), suffix);
}

size_t slice_find(struct slice s, char c)
{
	const char *found = s.n ? memchr(s.p, c, s.n) : NULL;

	return found ? (size_t)(found - s.p) : s.n;
}

struct slice slice_skip(struct slice s, size_t n)
{
	if (n > s.n)
		n = s.n;
	return (struct slice){ n ? s.p + n : s.p, s.n - n };
}

struct slice slice_head(struct slice s, size_t n)
{
	return (struct slice){ s.p, n < s.n ? n : s.n };
}

struct slice slice_trim(struct slice s)
{
	while (s.n && is_blank(s.p[0]))
		s = slice_skip(s, 1);
	while (s.n && is_blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

struct slice slice_trim_eol(struct slice s)
{
	while (s.n && is_space(s.p[0]))
		s = slice_skip(s, 1);
	while (s.n && is_space(s.p[s.n - 1]))
		s.n--;
	return s;
}

bool slice_take_line(struct slice *rest, struct slice *ret_line)
{
	size_t n;

	if (rest->n == 0)
		return false;
	n = slice_find(*rest, '\n');
	*ret_line = slice_head(*rest, n < rest->n ? n + 1 : n);
	*rest = slice_skip(*rest, ret_line->n);
	return true;
}

struct slice slice_first_line(struct slice s)
{
	s = slice_head(s, slice_find(s, '\n'));
	while (s.n && s.p[s.n - 1] == '\r')
		s.n--;
	return s;
}

bool slice_take_word(struct slice *rest, struct slice *ret_word)
{
	struct slice s = *rest;
	size_t n = 0;

	while (s.n && is_blank(s.p[0]))
		s = slice_skip(s, 1);
	if (s.n == 0)
		return false;
	while (n < s.n && !is_blank(s.p[n]))
		n++;
	*ret_word = slice_head(s, n);
	*rest = slice_skip(s, n);
	return true;
}

bool slice_take_until(struct slice *rest, char sep, struct slice *ret_head)
{
	size_t n;

	if (rest->n == 0)
		return false;
	n = slice_find(*rest, sep);
	*ret_head = slice_head(*rest, n);
	*rest = slice_skip(*rest, n + 1);
	return true;
}

struct slice slice_chop(struct slice s)
{
	while (s.n && (s.p[s.n - 1] == '\r' || s.p[s.n - 1] == '\n'))
		s.n--;
	return s;
}

bool slice_has_8bit(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (is_8bit(s.p[i]))
			return true;
	return false;
}

bool slice_is_printable(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (is_control(s.p[i]) || is_8bit(s.p[i]))
			return false;
	return true;
}

bool slice_number(
    struct slice s, uint64_t min, uint64_t max, uint64_t *ret_value)
{
	uint64_t value = 0;

	if (s.n == 0)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		unsigned digit = (unsigned char)s.p[i] - '0';

		if (digit > 9 ||
		    value > (max - (digit > max ? max : digit)) / 10)
			return false;
		value = value * 10 + digit;
	}
	if (value < min || value > max)
		return false;
	*ret_value = value;
	return true;
}
