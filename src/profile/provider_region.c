/* provider_region: from a region or a host to both of them. */
#include "provider_private.h"

/*
 * Where the name of the region was read; a wrong one is reported there. With
 * a host of the user's own a name that nobody knows is only worth a warning:
 * it is then used for nothing but the derivation of the password.
 */
struct origin_of_region {
	enum option_id id;
	bool is_spare; /* the host does not depend on it */
};

static bool has_own_host(const struct settings *s)
{
	return option_is_explicit(s, OPT_host) && s->host;
}

static bool is_standard(const struct settings *s)
{
	return !s->endpoint || strcmp(s->endpoint, "standard") == 0;
}

static struct origin_of_region look_for_region(
    const struct provider *p, const struct provider_work *w)
{
	static const enum option_id places[] = { OPT_host, OPT_endpoint };
	struct settings *s = w->s;
	const char *const hosts[] = {
		has_own_host(s) ? s->host : NULL,
		is_standard(s) ? NULL : s->endpoint,
	};
	struct slice found;

	if (s->region)
		return (struct origin_of_region){ OPT_region, has_own_host(s) };
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if (!hosts[i] || !region_of_host(p->regions, p->hosts,
				     slice_of(hosts[i]), &found))
			continue;
		/* Set as empty or not at all: either way it is not known. */
		s->region = arena_copy(w->a, found);
		s->origin[OPT_region] =
		    (struct origin){ .kind = ORIGIN_PROVIDER };
		return (struct origin_of_region){ places[i], false };
	}
	return (struct origin_of_region){ OPT_region, true };
}

static int no_region(const struct provider *p, const struct provider_work *w)
{
	return option_fail(w->why, w->s, OPT_provider,
	    "provider %s needs a region: set region (for example region %s), "
	    "or set host",
	    p->name, p->example);
}

/* ---- a name that is in no table ---- */

static int misspelt(const struct provider_work *w, enum option_id id,
    const struct region *const regions[], size_t n)
{
	const char *list = "";

	for (size_t i = 0; i < n; i++)
		list = arena_printf(
		    w->a, "%s%s%s", list, i ? " or " : "", regions[i]->id);
	return option_fail(w->why, w->s, id,
	    "unknown region %s: did you mean %s?", w->s->region, list);
}

static const struct provider *other_owner(
    const struct provider *p, struct slice name)
{
	for (size_t i = 0; provider_list[i]; i++)
		if (provider_list[i] != p &&
		    region_find(provider_list[i]->regions, name))
			return provider_list[i];
	return NULL;
}

/* 0: may be used. */
static int check_unknown(const struct provider *p,
    const struct provider_work *w, struct origin_of_region from)
{
	const struct region *near[REGION_SUGGESTIONS];
	struct slice name = slice_of(w->s->region);
	const struct provider *other = other_owner(p, name);
	bool wellformed = region_is_wellformed(name);
	size_t n = 0;

	if (other)
		return option_fail(w->why, w->s, from.id,
		    "region %s is one of provider %s (%s), not of provider %s",
		    w->s->region, other->name, other->title, p->name);
	if (!wellformed || !region_is_sibling(p->regions, name))
		n = region_suggest(p->regions, name, near);
	if (n && !(wellformed && from.is_spare))
		return misspelt(w, from.id, near, n);
	if (!wellformed)
		return option_fail(w->why, w->s, from.id,
		    "unknown region %s: a region of provider %s looks like %s",
		    w->s->region, p->name, p->example);
	provider_warn(w, "region %s is not known to provider %s%s%s",
	    w->s->region, p->name, n ? "; is it " : "", n ? near[0]->id : "");
	return 0;
}

/* ---- the host ---- */

static int fips_host(const struct provider *p, const struct provider_work *w,
    const struct region *r, const char **ret_host)
{
	const char *list = "";

	if (r && r->fips_host) {
		*ret_host = r->fips_host;
		return 0;
	}
	for (size_t i = 0; i < p->regions->n; i++)
		if (p->regions->v[i].fips_host)
			list = arena_printf(w->a, "%s%s%s", list,
			    *list ? ", " : "", p->regions->v[i].id);
	if (!*list)
		return option_fail(w->why, w->s, OPT_endpoint,
		    "endpoint fips: provider %s has none", p->name);
	return option_fail(w->why, w->s, OPT_endpoint,
	    "endpoint fips: region %s has none; these have: %s", w->s->region,
	    list);
}

static const char *standard_host(const struct provider *p,
    const struct provider_work *w, const struct region *r)
{
	if (!r)
		return arena_printf(w->a, "%s%s%s", p->hosts->before,
		    w->s->region, p->hosts->after);
	if (r->smtp == REGION_SMTP_NONE)
		provider_warn(w,
		    "region %s has no SMTP endpoint according to %s", r->id,
		    p->documentation);
	if (r->smtp == REGION_SMTP_UNKNOWN)
		provider_warn(w,
		    "%s does not say whether region %s has an SMTP endpoint; "
		    "trying %s",
		    p->documentation, r->id, r->host);
	return r->host;
}

static int choose_host(const struct provider *p, const struct provider_work *w,
    const struct region *r, const char **ret_host)
{
	const char *endpoint = w->s->endpoint;

	if (is_standard(w->s)) {
		*ret_host = standard_host(p, w, r);
		return 0;
	}
	if (strcmp(endpoint, "fips") == 0)
		return fips_host(p, w, r, ret_host);
	if (p->endpoint)
		return p->endpoint(w, ret_host);
	return option_fail(w->why, w->s, OPT_endpoint,
	    "endpoint %s: provider %s has only the standard one", endpoint,
	    p->name);
}

/* The host is the user's word; that it contradicts is worth saying. */
static void compare_host(
    const struct provider *p, const struct provider_work *w)
{
	struct slice found;

	if (w->s->region &&
	    region_of_host(
		p->regions, p->hosts, slice_of(w->s->host), &found) &&
	    !slice_ieq(found, slice_of(w->s->region)))
		provider_warn(w, "host %s is in region %.*s, not in %s",
		    w->s->host, SLICE_ARG(found), w->s->region);
	if (!is_standard(w->s))
		provider_warn(w,
		    "endpoint %s has no effect, because host is set",
		    w->s->endpoint);
}

const char *provider_of_host(
    const char *host, struct arena *a, const char **ret_region)
{
	for (size_t i = 0; provider_list[i]; i++) {
		const struct provider *p = provider_list[i];
		struct slice found;

		if (!region_of_host(
			p->regions, p->hosts, slice_of(host), &found))
			continue;
		*ret_region = arena_copy(a, found);
		return p->name;
	}
	return NULL;
}

/* *ret_region is NULL for a region that is not set or not known. */
static int check_region(const struct provider *p, const struct provider_work *w,
    struct origin_of_region from, const struct region **ret_region)
{
	const struct region *r = NULL;

	if (!w->s->region && !has_own_host(w->s))
		return no_region(p, w);
	if (w->s->region) {
		r = region_find(p->regions, slice_of(w->s->region));
		if (!r && check_unknown(p, w, from) != 0)
			return -1;
	}
	*ret_region = r;
	return 0;
}

int provider_check_region(
    const struct provider *p, const struct provider_work *w)
{
	struct origin_of_region from = look_for_region(p, w);
	const struct region *r = NULL;

	from.is_spare = false;
	return check_region(p, w, from, &r);
}

int provider_apply_region(
    const struct provider *p, const struct provider_work *w)
{
	struct origin_of_region from = look_for_region(p, w);
	const struct region *r = NULL;
	const char *host = NULL;

	if (check_region(p, w, from, &r) != 0)
		return -1;
	if (has_own_host(w->s)) {
		compare_host(p, w);
		return 0;
	}
	if (choose_host(p, w, r, &host) != 0)
		return -1;
	/* A host set as empty is one that is not set. */
	w->s->origin[OPT_host].kind = ORIGIN_NONE;
	settings_fill(w->s, OPT_host, host, ORIGIN_PROVIDER, w->a);
	return 0;
}
