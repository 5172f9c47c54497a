"""One thing that the program mends: a row of fixups_table.

    field("unqualified", "To: root", "To: root@example.com")

is a complete message with that To, and what must arrive.
"""

import dataclasses
from typing import Optional

USER = "user@example.net"
SENDER = "sender@example.com"

# A complete header; a field that a row gives takes the place of its namesake.
COMPLETE = ("From: Sender <sender@example.com>", "To: user@example.net",
            "Subject: row", "Date: Mon, 02 Sep 2024 10:11:12 +0200",
            "Message-ID: <row@example.com>")

DATE = r"[A-Z][a-z]{2}, \d\d? [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}"
ID = r"<[^<>@\s]+@[A-Za-z0-9.-]+>"
FROM = r"(.+ )?<?sender@example\.com>?"
ALL_MADE = {"from": FROM, "date": DATE, "message-id": ID}


@dataclasses.dataclass(frozen=True)
class Row:
    """What goes in, and what must come out.

    `header` lists the fields that arrive, in their order and octet for octet
    (a compiled pattern fits a field as a whole); those in `made` are left out
    of it: each arrives once, wherever, and its value fits the pattern.  Those
    in `may` arrive or not.  `body` is the body on the wire; when it is None,
    `leaves`, the decoded parts, say what it has to mean.  `means` are decoded
    values of fields: a text, or a list of (name, address).
    """

    name: str
    given: bytes
    header: tuple = ()
    body: Optional[bytes] = b"body\r\n"
    leaves: Optional[tuple] = None
    means: dict = dataclasses.field(default_factory=dict)
    made: dict = dataclasses.field(default_factory=dict)
    may: dict = dataclasses.field(default_factory=dict)
    args: tuple = (USER,)
    settings: dict = dataclasses.field(default_factory=dict)
    desk: str = "generic"
    sender: str = SENDER
    people: tuple = (USER,)
    parameters: Optional[dict] = None    # of MAIL
    messages: int = 1
    bare: bool = False           # addresses without a domain are left
    odd: bool = False            # the header is not one that parsers like
    code: int = 0
    err: bytes = b""             # words on standard error
    pending: bool = False        # known to fail; the mark goes with the fault


def name_of(line):
    return line.split(":", 1)[0].strip().lower()


def octets(text):
    """A str is UTF-8, as callers write it."""
    return text.encode() if isinstance(text, str) else text


def wired(text):
    """Lines with LF as they stand on the wire."""
    return octets(text).replace(b"\n", b"\r\n")


def arriving(one):
    return wired(one) if isinstance(one, (str, bytes)) else one


def complete(given, without=()):
    """The fields of COMPLETE but those that are given or left out."""
    named = {name_of(line) for one in given
             for line in one.split("\n") if line[:1] not in " \t"}
    return [one for one in COMPLETE
            if name_of(one) not in named | set(without)]


def field(name, given, arrives=None, without=(), body="body\n", **more):
    """A complete message with these fields at its end; a str or a list.

    `arrives` is what becomes of them, when it is something else.
    """
    given = [given] if isinstance(given, str) else list(given)
    arrives = given if arrives is None else arrives
    arrives = [arrives] if not isinstance(arrives, list) else arrives
    kept = complete(given, without)
    header = [arriving(one) for one in [*kept, *arrives]]
    text = "\n".join([*kept, *given, "", body])
    more.setdefault("body", wired(body))
    return Row(name, octets(text), tuple(header), **more)


def missing(name, without, made, given=(), **more):
    """A message without some fields, which are made."""
    return field(name, list(given), list(given), without=without, made=made,
                 **more)


def text(name, body, arrives=None, fields=(), header=None, **more):
    """A complete message with this body; `arrives` is None: by its leaves."""
    body = octets(body)
    kept = complete(fields)
    given = octets("\n".join([*kept, *fields])) + b"\n\n" + body
    if header is None:
        header = [*kept, *fields]
    else:
        header = [*kept, *header]
    return Row(name, given, tuple(arriving(one) for one in header),
               arrives, **more)


def raw(name, given, header=(), body=b"", made=None, **more):
    """Standard input as it stands; what is missing is made."""
    return Row(name, octets(given), tuple(arriving(one) for one in header),
               body, made=ALL_MADE if made is None else made, **more)


def refused(name, given, code, err, **more):
    """Input that ends with a reason and no message."""
    return Row(name, octets(given), code=code, err=err, messages=0, **more)
