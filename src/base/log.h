/*
 * log: lines for people. Only src/app/ calls this. Every text passes through
 * buf_add_printable() here, so no caller can forget it.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "fail.h"
#include "slice.h"

/* The prefix of messages ("postrider"). Borrowed. */
void log_set_name(const char *name);
/* The name in the log of the system, instead of that one. Borrowed. */
void log_set_tag(const char *tag);
/* Errors and warnings on stderr, or not at all (-oeq). */
void log_set_quiet(bool quiet);
/* Off: a line that nobody makes room for is dropped, not waited for. */
void log_set_patient(bool patient);

/* "NAME: TEXT" on stderr. */
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* A warning for each line of the text. */
void log_warnings(struct slice lines);

/*
 * One line appended to a file (mode 0600 when created; "-" is stdout). A lock
 * of another program and a pipe that is full are waited for, for ten seconds
 * in all. Fails: OS.
 */
int log_to_file(const char *path, struct slice line, struct fail *why);

/* facility is a LOG_ constant; is_error chooses LOG_ERR or LOG_INFO. */
void log_to_syslog(int facility, bool is_error, struct slice line);

#endif
