"""The OCI personality, rule by rule."""

import smtplib

import pytest

from emulator import Account, OciPolicy
from emulator.client import HEADER, Client, b64, client_context, plain

USER = ("ocid1.user.oc1..aaaaexample@ocid1.tenancy.oc1..aaaaexample.xx.com")
PASSWORD = "a#b;c$d{e}<f>!g&h:i.j,k~(l)="
HOST = "smtp.email.eu-amsterdam-1.oci.oraclecloud.com"


def policy(**fields):
    values = {"region": "eu-amsterdam-1", "verified": {"sender@example.com"},
              "accounts": [Account(USER, password=PASSWORD)], **fields}
    return OciPolicy(**values)


def right():
    return plain(USER, PASSWORD)


@pytest.fixture
def oci(emulate):
    """Start OCI with these policy fields; (emulator, logged-in client)."""
    clients = []

    def start(**fields):
        emulator = emulate(policy(**fields), mode="implicit")
        client = Client(emulator.port, secure=True)
        clients.append(client)
        client.hello()
        assert client.login(right()) == "235 Authentication successful."
        return emulator, client

    yield start
    for client in clients:
        client.sock.close()


def test_smtplib_delivers(emulate, authority):
    emulator = emulate(policy())
    with smtplib.SMTP("127.0.0.1", emulator.port) as client:
        client.starttls(context=client_context(authority.ca_file))
        client.login(USER, PASSWORD)
        client.sendmail("sender@example.com", ["user@example.net"],
                        HEADER + "\r\nbody\r\n")
    emulator.settle()
    message = emulator.messages[0]
    assert message.id == "<one@example.com>" and message.reply == "250 Ok"
    seen = message.recipient_form
    assert b"Message-ID: <one@example.com>\r\n" in seen
    assert b"Date: Mon, 01 Jan 2024 00:00:00 +0000\r\n" in seen
    assert b"Reporting-Meta: " in seen and seen.endswith(b"\r\n\r\nbody\r\n")
    assert emulator.sessions[0].violations == []
    assert emulator.sessions[0].cipher


def test_greeting_and_ehlo(emulate):
    emulator = emulate(policy())
    with Client(emulator.port) as client:
        assert client.hello().split("\n") == [
            f"250-{HOST}", "250-STARTTLS", "250 Ok"]
        assert client.greeting == f"220 {HOST} ESMTP smtp-in"
        assert client.starttls().split("\n") == [
            f"250-{HOST}", "250-PIPELINING", "250-8BITMIME",
            "250-AUTH PLAIN", "250 Ok"]


def test_size_line_and_declared_size(oci):
    _, client = oci(size_line=2097152)
    assert "250-SIZE 2097152" in client.command("EHLO client.example.com")
    sender = "MAIL FROM:<sender@example.com> SIZE="
    assert client.command(sender + "2097153").startswith("552")
    assert client.command(sender + "2097152") == "250 Ok"


@pytest.mark.parametrize("command, expected", [
    ("AUTH PLAIN " + right(), "530 Must issue a STARTTLS command first"),
    ("MAIL FROM:<sender@example.com>", "535 Authentication required")])
def test_nothing_in_clear(emulate, command, expected):
    emulator = emulate(policy())
    with Client(emulator.port) as client:
        client.hello()
        assert client.command(command) == expected
    emulator.settle()
    assert emulator.sessions[0].auth_in_clear == command.startswith("AUTH")


BAD = "501 Invalid command argument, "


@pytest.mark.parametrize("lines, expected", [
    (["AUTH PLAIN " + right()], ["235"]),
    (["AUTH PLAIN", right()], ["334", "235"]),
    (["AUTH LOGIN"], ["504 Method not supported"]),
    (["AUTH"], ["504 AUTH mechanism mismatch"]),
    (["AUTH PLAIN @@@"], [BAD + "not a valid Base64 string"]),
    (["AUTH PLAIN abc"], [BAD + "not a valid Base64 string"]),
    (["AUTH PLAIN " + b64("nothing")], [BAD + "does not contain NUL"]),
    (["AUTH PLAIN " + b64("a\0b")],
     [BAD + "does not contain the second NUL"]),
    (["AUTH PLAIN " + plain(USER, "wrong")],
     ["535 Authentication credentials invalid"]),
    (["MAIL FROM:<sender@example.com>"], ["535 Authentication required"]),
])
def test_auth(emulate, lines, expected):
    emulator = emulate(policy(), mode="implicit")
    with Client(emulator.port, secure=True) as client:
        client.hello()
        for line, reply in zip(lines, expected, strict=True):
            assert client.command(line).startswith(reply)


def test_lock_out_after_five_failures(emulate):
    now = [0.0]
    emulator = emulate(policy(clock=lambda: now[0]), mode="implicit")
    locked = "421 Too many auth failures, try again later"
    for _ in range(5):
        with Client(emulator.port, secure=True) as client:
            client.hello()
            assert client.login(plain(USER, "wrong")).startswith("535")
    for after, expected in ((0, locked), (890, locked), (20, "235 ")):
        now[0] += after
        with Client(emulator.port, secure=True) as client:
            client.hello()
            reply = client.login(right())
            assert reply.startswith(expected)
            assert client.closed() if reply == locked else True


def test_lock_out_counts_unapproved_senders(oci):
    emulator, client = oci(count_sender_failures=True, max_auth_failures=2)
    for _ in range(2):
        client.command("MAIL FROM:<other@example.com>")
    with Client(emulator.port, secure=True) as second:
        second.hello()
        assert second.login(right()).startswith("421 Too many auth failures")


DENIED = "535 Authorization failed: address {} not authorized"


@pytest.mark.parametrize("sender, expected", [
    ("sender@example.com", "250 Ok"), ("sender@EXAMPLE.com", "250 Ok"),
    ("any@whole.example", "250 Ok"),
    ("any@sub.whole.example", DENIED.format("any@sub.whole.example")),
    ("other@example.com", DENIED.format("other@example.com")),
    ("", DENIED.format("<>")), ("root", "553 Invalid email address"),
    ("a b@example.com", "553 Invalid email address"),
])
def test_approved_sender_at_mail(oci, sender, expected):
    _, client = oci(verified={"sender@example.com", "@whole.example"})
    assert client.command(f"MAIL FROM:<{sender}>") == expected


@pytest.mark.parametrize("sender, header, expected", [
    ("other@example.com", HEADER, DENIED.format("other@example.com")),
    ("sender@example.com", "From: other@example.com\r\n",
     DENIED.format("other@example.com")),
    ("sender@example.com", HEADER, "250 Ok")])
def test_approved_sender_at_data_end(oci, sender, header, expected):
    _, client = oci(sender_stage="data-end")
    assert client.mail(header + "\r\nbody\r\n", sender=sender) == expected


@pytest.mark.parametrize("check, expected", [
    (True, DENIED.format("b@other.example")), (False, "250 Ok")])
def test_header_from(oci, check, expected):
    _, client = oci(check_header_from=check)
    text = "From: sender@example.com, b@other.example\r\n\r\nbody\r\n"
    assert client.mail(text) == expected


SUPPRESSION = f"254 4.7.1 Suppression for user {USER} to gone@example.net"


def test_suppression_at_rcpt(oci):
    emulator, client = oci(suppressed={"Gone@example.net"})
    replies = client.envelope(recipients=("gone@example.net",
                                          "user@example.net"))
    assert replies[1:3] == [SUPPRESSION, "250 Ok"]
    assert client.data(HEADER + "\r\n") == "250 Ok"
    message = emulator.messages[0]
    assert message.suppressed == ["gone@example.net"]
    assert message.relayed_to == ["user@example.net"]


def test_suppression_at_data_end(oci):
    emulator, client = oci(suppressed={"gone@example.net"},
                           suppression_stage="data-end")
    assert client.mail(recipients=("gone@example.net",)) == SUPPRESSION
    assert emulator.messages[0].relayed_to == []


@pytest.mark.parametrize("address", ["root", "", "a b@example.net"])
def test_recipient_syntax(oci, address):
    _, client = oci()
    client.command("MAIL FROM:<sender@example.com>")
    assert (client.command(f"RCPT TO:<{address}>")
            == "553 Invalid email address")


def test_recipient_limit_is_a_switch(oci):
    _, client = oci(max_recipients=1)
    replies = client.envelope(recipients=["a@example.net", "b@example.net"])
    assert replies[2].startswith("452 ")


def test_data_without_recipient(oci):
    _, client = oci()
    client.command("MAIL FROM:<sender@example.com>")
    assert client.command("DATA") == "503 Need RCPT command"


@pytest.mark.parametrize("field, name", [("per_minute", "minute"),
                                         ("per_day", "day")])
def test_limits(oci, field, name):
    now = [0.0]
    _, client = oci(clock=lambda: now[0], unit_octets=1000, **{field: 3})
    full = f"455 Maximum messages sent per {name} reached"
    two_units = HEADER + "\r\n" + "x" * 900 + "\r\n"
    assert client.mail(two_units) == "250 Ok"
    assert client.mail(two_units) == full
    assert client.mail() == "250 Ok"
    assert client.mail() == full
    now[0] += 61 if name == "minute" else 86401
    assert client.mail(recipients=["a@example.net", "b@example.net",
                                   "c@example.net"]) == "250 Ok"


def test_size_limit(oci):
    _, client = oci()
    text = HEADER + "\r\n" + ("x" * 998 + "\r\n") * 2097
    assert client.mail(text) == "250 Ok"
    assert client.mail(text + "y" * 1000 + "\r\n") == "552 Exceeds byte limit"


@pytest.mark.parametrize("text", [
    "no header at all\r\n", "\r\nbody only\r\n", "",
    HEADER + ("X-Fill: " + "x" * 900 + "\r\n") * 300 + "\r\nbody\r\n",
    HEADER + "Content-Type: multipart/mixed; boundary=b\r\n\r\nnone\r\n",
    'From: "open <sender@example.com>\r\n\r\n'])
def test_unreadable_message(oci, text):
    _, client = oci()
    assert client.mail(text) == "554 Message parse error"


def test_pipelining_is_honoured(oci):
    emulator, client = oci()
    for _ in range(2):
        client.send(b"MAIL FROM:<sender@example.com>\r\n"
                    b"RCPT TO:<user@example.net>\r\nRCPT TO:<root>\r\n"
                    b"DATA\r\n")
        assert [client.reply()[:3] for _ in range(4)] == [
            "250", "250", "553", "354"]
        client.send(HEADER.encode() + b"\r\nbody\r\n.\r\nRSET\r\n")
        assert [client.reply()[:3] for _ in range(2)] == ["250", "250"]
    assert client.command("QUIT").startswith("221")
    client.sock.close()
    emulator.settle()
    assert emulator.sessions[0].violations == []
    assert len(emulator.messages) == 2


def test_connection_limit(emulate):
    emulator = emulate(policy(max_connections=0), mode="implicit")
    with Client(emulator.port, secure=True) as client:
        assert client.reply() == "421 Too many connections, try again later"


def test_idle_client(emulate):
    patient = policy(idle_seconds=300.0)
    emulator = emulate(patient, mode="implicit")
    with Client(emulator.port, secure=True) as client:
        client.hello()
        patient.idle_seconds = 0.2      # behind the next command
        client.command("NOOP")
        assert client.reply() == "421 Timeout waiting for data from client."
        assert client.closed()
