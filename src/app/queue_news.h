/*
 * queue_news: what a run finds in the spool and cannot know before: reports
 * that it has made, and messages that only a newer program can read.
 */
#ifndef APP_QUEUE_NEWS_H
#define APP_QUEUE_NEWS_H

#include "report.h"
#include "store.h"

/*
 * The reports that wait in new/ and are not among the messages seen before.
 * A spool that cannot be listed has none. The list is in the arena.
 */
struct store_list queue_news_reports(
    struct store *s, const struct store_list *seen, struct arena *a);

/* Zeros are its start. */
struct queue_newer {
	struct store_item first;
	size_t n;
	struct fail why;
};

/* Another one that store_take() has called CONFIG. */
void queue_newer_note(struct queue_newer *n, const struct store_item *item,
    const struct fail *why);
/* One line for all: after a step back to an older program there may be many.
   False: there are none. */
bool queue_newer_say(const struct queue_newer *n, const struct report *r);

#endif
