/*
 * word: encoded words (RFC 2047), the way 8-bit text goes into a header that
 * is to be ASCII. UTF-8 is labelled so, anything else as unknown-8bit.
 */
#ifndef MAIL_WORD_H
#define MAIL_WORD_H

#include "buf.h"

/* RFC 2047 2 */
#define WORD_MAX       75
#define WORD_LINE_MAX  76
#define WORD_FIRST_MIN 40

/*
 * text as words, "\n " between them; no character is split (5). What is used
 * of ASCII is fit for a phrase, a comment and plain text. The first word is no
 * longer than first_max, which is from WORD_FIRST_MIN to WORD_MAX.
 */
void word_add(struct buf *b, struct slice text, size_t first_max);

/* Does s look like one? A reader drops the blanks between two of them. */
bool word_is_one(struct slice s);

#endif
