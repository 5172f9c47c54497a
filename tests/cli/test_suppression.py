"""Recipients that do not exist: remembered, refused at once, and forgotten."""

import re

import pytest
from emulator.policy import Fault

from mailqueue import Queue, rewrite_slots
from relay import SENDER, Relay

MESSAGE = b"Subject: s\n\nbody\n"


def relay_with(program, authority, provider="ses", settings=None, **policy):
    return Relay(program, authority, provider,
                 {"suppression": "on", "spool": program.home / "spool",
                  **(settings or {})}, **policy)


REPLIES = [
    ("rcpt", "550 5.1.1 no such mailbox", True),
    ("rcpt", "550 User unknown", True),
    ("rcpt", "553 5.1.3 that is no address", True),
    # Of the account, the message or the moment.
    ("rcpt", "550 5.7.1 relaying denied", False),
    ("rcpt", "550 not you", False),
    ("rcpt", "450 4.1.1 unknown for now", False),
    ("rcpt", "552 5.2.2 mailbox full", False),
    ("mail", "550 5.1.8 sender unknown", False),
    ("body-end", "550 5.1.1 one of them is unknown", False),
]


@pytest.mark.parametrize("stage,reply,learned", REPLIES)
def test_what_is_learned(program, authority, stage, reply, learned):
    with relay_with(program, authority, faults=[
            Fault(stage, reply=reply, times=1)]) as relay:
        first = relay.send(["gone@example.net"], MESSAGE)
        assert first.code != 0
        second = relay.send(["gone@example.net"], MESSAGE)
        listed = relay.send(["--suppressed"], b"")
        assert listed.code == 0
        if not learned:
            assert second.code == 0 and listed.out == b""
            return
        assert second.code == 67
        assert b"gone@example.net" in second.err, second.err
        assert b"suppressed since" in second.err
        assert reply.split(" ", 1)[1].encode() in second.err
        assert b"--unsuppress" in second.err
        assert len(relay.sessions) == 1
        assert second.log[-1]["exitcode"] == "EX_NOUSER"
        assert re.match(rb"\d{4}-\d\d-\d\d  gone@example\.net  55",
                        listed.out)


def test_off_learns_and_refuses_nothing(program, authority):
    with relay_with(program, authority, settings={"suppression": "off"},
                    faults=[Fault("rcpt", reply="550 5.1.1 no", times=1)]
                    ) as relay:
        assert relay.send(["gone@example.net"], MESSAGE).code == 67
        assert relay.send(["gone@example.net"], MESSAGE).code == 0
        assert not (program.home / "spool").exists()


def test_the_others_get_it(program, authority):
    with relay_with(program, authority) as relay:
        assert relay.send(["--suppress", "gone@example.net"], b"").code == 0
        result = relay.send(["gone@example.net", "one@example.net"], MESSAGE)
        assert result.code == 67
        assert b"gone@example.net" in result.err
        assert relay.messages[0].rcpt_to == ["one@example.net"]
        line = result.log[-1]
        assert line["refused"] == "gone@example.net"
        assert line["outcome"] == "ACCEPTED"


def test_by_hand(program, authority):
    with relay_with(program, authority) as relay:
        assert relay.send(["--suppress", "a@example.net", "b@example.net"],
                          b"").code == 0
        listed = relay.send(["--suppressed"], b"")
        assert listed.out.count(b"by hand") == 2
        assert relay.send(["--unsuppress", "a@example.net"], b"").code == 0
        result = relay.send(["--unsuppress", "a@example.net"], b"")
        assert result.code == 64 and b"not suppressed" in result.err
        assert relay.send(["a@example.net"], MESSAGE).code == 0
        assert relay.send(["b@EXAMPLE.net"], MESSAGE).code == 67


@pytest.mark.parametrize("first", range(3))
def test_spellings_of_a_domain(program, authority, first):
    """A-labels, Unicode, capitals: one address, and its name can be read."""
    spellings = ["a@xn--bcher-kva.example", "a@b\u00fccher.example",
                 "a@B\u00dcCHER.example"]
    with relay_with(program, authority) as relay:
        gone = Fault("rcpt", reply="550 5.1.1 unknown", times=1)
        relay.emulator.faults.add(gone)
        for learn in ([spellings[first]],
                      ["--suppress", spellings[first]]):
            relay.send(learn, MESSAGE)
            for other in spellings:
                result = relay.send([other], MESSAGE)
                assert (result.code, len(relay.messages)) == (67, 0), other
                assert b"suppressed since" in result.err
            listed = relay.send(["--suppressed"], b"").out
            assert listed.count(b" a@xn--bcher-kva.example ") == 1
            assert relay.send(["--unsuppress", spellings[first - 1]],
                              b"").code == 0


@pytest.mark.parametrize("args", [
    ["--suppress"], ["--suppress", "a b@example.net"], ["--suppress", "root"],
    ["--unsuppress"], ["--suppressed", "--account=nowhere"]])
def test_bad_calls(program, authority, args):
    with relay_with(program, authority) as relay:
        result = relay.send(args, b"")
        assert result.code in (64, 78)
        assert result.err.count(b"\n") == 1


def test_each_account_has_its_own(program, authority):
    with relay_with(program, authority) as relay:
        relay.write({"account default\nhost": "127.0.0.1", **relay.lines,
                     "account other": ": default"})
        assert relay.send(["--suppress", "a@example.net"], b"").code == 0
        assert relay.send(["-a", "other", "a@example.net"], MESSAGE).code == 0
        assert relay.send(["a@example.net"], MESSAGE).code == 67


@pytest.mark.parametrize("stage", ["rcpt", "data-end"])
def test_suppressed_by_the_provider(program, authority, stage):
    with relay_with(program, authority, "oci",
                    suppressed={"gone@example.net"},
                    suppression_stage=stage) as relay:
        assert relay.send(["gone@example.net"], MESSAGE).code == 67
        assert relay.send(["gone@example.net"], MESSAGE).code == 67
        assert len(relay.sessions) == 1


def test_what_waits_is_not_offered_either(program, authority):
    """The first message of a run learns it for all that follow."""
    gone = Fault("rcpt", reply="550 5.1.1 no such user", match=b"gone@")
    with Queue(program, authority, {"suppression": "on"},
               faults=[gone]) as queue:
        queue.keep(*[MESSAGE] * 3, args=["gone@example.net"])
        mixed, = queue.keep(MESSAGE, args=[
            "one@example.net", "gone@example.net", "two@example.net"])
        for path in (queue.spool / "new").iterdir():
            rewrite_slots(path, {b"next": path.name == mixed})
        result = queue.run()
        assert result.code == 67
        assert result.err.count(b"no such user") == 4
        assert result.err.count(b"suppressed since") == 3
        asked = [line for session in queue.relay.sessions
                 for side, line, *_ in session.transcript
                 if side == "C" and b"gone@" in line and b"RCPT" in line]
        assert len(asked) == 1
        assert queue.everything() == {}
        got = [one.rcpt_to for one in queue.relay.messages]
        assert got.count([SENDER]) == 4
        assert got.count(["one@example.net", "two@example.net"]) == 1
        reports = [bytes(one.content) for one in queue.relay.messages
                   if one.rcpt_to == [SENDER]]
        assert all(b"rfc822; gone@example.net" in one for one in reports)
        assert not any(b"rfc822; one@" in one for one in reports)
