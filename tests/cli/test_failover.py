"""Another account takes over: at the safe points, and nowhere else.

Two relays, each an emulated provider with a set of faults. What the first one
may have delivered must never reach the second.
"""

import email
import json
import re

import pytest
from emulator.policy import Fault

from mailqueue import rewrite_slots
from relay import PROVIDERS, SENDER, Relay

MESSAGE = b"To: one@example.net\nSubject: s\n\nbody\n"
OTHER = "other@example.org"


class Pair:
    """Account default (ses) that fails over to account second (oci)."""

    def __init__(self, program, authority, settings=None, second=None,
                 second_settings=None, **policy):
        self.first = Relay(program, authority, "ses", settings, **policy)
        self.second = Relay(program, authority, "oci",
                            {"from": OTHER, **(second_settings or {})},
                            verified={OTHER}, **(second or {}))
        self.program = program

    def __enter__(self):
        self.second.__enter__()
        self.first.__enter__()
        lines = ["account second"]
        for key, value in self.second.lines.items():
            lines.append(f"{key} {value}")
        lines.append("account default")
        for key, value in {"failover": "second", **self.first.lines}.items():
            lines.append(f"{key} {value}")
        path = self.program.home / ".postriderrc"
        path.write_text("\n".join(lines) + "\n")
        path.chmod(0o600)
        return self

    def __exit__(self, *args):
        self.first.__exit__(*args)
        self.second.__exit__(*args)

    def send(self, args=("-t",), message=MESSAGE):
        return self.program.run(list(args), message)


# What the first account does, and whether the second may have the message.
STAGES = [
    ("nobody listens", {"port": 1}, {}, True),
    ("wrong certificate", {"tls_host_override": "x.example"}, {}, True),
    ("dead credentials", {"password": "B" * 44}, {}, True),
    ("no secret", {"password": None, "passwordeval": "exit 1"}, {}, True),
    ("greeting 421", {}, {"faults": [Fault("greeting", reply="421 later")]},
     True),
    ("AUTH 454", {}, {"faults": [Fault("auth", reply=(
        "454 Temporary authentication failure"))]}, True),
    ("MAIL 451", {}, {"faults": [Fault("mail", reply="451 later")]}, True),
    ("RCPT 450", {}, {"faults": [Fault("rcpt", reply="450 later")]}, True),
    ("RCPT 550", {}, {"faults": [Fault("rcpt", reply="550 unknown")]}, False),
    ("DATA 451", {}, {"faults": [Fault("data", reply="451 later")]}, True),
    # A small body and its dot leave in one piece.
    ("cut off in a small body", {}, {"faults": [
        Fault("body", close="before", after_octets=10)]}, False),
    ("dot 454", {}, {"faults": [Fault("body-end", reply=(
        "454 Throttling failure: Daily message quota exceeded."))]}, True),
    ("dot 554, not verified", {}, {"verified": {"nobody@example.com"}}, True),
    ("dot 554, content", {}, {"faults": [Fault("body-end", reply=(
        "554 Transaction failed: Missing header"))]}, False),
    ("no word after the dot", {}, {"faults": [
        Fault("body-end", close="before")]}, False),
    ("delivered, no word", {}, {"faults": [
        Fault("body-end", close="before", deliver=True)]}, False),
    ("accepted", {}, {}, False),
]


@pytest.mark.parametrize("settings,policy,moves",
                         [row[1:] for row in STAGES],
                         ids=[row[0] for row in STAGES])
def test_safe_points(program, authority, settings, policy, moves):
    with Pair(program, authority, settings, **policy) as pair:
        result = pair.send()
        assert len(pair.second.messages) == (1 if moves else 0)
        if moves:
            assert (result.code, result.out) == (0, b"")
            line = result.log[-1]
            assert line["account"] == "second"
            assert line["outcome"] == "ACCEPTED"
            assert not pair.first.messages
            # The sender rules of the account that took it.
            message = pair.second.messages[0]
            fields = email.message_from_bytes(message.content)
            assert message.mail_from == OTHER
            assert OTHER in fields["From"]


def test_cut_off_in_the_body_before_the_dot(program, authority):
    # More than the kernel's buffers hold, so that the dot is still here.
    big = MESSAGE + 700000 * b"0123456789012345678901234567890\n"
    fault = Fault("body", close="before", reset=True, after_octets=1000)
    with Pair(program, authority, faults=[fault],
              second={"max_size": 2 ** 26}) as pair:
        assert pair.send(message=big).code == 0
        assert not pair.first.messages
        assert len(pair.second.messages) == 1


def test_without_the_setting_nobody_takes_over(program, authority):
    with Pair(program, authority, {"failover": None, "port": 1}) as pair:
        path = program.home / ".postriderrc"
        path.write_text("".join(
            line for line in path.read_text().splitlines(True)
            if not line.startswith("failover")))
        assert pair.send().code == 75
        assert not pair.second.messages


def test_only_those_who_were_refused_for_now_move(program, authority):
    faults = [Fault("rcpt", reply="450 later", match=b"two@"),
              Fault("rcpt", reply="550 unknown", match=b"three@")]
    with Pair(program, authority, faults=faults) as pair:
        result = pair.send(["one@example.net", "two@example.net",
                            "three@example.net"])
        assert result.code == 67
        assert b"three@example.net" in result.err
        assert b"two@example.net" not in result.err
        assert pair.first.messages[0].rcpt_to == ["one@example.net"]
        assert pair.second.messages[0].rcpt_to == ["two@example.net"]


def test_both_fail(program, authority):
    with Pair(program, authority, {"port": 1}, second={
            "faults": [Fault("mail", reply="451 not now")]}) as pair:
        result = pair.send()
        assert result.code == 75
        assert b"not now" in result.err


def test_an_account_that_does_not_exist(program, authority):
    with Pair(program, authority,
              {"port": 1, "failover": "nowhere, second"}) as pair:
        result = pair.send()
        assert result.code == 0
        assert b"nowhere" in result.err
        assert len(pair.second.messages) == 1


@pytest.mark.parametrize("when", ["on_failure", "always"])
def test_the_spool_is_the_last_resort(program, authority, when):
    spool = program.home / "spool"
    with Pair(program, authority, {"port": 1, "queue": when, "spool": spool},
              second={"faults": [Fault("mail", reply="451 not now",
                                       times=1)]}) as pair:
        assert pair.send().code == 0
        assert len(list((spool / "new").iterdir())) == 1
        assert pair.send().code == 0
        assert len(list((spool / "new").iterdir())) == 1
        assert len(pair.second.messages) == 1


def revive(pair):
    conf = pair.program.home / ".postriderrc"
    conf.write_text(conf.read_text().replace(
        "port 1\n", f"port {pair.first.emulator.port}\n"))


@pytest.mark.parametrize("when", ["on_failure", "always", "run"])
def test_what_another_may_have_delivered_stays_with_that_one(
        program, authority, when):
    """Also when its own account is well again, until it is known."""
    spool = program.home / "spool"
    lost = Fault("body-end", close="before", deliver=True, times=1)
    later = Fault("mail", reply="451 not now", times=1)
    settings = {"queue": "always" if when == "run" else when, "spool": spool}
    with Pair(program, authority, {"port": 1, **settings},
              second={"faults": [later] if when == "run" else [lost]}
              ) as pair:
        result = pair.send()
        assert result.code == 0
        name, = [path.name for path in (spool / "new").iterdir()]

        def run():
            rewrite_slots(spool / "new" / name, {b"next": 0})
            return pair.send(["-q"], b"")

        if when == "run":
            pair.second.emulator.faults.add(lost)
            result = run()
            assert result.code == 0
        assert len(pair.second.messages) == 1
        line = result.log[-1]
        assert (line["account"], line["outcome"]) == ("second", "UNKNOWN")
        revive(pair)
        busy = Fault("mail", reply="451 not now", times=1)
        pair.second.emulator.faults.add(busy)
        assert run().code == 0
        assert (spool / "new" / name).exists()
        assert run().code == 0
        assert not (spool / "new" / name).exists()
        assert not pair.first.messages
        first, again = pair.second.messages
        assert first.mail_from == again.mail_from == OTHER
        assert email.message_from_bytes(first.content)["Message-ID"] == \
            email.message_from_bytes(again.content)["Message-ID"]


@pytest.mark.parametrize("when", ["on_failure", "always"])
def test_what_waits_is_as_its_own_account_sends_it(program, authority, when):
    """Whatever the other one's rules did to it, and with one Message-ID."""
    spool = program.home / "spool"
    with Pair(program, authority, {"port": 1, "queue": when, "spool": spool},
              second={"faults": [Fault("body-end", reply="451 4.3.0 later",
                                       deliver=True)]}) as pair:
        assert pair.send().code == 0
        name, = [path.name for path in (spool / "new").iterdir()]
        revive(pair)
        assert pair.program.run([f"--queue-retry={name}"]).code == 0
        early, = pair.second.emulator.refused
        late, = pair.first.messages
        assert OTHER.encode() in early.content
        assert b"example.org" not in late.content
        assert late.mail_from == SENDER
        assert email.message_from_bytes(early.content)["Message-ID"] == \
            email.message_from_bytes(late.content)["Message-ID"]


@pytest.mark.parametrize("when", ["off", "on_failure", "always"])
def test_what_may_have_arrived_stays_with_its_account(program, authority,
                                                      when):
    spool = program.home / "spool"
    with Pair(program, authority, {"queue": when, "spool": spool},
              faults=[Fault("body-end", close="before", deliver=True)]
              ) as pair:
        result = pair.send()
        assert result.code == (75 if when == "off" else 0)
        assert len(pair.first.messages) == 1
        assert not pair.second.messages
        assert result.log[-1]["outcome"] == "UNKNOWN"


def test_what_may_have_arrived_earlier_stays_with_its_account(program,
                                                              authority):
    """In doubt since the first try; the next ones do not reach the relay."""
    spool = program.home / "spool"
    faults = [Fault("body-end", close="before", deliver=True, times=1),
              Fault("rcpt", reply="450 later", match=b"two@", times=1),
              Fault("mail", reply="451 not now")]
    with Pair(program, authority, {"queue": "always", "spool": spool},
              faults=faults[:2], second={"faults": faults[2:]}) as pair:
        assert pair.send(["one@example.net", "two@example.net"]).code == 0
        name, = [path.name for path in (spool / "new").iterdir()]
        assert [one.rcpt_to for one in pair.first.messages] == [
            ["one@example.net"]]
        pair.first.emulator.faults.add(faults[2])
        pair.second.emulator.faults.clear()
        result = pair.program.run([f"--queue-retry={name}"])
        assert (result.code, b"waits on" in result.err) == (75, True)
        assert [one.rcpt_to for one in pair.second.messages] == [
            ["two@example.net"]]


def test_doubt_of_one_puts_off_the_others(program, authority):
    """They are in one file, and a second copy must not come soon."""
    spool = program.home / "spool"
    busy = {"faults": [Fault("rcpt", reply="451 4.3.0 later")]}
    with Pair(program, authority, {"queue": "always", "spool": spool},
              faults=[Fault("rcpt", reply="451 4.3.0 later", match=b"one@"),
                      Fault("body-end", close="before", deliver=True)],
              second=busy) as pair:
        assert pair.send(["one@example.net", "two@example.net"]).code == 0
        entry, = json.loads(pair.send(["--queue-json"], b"").out)
        assert [one["state"] for one in entry["recipients"]] == [
            "waits", "unknown"]
        assert entry["next_try"] - entry["last_try"] >= 15 * 60


def suppressed(pair, account):
    result = pair.send(["--suppressed", "-a", account], b"")
    assert (result.code, result.err) == (0, b"")
    return [line.split()[1].decode() for line in result.out.splitlines()]


@pytest.mark.parametrize("has_secret", [True, False])
def test_nobody_is_offered_whom_the_account_has_suppressed(
        program, authority, has_secret):
    """Also when the account itself is not asked any more."""
    spool = program.home / "spool"
    later = Fault("mail", reply="451 4.3.0 later", times=5)
    with Pair(program, authority, {
            "port": 1, "queue": "on_failure", "spool": spool,
            "suppression": "on"}, second={"faults": [later]}) as pair:
        for _ in range(5):
            assert pair.send(["old@example.net", "one@example.net"]).code == 0
        assert pair.send(["--suppress", "old@example.net"], b"").code == 0
        conf = program.home / ".postriderrc"
        if not has_secret:
            head, own = conf.read_text().split("account default\n")
            own = re.sub("(?m)^password .*$", "password_file /no/such", own)
            conf.write_text(f"{head}account default\n{own}")
        for path in (spool / "new").iterdir():
            rewrite_slots(path, {b"next": 0})
        pair.send(["-q"], b"")
        assert [one.rcpt_to for one in pair.second.messages
                if b"multipart/report" not in one.content] == [
            ["one@example.net"]] * 5


@pytest.mark.parametrize("queue", ["off", "on_failure", "always", "run"])
@pytest.mark.parametrize("first, second", [
    ("on", "on"), ("on", "off"), ("off", "on")])
def test_who_has_answered_learns(program, authority, queue, first, second):
    """An address that one relay does not know may be known to the other."""
    both = {"spool": str(program.home / "spool"),
            "queue": "on_failure" if queue == "run" else queue,
            "retry_for": "off"}
    old = Fault("rcpt", reply="550 5.1.1 unknown", match=b"old@")
    later = Fault("mail", reply="451 4.3.0 later",
                  times=2 if queue == "run" else 1)
    args = ["-a", "default", "one@example.net", "gone@example.net"]
    with Pair(program, authority, {**both, "suppression": first},
              second={"faults": [
                  Fault("rcpt", reply="550 5.1.1 unknown", match=b"gone@")]},
              second_settings={**both, "suppression": second},
              faults=[old, later]) as pair:
        if queue == "run":
            busy = Fault("mail", reply="451 4.3.0 later", times=1)
            pair.second.emulator.faults.add(busy)
            assert pair.send(args).code == 0
            for path in (program.home / "spool" / "new").iterdir():
                rewrite_slots(path, {b"next": 0})
            assert pair.send(["-q"], b"").code == 67
        else:
            assert pair.send(args).code == 67
        assert len(pair.second.messages) >= 1
        assert suppressed(pair, "second") == (
            ["gone@example.net"] if second == "on" else [])
        assert suppressed(pair, "default") == []
        # The first one learns what it says itself, before others are moved.
        assert pair.send(["-a", "default", "old@example.net"]).code == 67
        assert suppressed(pair, "default") == (
            ["old@example.net"] if first == "on" else [])
        assert "old@example.net" not in suppressed(pair, "second")
