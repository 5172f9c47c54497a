#include "buf.h"
#include "mem.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { BUF_FIRST = 64 };

/* Far from where sizes wrap around: "no maximum" is SIZE_MAX to a caller. */
#define BUF_MOST (SIZE_MAX / 4)

void buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){ .max = max < BUF_MOST ? max : BUF_MOST };
}

void buf_free(struct buf *b)
{
	free(b->p);
	*b = (struct buf){ .max = b->max };
}

void buf_clear(struct buf *b)
{
	b->n = 0;
	b->full = false;
	if (b->p)
		b->p[0] = '\0';
}

/* Doubling, so that n bytes cost O(n); never beyond max and its NUL. */
static bool buf_grow(struct buf *b, size_t n)
{
	size_t cap = b->cap ? b->cap : BUF_FIRST;

	if (b->full || n > b->max - b->n) {
		b->full = true;
		return false;
	}
	if (b->n + n + 1 <= b->cap)
		return true;
	while (cap < b->n + n + 1)
		cap *= 2;
	if (cap > b->max + 1)
		cap = b->max + 1;
	b->p = mem_resize(b->p, cap);
	b->cap = cap;
	b->p[b->n] = '\0';
	return true;
}

void buf_add(struct buf *b, const void *bytes, size_t n)
{
	if (!buf_grow(b, n))
		return;
	if (n)
		memcpy(b->p + b->n, bytes, n);
	b->n += n;
	b->p[b->n] = '\0';
}

void buf_adds(struct buf *b, const char *text)
{
	buf_add(b, text, strlen(text));
}

void buf_addc(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void buf_add_slice(struct buf *b, struct slice s)
{
	buf_add(b, s.p, s.n);
}

void buf_addf(struct buf *b, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (n < 0 || !buf_grow(b, (size_t)n)) {
		b->full = true;
		return;
	}
	va_start(args, format);
	(void)vsnprintf(b->p + b->n, (size_t)n + 1, format, args);
	va_end(args);
	b->n += (size_t)n;
}

void buf_add_printable(struct buf *b, struct slice s)
{
	if (!buf_grow(b, s.n))
		return;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (is_control(c) || is_8bit(c))
			c = '?';
		b->p[b->n++] = c;
	}
	b->p[b->n] = '\0';
}

/* An owner that drops bytes at the end only counts n down. */
const char *buf_text(const struct buf *b)
{
	if (!b->p)
		return "";
	b->p[b->n] = '\0';
	return b->p;
}

struct slice buf_slice(const struct buf *b)
{
	return (struct slice){ buf_text(b), b->n };
}
