#include "queue_wake.h"
#include "io.h"
#include "queue.h"
#include "queue_run.h"
#include "schedule.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	RUN_MESSAGES = 100,
	RUN_SECONDS = 60,
	/* So many are looked at while the caller waits. */
	LOOKS = 16,
	LOCK_FD = STDERR_FILENO + 1,
};

static bool is_due(struct store *s, const struct store_item *item)
{
	struct arena arena = { NULL };
	struct queue_file f;
	struct fail why;
	bool due;

	/* What cannot be read is for the run to put aside, unless it is for a
	   newer program. */
	if (store_look(s, item, &f, &arena, &why) != 0)
		due = why.kind != FAIL_CONFIG;
	else
		due = !queue_has_waiting(&f) ||
		      schedule_is_due(f.progress.next_try, time(NULL));
	arena_free(&arena);
	return due;
}

static bool has_due(struct store *s)
{
	struct arena arena = { NULL };
	struct store_list list = { .n = 0 };
	bool due = false;

	if (store_list(s, STORE_NEW, &arena, &list, NULL) == 0) {
		for (size_t i = 0; i < list.n && i < LOOKS && !due; i++)
			due = is_due(s, &list.v[i]);
		due = due || list.n > LOOKS;
	}
	arena_free(&arena);
	return due;
}

/*
 * Nobody may wait for a pipe or a socket because we have it open: not for the
 * standard ones, and not for what a caller left open.
 */
static bool let_go(int lock)
{
	int null = open("/dev/null", O_RDWR);

	if (null < 0 || setsid() < 0)
		return false;
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		if (dup2(null, fd) < 0)
			return false;
	if (lock != LOCK_FD && dup2(lock, LOCK_FD) < 0)
		return false;
	(void)fcntl(LOCK_FD, F_SETFD, FD_CLOEXEC);
	closefrom(LOCK_FD + 1);
	return true;
}

/* The way of the one message is not that of the others. */
static int run_alone(const char *path, const struct invocation *from)
{
	const struct invocation inv = {
		.program = from->program,
		.is_sendmail = from->is_sendmail,
		.file = from->file,
		.log_tag = from->log_tag,
	};
	const struct queue_run run = {
		.inv = &inv,
		.path = path,
		.has_lock = true,
		.messages = RUN_MESSAGES,
		.seconds = RUN_SECONDS,
	};
	struct arena arena = { NULL };

	return queue_run(&run, &arena);
}

/* Twice, so that a caller that lives on has no child to reap. */
static void launch(int lock, const char *path, const struct invocation *inv)
{
	pid_t child = fork();

	if (child == 0) {
		if (!let_go(lock) || fork() != 0)
			_exit(0);
		_exit(run_alone(path, inv));
	}
	while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
}

void queue_wake(const struct send *s)
{
	const char *path = queue_path(&s->files.settings, s->arena);
	struct store store;
	int lock = -1;

	if (!path || !store_exists(path) || store_open(&store, path, NULL) != 0)
		return;
	/* The lock goes with the child: it is free when that has ended. */
	if (has_due(&store))
		lock = store_lock(&store, NULL);
	store_close(&store);
	if (lock >= 0)
		launch(lock, path, s->inv);
	io_close(lock);
}
