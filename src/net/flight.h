/*
 * flight: the octets of a TLS session between the library, which asks for
 * them in small pieces, and a socket: what has come is read at once, however
 * many records it is, and what is said in a handshake leaves at once, when the
 * other side is to speak.
 *
 * flight_push() and flight_pull() are what the library calls; they fail with
 * errno, as send() and recv() do, and do not wait but where flight_listen()
 * says so.
 */
#ifndef NET_FLIGHT_H
#define NET_FLIGHT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define FLIGHT_MAX 8192

struct flight {
	int fd;          /* borrowed */
	bool is_holding; /* what is pushed waits for flight_send() or a pull */
	bool is_dry;     /* nothing can have come since it was read last */
	bool may_wait;   /* the next read may */
	size_t in_at, in_n;
	size_t out_n;
	char in[FLIGHT_MAX];
	char out[FLIGHT_MAX];
};

/* Nothing has come, nothing waits. Holding is on. */
void flight_begin(struct flight *f, int fd);
/*
 * Something may have come, or is to come if the read may wait: as long as the
 * socket's SO_RCVTIMEO says. Until this is said again a pull reads once.
 */
void flight_listen(struct flight *f, bool may_wait);

/* Sends what waits. 0, or -1 with errno; what could not be sent waits on. */
int flight_send(struct flight *f);
/* What has come and was not pulled. */
size_t flight_unread(const struct flight *f);

/* `flight` is a struct flight. */
ssize_t flight_push(void *flight, const void *bytes, size_t n);
ssize_t flight_pull(void *flight, void *bytes, size_t n);

#endif
