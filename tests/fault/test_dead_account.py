"""Many messages behind an account that cannot be reached, or is refused."""

import re
import socket
import threading

import box as boxes
import inject
import pytest
import spool
from emulator.policy import Account, Fault, Policy
from emulator.thread import EmulatorThread
from run import PATIENCE

MESSAGES = 1000
CONNECTIONS = 3


class Door:
    """Counts who connects, and closes at once."""

    def __init__(self):
        self.count = 0
        self.sock = socket.create_server(("127.0.0.1", 0))
        self.port = self.sock.getsockname()[1]
        self.thread = threading.Thread(target=self.serve, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()
        self.thread.join(PATIENCE)

    def serve(self):
        while True:
            try:
                self.sock.accept()[0].close()
            except OSError:
                return
            self.count += 1


def test_closed_before_the_greeting(box):
    box.fill(MESSAGES)
    with Door() as door:
        box.configure(port=door.port)
        assert box.run().code == 0
        assert 1 <= door.count <= CONNECTIONS
        assert len(box.spool.files("new")) == MESSAGES


def test_connection_refused(box):
    """Nobody counts here: the system calls of the run do."""
    inject.need()
    box.fill(MESSAGES)
    ended, points = box.trace(("-q",), family=True)
    calls = [p for p in points if p.name == "connect" and "AF_INET" in p.text]
    assert ended.code == 0 and 1 <= len(calls) <= CONNECTIONS
    assert len(box.spool.waiting()) == MESSAGES
    tried = [path for path in box.spool.files("new")
             if b"\nattempts 2\n" in path.read_bytes()]
    assert len(tried) <= CONNECTIONS


def is_asked_to_login(session):
    return any(side == "C" and line.startswith(b"AUTH")
               for side, line, *_ in session.transcript)


@pytest.mark.parametrize("reply, most", [
    ("535 5.7.8 Authentication credentials invalid", 1),
    ("454 4.7.0 Temporary authentication failure", CONNECTIONS)])
def test_refused_credentials(box, authority, reply, most):
    """More tries with a dead key get an address locked out."""
    user = Account("user", password="secret")
    box.fill(MESSAGES)
    policy = Policy(accounts=[user], require_auth=True,
                    faults=[Fault("auth", reply=reply)])
    with EmulatorThread(policy, *authority.leaf("good", names=["127.0.0.1"]),
                        mode="implicit") as relay:
        box.configure(port=relay.port, tls="on", tls_starttls="off",
                      tls_trust_file=authority.ca_file, auth="plain",
                      user="user", password="secret")
        box.run()
        relay.settle()
        assert 1 <= len(relay.sessions) <= most
        assert all(is_asked_to_login(one) for one in relay.sessions)
        assert not relay.messages
    assert len(box.spool.waiting()) == MESSAGES


def test_one_dead_account_among_two(box):
    """Mail of the other account is sent in the same run."""
    box.fill(10)
    home = box.program.home
    for number, path in enumerate(box.spool.files("new")):
        if number % 2:
            data = spool.change_head(path.read_bytes(), lambda head: re.sub(
                rb"\naccount [^\n]*\n", b"\naccount other\n", head))
            spool.overwrite(path, data)
    box.configure(port=boxes.closed_port())
    text = (home / "conf").read_text()
    (home / "conf").write_text(text + text.replace(
        "account default", "account other").replace(
        re.search(r"port \d+", text)[0], f"port {box.relay.port}"))
    mark = box.mark()
    box.run()
    assert box.delivered(mark).of("one@example.net") == 5
    assert len(box.spool.waiting()) == 5


@pytest.mark.parametrize("letter", "QU")
def test_account_that_is_gone(box, letter):
    """Its mail stays, and so does the doubt whether it has arrived."""
    box.fill(2)
    without_account(box, letter)
    box.configure()
    for _ in range(3):
        box.run()
        box.spool.make_due()
    assert list(box.spool.letters().values()) == [letter] * 2
    assert not box.relay.messages


def test_refused_by_an_account_that_is_gone(box):
    """And nobody knows yet: another account tells."""
    box.fill(2)
    without_account(box, "P")
    box.configure()
    mark = box.mark()
    for _ in range(3):
        box.run()
        box.spool.make_due()
    assert not box.spool.files("new", "failed")
    got = box.delivered(mark)
    assert got.reports == 2 and not got.counts


def without_account(box, letter):
    for path in box.spool.files("new"):
        data = bytearray(spool.change_head(
            path.read_bytes(), lambda head: re.sub(
                rb"\naccount [^\n]*\n", b"\naccount gone\n", head)))
        data[spool.LETTERS] = ord(letter)
        spool.overwrite(path, bytes(data))


def test_doubt_outlives_a_failed_try(box):
    """Marked unknown, then not reached: a later copy is still no surprise."""
    box.configure()
    box.relay.faults.add(Fault("body-end", close="before", deliver=True,
                               times=1))
    assert box.send().code == 0
    assert list(box.spool.letters().values()) == ["U"]
    for reply in ("421 4.3.2 not now", "451 4.3.0 later"):
        for stage in ("greeting", "mail", "rcpt"):
            box.relay.faults.add(Fault(stage, reply=reply, times=1))
            box.spool.make_due()
            box.run()
            assert list(box.spool.letters().values()) == ["U"], (reply, stage)
    box.run_to_the_end()
    assert len(box.relay.messages) == 2


@pytest.mark.parametrize("stage", ["greeting", "ehlo"])
def test_relay_that_refuses_the_session(box, stage):
    """554 to whoever comes is no word on any message."""
    box.fill(10)
    box.configure()
    box.relay.faults.add(Fault(stage, reply="554 5.7.1 not from you"))
    box.run()
    assert len(box.relay.sessions) <= CONNECTIONS
    box.relay.faults.clear()
    box.run_to_the_end()
    assert len(box.relay.messages) == 10


@pytest.mark.parametrize("connections", [1, 4])
def test_many_over_few_connections(box, connections):
    """A run that goes well keeps its connections."""
    box.fill(MESSAGES)
    box.configure(queue_connections=connections)
    mark = box.mark()
    assert box.run().code == 0
    assert box.delivered(mark).of("one@example.net") == MESSAGES
    assert len(box.relay.sessions) <= MESSAGES / 100 + connections


def test_relay_that_hangs_up(box):
    """One that takes few messages a connection: none is put off for it."""
    box.fill(20)
    with EmulatorThread(Policy(messages_per_connection=7),
                        mode="plain") as relay:
        box.configure(port=relay.port)
        box.run()
        relay.settle()
        assert len(relay.messages) == 20
        assert len(relay.sessions) <= 6
    assert not box.spool.files("new")


CREWS = pytest.mark.parametrize("connections", [1, 4])


@CREWS
@pytest.mark.parametrize("count", [10, 200])
def test_the_rest_goes_out_through_another_account(box, count, connections):
    """In the same run, and over few connections of either account."""
    box.fill(count, "n{}@example.net")
    with Door() as door:
        box.configure_over(door.port, box.relay.port,
                           queue_connections=connections)
        sessions, mark = len(box.relay.sessions), box.mark()
        assert box.run().code == 0
        assert 1 <= door.count <= CONNECTIONS
    assert box.delivered(mark).counts == {
        f"n{n}@example.net": 1 for n in range(count)}
    assert len(box.relay.sessions) - sessions <= count / 100 + 1
    assert not box.spool.files("new", "hold", "failed")


@CREWS
@pytest.mark.parametrize("reply, moves", [
    ("451 4.3.0 later", 6), ("554 5.6.0 not this message", 0)])
def test_each_that_is_refused_for_now_goes_over(box, connections, reply,
                                                moves):
    """And only those, n1, n11, n21 ..."""
    box.fill(60, "n{}@example.net")
    with EmulatorThread(Policy(faults=[Fault("rcpt", reply=reply,
                                             match=b"1@")]),
                        mode="plain") as first:
        box.configure_over(first.port, box.relay.port,
                           queue_connections=connections)
        mark = box.mark()
        box.run()
        first.settle()
        assert len([one for one in first.messages
                    if one.rcpt_to[0].startswith("n")]) == 54
    assert len(box.delivered(mark).counts) == moves
    assert not box.spool.waiting()


@CREWS
def test_who_takes_over_is_dead(box, connections):
    """However many messages come its way."""
    box.fill(60)
    later = Fault("mail", reply="451 4.3.0 later")
    with Door() as door, EmulatorThread(Policy(faults=[later]),
                                        mode="plain") as first:
        box.configure_over(first.port, door.port,
                           queue_connections=connections)
        assert box.run().code == 0
        assert 1 <= door.count <= CONNECTIONS
    assert list(box.spool.waiting().values()) == ["Q"] * 60


def test_both_accounts_are_dead(box):
    box.fill(MESSAGES)
    with Door() as first, Door() as second:
        box.configure_over(first.port, second.port)
        assert box.run().code == 0
        assert 1 <= first.count <= CONNECTIONS
        assert 1 <= second.count <= CONNECTIONS
    assert len(box.spool.waiting()) == MESSAGES


@CREWS
def test_what_may_have_arrived_waits_for_its_account(box, connections):
    box.fill(40, "n{}@example.net")
    for path in box.spool.files("new")[::2]:
        data = bytearray(path.read_bytes())
        data[spool.LETTERS] = ord("U")
        spool.overwrite(path, bytes(data))
    with Door() as door:
        box.configure_over(door.port, box.relay.port,
                           queue_connections=connections)
        mark = box.mark()
        assert box.run().code == 0
    assert box.delivered(mark).counts == {
        f"n{n}@example.net": 1 for n in range(1, 40, 2)}
    assert list(box.spool.letters().values()) == ["U"] * 20


def test_another_account_for_one_without_a_secret(box):
    """It cannot even be tried, and gives nothing up for that."""
    box.fill(20)
    box.configure_over(boxes.closed_port(), box.relay.port,
                       password_file="/nonexistent/secret")
    mark = box.mark()
    assert box.run().code == 0
    assert box.delivered(mark).of("one@example.net") == 20
    assert not box.spool.files("new", "hold", "failed")


def test_rate_of_who_takes_over(box):
    """Its own rate, over all that it takes."""
    box.fill(30)
    box.configure_over(boxes.closed_port(), box.relay.port, max_rate=20)
    mark = box.mark()
    result = box.run()
    assert box.delivered(mark).of("one@example.net") == 30
    assert result.seconds >= (30 - 20) / 20


def test_refused_by_who_takes_over(box):
    """The report does not say that the dead one has spoken."""
    box.fill(1)
    box.configure_over(boxes.closed_port(), box.relay.port)
    box.relay.faults.add(Fault("rcpt", reply="550 5.1.1 no", match=b"one@"))
    mark = box.mark()
    assert box.run().code == 67
    assert box.delivered(mark).reports == 1
    report = bytes(box.relay.messages[-1].content)
    assert b"\nDiagnostic-Code: smtp; 550 5.1.1 no" in report
    assert b"Remote-MTA" not in report


def test_many_take_over_in_turn(box):
    """More accounts than have connections: the log says what each heard."""
    box.fill(2)
    rename_accounts(box, b"first", b"second")
    later = Fault("rcpt", reply="451 4.3.0 later", match=b"boss")
    no = Fault("rcpt", reply="550 5.1.1 no", match=b"one@")
    busy = Fault("rcpt", reply="451 4.3.0 later", match=b"boss2@")
    with EmulatorThread(Policy(faults=[later, no]), mode="plain") as full:
        box.relay.faults.add(busy)
        box.configure(port=full.port, retry_for="off",
                      report_to="boss1@example.net,boss2@example.net")
        own = "".join(line for line in box.conf.read_text().splitlines(True)
                      if not line.startswith("account"))
        free = own.replace(f"port {full.port}\n", f"port {box.relay.port}\n")
        box.conf.write_text("".join(
            f"account {name}\n{lines}" for name, lines in [
                ("first", own + "failover a1,a2,a3\n"),
                ("second", own + "failover b1,b2,b3\n"),
                ("a1", free), ("a2", own), ("a3", own),
                ("b1", free), ("b2", own), ("b3", own)]))
        mark = box.mark()
        # Room that was given back is not as it was.
        result = box.program.run(
            box.command("-q", "--spool", str(box.spool.path))[1:],
            env={"MALLOC_PERTURB_": "165"})
        assert box.delivered(mark).reports == 2
    told = [line for line in result.log if "boss1" in line["recipients"]]
    assert sorted(line["account"] for line in told) == ["a1", "b1"]
    assert all(line["smtpmsg"].startswith("250 ") for line in told)


def rename_accounts(box, *names):
    for path, name in zip(box.spool.files("new"), names):
        spool.overwrite(path, bytes(spool.change_head(
            path.read_bytes(), lambda head: re.sub(
                rb"\naccount [^\n]*\n", b"\naccount " + name + b"\n", head))))
