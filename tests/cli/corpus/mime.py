"""MIME: multiparts in many shapes, signed mail, reports, calendars."""

import base64
import random

from .message import make

BINARY = base64.encodebytes(random.Random(11).randbytes(2000)).decode()
HEAD = "MIME-Version: 1.0\n"


def part(kind, text, *fields):
    """A part: its fields, an empty line, its text."""
    head = "".join(f"{one}\n" for one in (f"Content-Type: {kind}", *fields))
    return f"{head}\n{text}"


def multipart(kind, boundary, *parts, before="", after=""):
    """The field and the body of a multipart."""
    body = "".join(f"--{boundary}\n{one}\n" for one in parts)
    field = f'Content-Type: multipart/{kind}; boundary="{boundary}"'
    return field, f"{before}{body}--{boundary}--\n{after}"


def nested(field_and_body):
    """A multipart as a part of another."""
    field, body = field_and_body
    return f"{field}\n\n{body}"


def deep(levels):
    inner = multipart("mixed", "b0", part("text/plain", "innermost"))
    for level in range(1, levels):
        inner = multipart("mixed", f"b{level}", nested(inner))
    return inner


PLAIN = part("text/plain; charset=utf-8", "Größe\n.\n..x",
             "Content-Transfer-Encoding: 8bit")
HTML = part("text/html; charset=utf-8",
            '<p style=3D"x">Gr=C3=B6=C3=9Fe=20\n=2E</p>=\n',
            "Content-Transfer-Encoding: quoted-printable")
FILE = part('application/octet-stream; name="a.bin"', BINARY,
            "Content-Transfer-Encoding: base64",
            'Content-Disposition: attachment;\n filename="a.bin"; size=2000')
IMAGE = part("image/png", BINARY, "Content-Transfer-Encoding: base64",
             "Content-ID: <image@example.com>", "Content-Disposition: inline")
ALTERNATIVE = multipart("alternative", "alt", PLAIN, HTML)
RELATED = multipart("related", "rel", nested(ALTERNATIVE), IMAGE)
INNER = ("Received: from a by b; Mon, 2 Sep 2024 00:00:00 +0000\n"
         "Received: from c by d; Mon, 2 Sep 2024 00:00:00 +0000\n"
         "From: root\nTo: root\nTo: daemon\nBcc: secret\nSubject : old\n"
         "Subject: twice\nReturn-Path: <x>\nContent-Length: 3\n\ninner\n.")
BOUNDARIES = ["x", "a" * 70, "=_Part_0", "----=_NextPart_000_0001",
              "a b c", "a'()+_,-./:=?b", "..", ".", "0"]

STATUS = part("message/delivery-status", """\
Reporting-MTA: dns; mail.example.com
Arrival-Date: Mon, 2 Sep 2024 10:11:12 +0200

Final-Recipient: rfc822; user@example.net
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 <user@example.net>: no such user
 here
""")
NOTIFICATION = part("message/disposition-notification", """\
Reporting-UA: example; 1.0
Final-Recipient: rfc822;user@example.net
Original-Message-ID: <a@example.net>
Disposition: manual-action/MDN-sent-manually; displayed
""")
ABUSE = part("message/feedback-report", "Feedback-Type: abuse\nVersion: 1\n"
             "User-Agent: example/1.0\n")
CALENDAR = part('text/calendar; charset=utf-8; method=REQUEST', """\
BEGIN:VCALENDAR
METHOD:REQUEST
BEGIN:VEVENT
UID:1@example.com
DTSTART:20240902T101112Z
ORGANIZER;CN="Sender":mailto:sender@example.com
ATTENDEE;RSVP=TRUE:mailto:user@example.net
SUMMARY:Größe
DESCRIPTION:a line that is folded\\, as calendars fold,
  with blanks at the start
END:VEVENT
END:VCALENDAR""", "Content-Transfer-Encoding: 8bit")
PGP = part("application/pgp-signature; name=signature.asc",
           "-----BEGIN PGP SIGNATURE-----\n\niQEzBAEBCAAd\n=aB3d\n"
           "-----END PGP SIGNATURE-----")
P7S = part("application/pkcs7-signature; name=smime.p7s", BINARY,
           "Content-Transfer-Encoding: base64")
SIGNED = part("text/plain; charset=us-ascii; format=flowed",
              "Signed text. \n\n-- \nSender \t")

# name, (field, body)
SHAPES = [
    ("mixed", multipart("mixed", "m", PLAIN, FILE)),
    ("alternative", ALTERNATIVE),
    ("related in mixed", multipart("mixed", "mix", nested(RELATED), FILE)),
    ("one part", multipart("mixed", "m", PLAIN)),
    ("a hundred parts", multipart("mixed", "m", *[
        part("text/plain", str(n)) for n in range(100)])),
    ("five levels", deep(5)),
    ("fifty levels", deep(50)),
    ("preamble and epilogue", multipart(
        "mixed", "m", PLAIN, before="This is MIME.\n.\n\n",
        after="\nEpilogue.\n.\n--m\n\n")),
    ("preamble with 8 bits", multipart("mixed", "m", PLAIN,
                                       before="Größe\n", after="Größe\n")),
    ("parts without fields", multipart("mixed", "m", "\ntext", "\n")),
    ("empty parts", multipart("mixed", "m", "", "\n", part("text/plain", ""))),
    ("part with default type", multipart(
        "mixed", "m", "Content-Description: x\n\ntext")),
    ("digest", multipart("digest", "d", "\n" + INNER, "\n" + INNER)),
    ("forwarded", multipart("mixed", "m", part("message/rfc822", INNER))),
    ("forwarded with 8 bits", multipart("mixed", "m", part(
        "message/rfc822", nested(ALTERNATIVE)))),
    ("forwarded multipart of the same boundary", multipart(
        "mixed", "m", part("message/rfc822", nested(multipart(
            "mixed", "m2", PLAIN))))),
    ("similar boundaries", multipart("mixed", "m", nested(multipart(
        "mixed", "mm", PLAIN)), PLAIN)),
    ("delivery report", ('Content-Type: multipart/report; report-type='
                         'delivery-status; boundary="r"', multipart(
                             "report", "r", PLAIN, STATUS,
                             part("text/rfc822-headers", INNER))[1])),
    ("disposition report", ('Content-Type: multipart/report;\n\tboundary=r; '
                            'report-type=disposition-notification', multipart(
                                "report", "r", PLAIN, NOTIFICATION)[1])),
    ("abuse report", ("Content-Type: multipart/report; report-type="
                      "feedback-report; boundary=r", multipart(
                          "report", "r", PLAIN, ABUSE,
                          part("message/rfc822", INNER))[1])),
    ("invitation", multipart("alternative", "c", PLAIN, CALENDAR)),
    ("invitation and file", multipart("mixed", "c2", nested(multipart(
        "alternative", "c", PLAIN, CALENDAR)), FILE)),
    ("signed with PGP", ('Content-Type: multipart/signed; micalg=pgp-sha256;\n'
                         ' protocol="application/pgp-signature";\n'
                         ' boundary="s"', multipart(
                             "signed", "s", SIGNED, PGP)[1])),
    ("signed with S/MIME", ('Content-Type: multipart/signed; boundary="s";\n'
                            ' protocol="application/pkcs7-signature"; '
                            'micalg=sha-256', multipart(
                                "signed", "s", SIGNED, P7S)[1])),
    ("signed and nested", ('Content-Type: multipart/signed; boundary="s"; '
                           'micalg=pgp-sha512; '
                           'protocol="application/pgp-signature"', multipart(
                               "signed", "s", nested(RELATED), PGP)[1])),
    ("encrypted", ('Content-Type: multipart/encrypted; boundary="e";\n'
                   ' protocol="application/pgp-encrypted"', multipart(
                       "encrypted", "e",
                       part("application/pgp-encrypted", "Version: 1"),
                       part("application/octet-stream", "-----BEGIN PGP "
                            "MESSAGE-----\n\nhQ==\n-----END PGP MESSAGE-----")
                   )[1])),
    ("form data", multipart("form-data", "f", part(
        "text/plain", "x", 'Content-Disposition: form-data; name="a"'))),
    ("names by RFC 2231", multipart("mixed", "m", part(
        "application/pdf", BINARY, "Content-Transfer-Encoding: base64",
        "Content-Disposition: attachment;\n"
        " filename*0*=utf-8''Gr%C3%B6;\n filename*1=\"sse.pdf\""))),
    ("names in 8 bits", multipart("mixed", "m", part(
        'text/plain; name="Größe.txt"', "x",
        'Content-Disposition: attachment; filename="Größe.txt"'))),
    ("names as encoded words", multipart("mixed", "m", part(
        'text/plain; name="=?utf-8?q?Gr=C3=B6=C3=9Fe?="', "x"))),
    ("external body", multipart("mixed", "m", part(
        "message/external-body; access-type=URL;\n URL=\"https://example.com\"",
        "Content-Type: text/html\n\n"))),
    ("lines of 998 in parts", multipart("mixed", "m", part(
        "text/plain", "a" * 998), part("text/html", "." * 998), part(
            "application/octet-stream", "QUJD" * 249,
            "Content-Transfer-Encoding: base64"))),
    ("closing line is missing", ("Content-Type: multipart/mixed; boundary=m",
                                 "--m\n\ntext\n")),
    ("blanks behind boundaries", ("Content-Type: multipart/mixed; boundary=m",
                                  "--m  \n\na\n--m\t\n\nb\n--m-- \n")),
    ("folds in the fields of a part", multipart("mixed", "m", part(
        "text/plain;\n\tcharset=utf-8;\n format=flowed",
        "x ", "Content-Description: a\n b\n c"))),
    ("odd fields of a part", multipart("mixed", "m", part(
        "text/plain", "x", "Bcc: a@example.net", "To: root", "To: daemon",
        "Subject : y", "Return-Path: <r@example.net>"))),
]

# name, fields, body
SINGLE = [
    ("S/MIME encrypted", "Content-Type: application/pkcs7-mime;\n"
     " smime-type=enveloped-data; name=smime.p7m\n"
     "Content-Transfer-Encoding: base64\n"
     "Content-Disposition: attachment; filename=smime.p7m", BINARY),
    ("S/MIME signed", "Content-Type: application/pkcs7-mime; smime-type="
     "signed-data\nContent-Transfer-Encoding: base64", BINARY),
    ("image", "Content-Type: image/png; name=x.png\nContent-ID: <x@example>\n"
     "Content-Transfer-Encoding: base64\nContent-Disposition: inline", BINARY),
    ("calendar", "Content-Type: text/calendar; charset=utf-8; method=REPLY\n"
     "Content-Transfer-Encoding: 8bit\nContent-Class: urn:content-classes:"
     "calendarmessage", "BEGIN:VCALENDAR\nSUMMARY:Größe\nEND:VCALENDAR\n"),
    ("rfc822", "Content-Type: message/rfc822", INNER + "\n"),
    ("partial", "Content-Type: message/partial; id=\"a@example.com\";\n"
     " number=1; total=3", INNER + "\n"),
    ("enriched", "Content-Type: text/enriched; charset=us-ascii",
     "<bold>x</bold> <<\n"),
    ("fields about content", "Content-Type: text/plain\nContent-Language: de\n"
     "Content-MD5: Q2hlY2sgSW50ZWdyaXR5IQ==\nContent-Description: a\n b\n"
     "Content-Location: https://example.com/\nContent-Duration: 1", "x\n"),
    ("version with a comment", "Content-Type: text/plain", "x\n"),
    ("type without parameters", "Content-Type: text/html", "<p>x</p>\n"),
    ("type with comments", "Content-Type: text/plain (b); charset=us-ascii (c)",
     "x\n"),
    ("charset in quotes", 'Content-Type: text/plain; charset="us-ascii"; '
     'x="a;b\\"c"', "x\n"),
    ("only a transfer encoding", "Content-Transfer-Encoding: 7bit", "x\n"),
]


def _boundaries():
    for number, boundary in enumerate(BOUNDARIES):
        field, body = multipart("mixed", boundary, PLAIN, FILE)
        yield make(f"boundary {number}", HEAD.encode(), field.encode(),
                   body=body)


ROWS = [
    *[make(f"mime: {name}", HEAD.encode(), field.encode(), body=body)
      for name, (field, body) in SHAPES],
    *[make(f"mime: {name}", HEAD.encode(), fields.encode(), body=body)
      for name, fields, body in SINGLE],
    *_boundaries(),
    make("mime: no version", b"Content-Type: text/plain; charset=us-ascii"),
    make("mime: fields first", first=(
        b"MIME-Version: 1.0 (made by hand)",
        b"Content-Type: text/plain; charset=utf-8",
        b"Content-Transfer-Encoding: 8bit"), body="Größe"),
]
