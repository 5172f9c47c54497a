"""A tap on the wire: forwards one TCP port to another and keeps every byte.

    with Tap(emulator.port) as tap:
        ... a client connects to tap.port ...
    tap.sent        all the client has sent, in order
    tap.flights     the same, cut where the server spoke in between

What TLS hides stays hidden; `Records` counts what can be seen of it.
"""

import socket

from real.way import Way

HANDSHAKE, ALERT, CHANGE_CIPHER, APPLICATION = 22, 21, 20, 23
# TLS 1.3 hides an alert among the application records: two octets, the type
# and a tag of 16. The shortest command that matters is longer by itself.
HIDDEN_ALERT = 2 + 1 + 16


class Records:
    """The TLS records in a stream: (type, length) of each."""

    def __init__(self, stream):
        self.records = []
        self.rest = bytes(stream)
        while len(self.rest) >= 5:
            length = int.from_bytes(self.rest[3:5], "big")
            if self.rest[1] != 3 or len(self.rest) < 5 + length:
                break
            self.records.append((self.rest[0], length))
            self.rest = self.rest[5 + length:]

    def of(self, kind):
        return [length for one, length in self.records if one == kind]

    def said_nothing(self):
        """Whether no record can hold application data.

        That is a proof for both versions: TLS 1.2 marks such records, and in
        TLS 1.3 nothing but an alert is as short as the one record allowed.
        """
        application = self.of(APPLICATION)
        return not self.rest and application in ([], [HIDDEN_ALERT])


class Tap(Way):
    """Forwards connections to a loopback port, one after the other."""

    def __init__(self, target):
        super().__init__(socket.create_server(("127.0.0.1", 0)))
        self.port = self._listener.getsockname()[1]
        self.target = target
        self.sent = bytearray()
        self.received = bytearray()
        self.flights = []
        self._server_spoke = True

    def serve(self, client):
        with socket.create_connection(("127.0.0.1", self.target)) as server:
            for one in (client, server):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.forward(client, server)

    def seen(self, from_client, data):
        if not from_client:
            self.received += data
            self._server_spoke = True
            return
        if self._server_spoke:
            self.flights.append(b"")
            self._server_spoke = False
        self.sent += data
        self.flights[-1] += data

    def clear_part(self):
        """What the client sent before TLS, and the rest."""
        at = self.sent.find(b"\x16\x03")
        if at < 0:
            return bytes(self.sent), b""
        return bytes(self.sent[:at]), bytes(self.sent[at:])
