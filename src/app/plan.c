#include "account.h"
#include "caller.h"
#include "connection.h"
#include "path.h"
#include "plan_private.h"
#include <string.h>
#include <time.h>

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
	smtp->realm = s->ntlmdomain;
	if (is_word(s->auth, "on"))
		return 0;
	if (!sasl_is_known(s->auth, &smtp->mechanism))
		return option_fail(why, s, OPT_auth,
		    "auth %s: this build knows %s", s->auth, sasl_mechanisms());
	return 0;
}

/* A wrong address would stop every message, or every report: better said than
   sent. */
static int check_addresses(
    const struct settings *s, struct arena *a, struct fail *why)
{
	static const enum option_id ids[] = { OPT_reply_to, OPT_report_to };
	static const struct addr_syntax syntax = { .bare_blanks = false };

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		const char *text = option_text(s, ids[i]);
		struct addr_list list = { 0 };

		if (!text || !text[0])
			continue;
		if (addr_parse(a, slice_of(text), &syntax, &list, why) != 0 ||
		    list.n == 0)
			return option_fail(why, s, ids[i],
			    "%s %s: not an address", option_table[ids[i]].key,
			    text);
	}
	return 0;
}

static struct tls_params plan_tls(const struct settings *s)
{
	bool has_trust =
	    s->tls_trust_file && !is_word(s->tls_trust_file, "system");
	struct tls_params tls = {
		.host = s->tls_host_override,
		.trust_file = has_trust ? s->tls_trust_file : NULL,
		.crl_file = s->tls_crl_file,
		.is_unchecked = !s->tls_certcheck,
		.cert_file = s->tls_cert_file,
		.key_file = s->tls_key_file,
		.priorities = s->tls_priorities,
		.min_dh_bits = (unsigned)s->tls_min_dh_prime_bits,
	};

	/* Over a socket there may be no name, and then none is verified. */
	if (!tls.host)
		tls.host = s->host ? s->host : "localhost";
	if (s->tls_fingerprint)
		tls.pin.n =
		    connection_fingerprint(s->tls_fingerprint, tls.pin.bytes);
	return tls;
}

int plan_connection(
    struct plan *p, const struct settings *s, struct arena *a, struct fail *why)
{
	*p = (struct plan){
		.settings = s,
		.arena = a,
		.provider = provider_find(s->provider),
		.is_provider_host =
		    s->origin[OPT_host].kind == ORIGIN_PROVIDER,
		.dial = {
			.host = s->host,
			.port = (unsigned)s->port,
			.address_seconds = cap(ADDRESS_SECONDS, s->timeout),
			.total_seconds = cap(DIAL_SECONDS, s->timeout),
			.path = s->socket,
			.source = s->source_ip,
			.proxy = s->proxy_host,
			.proxy_port = (unsigned)s->proxy_port,
		},
		.tls = plan_tls(s),
		.smtp = {
			.ehlo_name = s->domain,
			.host = account_server(s),
			.port = (unsigned)s->port,
			.is_lmtp = s->protocol == PROTOCOL_LMTP,
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
	if (check_addresses(s, a, why) != 0)
		return -1;
	return plan_auth(&p->smtp, s, why);
}

/* Adds what is not there yet: everybody gets a message once. */
static int add_recipient(struct plan *p, const char *address, struct fail *why)
{
	const char *key = path_key(address, p->arena);

	for (size_t i = 0; i < p->n_rcpt; i++)
		if (addr_same(p->rcpt_key[i], key))
			return 0;
	if (p->n_rcpt == ADDR_LIST_MAX)
		return fail(why, FAIL_MESSAGE, "more than %d recipients",
		    ADDR_LIST_MAX);
	p->rcpt = arena_grow(p->arena, p->rcpt, p->n_rcpt, sizeof(*p->rcpt));
	p->rcpt_key =
	    arena_grow(p->arena, p->rcpt_key, p->n_rcpt, sizeof(*p->rcpt_key));
	p->rcpt_key[p->n_rcpt] = key;
	p->rcpt[p->n_rcpt++] = address;
	return 0;
}

/* A recipient, or whoever it stands for. */
static int expand(struct plan *p, const char *spec, struct alias_table *table,
    struct buf *warnings, struct fail *why)
{
	struct alias_list list;

	alias_expand(table, spec, p->arena, &list, warnings);
	if (list.is_cut)
		return fail(why, FAIL_MESSAGE,
		    "the alias %s is more than %d addresses", spec,
		    ALIAS_RESULT_MAX);
	for (size_t i = 0; i < list.n; i++) {
		const char *domain = p->settings->qualify_domain;
		const char *address =
		    alias_qualify(table, list.v[i], domain, p->arena);

		address = addr_qualify_local(
		    p->arena, address, domain, plan_local(p));

		if (addr_check(address, p->provider != NULL, why) != 0 ||
		    add_recipient(p, address, why) != 0)
			return -1;
	}
	return 0;
}

static int add_list(struct plan *p, const struct addr_list *list,
    struct buf *warnings, struct fail *why)
{
	struct alias_table no_aliases = { .host = p->aliases.host };

	for (size_t i = 0; i < list->n; i++) {
		const struct addr *addr = &list->v[i];
		/* A name behind a backslash is meant as it stands. */
		struct alias_table *table =
		    addr->is_marked ? &no_aliases : &p->aliases;

		if (expand(p, addr->spec, table, warnings, why) != 0)
			return -1;
	}
	return 0;
}

int plan_parse_operand(struct arena *a, const char *operand,
    struct addr_list *list, struct fail *why)
{
	/* sendmail's operands may hold several addresses between blanks. */
	static const struct addr_syntax syntax = { .bare_blanks = true,
		.marks = true };

	return addr_parse(a, slice_of(operand), &syntax, list, why);
}

int plan_operand(
    struct plan *p, const char *operand, struct buf *warnings, struct fail *why)
{
	struct addr_list list = { 0 };

	if (plan_parse_operand(p->arena, operand, &list, why) == 0 &&
	    add_list(p, &list, warnings, why) == 0)
		return 0;
	(void)fail_as(why, FAIL_USAGE);
	return fail_wrap(why, "recipient %s", operand);
}

void plan_aliases(
    struct plan *p, const struct invocation *inv, struct buf *warnings)
{
	const char *path = p->settings->aliases;

	if (p->has_aliases)
		return;
	p->has_aliases = true;
	if (path && path[0] && !inv->no_aliases)
		alias_load(&p->aliases, path, p->arena, warnings);
	else
		alias_none(&p->aliases, p->arena);
}

/* What the flag says goes before what the account says: both are settings. */
static struct dsn plan_dsn(const struct settings *s, const char *envid)
{
	const char *ret = s->dsn_return;

	if (is_word(ret, "headers"))
		ret = "hdrs";
	return (struct dsn){
		.notify = is_word(s->dsn_notify, "off") ? NULL : s->dsn_notify,
		.ret = is_word(ret, "off") ? NULL : ret,
		.envid = envid,
	};
}

int plan_recipient(struct plan *p, const struct invocation *inv,
    const char *spec, struct buf *warnings, struct fail *why)
{
	size_t n = p->n_rcpt;

	plan_aliases(p, inv, warnings);
	if (expand(p, arena_copy(p->arena, slice_of(spec)), &p->aliases,
		warnings, why) == 0)
		return 0;
	if (p->n_rcpt == ADDR_LIST_MAX)
		(void)fail_as(why, FAIL_LATER);
	p->n_rcpt = n;
	return -1;
}

int plan_envelope(struct plan *p, const struct invocation *inv,
    const struct rewrite_view *view, struct buf *warnings, struct fail *why)
{
	plan_aliases(p, inv, warnings);
	p->dsn = plan_dsn(p->settings, inv->envid);
	for (size_t i = 0; i < inv->n_operands; i++)
		if (plan_operand(p, inv->operands[i], warnings, why) != 0)
			return -1;
	if (inv->read_recipients && add_list(p, &view->to, warnings, why) != 0)
		return fail_wrap(why, "recipient in the header");
	if (p->n_rcpt == 0)
		return fail(why, FAIL_USAGE, "no recipients: %s",
		    inv->read_recipients ? "To, Cc and Bcc name nobody"
					 : "name them, or use -t");
	/* All or nothing cannot be promised over several transactions. */
	if (!p->smtp.partial_delivery && p->max_rcpt && p->n_rcpt > p->max_rcpt)
		return fail(why, FAIL_MESSAGE,
		    "partial_delivery off: %zu recipients, but a transaction "
		    "takes %zu (max_recipients)",
		    p->n_rcpt, p->max_rcpt);
	return plan_sender(p, inv, view, why);
}

/* Right side of a Message-ID: ours, the sender's domain, or the server. */
static const char *id_domain(const struct plan *p)
{
	const struct settings *s = p->settings;
	struct slice domain = addr_domain(p->sender);

	if (s->domain && s->domain[0] && !is_word(s->domain, "localhost"))
		return s->domain;
	if (domain.n)
		return arena_copy(p->arena, domain);
	return s->host ? s->host : "localhost";
}

static void plan_fields(const struct plan *p, struct rewrite_params *ret)
{
	struct provider_field fields[PROVIDER_FIELDS_MAX];
	struct rewrite_field *copy;
	size_t n = provider_fields(p->settings, fields, PROVIDER_FIELDS_MAX);

	copy = arena_alloc(p->arena, n * sizeof(*copy));
	for (size_t i = 0; i < n; i++)
		copy[i] =
		    (struct rewrite_field){ fields[i].name, fields[i].value };
	ret->fields = copy;
	ret->n_fields = n;
}

/* A caller's own name says nothing about an address it chose with -f. */
static const char *full_name(const struct plan *p, const struct invocation *inv)
{
	const struct settings *s = p->settings;

	if (inv->full_name)
		return inv->full_name;
	if (plan_has_asked(p, inv) ||
	    option_is_explicit(s, OPT_from_full_name) ||
	    s->set_from_header == SET_FROM_ON || p->has_author)
		return s->from_full_name;
	return caller_full_name(p->arena);
}

/* As the envelope has it: a header without UTF-8 reaches every server. */
static const char *in_header(const struct plan *p, const char *address)
{
	const char *ascii;

	if (address && address[0] &&
	    path_make(address, false, p->arena, &ascii, NULL) == 0)
		return ascii;
	return address;
}

void plan_rewrite(const struct plan *p, const struct invocation *inv,
    struct rewrite_params *ret)
{
	static const enum rewrite_to set_to[] = {
		[SET_TO_ON] = REWRITE_TO_ON,
		[SET_TO_OFF] = REWRITE_TO_OFF,
		[SET_TO_UNDISCLOSED] = REWRITE_TO_UNDISCLOSED,
	};
	const struct settings *s = p->settings;

	*ret = (struct rewrite_params){
		.set_from = (enum rewrite_from)s->set_from_header,
		.add_date = s->set_date_header == SET_AUTO,
		.add_message_id = s->set_msgid_header == SET_AUTO,
		.label_8bit = s->set_mime_headers == SET_AUTO,
		.keep_bcc = !s->remove_bcc_headers,
		.keep_once = s->header_once == HEADER_ONCE_OFF,
		.once_relay = s->header_once == HEADER_ONCE_RELAY,
		.from = p->sender[0] ? p->sender : p->own,
		.new_from = in_header(p, p->new_from),
		.new_sender = in_header(p, p->new_sender),
		.set_to = set_to[s->set_to_header],
		.to = p->rcpt,
		.n_to = p->n_rcpt,
		.reply_to = s->reply_to && s->reply_to[0] ? s->reply_to
							  : p->former_from,
		.full_name = full_name(p, inv),
		.qualify = s->qualify_domain,
		.local = plan_local(p),
		.in_ascii = path_key,
		.id_domain = id_domain(p),
		.message_id = p->message_id,
		.now = time(NULL),
	};
	if (!ret->from)
		ret->from = plan_caller_address(p);
	ret->from = in_header(p, ret->from);
	plan_fields(p, ret);
}
