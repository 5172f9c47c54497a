"""The servers that every peer is measured against, all of one kind.

    with open_server("Postfix", certificate) as server:
        server.ports["implicit"], server.ports["starttls"]
        server.taken()          messages it has taken so far

Each drops what it has taken. Each offers AUTH PLAIN and LOGIN within TLS.
"""

import contextlib
import dataclasses
import re
import time
from typing import Callable

from emulator.policy import Account, Policy
from emulator.thread import EmulatorThread
from real import exim, packages, postfix

TAKE_SECONDS = 120

# What Postfix takes is gone when it has answered, so that its own deliveries
# do not compete with the next client.
DROP = {"smtpd_sasl_mechanism_filter": "plain, login",
        "smtpd_end_of_data_restrictions": "check_client_access static:discard"}
LISTENERS = {"smtps": {**postfix.LISTENERS["smtps"], **DROP},
             "submission": {**postfix.LISTENERS["submission"], **DROP}}
EXIM = {"smtps": (True, "NORMAL", True), "submission": (False, "NORMAL", True)}
MODES = {"implicit": "smtps", "starttls": "submission"}


@dataclasses.dataclass
class Server:
    name: str
    address: str
    ports: dict             # by mode
    count: Callable         # of messages
    connections: Callable   # of clients so far
    user: str = postfix.Postfix.user
    password: str = postfix.PASSWORD

    def taken(self):
        return self.count()

    def wait_taken(self, count):
        """Whether so many have come: a log is written when there is time."""
        deadline = time.monotonic() + TAKE_SECONDS
        while self.count() < count:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.005)
        return True


class Lines:
    """Counts words in a log that grows."""

    def __init__(self, path, **words):
        self._path = path
        self._words = {name: re.compile(word) for name, word in words.items()}
        self._counts = dict.fromkeys(words, 0)
        self._at = 0

    def count(self, name):
        if self._path.exists():
            with open(self._path, "rb") as log:
                log.seek(self._at)
                new = log.read()
            new = new[:new.rfind(b"\n") + 1]
            self._at += len(new)
            for one, word in self._words.items():
                self._counts[one] += len(word.findall(new))
        return self._counts[name]


def _by_mode(ports):
    return {mode: ports[listener] for mode, listener in MODES.items()}


@contextlib.contextmanager
def _postfix(certificate, address):
    with postfix.Postfix(certificate, LISTENERS, address=address) as server:
        lines = Lines(server.base / "log", taken=rb": discard: END-OF-MESSAGE",
                      connections=rb"smtpd\[\d+\]: connect from")
        yield Server("Postfix", address,
                     _by_mode(server.ports), lambda: lines.count("taken"),
                     lambda: lines.count("connections"))


@contextlib.contextmanager
def _exim(certificate, address):
    with exim.Exim(certificate, address, EXIM) as server:
        lines = Lines(server.base / "log/main", taken=rb" => blackhole ",
                      connections=rb" SMTP connection from .* count =")
        yield Server("Exim", address,
                     _by_mode(server.ports), lambda: lines.count("taken"),
                     lambda: lines.count("connections"), server.user)


@contextlib.contextmanager
def _emulator(certificate, address):
    policy = Policy(require_auth=True, accounts=[Account(
        postfix.Postfix.user, password=postfix.PASSWORD)])
    with EmulatorThread(policy, *certificate, modes=tuple(MODES),
                        host=address) as server:
        yield Server("the emulator", address, server.ports,
                     lambda: len(server.messages),
                     lambda: len(server.sessions))


PACKAGES = {"Postfix": "postfix", "Exim": exim.PACKAGE}
SERVERS = {"Postfix": _postfix, "Exim": _exim, "emulator": _emulator}


def fetch(name):
    """Have what it needs on this machine."""
    if name in PACKAGES:
        packages.unpacked(PACKAGES[name])


def versions():
    """(name, version of its Debian package) of each that can be had."""
    for name, package in PACKAGES.items():
        with contextlib.suppress(packages.Unavailable):
            fetch(name)
            yield name, packages.version(package)


def open_server(name, certificate, address="127.0.0.1"):
    """A context with the Server; raises Unavailable, with the reason."""
    return SERVERS[name](certificate, address)
