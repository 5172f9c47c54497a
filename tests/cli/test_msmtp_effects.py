"""What msmtp's keywords do to a message, with a server that takes all."""

import os
import pwd
import re
import socket
import subprocess

import pytest
from emulator.policy import Policy
from emulator.thread import EmulatorThread

FROM = "own@d.example"
OTHER = "From: Else <else@o.example>\n"
BCC = "To: to@x.example\nBcc: hid@x.example\n"


@pytest.fixture(scope="module")
def relay():
    with EmulatorThread(Policy(), mode="plain") as emulator:
        yield emulator


def send(program, relay, lines, args, message):
    """(envelope sender, recipients, header) of what arrives."""
    conf = program.configure([("port", relay.port), ("from", FROM), *lines])
    before = len(relay.messages)
    done = program.run([f"--file={conf}", *args], message.encode())
    assert (done.code, done.err) == (0, b""), done.err
    stored = relay.messages[before:]
    assert len(stored) == 1
    header = stored[0].content.decode().split("\r\n\r\n")[0] + "\r\n"
    return stored[0].mail_from, list(stored[0].rcpt_to), header


R = ["r@x.example"]
ROWS = [
    # name, lines, arguments, header; envelope sender, pattern of the header
    ("override", [], ["-f", "else@o.example", *R], "X: y\n",
     "else@o.example", "From: else@o.example\r\nX: y\r\n"),
    ("override off", [("allow_from_override", "off")],
     ["-f", "else@o.example", *R], "X: y\n", FROM, f"From: {FROM}\r\nX: y\r\n"),
    ("override off, null", [("allow_from_override", "off")], ["-f", "<>", *R],
     "X: y\n", FROM, f"From: {FROM}\r\nX: y\r\n"),
    ("override off, header", [("allow_from_override", "off")],
     ["--read-envelope-from", *R], OTHER, FROM, OTHER.replace("\n", "\r\n")),
    ("override off, header without an author",
     [("allow_from_override", "off")], ["--read-envelope-from", *R], "X: y\n",
     FROM, f"From: {FROM}\r\nX: y\r\n"),
    ("read-envelope-from", [], ["--read-envelope-from", *R], OTHER,
     "else@o.example", OTHER.replace("\n", "\r\n")),
    ("full name", [("from_full_name", '"Doe, John"')], R, "X: y\n", FROM,
     f'From: "Doe, John" <{FROM}>\r\nX: y\r\n'),
    ("full name, not for others", [("from_full_name", "J")], R, OTHER, FROM,
     OTHER.replace("\n", "\r\n")),
    ("full name, forced",
     [("from_full_name", "J"), ("set_from_header", "on")], R, OTHER, FROM,
     f"From: J <{FROM}>\r\n"),
    ("-F goes first", [("from_full_name", "J")], ["-F", "K", *R], "X: y\n",
     FROM, f"From: K <{FROM}>\r\nX: y\r\n"),
    ("from on", [("set_from_header", "on")], R, "X: y\nFrom: a@b\n c\n", FROM,
     f"From: {FROM}\r\nX: y\r\n"),
    ("from off", [("set_from_header", "off")], R, "X: y\n", FROM,
     "X: y\r\n"),
    ("older from", [("add_missing_from_header", "off")], R, "X: y\n", FROM,
     "X: y\r\n"),
    ("older from on", [("add_missing_from_header", "on")], R, "X: y\n", FROM,
     f"From: {FROM}\r\nX: y\r\n"),
    ("older from leaves one that is there",
     [("add_missing_from_header", "on")], R, OTHER, FROM,
     OTHER.replace("\n", "\r\n")),
    ("date", [("set_date_header", "auto")], R, OTHER, FROM,
     r"Date: \w\w\w, \d\d \w\w\w \d{4} \d\d:\d\d:\d\d \+0000\r\n"
     + OTHER.replace("\n", "\r\n")),
    ("date off", [("set_date_header", "off")], R, OTHER, FROM,
     OTHER.replace("\n", "\r\n")),
    ("older date", [("add_missing_date_header", "on")], R, OTHER, FROM,
     r"Date: [^\r]+\r\n" + OTHER.replace("\n", "\r\n")),
    ("older date off", [("set_date_header", "auto"),
                        ("add_missing_date_header", "off")], R, OTHER, FROM,
     OTHER.replace("\n", "\r\n")),
    ("message id", [("set_msgid_header", "auto"),
                    ("domain", "id.example")], R, OTHER, FROM,
     r"Message-ID: <[^@<>]+@id\.example>\r\n" + OTHER.replace("\n", "\r\n")),
    ("message id off", [("set_msgid_header", "off")], R, OTHER, FROM,
     OTHER.replace("\n", "\r\n")),
    ("bcc", [], ["-t"], OTHER + BCC, FROM,
     OTHER.replace("\n", "\r\n") + "To: to@x.example\r\n"),
    ("bcc stays", [("remove_bcc_headers", "off")], ["-t"], OTHER + BCC, FROM,
     (OTHER + BCC).replace("\n", "\r\n")),
    ("older bcc", [("keepbcc", "on")], ["-t"], OTHER + BCC, FROM,
     (OTHER + BCC).replace("\n", "\r\n")),
    ("to", [("set_to_header", "on")], ["-t", "c@x.example"],
     OTHER + BCC + "Cc: \"Q, R\" <cc@x.example>\n", FROM,
     "To: c@x.example, to@x.example, hid@x.example, cc@x.example\r\n"
     + OTHER.replace("\n", "\r\n")),
    ("to, and bcc stays", [("set_to_header", "on"),
                           ("remove_bcc_headers", "off")], ["-t"],
     OTHER + BCC, FROM, "To: to@x.example, hid@x.example\r\n"
     + OTHER.replace("\n", "\r\n")),
    ("to undisclosed", [("set_to_header", "undisclosed_recipients")], ["-t"],
     OTHER + BCC, FROM, "To: undisclosed-recipients:;\r\n"
     + OTHER.replace("\n", "\r\n")),
    ("older undisclosed", [("undisclosed_recipients", "on")], ["-t"],
     OTHER + BCC, FROM, "To: undisclosed-recipients:;\r\n"
     + OTHER.replace("\n", "\r\n")),
    ("the order of what is added",
     [("set_to_header", "on"), ("set_date_header", "auto"),
      ("set_msgid_header", "auto")], R, "X: y\n", FROM,
     f"From: {FROM}\r\nTo: r@x.example\r\nDate: [^\\r]+\r\n"
     "Message-ID: [^\\r]+\r\nX: y\r\n"),
]


@pytest.mark.parametrize("lines,args,message,sender,pattern",
                         [row[1:] for row in ROWS],
                         ids=[row[0] for row in ROWS])
def test_effects(program, relay, lines, args, message, sender, pattern):
    mail_from, to, header = send(program, relay, lines, args,
                                 message + "\nbody\n")
    assert mail_from == sender
    if any("_to_header" in name or "recipients" in name for name, _ in lines) \
            and "-t" in args:
        assert "hid@x.example" in to
    if r"\r" in pattern or "[^" in pattern:
        assert re.fullmatch(pattern, header), header
    else:
        assert header == pattern


USER = pwd.getpwuid(os.getuid()).pw_name
HOST = {"HOSTNAME": "box.example"}


@pytest.mark.parametrize("value,env,expected", [
    ("a@%H", HOST, "a@box.example"),
    ("%U-%H@d.example", HOST, f"{USER}-box.example@d.example"),
    ("%U@d.example", {"USER": "liar", "LOGNAME": "liar"}, f"{USER}@d.example"),
    ("%U@d.example", {"USER": ""}, f"{USER}@d.example"),
    ("a@x%C", {"HOSTNAME": "127.0.0.1"}, "a@x127.0.0.1"),
    ("a@%H.d.example", {}, f"a@{socket.gethostname()}.d.example"),
])
def test_substitutions(program, relay, value, env, expected):
    conf = program.configure({"port": relay.port, "from": value,
                              "domain": "%H", "set_from_header": "off"})
    done = program.run([f"--file={conf}", *R], b"X: y\n\n", env=env)
    assert (done.code, done.err) == (0, b"")
    assert relay.messages[-1].mail_from == expected
    relay.settle()
    hello = ("EHLO " + env.get("HOSTNAME", socket.gethostname())).encode()
    assert hello in [line for side, line, _ in
                     relay.sessions[-1].transcript if side == "C"]


@pytest.mark.parametrize("header,args,expected", [
    ("From: Me <me@o.example>\n", [], "me@o.example"),
    ("From: a@o.example\nResent-From: b@o.example\nResent-To: r@x.example\n",
     [], "b@o.example"),
    ("From: Me <me@o.example>\n", ["-f", "f@o.example"], "f@o.example"),
])
def test_author(program, relay, header, args, expected):
    """from %F"""
    assert send(program, relay, [("from", "%F")], [*args, *R],
                header + "\n")[0] == expected


def test_author_of_nobody(program, relay):
    """Never sent as it is written, as msmtp does."""
    conf = program.configure({"port": relay.port, "from": "%F",
                              "qualify_domain": "q.example"})
    done = program.run([f"--file={conf}", *R], b"X: y\n\n")
    assert done.code == 0
    assert relay.messages[-1].mail_from == f"{USER}@q.example"


def test_no_mail_name(program, relay):
    conf = program.configure({"port": relay.port, "from": "a@%M"})
    version = program.run(["--version"]).out.decode()
    path = re.search(r"System configuration: (.*)/", version)[1] + "/mailname"
    done = program.run([f"--file={conf}", *R], b"X: y\n\n")
    if os.path.exists(path):
        name = open(path, encoding="ascii").readline().strip()
        assert relay.messages[-1].mail_from == f"a@{name}"
    else:
        assert done.code == 78
        assert f"from: %M: {path}".encode() in done.err


def test_auto_from(program, relay):
    for lines, args, expected in [
            ([("auto_from", "on"), ("maildomain", "old.example")],
             ["-f", "else@o.example"], f"{USER}@old.example"),
            ([("auto_from", "off"), ("maildomain", "old.example")],
             ["-f", "else@o.example"], "else@o.example"),
            ([("maildomain", "old.example"), ("auto_from", "")], [],
             f"{USER}@old.example")]:
        assert send(program, relay, lines, [*args, *R],
                    "X: y\n\n")[0] == expected


@pytest.mark.parametrize("format,pattern", [
    ("none", "host=127"),
    ("", r"\w\w\w \d\d \d\d:\d\d:\d\d host="),
    ("%Y-%m-%dT%H:%M:%S%z", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0000 host="),
    ("X", "X host="),
])
def test_log(program, relay, format, pattern):
    for name in ("-", program.log_file):
        conf = program.configure({"port": relay.port, "logfile": name,
                                  "logfile_time_format": format})
        done = program.run([f"--file={conf}", *R], b"X: y\n\n")
        assert done.code == 0
        line = done.out if name == "-" else done.log_bytes
        assert re.match(pattern, line.decode()), line
        assert line.count(b"\n") == 1
    conf = program.configure({"port": relay.port, "logfile": ""})
    assert program.run([f"--file={conf}", *R], b"X: y\n\n").out == b""


SYSLOG = r"""
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
static void note(int priority)
{
	FILE *f = fopen(getenv("NOTED"), "a");

	fprintf(f, "%d\n", priority);
	fclose(f);
}
void syslog(int priority, const char *format, ...) { note(priority); }
void __syslog_chk(int priority, int flag, const char *format, ...)
{
	note(priority);
}
"""
LOG_USER, LOG_MAIL, LOG_LOCAL0 = 1 << 3, 2 << 3, 16 << 3
LOG_ERR, LOG_INFO = 3, 6


@pytest.fixture(scope="module")
def interposer(tmp_path_factory):
    """A library that notes what goes to syslog."""
    path = tmp_path_factory.mktemp("syslog")
    (path / "syslog.c").write_text(SYSLOG)
    subprocess.run(["gcc", "-w", "-shared", "-fPIC", "-o", path / "syslog.so",
                    path / "syslog.c"], check=True)
    return path / "syslog.so"


@pytest.mark.parametrize("value,facility", [
    ("off", None), ("on", LOG_USER), ("", LOG_USER), ("LOG_USER", LOG_USER),
    ("LOG_MAIL", LOG_MAIL), ("LOG_LOCAL0", LOG_LOCAL0),
    ("LOG_LOCAL7", LOG_LOCAL0 + (7 << 3))])
def test_syslog(program, relay, interposer, tmp_path, value, facility):
    noted = tmp_path / "noted"
    env = {"LD_PRELOAD": str(interposer), "NOTED": str(noted),
           "ASAN_OPTIONS": "verify_asan_link_order=0"}
    for port, level in ((relay.port, LOG_INFO), (1, LOG_ERR)):
        conf = program.configure({"port": port, "syslog": value})
        noted.unlink(missing_ok=True)
        program.run([f"--file={conf}", *R], b"X: y\n\n", env=env)
        said = noted.read_text().split() if noted.exists() else []
        assert said == ([] if facility is None else [str(facility | level)])
