"""A server of one connection, inside TLS, that a test writes line by line."""

import socket
import ssl
import threading

from run import PATIENCE


class TlsServer(threading.Thread):
    """A subclass talks in talk(say, hear), which take and give a line each.

    `tls` are the paths of chain and key; `stream` is the connection.
    """

    def __init__(self, tls, newest=ssl.TLSVersion.MAXIMUM_SUPPORTED):
        super().__init__(daemon=True)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.maximum_version = newest
        self.context.load_cert_chain(*tls)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(PATIENCE)
        self.port = self.listener.getsockname()[1]
        self.heard = []
        self.stream = self._file = None

    def run(self):
        with self.listener:
            sock, _ = self.listener.accept()
        sock.settimeout(PATIENCE)
        with self.context.wrap_socket(sock, server_side=True) as self.stream:
            self._file = self.stream.makefile("rwb")
            self.talk(self._say, self._hear)

    def _say(self, text):
        self._file.write(text.encode() + b"\r\n")
        self._file.flush()

    def _hear(self):
        self.heard.append(self._file.readline().decode().rstrip("\r\n"))
        return self.heard[-1]
