/*
 * der: who a certificate is for and who issued it, read off its first bytes
 * (X.690, RFC 5280 4.1). Nothing is judged here: a certificate these names
 * were read from may be damaged behind them. The result borrows from the
 * input. Nothing allocates.
 */
#ifndef NET_DER_H
#define NET_DER_H

#include "slice.h"

struct der_names {
	struct slice issuer; /* the whole element, tag and length included */
	struct slice subject;
	size_t size; /* bytes of the whole certificate, by its own word */
};

enum der_status {
	DER_DONE,
	DER_SHORT, /* right so far, but the names end behind these bytes */
	DER_WRONG, /* no certificate, or not in a form known here */
};

/* Writes *ret_names for DER_DONE only. */
enum der_status der_read_names(struct slice head, struct der_names *ret_names);

#endif
