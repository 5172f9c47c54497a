/*
 * canary: look for bytes in the whole writable memory of this process. The
 * caller has the bytes masked (each ^ CANARY_MASK), so that the search finds no
 * copy of its own.
 */
#ifndef UNIT_CANARY_H
#define UNIT_CANARY_H

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define CANARY_MASK  0xa5
#define CANARY_CHUNK ((size_t)1 << 20)
/* The shadow memory of a sanitizer is larger than this, nothing else is. */
#define CANARY_REGION_MAX ((size_t)1 << 30)

static inline bool canary_is_here(
    const unsigned char *p, const unsigned char *masked, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((masked[i] ^ CANARY_MASK) != p[i])
			return false;
	return true;
}

static inline int canary_count_region(int memory, unsigned char *chunk,
    const uintptr_t region[2], const unsigned char *masked, size_t n)
{
	int found = 0;

	for (uintptr_t at = region[0]; at < region[1];
	     at += CANARY_CHUNK - n + 1) {
		size_t want = region[1] - at;
		ssize_t got;

		if (want > CANARY_CHUNK)
			want = CANARY_CHUNK;
		got = pread(memory, chunk, want, (off_t)at);
		for (size_t i = 0; got > 0 && i + n <= (size_t)got; i++)
			found += canary_is_here(chunk + i, masked, n);
	}
	return found;
}

/* The region without the part that is the chunk itself. */
static inline int canary_count_around(int memory, unsigned char *chunk,
    const uintptr_t region[2], const unsigned char *masked, size_t n)
{
	uintptr_t own = (uintptr_t)chunk;
	uintptr_t own_end = own + CANARY_CHUNK;
	uintptr_t before[] = { region[0], region[1] < own ? region[1] : own };
	uintptr_t after[] = { region[0] > own_end ? region[0] : own_end,
		region[1] };

	return canary_count_region(memory, chunk, before, masked, n) +
	       canary_count_region(memory, chunk, after, masked, n);
}

/* How often the bytes are in memory; -1 when it cannot be read. */
static inline int canary_count(const unsigned char *masked, size_t n)
{
	unsigned char *chunk = mmap(NULL, CANARY_CHUNK, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	FILE *maps = fopen("/proc/self/maps", "re");
	int found = memory >= 0 && maps && chunk != MAP_FAILED ? 0 : -1;
	char line[512];

	while (found >= 0 && fgets(line, sizeof(line), maps)) {
		uintptr_t region[2] = { 0, 0 };
		char *end;

		region[0] = strtoull(line, &end, 16);
		if (*end == '-')
			region[1] = strtoull(end + 1, &end, 16);
		if (strncmp(end, " rw", 3) == 0 &&
		    region[1] - region[0] < CANARY_REGION_MAX)
			found += canary_count_around(
			    memory, chunk, region, masked, n);
	}
	if (maps)
		fclose(maps);
	close(memory);
	munmap(chunk, CANARY_CHUNK);
	return found;
}

#endif
