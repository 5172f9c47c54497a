"""Everything that is mended in a message, one row each: input, then output.

The rows follow what callers of sendmail rely on and what RFC 5321, 5322, 2045
to 2047, 6152 and 6409 ask of a submission client.  See fixups for the notation.
"""

import base64
import os
import pwd
import re

from fixups import (ALL_MADE, DATE, FROM, ID, SENDER, USER, field,
                    missing, raw, refused, text)

EIGHT = {"BODY": "8BITMIME"}
LOGIN = pwd.getpwuid(os.getuid()).pw_name
FULL_NAME = pwd.getpwuid(os.getuid()).pw_gecos.split(",")[0].replace(
    "&", LOGIN.capitalize())
NO_FROM = {"from": None, "qualify_domain": "example.com"}


def fits(pattern):
    """A field that fits as a whole."""
    return re.compile(pattern.encode(), re.S)


def named(*args):
    return (*args, USER)


MISSING = [
    missing("Date", ["date"], {"date": DATE}),
    missing("Date, for SES", ["date"], {"date": DATE}, desk="ses"),
    missing("Message-ID", ["message-id"], {"message-id": ID}),
    missing("From", ["from"], {"from": FROM}),
    missing("From, with -f", ["from"], {"from": r"<?who@example\.com>?"},
            args=named("-f", "who@example.com"), sender="who@example.com"),
    missing("From, with -f of a bare name", ["from"],
            {"from": r"<?who@example\.com>?"}, args=named("-f", "who"),
            sender="who@example.com"),
    missing("From, with -r", ["from"], {"from": r"<?who@example\.com>?"},
            args=named("-r", "who@example.com"), sender="who@example.com"),
    missing("From, with a null sender", ["from"], {"from": FROM},
            args=named("-f", "<>"), sender=""),
    missing("From, of the caller", ["from"],
            {"from": rf"(.+ )?<?{LOGIN}@example\.com>?"},
            settings=NO_FROM, sender=f"{LOGIN}@example.com",
            means={"from": [(FULL_NAME, f"{LOGIN}@example.com")]}),
    missing("From, and no full name with -F ''", ["from"],
            {"from": rf"<?{LOGIN}@example\.com>?"}, args=named("-F", ""),
            settings=NO_FROM, sender=f"{LOGIN}@example.com"),
    missing("all but Subject", ["from", "to", "date", "message-id"],
            ALL_MADE),
    raw("all", "\nbody\n", body=b"body\r\n"),
    field("nothing, and Date has a fold", "Date:\n Mon, 02 Sep 2024 10:11 GMT"),
    field("From is empty", "From:", [], made={"from": FROM}),
    field("Date is empty, too", "Date:", [], made={"date": DATE}),
    field("Message-ID is blank", "Message-ID: \n ", [],
          made={"message-id": ID}),
    field("Sender is not made", "From: other@example.com"),
]

# -F NAME -> the display name as it must stand and as it is read
NAMES = [
    ("CronDaemon", "CronDaemon", None),
    ("Cron Daemon", "Cron Daemon", None),
    ("Name, Inc.", '"Name, Inc."', None),
    ("a.b", '"a.b"', None),
    ('He said "x"', r'"He said \"x\""', None),
    ("back\\slash", r'"back\\slash"', None),
    ("(in parentheses)", '"(in parentheses)"', None),
    ("a <b@example.org>", '"a <b@example.org>"', None),
    ("user@host", '"user@host"', None),
    ("a; b: c", '"a; b: c"', None),
    ("o'neil & sons", None, None),
    ("Jürgen", None, r"=\?utf-8\?[bq]\?"),
    ("Größe, Inc. (Köln)", None, r"=\?utf-8\?[bq]\?"),
    ("日本語" * 20, None, r"(=\?utf-8\?[bq]\?[^ ]{1,62}\?=\s+)+"),
    ("x" * 300, None, None),
]


def _name_rows():
    for name, stands, pattern in NAMES:
        value = rf"{re.escape(stands)} <sender@example\.com>" if stands else (
            rf"{pattern or ''}.*<sender@example\.com>")
        yield missing(f"-F {name[:20]!r}", ["from"], {"from": value},
                      args=named("-F", name), means={"from": [
                          (name, "sender@example.com")]})
    yield missing("-F that is encoded already", ["from"],
                  {"from": r"=\?utf-8\?q\?x\?= <sender@example\.com>"},
                  args=named("-F", "=?utf-8?q?x?="))
    for one in ("two\nlines", "two\rlines", "two\tlines", "two\x1blines"):
        yield missing(f"-F with a control: {one!r}", ["from"],
                      {"from": r'"?two ?lines"? <sender@example\.com>'},
                      args=named("-F", one))
    yield missing("-F in Latin-1", ["from"],
                  {"from": r".+ <sender@example\.com>"},
                  args=named("-F", b"J\xfcrgen"))
    yield field("-F beside a From", "From: x@example.com",
                args=named("-F", "Name"))


BARE = [
    ("To: root", "To: root@example.com"),
    ("To: root, admin@example.net",
     "To: root@example.com, admin@example.net"),
    ("To: root,daemon , www", "To: root@example.com,daemon@example.com , "
     "www@example.com"),
    ("To: <root>", "To: <root@example.com>"),
    ("To: < root >", "To: < root@example.com >"),
    ("To: Mr. Root <root>", "To: Mr. Root <root@example.com>"),
    ('To: "Root, Mr." <root>', 'To: "Root, Mr." <root@example.com>'),
    ('To: "two words"', 'To: "two words"@example.com'),
    ("To: root (the (real) root)",
     "To: root@example.com (the (real) root)"),
    ("To: (the real) root", "To: (the real) root@example.com"),
    ("To: a.b-c+d", "To: a.b-c+d@example.com"),
    ("To: root\n , daemon\n", "To: root@example.com\n , daemon@example.com"),
    ("To: one,\n two,\n\tthree@example.net,\n four",
     "To: one@example.com,\n two@example.com,\n\tthree@example.net,\n"
     " four@example.com"),
    ("To: Admins: root, Web <www>, a@example.net;",
     "To: Admins: root@example.com, Web <www@example.com>, a@example.net;"),
    ("To: undisclosed-recipients:;, root",
     "To: undisclosed-recipients:;, root@example.com"),
    ("To: =?utf-8?q?J=C3=BC?= <root>",
     "To: =?utf-8?q?J=C3=BC?= <root@example.com>"),
    ("To: Jürgen <root>", "To: Jürgen <root@example.com>"),
    ("To:root", "To:root@example.com"),
    ("To: root,", "To: root@example.com,"),
    ("Cc: root", "Cc: root@example.com"),
    ("Cc: a@example.net, root (Root)",
     "Cc: a@example.net, root@example.com (Root)"),
    ("Reply-To: help", "Reply-To: help@example.com"),
    ("Reply-To: Help <help>, root",
     "Reply-To: Help <help@example.com>, root@example.com"),
    ("From: root", "From: root@example.com"),
    ("From: root (Cron Daemon)", "From: root@example.com (Cron Daemon)"),
    ('From: "(Cron Daemon)" <user>',
     'From: "(Cron Daemon)" <user@example.com>'),
    ("From: mdadm monitoring <root>",
     "From: mdadm monitoring <root@example.com>"),
    ("From: Anacron <root>", "From: Anacron <root@example.com>"),
    ("From: root (systemd-cron)", "From: root@example.com (systemd-cron)"),
    ("Sender: www-data", "Sender: www-data@example.com"),
    ("Sender: Web <www-data> (x)", "Sender: Web <www-data@example.com> (x)"),
]

RESENT_DATE = {"resent-date": DATE}
RESENT_ID = {"resent-message-id": ID}
RESENT_MADE = {**RESENT_DATE, **RESENT_ID}

BARE_RESENT = [
    ("Resent-From: root", "Resent-From: root@example.com"),
    ("Resent-Sender: Web <www>", "Resent-Sender: Web <www@example.com>"),
    ("Resent-To: root, a@example.net",
     "Resent-To: root@example.com, a@example.net"),
    ("Resent-Cc: root (x)", "Resent-Cc: root@example.com (x)"),
    ("Resent-Reply-To: root", "Resent-Reply-To: root@example.com"),
]

LEFT = [
    "X-To: root", "Errors-To: root", "Delivered-To: root",
    "Comments: root, daemon", "X-Cron-Env: <LOGNAME=root>",
    "To: undisclosed-recipients:;", "Cc: Friends: ;",
]


# Some write a semicolon where a comma belongs.
SEMICOLONS = [
    ("To: a@example.net; b@example.net", "To: a@example.net, b@example.net"),
    ("To: a@example.net;", "To: a@example.net"),
    ("To: a@example.net;\n B <b@example.net>;\n",
     "To: a@example.net,\n B <b@example.net>"),
    ("Cc: root;; Web <www> ; a@example.net,",
     "Cc: root@example.com, Web <www@example.com> , a@example.net,"),
    ("To: G: a@example.net; ; \"b;c\" <b@example.net> (d;e); root",
     "To: G: a@example.net; , \"b;c\" <b@example.net> (d;e), "
     "root@example.com"),
    ("Reply-To: Help <help>;", "Reply-To: Help <help@example.com>"),
    ("From: Root <root>;", "From: Root <root@example.com>"),
    ("Sender: www;", "Sender: www@example.com"),
    ("Cc: ;", "Cc: "),
]


def _semicolon_rows():
    for given, arrives in SEMICOLONS:
        yield field(f"semicolon: {given!r}", given.rstrip("\n"),
                    arrives, desk="ses", odd="(d;e)" in given)
    yield field("semicolons under -t", "To: a@example.net; root;",
                "To: a@example.net, root@example.com", args=("-t",),
                people=("a@example.net", "root@example.com"), desk="ses")
    yield field("semicolons in several To", ["To: a@example.net;",
                                             "To: b@example.net; root"],
                fits(r"To: a@example\.net,\s+b@example\.net, "
                     r"root@example\.com"), desk="ses")
    yield field("semicolons where no domain is to be added",
                "To: a@example.net;b@example.net",
                "To: a@example.net,b@example.net",
                settings={"qualify_domain": ""})
    yield field("semicolon behind an author that is rewritten",
                f"From: Other <{OUTSIDE}>;", [],
                made={"from": r"Other <sender@example\.com>",
                      **replies(OUTSIDE)}, settings=REWRITE, desk="ses")


def _bare_rows():
    for given, arrives in BARE + BARE_RESENT:
        for desk in ("generic", "ses"):
            made = RESENT_MADE if given.startswith("Resent-") else {}
            yield field(f"bare: {given!r} ({desk})", given.rstrip("\n"),
                        arrives, desk=desk, made=made)
    for given in LEFT:
        yield field(f"left: {given!r}", given)
    yield field("bare names are left where no domain is to be added",
                "To: root", settings={"qualify_domain": ""}, bare=True)
    yield field("bare names get the domain that is set", "To: root",
                "To: root@corp.example", settings={
                    "qualify_domain": "corp.example"})
    yield field("bare recipient and header under -t", "To: root, x@example.net",
                "To: root@example.com, x@example.net", args=("-t",),
                people=("root@example.com", "x@example.net"))
    yield field("bare operand", "To: root", "To: root@example.com",
                args=("root",), people=("root@example.com",))
    yield field("group under -t", "To: G: root, Web <www>;, a@example.net",
                "To: G: root@example.com, Web <www@example.com>;, "
                "a@example.net", args=("-t",),
                people=("root@example.com", "www@example.com",
                        "a@example.net"))


# given fields, what is left of them for RFC 5322
REPEATED = [
    (["To: a@example.net", "To: b@example.net"],
     [fits(r"To: a@example\.net,\s+b@example\.net")]),
    (["To: root", "Cc: x@example.net", "To: Adm <admin>"],
     [fits(r"To: root@example\.com,\s+Adm <admin@example\.com>"),
      "Cc: x@example.net"]),
    ([f"To: r{n}@example.net" for n in range(30)],
     [fits("To: " + r",\s+".join(rf"r{n}@example\.net" for n in range(30)))]),
    (["Cc: a@example.net (A)", "CC: b@example.net"],
     [fits(r"Cc: a@example\.net \(A\),\s+b@example\.net")]),
    (["Reply-To: a@example.net", "Reply-To: b@example.net"],
     [fits(r"Reply-To: a@example\.net,\s+b@example\.net")]),
    (["To: a@example.net", "To:"], [fits(r"To: a@example\.net,?\s*")]),
    (["Subject: one", "Subject: two"], ["Subject: one"]),
    (["Subject: one\n folded", "subject: two\n folded"],
     ["Subject: one\n folded"]),
    (["Date: Mon, 2 Sep 2024 10:11:12 GMT",
      "Date: Tue, 3 Sep 2024 10:11:12 GMT"],
     ["Date: Mon, 2 Sep 2024 10:11:12 GMT"]),
    (["Message-ID: <1@example.com>", "Message-Id: <2@example.com>"],
     ["Message-ID: <1@example.com>"]),
    (["From: a@example.com", "From: b@example.com"], ["From: a@example.com"]),
    (["Sender: a@example.com", "Sender: b@example.com"],
     ["Sender: a@example.com"]),
    (["MIME-Version: 1.0", "Mime-Version: 1.0"], ["MIME-Version: 1.0"]),
    (["In-Reply-To: <1@a.example>", "In-Reply-To: <2@a.example>"],
     ["In-Reply-To: <1@a.example>"]),
    (["References: <1@a.example>", "References: <2@a.example>"],
     ["References: <1@a.example>"]),
]

# what Amazon SES takes once, though RFC 5322 does not mind
RELAY_ONCE = [
    (["Content-Type: text/plain", "Content-Type: text/html"],
     ["Content-Type: text/plain"]),
    (["Content-Transfer-Encoding: 7bit", "Content-Transfer-Encoding: 7bit"],
     ["Content-Transfer-Encoding: 7bit"]),
    (["DKIM-Signature: v=1;\n b=a", "DKIM-Signature: v=1;\n b=b"],
     ["DKIM-Signature: v=1;\n b=a"]),
    (["List-Id: <a.example>", "List-Id: <b.example>"],
     ["List-Id: <a.example>"]),
    (["Auto-Submitted: auto-generated", "Auto-Submitted: no"],
     ["Auto-Submitted: auto-generated"]),
    (["Keywords: a", "Keywords: b"], ["Keywords: a"]),
    (["User-Agent: a", "User-Agent: b"], ["User-Agent: a"]),
    (["Precedence: bulk", "X-A: 1", "Precedence: list"],
     ["Precedence: bulk", "X-A: 1"]),
    (["Return-Receipt-To: a@example.com", "Return-Receipt-To: b@example.com"],
     ["Return-Receipt-To: a@example.com"]),
]


def _repeated_rows():
    for given, arrives in REPEATED:
        for desk in ("generic", "ses", "oci"):
            yield field(f"repeated: {given[0][:30]!r}, {len(given)} fields, "
                        f"{given[-1][:20]!r} ({desk})", given, arrives,
                        desk=desk)
    for given, arrives in RELAY_ONCE:
        yield field(f"repeated for a relay: {given[0][:40]!r}", given, arrives,
                    desk="ses")
        yield field(f"may stand twice elsewhere: {given[0][:40]!r}", given,
                    desk="oci", odd=True)
    yield field("repeated and wanted so", ["Subject: a", "Subject: b"],
                settings={"header_once": "off"}, odd=True)
    yield field("repeated To that cannot be read as one",
                ["To: a@example.net", 'To: "open <b@example.net>'], odd=True)
    yield field("repeated To under -t", ["To: a@example.net", "To: root"],
                [fits(r"To: a@example\.net,\s+root@example\.com")],
                args=("-t",), people=("a@example.net", "root@example.com"))


DROPPED = [
    field("Bcc", "Bcc: secret@example.org", []),
    field("Bcc folded", "BCC: a@example.org,\n secret@example.org", []),
    field("Bcc twice", ["Bcc: a@example.org", "X-A: 1", "bcc: b@example.org"],
          "X-A: 1"),
    field("Bcc empty", "Bcc:", []),
    field("Bcc with a blank before the colon", "Bcc : x@example.org", []),
    field("Bcc that cannot be read", 'Bcc: "open <x@example.org>', []),
    field("Bcc under -t", "Bcc: secret@example.org, root", [], args=("-t",),
          people=(USER, "secret@example.org", "root@example.com")),
    field("Bcc alone under -t", "Bcc: secret@example.org", [],
          without=["to"], args=("-t",), people=("secret@example.org",)),
    field("Resent-Bcc", ["Resent-To: a@example.net",
                         "Resent-Bcc: b@example.org"],
          "Resent-To: a@example.net", made=RESENT_MADE),
    field("Resent-Bcc under -t", ["Resent-To: a@example.net",
                                  "Resent-Bcc: b@example.org"],
          "Resent-To: a@example.net", args=("-t",), made=RESENT_MADE,
          people=("a@example.net", "b@example.org")),
    field("Bcc is kept when it is wanted", "Bcc: a@example.org",
          settings={"remove_bcc_headers": "off"}),
    field("Return-Path", "Return-Path: <bounce@other.example>", [],
          desk="ses"),
    field("Return-Path twice and empty", ["Return-Path: <>", "return-path:"],
          []),
    field("Content-Length", "Content-Length: 4711", []),
    field("Content-Type that is empty", ["MIME-Version: 1.0", "Content-Type:"],
          "MIME-Version: 1.0",
          desk="ses"),
    field("Content-Type of no more than a word",
          ["Content-type: text", "X-A: 1"], "X-A: 1", desk="ses"),
    field("Content-Type that is empty beside another",
          ["Content-Type:\n ", "Content-Type: text/plain"],
          "Content-Type: text/plain", desk="ses"),
    field("Content-Disposition that is empty", "Content-Disposition: ", [],
          desk="ses"),
    raw("From line", "From root Mon Sep  2 10:11:12 2024\nSubject: s\n\nb\n",
        ["Subject: s"], b"b\r\n"),
    raw("quoted From line", ">From root Mon Sep  2 10:11:12 2024\nSubject: s\n"
        "\nb\n", ["Subject: s"], b"b\r\n"),
    raw("both From lines", "From a Mon Sep  2 10:11:12 2024\n>From b Mon Sep  2"
        " 10:11:12 2024\n>From c remote from d\nSubject: s\n\nb\n",
        ["Subject: s"], b"b\r\n"),
    raw("From line with CRLF", b"From root Mon Sep  2 10:11:12 2024\r\n"
        b"Subject: s\r\n\r\nb\r\n", ["Subject: s"], b"b\r\n"),
    raw("From line and From field", "From x Mon Sep  2 10:11:12 2024\n"
        "From: root\n\nFrom here\n", ["From: root@example.com"],
        b"From here\r\n", made={"date": DATE, "message-id": ID}),
    raw("From line and a body", "From root Mon Sep  2 10:11:12 2024\n\nb\n",
        body=b"b\r\n"),
]

SHAPES = [
    raw("text without a header", "text\nmore\n", body=b"text\r\nmore\r\n"),
    raw("a URL first", "http://example.com/a:b\nx: y\n",
        body=b"http://example.com/a:b\r\nx: y\r\n"),
    raw("a URL behind fields", "Subject: s\nhttps://example.com/\n",
        ["Subject: s"], b"https://example.com/\r\n"),
    raw("text with a colon later", "Hello world: x\n",
        body=b"Hello world: x\r\n"),
    raw("text with a time first", "10:15 started\n", ["10:15 started"]),
    raw("a blank line first, of blanks", " \nSubject: s\n",
        body=b" \r\nSubject: s\r\n"),
    raw("a continuation first", " folded\nSubject: s\n",
        body=b" folded\r\nSubject: s\r\n"),
    raw("fields, then text without an empty line", "Subject: s\ntext here\n",
        ["Subject: s"], b"text here\r\n"),
    raw("fields, then a lone dot with -i", "Subject: s\n.\nx\n",
        ["Subject: s"], b".\r\nx\r\n", args=named("-i")),
    raw("a colon first", ": x\nSubject: s\n",
        body=b": x\r\nSubject: s\r\n"),
    raw("a name of 8-bit octets", "Größe: 7\n", body=None,
        leaves=("Größe: 7\n".encode(),), may={
            "mime-version": "1.0", "content-type": "text/plain.*",
            "content-transfer-encoding": "8bit"}),
    raw("empty input", ""),
    raw("one line end", "\n"),
    raw("one CRLF", b"\r\n"),
    raw("a header only", "Subject: s\n", ["Subject: s"]),
    raw("a header and its empty line", "Subject: s\n\n", ["Subject: s"]),
    raw("a header without a line end", "Subject: s", ["Subject: s"]),
    raw("a header with CR at the end", b"Subject: s\r", ["Subject: s"]),
    raw("no final line end", "Subject: s\n\nbody", ["Subject: s"],
        b"body\r\n"),
    raw("no final line end, and a dot", "Subject: s\n\nbody\n.",
        ["Subject: s"], b"body\r\n.\r\n", args=named("-i")),
    raw("no final line end, CRLF", b"Subject: s\r\n\r\nbody\r\nlast",
        ["Subject: s"], b"body\r\nlast\r\n"),
    raw("CR at the end of the body", b"Subject: s\n\nbody\r",
        ["Subject: s"], b"body\r\n"),
    raw("CRLF", b"Subject: s\r\n\r\none\r\n\r\ntwo\r\n", ["Subject: s"],
        b"one\r\n\r\ntwo\r\n"),
    raw("CRLF and LF", b"Subject: s\r\nX-A: b\n\r\none\ntwo\r\n\nthree\r\n",
        ["Subject: s", "X-A: b"], b"one\r\ntwo\r\n\r\nthree\r\n"),
    raw("runs of CR before LF", b"Subject: s\r\r\n\r\r\r\none\r\r\n\r\r\n"
        b"two\r\r\r\n", ["Subject: s"], b"one\r\n\r\ntwo\r\n"),
    field("blank before the colon", "Subject : x", "Subject: x"),
    field("blanks before the colon", "X-Odd \t : x", "X-Odd: x"),
    field("blank before the colon of To", "To : root", "To: root@example.com"),
    field("blank before the colon of From", "From : root",
          "From: root@example.com"),
    field("blank before the colon under -t", "To : a@example.net",
          "To: a@example.net", args=("-t",), people=("a@example.net",)),
    field("blank before the colon of a repeated field",
          ["Subject: a", "Subject : b"], "Subject: a"),
    field("blank before a colon and nothing", "X-Odd :", "X-Odd:"),
]

# Without -i a lone dot ends the message, and two dots at a line start are one.
DOTS = [
    text("a lone dot ends", "one\n.\ntwo\n", b"one\r\n"),
    text("a lone dot with CRLF ends", b"one\r\n.\r\ntwo\r\n", b"one\r\n"),
    text("a lone dot first", ".\ntwo\n", b""),
    text("two dots are one", "..\n..x\n...\n.x\n",
         b".\r\n.x\r\n..\r\n.x\r\n"),
    text("-i keeps dots", ".\n..\n..x\n", b".\r\n..\r\n..x\r\n",
         args=named("-i")),
    text("-oi keeps dots", ".\n..\n", b".\r\n..\r\n", args=named("-oi")),
    text("IgnoreDots keeps dots", ".\n..\n", b".\r\n..\r\n",
         args=named("-O", "IgnoreDots=true")),
    text("dots with CR", b".\r\nx\r\n..\r\n", b".\r\nx\r\n..\r\n",
         args=named("-i")),
    raw("a lone dot in the header ends", "Subject: s\n.\nX: y\n",
        ["Subject: s"]),
]


CONTROL = [
    text("bare CR in the body", b"one\rtwo\n", None,
         leaves=(re.compile(rb"one[\r\n ]+two\s*"),), may={
             "mime-version": r"1\.0", "content-type": "text/plain.*",
             "content-transfer-encoding": "quoted-printable"}),
    text("bare CR around a dot", b"one\r.\rtwo\r\n", None, args=named("-i"),
         leaves=(re.compile(rb"one[\r\n ]+\.[\r\n ]+two\s*"),), may={
             "mime-version": r"1\.0", "content-type": "text/plain.*",
             "content-transfer-encoding": "quoted-printable"}),
    text("bare CR and LF around a dot", b"one\r.\n\n.\rtwo\n", None,
         args=named("-i"),
         leaves=(re.compile(rb"one[\r\n ]+\.[\r\n ]+\.[\r\n ]+two\s*"),), may={
             "mime-version": r"1\.0", "content-type": "text/plain.*",
             "content-transfer-encoding": "quoted-printable"}),
    raw("bare CR before text in the header", b"Subject: one\rtwo\n\nb\n",
        ["Subject: one two"], b"b\r\n"),
    raw("bare CR before what looks like a field",
        b"Subject: one\rX-Two: x\n\nb\n",
        ["Subject: one X-Two: x"], b"b\r\n"),
    raw("bare CR makes no recipient",
        b"To: a@example.net\nSubject: one\rBcc: x@example.org\n\nb\n",
        ["To: a@example.net", "Subject: one Bcc: x@example.org"],
        b"b\r\n", args=("-t",), people=("a@example.net",)),
    raw("bare CRs do not end the header",
        b"Subject: one\r\rtwo\nX-A: 1\n\nb\n",
        ["Subject: one  two", "X-A: 1"], b"b\r\n"),
    raw("bare CR starts a line of the header",
        b"Subject: one\n\rBcc: x@example.org\nX-A: 1\n\nb\n",
        ["Subject: one\n Bcc: x@example.org", "X-A: 1"], b"b\r\n"),
    raw("bare CR before the colon of a Bcc",
        b"Subject: one\nBcc\r: x@example.org\nX-A: 1\n\nb\n",
        ["Subject: one", "X-A: 1"], b"b\r\n"),
    raw("bare CR hides no Bcc", b"Subject: one\rBcc: x@example.org\n\nb\n",
        ["Subject: one Bcc: x@example.org"], b"b\r\n"),
    text("NUL in the body", b"one\0two\n", None, leaves=(
        re.compile(rb"one\0?two\r?\n"),), may={
            "mime-version": r"1\.0", "content-type": "text/plain.*",
            "content-transfer-encoding": "quoted-printable"}),
    text("only NUL", b"\0", None, leaves=(re.compile(rb"\0?\s*"),), may={
        "mime-version": r"1\.0", "content-type": "text/plain.*",
        "content-transfer-encoding": "quoted-printable"}),
    raw("NUL in the header", b"Subject: one\0two\n\nb\n",
        ["Subject: onetwo"], b"b\r\n"),
    raw("NUL in a name of the header", b"Sub\0ject: x\n\nb\n", ["Subject: x"],
        b"b\r\n"),
    raw("NUL in Bcc", b"Subject: x\nB\0cc: x@example.org\n\nb\n",
        ["Subject: x"], b"b\r\n"),
    raw("NUL in a line that is no field",
        b"Subject: x\nhttp:\0//example.com/\nBcc: x\n\nb\n", ["Subject: x"],
        leaves=(re.compile(rb"http:\0?//example.com/\nBcc: x\n\nb\n"),),
        body=None, may={
            "mime-version": r"1\.0", "content-type": "text/plain.*",
            "content-transfer-encoding": "quoted-printable"}),
    raw("NUL in an address", b"To: ro\0ot\n\nb\n",
        ["To: root@example.com"], b"b\r\n"),
    text("controls are left", b"\x01\x07\x1b[0m\x7f\n",
         b"\x01\x07\x1b[0m\x7f\r\n"),
]

MIME = "MIME-Version: 1.0"
PLAIN_UTF8 = "Content-Type: text/plain; charset=utf-8"
CTE = "Content-Transfer-Encoding: "
MAKE_LABEL = {"mime-version": r"1\.0",
              "content-type": 'text/plain; *charset="?utf-8"?',
              "content-transfer-encoding": "8bit"}
MAKE_QP = {"content-transfer-encoding": "quoted-printable"}
QP_LABEL = {"mime-version": r"1\.0", "content-type": "text/plain.*"}
GREETING = "Grüße\n.\nFrom here \nend\n"

EIGHT_BIT = [
    text("8-bit body with its label", GREETING, b"Gr\xc3\xbc\xc3\x9fe\r\n.\r\n"
         b"From here \r\nend\r\n", [MIME, PLAIN_UTF8, CTE + "8bit"],
         args=named("-i"), parameters=EIGHT),
    text("8-bit body without a label", GREETING, b"Gr\xc3\xbc\xc3\x9fe\r\n.\r\n"
         b"From here \r\nend\r\n", args=named("-i"), parameters=EIGHT,
         made=MAKE_LABEL),
    text("8-bit body without a label, to SES", GREETING,
         b"Gr\xc3\xbc\xc3\x9fe\r\n.\r\nFrom here \r\nend\r\n",
         args=named("-i"), parameters=EIGHT, made=MAKE_LABEL, desk="ses"),
    text("8-bit body of no UTF-8 without a label", b"Gr\xfc\xdfe\n",
         b"Gr\xfc\xdfe\r\n", parameters=EIGHT, made={
             **MAKE_LABEL, "content-type":
             'text/plain; *charset="?unknown-8bit"?'}),
    text("8-bit body, a type and no version", GREETING, None,
         [PLAIN_UTF8], args=named("-i"), parameters=EIGHT,
         leaves=(GREETING.encode(),), may={
             "mime-version": r"1\.0", "content-transfer-encoding": "8bit"}),
    text("8-bit body, a label without an encoding", GREETING, None,
         [MIME, PLAIN_UTF8], args=named("-i"), parameters=EIGHT,
         leaves=(GREETING.encode(),),
         may={"content-transfer-encoding": "8bit"}),
    text("8-bit body, a type without its slash", GREETING,
         b"Gr\xc3\xbc\xc3\x9fe\r\n.\r\nFrom here \r\nend\r\n",
         [MIME, "Content-Type: text"], [MIME],
         args=named("-i"), parameters=EIGHT, desk="ses", made={
             "content-type": MAKE_LABEL["content-type"],
             "content-transfer-encoding": "8bit"}),
    text("8-bit body, a label that is empty", GREETING,
         b"Gr\xc3\xbc\xc3\x9fe\r\n.\r\nFrom here \r\nend\r\n",
         ["Content-Type: ", CTE], [],
         args=named("-i"), parameters=EIGHT, desk="ses", made=MAKE_LABEL),
    text("8-bit body in a multipart", "--b\n" + PLAIN_UTF8 + "\n" + CTE
         + "8bit\n\nGröße\n--b--\n", (
             "--b\r\n" + PLAIN_UTF8 + "\r\n" + CTE
             + "8bit\r\n\r\nGröße\r\n--b--\r\n").encode(),
         [MIME, "Content-Type: multipart/mixed; boundary=b"],
         parameters=EIGHT),
    text("7-bit body needs no parameter", "plain\n", b"plain\r\n",
         parameters={}),
    field("8-bit Subject", "Subject: Grüße", parameters=EIGHT,
          means={"subject": "Grüße"}),
    field("8-bit name", "To: Jürgen <root>", "To: Jürgen <root@example.com>",
          parameters=EIGHT, means={"to": [("Jürgen", "root@example.com")]}),
    raw("8-bit Subject of no UTF-8", b"Subject: Gr\xfc\xdfe\n\nb\n",
        [fits(r"Subject: .*")], b"b\r\n"),
    # No 8BITMIME.
    text("8-bit body to a 7-bit server", GREETING, None,
         [MIME, PLAIN_UTF8, CTE + "8bit"], [MIME, PLAIN_UTF8],
         args=named("-i"), leaves=(GREETING.encode(),), made=MAKE_QP,
         desk="seven", parameters={}),
    text("8-bit body without a label to a 7-bit server", GREETING, None,
         args=named("-i"), leaves=(GREETING.encode(),), made={
             **MAKE_LABEL, **MAKE_QP}, desk="seven", parameters={}),
    text("8-bit body of no UTF-8 to a 7-bit server", b"Gr\xfc\xdfe = 1\n",
         None, leaves=(b"Gr\xfc\xdfe = 1\n",), made={
             **MAKE_LABEL, **MAKE_QP, "content-type":
             'text/plain; *charset="?unknown-8bit"?'}, desk="seven",
         parameters={}),
    text("8-bit HTML to a 7-bit server", "<p>ü = ü</p>\n", None,
         [MIME, "Content-Type: text/html;\n charset=utf-8", CTE + "8bit"],
         [MIME, "Content-Type: text/html;\n charset=utf-8"],
         leaves=("<p>ü = ü</p>\n".encode(),), made=MAKE_QP, desk="seven"),
    text("8-bit parts to a 7-bit server", "Preamble\n--b\n" + PLAIN_UTF8 + "\n"
         + CTE + "8bit\n\nGröße \n--b\n\nplain\n--b\n"
         + "Content-Type: application/octet-stream\n" + CTE
         + "base64\n\nYWJj\n--b--\nend\n", None,
         [MIME, "Content-Type: multipart/mixed; boundary=b"],
         leaves=("Größe ".encode(), b"plain", b"abc"), desk="seven",
         parameters={}),
    text("8-bit nested parts to a 7-bit server", "--b\nContent-Type: "
         "multipart/alternative; boundary=\"c d\"\n\n--c d\n" + PLAIN_UTF8
         + "\n\nÄ\n--c d\nContent-Type: text/html; charset=utf-8\n" + CTE
         + "8bit\n\n<p>Ä\n--c d--\n\n--b--\n", None,
         [MIME, "Content-Type: multipart/mixed; boundary=b"],
         leaves=("Ä".encode(), "<p>Ä".encode()), desk="seven",
         parameters={}),
    text("8-bit forwarded message to a 7-bit server", "--b\nContent-Type: "
         "message/rfc822\n\nSubject: inner\n" + MIME + "\n" + PLAIN_UTF8 + "\n"
         + CTE + "8bit\n\nÄ\n--b--\n", None,
         [MIME, "Content-Type: multipart/mixed; boundary=b"],
         leaves=("Ä".encode(),), desk="seven", parameters={}),
    text("8-bit and base64 to a 7-bit server", "w4Q=\n", b"w4Q=\r\n",
         [MIME, PLAIN_UTF8, CTE + "base64"], desk="seven", parameters={}),
    field("8-bit Subject to a 7-bit server", "Subject: Grüße, Welt",
          fits(r"Subject: .*"), desk="seven", means={
              "subject": "Grüße, Welt"}),
    field("8-bit name to a 7-bit server", "To: Jürgen M. <a@example.net>",
          fits(r"To: .* <a@example\.net>"), desk="seven", means={
              "to": [("Jürgen M.", "a@example.net")]}),
]


def folded(prefix, words):
    """A field that is folded somewhere at its blanks."""
    return fits(re.escape(prefix) + r"(\r\n)?(\t| )".join(
        map(re.escape, words)))


def _long_rows():
    leaf = ("--b\nContent-Type: text/plain\n\n{}\n--b\nContent-Type: "
            "text/html\n" + CTE + "7bit\n\n<p>\n--b--\n")
    multipart = [MIME, "Content-Type: multipart/mixed; boundary=b"]
    octets = base64.b64encode(bytes(range(256)) * 200).decode()
    for length in (998, 999, 1000, 5000, 100000):
        line = "abcdefg. " * (length // 9) + "x" * (length % 9)
        solid = "." + "x" * (length - 1)
        long = length > 998
        for kind, one in (("words", line), ("one word", solid)):
            if not long:
                yield text(f"a line of {length}, {kind}", one + "\nend\n",
                           f"{one}\r\nend\r\n".encode())
                continue
            yield text(f"a line of {length}, {kind}", f"one = 1\n{one}\nend\n",
                       None, leaves=(f"one = 1\n{one}\nend\n".encode(),),
                       made=MAKE_QP, may=QP_LABEL)
            yield text(f"a line of {length} with a label, {kind}",
                       f"{one}\nend\n", None,
                       [MIME, "Content-Type: text/html; charset=us-ascii",
                        CTE + "7bit"],
                       [MIME, "Content-Type: text/html; charset=us-ascii"],
                       leaves=(f"{one}\nend\n".encode(),), made=MAKE_QP,
                       desk="ses")
            yield text(f"a line of {length} in a part, {kind}",
                       leaf.format(one), None, multipart,
                       leaves=(one.encode(), b"<p>"))
        whole = octets[:(length + 3) // 4 * 4]
        if long:
            yield text(f"a line of {len(whole)} in a base64 part, "
                       f"from {length}",
                       f"--b\nContent-Type: image/png\n{CTE}base64\n\n"
                       f"{whole}\n--b--\n", None, multipart,
                       leaves=(base64.b64decode(whole),))
            yield text(f"a line of {len(whole)} in base64, from {length}",
                       whole + "\n", None,
                       [MIME, "Content-Type: image/png", CTE + "base64"],
                       leaves=(base64.b64decode(whole),))
            yield text(f"a line of {length} in quoted-printable",
                       "a=20b" * (length // 5 + 1) + "\n", None,
                       [MIME, PLAIN_UTF8, CTE + "quoted-printable"],
                       leaves=(b"a b" * (length // 5 + 1) + b"\n",))
            yield text(f"a line of {length} of 8 bits", "ä" * (length // 2)
                       + "x\n", None, [MIME, PLAIN_UTF8, CTE + "8bit"],
                       [MIME, PLAIN_UTF8],
                       leaves=(("ä" * (length // 2) + "x\n").encode(),),
                       made=MAKE_QP)
        yield text(f"NUL in a base64 line of {length}", b"YW\0Jj" + b"YWJj"
                   * (length // 4) + b"\n", None,
                   [MIME, "Content-Type: image/png", CTE + "base64"],
                   leaves=(b"abc" * (length // 4 + 1),))
    words = ["word%d" % n for n in range(300)]
    yield field("a header line of 2000 with blanks",
                "X-Long: " + " ".join(words), folded("X-Long: ", words),
                means={"x-long": " ".join(words)})
    yield field("a header line of 2000 with tabs", "X-Long: "
                + "\t".join(words), folded("X-Long: ", words))
    yield field("Subject of 999, the last a blank", "Subject: " + "x " * 495,
                folded("Subject: ", ["x"] * 495),
                means={"subject": ("x " * 495).strip()})
    yield field("a header line of 3000 without blanks", "X-Long: " + "y"
                * 3000, fits(r"X-Long:\s+(y+\r\n )+y+"))
    yield field("a continuation of 3000", "X-Long: a\n " + "y " * 1500,
                folded("X-Long: a\r\n ", ["y"] * 1500 + [""]))
    people = [f"r{n}@example.net" for n in range(100)]
    yield field("To of 1800 in one line", "To: " + ", ".join(people),
                folded("To: ", [f"{one}," for one in people[:-1]]
                       + [people[-1]]))
    yield field("To of 1700 without blanks", "To: " + ",".join(people),
                fits("To: " + ",(\\r\\n )?".join(map(re.escape, people))))
    yield field("To of 1300 bare names in one line", "To: "
                + ", ".join(["root"] * 200),
                folded("To: ", ["root@example.com,"] * 199
                       + ["root@example.com"]))
    yield field("a header line of 998", "X-Long: " + "y" * 990)


MIXED = [MIME, "Content-Type: multipart/mixed; boundary=b"]
SIGNED = [MIME, "Content-Type: multipart/signed; boundary=b; micalg=pgp-sha1;"
          "\n protocol=\"application/pgp-signature\""]
WIDE = "Größe " * 400

# Two things at once, and parts that nobody may touch.
HARD = [
    field("8-bit name and a bare address to a 7-bit server",
          "To: Jürgen <root>", fits(r"To: .* <root@example\.com>"),
          desk="seven", means={"to": [("Jürgen", "root@example.com")]}),
    field("8-bit comment and a bare address to a 7-bit server",
          "To: root (Jürgen)", fits(r"To: root@example\.com \(.*\)"),
          desk="seven", means={"to": [("Jürgen", "root@example.com")]}),
    field("8-bit quoted name with a comma to a 7-bit server",
          'To: "Müller, Jürgen" <a@example.net>, root',
          fits(r"To: .* <a@example\.net>,\s+root@example\.com"), desk="seven",
          means={"to": [("Müller, Jürgen", "a@example.net"),
                        ("", "root@example.com")]}),
    field("a long Subject of 8 bits to a 7-bit server", "Subject: " + WIDE,
          fits("Subject: .*"), desk="seven",
          means={"subject": WIDE.strip()}),
    field("a long Subject of 8 bits", "Subject: " + WIDE, fits("Subject: .*"),
          means={"subject": WIDE.strip()}),
    text("a long line of 8 bits without a label", WIDE + "\n", None,
         leaves=((WIDE + "\n").encode(),), made={**MAKE_LABEL, **MAKE_QP}),
    text("NUL and 8 bits without a label", "ü\0ü\n", None,
         leaves=(re.compile("ü\0?ü\n".encode()),),
         made={**MAKE_LABEL, **MAKE_QP}),
    text("a long line and CRLF", b"one\r\n" + b"x" * 2000 + b"\r\n", None,
         leaves=(b"one\n" + b"x" * 2000 + b"\n",), made=MAKE_QP,
         may=QP_LABEL),
    text("a long line without an end", b"x" * 2000, None,
         leaves=(re.compile(b"x{2000}\n?"),), made=MAKE_QP, may=QP_LABEL),
    text("a long line, dots and blanks", "..\n" + "x" * 2000 + "\n.\n \n\t\n"
         "From here\n=\n=20\n\n\n", None, args=named("-i"), leaves=(
             ("..\n" + "x" * 2000
              + "\n.\n \n\t\nFrom here\n=\n=20\n\n\n").encode(),),
         made=MAKE_QP, may=QP_LABEL),
    text("a long flowed line", "x " * 1000 + "\ny \n", None,
         [MIME, "Content-Type: text/plain; format=flowed"],
         leaves=(("x " * 1000 + "\ny \n").encode(),), made=MAKE_QP),
    text("a long line that calls itself binary", "x" * 2000 + "\n", None,
         [MIME, "Content-Type: application/octet-stream", CTE + "binary"],
         [MIME, "Content-Type: application/octet-stream"],
         leaves=(b"x" * 2000 + b"\n",), made={
             "content-transfer-encoding": "quoted-printable|base64"}),
    text("a long line in a forwarded message", "--b\nContent-Type: "
         "message/rfc822\n\nSubject: inner\n\n" + "x" * 2000 + "\n--b--\n",
         None, MIXED, leaves=(b"x" * 2000,)),
    text("a long field in a part", "--b\nContent-Type: text/plain\n"
         "Content-Description: " + "word " * 400 + "\n\nx\n--b--\n", None,
         MIXED, leaves=(b"x",)),
    text("NUL in a part and in a field of it", "--b\nContent-Type: text/plain"
         "\nX-A: a\0b\n\nx\0y\n--b--\n", None, MIXED,
         leaves=(re.compile(b"x\0?y"),)),
    text("NUL beside parts", "pre\0amble\n--b\n\nx\n--b--\nepi\0logue\n",
         None, MIXED, leaves=(b"x",)),
    text("8-bit name of a file to a 7-bit server", "--b\nContent-Type: "
         "text/plain\nContent-Disposition: attachment;\n "
         "filename=\"Größe.txt\"\n\nx\n--b--\n", None, MIXED,
         leaves=(b"x",), desk="seven", parameters={}),
    text("8-bit octets in base64 to a 7-bit server", b"YW\xfcJj\n", None,
         [MIME, "Content-Type: image/png", CTE + "base64"],
         leaves=(b"abc",), desk="seven", parameters={}),
    text("8-bit octets in quoted-printable to a 7-bit server",
         b"a=3Db\xfc=\nc\n", None,
         [MIME, "Content-Type: text/plain; charset=iso-8859-1",
          CTE + "quoted-printable"], leaves=(b"a=b\xfcc\n",), desk="seven",
         parameters={}),
    text("a part that ends without a line end", "--b\n" + PLAIN_UTF8 + "\n\nü"
         "\n--b--", None, MIXED, leaves=("ü".encode(),), desk="seven"),
    text("an empty part beside one of 8 bits", "--b\n\n--b\n" + PLAIN_UTF8
         + "\n" + CTE + "8bit\n\nü\n--b--\n", None, MIXED,
         leaves=(b"", "ü".encode()), desk="seven"),
    text("parts with CRLF to a 7-bit server", ("--b\r\n" + PLAIN_UTF8
         + "\r\n\r\nü \r\n\r\n--b--\r\n"), None, MIXED,
         leaves=("ü \n".encode(),), desk="seven"),
    text("signed text is not touched", "--b\nContent-Type: text/plain\n\n"
         "signed = text \n--b\nContent-Type: application/pgp-signature\n\nsig"
         "\n--b--\n", b"--b\r\nContent-Type: text/plain\r\n\r\n"
         b"signed = text \r\n--b\r\nContent-Type: application/pgp-signature"
         b"\r\n\r\nsig\r\n--b--\r\n", SIGNED, desk="seven"),
]


RECIPIENTS = [
    field("51 recipients at SES", [], args=tuple(
        f"r{n}@example.net" for n in range(51)), people=tuple(
            f"r{n}@example.net" for n in range(51)), desk="ses", messages=2),
    field("120 recipients at SES", [], args=tuple(
        f"r{n}@example.net" for n in range(120)), people=tuple(
            f"r{n}@example.net" for n in range(120)), desk="ses", messages=3),
    field("120 recipients elsewhere", [], args=tuple(
        f"r{n}@example.net" for n in range(120)), people=tuple(
            f"r{n}@example.net" for n in range(120))),
    field("the same recipient again", "To: a@example.net",
          args=("-t", "a@EXAMPLE.net", "a@example.net"),
          people=("a@EXAMPLE.net",)),
    field("Apparently-To under -t", "Apparently-To: a@example.net",
          without=["to"], args=("-t",), people=("a@example.net",)),
    field("-t and an operand", "To: a@example.net",
          args=("-t", "b@example.net"), people=("a@example.net", "b@example.net")),
    field("a list as operand", [], args=("a@example.net, B <b@example.net>",),
          people=("a@example.net", "b@example.net")),
    refused("-t and nobody", "Subject: s\n\nb\n", 64, b"recipient",
            args=("-t",)),
    refused("-t and an empty group", "To: undisclosed-recipients:;\n\nb\n", 64,
            b"recipient", args=("-t",)),
    refused("-t and an address that cannot be read",
            'To: "open <a@example.net>\n\nb\n', 65, b"To", args=("-t",)),
    field("a domain of letters beyond ASCII", [], args=("a@bücher.example",),
          people=("a@xn--bcher-kva.example",)),
    field("a domain of letters beyond ASCII under -t",
          "To: a@bücher.example, b@BÜCHER.example",
          "To: a@xn--bcher-kva.example, b@xn--bcher-kva.example",
          desk="ses", args=("-t",), people=("a@xn--bcher-kva.example",
                                "b@xn--bcher-kva.example")),
    field("a domain of letters beyond ASCII in other fields",
          ["From: J <j@bücher.example>", "Reply-To: jürgen <a@bücher.example>",
           "Cc: b(x)@bücher.example, root"],
          ["From: J <j@xn--bcher-kva.example>",
           "Reply-To: jürgen <a@xn--bcher-kva.example>",
           "Cc: b@xn--bcher-kva.example, root@example.com"],
          settings={"allowed_from": "@xn--bcher-kva.example"}),
    refused("a domain that is none beyond ASCII", "Subject: s\n\nb\n", 65,
            b"disallowed", args=("a@\u2028.example",)),
    refused("a local part beyond ASCII", "Subject: s\n\nb\n", 65, b"SMTPUTF8",
            args=("jürgen@example.net",)),
    refused("a local part beyond ASCII under -t",
            "To: jürgen@example.net\n\nb\n", 65, b"SMTPUTF8", args=("-t",)),
    refused("a bad operand", "Subject: s\n\nb\n", 64, b"a@b@c",
            args=("a@b@c",)),
]

# Obsolete syntax that is in use is read.  What a strict parser cannot read is
# written anew, the rest is left as it is written.
OBSOLETE = [
    ("route", "To: <@a.example,@b.example:c@example.net>",
     "To: <c@example.net>", ["c@example.net"]),
    ("blanks around dots", "To: a . b @ example . net (x)",
     "To: a.b@example.net (x)", ["a.b@example.net"]),
    ("a fold in the middle", "To: a\n @ example.net", "To: a@example.net",
     ["a@example.net"]),
    ("dots where none belong", "To: a..b@example.net, N <.c.@example.net>",
     'To: "a..b"@example.net, N <".c."@example.net>',
     ['"a..b"@example.net', '".c."@example.net']),
    ("a dot at the end", "To: a@example.net., N <b@example.net.>;",
     "To: a@example.net, N <b@example.net>",
     ["a@example.net", "b@example.net"]),
    ("a backslash in front", "To: \\root, N <\\a@example.net>",
     "To: root@example.com, N <a@example.net>",
     ["root@example.com", "a@example.net"]),
    ("dots in a phrase", "To: John Q. Public <j@example.net>", None,
     ["j@example.net"]),
    ("empty elements", "To: , a@example.net, , b@example.net,", None,
     ["a@example.net", "b@example.net"]),
    ("comment between the parts", "To: a(x)@(y)example.net", None,
     ["a@example.net"]),
    ("quoted and plain words", 'To: "a"."b"@example.net', None,
     ["a.b@example.net"]),
]


def _obsolete_rows():
    for name, given, arrives, people in OBSOLETE:
        for desk in ("generic", "ses"):
            yield field(f"obsolete: {name} ({desk})", given, arrives,
                        args=("-t",), people=tuple(people), desk=desk,
                        odd=True)
    yield field("obsolete: year of two digits", "Date: 2 Sep 24 10:11 EST")
    yield field("obsolete: a route and a bare name",
                "To: <@a.example:c@example.net>, root",
                "To: <c@example.net>, root@example.com")
    yield field("obsolete: dots in a phrase and a bare name",
                "To: John Q. Public <john>, root",
                "To: John Q. Public <john@example.com>, root@example.com")
    yield field("obsolete: empty elements and a bare name", "To: ,root,,",
                "To: ,root@example.com,,")
    yield field("obsolete: a folded line of blanks", "Subject: a\n \n b")


RESENT = ["Resent-Date: Tue, 03 Sep 2024 08:00:00 +0000",
          "Resent-From: Other <other@example.com>",
          "Resent-To: new@example.net", "Resent-Message-ID: <r@example.com>"]
EARLIER = ["Resent-Date: Mon, 02 Sep 2024 12:00:00 +0000",
           "Resent-From: first@example.com", "Resent-To: old@example.net",
           "Resent-Message-ID: <q@example.com>"]


RESENDING = [
    field("Resent- block", RESENT, args=("-t",), people=("new@example.net",)),
    field("Resent- block and Cc of the message", [*RESENT,
                                                  "Cc: not@example.net"],
          args=("-t",), people=("new@example.net",)),
    field("Resent- blocks with a trace between", [
        *RESENT, "Received: from a by b; Mon, 2 Sep 2024 12:00:00 +0000",
        *EARLIER], args=("-t",), people=("new@example.net",)),
    field("Resent- blocks side by side", [*RESENT, *EARLIER], args=("-t",),
          people=("new@example.net",)),
    field("Resent- block with other fields between", [
        RESENT[2], "X-A: 1", *RESENT[:2], "Cc: not@example.net", RESENT[3],
        "Resent-Cc: cc@example.net", "X-B: 2",
        "Resent-Bcc: hidden@example.net"], [
            RESENT[2], "X-A: 1", *RESENT[:2], "Cc: not@example.net", RESENT[3],
            "Resent-Cc: cc@example.net", "X-B: 2"], args=("-t",),
          people=("new@example.net", "cc@example.net", "hidden@example.net")),
    field("Resent-Date is missing", RESENT[1:], made=RESENT_DATE,
          args=("-t",), people=("new@example.net",)),
    field("Resent-Message-ID is missing", RESENT[:3], made=RESENT_ID,
          args=("-t",), people=("new@example.net",)),
    field("Resent-Date and Resent-Message-ID are empty", [
        "Resent-Date:", *RESENT[1:3], "Resent-Message-ID: "], RESENT[1:3],
        made=RESENT_MADE, args=("-t",),
        people=("new@example.net",)),
    field("Resent-Date is not made", RESENT[1:], args=("-t",),
          settings={"set_date_header": "off"}, people=("new@example.net",)),
    field("Resent-Message-ID is not made", RESENT[:3], args=("-t",),
          settings={"set_msgid_header": "off"}, people=("new@example.net",)),
    field("Resent-Bcc is all there is", "Resent-Bcc: s@example.net", [],
          made=RESENT_MADE, args=("-t",),
          people=("s@example.net",)),
    field("Resent-To of bare names", ["Resent-From: root", "Resent-To: daemon",
                                      *RESENT[3:], RESENT[0]],
          ["Resent-From: root@example.com", "Resent-To: daemon@example.com",
           *RESENT[3:], RESENT[0]], args=("-t",),
          people=("daemon@example.com",)),
    field("Resent-Bcc alone", [RESENT[0], RESENT[1], RESENT[3],
                               "Resent-Bcc: s@example.net"],
          [RESENT[0], RESENT[1], RESENT[3]], args=("-t",),
          people=("s@example.net",)),
]

OUTSIDE = "other@else.example"
REWRITE = {"from_policy": "rewrite"}
PASS = {"from_policy": "pass"}
REFUSE = {"from_policy": "refuse"}


def replies(address):
    return {"reply-to": rf"(.* )?<?{re.escape(address)}>?"}


SENDERS = [
    field("sender: rewritten", f"From: {OUTSIDE}", [],
          made={"from": FROM, **replies(OUTSIDE)}, settings=REWRITE),
    field("sender: rewritten, the name stays", f'From: "Other, X" <{OUTSIDE}>',
          [], made={"from": r'"Other, X" <sender@example\.com>',
                    **replies(OUTSIDE)}, settings=REWRITE,
          means={"from": [("Other, X", SENDER)]}),
    field("sender: rewritten, the domain in Reply-To is in A-labels",
          "From: J <j@bücher.example>", [],
          made={"from": r"J <sender@example\.com>",
                **replies("j@xn--bcher-kva.example")}, settings=REWRITE,
          desk="ses"),
    field("sender: rewritten, no Reply-To that needs UTF-8",
          "From: jürgen@else.example", [], made={"from": FROM},
          settings=REWRITE, desk="ses"),
    field("sender: rewritten, the comment stays", f"From: {OUTSIDE} (Other)",
          [], made={"from": r".*Other.*", **replies(OUTSIDE)},
          settings=REWRITE, means={"from": [("Other", SENDER)]}),
    field("sender: rewritten, the encoded name stays",
          f"From: =?utf-8?q?J=C3=BC?= <{OUTSIDE}>", [],
          made={"from": r".+ <sender@example\.com>", **replies(OUTSIDE)},
          settings=REWRITE, means={"from": [("Jü", SENDER)]}),
    field("sender: rewritten, the name before half an address stays",
          f"From: Other X <{OUTSIDE}", [],
          made={"from": r"Other X <sender@example\.com>"}, settings=REWRITE),
    field("sender: rewritten, a name alone stays", "From: Cron Daemon", [],
          made={"from": r"Cron Daemon <sender@example\.com>"},
          settings=REWRITE),
    field("sender: rewritten, a name that cannot be read stays",
          f'From: "Jürgen, X <{OUTSIDE}>', [],
          made={"from": r".+ <sender@example\.com>"}, settings=REWRITE,
          means={"from": [("Jürgen, X", SENDER)]}),
    field("sender: rewritten, Reply-To stays", [
        f"From: {OUTSIDE}", "Reply-To: help@third.example"],
          "Reply-To: help@third.example", made={"from": FROM},
          settings=REWRITE),
    field("sender: Sender is rewritten", [
        "From: a@example.com", f"Sender: S <{OUTSIDE}>"],
          ["From: a@example.com", "Sender: S <sender@example.com>"],
          settings=REWRITE, may=replies(OUTSIDE)),
    field("sender: envelope is rewritten", [],
          args=named("-f", OUTSIDE), settings=REWRITE),
    field("sender: all are rewritten together", [
        f"From: {OUTSIDE}", f"Sender: {OUTSIDE}",
        f"Return-Path: <{OUTSIDE}>"], [],
          made={"from": FROM, **replies(OUTSIDE)}, may={"sender": FROM},
          args=named("-f", OUTSIDE), settings=REWRITE, desk="ses"),
    field("sender: two authors, one from outside", [
        f"From: a@example.com, B <{OUTSIDE}>", "Sender: a@example.com"],
          ["Sender: sender@example.com"], made={
              "from": r"B <sender@example\.com>",
              "reply-to": rf"a@example\.com,\s+{re.escape(OUTSIDE)}"},
          settings=REWRITE, desk="ses"),
    field("sender: the own domain is left", "From: any@example.com",
          settings=REWRITE),
    field("sender: the own domain in capitals is left",
          "From: any@EXAMPLE.com", settings=REWRITE),
    field("sender: a bare name is of the own domain", "From: root",
          "From: root@example.com", settings=REWRITE),
    field("sender: a domain that ends alike is not the own",
          "From: any@notexample.com", [],
          made={"from": FROM, **replies("any@notexample.com")},
          settings=REWRITE),
    field("sender: another domain is allowed", f"From: {OUTSIDE}",
          settings={**REWRITE, "allowed_from": "@else.example"}),
    field("sender: another envelope is allowed", [], sender=OUTSIDE,
          args=named("-f", OUTSIDE), settings={
              **REWRITE, "allowed_from": "@else.example, x@third.example"}),
    field("sender: null sender is left", [], args=named("-f", "<>"),
          sender="", settings=REWRITE),
    field("sender: passed", f"From: {OUTSIDE}", settings=PASS),
    field("sender: envelope passed", [], args=named("-f", OUTSIDE),
          sender=OUTSIDE, settings=PASS),
    refused("sender: refused", f"From: {OUTSIDE}\n\nb\n", 77,
            OUTSIDE.encode(), settings=REFUSE),
    refused("sender: Sender refused", f"From: a@example.com\nSender: {OUTSIDE}"
            "\n\nb\n", 77, OUTSIDE.encode(), settings=REFUSE),
    refused("sender: envelope refused", "From: a@example.com\n\nb\n", 77,
            OUTSIDE.encode(), args=named("-f", OUTSIDE), settings=REFUSE),
    field("sender: not refused", "From: a@example.com", settings=REFUSE),
    field("reply_to: added", [], made=replies("help@example.org"),
          settings={"reply_to": "help@example.org"}),
    field("reply_to: one is there", "Reply-To: mine@example.org",
          settings={"reply_to": "help@example.org"}),
    field("reply_to: an empty one is there", "Reply-To:", [],
          made=replies("help@example.org"),
          settings={"reply_to": "help@example.org"}),
    field("envelope: of the account", "From: author@example.com"),
    field("envelope: -f before the account", "From: author@example.com",
          args=named("-f", "who@example.com"), sender="who@example.com"),
    field("envelope: From at OCI", "From: author@example.com",
          settings={"from": None, "qualify_domain": "example.com"},
          desk="oci", sender="author@example.com"),
    field("envelope: From at SES when it is allowed",
          "From: author@example.com", desk="ses",
          settings={"from": None, "qualify_domain": "example.com",
                    "allowed_from": "@example.com"},
          sender="author@example.com"),
    field("envelope: of the caller", "From: author@example.com",
          settings=NO_FROM, sender=f"{LOGIN}@example.com"),
]

CRON_FIELDS = ["Subject: Cron <root@host> job", "MIME-Version: 1.0",
               "Content-Type: text/plain; charset=UTF-8",
               "Content-Transfer-Encoding: 8bit",
               "X-Cron-Env: <SHELL=/bin/sh>", "X-Cron-Env: <LOGNAME=root>"]
MADE_REST = {"date": DATE, "message-id": ID}

# argv and standard input as they were recorded from the callers
CALLERS = [
    raw("caller: Debian's cron", "\n".join([
        "From: root (Cron Daemon)", "To: root", *CRON_FIELDS, "",
        "Größe", ".", "done", ""]),
        ["From: root@example.com (Cron Daemon)", "To: root@example.com",
         *CRON_FIELDS], "Größe\r\n.\r\ndone\r\n".encode(), MADE_REST,
        args=("-FCronDaemon", "-i", "-B8BITMIME", "-oem", "root"),
        people=("root@example.com",), desk="ses", parameters=EIGHT,
        means={"from": [("Cron Daemon", "root@example.com")]}),
    raw("caller: cronie", 'From: "(Cron Daemon)" <user>\nTo: user\n'
        "Subject: s\nAuto-Submitted: auto-generated\nPrecedence: bulk\n\nx\n",
        ['From: "(Cron Daemon)" <user@example.com>', "To: user@example.com",
         "Subject: s", "Auto-Submitted: auto-generated", "Precedence: bulk"],
        b"x\r\n", MADE_REST, args=(
            "-FCronDaemon", "-i", "-odi", "-oem", "-oi", "-t", "-f", "user"),
        sender="user@example.com", people=("user@example.com",), desk="ses"),
    raw("caller: bcron", "To: <root>\nFrom: Cron Daemon <root@host>\n\nx\n",
        ["To: <root@example.com>", "From: Cron Daemon <root@host>"], b"x\r\n",
        MADE_REST, args=("-FCronDaemon", "-i", "-odi", "-oem", "-t"),
        people=("root@example.com",)),
    raw("caller: anacron", "From: Anacron <root>\nTo: root\nSubject: s\n\nx\n",
        ["From: Anacron <root@example.com>", "To: root@example.com",
         "Subject: s"], b"x\r\n", MADE_REST,
        args=("-FAnacron", "-odi", "root"), people=("root@example.com",)),
    raw("caller: at", "Subject: Output from your job        7\nTo: root\n\nx\n",
        ["Subject: Output from your job        7", "To: root@example.com"],
        b"x\r\n", args=("-i", "root"), people=("root@example.com",),
        desk="ses"),
    raw("caller: mdadm", "From: mdadm monitoring <root>\nTo: root\nSubject: "
        "Fail event on /dev/md0\n\nx\n",
        ["From: mdadm monitoring <root@example.com>", "To: root@example.com",
         "Subject: Fail event on /dev/md0"], b"x\r\n", MADE_REST,
        args=("-t",), people=("root@example.com",), desk="oci"),
    raw("caller: logwatch", "To: root\nTo: admin@example.net\nFrom: root\n"
        "Subject: Logwatch\nMIME-Version: 1.0\n\nx\n",
        [fits(r"To: root@example\.com,\s+admin@example\.net"),
         "From: root@example.com", "Subject: Logwatch", "MIME-Version: 1.0"],
        b"x\r\n", MADE_REST, args=("-t",),
        people=("root@example.com", "admin@example.net"), desk="ses"),
    raw("caller: PHP", b"To: user@example.net\r\nSubject: s\r\n"
        b"X-PHP-Originating-Script: 0:m.php\r\nBcc: b@example.net\r\n\r\n"
        b"one\n.two\n\r\n", ["To: user@example.net", "Subject: s",
                             "X-PHP-Originating-Script: 0:m.php"],
        b"one\r\n.two\r\n\r\n", args=("-t", "-i", "-fweb@example.com"),
        made={**ALL_MADE, "from": r"<?web@example\.com>?"},
        sender="web@example.com", people=(USER, "b@example.net")),
    raw("caller: nodemailer", b"From: A <a@example.com>\r\nBcc: b@example.net"
        b"\r\nMessage-ID: <n@example.com>\r\nDate: Mon, 02 Sep 2024 08:11:12 "
        b"+0000\r\n\r\none\n\n", ["From: A <a@example.com>",
                                  "Message-ID: <n@example.com>",
                                  "Date: Mon, 02 Sep 2024 08:11:12 +0000"],
        b"one\r\n\r\n", {}, args=("-i", "-f", "a@example.com", USER,
                                  "b@example.net"), sender="a@example.com",
        people=(USER, "b@example.net")),
    raw("caller: mailutils", "To: user@example.net\nSubject: s\nDate: Mon, 2 "
        "Sep 2024 10:11:12 +0200\n\nx\n", [
            "To: user@example.net", "Subject: s",
            "Date: Mon, 2 Sep 2024 10:11:12 +0200"], b"x\r\n",
        {"from": r"<?me@host\.example\.com>?", "message-id": ID},
        args=("-oi", "-f", "me@host.example.com", "-t"),
        sender="me@host.example.com"),
    raw("caller: systemd-cron", "Date: Mon, 02 Sep 2024 10:11:12 +0200\n"
        "From: root (systemd-cron)\nTo: root\nSubject: s\nMIME-Version: 1.0\n"
        "Content-Type: text/plain; charset=UTF-8\nContent-Transfer-Encoding: "
        "binary\nAuto-Submitted: auto-generated\n\nGröße\n",
        ["Date: Mon, 02 Sep 2024 10:11:12 +0200",
         "From: root@example.com (systemd-cron)", "To: root@example.com",
         "Subject: s", "MIME-Version: 1.0",
         "Content-Type: text/plain; charset=UTF-8",
         "Auto-Submitted: auto-generated"], None,
        {"message-id": ID,
         "content-transfer-encoding": "8bit|binary|quoted-printable"},
        leaves=("Größe\n".encode(),), args=("-i", "-B", "8BITMIME", "root"),
        people=("root@example.com",), desk="ses"),
    raw("caller: fail2ban", "Subject: [Fail2Ban] sshd\nDate: Mon, 02 Sep 2024 "
        "10:11:12 +0000\nFrom: Fail2Ban <fail2ban>\nTo: root\n\nHi,\nRegards,\n"
        "Fail2Ban", ["Subject: [Fail2Ban] sshd",
                     "Date: Mon, 02 Sep 2024 10:11:12 +0000",
                     "From: Fail2Ban <fail2ban@example.com>",
                     "To: root@example.com"],
        b"Hi,\r\nRegards,\r\nFail2Ban\r\n", {"message-id": ID},
        args=("-f", "fail2ban", "root"), sender="fail2ban@example.com",
        people=("root@example.com",), desk="oci"),
]

ROWS = [
    *MISSING, *_name_rows(), *_bare_rows(), *_semicolon_rows(),
    *_repeated_rows(), *DROPPED,
    *SHAPES, *DOTS, *CONTROL, *EIGHT_BIT, *_long_rows(), *HARD, *RECIPIENTS,
    *_obsolete_rows(), *RESENDING, *SENDERS, *CALLERS,
]
