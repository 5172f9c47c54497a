/*
 * unit: a small kit for unit tests. TEST(name) { ... } registers a test; the
 * program prints TAP. --list prints the names, NAME runs one of them.
 * CASE(label) names the row of a table for the messages that follow; every
 * CASE is counted as a row. SKIP(why) ends a test that cannot be had here.
 */
#ifndef UNIT_H
#define UNIT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

struct unit_test {
	const char *name;
	void (*run)(void);
	struct unit_test *next;
};

static struct unit_test *unit_first;
static struct unit_test **unit_end = &unit_first;
static const char *unit_case = "";
static int unit_bad;
static int unit_rows;
static const char *unit_skip;

static inline void unit_register(struct unit_test *t)
{
	*unit_end = t;
	unit_end = &t->next;
}

#define TEST(id)                                                               \
	static void unit_run_##id(void);                                       \
	static struct unit_test unit_test_##id = { #id, unit_run_##id, NULL }; \
	__attribute__((constructor)) static void unit_register_##id(void)      \
	{                                                                      \
		unit_register(&unit_test_##id);                                \
	}                                                                      \
	static void unit_run_##id(void)

#define CASE(label) (unit_rows++, unit_case = (label))

#define SKIP(why)                                                              \
	do {                                                                   \
		unit_skip = (why);                                             \
		return;                                                        \
	} while (0)

#define UNIT_FAIL(...)                                                         \
	(unit_bad++, printf("# %s:%d: [%s] ", __FILE__, __LINE__, unit_case),  \
	    printf(__VA_ARGS__), printf("\n"))

#define CHECK(condition)                                                       \
	do {                                                                   \
		if (!(condition))                                              \
			UNIT_FAIL("not true: %s", #condition);                 \
	} while (0)

#define CHECK_INT(actual, expected)                                            \
	do {                                                                   \
		long long unit_a = (long long)(actual);                        \
		long long unit_e = (long long)(expected);                      \
		if (unit_a != unit_e)                                          \
			UNIT_FAIL("%s is %lld, expected %lld", #actual,        \
			    unit_a, unit_e);                                   \
	} while (0)

#define CHECK_STR(actual, expected)                                            \
	do {                                                                   \
		const char *unit_a = (actual), *unit_e = (expected);           \
		if (!unit_a || !unit_e ? unit_a != unit_e                      \
				       : strcmp(unit_a, unit_e) != 0)          \
			UNIT_FAIL("%s is \"%s\", expected \"%s\"", #actual,    \
			    unit_a ? unit_a : "(null)",                        \
			    unit_e ? unit_e : "(null)");                       \
	} while (0)

#define CHECK_SLICE(actual, expected)                                          \
	do {                                                                   \
		struct slice unit_a = (actual);                                \
		const char *unit_e = (expected);                               \
		if (unit_a.n != strlen(unit_e) ||                              \
		    (unit_a.n && memcmp(unit_a.p, unit_e, unit_a.n) != 0))     \
			UNIT_FAIL("%s is \"%.*s\", expected \"%s\"", #actual,  \
			    (int)unit_a.n, unit_a.n ? unit_a.p : "", unit_e);  \
	} while (0)

/* For names in a folder that others use, too: the id of a process comes again,
 * and where machines share the folder even at the same time. */
static unsigned unit_number __attribute__((unused));

int main(int argc, char **argv)
{
	int number = 0, failed = 0;

	if (getrandom(&unit_number, sizeof(unit_number), 0) < 0)
		return 1;
	for (struct unit_test *t = unit_first; t; t = t->next) {
		if (argc > 1 && strcmp(argv[1], "--list") == 0) {
			puts(t->name);
			continue;
		}
		if (argc > 1 && strcmp(argv[1], t->name) != 0)
			continue;
		unit_bad = 0;
		unit_case = "";
		unit_skip = NULL;
		t->run();
		failed += unit_bad != 0;
		printf("%sok %d - %s%s%s\n", unit_bad ? "not " : "", ++number,
		    t->name, unit_skip ? " # SKIP " : "",
		    unit_skip ? unit_skip : "");
	}
	if (argc > 1 && strcmp(argv[1], "--list") == 0)
		return 0;
	printf("# rows: %d\n1..%d\n", unit_rows, number);
	return failed != 0 || number == 0;
}

#endif
