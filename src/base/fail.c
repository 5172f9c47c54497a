#include "fail.h"
#include "slice.h"
#include <stdarg.h>
#include <stdio.h>

static const struct {
	int code;
	const char *name;
} kinds[FAIL_KINDS] = {

#define FAIL(kind, code, name, meaning) { code, name },
#include "fail.def"
#undef FAIL
};

static void make_printable(char *text)
{
	for (; *text; text++)
		if (is_control(*text) || is_8bit(*text))
			*text = '?';
}

int fail(struct fail *why, enum fail_kind kind, const char *format, ...)
{
	char text[FAIL_TEXT_MAX];
	va_list args;

	if (!why)
		return -1;
	/* Not in place: a parameter may be why->text, to change the kind. */
	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	make_printable(text);
	why->kind = kind;
	why->advice = NULL;
	memcpy(why->text, text, strlen(text) + 1);
	return -1;
}

int fail_as(struct fail *why, enum fail_kind kind)
{
	if (why)
		why->kind = kind;
	return -1;
}

int fail_wrap(struct fail *why, const char *format, ...)
{
	char context[FAIL_TEXT_MAX];
	va_list args;
	size_t n, m;

	if (!why)
		return -1;
	va_start(args, format);
	(void)vsnprintf(context, sizeof(context) - 2, format, args);
	va_end(args);
	make_printable(context);
	n = strlen(context);
	memcpy(context + n, ": ", 3);
	n += 2;
	m = strlen(why->text);
	if (n > sizeof(why->text) - 1)
		n = sizeof(why->text) - 1;
	if (m > sizeof(why->text) - 1 - n)
		m = sizeof(why->text) - 1 - n;
	memmove(why->text + n, why->text, m);
	why->text[n + m] = '\0';
	memcpy(why->text, context, n);
	return -1;
}

int fail_exit_code(enum fail_kind kind)
{
	return kind < FAIL_KINDS ? kinds[kind].code : kinds[FAIL_BUG].code;
}

const char *fail_code_name(int exit_code)
{
	for (int i = 0; i < FAIL_KINDS; i++)
		if (kinds[i].code == exit_code)
			return kinds[i].name;
	return kinds[FAIL_BUG].name;
}
