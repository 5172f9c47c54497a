"""What is remembered: delivered and refused messages, and every session."""

import threading
import time
from dataclasses import dataclass, field
from typing import Optional

from . import headers

LONGEST_LINE = 998


@dataclass
class LineFacts:
    """What RFC 5321 and 5322 forbid in message data, counted."""

    bare_cr: int = 0
    bare_lf: int = 0
    long_lines: int = 0
    longest: int = 0
    nul: int = 0
    eight_bit: bool = False

    @classmethod
    def of(cls, content):
        pairs = content.count(b"\r\n")
        lengths = [len(line) - line.endswith(b"\r")
                   for line in content.split(b"\n")]
        return cls(bare_cr=content.count(b"\r") - pairs,
                   bare_lf=content.count(b"\n") - pairs,
                   long_lines=sum(1 for n in lengths if n > LONGEST_LINE),
                   longest=max(lengths),
                   nul=content.count(b"\0"),
                   eight_bit=not content.isascii())


@dataclass
class Message:
    """One transaction that reached its final dot.

    `content` is what the client meant (dots un-stuffed, every CR and LF as it
    came), `wire` the same octets before un-stuffing.  `recipient_form` is what
    the recipient would see once the provider has changed the header.
    """

    session: int
    mail_from: str
    rcpt_to: list
    mail_parameters: dict
    rcpt_parameters: list
    content: bytes
    wire: bytes
    user: Optional[str] = None
    tls_version: Optional[str] = None
    suppressed: list = field(default_factory=list)
    number: int = 0
    id: str = ""
    reply: str = ""
    truncated: bool = False          # over the size limit, tail not kept
    recipient_header: Optional[bytes] = None
    received: float = field(default_factory=time.time)
    block: headers.HeaderBlock = None
    facts: LineFacts = None

    def __post_init__(self):
        self.block = headers.split(self.content)
        self.facts = LineFacts.of(self.content)

    def header(self, name):
        """The unfolded values of all fields of this name."""
        return self.block.values(name)

    @property
    def body(self):
        return self.content[self.block.body_offset:]

    @property
    def relayed_to(self):
        return [one for one in self.rcpt_to if one not in self.suppressed]

    @property
    def recipient_form(self):
        if self.recipient_header is None:
            return self.content
        return self.recipient_header + b"\r\n" + self.body

    def as_dict(self):
        """What a script may want to know beside the octets."""
        return {"id": self.id, "mail_from": self.mail_from,
                "mail_parameters": self.mail_parameters,
                "rcpt_to": self.rcpt_to, "suppressed": self.suppressed,
                "reply": self.reply, "session": self.session,
                "size": len(self.content), "tls_version": self.tls_version,
                "user": self.user}


@dataclass
class SessionRecord:
    """One connection, from the outside.

    `transcript` holds (side, line, secure): side is "C" or "S", line is bytes
    without the line end; AUTH lines stand there as they came.  `violations`
    are things a correct client never does; tests assert that it is empty.
    """

    number: int
    address: str                     # the client's, without its port
    mode: str
    transcript: list = field(default_factory=list)
    violations: list = field(default_factory=list)
    clear: bytearray = field(default_factory=bytearray)   # received before TLS
    auth_in_clear: bool = False
    auth_mechanism: Optional[str] = None
    user: Optional[str] = None       # the one who is logged in
    old_password: bool = False       # SES: with a password of before 2019
    offered: set = field(default_factory=set)    # by the last EHLO reply
    tls_version: Optional[str] = None
    cipher: Optional[str] = None
    sni: Optional[str] = None
    client_certificate: Optional[dict] = None
    close_notify: bool = False       # the client ended TLS in the proper way
    partial_body: Optional[bytes] = None     # DATA that never saw its dot
    messages: int = 0                # accepted in this session
    end: Optional[str] = None        # why it ended; None while it lasts

    def commands(self):
        """The command lines received, as text."""
        return [line.decode("latin-1") for side, line, _ in self.transcript
                if side == "C"]

    def replies(self):
        return [line.decode("latin-1") for side, line, _ in self.transcript
                if side == "S"]

    def as_dict(self):
        """For a file: what follows AUTH is left out."""
        lines = []
        secret = False
        for side, line, secure in self.transcript:
            text = line.decode("latin-1")
            if side == "S":
                secret = text.startswith("334")
            elif secret:
                text = "(credential)"
            elif text.upper().startswith("AUTH "):
                text = " ".join(text.split()[:2] + ["(credential)"])
            lines.append([side, text, secure])
        shown = ("number", "address", "mode", "violations", "auth_in_clear",
                 "auth_mechanism", "user", "tls_version", "cipher", "sni",
                 "close_notify", "messages", "end")
        return {**{name: getattr(self, name) for name in shown},
                "transcript": lines}


class Store:
    """Shared by all listeners of one emulator; safe to read from any thread."""

    def __init__(self):
        self.changed = threading.Condition()
        self.messages = []
        self.refused = []
        self.sessions = []
        self.listeners = []          # called with each delivered message

    def new_session(self, address, mode):
        with self.changed:
            record = SessionRecord(len(self.sessions) + 1, address,
                                   mode)
            self.sessions.append(record)
            return record

    def deliver(self, message):
        with self.changed:
            self.messages.append(message)
            message.number = len(self.messages)
            for listener in self.listeners:
                listener(message)
            self.changed.notify_all()

    def refuse(self, message):
        with self.changed:
            self.refused.append(message)
            self.changed.notify_all()

    def end_session(self, record, why):
        with self.changed:
            record.end = record.end or why
            self.changed.notify_all()

    def wait(self, condition, timeout):
        """Wait until condition() holds; False when the time is over."""
        with self.changed:
            return self.changed.wait_for(condition, timeout)

    def all_ended(self):
        return all(record.end for record in self.sessions)
