#include "queue_worker.h"
#include "queue_stop.h"
#include <errno.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Relays do not wait for long (milliseconds). */
enum { IDLE_MAX = 5000 };

/* The death of the parent is a wish to stop; if it is the second, at once. */
static void settle_in(pid_t parent)
{
	sigset_t none;

	queue_stop_listen(SIGUSR1);
	(void)prctl(PR_SET_PDEATHSIG, SIGUSR1);
	if (getppid() != parent)
		_exit(0);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

bool queue_worker_tell(int fd, const void *record, size_t n)
{
	ssize_t sent;

	do
		sent = send(fd, record, n, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent == (ssize_t)n;
}

/* Goodbye before the relay loses patience. */
static void mind_the_line(struct queue_line *l, int fd)
{
	static const struct worker_answer given_up = { .is_notice = true };

	if (!l->session || io_wait(fd, POLLIN, deadline_in_ms(IDLE_MAX)) != 0)
		return;
	queue_line_hang_up(l);
	(void)queue_worker_tell(fd, &given_up, sizeof(given_up));
}

static bool take_order(int fd, struct worker_order *ret)
{
	ssize_t n;

	do
		n = recv(fd, ret, sizeof(*ret), 0);
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)sizeof(*ret) && !queue_stop_is_wanted();
}

static void obey(struct queue_runner *r, const struct worker_birth *birth,
    const struct worker_order *o)
{
	if (o->task == WORKER_OPEN) {
		r->state = queue_line_open(&r->line);
		return;
	}
	if (o->is_ahead && atomic_load(birth->waits)) {
		r->state = QUEUE_LINE_AGAIN;
		return;
	}
	r->line.may_not_dial = o->task == WORKER_SEND;
	queue_try(r, birth->v[o->entry].item);
}

void queue_work(const struct worker_birth *birth, struct queue_secret secret)
{
	const struct queue_runner *run = birth->run;
	/* Of the line in the parent nothing may be touched: its secrets did
	   not come along. */
	struct queue_runner r = {
		.run = run->run,
		.report = run->report,
		.store = run->store,
		.arena = run->arena,
		.over = { .is_off = true },
	};
	struct worker_answer a;
	struct worker_order o;

	settle_in(birth->parent);
	queue_line_join(&r.line, run->run->inv, birth->v[0].account, secret);
	do {
		mind_the_line(&r.line, birth->fd);
		if (!take_order(birth->fd, &o))
			break;
		r.tried = 0;
		r.code = 0;
		obey(&r, birth, &o);
		a = (struct worker_answer){
			.has_line = r.line.session != NULL,
			.state = r.state,
			.tried = r.tried,
			.code = r.code,
		};
	} while (queue_worker_tell(birth->fd, &a, sizeof(a)));
	queue_line_end(&r.line);
	store_settle(&r.store);
	_exit(0);
}
