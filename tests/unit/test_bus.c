#include "bus.h"
#include "unit.h"
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static void check_bus(
    const char *address, const char *runtime_dir, const char *expected)
{
	struct buf found;

	buf_init(&found, 4096);
	CHECK_INT(bus_find(address, runtime_dir, &found), expected != NULL);
	CHECK_STR(buf_text(&found), expected ? expected : "");
	buf_free(&found);
}

TEST(addresses)
{
	static const struct {
		const char *address;
		bool is_taken;
	} rows[] = {
		{ "unix:path=/run/user/1000/bus", true },
		{ "unix:abstract=/tmp/dbus-x,guid=0123", true },
		{ "unix:path=/a;unix:path=/b", true },
		{ "unix:path=/a;", true },
		{ "unix:", true },
		{ "autolaunch:", false },
		{ "unix:path=/a;autolaunch:", false },
		{ "autolaunch:;unix:path=/a", false },
		{ "unixexec:path=/bin/true", false },
		{ "unix", false },
		{ "UNIX:path=/a", false },
		{ " unix:path=/a", false },
		{ ";unix:path=/a", false },
		{ ";", false },
		{ "tcp:host=127.0.0.1,port=1", false },
		{ "disabled:", false },
		{ "/run/user/1000/bus", false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CASE(rows[i].address);
		check_bus(rows[i].address, NULL,
		    rows[i].is_taken ? rows[i].address : NULL);
	}
}

TEST(address_that_does_not_fit)
{
	struct buf small;

	buf_init(&small, 10);
	CHECK(!bus_find("unix:path=/run/user/1000/bus", NULL, &small));
	buf_free(&small);
}

/* ---- XDG_RUNTIME_DIR ---- */

static char directory[64];

static void make_directory(const char *name)
{
	snprintf(directory, sizeof(directory), "/tmp/unit-bus-%u%s",
	    unit_number, name);
	CHECK_INT(mkdir(directory, 0700), 0);
}

/* Returns the descriptor that keeps it, or -1. */
static int make_socket(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "%s/bus", directory);
	CHECK_INT(bind(fd, (const struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

static void remove_all(void)
{
	char path[80];

	snprintf(path, sizeof(path), "%s/bus", directory);
	(void)unlink(path);
	(void)rmdir(path);
	CHECK_INT(rmdir(directory), 0);
}

TEST(runtime_directory)
{
	char expected[128];
	int fd;

	make_directory("");
	CASE("nothing there");
	check_bus(NULL, directory, NULL);
	check_bus("", directory, NULL);
	CASE("a socket");
	fd = make_socket();
	snprintf(expected, sizeof(expected), "unix:path=%s/bus", directory);
	check_bus(NULL, directory, expected);
	check_bus("", directory, expected);
	CASE("an address goes first, a bad one as well");
	check_bus("unix:path=/a", directory, "unix:path=/a");
	check_bus("autolaunch:", directory, NULL);
	CASE("not absolute");
	check_bus(NULL, directory + 1, NULL);
	check_bus(NULL, "", NULL);
	check_bus(NULL, NULL, NULL);
	close(fd);
	remove_all();
}

TEST(runtime_directory_with_odd_characters)
{
	char expected[128];
	int fd;

	make_directory(" ;,=%\xc3\xa4");
	fd = make_socket();
	snprintf(expected, sizeof(expected),
	    "unix:path=/tmp/unit-bus-%u%%20%%3b%%2c%%3d%%25%%c3%%a4/bus",
	    unit_number);
	check_bus(NULL, directory, expected);
	close(fd);
	remove_all();
}

TEST(no_socket)
{
	char path[80];
	int fd;

	make_directory("");
	snprintf(path, sizeof(path), "%s/bus", directory);
	CASE("a file");
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	CHECK(fd >= 0);
	close(fd);
	check_bus(NULL, directory, NULL);
	CHECK_INT(unlink(path), 0);
	CASE("a directory");
	CHECK_INT(mkdir(path, 0700), 0);
	check_bus(NULL, directory, NULL);
	remove_all();
}

TEST(socket_of_somebody_else)
{
	char path[80];
	int fd;

	if (geteuid() != 0)
		SKIP("only root can give a socket away");
	make_directory("");
	fd = make_socket();
	snprintf(path, sizeof(path), "%s/bus", directory);
	CHECK_INT(chown(path, 65534, 65534), 0);
	check_bus(NULL, directory, NULL);
	close(fd);
	remove_all();
}
