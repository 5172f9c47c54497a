#include "passwords.h"
#include "account.h"
#include "cred.h"
#include "files.h"
#include "io.h"
#include "keyring.h"
#include "log.h"
#include "plan.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { PROMPT_MAX = 1024, PIN_MAX = 256 };

struct secret *passwords_ask(const char *prompt, size_t max, struct fail *why)
{
	struct secret *s;

	if (isatty(STDIN_FILENO))
		return secret_prompt(prompt, max, why);
	s = secret_new(max, why);
	if (!s)
		return NULL;
	if (secret_read(s, STDIN_FILENO) != 0) {
		fail(why, FAIL_INPUT, "standard input: %s", strerror(errno));
		return secret_free(s);
	}
	secret_truncate(s, slice_first_line(secret_view(s)).n);
	return s;
}

/* "Password for USER at HOST: ". */
static void add_prompt(struct buf *b, const struct settings *s)
{
	buf_init(b, PROMPT_MAX);
	buf_adds(b, "Password for ");
	buf_add_printable(b, slice_of(s->user));
	buf_adds(b, " at ");
	buf_add_printable(b, slice_of(account_server(s)));
	buf_adds(b, ": ");
}

static struct secret *not_empty(
    struct secret *typed, const char *what, struct fail *why)
{
	if (!typed || secret_view(typed).n > 0)
		return typed;
	fail(why, FAIL_INPUT, "no %s was given", what);
	return secret_free(typed);
}

/* ---- a message's ---- */

struct secret *passwords_of_account(const struct settings *s, struct fail *why)
{
	struct secret *password;
	struct buf prompt;

	if (!io_has_terminal())
		return NULL;
	add_prompt(&prompt, s);
	password =
	    not_empty(secret_prompt(buf_text(&prompt), RUN_OUTPUT_MAX, why),
		"password", why);
	buf_free(&prompt);
	return password;
}

struct secret *passwords_of_token(const char *token, struct fail *why)
{
	struct secret *pin;
	struct buf prompt;

	if (!io_has_terminal())
		return NULL;
	buf_init(&prompt, PROMPT_MAX);
	buf_adds(&prompt, "PIN of the token ");
	buf_add_printable(&prompt, slice_of(token));
	buf_adds(&prompt, ": ");
	pin = not_empty(
	    secret_prompt(buf_text(&prompt), PIN_MAX, why), "PIN", why);
	buf_free(&prompt);
	return pin;
}

/* ---- the account ---- */

/* An operand may be the password itself: it is not repeated. */
static int check_operands(const struct invocation *inv, struct fail *why)
{
	if (inv->n_operands == 0)
		return 0;
	return fail(why, FAIL_USAGE,
	    "an argument that is no option: the password is typed or piped, "
	    "the account is chosen by -a");
}

static int check_account(const struct settings *s, struct fail *why)
{
	if (!account_server(s))
		return option_fail(why, s, OPT_host,
		    "host is not set, and no provider either");
	if (!s->user)
		return option_fail(why, s, OPT_user, "user is not set");
	return 0;
}

static int load(struct files *f, const struct invocation *inv, struct arena *a,
    struct fail *why)
{
	const char *sender = NULL;
	int result = check_operands(inv, why);

	if (result == 0 && inv->sender) {
		sender = plan_sender_operand(inv->sender, a, why);
		result = sender ? 0 : -1;
	}
	if (result == 0)
		result = files_load(f, inv, sender, why);
	log_warnings(buf_slice(&f->warnings));
	if (result == 0)
		result = check_account(&f->settings, why);
	if (result != 0 && f->account)
		fail_wrap(why, "account %s", f->account);
	return result;
}

/* ---- store ---- */

static struct secret *ask(const struct settings *s, struct fail *why)
{
	struct buf prompt;
	struct secret *password;

	add_prompt(&prompt, s);
	password =
	    not_empty(passwords_ask(buf_text(&prompt), RUN_OUTPUT_MAX, why),
		"password", why);
	buf_free(&prompt);
	return password;
}

/* Stored, and yet nobody would look: say so. */
static void warn_unused(const struct settings *s)
{
	const char *source = cred_source(s);

	if (!account_needs_secret(s))
		log_warning("this account does not use a password: auth is %s",
		    s->auth ? s->auth : "off");
	else if (!source)
		log_warning("this account does not use it: keyring is off");
	else if (strcmp(source, "keyring") != 0)
		log_warning("this account does not use it: %s is set, which "
			    "goes before the keyring",
		    source);
}

static int store(const struct settings *s, struct fail *why)
{
	struct secret *password = ask(s, why);
	int result = -1;

	if (password)
		result = keyring_store(s, secret_view(password), why);
	secret_free(password);
	if (result == 0)
		warn_unused(s);
	return result;
}

/* ---- the modes ---- */

static int apply(const struct invocation *inv, struct arena *a,
    int (*action)(const struct settings *s, struct fail *why), struct fail *why)
{
	struct files files;
	int result;

	files_init(&files, a);
	result = load(&files, inv, a, why);
	if (result == 0)
		result = action(&files.settings, why);
	files_free(&files);
	return result;
}

int passwords_store(
    const struct invocation *inv, struct arena *a, struct fail *why)
{
	return apply(inv, a, store, why);
}

int passwords_delete(
    const struct invocation *inv, struct arena *a, struct fail *why)
{
	return apply(inv, a, keyring_delete, why);
}
