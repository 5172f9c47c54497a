/*
 * recode: makes a message carriable. SMTP takes no NUL and no line above 998
 * octets (RFC 5321 4.5.2, 4.5.3.1.6), and 8-bit octets only when the server
 * offers 8BITMIME (RFC 6152). What is done:
 *
 *                  NUL       line too long   8-bit, not offered
 *   body of a leaf quoted-printable for the whole leaf, and its
 *                  Content-Transfer-Encoding says so
 *   .. in QP       left out  soft break      =XX
 *   .. in base64   left out  cut, blank      '?'
 *   around parts   left out  cut, blank      '?'
 *   header         left out  folded (mend.h) encoded words (mend.h)
 *
 * A message/rfc822 part is not encoded, but mended inside, as RFC 2045 6.4
 * wants it; so are multiparts, whose 8bit becomes 7bit. Nothing is spared
 * within multipart/signed: the signature is lost in any case, the text is not.
 *
 * Only parts that need it are changed. All other octets stay as they are.
 */
#ifndef MAIL_RECODE_H
#define MAIL_RECODE_H

#include "intake.h"

/* Parts that are kept in mind. */
#define RECODE_PARTS_MAX 100000

/*
 * Nothing is done, and no octet looked at that did not come from the edits,
 * when the message is carriable as it is. Else the message with its edits is
 * written anew, in memory and a file like by intake, and takes the place of
 * the contents of *m; the facts are then those of the new message. In any case
 * the message is rewound.
 *
 * Fails: OS (the temporary file), MESSAGE (limits of mime.h, more parts than
 * RECODE_PARTS_MAX, a header that becomes too large). *m is then as before.
 */
int recode(struct msg *m, bool may_8bit, struct fail *why);

/*
 * May there be 8-bit octets in what is sent? Counts what the edits add, but
 * not what they take away.
 */
bool recode_has_8bit(const struct msg *m);

#endif
