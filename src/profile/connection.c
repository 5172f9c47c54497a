#include "connection.h"
#include <netdb.h>
#include <sys/socket.h>

/* Below it a prime can be broken by whoever can pay for it. */
enum { DH_BITS_WARNED = 2048 };

/* ---- fingerprints ---- */

static int nibble(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, ascii_lower(c)) : NULL;

	return at ? (int)(at - digits) : -1;
}

size_t connection_fingerprint(
    const char *text, unsigned char ret_octets[FINGERPRINT_MAX])
{
	unsigned char octets[FINGERPRINT_MAX];
	size_t n = 0;

	for (;;) {
		int high = nibble(text[0]);
		int low = high < 0 ? -1 : nibble(text[1]);

		if (low < 0 || n == FINGERPRINT_MAX)
			return 0;
		octets[n++] = (unsigned char)(high << 4 | low);
		text += 2;
		if (*text == '\0')
			break;
		if (*text == ':' || is_blank(*text))
			text++;
	}
	if (n != 32 && n != 20 && n != 16)
		return 0;
	memcpy(ret_octets, octets, n);
	return n;
}

static int check_fingerprint(
    const struct settings *s, struct buf *warnings, struct fail *why)
{
	unsigned char octets[FINGERPRINT_MAX];
	size_t n;

	if (!s->tls_fingerprint)
		return 0;
	n = connection_fingerprint(s->tls_fingerprint, octets);
	if (n == 0)
		return option_fail(why, s, OPT_tls_fingerprint,
		    "tls_fingerprint: a SHA-256, SHA-1 or MD5 fingerprint "
		    "expected: 64, 40 or 32 hexadecimal digits");
	if (s->tls && n < 32)
		buf_addf(warnings,
		    "tls_fingerprint is one of %s, for which another "
		    "certificate can be made; use SHA-256\n",
		    n == 20 ? "SHA-1" : "MD5");
	return 0;
}

/* ---- addresses ---- */

static int check_source(const struct settings *s, struct fail *why)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICHOST };
	struct addrinfo *found = NULL;

	if (!s->source_ip)
		return 0;
	if (getaddrinfo(s->source_ip, NULL, &hints, &found) != 0)
		return option_fail(why, s, OPT_source_ip,
		    "source_ip %s: not an address of IPv4 or IPv6",
		    s->source_ip);
	freeaddrinfo(found);
	return 0;
}

/* ---- TLS ---- */

/* A text that has no use without another. */
static int check_needs(const struct settings *s, struct fail *why)
{
	static const struct {
		enum option_id id, needs;
	} rows[] = {
		{ OPT_tls_key_file, OPT_tls_cert_file },
		{ OPT_tls_cert_file, OPT_tls_key_file },
		{ OPT_tls_crl_file, OPT_tls_trust_file },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (option_text(s, rows[i].id) &&
		    !option_text(s, rows[i].needs))
			return option_fail(why, s, rows[i].id, "%s requires %s",
			    option_table[rows[i].id].key,
			    option_table[rows[i].needs].key);
	return 0;
}

static int check_trust(const struct settings *s, struct fail *why)
{
	bool is_verified = s->tls && s->tls_certcheck && !s->tls_fingerprint;

	if (!is_verified)
		return 0;
	if (!s->tls_trust_file)
		return option_fail(why, s, OPT_tls_trust_file,
		    "tls needs tls_trust_file: a file, or system");
	if (s->socket && !s->tls_host_override)
		return option_fail(why, s, OPT_socket,
		    "tls over a socket needs tls_host_override: the name in "
		    "the certificate");
	return 0;
}

static void warn(const struct settings *s, struct buf *warnings)
{
	if (!s->tls)
		return;
	if (!s->tls_certcheck)
		buf_adds(warnings,
		    "tls_certcheck is off: anybody on the way to the server "
		    "can read and change what is sent, the password "
		    "included\n");
	if (s->tls_min_dh_prime_bits > 0 &&
	    s->tls_min_dh_prime_bits < DH_BITS_WARNED)
		buf_addf(warnings,
		    "tls_min_dh_prime_bits %d: primes of less than %d bits "
		    "can be broken\n",
		    (int)s->tls_min_dh_prime_bits, DH_BITS_WARNED);
}

int connection_check(
    const struct settings *s, struct buf *warnings, struct fail *why)
{
	if (check_source(s, why) != 0 || check_needs(s, why) != 0 ||
	    check_trust(s, why) != 0 ||
	    check_fingerprint(s, warnings, why) != 0)
		return -1;
	warn(s, warnings);
	return 0;
}
