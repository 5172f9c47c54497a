/*
 * token: the names of keys and certificates that a PKCS#11 token keeps (RFC
 * 7512), so far as they say where its PIN is. A PIN within a name is a secret:
 * whoever shows a name to a person does it by token_add_shown().
 */
#ifndef BASE_TOKEN_H
#define BASE_TOKEN_H

#include "buf.h"

/* "pkcs11:" in any case; false for NULL. */
bool token_is_name(const char *text);

/* Does the name tell the PIN, or where it is? */
bool token_has_pin(const char *name);
/* Does it tell the PIN itself? Of a text that may be anything. */
bool token_is_secret(struct slice text);

/*
 * Printable, as buf_add_printable() has it, with "*" for each PIN. What is no
 * such name stays whole.
 */
void token_add_shown(struct buf *b, const char *text);

/* The same for a message, cut to the room. Returns room; "" for NULL. */
#define TOKEN_SHOWN_MAX 512
const char *token_shown(const char *text, char room[TOKEN_SHOWN_MAX]);

#endif
