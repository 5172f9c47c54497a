"""The emulator for tests: its event loop runs in a thread of its own."""

import asyncio
import threading

from .server import Emulator

PATIENCE = 120      # seconds that nothing should ever take


class EmulatorThread:
    """An Emulator that a test starts, talks to and stops.

    Used as a context manager.  Leaving it ends every session and the thread,
    and raises what went wrong inside the emulator, so that a bug there does
    not pass for a property of the client.
    """

    def __init__(self, policy, chain=None, key=None, mode="starttls",
                 modes=None, host="127.0.0.1"):
        self.emulator = Emulator(policy, chain, key, modes or (mode,), host)
        self.host = host
        self.policy = policy
        self._thread = threading.Thread(target=self._run, daemon=True,
                                        name="emulator")
        self._ready = threading.Event()
        self._loop = None
        self._stopping = None
        self._error = None

    def start(self):
        self._thread.start()
        self._ready.wait(PATIENCE)
        if self._error:
            self._thread.join(PATIENCE)
            raise self._error
        return self

    def stop(self):
        """End it; raises if the thread hangs or the emulator had a bug."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join(PATIENCE)
        if self._thread.is_alive():
            raise RuntimeError("the emulator did not stop")
        for error in [*self.emulator.errors, self._error]:
            if error:
                raise error

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def _run(self):
        try:
            asyncio.run(self._main())
        except Exception as error:   # handed to start() or stop()
            self._error = error
        finally:
            self._ready.set()

    async def _main(self):
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        try:
            await self.emulator.start()
            self._ready.set()
            await self._stopping.wait()
        finally:
            await self.emulator.stop()

    @property
    def port(self):
        return self.emulator.port

    @property
    def ports(self):
        """Port by mode."""
        return self.emulator.ports

    @property
    def messages(self):
        """Delivered messages, oldest first."""
        return list(self.emulator.store.messages)

    @property
    def refused(self):
        """Messages that came whole and were refused, or lost by a fault."""
        return list(self.emulator.store.refused)

    @property
    def sessions(self):
        return list(self.emulator.store.sessions)

    @property
    def faults(self):
        return self.emulator.faults

    def settle(self, timeout=PATIENCE):
        """Wait until every session has ended, so that records are complete."""
        store = self.emulator.store
        if not store.wait(store.all_ended, timeout):
            raise TimeoutError("a session is still open")

    def wait_messages(self, count, timeout=PATIENCE):
        """Wait until `count` messages were delivered and return them."""
        store = self.emulator.store
        if not store.wait(lambda: len(store.messages) >= count, timeout):
            raise TimeoutError(f"{len(store.messages)} of {count} messages")
        return self.messages
