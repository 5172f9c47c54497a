"""Debian's msmtp and postrider called as msmtp, on the same runs.

msmtp is the one of the system, else its package unpacked beside it.
"""

import shutil
from pathlib import Path

import msmtp_compare
import pytest
from emulator.policy import Policy
from emulator.thread import EmulatorThread
from msmtp_cases import CASES, FROM, Case
from real.packages import Unavailable, unpacked
from run import Program

NAMES = ["127.0.0.1", "localhost"]


@pytest.fixture(scope="session")
def msmtp():
    """The path of msmtp."""
    found = shutil.which("msmtp", path="/usr/bin:/bin")
    if found:
        return found
    try:
        return str(unpacked("msmtp") / "usr/bin/msmtp")
    except Unavailable as reason:
        pytest.skip(f"no msmtp: {reason}")


def fill(text, values):
    for name, value in values.items():
        text = text.replace("{" + name + "}", str(value))
    return text


def write(path, text):
    path.write_bytes(text.encode())
    path.chmod(0o600)


def account(case):
    if case.file:
        return case.file
    lines = [("host", "127.0.0.1"), ("port", "{port}"), ("from", FROM),
             ("logfile", "{home}/log"), *case.lines]
    return "account default\n" + "".join(f"{k} {v}\n" for k, v in lines)


def only_theirs(text):
    """Without the keywords that msmtp does not know."""
    own = ("set_mime_headers", "qualify_domain", "header_once",
           "partial_delivery", "from_full_name")
    return "".join(line for line in text.splitlines(keepends=True)
                   if not line.startswith(own))


def run(case, path, home, chain, key, ca, simplify=str):
    home.mkdir()
    policy = Policy(**case.policy)
    for fault in policy.faults:
        fault.times = None
    with EmulatorThread(policy, chain, key, mode=case.mode) as emulator:
        values = {"port": emulator.port, "home": home, "ca": ca}
        rc = home / (case.place or "rc")
        rc.parent.mkdir(parents=True, exist_ok=True)
        write(rc, simplify(fill(account(case), values)))
        for name, text in case.files.items():
            write(home / name, fill(text, values))
        program = Program(path, home)
        args = [fill(arg, values) for arg in case.args]
        if not case.place and "-C" not in args:
            args = [f"--file={rc}", *args]
        result = program.run(args, case.stdin.encode(), env={
            name: fill(value, values) for name, value in case.env.items()})
        assert not result.timed_out
        emulator.settle()
        return msmtp_compare.seen(result, emulator, home)


@pytest.fixture
def both(msmtp, binary, tmp_path, authority):
    chain, key = authority.leaf("good", names=NAMES)
    link = tmp_path / "msmtp"
    link.symlink_to(binary)

    def run_both(case):
        more = (chain, key, authority.ca_file)
        return (run(case, msmtp, tmp_path / "theirs", *more, only_theirs),
                run(case, str(link), tmp_path / "ours", *more))
    return run_both


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_same(both, case):
    theirs, ours = both(case)
    said = msmtp_compare.verdict(case, theirs, ours)
    assert not said, "\n" + "\n".join(said)


def test_every_difference_is_shown():
    named = {name for case in CASES for name in case.differs}
    assert named == {*msmtp_compare.DIFFERENCES, *msmtp_compare.OPPOSITES}


def test_the_comparison_can_fail():
    """A difference that nobody named, and one that is none."""
    def run_with(header):
        return msmtp_compare.Seen(["QUIT"], header, b"", {},
                                  (0, False, False), [])
    none = Case("x", [])
    named = Case("y", [], differs=["header:label"])
    one, other = run_with(["X: y"]), run_with(["X: z"])
    label = run_with(["X: y", "MIME-Version: 1.0"])
    assert not msmtp_compare.verdict(none, one, one)
    assert msmtp_compare.verdict(none, one, other)
    assert msmtp_compare.verdict(none, one, label)
    assert msmtp_compare.verdict(named, one, one)
    assert not msmtp_compare.verdict(named, one, label)
    assert msmtp_compare.verdict(named, other, label)


def test_the_page_lists_every_difference():
    page = (Path(__file__).resolve().parents[3] / "doc" /
            "postrider-msmtp.7.in").read_text(encoding="ascii")
    lines = " ".join(page.split())
    for setting in ("partial_delivery off", "set_mime_headers off",
                    "header_once off", "from_full_name", "qualify_domain"):
        assert setting in lines
