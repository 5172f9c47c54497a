#include "queue_news.h"
#include <stdlib.h>
#include <string.h>

static int by_id(const void *a, const void *b)
{
	const struct store_item *x = a, *y = b;

	return strcmp(x->id, y->id);
}

/* A run may have thousands of messages before it. */
static struct store_list sorted(const struct store_list *list, struct arena *a)
{
	struct store_list copy = {
		.v = arena_alloc(a, list->n * sizeof(*copy.v) + 1),
		.n = list->n,
	};

	if (list->n)
		memcpy(copy.v, list->v, list->n * sizeof(*copy.v));
	qsort(copy.v, copy.n, sizeof(*copy.v), by_id);
	return copy;
}

static bool is_report(struct store *s, const struct store_item *item)
{
	struct arena arena = { NULL };
	struct queue_file f;
	bool is_one =
	    store_look(s, item, &f, &arena, NULL) == 0 && f.info.is_report;

	arena_free(&arena);
	return is_one;
}

struct store_list queue_news_reports(
    struct store *s, const struct store_list *seen, struct arena *a)
{
	const struct store_list before = sorted(seen, a);
	struct store_list now = { .n = 0 }, reports = { .n = 0 };

	(void)store_list(s, STORE_NEW, a, &now, NULL);
	for (size_t i = 0; i < now.n; i++) {
		if (bsearch(&now.v[i], before.v, before.n, sizeof(*before.v),
			by_id) ||
		    !is_report(s, &now.v[i]))
			continue;
		reports.v =
		    arena_grow(a, reports.v, reports.n, sizeof(*reports.v));
		reports.v[reports.n++] = now.v[i];
	}
	return reports;
}

void queue_newer_note(struct queue_newer *n, const struct store_item *item,
    const struct fail *why)
{
	if (n->n++ == 0) {
		n->first = *item;
		n->why = *why;
	}
}

bool queue_newer_say(const struct queue_newer *n, const struct report *r)
{
	struct fail why = n->why;

	if (n->n == 0)
		return false;
	if (n->n > 1)
		fail_wrap(&why, "this and %zu more, left alone", n->n - 1);
	report_warning(r, n->first.id, why.text);
	return true;
}
