"""The spool as a user meets it: what is kept, tried again, given up, told.

The relay is the emulated provider; the spool is a directory of the test's
own. What a kill or a full disk does stands in tests/fault, what people see of
the queue in test_queue_list.py, its reports in test_queue_report.py.
"""

import fcntl
import os
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import pytest
from emulator.policy import Fault

from relay import SENDER, SES_SECRET
from mailqueue import DEAD_PORT, MESSAGE, Queue, change_text, rewrite_slots
from procfs import children, has_taken
from run import PATIENCE
from test_bs import Dialogue

THREE = ["one@example.net", "two@example.net", "three@example.net"]
BUSY = "454 Throttling failure: Maximum sending rate exceeded."


def test_without_a_queue_nothing_is_kept(program, authority):
    with Queue(program, authority, {"queue": "off", "port": 1}) as queue:
        assert queue.send().code == 75
        assert not queue.spool.exists()


@pytest.mark.parametrize("when", ["on_failure", "always"])
def test_nobody_listens(program, authority, when):
    with Queue(program, authority, {"queue": when}) as queue:
        queue.configure(port=DEAD_PORT)
        result = queue.send()
        assert (result.code, result.out, result.err) == (0, b"", b"")
        name, = queue.names()
        line = result.log[-1]
        assert line["outcome"] == "NOT-SENT" and line["queue"] == name
        assert line["exitcode"] == "EX_OK"
        # Not due yet.
        queue.configure()
        assert queue.run().code == 0
        assert queue.names() == [name] and not queue.relay.messages
        queue.make_due()
        result = queue.run()
        assert (result.code, result.out, result.err) == (0, b"", b"")
        assert queue.names() == []
        stored, = queue.relay.messages
        assert stored.mail_from == SENDER
        assert stored.rcpt_to == ["one@example.net"]
        assert stored.content.endswith(b"Subject: s\r\n\r\nbody\r\n")
        assert result.log[-1]["outcome"] == "ACCEPTED"
        assert result.log[-1]["queue"] == name
        assert result.log[-1]["msgid"] == line["msgid"]


def test_always_leaves_nothing_behind(program, authority):
    with Queue(program, authority, {"queue": "always"}) as queue:
        assert queue.send().code == 0
        assert len(queue.relay.messages) == 1
        assert queue.everything() == {}


@pytest.fixture
def plain(binary):
    """The program of a user who is not root, with a home of his own."""
    home = Path(tempfile.mkdtemp(prefix="spool-"))
    conf, copy = home / ".postriderrc", home / "postrider"
    shutil.copy(binary, copy)       # the build may be closed to him
    conf.write_text(f"host 127.0.0.1\nport {DEAD_PORT}\nqueue on_failure\n"
                    "from sender@example.com\n")
    conf.chmod(0o600)
    user = os.getuid() or 65534
    for path in (home, conf, copy):
        os.chown(path, user, -1)

    def run(*args, **env):
        return subprocess.run(
            [copy, *args], input=MESSAGE, capture_output=True, check=False,
            env={"HOME": str(home), "PATH": "/usr/bin:/bin", **env},
            user=user if os.getuid() == 0 else None)
    run.home = home
    yield run
    shutil.rmtree(home)


def test_the_directory_that_nobody_named(plain):
    """Its parents are made, closed to others."""
    done = plain("-t")
    assert (done.returncode, done.stderr) == (0, b"")
    path = plain.home / ".local/state/postrider/spool"
    assert len(list((path / "new").iterdir())) == 1
    for folder in (path, path.parent, path.parent.parent):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert plain("-bP").stdout == b"1\n"
    state = str(plain.home / "state")
    assert plain("-t", XDG_STATE_HOME=state).returncode == 0
    assert plain("-bP", XDG_STATE_HOME=state).stdout == b"1\n"


def test_no_configuration_at_all(plain):
    """What waits is kept for the day on which there is one again."""
    assert plain("-t").returncode == 0
    folder = plain.home / ".local/state/postrider/spool/new"
    path, = folder.iterdir()
    rewrite_slots(path, {b"next": 0})
    (plain.home / ".postriderrc").unlink()
    assert plain("-q").returncode == 0
    assert list(folder.iterdir()) == [path]
    assert b"no configuration" in plain("-bp").stdout


def test_parents_of_a_directory_with_a_name_are_not_made(program, authority):
    with Queue(program, authority, {"port": 1, "queue": "always"}) as queue:
        queue.configure(spool=program.home / "no/such/spool", port=1)
        result = queue.send()
        assert result.code == 75 and b"no/such/spool" in result.err
        assert not (program.home / "no").exists()


@pytest.mark.parametrize("when", ["on_failure", "always"])
def test_refused_for_good_is_told_and_not_kept(program, authority, when):
    with Queue(program, authority, {"queue": when}, faults=[
            Fault("body-end", reply="554 Transaction failed: Nothing")]
            ) as queue:
        result = queue.send()
        assert result.code in (65, 69)
        assert b"Transaction failed" in result.err
        assert queue.everything() == {}


@pytest.mark.parametrize("when", ["on_failure", "always"])
def test_dead_credentials_keep_the_mail(program, authority, when):
    with Queue(program, authority, {"queue": when, "password": "B" * 44}
               ) as queue:
        assert queue.send().code == 0
        assert len(queue.names()) == 1
        queue.make_due()
        assert queue.run().code == 0
        assert len(queue.names()) == 1
        queue.configure(password=SES_SECRET)
        queue.make_due()
        assert queue.run().code == 0
        assert queue.names() == []
        assert len(queue.relay.messages) == 1


# ------------------------------------------------------------------- -bs

@pytest.mark.parametrize("when", ["on_failure", "always"])
def test_a_dialogue_is_told_that_it_waits(program, authority, when):
    """4yz would make its caller send a second copy."""
    with Queue(program, authority, {"queue": when}) as queue:
        queue.configure(queue=when, port=DEAD_PORT)
        with Dialogue(program) as bs:
            bs.reply()
            bs.say(b"EHLO client.example.com")
            reply = bs.transaction(MESSAGE.replace(b"\n", b"\r\n"))
        name, = queue.names()
        assert reply == [b"250 2.0.0 queued as " + name.encode()]


@pytest.mark.parametrize("fault,code,words", [
    (None, b"250", b"Ok"),
    ("one@", b"250", b"queued as"),
    ("three@", b"554", b"<three@example.net>"),
])
def test_a_dialogue_is_told_who_does_not_get_it(program, authority, fault,
                                                code, words):
    faults = [one for one in rcpt_faults() if fault == "three@" or
              one.match == b"two@"] if fault else []
    with Queue(program, authority, faults=faults) as queue:
        with Dialogue(program) as bs:
            bs.reply()
            bs.say(b"EHLO client.example.com")
            reply = bs.transaction(MESSAGE.replace(b"\n", b"\r\n"),
                                   people=THREE)
        text = b"\n".join(reply)
        assert text.startswith(code) and words in text
        assert b"<two@" not in text and b"<one@" not in text


def test_a_dialogue_has_no_children(program, authority):
    """What runs behind it is nobody's to reap."""
    with Queue(program, authority) as queue:
        queue.keep(MESSAGE, MESSAGE)
        queue.make_due()
        with Dialogue(program) as bs:
            bs.reply()
            bs.say(b"EHLO client.example.com")
            reply = bs.transaction(MESSAGE.replace(b"\n", b"\r\n"))
            assert reply[0].startswith(b"250")
            queue.wait_for(lambda: queue.everything() == {})
            assert children(bs.process.pid) == []
            assert bs.say(b"NOOP")[0].startswith(b"250")
        assert len(queue.relay.messages) == 3


# ------------------------------------------------------- some, and not others

def rcpt_faults():
    return [Fault("rcpt", reply="450 4.2.1 Mailbox busy", match=b"two@"),
            Fault("rcpt", reply="550 5.1.1 No such user", match=b"three@")]


@pytest.mark.parametrize("when", ["on_failure", "always"])
def test_some_are_refused(program, authority, when):
    with Queue(program, authority, {"queue": when},
               faults=rcpt_faults()) as queue:
        result = queue.send(THREE)
        assert result.code == 67
        assert b"three@example.net" in result.err
        assert b"two@" not in result.err and b"one@" not in result.err
        name, = queue.names()
        # The caller was told of the refusal: nobody else is.
        assert queue.letters(name) == {"one": "done", "two": "waits",
                                       "three": "done"}
        queue.relay.emulator.faults.clear()
        queue.make_due()
        assert queue.run().code == 0
        assert queue.everything() == {}
        first, second = queue.relay.messages
        assert first.rcpt_to == ["one@example.net"]
        assert second.rcpt_to == ["two@example.net"]
        assert first.header("Message-ID") == second.header("Message-ID")


def test_fifty_at_a_time_and_the_second_fails(program, authority):
    """A hundred and twenty recipients, three transactions."""
    people = [f"p{i}@example.net" for i in range(120)]
    with Queue(program, authority, {"queue": "always"}, faults=[
            Fault("mail", reply="451 4.3.0 Not now", skip=1, times=1)]
            ) as queue:
        assert queue.send(people).code == 0
        name, = queue.names()
        letters = queue.letters(name)
        assert [i for i in range(120) if letters[f"p{i}"] == "waits"] == list(
            range(50, 100))
        queue.make_due()
        assert queue.run().code == 0
        assert queue.everything() == {}
        assert sorted(one for message in queue.relay.messages
                      for one in message.rcpt_to) == sorted(people)


def test_killed_between_two_transactions(program, authority):
    """Who has it is known; only the others are tried again."""
    people = [f"p{i}@example.net" for i in range(60)]
    with Queue(program, authority, {"queue": "always", "timeout": "60"},
               faults=[Fault("mail", until=lambda: False, skip=1, times=1)]
               ) as queue:
        child = subprocess.Popen(
            [program.path, *people], stdin=subprocess.PIPE,
            env=program.environment(), stderr=subprocess.DEVNULL)
        child.stdin.write(MESSAGE)
        child.stdin.close()
        queue.relay.emulator.wait_messages(1)
        queue.wait_for(lambda: queue.names() and "unknown" not in
                       queue.letters(queue.names()[0]).values())
        child.kill()
        child.wait()
        letters = queue.letters(queue.names()[0])
        assert [i for i in range(60) if letters[f"p{i}"] == "waits"] == list(
            range(50, 60))


# --------------------------------------------------------- what nobody knows

def lost():
    return [Fault("body-end", close="before", deliver=True, times=1)]


@pytest.mark.parametrize("when", ["on_failure", "always"])
def test_unknown_is_tried_again(program, authority, when):
    with Queue(program, authority, {"queue": when}, faults=lost()
               ) as queue:
        begun = int(time.time())
        result = queue.send()
        assert result.code == 0 and result.log[-1]["outcome"] == "UNKNOWN"
        # It is the queue's to send it again, and nobody else's.
        assert result.err == b""
        name, = queue.names()
        assert queue.letters(name) == {"one": "unknown"}
        assert queue.json()[0]["next_try"] >= begun + 15 * 60
        queue.make_due()
        assert queue.run().code == 0
        assert queue.everything() == {}
        first, second = queue.relay.messages
        assert first.header("Message-ID") == second.header("Message-ID")


@pytest.mark.parametrize("when", ["on_failure", "always"])
def test_unknown_is_held(program, authority, when):
    with Queue(program, authority, {"queue": when, "queue_unknown": "hold"},
               faults=lost()) as queue:
        result = queue.send()
        name, = queue.names("hold")
        assert (result.code, result.err.count(b"\n")) == (0, 1)
        assert f"{name}: on hold, it may have".encode() in result.err
        assert queue.run().code == 0
        assert len(queue.relay.messages) == 1
        assert queue.call("--queue-release", name).code == 0
        assert queue.run().code == 0
        assert queue.everything() == {}
        assert len(queue.relay.messages) == 2


@pytest.mark.parametrize("unknown", ["retry", "hold"])
def test_killed_behind_the_dot(program, authority, unknown):
    """The file says what the dead process no longer could."""
    with Queue(program, authority, {"queue": "always", "timeout": "60",
                                    "queue_unknown": unknown},
               faults=[Fault("body-end", until=lambda: False, times=1)]
               ) as queue:
        begun = int(time.time())
        child = subprocess.Popen(
            [program.path, "-t"], stdin=subprocess.PIPE,
            env=program.environment(), stderr=subprocess.DEVNULL)
        child.stdin.write(MESSAGE)
        child.stdin.close()
        queue.wait_for(lambda: queue.names() and "unknown" in
                       queue.letters(queue.names()[0]).values())
        # Marked before the dot leaves, and the fault is for this one only.
        relay = queue.relay.emulator
        queue.wait_for(lambda: relay.messages or relay.refused)
        child.kill()
        child.wait()
        assert queue.json()[0]["next_try"] >= begun + 15 * 60
        queue.make_due()
        result = queue.run()
        assert result.code == 0
        if unknown == "hold":
            assert queue.everything() == {"hold": 1}
            assert len(queue.relay.emulator.sessions) == 1
            assert b"may have been delivered" in result.err
        else:
            assert queue.everything() == {}


# ---------------------------------------------------------------- the account

def test_one_connection_for_many(program, authority):
    with Queue(program, authority, {"queue_connections": "1"}) as queue:
        queue.keep(*20 * [MESSAGE])
        queue.make_due()
        result = queue.run()
        assert (result.code, result.err) == (0, b"")
        assert queue.everything() == {}
        assert len(queue.relay.messages) == 20
        assert len(queue.relay.sessions) == 1


@pytest.mark.parametrize("silently", [False, True])
def test_a_relay_that_takes_few_at_a_time(program, authority, silently):
    """A connection that wore out costs no message a wait."""
    with Queue(program, authority, messages_per_connection=3,
               drop_silently=silently) as queue:
        queue.keep(*7 * [MESSAGE])
        queue.make_due()
        assert queue.run().code == 0
        assert queue.everything() == {}
        assert len(queue.relay.messages) == 7


class Closing:
    """Something that listens, and closes at once."""

    def __enter__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.count = 0
        threading.Thread(target=self.serve, daemon=True).start()
        return self

    def serve(self):
        while True:
            try:
                peer, _ = self.socket.accept()
            except OSError:
                return
            self.count += 1
            peer.close()

    def __exit__(self, *_):
        self.socket.close()


def test_a_dead_account_is_asked_three_times(program, authority):
    with Queue(program, authority) as queue, Closing() as closing:
        queue.keep(*8 * [MESSAGE])
        queue.make_due()
        queue.configure(port=closing.port)
        assert queue.run().code == 0
        assert closing.count == 3
        attempts = sorted(one["attempts"] for one in queue.json())
        assert attempts == 5 * [1] + 3 * [2]


def test_refused_credentials_are_shown_once(program, authority):
    with Queue(program, authority) as queue:
        queue.keep(*5 * [MESSAGE])
        queue.make_due()
        queue.configure(password="B" * 44)
        assert queue.run().code == 0
        assert len(queue.relay.sessions) == 1
        assert sorted(one["attempts"] for one in queue.json()) == \
            4 * [1] + [2]


def test_a_sender_that_is_not_approved_is_shown_three_times(
        program, authority):
    """More of it shuts the whole machine out."""
    with Queue(program, authority, provider="oci",
               verified={"nobody@example.com"}) as queue:
        queue.keep(*8 * [MESSAGE])
        queue.make_due()
        assert queue.run().code == 0
        tried = [one for one in queue.json() if one["attempts"] == 2]
        assert len(tried) == 3
        assert {one["code"] for one in tried} == {535}


def test_a_sender_that_is_not_approved_among_several_connections(
        program, authority):
    """Mail of another sender has gone before, over four connections."""
    with Queue(program, authority, provider="oci",
               verified={SENDER}) as queue:
        relay = queue.relay.emulator
        # The others are begun when the first one was of use.
        relay.faults.add(
            Fault("body-end", times=1),
            Fault("body-end", delay=0.05,
                  until=lambda: len(relay.sessions) > 1))
        good = queue.keep(*20 * [MESSAGE])
        queue.keep(*30 * [MESSAGE], args=("-t", "-f", "other@example.com"))
        for path in (queue.spool / "new").iterdir():
            rewrite_slots(path, {b"next": int(path.name not in good)})
        assert queue.run().code == 0
        assert len(queue.relay.messages) == 20
        assert len(queue.relay.sessions) > 1
        tried = [one for one in queue.json() if one["attempts"] == 2]
        assert 3 <= len(tried) <= 8


def test_a_relay_that_ends_every_session(program, authority):
    with Queue(program, authority, faults=[
            Fault("mail", reply="421 4.3.0 Going down")]) as queue:
        queue.keep(*6 * [MESSAGE])
        queue.make_due()
        assert queue.run().code == 0
        assert len(queue.relay.sessions) == 3


def test_the_daily_quota(program, authority):
    """One is refused, the others need not ask; twenty minutes at least."""
    with Queue(program, authority, daily_quota=2,
               settings={"retry_for": "3600"}) as queue:
        queue.keep(*6 * [MESSAGE])
        queue.make_due()
        begun = time.time()
        result = queue.run()
        assert result.code == 0
        assert len(queue.relay.messages) == 2
        assert len(queue.relay.emulator.refused) == 1
        entry, = [one for one in queue.json() if one["attempts"] == 2]
        assert entry["code"] == 454 and "quota" in entry["reason"]
        assert entry["next_try"] >= int(begun) + 20 * 60


def test_an_account_that_is_gone(program, authority):
    """Its mail waits, that of the others is sent."""
    with Queue(program, authority, {"report_to": None}) as queue:
        queue.keep(MESSAGE)
        conf = queue.relay.conf.read_text()
        queue.relay.conf.write_text(
            f"account other\n{conf}\naccount default : other\n")
        other, = queue.keep_as_is(["-a", "other", "-t"])
        queue.relay.conf.write_text(f"account default\n{conf}")
        queue.make_due()
        result = queue.run()
        assert result.code == 0
        assert queue.names() == [other]
        assert len(queue.relay.messages) == 1
        assert "other" in queue.json()[0]["reason"]


def test_rate(program, authority):
    """Two recipients a second, the first second's at once."""
    with Queue(program, authority, {"max_rate": "2"}) as queue:
        queue.keep(*5 * [MESSAGE])
        queue.make_due()
        result = queue.run()
        assert len(queue.relay.messages) == 5
        assert result.seconds >= 1.4


def test_a_file_that_cannot_be_read(program, authority):
    with Queue(program, authority) as queue:
        bad, cut, *_ = queue.keep(*4 * [MESSAGE])
        (queue.spool / "new" / bad).write_bytes(b"x" * 5000)
        with open(queue.spool / "new" / cut, "r+b") as file:
            file.truncate(4500)
        queue.make_due_but(bad, cut)
        result = queue.run()
        assert result.code == 65
        assert result.err.count(b"\n") == 2
        assert queue.everything() == {"failed": 2}
        assert len(queue.relay.messages) == 2
        assert {line["queue"] for line in result.log
                if "outcome" not in line} == {bad, cut}
        assert queue.run().code == 0


@pytest.mark.parametrize("years", [-1, 1])
def test_a_clock_that_jumps(program, authority, years):
    """Put back, nothing waits for years; put forward, all is due."""
    with Queue(program, authority, {"queue_lifetime": "off"}) as queue:
        queue.keep()
        queue.make_due(int(time.time()) + years * 365 * 86400)
        assert queue.run().code == 0
        assert queue.everything() == {} and len(queue.relay.messages) == 1


# --------------------------------------------------------------------- -q

@pytest.mark.parametrize("args", [["-q"], ["-q30m"], ["-q1h30m"], ["-qf"],
                                  ["-v", "-q"]])
def test_a_run_without_a_spool(program, authority, args):
    with Queue(program, authority) as queue:
        result = queue.call(*args)
        assert (result.code, result.out, result.err) == (0, b"", b"")
        assert not queue.spool.exists()


LOOKS = [["-q"], ["-bp"], ["--queue-json"], ["-bP"]]


def accounts(queue, *spools):
    """Accounts a0, a1 ..., which differ in their spools at most."""
    return "".join(
        f"account a{number}\n" + queue.relay.conf.read_text().replace(
            f"spool {queue.spool}\n", f"spool {spool}\n")
        for number, spool in enumerate(spools))


@pytest.mark.parametrize("args", LOOKS)
def test_a_file_that_cannot_be_read_is_no_empty_queue(program, authority,
                                                      args):
    with Queue(program, authority) as queue:
        queue.keep()
        queue.make_due()
        conf = queue.relay.conf
        text = conf.read_text()
        conf.write_text(text + "nonsense here\n")
        result = queue.call(*args)
        assert (result.code, result.out) == (78, b"")
        assert b"nonsense" in result.err and not queue.relay.messages
        assert len(queue.names()) == 1


@pytest.mark.parametrize("args", LOOKS)
def test_a_file_without_an_account_has_no_queue_elsewhere(program, authority,
                                                          args):
    """As a package brings it, every line a comment."""
    with Queue(program, authority) as queue:
        queue.relay.conf.write_text("# provider ses\n")
        result = queue.call(*args)
        assert (result.code, result.err) == (0, b"")


@pytest.mark.parametrize("has_default", [True, False])
def test_accounts_with_spools_of_their_own(program, authority, has_default):
    """What waits is seen, and sent, wherever it waits."""
    with Queue(program, authority) as queue:
        conf = queue.relay.conf
        conf.write_text(accounts(queue, queue.spool, f"{queue.spool}2") + (
            "account default : a0\n" if has_default else ""))
        spools = [queue.spool, Path(f"{queue.spool}2")]
        for name in "a0", "a1":
            queue.keep_as_is(["-a", name, "-t"])
        names = [path.name for spool in spools
                 for path in (spool / "new").iterdir()]
        assert len(names) == 2
        listed = queue.call("-bp").out
        assert all(name.encode() in listed for name in names)
        assert b"\n-- 1 Kbytes in 2 Requests.\n" in listed
        assert queue.call("-bP").out == b"2\n"
        assert {one["id"] for one in queue.json()} == set(names)
        assert queue.call("-a", "a1", "-bP").out == b"1\n"
        for action, code in [("show", 0), ("hold", 0), ("release", 0),
                             ("retry", 0)]:
            for name in names:
                result = queue.call(f"--queue-{action}={name}")
                assert result.code == code, (action, result)
        assert len(queue.relay.messages) == 2
        for name in "a0", "a1":
            queue.keep_as_is(["-a", name, "-t"])
        for spool in spools:
            for path in (spool / "new").iterdir():
                rewrite_slots(path, {b"next": 0})
        assert queue.call("-q").code == 0
        assert len(queue.relay.messages) == 4
        assert not any(list((spool / "new").iterdir()) for spool in spools)


@pytest.mark.parametrize("args", LOOKS)
def test_one_of_several_spools_is_of_no_use(program, authority, args):
    """It is said; a run sends what the others have."""
    with Queue(program, authority) as queue:
        other = Path(f"{queue.spool}2")
        other.mkdir(mode=0o755)
        queue.relay.conf.write_text(accounts(queue, other, queue.spool)
                                    + "account default : a0\n")
        queue.keep_as_is(["-a", "a1", "-t"])
        queue.make_due()
        result = queue.call(*args)
        assert (result.code, result.out) == (75, b"")
        assert result.err.count(b"\n") == 1 and b"0700" in result.err
        assert len(queue.relay.messages) == (args == ["-q"])


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root for another owner")
@pytest.mark.parametrize("kind, end", [
    ("directory", ""), ("link to one of ours", ""),
    ("link to one of ours", "/")])
def test_spools_of_other_users_are_theirs(program, authority, kind, end):
    """Accounts for all users of a system, each with a spool of its own."""
    with Queue(program, authority) as queue:
        queue.keep()
        other = Path(f"{queue.spool}2")
        if kind == "directory":
            other.mkdir(mode=0o700)
        else:
            (program.home / "private").mkdir(mode=0o700)
            other.symlink_to(program.home / "private")
        os.chown(other, 12345, 12345, follow_symlinks=False)
        queue.relay.conf.write_text(
            accounts(queue, queue.spool, f"{other}{end}")
            + "account default : a0\n")
        result = queue.call("-bP")
        assert (result.code, result.out, result.err) == (0, b"1\n", b"")
        assert queue.call("-q").code == 0
        assert not list(other.iterdir())


@pytest.mark.parametrize("end", ["/", "/.", "/../spool"])
def test_a_spool_by_two_names_is_one(program, authority, end):
    with Queue(program, authority) as queue:
        queue.relay.conf.write_text(
            accounts(queue, queue.spool, f"{queue.spool}{end}"))
        name, = queue.keep_as_is(["-a", "a0", "-t"])
        assert queue.call("-bP").out == b"1\n"
        assert [one["id"] for one in queue.json()] == [name]


def test_accounts_without_a_default_have_one_spool(program, authority):
    with Queue(program, authority) as queue:
        queue.relay.conf.write_text(
            accounts(queue, queue.spool, queue.spool))
        name, = queue.keep_as_is(["-a", "a1", "-t"])
        assert queue.json()[0]["id"] == name
        queue.make_due()
        assert queue.call("-q").code == 0
        assert len(queue.relay.messages) == 1 and not queue.names()


@pytest.mark.parametrize("name,args", [
    ("sendmail", ["-q30m"]), ("sendmail", ["-q"]), ("runq", []),
    ("postrider", ["-q15m"])])
def test_a_run_is_one_pass(program, authority, name, args):
    """Whatever interval is named: who calls again is cron or a timer."""
    with Queue(program, authority) as queue:
        queue.keep()
        queue.make_due()
        link = program.home / name
        link.symlink_to(program.path)
        result = type(program)(link, program.home).run(args)
        assert (result.code, result.out, result.err) == (0, b"", b"")
        assert queue.everything() == {} and len(queue.relay.messages) == 1


def test_a_second_run_ends_at_once(program, authority):
    with Queue(program, authority) as queue:
        name, = queue.keep()
        queue.make_due()
        with open(queue.spool / "lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            assert queue.run().code == 0
            assert queue.names() == [name]
            # One message is no run through all of them.
            assert queue.call("--queue-retry", name).code == 0
        assert queue.everything() == {}


def test_host_of_the_command_line_has_no_queue(program, authority):
    with Queue(program, authority) as queue:
        queue.keep()
        queue.make_due()
        result = queue.run("--host=127.0.0.1")
        assert result.code == 64 and b"--host" in result.err
        assert queue.everything() == {"new": 1}


def test_a_signal_ends_a_run_after_the_message(program, authority):
    told = threading.Event()
    with Queue(program, authority, faults=[
            Fault("body-end", until=told.is_set, times=1)]) as queue:
        queue.keep(*3 * [MESSAGE])
        queue.make_due()
        child = subprocess.Popen([program.path, "-q"],
                                 env=program.environment())
        queue.wait_for(lambda: any(
            "unknown" in str(one["recipients"]) for one in queue.json()))
        child.send_signal(signal.SIGTERM)
        queue.wait_for(lambda: has_taken(child.pid, signal.SIGTERM))
        told.set()
        assert child.wait(PATIENCE) == 0
        assert len(queue.relay.messages) == 1
        assert queue.everything() == {"new": 2}


# ------------------------------------------------------------ by itself

@pytest.mark.parametrize("when", ["off", "on_failure", "always"])
def test_a_success_drains_the_spool(program, authority, when):
    with Queue(program, authority) as queue:
        queue.keep(*3 * [MESSAGE])
        queue.make_due()
        queue.configure(queue=when)
        result = queue.send()
        assert (result.code, result.err) == (0, b"")
        queue.wait_for(lambda: queue.everything() == {})
        assert len(queue.relay.messages) == 4
        assert len(queue.relay.sessions) == 2


def test_a_failure_does_not(program, authority):
    with Queue(program, authority) as queue:
        queue.keep(*2 * [MESSAGE])
        queue.make_due()
        queue.configure(port=DEAD_PORT)
        assert queue.send().code == 0
        time.sleep(0.3)
        assert [one["attempts"] for one in queue.json()] == [1, 1, 1]


def test_nothing_is_started_when_nothing_is_due(program, authority):
    with Queue(program, authority) as queue:
        queue.keep()
        assert queue.send().code == 0
        assert not (queue.spool / "lock").exists()


def test_nobody_waits_for_what_runs_behind(program, authority):
    """No descriptor of the caller is kept open, and no child is his."""
    seen = threading.Event()
    with Queue(program, authority) as queue:
        queue.keep(*2 * [MESSAGE])
        queue.make_due()
        queue.relay.emulator.faults.add(
            Fault("body-end", until=seen.is_set, skip=1, times=1))
        read, write = os.pipe()
        child = subprocess.Popen(
            [program.path, "-t"], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, pass_fds=[write],
            env=program.environment())
        os.close(write)
        out, err = child.communicate(MESSAGE, PATIENCE)
        assert (child.returncode, out, err) == (0, b"", b"")
        assert os.read(read, 1) == b""
        os.close(read)
        assert queue.everything() == {"new": 2}
        seen.set()
        queue.wait_for(lambda: queue.everything() == {})
        assert len(queue.relay.messages) == 3


def test_one_run_at_a_time(program, authority):
    with Queue(program, authority, {"timeout": "60"}) as queue:
        queue.keep(*3 * [MESSAGE])
        queue.make_due()
        queue.relay.emulator.faults.add(
            Fault("body-end", delay=1.5, skip=1, times=1))
        for _ in range(3):
            assert queue.send().code == 0
        assert queue.run().code == 0
        queue.wait_for(lambda: queue.everything() == {})
        assert len(queue.relay.messages) == 6
        # Three sends, and one run behind them.
        assert len(queue.relay.sessions) == 4


def test_it_stops_after_a_hundred(program, authority):
    with Queue(program, authority) as queue:
        name, = queue.keep()
        copies(queue, name, 104)
        queue.make_due()
        assert queue.send().code == 0
        queue.wait_for(lambda: len(queue.names()) <= 5)
        with open(queue.spool / "lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)    # it has ended
        assert queue.everything() == {"new": 5}


def copies(queue, name, n):
    """The same message under other names, much faster than by sending."""
    data = (queue.spool / "new" / name).read_bytes()
    for i in range(n):
        other = f"{i:020d}"
        path = queue.spool / "new" / other
        path.write_bytes(data)
        path.chmod(0o600)
        change_text(path, b"id", other.encode())


def test_settings_of_one_message_are_not_those_of_the_others(
        program, authority):
    with Queue(program, authority) as queue:
        queue.keep()
        queue.make_due()
        result = queue.send(["-F", "Somebody", "--set-from-header=on",
                             "--reply-to=other@example.net", "-t"])
        assert result.code == 0
        queue.wait_for(lambda: queue.everything() == {})
        assert [b"Somebody" in message.content
                for message in queue.relay.messages] == [True, False]
        assert [message.header("Reply-To")
                for message in queue.relay.messages][1] == []


# ---------------------------------------------------------------- patience

@pytest.mark.parametrize("when", ["off", "on_failure", "always"])
@pytest.mark.parametrize("stage,reply,sessions", [
    ("body-end", BUSY, 2),
    ("greeting", "421 Too many concurrent SMTP connections", 2),
    ("auth", "454 Temporary authentication failure", 2),
])
def test_a_busy_relay_is_waited_for(program, authority, when, stage, reply,
                                    sessions):
    with Queue(program, authority, {"queue": when, "retry_for": "3600"},
               faults=[Fault(stage, reply=reply, times=1)]) as queue:
        result = queue.send()
        assert (result.code, result.err) == (0, b"")
        assert result.seconds >= 0.7
        assert len(queue.relay.messages) == 1
        assert len(queue.relay.sessions) == sessions
        assert [line["outcome"] for line in result.log] == ["ACCEPTED"]
        assert queue.everything() == {}


@pytest.mark.parametrize("when,code", [("off", 75), ("on_failure", 0),
                                       ("always", 0)])
def test_patience_ends(program, authority, when, code):
    with Queue(program, authority, {"queue": when, "retry_for": "2"},
               faults=[Fault("body-end", reply=BUSY)]) as queue:
        result = queue.send()
        assert result.code == code
        assert result.seconds >= 1.9
        assert result.log[-1]["outcome"] == "TEMP"
        # After one second, and when the two are over: a slow try takes both.
        assert 2 <= len(queue.relay.emulator.refused) <= 3
        assert queue.everything() == ({"new": 1} if code == 0 else {})
        if code == 0:
            assert queue.json()[0]["attempts"] == 1


@pytest.mark.parametrize("fault", [
    Fault("rcpt", reply="450 4.2.0 Greylisted"),
    Fault("body-end", reply="451 4.7.1 Come back later"),
    Fault("body-end", reply="454 Throttling failure: Daily message quota "
                            "exceeded."),
    Fault("body-end", reply="554 Transaction failed"),
    Fault("body-end", close="before"),
    Fault("auth", reply="535 Authentication Credentials Invalid"),
], ids=lambda fault: fault.reply or "lost")
def test_nothing_else_is_waited_for(program, authority, fault):
    with Queue(program, authority, {"queue": "off", "retry_for": "3600"},
               faults=[fault]) as queue:
        result = queue.send()
        assert result.code > 0
        assert len(queue.relay.sessions) == 1


def test_patience_can_be_turned_off(program, authority):
    with Queue(program, authority, {"queue": "off", "retry_for": "off"},
               faults=[Fault("body-end", reply=BUSY)]) as queue:
        result = queue.send()
        assert result.code == 75
        assert len(queue.relay.sessions) == 1


@pytest.mark.parametrize("when", ["off", "always"])
def test_only_the_busy_part_is_sent_again(program, authority, when):
    people = [f"p{i}@example.net" for i in range(120)]
    with Queue(program, authority, {"queue": when, "retry_for": "3600"},
               faults=[Fault("body-end", reply=BUSY, skip=1, times=1)]
               ) as queue:
        result = queue.send(people)
        assert (result.code, result.err) == (0, b"")
        assert queue.everything() == {}
        assert [one.rcpt_to for one in queue.relay.messages] == [
            people[:50], people[100:], people[50:100]]
        assert result.log[-1]["outcome"] == "ACCEPTED"
        assert len(result.log[-1]["serverid"].split(",")) == 3


def test_the_secret_is_asked_for_again(program, authority):
    """It was forgotten after the first AUTH."""
    count = program.home / "count"
    with Queue(program, authority, {
            "queue": "off", "retry_for": "3600", "password": None,
            "passwordeval": f"echo x >> {count}; echo {SES_SECRET}"},
            faults=[Fault("body-end", reply=BUSY, times=1)]) as queue:
        assert queue.send().code == 0
        assert count.read_text() == "x\nx\n"


def test_a_run_is_patient_too(program, authority):
    """Over the same connection; and an account that stays busy is left."""
    with Queue(program, authority, {"retry_for": "3600"}, faults=[
            Fault("body-end", reply=BUSY, skip=1, times=1)]) as queue:
        queue.keep(*3 * [MESSAGE])
        queue.make_due()
        assert queue.run().code == 0
        assert len(queue.relay.messages) == 3
        assert len(queue.relay.sessions) == 1
        queue.relay.emulator.faults.add(Fault("body-end", reply=BUSY))
        queue.keep(*4 * [MESSAGE])
        queue.make_due()
        queue.configure(retry_for="2")
        assert queue.run().code == 0
        assert sorted(one["attempts"] for one in queue.json()) == \
            3 * [1] + [2]


# ------------------------------------------------------------- a spool that is full

def refuses(result, words):
    assert result.code == 75, result
    assert result.err.count(b"\n") == 1 and words in result.err
    assert b"it is full" in result.err


@pytest.mark.parametrize("place", ["new", "hold", "failed"])
def test_so_many_messages(program, authority, place):
    settings = {"spool_max_messages": "2", "queue": "always"}
    with Queue(program, authority, settings) as queue:
        names = queue.keep(MESSAGE, MESSAGE)
        if place != "new":
            for name in names:
                (queue.spool / "new" / name).rename(
                    queue.spool / place / name)
        refuses(queue.send(), b"spool_max_messages is 2")
        assert not queue.relay.messages and queue.everything() == {place: 2}
        # Nothing is looked at when there is no limit.
        queue.configure(queue="always", spool_max_messages="0")
        assert queue.send().code == 0
        queue.configure(queue="always", spool_max_messages="3")
        assert queue.send().code == 0
        assert queue.everything() == {place: 2}


def test_so_many_octets(program, authority):
    """A message that is there counts as its file, one to come as itself."""
    settings = {"queue": "always"}
    with Queue(program, authority, settings) as queue:
        name, = queue.keep()
        size = (queue.spool / "new" / name).stat().st_size
        large = MESSAGE + b"0123456789abcde\n" * 1024
        queue.configure(queue="always", spool_max=str(size + 16 * 1024))
        refuses(queue.send(message=large), b"spool_max is ")
        assert not queue.relay.messages
        queue.configure(queue="always", spool_max=str(size + 20 * 1024))
        assert queue.send(message=large).code == 0
        queue.configure(queue="always", spool_max="10")
        refuses(queue.send(), b"spool_max is ")
        queue.configure(queue="always", spool_max="off")
        assert queue.send().code == 0
        assert len(queue.relay.messages) == 2


def test_a_full_spool_is_no_reason_not_to_send(program, authority):
    settings = {"spool_max_messages": "1"}
    with Queue(program, authority, settings) as queue:
        queue.keep()
        queue.configure(port=DEAD_PORT)
        result = queue.send()
        assert result.code == 75 and result.err.count(b"\n") == 2
        assert b"nothing is kept for later: the spool" in result.err
        assert b"it is full: spool_max_messages is 1" in result.err
        queue.configure()
        assert queue.send().code == 0
        queue.wait_for(lambda: queue.everything() in ({}, {"new": 1}))
        assert queue.relay.messages


def test_reports_are_taken_all_the_same(program, authority):
    settings = {"spool_max_messages": "1", "spool_max": "1"}
    with Queue(program, authority, {}) as queue:
        queue.keep()
        queue.age(6 * 86400)
        queue.make_due()
        queue.configure(**settings)
        assert queue.run().code == 69
        assert queue.everything() == {} and len(queue.relay.messages) == 1


def test_a_dialogue_is_told_that_it_is_full(program, authority):
    settings = {"spool_max_messages": "1", "queue": "always"}
    with Queue(program, authority, settings) as queue:
        queue.keep()
        result = queue.send(["-bs"], b"".join(line + b"\r\n" for line in (
            b"EHLO localhost", b"MAIL FROM:<>", b"RCPT TO:<one@example.net>",
            b"DATA", b"Subject: s", b"", b".", b"QUIT")))
        assert b"\r\n451 4.3.0 " in result.out and b"it is full" in result.out
        assert not queue.relay.messages and queue.everything() == {"new": 1}
