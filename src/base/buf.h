/*
 * buf: growable bytes with a maximum given at birth. What does not fit is
 * dropped whole and `full` stays set until buf_clear(), so a caller adds as
 * it likes and checks once. Out of memory ends the run (mem.h).
 *
 * The owner calls buf_free(). Pointers into a buf are valid until the next
 * call that adds to it. The bytes are always followed by a NUL that is not
 * counted; after n was counted down to drop some, buf_text() puts it there.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "slice.h"

struct buf {
	char *p;
	size_t n;
	size_t cap;
	size_t max;
	bool full;
};

void buf_init(struct buf *b, size_t max);
void buf_free(struct buf *b);
void buf_clear(struct buf *b);

void buf_add(struct buf *b, const void *bytes, size_t n);
void buf_adds(struct buf *b, const char *text);
void buf_addc(struct buf *b, char c);
void buf_add_slice(struct buf *b, struct slice s);
void buf_addf(struct buf *b, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Text of a server, a file or a user on its way to a person: every byte that
 * is not printable ASCII becomes '?'. UTF-8 is not let through: a log line
 * must survive any reader.
 */
void buf_add_printable(struct buf *b, struct slice s);

const char *buf_text(const struct buf *b);
struct slice buf_slice(const struct buf *b);

#endif
