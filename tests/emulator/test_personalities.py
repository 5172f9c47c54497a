"""The same message to both providers: who refuses it, and who must not.

A refusal stands here when the provider documents it or was seen to do it; for
what nobody has reported, the emulators invent nothing.
"""

import pytest

from emulator import Account, OciPolicy
from emulator.client import Client, plain, ses_policy

USER = "ocid1.user.oc1..aaaa@ocid1.tenancy.oc1..bbbb.xx.com"
PASSWORD = "w4{x;#Q$(7!tB<e>&z.:"
FROM = "From: sender@example.com\r\n"
DENIED = "535 Authorization failed: address {} not authorized"
FAILED = "554 Transaction failed: "
UNVERIFIED = ("554 Message rejected: Email address is not verified. The "
              "following identities failed the check in region EU-WEST-1: ")
TAKEN = "250 Ok"
PARSE = "554 Message parse error"

# Amazon SES names these as the fields it takes once.
ONCE = """
Accept-Language acceptLanguage Archived-At Auto-Submitted Bounces-to Comments
Content-Alternative Content-Base Content-Class Content-Description
Content-Disposition Content-Duration Content-ID Content-Language Content-Length
Content-Location Content-MD5 Content-Transfer-Encoding Content-Type Date
Delivered-To Disposition-Notification-Options Disposition-Notification-To
DKIM-Signature DomainKey-Signature Errors-To Importance In-Reply-To Keywords
List-Archive List-Help List-Id List-Owner List-Post List-Subscribe
List-Unsubscribe Message-Context Message-ID MIME-Version Organization
Original-From Original-Message-ID Original-Recipient Original-Subject
Precedence Priority References Reply-To Return-Path Return-Receipt-To Sender
Solicitation Sensitivity Subject Thread-Index Thread-Topic User-Agent
VBR-Info""".split()

# Values that their own parsers take; any other field takes an address.
VALUES = {"Content-Type": "text/plain", "Content-Disposition": "inline"}

OFTEN = ("To Cc Received X-Any Resent-Date Resent-From Resent-To ARC-Seal "
         "Authentication-Results X-Cron-Env").split()

# header (and body), answer of SES, answer of OCI
ROWS = [
    (FROM + "\r\nbody\r\n", TAKEN, TAKEN),
    ("To: a@example.net\r\n\r\n", "554 Missing required header 'From'.",
     DENIED.format("<>")),
    (FROM + "To: root\r\n\r\n", FAILED + "Missing final '@domain'", TAKEN),
    ("From: root\r\n\r\n", FAILED + "Missing final '@domain'",
     DENIED.format("root")),
    ("From: x@else.example\r\n\r\n", UNVERIFIED + "x@else.example",
     DENIED.format("x@else.example")),
    ("From: sender@example.com, x@else.example\r\n\r\n",
     UNVERIFIED + "x@else.example", DENIED.format("x@else.example")),
    (FROM + "Sender: x@else.example\r\n\r\n", UNVERIFIED + "x@else.example",
     TAKEN),
    (FROM + "Return-Path: <x@else.example>\r\n\r\n",
     UNVERIFIED + "x@else.example", TAKEN),
    (FROM + "Reply-To: x@else.example\r\n\r\n", TAKEN, TAKEN),
    (FROM + "Resent-From: x@else.example\r\n\r\n", TAKEN, TAKEN),
    (FROM + "Errors-To: x@else.example\r\n\r\n", TAKEN, TAKEN),
    # Domains.
    (FROM + "To: a@gmail.com.0927168644\r\n\r\n",
     FAILED + "Invalid domain name: 'gmail.com.0927168644'.", TAKEN),
    (FROM + "To: a@767\r\n\r\n", FAILED + "Invalid domain name: '767'.",
     TAKEN),
    (FROM + "To: a@1.example\r\n\r\n", TAKEN, TAKEN),
    (FROM + "To: a@xn--bcher-kva.example\r\n\r\n", TAKEN, TAKEN),
    (FROM + "To: a@[192.0.2.1]\r\n\r\n", TAKEN, TAKEN),
    # Local parts: quoted, nearly everything was taken.
    *[(FROM + f'To: "a{one}b"@example.net\r\n\r\n', TAKEN, TAKEN)
      for one in ["(", ")", "<", "[", "]", ";", ",", "'", ".", "..", " "]],
    *[(FROM + f'To: "a{one}b"@example.net\r\n\r\n',
       FAILED + "Address contains illegal characters in user name", TAKEN)
      for one in ":@"],
    (FROM + "To: o'neil@example.net\r\n\r\n", TAKEN, TAKEN),
    (FROM + "To: a[b@example.net\r\n\r\n",
     FAILED + "Local address contains illegal character", TAKEN),
    (FROM + "To: a b@example.net\r\n\r\n",
     FAILED + "Local address contains control or whitespace", TAKEN),
    # Multiparts.
    (FROM + "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n",
     TAKEN, TAKEN),
    (FROM + "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b \t\r\n\r\n",
     TAKEN, TAKEN),
    (FROM + "Content-Type: multipart/mixed; boundary=b\r\n\r\npre\r\n--b\r\n",
     TAKEN, TAKEN),
    (FROM + "Content-Type: multipart/mixed; boundary=b\r\n\r\n--bb\r\n",
     FAILED + "Missing start boundary", PARSE),
    (FROM + "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b--\r\n",
     FAILED + "Missing start boundary", PARSE),
    (FROM + "X-A: --b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n",
     FAILED + "Missing start boundary", PARSE),
    (FROM + "Content-Type: multipart/mixed\r\n\r\n--any\r\n\r\nx\r\n", TAKEN,
     TAKEN),
    (FROM + "Content-Type: multipart/mixed\r\n\r\ntext\r\n",
     FAILED + "Missing start boundary", PARSE),
    (FROM + 'Content-Type: multipart/mixed; boundary="a+b(c)"\r\n\r\n'
     "--a+b(c)\r\n", TAKEN, TAKEN),
    # Nothing is known to be said about these.
    (FROM + "Subject: Gr\xfc\xdfe\r\n\r\nGr\xfc\xdfe\r\n", TAKEN, TAKEN),
    (FROM + "X-Long: " + "x" * 990 + "\r\n\r\n" + "y" * 998 + "\r\n", TAKEN,
     TAKEN),
    (FROM + "Date: yesterday\r\nMessage-ID: none\r\n\r\n", TAKEN, TAKEN),
    (FROM + "Subject : x\r\n\r\n", TAKEN, TAKEN),
    (FROM + "Bcc: a@example.net\r\n\r\n", TAKEN, TAKEN),
    *[(FROM + f"{name}: a@example.net\r\n" * 2 + "\r\n", TAKEN, TAKEN)
      for name in OFTEN],
    *[(FROM + f"{name}: {VALUES.get(name, 'a@example.com')}\r\n" * 2 + "\r\n",
       FAILED + f"Duplicate header '{name}'.", TAKEN) for name in ONCE],
    (FROM + FROM + "\r\n", FAILED + "Duplicate header 'From'.", TAKEN),
]


def exchange(emulator, response, text):
    with Client(emulator.port, secure=True) as client:
        client.hello()
        assert client.login(response).startswith("235")
        return client.mail(text)


def fits(reply, expected):
    return (reply.startswith(expected) if expected == TAKEN
            else reply.rstrip(".") == expected.rstrip("."))


@pytest.mark.parametrize("text, ses, oci", ROWS)
def test_both_providers(emulate, text, ses, oci):
    amazon = emulate(ses_policy(), mode="implicit")
    assert fits(exchange(amazon, None, text), ses)
    oracle = emulate(OciPolicy(
        region="eu-amsterdam-1", verified={"@example.com"},
        accounts=[Account(USER, password=PASSWORD)]), mode="implicit")
    assert fits(exchange(oracle, plain(USER, PASSWORD), text), oci)
