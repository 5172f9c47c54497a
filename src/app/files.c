#include "files.h"
#include "account.h"
#include "caller.h"
#include "expand.h"
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WARNINGS_MAX = 8192 };

const char *files_home(struct arena *a)
{
	const char *home = getenv("HOME");
	const struct passwd *pw;

	if (home && home[0] == '/')
		return home;
	pw = getpwuid(getuid());
	return pw && pw->pw_dir ? arena_copy(a, slice_of(pw->pw_dir)) : NULL;
}

static bool is_there(const char *path)
{
	return path && access(path, F_OK) == 0;
}

/* *ret_is_there: is the one that is returned? */
static const char *find_user(
    const char *program, struct arena *a, bool *ret_is_there)
{
	const char *home = files_home(a);
	const char *xdg = getenv("XDG_CONFIG_HOME");
	const char *first, *second;

	*ret_is_there = false;
	if (!home)
		return NULL;
	first = arena_printf(a, "%s/.%src", home, program);
	*ret_is_there = is_there(first);
	if (*ret_is_there)
		return first;
	second = xdg && xdg[0] == '/'
		     ? arena_printf(a, "%s/%s/config", xdg, program)
		     : arena_printf(a, "%s/.config/%s/config", home, program);
	*ret_is_there = is_there(second);
	return *ret_is_there ? second : first;
}

/* True: one of them is there. */
static bool find_of(
    const char *program, struct arena *a, struct files_places *ret)
{
	bool has_user;

	ret->system = arena_printf(a, SYSCONFDIR "/%src", program);
	ret->user = find_user(program, a, &has_user);
	return has_user || is_there(ret->system);
}

struct files_places files_find(struct arena *a)
{
	struct files_places own, former;

	return !find_of("postrider", a, &own) && find_of("msmtp", a, &former)
		   ? former
		   : own;
}

/* The system's own file, where nobody asks for the user's. */
static const char *find_system(struct arena *a)
{
	const char *former = SYSCONFDIR "/msmtprc";

	return is_there(former) ? files_find(a).system
				: SYSCONFDIR "/postriderrc";
}

static bool is_closed(const char *path)
{
	return is_there(path) && access(path, R_OK) != 0;
}

/* Which files were looked at in vain, and why: the most common question. */
static int nothing_found(const struct files_places *at, struct fail *why)
{
	static const char closed[] = "may not be read by this user";
	bool system_is = is_closed(at->system), user_is = is_closed(at->user);

	if (user_is)
		return fail(why, FAIL_CONFIG,
		    "no configuration: %s %s, %s %s; see postriderrc(5)",
		    at->system, system_is ? closed : "is not there", at->user,
		    closed);
	return fail(why, FAIL_CONFIG,
	    "no configuration: %s %s%s%s; see postriderrc(5)", at->system,
	    system_is ? closed : "is not there", at->user ? ", nor is " : "",
	    at->user ? at->user : "");
}

static int read_files(
    struct files *f, const struct invocation *inv, struct fail *why)
{
	struct config *c = &f->config;
	const struct files_places at =
	    inv->file ? (struct files_places){ .system = find_system(c->arena) }
		      : files_find(c->arena);
	const char *path = inv->file ? inv->file : at.user;
	enum config_found user = CONFIG_ABSENT, system_wide;

	if (path)
		user =
		    config_read(c, path, ORIGIN_USER, inv->file != NULL, why);
	if (user == CONFIG_FAILED)
		return -1;
	system_wide = config_read(c, at.system, ORIGIN_SYSTEM, false, why);
	if (system_wide == CONFIG_FAILED)
		return -1;
	f->found = user == CONFIG_ABSENT && system_wide == CONFIG_ABSENT
		       ? FILES_ABSENT
		       : FILES_READ;
	return f->found == FILES_READ ? 0 : nothing_found(&at, why);
}

int files_overrides(const struct invocation *inv, struct settings *s,
    const char *home, struct arena *a, struct fail *why)
{
	struct option_source source = {
		.origin = { .kind = ORIGIN_COMMAND_LINE },
		.home = home,
		.arena = a,
	};

	for (size_t i = 0; i < inv->n_overrides; i++) {
		const struct override *o = &inv->overrides[i];

		if (option_set(
			s, o->option, slice_of(o->value), &source, why) == 0)
			continue;
		(void)fail_as(why, FAIL_USAGE);
		return fail_wrap(why, ORIGIN_TYPED);
	}
	return 0;
}

int files_wrap(const struct files *f, struct fail *why)
{
	struct slice text = slice_of(why->text);
	/* A setting that somebody set names its place itself. */
	bool has_place =
	    slice_starts(text, SLICE(ORIGIN_TYPED)) ||
	    (f->account_file && slice_starts(text, slice_of(f->account_file)));

	if (why->kind == FAIL_CONFIG && f->account_file && !has_place)
		fail_wrap(why, "%s: line %u", f->account_file, f->account_line);
	return -1;
}

const char *const *files_netrc(struct arena *a)
{
	const char *home = files_home(a);
	const char **paths = arena_alloc(a, 3 * sizeof(*paths));
	size_t n = 0;

	if (home)
		paths[n++] = arena_printf(a, "%s/.netrc", home);
	paths[n] = SYSCONFDIR "/netrc";
	return paths;
}

void files_init(struct files *f, struct arena *a)
{
	*f = (struct files){ .account = NULL };
	config_init(&f->config, a, files_home(a));
	settings_init(&f->settings);
	buf_init(&f->warnings, WARNINGS_MAX);
}

void files_free(struct files *f)
{
	config_free(&f->config);
	buf_free(&f->warnings);
}

int files_load(struct files *f, const struct invocation *inv,
    const char *sender, struct fail *why)
{
	const struct account *account;
	struct config *c = &f->config;
	const struct expand_params expand = {
		.mailname = SYSCONFDIR "/mailname",
		.user = caller_user,
	};

	if (cmdline_sets(inv, OPT_host) && inv->account)
		return fail(why, FAIL_USAGE,
		    "--host and --account exclude each other: with --host no "
		    "configuration file is read");
	if (!cmdline_sets(inv, OPT_host)) {
		account = read_files(f, inv, why) == 0
			      ? config_pick(c, inv->account, sender, why)
			      : NULL;
		if (!account) {
			struct fail unused;

			/* Where mail waits can be asked all the same. */
			(void)files_overrides(
			    inv, &f->settings, c->home, c->arena, &unused);
			return -1;
		}
		f->settings = account->settings;
		f->account = account->name;
		f->account_file = account->file;
		f->account_line = account->line;
	}
	if (files_overrides(inv, &f->settings, c->home, c->arena, why) != 0)
		return -1;
	if (expand_settings(&f->settings, &expand, c->arena, why) != 0)
		return -1;
	return account_complete(&f->settings, c->arena, &f->warnings, why);
}
