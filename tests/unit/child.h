/*
 * child: parts of a test in a process of their own, for what a process can do
 * only once (end by a signal, lose its terminal, close standard input).
 */
#ifndef UNIT_CHILD_H
#define UNIT_CHILD_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

/* As a shell says it: the exit status, or 128 and the signal. */
static inline int child_wait(pid_t pid)
{
	int status = 0;

	if (waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Runs body() in a child; a sanitizer's report is an exit status, too. */
static inline pid_t child_start(int (*body)(void *), void *argument)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0)
		_exit(body(argument));
	return pid;
}

static inline int child_run(int (*body)(void *), void *argument)
{
	return child_wait(child_start(body, argument));
}

/* Reads n bytes from a child, fewer only when it has closed its end. */
static inline ssize_t child_read(int fd, void *bytes, size_t n)
{
	size_t have = 0;
	ssize_t got = 1;

	while (have < n && got > 0) {
		got = read(fd, (char *)bytes + have, n - have);
		if (got < 0)
			return -1;
		have += (size_t)got;
	}
	return (ssize_t)have;
}

/*
 * The same with a new pseudo terminal as the controlling terminal, whose other
 * end is returned. Closing that end hangs up.
 */
static inline pid_t child_on_terminal(
    int (*body)(void *), void *argument, int *ret_master)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	pid_t pid;

	if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0)
		return -1;
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		const char *name = ptsname(master);
		int slave;

		setsid();
		slave = name ? open(name, O_RDWR) : -1; /* becomes /dev/tty */
		if (slave < 0)
			_exit(99);
		close(slave);
		_exit(body(argument));
	}
	*ret_master = master;
	return pid;
}

/* Appends what the terminal shows until `text` was shown, or for seconds. */
static inline int child_expect(
    int master, char *seen, size_t size, const char *text, int seconds)
{
	for (int tries = 0; tries < seconds * 100; tries++) {
		size_t n = strlen(seen);
		int ready = 0;

		if (strstr(seen, text))
			return 0;
		if (ioctl(master, FIONREAD, &ready) != 0 || ready == 0) {
			usleep(10000);
			continue;
		}
		if (n + 1 < size) {
			ssize_t got = read(master, seen + n, size - 1 - n);

			seen[n + (got > 0 ? (size_t)got : 0)] = '\0';
		}
	}
	return -1;
}

#endif
