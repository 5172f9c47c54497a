"""The SES personality, rule by rule."""

import re
import smtplib
import time

import pytest

from emulator import Account, ses_password, ses_password_v2
from emulator.client import (HEADER, PASSWORD, SECRET, USER, Client, b64,
                             client_context, plain, ses_policy)
from emulator.ses import region_tag

# Published by AWS and by tools that agree with it, and two computed ones.
VECTORS = [
    ("some+secret+key", "eu-central-1",
     "BMXhUYlu5Z3gSXVQORxlVa7XPaz91aGWdfHxvkOZdWZ2"),
    ("some+secret+key", "us-west-1",
     "BH+jbMzper5WwlwUar9E1ySBqHa9whi0GPo+sJ0mVYJj"),
    (SECRET, "us-east-2", "BMPPgbAHoFVbze1Ud0oA5uNdXRwUXUZ+qOwphGJbl/cS"),
    (SECRET, "eu-west-1", "BMW5RDrXmmVs0lV7GpI4oLkHXpZ4stDsk6q91z1g38Pk"),
    (SECRET, "eu-west-3", "BDDdpSTzbzUY3SJq/n4Oq7heDuCWbOtogMi5S3AR673+"),
    ("SECRET_KEY", "eu-west-1",
     "BIhFZ/Ylx0jPVY7JeKUnHT4rO9jfB1VuZu4qglc/3gj9"),
    (SECRET, "us-gov-east-1",
     "BDbjzo1L7xKOxIjPyOlWfCvgg1PUXUV1g6vaCtxyPF/r"),
    (SECRET, "ap-southeast-2",
     "BLNVIwl1Vk66qi8YP1q44PSaqUtaoyrS/0LT79VaGBfa"),
    ("some+secret+key", None,
     "AnkqhOiWEcszZZzTMCQbOY1sPGoLFgMH9zhp4eNgSjo4"),
    (SECRET, None, "An60U4ZD3sd4fg+FvXUjayOipTt8LO4rUUmhpdX6ctDy"),
]


@pytest.mark.parametrize("secret, region, expected", VECTORS)
def test_password_vectors(secret, region, expected):
    found = (ses_password(secret, region) if region
             else ses_password_v2(secret))
    assert found == expected


def test_smtplib_delivers_over_starttls(emulate, authority):
    emulator = emulate(ses_policy())
    with smtplib.SMTP("127.0.0.1", emulator.port) as client:
        client.starttls(context=client_context(authority.ca_file))
        client.login(USER, PASSWORD)
        client.sendmail("sender@example.com", ["user@example.net"],
                        HEADER + "\r\n.dot\r\n..two\r\n")
    emulator.settle()
    message, session = emulator.messages[0], emulator.sessions[0]
    assert message.body == b".dot\r\n..two\r\n"
    assert message.wire.endswith(b"\r\n..dot\r\n...two\r\n")
    assert (message.mail_from, message.rcpt_to, message.user) == (
        "sender@example.com", ["user@example.net"], USER)
    assert session.tls_version == message.tls_version == "TLSv1.3"
    assert session.violations == [] and session.end == "quit"
    assert not session.auth_in_clear
    assert b"AUTH" not in bytes(session.clear)


def test_greeting_and_ehlo(emulate):
    emulator = emulate(ses_policy(), modes=("starttls", "implicit"))
    with Client(emulator.port) as client:
        assert client.hello().split("\n") == [
            "250-email-smtp.amazonaws.com", "250-8BITMIME", "250-STARTTLS",
            "250-AUTH PLAIN LOGIN", "250 Ok"]
        assert re.fullmatch(r"220 email-smtp\.amazonaws\.com ESMTP "
                            r"SimpleEmailService-d-[A-Z0-9]{9} [0-9A-Za-z]{20}",
                            client.greeting)
        secure = ["250-email-smtp.amazonaws.com", "250-8BITMIME",
                  "250-AUTH PLAIN LOGIN", "250 Ok"]
        assert client.starttls().split("\n") == secure
    with Client(emulator.ports["implicit"], secure=True) as client:
        assert client.hello().split("\n") == secure


def test_old_ehlo_with_size(emulate):
    emulator = emulate(ses_policy(size_line=10485760))
    with Client(emulator.port) as client:
        assert client.hello().split("\n")[2] == "250-SIZE 10485760"


@pytest.mark.parametrize("command", [
    "AUTH PLAIN " + plain(), "AUTH LOGIN", "MAIL FROM:<sender@example.com>"])
def test_nothing_in_clear(emulate, command):
    emulator = emulate(ses_policy())
    with Client(emulator.port) as client:
        client.hello()
        assert (client.command(command)
                == "530 Must issue a STARTTLS command first")
    emulator.settle()
    session = emulator.sessions[0]
    assert session.auth_in_clear == command.startswith("AUTH")
    assert command.encode() in session.clear


OTHER_REGION = ses_password(SECRET, "us-east-1")


@pytest.mark.parametrize("lines, expected", [
    (["AUTH PLAIN " + plain()], ["235"]),
    (["AUTH PLAIN", plain()], ["334 Ok", "235"]),
    (["auth plain " + plain()], ["235"]),
    (["AUTH LOGIN", b64(USER), b64(PASSWORD)],
     ["334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6", "235"]),
    (["AUTH LOGIN " + b64(USER), b64(PASSWORD)], ["334 UGFzc3dvcmQ6", "235"]),
    (["AUTH PLAIN " + plain(password=OTHER_REGION)],
     ["535 Authentication Credentials Invalid"]),
    (["AUTH PLAIN " + plain(password=SECRET)], ["535"]),
    (["AUTH PLAIN " + plain(user="AKIAEXAMPLE")], ["535"]),
    (["AUTH LOGIN", b64(USER), b64("wrong")], ["334", "334", "535"]),
    (["AUTH PLAIN", "*"], ["334", "501"]),
    (["AUTH PLAIN not-base64"], ["501"]),
    (["AUTH CRAM-MD5"], ["504"]),
    (["AUTH"], ["504"]),
    (["AUTH PLAIN " + plain(), "AUTH PLAIN " + plain()], ["235", "503"]),
    (["AUTH PLAIN " + plain(password="x"), "AUTH PLAIN " + plain()],
     ["535", "235"]),
    (["MAIL FROM:<sender@example.com>"], ["530 Authentication required"]),
])
def test_auth(emulate, lines, expected):
    emulator = emulate(ses_policy(), mode="implicit")
    with Client(emulator.port, secure=True) as client:
        client.hello()
        for line, start in zip(lines, expected, strict=True):
            assert client.command(line).startswith(start)


@pytest.mark.parametrize("fields, expected", [
    ({"active": False}, ["535 Authentication Credentials Invalid"]),
    ({"subscribed": False}, ["535 Account not subscribed to SES"]),
    ({"fails_first": 2}, ["535", "535", "235"]),
])
def test_account_states(emulate, fields, expected):
    account = Account(USER, secret=SECRET, **fields)
    emulator = emulate(ses_policy(accounts=[account]), mode="implicit")
    with Client(emulator.port, secure=True) as client:
        client.hello()
        for start in expected:
            assert client.login().startswith(start)


@pytest.mark.parametrize("choice, auth, end", [
    ("throttle", "235", "454 Throttling failure: Maximum SigV2 SMTP sending "
     "rate exceeded."),
    ("accept", "235", "250 Ok "), ("refuse", "535", "530")])
def test_password_of_before_2019(emulate, choice, auth, end):
    emulator = emulate(ses_policy(sigv2=choice), mode="implicit")
    with Client(emulator.port, secure=True) as client:
        client.hello()
        old = plain(password=ses_password_v2(SECRET))
        assert client.login(old).startswith(auth)
        assert client.mail().startswith(end)


@pytest.mark.parametrize("command, expected", [
    ("MAIL FROM:<>", "501 Invalid MAIL FROM address provided"),
    ("MAIL FROM:<root>", "501 Invalid MAIL FROM address provided"),
    (f"MAIL FROM:<{USER}>", "501 Invalid MAIL FROM address provided"),
    ("MAIL FROM:<us\u00e9r@example.com>", "501 Invalid MAIL FROM"),
    ("MAIL FROM:<a b@example.com>", "553 Invalid email address"),
    ("MAIL FROM:<sender@unverified.example>", "250 Ok"),
    ("MAIL FROM: sender@example.com", "250 Ok"),
    ("MAIL FROM:<sender@example.com> BODY=8BITMIME", "250 Ok"),
    ("MAIL FROM:<sender@example.com> SIZE=100", "555"),
    ("MAIL sender@example.com", "501"),
    ("RCPT TO:<user@example.net>", "503"),
    ("DATA", "503"), ("VRFY user", "502"), ("NOOP", "250"), ("RSET", "250"),
    ("BDAT 10 LAST", "500"), ("EHLO", "501"), ("STARTTLS", "503"),
])
def test_commands(ses, command, expected):
    _, client = ses()
    assert client.command(command).startswith(expected)


@pytest.mark.parametrize("address, expected", [
    ("user@example.net", "250 Ok"), ("user@unknown.invalid", "250 Ok"),
    ("root@localhost", "250 Ok"), ('"a b"@example.net', "250 Ok"),
    ('"a:b"@example.net', "250 Ok"),
    ("root", "501 Invalid RCPT TO address provided"),
    ("", "501 Invalid RCPT TO address provided"),
    ('"a>b"@example.net', "501 Invalid RCPT TO address provided"),
    ("a b@example.net", "553 <a b@example.net> address unknown"),
])
def test_recipients(ses, address, expected):
    _, client = ses()
    client.command("MAIL FROM:<sender@example.com>")
    assert client.command(f"RCPT TO:<{address}>").startswith(expected)


NOT_VERIFIED = ("554 Message rejected: Email address is not verified. The "
                "following identities failed the check in region EU-WEST-1: ")


@pytest.mark.parametrize("header, sender, failed", [
    ("From: a@other.example\r\n", "sender@example.com", "a@other.example"),
    ("From: a@other.example\r\n", "b@third.example",
     "a@other.example, b@third.example"),
    ("From: ok@example.com\r\nSender: s@other.example\r\n",
     "sender@example.com", "s@other.example"),
    ("From: ok@example.com\r\nReturn-Path: <r@other.example>\r\n",
     "sender@example.com", "r@other.example"),
    ("From: ok@example.com, a@other.example\r\n", "sender@example.com",
     "a@other.example"),
    ("From: ok@example.com\r\n", "b@third.example", "b@third.example"),
    ("From: ok@example.com\r\nReply-To: r@other.example\r\n",
     "sender@example.com", None),
    ("From: ok@Sub.EXAMPLE.com\r\n", "sender@example.com", None),
    ("From: one+label@only.example\r\n", "one@only.example", None),
    ("From: two@only.example\r\n", "one@only.example", "two@only.example"),
])
def test_identities(ses, header, sender, failed):
    emulator, client = ses(verified={"example.com", "one@only.example"})
    reply = client.mail(header + "\r\n", sender=sender)
    if failed:
        assert reply == NOT_VERIFIED + failed
        assert emulator.messages == [] and len(emulator.refused) == 1
    else:
        assert reply.startswith("250 Ok ")


@pytest.mark.parametrize("recipients, failed", [
    (["user@example.net"], "user@example.net"),
    (["a@example.com", "b@example.net", "c@example.org"],
     "b@example.net, c@example.org"),
    (["success@simulator.amazonses.com"], None),
    (["bounce+label@simulator.amazonses.com", "a@example.com"], None),
    ([f"u{n}@example.net" for n in range(12)],
     ", ".join(f"u{n}@example.net" for n in range(10)) + "..."),
])
def test_sandbox(ses, recipients, failed):
    _, client = ses(sandbox=True)
    reply = client.mail(recipients=recipients)
    assert (reply == NOT_VERIFIED + failed if failed
            else reply.startswith("250 Ok "))


@pytest.mark.parametrize("count, expected", [
    (50, "250 Ok "), (51, "554 Recipient count exceeds 50.")])
def test_recipient_limit(ses, count, expected):
    _, client = ses()
    recipients = [f"user{n}@example.net" for n in range(count)]
    assert client.mail(recipients=recipients).startswith(expected)


def test_size_limit(ses):
    emulator, client = ses(max_size=5000)
    text = HEADER + "\r\n" + "x" * 70 + "\r\n"
    assert client.mail(text).startswith("250 Ok ")
    fits = HEADER + "\r\n"
    fits += "y" * (5000 - len(fits) - 2) + "\r\n"
    assert client.mail(fits).startswith("250 Ok ")
    assert client.mail(fits + "\r\n") == "552 Message is too long."
    huge = HEADER + "\r\n" + ("z" * 70 + "\r\n") * 4000
    assert client.mail(huge) == "552 Message is too long."
    assert emulator.refused[-1].truncated
    assert client.command("NOOP") == "250 Ok"


@pytest.mark.parametrize("fields, expected", [
    ({"paused": True}, "554 Message rejected: Sending paused for this"),
    ({"mail_from_mx_missing": True}, "554 MAIL FROM domain is not verified"),
])
def test_account_refusals(ses, fields, expected):
    _, client = ses(**fields)
    assert client.mail().startswith(expected)


def test_configuration_sets(ses):
    _, client = ses(configuration_sets={"known"})
    for name, expected in (
            ("known", "250 Ok "),
            ("other", "554 Configuration set <other> does not exist.")):
        line = f"X-SES-CONFIGURATION-SET: {name}\r\n"
        assert client.mail(line + HEADER + "\r\n").startswith(expected)


@pytest.mark.parametrize("fields, resource", [
    ({"allowed_from": {"other.example"}}, "identity/example.com"),
    ({"allowed_configuration_sets": {"mine"}}, "configuration-set/known")])
def test_permissions(ses, fields, resource):
    account = Account(USER, secret=SECRET, **fields)
    _, client = ses(accounts=[account], configuration_sets={"known"})
    line = "X-SES-CONFIGURATION-SET: known\r\n"
    reply = client.mail(line + HEADER + "\r\n")
    assert reply.startswith("554 Access denied: User `arn:aws:iam::")
    assert "is not authorized to perform `ses:SendRawEmail' on" in reply
    assert reply.endswith(f":{resource}'")


def test_rate_and_quota(ses):
    now = [1000.0]
    _, client = ses(rate=2, daily_quota=5, clock=lambda: now[0])
    ok, slow, full = ("250 Ok ", "454 Throttling failure: Maximum sending "
                      "rate exceeded.", "454 Throttling failure: Daily "
                      "message quota exceeded.")
    simulator = ["success@simulator.amazonses.com"]
    for after, recipients, expected in (
            (0, ["a@example.net"], ok), (0, ["b@example.net"], ok),
            (0, ["c@example.net"], slow), (0.4, ["c@example.net"], slow),
            (0.2, ["c@example.net"], ok),
            (5, ["d@example.net", "e@example.net"], ok),
            (5, ["f@example.net"], full), (5, simulator, ok),
            (80000, ["f@example.net"], full), (7000, ["f@example.net"], ok)):
        now[0] += after
        assert client.mail(recipients=recipients).startswith(expected)


def test_region_tags_differ():
    regions = ["us-east-1", "us-east-2", "us-west-1", "us-west-2",
               "eu-west-1", "eu-west-2", "eu-west-3", "eu-central-1",
               "eu-north-1", "ap-south-1", "ap-northeast-1",
               "ap-southeast-1", "ap-southeast-2", "ca-central-1",
               "sa-east-1", "us-gov-west-1", "us-gov-east-1"]
    tags = {region_tag(region) for region in regions}
    assert len(tags) == len(regions)
    assert all(len(tag) == 4 for tag in tags)


@pytest.mark.parametrize("region, tag, domain", [
    ("us-east-1", "0100", "email.amazonses.com"),
    ("eu-central-1", "0107", "eu-central-1.amazonses.com"),
    ("eu-west-1", None, "eu-west-1.amazonses.com")])
def test_accepted_message(emulate, region, tag, domain):
    emulator = emulate(ses_policy(region=region), mode="implicit")
    text = ("X-SES-MESSAGE-TAGS: a=b\r\nReceived: by example.com\r\n" + HEADER
            + "X-Ses-Tenant: one\r\n\r\nbody\r\n")
    before = int(time.time() * 1000)
    with Client(emulator.port, secure=True) as client:
        client.hello()
        client.login(plain(password=ses_password(SECRET, region)))
        reply = client.mail(text)
    message = emulator.messages[0]
    found = re.fullmatch(
        r"250 Ok (([0-9a-f]{4})([0-9a-f]{12})-[0-9a-f]{8}-[0-9a-f]{4}-"
        r"[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}-000000)", reply)
    assert found and found[1] == message.id
    assert tag in (None, found[2])
    assert before <= int(found[3], 16) <= time.time() * 1000
    assert message.content == text.encode()
    seen = message.recipient_form.decode()
    assert seen.count(f"Message-ID: <{message.id}@{domain}>\r\n") == 1
    assert "one@example.com" not in seen and "X-S" not in seen.upper()
    assert "Mon, 01 Jan" not in seen and "Date: " in seen
    assert "Received: by example.com\r\n" in seen
    assert seen.endswith("\r\n\r\nbody\r\n")


def be_impatient(policy):
    """From the next thing that comes on; before, a client has its time."""
    policy.idle_seconds = 0.3


def test_idle_client(emulate):
    policy = ses_policy()
    emulator = emulate(policy, mode="implicit")
    expected = "451 4.4.2 Timeout waiting for data from client."
    with Client(emulator.port, secure=True) as client:
        client.hello()
        be_impatient(policy)
        client.command("NOOP")
        assert client.reply() == expected and client.closed()
    policy.idle_seconds = 300.0
    with Client(emulator.port, secure=True) as client:
        client.hello()
        client.login()
        client.envelope()
        be_impatient(policy)
        client.send(b"From: sender@example.com\r\n")
        assert client.reply() == expected and client.closed()
    emulator.settle()
    assert [one.end for one in emulator.sessions] == ["timeout", "timeout"]
    assert (emulator.sessions[1].partial_body
            == b"From: sender@example.com\r\n")
    assert emulator.messages == emulator.refused == []


@pytest.mark.parametrize("silently", [False, True])
def test_messages_per_connection(ses, silently):
    emulator, client = ses(messages_per_connection=2, drop_silently=silently)
    assert client.mail().startswith("250")
    assert client.mail().startswith("250")
    reply = client.command("MAIL FROM:<sender@example.com>")
    assert reply == ("" if silently else "421 Service not available, closing "
                     "transmission channel")
    assert client.closed()
    assert len(emulator.messages) == 2


def test_connection_limit(emulate):
    emulator = emulate(ses_policy(max_connections=1), mode="implicit")
    with Client(emulator.port, secure=True) as first:
        first.hello()
        with Client(emulator.port, secure=True) as second:
            assert (second.reply()
                    == "421 Too many concurrent SMTP connections")
            assert second.closed()
        assert first.command("NOOP") == "250 Ok"
