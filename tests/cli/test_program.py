"""The program as a user calls it: names, modes, files, settings."""

import os
import stat
import subprocess

import pytest
from run import PATIENCE

ROWS = [
    # name it is called by, arguments, exit code, standard output, stderr
    ("mailq", [], 0, b"Mail queue is empty\n", b""),
    ("sendmail", ["-bp"], 0, b"Mail queue is empty\n", b""),
    ("newaliases", [], 0, b"", b""),
    ("sendmail", ["-bi"], 0, b"", b""),
    ("sendmail", ["-q"], 0, b"", b""),
    ("sendmail", ["-q30m"], 0, b"", b""),
    ("hoststat", [], 0, b"", b""),
    ("purgestat", [], 0, b"", b""),
    ("runq", [], 0, b"", b""),
    ("sendmail", ["-bd"], 64, b"", b"mode d"),
    ("sendmail", ["-bt"], 64, b"", b"mode t"),
    ("sendmail", ["-Q"], 64, b"", b"-Q"),
    ("sendmail", ["-C", "/tmp/x", "a@b.example"], 64, b"", b"-C"),
    ("sendmail", ["-Z"], 64, b"", b"-Z: unknown option"),
    ("sendmail", ["-bP"], 0, b"0\n", b""),
    ("postrider", ["--password=hush"], 64, b"",
     b"--password: unknown option"),
    ("sendmail", ["-f", "--", "a@b.example", "-c"], 64, b"",
     b"options come first"),
    ("sendmail", ["--file=/tmp/x"], 64, b"", b"unknown option"),
    ("sendmail", ["--logfile=/tmp/x"], 64, b"", b"unknown option"),
    ("sendmail", ["--passwordeval=true"], 64, b"", b"unknown option"),
    ("sendmail", ["-f"], 64, b"", b"-f: a value is missing"),
    ("sendmail", ["a@b.example", "-f", "x"], 64, b"", b"options come first"),
    ("sendmail", ["-B", "9BIT", "a@b.example"], 64, b"", b"9BIT"),
    ("sendmail", ["-N", "sometimes", "a@b.example"], 64, b"", b"sometimes"),
    ("sendmail", ["-R", "half", "a@b.example"], 64, b"", b"half"),
    ("postrider", ["--nonsense"], 64, b"", b"--nonsense"),
    ("postrider", ["--port=x", "a@b.example", "--host=h"], 64, b"", b"port"),
    ("postrider", ["--account=a", "--host=b", "x@y.example"], 64, b"",
     b"exclude each other"),
    ("postrider", ["--derive-password"], 64, b"", b"--provider"),
    ("postrider", ["-a", "nobody", "a@b.example"], 78, b"", b""),
    ("postrider", ["--file=/nonexistent", "a@b.example"], 78, b"",
     b"/nonexistent"),
]


@pytest.mark.parametrize("name,args,code,out,err", ROWS)
def test_names_and_flags(program, tmp_path, name, args, code, out, err):
    link = tmp_path / name
    link.symlink_to(program.path)
    program.path = str(link)
    result = program.run(args)
    assert result.code == code, result.err
    assert result.out == out
    assert err in result.err
    if code:
        assert result.err.startswith(name.encode() + b": ")
        assert result.err.count(b"\n") == 1


def test_version(program):
    result = program.run(["--version"])
    assert result.code == 0
    for word in (b"postrider ", b"GnuTLS ", b"PLAIN", b"SCRAM-SHA-256",
                 b"ses", b"oci", b"/postriderrc", b".postriderrc"):
        assert word in result.out


@pytest.mark.parametrize("name,words,missing", [
    ("postrider", [b"--region=", b"--derive-password", b"-X"], []),
    ("sendmail", [b"-f ADDRESS", b"--version"],
     [b"--region", b"--file", b"--logfile", b"--pretend"]),
])
def test_help(program, tmp_path, name, words, missing):
    link = tmp_path / name
    link.symlink_to(program.path)
    program.path = str(link)
    result = program.run(["--help"])
    assert result.code == 0
    for word in words[:2]:
        assert word in result.out
    for word in missing:
        assert word not in result.out


def test_losing_standard_output_is_a_failure(program):
    with open("/dev/full", "wb") as full:
        done = subprocess.run([program.path, "--version"], stdout=full,
                              stderr=subprocess.PIPE,
                              env=program.environment())
    assert done.returncode == 71
    assert b"standard output" in done.stderr


def test_pretend_shows_origins_and_no_secret(program):
    conf = program.home / "conf"
    conf.write_text("defaults\ntls on\naccount default\nprovider ses\n"
                    "region eu-west-1\nfrom a@example.com\nuser AKIAX\n"
                    "password hush-hush\n")
    conf.chmod(0o600)
    result = program.run(["-P", f"--file={conf}", "--port=2587"])
    assert result.code == 0, result.err
    lines = result.out.decode().splitlines()
    assert lines[0] == "account default"
    for line in (
            "host = email-smtp.eu-west-1.amazonaws.com   # provider ses",
            "port = 2587   # command line",
            f"tls = on   # {conf}:2",
            f"region = eu-west-1   # {conf}:5",
            f"password = *   # {conf}:8",
            "partial_delivery = on   # default"):
        assert line in lines
    assert "hush" not in result.out.decode() + result.err.decode()


def test_pretend_never_reads_stdin(program):
    conf = program.configure({})
    read_end, write_end = os.pipe()
    try:
        done = subprocess.run([program.path, "-P", f"--file={conf}"],
                              stdin=read_end, capture_output=True, timeout=PATIENCE,
                              env=program.environment())
    finally:
        os.close(read_end)
        os.close(write_end)
    assert done.returncode == 0


@pytest.mark.parametrize("place", [
    ".postriderrc", ".config/postrider/config", "xdg/postrider/config"])
def test_user_file_places(program, place):
    path = program.home / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"host {place.split('/')[0].strip('.')}.example\n")
    env = {}
    if place.startswith("xdg"):
        env["XDG_CONFIG_HOME"] = str(program.home / "xdg")
    result = program.run(["-P"], env=env)
    assert f"# {path}:1" in result.out.decode(), result.err


def test_first_user_file_wins(program):
    second = program.home / ".config/postrider/config"
    second.parent.mkdir(parents=True)
    second.write_text("host second.example\n")
    (program.home / ".postriderrc").write_text("host first.example\n")
    assert b"first.example" in program.run(["-P"]).out


def test_account_by_sender(program):
    conf = program.home / "conf"
    conf.write_text(
        "account one\nhost one.example\nfrom one@a.example\n"
        "account wild\nhost wild.example\nfrom *@wild.example\n"
        "account default : one\nhost usual.example\n")
    for args, host in [
            (["-f", "ONE@A.example"], "one.example"),
            (["-f", "one+tag@a.example"], "one.example"),
            (["-f", "any@wild.example"], "wild.example"),
            (["-f", "zzz@other.example"], "usual.example"),
            (["-a", "one", "-f", "any@wild.example"], "one.example"),
            ([], "usual.example")]:
        result = program.run(["-P", f"--file={conf}", *args])
        assert f"host = {host}" in result.out.decode(), (args, result.err)


NOBODY = 65534


@pytest.fixture
def as_user(program):
    """Call the program as an ordinary user, and give files to that user."""
    prefix, uid = [], os.geteuid()
    if uid == 0:
        prefix, uid = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}",
                       "--clear-groups"], NOBODY
        for path in [program.home, *list(program.home.parents)[:-2]]:
            path.chmod(path.stat().st_mode | stat.S_IXOTH)
    # Without privileges a leak check of our own process is not possible.
    env = program.environment({"ASAN_OPTIONS": "detect_leaks=0:exitcode=99"})

    def call(*args):
        return subprocess.run([*prefix, program.path, *args], env=env,
                              capture_output=True)

    call.uid = uid
    return call


@pytest.mark.parametrize("mode,code", [
    (0o600, 0), (0o400, 0), (0o640, 78), (0o604, 78), (0o700, 78)])
def test_file_with_a_password_is_private(program, as_user, mode, code):
    conf = program.configure({"password": "x"})
    os.chown(conf, as_user.uid, -1)
    conf.chmod(mode)
    done = as_user("-P", f"--file={conf}")
    assert done.returncode == code, done.stderr


def test_file_with_a_password_is_ones_own(program, as_user):
    if os.geteuid() != 0:
        pytest.skip("only root can give a file away")
    conf = program.configure({"password": "x"})
    conf.chmod(0o644)
    done = as_user("-P", f"--file={conf}")
    assert done.returncode == 78 and b"owned" in done.stderr


EARLY = [
    # arguments, settings, exit code, words of the log line
    ([], {}, 64, "no recipients"),
    (["-t"], {}, 64, "no recipients"),
    (["a@b@c"], {}, 64, "recipient"),
    (["a@b.example"], {"auth": "on", "user": "u", "passwordeval": "false"},
     78, "passwordeval"),
    (["a@b.example"], {"from": "", "qualify_domain": "",
                       "null_sender": "off"}, 78, "sender"),
    (["a@b.example"], {"provider": "ses", "region": "eu-wset-1",
                       "host": ""}, 78, "did you mean eu-west-1"),
]


@pytest.mark.parametrize("args,settings,code,words", EARLY)
def test_early_failures_are_logged(program, args, settings, code, words):
    conf = program.configure(settings)
    result = program.run([f"--file={conf}", *args], b"Subject: s\n\n")
    assert result.code == code, result.err
    assert words.encode() in result.err
    if not settings.get("from", "x"):
        return   # an ordinary user may still have a name
    assert len(result.log) == 1
    assert words in result.log[0]["errormsg"]
    assert result.log[0]["outcome"] == "NOT-SENT"


def test_a_wrong_setting_beside_an_account_that_is_not_there(program):
    conf = program.configure({})
    result = program.run([f"--file={conf}", "--account=other", "--port=x",
                          "a@b.example"], b"Subject: s\n\n")
    assert result.code == 78
    assert b"account other not found" in result.err


def test_derive_password(program):
    result = program.run(
        ["--derive-password", "--provider=ses", "--region=us-east-2"],
        b"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n")
    assert (result.code, result.err) == (0, b"")
    assert result.out == b"BMPPgbAHoFVbze1Ud0oA5uNdXRwUXUZ+qOwphGJbl/cS\n"


@pytest.mark.parametrize("provider,region,key,code,words", [
    ("ses", "eu-wset-1", b"k" * 40, 78, b"did you mean eu-west-1"),
    ("ses", "", b"k" * 40, 78, b"region"),
    ("oci", "eu-frankfurt-1", b"k" * 40, 78, b"provider ses"),
    ("ses", "eu-west-1", b"", 66, b"no secret access key"),
])
def test_derive_password_refuses(program, provider, region, key, code, words):
    result = program.run(["--derive-password", f"--provider={provider}",
                          f"--region={region}"], key)
    assert (result.code, result.out) == (code, b""), result.err
    assert words in result.err


def test_derive_password_asks_on_a_terminal(program):
    """Echo off: what is typed does not come back."""
    import pty
    pid, fd = pty.fork()
    if pid == 0:
        os.execve(program.path,
                  [program.path, "--derive-password", "--provider=ses",
                   "--region=us-east-2"], program.environment())
    seen = b""
    while b"key: " not in seen:
        seen += os.read(fd, 100)
    os.write(fd, b"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n")
    try:
        while more := os.read(fd, 1000):
            seen += more
    except OSError:
        pass
    os.close(fd)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert b"wJalr" not in seen
    assert b"BMPPgbAHoFVbze1Ud0oA5uNdXRwUXUZ+qOwphGJbl/cS" in seen


def send_plainly(program, emulator, args, message):
    conf = program.configure({"port": emulator.port})
    return program.run([f"--file={conf}", *args], message)


@pytest.fixture
def plain_server():
    from emulator.policy import Policy
    from emulator.thread import EmulatorThread
    with EmulatorThread(Policy(), mode="plain") as emulator:
        yield emulator


def test_long_recipient_lists_keep_the_log_whole(program, plain_server):
    people = [f"{'r' * 50}{n}@example.net" for n in range(600)]
    result = send_plainly(program, plain_server, people, b"Subject: s\n\n")
    assert result.code == 0, result.err
    line = result.log[-1]
    assert line["exitcode"] == "EX_OK" and line["outcome"] == "ACCEPTED"
    assert line["recipients"].startswith(people[0] + ",")
    assert len(result.log_bytes) < 4096
    count = int(line["recipients"].rsplit("+", 1)[1])
    assert count + line["recipients"].count("@") == len(people)


def test_message_id_forges_no_field(program, plain_server):
    message = b"Message-ID: <x@y> serverid=EVIL refused=\n\n"
    result = send_plainly(program, plain_server, ["a@example.net"], message)
    assert result.code == 0
    assert b" msgid=<x@y>?serverid=EVIL?refused=" in result.log_bytes


def test_too_many_recipients_end_soon(program, plain_server):
    people = [f"r{n}@example.net" for n in range(20000)]
    result = send_plainly(program, plain_server, people, b"\n")
    assert result.code == 64
    assert b"more than 1000" in result.err


@pytest.mark.parametrize("args,dots", [
    (["-O", "IgnoreDots=true"], True), (["-oi"], True), (["-i"], True),
    ([], False)])
def test_lone_dot(program, plain_server, tmp_path, args, dots):
    program.configure({"port": plain_server.port}, ".postriderrc")
    link = tmp_path / "sendmail"
    link.symlink_to(program.path)
    program.path = str(link)
    result = program.run([*args, "a@example.net"],
                         b"Subject: s\n\nbefore\n.\nbehind\n")
    assert result.code == 0, result.err
    assert (b"behind" in plain_server.messages[0].content) == dots


def test_without_dev_null_nothing_is_sent(program, plain_server):
    """A socket must never become standard error."""
    if subprocess.run(["unshare", "-m", "true"],
                      stderr=subprocess.DEVNULL).returncode:
        pytest.skip("no mount namespace of its own can be had here")
    conf = program.configure({"port": plain_server.port})
    script = 'mount -t tmpfs none /dev && exec "$@" 2>&-'
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", script, "sh", program.path, "-v",
         f"--file={conf}", "a@example.net"], input=b"\n",
        env=program.environment())
    assert done.returncode == 71
    assert plain_server.sessions == []


ALIASES = """\
# people
root: admin@ex.org
web: root, "wide name", \\\\web
wide\tname: nobody@ex.org
pipe: |/bin/false, /tmp/file
default: catch@ex.org
"""


@pytest.mark.parametrize("args,people", [
    (["root"], ["admin@ex.org"]),
    (["ROOT", "keep@y.example"], ["admin@ex.org", "keep@y.example"]),
    (["other", "pipe"], ["catch@ex.org"]),
    (["\\root"], ["root@example.com"]),
    (["-n", "root"], ["root@example.com"]),
    (["root@localhost"], ["admin@ex.org"]),
    (["root", "root@example.com"], ["admin@ex.org", "root@example.com"]),
    (["-t"], ["admin@ex.org"]),
])
def test_aliases(program, plain_server, args, people):
    path = program.home / "aliases"
    path.write_text(ALIASES)
    conf = program.configure({"port": plain_server.port, "aliases": path,
                              "qualify_domain": "example.com"})
    result = program.run([f"--file={conf}", *args],
                         b"To: root\nSubject: s\n\n")
    assert result.code == 0, result.err
    message = plain_server.messages[0]
    assert message.rcpt_to == people
    assert message.header("To") == ["root@example.com"]
    if "-n" not in args:
        assert f"warning: {path}: line 5".encode() in result.err


@pytest.mark.parametrize("name,flags,is_said", [
    ("sendmail", [], False), ("sendmail", ["-v"], True),
    ("postrider", [], True)])
def test_warnings_about_aliases_are_in_the_log(program, plain_server, name,
                                               flags, is_said):
    """Callers of sendmail take what it says for a failure."""
    aliases = program.home / "aliases"
    aliases.write_text('root: admin@ex.org\nlist: "|/bin/x"\nbad: a@b@c\n')
    program.configure({"port": plain_server.port, "aliases": aliases},
                      name=".postriderrc")
    link = program.home / name
    link.symlink_to(program.path)
    program.path = str(link)
    result = program.run([*flags, "root"], b"\nx\n")
    assert result.code == 0, result.err
    warned = [f"{aliases}: line {n}: " for n in (2, 2, 3)]
    notes = [line["errormsg"] for line in result.log if "errormsg" in line]
    assert len(notes) == len(warned)
    for start, note in zip(warned, notes):
        assert note.startswith(start)
        assert (note.encode() in result.err) == is_said
    assert is_said or result.err == b""
    assert result.log[-1]["exitcode"] == "EX_OK"


def test_an_alias_of_too_many_is_not_cut(program, plain_server):
    names = [f"u{n}@example.net" for n in range(1001)]
    (program.home / "aliases").write_text(
        f"most: {', '.join(names[:-1])}\nall: {', '.join(names)}\n")
    conf = program.configure({"port": plain_server.port,
                              "aliases": program.home / "aliases"})
    result = program.run([f"--file={conf}", "all"], b"\nx\n")
    assert result.code != 0 and not plain_server.sessions
    assert b"all" in result.err and b"1000" in result.err
    result = program.run([f"--file={conf}", "most"], b"\nx\n")
    assert result.code == 0
    assert len(plain_server.messages[0].rcpt_to) == 1000


def test_missing_aliases_lose_no_mail(program, plain_server):
    conf = program.configure({"port": plain_server.port,
                              "aliases": "/nonexistent",
                              "qualify_domain": "example.com"})
    result = program.run([f"--file={conf}", "root"], b"\n")
    assert result.code == 0
    assert b"warning: /nonexistent" in result.err
    assert plain_server.messages[0].rcpt_to == ["root@example.com"]


@pytest.mark.parametrize("setting,code", [({}, 75),
                                          ({"tempfail_exit": "69"}, 69)])
def test_exit_code_of_a_temporary_failure(program, setting, code):
    """69 for callers that take 75 for success."""
    conf = program.configure({"port": "1", **setting})
    result = program.run([f"--file={conf}", "a@b.example"], b"\n")
    assert result.code == code
    assert result.log[-1]["outcome"] == "NOT-SENT"
