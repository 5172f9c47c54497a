/*
 * whole_store: the verdict of GnuTLS itself over a server's certificate, with
 * every certificate of a trust file loaded before the handshake.
 *
 *	whole-store PORT NAME TRUST-FILE
 *
 * Writes one line: "trusted", "untrusted: REASON", "handshake: REASON",
 * "store: REASON" or "empty". Tests compare it with what the program says,
 *which loads what it needs only. The settings are the program's.
 */
#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static gnutls_certificate_credentials_t load(const char *file)
{
	gnutls_certificate_credentials_t trust;
	int n = gnutls_certificate_allocate_credentials(&trust);

	if (n == 0)
		n = gnutls_certificate_set_x509_trust_file(
		    trust, file, GNUTLS_X509_FMT_PEM);
	if (n > 0) {
		gnutls_certificate_set_verify_limits(trust, 16384, 10);
		return trust;
	}
	if (n)
		printf("store: %s\n", gnutls_strerror(n));
	else
		puts("empty");
	exit(0);
}

static int dial(const char *port)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)strtol(port, NULL, 10)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0) {
		perror("whole-store");
		exit(1);
	}
	return fd;
}

static void tell(gnutls_session_t session, int error)
{
	gnutls_datum_t text;

	if (error == 0) {
		puts("trusted");
	} else if (error != GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR) {
		printf("handshake: %s\n", gnutls_strerror(error));
	} else if (gnutls_certificate_verification_status_print(
		       gnutls_session_get_verify_cert_status(session),
		       GNUTLS_CRT_X509, &text, 0) == 0) {
		printf("untrusted: %s\n", text.data);
		gnutls_free(text.data);
	}
}

int main(int argc, char **argv)
{
	static unsigned char purpose[] = GNUTLS_KP_TLS_WWW_SERVER;
	gnutls_certificate_credentials_t trust;
	gnutls_typed_vdata_st wanted[2] = { 0 };
	gnutls_session_t session;
	int error, fd;

	if (argc != 4)
		return 64;
	wanted[0].type = GNUTLS_DT_DNS_HOSTNAME;
	wanted[0].data = (unsigned char *)argv[2];
	wanted[1].type = GNUTLS_DT_KEY_PURPOSE_OID;
	wanted[1].data = purpose;
	trust = load(argv[3]);
	fd = dial(argv[1]);
	if (gnutls_init(&session, GNUTLS_CLIENT | GNUTLS_NO_TICKETS) != 0 ||
	    gnutls_set_default_priority_append(
		session, "-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2", NULL, 0) != 0 ||
	    gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, trust) !=
		0 ||
	    gnutls_server_name_set(
		session, GNUTLS_NAME_DNS, argv[2], strlen(argv[2])) != 0)
		return 70;
	gnutls_session_set_verify_cert2(session, wanted, 2, 0);
	gnutls_handshake_set_max_packet_length(session, 64 * 1024);
	gnutls_transport_set_int(session, fd);
	do
		error = gnutls_handshake(session);
	while (error < 0 && !gnutls_error_is_fatal(error));
	tell(session, error);
	gnutls_deinit(session);
	gnutls_certificate_free_credentials(trust);
	close(fd);
	return 0;
}
