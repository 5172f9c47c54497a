#include "io.h"
#include "name.h"
#include "unit.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* Where the file system knows no better call is a matter of tests/fault. */
TEST(give)
{
	static const struct {
		const char *label, *command;
		enum name_given given;
		int error;         /* of NAME_NOT_GIVEN */
		const char *after; /* a condition of the shell */
	} rows[] = {
		{ "free", "echo x > one/n", NAME_MOVED, 0,
		    "test ! -e one/n && grep -q x two/n" },
		{ "taken", "echo x > one/n; echo y > two/n", NAME_NOT_GIVEN,
		    EEXIST, "grep -q x one/n && grep -q y two/n" },
		{ "taken by a link to nothing",
		    "echo x > one/n; ln -s nothing two/n", NAME_NOT_GIVEN,
		    EEXIST, "grep -q x one/n && test -L two/n" },
		{ "there already", "echo x > one/n; ln one/n two/n",
		    NAME_NOT_GIVEN, EEXIST, "test one/n -ef two/n" },
		{ "nothing to give", ":", NAME_NOT_GIVEN, ENOENT,
		    "test ! -e two/n" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum name_given given;
		int one, two;

		CASE(rows[i].label);
		CHECK_INT(system("rm -rf one two; mkdir one two"), 0);
		CHECK_INT(system(rows[i].command), 0);
		one = open("one", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		two = open("two", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		errno = 0;
		given = name_give(one, two, "n");
		CHECK_INT(errno, rows[i].error);
		CHECK_INT(given, rows[i].given);
		CHECK_INT(system(rows[i].after), 0);
		io_close(one);
		io_close(two);
	}
}

TEST(is_of)
{
	static const struct {
		const char *label, *command;
		bool is_it;
	} rows[] = {
		{ "itself", ":", true },
		{ "another name of it",
		    "ln one/n one/other; rm one/n; "
		    "mv one/other one/n",
		    true },
		{ "gone", "rm one/n", false },
		{ "another file", "cp one/n one/o; mv one/o one/n", false },
		{ "a link to it", "mv one/n one/o; ln -s o one/n", false },
		{ "a directory", "rm one/n; mkdir one/n", false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct stat st;
		int one, fd;

		CASE(rows[i].label);
		CHECK_INT(system("rm -rf one; mkdir one; echo x > one/n"), 0);
		one = open("one", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		/* Open, so that its number goes to no other file. */
		fd = open("one/n", O_RDONLY | O_CLOEXEC);
		CHECK_INT(fstat(fd, &st), 0);
		CHECK_INT(system(rows[i].command), 0);
		CHECK_INT(name_is_of(one, "n", &st), rows[i].is_it);
		io_close(fd);
		io_close(one);
	}
}
