#include "config_text.h"
#include "connection.h"
#include "unit.h"

#define HEX16  "00112233445566778899AABBCCDDEEff"
#define COLON4 "00:11:22:33:"

TEST(fingerprints)
{
	static const struct {
		const char *label, *text;
		size_t n;
		int first, last;
	} rows[] = {
		{ "SHA-256", HEX16 HEX16, 32, 0x00, 0xff },
		{ "SHA-1", HEX16 "a1B2c3D4", 20, 0x00, 0xd4 },
		{ "MD5", HEX16, 16, 0x00, 0xff },
		{ "colons", COLON4 COLON4 COLON4 "a0:b1:c2:d3", 16, 0x00,
		    0xd3 },
		{ "blanks", "ff 11 22 33 44 55 66 77 88 99 aa bb cc dd ee f0",
		    16, 0xff, 0xf0 },
		{ "TAB", "ff\t112233445566778899aabbccddee:f0", 16, 0xff,
		    0xf0 },
		{ "mixed", "ff:11 22334455667788 99aabbccddee:f0", 16, 0xff,
		    0xf0 },
		{ "empty", "", 0 },
		{ "one digit less", "00112233445566778899AABBCCDDEEf", 0 },
		{ "one digit more", HEX16 "0", 0 },
		{ "one pair more", HEX16 "00", 0 },
		{ "one pair more than all", HEX16 HEX16 "00", 0 },
		{ "SHA-512", HEX16 HEX16 HEX16 HEX16, 0 },
		{ "colon at the end", HEX16 ":", 0 },
		{ "colon in front", ":" HEX16, 0 },
		{ "two colons", "00::112233445566778899AABBCCDDEEff", 0 },
		{ "a split pair", "0:0112233445566778899AABBCCDDEEff", 0 },
		{ "no digit", "0g112233445566778899AABBCCDDEEff", 0 },
		{ "a name in front", "SHA256:" HEX16 HEX16, 0 },
		{ "8-bit",
		    "\xe9"
		    "0112233445566778899AABBCCDDEEff",
		    0 },
		{ "minus", "00-112233445566778899AABBCCDDEEff", 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned char octets[FINGERPRINT_MAX] = { 0x77 };
		size_t n = connection_fingerprint(rows[i].text, octets);

		CASE(rows[i].label);
		CHECK_INT(n, rows[i].n);
		CHECK_INT(octets[0], n ? rows[i].first : 0x77);
		if (n)
			CHECK_INT(octets[n - 1], rows[i].last);
	}
}

#define NO_CHECK                                                               \
	"tls_certcheck is off: anybody on the way to the server can read and " \
	"change what is sent, the password included\n"

TEST(together)
{
	static const struct {
		const char *text;
		const char *failure; /* or NULL */
		const char *warnings;
	} rows[] = {
		{ "host h\n", NULL, "" },
		{ "host h\ntls on\n", NULL, "" },
		/* trust */
		{ "tls on\ntls_trust_file\n",
		    "rc: line 2: tls needs tls_trust_file: a file, or system",
		    "" },
		{ "tls on\ntls_trust_file\ntls_fingerprint " HEX16 HEX16 "\n",
		    NULL, "" },
		{ "tls on\ntls_trust_file\ntls_certcheck off\n", NULL,
		    NO_CHECK },
		{ "tls on\ntls_trust_file system\ntls_fingerprint " HEX16 HEX16
		  "\n",
		    NULL, "" },
		{ "tls on\ntls_certcheck off\n", NULL, NO_CHECK },
		{ "tls on\ntls_nocertcheck\n", NULL, NO_CHECK },
		{ "tls on\ntls_nocertcheck\ntls_certcheck\n", NULL, "" },
		{ "tls off\ntls_certcheck off\n", NULL, "" },
		/* fingerprints */
		{ "tls on\ntls_fingerprint " HEX16 "\n", NULL,
		    "tls_fingerprint is one of MD5, for which another "
		    "certificate can be made; use SHA-256\n" },
		{ "tls on\ntls_fingerprint " HEX16 "00112233\n", NULL,
		    "tls_fingerprint is one of SHA-1, for which another "
		    "certificate can be made; use SHA-256\n" },
		{ "tls off\ntls_fingerprint " HEX16 "\n", NULL, "" },
		{ "tls on\ntls_fingerprint 00:11\n",
		    "rc: line 2: tls_fingerprint: a SHA-256, SHA-1 or MD5 "
		    "fingerprint expected: 64, 40 or 32 hexadecimal digits",
		    "" },
		{ "tls on\ntls_fingerprint\n", NULL, "" },
		/* pairs */
		{ "tls_key_file k\n",
		    "rc: line 1: tls_key_file requires tls_cert_file", "" },
		{ "tls_cert_file c\n",
		    "rc: line 1: tls_cert_file requires tls_key_file", "" },
		{ "tls_cert_file c\ntls_key_file k\n", NULL, "" },
		{ "tls_cert_file c\ntls_key_file k\ntls_key_file\n",
		    "rc: line 1: tls_cert_file requires tls_key_file", "" },
		{ "tls_cert_file\ntls_key_file\n", NULL, "" },
		{ "tls_crl_file f\n", NULL, "" },
		{ "tls_crl_file f\ntls_trust_file\n",
		    "rc: line 1: tls_crl_file requires tls_trust_file", "" },
		{ "tls_crl_file f\ntls_trust_file t\n", NULL, "" },
		/* addresses */
		{ "source_ip 192.0.2.1\n", NULL, "" },
		{ "source_ip 2001:db8::1\n", NULL, "" },
		{ "source_ip\n", NULL, "" },
		{ "source_ip mail.example.com\n",
		    "rc: line 1: source_ip mail.example.com: not an address "
		    "of IPv4 or IPv6",
		    "" },
		{ "source_ip 192.0.2.256\n",
		    "rc: line 1: source_ip 192.0.2.256: not an address of "
		    "IPv4 or IPv6",
		    "" },
		{ "source_ip [::1]\n",
		    "rc: line 1: source_ip [::1]: not an address of IPv4 or "
		    "IPv6",
		    "" },
		/* sockets */
		{ "socket /s\n", NULL, "" },
		{ "socket /s\ntls on\n",
		    "rc: line 1: tls over a socket needs tls_host_override: "
		    "the name in the certificate",
		    "" },
		{ "socket /s\ntls on\nhost h\ntls_host_override h\n", NULL,
		    "" },
		{ "socket /s\ntls on\ntls_fingerprint " HEX16 HEX16 "\n", NULL,
		    "" },
		{ "socket /s\ntls on\ntls_certcheck off\n", NULL, NO_CHECK },
		/* primes */
		{ "tls on\ntls_min_dh_prime_bits 2048\n", NULL, "" },
		{ "tls on\ntls_min_dh_prime_bits 1024\n", NULL,
		    "tls_min_dh_prime_bits 1024: primes of less than 2048 bits "
		    "can be broken\n" },
		{ "tls on\ntls_min_dh_prime_bits 1\ntls_min_dh_prime_bits\n",
		    NULL, "" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fail why = { FAIL_NONE, "" };
		struct buf warnings;
		struct config c;
		char *copy;
		int result;

		CASE(rows[i].text);
		buf_init(&warnings, 4000);
		CHECK_INT(parse(&c, slice_of(rows[i].text), &copy, &why), 0);
		result = connection_check(&c.v[0].settings, &warnings, &why);
		CHECK_INT(result, rows[i].failure ? -1 : 0);
		CHECK_INT(why.kind, rows[i].failure ? FAIL_CONFIG : FAIL_NONE);
		CHECK_STR(why.text, rows[i].failure ? rows[i].failure : "");
		CHECK_STR(buf_text(&warnings), rows[i].warnings);
		buf_free(&warnings);
		config_free(&c);
		free(copy);
	}
	arena_free(&arena);
}
