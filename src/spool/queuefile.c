#include "crc.h"
#include "io.h"
#include "queuefile_private.h"
#include "random.h"
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	SECTOR = 512,
	SLOT_AT = SECTOR, /* two of them */
	LETTERS_AT = 3 * SECTOR,
	HEAD_AT = 4096,
	HEAD_MAX = 1024 * 1024,
	BLOCK = 64 * 1024,
};

static const char alphabet[] = "0123456789abcdefghijkmnpqrstvwxy";

void queuefile_new_id(char ret_id[QUEUE_ID_LEN + 1])
{
	unsigned char bits[QUEUE_ID_LEN];

	/* Names that exist are refused later. */
	random_fill(bits, sizeof(bits));
	for (size_t i = 0; i < QUEUE_ID_LEN; i++)
		ret_id[i] = alphabet[bits[i] % 32];
	/* Scripts count the lines of a listing that begin with 0-9 or A-F. */
	ret_id[0] = alphabet[bits[0] % 10];
	ret_id[QUEUE_ID_LEN] = '\0';
}

bool queuefile_is_id(struct slice name)
{
	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] == '\0' || !strchr(alphabet, name.p[i]))
			return false;
	return name.n == QUEUE_ID_LEN;
}

static int disk(struct fail *why, const char *doing)
{
	return fail(
	    why, FAIL_SPOOL, "queue file: %s: %s", doing, strerror(errno));
}

static int put_at(int fd, uint64_t at, struct slice s, struct fail *why)
{
	while (s.n) {
		ssize_t n = pwrite(fd, s.p, s.n, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return disk(why, "writing");
		at += (size_t)n;
		s = slice_skip(s, (size_t)n);
	}
	return 0;
}

/* ---- the first sector ---- */

#define MAGIC "postrider-spool "

enum { VERSION = 1, VERSION_MAX = 9999 };

struct preamble {
	uint64_t head_n, head_crc, body_n, body_crc, n_rcpt;
};

/* What it is made of, in this order: a word and so many hex digits. */
static const struct {
	const char *before;
	int digits;
	size_t at;
} marks[] = {
	{ MAGIC "1 head=", 8, offsetof(struct preamble, head_n) },
	{ ":", 8, offsetof(struct preamble, head_crc) },
	{ " body=", 16, offsetof(struct preamble, body_n) },
	{ ":", 8, offsetof(struct preamble, body_crc) },
	{ " rcpt=", 4, offsetof(struct preamble, n_rcpt) },
};

enum { MARKS = sizeof(marks) / sizeof(marks[0]) };

static void make_preamble(struct buf *b, const struct preamble *p)
{
	for (size_t i = 0; i < MARKS; i++)
		buf_addf(b, "%s%0*" PRIx64, marks[i].before, marks[i].digits,
		    *(const uint64_t *)(const void *)((const char *)p +
						      marks[i].at));
	buf_addc(b, '\n');
}

static bool take_hex(struct slice *rest, int digits, uint64_t *ret)
{
	uint64_t value = 0;

	for (int i = 0; i < digits; i++) {
		int digit = rest->n ? queuefile_hex_digit(rest->p[0]) : -1;

		if (digit < 0)
			return false;
		value = value << 4 | (uint64_t)digit;
		*rest = slice_skip(*rest, 1);
	}
	*ret = value;
	return true;
}

/* What a newer program wrote may be sound, and worth keeping. */
static int check_version(struct slice start, struct fail *why)
{
	struct slice number;
	uint64_t version;

	if (!slice_starts(start, SLICE(MAGIC)))
		return 0;
	start = slice_skip(start, sizeof(MAGIC) - 1);
	if (!slice_take_until(&start, ' ', &number) ||
	    !slice_number(number, VERSION + 1, VERSION_MAX, &version))
		return 0;
	return fail(why, FAIL_CONFIG,
	    "written by a newer version of this program, which alone can read "
	    "it (format %u)",
	    (unsigned)version);
}

static int parse_preamble(
    struct slice sector, struct preamble *ret, struct fail *why)
{
	for (size_t i = 0; i < MARKS; i++) {
		struct slice before = slice_of(marks[i].before);

		if (!slice_starts(sector, before))
			return queuefile_damaged(
			    why, "not one of this version");
		sector = slice_skip(sector, before.n);
		if (!take_hex(&sector, marks[i].digits,
			(uint64_t *)(void *)((char *)ret + marks[i].at)))
			return queuefile_damaged(why, "the first line");
	}
	if (!slice_starts(sector, SLICE("\n")) || ret->head_n > HEAD_MAX ||
	    ret->body_n > INT64_MAX - HEAD_MAX || ret->n_rcpt == 0 ||
	    ret->n_rcpt > ADDR_LIST_MAX)
		return queuefile_damaged(why, "the first line");
	return 0;
}

/* ---- progress ---- */

/* The numbers of a slot, in this order. */
enum { N_ATTEMPTS, N_LAST, N_NEXT, N_CLASS, N_CODE, NUMBERS };

static const struct {
	const char *key;
	uint64_t max;
} numbers[NUMBERS] = {
	[N_ATTEMPTS] = { "attempts", QUEUE_ATTEMPTS_MAX },
	[N_LAST] = { "last", INT64_MAX },
	[N_NEXT] = { "next", INT64_MAX },
	[N_CLASS] = { "class", OUTCOME_UNKNOWN },
	[N_CODE] = { "code", 999 },
};

static void make_slot(struct buf *b, const struct queue_file *f)
{
	const struct queue_progress *p = &f->progress;
	const uint64_t values[NUMBERS] = {
		[N_ATTEMPTS] = p->attempts,
		[N_LAST] = (uint64_t)p->last_try,
		[N_NEXT] = (uint64_t)p->next_try,
		[N_CLASS] = p->class,
		[N_CODE] = (uint64_t)p->code,
	};
	struct buf text;

	buf_init(&text, SECTOR);
	buf_addf(&text, " %08x\n", f->sequence);
	for (size_t i = 0; i < NUMBERS; i++)
		buf_addf(&text, "%s %" PRIu64 "\n", numbers[i].key, values[i]);
	buf_addf(&text, "%s\n%s\n", p->account, p->text);
	buf_addf(b, "%08" PRIx32, crc_add(0, buf_slice(&text)));
	buf_add_slice(b, buf_slice(&text));
	buf_free(&text);
}

static bool copy_line(struct slice *rest, char *room, size_t size)
{
	struct slice line;

	if (!slice_take_until(rest, '\n', &line) || line.n >= size ||
	    memchr(line.p, '\0', line.n))
		return false;
	memcpy(room, line.p, line.n);
	room[line.n] = '\0';
	return true;
}

/* False when it does not count: never written, torn, from elsewhere. */
static bool parse_slot(
    struct slice sector, struct queue_progress *p, unsigned *ret_sequence)
{
	struct slice all = slice_head(sector, slice_find(sector, '\0'));
	struct slice rest = all, key, line;
	uint64_t crc, sequence, values[NUMBERS];

	if (!take_hex(&rest, 8, &crc) ||
	    crc != crc_add(0, slice_skip(all, 8)) ||
	    !slice_starts(rest, SLICE(" ")))
		return false;
	rest = slice_skip(rest, 1);
	if (!take_hex(&rest, 8, &sequence) || !slice_starts(rest, SLICE("\n")))
		return false;
	rest = slice_skip(rest, 1);
	for (size_t i = 0; i < NUMBERS; i++)
		if (!slice_take_until(&rest, '\n', &line) ||
		    !slice_take_until(&line, ' ', &key) ||
		    !slice_eq(key, slice_of(numbers[i].key)) ||
		    !slice_number(line, 0, numbers[i].max, &values[i]))
			return false;
	p->attempts = (unsigned)values[N_ATTEMPTS];
	p->last_try = (int64_t)values[N_LAST];
	p->next_try = (int64_t)values[N_NEXT];
	p->class = (enum outcome_class)values[N_CLASS];
	p->code = (int)values[N_CODE];
	*ret_sequence = (unsigned)sequence;
	return copy_line(&rest, p->account, sizeof(p->account)) &&
	       copy_line(&rest, p->text, sizeof(p->text)) && rest.n == 0;
}

static bool is_letters(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!addr_is_one_of(s.p[i], "QDPU"))
			return false;
	return true;
}

/* The newer one of the two slots that counts, and the letters. */
static int parse_progress(
    struct queue_file *f, struct slice page, size_t n_rcpt, struct fail *why)
{
	struct slice letters = slice_head(slice_skip(page, LETTERS_AT), n_rcpt);
	bool found = false;

	for (size_t i = 0; i < 2; i++) {
		struct queue_progress p = { .attempts = 0 };
		struct slice sector = slice_head(
		    slice_skip(page, SLOT_AT + i * (size_t)SECTOR), SECTOR);
		unsigned sequence;

		if (!parse_slot(sector, &p, &sequence) ||
		    (found && (int)(sequence - f->sequence) < 0))
			continue;
		f->progress = p;
		f->sequence = sequence;
		found = true;
	}
	if (!found || !is_letters(letters))
		return queuefile_damaged(why, "its progress");
	memcpy(f->progress.letters, letters.p, letters.n);
	f->progress.letters[letters.n] = '\0';
	return 0;
}

static int put_progress(struct queue_file *f, struct fail *why)
{
	uint64_t at = SLOT_AT + (uint64_t)(f->sequence % 2) * SECTOR;
	/* What an older, longer text left behind must not be read. */
	char sector[SECTOR] = { '\0' };
	struct buf b;

	buf_init(&b, SECTOR);
	make_slot(&b, f);
	if (b.n)
		memcpy(sector, b.p, b.n);
	buf_free(&b);
	if (put_at(f->fd, LETTERS_AT, slice_of(f->progress.letters), why) != 0)
		return -1;
	return put_at(f->fd, at, (struct slice){ sector, SECTOR }, why);
}

int queuefile_save(struct queue_file *f, struct fail *why)
{
	f->sequence++;
	if (put_progress(f, why) == 0) {
		if (fdatasync(f->fd) == 0)
			return 0;
		disk(why, "fdatasync");
	}
	/* The next one takes the same slot: the other one is sound. */
	f->sequence--;
	return -1;
}

/* ---- the whole ---- */

static int put_body(struct queue_file *f, struct msg *m, struct fail *why)
{
	char block[BLOCK];
	ssize_t n;

	f->info.size = 0;
	f->body_crc = 0;
	msg_rewind(m);
	while ((n = msg_read(m, block, sizeof(block), why)) > 0) {
		struct slice s = { block, (size_t)n };

		if (put_at(f->fd, f->body_at + f->info.size, s, why) != 0)
			return -1;
		f->body_crc = crc_add(f->body_crc, s);
		f->info.size += s.n;
	}
	return n < 0 ? -1 : 0;
}

int queuefile_write(struct queue_file *f, struct msg *m, struct fail *why)
{
	struct preamble p;
	struct buf head, first;
	int result;

	buf_init(&head, HEAD_MAX);
	buf_init(&first, SECTOR);
	queuefile_make_head(&head, &f->info);
	f->body_at = HEAD_AT + head.n;
	f->sequence = 1;
	result = head.full ? fail(why, FAIL_MESSAGE,
				 "the envelope is too large for the spool")
			   : put_at(f->fd, HEAD_AT, buf_slice(&head), why);
	if (result == 0)
		result = put_body(f, m, why);
	p = (struct preamble){
		.head_n = head.n,
		.head_crc = crc_add(0, buf_slice(&head)),
		.body_n = f->info.size,
		.body_crc = f->body_crc,
		.n_rcpt = f->info.n_rcpt,
	};
	make_preamble(&first, &p);
	if (result == 0)
		result = put_progress(f, why);
	if (result == 0)
		result = put_at(f->fd, 0, buf_slice(&first), why);
	buf_free(&head);
	buf_free(&first);
	return result;
}

static int get_at(int fd, uint64_t at, char *room, size_t n, struct fail *why)
{
	ssize_t got = io_pread(fd, room, n, (off_t)at);

	if (got < 0)
		return disk(why, "reading");
	return (size_t)got == n ? 0 : queuefile_damaged(why, "it is cut");
}

/* Head and length, by what the first line says. */
static int read_head(struct queue_file *f, const struct preamble *p,
    struct arena *a, struct fail *why)
{
	char *room = arena_alloc(a, p->head_n + 1);
	const struct slice head = { room, p->head_n };
	struct stat st;

	if (get_at(f->fd, HEAD_AT, room, head.n, why) != 0)
		return -1;
	if (crc_add(0, head) != p->head_crc)
		return queuefile_damaged(why, "the envelope");
	f->info = (struct queue_info){ .size = p->body_n };
	f->body_at = HEAD_AT + p->head_n;
	f->body_crc = (uint32_t)p->body_crc;
	if (queuefile_parse_head(&f->info, a, head, why) != 0)
		return -1;
	if (fstat(f->fd, &st) != 0)
		return disk(why, "fstat");
	if ((uint64_t)st.st_size != f->body_at + p->body_n ||
	    f->info.n_rcpt != p->n_rcpt)
		return queuefile_damaged(why, "its length");
	return 0;
}

int queuefile_read(struct queue_file *f, struct arena *a, struct fail *why)
{
	char page[HEAD_AT];
	ssize_t got = io_pread(f->fd, page, sizeof(page), 0);
	struct preamble p = { .head_n = 0 };

	if (got < 0)
		return disk(why, "reading");
	if (check_version((struct slice){ page, (size_t)got }, why) != 0)
		return -1;
	if (got != HEAD_AT)
		return queuefile_damaged(why, "it is cut");
	if (parse_preamble((struct slice){ page, SECTOR }, &p, why) != 0 ||
	    read_head(f, &p, a, why) != 0)
		return -1;
	return parse_progress(
	    f, (struct slice){ page, sizeof(page) }, p.n_rcpt, why);
}

static int check_body(const struct queue_file *f, struct fail *why)
{
	char block[BLOCK];
	uint32_t crc = 0;

	for (uint64_t at = 0; at < f->info.size;) {
		uint64_t left = f->info.size - at;
		size_t n = left < BLOCK ? (size_t)left : BLOCK;

		if (get_at(f->fd, f->body_at + at, block, n, why) != 0)
			return -1;
		crc = crc_add(crc, (struct slice){ block, n });
		at += n;
	}
	return crc == f->body_crc ? 0 : queuefile_damaged(why, "the message");
}

int queuefile_load(const struct queue_file *f, struct msg *m, struct fail *why)
{
	static const struct intake_params params = { .is_again = true };

	if (check_body(f, why) != 0)
		return -1;
	if (lseek(f->fd, (off_t)f->body_at, SEEK_SET) < 0)
		return disk(why, "lseek");
	if (msg_intake(m, f->fd, &params, why) != 0)
		return fail_wrap(why, "queue file");
	return 0;
}
