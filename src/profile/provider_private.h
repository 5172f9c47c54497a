/*
 * provider_private: what a provider is made of. For the files of provider
 * only.
 */
#ifndef PROFILE_PROVIDER_PRIVATE_H
#define PROFILE_PROVIDER_PRIVATE_H

#include "provider.h"
#include "region.h"

/* What the functions of a provider work on. */
struct provider_work {
	struct settings *s;
	struct arena *a;
	struct buf *warnings;
	struct fail *why;
};

/* A setting as the service wants it. */
struct provider_preset {
	enum option_id id;
	const char *value; /* NULL ends a list */
};

/* A port and how TLS begins there; the first one is the default. */
struct provider_port {
	int number; /* 0 ends a list */
	bool starttls;
};

/* A setting that becomes a header field of the message. */
struct provider_header {
	enum option_id id;
	const char *name; /* NULL ends a list */
	bool (*fits)(struct slice value);
	const char *expected;
};

struct provider {
	const char *name;
	const char *title;
	const char *example;       /* a region */
	const char *documentation; /* whose word on regions without SMTP */
	const struct region_table *regions;
	const struct region_host *hosts; /* the first for unknown regions */
	const struct provider_preset *presets;
	const struct provider_port *ports;
	const struct provider_header *headers;
	/* Host of an endpoint that is neither standard nor fips; or NULL. */
	int (*endpoint)(const struct provider_work *w, const char **ret_host);
	/* Warnings about host and user; after all settings are filled. */
	void (*advise)(const struct provider_work *w);
	/* As provider_check_sending(); or NULL. */
	int (*check_sending)(const struct settings *s, struct fail *why);
	/* As provider_password(); or NULL. */
	int (*password)(const struct settings *s, struct secret **password,
	    struct fail *why);
};

extern const struct provider provider_ses;
extern const struct provider provider_oci;

/* The providers there are; NULL ends the list. */
extern const struct provider *const provider_list[];

/* The table of reply rules, in the order in which they are tried. */
extern const struct reply_rule provider_rules[];
extern const size_t provider_rules_n;

/* One line for the user. */
void provider_warn(const struct provider_work *w, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Finds the region (setting, endpoint or host), checks it and fills region
 * and host.
 */
int provider_apply_region(
    const struct provider *p, const struct provider_work *w);

/*
 * Finds the region, checks it and fills it in, whatever the host is: a name
 * that is close to a known one is an error here. Only a host of the user's own
 * may leave it unset.
 */
int provider_check_region(
    const struct provider *p, const struct provider_work *w);

#endif
