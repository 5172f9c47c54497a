/*
 * files: where the configuration stands: SYSCONFDIR/postriderrc for the
 * system; ~/.postriderrc, else $XDG_CONFIG_HOME/postrider/config (default
 * ~/.config/postrider/config) for the user, or the file named by -C. Where
 * none of these exists, the same places with msmtp's names.
 */
#ifndef APP_FILES_H
#define APP_FILES_H

#include "cmdline.h"
#include "config.h"

/* Home directory: HOME, else the password database; NULL when unknown. */
const char *files_home(struct arena *a);

/* Where the files are looked for; each may be missing. */
struct files_places {
	const char *system;
	const char
	    *user; /* that exists, else the first choice; NULL: no home */
};

struct files_places files_find(struct arena *a);

enum files_found {
	FILES_BROKEN, /* not looked for, or one is there that is of no use */
	FILES_ABSENT,
	FILES_READ,
};

/* What was read; `config` holds the secrets that settings are views of. */
struct files {
	enum files_found found;
	struct config config;
	struct settings settings;
	const char *account;      /* set as soon as it is known; NULL: none */
	const char *account_file; /* where it was defined, or NULL */
	unsigned account_line;
	struct buf warnings; /* one a line */
};

void files_init(struct files *f, struct arena *a);
void files_free(struct files *f);

/*
 * The settings for this invocation: files read, account chosen (by -a, by
 * the sender, or "default"), the command line's settings on top, everything
 * completed. Without an account, settings are those of the command line alone.
 * Fails: CONFIG, USAGE.
 */
int files_load(struct files *f, const struct invocation *inv,
    const char *sender, struct fail *why);

/*
 * Where the account stands, in front of what is wrong with its configuration
 * (CONFIG), unless a file is named there already. Returns -1.
 */
int files_wrap(const struct files *f, struct fail *why);

/* Paths of netrc files, the user's first; the last one is NULL. */
const char *const *files_netrc(struct arena *a);

/* Applies the command line's settings alone. Fails: USAGE. */
int files_overrides(const struct invocation *inv, struct settings *s,
    const char *home, struct arena *a, struct fail *why);

#endif
