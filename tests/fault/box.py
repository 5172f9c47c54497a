"""A program, a relay without TLS or login, and a spool between them.

What a point of failure does to a message has nothing to do with TLS, and
without it a run is four times as fast.
"""

import dataclasses
import socket
from collections import Counter

import inject
import spool
from emulator.policy import Policy
from emulator.thread import EmulatorThread

SENDER = "sender@example.com"
RUNS_MAX = 6
RCPTS = ("one@example.net", "two@example.net", "refused@example.net")

# It is bound and does not listen: the kernel gives its port to nobody else.
_taken = socket.socket()
_taken.bind(("127.0.0.1", 0))


def message(rcpts=RCPTS[:1], body="body\n"):
    return (f"To: {', '.join(rcpts)}\nSubject: s\n\n{body}").encode()


def closed_port():
    """A port of loopback at which nobody listens, now and later."""
    return _taken.getsockname()[1]


@dataclasses.dataclass
class Delivered:
    """What a relay took: how often each recipient got the message."""

    counts: Counter
    reports: int

    def of(self, rcpt):
        return self.counts[rcpt]


class Box:
    def __init__(self, program, **policy):
        self.program = program
        self.spool = spool.Spool(program.home / "spool")
        self.relay = EmulatorThread(Policy(**policy), mode="plain")
        self.conf = None

    def __enter__(self):
        self.relay.start()
        self.configure()
        return self

    def __exit__(self, *_):
        self.relay.stop()

    def configure(self, **settings):
        self.conf = self.program.configure({
            "queue": "always", "from": SENDER, "set_msgid_header": "auto",
            "spool": self.spool.path,
            **({} if "port" in settings else {"port": self.relay.port}),
            **settings})

    def configure_over(self, first, second, **settings):
        """The ports of an account, and of the one that takes over from it."""
        self.configure(port=first, failover="second", retry_for="off",
                       **settings)
        text = self.conf.read_text()
        own = "".join(
            line for line in text.splitlines(True)
            if not line.startswith(("account", "failover", "password")))
        self.conf.write_text("account second\n" + own.replace(
            f"port {first}\n", f"port {second}\n") + text)

    def command(self, *args):
        return [self.program.path, f"--file={self.conf}", *args]

    def send(self, text=None, *args):
        return self.program.run(self.command(*(args or ("-t",)))[1:],
                                message() if text is None else text)

    def run(self, *args):
        return self.program.run(self.command("-q", *args)[1:])

    def fill(self, count, rcpt="one@example.net"):
        """So many messages that are due, like one that was handed in.

        With a `{}` in the recipient it has the number of the message.
        """
        self.configure(port=closed_port())
        assert self.send().code == 0
        self.spool.make_due()
        path, = self.spool.files("new")
        data = path.read_bytes()
        path.unlink()
        for number in range(count):
            copy = path.with_name(spool.new_name(number))
            copy.write_bytes(spool.addressed(
                spool.renamed(data, copy.name), rcpt.format(number)))
            copy.chmod(0o600)

    # The same under strace.

    def surroundings(self, stdin):
        return dict(stdin=stdin, env=self.program.environment(),
                    cwd=self.program.home)

    def trace(self, args, stdin=b"", **how):
        return inject.trace(self.command(*args), **self.surroundings(stdin),
                            **how)

    def run_with(self, args, point, what, stdin=b"", **how):
        return inject.run_with(self.command(*args), point, what,
                               **self.surroundings(stdin), **how)

    def run_always(self, args, calls, stdin=b""):
        return inject.run_always(self.command(*args), calls,
                                 **self.surroundings(stdin))

    # What came of it.

    def mark(self):
        """From here on delivered() counts."""
        self.relay.settle()
        return len(self.relay.messages)

    def delivered(self, mark):
        self.relay.settle()
        counts = Counter()
        reports = 0
        for one in self.relay.messages[mark:]:
            if b"multipart/report" in one.content:
                reports += 1
            else:
                counts.update(one.rcpt_to)
        return Delivered(counts, reports)

    def run_to_the_end(self):
        """Runs of the queue until nothing waits; what they ended with.

        A run that finds another one at work ends at once, so one that a
        successful send has started is waited for.
        """
        codes = []
        while self.spool.files("new") and len(codes) < RUNS_MAX:
            self.spool.wait_for_runs()
            self.spool.make_due()
            codes.append(self.run().code)
        return codes
