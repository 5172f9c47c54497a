"""Odd messages at random: whatever comes in, what goes out keeps the rules.

With LONG_TESTS in the environment there are many more.  A failure names its
seed and shows the smallest part of the message that still fails.
"""

import os
import quopri
import re

import pytest
from odd_messages import DROPPED, make

from desk import Desk
from mended import Meaning, broken_rules, split

SEED = 20240902
COUNT = 10000 if os.environ.get("LONG_TESTS") else 150
ARGS = ["-i", "-f", "sender@example.com", "user@example.net"]
SHOWN = 3


@pytest.fixture
def desk(request, binary, home, authority):
    with Desk(binary, home, authority, request.param) as made:
        yield made


def lines(octets):
    """A body with LF alone, and with a line end at its end."""
    text = re.sub(rb"\r+\n?", b"\n", octets)
    return text if text.endswith(b"\n") or not text else text + b"\n"


def plain(octets):
    """What is left when cut lines and what stood for NUL do not count."""
    return re.sub(rb"[\s\0]", b"", octets)


def is_same_body(given, content):
    """Whether a body means what was given: as it was, encoded, or cut."""
    body = split(content)[1]
    if lines(body) == given:
        return True
    label = rb"(?i)content-transfer-encoding: quoted-printable\r\n(\r\n)?"
    read = quopri.decodestring(re.sub(label, b"", body))
    return (plain(given) in (plain(read), plain(body))
            or _same_parts(given, content) or _outside(given, content))


def _outside(given, content):
    """No label covers what stands outside of the parts of a multipart."""
    return (Meaning(content).message.is_multipart()
            or b"multipart/" in content) and plain(
                re.sub(rb"[\x80-\xff]", b"?", given)) == plain(
                    split(content)[1])


def _same_parts(given, content):
    """Parts may have been encoded one by one; their labels count, too."""
    head = content[:content.index(b"\r\n\r\n") + 4]
    head = re.sub(rb"(?im)^content-transfer-encoding:.*\r\n", b"", head)
    before = Meaning(head + given.replace(b"\n", b"\r\n")).leaves()
    after = Meaning(content).leaves()
    return [plain(one) for one in before] == [plain(one) for one in after]


def complaint(desk, odd, wild):
    """The rule that one message breaks, or None."""
    result, arrived = desk.send(ARGS, odd.octets())
    if result.code != 0 or result.err or result.out:
        return f"exit {result.code}: {result.err!r}"
    if len(arrived) != 1:
        return f"{len(arrived)} messages"
    message, = arrived
    envelope = message.mail_from, message.rcpt_to
    if envelope != ("sender@example.com", ["user@example.net"]):
        return f"envelope {envelope}"
    found = broken_rules(message.content)
    if found:
        return ", ".join(found)
    fields, _ = split(message.content)
    names = [name.encode("latin-1") for name, _ in fields]
    if set(names) & set(DROPPED) or b"secret@" in b"".join(
            field for _, field in fields if b"Bcc: s" not in field):
        return f"Bcc: {fields}"
    read = [name.lower() for name in Meaning(message.content).message.keys()]
    if read != [name for name, _ in fields]:
        return f"a mail program reads other fields: {read}"
    if not wild:
        kept = odd.kept_fields(desk.eight_bit)
        stand = [field for _, field in fields if field in kept]
        if stand != kept:
            return f"fields {stand}, not {kept}"
    if odd.is_clear() and not is_same_body(odd.body_lines(), message.content):
        return f"body {split(message.content)[1][:300]!r}"
    return None


def smallest(desk, odd, wild):
    """The message without the pieces that do not matter."""
    for one in odd.smaller():
        if complaint(desk, one, wild):
            return smallest(desk, one, wild)
    return odd


def check(desk, wild, first):
    failed = []
    for seed in range(SEED + first, SEED + COUNT, 2):
        words = complaint(desk, make(seed, wild), wild)
        if words:
            failed.append((seed, words))
    told = [f"{len(failed)} failed"]
    for seed, words in failed[:SHOWN]:
        small = smallest(desk, make(seed, wild), wild)
        told += [f"seed {seed}: {words[:400]}",
                 f"    input {small.octets()[:600]!r}: "
                 f"{(complaint(desk, small, wild) or '')[:400]}"]
    assert not failed, "\n".join(told)
    assert not desk.violations()


@pytest.mark.parametrize("desk, first", [("generic", 0), ("seven", 1)],
                         indirect=["desk"])
def test_odd_messages(desk, first):
    check(desk, False, first)


@pytest.mark.parametrize("desk, first", [("generic", 0), ("seven", 1)],
                         indirect=["desk"])
def test_wild_messages(desk, first):
    check(desk, True, first)
