/*
 * failover: another account takes over where nothing can be sent twice by it:
 * before the final dot was handed over, or after a reply that says that the
 * message was not taken. What may have been delivered is left to the account
 * that may have delivered it.
 */
#ifndef APP_FAILOVER_H
#define APP_FAILOVER_H

#include "queue.h"

/* Accounts beside the first one that are tried. */
enum { FAILOVER_MAX = 3 };

/*
 * Tries the accounts that the setting `failover` of s names, one after the
 * other, for the recipients of *o that they may take; *o then says what became
 * of them, and the report of s names the last account that took any. Each has
 * its own sender rules applied. q is the message in the spool, or NULL.
 */
void failover(struct send *s, struct queued *q, struct outcome *o);

#endif
