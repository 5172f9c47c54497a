/*
 * connection: what the settings about the way to the server must fulfil
 * together, and what of them deserves a warning: here stands what msmtp's
 * keywords allow and do not.
 */
#ifndef PROFILE_CONNECTION_H
#define PROFILE_CONNECTION_H

#include "options.h"

/* The longest digest of a fingerprint, SHA-256. */
enum { FINGERPRINT_MAX = 32 };

/*
 * The octets of a fingerprint in hexadecimal digits, with or without colons
 * or blanks between them: 32 (SHA-256), 20 (SHA-1) or 16 (MD5); 0 when it is
 * none.
 */
size_t connection_fingerprint(
    const char *text, unsigned char ret_octets[FINGERPRINT_MAX]);

/*
 * Of complete settings (account.h). Warnings are appended, one a line: they
 * come with every run, since what they say weakens every run. Fails: CONFIG.
 */
int connection_check(
    const struct settings *s, struct buf *warnings, struct fail *why);

#endif
