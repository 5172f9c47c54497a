/*
 * options: the settings of one account, typed, each with its origin. THE
 * table is options.def: a row yields the keyword of the files, the long
 * option, the field of struct settings, the default, the help line and the
 * manual's text. A new setting is a new row.
 *
 * Texts live in the arena given; a SECRET is a view into the file it was read
 * from (config.h keeps that in a struct secret) and is never copied or shown.
 * Fails: CONFIG, text without file and line; the caller adds them.
 */
#ifndef PROFILE_OPTIONS_H
#define PROFILE_OPTIONS_H

#include "arena.h"
#include "buf.h"
#include "fail.h"

enum option_type {
	OPTION_TEXT,    /* const char *; NULL: unset; see `choices` */
	OPTION_PATH,    /* the same; a leading "~/" is the home directory */
	OPTION_BOOL,    /* bool: on, off */
	OPTION_NUMBER,  /* int64_t within min and max */
	OPTION_SECONDS, /* the same; off is 0 */
	OPTION_SIZE,    /* int64_t octets; K, M, G (1024); off is 0 */
	OPTION_CHOICE,  /* int: position in `choices` */
	OPTION_WORDS,   /* const char *: one of `choices`, or some words of the
			   last one, each once, with commas between them */
	OPTION_SECRET,  /* struct slice; no long option: arguments are public */
};

/* Positions in the `choices` of the rows that use them. */
enum set_from { SET_FROM_AUTO, SET_FROM_ON, SET_FROM_OFF };

enum set_auto { SET_AUTO, SET_OFF };

enum protocol { PROTOCOL_SMTP, PROTOCOL_LMTP };

enum set_to { SET_TO_ON, SET_TO_OFF, SET_TO_UNDISCLOSED };

enum password_kind { PASSWORD_AUTO, PASSWORD_SMTP, PASSWORD_AWS_SECRET };

enum header_once { HEADER_ONCE_RFC, HEADER_ONCE_RELAY, HEADER_ONCE_OFF };

enum from_policy { FROM_POLICY_PASS, FROM_POLICY_REWRITE, FROM_POLICY_REFUSE };

enum queue_when { QUEUE_OFF, QUEUE_ON_FAILURE, QUEUE_ALWAYS };

enum queue_unknown { QUEUE_UNKNOWN_RETRY, QUEUE_UNKNOWN_HOLD };

/* Later ones win. */
enum origin_kind {
	ORIGIN_NONE, /* never set, no default */
	ORIGIN_DEFAULT,
	ORIGIN_PROVIDER,
	ORIGIN_SYSTEM, /* the system's file */
	ORIGIN_USER,   /* the user's file, or the one named by -C */
	ORIGIN_COMMAND_LINE,
};

struct origin {
	enum origin_kind kind;
	unsigned line;    /* of a file */
	const char *file; /* NULL when it is none */
	bool is_common;   /* by `defaults` of the file, not by the account */
};

enum option_id {

#define OPTION(field, ...) OPT_##field,
#include "options.def"
#undef OPTION
	OPT_COUNT
};

#define OPTION_FIELD_TEXT    const char *
#define OPTION_FIELD_PATH    const char *
#define OPTION_FIELD_BOOL    bool
#define OPTION_FIELD_NUMBER  int64_t
#define OPTION_FIELD_SECONDS int64_t
#define OPTION_FIELD_SIZE    int64_t
#define OPTION_FIELD_CHOICE  int
#define OPTION_FIELD_WORDS   const char *
#define OPTION_FIELD_SECRET  struct slice

struct settings {
#define OPTION(field, type, ...) OPTION_FIELD_##type field;
#include "options.def"
#undef OPTION
	struct origin origin[OPT_COUNT];
};

struct option_info {
	enum option_id id;
	const char *key; /* "tls_trust_file"; the long option has dashes */
	enum option_type type;
	char letter;          /* short option of the msmtp grammar, or 0 */
	const char *preset;   /* default as it would be written, NULL: unset */
	int64_t min, max;     /* NUMBER, SECONDS, SIZE */
	const char *choices;  /* "auto|on|off"; see below */
	const char *argument; /* "NAME", for help */
	const char *help;     /* one line */
	const char *manual;   /* mdoc text */
	size_t offset;        /* in struct settings */
};

/*
 * `choices` are what a CHOICE may be, and a TEXT that has some; an empty value
 * stands for the first. A TEXT whose choices end in "|*" may also be anything
 * else. The last choice of WORDS may be several words with commas between them.
 */
extern const struct option_info option_table[OPT_COUNT];

/*
 * Older names of msmtp, and where they lead; the last one has no key. With
 * neither text it is another name. With one it stands for that value and
 * takes none; with both it is a switch between the two.
 */
struct option_alias {
	const char *key;
	enum option_id id;
	const char *on, *off;
};

extern const struct option_alias option_aliases[];

/* NULL when it is none. */
const struct option_alias *option_alias_by_key(struct slice key);
/* Does it take no value? Such a one is no long option. */
bool option_alias_is_word(const struct option_alias *a);
/* What its value is for the setting it leads to. Fails: CONFIG. */
int option_alias_value(const struct option_alias *a, struct slice value,
    struct slice *ret_value, struct fail *why);
/* Aliases are known, too. NULL when unknown. */
const struct option_info *option_by_key(struct slice key);
const struct option_info *option_by_letter(char letter);

/* Every setting at its default. */
void settings_init(struct settings *s);

/* Where a value comes from and what it is set with. All borrowed. */
struct option_source {
	struct origin origin;
	const char *home; /* for "~/"; NULL: not expanded */
	struct arena *arena;
};

/*
 * Sets from text as a file or a command line has it. An empty value unsets a
 * text, is "on" for a switch and the first choice where there are choices; a
 * number must have a value unless options.def says otherwise. Control
 * characters (but TAB) are refused in everything but a secret.
 */
int option_set(struct settings *s, const struct option_info *o,
    struct slice value, const struct option_source *source, struct fail *why);

/*
 * Sets a value that somebody worked out (kind is ORIGIN_DEFAULT or
 * ORIGIN_PROVIDER), unless a file or the command line has set the option.
 * The text must be one option_set() takes; any other changes nothing.
 */
void settings_fill(struct settings *s, enum option_id id, const char *text,
    enum origin_kind kind, struct arena *a);

/*
 * Copies what was set explicitly in `from` (origin at least SYSTEM), but not
 * what it only has from `defaults`: those hold where an account begins.
 */
void settings_overlay(struct settings *s, const struct settings *from);

/* Points to the field, which has the C type of o->type. */
const void *option_value(const struct settings *s, const struct option_info *o);

/* The value of a TEXT, PATH or WORDS. */
const char *option_text(const struct settings *s, enum option_id id);

/* Was it set by a file or the command line? */
bool option_is_explicit(const struct settings *s, enum option_id id);

/* The choice at that position (from 0), empty when there is none. */
struct slice option_choice(const struct option_info *o, int position);

/*
 * The value for a person to read: as a file would have it, but "*" for a
 * secret that is set, nothing for what is unset, and '?' for a byte that is not
 * printable. False when unset.
 */
bool option_format(
    const struct settings *s, const struct option_info *o, struct buf *b);
/* Where a setting of the command line comes from, and a complaint about it. */
#define ORIGIN_TYPED "command line"

/* "unset", "default", "provider ses", "FILE:LINE", ORIGIN_TYPED. */
void origin_format(const struct settings *s, enum option_id id, struct buf *b);

/*
 * CONFIG about one setting; in front of the text stands where it was set
 * ("FILE: line N: ", ORIGIN_TYPED), when somebody set it. Returns -1.
 */
int option_fail(struct fail *why, const struct settings *s, enum option_id id,
    const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
