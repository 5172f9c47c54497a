/*
 * scan: what is asked of every octet of a large message, of many octets at a
 * time. Line ends are those of wire.h.
 */
#ifndef MAIL_SCAN_H
#define MAIL_SCAN_H

#include <stdbool.h>
#include <stddef.h>

bool scan_has_8bit(const char *p, size_t n);
/* How often LF stands in p. */
size_t scan_count_lf(const char *p, size_t n);
/* Does b stand right behind a somewhere? */
bool scan_has_pair(const char *p, size_t n, char a, char b);

/*
 * A block in three: up to `head` what a CR before the block gives a meaning
 * to, from `tail` on CRs whose meaning the next block tells. Between them is
 * text that neither starts behind a CR nor ends in one.
 */
struct scan_parts {
	size_t head, tail;
};

struct scan_parts scan_split(const char *p, size_t n, bool pending_cr);

enum scan_ends {
	SCAN_LF,   /* and no CR at all */
	SCAN_CRLF, /* and neither CR nor LF without the other */
	SCAN_MIXED,
};

/* Of such text, n > 0. Tells how many line ends there are, if SCAN_CRLF. */
enum scan_ends scan_ends(const char *p, size_t n, size_t *ret_crlf);

#endif
