/*
 * config_text: configurations in memory, for the tests of config. The includer
 * includes unit.h as well.
 */
#ifndef UNIT_CONFIG_TEXT_H
#define UNIT_CONFIG_TEXT_H

#include "config_parse.h"
#include <stdlib.h>

static struct arena arena;

/* Exact size, so that a sanitizer sees a read beyond the end. */
static inline int parse(
    struct config *c, struct slice text, char **ret_copy, struct fail *why)
{
	static const struct config_source source = { "rc", ORIGIN_USER };
	bool has_secret;
	char *copy = malloc(text.n ? text.n : 1);

	*ret_copy = copy;
	if (!copy)
		return -1;
	if (text.n)
		memcpy(copy, text.p, text.n);
	config_init(c, &arena, "/home/u");
	return config_parse(
	    c, (struct slice){ copy, text.n }, &source, &has_secret, why);
}

/* "name:line key=value;key=value|name:line ..."; texts and secrets as they are.
 */
static inline void dump(const struct config *c, struct buf *b)
{
	buf_clear(b);
	for (size_t i = 0; i < c->n; i++) {
		const struct account *a = &c->v[i];
		const char *before = " ";

		buf_addf(b, "%s%s:%u", i ? "|" : "", a->name, a->line);
		for (size_t j = 0; j < OPT_COUNT; j++) {
			const struct option_info *o = &option_table[j];

			if (!option_is_explicit(&a->settings, o->id))
				continue;
			buf_addf(b, "%s%s=", before, o->key);
			before = ";";
			if (o->type == OPTION_SECRET)
				buf_add_slice(b, a->settings.password);
			else if (o->type == OPTION_TEXT ||
				 o->type == OPTION_PATH)
				buf_add_slice(b,
				    slice_of(option_text(&a->settings, o->id)));
			else
				option_format(&a->settings, o, b);
		}
	}
}

#endif
