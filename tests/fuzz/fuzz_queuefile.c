/*
 * fuzz_queuefile: a queue file that is believed keeps its limits, and written
 * again it is read as the same. Any other one is MESSAGE.
 */
#include "crc.h"
#include "queuefile.h"
#include "slice.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void require(bool is_true)
{
	if (!is_true)
		abort();
}

static int file_of(const void *bytes, size_t n)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	require(fd >= 0 && pwrite(fd, bytes, n, 0) == (ssize_t)n);
	return fd;
}

static void check_text(const char *a, const char *b)
{
	require((a == NULL) == (b == NULL));
	require(a == NULL || strcmp(a, b) == 0);
}

static void check_info(const struct queue_info *a, const struct queue_info *b)
{
	check_text(a->id, b->id);
	check_text(a->account, b->account);
	check_text(a->sender, b->sender);
	check_text(a->message_id, b->message_id);
	check_text(a->notify, b->notify);
	check_text(a->ret, b->ret);
	check_text(a->envid, b->envid);
	require(a->created == b->created && a->uid == b->uid);
	require(a->is_report == b->is_report && a->n_rcpt == b->n_rcpt);
	for (size_t i = 0; i < a->n_rcpt; i++)
		check_text(a->rcpt[i], b->rcpt[i]);
}

static void check_limits(const struct queue_file *f)
{
	const struct queue_progress *p = &f->progress;

	require(queuefile_is_id(slice_of(f->info.id)));
	require(f->info.account && f->info.sender);
	require(f->info.n_rcpt > 0 && f->info.n_rcpt <= ADDR_LIST_MAX);
	require(strlen(p->letters) == f->info.n_rcpt);
	require(strspn(p->letters, "QDPU") == f->info.n_rcpt);
	require(p->attempts <= QUEUE_ATTEMPTS_MAX);
	require(p->code >= 0 && p->code <= 999);
	require(p->next_try >= 0 && p->last_try >= 0);
}

/* Progress is written and read again, and nothing else has changed. */
static void check_saved(struct queue_file *f)
{
	struct arena arena = { NULL };
	struct queue_file again = { .fd = f->fd };

	if (f->progress.attempts < QUEUE_ATTEMPTS_MAX)
		f->progress.attempts++;
	f->progress.letters[0] = QUEUE_UNKNOWN;
	require(queuefile_save(f, NULL) == 0);
	require(queuefile_read(&again, &arena, NULL) == 0);
	check_info(&f->info, &again.info);
	require(again.progress.attempts == f->progress.attempts);
	require(again.progress.next_try == f->progress.next_try);
	require(strcmp(again.progress.letters, f->progress.letters) == 0);
	require(strcmp(again.progress.text, f->progress.text) == 0);
	arena_free(&arena);
}

static void check_message(struct queue_file *f)
{
	struct queue_file copy = *f, again = { .fd = -1 };
	struct arena arena = { NULL };
	struct fail why;
	struct msg m;

	msg_init(&m);
	if (queuefile_load(f, &m, &why) != 0) {
		require(why.kind == FAIL_MESSAGE);
		msg_free(&m);
		return;
	}
	copy.fd = file_of("", 0);
	require(queuefile_write(&copy, &m, NULL) == 0);
	again.fd = copy.fd;
	require(queuefile_read(&again, &arena, NULL) == 0);
	check_info(&f->info, &again.info);
	close(copy.fd);
	arena_free(&arena);
	msg_free(&m);
}

static void check_file(const void *bytes, size_t n)
{
	struct arena arena = { NULL };
	struct queue_file f = { .fd = file_of(bytes, n) };
	struct fail why = { FAIL_NONE, NULL, "" };

	if (queuefile_read(&f, &arena, &why) == 0) {
		check_limits(&f);
		check_message(&f);
		check_saved(&f);
	} else {
		require(why.kind == FAIL_MESSAGE);
	}
	close(f.fd);
	arena_free(&arena);
}

/*
 * Behind right checksums, which no mutation finds: the input is the head and,
 * behind an empty line, the text of a slot, with the letters in front.
 */
static void check_sealed(struct slice input)
{
	static char file[3 * 4096];
	struct slice head = input, slot = { "", 0 };
	const char *gap = memmem(input.p, input.n, "\n\n", 2);
	size_t n_rcpt = 0;

	if (input.n > 4096)
		return;
	if (gap) {
		head.n = (size_t)(gap - input.p) + 1;
		slot = slice_skip(input, head.n + 1);
	}
	memset(file, 0, sizeof(file));
	for (size_t i = 0; i + 5 <= head.n; i++)
		n_rcpt += (i == 0 || head.p[i - 1] == '\n') &&
			  memcmp(head.p + i, "rcpt ", 5) == 0;
	(void)snprintf(file, 512,
	    "postrider-spool 1 head=%08zx:%08x body=%016x:%08x rcpt=%04zx\n",
	    head.n, crc_add(0, head), 0U, crc_add(0, (struct slice){ "", 0 }),
	    n_rcpt);
	slot = slice_head(slot, 503);
	(void)snprintf(file + 512, 512, "%08x", crc_add(0, slot));
	memcpy(file + 520, slot.p, slot.n);
	memset(file + 1536, 'Q', n_rcpt < 2000 ? n_rcpt : 2000);
	memcpy(file + 4096, head.p, head.n);
	check_file(file, 4096 + head.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	check_file(bytes, n);
	check_sealed((struct slice){ (const char *)bytes, n });
	return 0;
}
