"""Every row of flags_table.py, under the names it is for; and its page."""

import os
import re
import signal
import socket
import subprocess
from contextlib import ExitStack

import flags_page
import flags_table
import pytest
from emulator.policy import Policy
from emulator.thread import EmulatorThread
from run import ACCOUNT, PATIENCE, wait_until_read

# More than is kept in memory, so that there is a file that could be left.
LONG = 3 * 1024 * 1024


def calls():
    """(row, case, name, flag of `each`) as parameters."""
    for row in flags_table.ROWS:
        for i, case in enumerate(row.cases):
            for name in case.names:
                for j, flag in enumerate(case.each or [""]):
                    yield pytest.param(case, name, flag,
                                       id=f"{row.id}-{i}.{j}-{name}")


@pytest.fixture(scope="module")
def relays():
    """Two servers, by whether they offer DSN."""
    with ExitStack() as stack:
        yield {dsn: stack.enter_context(EmulatorThread(
            Policy(extra_ehlo=("DSN",) if dsn else ()), mode="plain"))
            for dsn in (False, True)}


class Caller:
    """Somebody with a home who calls the program by a name."""

    def __init__(self, program, tmp_path, relay, case, name):
        self.program, self.case = program, case
        self.home = program.home
        self.path = tmp_path / name
        self.path.symlink_to(program.path)
        self.temp = tmp_path / "temp"
        self.temp.mkdir()
        self.settings(relay)

    def settings(self, relay):
        lines = {"logfile": self.program.log_file, **ACCOUNT,
                 "port": relay.port}
        if self.case.aliases is not None:
            lines["aliases"] = self.home / "aliases"
            (self.home / "aliases").write_text(self.case.aliases)
        lines.update(self.case.settings)
        conf = self.home / ".postriderrc"
        conf.write_text("account default\n" + "".join(
            f"{key} {value}\n" for key, value in lines.items()
            if value is not None))
        conf.chmod(0o600)

    def fill(self, text):
        for key, value in {"{SP}": " ", "{EMPTY}": "",
                           "{home}": str(self.home),
                           "{host}": "root@" + socket.gethostname()}.items():
            text = text.replace(key, value)
        return text

    def words(self, flag):
        return [self.fill(word).encode()
                for word in f"{flag} {self.case.args}".split(" ") if word]

    def environment(self):
        return self.program.environment(
            {"TMPDIR": str(self.temp), **self.case.env})

    def run(self, flag):
        """(exit code, output, errors, octets read of standard input)"""
        with open(self.home / "stdin", "w+b") as stdin:
            stdin.write(self.case.stdin.encode())
            stdin.seek(0)
            done = subprocess.run(
                ["sh", "-c", f'exec "$0" "$@" {self.case.redirect}',
                 self.path, *self.words(flag)], stdin=stdin,
                capture_output=True, env=self.environment(), cwd=self.home,
                timeout=PATIENCE, check=False)
            # The offset is shared with the program.
            return (done.returncode, done.stdout, done.stderr,
                    os.lseek(stdin.fileno(), 0, os.SEEK_CUR))

    def interrupt(self, number):
        """The same with a signal in the middle of a long message."""
        text = self.case.stdin.encode() + b"text\n" * (LONG // 5)
        process = subprocess.Popen(
            [self.path, *self.words("")], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=self.environment(), cwd=self.home,
            preexec_fn=self.ignore)
        try:
            process.stdin.write(text[:LONG // 2])
            process.stdin.flush()
            wait_until_read(process.stdin)
            process.send_signal(number)
            if self.case.to is None:
                process.wait(PATIENCE)
                left = b""
            else:
                left = text[LONG // 2:]
            out, err = process.communicate(left, PATIENCE)
        finally:
            process.kill()
            process.wait()
        assert not list(self.temp.iterdir())
        return process.returncode, out, err, len(text)

    def ignore(self):
        if self.case.ignores:
            signal.signal(signum(self.case.ignores), signal.SIG_IGN)
        # Python ignores it; whoever calls the program does not.
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)


def signum(name):
    return getattr(signal, "SIG" + name)


def check_message(case, message):
    assert message.mail_from == case.sender
    assert message.rcpt_to == case.to
    assert message.mail_parameters == case.mail
    assert message.rcpt_parameters == [case.rcpt] * len(case.to)
    for name, values in case.header.items():
        assert message.header(name) == values, name
    if case.body is not None:
        assert message.body.decode() == case.body.replace("\n", "\r\n")


def check_output(caller, code, out, err):
    case = caller.case
    if case.signal and case.code:
        assert code == -signum(case.signal)
    else:
        assert code == case.code, err
    assert re.fullmatch(caller.fill(case.out), out.decode()), out
    expected = case.err
    if expected is None:
        expected = r"\A.+\n\Z" if case.code else ""
    if expected:
        assert re.search(expected, err.decode()), err
    else:
        assert err == b""


@pytest.mark.parametrize("case, name, flag", calls())
def test_flag(case, name, flag, program, tmp_path, relays):
    relay = relays[case.dsn]
    relay.settle()
    messages, sessions = len(relay.messages), len(relay.sessions)
    caller = Caller(program, tmp_path, relay, case, name)
    if case.signal:
        code, out, err, taken = caller.interrupt(signum(case.signal))
    else:
        code, out, err, taken = caller.run(flag)
    check_output(caller, code, out, err)
    if case.untouched:
        assert taken == 0
    if case.absent:
        assert not os.path.exists(caller.fill(case.absent))
    if case.to is None:
        assert len(relay.sessions) == sessions
        return
    relay.settle()
    message, = relay.messages[messages:]
    check_message(case, message)
    assert not case.signal or len(message.content) > taken
    assert relay.sessions[-1].violations == []


@pytest.mark.parametrize("row", flags_table.ROWS, ids=lambda row: row.id)
def test_row_is_shown(row):
    """By a case of its own or by tests that exist."""
    assert row.cases or row.also
    for reference in row.also:
        path, _, test = reference.partition("::")
        text = (flags_page.ROOT / path).read_text()
        heads = (f"\ndef {test}(", f"\nTEST({test})\n")
        assert not test or any(head in text for head in heads), reference


def test_rows_have_names_of_their_own():
    names = [row.id for row in flags_table.ROWS]
    assert len(names) == len(set(names))


def test_page_is_made_of_the_table():
    """Run tests/cli/flags_page.py after a change of flags_table.py."""
    assert flags_page.PAGE.read_text(encoding="ascii") == flags_page.page()


def test_every_letter_has_a_row():
    """Of sendmail's grammar, from the table of the program."""
    text = (flags_page.ROOT / "src/app/flags.c").read_text()
    letters = set(re.findall(r"(?:\{ |IGNORED\()'(\w)'", text)) - {"P", "S"}
    assert len(letters) > 30
    shown = " ".join(row.flag for row in flags_table.FLAGS)
    missing = {letter for letter in letters
               if not re.search(rf"[` ]-{letter}", shown)}
    assert not missing
