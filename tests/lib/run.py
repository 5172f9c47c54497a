"""Run the program under test as a caller would, in a clean environment.

    program = Program(path, home)
    conf = program.configure({"port": 2525, "auth": "off"})
    result = program.run([f"--file={conf}", "one@example.net"], stdin=b"...")
    result.code, result.out, result.err, result.log

`home` is an empty directory of this test; configuration and log live in it.
"""

import dataclasses
import fcntl
import os
import signal
import subprocess
import termios
import time
from pathlib import Path

import logline

# What an instrumented build needs to be told; nothing else gets through.
PASSED_ON = ("ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS", "MSAN_OPTIONS",
             "GCOV_PREFIX", "GCOV_PREFIX_STRIP", "LLVM_PROFILE_FILE")

# Seconds in which everything has come to its end, on any machine: waiting has
# a condition, and this is only there so that what hangs is a failure.
PATIENCE = 120

# The account of a test that says nothing else.  No generated header, so that
# every byte on the wire is known.
ACCOUNT = {
    "host": "127.0.0.1",
    "port": "25",
    "domain": "client.example.com",
    "from": "sender@example.com",
    "from_full_name": "",   # and not that of whoever runs the tests
    "tls": "off",
    "auth": "off",
    "timeout": "60",
    "set_date_header": "off",
    "set_msgid_header": "off",
}


def wait_until_read(pipe):
    """Until the reader has taken all that is in the pipe."""
    deadline = time.monotonic() + PATIENCE
    while fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)) != bytes(4):
        assert time.monotonic() < deadline
        time.sleep(0.005)


@dataclasses.dataclass
class Result:
    code: int             # exit code; negative: ended by that signal
    out: bytes
    err: bytes
    seconds: float
    timed_out: bool       # it had to be killed
    log: list             # one dictionary for each line of the log file
    log_bytes: bytes


class Program:
    """The program at `path`, called by a user whose home is `home`."""

    def __init__(self, path, home):
        self.path = str(path)
        self.home = Path(home)
        self.log_file = self.home / "log"

    def configure(self, settings, name="conf"):
        """Write a configuration with one account; returns its path.

        `settings` is a dictionary or a list of (keyword, value) pairs; what
        it names replaces the lines of ACCOUNT.
        """
        pairs = list(settings.items() if isinstance(settings, dict)
                     else settings)
        named = {keyword for keyword, _ in pairs}
        preset = {"logfile": str(self.log_file), **ACCOUNT}
        lines = ["account default"]
        lines += [f"{k} {v}" for k, v in preset.items() if k not in named]
        lines += [f"{k} {v}".rstrip() for k, v in pairs]
        path = self.home / name
        path.write_text("\n".join(lines) + "\n")
        path.chmod(0o600)
        return path

    def environment(self, extra=None):
        env = {name: os.environ[name] for name in PASSED_ON
               if name in os.environ}
        env.update(HOME=str(self.home), PATH="/usr/bin:/bin", LC_ALL="C",
                   TZ="UTC")
        env.update(extra or {})
        return env

    def run(self, args, stdin=b"", env=None, limit=PATIENCE):
        """Run with arguments (str or bytes); kill it after `limit` seconds."""
        start = time.monotonic()
        process = subprocess.Popen(
            [self.path, *args], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, cwd=self.home, env=self.environment(env),
            start_new_session=True)
        timed_out = False
        try:
            out, err = process.communicate(stdin, timeout=limit)
        except subprocess.TimeoutExpired:
            timed_out = True
            os.killpg(process.pid, signal.SIGKILL)
            out, err = process.communicate()
        seconds = time.monotonic() - start
        log_bytes = (self.log_file.read_bytes() if self.log_file.exists()
                     else b"")
        return Result(process.returncode, out, err, seconds, timed_out,
                      logline.read(self.log_file), log_bytes)
