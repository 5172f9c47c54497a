#!/usr/bin/python3
"""What one message costs: instructions, shared libraries, system calls.

    tests/bench/instructions.py [--program PATH] [--other PATH] [--runs N]
                                [--bundle]

One message of 2 KB goes over TLS from the first byte, with one certificate
in the trust file (with --bundle in the middle of the system's) and AUTH PLAIN, to a Postfix of its own on this machine (to
the emulator where Postfix cannot run). The program and the other one, msmtp
unless told otherwise, take turns with the same account file; for both and for
their ratio the medians are printed. Instructions are callgrind's and include
loading the program; system calls are counted by strace with all children.
"""

import argparse
import contextlib
import dataclasses
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
for folder in (TESTS, TESTS / "lib", TESTS / "emulator"):
    sys.path.insert(0, str(folder))

# These need the path set above.
from certs import Authority                              # noqa: E402
from emulator.policy import Account, Policy              # noqa: E402
from emulator.thread import EmulatorThread               # noqa: E402
from real import messages, postfix, stores               # noqa: E402
from real.packages import Unavailable                    # noqa: E402

TOOLS = ("valgrind", "strace")
SECONDS = 120       # for one run under a tool


@dataclasses.dataclass
class Cost:
    instructions: int
    libraries: int
    system_calls: int


class Failed(Exception):
    """A program did not deliver, so that its figures mean nothing."""


@contextlib.contextmanager
def relay(certificate):
    """(what it is, port) of a server on loopback that wants TLS and AUTH."""
    try:
        server = postfix.Postfix(
            certificate, {"smtps": postfix.LISTENERS["smtps"]})
    except Unavailable as reason:
        policy = Policy(require_auth=True, accounts=[Account(
            postfix.Postfix.user, password=postfix.PASSWORD)])
        with EmulatorThread(policy, *certificate,
                            mode="implicit") as emulator:
            yield f"the emulator ({reason})", emulator.port
    else:
        with server:
            yield "Postfix", server.ports["smtps"]


def write_account(directory, port, ca_file):
    """An account file that both programs read."""
    path = directory / "account"
    lines = {"host": "127.0.0.1", "port": port, "from": "sender@example.com",
             "tls": "on", "tls_starttls": "off", "tls_trust_file": ca_file,
             "auth": "plain", "user": postfix.Postfix.user,
             "password": postfix.PASSWORD}
    path.write_text("account default\n" + "".join(
        f"{key} {value}\n" for key, value in lines.items()))
    path.chmod(0o600)
    return path


def write_bundle(directory, ca_file):
    """The certificate among those of the system."""
    bundle = stores.surround(Path(ca_file).read_bytes())
    if not bundle:
        raise Failed(f"there is no {stores.BUNDLE}")
    path = directory / "bundle.pem"
    path.write_bytes(bundle)
    return path


class Bench:
    """Runs one command under the tools; `directory` takes their output."""

    def __init__(self, program, account, directory):
        self.command = [str(program), f"--file={account}",
                        "someone@example.net"]
        self.directory = Path(directory)

    def _run(self, tool):
        done = subprocess.run(
            [*tool, *self.command], input=messages.of_size(2048),
            capture_output=True, timeout=SECONDS, check=False,
            cwd=self.directory,
            env={"HOME": str(self.directory), "PATH": "/usr/bin:/bin",
                 "LC_ALL": "C"})
        if done.returncode:
            raise Failed(f"{' '.join(self.command)}: exit {done.returncode}: "
                         f"{done.stderr.decode(errors='replace')[-500:]}")
        return done.stderr.decode(errors="replace")

    def instructions(self):
        said = self._run(["valgrind", "--tool=callgrind",
                          "--callgrind-out-file=/dev/null"])
        return int(re.search(r"Collected : (\d+)", said)[1])

    def calls(self):
        """(shared libraries opened, system calls), by strace."""
        trace = self.directory / "trace"
        self._run(["strace", "-f", "-o", str(trace)])
        lines = trace.read_text(errors="replace").splitlines()
        # A call that another process interrupts is written in two lines.
        calls = [line for line in lines
                 if re.match(r"\d+ +\w+\(", line)]
        libraries = {found[1] for line in lines if (found := re.search(
            r'openat\(.*"([^"]+\.so[.\d]*)".* = \d+$', line))}
        return len(libraries), len(calls)

    def cost(self):
        return Cost(self.instructions(), *self.calls())


def median(costs):
    return Cost(*(int(statistics.median(values)) for values in zip(
        *map(dataclasses.astuple, costs))))


def compare(program, other, runs=1, bundle=False):
    """(name of the server, median Cost of each program), run in turn."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        directory = Path(name)
        authority = Authority(directory / "authority")
        certificate = authority.leaf("good", names=["127.0.0.1"])
        with relay(certificate) as (server, port):
            ca_file = (write_bundle(directory, authority.ca_file) if bundle
                       else authority.ca_file)
            account = write_account(directory, port, ca_file)
            benches = [Bench(one, account, directory)
                       for one in (program, other)]
            costs = [[bench.cost() for bench in benches]
                     for _ in range(runs)]
    return server, [median(column) for column in zip(*costs)]


def trust_costs(program):
    """Instructions with one certificate, and with the system's around it."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        directory = Path(name)
        authority = Authority(directory / "authority")
        files = (authority.ca_file,
                 write_bundle(directory, authority.ca_file))
        with relay(authority.leaf("good", names=["127.0.0.1"])) as (_, port):
            return [Bench(program, write_account(directory, port, one),
                          directory).instructions() for one in files]


def missing(other):
    """The first thing this needs and the machine lacks, or None."""
    return next((one for one in (*TOOLS, str(other))
                 if not shutil.which(one)), None)


def table(server, names, costs):
    """The figures as text."""
    lines = [f"one message of 2 KB over TLS to {server}",
             f"{'':14}{names[0]:>14}{names[1]:>14}{'ratio':>8}"]
    for field in dataclasses.fields(Cost):
        one, two = (getattr(cost, field.name) for cost in costs)
        title = field.name.replace("_", " ")
        lines.append(f"{title:14}{one:14,}{two:14,}{two / one:8.2f}")
    return "\n".join(lines)


def main(arguments=None):
    parser = argparse.ArgumentParser(
        description="Compare what one message costs.")
    parser.add_argument("--program", type=Path, default=os.environ.get(
        "POSTRIDER", TESTS.parent / "build/src/app/postrider"))
    parser.add_argument("--other", default="msmtp")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--bundle", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    lacking = missing(options.other)
    if lacking:
        print(f"instructions: {lacking} is not installed", file=sys.stderr)
        return 69
    other = shutil.which(options.other)
    program = Path(options.program).absolute()
    server, costs = compare(program, other, options.runs, options.bundle)
    names = [program.name, Path(other).name]
    if options.json:
        print(json.dumps({"server": server, **{
            name: dataclasses.asdict(cost)
            for name, cost in zip(names, costs)}}))
    else:
        print(table(server, names, costs))
    return 0


if __name__ == "__main__":
    sys.exit(main())
