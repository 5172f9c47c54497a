"""The spool as a user meets it: what is kept, tried again, given up, told.

The relay is the emulated provider; the spool is a directory of the test's
own. What a kill or a full disk does stands in tests/fault.
"""

import re

import pytest
from emulator.policy import Fault

from relay import SENDER, Relay

MESSAGE = b"To: one@example.net\nSubject: s\n\nbody\n"


class Queue:
    """A relay and a spool, and what stands in it."""

    def __init__(self, program, authority, settings=None, provider="ses",
                 **policy):
        self.spool = program.home / "spool"
        self.relay = Relay(program, authority, provider,
                           {"spool": self.spool, "queue": "on_failure",
                            **(settings or {})}, **policy)
        self.program = program

    def __enter__(self):
        self.relay.__enter__()
        return self

    def __exit__(self, *args):
        self.relay.__exit__(*args)

    def send(self, args=("-t",), message=MESSAGE, **more):
        return self.relay.send(list(args), message, **more)

    def run(self, *args):
        return self.relay.send(["-q", *args], b"")

    def names(self, place="new"):
        folder = self.spool / place
        return sorted(path.name for path in folder.iterdir()) \
            if folder.exists() else []

    def make_due(self):
        """As if the wait were over: both slots say that it is."""
        for path in (self.spool / "new").iterdir():
            rewrite_slots(path, {b"next": 0})

    def age(self, seconds):
        for path in (self.spool / "new").iterdir():
            change_head(path, b"created", seconds)


def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
    return crc ^ 0xffffffff


def rewrite_slots(path, values):
    data = bytearray(path.read_bytes())
    for at in (512, 1024):
        text = bytes(data[at:at + 512]).split(b"\0")[0]
        if not text:
            continue
        rest = text[8:]
        for key, value in values.items():
            rest = re.sub(rb"\n" + key + rb" \d+\n",
                          b"\n%s %d\n" % (key, value), rest)
        text = b"%08x" % crc32c(rest) + rest
        data[at:at + 512] = text.ljust(512, b"\0")
    path.write_bytes(data)


def change_head(path, key, less):
    """Takes so much off a number of the envelope."""
    data = path.read_bytes()
    n = int(re.search(rb"head=([0-9a-f]{8})", data)[1], 16)
    head = data[4096:4096 + n]
    changed = re.sub(rb"\n" + key + rb" (\d+)\n", lambda m:
                     b"\n%s %d\n" % (key, int(m[1]) - less), head)
    assert len(changed) == n
    first = re.sub(rb"head=([0-9a-f]{8}):[0-9a-f]{8}",
                   b"head=%08x:%08x" % (n, crc32c(changed)), data[:512])
    path.write_bytes(first + data[512:4096] + changed + data[4096 + n:])


def test_without_a_queue_nothing_is_kept(program, authority):
    with Queue(program, authority, {"queue": "off", "port": 1}) as queue:
        assert queue.send().code == 75
        assert not queue.spool.exists()


@pytest.mark.parametrize("when", ["on_failure", "always"])
def test_nobody_listens(program, authority, when):
    with Queue(program, authority, {"queue": when}) as queue:
        port = queue.relay.lines.pop("port")
        queue.relay.write({**queue.relay.lines, "port": 1})
        result = queue.send()
        assert (result.code, result.out, result.err) == (0, b"", b"")
        name, = queue.names()
        line = result.log[-1]
        assert line["outcome"] == "NOT-SENT" and line["queue"] == name
        assert line["exitcode"] == "EX_OK"
        # Not due yet.
        queue.relay.write({**queue.relay.lines, "port": port})
        assert queue.run().code == 0
        assert queue.names() == [name] and not queue.relay.messages
        queue.make_due()
        result = queue.run()
        assert (result.code, result.out, result.err) == (0, b"", b"")
        assert queue.names() == []
        stored, = queue.relay.messages
        assert stored.mail_from == SENDER
        assert stored.rcpt_to == ["one@example.net"]
        assert stored.content.endswith(b"Subject: s\r\n\r\nbody\r\n")
        assert result.log[-1]["outcome"] == "ACCEPTED"
        assert result.log[-1]["queue"] == name
        assert result.log[-1]["msgid"] == line["msgid"]


def test_always_leaves_nothing_behind(program, authority):
    with Queue(program, authority, {"queue": "always"}) as queue:
        assert queue.send().code == 0
        assert len(queue.relay.messages) == 1
        for place in ("tmp", "new", "hold", "failed"):
            assert queue.names(place) == []


@pytest.mark.parametrize("when", ["on_failure", "always"])
def test_refused_for_good_is_told_and_not_kept(program, authority, when):
    with Queue(program, authority, {"queue": when}, faults=[
            Fault("body-end", reply="554 Transaction failed: Nothing")]
            ) as queue:
        result = queue.send()
        assert result.code in (65, 69)
        assert b"Transaction failed" in result.err
        assert queue.names() == []


@pytest.mark.parametrize("when", ["on_failure", "always"])
def test_dead_credentials_keep_the_mail(program, authority, when):
    with Queue(program, authority, {"queue": when, "password": "B" * 44}
               ) as queue:
        assert queue.send().code == 0
        assert len(queue.names()) == 1
        queue.make_due()
        assert queue.run().code == 0
        assert len(queue.names()) == 1
        queue.relay.write({**queue.relay.lines, "port":
                           queue.relay.emulator.port,
                           "password": Relay.__init__.__globals__[
                               "SES_SECRET"]})
        queue.make_due()
        assert queue.run().code == 0
        assert queue.names() == []
        assert len(queue.relay.messages) == 1
