#include "fail.h"
#include "mem.h"
#include "unit.h"
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

/* Lets malloc() say no, as it does without a sanitizer. */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

TEST(mem_sizes)
{
	char *p = mem_alloc(0);

	CHECK(p != NULL);
	p = mem_resize(p, 0);
	CHECK(p != NULL);
	p = mem_resize(p, 3);
	memcpy(p, "abc", 3);
	p = mem_resize(p, 100000);
	CHECK(memcmp(p, "abc", 3) == 0);
	free(p);
	p = mem_zero(1000);
	for (size_t i = 0; i < 1000; i++)
		CHECK_INT(p[i], 0);
	free(p);
	p = mem_zero(0);
	CHECK(p != NULL);
	free(p);
}

TEST(mem_dup)
{
	char *p = mem_dup("a\0b", 3);

	CHECK(memcmp(p, "a\0b", 4) == 0);
	free(p);
	p = mem_dup(NULL, 0);
	CHECK_STR(p, "");
	free(p);
	p = mem_dup("abcdef", 3);
	CHECK_STR(p, "abc");
	free(p);
}

/* volatile: no compiler may prove that these sizes are too large. */
static volatile size_t too_large = SIZE_MAX / 2 - 4096;

static void want_alloc(void)
{
	free(mem_alloc(too_large));
}

static void want_zero(void)
{
	free(mem_zero(too_large));
}

static void want_resize(void)
{
	free(mem_resize(mem_alloc(10), too_large));
}

TEST(mem_exhausted_ends_the_run)
{
	static const struct {
		const char *label;
		void (*run)(void);
	} rows[] = {
		{ "mem_exhausted", mem_exhausted },
		{ "mem_alloc", want_alloc },
		{ "mem_zero", want_zero },
		{ "mem_resize", want_resize },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[4096] = "";
		int status = 0;
		int ends[2];
		size_t n = 0;
		ssize_t got;
		pid_t pid;

		CASE(rows[i].label);
		CHECK_INT(pipe(ends), 0);
		fflush(stdout);
		pid = fork();
		if (pid == 0) {
			dup2(ends[1], STDERR_FILENO);
			rows[i].run();
			_exit(1);
		}
		close(ends[1]);
		while (n < sizeof(text) - 1 && (got = read(ends[0], text + n,
						    sizeof(text) - 1 - n)) > 0)
			n += (size_t)got;
		text[n] = '\0';
		close(ends[0]);
		CHECK_INT(waitpid(pid, &status, 0), pid);
		CHECK(WIFEXITED(status));
		CHECK_INT(WEXITSTATUS(status), 75);
		/* A sanitizer may say something of its own before. */
		CHECK(strstr(text, "postrider: out of memory") != NULL);
	}
	CHECK_INT(fail_exit_code(FAIL_NOMEM), 75);
}
