/*
 * report: what a run says and how it ends. One place turns an outcome into
 * the exit code, the lines on stderr and the line of the log (msmtp's fields,
 * then account, outcome, msgid, serverid and refused).
 */
#ifndef APP_REPORT_H
#define APP_REPORT_H

#include "outcome.h"
#include "plan.h"

/* What is known so far of the run; filled as it goes. All borrowed. */
struct report {
	bool is_msmtp;                   /* lines on stderr in its form */
	const char *account;             /* NULL: none chosen yet */
	const char *account_file;        /* NULL: none */
	const struct settings *settings; /* NULL: not read yet */
	const struct plan *plan;         /* NULL: not made yet */
	struct slice message_id;         /* empty: not known */
};

/* A run that ended before submit(). Returns the exit code. */
int report_failure(const struct report *r, const struct fail *why);

/* The same for a run that got there. */
int report_outcome(const struct report *r, const struct outcome *o);

/*
 * What a run that had no message was refused, and the reply if there was one;
 * nothing goes to the log. Returns the exit code.
 */
int report_refusal(const struct report *r, const struct outcome *o);

/* A line of the log that is about no try to send: about a message in the
 * spool, or, with queue_id NULL, about none. */
void report_note(
    const struct report *r, const char *queue_id, const char *text);
/* The same, and on stderr. */
void report_warning(
    const struct report *r, const char *queue_id, const char *text);

#endif
