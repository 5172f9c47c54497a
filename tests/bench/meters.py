"""What one message costs a peer: instructions, calls, libraries, memory, time.

Instructions are callgrind's and include loading the program; system calls and
the libraries that were opened are strace's, with all children. The peak of
memory is the kernel's own, in KiB. Each meter sends one message; a peer that
fails raises Failed, since its figures mean nothing.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

from real import measure_run

SECONDS = 900           # for one run under a tool
TOOLS = ("valgrind", "strace")
CALLGRIND = ["valgrind", "--tool=callgrind", "--trace-children=yes",
             f"--callgrind-out-file={os.devnull}"]
CLOCK = Path(__file__).with_name("clock.py")
PYTHON = [sys.executable, "-I", "-S"]

# Its standard input becomes descriptor 3, and a file the standard input.
THIRD = ["sh", "-c", 'exec 3<&0 <"$1"; shift; exec "$@"', "sh"]


def collected(said):
    """Instructions, by what CALLGRIND has said on standard error."""
    return sum(map(int, re.findall(r"Collected : (\d+)", said)))


class Failed(Exception):
    """A program did not deliver, so that its figures mean nothing."""


class Sender:
    """A peer at a desk that sends messages of one kind of Letters."""

    def __init__(self, peer, desk, letters):
        self.peer = peer
        self.desk = desk
        self.letters = letters
        self.sent = 0
        self._call = None
        self._report = desk.directory / "report"

    def prepare(self):
        """Write what the peer reads: the last desk that did so counts."""
        self._call = self.peer.call(self.desk)

    def command(self, tool):
        inner = [*tool, *self._call.argv]
        if self._call.stdin:
            inner = [*THIRD, str(self._call.stdin), *inner]
        return self.desk.room.command(inner)

    def run(self, size, tool=()):
        """Send one message; what it said on standard error, as text."""
        if self.peer.largest and size > self.peer.largest:
            raise Failed(f"it takes {self.peer.largest} octets at most")
        path = self.letters.path(size, self.peer.form)
        with open(path, "rb") as message:
            try:
                done = subprocess.run(
                    self.command(tool), stdin=message, capture_output=True,
                    timeout=SECONDS, check=False,
                    env={"HOME": str(self.desk.directory), "LC_ALL": "C",
                         "PATH": "/usr/sbin:/usr/bin:/bin",
                         **self._call.env})
            except subprocess.TimeoutExpired:
                raise Failed(f"no end after {SECONDS} s") from None
        said = done.stderr.decode(errors="replace")
        if done.returncode:
            raise Failed(f"exit {done.returncode}: {said.strip()[-200:]}")
        self.sent += 1
        return said

    def _reported(self, size, tool):
        self._report.unlink(missing_ok=True)
        self.run(size, [*PYTHON, str(tool), str(self._report)])
        return self._report.read_text(encoding="ascii").split()

    def instructions(self, size):
        """Of the program and all that it started."""
        return collected(self.run(size, CALLGRIND))

    def calls(self, size):
        """(system calls, shared libraries opened)."""
        trace = self.desk.directory / "trace"
        self.run(size, ["strace", "-f", "-o", str(trace)])
        lines = trace.read_text(errors="replace").splitlines()
        # A call that another process interrupts is written in two lines.
        calls = [line for line in lines if re.match(r"\d+ +\w+\(", line)]
        libraries = {found[1] for line in lines if (found := re.search(
            r'openat\(.*"([^"]+\.so[.\d]*)".* = \d+$', line))}
        return len(calls), len(libraries)

    def memory(self, size):
        """The peak, in KiB, of the program or of the largest child."""
        ended, seen = map(int, self._reported(size, measure_run.SCRIPT))
        return ended if ended > _floor(self) else seen

    def times(self, size):
        """(seconds, seconds of CPU)."""
        return tuple(map(float, self._reported(size, CLOCK)))


def _floor(sender):
    """Below this the kernel's final account says nothing (see measure.py)."""
    report = sender.desk.directory / "floor"
    if not report.exists():
        subprocess.run([*PYTHON, str(measure_run.SCRIPT), str(report),
                        "/bin/true"], check=True, stdin=subprocess.DEVNULL)
    return int(report.read_text(encoding="ascii").split()[0])
