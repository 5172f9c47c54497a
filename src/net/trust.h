/*
 * trust: a file of trusted certificates (PEM, RFC 7468) in which those that a
 * server's chain can need are found without parsing the others: a system's
 * bundle has a hundred and more, of which one is wanted.
 *
 * It decides nothing. It finds every certificate whose subject is the subject
 * or the issuer of one in the chain, and perhaps a few more; who is trusted is
 * the TLS library's business. What is not understood here is not judged here
 * either: then there is no struct trust, and the library reads the file.
 */
#ifndef NET_TRUST_H
#define NET_TRUST_H

#include "buf.h"

/* Of a file; a larger one is left to the library. */
enum { TRUST_FILE_MAX = 4 * 1024 * 1024 };

struct trust;

/*
 * NULL: no regular file, not readable, no certificate in it, or one that is
 * not understood. The caller frees it.
 */
struct trust *trust_load(const char *path);
/* The same of n bytes on the heap, which are taken over in any case. */
struct trust *trust_parse(char *bytes, size_t n);
/* Takes NULL, returns NULL. */
struct trust *trust_free(struct trust *t);

/* All of the file, as long as t. */
struct slice trust_text(const struct trust *t);
size_t trust_count(const struct trust *t);

/*
 * Marks what a certificate of the chain (DER) can need. -1, without a
 * reason: it is not understood, and all of the file should be looked at.
 */
int trust_want(struct trust *t, struct slice certificate);
/* Adds the certificates that are marked, in the order of the file, as PEM. */
void trust_add_wanted(const struct trust *t, struct buf *pem);

#endif
