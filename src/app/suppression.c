#include "suppression.h"
#include "io.h"
#include "log.h"
#include "queue.h"
#include "suppress.h"
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { OUTPUT_MAX = 16 * 1024 * 1024, DATE_MAX = 32 };

static int open_list(struct store *store, const struct settings *s,
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

/* ---- around a message ---- */

static const char *date_of(int64_t when, struct arena *a)
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
	    date_of(entry->since, a), entry->reason);
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
		const struct suppressed *entry =
		    suppress_find(list, s->files.account, p->rcpt[i]);

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
	if (open_list(&store, &s->files.settings, s->arena, &why) != 0) {
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
	if (r->is_suppressed_here || r->why.kind != FAIL_RCPT)
		return false;
	return r->class == OUTCOME_SUPPRESSED ||
	       (r->class == OUTCOME_PERM &&
		   strcmp(r->reply.stage, "rcpt") == 0 &&
		   speaks_of_address(&r->reply));
}

static void learn(struct send *s, struct store *store, const struct outcome *o)
{
	struct fail why;

	for (size_t i = 0; i < o->n_rcpt; i++) {
		const struct suppressed entry = {
			.since = time(NULL),
			.account = s->files.account,
			.address = o->rcpt[i].address,
			.reason = o->rcpt[i].reply.text,
		};

		if (is_learned(&o->rcpt[i]) &&
		    suppress_add(store, &entry, &why) != 0)
			log_warning("%s", why.text);
	}
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
	if (open_list(&store, &s->files.settings, s->arena, &why) != 0) {
		log_warning("%s", why.text);
		return;
	}
	learn(s, &store, o);
	store_close(&store);
}

/* ---- for a person ---- */

/* What --suppress and --unsuppress do to each operand. */
struct edit {
	struct store store;
	const char *account;
	int (*one)(struct edit *e, const char *address, struct fail *why);
};

static int add_one(struct edit *e, const char *address, struct fail *why)
{
	const struct suppressed entry = {
		.since = time(NULL),
		.account = e->account,
		.address = address,
		.reason = "by hand",
	};

	return suppress_add(&e->store, &entry, why);
}

static int remove_one(struct edit *e, const char *address, struct fail *why)
{
	size_t n;

	if (suppress_remove(&e->store, e->account, address, &n, why) != 0)
		return -1;
	return n ? 0
		 : fail(why, FAIL_USAGE, "%s: not suppressed for account %s",
		       address, e->account);
}

static int edit_all(
    struct edit *e, const struct invocation *inv, struct fail *why)
{
	for (size_t i = 0; i < inv->n_operands; i++) {
		const char *address = inv->operands[i];

		if (addr_check(address, true, why) != 0) {
			why->kind = FAIL_USAGE;
			return -1;
		}
		if (e->one(e, address, why) != 0)
			return -1;
	}
	return 0;
}

/* The account that the command line chooses, and its list. */
static int open_chosen(struct files *files, struct store *store,
    const struct invocation *inv, struct arena *a, struct fail *why)
{
	if (files_load(files, inv, NULL, why) != 0)
		return -1;
	if (!files->account)
		return fail(
		    why, FAIL_USAGE, "an account of a file is needed (-a)");
	return open_list(store, &files->settings, a, why);
}

static int say(const struct fail *why)
{
	log_error("%s", why->text);
	return fail_exit_code(why->kind);
}

static int edit(const struct invocation *inv, struct arena *a,
    int (*one)(struct edit *, const char *, struct fail *))
{
	struct edit e = { .one = one };
	struct files files;
	struct fail why;
	int result;

	files_init(&files, a);
	result = inv->n_operands ? open_chosen(&files, &e.store, inv, a, &why)
				 : fail(&why, FAIL_USAGE, "name an address");
	if (result == 0) {
		e.account = files.account;
		result = edit_all(&e, inv, &why);
		store_close(&e.store);
	}
	files_free(&files);
	return result == 0 ? 0 : say(&why);
}

int mode_suppress(const struct invocation *inv, struct arena *a)
{
	return edit(inv, a, add_one);
}

int mode_unsuppress(const struct invocation *inv, struct arena *a)
{
	return edit(inv, a, remove_one);
}

static int print_list(
    const struct suppressed_list *list, const char *account, struct arena *a)
{
	struct buf b;
	int result;

	buf_init(&b, OUTPUT_MAX);
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->v[i].account, account) == 0)
			buf_addf(&b, "%s  %s  %s\n",
			    date_of(list->v[i].since, a), list->v[i].address,
			    list->v[i].reason);
	result = io_write(STDOUT_FILENO, b.p, b.n);
	buf_free(&b);
	return result;
}

int mode_suppressed(const struct invocation *inv, struct arena *a)
{
	struct suppressed_list list;
	struct store store;
	struct files files;
	struct fail why;
	int result;

	files_init(&files, a);
	result = open_chosen(&files, &store, inv, a, &why);
	if (result == 0) {
		result = suppress_load(&store, a, &list, &why);
		if (result == 0 && print_list(&list, files.account, a) != 0)
			result = fail(&why, FAIL_OS, "standard output: %s",
			    strerror(errno));
		store_close(&store);
	}
	files_free(&files);
	return result == 0 ? 0 : say(&why);
}
