#include "schedule.h"
#include "random.h"
#include <string.h>

/* Seconds. */
#define MINUTE  INT64_C(60)
#define HOUR    (60 * MINUTE)
#define DAY     (24 * HOUR)
#define LONGEST (4 * HOUR)

static const struct {
	int64_t first, longest;
	unsigned percent; /* of the wait before */
} waits[SCHEDULE_KINDS] = {
	[SCHEDULE_SOON] = { MINUTE, 30 * MINUTE, 200 },
	[SCHEDULE_BACKOFF] = { 5 * MINUTE, LONGEST, 200 },
	/* Twenty minutes at least, however it is spread. */
	[SCHEDULE_LATER] = { 27 * MINUTE, LONGEST, 150 },
	[SCHEDULE_UNSURE] = { 20 * MINUTE, LONGEST, 200 },
	[SCHEDULE_HOLD] = { HOUR, LONGEST, 200 },
};

int64_t schedule_wait(
    enum schedule_kind kind, unsigned attempts, uint32_t random)
{
	int64_t wait = waits[kind].first;

	for (unsigned i = 1; i < attempts && wait < waits[kind].longest; i++)
		wait = wait * waits[kind].percent / 100;
	if (wait > waits[kind].longest)
		wait = waits[kind].longest;
	/* Messages that failed together do not come back together. */
	return random_around(wait, random);
}

bool schedule_is_due(int64_t next_try, int64_t now)
{
	return next_try <= now || next_try > now + DAY;
}

bool schedule_is_expired(int64_t created, int64_t lifetime, int64_t now)
{
	return lifetime > 0 && now - created >= lifetime;
}

static size_t find(const struct schedule_breaker *b, const char *account)
{
	size_t i = 0;

	while (i < b->n && strcmp(b->v[i].account, account) != 0)
		i++;
	return i;
}

bool schedule_may_try(const struct schedule_breaker *b, const char *account)
{
	size_t i = find(b, account);

	return i == b->n || !b->v[i].is_open;
}

void schedule_note_failure(struct schedule_breaker *b, struct arena *a,
    const char *account, bool is_final)
{
	size_t i = find(b, account);

	if (i == b->n) {
		b->v = arena_grow(a, b->v, b->n, sizeof(*b->v));
		memset(&b->v[b->n], 0, sizeof(b->v[b->n]));
		b->v[b->n++].account = arena_copy(a, slice_of(account));
	}
	if (++b->v[i].failures >= SCHEDULE_FAILURES || is_final)
		b->v[i].is_open = true;
}

void schedule_note_success(struct schedule_breaker *b, const char *account)
{
	size_t i = find(b, account);

	if (i < b->n)
		b->v[i].failures = 0;
}

void schedule_pace_init(struct schedule_pace *p, double rate, int64_t now)
{
	*p = (struct schedule_pace){ rate, rate < 1 ? 1 : rate, now };
}

void schedule_pace_since(struct schedule_pace *p, int64_t ms)
{
	double left = (double)ms * p->rate / 1000;

	if (left < p->left)
		p->left = left;
}

int64_t schedule_pace_take(struct schedule_pace *p, size_t n, int64_t now)
{
	const double full = p->rate < 1 ? 1 : p->rate;

	if (p->rate <= 0)
		return 0;
	if (now > p->at)
		p->left += (double)(now - p->at) * p->rate / 1000;
	if (p->left > full)
		p->left = full;
	p->at = now;
	/* More than the bucket holds goes when it is full, and is owed. */
	p->left -= (double)n;
	if (p->left >= 0)
		return 0;
	return (int64_t)(-p->left * 1000 / p->rate) + 1;
}
