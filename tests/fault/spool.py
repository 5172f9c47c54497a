"""A spool directory as a test sees it: places, letters, times.

The format is described in src/spool/queuefile.h.
"""

import fcntl
import re
import shutil
from pathlib import Path

PLACES = ("tmp", "new", "hold", "failed")
PAGE = 4096
SLOTS = (512, 1024)
LETTERS = 1536
ID = re.compile(r"[0-9a-km-np-y]{20}")


def _table():
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82f63b78 if byte & 1 else 0)
        table.append(byte)
    return table


TABLE = _table()


def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc = crc >> 8 ^ TABLE[(crc ^ byte) & 0xff]
    return crc ^ 0xffffffff


class Damaged(Exception):
    pass


def check(data):
    """The letters of a sound queue file; Damaged if it is none."""
    found = re.match(rb"postrider-spool 1 head=([0-9a-f]{8}):([0-9a-f]{8}) "
                     rb"body=([0-9a-f]{16}):([0-9a-f]{8}) rcpt=([0-9a-f]{4})"
                     rb"\n", data)
    if not found:
        raise Damaged("the first line")
    head_n, head_crc, body_n, body_crc, n = (int(x, 16)
                                             for x in found.groups())
    head = data[PAGE:PAGE + head_n]
    body = data[PAGE + head_n:]
    if len(body) != body_n or crc32c(head) != head_crc:
        raise Damaged("the envelope")
    if crc32c(body) != body_crc:
        raise Damaged("the message")
    if not n or not any(slot_counts(data, at) for at in SLOTS):
        raise Damaged("its progress")
    return data[LETTERS:LETTERS + n].decode("ascii")


def slot_counts(data, at):
    text = bytes(data[at:at + 512]).split(b"\0")[0]
    return bool(re.match(rb"[0-9a-f]{8} ", text)) and \
        int(text[:8], 16) == crc32c(text[8:])


def change_slots(data, values):
    """The same file with other numbers in the slots that count."""
    data = bytearray(data)
    for at in SLOTS:
        if not slot_counts(data, at):
            continue
        rest = bytes(data[at:at + 512]).split(b"\0")[0][8:]
        for key, value in values.items():
            rest = re.sub(rb"\n" + key + rb" \d+\n",
                          b"\n%s %d\n" % (key, value), rest)
        data[at:at + 512] = (b"%08x" % crc32c(rest) + rest).ljust(512, b"\0")
    return bytes(data)


def change_head(data, change):
    """The same file with another envelope; change() gets and gives it."""
    found = re.search(rb"head=([0-9a-f]{8}):([0-9a-f]{8})", data)
    n = int(found[1], 16)
    head = change(data[PAGE:PAGE + n])
    return (data[:found.start()]
            + b"head=%08x:%08x" % (len(head), crc32c(head))
            + data[found.end():PAGE] + head + data[PAGE + n:])


def older(data, seconds):
    """As if it had been handed in so much earlier."""
    return change_head(data, lambda head: re.sub(
        rb"\ncreated (\d+)\n",
        lambda m: b"\ncreated %d\n" % (int(m[1]) - seconds), head))


def new_name(number):
    """An id that counts."""
    digits = "0123456789abcdefghijkmnpqrstvwxy"
    text = ""
    for _ in range(19):
        text = digits[number % 32] + text
        number //= 32
    return "7" + text


def renamed(data, name):
    """The same message under another id."""
    return change_head(data, lambda head: re.sub(
        rb"\Aid [^\n]*\n", b"id " + name.encode() + b"\n", head))


def addressed(data, rcpt):
    """The same message to that recipient."""
    return change_head(data, lambda head: re.sub(
        rb"\nrcpt [^\n]*\n", b"\nrcpt " + rcpt.encode() + b"\n", head))


def overwrite(path, data):
    """In place, so that whoever has it open sees it."""
    with open(path, "r+b") as file:
        file.write(data)
        file.truncate()


class Spool:
    def __init__(self, path):
        self.path = Path(path)

    def wipe(self):
        shutil.rmtree(self.path, ignore_errors=True)

    def fill_from(self, other):
        self.wipe()
        shutil.copytree(other, self.path, symlinks=True)

    def files(self, *places):
        return sorted(path for place in places or PLACES
                      if (self.path / place).is_dir()
                      for path in (self.path / place).iterdir())

    def wait_for_runs(self):
        """Returns when nobody goes through the queue."""
        lock = self.path / "lock"
        if lock.exists():
            with open(lock, "rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX)

    def letters(self):
        """{id: letters} of the messages that were committed."""
        return {path.name: check(path.read_bytes())
                for path in self.files("new", "hold")}

    def waiting(self):
        """The same of those for which another try is due some day."""
        return {name: letters for name, letters in self.letters().items()
                if set(letters) & set("QU")}

    def make_due(self):
        for path in self.files("new"):
            overwrite(path, change_slots(path.read_bytes(), {b"next": 0}))

    def make_older(self, seconds):
        for path in self.files("new"):
            overwrite(path, older(path.read_bytes(), seconds))
