/*
 * deliver: a prepared message on its way, with the spool or without, as the
 * account says.
 */
#ifndef APP_DELIVER_H
#define APP_DELIVER_H

#include "send.h"

/*
 * 0: *ret says what became of each recipient, those that wait in the spool
 * included. -1: nothing was sent and nothing kept, for the reason in why: no
 * secret, no room in a spool that every message must go through.
 */
int deliver(struct send *s, struct outcome *ret, struct fail *why);

#endif
