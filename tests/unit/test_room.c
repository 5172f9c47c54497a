#include "io.h"
#include "room.h"
#include "unit.h"
#include <fcntl.h>
#include <stdlib.h>

/* Two directories: 3 files of 10 octets in all, and what is no file. */
static const char make[] =
    "rm -rf one two; mkdir one two one/directory; printf 12345 > one/a; "
    "printf 12345 > two/a; : > two/b; ln -s a two/link; mkfifo two/fifo";

TEST(limits)
{
	static const struct {
		const char *label;
		struct room_limits limits;
		uint64_t bytes;
		const char *word; /* of the refusal; NULL: there is room */
	} rows[] = {
		{ "none", { 0, 0 }, UINT64_MAX, NULL },
		{ "just room for one more", { 0, 4 }, 0, NULL },
		{ "no more", { 0, 3 }, 0, "spool_max_messages is 3" },
		{ "more than there may be", { 0, 1 }, 0, "spool_max_messages" },
		{ "just the octets", { 20, 0 }, 10, NULL },
		{ "one octet more", { 20, 0 }, 11, "11 more" },
		{ "full to the last", { 10, 0 }, 0, NULL },
		{ "too full already", { 9, 0 }, 0, "holds 10 octets" },
		{ "larger than all", { 20, 0 }, 21, "21 more" },
		{ "as large as can be", { 20, 0 }, UINT64_MAX, "spool_max" },
		{ "the largest limit", { UINT64_MAX, 0 }, 10, NULL },
		{ "both, and room", { 20, 4 }, 10, NULL },
		{ "both, messages", { 20, 3 }, 10, "spool_max_messages" },
		{ "both, octets", { 20, 4 }, 11, "spool_max is 20" },
	};

	int dirs[2];

	CHECK_INT(system(make), 0);
	dirs[0] = open("one", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dirs[1] = open("two", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* Twice: the first look must not have moved anything. */
	for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
		size_t row = i / 2;
		struct fail why = { .kind = FAIL_NONE };
		int result = room_check(
		    dirs, 2, &rows[row].limits, rows[row].bytes, &why);

		CASE(rows[row].label);
		CHECK_INT(result, rows[row].word ? -1 : 0);
		CHECK_INT(why.kind, rows[row].word ? FAIL_SPOOL : FAIL_NONE);
		if (rows[row].word)
			CHECK(strstr(why.text, rows[row].word) != NULL);
	}
	io_close(dirs[0]);
	io_close(dirs[1]);
}

TEST(directories_that_cannot_be_read)
{
	static const struct room_limits limits = { 20, 4 };
	struct fail why = { .kind = FAIL_NONE };
	int fd;

	CHECK_INT(system(make), 0);
	fd = open("one/a", O_RDONLY | O_CLOEXEC);
	CHECK_INT(room_check(&fd, 1, &limits, 0, &why), -1);
	CHECK_INT(why.kind, FAIL_SPOOL);
	/* Nobody asks for what is in it. */
	CHECK_INT(
	    room_check(&fd, 1, &(struct room_limits){ 0, 0 }, 0, &why), 0);
	io_close(fd);
}
