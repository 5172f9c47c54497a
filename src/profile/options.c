#include "options.h"
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

#define OPTION(field_, type_, letter_, preset_, min_, max_, choices_,          \
    argument_, help_, manual_)                                                 \
	[OPT_##field_] = {                                                     \
		.id = OPT_##field_,                                            \
		.key = #field_,                                                \
		.type = OPTION_##type_,                                        \
		.letter = (letter_),                                           \
		.preset = (preset_),                                           \
		.min = (min_),                                                 \
		.max = (max_),                                                 \
		.choices = (choices_),                                         \
		.argument = (argument_),                                       \
		.help = (help_),                                               \
		.manual = (manual_),                                           \
		.offset = offsetof(struct settings, field_),                   \
	},

const struct option_info option_table[OPT_COUNT] = {
#include "options.def"
};

#undef OPTION

static const size_t field_size[] = {
	[OPTION_TEXT] = sizeof(OPTION_FIELD_TEXT),
	[OPTION_PATH] = sizeof(OPTION_FIELD_PATH),
	[OPTION_BOOL] = sizeof(OPTION_FIELD_BOOL),
	[OPTION_NUMBER] = sizeof(OPTION_FIELD_NUMBER),
	[OPTION_SECONDS] = sizeof(OPTION_FIELD_SECONDS),
	[OPTION_SIZE] = sizeof(OPTION_FIELD_SIZE),
	[OPTION_CHOICE] = sizeof(OPTION_FIELD_CHOICE),
	[OPTION_WORDS] = sizeof(OPTION_FIELD_WORDS),
	[OPTION_SECRET] = sizeof(OPTION_FIELD_SECRET),
};

static void *field_of(struct settings *s, const struct option_info *o)
{
	return (char *)s + o->offset;
}

/* ---- looking up ---- */

const struct option_info *option_by_key(struct slice key)
{
	const struct option_alias *alias = option_alias_by_key(key);

	if (alias)
		return &option_table[alias->id];
	for (size_t i = 0; i < OPT_COUNT; i++)
		if (slice_eq(slice_of(option_table[i].key), key))
			return &option_table[i];
	return NULL;
}

const struct option_info *option_by_letter(char letter)
{
	for (size_t i = 0; letter && i < OPT_COUNT; i++)
		if (option_table[i].letter == letter)
			return &option_table[i];
	return NULL;
}

/* ---- setting ---- */

struct change {
	struct settings *s;
	const struct option_info *o;
	struct slice value;
	const struct option_source *source;
	struct fail *why;
};

/* "command tls_starttls" of a file, "--tls-starttls" of a command line. */
static int refuse(const struct change *c, const char *expected)
{
	char name[64];
	bool typed = c->source->origin.kind == ORIGIN_COMMAND_LINE;

	(void)snprintf(
	    name, sizeof(name), "%s%s", typed ? "--" : "command ", c->o->key);
	for (char *p = name; typed && *p; p++)
		if (*p == '_')
			*p = '-';
	if (c->value.n == 0)
		return fail(c->why, FAIL_CONFIG,
		    "missing argument for %s: %s expected", name, expected);
	return fail(c->why, FAIL_CONFIG,
	    "invalid argument %.*s for %s: %s expected",
	    SLICE_ARG(slice_head(c->value, 80)), name, expected);
}

/* Position of the word in a list, -1: not in it. */
static int word_find(struct slice list, char sep, struct slice word)
{
	struct slice one;
	int i = 0;

	for (; slice_take_until(&list, sep, &one); i++)
		if (slice_eq(one, word))
			return i;
	return -1;
}

/* Position of the word among the choices, -1: none of them. */
static int choice_find(const char *choices, struct slice word)
{
	return word_find(slice_of(choices), '|', word);
}

static int set_text(const struct change *c)
{
	const char **field = field_of(c->s, c->o);
	const char *choices = c->o->choices;
	struct slice value = c->value;

	if (choices && value.n == 0)
		value = option_choice(c->o, 0);
	if (choices && choice_find(choices, value) < 0 &&
	    !slice_iends(slice_of(choices), SLICE("|*")))
		return refuse(c, choices);
	*field = value.n ? arena_copy(c->source->arena, value) : NULL;
	return 0;
}

static int set_path(const struct change *c)
{
	const char **field = field_of(c->s, c->o);
	const char *home = c->source->home;

	if (!home || !slice_starts(c->value, SLICE("~/")))
		return set_text(c);
	*field = arena_printf(c->source->arena, "%s%s", home,
	    arena_copy(c->source->arena, slice_skip(c->value, 1)));
	return 0;
}

static int set_bool(const struct change *c)
{
	bool *field = field_of(c->s, c->o);
	bool on = c->value.n == 0 || slice_eq(c->value, SLICE("on"));

	if (!on && !slice_eq(c->value, SLICE("off")))
		return refuse(c, "on or off");
	*field = on;
	return 0;
}

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
}

/* As C writes integers, which is what msmtp takes: 0x is base 16, 0 base 8. */
static bool parse_integer(struct slice s, int64_t *ret)
{
	int base = 10;
	int64_t value = 0;

	if (slice_istarts(s, SLICE("0x"))) {
		base = 16;
		s = slice_skip(s, 2);
	} else if (s.n > 1 && s.p[0] == '0') {
		base = 8;
	}
	if (s.n == 0)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		int digit = digit_of(s.p[i]);

		if (digit >= base || value > (INT64_MAX - digit) / base)
			return false;
		value = value * base + digit;
	}
	*ret = value;
	return true;
}

/* The number of octets that a letter at the end stands for. */
static bool parse_size(struct slice s, int64_t *ret)
{
	static const char units[] = "kmg";
	uint64_t factor = 1;
	uint64_t value;

	for (int i = 0; s.n > 1 && units[i]; i++)
		if (ascii_lower(s.p[s.n - 1]) == units[i]) {
			factor = UINT64_C(1024) << (10 * i);
			s.n--;
			break;
		}
	if (!slice_number(s, 0, INT64_MAX / factor, &value))
		return false;
	*ret = (int64_t)(value * factor);
	return true;
}

static int set_integer(const struct change *c)
{
	const struct option_info *o = c->o;
	bool is_size = o->type == OPTION_SIZE;
	bool may_be_off = o->type != OPTION_NUMBER;
	int64_t *field = field_of(c->s, o);
	int64_t value = 0;
	struct slice text = c->value;
	char expected[100];

	if (may_be_off && slice_eq(c->value, SLICE("off"))) {
		*field = 0;
		return 0;
	}
	if (text.n == 0 && o->choices)
		text = slice_of(o->preset);
	if ((is_size ? parse_size : parse_integer)(text, &value) &&
	    value >= o->min && value <= o->max) {
		*field = value;
		return 0;
	}
	if (text.n == 0 && o->choices) {
		*field = 0;
		return 0;
	}
	(void)snprintf(expected, sizeof(expected),
	    "%sa number from %" PRId64 " to %" PRId64 "%s",
	    may_be_off ? "off or " : "", o->min, o->max,
	    is_size ? " (K, M or G may follow)" : "");
	return refuse(c, expected);
}

static int set_choice(const struct change *c)
{
	int *field = field_of(c->s, c->o);
	int i = c->value.n ? choice_find(c->o->choices, c->value) : 0;

	if (i < 0)
		return refuse(c, c->o->choices);
	*field = i;
	return 0;
}

/* Adds the words of `list` that are new; false: one is not among `known`. */
static bool add_words(struct buf *b, struct slice list, struct slice known)
{
	struct slice word;

	if (list.n && list.p[list.n - 1] == ',')
		return false;
	while (slice_take_until(&list, ',', &word)) {
		word = slice_trim(word);
		if (word.n == 0 || word_find(known, ',', word) < 0)
			return false;
		if (word_find(buf_slice(b), ',', word) >= 0)
			continue;
		if (b->n)
			buf_addc(b, ',');
		buf_add_slice(b, word);
	}
	return true;
}

static int set_words(const struct change *c)
{
	const char **field = field_of(c->s, c->o);
	const char *last = strrchr(c->o->choices, '|') + 1;
	struct slice value = c->value.n ? c->value : option_choice(c->o, 0);
	struct buf b;
	bool is_known;

	buf_init(&b, strlen(c->o->choices));
	is_known = choice_find(c->o->choices, value) >= 0;
	if (is_known)
		buf_add_slice(&b, value);
	else
		is_known = add_words(&b, value, slice_of(last));
	if (is_known)
		*field = arena_copy(c->source->arena, buf_slice(&b));
	buf_free(&b);
	return is_known ? 0 : refuse(c, c->o->choices);
}

static int set_secret(const struct change *c)
{
	struct slice *field = field_of(c->s, c->o);

	*field = c->value.n ? c->value : (struct slice){ NULL, 0 };
	return 0;
}

static int (*const setters[])(const struct change *) = {
	[OPTION_TEXT] = set_text,
	[OPTION_PATH] = set_path,
	[OPTION_BOOL] = set_bool,
	[OPTION_NUMBER] = set_integer,
	[OPTION_SECONDS] = set_integer,
	[OPTION_SIZE] = set_integer,
	[OPTION_CHOICE] = set_choice,
	[OPTION_WORDS] = set_words,
	[OPTION_SECRET] = set_secret,
};

static bool has_control(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (is_control(s.p[i]) && s.p[i] != '\t')
			return true;
	return false;
}

int option_set(struct settings *s, const struct option_info *o,
    struct slice value, const struct option_source *source, struct fail *why)
{
	struct change c = { s, o, value, source, why };

	/* A value may end in a header field, an SMTP command or a log line. */
	if (o->type != OPTION_SECRET && has_control(value))
		return refuse(&c, "a value without control characters");
	if (setters[o->type](&c) != 0)
		return -1;
	s->origin[o->id] = source->origin;
	return 0;
}

/* ---- whole settings ---- */

void settings_init(struct settings *s)
{
	const struct option_source source = {
		.origin.kind = ORIGIN_DEFAULT,
	};

	*s = (struct settings){ 0 };
	for (size_t i = 0; i < OPT_COUNT; i++) {
		const struct option_info *o = &option_table[i];

		if (!o->preset)
			continue;
		if (o->type == OPTION_TEXT || o->type == OPTION_PATH ||
		    o->type == OPTION_WORDS) {
			/* The table outlives all settings: no copy. */
			*(const char **)field_of(s, o) = o->preset;
			s->origin[i].kind = ORIGIN_DEFAULT;
		} else {
			(void)option_set(
			    s, o, slice_of(o->preset), &source, NULL);
		}
	}
}

void settings_fill(struct settings *s, enum option_id id, const char *text,
    enum origin_kind kind, struct arena *a)
{
	const struct option_source source = {
		.origin.kind = kind,
		.arena = a,
	};

	if (!option_is_explicit(s, id))
		(void)option_set(
		    s, &option_table[id], slice_of(text), &source, NULL);
}

void settings_overlay(struct settings *s, const struct settings *from)
{
	for (size_t i = 0; i < OPT_COUNT; i++) {
		const struct option_info *o = &option_table[i];

		if (!option_is_explicit(from, o->id) ||
		    from->origin[i].is_common)
			continue;
		memcpy(
		    field_of(s, o), option_value(from, o), field_size[o->type]);
		s->origin[i] = from->origin[i];
	}
}

const void *option_value(const struct settings *s, const struct option_info *o)
{
	return (const char *)s + o->offset;
}

const char *option_text(const struct settings *s, enum option_id id)
{
	const char *const *text = option_value(s, &option_table[id]);

	return *text;
}

bool option_is_explicit(const struct settings *s, enum option_id id)
{
	return s->origin[id].kind >= ORIGIN_SYSTEM;
}
