/*
 * fail: the failure value. Functions that do not log return 0 or -1 and fill
 * their last parameter:
 *
 *	return fail(why, FAIL_DNS, "%s: %s", host, text);
 *
 * Callers add context with fail_wrap(). Kinds, exit codes and names are rows
 * of fail.def (DESIGN: one place decides an exit code).
 */
#ifndef BASE_FAIL_H
#define BASE_FAIL_H

enum fail_kind {

#define FAIL(kind, code, name, meaning) FAIL_##kind,
#include "fail.def"
#undef FAIL
	FAIL_KINDS
};

/* Long enough for a server's reply of 512 bytes, context and advice. */
#define FAIL_TEXT_MAX 1024

struct fail {
	enum fail_kind kind;
	const char *advice; /* what to do, static text; NULL: nothing known */
	char text[FAIL_TEXT_MAX];
};

/*
 * Sets *why (without advice) and returns -1. Text is clipped; bytes that are
 * not printable become '?', so any server or user text may be a parameter. why
 * may be NULL.
 */
int fail(struct fail *why, enum fail_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same failure as one of another kind. Returns -1. */
int fail_as(struct fail *why, enum fail_kind kind);

/* Puts "CONTEXT: " in front of the text. Returns -1. */
int fail_wrap(struct fail *why, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

int fail_exit_code(enum fail_kind kind);
/* The sysexits name of a code, "EX_OK" for 0, "EX_SOFTWARE" when unknown. */
const char *fail_code_name(int exit_code);

#endif
