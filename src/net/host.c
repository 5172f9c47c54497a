#include "host.h"
#include "mem.h"
#include "slice.h"
#include <arpa/inet.h>
#include <idn2.h>

enum { HOST_MAX = 254 }; /* RFC 1035 3.1, with the dot of the root */

size_t host_address(const char *host, unsigned char ret_address[16])
{
	if (inet_pton(AF_INET, host, ret_address) == 1)
		return sizeof(struct in_addr);
	if (inet_pton(AF_INET6, host, ret_address) == 1)
		return sizeof(struct in6_addr);
	return 0;
}

bool host_is_address(const char *host)
{
	unsigned char address[16];

	return host_address(host, address) > 0;
}

static bool is_host_char(char c)
{
	char lower = ascii_lower(c);

	return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '_';
}

bool host_is_name(const char *name)
{
	size_t label = 0;

	for (; *name; name++) {
		bool is_dot = *name == '.';

		if (is_dot ? label == 0 : !is_host_char(*name))
			return false;
		/* That of the root may end the name. */
		label = is_dot && name[1] ? 0 : label + 1;
	}
	return label > 0;
}

static char *fail_name(const char *host, struct fail *why)
{
	fail(why, FAIL_CONFIG, "host \"%s\": not the name of a host", host);
	return NULL;
}

/*
 * Mapping (UTS 46) makes a blank or "<" of characters that look like them, a
 * dot of others, and nothing of some: such a name could end an SMTP command.
 */
static char *to_a_labels(const char *host, struct fail *why)
{
	char *found = NULL, *copy;
	int error = idn2_to_ascii_8z(
	    host, &found, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);

	if (error != IDN2_OK) {
		fail(why, FAIL_CONFIG, "host %s: %s", host,
		    idn2_strerror(error));
		return NULL;
	}
	copy = host_is_name(found) ? mem_dup(found, strlen(found))
				   : fail_name(host, why);
	idn2_free(found);
	return copy;
}

char *host_to_ascii(const char *host, struct fail *why)
{
	size_t n = host ? strlen(host) : 0;
	bool has_8bit = false;

	if (n == 0 || n > HOST_MAX) {
		fail(why, FAIL_CONFIG,
		    n ? "the name of the host is too long"
		      : "no name of a host");
		return NULL;
	}
	for (size_t i = 0; i < n; i++) {
		if (is_control(host[i]) || is_blank(host[i]))
			return fail_name(host, why);
		has_8bit |= is_8bit(host[i]);
	}
	return has_8bit ? to_a_labels(host, why) : mem_dup(host, n);
}
