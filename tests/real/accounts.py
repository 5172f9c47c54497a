"""Account settings for the servers of these tests, and what all sends leave.

The settings are for Program.configure(); a listener of Postfix is named as in
real.postfix.LISTENERS.
"""

import itertools
import os

_numbers = itertools.count(1)


def recipient():
    """An address that no other test of this run has used."""
    return f"to-{os.getpid()}-{next(_numbers)}@example.net"


def tls_lines(mode, ca_file):
    return {"tls": "on", "tls_trust_file": ca_file,
            "tls_starttls": "on" if mode == "starttls" else "off"}


def postfix_lines(postfix, listener, ca_file, **more):
    """An account at a listener that wants TLS and a password."""
    mode = "starttls" if listener.startswith("submission") else "implicit"
    return {"port": postfix.ports[listener], **tls_lines(mode, ca_file),
            "auth": "on", "user": postfix.user, "password": postfix.password,
            "timeout": "60", **more}


def plain_lines(postfix, listener, **more):
    """An account at a listener without TLS and password."""
    return {"port": postfix.ports[listener], "timeout": "60", **more}


def assert_same(found, wanted):
    """Equal octets; a difference of megabytes is told in one line."""
    if found == wanted:
        return
    at = next((i for i, (one, other) in enumerate(zip(found, wanted))
               if one != other), min(len(found), len(wanted)))
    near = slice(max(0, at - 30), at + 30)
    raise AssertionError(
        f"{len(found)} octets, {len(wanted)} wanted, differing at {at}: "
        f"{found[near]!r} for {wanted[near]!r}")


def assert_accepted(result, server_id=None):
    """Exit 0, silence, and one log line that says so; returns the line."""
    assert (result.code, result.out, result.err) == (0, b"", b"")
    assert len(result.log) == 1, result.log_bytes
    line = result.log[0]
    assert line["outcome"] == "ACCEPTED"
    assert line["exitcode"] == "EX_OK"
    if server_id:
        assert line["serverid"] == server_id
    return line


def assert_refused(result, code, outcome):
    """This exit code, one log line with this outcome, nothing on stdout."""
    assert (result.code, result.out) == (code, b""), result.err
    assert not result.timed_out
    assert len(result.log) == 1, result.log_bytes
    assert result.log[0]["outcome"] == outcome, result.log[0]
    return result.log[0]
