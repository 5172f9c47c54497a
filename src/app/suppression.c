#include "suppression.h"
#include "io.h"
#include "log.h"
#include "path.h"
#include "queue.h"
#include "suppress.h"
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { DATE_MAX = 32 };

int suppression_open(struct store *store, const struct settings *s,
    struct arena *a, struct fail *why)
{
	const char *path = queue_path(s, a);

	if (!path)
		return fail(why, FAIL_CONFIG,
		    "suppression: no home directory for the spool; set "
		    "`spool`");
	return store_open(store, path, why);
}

static bool is_on(const struct send *s)
{
	return s->files.settings.suppression && s->files.account;
}

const char *suppression_date(int64_t when, struct arena *a)
{
	char text[DATE_MAX] = "";
	time_t t = (time_t)when;
	struct tm tm;

	if (localtime_r(&t, &tm))
		(void)strftime(text, sizeof(text), "%Y-%m-%d", &tm);
	return arena_copy(a, slice_of(text));
}

static struct outcome_rcpt refused(
    const char *address, const struct suppressed *entry, struct arena *a)
{
	struct outcome_rcpt r = {
		.address = address,
		.class = OUTCOME_PERM,
		.reply = { .stage = "", .text = "" },
		.is_suppressed_here = true,
	};

	fail(&r.why, FAIL_RCPT, "suppressed since %s: %s",
	    suppression_date(entry->since, a), entry->reason);
	r.why.advice = "if it exists after all: --unsuppress";
	return r;
}

static void split(
    struct send *s, const struct suppressed_list *list, struct left_out *left)
{
	struct plan *p = &s->plan;
	size_t kept = 0;

	left->v = arena_alloc(s->arena, p->n_rcpt * sizeof(*left->v));
	for (size_t i = 0; i < p->n_rcpt; i++) {
		const struct suppressed *entry = suppress_find(
		    list, s->files.account, path_key(p->rcpt[i], s->arena));

		if (entry)
			left->v[left->n++] =
			    refused(p->rcpt[i], entry, s->arena);
		else
			p->rcpt[kept++] = p->rcpt[i];
	}
	p->n_rcpt = kept;
}

struct left_out suppression_apply(struct send *s)
{
	struct suppressed_list list = { .n = 0 };
	struct left_out left = { .n = 0 };
	struct store store;
	struct fail why;

	if (!is_on(s))
		return left;
	if (suppression_open(&store, &s->files.settings, s->arena, &why) != 0) {
		log_warning("%s", why.text);
		return left;
	}
	if (suppress_load(&store, s->arena, &list, &why) != 0)
		log_warning("%s", why.text);
	if (list.n)
		split(s, &list, &left);
	store_close(&store);
	return left;
}

void suppression_put_back(
    const struct left_out *left, struct arena *a, struct outcome *o)
{
	struct outcome_rcpt *all;
	size_t n = o->n_rcpt;

	if (left->n == 0)
		return;
	all = arena_alloc(a, (n + left->n) * sizeof(*all));
	if (n)
		memcpy(all, o->rcpt, n * sizeof(*all));
	memcpy(all + n, left->v, left->n * sizeof(*all));
	o->rcpt = all;
	o->n_rcpt = n + left->n;
	if (n)
		return;
	o->class = OUTCOME_PERM;
	o->why = left->v[0].why;
	o->reply = left->v[0].reply;
}

/* RFC 3463 3.2: 5.1.x speaks of the address; some servers only say so. */
static bool speaks_of_address(const struct outcome_reply *reply)
{
	static const char *const words[] = { "unknown", "no such", "not exist",
		"suppress" };

	if (reply->enhanced[0] != 0)
		return reply->enhanced[0] == 5 && reply->enhanced[1] == 1;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcasestr(reply->text, words[i]))
			return true;
	return false;
}

/* Of the recipient, not of the account, the message or the moment. */
static bool is_learned(const struct outcome_rcpt *r)
{
	if (r->is_suppressed_here || r->is_of_other || r->why.kind != FAIL_RCPT)
		return false;
	return r->class == OUTCOME_SUPPRESSED ||
	       (r->class == OUTCOME_PERM &&
		   strcmp(r->reply.stage, "rcpt") == 0 &&
		   speaks_of_address(&r->reply));
}

static void learn(struct send *s, struct store *store, const struct outcome *o)
{
	struct suppressed *v = arena_alloc(s->arena, o->n_rcpt * sizeof(*v));
	struct fail why;
	size_t n = 0;

	for (size_t i = 0; i < o->n_rcpt; i++)
		if (is_learned(&o->rcpt[i]))
			v[n++] = (struct suppressed){
				.since = time(NULL),
				.account = s->files.account,
				.address =
				    path_key(o->rcpt[i].address, s->arena),
				.reason = o->rcpt[i].reply.text,
			};
	if (suppress_add(store, v, n, &why) != 0)
		log_warning("%s", why.text);
}

void suppression_learn(struct send *s, const struct outcome *o)
{
	struct store store;
	struct fail why;
	bool any = false;

	for (size_t i = 0; i < o->n_rcpt; i++)
		any |= is_learned(&o->rcpt[i]);
	if (!any || !is_on(s))
		return;
	if (suppression_open(&store, &s->files.settings, s->arena, &why) != 0) {
		log_warning("%s", why.text);
		return;
	}
	learn(s, &store, o);
	store_close(&store);
}
