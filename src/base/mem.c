#include "mem.h"
#include "fail.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void mem_exhausted(void)
{
	static const char text[] = "postrider: out of memory, nothing sent\n";

	/* No stdio here: it may want memory itself. */
	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		_exit(fail_exit_code(FAIL_NOMEM));
	_exit(fail_exit_code(FAIL_NOMEM));
}

void *mem_alloc(size_t n)
{
	void *p = malloc(n ? n : 1);

	if (!p)
		mem_exhausted();
	return p;
}

void *mem_zero(size_t n)
{
	void *p = calloc(1, n ? n : 1);

	if (!p)
		mem_exhausted();
	return p;
}

void *mem_resize(void *p, size_t n)
{
	void *moved = realloc(p, n ? n : 1);

	if (!moved)
		mem_exhausted();
	return moved;
}

char *mem_dup(const char *bytes, size_t n)
{
	char *copy = mem_alloc(n + 1);

	if (n)
		memcpy(copy, bytes, n);
	copy[n] = '\0';
	return copy;
}
