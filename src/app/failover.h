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

/* How a message gets to another account. */
struct failover_way {
	/*
	 * Prepares `other`, whose call names the account, up to the message.
	 * -1: this account is not to be had, for the reason in why; kind NONE:
	 * one that needs no word.
	 */
	int (*choose)(void *ctx, struct send *other, const char *sender,
	    struct fail *why);
	/* Envelope and header are there: the network. -1 as above. */
	int (*send)(void *ctx, struct send *other, struct outcome *ret,
	    struct fail *why);
	void *ctx;
};

/* A connection for this message alone. */
extern const struct failover_way failover_by_itself;

/* The account that `failover` of s names in that place, 0 is the first; NULL:
 * there are no more. */
const char *failover_account(
    const struct settings *s, int place, struct arena *a);

/*
 * Tries the accounts that the setting `failover` of s names, one after the
 * other, for the recipients of *o that they may take; *o then says what became
 * of them, and the report of s names the last account that took any, or may
 * have. Each has its own sender rules applied. q is the message in the spool,
 * or NULL.
 */
void failover(struct send *s, struct queued *q, struct outcome *o,
    const struct failover_way *way);

#endif
