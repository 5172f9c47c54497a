/*
 * arena: memory that lives as long as the run. Strings of the configuration,
 * addresses and replies are put here and never freed one by one. Never for a
 * credential (secret.h). Out of memory ends the run (mem.h).
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "slice.h"

struct arena {
	struct arena_chunk *chunk;
};

/* An arena of zeros is ready for use. arena_free() makes it so again. */
void arena_free(struct arena *a);

/* Zeroed, aligned for any type. */
void *arena_alloc(struct arena *a, size_t n) __attribute__((returns_nonnull));
/* A NUL terminated copy; an embedded NUL ends the text for C readers. */
char *arena_copy(struct arena *a, struct slice s)
    __attribute__((returns_nonnull));
char *arena_printf(struct arena *a, const char *format, ...)
    __attribute__((format(printf, 2, 3), nonnull(2), returns_nonnull));

/*
 * A growing array: `items` of `n` elements of `size` bytes; returns the place
 * for one more, moved when needed. Usage:
 *   list->v = arena_grow(a, list->v, list->n, sizeof(*list->v));
 *   list->v[list->n++] = item;
 */
void *arena_grow(struct arena *a, void *items, size_t n, size_t size)
    __attribute__((returns_nonnull));

#endif
