/*
 * postrider-keyring: one verb on the session's keyring, for postrider, which
 * reads the exit status (keyring_exit.h). Says nothing but the password.
 */
#include "bus.h"
#include "io.h"
#include "service.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* A password is a line that SMTP can carry. */
enum { PASSWORD_MAX = 8192, ADDRESS_MAX = 4096 };

static const char usage[] =
    "usage: postrider-keyring lookup|store|delete HOST USER\n"
    "       store reads the password from standard input\n";

static void harden(void)
{
	static const struct rlimit no_core = { 0, 0 };

	umask(077);
	(void)setrlimit(RLIMIT_CORE, &no_core);
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	(void)signal(SIGPIPE, SIG_IGN);
}

/* The address goes where the library looks first, so that it looks no more. */
static bool find_bus(void)
{
	struct buf address;
	bool is_there;

	buf_init(&address, ADDRESS_MAX);
	is_there =
	    bus_find(getenv("DBUS_SESSION_BUS_ADDRESS"),
		getenv("XDG_RUNTIME_DIR"), &address) &&
	    setenv("DBUS_SESSION_BUS_ADDRESS", buf_text(&address), 1) == 0;
	buf_free(&address);
	return is_there;
}

/*
 * Debug settings of the libraries print on standard output: only what is
 * written to the descriptor returned gets there.
 */
static int take_output(void)
{
	int out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	if (null < 0 || dup2(null, STDOUT_FILENO) < 0)
		out = io_close(out);
	io_close(null);
	return out;
}

/* The first line, as of every source of a password. */
static enum keyring_exit cut_password(struct secret *s)
{
	struct slice line = slice_first_line(secret_view(s));

	if (line.n == 0 || slice_find(line, '\0') < line.n)
		return KEYRING_UNUSABLE;
	secret_truncate(s, line.n);
	return KEYRING_DONE;
}

static enum keyring_exit read_password(struct secret *s)
{
	if (secret_read(s, STDIN_FILENO) != 0)
		return errno == EFBIG ? KEYRING_UNUSABLE : KEYRING_FAILED;
	return cut_password(s);
}

static enum keyring_exit write_password(struct secret *s, int out)
{
	enum keyring_exit result = cut_password(s);
	struct slice line = secret_view(s);

	if (result == KEYRING_DONE && io_write(out, line.p, line.n) != 0)
		result = KEYRING_FAILED;
	return result;
}

static enum keyring_exit lookup(
    const struct service_key *key, struct secret *s, int out)
{
	enum keyring_exit result = service_lookup(key, s);

	return result == KEYRING_DONE ? write_password(s, out) : result;
}

static enum keyring_exit store(
    const struct service_key *key, struct secret *s, int out)
{
	enum keyring_exit result = read_password(s);

	(void)out;
	return result == KEYRING_DONE ? service_store(key, s) : result;
}

static enum keyring_exit delete (
    const struct service_key *key, struct secret *s, int out) {
	(void)s, (void)out; return service_delete(key);
}

static enum keyring_exit run(const char *verb, const struct service_key *key)
{
	static const struct {
		const char *name;
		enum keyring_exit (*call)(
		    const struct service_key *key, struct secret *s, int out);
	} verbs[] = {
		{ "lookup", lookup },
		{ "store", store },
		{ "delete", delete },
	};
	struct secret *s;
	enum keyring_exit result = KEYRING_USAGE;
	int out;

	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(verb, verbs[i].name) != 0)
			continue;
		if (!find_bus())
			return KEYRING_ABSENT;
		s = secret_new(PASSWORD_MAX, NULL);
		out = take_output();
		result =
		    s && out >= 0 ? verbs[i].call(key, s, out) : KEYRING_FAILED;
		secret_free(s);
	}
	return result;
}

int main(int argc, char **argv)
{
	enum keyring_exit result = KEYRING_USAGE;

	harden();
	if (getauxval(AT_SECURE) != 0)
		return KEYRING_FAILED;
	if (argc == 4) {
		const struct service_key key = { argv[2], argv[3] };

		result = run(argv[1], &key);
	}
	if (result == KEYRING_USAGE)
		(void)io_write(STDERR_FILENO, usage, sizeof(usage) - 1);
	return (int)result;
}
