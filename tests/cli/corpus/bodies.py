"""Bodies of text: dots, blanks, empty lines, lengths, octets, encodings."""

import base64
import itertools
import quopri
import random

from .message import COMPLETE, EIGHT_BIT, make

MIME = b"MIME-Version: 1.0"

# name, lines of the body
LINES = [
    ("empty", ()),
    ("one octet", (b"x",)),
    ("a blank", (b" ",)),
    ("a tab", (b"\t",)),
    ("one empty line", (b"",)),
    ("a hundred empty lines", (b"",) * 100),
    ("empty lines at the start", (b"", b"", b"text")),
    ("an empty line at the end", (b"text", b"")),
    ("ten empty lines at the end", (b"text", *[b""] * 10)),
    ("lines of blanks", (b" ", b"  ", b"\t", b" \t ", b"")),
    ("blanks at line ends", (b"one ", b"two  ", b"three\t", b" four \t ")),
    ("blanks at the start", (b" one", b"\ttwo", b"   three")),
    ("lines that look like fields", (b"To: root", b"Bcc: x@example.org",
                                     b"Subject : y", b" folded")),
    ("first line that looks like folding", (b" folded", b"\tfolded")),
    ("fields and an empty line", (b"Bcc: x@example.org", b"", b"text")),
    ("From lines", (b"From here", b"From sender@example.com Mon Sep  2",
                    b">From there", b">>From", b"", b"From again", b"From ",
                    b" From")),
    ("From line first", (b"From sender@example.com Mon Sep  2 10:11:12 2024",
                         b"x")),
    ("quoted From line first", (b">From x", b"From y")),
    ("SMTP commands", (b"QUIT", b"RSET", b"DATA", b"MAIL FROM:<x@y.example>",
                       b".", b"QUIT")),
    ("a transaction", (b".", b"MAIL FROM:<evil@example.com>",
                       b"RCPT TO:<victim@example.net>", b"DATA", b"x", b".")),
    ("controls", (bytes(n for n in range(1, 32) if n not in (10, 13)),
                  b"\x7f\x08\x1b[31mred\x1b[0m", b"\x0b\x0c\x1a")),
    ("all printable octets", (bytes(range(32, 127)),)),
    ("percent and backslash", (b"%s %n %% %d %1$s", b"\\n \\r \\0 \\x00",
                               b"$HOME `id` ${x} #{y}")),
    ("equals signs", (b"=", b"==", b"=20", b"=0D=0A", b"a=", b"=?utf-8?q?x?=")),
    ("signature", (b"text", b"-- ", b"Sender")),
    ("uuencoded", (b"begin 644 a.txt", b"#8W5T", b"`", b"end")),
    ("PGP", (b"-----BEGIN PGP MESSAGE-----", b"", b"hQEMA/c=", b"=aB3d",
             b"-----END PGP MESSAGE-----")),
    ("boundary without MIME", (b"--x", b"--x--")),
    ("two thousand lines of one octet", (b"x",) * 2000),
]

# Each with each around a line, so that every dot is met at each place.
DOTTED = (b"", b".", b"..", b"...", b".x", b"..x", b". ", b" .")

LENGTHS = (76, 77, 78, 79, 80, 990, 996, 997, 998)


def _dots():
    for first, second in itertools.product(DOTTED, repeat=2):
        name = f"dots: {first.decode()!r} then {second.decode()!r}"
        yield make(name, body=(first, second))
    for middle in (b".", b"..", b".x"):
        yield make(f"dots: {middle.decode()!r} between text",
                   body=(b"a", middle, b"b"))
        yield make(f"dots: {middle.decode()!r} a thousand times",
                   body=(middle,) * 1000)


def _edges():
    """A dot line close to where buffers of usual sizes end."""
    head = sum(len(one) + 1 for one in COMPLETE.values()) + 1
    for edge in (1024, 4096, 8192, 16384, 32768, 65536, 1 << 20):
        for shift in (-2, -1, 0, 1):
            room = edge + shift - head
            lines = [b"e" * 63] * (room // 64)
            rest = room % 64
            if rest:
                lines.append(b"f" * (rest - 1))
            yield make(f"dot line at {edge}{shift:+d}",
                       body=(*lines, b".", b"..", b".g"))


def _lengths():
    for length in LENGTHS:
        yield make(f"line of {length}", body=(b"a" * length,))
        yield make(f"line of {length} and a dot first",
                   body=(b"." + b"b" * (length - 1), b"x"))
    yield make("lines of 998", body=tuple(bytes([97 + n % 26]) * 998
                                          for n in range(200)))
    yield make("line of 998 dots", body=(b"." * 998,))
    yield make("line of 998 blanks", body=(b" " * 998, b"x"))
    yield make("a megabyte of lines", body=(b"m" * 78,) * 13300)
    yield make("a megabyte of long lines", body=(b"n" * 998,) * 1100)
    yield make("half a megabyte of empty lines", body=(b"",) * 400000)
    yield make("a megabyte of dots", body=(b"." * 63,) * 16500)


def _labelled(name, lines, charset="utf-8", encoding="8bit", kind="text/plain",
              more=""):
    label = (f"Content-Type: {kind}; charset={charset}{more}\n"
             f"Content-Transfer-Encoding: {encoding}")
    return make(name, MIME, label.encode(), body=tuple(lines))


def _eight_bit():
    text = "Grüße — Καλημέρα — 日本語 — 🙂"
    high = bytes(range(128, 256))
    yield make("8-bit: UTF-8", *EIGHT_BIT, body=(text.encode(), b".", b""))
    yield _labelled("8-bit: Latin-1", [b"Gr\xfc\xdfe"], "iso-8859-1")
    yield _labelled("8-bit: UTF-16 by name only", [b"\xff\xfe\xfd"],
                    "x-unknown")
    yield _labelled("8-bit: every octet", [high, b"." + high],
                    "windows-1252")
    yield _labelled("8-bit: not valid for its label", [b"\xc3\x28\xff"])
    yield _labelled("8-bit: lines of 998", [b"\xe4" * 998] * 5, "iso-8859-1")
    yield _labelled("8-bit: HTML", ["<p>Größe</p>".encode()],
                    kind="text/html")
    yield _labelled("8-bit: label in capitals", ["ü".encode()], '"UTF-8"',
                    "8BIT")
    yield _labelled("8-bit: label with a comment", ["ü".encode()],
                    "utf-8 (all)", "8bit (as it is)")
    yield _labelled("8-bit: GB18030", ["中文".encode("gb18030")], "GB18030")
    yield _labelled("8-bit: only at the end", [b"a" * 70] * 2000
                    + ["ü".encode()])
    yield _labelled("8-bit: only in the first octet", ["ü".encode()]
                    + [b"a" * 70] * 2000)
    yield _labelled("7-bit: label", [b"plain"], "us-ascii", "7bit")
    yield _labelled("7-bit: binary for a label", [b"plain"], "us-ascii",
                    "binary")
    yield _labelled("7-bit: ISO-2022-JP", ["日本語".encode("iso2022_jp")],
                    "iso-2022-jp", "7bit")
    yield _labelled("7-bit: label of 8 bits", [b"plain"])


def _encoded():
    octets = random.Random(7).randbytes(6000)
    lines = base64.encodebytes(octets).splitlines()
    yield _labelled("base64: binary", lines, encoding="base64")
    yield _labelled("base64: one line of 996", [base64.b64encode(
        octets[:747])], encoding="base64")
    yield _labelled("base64: with empty lines and blanks",
                    [b"", b" YWJj ", b"", b"ZGVm", b""], encoding="BASE64")
    yield _labelled("base64: not finished", [b"YWJjZ"], encoding="base64")
    yield _labelled("base64: with text behind", [b"YWJj", b"", b"_______",
                                                 b"a list, its footer"],
                    encoding="base64")
    text = ("Größe = 4\nFrom here\n.\n..\nend of line \n" + "x" * 200
            + "\n").encode()
    yield _labelled("quoted-printable: text",
                    quopri.encodestring(text).splitlines(),
                    encoding="quoted-printable")
    yield _labelled("quoted-printable: soft breaks", [
        b"=", b"=", b"a=", b".=", b"..=", b"=2E", b"=46rom x", b"a=20",
        b"=0D=0A=", b"=00=", b"end"], encoding="quoted-printable")
    yield _labelled("quoted-printable: not valid", [b"=ZZ", b"a= b", b"=",
                                                    b"= ", b"=3d=3D"],
                    encoding="quoted-printable")
    yield _labelled("quoted-printable: long line", [b"q" * 998],
                    encoding="quoted-printable")
    yield _labelled("unknown encoding", [b"x"], encoding="x-uuencode")


def _flowed():
    lines = [b"> quoted ", b"> text", b" From stuffed", b"a line ",
             b"that flows ", b"on", b"", b"-- ", b"Sender", b" ", b"  two"]
    yield _labelled("format=flowed", lines, "us-ascii", "7bit",
                    more="; format=flowed")
    yield _labelled("format=flowed, delsp", lines, "utf-8", "8bit",
                    more=";\n format=flowed; delsp=yes")


ROWS = [
    *[make(f"body: {name}", body=lines) for name, lines in LINES],
    *_dots(), *_edges(), *_lengths(), *_eight_bit(), *_encoded(), *_flowed(),
]
