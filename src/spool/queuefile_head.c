#include "queuefile_private.h"
#include <inttypes.h>
#include <stddef.h>

int queuefile_damaged(struct fail *why, const char *what)
{
	return fail(why, FAIL_MESSAGE, "damaged queue file: %s", what);
}

/* The texts of an envelope. */
static const struct {
	const char *key;
	size_t at;
	bool is_needed;
} texts[] = {
	{ "id", offsetof(struct queue_info, id), true },
	{ "account", offsetof(struct queue_info, account), true },
	{ "sender", offsetof(struct queue_info, sender), true },
	{ "message-id", offsetof(struct queue_info, message_id), false },
	{ "notify", offsetof(struct queue_info, notify), false },
	{ "ret", offsetof(struct queue_info, ret), false },
	{ "envid", offsetof(struct queue_info, envid), false },
};

enum { TEXTS = sizeof(texts) / sizeof(texts[0]) };

static const char **text_of(struct queue_info *info, size_t i)
{
	return (const char **)(void *)((char *)info + texts[i].at);
}

/* A value may hold any byte but stands on one line. */
static void add_value(struct buf *b, const char *key, const char *value)
{
	buf_addf(b, "%s ", key);
	for (; *value; value++)
		if (is_control(*value) || is_8bit(*value) || *value == '%')
			buf_addf(b, "%%%02x", (unsigned char)*value);
		else
			buf_addc(b, *value);
	buf_addc(b, '\n');
}

void queuefile_make_head(struct buf *b, struct queue_info *info)
{
	for (size_t i = 0; i < TEXTS; i++)
		if (*text_of(info, i))
			add_value(b, texts[i].key, *text_of(info, i));
	buf_addf(b, "created %" PRId64 "\nuid %" PRIu32 "\n", info->created,
	    info->uid);
	if (info->is_report)
		add_value(b, "report", "yes");
	for (size_t i = 0; i < info->n_rcpt; i++)
		add_value(b, "rcpt", info->rcpt[i]);
}

int queuefile_hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* NULL when it is not what add_value() writes. */
static const char *take_value(struct arena *a, struct slice s)
{
	char *text = arena_alloc(a, s.n + 1);
	size_t n = 0;

	while (s.n) {
		int high, low;

		text[n] = s.p[0];
		if (s.p[0] == '%') {
			high = s.n < 3 ? -1 : queuefile_hex_digit(s.p[1]);
			low = s.n < 3 ? -1 : queuefile_hex_digit(s.p[2]);
			if (high < 0 || low < 0 || high + low == 0)
				return NULL;
			text[n] = (char)(high * 16 + low);
			s = slice_skip(s, 2);
		} else if (is_control(s.p[0]) || is_8bit(s.p[0])) {
			return NULL;
		}
		n++;
		s = slice_skip(s, 1);
	}
	return text;
}

/* One line of the head. */
static bool take_line(
    struct queue_info *info, struct arena *a, struct slice key, struct slice s)
{
	uint64_t number;

	for (size_t i = 0; i < TEXTS; i++)
		if (slice_eq(key, slice_of(texts[i].key)))
			return !*text_of(info, i) &&
			       (*text_of(info, i) = take_value(a, s)) != NULL;
	if (slice_eq(key, SLICE("rcpt")) && info->n_rcpt < ADDR_LIST_MAX) {
		info->rcpt = arena_grow(
		    a, info->rcpt, info->n_rcpt, sizeof(*info->rcpt));
		info->rcpt[info->n_rcpt] = take_value(a, s);
		return info->rcpt[info->n_rcpt++] != NULL;
	}
	if (slice_eq(key, SLICE("report")))
		return info->is_report = true;
	if (slice_eq(key, SLICE("created")) &&
	    slice_number(s, 0, INT64_MAX, &number)) {
		info->created = (int64_t)number;
		return true;
	}
	if (slice_eq(key, SLICE("uid")) &&
	    slice_number(s, 0, UINT32_MAX, &number)) {
		info->uid = (uint32_t)number;
		return true;
	}
	return false;
}

int queuefile_parse_head(struct queue_info *info, struct arena *a,
    struct slice head, struct fail *why)
{
	struct slice line, key;

	while (slice_take_line(&head, &line)) {
		if (line.p[line.n - 1] != '\n')
			return queuefile_damaged(why, "the envelope is cut");
		line.n--;
		if (!slice_take_until(&line, ' ', &key) ||
		    !take_line(info, a, key, line))
			return queuefile_damaged(why, "the envelope");
	}
	for (size_t i = 0; i < TEXTS; i++)
		if (texts[i].is_needed && !*text_of(info, i))
			return queuefile_damaged(
			    why, "the envelope is not complete");
	if (info->n_rcpt == 0 || !queuefile_is_id(slice_of(info->id)))
		return queuefile_damaged(why, "the envelope is not complete");
	return 0;
}
