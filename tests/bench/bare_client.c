/*
 * bare-client PORT CA-FILE USER PASSWORD <message
 *
 * The least a program can do that hands one message to a relay on loopback
 * with TLS from the first byte, verified, and AUTH PLAIN: what postrider's
 * time is compared with. Nothing is checked that need not be; the message has
 * CRLF line ends, no dots at the start of a line, and fits the buffer.
 */
#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ROOM = 64 * 1024 };

static void stop(const char *what)
{
	fprintf(stderr, "bare-client: %s\n", what);
	exit(1);
}

static int dial(const char *port)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)strtoul(port, NULL, 10)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0)
		stop("connect");
	return fd;
}

static gnutls_session_t shake_hands(int fd, const char *ca_file)
{
	gnutls_certificate_credentials_t trust;
	gnutls_session_t session;
	int result;

	gnutls_certificate_allocate_credentials(&trust);
	if (gnutls_certificate_set_x509_trust_file(
		trust, ca_file, GNUTLS_X509_FMT_PEM) < 1)
		stop("the CA file");
	gnutls_init(&session, GNUTLS_CLIENT | GNUTLS_NO_TICKETS);
	gnutls_set_default_priority(session);
	gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, trust);
	gnutls_session_set_verify_cert(session, "127.0.0.1", 0);
	gnutls_transport_set_int(session, fd);
	do
		result = gnutls_handshake(session);
	while (result < 0 && !gnutls_error_is_fatal(result));
	if (result < 0)
		stop(gnutls_strerror(result));
	return session;
}

/* So many replies, the last of which must have this first digit. */
static void expect(gnutls_session_t session, int n, char digit)
{
	static char text[ROOM];
	static size_t have;
	char *line = text, *end;
	int on = 1;

	while (n > 0) {
		ssize_t got;

		while (
		    (end = memchr(line, '\n', have - (size_t)(line - text)))) {
			n -= line[3] == ' ';
			if (n == 0 && line[0] != digit)
				stop(line);
			line = end + 1;
		}
		if (n <= 0)
			break;
		/* The server may hold back what comes next until then. */
		setsockopt(gnutls_transport_get_int(session), IPPROTO_TCP,
		    TCP_QUICKACK, &on, sizeof(on));
		got = gnutls_record_recv(session, text + have, ROOM - have);
		if (got <= 0 && got != GNUTLS_E_AGAIN)
			stop("the server closed");
		have += got > 0 ? (size_t)got : 0;
	}
	have = 0;
}

static void say(gnutls_session_t session, const char *text, size_t n)
{
	if (gnutls_record_send(session, text, n) != (ssize_t)n)
		stop("sending");
}

static void log_in(
    gnutls_session_t session, const char *user, const char *password)
{
	gnutls_datum_t response, base64;
	char plain[512], line[1024];

	response.data = (unsigned char *)plain;
	response.size = (unsigned)snprintf(
	    plain, sizeof(plain), "%c%s%c%s", 0, user, 0, password);
	gnutls_base64_encode2(&response, &base64);
	say(session, line,
	    (size_t)snprintf(line, sizeof(line), "AUTH PLAIN %.*s\r\n",
		(int)base64.size, base64.data));
	expect(session, 1, '2');
}

static size_t read_message(char *room)
{
	static const char end[] = ".\r\nQUIT\r\n";
	size_t n = 0;
	ssize_t got;

	while ((got = read(0, room + n, ROOM - sizeof(end) - n)) > 0)
		n += (size_t)got;
	memcpy(room + n, end, sizeof(end) - 1);
	return n + sizeof(end) - 1;
}

int main(int argc, char **argv)
{
	static const char hello[] = "EHLO client.example.com\r\n";
	static const char envelope[] = "MAIL FROM:<sender@example.com>\r\n"
				       "RCPT TO:<someone@example.net>\r\n"
				       "DATA\r\n";
	static char message[ROOM];
	gnutls_session_t session;
	size_t n;

	if (argc != 5)
		stop("usage: bare-client PORT CA-FILE USER PASSWORD <message");
	n = read_message(message);
	session = shake_hands(dial(argv[1]), argv[2]);
	expect(session, 1, '2');
	say(session, hello, sizeof(hello) - 1);
	expect(session, 1, '2');
	log_in(session, argv[3], argv[4]);
	say(session, envelope, sizeof(envelope) - 1);
	expect(session, 3, '3');
	say(session, message, n);
	expect(session, 1, '2');
	return 0;
}
