#include "log.h"
#include "buf.h"
#include "io.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

enum { LOG_LINE_MAX = 8192, LOG_FILE_SECONDS = 10, LOG_TAG_MAX = 64 };

enum { LOCK_PAUSE_MAX = 20 /* milliseconds */ };

static const char *log_name = "postrider";
static const char *log_tag;
static bool log_quiet;
static bool log_patient = true;

void log_set_name(const char *name)
{
	log_name = name;
}

void log_set_tag(const char *tag)
{
	log_tag = tag;
}

void log_set_quiet(bool quiet)
{
	log_quiet = quiet;
}

void log_set_patient(bool patient)
{
	log_patient = patient;
}

/* A pipe that poll() calls ready has room for PIPE_BUF octets. */
static bool has_room(void)
{
	return log_patient ||
	       io_wait(STDERR_FILENO, POLLOUT, deadline_in_ms(1)) == 1;
}

/* One write for a line, so that lines of several programs do not mix. */
__attribute__((format(printf, 2, 0))) static void log_line(
    const char *prefix, const char *format, va_list args)
{
	char text[LOG_LINE_MAX];
	struct buf line;

	if (log_quiet)
		return;
	(void)vsnprintf(text, sizeof(text), format, args);
	buf_init(&line, (size_t)2 * LOG_LINE_MAX);
	buf_add_printable(&line, slice_of(log_name));
	buf_addf(&line, ": %s", prefix);
	buf_add_printable(&line, slice_of(text));
	buf_addc(&line, '\n');
	if (has_room())
		(void)io_write(STDERR_FILENO, line.p, line.n);
	buf_free(&line);
}

void log_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_line("", format, args);
	va_end(args);
}

void log_warning(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_line("warning: ", format, args);
	va_end(args);
}

void log_warnings(struct slice lines)
{
	struct slice line;

	while (slice_take_until(&lines, '\n', &line))
		log_warning("%.*s", SLICE_ARG(line));
}

/* A record lock, as other mail programs use for their log files. */
static int lock_file(int fd, struct deadline d)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int pause = 1;

	while (fcntl(fd, F_SETLK, &lock) != 0) {
		if (errno != EAGAIN && errno != EACCES && errno != EINTR)
			return errno == EINVAL || errno == ENOLCK ? 0 : -1;
		if (deadline_passed(d))
			return -1;
		/* Our own kind holds it for a moment only. */
		poll(NULL, 0, pause);
		pause = pause < LOCK_PAUSE_MAX / 2 ? 2 * pause : LOCK_PAUSE_MAX;
	}
	return 0;
}

int log_to_file(const char *path, struct slice line, struct fail *why)
{
	struct deadline d = deadline_in(LOG_FILE_SECONDS);
	bool is_stdout = strcmp(path, "-") == 0;
	int fd = is_stdout ? STDOUT_FILENO
			   : open(path,
				 O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC |
				     O_NOCTTY | O_NONBLOCK,
				 0600);
	struct buf whole;
	int result = 0;

	if (fd < 0)
		return fail(why, FAIL_OS, "cannot log to %s: %s", path,
		    strerror(errno));
	buf_init(&whole, line.n + 1);
	buf_add_printable(&whole, line);
	buf_addc(&whole, '\n');
	if (lock_file(fd, d) != 0 ||
	    io_write_until(fd, whole.p, whole.n, d) != 0)
		result = fail(why, FAIL_OS, "cannot log to %s: %s", path,
		    strerror(errno));
	buf_free(&whole);
	if (!is_stdout)
		close(fd);
	return result;
}

void log_to_syslog(int facility, bool is_error, struct slice line)
{
	struct slice name =
	    slice_of(log_tag && log_tag[0] ? log_tag : log_name);
	struct buf text, tag;

	buf_init(&text, LOG_LINE_MAX);
	buf_init(&tag, LOG_TAG_MAX);
	buf_add_printable(&text, slice_head(line, LOG_LINE_MAX));
	buf_add_printable(&tag, slice_head(name, LOG_TAG_MAX));
	openlog(buf_text(&tag), 0, facility);
	syslog(
	    (is_error ? LOG_ERR : LOG_INFO) | facility, "%s", buf_text(&text));
	closelog();
	buf_free(&tag);
	buf_free(&text);
}
