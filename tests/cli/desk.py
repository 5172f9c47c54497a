"""Many messages through one server: the program under the name of sendmail.

    with Desk(binary, home, authority, "ses") as desk:
        desk.account(reply_to="help@example.com")
        result, messages = desk.send(["-t", "-i"], b"To: a@example.net\\n\\n")

One desk has one emulated server, which judges as the real one does; accounts
come and go.  `messages` are those of this call, the refused ones included.
"""

from emulator.policy import Policy
from emulator.thread import EmulatorThread

from relay import PROVIDERS, SENDER
from run import Program

DOMAIN = "example.com"

GENERIC = dict(policy=Policy, host="mail.example.com", account=None)

# kind of desk -> (personality, fields of its policy)
KINDS = {
    "generic": ("generic", {}),
    "seven": ("generic", {"eight_bit_mime": False}),
    "ses": ("ses", {}),
    "oci": ("oci", {"max_size": 60 * 1024 * 1024}),
}


class Desk:
    def __init__(self, binary, home, authority, kind):
        self.name, fields = KINDS[kind]
        self.eight_bit = fields.get("eight_bit_mime", True)
        self.facts = PROVIDERS.get(self.name, GENERIC)
        policy = dict(fields, verified={DOMAIN}, idle_seconds=300.0)
        mode = "plain"
        if self.name in PROVIDERS:
            policy.update(region=self.facts["region"],
                          accounts=[self.facts["account"]()])
            mode = "implicit"
        chain, key = authority.leaf("good", names=[self.facts["host"]])
        self.ca_file = authority.ca_file
        self.emulator = EmulatorThread(self.facts["policy"](**policy), chain,
                                       key, mode=mode)
        link = home / "sendmail"
        link.symlink_to(binary)
        self.program = Program(link, home)

    def __enter__(self):
        self.emulator.start()
        self.account()
        return self

    def __exit__(self, *_):
        self.emulator.stop()

    def lines(self):
        """The account as keyword and value."""
        lines = {"host": "127.0.0.1", "port": self.emulator.port,
                 "domain": "client.example.com", "from": SENDER,
                 "timeout": "60"}
        if self.name in PROVIDERS:
            lines.update(
                provider=self.name, region=self.facts["region"],
                tls_host_override=self.facts["host"],
                tls_trust_file=self.ca_file, tls_starttls="off",
                user=self.facts["user"], password=self.facts["password"])
        return lines

    def account(self, **settings):
        """Make this the account; a setting of None is left out."""
        lines = {**self.lines(), **settings}
        path = self.program.home / ".postriderrc"
        path.write_text("".join(f"{key} {value}\n"
                                for key, value in lines.items()
                                if value is not None))
        path.chmod(0o600)

    def send(self, args, stdin, **more):
        """One call: its result and the messages that reached the last dot."""
        store = self.emulator.emulator.store
        before = len(store.messages), len(store.refused)
        result = self.program.run(args, stdin, **more)
        return result, [*store.messages[before[0]:],
                        *store.refused[before[1]:]]

    def violations(self):
        """What the program did that a correct client never does."""
        self.emulator.settle()
        return [one for session in self.emulator.sessions
                for one in session.violations]
