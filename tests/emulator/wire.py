"""One connection as a stream of octets, in clear or inside TLS.

TLS runs over memory buffers instead of asyncio's transports, because the tests
need what those hide: which octets came in clear after STARTTLS, whether the
client ended TLS properly, and a close without close_notify or with a reset.
"""

import asyncio
import socket
import ssl
import struct

CHUNK = 256 * 1024
CLEAR_KEPT = 64 * 1024
LINGER = 20.0    # seconds to wait for the client's end after ours


class Hangup(Exception):
    """Ends a session: with a TCP reset, with TLS's close_notify, or plainly."""

    def __init__(self, why, reset=False, bye=False):
        super().__init__(why)
        self.reset = reset
        self.bye = bye


def server_context(policy, chain, key):
    """The TLS settings of a policy, as an SSLContext."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    low, high = {"1.2": (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_2),
                 "1.3": (ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_3),
                 "both": (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3),
                 }[policy.tls]
    context.minimum_version, context.maximum_version = low, high
    if policy.ciphers:
        context.set_ciphers(policy.ciphers)
    context.load_cert_chain(chain, key)
    if policy.client_ca:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(policy.client_ca)

    def note_name(ssl_object, name, _context):
        ssl_object.requested_name = name

    context.sni_callback = note_name
    return context


class Wire:
    """Input is collected in `buffer`; nothing is read ahead of fill()."""

    def __init__(self, sock):
        self._sock = sock
        self._loop = asyncio.get_running_loop()
        self._tls = None
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self.buffer = bytearray()
        self.clear = bytearray()     # the first octets that came in clear
        self.close_notify = False
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    @property
    def secure(self):
        return self._tls is not None

    async def fill(self):
        """Read until `buffer` has grown; False at the end of the stream."""
        size = len(self.buffer)
        while len(self.buffer) == size:
            if self._tls and self._decrypt():
                return len(self.buffer) > size
            if len(self.buffer) > size:
                return True
            data = await self._loop.sock_recv(self._sock, CHUNK)
            if not data:
                return False
            self._take(data)
        return True

    def poll(self):
        """Take in what has arrived already, without waiting."""
        try:
            data = self._sock.recv(CHUNK)
        except (BlockingIOError, ConnectionError):
            return
        if data:
            self._take(data)
            if self._tls:
                try:
                    self._decrypt()
                except ssl.SSLError:
                    pass             # fill() meets the same error again

    def _take(self, data):
        if self._tls:
            self._incoming.write(data)
            return
        self.buffer += data
        if len(self.clear) < CLEAR_KEPT:
            self.clear += data[:CLEAR_KEPT]

    def _decrypt(self):
        """Move plain octets into the buffer; True once the peer ended TLS."""
        while True:
            try:
                data = self._tls.read(CHUNK)
            except ssl.SSLWantReadError:
                return False
            except ssl.SSLZeroReturnError:
                data = b""
            if not data:
                self.close_notify = True
                return True
            self.buffer += data

    async def send(self, data):
        if self._tls:
            self._tls.write(data)
            data = self._outgoing.read()
        await self._loop.sock_sendall(self._sock, data)

    async def send_raw(self, data):
        """Octets below TLS: to disturb a handshake."""
        await self._loop.sock_sendall(self._sock, data)

    async def start_tls(self, context):
        """Do the server's handshake; what was buffered in clear is dropped."""
        self.buffer.clear()
        tls = context.wrap_bio(self._incoming, self._outgoing,
                               server_side=True)
        tls.requested_name = None
        try:
            while not await self._handshake_step(tls):
                data = await self._loop.sock_recv(self._sock, CHUNK)
                if not data:
                    raise ConnectionError("closed during the handshake")
                self._incoming.write(data)
        finally:
            await self._flush()      # the last flight or the alert
        self._tls = tls
        return tls

    async def _handshake_step(self, tls):
        try:
            tls.do_handshake()
            return True
        except ssl.SSLWantReadError:
            await self._flush()
            return False

    async def _flush(self):
        data = self._outgoing.read()
        if data:
            await self._loop.sock_sendall(self._sock, data)

    async def close(self, bye=False):
        """End the connection in order and wait a little for the client's end.

        Closing while octets of the client are unread would make the kernel
        send a reset, which can destroy the last reply before it is read.
        """
        try:
            async with asyncio.timeout(LINGER):
                if bye and self._tls:
                    self._end_tls()
                    await self._flush()
                self._sock.shutdown(socket.SHUT_WR)
                while data := await self._loop.sock_recv(self._sock, CHUNK):
                    self._take_late(data)
        except (OSError, TimeoutError):
            pass
        finally:
            self._sock.close()

    def _take_late(self, data):
        """Watch for the client's close_notify after the last reply."""
        if not self._tls:
            self.buffer += data[:CLEAR_KEPT]
            return
        self._incoming.write(data)
        try:
            self._decrypt()
        except ssl.SSLError:
            pass

    def _end_tls(self):
        try:
            self._tls.unwrap()
        except ssl.SSLError:
            pass                     # it wants the peer's answer; not needed

    def reset(self):
        """End the connection at once with a TCP reset."""
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                              struct.pack("ii", 1, 0))
        self._sock.close()

    def abandon(self):
        """Close without ceremony; nothing happens when it is closed."""
        self._sock.close()
