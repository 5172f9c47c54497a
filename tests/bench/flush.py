#!/usr/bin/python3
"""How fast a queue empties over a long wire.

    tests/bench/flush.py [--program PATH] [--messages N] [--round-trip MS]

So many small messages wait for one relay on this machine, behind a wire that
holds every octet back by half the round trip. Printed are the connections
that were used and the messages a second: of the program, of the program with
one connection, of nullmailer (from its Debian package, unpacked beside the
system) and of msmtp's msmtpq, when they can be had. TLS and login are off, as
nullmailer does it; with them each connection costs several round trips more.
"""

import argparse
import asyncio
import contextlib
import dataclasses
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
for folder in (TESTS, TESTS / "lib", TESTS / "fault"):
    sys.path.insert(0, str(folder))

# These need the path set above.
import queues                                            # noqa: E402
from emulator.policy import Policy                       # noqa: E402
from emulator.thread import EmulatorThread               # noqa: E402
from real.packages import Unavailable                    # noqa: E402

SECONDS = 3600      # for one program


class Wire:
    """Forwards connections to a port, late by so many seconds each way."""

    def __init__(self, port, delay):
        self.target = port
        self.delay = delay
        self.connections = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._ready = threading.Event()

    def __enter__(self):
        self._thread.start()
        self._ready.wait(120)
        return self

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(120)

    def _run(self):
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(
            asyncio.start_server(self._accept, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        left = asyncio.all_tasks(self._loop)
        for task in left:
            task.cancel()
        self._loop.run_until_complete(
            asyncio.gather(*left, return_exceptions=True))
        self._loop.close()

    async def _accept(self, reader, writer):
        self.connections += 1
        # The handshake of TCP is a round trip, too.
        await asyncio.sleep(2 * self.delay)
        there, back = await asyncio.open_connection("127.0.0.1", self.target)
        await asyncio.gather(self._pass(reader, back),
                             self._pass(there, writer))

    async def _pass(self, reader, writer):
        late = asyncio.Queue()

        async def deliver():
            while True:
                due, data = await late.get()
                await asyncio.sleep(max(0, due - self._loop.time()))
                if not data:
                    break
                writer.write(data)
            writer.close()
        task = asyncio.ensure_future(deliver())
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                late.put_nowait((self._loop.time() + self.delay, data))
        late.put_nowait((self._loop.time() + self.delay, b""))
        with contextlib.suppress(OSError):
            await task


@dataclasses.dataclass
class Figure:
    name: str
    messages: int = 0
    connections: int = 0
    seconds: float = 0.0
    reason: str = ""        # why it was not measured

    @property
    def rate(self):
        """Messages a second."""
        return self.messages / self.seconds

    def __str__(self):
        if self.reason:
            return f"{self.name:12} not measured: {self.reason}"
        return (f"{self.name:12} {self.messages:6} messages "
                f"{self.connections:6} connections {self.seconds:8.1f} s "
                f"{self.rate:8.1f} messages/s")


def measure(name, delay, count, prepare):
    """prepare(relay) gives the command that empties the queue, and its
    surroundings; it may go on when the last message has gone."""
    with EmulatorThread(Policy(), mode="plain") as relay, \
            Wire(relay.port, delay) as wire:
        try:
            command, surroundings = prepare(queues.Relay(wire.port))
        except Unavailable as reason:
            return Figure(name, reason=str(reason))
        start = time.monotonic()
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True, **surroundings)
        try:
            while len(relay.messages) < count and \
                    time.monotonic() < start + SECONDS:
                if process.poll() is not None and \
                        len(relay.messages) < count:
                    time.sleep(4 * delay)
                    break
                time.sleep(0.01)
            seconds = time.monotonic() - start
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            process.wait()
        got = len(relay.messages)
        if got < count:
            return Figure(name, reason=f"{got} of {count} were sent")
        return Figure(name, got, wire.connections, seconds)


def compare(binary, count, delay, others=None):
    """A Figure for each program; the slow ones get fewer messages."""
    others = others or count
    with tempfile.TemporaryDirectory(prefix="flush-") as name:
        directory = Path(name)
        yield measure("postrider", delay, count,
                      queues.of_program(binary, directory, count))
        few = max(others, count // 10)
        yield measure("over one", delay, few, queues.of_program(
            binary, directory, few, queue_connections=1))
        yield measure("nullmailer", delay, others,
                      queues.of_nullmailer(directory, others))
        yield measure("msmtpq", delay, others,
                      queues.of_msmtpq(directory, others))


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--program", default=os.environ.get(
        "POSTRIDER", str(TESTS.parent / "build/src/app/postrider")))
    parser.add_argument("--messages", type=int, default=1000)
    parser.add_argument("--others", type=int, default=20,
                        help="messages for the other programs")
    parser.add_argument("--round-trip", type=float, default=100)
    args = parser.parse_args()
    print(f"round trip {args.round_trip:g} ms, no TLS, no login")
    for figure in compare(Path(args.program).absolute(), args.messages,
                          args.round_trip / 2000, args.others):
        print(figure, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
