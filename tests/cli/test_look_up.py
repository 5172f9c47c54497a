"""The name of the server, and a resolver that never answers.

getaddrinfo() has no limit that we could set: it is called by a child.
"""

import os
import re
import shutil
import time

import pytest
import resolver

MESSAGE = b"Subject: x\n\nx\n"
NAME = "mail.example.org"
# Far below what the resolver would wait (150 seconds), far above the limit.
SOON = 60


@pytest.fixture(autouse=True)
def silent_resolver():
    resolver.require()


def processes(name):
    """How many of this name run."""
    found = 0
    for process in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{process}/cmdline", "rb") as stream:
                found += name in stream.read()
        except OSError:
            continue
    return found


def wait_until_gone(name):
    """Who is killed has not ended yet when its parent has."""
    end = time.monotonic() + SOON
    while processes(name):
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.parametrize("queue,code", [("off", 75), ("on_failure", 0),
                                        ("always", 0)])
def test_no_answer(program, queue, code):
    """The limit is that of connecting, 30 seconds or the timeout."""
    spool = program.home / "spool"
    conf = program.configure({"host": NAME, "timeout": "2", "queue": queue,
                              "spool": spool})
    start = time.monotonic()
    result = resolver.run(program, {}, [f"--file={conf}", "one@example.net"],
                          MESSAGE)
    assert time.monotonic() - start < SOON
    assert result.returncode == code, result.stderr
    log = program.log_file.read_text()
    assert f"look-up of {NAME}: no answer in time" in log
    assert "outcome=NOT-SENT" in log
    if queue == "off":
        assert f"look-up of {NAME}: no answer in time".encode() in (
            result.stderr)
    else:
        kept = [path for path in (spool / "new").rglob("*") if path.is_file()]
        assert len(kept) == 1
    wait_until_gone(str(conf).encode())


def test_the_proxy(program):
    conf = program.configure({"host": "127.0.0.1", "proxy_host": NAME,
                              "timeout": "1"})
    result = resolver.run(program, {}, [f"--file={conf}", "one@example.net"],
                          MESSAGE)
    assert result.returncode == 75
    assert f"proxy: look-up of {NAME}: no answer in time".encode() in (
        result.stderr)


def test_the_canonical_name(program):
    """%C is worth ten seconds: then it is the name as it stands."""
    conf = program.configure({"domain": "%C", "host": "127.0.0.1"})
    start = time.monotonic()
    result = resolver.run(program, {}, [f"--file={conf}", "-P"],
                          prefix=["env", "HOSTNAME=a.example.org"])
    assert time.monotonic() - start < SOON
    assert b"domain = a.example.org " in result.stdout


@pytest.mark.skipif(not shutil.which("timeout"), reason="no timeout(1)")
@pytest.mark.parametrize("signal", ["TERM", "INT", "KILL"])
def test_ended_meanwhile(program, signal):
    """The child does not outlive us, and holds no pipe of the caller's:
    run() waits for the end of all of them."""
    conf = program.configure({"host": NAME, "timeout": "off"})
    start = time.monotonic()
    result = resolver.run(
        program, {}, [f"--file={conf}", "one@example.net"], MESSAGE,
        prefix=["timeout", f"--signal={signal}", "1"])
    assert time.monotonic() - start < SOON
    # timeout(1) had to end it, and died of KILL itself.
    assert result.returncode == (256 - 9 if signal == "KILL" else 124)
    wait_until_gone(str(conf).encode())


def test_addresses_ask_nobody(program):
    conf = program.configure({"host": "127.0.0.1", "port": 1})
    start = time.monotonic()
    result = resolver.run(program, {}, [f"--file={conf}", "one@example.net"],
                          MESSAGE)
    assert result.returncode == 75
    assert re.search(rb"connect to 127\.0\.0\.1:1: ", result.stderr)
    assert time.monotonic() - start < SOON
