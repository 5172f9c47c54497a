/*
 * server_path: the arguments of MAIL and RCPT (RFC 5321 4.1.1.2, 4.1.1.3,
 * 4.1.2), for server.c. Kinder than the grammar where nothing can be mistaken:
 * a blank behind the colon, no brackets around the address, no domain behind
 * it. Routes are dropped (RFC 5321 C).
 */
#ifndef SMTP_SERVER_PATH_H
#define SMTP_SERVER_PATH_H

#include "server.h"

/*
 * True, or *ret_reply is the refusal. Texts are in the arena. SIZE= and BODY=
 * are the parameters there are (RFC 1870, 6152).
 */
bool server_mail_parse(struct slice arg, struct arena *a,
    struct server_mail *ret_mail, struct server_reply *ret_reply);
bool server_rcpt_parse(struct slice arg, struct arena *a,
    const char **ret_address, struct server_reply *ret_reply);

#endif
