/*
 * What waits, in the form of Postfix, which people and monitoring plugins
 * know, and as JSON. Nothing is locked, so a listing is never in the way; a
 * message that ends while it is listed is left out.
 */
#include "io.h"
#include "log.h"
#include "modes.h"
#include "queue.h"
#include "utf8.h"
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum {
	ENTRY_MAX = 4 * 1024 * 1024, /* octets of output about one message */
	KIBI = 1024,
};

/* In the order in which it came. */
struct entry {
	struct store *store;
	struct store_item item;
	int64_t created;
};

struct listing {
	struct queue_stores stores;
	struct arena *arena;
	struct entry *v; /* arena */
	size_t n;
	bool is_cut; /* standard output took no more */
};

/* A message while it is listed. */
struct shown {
	const struct store_item *item;
	struct queue_file file;
	struct fail broken; /* kind NONE: it could be read */
	bool is_locked;
};

static int by_time(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order = (x->created > y->created) - (x->created < y->created);

	return order ? order : strcmp(x->item.id, y->item.id);
}

static void sort(struct listing *l)
{
	for (size_t i = 0; i < l->n; i++) {
		struct entry *e = &l->v[i];
		struct arena arena = { NULL };
		struct queue_file f;

		e->created = INT64_MAX;
		if (store_look(e->store, &e->item, &f, &arena, NULL) == 0)
			e->created = f.info.created;
		arena_free(&arena);
	}
	if (l->n)
		qsort(l->v, l->n, sizeof(*l->v), by_time);
}

static int add_store(struct listing *l, struct store *store,
    enum store_place last, struct fail *why)
{
	struct store_list list = { .n = 0 };

	for (int place = STORE_NEW; place <= (int)last; place++)
		if (store_list(store, (enum store_place)place, l->arena, &list,
			why) != 0)
			return -1;
	for (size_t i = 0; i < list.n; i++) {
		l->v = arena_grow(l->arena, l->v, l->n, sizeof(*l->v));
		l->v[l->n++] = (struct entry){ store, list.v[i], 0 };
	}
	return 0;
}

static int begin(struct listing *l, const struct invocation *inv,
    enum store_place last, struct fail *why)
{
	if (queue_open(inv, l->arena, &l->stores, why) != 0)
		return -1;
	for (size_t i = 0; i < l->stores.n; i++)
		if (add_store(l, &l->stores.v[i], last, why) != 0)
			return -1;
	return 0;
}

static void end(struct listing *l)
{
	queue_close(&l->stores);
}

/* False: it is gone. */
static bool look(struct listing *l, size_t i, struct arena *a, struct shown *s)
{
	const struct store_item *item = &l->v[i].item;
	struct store *store = l->v[i].store;

	*s = (struct shown){ .item = item };
	if (store_look(store, item, &s->file, a, &s->broken) == 0)
		s->broken.kind = FAIL_NONE;
	s->is_locked =
	    s->broken.kind == FAIL_NONE && store_is_locked(store, item);
	return s->broken.kind != FAIL_LOCKED;
}

static void put(struct listing *l, struct buf *b)
{
	if (!l->is_cut && io_write(STDOUT_FILENO, b->p, b->n) != 0) {
		log_error("standard output: %s", strerror(errno));
		l->is_cut = true;
	}
	buf_clear(b);
}

/* Each message that is there, to `add`; what it adds is put out at once. */
static size_t each(struct listing *l, struct buf *out,
    void (*add)(
	struct buf *b, const struct shown *s, bool is_first, uint64_t *size),
    uint64_t *ret_size)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n && !l->is_cut; i++) {
		struct arena arena = { NULL };
		struct shown shown;

		if (look(l, i, &arena, &shown))
			add(out, &shown, n++ == 0, ret_size);
		put(l, out);
		arena_free(&arena);
	}
	return n;
}

/* ---- for people ---- */

static void add_time(struct buf *b, int64_t when)
{
	char text[64] = "";
	time_t t = (time_t)when;
	struct tm tm;

	if (localtime_r(&t, &tm))
		(void)strftime(text, sizeof(text), "%a %b %d %H:%M:%S", &tm);
	buf_addf(b, " %-20s ", text);
}

static void add_address(struct buf *b, const char *address)
{
	buf_add_printable(b, slice_of(*address ? address : "MAILER-DAEMON"));
	buf_addc(b, '\n');
}

static bool is_waiting(const struct queue_file *f, size_t i)
{
	return f->progress.letters[i] == QUEUE_WAITS ||
	       f->progress.letters[i] == QUEUE_UNKNOWN;
}

static void add_reason(struct buf *b, const char *reason)
{
	if (!*reason)
		return;
	buf_addc(b, '(');
	buf_add_printable(b, slice_of(reason));
	buf_adds(b, ")\n");
}

static void add_entry(
    struct buf *b, const struct shown *s, bool is_first, uint64_t *size)
{
	const struct queue_file *f = &s->file;
	const char *mark = s->is_locked                   ? "*"
			   : s->item->place == STORE_HOLD ? "!"
							  : " ";

	if (is_first)
		buf_adds(b, "-----Queue ID------- --Size-- ----Arrival "
			    "Time---- -Sender/Recipient-------\n");
	if (s->broken.kind != FAIL_NONE) {
		buf_addf(b, "%s\n", s->item->id);
		add_reason(b, s->broken.text);
		buf_addc(b, '\n');
		return;
	}
	buf_addf(b, "%s%s%8" PRIu64, s->item->id, mark, f->info.size);
	add_time(b, f->info.created);
	add_address(b, f->info.sender);
	add_reason(b, f->progress.text);
	for (size_t i = 0; i < f->info.n_rcpt; i++) {
		if (!is_waiting(f, i))
			continue;
		buf_addf(b, "%51s", "");
		add_address(b, f->info.rcpt[i]);
	}
	buf_addc(b, '\n');
	*size += f->info.size;
}

/* Programs count by either of the two lines. */
static void add_totals(struct buf *b, size_t n, uint64_t size)
{
	if (n == 0)
		buf_adds(b, "Mail queue is empty\n");
	else
		buf_addf(b,
		    "\t\tTotal requests: %zu\n-- %" PRIu64
		    " Kbytes in %zu Request%s.\n",
		    n, (size + KIBI - 1) / KIBI, n, n == 1 ? "" : "s");
}

static int code_of(const struct listing *l)
{
	return l->is_cut ? fail_exit_code(FAIL_OS) : 0;
}

int mode_queue_list(const struct invocation *inv, struct arena *a)
{
	struct listing l = { .arena = a };
	struct fail why;
	struct buf out;
	uint64_t size = 0;
	size_t n;

	if (begin(&l, inv, STORE_HOLD, &why) != 0) {
		end(&l);
		return mode_say(&why);
	}
	buf_init(&out, ENTRY_MAX);
	sort(&l);
	n = each(&l, &out, add_entry, &size);
	add_totals(&out, n, size);
	put(&l, &out);
	buf_free(&out);
	end(&l);
	return code_of(&l);
}

int mode_queue_count(const struct invocation *inv, struct arena *a)
{
	struct listing l = { .arena = a };
	struct fail why;
	struct buf out;
	int result = begin(&l, inv, STORE_HOLD, &why);

	end(&l);
	if (result != 0)
		return mode_say(&why);
	buf_init(&out, ENTRY_MAX);
	buf_addf(&out, "%zu\n", l.n);
	return mode_print(&out, 0);
}

/* ---- for programs ---- */

/* RFC 8259 7. An octet that is no UTF-8 becomes U+FFFD. */
static void add_string(struct buf *b, const char *text)
{
	struct slice s = slice_of(text);

	buf_addc(b, '"');
	while (s.n) {
		size_t n = utf8_length(s);

		if (n == 0)
			buf_adds(b, "\\ufffd");
		else if (s.p[0] == '"' || s.p[0] == '\\')
			buf_addf(b, "\\%c", s.p[0]);
		else if (is_control(s.p[0]))
			buf_addf(b, "\\u%04x", (unsigned char)s.p[0]);
		else
			buf_add_slice(b, slice_head(s, n));
		s = slice_skip(s, n ? n : 1);
	}
	buf_addc(b, '"');
}

/* A member, with the comma before it; NULL is null. */
static void add_text(struct buf *b, const char *key, const char *text)
{
	buf_addf(b, ", \"%s\": ", key);
	if (text)
		add_string(b, text);
	else
		buf_adds(b, "null");
}

static void add_number(struct buf *b, const char *key, int64_t number)
{
	buf_addf(b, ", \"%s\": %" PRId64, key, number);
}

static const char *letter_name(char letter)
{
	static const struct {
		char letter;
		const char *name;
	} names[] = {
		{ QUEUE_WAITS, "waits" },
		{ QUEUE_DONE, "done" },
		{ QUEUE_REFUSED, "refused" },
		{ QUEUE_UNKNOWN, "unknown" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].letter == letter)
			return names[i].name;
	return "";
}

static void add_recipients(struct buf *b, const struct queue_file *f)
{
	buf_adds(b, ", \"recipients\": [");
	for (size_t i = 0; i < f->info.n_rcpt; i++) {
		buf_adds(b, i ? ", {\"address\": " : "{\"address\": ");
		add_string(b, f->info.rcpt[i]);
		add_text(b, "state", letter_name(f->progress.letters[i]));
		buf_addc(b, '}');
	}
	buf_addc(b, ']');
}

static void add_members(struct buf *b, const struct queue_file *f)
{
	const struct queue_info *info = &f->info;
	const struct queue_progress *p = &f->progress;

	add_number(b, "created", info->created);
	add_number(b, "uid", info->uid);
	add_number(b, "size", (int64_t)info->size);
	add_text(b, "account", info->account);
	add_text(b, "sender", info->sender);
	add_text(b, "message_id", info->message_id);
	add_text(b, "notify", info->notify);
	add_text(b, "return", info->ret);
	add_text(b, "envelope_id", info->envid);
	buf_addf(b, ", \"is_report\": %s", info->is_report ? "true" : "false");
	add_number(b, "attempts", p->attempts);
	add_number(b, "last_try", p->last_try);
	add_number(b, "next_try", p->next_try);
	add_text(b, "outcome", outcome_name(p->class));
	add_number(b, "code", p->code);
	add_text(b, "reason", p->text);
	add_recipients(b, f);
}

static void add_object(
    struct buf *b, const struct shown *s, bool is_first, uint64_t *size)
{
	static const char *const places[STORE_PLACES] = {
		[STORE_NEW] = "waits",
		[STORE_HOLD] = "hold",
		[STORE_FAILED] = "failed",
	};

	(void)size; /* people are told of the sum */
	buf_addf(b, "%s{\"id\": \"%s\"", is_first ? "[\n" : ",\n", s->item->id);
	add_text(b, "state", places[s->item->place]);
	buf_addf(b, ", \"is_locked\": %s", s->is_locked ? "true" : "false");
	if (s->broken.kind == FAIL_NONE)
		add_members(b, &s->file);
	else
		add_text(b, "error", s->broken.text);
	buf_addc(b, '}');
}

int mode_queue_json(const struct invocation *inv, struct arena *a)
{
	struct listing l = { .arena = a };
	struct fail why;
	struct buf out;
	uint64_t unused = 0;

	if (begin(&l, inv, STORE_FAILED, &why) != 0) {
		end(&l);
		return mode_say(&why);
	}
	buf_init(&out, ENTRY_MAX);
	sort(&l);
	if (each(&l, &out, add_object, &unused) == 0)
		buf_addc(&out, '[');
	buf_adds(&out, "\n]\n");
	put(&l, &out);
	buf_free(&out);
	end(&l);
	return code_of(&l);
}
