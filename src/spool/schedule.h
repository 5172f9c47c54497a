/*
 * schedule: when a queued message is tried again, whose account has had
 * enough for this run, and how fast may be sent. Pure computation: the time
 * and the random number are given.
 */
#ifndef SPOOL_SCHEDULE_H
#define SPOOL_SCHEDULE_H

#include "arena.h"
#include <stdint.h>

/* What the failure asks for. */
enum schedule_kind {
	SCHEDULE_SOON,    /* the server was only busy: a minute */
	SCHEDULE_BACKOFF, /* five minutes, then twice as long each time */
	SCHEDULE_LATER,   /* a quota of the day: twenty minutes and more */
	SCHEDULE_UNSURE,  /* may have arrived: a quarter of an hour at least */
	SCHEDULE_HOLD,    /* somebody must do something first: hours */
	SCHEDULE_KINDS
};

/*
 * Seconds until the next try after so many attempts (1: the first has just
 * failed), spread by a quarter either way by the random number.
 */
int64_t schedule_wait(
    enum schedule_kind kind, unsigned attempts, uint32_t random);

/*
 * Is it due? A next try further away than any wait was set by a clock that
 * has been put back since: it is due now.
 */
bool schedule_is_due(int64_t next_try, int64_t now);

/* Has it waited long enough? lifetime in seconds. */
bool schedule_is_expired(int64_t created, int64_t lifetime, int64_t now);

/*
 * Accounts that failed before any message could be offered. After
 * SCHEDULE_FAILURES in a row, or one that says that more will do harm, the
 * account is left alone for the rest of the run.
 */
#define SCHEDULE_FAILURES 3

struct schedule_breaker {
	struct {
		const char *account; /* arena */
		unsigned failures;
		bool is_open;
	} * v; /* arena */

	size_t n;
};

bool schedule_may_try(const struct schedule_breaker *b, const char *account);
void schedule_note_failure(struct schedule_breaker *b, struct arena *a,
    const char *account, bool is_final);
void schedule_note_success(struct schedule_breaker *b, const char *account);

/*
 * A bucket of recipients: so many a second, and one second's worth at once.
 * Times in milliseconds of one clock.
 */
struct schedule_pace {
	double rate; /* recipients a second; 0: no limit */
	double left;
	int64_t at;
};

void schedule_pace_init(struct schedule_pace *p, double rate, int64_t now);
/* The bucket was empty so many milliseconds ago: others have used it. */
void schedule_pace_since(struct schedule_pace *p, int64_t ms);
/* Milliseconds to wait before n recipients may be sent to. Takes them. */
int64_t schedule_pace_take(struct schedule_pace *p, size_t n, int64_t now);

#endif
