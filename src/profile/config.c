#include "config.h"
#include "account.h"
#include "config_parse.h"
#include "io.h"
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <sys/stat.h>
#include <unistd.h>

void config_init(struct config *c, struct arena *a, const char *home)
{
	*c = (struct config){ .arena = a, .home = home };
}

void config_free(struct config *c)
{
	for (size_t i = 0; i < sizeof(c->text) / sizeof(c->text[0]); i++)
		c->text[i] = secret_free(c->text[i]);
	for (size_t i = 0; i < c->n_evals; i++)
		c->evals[i] = secret_free(c->evals[i]);
	*c = (struct config){ .arena = c->arena, .home = c->home };
}

/* ---- reading ---- */

/* O_NONBLOCK: opening a FIFO that nobody writes to would wait for ever. */
static int open_file(const char *path)
{
	int fd;

	do
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	while (fd < 0 && errno == EINTR);
	return fd;
}

static bool is_absent(int error)
{
	return error == ENOENT || error == ENOTDIR || error == EACCES ||
	       error == EPERM;
}

static int check_file(const struct stat *st, struct fail *why)
{
	if (!S_ISREG(st->st_mode))
		return fail(why, FAIL_CONFIG, "not a regular file");
	if (st->st_size > CONFIG_FILE_MAX)
		return fail(
		    why, FAIL_CONFIG, "larger than %d bytes", CONFIG_FILE_MAX);
	return 0;
}

static struct secret *read_text(int fd, const struct stat *st, struct fail *why)
{
	const size_t size = (size_t)st->st_size;
	struct secret *text = secret_new(size + 1, why);

	if (text && io_read_whole(fd, secret_extend(text, size + 1), size)) {
		if (errno == EFBIG)
			fail(why, FAIL_CONFIG, "changed while it was read");
		else
			fail(why, FAIL_OS, "%s", strerror(errno));
		return secret_free(text);
	}
	if (text)
		secret_truncate(text, size);
	return text;
}

/* st is of the open file: the path may mean another one by now. */
static int check_secrecy(const struct stat *st, struct fail *why)
{
	if (geteuid() == 0)
		return 0;
	if (st->st_uid != geteuid())
		return fail(why, FAIL_CONFIG,
		    "contains secrets and therefore must be owned by you");
	if (st->st_mode & (S_IXUSR | S_IRWXG | S_IRWXO))
		return fail(why, FAIL_CONFIG,
		    "contains secrets and therefore must have no more than "
		    "user read/write permissions");
	return 0;
}

static struct secret **free_place(struct config *c)
{
	for (size_t i = 0; i < sizeof(c->text) / sizeof(c->text[0]); i++)
		if (!c->text[i])
			return &c->text[i];
	return NULL;
}

static int load(struct config *c, int fd, struct secret **text,
    const struct config_source *source, struct fail *why)
{
	bool has_secret = false;
	struct stat st;

	if (fstat(fd, &st) != 0) {
		fail(why, FAIL_OS, "%s", strerror(errno));
		return fail_wrap(why, "%s", source->file);
	}
	if (check_file(&st, why) != 0)
		return fail_wrap(why, "%s", source->file);
	*text = read_text(fd, &st, why);
	if (!*text)
		return fail_wrap(why, "%s", source->file);
	if (config_parse(c, secret_view(*text), source, &has_secret, why) != 0)
		return -1;
	if (has_secret && source->kind == ORIGIN_USER &&
	    check_secrecy(&st, why) != 0)
		return fail_wrap(why, "%s", source->file);
	return 0;
}

enum config_found config_read(struct config *c, const char *path,
    enum origin_kind kind, bool required, struct fail *why)
{
	const struct config_source source = { path, kind };
	struct secret **text = free_place(c);
	int result;
	int fd;

	if (!text) {
		fail(why, FAIL_BUG, "%s: a third configuration file", path);
		return CONFIG_FAILED;
	}
	fd = open_file(path);
	if (fd < 0) {
		bool absent = is_absent(errno);

		if (absent && !required)
			return CONFIG_ABSENT;
		fail(why, absent ? FAIL_CONFIG : FAIL_OS, "%s: %s", path,
		    strerror(errno));
		return CONFIG_FAILED;
	}
	result = load(c, fd, text, &source, why);
	(void)io_close(fd);
	if (result != 0)
		return CONFIG_FAILED;
	c->files[c->n_files++] = path;
	return CONFIG_READ;
}

/* ---- picking ---- */

static bool fits(const char *from, const char *sender)
{
	if (account_is_pattern(from))
		return fnmatch(from, sender, 0) == 0;
	return slice_ieq(slice_of(from), slice_of(sender));
}

/* "user+tag@domain" without "+tag", NULL when there is no tag. */
static const char *without_tag(const char *sender, struct arena *a)
{
	const char *plus = strchr(sender, '+');
	const char *at = plus ? strchr(plus, '@') : NULL;

	if (!at)
		return NULL;
	return arena_printf(a, "%.*s%s", (int)(plus - sender), sender, at);
}

static const struct account *by_name(const struct config *c, const char *name)
{
	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->v[i].name, name) == 0)
			return &c->v[i];
	return NULL;
}

static const struct account *by_sender(
    const struct config *c, const char *sender)
{
	const char *plain = without_tag(sender, c->arena);

	for (size_t i = 0; i < c->n; i++) {
		const struct account *account = &c->v[(c->n_user + i) % c->n];
		const char *from = account->settings.from;

		if (from &&
		    (fits(from, sender) ||
			(plain && !strchr(from, '+') && fits(from, plain))))
			return account;
	}
	return NULL;
}

const struct account *config_pick(const struct config *c, const char *name,
    const char *sender, struct fail *why)
{
	const struct account *account = NULL;

	if (!name && sender && *sender)
		account = by_sender(c, sender);
	if (!account)
		account = by_name(c, name ? name : "default");
	if (account)
		return account;
	if (c->n_files == 0)
		fail(why, FAIL_CONFIG,
		    "account %s not found: no configuration file",
		    name ? name : "default");
	else
		fail(why, FAIL_CONFIG, "account %s not found in %s%s%s",
		    name ? name : "default", c->files[0],
		    c->n_files > 1 ? " and " : "",
		    c->n_files > 1 ? c->files[1] : "");
	return NULL;
}
