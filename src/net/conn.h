/*
 * conn: one byte stream over a socket, in clear or in TLS. Reads and writes
 * end by a deadline. Output is collected and leaves as few, large writes:
 * conn_put() fills, conn_flush() sends.
 *
 * The owner calls conn_free(), which closes the descriptor and never says
 * goodbye in TLS: a queued final dot must not leave after an error. After a
 * failed write nothing is written any more; what the peer said can still be
 * read.
 *
 * Fails: LOST (closed, reset, deadline passed), TLS, PROTOCOL.
 */
#ifndef NET_CONN_H
#define NET_CONN_H

#include "fail.h"
#include "io.h"
#include "slice.h"
#include "tls.h"

/* The longest line that conn_line() can return, its end included. */
#define CONN_LINE_MAX 16384
/* What conn_put() collects before it sends. */
#define CONN_QUEUE_MAX 65536
/* What conn_stream() can take at a time. */
#define CONN_ROOM (65536 + 2)
/* The most that a peer may send in one session. */
#define CONN_INPUT_MAX 262144

struct conn;

/* What a trace sees. Any function may be NULL. */
struct conn_trace {
	/* A line without its end; `out` is true for what is sent. */
	void (*line)(void *ctx, bool out, struct slice bytes);
	/* What happens beside the lines: TLS, states of the dialogue. */
	void (*note)(void *ctx, const char *text);
	void *ctx;
};

/*
 * Takes fd over, which then lets a read wait for a while. The trace is copied;
 * NULL: none.
 */
struct conn *conn_new(int fd, const struct conn_trace *trace);
/* Takes NULL, returns NULL. */
struct conn *conn_free(struct conn *c);

/* Takes t over, whatever comes. Unread input in clear is PROTOCOL. */
int conn_start_tls(
    struct conn *c, struct tls *t, struct deadline d, struct fail *why);
bool conn_is_tls(const struct conn *c);
/* True for a UNIX socket: never leaves the machine. */
bool conn_is_local(const struct conn *c);

/* As tls_peer() and tls_binding(); false without TLS. */
bool conn_peer(const struct conn *c, struct tls_peer *ret);
bool conn_binding(const struct conn *c, struct tls_binding *ret);
/* The peer's address in text form; "" when it has none. */
void conn_address(const struct conn *c, char *ret, size_t size);

/*
 * The next line, without its CR LF (bare LF is accepted as a line end), valid
 * until the next call. LOST at the end of the stream; PROTOCOL when the line
 * with its end is longer than max or the session's total input is more than
 * it may be.
 */
int conn_line(struct conn *c, size_t max, struct deadline d,
    struct slice *ret_line, struct fail *why);
/* Bytes that arrived and nobody has asked for. */
size_t conn_surplus(struct conn *c);

/* Queue bytes; sends when the queue is full. */
int conn_put(
    struct conn *c, struct slice bytes, struct deadline d, struct fail *why);
/*
 * The rest of a line that no trace may see: it shows <label>. Adds the CR LF
 * and sends what is queued at once; the copy in the queue is wiped.
 */
int conn_send_secret(struct conn *c, struct slice bytes, const char *label,
    struct deadline d, struct fail *why);
int conn_flush(struct conn *c, struct deadline d, struct fail *why);
/*
 * Bytes queued of which none has been handed to the kernel. In TLS a record
 * that was begun counts as handed over: some of it may have been.
 */
size_t conn_queued(const struct conn *c);

/*
 * conn_put() for much data, which is written to where it is sent from: n
 * octets, CONN_ROOM at most, stand in conn_room(). The time, in seconds, is
 * that without progress, and the peer's voice is heard. With n = 0 what is
 * queued is sent; else it is when there is enough of it, in whole records.
 * 0, or 1: the peer has said something, the rest was not sent and nothing
 * can be sent any more; or -1.
 */
int conn_stream(struct conn *c, size_t n, int seconds, struct fail *why);
/* Valid until the next call for this connection. */
char *conn_room(struct conn *c);

/* Tells the trace. */
void conn_note(const struct conn *c, const char *text);

#endif
