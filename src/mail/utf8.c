#include "utf8.h"

struct form {
	unsigned char first_min, first_max, next_min, next_max;
	size_t n;
};

static const struct form *form_of(unsigned char first)
{
	static const struct form forms[] = {
		{ 0x00, 0x7f, 0x00, 0x00, 1 },
		{ 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 },
		{ 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 },
		{ 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 },
		{ 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (first <= forms[i].first_max)
			return first < forms[i].first_min ? NULL : &forms[i];
	return NULL;
}

size_t utf8_length(struct slice s)
{
	const unsigned char *u = (const unsigned char *)s.p;
	const struct form *form = form_of(u[0]);

	if (!form || form->n > s.n)
		return 0;
	for (size_t i = 1; i < form->n; i++)
		if (i == 1 ? u[i] < form->next_min || u[i] > form->next_max
			   : (u[i] & 0xc0) != 0x80)
			return 0;
	return form->n;
}

bool utf8_is_valid(struct slice s)
{
	struct utf8 u = { .left = 0 };

	utf8_add(&u, s.p, s.n);
	utf8_finish(&u);
	return !u.is_bad;
}

/* Position of the first octet at or behind `at` that is not ASCII, or n. */
static size_t skip_ascii(const char *p, size_t at, size_t n)
{
	uint64_t eight;

	for (; n - at >= sizeof(eight); at += sizeof(eight)) {
		memcpy(&eight, p + at, sizeof(eight));
		if (eight & UINT64_C(0x8080808080808080))
			break;
	}
	while (at < n && !is_8bit(p[at]))
		at++;
	return at;
}

static void begin_character(struct utf8 *u, unsigned char first)
{
	const struct form *form = form_of(first);

	u->is_bad = !form;
	if (form)
		*u = (struct utf8){ .left = (unsigned char)(form->n - 1),
			.min = form->next_min,
			.max = form->next_max };
}

void utf8_add(struct utf8 *u, const char *p, size_t n)
{
	for (size_t at = 0; at < n && !u->is_bad; at++) {
		unsigned char c;

		if (u->left == 0)
			at = skip_ascii(p, at, n);
		if (at == n)
			break;
		c = (unsigned char)p[at];
		if (u->left == 0)
			begin_character(u, c);
		else if (c < u->min || c > u->max)
			u->is_bad = true;
		else
			*u =
			    (struct utf8){ .left = (unsigned char)(u->left - 1),
				    .min = 0x80,
				    .max = 0xbf };
	}
}

void utf8_finish(struct utf8 *u)
{
	u->is_bad = u->is_bad || u->left;
}
