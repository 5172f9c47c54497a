/*
 * path: an address as it stands between < and > of MAIL and RCPT (RFC 5321
 * 4.1.2, RFC 6531 3.3). It was checked when it came in (addr.h); this is the
 * last gate before the wire.
 *
 * Fails: MESSAGE.
 */
#ifndef SMTP_PATH_H
#define SMTP_PATH_H

#include "arena.h"
#include "fail.h"
#include <stdbool.h>

/* Can this address go nowhere but to a server with SMTPUTF8? */
bool path_needs_utf8(const char *address);

/*
 * The address for the wire: as it is with utf8, else with the A-labels of its
 * domain (RFC 5890). "" is the null sender. *ret is the address itself or in
 * the arena.
 */
int path_make(const char *address, bool utf8, struct arena *a, const char **ret,
    struct fail *why);

/*
 * With which two spellings of one mailbox are the same by addr_same(): the
 * domain in A-labels. The address itself where that changes nothing, or cannot
 * be done.
 */
const char *path_key(const char *address, struct arena *a);

#endif
