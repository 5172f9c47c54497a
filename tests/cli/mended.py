"""What arrived, judged by its octets and by what a mail program reads in it.

The octets are cut into fields by rules of this file; the meaning is that of
Python's email package, which knows nothing of the program under test.
"""

import email
import re
from email.header import decode_header, make_header
from email.utils import getaddresses, parsedate_to_datetime

ADDRESS_FIELDS = ("from", "sender", "reply-to", "to", "cc", "resent-from",
                  "resent-sender", "resent-to", "resent-cc")
ONCE = ("date", "from", "message-id")
LONGEST = 998


def fields_of(octets):
    """The header as [(name, whole field with its folds)]; no line end last."""
    found = []
    for line in octets.split(b"\r\n"):
        if line[:1] in (b" ", b"\t") and found:
            found[-1] = (found[-1][0], found[-1][1] + b"\r\n" + line)
        else:
            found.append((line.split(b":", 1)[0].decode("latin-1").lower(),
                          line))
    return found


def split(content):
    """(fields, body) of a message as it was on the wire."""
    if content.startswith(b"\r\n"):
        return [], content[2:]
    header, empty, body = content.partition(b"\r\n\r\n")
    assert empty, "no empty line behind the header"
    return fields_of(header), body


def broken_rules(content):
    """What RFC 5321 and 5322 forbid in any message, as words."""
    bare = content.replace(b"\r\n", b"")
    rules = {
        "bare CR": b"\r" in bare,
        "bare LF": b"\n" in bare,
        "NUL": b"\0" in content,
        "line above 998": any(len(line) > LONGEST
                              for line in content.split(b"\r\n")),
        "no line end at the end": not content.endswith(b"\r\n"),
        "no empty line": b"\r\n\r\n" not in content,
    }
    found = [words for words, broken in rules.items() if broken]
    if found:
        return found
    fields, _ = split(content)
    names = [name for name, _ in fields]
    found += [f"{name} {names.count(name)} times" for name in ONCE
              if names.count(name) != 1]
    found += [f"not a field: {field[:60]!r}" for _, field in fields
              if not re.match(rb"[!-9;-~]+:", field)]
    return found


def value_of(field):
    """The unfolded, decoded value of a raw field."""
    raw = field.split(b":", 1)[1].replace(b"\r\n", b"").strip()
    text = raw.decode("utf-8", "surrogateescape")
    return str(make_header(decode_header(text))) if "=?" in text else text


def people_of(field):
    """[(display name, address)] of a raw address field."""
    raw = field.split(b":", 1)[1].replace(b"\r\n", b"")
    text = raw.decode("utf-8", "surrogateescape")
    return [(str(make_header(decode_header(name))) if "=?" in name else name,
             address) for name, address in getaddresses([text])
            if name or address]


class Meaning:
    """A message as a mail program understands it."""

    def __init__(self, content):
        self.message = email.message_from_bytes(content)
        self.fields, self.raw_body = split(content)

    def values(self, name):
        return [value_of(field) for found, field in self.fields
                if found == name.lower()]

    def people(self, name):
        return [one for found, field in self.fields if found == name.lower()
                for one in people_of(field)]

    def date(self):
        return parsedate_to_datetime(self.values("date")[0])

    def bare_names(self):
        """Addresses without a domain in the fields that hold addresses."""
        return [address for name in ADDRESS_FIELDS
                for _, address in self.people(name)
                if address and "@" not in address]

    def leaves(self):
        """The decoded octets of each part that is no multipart."""
        return [leaf.get_payload(decode=True) or b""
                for leaf in self.message.walk()
                if not leaf.is_multipart()]

    def defects(self):
        """What the parser found wrong, in the whole and in its parts."""
        return [type(defect).__name__ for part in self.message.walk()
                for defect in part.defects]

    def labels(self):
        """(type, charset, encoding) of each leaf, in small letters."""
        return [(leaf.get_content_type(),
                 str(leaf.get_content_charset() or ""),
                 str(leaf.get("Content-Transfer-Encoding", "")).lower())
                for leaf in self.message.walk() if not leaf.is_multipart()]
