"""A private Exim, run from its unpacked package; it takes mail and drops it.

    with Room() as room, Exim(certificate, room) as exim:
        ... send to exim.ports["smtps"] as exim.user ...

Configuration, spool and log live below one temporary directory; it listens on
loopback, or on the address that is asked for, and delivers nothing. In a room,
since its user's name is compiled in.
"""

import os
import shutil

from real import packages, postfix
from real.daemon import Daemon, free_ports
from real.packages import Unavailable

PACKAGE = "exim4-daemon-light"
USER, USER_ID = "Debian-exim", 64990

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


class Exim(Daemon):
    """One instance; `ports` has "smtps" and "submission"."""

    name = "Exim"
    log_name = "log/main"
    user = postfix.Postfix.user
    password = postfix.PASSWORD

    def __init__(self, certificate, room, address="127.0.0.1"):
        super().__init__(address)
        if os.geteuid() != 0:
            raise Unavailable("Exim needs root to run")
        self.program = packages.program(PACKAGE, "usr/sbin/exim4")
        self.chain, self.key = certificate
        self.room = room

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

    def _choose_ports(self):
        self.ports = dict(zip(("smtps", "submission"),
                              free_ports(self.address, 2)))
        (self.base / "config").write_text(CONFIG.format(
            program=self.program, base=self.base, address=self.address,
            chain=self.base / "chain", key=self.base / "key",
            user=self.user, password=self.password, **self.ports))

    def _run(self):
        return self.room.command([
            self.program, "-C", str(self.base / "config"), "-bdf"]), {
                "PATH": "/usr/bin:/bin", "LC_ALL": "C"}
