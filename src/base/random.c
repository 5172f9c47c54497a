#include "random.h"
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

enum { QUARTER = 4 };

/*
 * Before the kernel has gathered entropy a mail must not hang: time and
 * process are unique enough then.
 */
void random_fill(void *p, size_t n)
{
	unsigned char *bytes = p;
	struct timespec t;
	uint64_t seed;

	if (getrandom(p, n, GRND_NONBLOCK) == (ssize_t)n)
		return;
	clock_gettime(CLOCK_REALTIME, &t);
	seed = (uint64_t)t.tv_nsec ^ ((uint64_t)t.tv_sec << 30) ^
	       ((uint64_t)getpid() << 16);
	for (size_t i = 0; i < n; i++) {
		/* Knuth's multiplier and addend for 64 bits. */
		seed = seed * 6364136223846793005 + 1442695040888963407;
		bytes[i] = (unsigned char)(seed >> 56);
	}
}

uint32_t random_number(void)
{
	uint32_t n;

	random_fill(&n, sizeof(n));
	return n;
}

int64_t random_around(int64_t value, uint32_t random)
{
	int64_t spread = value / QUARTER;

	return value - spread + (int64_t)(random % (2 * (uint64_t)spread + 1));
}
