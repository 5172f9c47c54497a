"""Send one message through each provider's emulator and show what happened.

usage: quickstart.py BINARY

What a new user sees first: an account file of five lines, `sendmail -t -i`,
the exit code, the provider's message id, the message as it was delivered and
the line in the log.
"""

import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "lib")]

from certs import Authority  # noqa: E402
from emulator.policy import Account, OciPolicy, SesPolicy  # noqa: E402
from emulator.thread import EmulatorThread  # noqa: E402

OCI_USER = "ocid1.user.oc1..aaaa@ocid1.tenancy.oc1..bbbb.xx.com"
OCI_PASSWORD = "w4{x;#Q$(7!tB<e>&z.:"
SES_KEY = "AKIAIOSFODNN7EXAMPLE"
SES_SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"

MESSAGE = """\
To: operator
Subject: nightly backup

1284 files, 3.1 GB, no errors.
"""


@dataclass
class Show:
    """One provider: the account a user would write, and its other side."""

    title: str
    host: str
    account: list
    policy: object


def shows():
    yield Show(
        "Amazon SES, region eu-west-1, implicit TLS",
        "email-smtp.eu-west-1.amazonaws.com",
        ["provider ses", "region eu-west-1", "from backup@example.com",
         f"user {SES_KEY}", f"password {SES_SECRET}"],
        SesPolicy(region="eu-west-1", verified={"example.com"},
                  accounts=[Account(SES_KEY, secret=SES_SECRET)]))
    yield Show(
        "OCI Email Delivery, region eu-frankfurt-1, implicit TLS",
        "smtp.email.eu-frankfurt-1.oci.oraclecloud.com",
        ["provider oci", "region eu-frankfurt-1", "from backup@example.com",
         f"user {OCI_USER}", f"password {OCI_PASSWORD}"],
        OciPolicy(region="eu-frankfurt-1", verified={"backup@example.com"},
                  accounts=[Account(OCI_USER, password=OCI_PASSWORD)]))


def write_account(home, show, port, ca_file):
    """The five lines, after those that aim them at this machine."""
    here = ["# only here: the provider is an emulator on this machine",
            "defaults", "host 127.0.0.1", f"port {port}",
            f"tls_host_override {show.host}", f"tls_trust_file {ca_file}",
            f"logfile {home}/log", "account default",
            "# the account, as it would stand in /etc/postriderrc"]
    path = home / ".postriderrc"
    path.write_text("\n".join(here + show.account) + "\n")
    path.chmod(0o600)


def send(sendmail, home):
    env = {"HOME": str(home), "PATH": os.environ.get("PATH", "/usr/bin:/bin")}
    return subprocess.run([str(sendmail), "-t", "-i"], input=MESSAGE, text=True,
                          env=env, timeout=120, capture_output=True)


def present(show, done, emulator, home):
    print(f"\n=== {show.title}\n")
    print("account file:")
    for line in show.account:
        print("    " + line)
    print(f"\n$ sendmail -t -i < message\nexit code: {done.returncode}"
          f"{done.stderr and chr(10) + done.stderr}")
    for message in emulator.messages:
        print(f"provider's message id: {message.id or '(none is given)'}")
        print(f"envelope: from {message.mail_from}, to "
              f"{', '.join(message.rcpt_to)}; {message.tls_version}")
        print("delivered:")
        for line in message.content.decode().splitlines():
            print("    | " + line)
    log = home / "log"
    print("log:\n    " + (log.read_text().strip() if log.exists() else "-"))


def main():
    binary = Path(sys.argv[1]).resolve()
    good = True
    with tempfile.TemporaryDirectory(prefix="postrider-") as directory:
        top = Path(directory)
        sendmail = top / "sendmail"
        sendmail.symlink_to(binary)
        authority = Authority(str(top / "ca"))
        for number, show in enumerate(shows()):
            home = top / f"home{number}"
            home.mkdir()
            chain, key = authority.leaf("good", names=[show.host])
            with EmulatorThread(show.policy, chain, key,
                                mode="implicit") as emulator:
                write_account(home, show, emulator.port, authority.ca_file)
                done = send(sendmail, home)
                if done.returncode == 0:
                    emulator.wait_messages(1)
                present(show, done, emulator, home)
                good &= done.returncode == 0 and len(emulator.messages) == 1
    print("\nBoth messages were delivered." if good else "\nThis went wrong.")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
