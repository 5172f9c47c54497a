#include "outcome.h"

const char *outcome_name(enum outcome_class c)
{
	static const char *const names[] = {
		[OUTCOME_ACCEPTED] = "ACCEPTED",
		[OUTCOME_SUPPRESSED] = "SUPPRESSED",
		[OUTCOME_NOT_SENT] = "NOT-SENT",
		[OUTCOME_TEMP] = "TEMP",
		[OUTCOME_PERM] = "PERM",
		[OUTCOME_UNKNOWN] = "UNKNOWN",
	};

	return names[c];
}

struct outcome outcome_unspoken(
    enum outcome_class class, const struct fail *why)
{
	return (struct outcome){
		.class = class,
		.why = *why,
		.reply = { .stage = "", .text = "" },
	};
}

void outcome_share(
    const struct outcome *of, struct outcome_rcpt *rcpt, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		rcpt[i].class = of->class;
		rcpt[i].why = of->why;
		rcpt[i].reply = of->reply;
		rcpt[i].retry = of->retry;
	}
}

void outcome_put(
    struct outcome *whole, size_t place, const struct outcome_rcpt *r)
{
	const char *address = whole->rcpt[place].address;

	whole->rcpt[place] = *r;
	whole->rcpt[place].address = address;
}

static const struct outcome_rcpt *deciding(const struct outcome *o)
{
	static const enum outcome_class order[] = { OUTCOME_UNKNOWN,
		OUTCOME_ACCEPTED, OUTCOME_TEMP, OUTCOME_NOT_SENT, OUTCOME_PERM,
		OUTCOME_SUPPRESSED };

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		for (size_t j = 0; j < o->n_rcpt; j++)
			if (o->rcpt[j].class == order[i])
				return &o->rcpt[j];
	return NULL;
}

/* A part that is all there is has spoken for itself. */
static void decide(struct outcome *whole, const struct outcome *part)
{
	const struct outcome_rcpt *r = deciding(whole);

	if (!r || part->n_rcpt == whole->n_rcpt) {
		whole->class = part->class;
		whole->why = part->why;
		whole->reply = part->reply;
		whole->retry = part->retry;
		return;
	}
	/* The reply to the dot, which a reply to RCPT may stand before. */
	if (r->class == OUTCOME_ACCEPTED && part->class == OUTCOME_ACCEPTED)
		whole->reply = part->reply;
	else if (r->class != OUTCOME_ACCEPTED ||
		 whole->class != OUTCOME_ACCEPTED)
		whole->reply = r->reply;
	whole->class = r->class;
	whole->why = r->why;
	whole->retry = r->retry;
}

void outcome_sum(
    struct outcome *whole, const struct outcome *part, struct arena *a)
{
	decide(whole, part);
	whole->size = part->size;
	if (part->server_id)
		whole->server_id = whole->server_id
				       ? arena_printf(a, "%s,%s",
					     whole->server_id, part->server_id)
				       : part->server_id;
}
