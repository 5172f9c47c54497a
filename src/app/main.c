/*
 * Start: make the process safe before it looks at anything, then parse the
 * command line and run the mode it asks for.
 */
#include "cmdline.h"
#include "log.h"
#include "modes.h"
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

/*
 * A descriptor that is missing would be taken by the next file opened. One
 * that is opened write-only in place of a missing stdin makes reading it
 * fail, so a closed stdin is an error and not an empty message.
 */
static bool open_standard_descriptors(void)
{
	struct pollfd standard[] = { { .fd = 0 }, { .fd = 1 }, { .fd = 2 } };

	if (poll(standard, 3, 0) < 0)
		return false;
	for (int fd = 0; fd <= 2; fd++)
		if ((standard[fd].revents & POLLNVAL) &&
		    open("/dev/null", O_WRONLY) != fd)
			return false;
	return true;
}

/*
 * What one message needs comes from the system at once, and nothing goes back
 * before the end: by and by it would be a dozen calls.
 */
static void take_memory(void)
{
	enum { STEP = 1024 * 1024 };

	(void)mallopt(M_TOP_PAD, STEP);
	(void)mallopt(M_MMAP_THRESHOLD, STEP);
	(void)mallopt(M_TRIM_THRESHOLD, 16 * STEP);
}

static void harden(void)
{
	static const struct rlimit no_core = { 0, 0 };

	umask(077);
	/* Either may be refused in a container; the other still helps. */
	(void)setrlimit(RLIMIT_CORE, &no_core);
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	/* Whoever calls us may not have the session's keys written out. */
	(void)unsetenv("SSLKEYLOGFILE");
	/* A reader that went away, a file size limit: errors, not deaths. */
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN);
}

/*
 * Privileges of the file would give the secret to whoever runs us. The kernel
 * has told at the start who we are.
 */
static bool is_elevated(void)
{
	return getauxval(AT_SECURE) != 0 ||
	       getauxval(AT_UID) != getauxval(AT_EUID) ||
	       getauxval(AT_GID) != getauxval(AT_EGID);
}

int main(int argc, char **argv)
{
	struct arena arena = { 0 };
	struct invocation inv;
	struct fail why = { 0 };
	int code;

	/* Nobody could be told: a message would go where a socket is now. */
	if (!open_standard_descriptors())
		return fail_exit_code(FAIL_OS);
	take_memory();
	harden();
	if (is_elevated()) {
		log_error("this program must not be set-uid or set-gid: its "
			  "options would give the secret away");
		return fail_exit_code(FAIL_CONFIG);
	}
	if (cmdline_parse(argc, argv, &arena, &inv, &why) != 0) {
		log_set_name(inv.program);
		log_error("%s; see --help", why.text);
		code = fail_exit_code(why.kind);
	} else {
		log_set_name(inv.program);
		log_set_tag(inv.log_tag);
		log_set_quiet(inv.quiet);
		if (inv.has_traffic_log)
			log_warning("-X: no traffic is logged under this name; "
				    "-v shows the dialogue");
		code = mode_run(&inv, &arena);
	}
	arena_free(&arena);
	return code;
}
