"""The middle of a wire: what leaves one network namespace comes late to the
other. A process of its own, started by wire.py.

    wire_forward.py SECONDS         one way

It makes two namespaces with a TUN device in each and prints their descriptors
and devices. Each line on its standard input is answered with the packets of
TCP since the last one, as JSON; the end of the input ends it.
"""

import collections
import ctypes
import fcntl
import heapq
import itertools
import json
import os
import select
import struct
import subprocess
import sys
import time

CLONE_NEWNET = 0x40000000
TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
PACKET_MAX = 65536
FIN, SYN, RST, ACK = 1, 2, 4, 16
CLIENT, SERVER = 0, 1
ADDRESSES = ("192.0.2.1", "192.0.2.2")


def unshare_network():
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "unshare")


def make_end(own, other):
    """(namespace, tun) of a new namespace that reaches the other address."""
    unshare_network()
    tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(tun, TUNSETIFF,
                struct.pack("16sH", b"wire", IFF_TUN | IFF_NO_PI))
    # The second connection knows nothing of the first.
    with open("/proc/sys/net/ipv4/tcp_no_metrics_save", "w",
              encoding="ascii") as setting:
        setting.write("1")
    with open("/proc/sys/net/ipv6/conf/wire/disable_ipv6", "w",
              encoding="ascii") as setting:
        setting.write("1")
    for command in (["link", "set", "lo", "up"],
                    ["address", "add", own, "peer", other, "dev", "wire"],
                    ["link", "set", "wire", "up"]):
        subprocess.run(["ip", *command], check=True)
    return os.open("/proc/thread-self/ns/net", os.O_RDONLY), tun


class Packet:
    """What counts of a packet; None is made of what is not TCP over IPv4."""

    def __init__(self, raw, end):
        header = (raw[0] & 15) * 4
        total, = struct.unpack_from("!H", raw, 2)
        source, target, self.seq, self.ack = struct.unpack_from(
            "!HHII", raw, header)
        self.end = end
        self.ports = (source, target) if end == CLIENT else (target, source)
        self.flags = raw[header + 13]
        self.payload = total - header - (raw[header + 12] >> 4) * 4
        self.at = time.monotonic()
        self.depth = 0

    @classmethod
    def of(cls, raw, end):
        return cls(raw, end) if raw[0] >> 4 == 4 and raw[9] == 6 else None

    def speaks(self):
        return self.payload > 0 or self.flags & (SYN | FIN | RST)

    def as_json(self):
        return {"end": ("client", "server")[self.end], "port": self.ports[0],
                "at": self.at, "flags": self.flags, "seq": self.seq,
                "ack": self.ack, "payload": self.payload, "depth": self.depth}


class Flow:
    """How many crossings each end has waited for in one connection.

    A packet is one crossing deeper than all that its sender had been told.
    An acknowledgement tells nothing, unless the kernel was waiting for it: the
    first one of all, and one that packets answer in the same moment.
    """

    def __init__(self):
        self.known = [0, 0]
        self.is_open = False

    def leave(self, packet, answered=None):
        if answered and packet.payload:
            self._tell(packet.end, answered.depth)
        packet.depth = self.known[packet.end] + 1

    def arrive(self, packet):
        is_first = not self.is_open and packet.end == CLIENT and \
            not packet.flags & SYN
        self.is_open |= is_first
        if is_first or packet.speaks():
            self._tell(1 - packet.end, packet.depth)

    def _tell(self, end, depth):
        self.known[end] = max(self.known[end], depth)


class Forwarder:
    def __init__(self, tuns, delay):
        self.tuns = tuns
        self.delay = delay
        self.late = []          # (due, order, end it left, bytes, packet)
        self.order = itertools.count()
        self.flows = collections.defaultdict(Flow)
        self.seen = []

    def take_in(self, end, answered=None):
        """All that an end has sent."""
        while True:
            try:
                raw = os.read(self.tuns[end], PACKET_MAX)
            except BlockingIOError:
                return
            packet = Packet.of(raw, end)
            if packet:
                self.flows[packet.ports].leave(packet, answered)
                self.seen.append(packet)
            heapq.heappush(self.late, (time.monotonic() + self.delay,
                                       next(self.order), end, raw, packet))

    def give_out(self):
        """What is due; seconds until the next is, or None."""
        while self.late:
            left = self.late[0][0] - time.monotonic()
            if left > 0:
                return left
            _, _, end, raw, packet = heapq.heappop(self.late)
            # What has left before this arrives does not answer it.
            self.take_in(1 - end)
            os.write(self.tuns[1 - end], raw)
            if packet:
                self.flows[packet.ports].arrive(packet)
            is_ack = packet and not packet.speaks()
            self.take_in(1 - end, packet if is_ack else None)
        return None

    def run(self, orders):
        while True:
            ready, _, _ = select.select([*self.tuns, orders], [], [],
                                        self.give_out())
            for end, tun in enumerate(self.tuns):
                if tun in ready:
                    self.take_in(end)
            if orders in ready:
                if not orders.readline():
                    return
                print(json.dumps([one.as_json() for one in self.seen]),
                      flush=True)
                self.seen.clear()


def main():
    delay = float(sys.argv[1])
    ends = [make_end(ADDRESSES[end], ADDRESSES[1 - end]) for end in (0, 1)]
    namespaces, tuns = zip(*ends)
    print(json.dumps(namespaces), flush=True)
    # Unbuffered: select() sees what a buffer holds as nothing.
    Forwarder(tuns, delay).run(open(0, "rb", buffering=0))


if __name__ == "__main__":
    main()
