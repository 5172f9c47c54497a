#include "hdr.h"

static const struct hdr_info table[HDR_ID_COUNT] = {
	[HDR_ID_OTHER] = { "", HDR_ID_OTHER, 0 },
#define HDR(id, name, flags) [HDR_ID_##id] = { name, HDR_ID_##id, flags },
#include "hdr.def"
#undef HDR
};

/* Apart from the names: a look-up reads this one cache line after another. */
static const unsigned char lengths[HDR_ID_COUNT] = {
#define HDR(id, name, flags) [HDR_ID_##id] = sizeof(name) - 1,
#include "hdr.def"
#undef HDR
};

const struct hdr_info *hdr_lookup(struct slice name)
{
	for (size_t i = HDR_ID_OTHER + 1; i < HDR_ID_COUNT; i++)
		if (lengths[i] == name.n &&
		    slice_ieq(name, (struct slice){ table[i].name, name.n }))
			return &table[i];
	return &table[HDR_ID_OTHER];
}

const struct hdr_info *hdr_info(enum hdr_id id)
{
	return &table[id];
}

static bool is_ftext(char c)
{
	return !is_control(c) && !is_8bit(c) && c != ' ' && c != ':';
}

bool hdr_is_name(struct slice name)
{
	for (size_t i = 0; i < name.n; i++)
		if (!is_ftext(name.p[i]))
			return false;
	return name.n > 0;
}

/* Splits a field that starts here; false when none does. */
static bool split(
    struct slice line, struct slice *ret_name, struct slice *ret_value)
{
	struct slice head = slice_head(line, HDR_COLON_MAX);
	size_t n = 0, colon;

	while (n < head.n && is_ftext(head.p[n]))
		n++;
	colon = n;
	while (colon < head.n && is_blank(head.p[colon]))
		colon++;
	if (n == 0 || colon == head.n || head.p[colon] != ':')
		return false;
	*ret_name = slice_head(line, n);
	*ret_value = slice_skip(line, colon + 1);
	return true;
}

bool hdr_is_field_line(struct slice line)
{
	struct slice name, value;

	return split(line, &name, &value) &&
	       (!slice_starts(value, SLICE("//")) ||
		   hdr_lookup(name)->id != HDR_ID_OTHER);
}

bool hdr_next(struct slice *rest, struct hdr_field *ret_field)
{
	struct slice after = *rest, line, name, value;

	if (!hdr_is_field_line(after) || !slice_take_line(&after, &line))
		return false;
	while (after.n && is_blank(after.p[0]))
		slice_take_line(&after, &line);
	line = slice_head(*rest, rest->n - after.n);
	split(line, &name, &value);
	*ret_field = (struct hdr_field){ line, name, value, hdr_lookup(name) };
	*rest = after;
	return true;
}
