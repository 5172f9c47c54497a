"""A resolver of one test: the program asks whom /etc/resolv.conf names, so
each run has a mount and a network namespace of its own, in which this file is
the server, too.

    result = resolver.run(program, zone, ["--configure=user@example.com"])

`zone` maps a name to its SRV records or to an rcode; an empty one never
answers.
"""

import json
import os
import socket
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from run import PATIENCE

# As the C library has them, and patient beyond any limit of ours.
OPTIONS = "options timeout:30 attempts:5\n"

UNSHARE = ["unshare", "--map-root-user", "--mount", "--net"]


def possible():
    return subprocess.run(
        [*UNSHARE, sys.executable, __file__, "--try"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        check=False).returncode == 0


def labels(name):
    return b"".join(bytes([len(part)]) + part.encode()
                    for part in name.split(".") if part) + b"\0"


def answer(query, zone):
    """The reply to a query; `zone` maps a name to records or to an rcode."""
    end = query.index(b"\0", 12) + 5
    at, parts = 12, []
    while query[at]:
        parts.append(query[at + 1:at + 1 + query[at]].decode())
        at += 1 + query[at]
    found = zone.get(".".join(parts).lower(), 3)
    rcode, records = (found, []) if isinstance(found, int) else (0, found)
    body = b""
    for priority, weight, port, target in records:
        data = struct.pack(">3H", priority, weight, port) + labels(target)
        body += b"\xc0\x0c" + struct.pack(">2HIH", 33, 1, 60, len(data)) + data
    return (query[:2] + struct.pack(">5H", 0x8180 | rcode, 1, len(records),
                                    0, 0) + query[12:end] + body)


def loopback_up():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        import fcntl
        request = struct.pack("16sh14x", b"lo", 0x1 | 0x40)
        fcntl.ioctl(sock, 0x8914, request)      # SIOCSIFFLAGS


def inside(zone_text, work, argv):
    """In the namespaces: be the resolver, and run the program."""
    zone = json.loads(zone_text)
    loopback_up()
    conf = Path(work) / "resolv.conf"
    conf.write_text("nameserver 127.0.0.1\n" + ("" if zone else OPTIONS))
    subprocess.run(["mount", "--bind", conf,
                    os.path.realpath("/etc/resolv.conf")], check=True)
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 53))
    child = os.fork()
    if child == 0:
        server.close()
        os.execvp(argv[0], argv)
    os.close(0)
    server.settimeout(0.05)
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        try:
            query, peer = server.recvfrom(4096)
        except TimeoutError:
            continue
        if zone:
            server.sendto(answer(query, zone), peer)


def require():
    """Skips the test where it cannot be had."""
    if not possible():
        pytest.skip("no namespaces of one's own here")


def run(program, zone, args, stdin=b"", prefix=()):
    """A subprocess.CompletedProcess."""
    return subprocess.run(
        [*UNSHARE, sys.executable, __file__, "--inside", json.dumps(zone),
         str(program.home), *prefix, program.path, *args],
        env=program.environment(), cwd=program.home, input=stdin,
        capture_output=True, timeout=PATIENCE, check=False)


if __name__ == "__main__":
    if sys.argv[1] == "--try":
        loopback_up()
        sys.exit(0)
    sys.exit(inside(sys.argv[2], sys.argv[3], sys.argv[4:]))
