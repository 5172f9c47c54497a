"""An account and the emulated provider it sends to, for one test.

    with Relay(program, authority, "ses", policy_field=value) as relay:
        result = relay.send(["-t"], b"To: a@example.net\\n\\n")
        relay.messages
"""

import contextlib

from emulator.policy import Account, OciPolicy, Policy, SesPolicy
from emulator.thread import EmulatorThread

SES_KEY = "AKIAIOSFODNN7EXAMPLE"
SES_SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
OCI_USER = "ocid1.user.oc1..aaaa@ocid1.tenancy.oc1..bbbb.xx.com"
# Every character that a less careful parser would take for its own.
OCI_PASSWORD = "a#b;c$d{e}f<g>h!i&j:k\"l'm\\n,(=~)"

SENDER = "sender@example.com"

PROVIDERS = {
    "ses": dict(
        policy=SesPolicy, region="eu-west-1",
        host="email-smtp.eu-west-1.amazonaws.com",
        user=SES_KEY, password=SES_SECRET,
        account=lambda: Account(SES_KEY, secret=SES_SECRET)),
    "oci": dict(
        policy=OciPolicy, region="eu-frankfurt-1",
        host="smtp.email.eu-frankfurt-1.oci.oraclecloud.com",
        user=OCI_USER, password=OCI_PASSWORD,
        account=lambda: Account(OCI_USER, password=OCI_PASSWORD)),
}


@contextlib.contextmanager
def password_relay(authority, password):
    """A relay inside TLS that knows the user u."""
    chain, key = authority.leaf("good", names=["127.0.0.1"])
    policy = Policy(accounts=[Account("u", password=password)],
                    require_auth=True)
    with EmulatorThread(policy, chain, key, mode="implicit") as emulator:
        yield emulator


class Relay:
    def __init__(self, program, authority, provider, settings=None,
                 mode="implicit", **policy):
        facts = PROVIDERS[provider]
        self.program = program
        policy.setdefault("region", facts["region"])
        policy.setdefault("idle_seconds", 300.0)
        policy.setdefault("verified", {SENDER, "example.com"})
        policy.setdefault("accounts", [facts["account"]()])
        chain, key = authority.leaf("good", names=[facts["host"]])
        self.emulator = EmulatorThread(facts["policy"](**policy), chain, key,
                                       mode=mode)
        self.lines = {
            "provider": provider,
            "region": facts["region"],
            "host": "127.0.0.1",
            "tls_host_override": facts["host"],
            "tls_trust_file": authority.ca_file,
            "tls_starttls": "on" if mode == "starttls" else "off",
            "from": SENDER,
            "user": facts["user"],
            "password": facts["password"],
            "logfile": program.log_file,
            "timeout": "60",
            "retry_for": "off",
            **(settings or {}),
        }

    def __enter__(self):
        self.emulator.start()
        self.lines.setdefault("port", self.emulator.port)
        self.conf = self.write(self.lines)
        return self

    def __exit__(self, *_):
        self.emulator.stop()

    def write(self, lines, name=".postriderrc"):
        """An account file with these lines; a value of None is left out."""
        path = self.program.home / name
        path.write_text("".join(f"{key} {value}\n"
                                for key, value in lines.items()
                                if value is not None))
        path.chmod(0o600)
        return path

    def send(self, args, stdin, **more):
        return self.program.run(args, stdin, **more)

    @property
    def messages(self):
        return self.emulator.messages

    @property
    def sessions(self):
        self.emulator.settle()
        return self.emulator.sessions
