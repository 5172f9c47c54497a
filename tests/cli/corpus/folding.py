"""Header lines: every way to fold, empty values, lines at the limit."""

from .message import make

GENERIC = ("generic", "ses")     # not OCI: its header ends at 256 KiB

# name, one field (or more) as it stands in the header
WAYS = [
    ("blank", "Subject: one\n two\n three"),
    ("tab", "Subject: one\n\ttwo\n\tthree"),
    ("blanks and tabs", "Subject: one\n  \t two\n\t \tthree"),
    ("behind the colon", "Subject:\n one"),
    ("behind colon and blank", "Subject: \n one"),
    ("behind colon with tab", "Subject:\n\tone"),
    ("blanks before the fold", "Subject: one  \n two\t\n three"),
    ("every word", "Subject: a" + "".join(f"\n {n}" for n in range(60))),
    ("every letter", "Subject: a" + "\n b" * 300),
    ("blank line of blanks inside", "Subject: one\n \n two"),
    ("blank line of a tab at the end", "Subject: one\n\t"),
    ("several lines of blanks", "Subject: one\n \n  \n\t\n two"),
    ("only blanks", "Subject:\n \n "),
    ("no blank behind the colon", "Subject:one"),
    ("tab behind the colon", "Subject:\tone"),
    ("many blanks behind the colon", "Subject:" + " " * 200 + "one"),
    ("empty", "Subject:"),
    ("a blank only", "Subject: "),
    ("blanks at the end", "Subject: one   \t "),
    ("colons in the value", "Subject: : a: b :: http://example.com/?a:b"),
    ("a continuation that looks like a field", "Subject: one\n To: nobody"),
    ("a continuation that looks like the end", "Subject: one\n ."),
    ("a continuation of dots", "Subject: one\n .\n ..\n .x"),
    ("a value of dots", "Subject: .\nX-Dots: ..\nX-Dot:."),
    ("controls", "Subject: bell \x07 escape \x1b form feed \x0c delete \x7f"),
    ("vertical tab is no fold", "Subject: one\x0btwo\x0cthree"),
    ("backslashes and quotes", 'Subject: \\ "\\" \'" ((( <<< ;;; ,,, @@@'),
]

NAMED = [
    ("to between addresses", dict(
        to=b"To: User <user@example.net>,\n Second <second@example.net>,\n"
           b"\tthird@example.net"),
     ("user@example.net", "second@example.net", "third@example.net")),
    ("to in a name", dict(to=b"To: A user of many\n words\n"
                             b" <user@example.net>"), ("user@example.net",)),
    ("to in a comment", dict(to=b"To: user@example.net (a\n comment\n here)"),
     ("user@example.net",)),
    ("to in a quoted name", dict(
        to=b'To: "a quoted\n name" <user@example.net>'),
     ("user@example.net",)),
    ("to before the comma", dict(
        to=b"To: user@example.net\n , second@example.net"),
     ("user@example.net", "second@example.net")),
    ("to behind the colon", dict(to=b"To:\n user@example.net"),
     ("user@example.net",)),
    ("to without a blank", dict(to=b"To:user@example.net"),
     ("user@example.net",)),
    ("to in capitals", dict(to=b"TO: user@example.net"),
     ("user@example.net",)),
    ("from before the address", dict(
        from_=b"From: Sender\n <sender@example.com>"), ("user@example.net",)),
    ("from behind the colon", dict(from_=b"From:\n\tsender@example.com"),
     ("user@example.net",)),
    ("from without a blank", dict(from_=b"From:sender@example.com"),
     ("user@example.net",)),
    ("names in small letters", dict(
        from_=b"from: sender@example.com", id_=b"message-id: <a@example.com>",
        date=b"date: Mon, 2 Sep 2024 10:11:12 +0200"), ("user@example.net",)),
    ("names in odd letters", dict(
        from_=b"fRoM: sender@example.com", id_=b"MeSsAgE-iD: <a@example.com>",
        date=b"DATE: Mon, 2 Sep 2024 10:11:12 +0200", to=b"tO: u@example.net"),
     ("u@example.net",)),
    ("date with a comment", dict(
        date=b"Date: Mon, 2 Sep 2024 10:11:12 +0200 (CEST)"),
     ("user@example.net",)),
    ("date with a fold", dict(date=b"Date:\n Mon, 2 Sep 2024\n 10:11:12 +0200"),
     ("user@example.net",)),
    ("date without day and second", dict(date=b"Date: 2 Sep 2024 10:11 -0000"),
     ("user@example.net",)),
    ("identifier with a fold", dict(id_=b"Message-ID:\n <folded@example.com>"),
     ("user@example.net",)),
    ("identifier with a literal", dict(id_=b"Message-ID: <a$b@[192.0.2.1]>"),
     ("user@example.net",)),
    ("identifier with a comment", dict(id_=b"Message-ID: <a@b.example> (one)"),
     ("user@example.net",)),
    ("in another order", dict(from_=None, to=b"To: user@example.net\n"
                              b"From: sender@example.com"),
     ("user@example.net",)),
]


def _lengths():
    """Lines of the header close to the limit of 998 octets."""
    for length in (76, 78, 79, 996, 997, 998):
        words = (b"word " * 300)[:length - len(b"X-Long: ") - 1]
        yield make(f"header line of {length}", b"X-Long: " + words + b".")
        solid = b"X-Long: " + b"x" * (length - len(b"X-Long: "))
        yield make(f"header line of {length} without a blank", solid)
    yield make("continuation of 998", b"X-Long: one\n " + b"y" * 997)
    yield make("continuations of 998", b"X-Long: one" + b"\n " .join(
        [b"", *[bytes([97 + n % 26]) * 997 for n in range(40)]]))
    yield make("field name of 900", b"X" * 900 + b": value")
    yield make("field name of 997", b"X" * 997 + b":")
    yield make("field of 60000 octets", b"X-Wide: " + b"\n ".join(
        [b"w" * 70] * 840))
    yield make("3000 fields", *[b"X-Field-%d: %d" % (n, n * n)
                                for n in range(3000)])
    yield make("9000 fields", *[b"X-Field-%d: v" % n for n in range(9000)])
    yield make("header of 900000 octets", *[
        b"X-%05d: " % n + b"h" * 980 for n in range(900)], only=GENERIC)
    yield make("one field many times", *[b"X-Again: same"] * 500)


ROWS = [
    *[make(f"fold: {name}", subject=field.encode())
      for name, field in WAYS],
    *[make(f"fold: {name}", people=people, **instead)
      for name, instead, people in NAMED],
    *_lengths(),
]
