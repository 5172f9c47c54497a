"""What needs no mending arrives byte for byte, whoever relays it.

The corpus is made by rule (see corpus).  Every message goes to a plain server
and to both providers, with recipients on the command line and in the header,
and what arrived once arrives the same a second time.
"""

import os

import pytest
from corpus import messages

from desk import Desk

RECIPIENT = "user@example.net"
SENDER = "sender@example.com"
SHOWN = 5

# number of the message -> are its recipients in the header only
HOW = {
    "operand": lambda number: False,
    "header": lambda number: True,
    "turns": lambda number: number % 2 == 0,
    "other turns": lambda number: number % 2 == 1,
}

LONG = ([(kind, how) for kind in ("ses", "oci") for how in ("operand",
                                                            "header")]
        if os.environ.get("LONG_TESTS") else [])


@pytest.fixture
def desk(request, binary, home, authority):
    with Desk(binary, home, authority, request.param) as made:
        yield made


def difference(expected, arrived):
    """The first place where two texts differ, for people."""
    at = next((n for n, (a, b) in enumerate(zip(expected, arrived)) if a != b),
              min(len(expected), len(arrived)))
    begin = max(0, at - 40)
    return (f"at {at} of {len(expected)} and {len(arrived)}: expected "
            f"{expected[begin:at + 60]!r}, got {arrived[begin:at + 60]!r}")


def arguments(message, in_header):
    """(arguments, recipients) of one call."""
    if not in_header:
        return ["-i", "-f", SENDER, "--", RECIPIENT], [RECIPIENT]
    if message.people:
        return ["-i", "-f", SENDER, "-t"], list(message.people)
    return ["-ti", "-f", SENDER, RECIPIENT], [RECIPIENT]


def complaint(desk, message, in_header, octets):
    """What is wrong with one call, or None."""
    args, people = arguments(message, in_header)
    result, arrived = desk.send(args, octets)
    if (result.code, result.out, result.err) != (0, b"", b""):
        return f"exit {result.code}: {result.err.decode('utf-8', 'replace')}"
    if [one.reply[0] for one in arrived] != ["2"] * max(1, len(people) // 51):
        return f"{len(arrived)} messages"
    told = [one for each in arrived for one in each.rcpt_to]
    if sorted(told) != sorted(people):
        return f"recipients {told}, not {people}"
    for one in arrived:
        if one.mail_from != SENDER:
            return f"sender {one.mail_from}"
        if one.content != message.wire():
            return difference(message.wire(), one.content)
    return None


def check(desk, how, octets_of):
    """Send the whole corpus; fail with the first few that did not arrive."""
    failed = []
    for number, message in enumerate(messages()):
        if desk.name in message.only:
            words = complaint(desk, message, HOW[how](number),
                              octets_of(message))
            if words:
                failed.append(f"{message.name}: {words}")
    failed += [f"violation: {one}" for one in desk.violations()]
    assert not failed, "\n".join([f"{len(failed)} failed", *failed[:SHOWN]])


def test_corpus_is_varied_and_needs_nothing():
    """It is large, and no message breaks a rule that would call for mending."""
    rows = messages()
    assert len(rows) >= 250
    assert len({one.given() for one in rows}) == len(rows)
    for one in rows:
        lines = [*one.header, *one.body]
        assert max(map(len, lines)) <= 998, one.name
        assert not any({0, 10, 13} & set(line) for line in lines), one.name
        assert b"" not in one.header, one.name
        text = b"\n".join(one.header).lower()
        for name in (b"from", b"date", b"message-id"):
            assert (b"\n" + text).count(b"\n" + name + b":") == 1, one.name
        assert not one.header[0].startswith((b"From ", b">From ", b" "))
        if not all(map(bytes.isascii, one.body)):
            assert b"\ncontent-type:" in b"\n" + text, one.name


@pytest.mark.parametrize("desk, how", [("generic", "operand"), ("ses", "turns"),
                                       ("oci", "other turns"), *LONG],
                         indirect=["desk"])
def test_arrives_byte_for_byte(desk, how):
    check(desk, how, lambda message: message.given())


@pytest.mark.parametrize("desk, how", [("generic", "header"), *LONG],
                         indirect=["desk"])
def test_what_arrived_arrives_again(desk, how):
    check(desk, how, lambda message: message.wire())
