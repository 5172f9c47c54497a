"""System calls of one process that fail, or that it does not live to make.

    points = trace(command, folder, ...)       every call of an undisturbed run
    run_with(command, point, "error=EIO", ...) the same run with one call spoilt

strace counts the calls of each name, so a point is a name and a number. The
call that is spoilt is not made: an error takes its place, or SIGKILL. With
`family` the children are traced, too: strace counts for each process by
itself, so a point strikes every process that gets there.
"""

import dataclasses
import functools
import os
import re
import shutil
import signal
import subprocess
import tempfile

import pytest
from run import PATIENCE

IS_LONG = bool(os.environ.get("LONG_TESTS"))

KILL = "signal=SIGKILL"

LINE = re.compile(r"(?:(\d+) +)?(\w+)\((.*?)(?:\) += (-?\d+|\?).*)?$")


@dataclasses.dataclass(frozen=True)
class Point:
    """One system call of a run."""

    name: str
    number: int         # among those of its name, from 1
    text: str           # as strace shows it

    @property
    def first(self):
        """What it works on, when that is a descriptor with a path."""
        return self.text.split("(", 1)[1].split(",", 1)[0]

    @property
    def is_of_socket(self):
        return "<socket:" in self.first or "<TCP" in self.first

    def __str__(self):
        return f"{self.name} {self.number}: {self.text[:120]}"


@functools.lru_cache
def missing():
    """Why nothing can be traced here, or None."""
    if not shutil.which("strace"):
        return "strace is not installed"
    done = subprocess.run(
        ["strace", "-o", "/dev/null", "-e", "trace=write",
         "-e", "inject=write:error=EIO:when=1", "echo", "x"],
        capture_output=True, check=False, timeout=PATIENCE)
    if done.returncode == 1 and not done.stdout:
        return None
    return ("strace cannot trace here: "
            + done.stderr.decode(errors="replace").strip()[-200:])


def need():
    if reason := missing():
        pytest.skip(reason)


@dataclasses.dataclass
class Ended:
    code: int           # exit code; negative: by that signal
    out: bytes
    err: bytes

    @property
    def is_killed(self):
        return self.code == -signal.SIGKILL


def _run(tool, command, stdin, env, cwd):
    process = subprocess.Popen(
        [*tool, *map(str, command)], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env, cwd=cwd,
        start_new_session=True)
    try:
        out, err = process.communicate(stdin, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise
    return Ended(process.returncode, out, err)


def run_always(command, calls, stdin=b"", env=None, cwd=None):
    """A run in which each of these calls fails: ["link:error=EIO"]."""
    names = ",".join(call.partition(":")[0] for call in calls)
    return _run(["strace", "-o", "/dev/null", "-e", f"trace={names}",
                 *(part for call in calls for part in on_top(call))],
                command, stdin, env, cwd)


def on_top(always):
    """What strace is told when every call of a name fails: "link:error=EIO"."""
    return ["-e", f"inject={always}"] if always else []


def follow(family):
    return ["-f"] if family else []


def trace(command, stdin=b"", env=None, cwd=None, always="", family=False):
    """(how it ended, the points of the run).

    Of a family each point is there once, whoever gets to it first.
    """
    with tempfile.NamedTemporaryFile(prefix="trace-") as log:
        ended = _run(["strace", *follow(family), "-y", "-s", "64", "-o",
                      log.name, *on_top(always)], command, stdin, env, cwd)
        text = log.read().decode(errors="replace")
    counts = {}
    points = {}
    for line in text.splitlines():
        if found := LINE.match(line):
            who, name = found[1], found[2]
            counts[who, name] = counts.get((who, name), 0) + 1
            point = Point(name, counts[who, name], line)
            points.setdefault((name, point.number), point)
    return ended, list(points.values())


def run_with(command, point, what, stdin=b"", env=None, cwd=None, on="",
             always="", family=False):
    """`on` is "" for this one call, "+" for it and all of its name after."""
    names = ",".join({point.name, *filter(None, [always.partition(":")[0]])})
    return _run(
        ["strace", *follow(family), "-o", "/dev/null", "-e",
         f"trace={names}", *on_top(always), "-e",
         f"inject={point.name}:{what}:when={point.number}{on}"],
        command, stdin, env, cwd)


def since(points, word):
    """The points from the first that names this on."""
    for place, point in enumerate(points):
        if word in point.text:
            return points[place:]
    return []


def sample(items, step):
    """One in so many; with LONG_TESTS all."""
    return list(items) if IS_LONG else list(items)[::step]
