"""Who is told when queued mail is not delivered, and how.

The reports are read with Python's own parser of mail, which notes defects,
and pass the rules of the emulated provider like any other message.
"""

import email.policy
import email.utils
import re
import resource
import subprocess
import time

import pytest
from emulator.auth import ses_password
from emulator.policy import Fault

from relay import SENDER, SES_SECRET
from mailqueue import DEAD_PORT, MESSAGE, Queue, rewrite_slots

DAYS = 86400
NO_SUCH_USER = Fault("rcpt", reply="550 5.1.1 No such user", match=b"two@")


def everything(message):
    yield message
    for part in message.iter_parts() if message.is_multipart() else ():
        if part.get_content_type() == "message/delivery-status":
            yield part
        else:
            yield from everything(part)


def parse(stored):
    """The parts of a report, after what the standards ask of all of them."""
    octets = bytes(stored.content)
    message = email.message_from_bytes(octets, policy=email.policy.SMTP)
    for part in everything(message):
        assert part.defects == [], part.defects
        for name in part.keys():
            for value in part.get_all(name):
                assert getattr(value, "defects", ()) == (), (name, value)
    # RFC 6522, and what hides in no part of it.
    assert message.get_content_type() == "multipart/report"
    assert message["Content-Type"].params["report-type"] == "delivery-status"
    assert message.preamble in (None, "") and message.epilogue in (None, "")
    # RFC 3834.
    assert message["Auto-Submitted"] == "auto-replied"
    assert message["MIME-Version"] == "1.0"
    for name in "From", "To", "Date", "Message-ID", "Subject":
        assert len(message.get_all(name)) == 1
    assert all(len(line) <= 998 for line in octets.split(b"\r\n"))
    if max(octets) > 127:
        assert message["Content-Transfer-Encoding"] == "8bit"
    text, status, *original = message.iter_parts()
    assert text.get_content_type() == "text/plain"
    assert status.get_content_type() == "message/delivery-status"
    assert [part.get_content_type() for part in original] == [
        "text/rfc822-headers"]
    groups = status.get_payload()
    # RFC 3464 2.2 and 2.3: what must be there, and once.
    assert groups[0]["Reporting-MTA"].startswith("dns; ")
    assert email.utils.parsedate_to_datetime(groups[0]["Arrival-Date"])
    for group in groups[1:]:
        assert re.fullmatch(r"rfc822; \S.*", group["Final-Recipient"])
        assert group["Action"] == "failed"
        assert re.fullmatch(r"[245]\.\d{1,3}\.\d{1,3}", group["Status"])
        assert all(len(group.get_all(name)) == 1 for name in group.keys())
    return message, text.get_content(), groups, original[0]


def report_of(queue):
    """The one that the run has just made, sent by the same run."""
    stored = queue.relay.messages[-1]
    assert b"multipart/report" in bytes(stored.content)
    assert not any(one["is_report"] for one in queue.json())
    return stored


NOT_NOW = Fault("mail", reply="421 4.3.2 Not now")


def test_it_has_waited_too_long(program, authority):
    with Queue(program, authority) as queue:
        queue.keep(MESSAGE.replace(b"Subject: s", b"Subject: caf\xe9"),
                   args=["-V", "a+b=c", "-t", '"x y"@example.net'])
        queue.age(6 * DAYS)
        queue.make_due()
        name, = queue.names()
        result = queue.run()
        assert result.code == 69 and result.out == b""
        assert b"given up after 1 attempts: connect to" in result.err
        line, = [one for one in result.log
                 if one["exitcode"] == "EX_UNAVAILABLE"]
        assert line["queue"] == name
        assert line["recipients"] == '"x?y"@example.net,one@example.net'
        stored = report_of(queue)
        assert queue.everything() == {} and len(queue.relay.messages) == 1
        assert stored.mail_from == SENDER and stored.rcpt_to == [SENDER]
        message, text, groups, original = parse(stored)
        assert message["To"] == SENDER
        assert name in text and "one@example.net" in text
        assert "waited too long" in " ".join(text.split())
        assert "may have delivered" not in text
        assert "Connection refused" in text
        assert [one["Final-Recipient"] for one in groups[1:]] == [
            'rfc822; "x y"@example.net', "rfc822; one@example.net"]
        assert {one["Status"] for one in groups[1:]} == {"4.4.7"}
        assert len(groups) == 3
        assert groups[0]["Original-Envelope-Id"] == "a+b=c"
        assert all("Diagnostic-Code" not in one for one in groups)
        assert "Last-Attempt-Date" in groups[1]
        assert b"Subject: caf\xe9" in bytes(stored.content)
        assert "body" not in original.get_content()
        # And that was all.
        assert queue.run().code == 0
        assert len(queue.relay.messages) == 1


def test_expiry_after_a_reply_says_which(program, authority):
    with Queue(program, authority, faults=[
            Fault("body-end", reply="451 4.3.2 Not now\r\n", times=1)]
            ) as queue:
        assert queue.send().code == 0
        queue.age(6 * DAYS)
        queue.make_due()
        assert queue.run().code == 69
        _, text, groups, _ = parse(report_of(queue))
        assert groups[1]["Status"] == "4.4.7"
        assert groups[1]["Diagnostic-Code"] == "smtp; 451 4.3.2 Not now"
        assert groups[1]["Remote-MTA"] == "dns; 127.0.0.1"


@pytest.mark.parametrize("end", ["too late", "refused"])
def test_what_may_have_been_delivered_is_said(program, authority, end):
    """The last word on it is not the whole truth."""
    with Queue(program, authority, faults=[
            Fault("body-end", close="before", deliver=True, times=1)]
            ) as queue:
        name, = queue.keep(args=["two@example.net", "one@example.net"])
        queue.set_letters(name, b"DQ")
        queue.make_due()
        assert queue.run().code == 0
        assert queue.letters(name) == {"two": "done", "one": "unknown"}
        queue.make_due()
        if end == "refused":
            queue.relay.emulator.faults.add(
                Fault("rcpt", reply="550 5.1.1 No such user", times=1))
            assert queue.run().code == 67
        else:
            queue.configure(port=DEAD_PORT)
            assert queue.run().code == 0
            queue.age(6 * DAYS)
            queue.make_due()
            result = queue.run()
            assert b"may have delivered it: connect to" in result.err
            queue.configure()
            queue.make_due()
            queue.run()
        _, text, groups, _ = parse(queue.relay.messages[-1])
        assert "may have delivered it" in " ".join(text.split())
        assert len(groups) == 2


def test_a_lifetime_that_is_off(program, authority):
    with Queue(program, authority, {"queue_lifetime": "off"}) as queue:
        queue.keep()
        queue.age(3000 * DAYS)
        queue.make_due()
        assert queue.run().code == 0
        assert len(queue.relay.messages) == 1


def test_a_clock_that_was_put_back_gives_nothing_up(program, authority):
    with Queue(program, authority) as queue:
        queue.keep()
        queue.age(-400 * DAYS)
        queue.make_due()
        assert queue.run().code == 0
        assert len(queue.relay.messages) == 1 and queue.everything() == {}


def test_a_try_of_the_future_gives_nothing_up(program, authority):
    """The clock was years ahead while it was tried, and is right again."""
    with Queue(program, authority) as queue:
        name, = queue.keep()
        ahead = int(time.time()) + 5 * 365 * DAYS
        rewrite_slots(queue.spool / "new" / name,
                      {b"last": ahead, b"next": ahead})
        queue.configure(port=DEAD_PORT)
        assert queue.run().code == 0
        assert queue.names() == [name]
        queue.make_due()
        queue.configure()
        assert queue.run().code == 0
        stored, = queue.relay.messages
        assert stored.rcpt_to == ["one@example.net"]


def test_some_are_refused_while_others_wait(program, authority):
    """Told at once, each with its own reason, and once."""
    faults = [NO_SUCH_USER,
              Fault("rcpt", reply="450 4.2.1 Mailbox busy", match=b"one@"),
              Fault("rcpt", reply="553-5.1.3 That is\r\n553 5.1.3 no address",
                    match=b"three@")]
    with Queue(program, authority) as queue:
        name, = queue.keep(args=["one@example.net", "two@example.net",
                                 "three@example.net", "four@example.net"])
        queue.relay.emulator.faults.add(*faults)
        queue.make_due()
        result = queue.run()
        assert result.code in (65, 67)
        assert b"two@example.net" in result.err
        assert b"three@example.net" in result.err
        assert b"one@" not in result.err
        assert queue.letters(name) == {"one": "waits", "two": "done",
                                       "three": "done", "four": "done"}
        entry, = [one for one in queue.json() if one["id"] == name]
        assert "450 4.2.1" in entry["reason"] and entry["code"] == 450
        stored = report_of(queue)
        _, text, groups, _ = parse(stored)
        assert [(one["Final-Recipient"], one["Status"],
                 " ".join(one["Diagnostic-Code"].split()))
                for one in groups[1:]] == [
            ("rfc822; two@example.net", "5.1.1",
             "smtp; 550 5.1.1 No such user"),
            ("rfc822; three@example.net", "5.1.3",
             "smtp; 553-5.1.3 That is 553 5.1.3 no address"),
        ]
        assert "No such user" in text and "no address" in text
        assert "one@" not in text and "four@" not in text
        # The one that waited is refused in the end: a second report.
        queue.relay.emulator.faults.clear()
        queue.relay.emulator.faults.add(
            Fault("rcpt", reply="550 5.7.1 No", match=b"one@", times=1))
        queue.make_due()
        assert queue.run().code == 67
        _, _, groups, _ = parse(report_of(queue))
        assert [one["Final-Recipient"] for one in groups[1:]] == [
            "rfc822; one@example.net"]
        assert groups[1]["Status"] == "5.7.1"
        assert queue.everything() == {}


def test_a_suppressed_recipient_is_reported(program, authority):
    with Queue(program, authority, provider="oci",
               suppressed={"one@example.net"}) as queue:
        queue.keep()
        queue.make_due()
        assert queue.run().code == 67
        _, _, groups, _ = parse(report_of(queue))
        assert groups[1]["Status"] == "5.7.1"
        assert groups[1]["Diagnostic-Code"].startswith("smtp; 254 4.7.1 ")


@pytest.mark.parametrize("provider,null_sender,sender", [
    ("ses", None, SENDER), ("oci", None, SENDER), (None, None, ""),
    (None, "off", SENDER)])
def test_the_sender_of_a_report(program, authority, provider, null_sender,
                                sender):
    """The empty one wherever it may be sent: RFC 5321 6.1."""
    settings = {"null_sender": null_sender}
    if not provider:
        settings.update(provider=None, region=None, tls="on", auth="on",
                        password=ses_password(SES_SECRET, "eu-west-1"))
    with Queue(program, authority, settings, provider=provider or "ses",
               faults=[NO_SUCH_USER]) as queue:
        queue.keep(args=["two@example.net"])
        queue.make_due()
        assert queue.run().code == (67 if sender else 65)
        if sender:
            stored = report_of(queue)
            assert (stored.mail_from, stored.rcpt_to) == (sender, [SENDER])
            return
        # Which this relay refuses.
        entry, = queue.json()
        assert entry["sender"] == "" and entry["is_report"]
        assert [one["address"] for one in entry["recipients"]] == [SENDER]


def test_a_report_is_never_reported(program, authority):
    with Queue(program, authority, faults=[
            NO_SUCH_USER, Fault("rcpt", reply="550 5.1.1 No such user",
                                match=SENDER.encode())]) as queue:
        name, = queue.keep(args=["two@example.net"])
        queue.make_due()
        result = queue.run()
        assert result.code == 67
        assert queue.everything() == {"failed": 1}
        report, = queue.names("failed")
        assert report != name
        assert queue.run().code == 0
        assert not queue.relay.messages
        # It can be read, tried again, and fails again.
        assert b"multipart/report" in queue.call("--queue-show", report).out
        assert queue.call("--queue-release", report).code == 0
        assert queue.run().code == 67
        assert queue.everything() == {"failed": 1}
        queue.relay.emulator.faults.clear()
        assert queue.call("--queue-release", report).code == 0
        assert queue.run().code == 0
        parse(report_of(queue))


@pytest.mark.parametrize("how", ["run", "retry"])
def test_told_in_the_same_run(program, authority, how):
    """One report of each, and the mail of others is still mail."""
    with Queue(program, authority, faults=[NO_SUCH_USER]) as queue:
        names = queue.keep(*[MESSAGE] * 3, args=["two@example.net"])
        names += queue.keep(*[MESSAGE] * 2)
        queue.make_due()
        if how == "run":
            assert queue.run().code == 67
        else:
            for name in names[:3]:
                assert queue.call("--queue-retry", name).code == 67
        told = [one for one in queue.relay.messages
                if b"multipart/report" in one.content]
        assert sorted(n for one in told for n in names
                      if n.encode() in one.content) == sorted(names[:3])
        left = set(names[3:]) if how == "retry" else set()
        assert set(queue.names()) == left
        assert queue.run().code == 0
        assert queue.everything() == {}
        assert len(queue.relay.messages) == 5


def test_a_report_waits_for_an_account_that_is_not_there(program, authority):
    """The run that gave a message up leaves its relay alone all the same."""
    with Queue(program, authority) as queue:
        queue.keep(*[MESSAGE] * 4)
        queue.age(6 * DAYS)
        queue.make_due()
        queue.configure(port=DEAD_PORT)
        result = queue.run()
        assert result.code == 69 and result.err.count(b"given up") == 4
        assert [one["attempts"] for one in queue.json()
                if one["is_report"]].count(1) == 3
        assert queue.everything() == {"new": 4}
        queue.configure()
        queue.make_due()
        assert queue.run().code == 0
        assert len(queue.relay.messages) == 4 and queue.everything() == {}


def test_a_report_waits_as_long_as_any_mail_and_is_put_aside(
        program, authority):
    with Queue(program, authority, faults=[NO_SUCH_USER]) as queue:
        queue.keep()
        queue.relay.emulator.faults.add(NOT_NOW)
        queue.age(6 * DAYS)
        queue.make_due()
        assert queue.run().code == 69
        entry, = queue.json()
        assert entry["is_report"] and entry["attempts"] == 1
        queue.age(6 * DAYS)
        queue.make_due()
        assert queue.run().code == 69
        assert queue.everything() == {"failed": 1}


def test_nothing_is_given_up_without_a_try(program, authority):
    """The machine was off all the time, or the clock jumped."""
    with Queue(program, authority) as queue:
        queue.keep(MESSAGE, MESSAGE)
        queue.age(6 * DAYS)
        for path in (queue.spool / "new").iterdir():
            last = int(time.time()) - 6 * DAYS
            rewrite_slots(path, {b"last": last, b"next": last + 300})
        assert queue.run().code == 0
        assert len(queue.relay.messages) == 2 and queue.everything() == {}


def test_what_a_person_lets_go_of_is_tried_however_old_it_is(program,
                                                             authority):
    with Queue(program, authority) as queue:
        name, = queue.keep()
        queue.age(6 * DAYS)
        assert queue.call("--queue-hold", name).code == 0
        assert queue.call("--queue-release", name).code == 0
        assert queue.run().code == 0
        assert len(queue.relay.messages) == 1 and queue.everything() == {}


def test_report_to(program, authority):
    with Queue(program, authority, {"report_to": "boss@example.com"},
               faults=[NO_SUCH_USER]) as queue:
        queue.keep(args=["-N", "never", "two@example.net"])
        queue.make_due()
        assert queue.run().code == 67
        stored = report_of(queue)
        assert stored.rcpt_to == ["boss@example.com"]
        message, *_ = parse(stored)
        assert "boss@example.com" in message["To"]


@pytest.mark.parametrize("value, told", [
    ("a@example.com, b@example.net", ["a@example.com", "b@example.net"]),
    ("The Boss <boss@example.com>", ["boss@example.com"]),
    ("root", ["admin@example.com", "night@example.com"]),
    ("nobody-else", ["nobody-else@example.com"]),
    ("x@b\u00fccher.example", ["x@xn--bcher-kva.example"])])
def test_report_to_is_a_list_like_others(program, authority, value, told):
    """Names, aliases, several, and the header names who gets it."""
    aliases = program.home / "aliases"
    aliases.write_text("root: admin@example.com, night@example.com\n")
    with Queue(program, authority,
               {"report_to": value, "aliases": aliases,
                "qualify_domain": "example.com"},
               faults=[NO_SUCH_USER]) as queue:
        queue.keep(args=["two@example.net"])
        queue.make_due()
        assert queue.run().code == 67
        assert queue.everything() == {}
        stored = report_of(queue)
        assert stored.rcpt_to == told
        message, *_ = parse(stored)
        assert [address for _, address in email.utils.getaddresses(
            [message["To"]])] == told


def test_report_to_that_is_no_address(program, authority):
    """Said before anything is queued; what waits already waits on."""
    with Queue(program, authority, faults=[NO_SUCH_USER]) as queue:
        name, = queue.keep(args=["two@example.net"])
        queue.make_due()
        queue.configure(report_to="<>")
        result = queue.send(["one@example.net"])
        assert result.code == 78 and b"report_to <>" in result.err
        queue.run()
        assert queue.names() == [name]
        assert "report_to" in queue.json()[0]["reason"]
        # Only the aliases say that this one is too many.
        aliases = program.home / "aliases"
        aliases.write_text("all: " + ", ".join(
            f"n{number}@example.net" for number in range(5000)) + "\n")
        queue.configure(report_to="all", aliases=aliases)
        queue.make_due()
        for _ in range(2):
            result = queue.run()
            assert b"report_to: " in result.err and queue.names() == [name]
        queue.configure(report_to="boss@example.com")
        queue.run()
        assert queue.everything() == {}
        assert report_of(queue).rcpt_to == ["boss@example.com"]


def test_a_report_to_as_many_as_there_may_be(program, authority):
    """More than a field of the header takes."""
    told = [f"n{number}@{'a' * 60}.{'b' * 60}.{'c' * 60}.example.net"
            for number in range(1000)]
    aliases = program.home / "aliases"
    aliases.write_text("all: " + ", ".join(told) + "\n")
    with Queue(program, authority, {"report_to": "all", "aliases": aliases},
               faults=[NO_SUCH_USER]) as queue:
        queue.keep(args=["two@example.net"])
        queue.make_due()
        assert queue.run().code == 67
        message, *_ = parse(report_of(queue))
        assert message["To"] == "undisclosed-recipients:;"
        assert queue.everything() == {}
        assert sorted(address for one in queue.relay.messages
                      for address in one.rcpt_to) == sorted(told)


@pytest.mark.parametrize("args,words", [
    (["-f", "guest@example.org"], "set report_to"),
    (["-N", "never"], "asked for no notification"),
    (["-N", "success,delay"], "asked for no notification"),
])
def test_nobody_is_told_and_the_log_says_so(program, authority, args, words):
    with Queue(program, authority, {"from_policy": "pass"},
               verified={"example.com", "example.org"},
               faults=[NO_SUCH_USER]) as queue:
        name, = queue.keep(args=[*args, "-a", "default", "two@example.net"])
        queue.make_due()
        result = queue.run()
        assert result.code == 67
        assert queue.everything() == {}
        assert result.err.count(words.encode()) == 1
        note, = [line for line in result.log if "outcome" not in line]
        assert words in note["errormsg"] and note["queue"] == name
        assert not queue.relay.messages


def test_who_asks_for_failures_is_told(program, authority):
    with Queue(program, authority, faults=[NO_SUCH_USER]) as queue:
        queue.keep(args=["-N", "delay,failure", "two@example.net"])
        queue.make_due()
        assert queue.run().code == 67
        parse(report_of(queue))


def test_no_room_for_the_report(program, authority):
    """The last copy stays until somebody can be told."""
    def no_room():
        # What exists can be rewritten; nothing longer can be made.
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
    with Queue(program, authority, {"logfile": None}) as queue:
        name, = queue.keep()
        queue.age(6 * DAYS)
        queue.make_due()
        for _ in range(2):
            done = subprocess.run(
                [program.path, "-q"], env=program.environment(),
                preexec_fn=no_room, capture_output=True, check=False)
            assert done.returncode == 75
            assert b"File too large" in done.stderr
            assert queue.everything() == {"new": 1}
            assert queue.letters(name) == {"one": "refused"}
        result = queue.run()
        assert (result.code, result.err) == (0, b"")
        _, text, groups, _ = parse(report_of(queue))
        assert groups[1]["Status"] == "4.4.7"


def test_killed_before_it_was_removed(program, authority):
    """Delivered to all, and only its file is left: no word about that."""
    with Queue(program, authority) as queue:
        name, = queue.keep()
        queue.set_letters(name, b"D")
        result = queue.run()
        assert (result.code, result.err) == (0, b"")
        assert queue.everything() == {} and not queue.relay.messages


def test_what_cannot_be_sent_as_it_is(program, authority):
    """Refused by us and not by a relay: it has not waited too long."""
    with Queue(program, authority) as queue:
        queue.keep()
        queue.make_due()
        queue.configure(max_message_size="10")
        assert queue.run().code == 65
        # The report was too large as well.
        report, = queue.names("failed")
        queue.configure()
        assert queue.call("--queue-release", report).code == 0
        assert queue.run().code == 0
        _, text, groups, _ = parse(report_of(queue))
        assert groups[1]["Status"] == "5.0.0"
        assert "Diagnostic-Code" not in groups[1]
        assert "larger than 10 octets" in text and "waited" not in text


# ------------------------------------- an account that cannot be used any more

class Accounts:
    """A configuration of several; settings beside those of the relay."""

    def __init__(self, queue):
        self.queue = queue
        self.common = queue.relay.conf.read_text()

    def write(self, head="", **accounts):
        text = head
        for name, settings in accounts.items():
            own = "".join(f"{k} {v}\n" for k, v in settings.items())
            lines = [line for line in self.common.splitlines()
                     if line.split()[0] not in settings]
            text += f"account {name}\n" + "\n".join(lines) + f"\n{own}\n"
        self.queue.relay.conf.write_text(text)

    def keep(self, account, *messages, args=("-t",)):
        found = []
        for message in messages or (MESSAGE,):
            found += self.queue.keep_as_is(["-a", account, *args], message)
        return found


# What is wrong with the account, and words of the reason.
BROKEN = {
    "gone": (None, "account old not found"),
    "no secret": ({"password": "", "password_file": "/nonexistent/secret"},
                  "/nonexistent/secret"),
    "no region": ({"region": "nowhere-1", "host": ""}, "nowhere-1"),
    "no such mechanism": ({"auth": "no-such-mechanism"},
                          "auth no-such-mechanism"),
}
NO_SECRET = BROKEN["no secret"][0]


@pytest.mark.parametrize("how", BROKEN)
def test_given_up_by_another_account(program, authority, how):
    with Queue(program, authority) as queue:
        accounts = Accounts(queue)
        accounts.write(old={}, default={"from": "new@example.com"})
        name, = accounts.keep("old", args=["-f", SENDER, "-t"])
        queue.make_due()
        settings, words = BROKEN[how]
        accounts.write(**({"old": settings} if settings else {}),
                       default={"from": "new@example.com"})
        # It stays as long as it may, and says why.
        result = queue.run()
        assert (result.code, queue.names()) == (0, [name])
        listed = queue.call("-bp").out.decode()
        assert words in listed, listed
        queue.age(6 * DAYS)
        queue.make_due()
        result = queue.run()
        assert result.code == 69, result
        assert queue.everything() == {}
        stored, = queue.relay.messages
        assert stored.rcpt_to == [SENDER]
        message, text, groups, _ = parse(stored)
        assert "new@example.com" in message["From"]
        assert f"Queue id {name}, account old." in text
        assert groups[1]["Status"] == "4.4.7"
        assert "Remote-MTA" not in groups[1]
        assert queue.run().code == 0 and len(queue.relay.messages) == 1


def test_who_is_told_is_the_old_account_s_to_say(program, authority):
    """Its failover comes first, and its report_to."""
    with Queue(program, authority) as queue:
        accounts = Accounts(queue)
        others = {name: {"from": f"{name}@example.com"}
                  for name in ("default", "other", "third")}
        old = {"failover": "gone, third", "report_to": "boss@example.com"}
        accounts.write(**others, old=old)
        accounts.keep("old")
        queue.age(6 * DAYS)
        queue.make_due()
        accounts.write(**others, old={**old, **NO_SECRET})
        assert queue.run().code == 69
        stored, = queue.relay.messages
        assert stored.rcpt_to == ["boss@example.com"]
        assert stored.mail_from == "third@example.com"
        accounts.write(other={"from": "other@example.com"}, old=old)
        accounts.keep("old")
        queue.age(6 * DAYS)
        queue.make_due()
        accounts.write(other={"from": "other@example.com"})
        assert queue.run("--spool", str(queue.spool)).code == 69
        _, stored = queue.relay.messages
        assert stored.mail_from == "other@example.com"


def test_names_in_report_to_are_those_of_the_old_account(program, authority):
    """Another one that tells need not know them."""
    aliases = program.home / "aliases"
    aliases.write_text("boss: one@example.net, two\n")
    with Queue(program, authority) as queue:
        accounts = Accounts(queue)
        old = {"report_to": "boss", "aliases": aliases,
               "qualify_domain": "example.net"}
        accounts.write(default={}, old=old)
        accounts.keep("old")
        queue.age(6 * DAYS)
        queue.make_due()
        accounts.write(default={"qualify_domain": "example.org"},
                       old={**old, **NO_SECRET})
        assert queue.run().code == 69
        stored, = queue.relay.messages
        assert stored.rcpt_to == ["one@example.net", "two@example.net"]


def test_what_cannot_move_is_given_up_with_the_account(program, authority):
    """Another one takes over, but not what may have been delivered."""
    with Queue(program, authority) as queue:
        accounts = Accounts(queue)
        old = {"failover": "default"}
        accounts.write(default={}, old=old)
        for name in accounts.keep("old", *[MESSAGE] * 3):
            queue.set_letters(name, b"U")
            rewrite_slots(queue.spool / "new" / name,
                          {b"last": int(time.time()) - 6 * DAYS, b"next": 0})
        queue.age(6 * DAYS)
        accounts.write(default={}, old={**old, **NO_SECRET})
        assert queue.run().code == 69
        assert queue.everything() == {}
        assert len(queue.relay.messages) == 3
        for stored in queue.relay.messages:
            assert "may have delivered" in parse(stored)[1]


@pytest.mark.parametrize("head", ["", "no such keyword\n"])
def test_nobody_could_be_told(program, authority, head):
    """What is broken is told by what is left of it, and nothing is given up."""
    with Queue(program, authority) as queue:
        accounts = Accounts(queue)
        accounts.write(default={})
        name, = queue.keep_as_is(["-t"])
        queue.age(60 * DAYS)
        queue.make_due()
        accounts.write(head, default=NO_SECRET)
        spool = ["--spool", str(queue.spool)] if head else []
        for _ in range(2):
            result = queue.run(*spool)
            assert result.code in (0, 78)
            assert queue.names() == [name]
        if not head:
            assert "/nonexistent/secret" in queue.json()[0]["reason"]
        accounts.write(default={})
        queue.make_due()
        assert queue.run().code == 69
        parse(report_of(queue))


def test_many_behind_it(program, authority):
    """All say why, and those whose time is over do not wait for a try."""
    with Queue(program, authority) as queue:
        accounts = Accounts(queue)
        accounts.write(old={}, default={})
        names = accounts.keep("old", *[MESSAGE] * 5)
        queue.age(6 * DAYS)
        young = accounts.keep("old", *[MESSAGE] * 5)
        queue.make_due()
        for name in young:
            rewrite_slots(queue.spool / "new" / name, {b"next": 0})
        for name in names:
            rewrite_slots(queue.spool / "new" / name, {b"next": 1})
        accounts.write(default={})
        result = queue.run()
        assert result.code == 69 and result.err.count(b"given up") == 5
        assert sorted(queue.names()) == sorted(young)
        assert len(queue.relay.messages) == 5
        entries = queue.json()
        assert all("old" in one["reason"] for one in entries)
        assert [one["attempts"] for one in entries].count(2) == 1
        # And once it is there again they go.
        accounts.write(old={}, default={})
        queue.make_due()
        assert queue.run().code == 0
        assert len(queue.relay.messages) == 10
