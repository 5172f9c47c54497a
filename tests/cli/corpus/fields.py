"""Fields: odd names, trace and signature blocks, lists, Resent- fields."""

from .message import make

PRINTABLE = [chr(code) for code in range(33, 127) if chr(code) != ":"]

RECEIVED = """\
Received: from a{n}.example.org (a{n}.example.org [192.0.2.{n}])
\tby b{n}.example.com (Postfix) with ESMTPS id 4W{n:03}x
\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits))
\tfor <user@example.net>; Mon,  2 Sep 2024 10:11:{n:02} +0200 (CEST)"""

SIGNATURE = """\
DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/simple; d=example.com;
\ts=2024; t=1725264672; h=from:to:subject:date:message-id;
\tbh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=;
\tb=bWVhbmluZ2xlc3Mgb2N0ZXRzIHRoYXQgbG9vayBsaWtlIGEgc2lnbmF0dXJlIG9mIGEg
\t bWVzc2FnZQ=="""

ARC = """\
ARC-Seal: i={n}; a=rsa-sha256; t=17252646{n}; cv=none; d=example.org; s=arc;
\tb=c2VhbA==
ARC-Message-Signature: i={n}; a=rsa-sha256; c=relaxed/relaxed; d=example.org;
\ts=arc; h=from:to; bh=Ym9keQ==; b=c2ln
ARC-Authentication-Results: i={n}; mx.example.org; dkim=pass
\theader.d=example.com; spf=pass smtp.mailfrom=sender@example.com"""

LIST = """\
List-Id: The list <list.example.com>
List-Help: <mailto:list-request@example.com?subject=help>
List-Unsubscribe: <https://example.com/u?x=1&y=2>,
 <mailto:list-leave@example.com>
List-Unsubscribe-Post: List-Unsubscribe=One-Click
List-Subscribe: <mailto:list-join@example.com>
List-Post: NO (closed)
List-Owner: <mailto:list-owner@example.com>
List-Archive: <https://example.com/archive/>
Precedence: list"""

RESENT = """\
Resent-Date: Tue, 03 Sep 2024 08:00:00 +0000
Resent-From: Other <other@example.com>
Resent-To: new@example.net
Resent-Message-ID: <resent.1@example.com>"""

RESENT_TWICE = """\
Resent-Date: Wed, 04 Sep 2024 08:00:00 +0000
Resent-From: third@example.com
Resent-To: newest@example.net
Resent-Cc: also@example.net
Resent-Message-ID: <resent.2@example.com>
""" + RESENT

# name, text of fields
BLOCKS = [
    ("one Received", RECEIVED.format(n=1)),
    ("30 Received", "\n".join(RECEIVED.format(n=n) for n in range(30))),
    ("DKIM-Signature", SIGNATURE),
    ("ARC set", ARC.format(n=1)),
    ("three ARC sets", "\n".join(ARC.format(n=n) for n in (3, 2, 1))),
    ("Authentication-Results", "Authentication-Results: mx.example.org 1;\n"
     " dkim=pass (1024-bit key) header.d=example.com;\n\tspf=none\n"
     "Authentication-Results: other.example.org; none\n"
     "Received-SPF: pass (example.org: x) client-ip=192.0.2.1;"),
    ("list", LIST),
    ("vacation", "Auto-Submitted: auto-replied\nX-Auto-Response-Suppress: All"
     "\nIn-Reply-To: <a@example.net>\nReferences: <z@example.net>\n"
     " <a@example.net>\nPrecedence: bulk"),
    ("200 References", "References:" + "".join(
        f"\n <{n}.{n * 7919}@example.net>" for n in range(200))),
    ("references without brackets", "References: a@example.net\n"
     "In-Reply-To: Your message of Monday"),
    ("keywords and comments once", "Keywords: one, two, three\n"
     "Comments: root: daemon, \"quoted\" <x>"),
    ("priority", "X-Priority: 1 (Highest)\nImportance: high\nPriority: urgent"
     "\nSensitivity: Company-Confidential"),
    ("Autocrypt", "Autocrypt: addr=sender@example.com; keydata=\n "
     + "\n ".join(["mQENBF" + "Ab9+/" * 14] * 30)),
    ("X-Face", "X-Face: \"%'|(<>@,;:\\\n 9]z!#$&*+-./=?^_`{|}~[ Q"),
    ("Face", "Face: " + "\n ".join(["iVBORw0KGgo" * 6] * 20)),
    ("mailer", "X-Mailer: Example 1.0 (X11; Linux)\nUser-Agent: e/1 (a; b)\n"
     "X-MimeOLE: Produced By Example V6"),
    ("feedback", "Feedback-ID: 1:2:3:example\nX-Report-Abuse: a@example.com\n"
     "Require-Recipient-Valid-Since: user@example.net; Sat, 1 Jun 2013 "
     "09:23:01 -0700"),
    ("without a blank", "X-A:1\nX-B:\t2\nX-C:"),
    ("names of one character", "\n".join(f"{one}: {one}"
                                         for one in PRINTABLE)),
    ("name of every character", "".join(PRINTABLE) + ": x"),
    ("names of digits", "123: x\n1: y\n-: z\n-1: w"),
    ("name that is a URL scheme", "X-URL:http://example.com/\n"
     "URL: https://example.com/a:b"),
    ("names that begin like others", "Fromage: x\nFrom-: y\nTos: z\n"
     "Dated: w\nSubjects: v\nMessage-IDs: u\n>From: t\nTo-Do: s"),
    ("names with an underscore", "X_Y: 1\n_: 2"),
    ("fields that RFC 5322 does not know", "Newsgroups: example.test\n"
     "Path: a!b!c\nLines: 3\nXref: x example.test:1\nDistribution: world"),
    ("status of a mailbox", "Status: RO\nX-Status: A\nX-UID: 7\n"
     "X-Keywords:                 \nX-IMAP: 1 2"),
    ("8-bit in unknown fields", "X-Text: Grüße, Καλημέρα, 日本語, 🙂"),
    ("encoded words", "X-Words: =?utf-8?q?a=20b?= =?utf-8?b?w7w=?=\n"
     " =?iso-2022-jp?b?GyRCRnxLXBsoQg==?= =?utf-8*de?q?x?= =?bad?= =?="),
    ("SES tags", "X-SES-MESSAGE-TAGS: a=b, c=d"),
    ("dots", ".: x\n..: y\n.X: z"),
]

SUBJECTS = [
    ("UTF-8", "Subject: Grüße aus Köln – 日本語"),
    ("Latin-1", b"Subject: Gr\xfc\xdfe"),
    ("every 8-bit octet", b"Subject: " + bytes(range(128, 256))),
    ("encoded", "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\n"
     " =?utf-8?b?IGF1cyBLw7Zsbg==?="),
    ("a line of 75 encoded", "Subject: =?utf-8?q?" + "=C3=BC" * 9
     + "?=\n =?utf-8?q?" + "=C3=BC" * 9 + "?="),
    ("of another field", "Subject: To: root"),
]

MANY_KEYWORDS = ("Keywords: one\nKeywords: two\nComments: one\n"
                 "Comments: two\nDKIM-Signature: v=1; b=a\n"
                 "DKIM-Signature: v=1; b=b\nUser-Agent: a\nUser-Agent: b")

ROWS = [
    *[make(f"fields: {name}", text.encode()) for name, text in BLOCKS],
    *[make(f"fields first: {name}", first=(text.encode(),))
      for name, text in BLOCKS[:7]],
    *[make(f"subject: {name}", subject=(
        field if isinstance(field, bytes) else field.encode()))
      for name, field in SUBJECTS],
    make("no subject", subject=None),
    make("resent", first=(RESENT.encode(),), people=["new@example.net"]),
    make("resent twice", people=["newest@example.net",
                                                 "also@example.net"],
         first=(RESENT_TWICE.split("Resent-Date: T")[0].encode()
                + RECEIVED.format(n=1).encode() + b"\n" + RESENT.encode(),)),
    # These may stand twice for RFC 5322, though not for Amazon SES.
    make("fields that may stand twice", MANY_KEYWORDS.encode(),
         only=("generic", "oci")),
]
