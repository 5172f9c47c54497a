"""A desktop's keyring of one test: gnome-keyring on a bus of its own.

    with Keyring() as keyring:
        keyring.put(host, user, b"secret")
        program.run([...], env=keyring.environment)

Nothing of the machine's own session is used, and the bus starts nothing by
itself. Every process is ended by its id.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from run import PATIENCE

TOOLS = ["dbus-daemon", "dbus-send", "gnome-keyring-daemon", "secret-tool"]
LOGIN = "/org/freedesktop/secrets/collection/login"

CONFIGURATION = """<busconfig>
  <type>session</type>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""


def attributes(host, user):
    """Of an entry as msmtp looks for it."""
    return ["host", host, "service", "smtp", "user", user]


def missing():
    """What a test needs and the machine has not, as words; or ""."""
    names = [name for name in TOOLS if not shutil.which(name)]
    return f"not installed: {', '.join(names)}" if names else ""


class Bus:
    """A message bus without a keyring on it."""

    def __enter__(self):
        # A socket's path is short; pytest's directories are not.
        self.place = Path(tempfile.mkdtemp(prefix="keyring-"))
        self.socket = self.place / "bus"
        self.address = f"unix:path={self.socket}"
        conf = self.place / "bus.conf"
        conf.write_text(CONFIGURATION.format(socket=self.socket))
        self._processes = []
        try:
            self._start(["dbus-daemon", f"--config-file={conf}", "--nofork",
                         "--nopidfile", "--nosyslog"])
            self._wait(self.socket.exists)
            self._fill()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _fill(self):
        pass

    def __exit__(self, *_):
        for process in reversed(self._processes):
            process.kill()      # also one that is stopped
            process.wait()
        shutil.rmtree(self.place, ignore_errors=True)

    @property
    def environment(self):
        """What the session's variables say."""
        return {"DBUS_SESSION_BUS_ADDRESS": self.address}

    def _whole_environment(self):
        return {"PATH": os.environ["PATH"], "HOME": str(self.place),
                "XDG_DATA_HOME": str(self.place / "data"),
                "XDG_CONFIG_HOME": str(self.place / "config"),
                "XDG_CACHE_HOME": str(self.place / "cache"),
                "XDG_RUNTIME_DIR": str(self.place), "LC_ALL": "C.UTF-8",
                **self.environment}

    def _start(self, command, stdin=None):
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env=self._whole_environment(), cwd=self.place,
            start_new_session=True)
        self._processes.append(process)
        if stdin:
            process.stdin.write(stdin)
            process.stdin.close()
        return process

    @staticmethod
    def _wait(condition, seconds=PATIENCE):
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                raise TimeoutError("a service of the test does not start")
            time.sleep(0.02)

    def call(self, destination, path, method, *arguments):
        """The reply of a D-Bus method as dbus-send prints it, or ""."""
        return subprocess.run(
            ["dbus-send", f"--bus={self.address}", "--print-reply=literal",
             f"--dest={destination}", path, method, *arguments],
            env=self._whole_environment(), stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, check=False, timeout=PATIENCE,
            ).stdout.decode()


    def _wait_for_keyring(self):
        self._wait(lambda: "true" in self.call(
            "org.freedesktop.DBus", "/org/freedesktop/DBus",
            "org.freedesktop.DBus.NameHasOwner",
            "string:org.freedesktop.secrets"))


class LockedKeyring(Bus):
    """With secret_service.py, whose person does one of three things."""

    def __init__(self, person):
        self._person = person

    def _fill(self):
        self._start(["/usr/bin/python3",
                     str(Path(__file__).with_name("secret_service.py")),
                     str(self.place), self._person])
        self._wait_for_keyring()

    @property
    def was_asked(self):
        return (self.place / "asked").exists()


class Keyring(Bus):
    """With gnome-keyring and an empty keyring that is unlocked."""

    def _fill(self):
        (self.place / "data").mkdir(mode=0o700)
        self.daemon = self._start(
            ["gnome-keyring-daemon", "--foreground", "--unlock",
             "--components=secrets",
             f"--control-directory={self.place / 'control'}"],
            stdin=b"the keyring's own password")
        self._wait_for_keyring()
        self._wait(lambda: LOGIN in self.call(
            "org.freedesktop.secrets", "/org/freedesktop/secrets",
            "org.freedesktop.Secret.Service.ReadAlias", "string:default"))

    def lock(self):
        self.call("org.freedesktop.secrets", "/org/freedesktop/secrets",
                  "org.freedesktop.Secret.Service.Lock",
                  f"array:objpath:{LOGIN}")

    def hang(self):
        """From now on the keyring takes calls and answers none."""
        self.daemon.send_signal(signal.SIGSTOP)

    def secret_tool(self, *args, stdin=b""):
        """Exit code and standard output of secret-tool."""
        done = subprocess.run(
            ["secret-tool", *args], input=stdin, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, env=self._whole_environment(),
            check=False, timeout=PATIENCE)
        return done.returncode, done.stdout

    def put(self, host, user, password):
        """As msmtp's manual has people do it."""
        code, _ = self.secret_tool("store", "--label=msmtp",
                                   *attributes(host, user), stdin=password)
        assert code == 0

    def get(self, host, user):
        """The password, or None."""
        code, out = self.secret_tool("lookup", *attributes(host, user))
        return out if code == 0 else None
