#include "provider.h"
#include "provider_private.h"
#include <stdarg.h>
#include <stdio.h>

const struct provider *const provider_list[] = {
	&provider_ses,
	&provider_oci,
	NULL,
};

const struct provider *provider_find(const char *name)
{
	for (size_t i = 0; name && provider_list[i]; i++)
		if (strcmp(provider_list[i]->name, name) == 0)
			return provider_list[i];
	return NULL;
}

const char *provider_names(void)
{
	return "ses, oci";
}

void provider_warn(const struct provider_work *w, const char *format, ...)
{
	char text[FAIL_TEXT_MAX];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	buf_add_printable(w->warnings, slice_of(text));
	buf_addc(w->warnings, '\n');
}

/* ---- port and TLS ---- */

static const struct provider_port *port_by_number(
    const struct provider *p, int64_t number)
{
	for (const struct provider_port *port = p->ports; port->number; port++)
		if (port->number == number)
			return port;
	return NULL;
}

/* The first port that fits what was said about TLS. */
static const struct provider_port *port_by_tls(
    const struct provider *p, const struct settings *s)
{
	bool tls_is_off = option_is_explicit(s, OPT_tls) && !s->tls;

	if (!tls_is_off && !option_is_explicit(s, OPT_tls_starttls))
		return p->ports;
	for (const struct provider_port *port = p->ports; port->number; port++)
		if (port->starttls == (tls_is_off || s->tls_starttls))
			return port;
	return p->ports;
}

static void apply_port(const struct provider *p, const struct provider_work *w)
{
	struct settings *s = w->s;
	const struct provider_port *port;

	if (!option_is_explicit(s, OPT_port)) {
		port = port_by_tls(p, s);
		settings_fill(s, OPT_port,
		    arena_printf(w->a, "%d", port->number), ORIGIN_PROVIDER,
		    w->a);
	}
	port = port_by_number(p, s->port);
	if (!port) { /* a port of the user's own, behind a tunnel perhaps */
		settings_fill(s, OPT_tls_starttls,
		    p->ports->starttls ? "on" : "off", ORIGIN_PROVIDER, w->a);
		return;
	}
	settings_fill(s, OPT_tls_starttls, port->starttls ? "on" : "off",
	    ORIGIN_PROVIDER, w->a);
	if (s->tls && s->tls_starttls != port->starttls)
		provider_warn(w, "port %d of provider %s wants tls_starttls %s",
		    port->number, p->name, port->starttls ? "on" : "off");
}

/* ---- header fields ---- */

/* A line of a header holds 998 characters (RFC 5322 section 2.1.1). */
static int check_headers(
    const struct provider *p, const struct provider_work *w)
{
	enum { LINE_MAX_SIZE = 998 };

	for (const struct provider_header *h = p->headers; h && h->name; h++) {
		const char *key = option_table[h->id].key;
		struct slice value = slice_of(option_text(w->s, h->id));

		if (value.n == 0)
			continue;
		if (!h->fits(value))
			return option_fail(
			    w->why, w->s, h->id, "%s: %s", key, h->expected);
		if (strlen(h->name) + 2 + value.n > LINE_MAX_SIZE)
			return option_fail(w->why, w->s, h->id,
			    "%s: too long for a header field", key);
	}
	return 0;
}

size_t provider_fields(
    const struct settings *s, struct provider_field *ret_fields, size_t max)
{
	const struct provider *p = provider_find(s->provider);
	const struct provider_header *h = p ? p->headers : NULL;
	size_t n = 0;

	for (; h && h->name && n < max; h++) {
		const char *value = option_text(s, h->id);

		if (value)
			ret_fields[n++] =
			    (struct provider_field){ h->name, value };
	}
	return n;
}

/* ---- the whole ---- */

static void warn_useless(
    const struct provider *p, const struct provider_work *w, enum option_id id)
{
	provider_warn(w, "%s has no effect %s%s", option_table[id].key,
	    p ? "with provider " : "without provider", p ? p->name : "");
}

/* What is set for another provider than this one (NULL: for any). */
static void find_useless(
    const struct provider *p, const struct provider_work *w)
{
	static const enum option_id common[] = { OPT_region, OPT_endpoint };

	for (size_t i = 0; !p && i < sizeof(common) / sizeof(common[0]); i++)
		if (option_is_explicit(w->s, common[i]))
			warn_useless(p, w, common[i]);
	for (size_t i = 0; provider_list[i]; i++) {
		const struct provider_header *h = provider_list[i]->headers;

		for (; h && h->name && provider_list[i] != p; h++)
			if (option_text(w->s, h->id))
				warn_useless(p, w, h->id);
	}
}

int provider_apply(const struct provider *p, struct settings *s,
    struct arena *a, struct buf *warnings, struct fail *why)
{
	const struct provider_work w = { s, a, warnings, why };

	find_useless(p, &w);
	if (!p)
		return 0;
	if (provider_apply_region(p, &w) != 0 || check_headers(p, &w) != 0)
		return -1;
	for (const struct provider_preset *d = p->presets; d->value; d++)
		settings_fill(s, d->id, d->value, ORIGIN_PROVIDER, a);
	apply_port(p, &w);
	if (p->advise)
		p->advise(&w);
	return 0;
}

int provider_check_sending(
    const struct provider *p, const struct settings *s, struct fail *why)
{
	return p && p->check_sending ? p->check_sending(s, why) : 0;
}

int provider_password(
    const struct settings *s, struct secret **password, struct fail *why)
{
	const struct provider *p = provider_find(s->provider);

	if (p && p->password)
		return p->password(s, password, why);
	if (s->password_kind == PASSWORD_AWS_SECRET)
		return option_fail(why, s, OPT_password_kind,
		    "password_kind aws_secret needs provider %s",
		    provider_ses.name);
	return 0;
}

int provider_derive(const struct settings *s, struct secret **password,
    struct arena *a, struct buf *warnings, struct fail *why)
{
	struct settings forced = *s;
	const struct provider *p = provider_find(s->provider);
	const struct provider_work w = { &forced, a, warnings, why };

	forced.password_kind = PASSWORD_AWS_SECRET;
	if (p && p->password && provider_check_region(p, &w) != 0)
		return -1;
	return provider_password(&forced, password, why);
}
