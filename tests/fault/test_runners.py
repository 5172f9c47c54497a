"""Submitters and queue runs at the same time, killed at random moments.

FAULT_SEED is for other choices; the timing is never the same.
"""

import contextlib
import fcntl
import os
import random
import re
import signal
import subprocess
import threading
import time
from collections import Counter

import box as boxes
import procfs
import pytest
import spool
from box import message
from emulator.policy import Fault

MESSAGES = 500
RUNNERS = 8
SUBMITTERS = 3
LIMIT = 1200
SEED = 20261121


class Crowd:
    """Processes that are started again and again, and killed."""

    def __init__(self, box, seed, intake):
        self.box = box
        self.intake = intake        # the configuration of the submitters
        self.rng = random.Random(seed)
        self.lock = threading.Lock()
        self.left = list(range(MESSAGES))
        self.taken = set()          # exit 0
        self.tried = Counter()
        self.kills = 0
        self.helpers = 0            # of these, of runs with several processes
        self.errors = []
        self.is_over = threading.Event()

    def choose(self, low, high):
        with self.lock:
            # On a slow machine nothing would ever come to its end.
            return self.rng.uniform(low, high) * (1 + self.kills / MESSAGES)

    def call(self, command, stdin, patience):
        """The exit code; after that many seconds it, or one of its children,
        is killed, and after that many more it itself."""
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env=self.box.program.environment(), cwd=self.box.program.home,
            start_new_session=True)
        try:
            process.communicate(stdin, timeout=patience)
        except subprocess.TimeoutExpired:
            self.kill(process, patience)
        return process.returncode

    def kill(self, process, patience):
        children = procfs.children(process.pid)
        with self.lock:
            self.kills += 1
            self.helpers += bool(children)
            victim = self.rng.choice([process.pid, *children])
        with contextlib.suppress(ProcessLookupError):
            os.kill(victim, signal.SIGKILL)
        try:
            process.communicate(timeout=patience)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()

    def submit(self):
        while not self.is_over.is_set():
            with self.lock:
                if not self.left:
                    return
                number = self.left.pop()
                self.tried[number] += 1
            text = message(("one@example.net",),
                           f"number {number}\n").replace(
                b"Subject: s", b"Subject: n%d-%d"
                % (number, self.tried[number]))
            code = self.call(
                [self.box.program.path, f"--file={self.intake}", "-t"], text,
                self.choose(0.005, 0.4))
            with self.lock:
                if code == 0:
                    self.taken.add((number, self.tried[number]))
                elif code == -signal.SIGKILL:
                    # The caller does not know: it hands it in once more.
                    self.left.append(number)
                else:
                    self.errors.append(code)
                    self.left.append(number)

    def run_queue(self):
        while not self.is_over.is_set():
            self.make_due()
            self.call(self.box.command("-q"), b"", self.choose(0.01, 0.6))

    def make_due(self):
        """What nobody works on now is due."""
        for path in self.box.spool.files("new"):
            make_due(path)


class Witness:
    """Stands where a fault would, and looks into the spool at each dot.

    The file must say that the message may have arrived; and when it has
    arrived before, it must have said so before this try: both slots do.
    """

    stage = "body-end"

    def __init__(self, box):
        self.box = box
        self.names = {}
        self.seen = Counter()
        self.wrong = []

    def strikes(self, stage, _session, subject):
        if stage == self.stage:
            key = key_of(subject)
            self.seen[key] += 1
            self.wrong += [f"{key}, delivery {self.seen[key]}: {words}"
                           for words in self.judge(key)]
        return False

    def judge(self, key):
        data = self.find(key)
        if not data:
            yield "there is no file"
        elif data[spool.LETTERS:spool.LETTERS + 1] != b"U":
            yield "the file does not say that it may have arrived"
        elif self.seen[key] > 1 and not all(
                b"\nclass 5\n" in data[at:at + 512] for at in spool.SLOTS):
            yield "sent again in silence"

    def find(self, key):
        path = self.names.get(key)
        for path in [path] if path else self.box.spool.files("new"):
            try:
                data = path.read_bytes()
            except FileNotFoundError:
                continue
            other = key_of(data)
            self.names[other] = path
            if other == key:
                return data
        return None


def key_of(data):
    found = re.search(rb"Subject: n(\d+)-(\d+)", data)
    return (int(found[1]), int(found[2])) if found else None


def make_due(path):
    try:
        with open(path, "r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            data = file.read()
            file.seek(0)
            file.write(spool.change_slots(data, {b"next": 0})[:spool.PAGE])
    except (FileNotFoundError, BlockingIOError):
        pass


@pytest.mark.parametrize("through_runs", [False, True],
                         ids=["sent", "queued"])
def test_many_at_once(box, through_runs):
    """Sent by whoever takes it in, or by runs over several connections."""
    seed = int(os.environ.get("FAULT_SEED") or SEED)
    print(f"FAULT_SEED={seed}")
    witness = Witness(box)
    box.relay.faults.add(witness)
    intake = box.conf
    if through_runs:
        box.configure(port=boxes.closed_port())
        intake = box.conf.rename(box.conf.with_name("intake"))
        box.configure()
        box.relay.faults.add(Fault("body-end", delay=0.02))
    crowd = Crowd(box, seed, intake)
    threads = [threading.Thread(target=crowd.submit)
               for _ in range(SUBMITTERS)]
    runners = [threading.Thread(target=crowd.run_queue)
               for _ in range(RUNNERS)]
    start = time.monotonic()
    for thread in (*threads, *runners):
        thread.start()
    for thread in threads:
        thread.join(LIMIT)
    while through_runs and box.spool.files("new") and \
            time.monotonic() < start + LIMIT:
        time.sleep(0.1)
    crowd.is_over.set()
    for thread in runners:
        thread.join(LIMIT)
    assert not crowd.left, "the submitters did not get through"
    codes = box.run_to_the_end()
    counts = Counter()
    for one in box.relay.messages:
        counts[key_of(one.content)] += 1
    lost = [key for key in crowd.taken if not counts[key]]
    twice = {key: n for key, n in counts.items() if n > 1}
    print(f"{MESSAGES} messages, {sum(crowd.tried.values())} submissions, "
          f"{crowd.kills} kills ({crowd.helpers} of crews), "
          f"{len(counts)} delivered, {len(twice)} twice "
          f"(marked), "
          f"{time.monotonic() - start:.1f} s")
    assert not lost, f"lost: {lost}, seed {seed}"
    assert witness.seen and not witness.wrong, f"{witness.wrong}, seed {seed}"
    assert not box.spool.files("new", "failed", "hold"), codes
    assert not crowd.errors, crowd.errors
    assert crowd.kills > MESSAGES // 20
    assert crowd.helpers > 0 or not through_runs
