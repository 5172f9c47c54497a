"""Listeners on loopback and the sessions they start."""

import asyncio
import socket

from .oci import Oci
from .personality import Personality
from .policy import FaultTable, OciPolicy, SesPolicy
from .session import Session
from .ses import Ses
from .store import Store
from .wire import Wire, server_context

MODES = ("starttls", "implicit", "plain")


def personality_of(policy):
    """The personality that the class of the policy stands for."""
    for kind, made in ((SesPolicy, Ses), (OciPolicy, Oci)):
        if isinstance(policy, kind):
            return made(policy)
    return Personality(policy)


class Emulator:
    """One provider account in one region, behind one listener for each mode.

    All listeners share accounts, counters, faults and the store.
    """

    def __init__(self, policy, chain=None, key=None, modes=("starttls",),
                 host="127.0.0.1"):
        unknown = set(modes) - set(MODES)
        if unknown:
            raise ValueError(f"no such mode: {unknown}")
        self.policy = policy
        self.personality = personality_of(policy)
        self.faults = FaultTable(policy.faults)
        self.store = Store()
        self.context = server_context(policy, chain, key) if chain else None
        if self.context is None and set(modes) != {"plain"}:
            raise ValueError("TLS needs a certificate chain and its key")
        self.ports = {}
        self.errors = []             # bugs of the emulator, never a client's
        self._modes = modes
        self._host = host
        self._sockets = []
        self._acceptors = []
        self._sessions = set()
        self._talking = 0            # sessions that wait for no close only

    @property
    def port(self):
        """The port of the first listener."""
        return self.ports[self._modes[0]]

    async def start(self):
        """Bind one kernel-picked port for each mode and accept."""
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        for mode in self._modes:
            sock = socket.socket(family, socket.SOCK_STREAM)
            self._sockets.append(sock)
            sock.bind((self._host, 0))
            sock.listen(128)
            sock.setblocking(False)
            self.ports[mode] = sock.getsockname()[1]
            self._acceptors.append(
                asyncio.create_task(self._accept(sock, mode)))

    async def stop(self):
        """End listeners and sessions; nothing of them is left."""
        tasks = [*self._acceptors, *self._sessions]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for sock in self._sockets:
            sock.close()

    def is_crowded(self):
        """Whether the session that asks is one too many."""
        limit = self.policy.max_connections
        return limit is not None and self._talking > limit

    async def _accept(self, listener, mode):
        loop = asyncio.get_running_loop()
        while True:
            sock, peer = await loop.sock_accept(listener)
            sock.setblocking(False)
            record = self.store.new_session(peer[0], mode)
            session = Session(self, Wire(sock), record)
            self._talking += 1
            task = asyncio.create_task(session.run())
            self._sessions.add(task)
            task.add_done_callback(self._ended)

    def fell_silent(self):
        """A session has said its last word; a client may come back now."""
        self._talking -= 1

    def _ended(self, task):
        self._sessions.discard(task)
        if not task.cancelled() and task.exception():
            self.errors.append(task.exception())
