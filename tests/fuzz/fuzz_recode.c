/*
 * fuzz_recode: a message through intake and recode(). What comes out can be
 * carried, is not touched a second time, has the size that is said, and each
 * part stands for the same as before. The walker's events are the message,
 * however it is cut.
 */
#include "io.h"
#include "mime.h"
#include "recode.h"
#include "tally.h"
#include "wire.h"
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

enum { LINE_LIMIT = 998, PARTS = 200 };

static void require(bool is_true)
{
	if (!is_true)
		abort();
}

static void take(struct msg *m, struct slice text)
{
	const struct intake_params params = { .dot_ends = false };
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	require(fd >= 0 && io_write(fd, text.p, text.n) == 0);
	require(lseek(fd, 0, SEEK_SET) == 0);
	msg_init(m);
	require(msg_intake(m, fd, &params, NULL) == 0);
	io_close(fd);
}

static void read_all(struct msg *m, struct buf *all)
{
	char bytes[100];
	ssize_t n;

	buf_init(all, 16 * MSG_HEADER_MAX);
	msg_rewind(m);
	while ((n = msg_read(m, bytes, sizeof(bytes), NULL)) != 0) {
		require(n > 0);
		buf_add(all, bytes, (size_t)n);
	}
	require(!all->full);
	msg_rewind(m);
}

/* A part as a reader has it. */
struct seen {
	enum mime_kind kind;
	enum mime_encoding encoding;
	bool is_delimited;
	struct buf text;
};

struct walk {
	struct seen parts[PARTS];
	size_t n;
	bool is_odd; /* a comparison would not hold */
	struct buf all;
};

static int see(void *ctx, const struct mime_event *e, struct fail *why)
{
	struct walk *w = ctx;
	struct seen *part = &w->parts[e->part->number];

	(void)why;
	if (e->part->number >= PARTS)
		return -1;
	buf_add_slice(&w->all, e->text);
	buf_add_slice(&w->all, e->empty);
	if (e->kind == MIME_HEADER) {
		struct tally t = { .text = 0 };

		require(e->part->number == w->n);
		w->n++;
		buf_init(&part->text, 16 * MSG_HEADER_MAX);
		part->kind = e->part->kind;
		part->encoding = e->part->encoding;
		tally_add(&t, e->text.p, e->text.n);
		tally_finish(&t);
		/* A boundary may be in what is changed. */
		w->is_odd |= t.has_8bit || t.longest > LINE_LIMIT;
	}
	if (e->kind == MIME_DELIMITER)
		part->is_delimited = true;
	if (e->kind == MIME_BODY || e->kind == MIME_AROUND)
		buf_add_slice(&part->text, e->text);
	return 0;
}

static void walk_free(struct walk *w)
{
	for (size_t i = 0; i < w->n; i++)
		buf_free(&w->parts[i].text);
	buf_free(&w->all);
	free(w);
}

static struct walk *walk(const struct msg *m, size_t piece)
{
	struct walk *w = calloc(1, sizeof(*w));
	const struct mime_sink sink = { see, w };
	struct slice body = buf_slice(&m->body);
	struct mime *mime = calloc(1, sizeof(*mime));
	struct buf header;
	int status;

	require(w && mime);
	buf_init(&w->all, 16 * MSG_HEADER_MAX);
	buf_init(&header, MSG_HEADER_MAX);
	buf_add_slice(&header, buf_slice(&m->header));
	header.n = mime_strip(header.p, header.n);
	status = mime_begin(mime, &sink, buf_slice(&header), NULL);
	for (; body.n && status == 0; body = slice_skip(body, piece))
		status = mime_add(mime, slice_head(body, piece), NULL);
	if (status == 0)
		status = mime_finish(mime, NULL);
	mime_free(mime);
	free(mime);
	buf_free(&header);
	if (status == 0)
		return w;
	walk_free(w);
	return NULL;
}

/* Line ends as on the wire, dots as they were. */
static struct buf on_wire(struct slice s)
{
	char *room = malloc(WIRE_GROWTH(s.n) + 2);
	struct wire w = { .in_line = false };
	struct buf b;
	size_t n;

	require(room);
	buf_init(&b, 32 * MSG_HEADER_MAX);
	n = wire_filter(&w, s.p, s.n, room);
	if (w.pending_cr)
		n += wire_finish(&w, room + n);
	for (size_t i = 0; i < n; i++)
		if (room[i] != '.' || (i && room[i - 1] != '\n'))
			buf_addc(&b, room[i]);
		else
			buf_addc(&b, room[i++]);
	free(room);
	return b;
}

static int digit(char c)
{
	static const char digits[] = "0123456789ABCDEFabcdef";
	const char *found = c ? strchr(digits, c) : NULL;
	int value = found ? (int)(found - digits) : -1;

	return value > 15 ? value - 6 : value;
}

static bool is_base64(char c)
{
	char lower = ascii_lower(c);

	return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') ||
	       c == '+' || c == '/' || c == '=';
}

/* What the part stands for. */
static struct buf meaning(const struct seen *part)
{
	struct buf in = on_wire(buf_slice(&part->text)), out;
	const char *p;

	buf_init(&out, 32 * MSG_HEADER_MAX);
	if (part->encoding >= MIME_BASE64)
		in.n = mime_strip(in.p, in.n);
	buf_addc(&in, '\0');
	in.n--;
	p = in.p;
	for (size_t i = 0; i < in.n; i++) {
		if (part->encoding < MIME_BASE64) {
			buf_addc(&out, p[i]);
		} else if (part->encoding == MIME_BASE64) {
			if (is_base64(p[i]))
				buf_addc(&out, p[i]);
		} else if (p[i] == '=' && digit(p[i + 1]) >= 0 &&
			   digit(p[i + 2]) >= 0) {
			buf_addc(&out,
			    (char)(digit(p[i + 1]) * 16 + digit(p[i + 2])));
			i += 2;
		} else if (p[i] == '=' && p[i + 1] == '\r') {
			i += 2;
		} else {
			buf_addc(&out, p[i]);
		}
	}
	buf_free(&in);
	return out;
}

static void compare(const struct walk *before, const struct walk *after)
{
	require(before->n == after->n);
	for (size_t i = 0; i < before->n; i++) {
		const struct seen *a = &before->parts[i];
		const struct seen *b = &after->parts[i];
		struct buf was = meaning(a), is = meaning(b);

		require(a->kind == b->kind);
		require(a->is_delimited == b->is_delimited);
		if (!a->is_delimited)
			require(slice_eq(buf_slice(&was), buf_slice(&is)));
		buf_free(&was);
		buf_free(&is);
	}
}

static void check_carriable(struct msg *m, struct slice all, bool may_8bit)
{
	struct tally t = { .text = 0 };

	tally_add(&t, all.p, all.n);
	tally_finish(&t);
	require(!t.has_nul && t.longest <= LINE_LIMIT);
	require(may_8bit || !t.has_8bit);
	require(tally_wire_size(&t) == msg_wire_size(m));
}

static void check_again(struct msg *m, struct slice all, bool may_8bit)
{
	const struct msg_facts facts = m->facts;
	struct buf again;

	require(recode(m, may_8bit, NULL) == 0);
	read_all(m, &again);
	require(slice_eq(buf_slice(&again), all));
	require(facts.size == m->facts.size);
	buf_free(&again);
}

/* Cut anywhere, the events are the same; together they are the message. */
static void check_walk(const struct msg *m, const struct walk *whole)
{
	for (size_t piece = 1; piece < 8; piece += 3) {
		struct walk *w = walk(m, piece);

		require(
		    w && slice_eq(buf_slice(&w->all), buf_slice(&whole->all)));
		compare(whole, w);
		walk_free(w);
	}
}

static void check_events(const struct msg *m, const struct walk *w)
{
	struct buf whole, a, b;

	if (m->facts.has_nul)
		return;
	buf_init(&whole, 16 * MSG_HEADER_MAX);
	buf_add_slice(&whole, buf_slice(&m->header));
	buf_add_slice(&whole, buf_slice(&m->body));
	a = on_wire(buf_slice(&whole));
	b = on_wire(buf_slice(&w->all));
	require(slice_eq(buf_slice(&a), buf_slice(&b)));
	buf_free(&whole);
	buf_free(&a);
	buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct slice text = { (const char *)bytes, n };
	bool may_8bit = n && bytes[0] & 1;
	struct walk *before, *after;
	struct buf all;
	struct msg m;

	take(&m, slice_skip(text, 1));
	before = walk(&m, SIZE_MAX / 2);
	if (before) {
		check_walk(&m, before);
		check_events(&m, before);
	}
	if (recode(&m, may_8bit, NULL) == 0) {
		read_all(&m, &all);
		check_carriable(&m, buf_slice(&all), may_8bit);
		check_again(&m, buf_slice(&all), may_8bit);
		after = before ? walk(&m, SIZE_MAX / 2) : NULL;
		if (after && !before->is_odd)
			compare(before, after);
		if (after)
			walk_free(after);
		buf_free(&all);
	}
	if (before)
		walk_free(before);
	msg_free(&m);
	return 0;
}
