/*
 * Prints the program's own tables as JSON for generate.py, so that the manual
 * pages say what the program does. Runs while postrider is built.
 */
#include <stdio.h>

/* The rows, with what is a word of C as text. */
static const struct {
	const char *field, *type;
	int letter;
	const char *preset;
	long long min, max;
	const char *choices, *argument, *help, *manual;
} options[] = {

#define OPTION(                                                                \
    field, type, letter, preset, min, max, choices, argument, help, manual)    \
	{ #field, #type, letter, preset, min, max, choices, argument, help,    \
		manual },
#include "options.def"
#undef OPTION
};

static const struct {
	const char *kind;
	int code;
	const char *name, *meaning;
} failures[] = {

#define FAIL(kind, code, name, meaning) { #kind, code, name, meaning },
#include "fail.def"
#undef FAIL
};

static const struct {
	const char *id, *name, *flags;
} fields[] = {

#define HDR(id, name, flags) { #id, name, #flags },
#include "hdr.def"
#undef HDR
};

static const struct {
	const char *id, *phrase;
	int seconds;
} states[] = {

#define STATE(id, name, stage, phrase, seconds, ...) { #id, phrase, seconds },
#include "states.def"
#undef STATE
};

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

static void print_text(const char *name, const char *text)
{
	printf(", \"%s\": ", name);
	if (!text) {
		printf("null");
		return;
	}
	putchar('"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			printf("\\%c", *text);
		else if ((unsigned char)*text < ' ')
			printf("\\u%04x", (unsigned)*text);
		else
			putchar(*text);
	}
	putchar('"');
}

static void print_options(void)
{
	for (size_t i = 0; i < ROWS(options); i++) {
		printf("%s{\"letter\": %d, \"min\": %lld, \"max\": %lld",
		    i ? ",\n" : "\n", options[i].letter, options[i].min,
		    options[i].max);
		print_text("key", options[i].field);
		print_text("type", options[i].type);
		print_text("preset", options[i].preset);
		print_text("choices", options[i].choices);
		print_text("argument", options[i].argument);
		print_text("help", options[i].help);
		print_text("manual", options[i].manual);
		putchar('}');
	}
}

static void print_failures(void)
{
	for (size_t i = 0; i < ROWS(failures); i++) {
		printf("%s{\"code\": %d", i ? ",\n" : "\n", failures[i].code);
		print_text("kind", failures[i].kind);
		print_text("name", failures[i].name);
		print_text("meaning", failures[i].meaning);
		putchar('}');
	}
}

static void print_fields(void)
{
	for (size_t i = 0; i < ROWS(fields); i++) {
		printf("%s{\"row\": %zu", i ? ",\n" : "\n", i);
		print_text("id", fields[i].id);
		print_text("name", fields[i].name);
		print_text("flags", fields[i].flags);
		putchar('}');
	}
}

static void print_states(void)
{
	for (size_t i = 0; i < ROWS(states); i++) {
		printf(
		    "%s{\"seconds\": %d", i ? ",\n" : "\n", states[i].seconds);
		print_text("id", states[i].id);
		print_text("phrase", states[i].phrase);
		putchar('}');
	}
}

int main(void)
{
	printf("{\"options\": [");
	print_options();
	printf("],\n\"failures\": [");
	print_failures();
	printf("],\n\"fields\": [");
	print_fields();
	printf("],\n\"states\": [");
	print_states();
	puts("]}");
	return fflush(stdout) != 0 || ferror(stdout) != 0;
}
