"""A server in a thread that leads its clients on to another one."""

import contextlib
import select
import socket
import threading

from run import PATIENCE

CHUNK = 256 * 1024


class Way:
    """A listener that serves one connection after the other.

    A subclass says how in serve(client), most often by forward(); seen() is
    told what passes there.
    """

    def __init__(self, listener):
        self._listener = listener
        self._stop, self._stopped = socket.socketpair()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self.connections = 0

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.close()
        self._thread.join(PATIENCE)
        for one in (self._listener, self._stopped):
            one.close()
        if self._thread.is_alive():
            raise RuntimeError("the way did not come to an end")

    def _serve(self):
        while True:
            ready, _, _ = select.select([self._listener, self._stopped],
                                        [], [])
            if self._stopped in ready:
                return
            client = self._listener.accept()[0]
            self.connections += 1
            with client, contextlib.suppress(OSError, EOFError):
                client.settimeout(PATIENCE)
                self.serve(client)

    def hang(self):
        """Until the test is over."""
        select.select([self._stopped], [], [])

    def forward(self, client, server):
        """Until both sides have ended, or the test has."""
        open_sides = [client, server]
        while open_sides:
            ready, _, _ = select.select([*open_sides, self._stopped], [], [])
            if self._stopped in ready:
                return
            for one in ready:
                other = server if one is client else client
                data = one.recv(CHUNK)
                if data:
                    self.seen(one is client, data)
                    other.sendall(data)
                else:
                    open_sides.remove(one)
                    other.shutdown(socket.SHUT_WR)

    def seen(self, from_client, data):
        """Before it is sent on."""
