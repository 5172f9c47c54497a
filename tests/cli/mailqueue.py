"""A relay and a spool for one test, and what stands in that spool.

The file format is that of src/spool/queuefile.h; what a test changes in a
file by hand (times, mostly) gets its checksums anew.
"""

import json
import re
import time

from relay import Relay
from run import PATIENCE

MESSAGE = b"To: one@example.net\nSubject: s\n\nbody\n"
DEAD_PORT = 1
PLACES = ("tmp", "new", "hold", "failed")


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

    def configure(self, **settings):
        """The account file with these lines changed; None takes one out."""
        self.relay.write({**self.relay.lines, **settings})

    def send(self, args=("-t",), message=MESSAGE, **more):
        return self.relay.send(list(args), message, **more)

    def run(self, *args):
        return self.relay.send(["-q", *args], b"")

    def call(self, *args):
        """No message: a look into the spool, or a change of it."""
        return self.relay.send(list(args), b"")

    def keep(self, *messages, args=("-t",)):
        """Puts messages into the spool; their ids, in order."""
        self.configure(port=DEAD_PORT)
        found = []
        for message in messages or (MESSAGE,):
            before = set(self.names())
            result = self.send(args, message)
            assert (result.code, result.err) == (0, b""), result
            found += set(self.names()) - before
        self.configure()
        return found

    def keep_as_is(self, args, message=MESSAGE):
        """The same for one message, the account file left alone."""
        before = set(self.names())
        text = self.relay.conf.read_text()
        self.relay.conf.write_text(re.sub(r"(?m)^port .*$",
                                          f"port {DEAD_PORT}", text))
        assert self.send(args, message).code == 0
        self.relay.conf.write_text(text)
        return sorted(set(self.names()) - before)

    def names(self, place="new"):
        folder = self.spool / place
        return sorted(path.name for path in folder.iterdir()) \
            if folder.exists() else []

    def everything(self):
        """The number of files of each place where there are some."""
        return {place: len(self.names(place)) for place in PLACES
                if self.names(place)}

    def json(self):
        result = self.call("--queue-json")
        assert (result.code, result.err) == (0, b"")
        return json.loads(result.out.decode())

    def letters(self, name):
        """Addresses and states of a message."""
        entry, = [one for one in self.json() if one["id"] == name]
        return {one["address"].split("@")[0]: one["state"]
                for one in entry["recipients"]}

    def make_due(self, when=0):
        """As if the wait were over: both slots say that it is."""
        for path in (self.spool / "new").iterdir():
            rewrite_slots(path, {b"next": when})

    def make_due_but(self, *names):
        for path in (self.spool / "new").iterdir():
            if path.name not in names:
                rewrite_slots(path, {b"next": 0})

    def age(self, seconds):
        """As if they had come earlier, or later."""
        for path in (self.spool / "new").iterdir():
            change_head(path, b"created", seconds)

    def set_letters(self, name, letters, place="new"):
        path = self.spool / place / name
        data = path.read_bytes()
        path.write_bytes(data[:1536] + letters + data[1536 + len(letters):])

    def wait_for(self, condition, seconds=PATIENCE):
        """What a process that nobody waits for brings about."""
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, self.everything()
            time.sleep(0.02)


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


def change_text(path, key, value):
    """Another text in the envelope, of any length."""
    data = path.read_bytes()
    n = int(re.search(rb"head=([0-9a-f]{8})", data)[1], 16)
    text = b"".join(b"%%%02x" % byte if byte < 32 or byte > 126 or
                    byte == ord("%") else bytes([byte]) for byte in value)
    head = re.sub(rb"^" + key + rb" .*$", lambda _: key + b" " + text,
                  data[4096:4096 + n], count=1, flags=re.MULTILINE)
    first = re.sub(rb"head=([0-9a-f]{8}):[0-9a-f]{8}",
                   b"head=%08x:%08x" % (len(head), crc32c(head)), data[:512])
    path.write_bytes(first + data[512:4096] + head + data[4096 + n:])
