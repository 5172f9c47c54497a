"""The root as one run sees it: a layer above the base, with its own processes.

    with Stage(package) as stage:
        done = stage.run("mail -s subject x@example.net", user="alice")

Mounts and processes live in namespaces that end with the first process in
them, whatever happens to the tests: nothing is left and nothing can escape.
The network is the machine's, so that an emulator on loopback can be reached.
"""

import os
import socket
import subprocess
import tempfile
import threading
from pathlib import Path

from callers import root

GROUPS = {"nobody": "nogroup"}      # where it is not called as the user
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

# $1 is the base, $2 an empty directory. What is started last stays and takes
# the ended children of others; when it has read the end of its input, it ends,
# being the first process, and so do all others.
SETUP = """
set -e
mount -t tmpfs -o mode=0755 tmpfs "$2"
cd "$2"
mkdir upper work root
mount -t overlay -o "lowerdir=$1,upperdir=upper,workdir=work" overlay root \
    2>/dev/null || cp -a "$1/." root
mount -t proc proc root/proc
mount -t tmpfs -o mode=0755 tmpfs root/dev
for node in null:3 zero:5 full:7 random:8 urandom:9; do
    mknod -m 0666 "root/dev/${node%:*}" c 1 "${node#*:}"
done
mknod -m 0666 root/dev/tty c 5 0
mkdir -m 1777 root/dev/shm
mkdir root/dev/pts
mount -t devpts -o newinstance,ptmxmode=0666 devpts root/dev/pts
ln -s pts/ptmx root/dev/ptmx
ln -s /proc/self/fd root/dev/fd
hostname host
echo ready
exec chroot root /usr/bin/python3 -I -c '
import os, signal
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
os.read(0, 1)'
"""


class Stage:
    def __init__(self, package):
        self.package = Path(package)
        self.base = root.base(package)
        self.log = []                # lines of syslog
        self._init = self._place = self._socket = None

    def __enter__(self):
        self._place = tempfile.mkdtemp(prefix="callers-")
        try:
            self._start()
            self._listen()
            self._install()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    @property
    def tree(self):
        """The root as a path of this machine."""
        return Path(f"/proc/{self._init.pid}/root{self._place}/root")

    def _start(self):
        self._init = subprocess.Popen(
            [*root.unshare(), "sh", "-c", SETUP, "sh", str(self.base),
             self._place],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, start_new_session=True)
        if self._init.stdout.readline() != b"ready\n":
            said = self._init.stderr.read().decode(errors="replace")
            raise root.Unavailable(f"the root cannot be entered: {said}")

    def _listen(self):
        """Be the system log."""
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(self.tree / "dev/log"))
        os.chmod(self.tree / "dev/log", 0o666)
        threading.Thread(target=self._read_log, daemon=True).start()

    def _read_log(self):
        while True:
            try:
                line = self._socket.recv(65536)
            except OSError:
                return
            if not line:
                return
            self.log.append(line.decode("latin-1").rstrip("\0\n"))

    def _install(self):
        """Put the package under test in the place of the base's."""
        path = self.tree / "var/tmp/postrider.deb"
        path.write_bytes(self.package.read_bytes())
        done = self.run("dpkg --force-confold --install "
                        "/var/tmp/postrider.deb")
        if done.returncode:
            raise AssertionError(f"the package cannot be installed: "
                                 f"{done.stdout}{done.stderr}")

    def stop(self):
        try:
            if self._init:
                self._init.kill()
                self._init.communicate()
            if self._socket:
                self._socket.shutdown(socket.SHUT_RDWR)
                self._socket.close()
        finally:
            os.rmdir(self._place)

    def command(self, script, user="root", env=None):
        """What runs a shell script in the root as this user.

        A session of its own: the one it comes from is not to be seen there,
        and programs that signal their process group would hit others.
        """
        enter = ["nsenter", f"--target={self._init.pid}", "--mount", "--uts",
                 f"--pid=/proc/{self._init.pid}/ns/pid_for_children", "--root",
                 "--", "setsid", "--wait", "chroot", f"{self._place}/root"]
        home = "/root" if user == "root" else f"/home/{user}"
        group = GROUPS.get(user, user)
        given = {"HOME": home, "LOGNAME": user, "USER": user, "PATH": PATH,
                 "SHELL": "/bin/sh", "LC_ALL": "C.UTF-8", "TERM": "dumb",
                 **(env or {})}
        return [*enter, "env", "-i",
                *[f"{name}={value}" for name, value in given.items()],
                "setpriv", f"--reuid={user}", f"--regid={group}",
                "--init-groups", "--", "sh", "-c",
                'cd "$HOME" 2>/dev/null || cd /; umask 022\n' + script]

    def run(self, script, user="root", stdin=b"", seconds=600, env=None):
        command = self.command(script, user, env)
        try:
            return subprocess.run(command, input=stdin, capture_output=True,
                                  timeout=seconds, check=False)
        except subprocess.TimeoutExpired as error:
            # What is left of it ends with the stage.
            return subprocess.CompletedProcess(
                command, -1, error.stdout or b"",
                (error.stderr or b"") + b"\n(did not end)\n")

    def start(self, script, user="root"):
        """A process that goes on; it ends with the stage."""
        return subprocess.Popen(
            self.command(script, user), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            start_new_session=True)

    def write(self, name, text, mode=0o644, owner="root:root"):
        """A file in the root; `text` is str or bytes."""
        path = self.tree / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        path.chmod(mode)
        if owner != "root:root":
            self.run(f"chown {owner} '{name}'")
