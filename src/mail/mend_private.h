/*
 * mend_private: what the files of mend share. Nobody else includes this. They
 * add to *b the text with its 8-bit octets replaced; blanks, folds and what
 * has none stay as they are.
 */
#ifndef MAIL_MEND_PRIVATE_H
#define MAIL_MEND_PRIVATE_H

#include "mend.h"

enum mend_mode {
	MEND_TEXT,    /* unstructured: words with 8-bit become encoded words */
	MEND_PHRASE,  /* as well; quoted strings and comments are known */
	MEND_COMMENT, /* what stands within the parentheses */
	MEND_OTHER,   /* '?', but in comments encoded words */
	MEND_ASCII,   /* '?' */
};

void mend_words(struct buf *b, struct slice text, enum mend_mode mode);
/* type; name=value; ... */
void mend_parameters(struct buf *b, struct slice text);

/* Octets of the text up to one of these outside quotes and comments. */
size_t mend_find(struct slice text, const char *stops);
/* Octets of the quoted-string or comment at the start; 1 if there is none. */
size_t mend_unit(struct slice text);

/* Blanks and line ends at the start. */
size_t mend_spaces(struct slice s);

#endif
