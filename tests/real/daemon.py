"""A server of these tests: a directory and processes of its own.

A class of one kind has _lay_out(), which fills self.base, _choose_ports(),
which sets self.ports and writes what has them in it, _run(), which gives
(command, environment), and may have _is_up(). Leaving the with block ends
every process of it and removes the directory.
"""

import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from run import PATIENCE

from real import processes

ATTEMPTS = 3


class Ports:
    """Ports that the kernel picks and keeps for who sets SO_REUSEADDR, as
    servers do: of sockets that are bound and never listen."""

    def __init__(self, address, count):
        self._sockets = [socket.socket() for _ in range(count)]
        for one in self._sockets:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            one.bind((address, 0))

    def __iter__(self):
        return (one.getsockname()[1] for one in self._sockets)

    def close(self):
        for one in self._sockets:
            one.close()


class Daemon:
    name = "daemon"
    log_name = "log"    # in its directory

    def __init__(self, address="127.0.0.1"):
        self.address = address
        self.ports = {}
        self._kept = None
        self.base = None
        self.master = self.guard = None

    def __enter__(self):
        self.base = Path(tempfile.mkdtemp(prefix=f"{self.name.lower()}-"))
        try:
            self._lay_out()
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    @property
    def log(self):
        """What it has logged, as text."""
        path = self.base / self.log_name
        return path.read_text(errors="replace") if path.exists() else ""

    def has_logged(self, words, seconds=PATIENCE):
        """Wait for words in the log: they come when there is time."""
        deadline = time.monotonic() + seconds
        while words not in self.log:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        return True

    def _pick(self, names):
        """Ports for these, which are this server's until it is stopped."""
        if self._kept:
            self._kept.close()
        self._kept = Ports(self.address, len(names))
        self.ports = dict(zip(names, self._kept))

    def _start(self):
        for _ in range(ATTEMPTS):
            self._choose_ports()
            trouble = self._start_master()
            if trouble is None:
                return
            self._end_processes()
        raise RuntimeError(f"{self.name} does not start: {trouble}")

    def _start_master(self):
        """None when every port answers, else what went wrong."""
        (self.base / self.log_name).unlink(missing_ok=True)
        command, environment = self._run()
        errors = open(self.base / "stderr", "wb")
        with errors:
            self.master = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=errors,
                stderr=errors, env=environment, start_new_session=True)
        self.guard = processes.Guard(self.master.pid, self.base)
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if self.master.poll() is not None:
                break
            if self._is_up() and self._answers():
                return None
            time.sleep(0.02)
        said = (self.base / "stderr").read_text(errors="replace")
        return f"ended with {self.master.poll()}: {said}\n{self.log[-3000:]}"

    def _is_up(self):
        return True

    def _answers(self):
        try:
            for port in self.ports.values():
                socket.create_connection((self.address, port), 1).close()
        except OSError:
            return False
        return True

    def _end_processes(self):
        """End the master and wait for it and all that it started."""
        if self.master is None:
            return
        if self.master.poll() is None:
            self.master.send_signal(signal.SIGTERM)
            try:
                self.master.wait(10)
            except subprocess.TimeoutExpired:
                self.master.kill()
                self.master.wait()
        processes.end_session(self.master.pid)
        self.guard.dismiss()
        self.master = self.guard = None

    def stop(self):
        """End it and remove its directory; twice does no harm."""
        try:
            self._end_processes()
        finally:
            if self._kept:
                self._kept.close()
            if self.base:
                shutil.rmtree(self.base, ignore_errors=True)
