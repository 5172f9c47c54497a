"""Messages of a given size that show every byte that goes astray.

Every block of lines has a number, so that a block that is lost, doubled or
out of order is seen; the lines are those a client gets wrong: dots at the
start, 998 octets, octets above 127, nothing, blanks at the end.
"""

import functools
import random

HEADER = (b"From: Sender <sender@example.com>\r\n"
          b"To: Someone <someone@example.net>\r\n"
          b"Subject: a message of a given size\r\n"
          b"Date: Mon, 02 Nov 2026 03:04:05 +0000\r\n"
          b"Message-ID: <given-size@example.com>\r\n"
          b"MIME-Version: 1.0\r\n"
          b"Content-Type: text/plain; charset=utf-8\r\n"
          b"Content-Transfer-Encoding: 8bit\r\n"
          b"\r\n")
LONGEST = 998       # RFC 5322 section 2.1.1

ODD_LINES = [
    b".", b"..", b"...", b".leading dot", b". ", b"", b"", b"trailing  ",
    b"\ttab", b"From the start of a line", b">From quoted", b"=20", b"QUIT",
    "\u00e4\u00f6\u00fc \u20ac".encode(), b"\xe4\xf6\xfc\xff\x80",
    b"x" * LONGEST, b"." + b"y" * (LONGEST - 1), b"\xfe" * LONGEST,
    b"." * LONGEST, b"250 2.0.0 not a reply", b"\x0c\x08\x1b[0m",
]


def _block():
    """About 64 KiB of lines, the same in every run."""
    source = random.Random(20261102)
    printable = bytes(range(33, 127)) + b"     \xc3\xa4"
    lines = list(ODD_LINES)
    for _ in range(140):
        length = source.choice([0, 1, 20, 72, 78, 200, 512, 990, LONGEST])
        lines.append(bytes(source.choices(printable, k=length)))
    source.shuffle(lines)
    return b"\r\n".join(lines) + b"\r\n"


@functools.lru_cache(maxsize=2)
def of_size(size, final_newline=True):
    """A message of exactly `size` octets, its lines ending in CRLF.

    Without final newline the last line end is missing and `size` includes it,
    since a client has to add it.
    """
    block = _block()
    short = b"".join(line + b"\r\n" for line in ODD_LINES if len(line) < 80)
    parts, left = [HEADER, short], size - len(HEADER) - len(short)
    number = 0
    while left > len(block) + 2 * LONGEST:
        part = b"block %d\r\n" % number + block
        parts.append(part)
        left -= len(part)
        number += 1
    while left > 160:
        parts.append(b"%s%070d\r\n" % (b"." if number % 2 else b"-", number))
        left -= len(parts[-1])
        number += 1
    parts.append(b"e" * (left - 2))
    if final_newline:
        parts.append(b"\r\n")
    return b"".join(parts)


def with_lf(message):
    return message.replace(b"\r\n", b"\n")


def stuffed_size(message):
    """Octets on the wire: dots doubled, the last line end added."""
    size = len(message) + message.count(b"\r\n.")
    return size if message.endswith(b"\r\n") else size + 2
