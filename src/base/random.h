/*
 * random: numbers for names that must not meet and for waits that must not
 * coincide. Never for secrets: it never waits for entropy.
 */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* At most 256 octets. */
void random_fill(void *p, size_t n);
/* The value, more or less by up to a quarter. */
int64_t random_around(int64_t value, uint32_t random);
uint32_t random_number(void);

#endif
