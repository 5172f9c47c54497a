/*
 * cmdline: argv as a value. Two grammars, chosen by the name of the program:
 * sendmail's, where options end at the first operand and none of them names a
 * file, a host or a command; and postrider's own (msmtp's letters and long
 * options, GNU permutation) with sendmail's letters added. Letters are rows
 * of one table in flags.c; settings are rows of options.def.
 *
 * Fails: USAGE.
 */
#ifndef APP_CMDLINE_H
#define APP_CMDLINE_H

#include "arena.h"
#include "options.h"

enum mode_id {
	MODE_SEND,
	MODE_SERVE,
	MODE_PRETEND,
	MODE_VERSION,
	MODE_HELP,
	MODE_DERIVE,
	MODE_STORE_PASSWORD,
	MODE_DELETE_PASSWORD,
	MODE_QUEUE_LIST,
	MODE_QUEUE_COUNT,
	MODE_QUEUE_RUN,
	MODE_SUPPRESS,
	MODE_UNSUPPRESS,
	MODE_SUPPRESSED,
	MODE_QUEUE_JSON,
	MODE_QUEUE_SHOW,
	MODE_QUEUE_DROP,
	MODE_QUEUE_HOLD,
	MODE_QUEUE_RELEASE,
	MODE_QUEUE_RETRY,
	MODE_VERIFY,
	MODE_SERVERINFO,
	MODE_RMQS,
	MODE_CONFIGURE,
	MODE_NOTHING, /* accepted, there is nothing to do */
};

struct override {
	const struct option_info *option;
	const char *value;
};

struct invocation {
	const char *program; /* as people know it: "postrider", "sendmail" */
	bool is_sendmail;    /* the grammar */
	bool is_msmtp;       /* messages in its form */
	enum mode_id mode;
	const char *mode_value; /* of the option that chose it, or NULL */
	const char *account;    /* -a */
	const char *file;       /* -C */
	const char *sender;     /* -f; "" is the null sender, NULL: not given */
	const char *full_name;  /* -F */
	const char *envid;      /* -V, as dsn.h wants it */
	const char *log_tag;    /* -L */
	const char *queue;      /* --rmqs, or NULL */
	const char *address;    /* --configure */
	bool asks_info;         /* -S */
	bool read_recipients;   /* -t */
	bool read_sender;       /* --read-envelope-from */
	bool keep_dots;         /* -i */
	bool no_aliases;        /* -n */
	bool quiet;             /* -oeq */
	bool verbose;           /* -v */
	bool shows_settings;    /* -d */
	bool shows_version;     /* -d0.1: before anything else */
	bool has_traffic_log;   /* -X, where it means nothing */
	struct override *overrides; /* settings, in order; arena */
	size_t n_overrides;
	char *const *operands; /* recipients; borrowed from argv */
	size_t n_operands;
};

int cmdline_parse(int argc, char **argv, struct arena *a,
    struct invocation *ret, struct fail *why);

/* True when the command line has a value for this setting. */
bool cmdline_sets(const struct invocation *inv, enum option_id id);

/* The text of --help. */
void cmdline_help(const struct invocation *inv, struct buf *b);

#endif
