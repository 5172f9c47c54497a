/*
 * host: what dialling a name and verifying a name have in common.
 */
#ifndef NET_HOST_H
#define NET_HOST_H

#include "fail.h"
#include <stdbool.h>
#include <stddef.h>

/*
 * The octets of an IPv4 or IPv6 address in text form: how many, 4 or 16; 0 for
 * a name.
 */
size_t host_address(const char *host, unsigned char ret_address[16]);
bool host_is_address(const char *host);

/* Labels of letters, digits, "-" and "_", none empty but that of the root. */
bool host_is_name(const char *name);

/*
 * The name as DNS and certificates have it: A-labels (RFC 5890) when it is
 * not ASCII, otherwise as it is. To be freed by the caller. NULL on failure:
 * CONFIG (empty, too long, a control character or blank, not a valid
 * internationalised name, or one that stands for what is no name of a host).
 */
char *host_to_ascii(const char *host, struct fail *why);

#endif
