/*
 * What a person does to the list of an account.
 */
#include "modes.h"
#include "path.h"
#include "suppress.h"
#include "suppression.h"
#include <string.h>
#include <time.h>

enum { OUTPUT_MAX = 16 * 1024 * 1024 };

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

	return suppress_add(&e->store, &entry, 1, why);
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

static int edit_all(struct edit *e, const struct invocation *inv,
    struct arena *a, struct fail *why)
{
	for (size_t i = 0; i < inv->n_operands; i++) {
		const char *address = inv->operands[i];

		if (addr_check(address, true, why) != 0)
			return fail_as(why, FAIL_USAGE);
		if (e->one(e, path_key(address, a), why) != 0)
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
	return suppression_open(store, &files->settings, a, why);
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
		result = edit_all(&e, inv, a, &why);
		store_close(&e.store);
	}
	files_free(&files);
	return result == 0 ? 0 : mode_say(&why);
}

int mode_suppress(const struct invocation *inv, struct arena *a)
{
	return edit(inv, a, add_one);
}

int mode_unsuppress(const struct invocation *inv, struct arena *a)
{
	return edit(inv, a, remove_one);
}

static void add_list(struct buf *b, const struct suppressed_list *list,
    const char *account, struct arena *a)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->v[i].account, account) == 0) {
			buf_addf(
			    b, "%s  ", suppression_date(list->v[i].since, a));
			buf_add_printable(b, slice_of(list->v[i].address));
			buf_adds(b, "  ");
			buf_add_printable(b, slice_of(list->v[i].reason));
			buf_addc(b, '\n');
		}
}

int mode_suppressed(const struct invocation *inv, struct arena *a)
{
	struct suppressed_list list;
	struct store store;
	struct files files;
	struct fail why;
	struct buf b;
	int result;

	files_init(&files, a);
	buf_init(&b, OUTPUT_MAX);
	result = open_chosen(&files, &store, inv, a, &why);
	if (result == 0) {
		result = suppress_load(&store, a, &list, &why);
		if (result == 0)
			add_list(&b, &list, files.account, a);
		store_close(&store);
	}
	files_free(&files);
	return mode_print(&b, result == 0 ? 0 : mode_say(&why));
}
