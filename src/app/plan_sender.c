/*
 * Who the relay is told sends the message, and whom the reader sees: the
 * envelope sender by its order of precedence, then the account's policy on
 * senders that are not its own.
 */
#include "account.h"
#include "caller.h"
#include "expand.h"
#include "path.h"
#include "plan_private.h"
#include <fnmatch.h>

const char *plan_sender_operand(
    const char *text, struct arena *a, struct fail *why)
{
	static const struct addr_syntax syntax = { .bare_blanks = false };
	struct slice trimmed = slice_trim(slice_of(text));
	struct addr_list list = { 0 };

	if (account_is_nobody(text))
		return "";
	if (addr_parse(a, trimmed, &syntax, &list, why) != 0 || list.n != 1) {
		fail(why, FAIL_USAGE, "-f %s: not one address", text);
		return NULL;
	}
	return list.v[0].spec;
}

struct addr_local plan_local(const struct plan *p)
{
	return (struct addr_local){
		.host = p->aliases.host,
		.single_label = p->provider != NULL,
	};
}

static const char *qualified(const struct plan *p, const char *address)
{
	return addr_qualify_local(
	    p->arena, address, p->settings->qualify_domain, plan_local(p));
}

static bool may_send(const struct plan *p, const char *address)
{
	return account_allows(p->settings, qualified(p, address));
}

/* The author in the header, where the account lets it be the sender. */
static const char *header_author(
    const struct plan *p, const struct rewrite_view *view)
{
	const struct settings *s = p->settings;
	bool fits = view->from && account_is_pattern(s->from) &&
		    fnmatch(s->from, view->from, 0) == 0;

	if (!view->from || !(s->sender_from_header || fits))
		return NULL;
	return may_send(p, view->from) ? view->from : NULL;
}

const char *plan_caller_address(const struct plan *p)
{
	const char *login = caller_login(p->arena);

	if (!login || !p->settings->qualify_domain)
		return NULL;
	return addr_qualify(p->arena, login, p->settings->qualify_domain);
}

/* `from`, with the author that the message names where it asks for one. */
static const char *own_address(
    const struct plan *p, const struct rewrite_view *view)
{
	const char *from = p->settings->from;
	const char *own = account_address(p->settings);

	if (own || account_is_nobody(from) || account_is_pattern(from) ||
	    !view->from)
		return own;
	return expand_author(from, view->from, p->arena);
}

bool plan_has_asked(const struct plan *p, const struct invocation *inv)
{
	return inv->sender && p->settings->allow_from_override;
}

/* An empty `from` is no sender where nothing else names one. */
static const char *usual_sender(
    const struct plan *p, const struct rewrite_view *view)
{
	bool is_null = account_has_null_sender(p->settings);
	const char *sender = p->own;

	if (is_null && p->settings->from)
		return "";
	if (!sender)
		sender = header_author(p, view);
	if (!sender)
		sender = plan_caller_address(p);
	return !sender && is_null ? "" : sender;
}

/* What the command line says, NULL when it says nothing. */
static int asked_sender(const struct plan *p, const struct invocation *inv,
    const struct rewrite_view *view, const char **ret, struct fail *why)
{
	*ret = NULL;
	/* Both have chosen the account, and that is all they may do. */
	if (!p->settings->allow_from_override)
		return 0;
	if (inv->sender)
		*ret = plan_sender_operand(inv->sender, p->arena, why);
	else if (inv->read_sender)
		*ret = view->from;
	if (inv->sender && !*ret)
		return -1;
	if (inv->read_sender && !*ret)
		return fail(why, FAIL_USAGE,
		    "--read-envelope-from: the message has no From address");
	return 0;
}

/* Before the policy: -f, the account, the header, the caller. */
static int choose_sender(struct plan *p, const struct invocation *inv,
    const struct rewrite_view *view, struct fail *why)
{
	const char *sender;

	if (asked_sender(p, inv, view, &sender, why) != 0)
		return -1;
	/* Some relays take no null sender; the account's stands in. */
	if (!sender || (sender[0] == '\0' && !p->settings->null_sender))
		sender = usual_sender(p, view);
	if (!sender)
		return fail(why, FAIL_CONFIG,
		    "no envelope sender: set `from` in the account or use -f");
	p->sender = sender[0] ? qualified(p, sender) : sender;
	if (sender[0] == '\0' ||
	    addr_check(p->sender, p->provider != NULL, why) == 0)
		return 0;
	(void)fail_as(why, plan_has_asked(p, inv) ? FAIL_USAGE : FAIL_CONFIG);
	return fail_wrap(why, "envelope sender");
}

/* The first that may not be a sender; NULL when all may. */
static const char *foreign_of(
    const struct plan *p, const struct addr_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		if (!may_send(p, list->v[i].spec))
			return qualified(p, list->v[i].spec);
	return NULL;
}

/*
 * "a@b, c@d" for a Reply-To; NULL when nobody was named. What no header
 * without UTF-8 can hold stays out: for our field no message is refused.
 */
static const char *reply_list(
    const struct plan *p, const struct addr_list *list)
{
	const char *text = NULL;

	for (size_t i = 0; i < list->n; i++) {
		const char *one = qualified(p, list->v[i].spec);

		if (path_make(one, false, p->arena, &one, NULL) != 0)
			continue;
		text = text ? arena_printf(p->arena, "%s, %s", text, one) : one;
	}
	return text;
}

static int refuse_sender(
    const struct plan *p, const char *address, struct fail *why)
{
	const struct settings *s = p->settings;

	fail(why, FAIL_SENDER, "%s may not be the sender: allowed_from is %s%s",
	    address, s->allowed_from,
	    s->from_policy == FROM_POLICY_REWRITE
		? ", and no address in `from` can take its place"
		: "");
	why->advice = "use an address the account allows, or set from_policy "
		      "rewrite and an address in `from`";
	return -1;
}

/* A `from` is allowed by itself, but not what a message made of it. */
static bool can_stand_in(const struct plan *p, const char *own)
{
	return own && (own == account_address(p->settings) || may_send(p, own));
}

/*
 * An author of another's takes Sender and envelope along: the three would not
 * fit together. With an author that is allowed, each stands for itself.
 */
static int apply_policy(
    struct plan *p, const struct rewrite_view *view, struct fail *why)
{
	const struct settings *s = p->settings;
	const char *own = p->own;
	bool from_stays = s->set_from_header != SET_FROM_ON;
	const char *author = from_stays ? foreign_of(p, &view->authors) : NULL;
	const char *sender = foreign_of(p, &view->senders);
	const char *envelope =
	    p->sender[0] && !may_send(p, p->sender) ? p->sender : NULL;
	const char *first = author ? author : sender ? sender : envelope;

	if (!author && from_stays && view->has_bad_author && s->allowed_from)
		first = author = "an address that cannot be read";
	if (s->from_policy == FROM_POLICY_PASS || !first)
		return 0;
	if (s->from_policy == FROM_POLICY_REFUSE || !can_stand_in(p, own))
		return refuse_sender(p, first, why);
	own = qualified(p, own);
	if (author) {
		p->new_from = own;
		p->former_from = reply_list(p, &view->authors);
	}
	if (author || sender)
		p->new_sender = own;
	if (p->sender[0] && (author || envelope))
		p->sender = own;
	return 0;
}

int plan_sender(struct plan *p, const struct invocation *inv,
    const struct rewrite_view *view, struct fail *why)
{
	p->own = own_address(p, view);
	if (choose_sender(p, inv, view, why) != 0)
		return -1;
	p->has_author = view->authors.n > 0 || view->has_bad_author;
	return apply_policy(p, view, why);
}
