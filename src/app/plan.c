#include "plan.h"
#include "account.h"
#include <fnmatch.h>
#include <pwd.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Seconds; smtp/states.def has those of the dialogue. */
enum { ADDRESS_SECONDS = 10, DIAL_SECONDS = 30 };


static bool is_word(const char *value, const char *word)
{
	return slice_ieq(slice_of(value), slice_of(word));
}

static int cap(int seconds, int64_t limit)
{
	return limit > 0 && limit < seconds ? (int)limit : seconds;
}

static int plan_auth(
    struct smtp_params *smtp, const struct settings *s, struct fail *why)
{
	smtp->auth = account_has_auth(s);
	if (!smtp->auth)
		return 0;
	smtp->user = s->user;
	if (is_word(s->auth, "on"))
		return 0;
	if (!sasl_is_known(s->auth, &smtp->mechanism))
		return fail(why, FAIL_CONFIG, "auth %s: this build knows %s",
		    s->auth, sasl_mechanisms());
	return 0;
}

int plan_connection(
    struct plan *p, const struct settings *s, struct arena *a, struct fail *why)
{
	bool has_trust =
	    s->tls_trust_file && !is_word(s->tls_trust_file, "system");

	(void)a;
	*p = (struct plan){
		.provider = provider_find(s->provider),
		.dial = {
			.host = s->host,
			.port = (unsigned)s->port,
			.address_seconds = cap(ADDRESS_SECONDS, s->timeout),
			.total_seconds = cap(DIAL_SECONDS, s->timeout),
		},
		.tls = {
			.host = s->tls_host_override ? s->tls_host_override
						     : s->host,
			.trust_file = has_trust ? s->tls_trust_file : NULL,
		},
		.smtp = {
			.ehlo_name = s->domain,
			.host = s->host,
			.tls = !s->tls ? SMTP_TLS_NONE
			    : s->tls_starttls ? SMTP_TLS_STARTTLS
					      : SMTP_TLS_IMPLICIT,
			.partial_delivery = s->partial_delivery,
			.timeout = (int)s->timeout,
		},
		.max_rcpt = (size_t)s->max_recipients,
		.max_size = (uint64_t)s->max_message_size,
	};
	p->smtp.tls_params = &p->tls;
	return plan_auth(&p->smtp, s, why);
}

const char *plan_sender_operand(
    const char *text, struct arena *a, struct fail *why)
{
	static const struct addr_syntax syntax = { .bare_blanks = false };
	struct slice trimmed = slice_trim(slice_of(text));
	struct addr_list list = { 0 };

	if (trimmed.n == 0 || slice_eq(trimmed, SLICE("<>")) ||
	    slice_ieq(trimmed, SLICE("MAILER-DAEMON")))
		return "";
	if (addr_parse(a, trimmed, &syntax, &list, why) != 0 || list.n != 1) {
		fail(why, FAIL_USAGE, "-f %s: not one address", text);
		return NULL;
	}
	return list.v[0].spec;
}

static bool is_pattern(const char *from)
{
	return from && strpbrk(from, "?*[") != NULL;
}

/* The account's own address; NULL when it has none, or only a pattern. */
static const char *own_address(const struct settings *s)
{
	return s->from && s->from[0] && !is_pattern(s->from) ? s->from : NULL;
}

/* The author in the header, where the account lets it be the sender. */
static const char *header_author(
    const struct settings *s, const struct rewrite_view *view)
{
	if (!view->from)
		return NULL;
	if (s->sender_from_header)
		return view->from;
	return is_pattern(s->from) && fnmatch(s->from, view->from, 0) == 0
		   ? view->from
		   : NULL;
}

/* Who runs us, at the account's domain: getuid(), never the environment. */
static const char *caller_address(const struct settings *s, struct arena *a)
{
	const struct passwd *pw = getpwuid(getuid());

	if (!pw || !pw->pw_name || !s->qualify_domain)
		return NULL;
	return arena_printf(a, "%s@%s", pw->pw_name, s->qualify_domain);
}

static const char *usual_sender(
    const struct settings *s, const struct rewrite_view *view, struct arena *a)
{
	const char *sender = own_address(s);

	if (!sender)
		sender = header_author(s, view);
	return sender ? sender : caller_address(s, a);
}

static int plan_sender(struct plan *p, const struct settings *s,
    const struct invocation *inv, const struct rewrite_view *view,
    struct arena *a, struct fail *why)
{
	const char *sender = NULL;

	if (inv->sender) {
		sender = plan_sender_operand(inv->sender, a, why);
		if (!sender)
			return -1;
	} else if (inv->read_sender) {
		if (!view->from)
			return fail(why, FAIL_USAGE,
			    "--read-envelope-from: the message has no From "
			    "address");
		sender = view->from;
	}
	/* Some relays take no null sender; the account's stands in. */
	if (!sender || (sender[0] == '\0' && !s->null_sender))
		sender = usual_sender(s, view, a);
	if (!sender)
		return fail(why, FAIL_CONFIG,
		    "no envelope sender: set `from` in the account or use -f");
	p->sender = addr_qualify(a, sender, s->qualify_domain);
	if (p->sender[0] && addr_check(p->sender, p->provider != NULL, why)) {
		why->kind = inv->sender ? FAIL_USAGE : FAIL_CONFIG;
		return fail_wrap(why, "envelope sender");
	}
	return 0;
}

/* Adds what is not there yet: everybody gets a message once. */
static void add_recipient(struct plan *p, const char *address, struct arena *a)
{
	for (size_t i = 0; i < p->n_rcpt; i++)
		if (addr_same(p->rcpt[i], address))
			return;
	p->rcpt = arena_grow(a, p->rcpt, p->n_rcpt, sizeof(*p->rcpt));
	p->rcpt[p->n_rcpt++] = address;
}

static int add_list(struct plan *p, const struct settings *s,
    const struct addr_list *list, struct arena *a, struct fail *why)
{
	for (size_t i = 0; i < list->n; i++) {
		const char *address =
		    addr_qualify(a, list->v[i].spec, s->qualify_domain);

		if (addr_check(address, p->provider != NULL, why) != 0)
			return -1;
		add_recipient(p, address, a);
	}
	return 0;
}

int plan_envelope(struct plan *p, const struct settings *s,
    const struct invocation *inv, const struct rewrite_view *view,
    struct arena *a, struct fail *why)
{
	/* sendmail's operands may hold several addresses between blanks. */
	static const struct addr_syntax syntax = { .bare_blanks = true };

	for (size_t i = 0; i < inv->n_operands; i++) {
		struct addr_list list = { 0 };

		if (addr_parse(a, slice_of(inv->operands[i]), &syntax, &list,
			why) == 0 &&
		    add_list(p, s, &list, a, why) == 0)
			continue;
		why->kind = FAIL_USAGE;
		return fail_wrap(why, "recipient %s", inv->operands[i]);
	}
	if (inv->read_recipients && add_list(p, s, &view->to, a, why) != 0)
		return fail_wrap(why, "recipient in the header");
	if (p->n_rcpt > ADDR_LIST_MAX)
		return fail(why, FAIL_MESSAGE, "more than %d recipients",
		    ADDR_LIST_MAX);
	if (p->n_rcpt == 0)
		return fail(why, FAIL_USAGE,
		    inv->read_recipients
			? "no recipients: To, Cc and Bcc name nobody"
			: "no recipients: name them, or use -t");
	return plan_sender(p, s, inv, view, a, why);
}

/* Right side of a Message-ID: ours, the sender's domain, or the server. */
static const char *id_domain(
    const struct plan *p, const struct settings *s, struct arena *a)
{
	struct slice domain = addr_domain(p->sender);

	if (s->domain && s->domain[0] && !is_word(s->domain, "localhost"))
		return s->domain;
	return domain.n ? arena_copy(a, domain) : s->host;
}

void plan_rewrite(const struct plan *p, const struct settings *s,
    const struct invocation *inv, struct arena *a, struct rewrite_params *ret)
{
	struct provider_field fields[PROVIDER_FIELDS_MAX];
	size_t n = provider_fields(s, fields, PROVIDER_FIELDS_MAX);
	struct rewrite_field *copy = arena_alloc(a, n * sizeof(*copy));
	const char *own = own_address(s);

	for (size_t i = 0; i < n; i++)
		copy[i] =
		    (struct rewrite_field){ fields[i].name, fields[i].value };
	*ret = (struct rewrite_params){
		.set_from = (enum rewrite_from)s->set_from_header,
		.add_date = s->set_date_header == SET_AUTO,
		.add_message_id = s->set_msgid_header == SET_AUTO,
		.keep_bcc = !s->remove_bcc_headers,
		.keep_once = s->header_once == HEADER_ONCE_OFF,
		.once_relay = s->header_once == HEADER_ONCE_RELAY,
		.from = p->sender[0] ? p->sender : own,
		.full_name =
		    inv->full_name ? inv->full_name : s->from_full_name,
		.qualify = s->qualify_domain,
		.id_domain = id_domain(p, s, a),
		.now = time(NULL),
		.fields = copy,
		.n_fields = n,
	};
	if (!ret->from)
		ret->from = caller_address(s, a);
}
