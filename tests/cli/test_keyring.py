"""The keyring of a session as a source of passwords.

Against gnome-keyring on a bus of its own, and against stand-ins for
postrider-keyring where it is about what postrider makes of its answers.
"""

import os
import pty
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import keyring as session
from real.processes import in_session
from real.stall import Silent, libraries, running
from relay import OCI_PASSWORD, OCI_USER, SES_KEY, SES_SECRET, Relay
from run import PATIENCE

HOST = "127.0.0.1"              # of the relay, so the entry's as well
TO = "someone@example.net"
MESSAGE = b"Subject: s\n\nbody\n"
NOT_SET = ("auth is on, but none of password, password_file and passwordeval "
           "is set, no netrc file has it, and ")
BROKEN = "the keyring cannot be used: postrider-keyring ended"


@pytest.fixture(scope="module")
def helper(binary):
    """postrider-keyring of the build under test."""
    path = binary.resolve().parents[1] / "keyring/postrider-keyring"
    if not path.exists():
        pytest.skip("this build has no keyring (libsecret was not there)")
    return path


@pytest.fixture
def keyring(helper):
    if words := session.missing():
        pytest.skip(words)
    with session.Keyring() as one:
        yield one


@pytest.fixture
def bus(helper):
    if words := session.missing():
        pytest.skip(words)
    with session.Bus() as one:
        yield one


def account(program, **lines):
    """An account without a server; nothing in it is a password."""
    return program.configure({
        "host": "mail.example.com", "auth": "on", "user": "user@example.com",
        "tls": "on", **lines}, name=".postriderrc")


def one_line(result, words):
    """The failure, and perhaps a line with what to do."""
    lines = result.err.decode().splitlines()
    assert words in lines[0], result.err
    assert all("what to do: " in line for line in lines[1:]), result.err


# With a real keyring


@pytest.mark.parametrize("provider,user,password", [
    ("oci", OCI_USER, OCI_PASSWORD), ("ses", SES_KEY, SES_SECRET)])
def test_stored_by_secret_tool(program, authority, keyring, provider, user,
                               password):
    """As for msmtp; with SES the secret access key will do here, too."""
    keyring.put(HOST, user, password.encode())
    with Relay(program, authority, provider, {"password": None}) as relay:
        result = relay.send([TO], MESSAGE, env=keyring.environment)
        assert (result.code, result.err) == (0, b"")
        assert len(relay.messages) == 1


def test_bus_in_the_runtime_directory(program, authority, keyring):
    keyring.put(HOST, OCI_USER, OCI_PASSWORD.encode())
    with Relay(program, authority, "oci", {"password": None}) as relay:
        result = relay.send([TO], MESSAGE,
                            env={"XDG_RUNTIME_DIR": str(keyring.place)})
        assert (result.code, result.err) == (0, b"")


def test_network_password(program, authority, keyring):
    """msmtp's second choice."""
    code, _ = keyring.secret_tool(
        "store", "--label=x", "xdg:schema", "org.gnome.keyring.NetworkPassword",
        "server", HOST, "protocol", "smtp", "user", OCI_USER,
        stdin=OCI_PASSWORD.encode())
    assert code == 0
    with Relay(program, authority, "oci", {"password": None}) as relay:
        result = relay.send([TO], MESSAGE, env=keyring.environment)
        assert (result.code, result.err) == (0, b"")


def test_store_send_delete(program, authority, keyring):
    with Relay(program, authority, "oci", {"password": None}) as relay:
        def run(*args, stdin=b""):
            return program.run([*args], stdin, env=keyring.environment)

        done = run("--store-password", stdin=b"a wrong one\n")
        assert (done.code, done.out, done.err) == (0, b"", b"")
        assert run(TO, stdin=MESSAGE).code == 77
        done = run("--store-password", stdin=OCI_PASSWORD.encode() + b"\n\n")
        assert (done.code, done.out, done.err) == (0, b"", b"")
        assert keyring.get(HOST, OCI_USER) == OCI_PASSWORD.encode()
        assert run(TO, stdin=MESSAGE).code == 0
        done = run("--delete-password")
        assert (done.code, done.out, done.err) == (0, b"", b"")
        assert keyring.get(HOST, OCI_USER) is None
        result = run(TO, stdin=MESSAGE)
        assert result.code == 78
        one_line(result, f"{NOT_SET}the keyring has no password for {OCI_USER} "
                         f"at {HOST}")
        assert b"--store-password" in result.err
        done = run("--delete-password")
        assert (done.code, done.out) == (78, b"")
        one_line(done, "the keyring has no password for")
        assert len(relay.messages) == 1


def test_either_replaces_the_others_entry(program, keyring):
    account(program)
    where = "mail.example.com", "user@example.com"
    keyring.put(*where, b"first")
    done = program.run(["--store-password"], b"second",
                       env=keyring.environment)
    assert (done.code, keyring.get(*where)) == (0, b"second")
    keyring.put(*where, b"third")
    _, found = keyring.secret_tool("search", "--all",
                                   *session.attributes(*where))
    assert re.findall(rb"^secret = (.*)$", found, re.M) == [b"third"]


def test_msmtp_finds_what_we_stored(program, authority, keyring):
    if not shutil.which("msmtp"):
        pytest.skip("msmtp is not installed")
    version = subprocess.run(["msmtp", "--version"], capture_output=True,
                             check=True).stdout
    if b"Keyring support: Gnome" not in version:
        pytest.skip("msmtp was built without a keyring")
    with Relay(program, authority, "oci", {"password": None}) as relay:
        done = program.run(["--store-password"], OCI_PASSWORD.encode(),
                           env=keyring.environment)
        assert done.code == 0, done.err
        conf = program.home / "msmtprc"
        names = ["host", "port", "tls_trust_file", "tls_starttls", "user",
                 "from"]
        lines = {**{name: relay.lines[name] for name in names},
                 "tls": "on", "auth": "plain",
                 "tls_host_override": relay.lines["tls_host_override"]}
        conf.write_text("".join(f"{key} {value}\n"
                                for key, value in lines.items()))
        done = subprocess.run(
            ["msmtp", f"--file={conf}", TO], input=MESSAGE,
            env=program.environment(keyring.environment), capture_output=True,
            timeout=PATIENCE, check=False)
        assert (done.returncode, done.stderr) == (0, b"")
        assert len(relay.messages) == 1


@pytest.mark.parametrize("verb,stdin", [
    ((TO,), MESSAGE), (("--store-password",), b"p"),
    (("--delete-password",), b"")])
@pytest.mark.parametrize("more", [{}, {"DISPLAY": ":no-display"}])
def test_locked(program, keyring, verb, stdin, more):
    """Nobody is asked without a display; and on this one nobody answers."""
    account(program)
    keyring.put("mail.example.com", "user@example.com", b"hush")
    keyring.lock()
    result = program.run(verb, stdin, env={**keyring.environment, **more},
                         limit=PATIENCE)
    assert result.code == 78
    one_line(result, "the keyring is locked")


PROMPTS = [
    # what the person does, the display, verb, exit code, output, asked
    ("unlock", {}, "lookup", 3, b"", False),
    ("unlock", {"DISPLAY": ""}, "lookup", 3, b"", False),
    ("unlock", {"DISPLAY": ":0"}, "lookup", 0, b"behind a lock", True),
    ("unlock", {"WAYLAND_DISPLAY": "wayland-0"}, "lookup", 0,
     b"behind a lock", True),
    ("unlock", {"DISPLAY": ":0"}, "delete", 0, b"", True),
    ("unlock", {}, "delete", 3, b"", False),
    ("dismiss", {"DISPLAY": ":0"}, "lookup", 3, b"", True),
    ("dismiss", {"DISPLAY": ":0"}, "delete", 3, b"", True),
    pytest.param("ignore", {"DISPLAY": ":0"}, "lookup", 4, b"", True,
                 marks=pytest.mark.skipif(
                     "LONG_TESTS" not in os.environ,
                     reason="takes a minute; LONG_TESTS is not set")),
]


@pytest.mark.parametrize("person,display,verb,code,out,asked", PROMPTS)
def test_prompt(helper, program, person, display, verb, code, out, asked):
    """A person is asked where there is a display, and for a minute only."""
    if words := session.missing():
        pytest.skip(words)
    if subprocess.run(["/usr/bin/python3", "-c", "import gi"],
                      stderr=subprocess.DEVNULL, check=False).returncode:
        pytest.skip("not installed: python3-gi")
    with session.LockedKeyring(person) as keyring:
        done = subprocess.run(
            [helper, verb, "h", "u"], capture_output=True, timeout=PATIENCE,
            env=program.environment({**keyring.environment, **display}),
            check=False)
        assert (done.returncode, done.stdout, done.stderr) == (code, out, b"")
        assert keyring.was_asked == asked


def test_no_answer(program, keyring):
    account(program)
    keyring.hang()
    result = program.run([TO], MESSAGE, env=keyring.environment, limit=PATIENCE)
    assert (result.code, result.timed_out) == (78, False)
    one_line(result, f"{NOT_SET}the keyring does not answer")


def test_bus_without_a_keyring(program, bus):
    account(program)
    result = program.run([TO], MESSAGE, env=bus.environment)
    assert result.code == 78
    one_line(result, f"{NOT_SET}this session has no keyring")


@pytest.mark.parametrize("stored,found", [
    (b"a b;#$\"'\\", b"a b;#$\"'\\"),
    (b" both ends ", b" both ends "),
    (b"p\xc3\xa4ss", b"p\xc3\xa4ss"),
    (b"\xff\xfe\x01", b"\xff\xfe\x01"),
    (b"x" * 8192, b"x" * 8192),
    (b"first\nsecond\n", b"first"),
    (b"first\r\n", b"first"),
    (b"", None), (b"\nsecond", None), (b"a\0b", None), (b"x" * 8193, None)],
    ids=lambda value: repr(value)[:20])
def test_bytes_of_a_password(helper, program, keyring, stored, found):
    """What postrider-keyring takes, and prints, is a line."""
    env = program.environment(keyring.environment)

    def call(verb, stdin=b""):
        done = subprocess.run([helper, verb, "h", "u"], input=stdin, env=env,
                              capture_output=True, timeout=PATIENCE, check=False)
        assert done.stderr == b""
        return done.returncode, done.stdout

    assert call("lookup") == (1, b"")
    assert call("store", stored) == (0 if found else 5, b"")
    assert call("lookup") == ((0, found) if found else (1, b""))
    assert call("delete") == ((0 if found else 1), b"")
    assert call("lookup") == (1, b"")


@pytest.mark.parametrize("stored", [b"", b"\nsecond"])
def test_no_password_in_the_entry(program, keyring, stored):
    account(program)
    keyring.put("mail.example.com", "user@example.com", stored)
    result = program.run([TO], MESSAGE, env=keyring.environment)
    assert result.code == 78
    one_line(result, f"{NOT_SET}the password in the keyring is empty")


def test_nothing_but_the_password_is_printed(helper, program, keyring):
    """Whatever the libraries are told to print."""
    keyring.put("h", "u", b"hush")
    env = program.environment({**keyring.environment, "G_DBUS_DEBUG": "all",
                               "G_MESSAGES_DEBUG": "all"})
    done = subprocess.run([helper, "lookup", "h", "u"], env=env, check=False,
                          capture_output=True, timeout=PATIENCE)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"hush", b"")


@pytest.mark.parametrize("args", [[], ["lookup"], ["lookup", "h"],
                                  ["lookup", "h", "u", "x"],
                                  ["find", "h", "u"]])
def test_usage_of_the_helper(helper, args):
    done = subprocess.run([helper, *args], capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (7, b"")
    assert done.stderr.startswith(b"usage: postrider-keyring ")


def executions(program, args, stdin, env, place):
    """Exit code, stderr and every execve() with arguments and environment."""
    trace = place / "trace"
    done = subprocess.run(
        ["strace", "-f", "-v", "-s", "65536", "-e", "trace=execve",
         "-o", trace, program.path, *args], input=stdin,
        env=program.environment({"ASAN_OPTIONS": "detect_leaks=0", **env}),
        cwd=program.home, capture_output=True, timeout=PATIENCE, check=False)
    if b"ptrace" in done.stderr.lower():
        pytest.skip("strace may not trace here")
    return done, trace.read_text()


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is missing")
def test_password_is_no_argument_and_no_variable(program, authority, keyring,
                                                 helper, tmp_path):
    secret = "hush-0123456789"
    with Relay(program, authority, "oci", {"password": None}) as relay:
        relay.emulator.policy.accounts[0].password = secret
        for args, stdin in [(["--store-password"], secret.encode()),
                            (["-v", TO], MESSAGE)]:
            done, calls = executions(program, args, stdin,
                                     keyring.environment, tmp_path)
            assert done.returncode == 0, done.stderr
            assert f'execve("{helper}"' in calls
            assert "DBUS_SESSION_BUS_ADDRESS=" in calls
            for text in (calls, done.stdout.decode(), done.stderr.decode()):
                assert secret not in text
        assert keyring.get(HOST, OCI_USER) == secret.encode()


def test_sender_maps_no_library_of_the_keyring(program, authority, keyring,
                                               helper):
    keyring.put(HOST, "user@example.com", b"hush")
    needed = subprocess.run(["ldd", helper], capture_output=True, text=True,
                            check=True).stdout
    assert "libsecret-1.so" in needed
    with Silent() as server:
        account(program, host=HOST, port=server.port, timeout="600")
        with running([program.path, TO], MESSAGE, cwd=program.home,
                     env=program.environment(keyring.environment)) as process:
            assert server.is_connected(), process.stderr.read()
            try:
                mapped = libraries(process.pid)
            except PermissionError:
                pytest.skip("only root may look at such a process")
            assert "libgnutls" in mapped
            assert not mapped & {"libsecret", "libglib", "libgio",
                                 "libgobject"}


@pytest.mark.parametrize("word", [b"typed", b""])
def test_typed_at_the_terminal(program, keyring, word):
    """Without echo."""
    account(program)
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(program.home)
        os.execve(program.path, [program.path, "--store-password"],
                  program.environment(keyring.environment))
    seen = b""
    while b"Password for user@example.com at mail.example.com: " not in seen:
        seen += os.read(terminal, 1024)
    os.write(terminal, word + b"\n")
    while True:
        try:
            more = os.read(terminal, 1024)
        except OSError:         # the other end is closed
            break
        if not more:
            break
        seen += more
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    os.close(terminal)
    assert word == b"" or word not in seen
    assert code == (0 if word else 66), seen
    assert keyring.get("mail.example.com",
                       "user@example.com") == (word or None)


def test_which_account_is_stored_for(program, keyring):
    conf = program.home / ".postriderrc"
    conf.write_text(
        "account one\nhost one.example\nauth on\nuser u1\nfrom *@a.example\n"
        "account two\nhost two.example\nauth on\nuser u2\n"
        "account default : one\nhost usual.example\n")
    rows = [([], "usual.example", "u1"), (["-a", "two"], "two.example", "u2"),
            (["-f", "x@a.example"], "one.example", "u1"),
            (["--host=h.example", "--user=u3", "--auth=on"], "h.example",
             "u3")]
    for args, host, user in rows:
        for verb, password in [("--store-password", host.encode()),
                               ("--delete-password", None)]:
            result = program.run([verb, *args], host.encode(),
                                 env=keyring.environment)
            assert (result.code, result.err) == (0, b""), (verb, args)
            assert keyring.get(host, user) == password


@pytest.mark.parametrize("lines,words", [
    ({"auth": "off"}, b"auth is off"),
    ({"auth": "external"}, b"auth is external"),
    ({"keyring": "off"}, b"keyring is off"),
    ({"password": "x"}, b"password is set, which goes before"),
    ({"passwordeval": "false"}, b"passwordeval is set, which goes before")])
def test_stored_for_an_account_that_does_not_look(program, keyring, lines,
                                                  words):
    account(program, **lines)
    result = program.run(["--store-password"], b"p", env=keyring.environment)
    assert result.code == 0
    assert words in result.err and result.err.count(b"\n") == 1
    assert keyring.get("mail.example.com", "user@example.com") == b"p"


# Without a session


@pytest.mark.parametrize("env", [
    {}, {"DBUS_SESSION_BUS_ADDRESS": ""},
    {"DBUS_SESSION_BUS_ADDRESS": "autolaunch:"},
    {"DBUS_SESSION_BUS_ADDRESS": "unixexec:path=@bin@/dbus-launch"},
    {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent"},
    {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent;autolaunch:"},
    {"DBUS_SESSION_BUS_ADDRESS": "tcp:host=127.0.0.1,port=1"},
    {"DBUS_SESSION_BUS_ADDRESS": "disabled:"},
    {"XDG_RUNTIME_DIR": "@bin@"}], ids=str)
def test_no_session(program, helper, tmp_path, env):
    """Nothing is started to have one, and nothing is left running."""
    account(program)
    folder = tmp_path / "bin"
    folder.mkdir()
    launch = folder / "dbus-launch"
    launch.write_text(f"#!/bin/sh\necho started >>{tmp_path}/started\n")
    launch.chmod(0o755)
    env = {name: value.replace("@bin@", str(folder))
           for name, value in env.items()}
    env = program.environment({"DISPLAY": ":no-display",
                               "PATH": f"{folder}:/usr/bin:/bin", **env})
    process = subprocess.Popen(
        [program.path, TO], stdin=subprocess.PIPE, stderr=subprocess.PIPE,
        cwd=program.home, env=env, start_new_session=True)
    _, err = process.communicate(MESSAGE, timeout=PATIENCE)
    assert process.returncode == 78
    assert f"{NOT_SET}this session has no keyring" in err.decode()
    assert err.count(b"\n") == 1
    assert in_session(process.pid) == []
    assert not (tmp_path / "started").exists()


# With a stand-in


@pytest.fixture
def stand_in(program, tmp_path):
    """A copy of the program with another postrider-keyring beside it."""
    for name in ("app", "keyring"):
        (tmp_path / "src" / name).mkdir(parents=True)
    copy = tmp_path / "src/app/postrider"
    shutil.copy(program.path, copy)
    program.path = str(copy)
    record = tmp_path / "record"

    def install(script):
        path = tmp_path / "src/keyring/postrider-keyring"
        path.write_text(f'#!/bin/sh\necho "$*" >>{record}\n{script}\n')
        path.chmod(0o755)
        return record

    return install


@pytest.mark.parametrize("script,words", [
    ("exit 1", "the keyring has no password for user@example.com at "
               "mail.example.com"),
    ("exit 2", "this session has no keyring"),
    ("exit 3", "the keyring is locked"),
    ("exit 4", "the keyring does not answer"),
    ("exit 5", "the password in the keyring is empty, too long or has a NUL"),
    ("exit 6", "the keyring cannot be used"),
    ("exit 7", f"{BROKEN} with status 7"),
    ("exit 99", f"{BROKEN} with status 99"),
    ("exit 0", f"{BROKEN} with status 0"),
    ("printf p; exit 4", "the keyring does not answer"),
    ("printf p; exit 1", "the keyring has no password for"),
    ("printf p; kill -9 $$", f"{BROKEN} by a signal"),
    ("kill -9 $$", "keyring: no output, killed by signal 9")])
def test_answers(program, stand_in, script, words):
    record = stand_in(script)
    conf = account(program)
    result = program.run([TO], MESSAGE)
    assert result.code == 78
    one_line(result, f": {NOT_SET}{words}")
    line = conf.read_text().splitlines().index("auth on") + 1
    assert f"{conf}: line {line}: auth is on" in result.err.decode()
    assert f"errormsg='{conf}: line {line}: auth is on" in (
        result.log_bytes.decode())
    assert record.read_text() == "lookup mail.example.com user@example.com\n"


@pytest.mark.parametrize("verb,stdin", [("store", b"p"), ("delete", b"")])
@pytest.mark.parametrize("script,words", [
    ("exit 1", "the keyring has no password for"),
    ("exit 2", "this session has no keyring"),
    ("exit 3", "the keyring is locked"),
    ("exit 4", "the keyring does not answer"),
    ("exit 6", "the keyring cannot be used"),
    ("kill -9 $$", f"{BROKEN} by a signal")])
def test_answers_to_the_modes(program, stand_in, verb, stdin, script, words):
    record = stand_in(script)
    account(program)
    result = program.run([f"--{verb}-password"], stdin)
    assert (result.code, result.out) == (78, b"")
    one_line(result, f"postrider: {words}")
    assert NOT_SET not in result.err.decode()
    assert record.read_text() == f"{verb} mail.example.com user@example.com\n"


def test_password_to_store_goes_through_a_pipe(program, stand_in, tmp_path):
    """Exactly it, and the end of the input behind it."""
    stand_in(f"cat >{tmp_path}/input")
    account(program)
    for given in (b"\xff x ", b"x" * 8192, b"one\ntwo\n"):
        result = program.run(["--store-password"], given)
        assert (result.code, result.err) == (0, b"")
        assert (tmp_path / "input").read_bytes() == given.split(b"\n")[0]


@pytest.mark.parametrize("lines", [
    {"password": "x"}, {"password_file": "~/secret"},
    {"passwordeval": "echo x"}, {"auth": "off"}, {"keyring": "off"}], ids=str)
def test_keyring_is_the_last_resort(program, stand_in, lines):
    """Where anything else is set it costs nothing."""
    record = stand_in("echo x")
    secret = program.home / "secret"
    secret.write_text("x\n")
    secret.chmod(0o600)
    with Silent() as server:
        server_at = {"host": HOST, "port": server.port, "timeout": "1"}
        account(program, **server_at)
        assert program.run([TO], MESSAGE).code == 75
        assert record.exists()
        record.unlink()
        account(program, **server_at, **lines)
        result = program.run([TO], MESSAGE)
        assert result.code == (78 if "keyring" in lines else 75), result.err
    assert not record.exists()
    if "keyring" in lines:
        one_line(result, f"{NOT_SET}keyring is off")


@pytest.mark.parametrize("args,stdin,code,words", [
    (["--store-password", "hush"], b"p", 64, "an argument that is no option"),
    (["--delete-password", "hush"], b"", 64, "an argument that is no option"),
    (["--store-password=hush"], b"p", 64, "--store-password: "),
    (["--store-password"], b"", 66, "no password was given"),
    (["--store-password"], b"\r\nhush", 66, "no password was given"),
    (["--store-password"], b"hush" * 4096, 66, "File too large"),
    (["--store-password", "-a", "none"], b"p", 78, "none"),
    (["--store-password", "--file=/nonexistent"], b"p", 78, "/nonexistent"),
    (["--store-password", "--host=h"], b"p", 78, "user is not set"),
    (["--delete-password", "--user="], b"", 78,
     "account default: command line: user is not set"),
    (["--store-password", "--host=", "--user=u"], b"p", 78,
     "host is not set")])
def test_wrong_calls(program, stand_in, args, stdin, code, words):
    record = stand_in("exit 0")
    account(program)
    result = program.run(args, stdin)
    assert (result.code, result.out) == (code, b"")
    one_line(result, words)
    assert b"hush" not in result.err
    assert not record.exists()


@pytest.mark.parametrize("flag", ["--store-password", "--delete-password"])
def test_not_in_the_grammar_of_sendmail(program, tmp_path, flag):
    link = tmp_path / "sendmail"
    link.symlink_to(program.path)
    program.path = str(link)
    result = program.run([flag], b"p")
    assert result.code == 64
    one_line(result, "unknown option")


def test_without_the_helper(program, stand_in):
    """A build without libsecret, or a package that left it out."""
    account(program)
    version = program.run(["--version"]).out.decode()
    path = re.search(r"^Keyring: (.*)$", version, re.M)[1]
    if path.startswith("/") and Path(path).exists():
        pytest.skip(f"{path} is installed on this machine")
    words = (f"{path}: No such file or directory" if path.startswith("/")
             else "this build has no keyring")
    for args, stdin in [([TO], MESSAGE), (["--store-password"], b"p"),
                        (["--delete-password"], b"")]:
        result = program.run(args, stdin)
        assert result.code == 78
        one_line(result, words)
