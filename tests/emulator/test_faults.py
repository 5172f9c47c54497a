"""Scripted faults: each stage, each way to misbehave, and what they count."""

import ssl
import time

import pytest

from emulator import Account, Fault, Policy
from emulator.client import HEADER, PASSWORD, USER, Client, plain

PLAIN_MESSAGE = HEADER + "\r\nbody\r\n"

STEPS = ["EHLO client.example.com", "NOOP", "RSET", "VRFY user", "NONSENSE",
         "AUTH PLAIN " + plain(), "MAIL FROM:<a@example.com>",
         "RCPT TO:<b@example.net>", "DATA", None, "QUIT"]
STAGES = ["ehlo", "noop", "rset", "vrfy", "unknown", "auth", "mail", "rcpt",
          "data", "body-end", "quit"]


def converse(client, until):
    """Greeting and STEPS up to one stage; the reply to the last step."""
    reply = client.reply()
    for stage, step in zip(["greeting", *STAGES], [None, *STEPS]):
        if stage != "greeting":
            reply = (client.command(step) if step
                     else client.data(PLAIN_MESSAGE))
        if stage == until:
            return reply
    return reply


def generic(*faults):
    return Policy(accounts=[Account(USER, password=PASSWORD)],
                  faults=list(faults))


@pytest.mark.parametrize("stage", ["greeting", *STAGES])
@pytest.mark.parametrize("fields, expected", [
    ({"reply": "499 scripted"}, "499 scripted"),
    ({"reply": "499-two\n499 lines"}, "499-two\n499 lines"),
    ({"reply": "421 going"}, "421 going"),
    ({"close": "before"}, ""),
    ({"garbage": b"\x00\xff junk\r\n"}, "\x00\xff junk"),
    ({"truncate": 2}, None),
    ({"trickle": 0.0}, None),
])
def test_faults(emulate, stage, fields, expected):
    emulator = emulate(generic(Fault(stage, **fields)), mode="plain")
    with Client(emulator.port) as client:
        reply = converse(client, stage)
        if expected is not None:
            assert reply == expected
        elif "truncate" in fields:
            assert len(reply) == 2
        else:
            assert int(reply[:3]) < 600
        if "close" in fields or expected == "421 going":
            assert client.closed()


def test_reset(emulate):
    emulator = emulate(Policy(faults=[Fault("ehlo", reset=True)]),
                       mode="plain")
    with Client(emulator.port) as client:
        client.reply()
        with pytest.raises(ConnectionResetError):
            client.command("EHLO client.example.com")


@pytest.mark.parametrize("fields, stored", [
    ({"reply": "250 forced"}, True), ({"reply": "450 later"}, False),
    ({"close": "before"}, False), ({"close": "before", "deliver": True}, True),
    ({"close": "after"}, True), ({"truncate": 3, "deliver": True}, True),
    ({"reply": "554 no", "match": b"Subject: test"}, False),
    ({"reply": "554 no", "match": b"Subject: other"}, True),
    ({"reply": "554 no", "times": 0}, True),
    ({"reply": "554 no", "session": 2}, True),
    ({"reply": "554 no", "skip": 1}, True)])
def test_what_a_fault_does_to_the_message(emulate, fields, stored):
    emulator = emulate(generic(Fault("body-end", **fields)), mode="plain")
    with Client(emulator.port) as client:
        converse(client, "body-end")
    assert (len(emulator.messages), len(emulator.refused)) == (
        (1, 0) if stored else (0, 1))


def test_counted_faults(emulate):
    """The second recipient once, whatever the session; armed while running."""
    emulator = emulate(Policy(), mode="plain")
    emulator.faults.add(Fault("rcpt", reply="450 busy", skip=1, times=1))
    with Client(emulator.port) as client:
        client.hello()
        replies = client.envelope(recipients=[f"u{n}@example.net"
                                              for n in range(4)])
        assert [one[:3] for one in replies] == ["250", "250", "450", "250",
                                                "250", "354"]
        client.data(PLAIN_MESSAGE)
    assert emulator.messages[0].rcpt_to == [
        "u0@example.net", "u2@example.net", "u3@example.net"]


@pytest.mark.parametrize("fault", [
    Fault("starttls", reply="454 not now"),
    Fault("starttls", extra=b"250 injected\r\n"),
    Fault("tls", garbage=b"HTTP/1.0 400 no\r\n\r\n", close="after"),
    Fault("tls", close="before"), Fault("tls", reset=True)])
def test_faults_around_tls(emulate, fault):
    emulator = emulate(Policy(faults=[fault]))
    with Client(emulator.port) as client:
        client.hello()
        reply = client.command("STARTTLS")
        if fault.reply:
            assert reply == fault.reply
            assert client.command("NOOP").startswith("250")
        elif fault.extra:
            assert client.line() == b"250 injected"
        else:
            with pytest.raises((ssl.SSLError, ConnectionError)):
                client.wrap()


@pytest.mark.parametrize("fields", [
    {"close": "before"}, {"reset": True},
    {"reply": "421 enough", "delay": 0.05}])
def test_faults_in_the_body(emulate, fields):
    fault = Fault("body", after_octets=100, **fields)
    emulator = emulate(Policy(faults=[fault]), mode="plain")
    with Client(emulator.port) as client:
        client.hello()
        client.envelope()
        client.send(b"x" * 99)
        time.sleep(0.05)
        client.send(b"y")
        if "reply" in fields:
            assert client.reply() == "421 enough"
        assert client.closed()
    emulator.settle()
    assert emulator.sessions[0].partial_body == b"x" * 99 + b"y"
    assert emulator.messages == emulator.refused == []


def test_auth_prompt_fault(emulate):
    emulator = emulate(generic(Fault("auth-prompt", reply="454 not now")),
                       mode="plain")
    with Client(emulator.port) as client:
        client.hello()
        assert client.command("AUTH LOGIN") == "454 not now"
        assert client.command("NOOP").startswith("250")


@pytest.mark.parametrize("fields", [
    {"stage": "nonsense"}, {"stage": "mail", "close": "during"}])
def test_fault_that_makes_no_sense(fields):
    with pytest.raises(ValueError):
        Fault(**fields)
