#include "bus.h"
#include <sys/stat.h>
#include <unistd.h>

/* An address is a list; a library goes through it until one works. */
static bool are_sockets(struct slice list)
{
	struct slice address;
	bool are = list.n > 0;

	while (are && slice_take_until(&list, ';', &address))
		are = slice_starts(address, SLICE("unix:"));
	return are;
}

static bool is_own_socket(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISSOCK(st.st_mode) &&
	       st.st_uid == geteuid();
}

/* What may stand in an address as it is (D-Bus specification). */
static bool is_plain(char c)
{
	char lower = ascii_lower(c);

	return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("-_/.\\*", c) != NULL);
}

static void add_escaped(struct buf *b, const char *path)
{
	for (; *path; path++)
		if (is_plain(*path))
			buf_addc(b, *path);
		else
			buf_addf(b, "%%%02x", (unsigned)(unsigned char)*path);
}

bool bus_find(
    const char *address, const char *runtime_dir, struct buf *ret_address)
{
	struct buf path;
	bool is_there = false;

	if (address && address[0]) {
		if (!are_sockets(slice_of(address)))
			return false;
		buf_adds(ret_address, address);
		return !ret_address->full;
	}
	buf_init(&path, 4096);
	if (runtime_dir && runtime_dir[0] == '/') {
		buf_addf(&path, "%s/bus", runtime_dir);
		is_there = !path.full && is_own_socket(buf_text(&path));
	}
	if (is_there) {
		buf_adds(ret_address, "unix:path=");
		add_escaped(ret_address, buf_text(&path));
	}
	buf_free(&path);
	return is_there && !ret_address->full;
}
