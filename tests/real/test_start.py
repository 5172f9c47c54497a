"""The process itself: descriptors, privileges, secrets, waiting.

A slow or broken caller, a hostile one, and a server that says nothing.
"""

import base64
import contextlib
import os
import re
import resource
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import pytest
from emulator.policy import Account, Policy
from emulator.thread import EmulatorThread
from run import PATIENCE

from real import stall
from real.accounts import (assert_accepted, assert_refused, postfix_lines,
                           tls_lines)
from real.measure_run import is_instrumented
from real.postfix import MECHANISMS, PASSWORD, REALM, USER

MESSAGE = b"Subject: s\n\nbody\n"
TO = "someone@example.net"
HOST = "mail.example.com"
NOBODY = 65534
AS_NOBODY = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}",
             "--clear-groups"]
USER, CANARY = f"{USER}@{REALM}", PASSWORD

IS_ROOT = os.geteuid() == 0
needs_root = pytest.mark.skipif(
    not IS_ROOT, reason="only root can become another user")


def shell(program, redirection, args, stdin):
    """The program started by a shell with its descriptors redirected."""
    return subprocess.run(
        ["sh", "-c", f'exec "$@" {redirection}', "sh", program.path, *args],
        input=stdin, capture_output=True, env=program.environment(),
        cwd=program.home, timeout=PATIENCE, check=False)


@pytest.fixture
def plain():
    """An emulated server without TLS and password."""
    with EmulatorThread(Policy(), mode="plain") as emulator:
        yield emulator


# Descriptors


def test_closed_stdin(program, plain):
    conf = program.configure({"port": plain.port})
    done = shell(program, "<&-", [f"--file={conf}", TO], b"")
    assert done.returncode == 66
    assert b"standard input" in done.stderr
    assert not plain.sessions


def test_stdin_is_a_directory(program, plain):
    conf = program.configure({"port": plain.port})
    done = shell(program, "</", [f"--file={conf}", TO], b"")
    assert done.returncode == 66
    assert not plain.sessions


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
@pytest.mark.parametrize("flags", [[], ["-v"]])
def test_closed_output(program, plain, closed, flags):
    """No file of the program takes the place of a closed descriptor."""
    conf = program.configure({"port": plain.port})
    done = shell(program, closed, [f"--file={conf}", *flags, TO], MESSAGE)
    assert done.returncode == 0
    message, = plain.messages
    assert message.content.endswith(b"Subject: s\r\n\r\nbody\r\n")
    log = program.log_file.read_text()
    assert log.count("\n") == 1 and "outcome=ACCEPTED" in log


def test_everything_closed(program, plain):
    conf = program.configure({"port": plain.port})
    done = shell(program, "<&- >&- 2>&-", [f"--file={conf}", TO], b"")
    assert done.returncode == 66
    assert not plain.sessions


def test_output_nobody_reads(program, plain):
    """The reader of -v has gone: the message goes out all the same."""
    conf = program.configure({"port": plain.port})
    read_end, write_end = os.pipe()
    os.close(read_end)
    with open(write_end, "wb") as closed:
        done = subprocess.run(
            [program.path, "-v", f"--file={conf}", TO], input=MESSAGE,
            stdout=closed, stderr=closed, env=program.environment(),
            cwd=program.home, timeout=PATIENCE, check=False)
    assert done.returncode == 0
    assert len(plain.messages) == 1


def test_empty_message(program, plain):
    """Nothing on standard input is a message without a body."""
    conf = program.configure({"port": plain.port, "set_date_header": "auto",
                              "set_msgid_header": "auto"})
    assert_accepted(program.run([f"--file={conf}", TO], b""))
    message, = plain.messages
    header, separator, body = message.content.partition(b"\r\n\r\n")
    assert separator or message.content.endswith(b"\r\n")
    assert body == b""
    for name in (b"From: ", b"Date: ", b"Message-ID: "):
        assert header.count(name) == 1


# Waiting


@pytest.mark.parametrize("mode", ["plain", "starttls", "implicit"])
def test_silent_server(program, authority, mode):
    tls = {} if mode == "plain" else tls_lines(mode, authority.ca_file)
    with stall.Silent() as server:
        conf = program.configure({"port": server.port, "timeout": "1", **tls})
        result = program.run([f"--file={conf}", TO], MESSAGE)
        assert server.is_connected()
    assert_refused(result, 75, "NOT-SENT")
    assert result.seconds > 0.9
    assert b"body" not in server.received


def test_slow_input_keeps_the_network_idle(program, plain):
    """No connection before the end of standard input."""
    conf = program.configure({"port": plain.port})
    with stall.running([program.path, f"--file={conf}", TO], None,
                       env=program.environment(),
                       cwd=program.home) as process:
        for line in (b"Subject: s\n", b"\n", b"body\n"):
            process.stdin.write(line)
            process.stdin.flush()
            time.sleep(0.3)
            assert process.poll() is None
            assert not plain.sessions
        process.stdin.close()
        assert process.wait(PATIENCE) == 0
    message, = plain.messages
    assert message.content.endswith(b"\r\n\r\nbody\r\n")


# Privileges


@needs_root
@pytest.mark.parametrize("mode", [0o4755, 0o2755, 0o6755], ids=oct)
def test_elevated_copy_refuses(program, plain, tmp_path, mode):
    copy = tmp_path / "elevated"
    shutil.copy(program.path, copy)
    os.chown(copy, NOBODY, NOBODY)
    copy.chmod(mode)
    if os.statvfs(tmp_path).f_flag & os.ST_NOSUID:
        pytest.skip(f"{tmp_path} is on a file system without set-uid")
    conf = program.configure({"port": plain.port})
    program.path = str(copy)
    result = program.run([f"--file={conf}", TO], MESSAGE)
    # The sanitizers' search for leaks at exit fails in such a process.
    assert result.code == (1 if b"LeakSanitizer" in result.err else 78)
    assert b"set-uid" in result.err
    assert not result.log_bytes and not plain.sessions


@needs_root
def test_not_dumpable_and_no_core(program, open_place):
    """Another process of the same user cannot look into it."""
    place, copy = open_place, open_place / "program"
    shutil.copy(program.path, copy)
    with stall.Silent() as server:
        conf = program.configure({"port": server.port, "timeout": "600",
                                  "logfile": place / "log"})
        shutil.move(conf, place / "conf")
        os.chown(place / "conf", NOBODY, NOBODY)
        with stall.running(
                [*AS_NOBODY, str(copy), f"--file={place / 'conf'}", TO],
                MESSAGE, cwd=place, env=program.environment(),
                preexec_fn=allow_core) as process:
            assert server.is_connected(), process.stderr.read()
            status = open(f"/proc/{process.pid}/status").read()
            assert f"Uid:\t{NOBODY}\t" in status
            assert stall.owner_of_proc(process.pid) == 0
            limits = open(f"/proc/{process.pid}/limits").read()
            assert re.search(r"^Max core file size +0 +0 ", limits, re.M)
            os.kill(process.pid, signal.SIGQUIT)
            _, status = os.waitpid(process.pid, 0)
            process.returncode = -signal.SIGQUIT
            assert os.WIFSIGNALED(status) and not os.WCOREDUMP(status)
    assert not list(place.glob("*core*"))


def allow_core():
    """A core would be written if the program did not prevent it."""
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))


@pytest.fixture
def open_place():
    """A directory for everybody; pytest keeps its own ones closed."""
    with tempfile.TemporaryDirectory(prefix="postrider-") as place:
        os.chmod(place, 0o777)
        if IS_ROOT and subprocess.run([*AS_NOBODY, "test", "-w", place],
                                      check=False).returncode:
            pytest.skip(f"{place} is out of reach for an ordinary user")
        yield Path(place)


@contextlib.contextmanager
def before_auth(program, authority):
    """The process of a call that waits for the greeting."""
    with stall.Silent() as server:
        conf = program.configure({
            "port": server.port, **tls_lines("implicit", authority.ca_file),
            "auth": "plain", "user": USER, "password": CANARY})
        with stall.running([program.path, f"--file={conf}", TO], MESSAGE,
                           cwd=program.home,
                           env=program.environment()) as process:
            assert server.is_connected()
            yield process


def test_few_libraries(program, authority):
    """TLS and SASL, and what those need; nothing that only other modes use."""
    if is_instrumented(program.path):
        pytest.skip("sanitizers bring libraries of their own")
    with before_auth(program, authority) as process:
        try:
            mapped = stall.libraries(process.pid)
        except PermissionError:
            pytest.skip("only root may look at such a process")
    assert {"libgnutls", "libgsasl", "libc"} <= mapped
    assert "libresolv" not in mapped
    assert len(mapped) <= 14, sorted(mapped)


# The secret


def forms(secret):
    """The ways in which a secret may be written somewhere."""
    raw = secret.encode()
    plain_response = f"\0{USER}\0{secret}".encode()
    return [raw, base64.b64encode(raw).rstrip(b"="), raw.hex().encode(),
            base64.b64encode(plain_response).rstrip(b"=")]


def assert_clean(octets, where):
    for form in forms(CANARY):
        assert form not in octets, where


def secret_lines(program, source):
    """Settings with the canary, from one of its three sources."""
    kept = program.home / "secret"
    kept.write_text(CANARY + "\n")
    kept.chmod(0o600)
    return {"password": {"password": CANARY},
            "password_file": {"password_file": kept},
            "passwordeval": {"passwordeval": f"cat {kept}"}}[source]


@pytest.fixture
def locked(authority):
    """Start a server that wants the canary: locked(faults=..., ...)."""
    started = []

    def start(accepts=CANARY, **fields):
        policy = Policy(accounts=[Account(USER, password=accepts)],
                        require_auth=True, **fields)
        certificate = authority.leaf("good", names=[HOST])
        emulator = EmulatorThread(policy, *certificate, mode="implicit")
        started.append(emulator)
        return emulator.start()

    yield start
    for emulator in started:
        emulator.stop()


def locked_conf(program, emulator, authority, **more):
    return program.configure({
        "port": emulator.port, **tls_lines("implicit", authority.ca_file),
        "tls_host_override": HOST, "user": USER, "auth": "plain",
        "timeout": "600", **more})


SOURCE = pytest.mark.parametrize(
    "source", ["password", "password_file", "passwordeval"])


@SOURCE
@pytest.mark.parametrize("auth", ["plain", "login"])
@pytest.mark.parametrize("flags", [[], ["-v"], ["-P"], ["--pretend", "-v"]])
@pytest.mark.parametrize("accepts,code", [(CANARY, 0), ("another", 77)])
def test_nothing_left_tells_the_secret(program, locked, authority, source,
                                       auth, flags, accepts, code):
    emulator = locked(accepts)
    conf = locked_conf(program, emulator, authority, auth=auth,
                       **secret_lines(program, source))
    result = program.run([f"--file={conf}", *flags, TO], MESSAGE)
    is_pretended = bool({"-P", "--pretend"} & set(flags))
    assert result.code == (0 if is_pretended else code), result.err
    assert len(emulator.sessions) == (0 if is_pretended else 1)
    assert_clean(result.out, "standard output")
    assert_clean(result.err, "standard error")
    conf.unlink()
    (program.home / "secret").unlink()
    for path, octets in stall.files_below(program.home):
        assert_clean(octets, path)


@pytest.fixture
def searchable(program):
    """The program, unless a search of its memory would find other things."""
    if is_instrumented(program.path):
        pytest.skip("sanitizers keep what was freed and map terabytes")
    return program


def memory(process):
    try:
        return stall.memory(process.pid)
    except PermissionError:
        pytest.skip("the memory of a process cannot be read here")


def test_memory_can_be_searched(searchable, authority):
    """Before AUTH the secret is there: the next test looks where it lies."""
    with before_auth(searchable, authority) as process:
        assert any(CANARY.encode() in octets
                   for _, octets in memory(process))


@pytest.mark.parametrize("source,mechanism", [
    *(("password", name.lower()) for name in MECHANISMS.split()),
    ("password_file", "plain"), ("passwordeval", "plain")])
def test_process_forgets_the_secret(searchable, postfix, authority, source,
                                    mechanism):
    """After AUTH, while the server thinks about DATA."""
    program = searchable
    lines = postfix_lines(postfix, "slow", authority.ca_file, auth=mechanism)
    del lines["password"]
    conf = program.configure({**lines, **secret_lines(program, source)})

    def logged_in():
        return postfix.log.count(f"sasl_method={mechanism.upper()}, ")

    before = logged_in()
    with stall.running([program.path, f"--file={conf}", TO], MESSAGE,
                       cwd=program.home,
                       env=program.environment()) as process:
        stall.wait_for(lambda: logged_in() > before, "no AUTH")
        for name in ("cmdline", "environ"):
            with open(f"/proc/{process.pid}/{name}", "rb") as file:
                assert_clean(file.read(), name)
        for where, octets in memory(process):
            assert_clean(octets, where)
        assert process.poll() is None
