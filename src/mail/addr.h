/*
 * addr: address lists of RFC 5322 3.4 (groups, comments, quoted local parts,
 * folding, the obsolete forms that occur) and mailboxes of RFC 5321 4.1.2.
 *
 * A parsed address has two faces: `spec`, the address as SMTP wants it, and
 * its place in the source text, so that a header can be mended without
 * writing it anew.
 */
#ifndef MAIL_ADDR_H
#define MAIL_ADDR_H

#include "arena.h"
#include "buf.h"
#include "fail.h"

/* RFC 5321 4.5.3.1.1 and .3, with the 254 of its erratum 1690. */
#define ADDR_LOCAL_MAX 64
#define ADDR_MAX       254
#define ADDR_LABEL_MAX 63
#define ADDR_LIST_MAX  1000

struct addr {
	const char *spec; /* local@domain or local; no comments, no folding;
			     quotes only where they are needed; arena */
	bool has_domain;
	bool is_marked;    /* a backslash stood in front: no aliases for it */
	bool is_odd;       /* written with a mark, a route, blanks within, dots
			      where none belong: no relay need read that, and
			      spec has none of it */
	struct slice name; /* display name as written, quotes included, or a
			      comment's text; empty when there is none; a
			      view of the source */
	size_t local_end;  /* in the source: where "@domain" belongs */
	size_t start;      /* in the source: mark, route, addr-spec */
	size_t end;        /* the byte behind it */
};

struct addr_list {
	struct addr *v; /* arena */
	size_t n;
	/* In the text parsed last: */
	bool is_open;  /* its last group is empty and has no semicolon */
	size_t *stray; /* where a semicolon ends no group; arena */
	size_t n_stray;
};

struct addr_syntax {
	bool bare_blanks;
	bool marks;
};

/*
 * Parses a list and appends to *list. Separators are commas; semicolons end
 * groups and, outside one, separate as well. With `bare_blanks`, "a b" are
 * two addresses (sendmail's operands); with `marks`, a backslash may stand in
 * front of one. A dot behind a domain says nothing, with `bare_blanks` also
 * before a blank. Empty elements are skipped, routes are dropped; an empty
 * group may lack its semicolon. "a@b <c@d>" could be two addresses without a
 * comma and is refused unless both are the same. Fails: MESSAGE with what is
 * wrong and where; *list is then unchanged. A list longer than ADDR_LIST_MAX is
 * such a failure.
 */
int addr_parse(struct arena *a, struct slice text,
    const struct addr_syntax *syntax, struct addr_list *list, struct fail *why);

/*
 * 0 when spec may stand between < and > of a MAIL or RCPT command, as RFC
 * 5321 4.1.2 and RFC 6531 3.3 have it: printable ASCII or UTF-8 (which needs
 * more of a server: smtp/path.h), no blank, angle bracket or other special
 * outside quotes, a host name or an address literal behind the '@', lengths
 * within the limits, a domain when need_domain. Fails: MESSAGE.
 */
int addr_check(const char *spec, bool need_domain, struct fail *why);

/* Domain part of spec, empty when it has none. */
struct slice addr_domain(const char *spec);
/* Same mailbox: local parts alike byte for byte, domains ignoring case. */
bool addr_same(const char *a, const char *b);

/* A spec of its parts, the local one without quotes; domain may be empty. */
const char *addr_join(struct arena *a, struct slice local, struct slice domain);

/* spec itself when it has a domain (or domain is NULL), else spec@domain. */
const char *addr_qualify(struct arena *a, const char *spec, const char *domain);

/* Which domains are as good as none to a relay. */
struct addr_local {
	const char *host;  /* this machine's name, for its first label; NULL:
			      not known */
	bool single_label; /* any domain of one label: there is no such place
			      for a public relay */
};

/* Those, and always "localhost" and "localhost.localdomain". */
bool addr_is_local(struct slice domain, struct addr_local local);
/* addr_qualify(), with the domain in place of such a one, too. */
const char *addr_qualify_local(struct arena *a, const char *spec,
    const char *domain, struct addr_local local);

/* Is c in set? A NUL never is. */
bool addr_is_one_of(char c, const char *set);

/* RFC 5322 3.2.3, and bytes above 127 (RFC 6532 3.2). */
bool addr_is_atext(char c);
/* Atoms and single dots between them: needs no quotes (RFC 5321 4.1.2). */
bool addr_is_dot_string(struct slice s);

/* text as a quoted-string of RFC 5322 3.2.4. */
void addr_add_quoted(struct buf *b, struct slice text);

/*
 * A display name ready for a header: as it is, quoted (RFC 5322 3.2.4), or
 * RFC 2047 words when it has 8-bit bytes, folded by LF and a blank. Control
 * characters are left out; nothing is added when nothing is left.
 */
void addr_add_phrase(struct buf *b, struct slice name);

#endif
