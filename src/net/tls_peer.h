/*
 * tls_peer: what a TLS session says of itself and of the server's certificate,
 * and the bytes that other protocols bind to it. A half of tls_gnutls.c;
 * nobody else includes this.
 */
#ifndef NET_TLS_PEER_H
#define NET_TLS_PEER_H

#include "tls.h"
#include <gnutls/gnutls.h>

/* Version and cipher, as tls_describe() tells them. */
void tls_peer_describe(gnutls_session_t session, char *ret, size_t size);
bool tls_peer_read(gnutls_session_t session, struct tls_peer *ret);
bool tls_binding_read(gnutls_session_t session, struct tls_binding *ret);

#endif
