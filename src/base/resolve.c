#include "resolve.h"
#include "mem.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

struct address {
	int family, type, protocol;
	socklen_t length;
	struct sockaddr_storage to;
};

/* What the child has to say. */
struct answer {
	int error;  /* EAI_... */
	int number; /* errno */
	size_t n;
	char canonical[NI_MAXHOST];
	struct address v[RESOLVE_MAX];
};

/* The list that is given out, in one block. */
struct list {
	struct addrinfo v[RESOLVE_MAX];
	struct answer from;
};

/* ---- the work ---- */

static void keep(struct answer *a, const struct addrinfo *found)
{
	if (found->ai_canonname)
		(void)snprintf(a->canonical, sizeof(a->canonical), "%s",
		    found->ai_canonname);
	for (; found && a->n < RESOLVE_MAX; found = found->ai_next) {
		struct address *one = &a->v[a->n];

		if (found->ai_addrlen > sizeof(one->to))
			continue;
		one->family = found->ai_family;
		one->type = found->ai_socktype;
		one->protocol = found->ai_protocol;
		one->length = found->ai_addrlen;
		memcpy(&one->to, found->ai_addr, found->ai_addrlen);
		a->n++;
	}
}

static void look_up(
    const struct resolve_query *q, int flags, struct answer *ret)
{
	const struct addrinfo hints = {
		.ai_socktype = SOCK_STREAM,
		.ai_flags = flags | AI_NUMERICSERV,
	};
	struct addrinfo *found = NULL;
	char port[16];

	(void)snprintf(port, sizeof(port), "%u", q->port);
	memset(ret, 0, sizeof(*ret));
	ret->error =
	    getaddrinfo(q->host, q->port ? port : NULL, &hints, &found);
	ret->number = errno;
	if (ret->error != 0 || !found)
		return;
	keep(ret, found);
	freeaddrinfo(found);
}

/* ---- the child ---- */

/*
 * Nothing of ours outlives us, and the mail on standard input is nobody else's.
 * What it has learned is in the pipe as a whole: that has room for it.
 */
static _Noreturn void be_child(
    const struct resolve_query *q, struct answer *a, int out, pid_t parent)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent ||
	    null < 0)
		_exit(1);
	for (int fd = 0; fd <= 2; fd++)
		(void)dup2(null, fd);
	look_up(q, q->flags, a);
	_exit(io_write(out, a, sizeof(*a)) == 0 ? 0 : 1);
}

/* All of it, or false: no time was left, or the child has died. */
static bool hear(int in, struct deadline d, struct answer *ret)
{
	size_t n = 0;

	while (n < sizeof(*ret) && io_wait(in, POLLIN, d) == 1) {
		ssize_t got = io_read(in, (char *)ret + n, sizeof(*ret) - n);

		if (got <= 0)
			return false;
		n += (size_t)got;
	}
	return n == sizeof(*ret) && ret->n <= RESOLVE_MAX;
}

static void bury(pid_t pid)
{
	(void)kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

static int ask_child(
    const struct resolve_query *q, struct answer *ret, struct fail *why)
{
	pid_t parent = getpid(), pid;
	bool is_heard;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0)
		return fail(why, FAIL_DNS, "%s", strerror(errno));
	/* A caller that ignores its children must not lose ours for us. */
	(void)signal(SIGCHLD, SIG_DFL);
	pid = fork();
	if (pid == 0)
		be_child(q, ret, ends[1], parent);
	close(ends[1]);
	is_heard = pid > 0 && hear(ends[0], q->deadline, ret);
	close(ends[0]);
	if (pid > 0)
		bury(pid);
	else /* Without a limit is better than without mail. */
		look_up(q, q->flags, ret);
	if (pid <= 0 || is_heard)
		return 0;
	return fail(why, FAIL_DNS, "%s",
	    deadline_passed(q->deadline) ? "no answer in time"
					 : "it has broken off");
}

/* ---- the answer ---- */

static int fail_look_up(const struct answer *a, struct fail *why)
{
	const char *text = a->error == EAI_SYSTEM ? strerror(a->number)
						  : gai_strerror(a->error);

	switch (a->error) {
	case EAI_NONAME:
	case EAI_NODATA:
	case EAI_ADDRFAMILY:
		return fail(why, FAIL_NOHOST, "%s", text);
	case EAI_MEMORY:
		return fail(why, FAIL_NOMEM, "%s", text);
	default:
		return fail(why, FAIL_DNS, "%s", text);
	}
}

static struct addrinfo *link_up(struct list *l)
{
	struct answer *a = &l->from;

	for (size_t i = 0; i < a->n; i++)
		l->v[i] = (struct addrinfo){
			.ai_family = a->v[i].family,
			.ai_socktype = a->v[i].type,
			.ai_protocol = a->v[i].protocol,
			.ai_addrlen = a->v[i].length,
			.ai_addr = (struct sockaddr *)&a->v[i].to,
			.ai_next = i + 1 < a->n ? &l->v[i + 1] : NULL,
		};
	if (a->canonical[0])
		l->v[0].ai_canonname = a->canonical;
	return l->v;
}

int resolve(
    const struct resolve_query *query, struct addrinfo **ret, struct fail *why)
{
	struct list *l = mem_zero(sizeof(*l));
	int result = 0;

	look_up(query, AI_NUMERICHOST, &l->from);
	if (l->from.error == EAI_NONAME)
		result = ask_child(query, &l->from, why);
	if (result == 0 && l->from.error == 0 && l->from.n == 0)
		l->from.error = EAI_NODATA;
	if (result == 0 && l->from.error != 0)
		result = fail_look_up(&l->from, why);
	if (result != 0) {
		free(l);
		return -1;
	}
	*ret = link_up(l);
	return 0;
}

/* The array of the list is the first in its block. */
struct addrinfo *resolve_free(struct addrinfo *list)
{
	free(list);
	return NULL;
}
