#include "modes.h"
#include "files.h"
#include "hint.h"
#include "io.h"
#include "keyring.h"
#include "log.h"
#include "passwords.h"
#include "plan.h"
#include "provider.h"
#include "queue_run.h"
#include "sasl.h"
#include "show.h"
#include "tls.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { TEXT_MAX = 64 * 1024, SECRET_KEY_MAX = 256 };

int mode_print(struct buf *b, int code)
{
	struct slice text = buf_slice(b);

	if (io_write(STDOUT_FILENO, text.p, text.n) != 0) {
		log_error("standard output: %s", strerror(errno));
		code = fail_exit_code(FAIL_OS);
	}
	buf_free(b);
	return code;
}

int mode_say(const struct fail *why)
{
	log_error("%s", why->text);
	if (why->advice)
		log_error("what to do: %s", why->advice);
	return fail_exit_code(why->kind);
}

static int mode_version(const struct invocation *inv, struct arena *a)
{
	const struct files_places at = files_find(a);
	const char *keyring = keyring_program();
	struct buf b;

	(void)inv;
	buf_init(&b, TEXT_MAX);
	buf_addf(&b,
	    "postrider %s\n"
	    "TLS: %s\n"
	    "SASL: %s, mechanisms: %s\n"
	    "Keyring: %s\n"
	    "Providers: %s\n"
	    "System configuration: %s\n"
	    "User configuration: %s\n",
	    VERSION, tls_library(), sasl_library(), sasl_mechanisms(),
	    keyring ? keyring : "none in this build", provider_names(),
	    at.system, at.user ? at.user : "(no home)");
	return mode_print(&b, 0);
}

static int mode_help(const struct invocation *inv, struct arena *a)
{
	struct buf b;

	(void)a;
	buf_init(&b, TEXT_MAX);
	cmdline_help(inv, &b);
	return mode_print(&b, 0);
}

static int mode_pretend(const struct invocation *inv, struct arena *a)
{
	struct files files;
	struct buf out;
	struct fail why = { .kind = FAIL_NONE };
	const char *sender = NULL;
	int code = 0;

	buf_init(&out, TEXT_MAX);
	files_init(&files, a);
	if (inv->sender)
		sender = plan_sender_operand(inv->sender, a, &why);
	if (why.kind != FAIL_NONE ||
	    files_load(&files, inv, sender, &why) != 0) {
		code = mode_say(&why);
	} else {
		show_settings(&files, inv->is_msmtp, &out);
		hint_provider(&files.settings, a, &out);
		if (!inv->sender && !inv->read_sender)
			hint_sender(&files.settings, &out);
		log_warnings(buf_slice(&files.warnings));
	}
	files_free(&files);
	return mode_print(&out, code);
}

static int derive(const struct settings *s, struct arena *a, struct fail *why)
{
	struct secret *key =
	    passwords_ask("Secret access key: ", SECRET_KEY_MAX, why);
	struct slice password;
	struct buf warnings;
	int result = -1;

	buf_init(&warnings, TEXT_MAX);
	if (key && secret_view(key).n == 0)
		fail(why, FAIL_INPUT, "no secret access key was given");
	else if (key && provider_derive(s, &key, a, &warnings, why) == 0) {
		password = secret_view(key);
		result = io_write(STDOUT_FILENO, password.p, password.n) ||
				 io_write(STDOUT_FILENO, "\n", 1)
			     ? fail(why, FAIL_OS, "standard output: %s",
				   strerror(errno))
			     : 0;
	}
	log_warnings(buf_slice(&warnings));
	buf_free(&warnings);
	secret_free(key);
	return result;
}

static int mode_derive(const struct invocation *inv, struct arena *a)
{
	struct settings s;
	struct fail why = { 0 };
	int result;

	settings_init(&s);
	result = files_overrides(inv, &s, NULL, a, &why);
	if (result == 0 && !s.provider)
		result = fail(&why, FAIL_USAGE,
		    "--derive-password needs --provider and --region");
	if (result == 0)
		result = derive(&s, a, &why);
	return result == 0 ? 0 : mode_say(&why);
}

static int mode_store_password(const struct invocation *inv, struct arena *a)
{
	struct fail why = { 0 };

	return passwords_store(inv, a, &why) == 0 ? 0 : mode_say(&why);
}

static int mode_delete_password(const struct invocation *inv, struct arena *a)
{
	struct fail why = { 0 };

	return passwords_delete(inv, a, &why) == 0 ? 0 : mode_say(&why);
}

static int mode_queue_run(const struct invocation *inv, struct arena *a)
{
	const struct queue_run run = { .inv = inv };

	return queue_run(&run, a);
}

static int mode_nothing(const struct invocation *inv, struct arena *a)
{
	(void)inv, (void)a;
	return 0;
}

int mode_run(const struct invocation *inv, struct arena *a)
{
	static int (*const modes[])(
	    const struct invocation *, struct arena *) = {
		[MODE_SEND] = mode_send,
		[MODE_SERVE] = mode_serve,
		[MODE_PRETEND] = mode_pretend,
		[MODE_VERSION] = mode_version,
		[MODE_HELP] = mode_help,
		[MODE_DERIVE] = mode_derive,
		[MODE_STORE_PASSWORD] = mode_store_password,
		[MODE_DELETE_PASSWORD] = mode_delete_password,
		[MODE_QUEUE_LIST] = mode_queue_list,
		[MODE_QUEUE_COUNT] = mode_queue_count,
		[MODE_QUEUE_RUN] = mode_queue_run,
		[MODE_SUPPRESS] = mode_suppress,
		[MODE_UNSUPPRESS] = mode_unsuppress,
		[MODE_SUPPRESSED] = mode_suppressed,
		[MODE_QUEUE_JSON] = mode_queue_json,
		[MODE_QUEUE_SHOW] = mode_queue_show,
		[MODE_QUEUE_DROP] = mode_queue_drop,
		[MODE_QUEUE_HOLD] = mode_queue_hold,
		[MODE_QUEUE_RELEASE] = mode_queue_release,
		[MODE_QUEUE_RETRY] = mode_queue_retry,
		[MODE_VERIFY] = mode_verify,
		[MODE_SERVERINFO] = mode_serverinfo,
		[MODE_RMQS] = mode_rmqs,
		[MODE_CONFIGURE] = mode_configure,
		[MODE_NOTHING] = mode_nothing,
	};

	if (inv->shows_version)
		(void)mode_version(inv, a);
	return modes[inv->mode](inv, a);
}
