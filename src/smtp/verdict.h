/*
 * verdict: stage and reply code to outcome and kind of failure, before any
 * provider has its say. The only place that knows that 550 to RCPT is RCPT
 * and 501 to MAIL is MESSAGE.
 */
#ifndef SMTP_VERDICT_H
#define SMTP_VERDICT_H

#include "outcome.h"
#include "reply.h"

struct verdict {
	enum outcome_class class;
	enum fail_kind kind;
};

/*
 * stage: a name of states.def. reply is complete. The kind is NONE for a
 * reply that lets the dialogue go on.
 */
struct verdict verdict_of(const char *stage, const struct reply *reply);

#endif
