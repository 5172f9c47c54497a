"""Run every caller once against the emulated provider, in a stage.

    seen = run(package)          name of caller -> Seen
"""

import base64
import json
import re
import shlex
import tempfile
import time
from pathlib import Path

from certs import Authority
from emulator.policy import Account, Fault, SesPolicy
from emulator.thread import EmulatorThread
from relay import PROVIDERS, SES_KEY, SES_SECRET

from callers import programs, replays
from callers.case import Seen
from callers.stage import Stage

HERE = Path(__file__).resolve().parent
DOMAIN = "example.com"
SENDER = f"alerts@{DOMAIN}"
# What is waited for comes; these are for what never does.
WAIT_SECONDS = 600          # for a daemon
CALL_SECONDS = 120          # for the others, after they ended
RECORDS = "/var/tmp/record"

# One address is approved, as in an account that is new: senders and authors
# that are others become it. The rest is as in the example for a system:
# everybody may read the account, the password is in a file of root for the
# group of those who send mail.
ACCOUNT = """\
provider ses
region {region}
host 127.0.0.1
port {port}
tls_host_override {host}
tls_trust_file /etc/postrider/ca.pem
tls_starttls off
from {sender}
allowed_from {sender}
user {key}
password_file /etc/postrider/password
qualify_domain {domain}
aliases /etc/aliases
syslog LOG_MAIL
"""
HOSTS = "127.0.0.1 localhost\n127.0.1.1 host.example.com host\n"
ALIASES = "root: admin@example.net\n"
SETUP = """
set -e
groupadd mailers
for name in alice user; do useradd -m -s /bin/sh -G mailers $name; done
usermod -a -G mailers www-data
chgrp mailers /etc/postrider/password
chmod 0640 /etc/postrider/password
mkdir -m 1777 /var/tmp/record
for link in /usr/sbin/sendmail /usr/lib/sendmail /usr/bin/mailq; do
    rm $link
    cp /var/tmp/recorder $link
done
"""


def policy():
    facts = PROVIDERS["ses"]
    refusal = Fault("rcpt", reply="550 5.1.1 no such mailbox",
                    match=b"refused-")
    return SesPolicy(region=facts["region"], verified={SENDER},
                     idle_seconds=300.0,
                     accounts=[Account(SES_KEY, secret=SES_SECRET)],
                     faults=[refusal])


class Campaign:
    def __init__(self, package, callers=None):
        self.package = package
        self.callers = callers or [*programs.CALLERS, *replays.CALLERS]
        self.seen = {}
        self._taken = set()

    def run(self):
        facts = PROVIDERS["ses"]
        with tempfile.TemporaryDirectory() as folder:
            authority = Authority(Path(folder))
            chain, key = authority.leaf("good", names=[facts["host"]])
            self.emulator = EmulatorThread(policy(), chain, key,
                                           mode="implicit")
            with self.emulator, Stage(self.package) as self.stage:
                self._furnish(authority, facts)
                self._run_all()
        return self.seen

    def _furnish(self, authority, facts):
        write = self.stage.write
        account = ACCOUNT.format(
            region=facts["region"], host=facts["host"], key=SES_KEY,
            port=self.emulator.port, sender=SENDER, domain=DOMAIN)
        self.own_account = re.sub("password_file .*",
                                  f"password {SES_SECRET}", account)
        write("/etc/postriderrc", account)
        write("/etc/postrider/password", SES_SECRET + "\n", 0o600)
        write("/etc/postrider/ca.pem", Path(authority.ca_file).read_text())
        write("/etc/aliases", ALIASES)
        write("/etc/hostname", "host\n")
        write("/etc/hosts", HOSTS)
        write("/var/tmp/recorder", (HERE / "recorder").read_bytes(), 0o755)
        done = self.stage.run(SETUP)
        assert (done.returncode, done.stderr) == (0, b""), done

    def _run_all(self):
        daemons = [one for one in self.callers if one.waits]
        # What cron does at its start it does once, however long it runs.
        for one in daemons:
            self._prepare(one)
        started = [(one, self._start(one)) for one in daemons]
        deadline = time.monotonic() + WAIT_SECONDS
        for one in self.callers:
            if not one.waits:
                self._run_one(one)
        for one, process in started:
            self._wait(one, deadline)
            process.kill()
            process.wait()
            self._keep(one, 0, b"", b"")

    def _prepare(self, caller):
        for name, text, mode, owner in caller.files:
            text = text.replace("{tag}", caller.tag)
            self.stage.write(
                name, text.replace("{account}", self.own_account), mode,
                owner)

    def _start(self, caller):
        return self.stage.start(caller.script.replace("{tag}", caller.tag),
                                caller.user)

    def _run_one(self, caller):
        self._prepare(caller)
        since = len(self.stage.log)
        stdin = (caller.stdin or b"").replace(b"{tag}", caller.tag.encode())
        script = caller.script or shlex.join(
            ["exec", "/usr/sbin/sendmail", *caller.argv])
        done = self.stage.run(script.replace("{tag}", caller.tag),
                              caller.user, stdin)
        # Some do not wait for their mail.
        self._wait(caller, time.monotonic() + CALL_SECONDS)
        self._keep(caller, done.returncode, done.stdout, done.stderr, since)

    def _wait(self, caller, deadline):
        """Until it has called as often as it should, and logged it."""
        while not self._is_done(caller) and time.monotonic() < deadline:
            time.sleep(0.02)

    def _is_done(self, caller):
        if len(self._records(caller)) < caller.calls:
            return False
        return caller.logged is None or any(
            caller.logged in line for line in list(self.stage.log))

    def _records(self, caller):
        """What the recorder left of this caller's calls, oldest first."""
        found = []
        for path in (self.stage.tree / RECORDS[1:]).glob("*.json"):
            if path.name not in self._taken:
                record = json.loads(path.read_text(encoding="utf-8"))
                if is_call_of(caller, record):
                    found.append((record["time"], path.name, record))
        return sorted(found, key=lambda one: one[:2])

    def _keep(self, caller, code, stdout, stderr, since=0):
        records = self._records(caller)
        self._taken |= {name for _, name, _ in records}
        self.emulator.settle()
        self.seen[caller.name] = Seen(
            code, stdout, stderr, [record for _, _, record in records],
            [one for one in self.emulator.messages if is_of(caller, one)],
            [one.reply for one in self.emulator.refused
             if is_of(caller, one)],
            self.stage.log[since:])


def has_tag(caller, text):
    """Longer tags begin as shorter ones do."""
    return re.search(re.escape(caller.tag) + r"(?![\w-])", text) is not None


def is_of(caller, message):
    return has_tag(caller, " ".join(message.rcpt_to)
                   + message.content.decode("latin-1"))


def is_call_of(caller, record):
    is_mailq = record["argv"][0].endswith("mailq")
    if caller.mailq or is_mailq:
        return caller.mailq and is_mailq
    return has_tag(caller, record["stdin"] + " ".join(record["argv"]))
