#include "dsn.h"

bool dsn_is_envid(struct slice text)
{
	return text.n <= DSN_ENVID_MAX && slice_is_printable(text);
}

/* RFC 3461 4: "+" begins an escape, "=" ends the name of a parameter. */
static void add_xtext(struct buf *b, struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c > ' ' && c < 0x7f && c != '+' && c != '=')
			buf_addc(b, s.p[i]);
		else
			buf_addf(b, "+%02X", c);
	}
}

static void add_upper(struct buf *b, const char *text)
{
	for (; *text; text++) {
		char c = *text;

		if (c >= 'a' && c <= 'z')
			c = (char)(c - ('a' - 'A'));
		buf_addc(b, c);
	}
}

static void add_word(struct buf *b, const char *name, const char *word)
{
	if (!word || !word[0])
		return;
	buf_addf(b, " %s=", name);
	add_upper(b, word);
}

void dsn_add_mail(struct buf *b, const struct dsn *d)
{
	add_word(b, "RET", d->ret);
	if (!d->envid || !d->envid[0])
		return;
	buf_adds(b, " ENVID=");
	add_xtext(b, slice_of(d->envid));
}

void dsn_add_rcpt(struct buf *b, const struct dsn *d)
{
	add_word(b, "NOTIFY", d->notify);
}
