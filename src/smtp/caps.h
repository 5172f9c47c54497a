/*
 * caps: what a server offers in its EHLO reply (RFC 5321 4.1.1.1). Unknown
 * keywords are skipped; so is the word "Ok" that some servers end with.
 */
#ifndef SMTP_CAPS_H
#define SMTP_CAPS_H

#include "reply.h"
#include <stdint.h>

enum cap {
	CAP_STARTTLS = 1 << 0,
	CAP_PIPELINING = 1 << 1,
	CAP_SIZE = 1 << 2,
	CAP_8BITMIME = 1 << 3,
	CAP_AUTH = 1 << 4,
	CAP_DSN = 1 << 5,
};

struct caps {
	unsigned set;      /* enum cap */
	uint64_t max_size; /* SIZE parameter; 0: none given */
	char auth[512];    /* mechanisms, upper case, between blanks: " A B " */
};

void caps_parse(const struct reply *ehlo, struct caps *ret_caps);
bool caps_has_mechanism(const struct caps *c, const char *name);

#endif
