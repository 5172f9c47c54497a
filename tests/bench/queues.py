"""Queues full of small messages, and what empties them.

Each of_...() returns prepare(relay), which fills a queue in an empty directory
and gives (command, surroundings of subprocess.Popen) of what empties it; that
may go on when the last message has gone. What cannot be had here raises
Unavailable.
"""

import dataclasses
import os
import shutil
import subprocess
from pathlib import Path

import peers
from box import Box
from real.packages import Unavailable, unpacked
from run import Program

MSMTPQ = Path("/usr/libexec/msmtp/msmtpq/msmtpq")
SENDER, RCPT = "sender@example.com", "one@example.net"
TEXT = f"From: {SENDER}\nTo: {RCPT}\nSubject: s\n\nbody\n"


@dataclasses.dataclass
class Relay:
    """A port of this machine; with a trust file TLS from the start and AUTH
    are wanted there."""

    port: int
    trust: Path = None
    user: str = ""
    password: str = ""
    host: str = "127.0.0.1"


def _account(relay):
    """Settings that postrider and msmtp have in common."""
    if not relay.trust:
        return {"port": relay.port}
    return {"port": relay.port, "tls": "on", "tls_starttls": "off",
            "tls_trust_file": relay.trust, "auth": "plain",
            "user": relay.user, "password": relay.password}


def of_program(binary, directory, count, **settings):
    def prepare(relay):
        home = directory / f"home{len(settings)}"
        home.mkdir()
        made = Box(Program(binary, home))
        try:
            made.fill(count)
        except AssertionError:
            raise Unavailable("it keeps no mail") from None
        made.configure(**_account(relay), **settings)
        return made.command("-q"), dict(
            env=made.program.environment(), cwd=home)
    return prepare


def of_nullmailer(directory, count):
    def prepare(relay):
        package = unpacked("nullmailer").absolute()
        tree = directory / "nullmailer"
        (tree / "conf").mkdir(parents=True)
        secure = (f" --tls --x509cafile={relay.trust} --user={relay.user}"
                  f" --pass={relay.password}" if relay.trust else "")
        (tree / "conf/remotes").write_text(
            f"{relay.host} smtp --port={relay.port}{secure}\n")
        (tree / "conf/me").write_text("client.example.com\n")
        (tree / "mailname").write_text("client.example.com\n")
        (tree / "protocols").symlink_to(package / "usr/lib/nullmailer")
        for name in ("queue", "tmp", "failed"):
            (tree / "queue" / name).mkdir(parents=True)
        os.mkfifo(tree / "queue/trigger")
        for number in range(count):
            (tree / "queue/queue" / f"{number}").write_text(
                f"{SENDER}\n{RCPT}\n\n{TEXT}")
        return [str(package / "usr/sbin/nullmailer-send")], dict(
            env={"NULLMAILER_TEST_PREFIX": str(tree), "PATH": "/usr/bin:/bin"},
            cwd=directory)
    return prepare


def of_msmtpq(directory, count):
    def prepare(relay):
        if not MSMTPQ.exists() or not shutil.which("msmtp"):
            raise Unavailable("msmtp is not installed")
        home = directory / "msmtpq"
        queue = home / "queue"
        queue.mkdir(parents=True, mode=0o700)
        rc = home / ".msmtprc"
        rc.write_text("account default\n" + "".join(
            f"{key} {value}\n" for key, value in {
                "host": relay.host, "from": SENDER, **_account(relay),
            }.items()))
        rc.chmod(0o600)
        for number in range(count):
            (queue / f"{number:08}.mail").write_text(TEXT)
            (queue / f"{number:08}.msmtp").write_text(f"-- {RCPT}\n")
        return [str(MSMTPQ), "--q-mgmt", "-r"], dict(env={
            "HOME": str(home), "MSMTPQ_Q": str(queue),
            "MSMTPQ_LOG": str(home / "log"), "EMAIL_CONN_TEST": "x",
            "PATH": "/usr/bin:/bin"}, cwd=home)
    return prepare


def of_dma(desk, count):
    """It takes them one by one and is told to keep them."""
    def prepare(relay):
        kept = peers.call_dma(desk, "DEFER")
        filled = subprocess.run(
            desk.room.command(["sh", "-ec",
                               'for i in $(seq "$1"); do printf "%s" "$2" | '
                               '"$3" -f "$4" "$5"; done', "sh", str(count),
                               TEXT, kept.argv[0], SENDER, RCPT]),
            capture_output=True, check=False)
        if filled.returncode:
            raise Unavailable(f"dma keeps no mail: {filled.stderr}")
        peers.call_dma(desk)
        return desk.room.command([desk.program, "-q"]), dict(
            env={"PATH": "/usr/bin:/bin"}, cwd=desk.directory)
    return prepare
