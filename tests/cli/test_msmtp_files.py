"""Where an account and its password come from, and what is said under the
name msmtp."""

import os
import re

import pytest
from emulator.policy import Fault, Policy
from emulator.thread import EmulatorThread
from relay import password_relay

OWN, OWN_XDG = ".postriderrc", ".config/postrider/config"
FORMER, FORMER_XDG = ".msmtprc", ".config/msmtp/config"
OTHER_XDG = "other/msmtp/config"


def write(program, name, text):
    path = program.home / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o600)
    return path


@pytest.mark.parametrize("there,env,expected", [
    ([OWN, OWN_XDG, FORMER, FORMER_XDG], {}, OWN),
    ([OWN_XDG, FORMER, FORMER_XDG], {}, OWN_XDG),
    ([FORMER, FORMER_XDG], {}, FORMER),
    ([FORMER_XDG], {}, FORMER_XDG),
    ([FORMER_XDG, OTHER_XDG], {"XDG_CONFIG_HOME": "{home}/other"}, OTHER_XDG),
    ([FORMER, OTHER_XDG], {"XDG_CONFIG_HOME": "{home}/other"}, FORMER),
    ([FORMER_XDG], {"XDG_CONFIG_HOME": "relative"}, FORMER_XDG),
    ([OWN], {}, OWN),
    ([OWN_XDG, OTHER_XDG], {"XDG_CONFIG_HOME": "{home}/other"}, OTHER_XDG),
])
def test_which_file_is_read(program, there, env, expected):
    env = {name: value.format(home=program.home)
           for name, value in env.items()}
    for name in there:
        write(program, name, f"host {name.strip('.').replace('/', '-')}\n")
    shown = program.run(["-P"], env=env)
    assert shown.code == 0, shown.err
    assert f"# {program.home}/{expected}:1\n" in shown.out.decode()
    version = program.run(["--version"], env=env).out.decode()
    assert f"User configuration: {program.home}/{expected}\n" in version
    system = "postriderrc" if "postrider" in expected else "msmtprc"
    assert re.search(rf"System configuration: \S+/{system}\n", version)


def test_a_file_that_is_named_goes_first(program):
    write(program, FORMER, "host former\n")
    conf = write(program, "named", "host named\n")
    shown = program.run(["-P", f"--file={conf}"])
    assert b"host = named" in shown.out and b"former" not in shown.out


def test_an_own_file_hides_a_broken_one_of_msmtp(program):
    write(program, FORMER, "nonsense\n")
    assert program.run(["-P"]).code == 78
    write(program, OWN, "host own\n")
    assert program.run(["-P"]).code == 0


def test_no_file(program):
    result = program.run(["r@x.example"])
    assert result.code == 78
    for word in (b"postriderrc is not there", b"nor is", b".postriderrc"):
        assert word in result.err


# ---- netrc ----

SECRET = "s3cret pw#"
NETRC = f"machine 127.0.0.1 login u password '{SECRET}'\n"


@pytest.fixture(scope="module")
def relay(authority):
    with password_relay(authority, SECRET) as emulator:
        yield emulator


def lines(relay, authority, **more):
    return {"port": relay.port, "tls": "on", "tls_starttls": "off",
            "tls_trust_file": authority.ca_file, "auth": "plain",
            "user": "u", **more}


@pytest.mark.parametrize("text,mode,more,code,words", [
    (NETRC, 0o600, {}, 0, b""),
    (NETRC, 0o600, {"keyring": "off"}, 0, b""),
    (NETRC.replace("machine", "# x\nmachine x login u password y machine"),
     0o600, {}, 0, b""),
    (NETRC, 0o600, {"passwordeval": "echo wrong"}, 77, b"535"),
    (NETRC, 0o600, {"user": "v"}, 78, b"no netrc file has it"),
    (NETRC.replace("127.0.0.1", "127.0.0.2"), 0o600, {}, 78,
     b"no netrc file has it"),
    (NETRC.replace("machine 127.0.0.1", "default"), 0o600, {}, 78,
     b"no netrc file has it"),
    (None, 0, {}, 78, b"no netrc file has it"),
])
def test_netrc(program, authority, relay, text, mode, more, code, words):
    if text is not None:
        write(program, ".netrc", text).chmod(mode)
    conf = program.configure(lines(relay, authority, **more))
    result = program.run([f"--file={conf}", "r@x.example"], b"X: y\n\nx\n")
    assert result.code == code, result.err
    assert words in result.err
    assert SECRET.encode() not in result.err + result.log_bytes
    if code == 0:
        assert result.err == b""
        assert relay.messages[-1].mail_from == "sender@example.com"


def test_netrc_open_to_others(program, authority, relay):
    path = write(program, ".netrc", NETRC)
    path.chmod(0o644)
    if os.geteuid() == 0:
        os.chown(path, 65534, -1)
    conf = program.configure(lines(relay, authority))
    result = program.run([f"--file={conf}", "r@x.example"], b"X: y\n\nx\n")
    assert result.code == 78
    assert f"{path}: has a password and must be closed".encode() in result.err
    assert SECRET.encode() not in result.err + result.log_bytes


# ---- what a provider would add ----

SES = "email-smtp.eu-west-1.amazonaws.com"
OCI = "smtp.email.eu-frankfurt-1.oci.oraclecloud.com"
VPC = "vpce-0123456789abcdef0-abcdefgh.email-smtp.eu-west-1.vpce.amazonaws.com"


NO_SENDER = "# from is not set: no message is sent without -f"
NULL_SENDER = "# from is empty: the sender is the empty one without -f"


@pytest.mark.parametrize("text,args,said", [
    ("host h\n", [], NO_SENDER),
    ("host h\nfrom\n", [], NULL_SENDER),
    ("host h\nfrom MAILER-DAEMON\n", [], NULL_SENDER),
    ("host h\nfrom\n", ["-f", "a@b.example"], None),
    ("host h\nqualify_domain b.example\n", [], None),
    ("host h\nfrom\nqualify_domain b.example\n", [], None),
    ("host h\nfrom mailer-daemon\nqualify_domain b.example\n", [],
     NULL_SENDER),
    ("host h\n", ["-f", "a@b.example"], None),
    ("host h\n", ["-f", "<>"], None),
    ("host h\n", ["--read-envelope-from"], None),
    ("host h\nfrom a@b.example\n", [], None),
    ("host h\nfrom *@b.example\n", [], None),
    ("host h\nauto_from on\n", [], None),
    # With a provider the header may say it, and nobody is no sender.
    ("provider ses\nregion eu-west-1\n", [], None),
    ("provider ses\nregion eu-west-1\nfrom\n", [], None),
])
def test_no_sender(program, text, args, said):
    """An account for callers that name one is no error, as with msmtp."""
    conf = write(program, "rc", text)
    result = program.run(["-P", f"--file={conf}", *args])
    assert (result.code, result.err) == (0, b"")
    lines = result.out.decode().splitlines()
    assert [line for line in lines if line in (NO_SENDER, NULL_SENDER)] == (
        [said] if said else [])


@pytest.mark.parametrize("text,expected,missing", [
    (f"host {SES}\nfrom a@b.example\n",
     ["provider ses", "region eu-west-1", "tls = on   # now off",
      "domain = b.example   # now localhost", "max_recipients = 50   # now 0",
      "port = 465   # now 25", "max_message_size = 40M   # now off"],
     ["user", "from = "]),
    (f"host {SES}\nport 587\ntls on\nauth on\ndomain d\n",
     ["provider ses", "header_once = relay   # now rfc"],
     ["tls = ", "auth = ", "domain = ", "port = "]),
    (f"host {OCI}\nport 587\n",
     ["provider oci", "region eu-frankfurt-1", "null_sender = off"],
     ["max_recipients"]),
    (f"host {VPC}\n", ["provider ses", "region eu-west-1"], []),
    ("host mail.example.com\n", [], ["provider"]),
    (f"host {SES}\nprovider ses\n", [], ["would add"]),
    ("socket /s\n", [], ["would add"]),
])
def test_hint(program, text, expected, missing):
    conf = write(program, "rc", text)
    result = program.run(["-P", f"--file={conf}"])
    assert (result.code, result.err) == (0, b"")
    hint = [line for line in result.out.decode().splitlines()
            if line.startswith("#") and not line.startswith(NO_SENDER)]
    for words in expected:
        assert any(line.startswith(f"#   {words}") for line in hint), hint
    for words in missing:
        assert not any(words in line.split("#")[1] for line in hint
                       if line.startswith("#   ")), hint
    assert bool(hint) == bool(expected)


# ---- said as msmtp ----

@pytest.mark.parametrize("faults,args,said", [
    ([Fault("rcpt", reply="550-5.1.1 can't\n550 5.1.1 two")], [],
     ["server message: 550-5.1.1 can't", "server message: 550 5.1.1 two",
      "could not send mail (account default from CONF)"]),
    ([Fault("greeting", reply="421 busy")], [],
     ["server message: 421 busy",
      "could not send mail (account default from CONF)"]),
    ([Fault("rcpt", reply="550 no", match=b"b@")], ["b@x.example"],
     ["server message: 550 no",
      "could not send mail to all recipients (account default from CONF)"]),
    ([], ["-a", "nobody"], []),
])
def test_said_as_msmtp(as_msmtp, faults, args, said):
    with EmulatorThread(Policy(faults=faults), mode="plain") as relay:
        conf = as_msmtp.configure({"port": relay.port})
        result = as_msmtp.run([f"--file={conf}", *args, "r@x.example"],
                              b"X: y\n\nx\n")
    assert result.code != 0
    found = result.err.decode().replace(str(conf), "CONF").splitlines()
    assert all(line.startswith("msmtp: ") for line in found)
    assert [line[7:] for line in found[1:]] == said


@pytest.mark.parametrize("args,greeting,said", [
    (["-S"], "554-No\n554 Go away", ["server message: 554-No",
                                     "server message: 554 Go away"]),
    (["--rmqs=host"], "421 Later", ["server message: 421 Later"]),
])
def test_said_as_msmtp_without_a_message(as_msmtp, args, greeting, said):
    with EmulatorThread(Policy(faults=[Fault("greeting", reply=greeting)]),
                        mode="plain") as relay:
        conf = as_msmtp.configure({"port": relay.port})
        result = as_msmtp.run([f"--file={conf}", *args])
    assert result.code != 0
    assert [line[7:] for line in result.err.decode().splitlines()[1:]] == said


def test_a_log_that_cannot_be_written_as_msmtp(as_msmtp):
    with EmulatorThread(Policy(), mode="plain") as relay:
        conf = as_msmtp.configure({"port": relay.port})
        result = as_msmtp.run([f"--file={conf}", "--logfile=/nowhere/log",
                               "r@x.example"], b"X: y\n\nx\n")
    assert result.code == 0
    first, second = result.err.decode().splitlines()
    assert "cannot log to /nowhere/log: " in first
    assert second.startswith("msmtp: log info was: host=127.0.0.1 tls=off ")
    assert " exitcode=EX_OK " in second


@pytest.mark.parametrize("flag", ["-d", "-v", "--debug"])
@pytest.mark.parametrize("args", [["-S"], ["--rmqs=host"], ["r@x.example"]])
def test_debugging_as_msmtp(as_msmtp, flag, args):
    """All on standard output: how it is set, and the dialogue."""
    with EmulatorThread(Policy(extra_ehlo=("ETRN",)), mode="plain") as relay:
        conf = as_msmtp.configure({"port": relay.port})
        result = as_msmtp.run([f"--file={conf}", flag, *args],
                              b"X: y\n\nx\n")
        lines = result.out.decode().splitlines()
        assert lines[0] == f"using account default from {conf}"
        assert "host = 127.0.0.1" in lines
        assert f"port = {relay.port}" in lines
        assert "--> EHLO client.example.com" in lines
    assert b"-->" not in result.err


def test_pretend_as_msmtp(as_msmtp):
    conf = as_msmtp.configure([("port", 587), ("set_to_header", "on"),
                              ("password", "p")])
    result = as_msmtp.run([f"--file={conf}", "-P", "r@x.example"])
    lines = result.out.decode().splitlines()
    assert lines[0] == f"using account default from {conf}"
    assert {"port = 587", "set_to_header = on", "password = *"} <= set(lines)
    assert not [line for line in lines if "#" in line]
    result = as_msmtp.run(["--host=h.example", "-P"])
    assert result.out.startswith(b"using account specified on command line\n"
                                 b"host = h.example\n")


def test_host_on_the_command_line_has_no_account(as_msmtp):
    result = as_msmtp.run(["--host=127.0.0.1", "--port=1", "-f",
                           "a@b.example", "r@x.example"], b"X: y\n\nx\n")
    assert result.code == 75
    assert result.err.endswith(b"msmtp: could not send mail\n")


@pytest.mark.parametrize("args", [
    ["-P", "-bm"], ["-bm", "-P"], ["--pretend", "-bm", "-oi"],
    ["--version", "-bm"]])
def test_the_default_mode_takes_nothing_back(program, args):
    """-bm is what mail programs add; it must not send what -P looks at."""
    with EmulatorThread(Policy(), mode="plain") as relay:
        conf = program.configure({"port": relay.port})
        result = program.run([f"--file={conf}", *args, "r@x.example"],
                             b"X: y\n\nx\n")
        sent = bool(relay.messages)
    assert (result.code, result.err) == (0, b"")
    assert not sent


def test_an_unknown_mechanism_has_its_line(program):
    conf = program.configure([("tls", "on"), ("user", "u"),
                              ("auth", "kerberos_v4")])
    result = program.run([f"--file={conf}", "r@x.example"], b"X: y\n\nx\n")
    line = conf.read_text().splitlines().index("auth kerberos_v4") + 1
    assert result.code == 78
    assert f"{conf}: line {line}: auth kerberos_v4: ".encode() in result.err
