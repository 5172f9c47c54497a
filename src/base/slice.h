/*
 * slice: a view of bytes somebody else owns, and the verbs every parser here
 * is built from. A slice is not NUL terminated and may hold any byte. Nothing
 * in this file allocates or fails; parsing verbs take their input from the
 * front of *rest and leave *rest alone when they do not match.
 */
#ifndef BASE_SLICE_H
#define BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct slice {
	const char *p;
	size_t n;
};

#define SLICE(literal) ((struct slice){ (literal), sizeof(literal) - 1 })
/* For "%.*s"; the length is clipped to what a precision can carry. */
#define SLICE_ARG(s) (int)((s).n > 4096 ? 4096 : (s).n), (s).p

static inline struct slice slice_of(const char *text)
{
	return (struct slice){ text, text ? strlen(text) : 0 };
}

/* ASCII only, whatever the locale: protocols and files are not localised. */
bool slice_eq(struct slice a, struct slice b);
bool slice_ieq(struct slice a, struct slice b);
bool slice_starts(struct slice s, struct slice prefix);
bool slice_istarts(struct slice s, struct slice prefix);
bool slice_iends(struct slice s, struct slice suffix);

/* Position of the first c, or s.n when there is none. */
size_t slice_find(struct slice s, char c);

/* s without its first n bytes (or empty); its first n bytes (or all). */
struct slice slice_skip(struct slice s, size_t n);
struct slice slice_head(struct slice s, size_t n);

/* Without blanks (space, TAB) at both ends; _eol also drops CR and LF. */
struct slice slice_trim(struct slice s);
struct slice slice_trim_eol(struct slice s);

/*
 * Take the next line, its LF included (the last one may lack it).
 * False at the end of the input.
 */
bool slice_take_line(struct slice *rest, struct slice *ret_line);

/* Up to the first LF (or all), without it and without CRs at the end. */
struct slice slice_first_line(struct slice s);

/* Take the next run of bytes that are not blanks, skipping blanks before. */
bool slice_take_word(struct slice *rest, struct slice *ret_word);

/* Take up to sep or the end; sep is consumed. False when rest is empty. */
bool slice_take_until(struct slice *rest, char sep, struct slice *ret_head);

/* Without the CRs and LFs at its end. */
struct slice slice_chop(struct slice s);

bool slice_has_8bit(struct slice s);

/* Printable ASCII only: no control character, no 8-bit byte; "" is. */
bool slice_is_printable(struct slice s);

/* Decimal digits only, the whole slice, min <= value <= max. */
bool slice_number(
    struct slice s, uint64_t min, uint64_t max, uint64_t *ret_value);

static inline bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* A blank, or of a line end: what folds are made of. */
static inline bool is_space(char c)
{
	return is_blank(c) || c == '\r' || c == '\n';
}

/* A control character by ASCII: 0-31 and 127. */
static inline bool is_control(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7f;
}

static inline bool is_8bit(char c)
{
	return ((unsigned char)c & 0x80) != 0;
}

static inline char ascii_lower(char c)
{
	if (c >= 'A' && c <= 'Z')
		c = (char)(c + ('a' - 'A'));
	return c;
}

#endif
