"""A private Postfix, run from its unpacked package, as an independent server.

    with Postfix(authority.leaf("good", names=["127.0.0.1"])) as postfix:
        ... send to postfix.ports["smtps"] as postfix.user ...
        stored = postfix.take("someone@example.net")
        stored.message      the bytes after the trace header of Postfix

Configuration, queue, data, log and mail live below one temporary directory;
the server listens on loopback only, or on the address it is given (wire.py).
Leaving the with block ends every process and removes the directory.

Packages that have to be installed, none of them a mail server:
    sasl2-bin libsasl2-modules libsasl2-modules-db     passwords and SASL
    libdb5.3 libicu72 libnsl2 libssl3                  libraries of Postfix
The package postfix itself is downloaded and unpacked (see packages.py).
"""

import dataclasses
import grp
import os
import pwd
import shutil
import subprocess
import time

from run import PATIENCE

from real import packages
from real.daemon import Daemon
from real.packages import Unavailable, unpacked

# Accounts every Debian has.  Postfix wants three that share no group.
OWNER, SETGID_GROUP, DELIVERY = "uucp", "games", "nobody"

# The password is found in no library and no other file of a test.
USER, PASSWORD, REALM = "tester", "canary-7Hq2-Zt9w-Vb4k", "example.com"
MECHANISMS = "PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256"
SMALL_LIMIT = 20000     # message_size_limit of the listener "small"
SLOW_SECONDS = 600      # before the listener "slow" answers DATA

ANY, TLS12, TLS13 = ">=TLSv1.2", "TLSv1.2", "TLSv1.3"
AUTHENTICATED = {"smtpd_sasl_auth_enable": "yes",
                 "smtpd_relay_restrictions":
                     "permit_sasl_authenticated, reject"}


def _starttls(versions):
    return {"smtpd_tls_security_level": "encrypt",
            "smtpd_tls_mandatory_protocols": versions, **AUTHENTICATED}


def _wrapper(versions):
    return {"smtpd_tls_wrappermode": "yes", **_starttls(versions)}


# name: what the listener sets beside MAIN
LISTENERS = {
    "submission": _starttls(ANY),
    "submission-1.2": _starttls(TLS12),
    "submission-1.3": _starttls(TLS13),
    "smtps": _wrapper(ANY),
    "smtps-1.2": _wrapper(TLS12),
    "smtps-1.3": _wrapper(TLS13),
    "plain": {},
    "small": {"message_size_limit": str(SMALL_LIMIT)},
    "slow": {**_wrapper(ANY),
             "smtpd_data_restrictions": f"sleep {SLOW_SECONDS}"},
    "fifty": {"smtpd_recipient_limit": "50",
              "smtpd_recipient_overshoot_limit": "1"},
}

MAIN = """\
compatibility_level = 3.6
command_directory = {tree}/usr/sbin
daemon_directory = {tree}/usr/lib/postfix/sbin
shlib_directory = {tree}/usr/lib/postfix
meta_directory = {tree}/usr/share/postfix
queue_directory = {base}/queue
data_directory = {base}/data
maillog_file = {base}/log
maillog_file_prefixes = {base}
mail_owner = {owner}
setgid_group = {group}
import_environment = MAIL_CONFIG LD_LIBRARY_PATH TZ=UTC LANG=C {imported}
myhostname = mail.example.com
mydestination =
alias_maps =
alias_database =
local_recipient_maps =
inet_interfaces = loopback-only
inet_protocols = ipv4
mynetworks = 127.0.0.0/8 192.0.2.0/24
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_peername_lookup = no
smtpd_error_sleep_time = 0
local_header_rewrite_clients =
always_add_missing_headers = no
default_transport = store
local_transport = error:no local users
enable_original_recipient = no
message_size_limit = 62914560
mailbox_size_limit = 0
virtual_mailbox_limit = 0
queue_minfree = 0
queue_run_delay = 2s
# Whoever is faster than the delivery would wait a second now and then.
in_flow_delay = 0s
smtpd_tls_chain_files = {key}, {chain}
smtpd_tls_auth_only = yes
smtpd_tls_loglevel = 1
tls_random_source = dev:/dev/urandom
smtpd_sasl_path = smtpd
cyrus_sasl_config_path = {base}/config/sasl
smtpd_sasl_local_domain = {realm}
smtpd_sasl_security_options = noanonymous
"""

MASTER = """\
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
store unix - n n - - pipe
  flags= null_sender= user={delivery}
  argv=/bin/sh {base}/config/store {base}/mail
  ${{queue_id}} ${{sender}} ${{recipient}}
"""

# The envelope appears last, so that a message that has one is complete.
STORE = """\
umask 022
name="$1/$2.$$"
shift 2
cat >"$name.message" || exit 75
printf '%s\\n' "$@" >"$name.part" || exit 75
mv "$name.part" "$name.envelope" || exit 75
"""

SASL = f"""\
pwcheck_method: auxprop
auxprop_plugin: sasldb
sasldb_path: {{base}}/config/sasl/db
mech_list: {MECHANISMS}
"""


@dataclasses.dataclass
class Stored:
    queue_id: str
    sender: str
    recipients: list
    trace: bytes        # the Received field that Postfix put in front
    message: bytes      # all that follows, lines ending in LF


def _split_trace(data):
    """(trace field, rest): the first field and its continuation lines."""
    at = data.find(b"\n") + 1
    while data[at:at + 1] in (b" ", b"\t"):
        at = data.find(b"\n", at) + 1
    return data[:at], data[at:]


def check_possible():
    """Raises Unavailable, with the reason, when Postfix cannot run here."""
    if os.geteuid() != 0:
        raise Unavailable("Postfix needs root to run")
    for command in ("apt-get", "dpkg-deb", "saslpasswd2"):
        if not shutil.which(command):
            raise Unavailable(f"{command} is not installed")
    try:
        for name in (OWNER, DELIVERY):
            pwd.getpwnam(name)
        grp.getgrnam(SETGID_GROUP)
    except KeyError as error:
        raise Unavailable(str(error)) from None


def check_libraries(tree):
    """Raises Unavailable when a library of Postfix is not installed."""
    programs = tree / "usr/lib/postfix/sbin"
    packages.check_libraries(
        *(programs / name for name in (
            "master", "smtpd", "cleanup", "tlsmgr")),
        LD_LIBRARY_PATH=f"{tree}/usr/lib/postfix")


class Postfix(Daemon):
    """One instance; `ports` maps the names of LISTENERS to port numbers."""

    name = "Postfix"
    user = f"{USER}@{REALM}"
    password = PASSWORD
    main_text, master_text = MAIN, MASTER

    def __init__(self, certificate, listeners=None, sasl=SASL,
                 environment=None, address="127.0.0.1"):
        """`environment` is what the libraries of SASL are to see."""
        super().__init__(address)
        check_possible()
        self.tree = unpacked("postfix")
        check_libraries(self.tree)
        self.chain, self.key = certificate
        self.listeners = LISTENERS if listeners is None else listeners
        self.sasl = sasl
        self.environment = environment or {}

    # What lies in the directory

    def _lay_out(self):
        base = self.base
        base.chmod(0o755)
        owner, delivery = pwd.getpwnam(OWNER), pwd.getpwnam(DELIVERY)
        queues = ("active", "bounce", "corrupt", "defer", "deferred", "flush",
                  "hold", "incoming", "private", "saved", "trace")
        for name in ("config", "config/sasl", "queue", "queue/pid"):
            (base / name).mkdir()
        for name in ("data", *(f"queue/{one}" for one in queues)):
            (base / name).mkdir(mode=0o700)
            os.chown(base / name, owner.pw_uid, 0)
        for name, mode in (("public", 0o710), ("maildrop", 0o730)):
            path = base / "queue" / name
            path.mkdir()
            os.chown(path, owner.pw_uid, grp.getgrnam(SETGID_GROUP).gr_gid)
            path.chmod(mode)
        (base / "mail").mkdir(mode=0o700)
        os.chown(base / "mail", delivery.pw_uid, delivery.pw_gid)
        self._write("store", STORE)
        self._write("sasl/smtpd.conf", self.sasl.format(base=base))
        self._write("main.cf", self.main_text.format(
            tree=self.tree, base=base, owner=OWNER, group=SETGID_GROUP,
            key=self.key, chain=self.chain, realm=REALM,
            imported=" ".join(self.environment)))
        self._write_passwords(owner)

    def _write(self, name, text):
        path = self.base / "config" / name
        path.write_text(text)
        # Postfix waits until a file it reads has been left alone for a while.
        past = time.time() - 60
        os.utime(path, (past, past))

    def _write_passwords(self, owner):
        path = self.base / "config" / "sasl" / "db"
        subprocess.run(
            ["saslpasswd2", "-p", "-c", "-f", str(path), "-u", REALM, USER],
            input=PASSWORD.encode(), check=True, capture_output=True)
        os.chown(path, owner.pw_uid, 0)
        path.chmod(0o400)

    def _choose_ports(self):
        self._pick(self.listeners)
        lines = []
        for name, port in self.ports.items():
            lines.append(f"{self.address}:{port} inet n - n - - smtpd")
            settings = {"syslog_name": f"postfix/{name}",
                        **self.listeners[name]}
            lines += [f"  -o {{ {key} = {value} }}"
                      for key, value in settings.items()]
        text = self.master_text.format(base=self.base, delivery=DELIVERY)
        self._write("master.cf", "\n".join(lines) + "\n" + text)

    # Running it

    def _run(self):
        env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C",
               "LD_LIBRARY_PATH": f"{self.tree}/usr/lib/postfix",
               **self.environment}
        return [f"{self.tree}/usr/lib/postfix/sbin/master",
                "-d", "-c", str(self.base / "config")], env

    def _is_up(self):
        return "daemon started" in self.log

    # What it has delivered

    def _find(self, recipient):
        found = []
        for path in sorted((self.base / "mail").glob("*.envelope")):
            queue_id = path.name.split(".")[0]
            sender, *recipients = path.read_text().split("\n")[:-1]
            if recipient in recipients:
                found.append((path, queue_id, sender, recipients))
        return found

    def take(self, recipient, seconds=PATIENCE):
        """The one message to this recipient, which is forgotten then."""
        deadline = time.monotonic() + seconds
        while not (found := self._find(recipient)):
            if time.monotonic() > deadline:
                raise TimeoutError(f"no message to {recipient}:\n"
                                   f"{self.log[-2000:]}")
            time.sleep(0.01)
        if len(found) > 1:
            raise AssertionError(f"{len(found)} messages to {recipient}")
        path, queue_id, sender, recipients = found[0]
        content = path.with_suffix(".message")
        trace, message = _split_trace(content.read_bytes())
        content.unlink()
        path.unlink()
        return Stored(queue_id, sender, recipients, trace, message)
