"""A server that says nothing, and processes watched while they wait.

    with Silent() as server:        accepts connections and never speaks
        server.wait_connected()
"""

import contextlib
import os
import re
import socket
import subprocess
import threading
import time
from pathlib import Path

from run import PATIENCE


class Silent:
    """Listens on loopback; keeps what comes and says nothing."""

    def __init__(self):
        self.received = bytearray()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._connected = threading.Event()
        self._client = None
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        for one in (self._listener, self._client):
            if one:
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
                one.close()
        self._thread.join(PATIENCE)

    def _serve(self):
        with contextlib.suppress(OSError):
            self._client = self._listener.accept()[0]
            self._connected.set()
            while data := self._client.recv(65536):
                self.received += data

    def is_connected(self, seconds=PATIENCE):
        """Whether somebody has connected, after so many seconds at most."""
        return self._connected.wait(seconds)


@contextlib.contextmanager
def running(command, stdin, **options):
    """A process with its input given; it is gone when the block ends."""
    process = subprocess.Popen(command, stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               **options)
    try:
        if stdin is not None:
            process.stdin.write(stdin)
            process.stdin.close()
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            with contextlib.suppress(OSError):
                stream.close()


def wait_for(condition, what, seconds=PATIENCE):
    """Poll until a condition holds; the time it may take is generous."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(what)
        time.sleep(0.01)


def memory(process):
    """(where, octets) of each readable mapping of a process.

    Raises PermissionError where even root may not look.
    """
    found = []
    with (open(f"/proc/{process}/maps", encoding="utf-8") as maps,
          open(f"/proc/{process}/mem", "rb", buffering=0) as content):
        for line in maps:
            place, mode, *rest = line.split()
            if not mode.startswith("rw"):
                continue        # a secret can only lie where one can write
            start, end = (int(part, 16) for part in place.split("-"))
            with contextlib.suppress(OSError, ValueError):
                content.seek(start)
                found.append((rest[-1], content.read(end - start)))
    return found


def files_below(*directories):
    """(path, octets) of every regular file."""
    for directory in directories:
        for path in Path(directory).rglob("*"):
            if path.is_file() and not path.is_symlink():
                yield path, path.read_bytes()


def libraries(process):
    """Names of the shared objects a process has mapped, without version."""
    with open(f"/proc/{process}/maps", encoding="ascii") as file:
        return set(re.findall(r"/(lib[^/\s]+?)(?:-[\d.]+)?\.so[.\d]*$",
                              file.read(), re.M))


def owner_of_proc(process):
    """The owner the kernel shows: root when a process is not dumpable."""
    return os.stat(f"/proc/{process}/mem").st_uid
