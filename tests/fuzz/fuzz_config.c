/*
 * fuzz_config: a configuration that is accepted, written out again and read
 * again, says the same; one that is refused names file and line.
 */
#include "account.h"
#include "config_parse.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static const struct config_source source = { "rc", ORIGIN_USER };

static void require(bool is_true)
{
	if (!is_true)
		abort();
}

/* No command of the input is ever run. */
static bool has_eval(struct slice text)
{
	struct slice line, word;

	while (slice_take_line(&text, &line)) {
		line = slice_trim_eol(line);
		if (slice_take_word(&line, &word) &&
		    slice_eq(word, SLICE("eval")))
			return true;
	}
	return false;
}

static bool is_text(const struct option_info *o)
{
	return o->type == OPTION_TEXT || o->type == OPTION_PATH;
}

/* As it is: option_format() shows it to people. */
static void write_value(
    const struct settings *s, const struct option_info *o, struct buf *b)
{
	buf_addf(b, "%s \"", o->key);
	if (o->type == OPTION_SECRET)
		buf_add_slice(b, s->password);
	else if (is_text(o))
		buf_add_slice(b, slice_of(option_text(s, o->id)));
	else
		(void)option_format(s, o, b);
	buf_adds(b, "\"\n");
}

static void write_account(const struct account *a, struct buf *b)
{
	buf_addf(b, "account \"%s\"\n", a->name);
	for (size_t i = 0; i < OPT_COUNT; i++)
		if (option_is_explicit(&a->settings, option_table[i].id))
			write_value(&a->settings, &option_table[i], b);
}

static void same_settings(const struct settings *a, const struct settings *b)
{
	struct buf x, y;

	buf_init(&x, CONFIG_FILE_MAX);
	buf_init(&y, CONFIG_FILE_MAX);
	for (size_t i = 0; i < OPT_COUNT; i++) {
		const struct option_info *o = &option_table[i];

		require(a->origin[i].kind == b->origin[i].kind);
		require(option_format(a, o, &x) == option_format(b, o, &y));
		require(!is_text(o) || slice_eq(slice_of(option_text(a, o->id)),
					   slice_of(option_text(b, o->id))));
	}
	require(slice_eq(buf_slice(&x), buf_slice(&y)));
	require(slice_is_printable(buf_slice(&x)));
	require(slice_eq(a->password, b->password));
	buf_free(&x);
	buf_free(&y);
}

static void check_again(const struct config *c, struct arena *a)
{
	struct config again;
	bool has_secret;
	struct buf b;

	buf_init(&b, (size_t)4 * CONFIG_FILE_MAX);
	for (size_t i = 0; i < c->n; i++)
		write_account(&c->v[i], &b);
	config_init(&again, a, NULL);
	require(!b.full);
	require(config_parse(
		    &again, buf_slice(&b), &source, &has_secret, NULL) == 0);
	require(again.n == c->n);
	for (size_t i = 0; i < c->n; i++) {
		require(strcmp(c->v[i].name, again.v[i].name) == 0);
		same_settings(&c->v[i].settings, &again.v[i].settings);
	}
	config_free(&again);
	buf_free(&b);
}

static void check_account(
    const struct config *c, const struct account *a, struct slice text)
{
	struct slice secret = a->settings.password;

	require(*a->name && a->line >= 1 && a->line <= text.n);
	require(config_pick(c, a->name, NULL, NULL) == a);
	require(secret.n == 0 ||
		(secret.p >= text.p && secret.p + secret.n <= text.p + text.n));
	if (a->settings.from && !account_is_pattern(a->settings.from))
		require(config_pick(c, NULL, a->settings.from, NULL) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct slice text = { (const char *)bytes, n };
	struct arena arena = { NULL };
	struct fail why = { FAIL_NONE, "" };
	struct config c;
	bool has_secret;

	/* Long lines would be too long with quotes around the value. */
	if (n > CONFIG_LINE_MAX / 2 || has_eval(text))
		return 0;
	config_init(&c, &arena, "/home/u");
	if (config_parse(&c, text, &source, &has_secret, &why) == 0) {
		for (size_t i = 0; i < c.n; i++)
			check_account(&c, &c.v[i], text);
		check_again(&c, &arena);
	} else {
		require(why.kind == FAIL_CONFIG && c.n == 0);
		require(strncmp(why.text, "rc: line ", 9) == 0);
	}
	config_free(&c);
	arena_free(&arena);
	return 0;
}
