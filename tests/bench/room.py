"""A mount namespace with files of ours in front of the system's.

    with Room() as room:
        room.write("/etc/dma/dma.conf", "...")      nobody else sees it
        subprocess.run(room.command([...]))

For programs whose places are compiled in. It needs root, else it
raises Unavailable. What is written below LAYERS is gone with the room, and so
is every process in it.
"""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from real import processes
from real.packages import Unavailable

LAYERS = ("/etc", "/usr/lib/ssl", "/var/spool")
SETUP = """
set -e
mount -t tmpfs -o mode=0755 tmpfs "$1"
base=$1
shift
for layer; do
    [ -d "$layer" ] || continue
    mkdir -p "$base$layer/upper" "$base$layer/work"
    mount -t overlay -o \
        "lowerdir=$layer,upperdir=$base$layer/upper,workdir=$base$layer/work" \
        overlay "$layer"
done
echo ready
exec cat
"""


class NoRoom:
    """What there is where no room can be had: nothing can be written."""

    def __init__(self, reason):
        self._reason = reason

    def command(self, command):
        return command

    def _refuse(self, *_, **__):
        raise Unavailable(self._reason)

    write = make_directory = _refuse


class Room:
    def __enter__(self):
        if os.geteuid() != 0:
            raise Unavailable("a mount namespace needs root")
        if not shutil.which("unshare") or not shutil.which("nsenter"):
            raise Unavailable("util-linux is not installed")
        self._base = tempfile.mkdtemp(prefix="room-")
        self._holder = subprocess.Popen(
            ["unshare", "--mount", "sh", "-c", SETUP, "sh", self._base,
             *LAYERS],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, start_new_session=True)
        if self._holder.stdout.readline() != b"ready\n":
            said = self._end().decode(errors="replace").strip()
            raise Unavailable(f"no mount namespace: {said[-200:]}")
        return self

    def __exit__(self, *_):
        if os.readlink(f"/proc/{self._holder.pid}/ns/mnt") != \
                os.readlink("/proc/self/ns/mnt"):
            processes.end_all(lambda: processes.in_mount_namespace_of(
                self._holder.pid))
        self._end()

    def _end(self):
        _, said = self._holder.communicate()
        os.rmdir(self._base)
        return said

    def command(self, command):
        """The command, to be run in the room; its directory is / there."""
        return ["nsenter", f"--target={self._holder.pid}", "--mount", "--",
                *command]

    def _sh(self, script, *arguments, text=""):
        done = subprocess.run(
            self.command(["sh", "-ec", script, "sh", *arguments]), input=text,
            capture_output=True, text=True, check=False)
        if done.returncode:
            raise Unavailable(f"{arguments[0]} in the room: {done.stderr}")
        return done.stdout

    def write(self, name, text, mode=0o644):
        """A file below a layer; links that lead out of it are not followed."""
        self.make_directory(str(Path(name).parent))
        self._sh('rm -f "$1" && cat >"$1" && chmod "$2" "$1"', name,
                 f"{mode:o}", text=text)

    def make_directory(self, name, mode=0o755):
        real = self._sh('realpath -m "$1"', name).strip()
        if not real.startswith(tuple(f"{layer}/" for layer in LAYERS)) and \
                real not in LAYERS:
            raise Unavailable(f"{name} is {real}, which is not the room's")
        self._sh('test -d "$1" || { mkdir -p "$1" && chmod "$2" "$1"; }',
                 name, f"{mode:o}")
