"""One message as lines, and the line ends that are put between them."""

import dataclasses
import random

RECIPIENT = "user@example.net"

# The fields every message has, by the name that make() takes.
COMPLETE = {
    "from_": b"From: Sender <sender@example.com>",
    "to": b"To: User <user@example.net>",
    "subject": b"Subject: a message that needs nothing",
    "date": b"Date: Mon, 02 Sep 2024 10:11:12 +0200",
    "id_": b"Message-ID: <20240902101112.4711@example.com>",
}

TEXT = (b"First line.", b"", b"Last line.")

EIGHT_BIT = (b"MIME-Version: 1.0",
             b"Content-Type: text/plain; charset=utf-8",
             b"Content-Transfer-Encoding: 8bit")


def _random_end(seed):
    picks = random.Random(seed)
    return lambda _number, _in_header: picks.choice((b"\n", b"\r\n"))


# name of a way to end lines -> (number of the line, is it of the header)
# -> octets; "random-N" is one more for each N
ENDS = {
    "lf": lambda number, in_header: b"\n",
    "crlf": lambda number, in_header: b"\r\n",
    "turns": lambda number, in_header: (b"\n", b"\r\n")[number % 2],
    "turns-crlf": lambda number, in_header: (b"\r\n", b"\n")[number % 2],
    "crlf-header": lambda number, in_header: (b"\n", b"\r\n")[in_header],
    "crlf-body": lambda number, in_header: (b"\r\n", b"\n")[in_header],
    "thirds": lambda number, in_header: (b"\n", b"\n", b"\r\n")[number % 3],
}


@dataclasses.dataclass(frozen=True)
class Message:
    """Lines without their ends; the empty line is in neither part."""

    name: str
    header: tuple
    body: tuple
    people: tuple = (RECIPIENT,)  # whom the header names; (): nobody
    ends: str = "lf"
    only: tuple = ("generic", "ses", "oci")   # servers that take it as it is

    def given(self):
        end = ENDS.get(self.ends) or _random_end(self.ends)
        lines = [*self.header, b"", *self.body]
        return b"".join(line + end(number, number < len(self.header))
                        for number, line in enumerate(lines))

    def wire(self):
        return b"\r\n".join([*self.header, b"", *self.body, b""])


def lines_of(text):
    """A text as its lines; a str is UTF-8, the last line end is implied."""
    octets = text.encode() if isinstance(text, str) else text
    return tuple(octets.removesuffix(b"\n").split(b"\n"))


def make(name, *fields, body=TEXT, people=(RECIPIENT,), ends="lf",
         only=Message.only, first=(), **instead):
    """A message with the complete header and further fields behind it.

    A keyword of COMPLETE replaces that field; None leaves it out.  A field of
    several lines is one value with LF in it.  `first` stands at the top, and
    `people` are the recipients that the header names.
    """
    values = {**COMPLETE, **instead}
    assert set(values) == set(COMPLETE), values.keys()
    header = [*first, *(one for one in values.values() if one is not None),
              *fields]
    lines = tuple(line for one in header for line in lines_of(one))
    body = body if isinstance(body, tuple) else lines_of(body)
    return Message(name, lines, body, tuple(people), ends, tuple(only))
