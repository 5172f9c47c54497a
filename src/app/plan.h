/*
 * plan: settings, command line and message become the small parameter
 * structs that the floors below take. Nothing below this module sees struct
 * settings. The arena owns every string.
 */
#ifndef APP_PLAN_H
#define APP_PLAN_H

#include "alias.h"
#include "cmdline.h"
#include "dial.h"
#include "provider.h"
#include "rewrite.h"
#include "session.h"

struct plan {
	const struct settings *settings; /* borrowed, for this module alone */
	struct arena *arena;             /* borrowed */
	const struct provider *provider; /* NULL: none */
	bool is_provider_host; /* the provider's table named the host */
	struct dial_params dial;
	struct tls_params tls;
	struct smtp_params smtp;
	struct alias_table aliases;
	bool has_aliases;        /* they were looked for */
	const char *own;         /* the account's address, or NULL */
	const char *sender;      /* "" is the null sender */
	bool has_author;         /* the message has a From of its own */
	const char *new_from;    /* takes the place of the author, or NULL */
	const char *new_sender;  /* the same for Sender */
	const char *former_from; /* the author's, for Reply-To, or NULL */
	const char **rcpt;       /* each once */
	const char **rcpt_key;   /* by which that is known (path.h) */
	size_t n_rcpt;
	size_t place; /* of the first, among those whom the hooks know */
	const char *message_id; /* for a message without one; NULL: a new one */
	struct dsn dsn;
	/* As smtp_envelope has it; `first` is the first recipient's place. */
	int (*before_dot)(void *ctx, size_t first, const struct outcome *so_far,
	    struct fail *why);
	/* After a transaction that another one, or a pause, follows. */
	void (*after_dot)(void *ctx, size_t first, const struct outcome *part);
	void *before_dot_ctx; /* of both */
	size_t max_rcpt;      /* of one transaction; 0: no limit */
	uint64_t max_size;    /* octets on the wire; 0: no limit */
};

/* What can be said before the message is read. Fails: CONFIG. */
int plan_connection(struct plan *p, const struct settings *s, struct arena *a,
    struct fail *why);

/*
 * One recipient of a dialogue (as addr_check() wants it, maybe without a
 * domain), before plan_envelope(). Warnings as there. Fails: MESSAGE (the
 * address, or what stands for it, cannot be sent to), LATER (too many); the
 * recipients are then as they were.
 */
int plan_recipient(struct plan *p, const struct invocation *inv,
    const char *spec, struct buf *warnings, struct fail *why);

/*
 * Who sends to whom. What is wrong with the aliases is appended to
 * *warnings, one a line. Fails: USAGE (a bad operand, nobody to send to),
 * MESSAGE (a bad address in the header), CONFIG (no sender can be found),
 * SENDER (one that the account does not allow).
 */
int plan_envelope(struct plan *p, const struct invocation *inv,
    const struct rewrite_view *view, struct buf *warnings, struct fail *why);

/* What plan_envelope() begins with, once: the aliases, unless -n says not to.
 */
void plan_aliases(
    struct plan *p, const struct invocation *inv, struct buf *warnings);

/*
 * Adds whoever the addresses of an operand stand for. Fails: USAGE. The other
 * one says which addresses these are. Fails: MESSAGE.
 */
int plan_operand(struct plan *p, const char *operand, struct buf *warnings,
    struct fail *why);
int plan_parse_operand(struct arena *a, const char *operand,
    struct addr_list *list, struct fail *why);

/* The header policy; *ret points to strings of the settings and the arena. */
void plan_rewrite(const struct plan *p, const struct invocation *inv,
    struct rewrite_params *ret);

/* The address of -f as SMTP wants it; "" for "<>" and "". NULL: USAGE. */
const char *plan_sender_operand(
    const char *text, struct arena *a, struct fail *why);

#endif
