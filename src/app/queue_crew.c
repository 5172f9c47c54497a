#include "queue_crew.h"
#include "log.h"
#include "queue_stop.h"
#include "queue_worker.h"
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	CREW_MAX = 50, /* of queue_connections */
	AHEAD = 2,     /* orders, so that no line waits for this process */
	/* A connection costs about as much as so many messages. */
	WORTH = 8,
};

struct worker {
	pid_t pid; /* 0: gone */
	int fd;
	bool has_line;
	size_t n;                         /* orders, */
	struct worker_order order[AHEAD]; /* the one in hand first */
};

struct crew {
	struct queue_runner *r;
	const struct queue_entry *v;
	size_t n, next; /* the first that was not handed out */
	size_t back[AHEAD * CREW_MAX], n_back; /* came back as they were */
	struct worker w[CREW_MAX];
	size_t size, busy; /* orders that are not answered */
	size_t most; /* connections that the relay grants, for all we know */
	unsigned failures; /* of connections, since the last that was made */
	unsigned refusals; /* messages in a row that say no good of it */
	bool is_stopped;
	bool is_told;       /* to stop */
	bool is_paid;       /* the rate has been taken for the next one, */
	int64_t ready_at;   /* which may leave at that time */
	atomic_bool *waits; /* shared with the workers */
	sigset_t signals;   /* as they were */
};

bool queue_crew_is_over(const struct queue_runner *r)
{
	return queue_stop_is_wanted() || deadline_passed(r->deadline) ||
	       (r->run->messages && r->tried >= r->run->messages);
}

/* ---- what to do next ---- */

static size_t count_lines(const struct crew *c)
{
	size_t lines = 0;

	for (size_t i = 0; i < c->size; i++)
		lines += c->w[i].has_line;
	return lines;
}

static size_t count_opening(const struct crew *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->size; i++)
		n += c->w[i].n > 0 && c->w[i].order[0].task == WORKER_OPEN;
	return n;
}

static size_t left(const struct crew *c)
{
	return c->n - c->next + c->n_back;
}

static bool is_finished(const struct crew *c)
{
	return c->is_stopped || left(c) == 0 || queue_crew_is_over(c->r);
}

/* One with so many orders. */
static struct worker *find(struct crew *c, bool with_line, size_t n)
{
	for (size_t i = 0; i < c->size; i++) {
		struct worker *w = &c->w[i];

		if (w->pid && w->n == n && w->has_line == with_line)
			return w;
	}
	return NULL;
}

/* Not when it could be one too many, or leave the others with nothing. */
static struct worker *find_ahead(struct crew *c)
{
	if (c->r->line.pace.rate > 0 || c->refusals > 0 ||
	    left(c) < 2 * c->size)
		return NULL;
	return find(c, true, AHEAD - 1);
}

/* Can the next one leave? */
static bool is_ready(struct crew *c)
{
	struct queue_runner *r = c->r;
	int time_left = deadline_left(r->deadline);
	int64_t wait;

	if (c->n_back == 0 && !c->is_paid) {
		wait = queue_line_take(&r->line, c->v[c->next].n_rcpt);
		c->ready_at = io_now() + wait;
		c->is_paid = true;
		c->is_stopped |= time_left >= 0 && wait > time_left;
	}
	return c->n_back > 0 || (!c->is_stopped && io_now() >= c->ready_at);
}

/* ---- orders ---- */

/* There are no orders any more, whoever else has this socket open. */
static void send_home(const struct worker *w)
{
	(void)shutdown(w->fd, SHUT_RDWR);
}

static void give(struct crew *c, struct worker *w, enum worker_task task)
{
	struct worker_order *o = &w->order[w->n];

	*o = (struct worker_order){ .task = task, .is_ahead = w->n > 0 };
	if (task != WORKER_OPEN && c->n_back > 0) {
		o->entry = c->back[--c->n_back];
	} else if (task != WORKER_OPEN) {
		o->entry = c->next++;
		c->is_paid = false;
	}
	c->r->tried += task != WORKER_OPEN;
	w->n++;
	c->busy++;
	/* Whoever cannot be told anything is sent home. */
	if (!queue_worker_tell(w->fd, o, sizeof(*o)))
		send_home(w);
}

/*
 * May one more be attempted? The second shows whether there may be more than
 * one; then two at a time. The last failure that is forgiven is left to a
 * message, which says why it waits.
 */
static bool may_open(const struct crew *c)
{
	size_t lines = count_lines(c), opening = count_opening(c);

	if (lines == 0 || lines + opening >= c->most ||
	    left(c) < WORTH * (lines + opening))
		return false;
	return opening + c->failures < (lines == 1 ? 1 : SCHEDULE_FAILURES - 1);
}

static void open_more(struct crew *c)
{
	struct worker *w;

	while (may_open(c) && (w = find(c, false, 0)) != NULL)
		give(c, w, WORKER_OPEN);
}

/* Once one has been refused, no more are shown than are forgiven. */
static bool may_show(const struct crew *c)
{
	return c->refusals == 0 || c->busy + c->refusals < SCHEDULE_FAILURES;
}

/* The first connection, or the only one: the message learns why there is
   none. */
static void begin_line(struct crew *c)
{
	struct worker *w = find(c, false, 0);

	if (w)
		give(c, w, WORKER_DIAL);
	else
		c->is_stopped = true; /* they have all gone */
}

static void hand_out(struct crew *c)
{
	struct worker *w;

	while (!is_finished(c) && may_show(c) && is_ready(c)) {
		w = find(c, true, 0);
		if (!w && c->busy == 0) {
			begin_line(c);
			return;
		}
		if (!w) {
			open_more(c);
			w = find_ahead(c);
		}
		if (!w)
			return;
		give(c, w, WORKER_SEND);
	}
}

/* ---- answers ---- */

static void stop_account(struct crew *c)
{
	c->is_stopped = true;
	schedule_note_failure(
	    &c->r->breaker, c->r->arena, c->v[0].account, true);
}

static void note_good(struct crew *c, enum worker_task task)
{
	if (task != WORKER_SEND)
		c->failures = 0;
	if (task != WORKER_OPEN)
		c->refusals = 0;
}

static void note_bad(struct crew *c, const struct worker *w)
{
	c->failures += !w->has_line;
	if (w->order[0].task == WORKER_OPEN)
		c->most = count_lines(c);
	else
		c->refusals++;
	if (c->refusals >= SCHEDULE_FAILURES ||
	    (c->failures >= SCHEDULE_FAILURES && count_lines(c) == 0))
		stop_account(c);
}

static void note(struct crew *c, struct worker *w, enum queue_line_state state)
{
	switch (state) {
	case QUEUE_LINE_AGAIN:
		c->back[c->n_back++] = w->order[0].entry;
		break;
	case QUEUE_LINE_GOOD:
		note_good(c, w->order[0].task);
		break;
	case QUEUE_LINE_BAD:
		note_bad(c, w);
		break;
	case QUEUE_LINE_ENOUGH:
		stop_account(c);
		break;
	case QUEUE_LINE_IDLE:
		break;
	}
	atomic_store(c->waits, c->is_stopped || c->refusals > 0);
}

static void end_order(struct crew *c, struct worker *w, unsigned tried)
{
	c->busy--;
	if (w->order[0].task != WORKER_OPEN)
		c->r->tried -= 1 - (tried > 0);
	w->n--;
	memmove(&w->order[0], &w->order[1], w->n * sizeof(w->order[0]));
}

/* What its message has become is in the file, and for the next run. */
static void bury(struct crew *c, struct worker *w)
{
	int status = 0;

	send_home(w);
	w->fd = io_close(w->fd);
	while (waitpid(w->pid, &status, 0) < 0 && errno == EINTR)
		;
	w->pid = 0;
	w->has_line = false;
	if (status != 0) {
		log_error("a process of the queue run ended by %s %d",
		    WIFSIGNALED(status) ? "signal" : "itself with",
		    WIFSIGNALED(status) ? WTERMSIG(status)
					: WEXITSTATUS(status));
		c->r->code = fail_exit_code(FAIL_OS);
	}
	if (w->n > 0)
		end_order(c, w, 1);
	/* Begun or not, the file of each says whether it is still due. */
	while (w->n > 0) {
		c->back[c->n_back++] = w->order[0].entry;
		end_order(c, w, 0);
	}
}

static void hear(struct crew *c, struct worker *w)
{
	struct worker_answer a;
	ssize_t n = recv(w->fd, &a, sizeof(a), MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n != (ssize_t)sizeof(a)) {
		bury(c, w);
		return;
	}
	w->has_line = a.has_line;
	if (a.is_notice)
		return;
	if (a.code != 0)
		c->r->code = a.code;
	note(c, w, a.state);
	end_order(c, w, a.tried);
}

/* ---- the crew ---- */

static void tell_to_stop(struct crew *c)
{
	if (c->is_told || !queue_stop_is_wanted())
		return;
	c->is_told = true;
	for (size_t i = 0; i < c->size; i++)
		if (c->w[i].pid)
			(void)kill(c->w[i].pid, SIGUSR1);
}

/* Until somebody says something, or the next message may leave. */
static void wait_for_news(struct crew *c)
{
	struct pollfd fds[CREW_MAX];
	int64_t ms = c->ready_at - io_now();
	struct timespec until = { .tv_sec = 0 };
	bool is_paced = !is_finished(c) && c->is_paid && ms > 0;
	int n;

	if (is_paced)
		until = (struct timespec){ ms / 1000, ms % 1000 * 1000000 };
	for (size_t i = 0; i < c->size; i++)
		fds[i] = (struct pollfd){ c->w[i].fd, POLLIN, 0 };
	n = ppoll(fds, c->size, is_paced ? &until : NULL, &c->signals);
	for (size_t i = 0; n > 0 && i < c->size; i++)
		if (fds[i].revents)
			hear(c, &c->w[i]);
	tell_to_stop(c);
}

static void lead(struct crew *c)
{
	hand_out(c);
	while (c->busy > 0 || !is_finished(c)) {
		wait_for_news(c);
		hand_out(c);
	}
}

static bool hire(struct crew *c, struct queue_secret secret)
{
	int ends[2];
	pid_t parent = getpid(), pid;
	struct worker *w = &c->w[c->size];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
		return false;
	pid = secret_fork(secret.password);
	if (pid == 0) {
		const struct worker_birth birth = { .run = c->r,
			.v = c->v,
			.waits = c->waits,
			.parent = parent,
			.fd = ends[1] };

		/* Who has another's end keeps it from seeing the end. */
		for (size_t i = 0; i < c->size; i++)
			io_close(c->w[i].fd);
		io_close(ends[0]);
		queue_work(&birth, secret);
	}
	io_close(ends[1]);
	if (pid < 0) {
		io_close(ends[0]);
		return false;
	}
	*w = (struct worker){ .pid = pid, .fd = ends[0] };
	c->size++;
	return true;
}

/* A stop must not come between the look for it and the wait. */
static void hold_signals(struct crew *c)
{
	static const int held[] = { SIGTERM, SIGINT, SIGUSR1 };
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(held) / sizeof(held[0]); i++)
		sigaddset(&set, held[i]);
	(void)sigprocmask(SIG_BLOCK, &set, &c->signals);
}

static void begin(struct crew *c, size_t size)
{
	struct queue_line *l = &c->r->line;

	hold_signals(c);
	queue_line_collect(l);
	while (c->size < size && hire(c, l->secret))
		;
	c->most = c->size;
	/* With nobody to give it to it is still needed here. */
	if (c->size == 0)
		return;
	l->secret.password = secret_free(l->secret.password);
	l->secret.is_there = false;
}

static void end(struct crew *c)
{
	for (size_t i = 0; i < c->size; i++)
		send_home(&c->w[i]);
	(void)sigprocmask(SIG_SETMASK, &c->signals, NULL);
	for (size_t i = 0; i < c->size; i++)
		if (c->w[i].pid)
			bury(c, &c->w[i]);
	munmap(c->waits, sizeof(*c->waits));
}

size_t queue_crew(struct queue_runner *r, const struct queue_entry *v, size_t n)
{
	struct crew c = { .r = r, .v = v, .n = n };
	size_t size = n / WORTH, most;

	if (size < 2 || r->run->id || v[0].account[0] == '\0')
		return 0;
	queue_line_begin(&r->line, r->run->inv, v[0].account, &r->store);
	most = (size_t)r->line.send.files.settings.queue_connections;
	if (size > most)
		size = most;
	if (size < 2 || r->line.unusable.kind != FAIL_NONE)
		return 0;
	c.waits = mmap(NULL, sizeof(*c.waits), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (c.waits == MAP_FAILED)
		return 0;
	atomic_init(c.waits, false);
	begin(&c, size);
	lead(&c);
	end(&c);
	return c.next;
}
