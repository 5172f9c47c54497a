/*
 * queue_news: what has come into the spool since somebody looked.
 */
#ifndef APP_QUEUE_NEWS_H
#define APP_QUEUE_NEWS_H

#include "store.h"

/*
 * The reports that wait in new/ and are not among the messages seen before.
 * A spool that cannot be listed has none. The list is in the arena.
 */
struct store_list queue_news_reports(
    struct store *s, const struct store_list *seen, struct arena *a);

#endif
