"""The programs that are compared: one row each.

A row says where the program is, what it is called with and what it reads. It
is called with a Desk, which names the server and has a directory for what the
program wants to read; what it wants to read in /etc goes to the room.
"""

import dataclasses
import shutil
import subprocess
from pathlib import Path
from typing import Callable
from urllib.parse import quote

from real import packages
from real.packages import Unavailable
from room import Room

SENDER, RCPT = "sender@example.com", "someone@example.net"
CLIENT = "client.example.com"
HOST = "mail.example.com"       # a name of the server
LOOPBACK = "127.0.0.1"
BARE, BARE_MAX = "bare client", 60 * 1024


@dataclasses.dataclass
class Desk:
    """One server, one way to TLS and one trust file, for one peer."""

    program: str
    directory: Path         # of this peer, for its files
    room: Room
    server: object          # a servers.Server
    mode: str               # implicit, starttls
    trust: Path             # file with certificates

    @property
    def port(self):
        return self.server.ports[self.mode]

    @property
    def is_implicit(self):
        return self.mode == "implicit"

    def write(self, name, text):
        path = self.directory / name
        path.write_text(text)
        path.chmod(0o600)
        return path


@dataclasses.dataclass
class Call:
    """A command; `stdin` is a file instead of the message, which is then the
    descriptor 3."""

    argv: list
    stdin: Path = None
    env: dict = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class Peer:
    name: str
    path: str               # in the package, or of an installed program
    call: Callable          # Desk -> Call
    package: str = ""       # unpacked beside the system; empty: installed
    form: str = "lf"        # of the message, see letters.FORMS
    note: str = ""          # what makes it differ from the others
    largest: int = None     # octets that it takes

    def program(self, directory):
        """Its path; raises Unavailable. What has to be made goes to the
        directory."""
        if self.path.endswith(".c"):
            return _compiled(Path(__file__).with_name(self.path), directory)
        if self.package:
            return packages.program(self.package, self.path)
        found = shutil.which(self.path)
        if not found:
            raise Unavailable(f"{self.path} is not installed")
        return found

    def version(self, program):
        """Of its Debian package, of ours itself; empty when it has none."""
        if not self.path:
            said = subprocess.run([program, "--version"], text=True,
                                  capture_output=True, check=False).stdout
            return said.partition("\n")[0].rpartition(" ")[2]
        return packages.version(self.package or self.name)


def _compiled(source, directory):
    if not source.exists():
        raise Unavailable(f"there is no {source.name}")
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "gnutls"],
                           capture_output=True, text=True, check=False)
    program = directory / source.stem
    done = subprocess.run(
        ["cc", "-O2", "-D_GNU_SOURCE", "-o", str(program), str(source),
         *flags.stdout.split()], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Unavailable(f"it cannot be compiled: {done.stderr[-200:]}")
    return str(program)


def _account(desk):
    """The file of postrider, which msmtp reads, too."""
    lines = {"host": desk.server.address, "port": desk.port, "from": SENDER,
             "tls": "on",
             "tls_starttls": "off" if desk.is_implicit else "on",
             "tls_trust_file": desk.trust, "auth": "plain",
             "user": desk.server.user, "password": desk.server.password}
    return desk.write("account", "account default\n" + "".join(
        f"{key} {value}\n" for key, value in lines.items()))


def call_postrider(desk):
    return Call([desk.program, f"--file={_account(desk)}", RCPT])


def call_curl(desk):
    scheme = "smtps" if desk.is_implicit else "smtp"
    return Call([
        desk.program, "-q", "-sS", "--ssl-reqd", "--cacert", str(desk.trust),
        "--url", f"{scheme}://{desk.server.address}:{desk.port}/{CLIENT}",
        "--mail-from", SENDER, "--mail-rcpt", RCPT, "--crlf",
        "--login-options", "AUTH=PLAIN",
        "--user", f"{desk.server.user}:{desk.server.password}", "-T", "-"])


def call_nullmailer(desk):
    options = desk.write("options", "\n".join([
        f"host={desk.server.address}", f"port={desk.port}",
        f"user={desk.server.user}", f"pass={desk.server.password}",
        f"x509cafile={desk.trust}",
        "tls" if desk.is_implicit else "starttls", "", ""]))
    return Call([desk.program], stdin=options, env={"HELOHOST": CLIENT})


def call_dma(desk, *settings):
    write = desk.room.write
    write("/etc/dma/dma.conf", "\n".join([
        f"SMARTHOST {desk.server.address}", f"PORT {desk.port}",
        "AUTHPATH /etc/dma/auth.conf", "SECURETRANSFER",
        *([] if desk.is_implicit else ["STARTTLS"]),
        f"MAILNAME {CLIENT}", *settings, ""]))
    write("/etc/dma/auth.conf", f"{desk.server.user}|{desk.server.address}:"
                                f"{desk.server.password}\n")
    desk.room.make_directory("/var/spool/dma", 0o2777)
    return Call([desk.program, "-D", "-f", SENDER, RCPT])


def call_ssmtp(desk):
    conf = desk.write("ssmtp.conf", "\n".join([
        f"mailhub={desk.server.address}:{desk.port}", f"hostname={CLIENT}",
        "FromLineOverride=YES", "UseTLS=YES",
        f"UseSTARTTLS={'NO' if desk.is_implicit else 'YES'}",
        "AuthMethod=LOGIN", f"AuthUser={desk.server.user}",
        f"AuthPass={desk.server.password}", ""]))
    return Call([desk.program, f"-C{conf}", f"-f{SENDER}", RCPT])


def call_opensmtpd(desk):
    # The place of its trust is compiled in.
    desk.room.write("/usr/lib/ssl/cert.pem", desk.trust.read_text())
    scheme = "smtps" if desk.is_implicit else "smtp+tls"
    return Call([
        desk.program, "-F", SENDER, "-H", CLIENT, "-s",
        f"{scheme}://{desk.server.user}:{desk.server.password}"
        f"@{desk.server.address}:{desk.port}", RCPT])


def call_s_nail(desk):
    # It looks for names in certificates, and not for addresses.
    desk.room.write("/etc/hosts", f"{desk.server.address} {HOST}\n")
    scheme = "smtps" if desk.is_implicit else "smtp"
    user = quote(desk.server.user, safe="")
    password = quote(desk.server.password, safe="")
    settings = {
        "mta": f"{scheme}://{user}:{password}@{HOST}:{desk.port}",
        "smtp-auth": "plain", "tls-ca-file": desk.trust,
        "tls-verify": "strict", "from": SENDER, "hostname": CLIENT,
        "sendwait": None, "v15-compat": None,
        "tls-ca-no-defaults": None}
    if not desk.is_implicit:
        settings["smtp-use-starttls"] = None
    given = [f"-S{key}" if value is None else f"-S{key}={value}"
             for key, value in settings.items()]
    return Call([desk.program, "-:/", *given, "-s", "a message", RCPT],
                env={"DEAD": "/dev/null"})


def call_bare(desk):
    if desk.server.address != LOOPBACK or not desk.is_implicit:
        raise Unavailable("only on loopback, with TLS from the start")
    return Call([desk.program, str(desk.port), str(desk.trust),
                 desk.server.user, desk.server.password])


PEERS = [
    Peer("postrider", "", call_postrider),
    Peer("msmtp", "msmtp", call_postrider),
    Peer("nullmailer", "usr/lib/nullmailer/smtp", call_nullmailer,
         "nullmailer", "envelope", note="its smtp helper"),
    Peer("dma", "usr/sbin/dma", call_dma, "dma",
         note="verifies no certificate"),
    Peer("ssmtp", "usr/sbin/ssmtp", call_ssmtp, "ssmtp",
         note="verifies no certificate, sleeps a second before the end"),
    Peer("opensmtpd", "usr/bin/smtp", call_opensmtpd, "opensmtpd",
         note="its client, smtp(1)"),
    Peer("s-nail", "usr/bin/s-nail", call_s_nail, "s-nail",
         note="wants a name in the certificate, which the hosts file has"),
    Peer("curl", "curl", call_curl),
    Peer(BARE, "bare_client.c", call_bare, form="crlf",
         note="the least that a program with GnuTLS can do",
         largest=BARE_MAX),
]
