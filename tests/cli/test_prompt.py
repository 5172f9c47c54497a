"""A password that is set nowhere, asked for at the terminal."""

import os
import shutil
import signal

import pytest
from emulator.policy import Account, Policy
from emulator.thread import EmulatorThread
from run import Program
from terminal import Terminal

NAME = "mail.example.com"
USER, PASSWORD = "tester", "typed-7Hq2 with blanks"
MESSAGE = b"Subject: x\n\nx\n"
PROMPT = f"Password for {USER} at 127.0.0.1: ".encode()
TO = "someone@example.net"


@pytest.fixture
def server(authority):
    policy = Policy(tls="both", require_auth=True,
                    accounts=[Account(USER, password=PASSWORD)])
    with EmulatorThread(policy, *authority.leaf("good", names=[NAME]),
                        mode="implicit") as emulator:
        yield emulator


def configure(program, authority, port, **more):
    return program.configure({
        "port": port, "tls": "on", "tls_starttls": "off",
        "tls_trust_file": authority.ca_file, "tls_host_override": NAME,
        "auth": "on", "user": USER, "keyring": "off", **more})


def link(program, tmp_path, name):
    """The program under another name."""
    path = tmp_path / name
    path.symlink_to(program.path)
    return Program(path, program.home)


def assert_silent(result, run):
    """Nobody but the server learns what was typed."""
    assert PASSWORD.encode() not in (result.out + result.err + run.seen +
                                     result.log_bytes)


@pytest.mark.parametrize("name", ["postrider", "msmtp"])
@pytest.mark.parametrize("keyring", ["off", "on"])
def test_typed(program, authority, server, tmp_path, name, keyring):
    caller = link(program, tmp_path, name)
    conf = configure(program, authority, server.port, keyring=keyring)
    with Terminal(caller, [f"--file={conf}", TO], MESSAGE) as run:
        run.expect(PROMPT)
        assert not run.echo
        # Nothing is dialled while a person thinks.
        assert server.sessions == []
        run.type(PASSWORD.encode() + b"\n")
        result = run.end()
        assert run.echo
    assert (result.code, result.out, result.err) == (0, b"", b"")
    assert_silent(result, run)
    server.settle()
    assert server.sessions[0].user == USER and len(server.messages) == 1


@pytest.mark.parametrize("keys,code,words", [
    (b"wrong\n", 77, b"535"),
    (b"\n", 66, b"no password was given"),
    (b"\x04", 66, b"no password was given"),
])
def test_typed_in_vain(program, authority, server, keys, code, words):
    conf = configure(program, authority, server.port)
    with Terminal(program, [f"--file={conf}", TO], MESSAGE) as run:
        run.expect(PROMPT)
        run.type(keys)
        result = run.end()
        assert run.echo
    assert result.code == code and words in result.err, result.err
    assert not server.messages


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM,
                                    signal.SIGHUP, signal.SIGQUIT])
def test_ended_by_a_signal(program, authority, server, number):
    """The echo is there again, and nobody was dialled."""
    conf = configure(program, authority, server.port)
    with Terminal(program, [f"--file={conf}", TO], MESSAGE) as run:
        run.expect(PROMPT)
        os.kill(run.process.pid, number)
        result = run.end()
        assert run.echo
    assert result.code == -number
    assert server.sessions == []


def assert_not_asked(result):
    assert result.code == 78
    assert b"none of password, password_file and passwordeval" in result.err


@pytest.mark.parametrize("keyring", ["off", "on"])
def test_no_terminal(program, authority, server, keyring):
    conf = configure(program, authority, server.port, keyring=keyring)
    assert_not_asked(program.run([f"--file={conf}", TO], MESSAGE))
    assert server.sessions == []


def test_sendmail_does_not_ask(program, authority, server, tmp_path):
    """Its callers are programs, whatever terminal they have."""
    caller = link(program, tmp_path, "sendmail")
    conf = configure(program, authority, server.port)
    folder = program.home / ".config" / "postrider"
    folder.mkdir(parents=True)
    shutil.copy(conf, folder / "config")
    with Terminal(caller, [TO], MESSAGE) as run:
        result = run.end()
    assert_not_asked(result)
    assert run.seen == b"" and server.sessions == []


def test_not_in_the_background(program, authority, server, tmp_path):
    """Who has not got the terminal would be stopped for touching it."""
    conf = configure(program, authority, server.port)
    script = tmp_path / "background"
    script.write_text("#!/bin/sh\nset -m\n\"$@\" </dev/null & wait $!\n")
    script.chmod(0o755)
    with Terminal(program, [f"--file={conf}", TO],
                  prefix=[str(script)]) as run:
        result = run.end()
    assert_not_asked(result)
    assert run.seen == b""


@pytest.mark.parametrize("line", [
    "password {}", "passwordeval echo '{}'", "password_file {}"])
def test_not_asked_when_it_is_set(program, authority, server, tmp_path, line):
    keyword, _, value = line.partition(" ")
    if keyword == "password_file":
        path = tmp_path / "secret"
        path.write_text(PASSWORD + "\n")
        path.chmod(0o600)
        value = str(path)
    conf = configure(program, authority, server.port,
                     **{keyword: value.format(PASSWORD)})
    with Terminal(program, [f"--file={conf}", TO], MESSAGE) as run:
        result = run.end()
    assert (result.code, result.err, run.seen) == (0, b"", b"")


def test_netrc_goes_first(program, authority, server):
    netrc = program.home / ".netrc"
    netrc.write_text(f"machine 127.0.0.1 login {USER} "
                     f"password \"{PASSWORD}\"\n")
    netrc.chmod(0o600)
    conf = configure(program, authority, server.port)
    with Terminal(program, [f"--file={conf}", TO], MESSAGE) as run:
        result = run.end()
    assert (result.code, result.err, run.seen) == (0, b"", b"")


def test_a_command_that_fails_is_not_replaced(program, authority, server):
    conf = configure(program, authority, server.port, passwordeval="false")
    with Terminal(program, [f"--file={conf}", TO], MESSAGE) as run:
        result = run.end()
    assert result.code == 78 and run.seen == b""
