#include "body.h"
#include "unit.h"
#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static const size_t sizes[] = { 0, 1, 65535, 65536, 65537, MSG_MEMORY_MAX - 1,
	MSG_MEMORY_MAX, MSG_MEMORY_MAX + 1, 3 * MSG_MEMORY_MAX + 5 };

static char text[3 * MSG_MEMORY_MAX + 5];

static void fill(void)
{
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = i % 61 ? (char)('a' + i % 23) : '\n';
}

static void check(size_t size, size_t piece)
{
	static char back[sizeof(text)];
	struct fail why;
	struct body b;
	struct msg m;

	body_init(&b);
	msg_init(&m);
	buf_adds(&m.body, "old");
	for (size_t at = 0; at < size; at += piece) {
		size_t n = piece < size - at ? piece : size - at;

		CHECK_INT(
		    body_add(&b, (struct slice){ text + at, n }, &why), 0);
	}
	CHECK_INT(body_finish(&b, &why), 0);
	CHECK_INT(b.tally.text + b.tally.ends, size);
	body_move(&b, &m);
	body_free(&b);
	CHECK_INT(m.body.n, size < MSG_MEMORY_MAX ? size : MSG_MEMORY_MAX);
	CHECK_INT(m.body.n + m.fd_size, size);
	CHECK((m.fd >= 0) == (size > MSG_MEMORY_MAX));
	CHECK_INT(m.facts.body_wire, tally_wire_size(&b.tally));
	/* The empty line first. */
	CHECK_INT(msg_read(&m, back, 1, &why), 1);
	CHECK_INT(msg_read(&m, back, sizeof(back), &why), size);
	CHECK(memcmp(back, text, size) == 0);
	msg_free(&m);
}

TEST(sizes_and_pieces)
{
	fill();
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		CASE("size");
		check(sizes[i], 77);
		check(sizes[i], 65536);
		check(sizes[i], 100000);
		check(sizes[i], sizeof(text));
	}
}

TEST(no_room)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		const struct rlimit limit = { 1000, 1000 };
		struct fail why = { .kind = FAIL_NONE };
		struct body b;
		int rc;

		signal(SIGXFSZ, SIG_IGN);
		fill();
		body_init(&b);
		if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
			_exit(1);
		rc = body_add(&b, (struct slice){ text, sizeof(text) }, &why);
		body_free(&b);
		_exit(rc == -1 && why.kind == FAIL_OS &&
			      strstr(why.text, "temporary file")
			  ? 0
			  : 2);
	}
	CHECK(waitpid(child, &status, 0) == child);
	CHECK_INT(WIFEXITED(status) ? WEXITSTATUS(status) : -1, 0);
}
