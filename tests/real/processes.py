"""Processes by session: to end all that one program has started."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path


def in_session(session):
    """Ids of the processes of a session that still run."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            # The name may hold blanks and brackets; the fields follow it.
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session and fields[0] != "Z":
            found.append(int(path.parent.name))
    return found


def in_mount_namespace_of(process):
    """Ids of the other processes that see the same mounts."""
    def namespace(one):
        try:
            return os.readlink(f"/proc/{one}/ns/mnt")
        except OSError:
            return None
    wanted = namespace(process)
    return [int(path.name) for path in Path("/proc").glob("[0-9]*")
            if wanted and namespace(path.name) == wanted
            and int(path.name) != process]


def end_session(session, seconds=10):
    """Ask every process of a session to end, in the end by force."""
    end_all(lambda: in_session(session), seconds)


def end_all(find, seconds=10):
    """The same with the processes whose ids find() gives."""
    deadline = time.monotonic() + seconds
    asked = set()
    while left := find():
        late = time.monotonic() > deadline
        for process in left:
            if late or process not in asked:
                asked.add(process)
                try:
                    os.kill(process,
                            signal.SIGKILL if late else signal.SIGTERM)
                except ProcessLookupError:
                    pass
        time.sleep(0.01)


class Guard:
    """Ends a session and removes its directory if the tests are killed.

    A process of its own waits for a word on a pipe; its end without that word
    means that nobody is left to clean up.
    """

    def __init__(self, session, directory):
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", __file__, str(session),
             str(directory)], stdin=subprocess.PIPE, start_new_session=True)

    def dismiss(self):
        self._process.communicate(b"done\n")


if __name__ == "__main__":
    if not sys.stdin.readline():
        end_session(int(sys.argv[1]))
        shutil.rmtree(sys.argv[2], ignore_errors=True)
