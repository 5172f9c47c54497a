"""A private Exim, run from its unpacked package; it takes mail and drops it.

    with Room() as room, Exim(certificate, room) as exim:
        ... send to exim.ports["smtps"] as exim.user ...

Configuration, spool and log live below one temporary directory; it listens on
loopback, or on the address that is asked for, and delivers nothing. In a room,
since its user's name is compiled in.
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from real import postfix, processes
from real.packages import Unavailable, unpacked

PACKAGE = "exim4-daemon-light"
USER, USER_ID = "Debian-exim", 64990
START_SECONDS = 30

CONFIG = """\
exim_path = {program}
primary_hostname = mail.example.com
spool_directory = {base}/spool
log_file_path = {base}/log/%s
pid_file_path = {base}/pid
local_interfaces = <; [{address}]:{smtps} ; [{address}]:{submission}
tls_on_connect_ports = {smtps}
tls_certificate = {chain}
tls_privatekey = {key}
tls_advertise_hosts = *
auth_advertise_hosts = ${{if eq{{$tls_in_cipher}}{{}}{{}}{{*}}}}
host_lookup =
rfc1413_query_timeout = 0s
helo_accept_junk_hosts = *
message_size_limit = 60M
smtp_accept_max = 0
queue_only
keep_environment =
log_selector = +smtp_connection
acl_smtp_rcpt = to
acl_smtp_data = whole

begin acl
to:
  accept authenticated = *
whole:
  discard

begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${{if and{{{{eq{{$auth2}}{{{user}}}}}\
{{eq{{$auth3}}{{{password}}}}}}}}}
login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = Username:: : Password::
  server_condition = ${{if and{{{{eq{{$auth1}}{{{user}}}}}\
{{eq{{$auth2}}{{{password}}}}}}}}}
"""


class Exim:
    """One instance; `ports` has "smtps" and "submission"."""

    user = postfix.Postfix.user
    password = postfix.PASSWORD

    def __init__(self, certificate, room, address="127.0.0.1"):
        if os.geteuid() != 0:
            raise Unavailable("Exim needs root to run")
        self.program = unpacked(PACKAGE) / "usr/sbin/exim4"
        self.chain, self.key = certificate
        self.room = room
        self.address = address
        self.ports = {}
        self.base = None
        self.daemon = None

    def __enter__(self):
        self.base = Path(tempfile.mkdtemp(prefix="exim-"))
        self.guard = None
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
        path = self.base / "log/main"
        return path.read_text(errors="replace") if path.exists() else ""

    def _lay_out(self):
        self.room.add_user(USER, USER_ID)
        self.base.chmod(0o755)
        for name in ("log", "spool"):
            (self.base / name).mkdir(mode=0o750)
            os.chown(self.base / name, USER_ID, USER_ID)
        # It reads the key as its own user.
        for name in ("chain", "key"):
            copy = self.base / name
            shutil.copy(getattr(self, name), copy)
            os.chown(copy, USER_ID, USER_ID)
            copy.chmod(0o400)

    def _start(self):
        for _ in range(postfix.ATTEMPTS):
            self.ports = dict(zip(("smtps", "submission"),
                                  postfix.free_ports(self.address, 2)))
            config = self.base / "config"
            config.write_text(CONFIG.format(
                program=self.program, base=self.base, address=self.address,
                chain=self.base / "chain", key=self.base / "key",
                user=self.user, password=self.password, **self.ports))
            trouble = self._start_daemon(config)
            if trouble is None:
                return
            self._end_processes()
        raise RuntimeError(f"Exim does not start: {trouble}")

    def _start_daemon(self, config):
        """None when every port answers, else what went wrong."""
        with open(self.base / "stderr", "wb") as errors:
            self.daemon = subprocess.Popen(
                self.room.command([str(self.program), "-C", str(config),
                                   "-bdf"]),
                stdin=subprocess.DEVNULL, stdout=errors, stderr=errors,
                env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
                start_new_session=True)
        self.guard = processes.Guard(self.daemon.pid, self.base)
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.daemon.poll() is None:
            if self._answers():
                return None
            time.sleep(0.02)
        said = (self.base / "stderr").read_text(errors="replace")
        return f"ended with {self.daemon.poll()}: {said}\n{self.log[-2000:]}"

    def _answers(self):
        try:
            for port in self.ports.values():
                socket.create_connection((self.address, port), 1).close()
        except OSError:
            return False
        return True

    def _end_processes(self):
        if self.daemon is None:
            return
        if self.daemon.poll() is None:
            self.daemon.send_signal(signal.SIGTERM)
        processes.end_session(self.daemon.pid)
        self.daemon.wait()
        self.guard.dismiss()
        self.daemon = None

    def stop(self):
        """End it and remove its directory; twice does no harm."""
        try:
            self._end_processes()
        finally:
            if self.base:
                shutil.rmtree(self.base, ignore_errors=True)
