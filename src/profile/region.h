/*
 * region: the tables of regions and what to make of a region's name that
 * stands in no table. A part of provider.
 *
 * The tables are facts, no gate: a name of the right form that is not close
 * to a known one is used as it is.
 */
#ifndef PROFILE_REGION_H
#define PROFILE_REGION_H

#include "buf.h"

enum region_smtp {
	REGION_SMTP_YES,
	REGION_SMTP_NONE,    /* documented not to have SMTP */
	REGION_SMTP_UNKNOWN, /* nobody has documented its SMTP host */
};

/* NULL where the table has "-". */
struct region {
	const char *id;      /* "eu-frankfurt-1" */
	const char *airport; /* "FRA" */
	const char *place;   /* "Frankfurt", "Europe (Frankfurt)" */
	const char *host;    /* by pattern when there is none */
	const char *fips_host;
	const char *legacy_host; /* an older name of host */
	enum region_smtp smtp;
};

struct region_table {
	const struct region *v;
	size_t n;
};

/* Generated from data/ *.tsv. */
extern const struct region_table region_table_ses;
extern const struct region_table region_table_oci;

/* NULL when the table does not have it. */
const struct region *region_find(const struct region_table *t, struct slice id);

/* Letters, dashes and a number: "eu-west-1", "me-dcc-doha-1". */
bool region_is_wellformed(struct slice id);

/*
 * Is it a known region with another number? Regions of that form come up
 * every year, so it is no slip of the pen.
 */
bool region_is_sibling(const struct region_table *t, struct slice id);

enum { REGION_SUGGESTIONS = 3 };

/*
 * Regions the name may stand for, best first: spelled without dashes or in
 * capitals, an airport code, a city, or a slip of the pen (at most two
 * letters wrong, missing, surplus or swapped). Returns how many.
 */
size_t region_suggest(const struct region_table *t, struct slice name,
    const struct region *ret_regions[REGION_SUGGESTIONS]);

/*
 * Where the region stands in a host name: BEFORE region AFTER. With `label`
 * one more label comes first. An AFTER that ends in a dot may be followed by
 * anything.
 */
struct region_host {
	bool label;
	const char *before; /* NULL ends a list */
	const char *after;
};

/*
 * The region of a host, by the patterns and the older names in the table.
 * False when it has none.
 */
bool region_of_host(const struct region_table *t,
    const struct region_host *patterns, struct slice host,
    struct slice *ret_region);

#endif
