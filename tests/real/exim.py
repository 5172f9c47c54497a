"""A private Exim, run from its unpacked package: a server without Nagle.

    server = Exim(authority.leaf("good", names=["127.0.0.1"]))
    with server:
        ... send to server.ports["smtps-1.3"] as server.user ...

It drops what it takes; everything lies below one temporary directory. A mail
server that is installed is not touched: the user that the package would make
exists in a mount namespace of its own.

Packages that have to be installed, none of them a mail server:
    libgnutls-dane0 libpcre2-8-0 libdb5.3 libidn12 libnsl2    libraries of Exim
The package exim4-daemon-light itself is downloaded and unpacked (packages.py).
"""

import os
import pwd
import shutil

from real import packages
from real.daemon import Daemon
from real.packages import Unavailable
from real.postfix import OWNER, PASSWORD, USER

PACKAGE = "exim4-daemon-light"
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
log_file_path = {base}/log/%s
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
message_size_limit = 60M
smtp_accept_max = 0
log_selector = +smtp_connection
queue_only = true
keep_environment =
acl_smtp_rcpt = allow
acl_smtp_data = drop

begin acl
allow:
  accept authenticated = *
drop:
  discard

begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${{if and{{{{eq{{$auth2}}{{{user}}}}}\\
    {{eq{{$auth3}}{{{password}}}}}}}}}
  server_set_id = $auth2
login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = Username:: : Password::
  server_condition = ${{if and{{{{eq{{$auth1}}{{{user}}}}}\\
    {{eq{{$auth2}}{{{password}}}}}}}}}
  server_set_id = $auth1
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


class Exim(Daemon):
    """One instance; `ports` maps the names of listeners to port numbers."""

    name = "Exim"
    log_name = "log/main"
    user = USER
    password = PASSWORD

    def __init__(self, certificate, address="127.0.0.1", listeners=None):
        super().__init__(address)
        if os.geteuid() != 0:
            raise Unavailable("Exim needs root to run")
        self.program = packages.program(PACKAGE, "usr/sbin/exim4")
        self.chain, self.key = certificate
        self.listeners = listeners or LISTENERS

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

    def _choose_ports(self):
        self._pick(self.listeners)
        settings = dict(zip(self.ports.values(), self.listeners.values()))
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

    def _run(self):
        return ["unshare", "--mount", "sh", "-c", START, "sh",
                str(self.base), self.program, "-bdf",
                "-C", str(self.base / "conf")], {
                    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}
