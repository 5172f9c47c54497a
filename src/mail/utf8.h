/*
 * utf8: is this UTF-8 (RFC 3629 4)? No overlong forms, no surrogates, nothing
 * above U+10FFFF. ASCII is. Nothing here allocates or fails.
 */
#ifndef MAIL_UTF8_H
#define MAIL_UTF8_H

#include "slice.h"

/* Octets of the character at the start of s, which is not empty; 0: none. */
size_t utf8_length(struct slice s);
bool utf8_is_valid(struct slice s);

/* The same of a text that comes in blocks. Zeros are its start. */
struct utf8 {
	unsigned char left;     /* octets the last character lacks; the next */
	unsigned char min, max; /* one of them is in these bounds */
	bool is_bad;            /* what came so far is not UTF-8 */
};

/* Input may be cut anywhere. */
void utf8_add(struct utf8 *u, const char *p, size_t n);
/* The text ends here. */
void utf8_finish(struct utf8 *u);

#endif
