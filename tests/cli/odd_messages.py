"""Messages of odd pieces, put together at random from a seed.

    message = make(seed, wild=True)
    message.octets()      # standard input
    message.reference()   # what must be left of it

`wild` messages also have NUL, lines above 998 octets and CR anywhere; of the
others the fields that stay are known exactly.
"""

import dataclasses
import random
import re

FIELDS = [
    b"From: sender@example.com", b"From: root (Root)", b"To: a@example.net",
    b"To: root, Web <www>", b"Cc: G: a, b@example.net;", b"To:", b"Subject:",
    b"Subject: one", b"Subject : two", b"Subject:\n folded",
    b"Date: Mon, 2 Sep 2024 10:11:12 +0200", b"Date:", b"Message-ID: <a@b.c>",
    b"Bcc: secret@example.org", b"Bcc: a,\n\tsecret@example.org", b"bCC:",
    b"Bcc : secret@example.org", b"Resent-Bcc: secret@example.org",
    b"Return-Path: <x@example.org>", b"Content-Length: 3", b"Sender: root",
    b"Reply-To: a@example.net", b"Reply-To: help", b"X-A: 1",
    b"X-B:2", b"X-C:\n \n ", b"X-D: \t ", b"X-E : x", b"X-F: a\n\tb\n c",
    b"X-G: \xc3\xbc", b"X-H: \xff", b"x-i: .", b"!#$%: x", b".: y",
    b"X-J: " + b"w " * 400, b"X-K: Bcc: x", b"X-L: a\n Bcc: x",
    b"MIME-Version: 1.0", b"Content-Type: text/plain; charset=utf-8",
    b"Content-Transfer-Encoding: 8bit", b"Content-Transfer-Encoding: 7bit",
    b"Content-Type: multipart/mixed; boundary=b", b"To: \"open <a@b.example>",
    b"To: a b@c, <", b"From:", b"From: Name, Inc. <x@example.com>",
    b"Received: from a by b; c", b"X-M: x\x07\x1b\x7f",
]
WILD_FIELDS = [
    b"X-N: a\0b", b"Sub\0ject: x", b"X-O: " + b"y" * 1500,
    b"X-P: " + b"word " * 600, b"Subject: a\rBcc: secret@example.org",
    b"X-Q: a\r\rb", b"X-R\r: b", b"\rX-S: c", b"Bcc: s@example.org\r",
    b"To: ro\0ot", b"X-T: \xe4" * 1 + b"\xe4" * 1200,
    b"To: " + b", ".join([b"r%d@example.net" % n for n in range(120)]),
]
STARTS = [b"From x Mon Sep  2 10:11:12 2024", b">From y Mon Sep  2 2024"]
JOINTS = [b"", b"", b"", b"", b"text, not a field", b"http://example.com/",
          b": no name", b"X Y: z", b"\xc3\xbc: x", b"."]
LINES = [
    b"", b"", b"text", b".", b"..", b".x", b" ", b"trailing  \t", b"From here",
    b">From here", b"--b", b"--b--", b"To: root", b"Bcc: x", b"\xc3\xbc\xc3\x9f",
    b"\xff\xfe", b"=3D=", b"= ", b"x" * 998, b"\x01\x1b\x7f", b"\t.",
    b"Content-Type: text/plain", b"Content-Transfer-Encoding: base64",
    b"QUJD", b"z" * 77,
]
WILD_LINES = [b"a\0b", b"\0", b"x" * 999, b"y " * 2500, b".\0", b"a\rb",
              b"\r.\r", b"\r", b"\r\r", b"\xe4" * 3000, b"." * 4000,
              b"QUJD" * 700]
ENDS = [b"\n", b"\r\n", b"\r\r\n"]
DROPPED = (b"bcc", b"resent-bcc", b"return-path", b"content-length")
# Fields that are changed, merged or made: known by other tests.
TOUCHED = DROPPED + (
    b"from", b"to", b"cc", b"subject", b"date", b"message-id", b"sender",
    b"reply-to", b"mime-version", b"content-type",
    b"content-transfer-encoding")


@dataclasses.dataclass(frozen=True)
class Odd:
    """Pieces in their order: starts, fields, what comes behind, body."""

    starts: tuple
    fields: tuple
    joint: bytes
    body: tuple
    ends: tuple              # taken in turns
    last: bytes              # instead of the last line end

    def octets(self):
        lines = [*self.starts]
        for field in self.fields:
            lines += field.split(b"\n")
        lines += [self.joint, *self.body]
        ended = [line + self.ends[number % len(self.ends)]
                 for number, line in enumerate(lines)]
        ended[-1] = lines[-1] + self.last
        return b"".join(ended)

    def is_clear(self):
        """Whether it is beyond doubt where the header begins and ends."""
        if self.starts and not (self.fields or self.joint or self.body):
            return False
        return not any(b"\r" in field or b"\0" in field.split(b":")[0]
                       for field in self.fields)

    def kept_fields(self, eight_bit):
        """The untouched fields as they must be on the wire."""
        found = []
        for field in self.fields:
            if not (eight_bit or field.isascii()):
                continue
            name, _, value = field.partition(b":")
            name = name.rstrip(b" \t")
            if name.lower() not in TOUCHED:
                found.append(name + b":" + value.replace(b"\n", b"\r\n"))
        return found

    def body_lines(self):
        """The body with LF; a joint that is no empty line belongs to it."""
        lines = [*([self.joint] if self.joint else []), *self.body]
        return re.sub(rb"\r+\n?", b"\n", b"".join(one + b"\n"
                                                  for one in lines))

    def smaller(self):
        """The same with one piece less, for finding what matters."""
        for name in ("starts", "fields", "body", "ends"):
            pieces = getattr(self, name)
            for at in range(len(pieces) if name != "ends" or len(pieces) > 1
                            else 0):
                yield dataclasses.replace(
                    self, **{name: pieces[:at] + pieces[at + 1:]})
        if self.joint:
            yield dataclasses.replace(self, joint=b"")


def _some(chance, pieces, least, most):
    return tuple(chance.choice(pieces)
                 for _ in range(chance.randint(least, most)))


def make(seed, wild=False):
    """The message of this seed, always the same."""
    chance = random.Random(f"{seed}-{wild}")
    fields, lines = list(FIELDS), list(LINES)
    if wild:
        fields += WILD_FIELDS
        lines += WILD_LINES
    starts = _some(chance, STARTS, 0, 1) if chance.random() < 0.1 else ()
    ends = ENDS[:1] if chance.random() < 0.4 else _some(chance, ENDS, 1, 3)
    last = chance.choice(ENDS + [b"", b"\r"])
    odd = Odd(starts, _some(chance, fields, 0, 9), chance.choice(JOINTS),
              _some(chance, lines, 0, 9), tuple(ends), last)
    return odd
