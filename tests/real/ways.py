"""Ways to a server other than a plain TCP connection, for one test each.

    with Socks({"mail.example.com": emulator.port}) as proxy:
        ... a client connects to proxy.port and asks for a name or address
    proxy.requests      what was asked for: (kind, host, port)

    with UnixSocket(path, emulator.port):
        ... a client connects to path
"""

import os
import socket
import struct

from real.way import Way

V4, NAME, V6 = 1, 3, 4


def exactly(sock, size):
    """So many octets; less means that the peer has gone."""
    data = b""
    while len(data) < size:
        more = sock.recv(size - len(data))
        if not more:
            raise EOFError(f"{len(data)} of {size} octets")
        data += more
    return data


class UnixSocket(Way):
    """A socket at `path` that leads to a port of loopback."""

    def __init__(self, path, port):
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(path))
        listener.listen(5)
        super().__init__(listener)
        self._port = port

    def serve(self, client):
        with socket.create_connection(("127.0.0.1", self._port)) as server:
            self.forward(client, server)


class Socks(Way):
    """A SOCKS5 proxy (RFC 1928) that knows these hosts: name -> port.

    `refuses` is the code it answers with; `says` is a pair of what it says
    instead, to the methods and to the request, and then closes; `hangs` the
    one ("method" or "reply") that it never gives; `bound` the address it
    gives in its reply; `drips` says it octet by octet.
    """

    BOUND = {V4: b"\x01\x7f\0\0\x01", V6: b"\x04" + b"\0" * 15 + b"\x01",
             NAME: b"\x03\x09localhost"}

    def __init__(self, hosts, host="127.0.0.1", refuses=0, says=None,
                 hangs=None, bound=V4, drips=False):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__(socket.create_server((host, 0), family=family))
        self.port = self._listener.getsockname()[1]
        self.requests = []
        self.peers = []
        self._hosts = hosts
        self._refuses = refuses
        self._says = says
        self._hangs = hangs
        self._bound = bound
        self._drips = drips

    def serve(self, client):
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.peers.append(client.getpeername()[0])
        version, count = exactly(client, 2)
        methods = exactly(client, count)
        assert (version, methods) == (5, b"\0")
        if not self._answer(client, "method", b"\x05\0"):
            return
        kind, host, port = self._read_request(client)
        self.requests.append((kind, host, port))
        code = self._refuses if host in self._hosts else 4
        reply = bytes([5, code, 0]) + self.BOUND[self._bound] + b"\x11\x22"
        if not self._answer(client, "reply", reply) or code:
            return
        with socket.create_connection(
                ("127.0.0.1", self._hosts[host])) as server:
            self.forward(client, server)

    def _answer(self, client, stage, reply):
        """Whether the client was told what it should be told."""
        if self._hangs == stage:
            self.hang()
            return False
        said = self._says and self._says[stage == "reply"]
        if said is not None:
            reply = said
        step = 1 if self._drips else max(len(reply), 1)
        for at in range(0, len(reply), step):
            client.sendall(reply[at:at + step])
        return said is None

    @staticmethod
    def _read_request(client):
        version, command, reserved, kind = exactly(client, 4)
        assert (version, command, reserved) == (5, 1, 0)
        if kind == NAME:
            host = exactly(client, exactly(client, 1)[0]).decode("ascii")
        else:
            family = socket.AF_INET if kind == V4 else socket.AF_INET6
            host = socket.inet_ntop(
                family, exactly(client, 4 if kind == V4 else 16))
        return kind, host, struct.unpack("!H", exactly(client, 2))[0]


class Hole:
    """A port that takes no connection and refuses none: its queue is full."""

    def __init__(self, host, port):
        self._sockets = [socket.create_server((host, port), backlog=0)]
        for _ in range(8):
            one = socket.socket()
            one.setblocking(False)
            one.connect_ex((host, port))
            self._sockets.append(one)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for one in self._sockets:
            one.close()


def full_unix_socket(path):
    """A listener whose queue is full, with those that fill it."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(os.fspath(path))
    listener.listen(0)
    one = socket.socket(socket.AF_UNIX)
    one.connect(os.fspath(path))
    return listener, one
