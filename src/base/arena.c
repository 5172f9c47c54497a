#include "arena.h"
#include "mem.h"
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Most runs need two or three of these. */
enum { ARENA_CHUNK = 16 * 1024 };

struct arena_chunk {
	struct arena_chunk *next;
	size_t used;
	size_t size;
	max_align_t bytes[];
};

void arena_free(struct arena *a)
{
	while (a->chunk) {
		struct arena_chunk *next = a->chunk->next;

		free(a->chunk);
		a->chunk = next;
	}
}

void *arena_alloc(struct arena *a, size_t n)
{
	const size_t align = _Alignof(max_align_t);
	struct arena_chunk *c = a->chunk;
	char *p;

	if (n > SIZE_MAX / 2)
		mem_exhausted();
	n = (n + align - 1) / align * align;
	if (!c || c->size - c->used < n) {
		size_t size = n > ARENA_CHUNK ? n : ARENA_CHUNK;

		c = mem_zero(sizeof(*c) + size);
		c->size = size;
		c->next = a->chunk;
		a->chunk = c;
	}
	p = (char *)c->bytes + c->used;
	c->used += n;
	return p;
}

char *arena_copy(struct arena *a, struct slice s)
{
	char *p = arena_alloc(a, s.n + 1);

	if (s.n)
		memcpy(p, s.p, s.n);
	return p;
}

char *arena_printf(struct arena *a, const char *format, ...)
{
	va_list args;
	char *p;
	int n;

	va_start(args, format);
	n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (n < 0)
		n = 0;
	p = arena_alloc(a, (size_t)n + 1);
	va_start(args, format);
	(void)vsnprintf(p, (size_t)n + 1, format, args);
	va_end(args);
	return p;
}

void *arena_grow(struct arena *a, void *items, size_t n, size_t size)
{
	void *moved;

	/* Room doubles at each power of two; the old place stays behind. */
	if (n && (n & (n - 1)) != 0)
		return items;
	if (n > SIZE_MAX / 2 / size - 1)
		mem_exhausted();
	moved = arena_alloc(a, (n ? 2 * n : 1) * size);
	if (n)
		memcpy(moved, items, n * size);
	return moved;
}
