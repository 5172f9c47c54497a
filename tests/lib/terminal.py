"""The program at a terminal of its own, as a person has it.

    with Terminal(program, [f"--file={conf}", "one@example.net"],
                  stdin=b"...") as run:
        run.expect(b"Password for ")
        assert not run.echo
        run.type(b"secret\\n")
        result = run.end()

The terminal is the controlling one (/dev/tty); standard input, output and
error are pipes, as with a caller that has a terminal.
"""

import contextlib
import fcntl
import os
import pty
import select
import signal
import subprocess
import termios
import time

import logline
from run import PATIENCE, Result


def _take_terminal(path):
    """In the child: a session of its own, and this terminal for it."""
    os.setsid()
    fd = os.open(path, os.O_RDWR)
    fcntl.ioctl(fd, termios.TIOCSCTTY, 0)
    os.close(fd)


class Terminal:
    """One run; `seen` is what the person has read so far."""

    def __init__(self, program, args, stdin=b"", env=None, prefix=()):
        self.program = program
        self.args = [*prefix, program.path, *args]
        self.stdin = stdin
        self.env = env
        self.seen = b""

    def __enter__(self):
        self.master, self.slave = pty.openpty()
        path = os.ttyname(self.slave)
        self.process = subprocess.Popen(
            self.args, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, cwd=self.program.home,
            env=self.program.environment(self.env),
            preexec_fn=lambda: _take_terminal(path))
        with contextlib.suppress(BrokenPipeError):      # it has ended
            self.process.stdin.write(self.stdin)
            self.process.stdin.close()
        self.process.stdin = None
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        for stream in (self.process.stdout, self.process.stderr):
            stream.close()
        os.close(self.master)
        os.close(self.slave)

    @property
    def echo(self):
        return bool(termios.tcgetattr(self.slave)[3] & termios.ECHO)

    def expect(self, words):
        """Wait until the terminal shows these words."""
        deadline = time.monotonic() + PATIENCE
        while words not in self.seen:
            left = deadline - time.monotonic()
            ready, _, _ = select.select([self.master], [], [], max(left, 0))
            if not ready:
                raise TimeoutError(f"no {words!r} in {self.seen!r}")
            self.seen += os.read(self.master, 4096)

    def type(self, keys):
        os.write(self.master, keys)

    def end(self):
        """Wait for its end; also takes what the terminal still shows."""
        start = time.monotonic()
        out, err = self.process.communicate(timeout=PATIENCE)
        while select.select([self.master], [], [], 0)[0]:
            self.seen += os.read(self.master, 4096)
        log = self.program.log_file
        return Result(self.process.returncode, out, err,
                      time.monotonic() - start, False, logline.read(log),
                      log.read_bytes() if log.exists() else b"")
