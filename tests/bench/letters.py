"""The messages that are sent: a header and lines of base64, as most large
mail is, ending in LF as a mail program hands them in."""

import base64
import random
from pathlib import Path

import peers

KIB, MIB = 1024, 1024 * 1024
SMALL, LARGE, HUGE = 2 * KIB, 10 * MIB, 40 * MIB
NAMES = {SMALL: "2 KB", LARGE: "10 MB", HUGE: "40 MB"}

HEADER = (f"From: Sender <{peers.SENDER}>\nTo: Someone <{peers.RCPT}>\n"
          "Subject: a message of a given size\n"
          "Date: Mon, 02 Nov 2026 03:04:05 +0000\n"
          "Message-ID: <given-size@example.com>\n"
          "MIME-Version: 1.0\nContent-Type: application/octet-stream\n"
          "Content-Transfer-Encoding: base64\n\n").encode()
_ENVELOPE = f"{peers.SENDER}\n{peers.RCPT}\n\n".encode()
# What peers want to read.
FORMS = {"lf": lambda text: text,
         "crlf": lambda text: text.replace(b"\n", b"\r\n"),
         "envelope": lambda text: _ENVELOPE + text}
LINE = 57       # octets in one line of base64, RFC 2045 section 6.8


def of_size(size):
    block = base64.encodebytes(random.Random(size).randbytes(LINE * 1024))
    text = HEADER + block * ((size - len(HEADER)) // len(block) + 1)
    end = text.rfind(b"\n", 0, size - 1) + 1
    return text[:end] + b"=" * (size - end - 1) + b"\n"


class Letters:
    """Files with messages, made when they are asked for."""

    def __init__(self, directory):
        self._directory = Path(directory)

    def path(self, size, form="lf"):
        """A file; `size` is that of the form "lf"."""
        path = self._directory / f"{size}-{form}"
        if not path.exists():
            path.write_bytes(FORMS[form](of_size(size)))
        return path
