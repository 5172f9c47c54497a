"""--configure: an account by SRV records, asked of a resolver of our own.

The program asks whom /etc/resolv.conf names, so each run has a mount and a
network namespace of its own, in which this file is the server, too.
"""

import json
import os
import socket
import struct
import subprocess
import sys
from pathlib import Path

import pytest

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
    conf.write_text("nameserver 127.0.0.1\n")
    subprocess.run(["mount", "--bind", conf,
                    os.path.realpath("/etc/resolv.conf")], check=True)
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 53))
    child = os.fork()
    if child == 0:
        server.close()
        os.execv(argv[0], argv)
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


@pytest.fixture(scope="module")
def resolver():
    if not possible():
        pytest.skip("no namespaces of one's own here")


def configure(program, zone, address):
    return subprocess.run(
        [*UNSHARE, sys.executable, __file__, "--inside", json.dumps(zone),
         str(program.home), program.path, f"--configure={address}"],
        env=program.environment(), cwd=program.home, stdin=subprocess.DEVNULL,
        capture_output=True, timeout=90, check=False)


def settings(result):
    return [line for line in result.stdout.decode().splitlines()
            if not line.startswith("#")]


TLS = "_submissions._tcp.example.com"
PLAIN = "_submission._tcp.example.com"
ROWS = [
    ("implicit TLS first",
     {TLS: [(0, 1, 465, "mail.example.com")],
      PLAIN: [(0, 1, 587, "other.example.com")]},
     ["host mail.example.com", "port 465", "tls on", "tls_starttls off",
      "auth on"]),
    ("then STARTTLS", {PLAIN: [(0, 1, 587, "mail.example.com")]},
     ["host mail.example.com", "port 587", "tls on", "tls_starttls on",
      "auth on"]),
    ("no service with TLS", {TLS: [(0, 0, 0, ".")],
                             PLAIN: [(0, 1, 587, "mail.example.com")]},
     ["host mail.example.com", "port 587", "tls on", "tls_starttls on",
      "auth on"]),
    ("priority and weight",
     {TLS: [(9, 9, 1, "a.example.com"), (5, 1, 2, "b.example.com"),
            (5, 7, 3, "c.example.com")]},
     ["host c.example.com", "port 3", "tls on", "tls_starttls off",
      "auth on"]),
    ("a provider",
     {TLS: [(0, 1, 465, "email-smtp.eu-west-1.amazonaws.com")]},
     ["provider ses", "region eu-west-1", "port 465", "tls_starttls off"]),
    ("the other one",
     {PLAIN: [(0, 1, 587,
               "smtp.email.eu-frankfurt-1.oci.oraclecloud.com")]},
     ["provider oci", "region eu-frankfurt-1", "port 587",
      "tls_starttls on"]),
    ("another endpoint of a provider",
     {TLS: [(0, 1, 465, "email-smtp-fips.us-east-1.amazonaws.com")]},
     ["provider ses", "region us-east-1",
      "host email-smtp-fips.us-east-1.amazonaws.com", "port 465",
      "tls_starttls off"]),
]


@pytest.mark.parametrize("zone,lines", [row[1:] for row in ROWS],
                         ids=[row[0] for row in ROWS])
def test_account(program, resolver, zone, lines):
    result = configure(program, zone, "user@example.com")
    assert (result.returncode, result.stderr) == (0, b"")
    user = [] if lines[0].startswith("provider") else [
        "user user@example.com"]
    assert settings(result) == ["account default", *lines,
                                "from user@example.com", *user]
    # Nobody vouches for what DNS says.
    host = next(iter(zone.values()))[0][3]
    outside = host != "." and not host.endswith(".example.com")
    assert (b"is it the right one?" in result.stdout) == outside
    # What is printed is an account.
    conf = program.home / "conf"
    conf.write_bytes(result.stdout)
    shown = program.run([f"--file={conf}", "-P"])
    assert (shown.code, shown.err) == (0, b"")


@pytest.mark.parametrize("zone,code,text", [
    ({"x": 3}, 68, b"no SRV record"),
    ({TLS: [], PLAIN: []}, 68, b"no SRV record"),
    ({TLS: [(0, 0, 0, ".")], PLAIN: [(0, 0, 0, ".")]}, 68, b"no SRV record"),
    ({TLS: 2}, 75, b"_submissions._tcp.example.com"),
    ({TLS: [(0, 1, 0, "mail.example.com")]}, 68, b"no SRV record"),
])
def test_nothing_found(program, resolver, zone, code, text):
    result = configure(program, zone, "user@example.com")
    assert (result.returncode, result.stdout) == (code, b"")
    assert text in result.stderr and result.stderr.count(b"\n") == 1


def test_a_domain_in_unicode(program, resolver):
    zone = {"_submissions._tcp.xn--bcher-kva.example":
            [(0, 1, 465, "mail.xn--bcher-kva.example")]}
    result = configure(program, zone, "user@b\u00fccher.example")
    assert result.returncode == 0
    assert "host mail.xn--bcher-kva.example" in settings(result)


@pytest.mark.parametrize("address", ["User <user@example.com>",
                                     "user@example.com (User)",
                                     "user@example.com\n"])
def test_what_stands_around_an_address_is_no_setting(program, resolver,
                                                     address):
    zone = {TLS: [(0, 1, 465, "mail.example.com")]}
    result = configure(program, zone, address)
    assert result.returncode == 0
    assert settings(result)[-2:] == ["from user@example.com",
                                     "user user@example.com"]


@pytest.mark.parametrize("address", ["", "user", "@example.com", "user@",
                                     "a@b.example, c@d.example",
                                     "user@exam ple.com"])
def test_no_address(program, address):
    result = program.run([f"--configure={address}"])
    assert (result.code, result.out) == (65, b"")
    assert b"not an address with a domain" in result.err


if __name__ == "__main__":
    if sys.argv[1] == "--try":
        loopback_up()
        sys.exit(0)
    sys.exit(inside(sys.argv[2], sys.argv[3], sys.argv[4:]))
