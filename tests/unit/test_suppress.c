#include "io.h"
#include "suppress.h"
#include "unit.h"
#include <fcntl.h>
#include <unistd.h>

#define SPOOL "suppress-spool"

static void begin(struct store *s)
{
	CHECK_INT(system("rm -rf " SPOOL), 0);
	CHECK_INT(store_open(s, SPOOL, NULL), 0);
}

static void add(struct store *s, const char *account, const char *address)
{
	const struct suppressed entry = { 1700000000, account, address,
		"550 5.1.1\tno\nsuch user \xc3\xa9", 0 };
	struct fail why = { .kind = FAIL_NONE };

	CHECK_INT(suppress_add(s, &entry, 1, &why), 0);
	CHECK_STR(why.text, "");
}

static size_t count(struct store *s)
{
	struct arena a = { 0 };
	struct suppressed_list list = { .n = 99 };

	CHECK_INT(suppress_load(s, &a, &list, NULL), 0);
	arena_free(&a);
	return list.n;
}

TEST(there_and_back)
{
	struct store s;
	struct arena a = { 0 };
	struct suppressed_list list;
	const struct suppressed *found;
	size_t n = 9;

	begin(&s);
	CHECK_INT(count(&s), 0);
	add(&s, "default", "a@B.example");
	add(&s, "default", "a@b.example");
	add(&s, "other", "a@b.example");
	add(&s, "default", "\"c d\"@b.example");
	CHECK_INT(count(&s), 3);
	CHECK_INT(suppress_load(&s, &a, &list, NULL), 0);
	found = suppress_find(&list, "default", "a@b.EXAMPLE");
	CHECK(found != NULL);
	if (found) {
		CHECK_INT(found->since, 1700000000);
		CHECK_STR(found->reason, "550 5.1.1?no?such user ??");
	}
	CHECK(!suppress_find(&list, "default", "A@b.example"));
	CHECK(!suppress_find(&list, "Default", "a@b.example"));
	CHECK(suppress_find(&list, "default", "\"c d\"@b.example"));
	CHECK(!suppress_find(&list, "default", "a@c.example"));
	CHECK(!suppress_find(&list, "default", "a"));
	CHECK_INT(suppress_remove(&s, "default", "a@b.example", &n, NULL), 0);
	CHECK_INT(n, 1);
	CHECK_INT(suppress_remove(&s, "default", "a@b.example", &n, NULL), 0);
	CHECK_INT(n, 0);
	CHECK_INT(count(&s), 2);
	add(&s, "default", "a@b.example");
	CHECK_INT(count(&s), 3);
	arena_free(&a);
	store_close(&s);
}

/* What somebody else has written there harms nobody. */
TEST(lines)
{
	static const struct {
		const char *text;
		size_t n;
	} rows[] = {
		{ "", 0 },
		{ "1\ta\tb@c\td\n", 1 },
		{ "1\ta\tb@c\td", 1 },
		{ "1\ta\tb@c\td\r\n", 1 },
		{ "\n\n1\ta\tb@c\td\n\n", 1 },
		{ "x\ta\tb@c\td\n1\ta\tb@c\td\n", 1 },
		{ "1\ta\tb@c\n", 0 },
		{ "1\ta\t\td\n", 0 },
		{ "-1\ta\tb@c\td\n", 0 },
		{ "99999999999999999999\ta\tb@c\td\n", 0 },
		{ "1\ta\tb@\x1b[c\td\n", 0 },
		{ "1 a b@c d\n", 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct store s;
		int fd;

		CASE(rows[i].text);
		begin(&s);
		fd = open(SPOOL "/suppressed", O_WRONLY | O_CREAT, 0600);
		CHECK_INT(io_write(fd, rows[i].text, strlen(rows[i].text)), 0);
		io_close(fd);
		CHECK_INT(count(&s), rows[i].n);
		store_close(&s);
	}
}

TEST(a_link_is_not_followed)
{
	struct store s;
	struct fail why = { .kind = FAIL_NONE };
	const struct suppressed entry = { 1, "a", "b@c", "d", 0 };

	begin(&s);
	CHECK_INT(symlink("elsewhere", SPOOL "/suppressed"), 0);
	CHECK_INT(suppress_add(&s, &entry, 1, &why), -1);
	CHECK_INT(why.kind, FAIL_SPOOL);
	CHECK_INT(access(SPOOL "/elsewhere", F_OK), -1);
	store_close(&s);
}

/* What a full disk or a power cut has left of a line harms no other one. */
TEST(half_a_line)
{
	static const char *const halves[] = { "1", "1\ta", "1\ta\tj@exam",
		"1\ta\tj@example.net\t", "1\ta\tj@example.net\tno" };

	for (size_t i = 0; i < sizeof(halves) / sizeof(halves[0]); i++) {
		struct arena a = { NULL };
		struct suppressed_list list;
		struct store s;
		int fd;

		CASE(halves[i]);
		begin(&s);
		fd = open(SPOOL "/suppressed", O_WRONLY | O_CREAT, 0600);
		CHECK_INT(io_write(fd, halves[i], strlen(halves[i])), 0);
		io_close(fd);
		add(&s, "a", "b@example.net");
		CHECK_INT(suppress_load(&s, &a, &list, NULL), 0);
		CHECK(suppress_find(&list, "a", "b@example.net"));
		/* Nobody else but whom the half line names in full. */
		CHECK_INT(list.n, i + 1 == 5 ? 2 : 1);
		arena_free(&a);
		store_close(&s);
	}
}

/* All or none, each once, and of any script. */
TEST(many_at_once)
{
	static const struct suppressed entries[] = {
		{ 1, "a", "j\xc3\xb6rg@b.example", "no", 0 },
		{ 1, "a", "c@b.example", "no", 0 },
		{ 1, "a", "c@B.example", "no", 0 },
		{ 1, "b", "c@b.example", "no", 0 },
	};
	struct arena a = { NULL };
	struct suppressed_list list;
	struct store s;

	begin(&s);
	for (int i = 0; i < 2; i++)
		CHECK_INT(suppress_add(&s, entries, 4, NULL), 0);
	CHECK_INT(suppress_load(&s, &a, &list, NULL), 0);
	CHECK_INT(list.n, 3);
	CHECK(suppress_find(&list, "a", "j\xc3\xb6rg@B.example"));
	CHECK(!suppress_find(&list, "a", "j\xc3\xb7rg@b.example"));
	CHECK_INT(suppress_add(&s, entries, 0, NULL), 0);
	arena_free(&a);
	store_close(&s);
}

/* What does not fit any more leaves a list that can still be read. */
TEST(a_full_list)
{
	static const struct suppressed one = { 1, "a", "b@b.example", "no", 0 },
				       other = { 1, "a", "c@b.example", "no",
					       0 };
	static char lines[16 * 1024 * 1024 - 30];
	struct fail why = { .kind = FAIL_NONE };
	struct store s;
	int fd;

	begin(&s);
	memset(lines, '\n', sizeof(lines));
	fd = open(SPOOL "/suppressed", O_WRONLY | O_CREAT, 0600);
	CHECK_INT(io_write(fd, lines, sizeof(lines)), 0);
	io_close(fd);
	CHECK_INT(suppress_add(&s, &one, 1, &why), 0);
	CHECK_INT(suppress_add(&s, &other, 1, &why), -1);
	CHECK_INT(why.kind, FAIL_SPOOL);
	CHECK_INT(count(&s), 1);
	store_close(&s);
}
