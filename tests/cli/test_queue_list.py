"""The face of the spool: mailq, its numbers, JSON, and one message by hand."""

import fcntl
import json
import os
import re
import subprocess

import pytest

from mailqueue import MESSAGE, Queue, change_head, change_text


# ---------------------------------------------------- check_mailq, replayed

def sendmail_mode(lines):
    found = None
    for line in lines:
        if "mqueue" in line:
            match = re.search(r" \((\d+) request", line)
            if match:
                found = (found or 0) + int(match[1])
        elif re.search(r"^\s+Total Requests: (\d+)$", line, re.I):
            found = int(re.search(r"(\d+)$", line)[1])
        elif "Mail queue is empty" in line:
            found = 0
    return found


def postfix_mode(lines):
    match = re.search(r"Kbytes in (\d+)", lines[-1])
    if match:
        return int(match[1])
    return 0 if "Mail queue is empty" in lines[-1] else None


def exim_mode(lines):
    return sum(bool(re.search(r" \w{6}-\w{6}-\w{2} ", line))
               for line in lines)


def nullmailer_mode(lines):
    return sum(bool(re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\s", line))
               for line in lines)


def lines_of(result):
    assert (result.code, result.err) == (0, b"")
    return result.out.decode("ascii").splitlines()


@pytest.fixture
def queue(program, authority):
    with Queue(program, authority) as found:
        yield found


def named(queue, name):
    """The program under another name, in the same home."""
    link = queue.program.home / name
    link.symlink_to(queue.program.path)
    return lambda *args: type(queue.program)(link, queue.program.home).run(
        list(args))


@pytest.mark.parametrize("is_there", [False, True])
def test_an_empty_queue(queue, is_there):
    if is_there:
        assert queue.call("--queue-drop", *queue.keep()).code == 0
    for result in (queue.call("-bp"), named(queue, "mailq")(),
                   named(queue, "sendmail")("-bp")):
        lines = lines_of(result)
        assert lines == ["Mail queue is empty"]
        for mode in sendmail_mode, postfix_mode, exim_mode, nullmailer_mode:
            assert mode(lines) == 0
    assert queue.call("-bP").out == b"0\n"
    assert queue.json() == []
    assert queue.spool.exists() is is_there


@pytest.mark.parametrize("args", [["-bp"], ["-bP"], ["--queue-json"]])
def test_standard_input_is_not_touched(queue, args):
    queue.keep()
    path = queue.program.home / "input"
    path.write_bytes(b"To: one@example.net\n\n")
    with open(path, "rb") as stdin:
        subprocess.run([queue.program.path, *args], stdin=stdin, check=True,
                       stdout=subprocess.DEVNULL,
                       env=queue.program.environment())
        assert os.lseek(stdin.fileno(), 0, os.SEEK_CUR) == 0


ENTRY = re.compile(
    r"(?P<id>[0-9][0-9a-z]{19})(?P<mark>[ *!]) *(?P<size>\d+) "
    r"(?P<time>[A-Z][a-z]{2} [A-Z][a-z]{2} \d\d \d\d:\d\d:\d\d)  "
    r"(?P<sender>\S+)$")


def test_the_listing(queue):
    first, second, third = queue.keep(
        MESSAGE, MESSAGE + b"x" * 2000 + b"\n", MESSAGE)
    assert queue.call("--queue-hold", second).code == 0
    change_time(queue, [first, second, third])
    with open(queue.spool / "new" / third, "rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        lines = lines_of(queue.call("-bp"))
    assert lines[0].startswith("-----Queue ID-------")
    entries = [ENTRY.match(line) for line in lines if ENTRY.match(line)]
    assert [one["id"] for one in entries] == [first, second, third]
    assert [one["mark"] for one in entries] == [" ", "!", "*"]
    assert all(one["sender"] == "sender@example.com" for one in entries)
    sizes = [int(one["size"]) for one in entries]
    assert sizes[1] == sizes[0] + 2001
    assert lines[2] == \
        "(connect to 127.0.0.1:1: Connection refused)"
    assert lines[3] == " " * 51 + "one@example.net"
    assert lines[4] == ""
    assert lines[-2] == "\t\tTotal requests: 3"
    kilobytes = (sum(sizes) + 1023) // 1024
    assert lines[-1] == f"-- {kilobytes} Kbytes in 3 Requests."
    assert sendmail_mode(lines) == postfix_mode(lines) == 3
    assert exim_mode(lines) == nullmailer_mode(lines) == 0
    # The shell's way of counting.
    assert sum(bool(re.match("[0-9A-F]", line)) for line in lines) == 3
    assert queue.call("-bP").out == b"3\n"


def change_time(queue, names):
    """Messages that came within a second are in no order."""
    for i, name in enumerate(names):
        for place in ("new", "hold"):
            if name in queue.names(place):
                change_head(queue.spool / place / name, b"created",
                            100 * (3 - i))


def test_one_request(queue):
    queue.keep()
    lines = lines_of(queue.call("-bp"))
    assert lines[-1] == "-- 1 Kbytes in 1 Request."
    assert sendmail_mode(lines) == postfix_mode(lines) == 1


def test_the_null_sender_and_who_has_it_already(program, authority):
    with Queue(program, authority, {"null_sender": "on"}) as queue:
        name, = queue.keep(args=["-f", "<>", "a@example.net",
                                 "b@example.net"])
        queue.set_letters(name, b"DQ")
        lines = lines_of(queue.call("-bp"))
        assert lines[1].endswith(" MAILER-DAEMON")
        assert [line.strip() for line in lines[3:5]] == ["b@example.net", ""]
        assert queue.letters(name) == {"a": "done", "b": "waits"}
        assert queue.json()[0]["sender"] == ""


def test_what_cannot_be_read_is_counted(queue):
    name, = queue.keep()
    (queue.spool / "new" / name).write_bytes(b"postrider-spool 1 ")
    lines = lines_of(queue.call("-bp"))
    assert lines[1] == name and lines[2].startswith("(damaged queue file: ")
    assert postfix_mode(lines) == sendmail_mode(lines) == 1
    entry, = queue.json()
    assert entry["id"] == name and "damaged" in entry["error"]


def test_a_spool_of_somebody_else(queue):
    queue.keep()
    queue.spool.chmod(0o755)
    for args in (["-bp"], ["-bP"], ["--queue-json"], ["-q"]):
        result = queue.call(*args)
        assert result.code == 75 and result.out == b""
        assert result.err.count(b"\n") == 1 and b"0700" in result.err


@pytest.mark.parametrize("args", [["-bp"], ["-bP"], ["--queue-json"]])
def test_standard_output_is_full(queue, args):
    queue.keep()
    with open("/dev/full", "wb") as full:
        done = subprocess.run([queue.program.path, *args], stdout=full,
                              stderr=subprocess.PIPE, check=False,
                              env=queue.program.environment())
    assert done.returncode == 71 and b"standard output" in done.stderr


def test_json(queue):
    name, other = queue.keep(
        MESSAGE, MESSAGE, args=["-V", "a+b \"c\\", "-N", "failure",
                                "-R", "hdrs", '"a\\"b c"@example.net'])
    queue.call("--queue-hold", other)
    result = queue.call("--queue-json")
    entries = json.loads(result.out.decode())
    assert len(entries) == 2
    entry, = [one for one in entries if one["id"] == name]
    assert entry["state"] == "waits" and entry["is_locked"] is False
    assert entry["account"] == "default" and entry["uid"] == os.getuid()
    assert entry["sender"] == "sender@example.com"
    assert entry["envelope_id"] == 'a+b "c\\'
    assert entry["notify"] == "failure" and entry["return"] == "hdrs"
    assert entry["is_report"] is False
    assert entry["attempts"] == 1 and entry["outcome"] == "NOT-SENT"
    assert entry["last_try"] <= entry["next_try"] <= entry["last_try"] + 375
    assert entry["created"] <= entry["last_try"]
    assert entry["code"] == 0 and "127.0.0.1" in entry["reason"]
    assert entry["recipients"] == [
        {"address": '"a\\"b c"@example.net', "state": "waits"}]
    assert re.fullmatch("<[^<>]+@[^<>]+>", entry["message_id"])
    assert [one["state"] for one in entries if one["id"] == other] == ["hold"]


ODD = [
    (b"caf\xc3\xa9", "caf\u00e9"),
    (b"\xff\"\\\x7f", "\ufffd\"\\\x7f"),
    (b"\xc3\xa9\xc3\xed\xa0\x80", "\u00e9" + 4 * "\ufffd"),
]


@pytest.mark.parametrize("octets,text", ODD)
def test_odd_octets_in_json(queue, octets, text):
    """An account may be called anything; the file is changed by hand."""
    name, = queue.keep()
    change_text(queue.spool / "new" / name, b"account", octets)
    entry, = queue.json()
    assert entry["account"] == text


# ------------------------------------------------------- one message by hand

ACTIONS = ["show", "drop", "hold", "release", "retry"]


@pytest.mark.parametrize("action", ACTIONS)
def test_no_such_message(queue, action):
    gone = "0" * 20
    for _ in range(2):      # without a spool, and with one
        result = queue.call(f"--queue-{action}", gone)
        assert (result.code, result.out) == (66, b"")
        assert result.err.count(b"\n") == 1 and gone.encode() in result.err
        queue.keep()
    result = queue.call(f"--queue-{action}={queue.names()[0][:8]}")
    assert result.code == 64 and b"queue id" in result.err
    assert queue.call(f"--queue-{action}").code == 64
    assert queue.call(f"--queue-{action}", "../new").code == 64
    assert queue.everything() == {"new": 2}


def left(queue, names):
    return [one["state"] for one in queue.json() if one["id"] in names]


@pytest.mark.parametrize("action,state", [
    ("show", "waits"), ("hold", "hold"), ("release", "waits"), ("drop", None),
    ("retry", None)])
def test_several(queue, action, state):
    """Each in turn; what is wrong with one is no reason to leave another."""
    names = queue.keep(*[MESSAGE] * 4)
    gone = "0" * 20
    if action == "release":
        assert queue.call("--queue-hold", *names[:3]).code == 0
    result = queue.call(f"--queue-{action}", names[0], gone, names[1],
                        "nonsense", names[2])
    assert result.code == 64 and result.err.count(b"\n") == 2
    assert gone.encode() in result.err and b"nonsense" in result.err
    assert left(queue, names[:3]) == ([state] * 3 if state else [])
    assert left(queue, names[3:]) == ["waits"]
    if action == "show":
        for name in names[:3]:
            assert result.out.count(b"id:          " + name.encode()) == 1
    result = queue.call(f"--queue-{action}", gone, names[3])
    assert result.code == 66 and result.err.count(b"\n") == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root for another owner")
@pytest.mark.parametrize("action", ACTIONS)
def test_of_another_user(queue, action):
    """A file of somebody else in our spool is no message; it may go."""
    name, other = queue.keep(MESSAGE, MESSAGE)
    os.chown(queue.spool / "new" / other, 12345, 12345)
    result = queue.call(f"--queue-{action}", other)
    if action == "drop":
        assert (result.code, queue.names()) == (0, [name])
        return
    if action == "release":
        assert result.code == 0     # it is not on hold
    else:
        assert result.code == 65 and result.out == b""
        assert result.err.count(b"\n") == 1
        assert b"not a message of this user" in result.err
    assert not queue.relay.messages
    assert sorted(queue.names() + queue.names("failed")) == sorted(
        [name, other])


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root for another user")
@pytest.mark.parametrize("action", ACTIONS)
def test_of_the_spool_of_another_user(queue, action):
    """Root reads no spool but its own: that of a user is not trusted."""
    name, = queue.keep()
    for path in (queue.spool, *queue.spool.rglob("*")):
        os.chown(path, 12345, 12345)
    result = queue.call(f"--queue-{action}", name)
    assert result.code == 75 and result.out == b""
    assert b"must belong to the user" in result.err
    assert queue.names() == [name]


def test_large_listing(queue):
    """A thousand, some odd: every program sees the same number."""
    names = queue.keep(MESSAGE)
    data = (queue.spool / "new" / names[0]).read_bytes()
    for number in range(999):
        name = f"5{number:019d}".replace("l", "0")
        (queue.spool / "new" / name).write_bytes(data)
        change_text(queue.spool / "new" / name, b"id", name.encode())
        if number % 7 == 0:
            change_text(queue.spool / "new" / name, b"account",
                        bytes(range(1, 256)))
    (queue.spool / "new" / ("6" * 20)).write_bytes(b"postrider-spool 2 ")
    (queue.spool / "hold" / ("6" * 19 + "7")).write_bytes(b"\0\xff\n")
    lines = lines_of(queue.call("-bp"))
    assert postfix_mode(lines) == sendmail_mode(lines) == 1002
    assert queue.call("-bP").out == b"1002\n"
    entries = queue.json()
    assert len(entries) == 1002 == len({one["id"] for one in entries})
    assert sum("error" in one for one in entries) == 2
    assert sum("\ufffd" in one.get("account", "") for one in entries) == 143


@pytest.mark.parametrize("action", ACTIONS)
def test_not_for_sendmail(queue, action):
    name, = queue.keep()
    result = named(queue, "sendmail")(f"--queue-{action}", name)
    assert result.code == 64
    assert queue.names() == [name]


@pytest.mark.parametrize("action,code", [
    ("show", 0), ("drop", 75), ("hold", 75), ("release", 0), ("retry", 75)])
def test_a_message_that_somebody_works_on(queue, action, code):
    name, = queue.keep()
    with open(queue.spool / "new" / name, "rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        result = queue.call(f"--queue-{action}", name)
    assert result.code == code, result.err
    if code:
        assert result.err.count(b"\n") == 1 and b"works on it" in result.err
    assert queue.everything() == {"new": 1} and not queue.relay.messages


def test_show(queue):
    text = MESSAGE.replace(b"body", b"body \xe9\n.\n..\nFrom x")
    name, = queue.keep(text)
    result = queue.call("--queue-show", name)
    assert (result.code, result.err) == (0, b"")
    envelope, message = result.out.split(b"\n\n", 1)
    lines = dict(re.split(r": +| +", line, maxsplit=1)
                 for line in envelope.decode().splitlines()
                 if not line.startswith(("last", "next")))
    assert lines["id"] == name and lines["state"] == "waits"
    assert lines["sender"] == "sender@example.com"
    assert lines["recipient"] == "one@example.net (waits)"
    assert lines["attempts"] == "1" and lines["outcome"] == "NOT-SENT"
    assert re.search(rb"^next try:  +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+0000$",
                     envelope, re.M)
    assert message.endswith(text.split(b"\n\n", 1)[1])
    assert b"Message-ID: " in message
    assert len(message) == queue.json()[0]["size"]


def test_drop(queue):
    name, other = queue.keep(MESSAGE, MESSAGE)
    result = queue.call("--queue-drop", name)
    assert (result.code, result.out, result.err) == (0, b"", b"")
    assert queue.names() == [other]
    assert result.log[-1] == {
        "errormsg": "removed by hand, unsent", "account": "default",
        "queue": name}
    assert queue.call("--queue-drop", name).code == 66


@pytest.mark.parametrize("place", ["new", "failed"])
def test_drop_what_cannot_be_read(queue, place):
    name, = queue.keep()
    (queue.spool / "new" / name).write_bytes(b"nothing")
    if place == "failed":
        assert queue.run().code == 65
        assert queue.names("failed") == [name]
    assert queue.call("--queue-drop", name).code == 0
    assert queue.everything() == {}


def test_hold_and_release(queue):
    name, = queue.keep()
    for _ in range(2):
        assert queue.call("--queue-hold", name).code == 0
        assert queue.names("hold") == [name] and queue.names() == []
    assert queue.run().code == 0
    assert not queue.relay.messages
    assert queue.call("-bP").out == b"1\n"
    for _ in range(2):
        result = queue.call("--queue-release", name)
        assert (result.code, result.out, result.err) == (0, b"", b"")
        assert queue.names() == [name]
    # It is due at once.
    assert queue.run().code == 0
    assert queue.everything() == {} and len(queue.relay.messages) == 1
    notes = [line["errormsg"] for line in result.log if "outcome" not in line]
    assert notes == ["put on hold by hand", "released by hand"]


@pytest.mark.parametrize("action, place", [
    ("hold", "hold"), ("release", "new"), ("drop", None)])
def test_a_wrong_setting_is_in_nobodys_way(queue, action, place):
    """It is of no account that these need."""
    name, = queue.keep()
    result = queue.call(f"--queue-{action}", name, "--port=abc")
    assert result.code == 0
    assert place is None or queue.names(place) == [name]


@pytest.mark.parametrize("place", ["new", "hold"])
def test_retry(queue, place):
    name, other = queue.keep(MESSAGE, MESSAGE)
    if place == "hold":
        queue.call("--queue-hold", name)
    queue.configure(port=1)
    result = queue.call("--queue-retry", name)
    assert result.code == 75 and name.encode() in result.err
    assert queue.names(place).count(name) == 1
    queue.configure()
    result = queue.call("--queue-retry", name)
    assert (result.code, result.out, result.err) == (0, b"", b"")
    assert len(queue.relay.messages) == 1
    assert queue.everything() == {"new": 1} and queue.names() == [other]


def test_retry_of_a_message_whose_fate_is_unknown(program, authority):
    with Queue(program, authority, {"queue_unknown": "hold"}) as queue:
        name, = queue.keep()
        queue.set_letters(name, b"U")
        assert queue.call("--queue-retry", name).code == 0
        assert queue.everything() == {} and len(queue.relay.messages) == 1
