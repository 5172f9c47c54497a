"""One TCP connection as the server sees it, in clear or inside TLS.

TLS runs over memory buffers, so that the socket stays in our hands: it can be
shut down one way, reset, or left open in the middle of a record.
"""

import fcntl
import select
import socket
import ssl
import struct
import termios
import time

from run import PATIENCE

CLOSED = 7      # among the kernel's states of TCP


class Wire:
    """Bytes in, bytes out.  Times are in seconds.  A peer that reset the
    connection has ended it: receive() gives b""."""

    def __init__(self, sock):
        self.sock = sock
        self.tls = None
        self.said_bye = False       # the peer sent a TLS close_notify
        sock.settimeout(PATIENCE)         # for sending to a peer that reads nothing
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def _ready(self, deadline):
        wait = max(0, deadline - time.monotonic())
        return bool(select.select([self.sock], [], [], wait)[0])

    def _receive_raw(self, deadline):
        if not self._ready(deadline):
            raise TimeoutError
        try:
            return self.sock.recv(65536)
        except ConnectionError:
            return b""

    def receive(self, seconds):
        """Some bytes, b"" at the end.  TimeoutError when none come."""
        deadline = time.monotonic() + seconds
        if self.tls is None:
            return self._receive_raw(deadline)
        while True:
            try:
                return self.tls.read(65536)
            except ssl.SSLWantReadError:
                raw = self._receive_raw(deadline)
                if not raw:
                    return b""
                self.incoming.write(raw)
            except ssl.SSLZeroReturnError:
                self.said_bye = True
                return b""
            except ssl.SSLError:
                return b""

    def send(self, data):
        """Send all of it.  ConnectionError when the peer is gone."""
        if self.tls is None:
            self.sock.sendall(data)
            return
        self.tls.write(data)
        self.sock.sendall(self.outgoing.read())

    def start_tls(self, context, seconds):
        """Handshake as the server.  Fails with ssl.SSLError."""
        deadline = time.monotonic() + seconds
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context.wrap_bio(self.incoming, self.outgoing, server_side=True)
        while True:
            try:
                tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                self._flush()
                raw = self._receive_raw(deadline)
                if not raw:
                    raise ssl.SSLError("the client went away") from None
                self.incoming.write(raw)
        self._flush()
        self.tls = tls

    def _flush(self):
        waiting = self.outgoing.read()
        if waiting:
            self.sock.sendall(waiting)

    def finish(self):
        """Send a FIN; receiving goes on."""
        try:
            self.sock.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def reset(self):
        """End with a RST, once the peer's system has all that was sent."""
        self._wait_while(self._unacknowledged)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                             struct.pack("ii", 1, 0))
        self.sock.close()

    def wait_read(self):
        """Until the peer's process has taken all that was sent."""
        self._wait_while(lambda: self._unacknowledged() or self._unread())

    def _wait_while(self, condition):
        """Not longer than there is a connection."""
        deadline = time.monotonic() + PATIENCE
        while not self._is_closed() and condition() \
                and time.monotonic() < deadline:
            time.sleep(0.001)

    def _is_closed(self):
        """Whether a reset of the peer has come; nothing arrives then."""
        return self.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO,
                                    1)[0] == CLOSED

    def _unread(self):
        """Octets in the peer's queue; the peer is on this machine."""
        try:
            ours = self.sock.getpeername()[1], self.sock.getsockname()[1]
            with open("/proc/net/tcp", encoding="ascii") as lines:
                for line in list(lines)[1:]:
                    _, near, far, _, queues = line.split()[:5]
                    ports = (int(near.split(":")[1], 16),
                             int(far.split(":")[1], 16))
                    if ports == ours:
                        return int(queues.split(":")[1], 16)
        except OSError:
            pass
        return 0

    def _unacknowledged(self):
        count = fcntl.ioctl(self.sock, termios.TIOCOUTQ, b"\0" * 4)
        return struct.unpack("i", count)[0]

    def close(self):
        self.sock.close()
