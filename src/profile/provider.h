/*
 * provider: Amazon SES and OCI Email Delivery as data. Regions and reply rules
 * are compiled from data/ *.tsv; ports, limits and header fields are rows in
 * one small file per provider, beside what is no row. No code outside
 * src/profile names a provider.
 */
#ifndef PROFILE_PROVIDER_H
#define PROFILE_PROVIDER_H

#include "options.h"
#include "secret.h"

struct provider;

/* NULL when unknown. NULL name: NULL. */
const struct provider *provider_find(const char *name);
/* "ses, oci": for messages. */
const char *provider_names(void);

/*
 * Fills settings that nobody set with ORIGIN_PROVIDER and checks the region,
 * the endpoint and the settings of this provider. p NULL: only warns about
 * settings that mean nothing without a provider. Warnings and failures as
 * account_complete.
 */
int provider_apply(const struct provider *p, struct settings *s,
    struct arena *a, struct buf *warnings, struct fail *why);

/*
 * What sending needs beyond that: a user name that can work. Fails: CONFIG.
 */
int provider_check_sending(
    const struct provider *p, const struct settings *s, struct fail *why);

/* Header fields the account's settings ask for, as name and value pairs. */
struct provider_field {
	const char *name;
	const char *value; /* borrowed from the settings */
};

enum { PROVIDER_FIELDS_MAX = 8 };

/* Returns how many there are, at most max. */
size_t provider_fields(
    const struct settings *s, struct provider_field *ret_fields, size_t max);

/*
 * Whose server a host is, by its name, and of which region: for a person who
 * has only the host. NULL when it is nobody's. *ret_region is in the arena.
 */
const char *provider_of_host(
    const char *host, struct arena *a, const char **ret_region);

/* One row of the reply rules. */
enum rule_class {
	RULE_TRANSIENT,
	RULE_PERMANENT,
	RULE_CONFIG,
	RULE_AUTH,
	RULE_SUPPRESSED,
};

struct reply_rule {
	const char *provider; /* "*" for all */
	const char *stages;   /* "rcpt|data-end", "any" */
	int code_min;         /* the reply codes it is for; 0: no reply */
	int code_max;
	const char *pattern; /* POSIX extended expression over the text */
	enum rule_class class;
	const char *retry; /* no, yes, backoff, later, hold, once */
	int exit_code;
	const char *advice;
};

/*
 * The first rule that fits, NULL when none does. p may be NULL (only rules
 * for all). Stages are compared as they are: those of smtp/states.def, and
 * resolve or connect when no reply came; code is then 0 and text that of the
 * failure.
 */
const struct reply_rule *provider_rule(
    const struct provider *p, const char *stage, int code, const char *text);

/*
 * Turns what a source of secrets yielded into the SMTP password for these
 * settings, in place (replacing *password). *password stays the caller's to
 * free, also after a failure. Fails: CONFIG (no region), BUG, NOMEM.
 */
int provider_password(
    const struct settings *s, struct secret **password, struct fail *why);

/*
 * The same where the secret is known to be an access key's. The region need
 * not have been checked: it is here, with the warnings and failures of
 * provider_apply().
 */
int provider_derive(const struct settings *s, struct secret **password,
    struct arena *a, struct buf *warnings, struct fail *why);

#endif
