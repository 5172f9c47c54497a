/* options, the other half: how settings are shown to people. */
#include "options.h"
#include "token.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

struct slice option_choice(const struct option_info *o, int position)
{
	struct slice rest = slice_of(o->choices);
	struct slice one = SLICE("");

	for (int i = 0; i <= position; i++)
		if (!slice_take_until(&rest, '|', &one))
			return SLICE("");
	return one;
}

static bool format_text(
    const struct settings *s, const struct option_info *o, struct buf *b)
{
	const char *const *text = option_value(s, o);

	if (*text)
		token_add_shown(b, *text);
	return *text != NULL;
}

static bool format_bool(
    const struct settings *s, const struct option_info *o, struct buf *b)
{
	const bool *on = option_value(s, o);

	buf_adds(b, *on ? "on" : "off");
	return true;
}

static bool format_integer(
    const struct settings *s, const struct option_info *o, struct buf *b)
{
	static const char units[] = { 'K', 'M', 'G' };
	int64_t n = *(const int64_t *)option_value(s, o);
	int unit = -1;

	if (n == 0 && o->type == OPTION_NUMBER && o->min > 0)
		return false; /* it was set back to nothing */
	if (n == 0 && o->type != OPTION_NUMBER) {
		buf_adds(b, "off");
		return true;
	}
	for (; o->type == OPTION_SIZE && unit < 2 && n % 1024 == 0; unit++)
		n /= 1024;
	buf_addf(b, "%" PRId64, n);
	if (unit >= 0)
		buf_addc(b, units[unit]);
	return true;
}

static bool format_choice(
    const struct settings *s, const struct option_info *o, struct buf *b)
{
	const int *i = option_value(s, o);

	buf_add_slice(b, option_choice(o, *i));
	return true;
}

static bool format_secret(
    const struct settings *s, const struct option_info *o, struct buf *b)
{
	const struct slice *secret = option_value(s, o);

	if (secret->n)
		buf_addc(b, '*');
	return secret->n > 0;
}

bool option_format(
    const struct settings *s, const struct option_info *o, struct buf *b)
{
	static bool (*const formats[])(const struct settings *,
	    const struct option_info *, struct buf *) = {
		[OPTION_TEXT] = format_text,
		[OPTION_PATH] = format_text,
		[OPTION_BOOL] = format_bool,
		[OPTION_NUMBER] = format_integer,
		[OPTION_SECONDS] = format_integer,
		[OPTION_SIZE] = format_integer,
		[OPTION_CHOICE] = format_choice,
		[OPTION_WORDS] = format_text,
		[OPTION_SECRET] = format_secret,
	};

	if (s->origin[o->id].kind == ORIGIN_NONE)
		return false;
	return formats[o->type](s, o, b);
}

void origin_format(const struct settings *s, enum option_id id, struct buf *b)
{
	static const char *const names[] = {
		[ORIGIN_NONE] = "unset",
		[ORIGIN_DEFAULT] = "default",
		[ORIGIN_PROVIDER] = "provider",
		[ORIGIN_SYSTEM] = "system file",
		[ORIGIN_USER] = "user file",
		[ORIGIN_COMMAND_LINE] = ORIGIN_TYPED,
	};
	const struct origin *from = &s->origin[id];

	if (from->file) {
		buf_add_printable(b, slice_of(from->file));
		buf_addf(b, ":%u", from->line);
		return;
	}
	buf_adds(b, names[from->kind]);
	if (from->kind == ORIGIN_PROVIDER && s->provider)
		buf_addf(b, " %s", s->provider);
}

int option_fail(struct fail *why, const struct settings *s, enum option_id id,
    const char *format, ...)
{
	const struct origin *from = &s->origin[id];
	char text[FAIL_TEXT_MAX];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fail(why, FAIL_CONFIG, "%s", text);
	if (from->file)
		fail_wrap(why, "%s: line %u", from->file, from->line);
	else if (from->kind == ORIGIN_COMMAND_LINE)
		fail_wrap(why, ORIGIN_TYPED);
	return -1;
}
