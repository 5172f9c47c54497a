"""Fourteen defects of msmtp that postrider must not have.

Each has a row that names the tests which show it; those that are not in other
files are here.
"""

import re
import signal
from pathlib import Path

import pytest
from emulator.policy import Account, Fault, Policy
from emulator.thread import EmulatorThread

TESTS = Path(__file__).resolve().parents[1]
HERE = "cli/test_msmtp_defects.py::"

DEFECTS = [
    (1, "timeout does nothing once TLS is on, and runs hang",
     [HERE + "test_timeout_under_tls",
      "real/test_certificates.py::test_silence_in_the_handshake",
      "real/test_start.py::test_silent_server"]),
    (2, "passwordeval reads the message",
     [HERE + "test_passwordeval_does_not_read_the_message"]),
    (3, "a second author becomes a recipient",
     [HERE + "test_second_author_is_no_recipient"]),
    (4, "aliases are skipped, reversed, empty and cut at 32",
     [HERE + "test_aliases", "unit/test_alias.c::msmtp"]),
    (5, "a sender may hold a command", [HERE + "test_sender_with_a_command"]),
    (6, "messages without a separator, of a mailbox file, with Resent-Bcc, "
        "quoted local parts or a name with a comma",
     [HERE + "test_messages"]),
    (7, "a login without a password in netrc is a crash",
     [HERE + "test_netrc_without_password", "unit/test_netrc.c::find"]),
    (8, "SCRAM without its -PLUS form fails over TLS",
     ["real/test_delivery.py::test_mechanism"]),
    (9, "temporary refusals are not told from permanent ones",
     [HERE + "test_temporary", "unit/test_verdict.c::table"]),
    (10, "the body is read while the server waits, its size compared with "
         "nothing",
     ["real/test_start.py::test_slow_input_keeps_the_network_idle",
      "real/test_delivery.py::test_larger_than_the_server_takes"]),
    (11, "TLS 1.0 and 1.1 are spoken",
     ["real/test_certificates.py::test_old_version",
      "real/test_tls_settings.py::test_no_priority_brings_an_old_version"]),
    (12, "-d and -v print the password",
     [HERE + "test_dialogue_without_secrets"]),
    (13, "early failures leave no line in the log",
     [HERE + "test_early_failures_are_logged"]),
    (14, "a socket needs a port, USER='' an empty sender, ~user is another "
         "directory, a pattern is sent",
     [HERE + "test_odd_values",
      "cli/test_msmtp_effects.py::test_substitutions",
      "real/test_ways.py::test_unix_socket_without_host"]),
]


def test_every_defect_has_a_row():
    assert [number for number, _, _ in DEFECTS] == list(range(1, 15))


@pytest.mark.parametrize("name", [name for _, _, names in DEFECTS
                                  for name in names])
def test_named_tests_exist(name):
    file, test = name.split("::")
    text = (TESTS / file).read_text(encoding="utf-8")
    assert re.search(rf"^(?:def {test}\(|TEST\({test}\))", text, re.MULTILINE)


HEAD = b"From: a@b.example\nTo: r@x.example\n"


@pytest.fixture
def relay():
    with EmulatorThread(Policy(), mode="plain") as emulator:
        yield emulator


def send(program, relay, args, stdin, **lines):
    conf = program.configure({"port": relay.port, **lines})
    return program.run([f"--file={conf}", *args], stdin)


@pytest.mark.parametrize("stage", ["mail", "body-end"])
@pytest.mark.parametrize("mode", ["implicit", "starttls"])
def test_timeout_under_tls(program, authority, mode, stage):
    chain, key = authority.leaf("good", names=["127.0.0.1"])
    policy = Policy(faults=[Fault(stage, until=lambda: False)])
    with EmulatorThread(policy, chain, key, mode=mode) as relay:
        result = send(program, relay, ["r@x.example"], HEAD + b"\nx\n",
                      tls="on", tls_trust_file=authority.ca_file, timeout="1",
                      tls_starttls="on" if mode == "starttls" else "off")
        assert not result.timed_out
        assert result.code == 75


def test_passwordeval_does_not_read_the_message(program, authority):
    chain, key = authority.leaf("good", names=["127.0.0.1"])
    policy = Policy(accounts=[Account("u", password="pw")],
                    require_auth=True)
    body = b"".join(b"line %d\n" % i for i in range(10000))
    with EmulatorThread(policy, chain, key, mode="implicit") as relay:
        result = send(
            program, relay, ["r@x.example"], HEAD + b"\n" + body, tls="on",
            tls_starttls="off", tls_trust_file=authority.ca_file,
            auth="plain", user="u",
            passwordeval="head -c 100000000 >/dev/null; echo pw")
        assert (result.code, result.err) == (0, b"")
        assert relay.messages[0].body == body.replace(b"\n", b"\r\n")


def test_second_author_is_no_recipient(program, relay):
    result = send(program, relay, ["-t"],
                  b"From: Boss <a@b.example>, Two <two@b.example>\n"
                  b"To: x@x.example\n\nx\n")
    assert result.code == 0
    assert relay.messages[0].rcpt_to == ["x@x.example"]


ALIASES = """\
root: one@x.example, two@x.example
web: root, three@x.example
nobody:
many: """ + ", ".join(f"m{i}@x.example" for i in range(40)) + "\n"


@pytest.mark.parametrize("args,expected", [
    (["root", "web"], ["one@x.example", "two@x.example", "three@x.example"]),
    (["web", "a@y.example"], ["one@x.example", "two@x.example",
                              "three@x.example", "a@y.example"]),
    (["nobody"], ["nobody@b.example"]),
    (["many"], [f"m{i}@x.example" for i in range(40)]),
])
def test_aliases(program, relay, args, expected):
    path = program.home / "aliases"
    path.write_text(ALIASES)
    result = send(program, relay, args, HEAD + b"\nx\n", aliases=path,
                  qualify_domain="b.example")
    assert result.code == 0
    assert relay.messages[0].rcpt_to == expected


@pytest.mark.parametrize("sender", [
    "a@b.example>\r\nRCPT TO:<evil@x.example",
    "a@b.example\nRCPT TO:<evil@x.example>", "a@b.example> SIZE=1",
    "<a@b.example>\r\nQUIT"])
def test_sender_with_a_command(program, relay, sender):
    result = send(program, relay, ["-f", sender, "r@x.example"],
                  HEAD + b"\nx\n")
    assert result.code == 64
    assert not relay.sessions and not relay.messages


@pytest.mark.parametrize("args,message,to,content", [
    (["r@x.example"], b"hello\n", ["r@x.example"],
     b"From: sender@example.com\r\n\r\nhello\r\n"),
    (["r@x.example"], b"From a@b Sat Nov 21 10:00:00 2026\n" + HEAD + b"\nx\n",
     ["r@x.example"], HEAD.replace(b"\n", b"\r\n") + b"\r\nx\r\n"),
    (["-t"], HEAD + b"Resent-To: t@x.example\nResent-Bcc: h@x.example\n\nx\n",
     ["t@x.example", "h@x.example"], HEAD.replace(b"\n", b"\r\n") +
     b"Resent-To: t@x.example\r\n\r\nx\r\n"),
    (["-t"], b'From: a@b.example\nTo: "a b"@x.example\n\nx\n',
     ['"a b"@x.example'],
     b'From: a@b.example\r\nTo: "a b"@x.example\r\n\r\nx\r\n'),
    (["-F", "Doe, John", "r@x.example"], b"X: y\n\nx\n", ["r@x.example"],
     b'From: "Doe, John" <sender@example.com>\r\nX: y\r\n\r\nx\r\n'),
])
def test_messages(program, relay, args, message, to, content):
    result = send(program, relay, args, message)
    assert (result.code, result.err) == (0, b"")
    assert relay.messages[0].rcpt_to == to
    assert relay.messages[0].content == content


@pytest.mark.parametrize("text", [
    "machine 127.0.0.1 login u\n", "machine 127.0.0.1 login u password\n",
    "machine 127.0.0.1 login u password \"\"", "machine", "machine 127.0.0.1",
    "login u password", "\"", "macdef", "machine 127.0.0.1 login u macdef x"])
def test_netrc_without_password(program, relay, text):
    (program.home / ".netrc").write_text(text)
    (program.home / ".netrc").chmod(0o600)
    result = send(program, relay, ["r@x.example"], HEAD + b"\nx\n", tls="on",
                  auth="plain", user="u", keyring="off")
    assert result.code == 78
    assert b"no netrc file has it, and keyring is off" in result.err
    assert not relay.sessions


@pytest.mark.parametrize("stage,reply,code", [
    ("greeting", "421 4.3.2 busy", 75), ("greeting", "421 busy", 75),
    ("mail", "451 4.0.0 later", 75), ("rcpt", "450 4.2.1 later", 75),
    ("data", "451 later", 75), ("body-end", "452 4.3.1 full", 75),
    ("body-end", "554 5.7.1 no", 69), ("mail", "550 no", 69),
    ("rcpt", "550 5.1.1 no", 67), ("rcpt", "252 cannot verify", 0),
    ("rcpt", "254 whatever", 0)])
def test_temporary(program, stage, reply, code):
    with EmulatorThread(Policy(faults=[Fault(stage, reply=reply)]),
                        mode="plain") as relay:
        result = send(program, relay, ["r@x.example"], HEAD + b"\nx\n")
        assert result.code == code, result.err


@pytest.mark.parametrize("name", ["postrider", "msmtp"])
@pytest.mark.parametrize("flags", [["-d"], ["-v"], ["--debug"], ["-P"]])
@pytest.mark.parametrize("mechanism", ["plain", "login"])
def test_dialogue_without_secrets(program, authority, tmp_path, name, flags,
                                  mechanism):
    link = tmp_path / name
    link.symlink_to(program.path)
    program.path = str(link)
    chain, key = authority.leaf("good", names=["127.0.0.1"])
    secret = "s3cret-pw"
    policy = Policy(accounts=[Account("u", password=secret)],
                    require_auth=True)
    with EmulatorThread(policy, chain, key, mode="implicit") as relay:
        result = send(program, relay, [*flags, "r@x.example"],
                      HEAD + b"\nx\n", tls="on", tls_starttls="off",
                      tls_trust_file=authority.ca_file, auth=mechanism,
                      user="u", password=secret)
        assert result.code == 0, result.err
        said = result.out + result.err
        # LOGIN's answers, PLAIN's initial response.
        for text in (secret.encode(), b"czNjcmV0LXB3", b"AHUAczNjcmV0LXB3"):
            assert text not in said
        shows = flags[0] != "-v" or name == "msmtp"
        assert (b"password = *" in said) == shows
        assert (b"--> AUTH" in said) == (flags != ["-P"])
        # msmtp has all of -d on standard output.
        if flags != ["-P"]:
            assert (b"EHLO" in result.out) == (name == "msmtp" and shows)
        assert shows or not result.out


@pytest.mark.parametrize("args,stdin,lines,name", [
    ([], b"", {}, "EX_USAGE"),
    (["-t"], b"Subject: x\n\n", {}, "EX_USAGE"),
    (["r@x.example"], b"", {"auth": "on", "tls": "on"}, "EX_CONFIG"),
    (["r@x.example"], b"", {"auth": "plain", "tls": "on", "user": "u",
                            "passwordeval": "true"}, "EX_CONFIG"),
    (["r@x.example"], b"", {"from": "a@%M", "auth": "off",
                            "tls_key_file": "k"}, "EX_CONFIG"),
    (["a@b@c"], b"", {}, "EX_USAGE"),
])
def test_early_failures_are_logged(program, relay, args, stdin, lines, name):
    result = send(program, relay, args, stdin, **lines)
    assert result.code != 0
    assert len(result.log) == 1
    assert result.log[0]["exitcode"] == name
    assert result.log[0]["errormsg"]


def test_odd_values(program, relay):
    # A pattern is no address.
    result = send(program, relay, ["r@x.example"], b"X: y\n\nx\n",
                  **{"from": "*@wild.example"})
    assert result.code == 78 and not relay.messages
    # ... but the author may fit it.
    result = send(program, relay, ["r@x.example"],
                  b"From: me@wild.example\n\nx\n",
                  **{"from": "*@wild.example"})
    assert result.code == 0
    assert relay.messages[0].mail_from == "me@wild.example"
    # ~user is not $HOME with a name behind it.
    conf = program.configure({"port": relay.port, "logfile": "~nobody/log"})
    assert program.run([f"--file={conf}", "r@x.example"],
                       HEAD + b"\nx\n").code == 0
    assert not Path(f"{program.home}nobody").exists()
    # A socket without a port.
    path = program.home / "socket"
    conf = program.home / "rc"
    conf.write_text(f"socket {path}\nfrom a@b.example\n")
    result = program.run([f"--file={conf}", "r@x.example"], HEAD + b"\nx\n")
    assert result.code == 75 and b"port" not in result.err
    assert result.code != -signal.SIGSEGV
