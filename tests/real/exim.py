"""A private Exim, run from its unpacked package: a server without Nagle.

    server = Exim(authority.leaf("good", names=["127.0.0.1"]))
    with server:
        ... send to server.ports["smtps"] as server.user ...

It takes messages and keeps them in its spool; everything lies below one
temporary directory. A mail server that is installed is not touched: the user
that the package would make exists in a mount namespace of its own.

Packages that have to be installed, none of them a mail server:
    libgnutls-dane0 libpcre2-8-0 libdb5.3 libidn12 libnsl2    libraries of Exim
The package exim4-daemon-light itself is downloaded and unpacked (packages.py).
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from real import processes
from real.packages import Unavailable, unpacked
from real.postfix import OWNER, PASSWORD, START_SECONDS, USER, free_ports

ACCOUNT = "Debian-exim"         # compiled in

# name: (TLS from the first byte, what GnuTLS is told, PIPELINING)
LISTENERS = {
    f"{mode}-{version}{'' if pipelining else '-turns'}":
        (mode == "smtps", f"NORMAL:-VERS-ALL:+VERS-TLS{version}", pipelining)
    for mode in ("smtps", "submission")
    for version in ("1.2", "1.3")
    for pipelining in (True, False)}

CONFIGURATION = """\
spool_directory = {base}/spool
log_file_path = {base}/log/%slog
pid_file_path = {base}/pid
primary_hostname = mail.example.com
local_interfaces = {address}
daemon_smtp_ports = {ports}
tls_on_connect_ports = {tls_ports}
tls_advertise_hosts = *
tls_certificate = {chain}
tls_privatekey = {key}
tls_require_ciphers = {priorities}
pipelining_advertise_hosts = {pipelining}
pipelining_connect_advertise_hosts = :
chunking_advertise_hosts = :
host_lookup = :
rfc1413_query_timeout = 0s
queue_only = true
keep_environment =
acl_smtp_rcpt = allow

begin acl
allow:
  accept authenticated = *

begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${{if and{{{{eq{{$auth2}}{{{user}}}}}\\
    {{eq{{$auth3}}{{{password}}}}}}}}}
  server_set_id = $auth2
"""

START = """\
mount --bind "$1/passwd" /etc/passwd && mount --bind "$1/group" /etc/group &&
shift && exec "$@"
"""


def by_port(values):
    """A string that Exim expands to the value of the port in use."""
    text = ""
    for port, value in values.items():
        text = f"${{if eq{{$received_port}}{{{port}}}{{{value}}}{{{text}}}}}"
    return text


class Exim:
    """One instance; `ports` maps the names of LISTENERS to port numbers."""

    user = USER
    password = PASSWORD

    def __init__(self, certificate, address="127.0.0.1"):
        if os.geteuid() != 0:
            raise Unavailable("Exim needs root to run")
        self.program = unpacked("exim4-daemon-light") / "usr/sbin/exim4"
        said = subprocess.run(["ldd", str(self.program)], capture_output=True,
                              text=True, check=False).stdout
        if "not found" in said:
            raise Unavailable(f"not installed: {said}")
        self.chain, self.key = certificate
        self.address = address
        self.ports = {}
        self.base = None
        self.daemon = self.guard = None

    def __enter__(self):
        self.base = Path(tempfile.mkdtemp(prefix="exim-"))
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
        """All that Exim has logged, as text."""
        return "".join(path.read_text(errors="replace") for path in
                       sorted((self.base / "log").glob("*")))

    def _lay_out(self):
        owner = pwd.getpwnam(OWNER)
        self.base.chmod(0o755)
        for name in ("spool", "log"):
            (self.base / name).mkdir()
            os.chown(self.base / name, owner.pw_uid, owner.pw_gid)
        # Exim reads them as the user that it is given here.
        for name, source in (("chain", self.chain), ("key", self.key)):
            shutil.copy(source, self.base / name)
            os.chown(self.base / name, owner.pw_uid, owner.pw_gid)
            (self.base / name).chmod(0o400)
        (self.base / "passwd").write_text(
            "root:x:0:0::/:/bin/sh\n"
            f"{ACCOUNT}:x:{owner.pw_uid}:{owner.pw_gid}::/:/bin/false\n")
        (self.base / "group").write_text(
            f"root:x:0:\n{ACCOUNT}:x:{owner.pw_gid}:\n")
        self.ports = dict(zip(LISTENERS,
                              free_ports(self.address, len(LISTENERS))))
        self._write_configuration()

    def _write_configuration(self):
        settings = {self.ports[name]: of for name, of in LISTENERS.items()}
        (self.base / "conf").write_text(CONFIGURATION.format(
            base=self.base, address=self.address, user=self.user,
            password=self.password, chain=self.base / "chain",
            key=self.base / "key",
            ports=" : ".join(map(str, settings)),
            tls_ports=" : ".join(str(port) for port, of in settings.items()
                                 if of[0]),
            priorities=by_port({port: of[1]
                                for port, of in settings.items()}),
            pipelining=by_port({port: "*" if of[2] else ":"
                                for port, of in settings.items()})))

    def _start(self):
        with open(self.base / "stderr", "wb") as errors:
            self.daemon = subprocess.Popen(
                ["unshare", "--mount", "sh", "-c", START, "sh",
                 str(self.base), str(self.program), "-bdf",
                 "-C", str(self.base / "conf")],
                stdin=subprocess.DEVNULL, stdout=errors, stderr=errors,
                env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"},
                start_new_session=True)
        self.guard = processes.Guard(self.daemon.pid, self.base)
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self.daemon.poll() is not None or time.monotonic() > deadline:
                said = (self.base / "stderr").read_text(errors="replace")
                raise RuntimeError(
                    f"Exim does not start: {said}\n{self.log[-3000:]}")
            time.sleep(0.02)

    def _answers(self):
        try:
            for port in self.ports.values():
                socket.create_connection((self.address, port), 1).close()
        except OSError:
            return False
        return True

    def stop(self):
        """End it and remove its directory; twice does no harm."""
        try:
            if self.daemon:
                if self.daemon.poll() is None:
                    self.daemon.send_signal(signal.SIGTERM)
                processes.end_session(self.daemon.pid)
                self.daemon.wait(10)
                self.guard.dismiss()
                self.daemon = self.guard = None
        finally:
            if self.base:
                shutil.rmtree(self.base, ignore_errors=True)
