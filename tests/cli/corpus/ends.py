"""The same messages with every way to end a line."""

from .message import ENDS, make
from .mime import ALTERNATIVE, HEAD, SHAPES

SIGNED = dict(SHAPES)["signed with PGP"]
DOTS = (b".", b"", b"..", b".x", b"", b".", b"x ", b"\t", b".")
FOLDS = b"Subject: one\n two\n \tthree\n \n four"
SEEDS = 12


def _rows(ends):
    field, body = ALTERNATIVE
    yield make(f"line ends: text, {ends}", subject=FOLDS, ends=ends)
    yield make(f"line ends: dots, {ends}", body=DOTS, ends=ends)
    yield make(f"line ends: parts, {ends}", HEAD.encode(), field.encode(),
               body=body, ends=ends)
    yield make(f"line ends: empty body, {ends}", body=(), ends=ends)
    yield make(f"line ends: empty lines, {ends}", body=(b"",) * 5, ends=ends)


def _random(number):
    field, body = SIGNED
    ends = f"random-{number}"
    yield make(f"line ends: signed, {ends}", HEAD.encode(), field.encode(),
               body=body, ends=ends)
    yield make(f"line ends: dots, {ends}", subject=FOLDS, body=DOTS * 5,
               ends=ends)


ROWS = [
    *[row for ends in ENDS if ends != "lf" for row in _rows(ends)],
    *[row for number in range(SEEDS) for row in _random(number)],
    make("line ends: 200000 lines of CRLF", body=(b"abc",) * 200000,
         ends="crlf"),
]
