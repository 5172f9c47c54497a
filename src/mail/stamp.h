/*
 * stamp: the values of Date (RFC 5322 3.3, local time with its offset, names
 * in English whatever the locale) and Message-ID (3.6.4, unique by 96 random
 * bits). Nothing here fails.
 */
#ifndef MAIL_STAMP_H
#define MAIL_STAMP_H

#include "buf.h"
#include <time.h>

void stamp_date(struct buf *b, time_t when);
/*
 * "<unique@domain>". A domain that is none (NULL, empty, or with a byte that
 * may not stand in a host name or an address literal) becomes "localhost".
 */
void stamp_message_id(struct buf *b, const char *domain);

#endif
