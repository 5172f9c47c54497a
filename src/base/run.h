/*
 * run: one child process whose output is a secret. The child gets /dev/null or
 * a pipe as standard input, never the caller's: stdin is the mail. It is
 * started early and collected late, so that it works while the message is read.
 *
 * Failures: OS (cannot start), SECRET (no output, a line too long, too late).
 * The exit status is told when there is no output and ignored otherwise.
 */
#ifndef BASE_RUN_H
#define BASE_RUN_H

#include "io.h"
#include "secret.h"

#define RUN_OUTPUT_MAX 8192

struct run {
	pid_t pid;      /* 0: none */
	bool has_group; /* its own, not the group of the terminal */
	int out;
	int status;       /* of its exit; -1: not ended yet, or not by itself */
	bool takes_empty; /* a first line that is empty is output, too */
	struct deadline deadline;
	const char *what; /* borrowed, for messages */
};

/* argv ends with NULL; argv[0] is a path. `what` names it for people. */
int run_start(struct run *r, const char *const argv[], const char *what,
    int seconds, struct fail *why);

struct run_command {
	const char *const *argv;
	const char *what;
	int seconds;
	int in; /* standard input, -1: /dev/null; stays the caller's */
};

int run_start_with(
    struct run *r, const struct run_command *command, struct fail *why);

/*
 * The first line of output (slice_first_line); kills what is late. An empty
 * line is no output, unless takes_empty was set after the start.
 */
struct secret *run_collect(struct run *r, struct fail *why);

/*
 * For a child without output: its exit status, -1 when it was killed, by us if
 * it was late. Once only.
 */
int run_wait(struct run *r);

/*
 * Kills and reaps what is still there, with its children when it has a group
 * of its own. Takes a run that never started.
 */
void run_end(struct run *r);

#endif
