/*
 * config: the files, in msmtp's grammar. A file is read whole (at most 256
 * KiB, lines at most 8 KiB) into a struct secret, since it may hold a
 * password; settings keep views of it, so the config must outlive them.
 *
 * `eval` commands run while the file is read (/bin/sh, ten seconds); what they
 * print is kept as a secret, too.
 *
 * Fails: CONFIG with file and line ("FILE: line N: ..."); never quotes a value
 * that may be a secret. OS when the system cannot read the file or start a
 * command, NOMEM.
 */
#ifndef PROFILE_CONFIG_H
#define PROFILE_CONFIG_H

#include "options.h"
#include "secret.h"

#define CONFIG_FILE_MAX 262144
#define CONFIG_LINE_MAX 8192

struct account {
	const char *name;
	const char *file; /* where it was defined */
	unsigned line;
	struct settings settings;
};

struct config {
	struct account *v; /* user's accounts first, in file order */
	size_t n;
	size_t n_user;        /* of them */
	const char *files[2]; /* read successfully, in reading order */
	size_t n_files;
	struct secret *text[2];
	struct secret **evals; /* the lines that commands printed */
	size_t n_evals;
	struct arena *arena; /* borrowed */
	const char *home;    /* borrowed, may be NULL */
};

void config_init(struct config *c, struct arena *a, const char *home);
/* Wipes the files' text. Settings' secrets are gone then. */
void config_free(struct config *c);

enum config_found { CONFIG_FAILED = -1, CONFIG_ABSENT, CONFIG_READ };

/*
 * Reads one file; kind is ORIGIN_SYSTEM or ORIGIN_USER. Accounts that exist
 * already (user's file read first) are not replaced. A file that is not there
 * or may not be read is CONFIG_ABSENT, or CONFIG_FAILED when it is `required`.
 * Only regular files are read. ORIGIN_USER files with a password must be owned
 * by the caller and closed to others unless the caller is root. `path` must
 * outlive c.
 */
enum config_found config_read(struct config *c, const char *path,
    enum origin_kind kind, bool required, struct fail *why);

/*
 * The account named, else the first whose `from` fits the sender (either may
 * be NULL), the system's before the user's as msmtp has it, else "default".
 * NULL: why is CONFIG.
 */
const struct account *config_pick(const struct config *c, const char *name,
    const char *sender, struct fail *why);

#endif
