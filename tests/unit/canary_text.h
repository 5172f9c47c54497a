/*
 * canary_text: a canary of base64 characters that is made at run time, so that
 * no constant of the program holds it.
 */
#ifndef UNIT_CANARY_TEXT_H
#define UNIT_CANARY_TEXT_H

#include "canary.h"

/* n masked characters. */
static inline void canary_make(unsigned char *masked, size_t n)
{
	for (size_t i = 0; i < n; i++)
		masked[i] = (unsigned char)(('A' + (i * i * 5 + i + 3) % 26) ^
					    CANARY_MASK);
}

/* The characters themselves. */
static inline void canary_put(char *p, const unsigned char *masked, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (char)(masked[i] ^ CANARY_MASK);
}

#endif
