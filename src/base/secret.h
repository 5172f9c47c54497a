/*
 * secret: bytes that nobody may see. Pages of their own, locked into memory
 * when the system allows it, left out of core dumps and of children, wiped
 * when freed. No function prints one, none copies one to the heap.
 *
 * The owner calls secret_free(), as soon as the bytes were used.
 */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include "fail.h"
#include "slice.h"
#include <sys/types.h>

struct secret;

/* Room for at most max bytes. Fails: NOMEM. NULL on failure. */
struct secret *secret_new(size_t max, struct fail *why);
/* Takes NULL, returns NULL. */
struct secret *secret_free(struct secret *s);

/*
 * As fork(), for a child that needs the secret, too: it has a copy of its own
 * and frees it. Takes NULL. Of several secrets only this one goes along.
 */
pid_t secret_fork(struct secret *s);

struct slice secret_view(const struct secret *s);
size_t secret_room(const struct secret *s);

/* -1 when it does not fit; nothing is added then. */
int secret_add(struct secret *s, struct slice bytes);
/* Writable room of n bytes at the end, counted at once; NULL: no room. */
char *secret_extend(struct secret *s, size_t n);
/* Keep the first n bytes, wipe the rest. */
void secret_truncate(struct secret *s, size_t n);

/*
 * Appends what read() yields up to end of file. -1 with errno set, or with
 * EFBIG when there is more than fits.
 */
int secret_read(struct secret *s, int fd);

/*
 * Text typed at the terminal, echo off, without its line end.
 * Fails: SECRET (no terminal, interrupted).
 */
struct secret *secret_prompt(const char *prompt, size_t max, struct fail *why);

#endif
