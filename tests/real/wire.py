"""A long wire on one machine: two network namespaces, a delay between them.

    with Wire(delay=0.05) as wire, ExitStack() as stack:    seconds one way
        server = Postfix(certificate, address=wire.server)  may download
        with wire.at_server():              what starts here stays there
            stack.enter_context(server)
        with wire.at_client():
            subprocess.run([...])           connects to wire.server
        trip, = wire.trips()                of the connections since then
        trip.round_trips, trip.seconds

Both ends are the kernel's TCP, so that Nagle's algorithm and delayed
acknowledgements show, which a proxy hides. at_client() and at_server() move
the calling thread alone; processes, threads and sockets that are made there
stay, whatever comes later. command() is for what is started elsewhere.

Round trips are counted by what waits for what (see Flow in wire_forward.py)
and not by the clock: a slow machine needs as many. wire.trips() waits until
what is on its way has arrived. Needs root, /dev/net/tun and ip(8), else it
raises Unavailable.
"""

import contextlib
import ctypes
import dataclasses
import json
import os
import subprocess
import sys
import time
from pathlib import Path

from real.packages import Unavailable
from real.wire_forward import ADDRESSES, CLONE_NEWNET, SYN

# A piece of a message is longer, and so is no command that follows one.
PIECE_MIN = 100


@dataclasses.dataclass
class Packet:
    """end: "client" or "server", which sent it; depth: crossings of the wire
    that had to be waited for, its own included; at: monotonic seconds."""
    end: str
    port: int
    at: float
    flags: int
    seq: int
    ack: int
    payload: int
    depth: int


@dataclasses.dataclass
class Trip:
    """One connection, from the client's SYN to the answer to the message.

    The message is the last thing of some length that the client sends, and the
    next thing that the server says is the answer to it.
    """
    packets: list
    delay: float

    def _from(self, end, longer_than=0):
        return [one for one in self.packets
                if one.end == end and one.payload > longer_than]

    @property
    def answer(self):
        """The packet with the reply to the message; None: there is none."""
        pieces = self._from("client", PIECE_MIN)
        sent = pieces[-1] if pieces else None
        return next((one for one in self._from("server")
                     if sent and one.depth > sent.depth), None)

    @property
    def round_trips(self):
        return (self.answer.depth + 1) // 2

    @property
    def seconds(self):
        """By the clock, until the answer is with the client."""
        return self.answer.at + self.delay - self.packets[0].at

    def __str__(self):
        """Every packet with its depth, for people."""
        start = self.packets[0].at
        return "\n".join(
            f"{one.at - start:7.3f} {one.depth:3} {one.end} "
            f"{one.payload:5} {one.flags:#04x}" for one in self.packets)


def _setns(descriptor):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(descriptor, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


class Wire:
    client, server = ADDRESSES

    def __init__(self, delay=0.05):
        if os.geteuid() != 0:
            raise Unavailable("network namespaces need root")
        self.delay = delay
        self._process = None
        self._namespaces = []

    def __enter__(self):
        forward = Path(__file__).with_name("wire_forward.py")
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(forward), str(self.delay)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True)
        line = self._process.stdout.readline()
        if not line:
            _, said = self._process.communicate()
            raise Unavailable("no namespaces with a wire: "
                              f"{said.strip().splitlines()[-1:]}")
        self._namespaces = [
            os.open(f"/proc/{self._process.pid}/fd/{number}", os.O_RDONLY)
            for number in json.loads(line)]
        return self

    def __exit__(self, *_):
        self._process.communicate()
        for one in self._namespaces:
            os.close(one)

    @contextlib.contextmanager
    def _inside(self, number):
        outside = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        try:
            _setns(self._namespaces[number])
            try:
                yield
            finally:
                _setns(outside)
        finally:
            os.close(outside)

    def at_client(self):
        """The calling thread is at the client's end, within the block."""
        return self._inside(0)

    def at_server(self):
        return self._inside(1)

    def command(self, end, command):
        """The command, to be run at "client" or "server" from anywhere."""
        number = self._namespaces[("client", "server").index(end)]
        return ["nsenter", f"--net=/proc/{os.getpid()}/fd/{number}", *command]

    def packets(self):
        """The packets of TCP since this was asked last."""
        time.sleep(2 * self.delay)
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return [Packet(**one)
                for one in json.loads(self._process.stdout.readline())]

    def trips(self):
        """A Trip for each connection that the client began since then."""
        found = {}
        for packet in self.packets():
            if packet.flags & SYN and packet.end == "client":
                found.setdefault(packet.port, Trip([], self.delay))
            if packet.port in found:
                found[packet.port].packets.append(packet)
        return list(found.values())
