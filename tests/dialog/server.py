"""A server on the loopback interface that plays one script to one client.

    with ScriptServer(steps, tls=(chain, key)) as server:
        ...run a client against server.port...
    server.report.problems      what was not as the script says
    server.report.transcript    who said what
    server.report.received      every byte of the client, decrypted

Everything has a deadline, and leaving the with block ends the thread.
"""

import dataclasses
import select
import socket
import ssl
import threading

from run import PATIENCE

from dialog.player import Player
from dialog.wire import Wire


@dataclasses.dataclass
class Report:
    problems: list = dataclasses.field(default_factory=list)
    transcript: list = dataclasses.field(default_factory=list)
    received: bytearray = dataclasses.field(default_factory=bytearray)
    lines: list = dataclasses.field(default_factory=list)
    connected: bool = False
    said_bye: bool = False      # the client ended TLS by close_notify

    def problem(self, text):
        self.problems.append(text)

    def note(self, who, data):
        self.transcript.append((who, bytes(data)))

    def __str__(self):
        lines = [f"  {who} {data!r}" for who, data in self.transcript]
        return "\n".join(lines) or ("  (nothing was said)" if self.connected
                                    else "  (no connection)")


class ScriptServer:
    """Plays `steps` to the first client; a second one is a problem.

    `tls` is (chain file, key file).  `slow` writes one byte at a time; `cut`
    is a variants.Cut.
    """

    def __init__(self, steps, tls=None, slow=False, cut=None):
        self.report = Report()
        self._context = self._make_context(tls) if tls else None
        self._play = (steps, slow, cut)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._stop, self._stopped = socket.socketpair()
        self._thread = threading.Thread(target=self._serve)

    @staticmethod
    def _make_context(tls):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*tls)
        return context

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *exception):
        self._stop.close()
        self._thread.join(2 * PATIENCE)
        if self._thread.is_alive():
            self.report.problem("the server did not come to an end")
        self._listener.close()
        self._stopped.close()

    def _accept(self):
        """The next connection, or None when the test is over."""
        ready, _, _ = select.select([self._listener, self._stopped], [], [])
        if self._listener in ready:
            return self._listener.accept()[0]
        return None

    def _serve(self):
        try:
            sock = self._accept()
            if sock is None:
                return
            self.report.connected = True
            steps, slow, cut = self._play
            with sock:
                Player(Wire(sock), self.report, self._context, slow,
                       cut).play(steps)
            again = self._accept()
            if again is not None:
                again.close()
                self.report.problem("the client connected a second time")
        except Exception as error:      # seen by the test, not lost
            self.report.problem(f"the server failed: {error!r}")
