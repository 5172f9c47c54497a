/*
 * mem: heap memory that succeeds or ends the run. Running out is a temporary
 * failure (75), said in one line, never a lost message: nothing is handed
 * over to anybody before its memory exists.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

void *mem_alloc(size_t n) __attribute__((malloc, returns_nonnull));
void *mem_zero(size_t n) __attribute__((malloc, returns_nonnull));
void *mem_resize(void *p, size_t n) __attribute__((returns_nonnull));
char *mem_dup(const char *bytes, size_t n) __attribute__((returns_nonnull));

/* Ends the run as NOMEM. */
void mem_exhausted(void) __attribute__((noreturn));

#endif
