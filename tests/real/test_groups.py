"""The groups of the key exchange that the first message of TLS offers.

X25519 comes first, since it costs least, and P-256 gets a key, too, so that
no server asks for another. What the system's policy takes away stays away.
"""

import pytest
from emulator.policy import Policy
from emulator.thread import EmulatorThread

from real.accounts import assert_accepted, tls_lines
from real.tap import Tap

P256, P384, X25519 = 0x17, 0x18, 0x1d
GROUPS, KEY_SHARE = 10, 51
MESSAGE = b"Subject: x\n\nx\n"


class Reader:
    """Takes numbers and counted vectors (RFC 8446 section 3)."""

    def __init__(self, octets):
        self.rest = bytes(octets)

    def take(self, count):
        head, self.rest = self.rest[:count], self.rest[count:]
        assert len(head) == count
        return head

    def number(self, octets):
        return int.from_bytes(self.take(octets), "big")

    def vector(self, octets):
        return Reader(self.take(self.number(octets)))

    def __bool__(self):
        return bool(self.rest)


def extensions(stream):
    """Those of the client hello with which the stream begins (4.1.2)."""
    hello = Reader(Reader(stream[3:]).vector(2).rest)
    assert hello.number(1) == 1
    hello = hello.vector(3)
    hello.take(2 + 32)
    for length in (1, 2, 1):        # session, ciphers, compression
        hello.vector(length)
    found, rest = {}, hello.vector(2)
    while rest:
        number = rest.number(2)
        found[number] = rest.vector(2)
    return found


def offered(stream):
    """(groups, those for which a key is sent) in their order."""
    found = extensions(stream)
    listed, groups, shares = found[GROUPS].vector(2), [], []
    while listed:
        groups.append(listed.number(2))
    listed = found[KEY_SHARE].vector(2)
    while listed:
        shares.append(listed.number(2))
        listed.vector(2)
    return groups, shares


def hello(program, certificate, authority, env=None):
    with (EmulatorThread(Policy(), *certificate, mode="implicit") as emulator,
          Tap(emulator.port) as tap):
        conf = program.configure({"port": tap.port, **tls_lines("implicit", authority.ca_file)})
        assert_accepted(program.run([f"--file={conf}", "a@example.net"],
                                    MESSAGE, env))
        return offered(tap.sent)


def test_x25519_first(program, certificate, authority):
    groups, shares = hello(program, certificate, authority)
    assert shares == [X25519, P256]
    assert groups[0] == X25519 and groups.count(X25519) == 1
    assert {P256, P384} <= set(groups)


@pytest.mark.parametrize("policy, gone", [
    ("[overrides]\ndisabled-curve = x25519\n", X25519),
    ("[overrides]\ndefault-priority-string = NORMAL:-GROUP-X25519\n", X25519),
    ("[overrides]\ndefault-priority-string = NORMAL:-GROUP-SECP256R1\n",
     P256),
])
def test_policy_of_the_system(program, certificate, authority, tmp_path,
                              policy, gone):
    path = tmp_path / "gnutls.conf"
    path.write_text(policy)
    env = {"GNUTLS_SYSTEM_PRIORITY_FILE": str(path)}
    groups, shares = hello(program, certificate, authority, env)
    assert gone not in groups and gone not in shares
    assert groups[0] == (P256 if gone == X25519 else X25519)
    assert shares[0] == groups[0]
