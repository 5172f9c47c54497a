"""A queue run over several connections, and what kills its processes.

The run itself hands the messages out, a process for each connection sends
them. Whoever dies at whatever moment: nothing is lost, nobody gets a message
twice but when the file said before that he may have got it, no process stays
behind, and the other processes do not suffer.
"""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import threading
import time
from collections import Counter

import inject
import pytest
import spool
from emulator.policy import Account, Fault, Policy
from emulator.thread import EmulatorThread
from procfs import children, has_taken, is_alive
from run import PATIENCE

RCPT = "n{}@example.net"
FAILURES = 3
STEP = 12               # of the sweeps, short form


def number_of(message):
    """None for a report, which goes to the sender."""
    found = re.match(r"n(\d+)@", message.rcpt_to[0])
    return int(found[1]) if found else None


def numbers(relay):
    """The messages that a relay took, in the order in which they came."""
    return [number_of(one) for one in relay.messages
            if number_of(one) is not None]


def by_session(relay):
    """The same for each of its connections."""
    found = {}
    for one in relay.messages:
        found.setdefault(one.session, []).append(number_of(one))
    return found


@contextlib.contextmanager
def relay_of(box, settings=None, **policy):
    with EmulatorThread(Policy(**policy), mode="plain") as relay:
        box.configure(port=relay.port, **(settings or {}))
        yield relay


@contextlib.contextmanager
def relay_with_login(box, authority, settings=None, **policy):
    """A password goes through TLS only."""
    policy = Policy(accounts=[Account("user", password="secret")],
                    require_auth=True, **policy)
    with EmulatorThread(policy, *authority.leaf("good", names=["127.0.0.1"]),
                        mode="implicit") as relay:
        box.configure(port=relay.port, tls="on", tls_starttls="off",
                      tls_trust_file=authority.ca_file, auth="plain",
                      user="user", **(settings or {"password": "secret"}))
        yield relay


def late(seconds=0.05, until=None):
    """A relay takes its time over each message, so that one is not enough."""
    return Fault("body-end", delay=seconds, until=until)


def hold_until(condition, seconds=0.05):
    """Faults: all messages but one wait for it, for which the first
    connection had to be of use."""
    return [Fault("body-end", delay=seconds, times=1),
            late(seconds, condition)]


def late_until(relay, count, seconds=0.05):
    """They wait until there are so many connections."""
    relay.faults.add(*hold_until(lambda: len(relay.sessions) >= count,
                                 seconds))


def wait_until(condition, what):
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.005)


@contextlib.contextmanager
def running(box):
    process = subprocess.Popen(
        box.command("-q"), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, env=box.program.environment(),
        cwd=box.program.home, start_new_session=True)
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


# ------------------------------------------------------------ how many

@pytest.mark.parametrize("count, limit, most", [
    (15, 4, 1), (16, 4, 2), (31, 4, 3), (80, 4, 4), (80, 1, 1), (80, 2, 2)])
def test_connections(box, count, limit, most):
    """As many as are worth while, and each has the oldest first."""
    box.fill(count, RCPT)
    with relay_of(box, {"queue_connections": limit}) as relay:
        late_until(relay, 1 if count == 31 else most)
        result = box.run()
        relay.settle()
        assert (result.code, result.err) == (0, b"")
        assert sorted(numbers(relay)) == list(range(count))
        assert len(relay.sessions) <= most
        assert len(relay.sessions) == most or count == 31
        for order in by_session(relay).values():
            assert order == sorted(order)
    assert not box.spool.files("new", "hold", "failed")


def test_it_is_the_default(box):
    box.fill(80, RCPT)
    with relay_of(box) as relay:
        late_until(relay, 4)
        assert box.run().code == 0
        relay.settle()
        assert len(relay.sessions) == 4
        assert sorted(numbers(relay)) == list(range(80))


def test_rate_of_all_together(box):
    """Recipients a second, however many connections there are."""
    box.fill(60, RCPT)
    with relay_of(box, {"max_rate": 20}) as relay:
        late_until(relay, 2, 0.3)
        result = box.run()
        relay.settle()
        assert len(relay.sessions) > 1
        assert sorted(numbers(relay)) == list(range(60))
    assert result.seconds >= (60 - 20) / 20


def test_rate_of_runs_one_after_the_other(box):
    """The second run does not begin with a full bucket."""
    start = time.monotonic()
    for _ in range(2):
        box.fill(10, RCPT)
        with relay_of(box, {"max_rate": 10}) as relay:
            assert box.run().code == 0
            assert len(relay.messages) == 10
    assert time.monotonic() - start >= (20 - 10) / 10


def test_the_secret_is_asked_for_once(box, authority):
    asked = box.program.home / "asked"
    box.fill(80, RCPT)
    with relay_with_login(
            box, authority,
            {"passwordeval": f"echo x >>{asked}; echo secret"}) as relay:
        late_until(relay, 4)
        result = box.run()
        relay.settle()
        assert (result.code, result.err) == (0, b"")
        assert len(relay.sessions) == 4
        assert len(relay.messages) == 80
    assert asked.read_text() == "x\n"


def test_a_file_that_cannot_be_read_among_many(box):
    box.fill(40, RCPT)
    bad = box.spool.files("new")[20]
    spool.overwrite(bad, b"x" * 5000)
    with relay_of(box, faults=[late()]) as relay:
        result = box.run()
        assert result.code == 65 and result.err.count(b"\n") == 1
        assert sorted(numbers(relay)) == [
            n for n in range(40) if n != 20]
    assert [path.name for path in box.spool.files("failed")] == [bad.name]


def test_refused_messages_among_many(box):
    """What one process learns, the run ends with."""
    box.fill(40, RCPT)
    with relay_of(box, faults=[
            late(), Fault("rcpt", reply="550 5.1.1 no such user",
                          match=b"n20@")]) as relay:
        result = box.run()
        assert result.code == 67 and b"n20@example.net" in result.err
        assert sorted(numbers(relay)) == [
            n for n in range(40) if n != 20]


# ------------------------------------------------------------ relays

@pytest.mark.parametrize("silently", [False, True])
def test_relay_that_takes_few_messages(box, silently):
    """Nobody is put off because a connection has ended."""
    box.fill(60, RCPT)
    with relay_of(box, messages_per_connection=7, drop_silently=silently,
                  faults=[late()]) as relay:
        result = box.run()
        relay.settle()
        assert (result.code, result.err) == (0, b"")
        assert sorted(numbers(relay)) == list(range(60))


@pytest.mark.parametrize("granted", [1, 2])
def test_relay_that_grants_few_connections(box, granted):
    """Those it refuses are no message's fault."""
    box.fill(60, RCPT)
    with relay_of(box, max_connections=granted) as relay:
        late_until(relay, granted)
        result = box.run()
        relay.settle()
        assert (result.code, result.err) == (0, b"")
        assert sorted(numbers(relay)) == list(range(60))
        assert granted <= len(relay.sessions) <= granted + FAILURES


@pytest.mark.parametrize("fault", [
    Fault("greeting", reply="421 4.3.2 not now", skip=1),
    Fault("greeting", close="before", skip=1),
    Fault("ehlo", reply="421 4.3.2 not now", skip=1),
    Fault("auth", reply="454 4.7.0 Temporary authentication failure", skip=1),
    Fault("auth", reply="535 5.7.8 bad credentials", skip=1)],
    ids=lambda fault: f"{fault.stage}-{(fault.reply or fault.close)[:3]}")
def test_account_that_dies_during_the_run(box, authority, fault):
    """The first connection works and ends; no later one can be had."""
    box.fill(60, RCPT)
    with relay_with_login(box, authority, messages_per_connection=10,
                          faults=[late(), fault]) as relay:
        box.run()
        relay.settle()
        assert 1 <= len(relay.messages) <= 10
        assert len(relay.sessions) <= 1 + FAILURES
    assert len(box.spool.waiting()) == 60 - len(relay.messages)


def test_dead_credentials_stop_all(box, authority):
    """535 in one process is the last word for the others."""
    box.fill(80, RCPT)
    with relay_with_login(box, authority, faults=[
            Fault("auth", reply="535 5.7.8 bad", skip=1)]) as relay:
        late_until(relay, 2)
        box.run()
        relay.settle()
        assert 1 < len(relay.sessions) <= 1 + FAILURES
        assert 0 < len(relay.messages) < 80
    assert len(box.spool.waiting()) == 80 - len(relay.messages)


# ------------------------------------------------------------ signals

def crew_at_work(relay, process, processes=4):
    """When so many of its processes have something at the dot."""
    wait_until(lambda: len(by_session(relay)) >= processes,
               "one connection only")
    return children(process.pid)


def gate():
    """(event, faults): the relay falls silent until the event is set."""
    event = threading.Event()
    return event, hold_until(event.is_set)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("to_all", [False, True], ids=["parent", "all"])
def test_a_signal_ends_it_after_the_messages_in_hand(box, number, to_all):
    box.fill(200, RCPT)
    told, hold = gate()
    with relay_of(box, faults=hold) as relay, running(box) as process:
        workers = crew_at_work(relay, process)
        assert len(workers) == 4
        called = [process.pid, *(workers if to_all else [])]
        for pid in called:
            os.kill(pid, number)
        wait_until(lambda: all(has_taken(pid, number) for pid in called),
                   "a signal waits")
        told.set()
        assert process.wait(PATIENCE) == 0
        assert process.stderr.read() == b""
        assert not any(map(is_alive, workers))
        relay.settle()
        assert len(relay.messages) < 200
        assert all(session.end == "quit" for session in relay.sessions
                   if session.messages)
        letters = box.spool.letters()
        assert set(letters.values()) == {"Q"}
        assert len(letters) == 200 - len(relay.messages)


def count_unknown(box):
    """Messages that are marked, among files that come and go."""
    count = 0
    for path in box.spool.files("new"):
        with contextlib.suppress(FileNotFoundError):
            data = path.read_bytes()
            count += data[spool.LETTERS:spool.LETTERS + 1] == b"U"
    return count


def test_a_second_signal_ends_it_at_once(box):
    box.fill(100, RCPT)
    with relay_of(box, {"timeout": 600}) as relay, running(box) as process:
        relay.faults.add(Fault("body-end", until=lambda: False, skip=20))
        wait_until(lambda: len(relay.messages) >= 20, "not enough")
        wait_until(lambda: count_unknown(box) > 1, "nobody is at the dot")
        workers = children(process.pid)
        process.send_signal(signal.SIGTERM)
        wait_until(lambda: has_taken(process.pid, signal.SIGTERM),
                   "the signal waits")
        time.sleep(0.2)
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == -signal.SIGTERM
        wait_until(lambda: not any(map(is_alive, workers)),
                   "a process stayed behind")


def test_the_run_is_killed(box):
    """Its processes finish what they have in hand, and keep the lock."""
    box.fill(200, RCPT)
    dead, hold = gate()
    with relay_of(box, faults=hold) as relay, running(box) as process:
        workers = crew_at_work(relay, process)
        process.kill()
        process.wait(PATIENCE)
        dead.set()
        box.spool.wait_for_runs()
        wait_until(lambda: not any(map(is_alive, workers)),
                   "a process stayed behind")
        relay.settle()
        letters = box.spool.letters()
        assert set(letters.values()) == {"Q"}
        assert len(letters) == 200 - len(relay.messages)
        relay.faults.clear()
        box.run_to_the_end()
        assert sorted(numbers(relay)) == list(range(200))


def test_one_of_its_processes_is_killed(box):
    box.fill(100, RCPT)
    dead, hold = gate()
    with relay_of(box, faults=hold) as relay, running(box) as process:
        workers = crew_at_work(relay, process)
        os.kill(workers[1], signal.SIGKILL)
        dead.set()
        assert process.wait(PATIENCE) == 71
        assert b"signal 9" in process.stderr.read()
        relay.settle()
        left = box.spool.letters()
        assert len(left) <= 1
        counts = Counter(numbers(relay))
        assert len(counts) >= 99 and max(counts.values()) == 1
        relay.faults.clear()
        box.run_to_the_end()
        counts = Counter(numbers(relay))
        assert len(counts) == 100
        assert max(counts.values()) == 1 or set(left.values()) == {"U"}


# ------------------------------------------------------------ sweeps

COUNT = 16


class Sweep:
    """The same run again and again; the relay is plain and quick."""

    def __init__(self, box, family):
        self.box = box
        self.family = family
        self.template = box.program.home / "template"
        box.fill(COUNT, RCPT)
        shutil.copytree(box.spool.path, self.template)
        box.configure()
        self.mark = 0

    def set_up(self):
        self.box.spool.fill_from(self.template)
        self.mark = self.box.mark()

    def points(self):
        self.set_up()
        ended, points = self.box.trace(("-q",), family=self.family)
        assert ended.code == 0 and not self.box.spool.files("new"), ended
        late_ones = inject.since(points, str(self.box.spool.path))
        assert len(late_ones) > COUNT
        return inject.sample(late_ones, STEP)

    def play(self, point, what):
        self.set_up()
        ended = self.box.run_with(("-q",), point, what, family=self.family)
        self.box.spool.wait_for_runs()
        return ended

    def copies(self):
        counts = self.box.delivered(self.mark).counts
        return [counts[RCPT.format(n)] for n in range(COUNT)]

    def wrong(self):
        early = self.copies()
        letters = self.box.spool.letters()
        known = [letters.get(spool.new_name(n), "-") for n in range(COUNT)]
        self.box.run_to_the_end()
        after = self.copies()
        for n, (before, letter) in enumerate(zip(early, known)):
            if not after[n]:
                yield f"{n} is lost, letter {letter}"
            if before and letter == "Q":
                yield f"{n} has arrived and the file does not say so"
            if after[n] > 1 and not (letter == "U" and before):
                yield f"{n}: {after[n]} copies, letter {letter}"
        if self.box.spool.files("new", "failed", "hold"):
            yield "the queue did not run to its end"


def sweep(box, family, whats):
    inject.need()
    made = Sweep(box, family)
    wrong = []
    points = made.points()
    struck = 0
    for place, point in enumerate(points):
        what = whats[place % len(whats)]
        struck += made.play(point, what).code != 0
        wrong += [f"{what} at {point}: {words}" for words in made.wrong()]
    print(f"{len(points)} points, {struck} runs struck")
    assert not wrong, "\n".join(wrong)
    return points, struck


@pytest.mark.parametrize("family", [False, True], ids=["parent", "all"])
def test_killed(box, family):
    """The run, or each of its processes, at every system call."""
    points, struck = sweep(box, family, [inject.KILL])
    assert struck > len(points) * (0.3 if family else 0.8)


def test_errors(box):
    """A call on a file fails once in each process that makes it."""
    sweep(box, True, [f"error={name}" for name in (
        "EIO", "ENOSPC", "EDQUOT", "EINTR", "ENOMEM", "EMFILE")])
