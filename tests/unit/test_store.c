#include "child.h"
#include "io.h"
#include "store.h"
#include "unit.h"
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* The programs run in a directory of their own: names are relative. */
#define SPOOL "spool"

#define ITEM(place, id) (&(struct store_item[]){ item_of(place, id) }[0])

static struct store_item item_of(enum store_place place, const char *id)
{
	struct store_item item = { .place = place };

	(void)snprintf(item.id, sizeof(item.id), "%s", id);
	return item;
}

static void wipe(void)
{
	CHECK_INT(system("rm -rf spool other"), 0);
}

static struct msg message(const char *text)
{
	static const struct intake_params params = { .max_size = 0 };
	struct msg m;
	int pipe_fds[2];

	msg_init(&m);
	CHECK_INT(pipe(pipe_fds), 0);
	CHECK_INT(io_write(pipe_fds[1], text, strlen(text)), 0);
	io_close(pipe_fds[1]);
	CHECK_INT(msg_intake(&m, pipe_fds[0], &params, NULL), 0);
	io_close(pipe_fds[0]);
	return m;
}

static const char *rcpt[] = { "a@example.net", "\"b c\"@example.net", "d" };

static struct queue_file sample(void)
{
	return (struct queue_file){
		.info = {
			.created = 1700000000,
			.uid = 1000,
			.account = "de\tfault % \xc3\xa9",
			.sender = "",
			.message_id = "<id@example.com>",
			.notify = "SUCCESS,FAILURE",
			.envid = "+41",
			.rcpt = rcpt,
			.n_rcpt = 3,
		},
		.progress = {
			.next_try = 1700000100,
			.class = OUTCOME_TEMP,
			.code = 454,
			.account = "default",
			.text = "454 Throttling failure",
			.letters = "QQQ",
		},
	};
}

#define TEXT "Subject: x\nFrom: a@b\n\nbody\n.\nend"

/* A store with one message; its id. */
static const char *add(struct store *s, const char *text, struct arena *a)
{
	struct queue_file f = sample();
	struct fail why = { .kind = FAIL_NONE };
	struct msg m = message(text);

	CHECK_INT(store_add(s, &f, &m, a, &why), 0);
	CHECK_STR(why.text, "");
	CHECK(!f.is_unsure);
	store_release(&f);
	msg_free(&m);
	return f.info.id ? f.info.id : "";
}

static void check_same(const struct queue_file *f)
{
	const struct queue_file want = sample();

	CHECK_INT(f->info.created, want.info.created);
	CHECK_INT(f->info.uid, want.info.uid);
	CHECK_STR(f->info.account, want.info.account);
	CHECK_STR(f->info.sender, want.info.sender);
	CHECK_STR(f->info.message_id, want.info.message_id);
	CHECK_STR(f->info.notify, want.info.notify);
	CHECK(f->info.ret == NULL);
	CHECK_STR(f->info.envid, want.info.envid);
	CHECK(!f->info.is_report);
	CHECK_INT(f->info.n_rcpt, want.info.n_rcpt);
	for (size_t i = 0; i < f->info.n_rcpt; i++)
		CHECK_STR(f->info.rcpt[i], want.info.rcpt[i]);
	CHECK_INT(f->progress.next_try, want.progress.next_try);
	CHECK_INT(f->progress.class, want.progress.class);
	CHECK_INT(f->progress.code, want.progress.code);
	CHECK_STR(f->progress.account, want.progress.account);
	CHECK_STR(f->progress.text, want.progress.text);
	CHECK_STR(f->progress.letters, want.progress.letters);
}

TEST(there_and_back)
{
	struct store s;
	struct arena a = { 0 };
	struct queue_file f;
	struct store_list list = { .n = 0 };
	struct fail why = { .kind = FAIL_NONE };
	struct msg m;
	char bytes[256];
	ssize_t n;
	const char *id;

	wipe();
	CHECK(!store_exists(SPOOL));
	CHECK_INT(store_open(&s, SPOOL, &why), 0);
	CHECK(store_exists(SPOOL));
	id = add(&s, TEXT, &a);
	CHECK(queuefile_is_id(slice_of(id)));
	CHECK_INT(store_list(&s, STORE_NEW, &a, &list, &why), 0);
	CHECK_INT(list.n, 1);
	CHECK_STR(list.v[0].id, id);
	CHECK_INT(store_list(&s, STORE_TMP, &a, &list, &why), 0);
	CHECK_INT(list.n, 1);

	CHECK_INT(store_take(&s, ITEM(STORE_NEW, id), &f, &a, &why), 0);
	check_same(&f);
	CHECK_INT(f.info.size, strlen(TEXT));
	msg_init(&m);
	CHECK_INT(queuefile_load(&f, &m, &why), 0);
	n = msg_read(&m, bytes, sizeof(bytes), &why);
	CHECK_INT(n, strlen(TEXT));
	CHECK(memcmp(bytes, TEXT, strlen(TEXT)) == 0);
	msg_free(&m);

	CHECK_INT(store_remove(&s, STORE_NEW, &f, &why), 0);
	store_release(&f);
	CHECK_INT(store_take(&s, ITEM(STORE_NEW, id), &f, &a, &why), -1);
	CHECK_INT(why.kind, FAIL_LOCKED);
	store_close(&s);
	arena_free(&a);
}

TEST(dropped_is_gone)
{
	struct store s;
	struct arena a = { 0 };
	struct queue_file f;
	struct fail why = { .kind = FAIL_NONE };
	const char *id;

	wipe();
	CHECK_INT(store_open(&s, SPOOL, &why), 0);
	id = add(&s, TEXT, &a);
	CHECK_INT(store_take(&s, ITEM(STORE_NEW, id), &f, &a, &why), 0);
	CHECK_INT(store_drop(&s, STORE_NEW, &f, &why), 0);
	CHECK_INT(store_drop(&s, STORE_NEW, &f, &why), -1);
	CHECK_INT(why.kind, FAIL_SPOOL);
	store_settle(&s);
	store_release(&f);
	CHECK_INT(store_take(&s, ITEM(STORE_NEW, id), &f, &a, &why), -1);
	CHECK_INT(why.kind, FAIL_LOCKED);
	store_close(&s);
	arena_free(&a);
}

TEST(sending_is_noted)
{
	struct store s;
	struct fail why = { .kind = FAIL_NONE };
	const struct timespec ahead[2] = { { time(NULL) + 9999, 0 },
		{ time(NULL) + 9999, 0 } };
	const struct timespec before[2] = { { time(NULL) - 60, 0 },
		{ time(NULL) - 60, 0 } };

	wipe();
	CHECK_INT(store_open(&s, SPOOL, &why), 0);
	CHECK_INT(store_quiet(&s), -1);
	store_note_sending(&s);
	CHECK(store_quiet(&s) >= 0 && store_quiet(&s) < 30000);
	CHECK_INT(utimensat(s.root, "rate", before, 0), 0);
	CHECK(store_quiet(&s) >= 59000);
	store_note_sending(&s);
	CHECK(store_quiet(&s) < 30000);
	CASE("the clock was put back");
	CHECK_INT(utimensat(s.root, "rate", ahead, 0), 0);
	CHECK_INT(store_quiet(&s), -1);
	store_close(&s);
}

TEST(progress_is_kept)
{
	struct store s;
	struct arena a = { 0 };
	struct queue_file f;
	struct fail why = { .kind = FAIL_NONE };
	const char *id;

	wipe();
	CHECK_INT(store_open(&s, SPOOL, &why), 0);
	id = add(&s, TEXT, &a);
	for (unsigned i = 1; i <= 5; i++) {
		CASE("save");
		CHECK_INT(store_take(&s, ITEM(STORE_NEW, id), &f, &a, &why), 0);
		CHECK_INT(f.progress.attempts, i - 1);
		f.progress.attempts = i;
		f.progress.next_try = 100 * i;
		f.progress.last_try = 99 * i;
		f.progress.letters[i % 3] = "QDPU"[i % 4];
		(void)snprintf(f.progress.text, sizeof(f.progress.text), "%.*s",
		    (int)(250 / i),
		    "a text that is shorter each time, so that what stood "
		    "there before must not be read");
		CHECK_INT(queuefile_save(&f, &why), 0);
		store_release(&f);
		CHECK_INT(store_take(&s, ITEM(STORE_NEW, id), &f, &a, &why), 0);
		CHECK_INT(f.progress.attempts, i);
		CHECK_INT(f.progress.next_try, 100 * i);
		CHECK_INT(f.progress.last_try, 99 * i);
		CHECK_INT(f.progress.letters[i % 3], "QDPU"[i % 4]);
		store_release(&f);
	}
	store_close(&s);
	arena_free(&a);
}

/* A write of a slot that a power cut tore: the one before counts. */
TEST(torn_slot)
{
	struct store s;
	struct arena a = { 0 };
	struct queue_file f;
	struct fail why = { .kind = FAIL_NONE };
	const char *id;

	wipe();
	CHECK_INT(store_open(&s, SPOOL, &why), 0);
	id = add(&s, TEXT, &a);
	for (size_t cut = 0; cut < 512; cut += 7) {
		char before[512], torn[512] = { 0 };
		off_t at;

		CASE("cut");
		CHECK_INT(store_take(&s, ITEM(STORE_NEW, id), &f, &a, &why), 0);
		f.progress.attempts = 1;
		CHECK_INT(queuefile_save(&f, &why), 0);
		f.progress.attempts = 2;
		/* Differs from what was there in its last character. */
		memset(f.progress.text, 'x', 200);
		f.progress.text[200] = (char)('a' + cut % 26);
		f.progress.text[201] = '\0';
		at = 512 + 512 * ((f.sequence + 1) % 2);
		CHECK_INT(pread(f.fd, before, 512, at), 512);
		CHECK_INT(queuefile_save(&f, &why), 0);
		CHECK_INT(pread(f.fd, torn, 512, at), 512);
		memcpy(torn + cut, before + cut, 512 - cut);
		CHECK_INT(pwrite(f.fd, torn, 512, at), 512);
		store_release(&f);
		CHECK_INT(store_take(&s, ITEM(STORE_NEW, id), &f, &a, &why), 0);
		CHECK(f.progress.attempts == 1 || f.progress.attempts == 2);
		CHECK(cut > 200 || f.progress.attempts == 1);
		store_release(&f);
	}
	store_close(&s);
	arena_free(&a);
}

/* Every byte that counts changed, and the file cut at every byte. */
/* After a write that failed the other slot is still the sound one. */
TEST(failed_save)
{
	struct store s;
	struct arena a = { 0 };
	struct queue_file f;
	struct fail why = { .kind = FAIL_NONE };
	const char *id;
	int fd, bad;

	wipe();
	CHECK_INT(store_open(&s, SPOOL, &why), 0);
	id = add(&s, TEXT, &a);
	CHECK_INT(store_take(&s, ITEM(STORE_NEW, id), &f, &a, &why), 0);
	f.progress.attempts = 7;
	CHECK_INT(queuefile_save(&f, &why), 0);
	fd = f.fd;
	bad = open("/dev/null", O_RDONLY | O_CLOEXEC);
	for (int i = 0; i < 3; i++) {
		char before[512], after[512];
		off_t sound = 512 + 512 * (off_t)(f.sequence % 2);

		CHECK_INT(pread(fd, before, 512, sound), 512);
		f.fd = bad;
		CHECK_INT(queuefile_save(&f, &why), -1);
		CHECK_INT(why.kind, FAIL_SPOOL);
		f.fd = fd;
		/* As the next one would be when it is torn. */
		CHECK_INT(queuefile_save(&f, &why), 0);
		CHECK_INT(pread(fd, after, 512, sound), 512);
		CHECK(memcmp(before, after, 512) == 0);
	}
	io_close(bad);
	store_release(&f);
	store_close(&s);
	arena_free(&a);
}

TEST(damage)
{
	struct store s;
	struct arena a = { 0 };
	struct queue_file f;
	struct stat st;
	struct fail why = { .kind = FAIL_NONE };
	char path[64];
	const char *id;
	int fd, accepted = 0;

	wipe();
	CHECK_INT(store_open(&s, SPOOL, &why), 0);
	id = add(&s, TEXT, &a);
	(void)snprintf(path, sizeof(path), SPOOL "/new/%s", id);
	fd = open(path, O_RDWR | O_CLOEXEC);
	CHECK_INT(fstat(fd, &st), 0);
	for (off_t at = 0; at < st.st_size; at++) {
		char c, changed;
		struct msg m;

		if (at == 512) /* the other slot, letters, and nothing */
			at = 1024;
		if (at == 1536 + 3)
			at = 4096;
		CHECK_INT(pread(fd, &c, 1, at), 1);
		changed = (char)(c ^ 1);
		CHECK_INT(pwrite(fd, &changed, 1, at), 1);
		msg_init(&m);
		if (store_take(&s, ITEM(STORE_NEW, id), &f, &a, &why) == 0 &&
		    queuefile_load(&f, &m, &why) == 0)
			accepted +=
			    at < 100 || (at >= 1024 && at < 1500) || at >= 4096;
		else
			CHECK_INT(why.kind, FAIL_MESSAGE);
		store_release(&f);
		msg_free(&m);
		CHECK_INT(pwrite(fd, &c, 1, at), 1);
	}
	/* The padding of the two sectors is the only thing not looked at. */
	CHECK(accepted < 700);
	for (off_t size = st.st_size - 1; size >= 0; size--) {
		CHECK_INT(ftruncate(fd, size), 0);
		CHECK_INT(
		    store_take(&s, ITEM(STORE_NEW, id), &f, &a, &why), -1);
		CHECK_INT(why.kind, FAIL_MESSAGE);
		if (size > 5000)
			size -= 100;
	}
	io_close(fd);
	store_close(&s);
	arena_free(&a);
}

TEST(one_at_a_time)
{
	struct store s;
	struct arena a = { 0 };
	struct queue_file first, second;
	struct fail why = { .kind = FAIL_NONE };
	const char *id;

	wipe();
	CHECK_INT(store_open(&s, SPOOL, &why), 0);
	id = add(&s, TEXT, &a);
	CHECK_INT(store_take(&s, ITEM(STORE_NEW, id), &first, &a, &why), 0);
	CHECK_INT(store_take(&s, ITEM(STORE_NEW, id), &second, &a, &why), -1);
	CHECK_INT(why.kind, FAIL_LOCKED);
	CHECK_INT(second.fd, -1);
	store_release(&first);
	CHECK_INT(store_take(&s, ITEM(STORE_NEW, id), &second, &a, &why), 0);
	CHECK_INT(store_move(&s, STORE_NEW, STORE_HOLD, id, &why), 0);
	store_release(&second);
	CHECK_INT(store_take(&s, ITEM(STORE_NEW, id), &first, &a, &why), -1);
	CHECK_INT(store_take(&s, ITEM(STORE_HOLD, id), &first, &a, &why), 0);
	store_release(&first);
	store_close(&s);
	arena_free(&a);
}

TEST(who_is_at_work)
{
	struct store s;
	struct arena a = { 0 };
	struct queue_file f;
	struct fail why = { .kind = FAIL_NONE };
	const char *id;
	int first, second;

	wipe();
	CHECK_INT(store_open(&s, SPOOL, &why), 0);
	id = add(&s, TEXT, &a);
	CHECK(!store_is_locked(&s, ITEM(STORE_NEW, id)));
	CHECK(!store_is_locked(&s, ITEM(STORE_HOLD, id)));
	CHECK_INT(store_take(&s, ITEM(STORE_NEW, id), &f, &a, &why), 0);
	CHECK(store_is_locked(&s, ITEM(STORE_NEW, id)));
	store_release(&f);
	CHECK(!store_is_locked(&s, ITEM(STORE_NEW, id)));

	first = store_lock(&s, &why);
	CHECK(first >= 0);
	CHECK_INT(fcntl(first, F_GETFD), FD_CLOEXEC);
	second = store_lock(&s, &why);
	CHECK_INT(second, -1);
	CHECK_INT(why.kind, FAIL_LOCKED);
	/* It is nobody's message that is locked. */
	CHECK_INT(store_take(&s, ITEM(STORE_NEW, id), &f, &a, &why), 0);
	store_release(&f);
	io_close(first);
	first = store_lock(&s, &why);
	CHECK(first >= 0);
	io_close(first);

	wipe();
	CHECK_INT(mkdir(SPOOL, 0700), 0);
	store_close(&s);
	CHECK_INT(store_open(&s, SPOOL, &why), 0);
	CHECK_INT(mkdir(SPOOL "/lock", 0700), 0);
	CHECK_INT(store_lock(&s, &why), -1);
	CHECK_INT(why.kind, FAIL_SPOOL);
	store_close(&s);
	arena_free(&a);
}

/* A look leaves the file open for whoever wants the message, too. */
TEST(peek)
{
	struct store s;
	struct arena a = { 0 };
	struct queue_file taken, f;
	struct fail why = { .kind = FAIL_NONE };
	struct msg m;
	const char *id;

	wipe();
	CHECK_INT(store_open(&s, SPOOL, &why), 0);
	id = add(&s, TEXT, &a);
	CHECK_INT(store_take(&s, ITEM(STORE_NEW, id), &taken, &a, &why), 0);
	CHECK_INT(store_peek(&s, ITEM(STORE_NEW, id), &f, &a, &why), 0);
	check_same(&f);
	msg_init(&m);
	CHECK_INT(queuefile_load(&f, &m, &why), 0);
	msg_free(&m);
	store_release(&f);
	store_release(&taken);
	CHECK_INT(store_peek(&s, ITEM(STORE_HOLD, id), &f, &a, &why), -1);
	CHECK_INT(f.fd, -1);
	store_close(&s);
	arena_free(&a);
}

/* What stands in the directory and is no message of ours is not touched. */
TEST(strange_things)
{
	static const struct {
		const char *label, *command; /* $f: the name, $o: another */
		enum fail_kind kind;
	} rows[] = {
		{ "empty file", ": > $f", FAIL_MESSAGE },
		{ "text", "echo hello > $f", FAIL_MESSAGE },
		{ "newer version", "printf 'postrider-spool 2 ' > $f",
		    FAIL_CONFIG },
		{ "newest version", "echo 'postrider-spool 9999 x' > $f",
		    FAIL_CONFIG },
		{ "this version", "echo 'postrider-spool 1 x' > $f",
		    FAIL_MESSAGE },
		{ "no version", "echo 'postrider-spool 10000 x' > $f",
		    FAIL_MESSAGE },
		{ "version without end", "printf 'postrider-spool 2' > $f",
		    FAIL_CONFIG },
		{ "version of letters", "echo 'postrider-spool 2a x' > $f",
		    FAIL_MESSAGE },
		{ "directory", "mkdir $f", FAIL_MESSAGE },
		{ "fifo", "mkfifo $f", FAIL_MESSAGE },
		{ "symbolic link", "ln -s $o $f", FAIL_MESSAGE },
		{ "a link to nothing", "ln -s nothing $f", FAIL_MESSAGE },
		{ "second name", "ln $o $f", FAIL_MESSAGE },
		{ "a message under another name", "cp $o $f", FAIL_MESSAGE },
		{ "nothing", ":", FAIL_LOCKED },
	};

	const char *name = "00000000000000000000";
	struct store s;
	struct arena a = { 0 };
	struct queue_file f;
	struct fail why = { .kind = FAIL_NONE };

	wipe();
	CHECK_INT(store_open(&s, SPOOL, &why), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *other = add(&s, TEXT, &a);
		char command[256];

		CASE(rows[i].label);
		(void)snprintf(command, sizeof(command),
		    "cd " SPOOL "/new; rm -rf %s; f=%s o=%s; %s", name, name,
		    other, rows[i].command);
		CHECK_INT(system(command), 0);
		CHECK_INT(
		    store_take(&s, ITEM(STORE_NEW, name), &f, &a, &why), -1);
		CHECK_INT(why.kind, rows[i].kind);
		CHECK_INT(f.fd, -1);
	}
	store_close(&s);
	arena_free(&a);
}

/* What a cut-off move leaves on a file system without RENAME_NOREPLACE. */
TEST(two_names_of_one_message)
{
	static const struct {
		const char *label, *command; /* $f: the name */
		enum store_place place;      /* in which it is taken */
		bool is_one;
	} rows[] = {
		{ "written", "ln new/$f tmp/$f", STORE_NEW, true },
		{ "held", "ln new/$f hold/$f", STORE_HOLD, true },
		{ "released", "ln new/$f hold/$f", STORE_NEW, true },
		{ "put aside", "ln new/$f failed/$f", STORE_FAILED, true },
		{ "all of them",
		    "for d in tmp hold failed; do ln new/$f $d; done",
		    STORE_NEW, true },
		{ "one outside", "ln new/$f tmp/$f; ln new/$f ../other",
		    STORE_NEW, false },
		{ "another name", "ln new/$f hold/other", STORE_NEW, false },
	};

	struct store s;
	struct arena a = { 0 };
	struct queue_file f;
	struct stat st;
	struct fail why = { .kind = FAIL_NONE };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *id;
		char command[256];

		CASE(rows[i].label);
		wipe();
		CHECK_INT(store_open(&s, SPOOL, &why), 0);
		id = add(&s, TEXT, &a);
		(void)snprintf(command, sizeof(command),
		    "mkdir -p other; cd " SPOOL "; f=%s; %s", id,
		    rows[i].command);
		CHECK_INT(system(command), 0);
		CHECK_INT(store_look(&s, ITEM(rows[i].place, id), &f, &a, &why),
		    rows[i].is_one ? 0 : -1);
		CHECK_INT(store_take(&s, ITEM(rows[i].place, id), &f, &a, &why),
		    rows[i].is_one ? 0 : -1);
		if (rows[i].is_one) {
			CHECK_INT(fstat(f.fd, &st), 0);
			CHECK_INT(st.st_nlink, 1);
			CHECK_INT(store_remove(&s, rows[i].place, &f, &why), 0);
		} else {
			CHECK_INT(why.kind, FAIL_MESSAGE);
		}
		store_release(&f);
		store_close(&s);
	}
	arena_free(&a);
}

/* It is kept, whatever it is, unless somebody works on it. */
TEST(put_aside)
{
	struct store s;
	struct arena a = { 0 };
	struct queue_file f;
	struct fail why = { .kind = FAIL_NONE };
	const char *id, *fifo = "00000000000000000000";

	wipe();
	CHECK_INT(store_open(&s, SPOOL, &why), 0);
	id = add(&s, TEXT, &a);
	CHECK_INT(store_take(&s, ITEM(STORE_NEW, id), &f, &a, &why), 0);
	CHECK_INT(store_put_aside(&s, ITEM(STORE_NEW, id), &why), -1);
	CHECK_INT(why.kind, FAIL_LOCKED);
	store_release(&f);
	CHECK_INT(store_put_aside(&s, ITEM(STORE_NEW, id), &why), 0);
	CHECK_INT(store_take(&s, ITEM(STORE_FAILED, id), &f, &a, &why), 0);
	store_release(&f);
	CHECK_INT(system("mkfifo spool/new/00000000000000000000"), 0);
	CHECK_INT(store_put_aside(&s, ITEM(STORE_NEW, fifo), &why), 0);
	CHECK_INT(access("spool/failed/00000000000000000000", F_OK), 0);
	store_close(&s);
	arena_free(&a);
}

TEST(directories)
{
	static const struct {
		const char *label, *command;
		enum fail_kind kind; /* NONE: it opens */
	} rows[] = {
		{ "nothing there", ":", FAIL_NONE },
		{ "ours", "mkdir -m 700 spool", FAIL_NONE },
		{ "half of it", "mkdir -m 700 spool spool/new", FAIL_NONE },
		{ "open to others", "mkdir -m 755 spool", FAIL_SPOOL },
		{ "part open to others",
		    "mkdir -m 700 spool; mkdir -m 770 "
		    "spool/new",
		    FAIL_SPOOL },
		{ "a file", ": > spool", FAIL_SPOOL },
		{ "a link", "mkdir -m 700 other; ln -s other spool",
		    FAIL_SPOOL },
		{ "part is a link",
		    "mkdir -m 700 spool other; ln -s ../other "
		    "spool/new",
		    FAIL_SPOOL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct store s;
		struct fail why = { .kind = FAIL_NONE };

		CASE(rows[i].label);
		wipe();
		CHECK_INT(system(rows[i].command), 0);
		CHECK_INT(store_open(&s, SPOOL, &why), rows[i].kind ? -1 : 0);
		CHECK_INT(why.kind, rows[i].kind);
		store_close(&s);
	}
}

TEST(names_that_are_no_ids)
{
	static const struct {
		const char *name;
		bool is_id;
	} rows[] = {
		{ "", false },
		{ "0123456789abcdefghij", true },
		{ "0123456789abcdefghi", false },
		{ "0123456789abcdefghijk", false },
		{ "0123456789ABCDEFGHIJ", false },
		{ "../../../../etc/pass", false },
		{ "0123456789abcdefghi/", false },
		{ "0123456789abcdefghil", false },
	};

	char one[QUEUE_ID_LEN + 1], two[QUEUE_ID_LEN + 1];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CASE(rows[i].name);
		CHECK_INT(
		    queuefile_is_id(slice_of(rows[i].name)), rows[i].is_id);
	}
	for (int i = 0; i < 1000; i++) {
		queuefile_new_id(one);
		queuefile_new_id(two);
		CHECK(queuefile_is_id(slice_of(one)));
		CHECK(one[0] >= '0' && one[0] <= '9');
		CHECK(strcmp(one, two) != 0);
	}
}

TEST(clean)
{
	struct store s;
	struct arena a = { 0 };
	struct store_list list = { .n = 0 };
	struct fail why = { .kind = FAIL_NONE };
	int fd;

	wipe();
	CHECK_INT(store_open(&s, SPOOL, &why), 0);
	CHECK_INT(system("cd spool/tmp; for n in 0 1 2; do touch -d "
			 "'3 days ago' ${n}000000000000000000${n}; done; touch "
			 "30000000000000000003; echo x > README"),
	    0);
	fd = open("spool/tmp/10000000000000000001", O_RDONLY | O_CLOEXEC);
	CHECK_INT(flock(fd, LOCK_EX), 0);
	store_clean(&s, 36 * 3600);
	CHECK_INT(store_list(&s, STORE_TMP, &a, &list, &why), 0);
	CHECK_INT(list.n, 2);
	CHECK_INT(access("spool/tmp/10000000000000000001", F_OK), 0);
	CHECK_INT(access("spool/tmp/30000000000000000003", F_OK), 0);
	CHECK_INT(access("spool/tmp/README", F_OK), 0);
	io_close(fd);
	store_close(&s);
	arena_free(&a);
}

/* Larger than what is kept in memory: from file to file. */
TEST(large)
{
	enum { SIZE = 3 * 1024 * 1024 };
	struct store s;
	struct arena a = { 0 };
	struct queue_file f;
	struct fail why = { .kind = FAIL_NONE };
	char *text = malloc(SIZE + 1), *back = malloc(SIZE + 1);
	struct msg m;
	const char *id;

	wipe();
	for (size_t i = 0; i < SIZE; i++)
		text[i] = i % 64 == 63 ? '\n' : (char)('a' + i % 26);
	text[SIZE] = '\0';
	memcpy(text, "X: y\n\n", 6);
	CHECK_INT(store_open(&s, SPOOL, &why), 0);
	{
		int fd = open("input", O_RDWR | O_CREAT | O_TRUNC, 0600);

		CHECK_INT(io_write(fd, text, SIZE), 0);
		CHECK_INT(lseek(fd, 0, SEEK_SET), 0);
		msg_init(&m);
		CHECK_INT(msg_intake(&m, fd,
			      &(struct intake_params){ .max_size = 0 }, &why),
		    0);
		io_close(fd);
	}
	f = sample();
	CHECK_INT(store_add(&s, &f, &m, &a, &why), 0);
	id = f.info.id;
	store_release(&f);
	msg_free(&m);
	CHECK_INT(store_take(&s, ITEM(STORE_NEW, id), &f, &a, &why), 0);
	CHECK_INT(f.info.size, SIZE);
	msg_init(&m);
	CHECK_INT(queuefile_load(&f, &m, &why), 0);
	CHECK_INT(msg_read(&m, back, SIZE + 1, &why), SIZE);
	CHECK(memcmp(text, back, SIZE) == 0);
	msg_free(&m);
	store_release(&f);
	store_close(&s);
	arena_free(&a);
	free(text);
	free(back);
}

enum { SOMEBODY = 65534 };

/* As another user in a directory whose names only its owner may know. */
static int open_below(void *path)
{
	struct fail why = { .kind = FAIL_NONE };
	struct store s;

	if (geteuid() == 0 && setuid(SOMEBODY) != 0)
		return 2;
	if (store_open(&s, path, &why) != 0) {
		(void)fprintf(stderr, "%s\n", why.text);
		return 1;
	}
	store_close(&s);
	return 0;
}

TEST(a_parent_that_may_not_be_read)
{
	char path[] = SPOOL;

	wipe();
	CHECK_INT(mkdir("other", 0700), 0);
	CHECK_INT(chdir("other"), 0);
	CHECK_INT(mkdir(SPOOL, 0700), 0);
	if (geteuid() == 0)
		CHECK_INT(chown(SPOOL, SOMEBODY, SOMEBODY), 0);
	CHECK_INT(chmod(".", 0311), 0);
	CHECK_INT(child_run(open_below, path), 0);
	/* And again, when its places are there. */
	CHECK_INT(child_run(open_below, path), 0);
	CHECK_INT(chmod(".", 0700), 0);
	CHECK_INT(access(SPOOL "/failed", F_OK), 0);
	CHECK_INT(chdir(".."), 0);
}
