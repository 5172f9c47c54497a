"""sendmail -bs: SMTP on standard input and output, as callers speak it.

The callers' dialogues are those of Symfony Mailer, SwiftMailer, nmh and
Alpine; the relay is the emulator, and what it says must reach the caller.
"""

import contextlib
import fcntl
import os
import re
import smtplib
import socket
import subprocess

import pytest
from emulator.policy import Account, Fault, Policy
from emulator.thread import EmulatorThread

import logline
from relay import SENDER, SES_KEY, Relay
from run import PATIENCE

F_SETPIPE_SZ = 1031


class Dialogue:
    """The program with -bs, and a caller that takes turns with it."""

    def __init__(self, program, *args, **more):
        self.program = program
        self.process = subprocess.Popen(
            [program.path, "-bs", *args], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=more.pop("stderr", subprocess.PIPE),
            cwd=program.home, env=program.environment(), **more)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout,
                     self.process.stderr):
            if pipe:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()

    def write(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def reply(self):
        """The lines of the next reply, without their line ends."""
        lines = []
        while not lines or lines[-1][3:4] == b"-":
            line = self.process.stdout.readline()
            assert line.endswith(b"\r\n"), (line, lines)
            assert len(line) <= 512
            lines.append(line[:-2])
        assert len({line[:3] for line in lines}) == 1
        return lines

    def say(self, command, code=None):
        self.write(command + b"\r\n")
        reply = self.reply()
        if code:
            assert reply[0].startswith(b"%d" % code), (command, reply)
        return reply

    def greet(self, hello=b"HELO [127.0.0.1]"):
        assert self.reply()[0].startswith(b"220 ")
        return self.say(hello, 250)

    def transaction(self, text, sender=SENDER, people=("one@example.net",)):
        """The reply to the dot, or the first one that refuses."""
        reply = self.say(b"MAIL FROM:<%s>" % sender.encode())
        for person in people:
            if reply[0].startswith(b"250"):
                reply = self.say(b"RCPT TO:<%s>" % person.encode())
        if not reply[0].startswith(b"250"):
            return reply
        self.say(b"DATA", 354)
        self.write(text + b".\r\n")
        return self.reply()

    def hang_up(self):
        self.process.stdin.close()
        self.process.stdin = None

    def end(self, code=0, last=b"QUIT"):
        """Says QUIT, unless it ends without; returns what is on stderr."""
        if last:
            self.say(last, 221)
        out, err = self.process.communicate(timeout=PATIENCE)
        assert out == b""
        assert self.process.returncode == code, err
        return err

    @property
    def log(self):
        return logline.read(self.program.log_file)


@contextlib.contextmanager
def plain_relay(program, settings=None, **policy):
    """A relay without TLS, and the default account for it."""
    with EmulatorThread(Policy(**policy), mode="plain") as emulator:
        conf = program.configure({"port": emulator.port, **(settings or {})},
                                 name=".postriderrc")
        emulator.conf = conf
        yield emulator


TEXT = b"From: sender@example.com\r\nSubject: s\r\n\r\nbody\r\n"


# -------------------------------------------------------------- the callers

def test_symfony(program, authority):
    """HELO, several messages, NOOP to see whether it lives, RSET, QUIT; any
    text on stderr at the start is a failure to it."""
    with Relay(program, authority, "ses") as relay, \
            Dialogue(program) as bs:
        bs.greet()
        for number in range(3):
            bs.say(b"MAIL FROM:<sender@example.com>", 250)
            bs.say(b"RCPT TO:<one@example.net>", 250)
            bs.say(b"RCPT TO:<two@example.net>", 250)
            bs.say(b"DATA", 354)
            bs.write(TEXT + b"\r\n.\r\n")
            reply = bs.reply()
            message = relay.messages[number]
            # It looks for the id with a pattern that begins like this.
            assert reply == [b"250 Ok " + message.id.encode()]
            assert message.rcpt_to == ["one@example.net", "two@example.net"]
            bs.say(b"NOOP", 250)
        bs.say(b"RSET", 250)
        assert bs.end() == b""
        assert [line["outcome"] for line in bs.log] == ["ACCEPTED"] * 3
        assert [line["serverid"] for line in bs.log] == [
            message.id for message in relay.messages]


CALLERS = [
    ("laravel", ["-i"], b"HELO [127.0.0.1]", b"QUIT"),
    ("swiftmailer", [], b"HELO [127.0.0.1]", b"QUIT"),
    ("nmh", ["-odb", "-oem", "-om"], b"EHLO localhost", b"QUIT"),
    ("alpine", ["-odb", "-oem"], b"EHLO host.example.com", b"QUIT"),
    ("nmh hangs up", ["-odb", "-oem", "-om"], b"EHLO localhost", None),
]


@pytest.mark.parametrize("args,hello,last", [row[1:] for row in CALLERS],
                         ids=[row[0] for row in CALLERS])
@pytest.mark.parametrize("name", ["sendmail", "postrider"])
def test_callers(program, tmp_path, name, args, hello, last):
    link = tmp_path / name
    link.symlink_to(program.path)
    program.path = str(link)
    with plain_relay(program) as relay, Dialogue(program, *args) as bs:
        bs.greet(hello)
        bs.say(b"RSET", 250)
        for _ in range(2):
            assert bs.transaction(TEXT)[0].startswith(b"250 ")
            bs.say(b"RSET", 250)
        if last is None:
            bs.hang_up()
        assert bs.end(last=last) == b""
        assert [message.content for message in relay.messages] == [TEXT] * 2


def test_smtplib_over_a_socket(program):
    """Standard input and output may be one socket."""
    ours, theirs = socket.socketpair()
    with plain_relay(program) as relay, ours, theirs:
        process = subprocess.Popen(
            [program.path, "-bs"], stdin=theirs, stdout=theirs,
            stderr=subprocess.PIPE, env=program.environment())
        theirs.close()
        client = smtplib.SMTP(local_hostname="localhost")
        client.sock = ours
        assert client.getreply()[0] == 220
        client.ehlo()
        for name in ("size", "8bitmime", "pipelining", "enhancedstatuscodes"):
            assert client.has_extn(name)
        for word in ("starttls", "auth", "smtputf8", "dsn", "chunking"):
            assert not client.has_extn(word)
        refused = client.sendmail(SENDER, ["one@example.net", "two@example.net"],
                                  TEXT + b".\r\n..\r\n.x\r\n")
        assert refused == {}
        assert client.vrfy("one")[0] == 252
        client.quit()
        assert process.communicate(timeout=PATIENCE)[1] == b""
        assert process.returncode == 0
        assert relay.messages[0].content == TEXT + b".\r\n..\r\n.x\r\n"


def run(program, data, *args):
    """All of a dialogue at once, before the greeting; the replies."""
    result = program.run(["-bs", *args], data)
    return result, result.out.split(b"\r\n")[:-1]


def codes(lines):
    return [int(line[:3]) for line in lines if line[3:4] == b" "]


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_everything_at_once(program, end):
    lines = [b"EHLO me", b"MAIL FROM:<sender@example.com>",
             b"RCPT TO:<one@example.net>", b"DATA", b"Subject: 1", b"", b"..",
             b".", b"MAIL FROM:<sender@example.com>",
             b"RCPT TO:<two@example.net>", b"DATA", b"Subject: 2", b"",
             b"...x", b".", b"QUIT"]
    with plain_relay(program) as relay:
        result, replies = run(program, end.join(lines) + end)
        assert (result.code, result.err) == (0, b"")
        assert codes(replies) == [220, 250] + [250, 250, 354, 250] * 2 + [221]
        assert [(m.rcpt_to, m.content.partition(b"\r\n\r\n")[2])
                for m in relay.messages] == [
            (["one@example.net"], b".\r\n"), (["two@example.net"], b"..x\r\n")]


def test_debugging_does_not_speak_in_the_dialogue(program):
    """As msmtp it shows both on standard output; here that is taken."""
    link = program.home / "msmtp"
    link.symlink_to(program.path)
    data = (b"EHLO me\nMAIL FROM:<sender@example.com>\n"
            b"RCPT TO:<one@example.net>\nDATA\n\n.\nQUIT\n")
    with plain_relay(program):
        program.path = str(link)
        result, replies = run(program, data, "-d")
        assert result.code == 0
        assert codes(replies) == [220, 250, 250, 250, 354, 250, 221]
        assert all(re.match(rb"[0-9]{3}[ -]", line) for line in replies)
        assert b"host = 127.0.0.1" in result.err
        assert b"--> RCPT TO:<one@example.net>" in result.err


# ----------------------------------------------------------------- the text

BODIES = [
    ("dots", b".\r\n..\r\n.x\r\n...\r\n"),
    ("only a dot", b".\r\n"),
    ("nothing", b""),
    ("8-bit", b"\xc3\xa4\xff\x80\r\n"),
    ("long line", b"x" * 900 + b"\r\n"),
    ("empty lines at the end", b"\r\n\r\n\r\n"),
    ("dots behind every line end", b"\r\n.\r\n.\r\n..\r\n.\r\n"),
]


def stuffed(text):
    return re.sub(rb"(\A|(?<=\r\n))\.", b"..", text)


@pytest.mark.parametrize("body", [row[1] for row in BODIES],
                         ids=[row[0] for row in BODIES])
def test_bodies_arrive_byte_for_byte(program, body):
    with plain_relay(program, {"set_mime_headers": "off"}) as relay, \
            Dialogue(program) as bs:
        bs.greet()
        reply = bs.transaction(TEXT + stuffed(body))
        assert reply[0].startswith(b"250 "), reply
        bs.end()
        assert relay.messages[0].content == TEXT + body


SMUGGLED = (b"MAIL FROM:<evil@example.com>\r\nRCPT TO:<victim@example.net>"
            b"\r\nDATA\r\nSubject: evil\r\n\r\nx\r\n")


@pytest.mark.parametrize("hidden", [
    b"\n.\n", b"\n.\r\n", b"\r.\r", b"\r.\r\n", b"\r\n.\n", b"\r\n.\r",
    b"\r\n\x00.\r\n", b"\r\n.\x00\r\n", b"\r\n .\r\n", b"\n\n.\r\n",
    b"\r\n.\r\r\n", b"\r\n..\r\n", b"\x85.\x85"])
def test_no_second_message_is_smuggled(program, hidden):
    """In a dialogue of CRLF only CRLF . CRLF ends a message, at either end."""
    with plain_relay(program) as relay, Dialogue(program) as bs:
        bs.greet()
        reply = bs.transaction(TEXT + b"a" + hidden + SMUGGLED)
        assert reply[0].startswith(b"250 "), reply
        bs.say(b"NOOP", 250)
        bs.end()
        assert len(relay.messages) == 1
        message = relay.messages[0]
        assert message.rcpt_to == ["one@example.net"]
        assert b"victim@example.net" in message.content
        assert len(relay.sessions) == 1
        assert not relay.sessions[0].violations


def test_header_is_mended(program, authority):
    """nmh sends no Message-ID; Bcc goes, bare names are qualified."""
    with Relay(program, authority, "ses") as relay, Dialogue(program) as bs:
        bs.greet(b"EHLO localhost")
        reply = bs.transaction(b"To: root\r\nBcc: hidden@example.net\r\n\r\nx\r\n")
        assert reply[0].startswith(b"250 2.0.0 "), reply
        bs.end()
        text = relay.messages[0].content
        for name in (b"From: sender@example.com\r\n", b"Date: ",
                     b"Message-ID: ", b"To: root@example.com\r\n"):
            assert text.count(name) == 1
        assert b"Bcc" not in text
        assert relay.messages[0].rcpt_to == ["one@example.net"]


def test_large_message(program):
    text = TEXT + b"0123456789abcdef" * 4 * 160000
    text = re.sub(rb"(.{76})", rb"\1\r\n", text[len(TEXT):])
    body = b".\r\n" + text + b"\r\n"
    assert len(body) > 10_000_000
    with plain_relay(program) as relay, Dialogue(program) as bs:
        bs.greet()
        assert bs.transaction(TEXT + b"." + body)[0].startswith(b"250 ")
        assert bs.transaction(TEXT)[0].startswith(b"250 ")
        bs.end()
        assert relay.messages[0].content == TEXT + body
        assert relay.messages[1].content == TEXT


# ---------------------------------------------------- envelope and accounts

def test_the_dialogue_names_the_sender(program):
    """Neither -f nor -t nor the header has a say."""
    with plain_relay(program) as relay, \
            Dialogue(program, "-f", "other@example.com", "-t") as bs:
        bs.greet()
        assert bs.transaction(
            b"From: author@example.org\r\nTo: more@example.net\r\n\r\n",
            sender="me@example.com")[0].startswith(b"250 ")
        bs.end()
        assert relay.messages[0].mail_from == "me@example.com"
        assert relay.messages[0].rcpt_to == ["one@example.net"]


@pytest.mark.parametrize("null_sender,arrives", [
    ("on", ""), ("off", "sender@example.com")])
def test_null_sender(program, null_sender, arrives):
    with plain_relay(program, {"null_sender": null_sender}) as relay, \
            Dialogue(program, "-f", "other@example.com") as bs:
        bs.greet()
        assert bs.transaction(TEXT, sender="")[0].startswith(b"250 ")
        bs.end()
        assert relay.messages[0].mail_from == arrives


def test_the_sender_chooses_the_account(program):
    with plain_relay(program) as one, EmulatorThread(
            Policy(), mode="plain") as two:
        with open(one.conf, "a", encoding="ascii") as conf:
            conf.write("account second : default\nfrom second@example.com\n"
                       f"port {two.port}\n")
        with Dialogue(program) as bs:
            bs.greet()
            for sender in ("second@example.com", "sender@example.com",
                           "second@example.com"):
                assert bs.transaction(TEXT, sender)[0].startswith(b"250 ")
            bs.end()
            assert (len(one.messages), len(two.messages)) == (1, 2)
            assert [line["account"] for line in bs.log] == [
                "second", "default", "second"]


@pytest.mark.parametrize("args,people", [
    ([], ["admin@example.org", "two@example.net", "www@example.com"]),
    (["-n"], ["root@example.com", "two@example.net", "www@example.com"])])
def test_local_names(program, args, people):
    aliases = program.home / "aliases"
    aliases.write_text("root: admin@example.org, two@example.net\n")
    with plain_relay(program, {"aliases": aliases,
                               "qualify_domain": "example.com"}) as relay, \
            Dialogue(program, *args) as bs:
        bs.greet()
        assert bs.transaction(TEXT, people=[
            "root", "two@example.net", "www"])[0].startswith(b"250 ")
        bs.end()
        assert relay.messages[0].rcpt_to == people


def test_a_name_that_cannot_be_qualified(program, authority):
    """It is refused where it is said; the others get the message."""
    with Relay(program, authority, "ses",
               {"from": None, "qualify_domain": None}) as relay, \
            Dialogue(program) as bs:
        bs.greet(b"EHLO localhost")
        bs.say(b"MAIL FROM:<sender@example.com>", 250)
        assert bs.say(b"RCPT TO:<root>")[0].startswith(b"553 5.1.3 ")
        bs.say(b"RCPT TO:<one@example.net>", 250)
        bs.say(b"DATA", 354)
        bs.write(TEXT + b".\r\n")
        assert bs.reply()[0].startswith(b"250 ")
        bs.end()
        assert relay.messages[0].rcpt_to == ["one@example.net"]


def test_too_many_recipients(program):
    people = [f"r{n}@example.net" for n in range(1003)]
    data = b"HELO x\r\nMAIL FROM:<sender@example.com>\r\n" + b"".join(
        b"RCPT TO:<%s>\r\n" % person.encode() for person in people)
    with plain_relay(program) as relay:
        result, replies = run(program, data + b"DATA\r\n\r\n.\r\nQUIT\r\n")
        assert result.code == 0
        assert codes(replies) == [220, 250, 250] + [250] * 1000 + [452] * 3 + [
            354, 250, 221]
        assert relay.messages[0].rcpt_to == people[:1000]


def test_recipients_are_split_at_the_limit(program, authority):
    people = [f"r{n}@example.net" for n in range(120)]
    with Relay(program, authority, "ses") as relay, Dialogue(program) as bs:
        bs.greet()
        assert bs.transaction(TEXT, people=people)[0].startswith(b"250 ")
        bs.end()
        assert [len(m.rcpt_to) for m in relay.messages] == [50, 50, 20]
        assert len(bs.log) == 1


@pytest.mark.parametrize("settings,more,words", [
    ({"max_message_size": "5000"}, "", b"SIZE 5000"),
    ({}, "", b"SIZE"),
    ({"max_message_size": "5000"}, "account b\nfrom b@example.com\n", b"SIZE"),
])
def test_size_is_that_of_the_account(program, settings, more, words):
    """No number where the sender has yet to choose the account."""
    with plain_relay(program, settings) as relay:
        with open(relay.conf, "a", encoding="ascii") as conf:
            conf.write(more)
        with Dialogue(program) as bs:
            lines = [line[4:] for line in bs.greet(b"EHLO x")[1:]]
            assert lines == [b"PIPELINING", b"8BITMIME",
                             b"ENHANCEDSTATUSCODES", words]
            bs.end()


def test_messages_that_are_too_large(program):
    with plain_relay(program, {"max_message_size": "5000"}) as relay, \
            Dialogue(program) as bs:
        bs.greet(b"EHLO x")
        reply = bs.say(b"MAIL FROM:<sender@example.com> SIZE=5001")
        assert reply[0].startswith(b"552-5.3.4 ")
        bs.say(b"MAIL FROM:<sender@example.com> SIZE=5000", 250)
        bs.say(b"RSET", 250)
        reply = bs.transaction(TEXT + b"x\r\n" * 2000)
        assert reply[0].startswith(b"552-5.3.4 ")
        # As it came it fits, but not with what is added.
        reply = bs.transaction(b"Subject: s\r\n\r\n" + b"x" * 4980 + b"\r\n")
        assert reply[0].startswith(b"552-5.3.4 ")
        assert bs.transaction(TEXT)[0].startswith(b"250 ")
        bs.end()
        assert [m.content for m in relay.messages] == [TEXT]
        assert [line["exitcode"] for line in bs.log] == [
            "EX_DATAERR", "EX_DATAERR", "EX_DATAERR", "EX_OK"]


def test_a_header_that_is_refused(program):
    with plain_relay(program) as relay, Dialogue(program) as bs:
        bs.greet(b"EHLO x")
        reply = bs.transaction(b"X: " + b"y" * 70000 + b"\r\n\r\n")
        assert reply[0].startswith(b"554 5.6.0 "), reply
        assert bs.transaction(TEXT)[0].startswith(b"250 ")
        bs.end()
        assert len(relay.messages) == 1


# -------------------------------------------------------------- the verdicts

REFUSALS = [
    # stage, what the relay says, start of the reply, words in it
    ("mail", "550 5.7.1 not you", b"550 5.7.1 not you", []),
    ("mail", "451 4.3.0 later", b"451 4.3.0 later", []),
    ("mail", "530 5.7.0 log in", b"550 5.7.0 log in", []),
    ("mail", "421 4.7.0 going down", b"451 4.7.0 going down", []),
    ("rcpt", "550 5.1.1 nobody", b"550 5.1.1 nobody", []),
    ("rcpt", "550 nobody", b"550 5.0.0 nobody", []),
    ("rcpt", "450-4.2.1 busy\r\n450 4.2.1 now", b"450-4.2.1 busy",
     [b"450 4.2.1 now"]),
    ("data", "554 5.5.1 no", b"554 5.5.1 no", []),
    ("body-end", "550 5.7.1 spam", b"550 5.7.1 spam", []),
    ("body-end", "452 4.3.1 full", b"452 4.3.1 full", []),
    ("body-end", "554-5.6.0 one\r\n554 5.6.0 two", b"554-5.6.0 one",
     [b"554 5.6.0 two"]),
    ("body-end", "454 Throttled", b"454 4.0.0 Throttled", []),
    ("body-end", "421 gone", b"451 4.0.0 gone", []),
    # What is wrong with the session says nothing about the message.
    ("greeting", "554 no service", b"451 4.3.2 ", [b"554 no service"]),
    ("greeting", "421 4.3.2 busy", b"451 4.3.2 ", [b"421 4.3.2 busy"]),
    ("ehlo", "550 go away", b"451 4.", [b"550 go away"]),
]


@pytest.mark.parametrize("stage,says,reply,words", REFUSALS,
                         ids=[f"{r[0]} {r[1][:3]}" for r in REFUSALS])
def test_refusals_are_passed_on(program, stage, says, reply, words):
    """And what comes after them is not hurt."""
    faults = [Fault(stage, reply=says.replace("\r\n", "\n"), times=1)]
    if stage == "ehlo":
        faults.append(Fault("helo", reply=says, times=1))
    with plain_relay(program, faults=faults) as relay, \
            Dialogue(program) as bs:
        bs.greet(b"EHLO me")
        answer = bs.transaction(TEXT)
        assert answer[0].startswith(reply), answer
        for word in words:
            assert any(word in line for line in answer), answer
        assert bs.transaction(TEXT)[0].startswith(b"250 ")
        err = bs.end()
        assert err.count(b"\n") == 1
        assert len(relay.messages) == 1
        assert [line["outcome"] == "ACCEPTED" for line in bs.log] == [
            False, True]


def test_some_recipients_are_refused(program):
    """The others have it, so the caller must not send it to all again."""
    fault = Fault("rcpt", reply="450 4.2.1 busy", match=b"two@")
    with plain_relay(program, faults=[fault]) as relay, \
            Dialogue(program) as bs:
        bs.greet(b"EHLO me")
        reply = bs.transaction(
            TEXT, people=["one@example.net", "two@example.net"])
        assert reply[0].startswith(b"554-5.2.1 some recipients got ")
        assert b"do not send it to all" in reply[0]
        assert reply[1].startswith(b"554 5.2.1 <two@example.net>: ")
        assert b"450 4.2.1 busy" in reply[1]
        assert b"one@example.net" not in b"".join(reply)
        bs.end()
        assert relay.messages[0].rcpt_to == ["one@example.net"]
        assert bs.log[0]["refused"] == "two@example.net"


def test_all_or_nothing(program):
    fault = Fault("rcpt", reply="550 5.1.1 nobody", match=b"two@")
    with plain_relay(program, {"partial_delivery": "off"},
                     faults=[fault]) as relay, Dialogue(program) as bs:
        bs.greet(b"EHLO me")
        reply = bs.transaction(
            TEXT, people=["one@example.net", "two@example.net"])
        assert reply[0].startswith(b"550-5.1.1 nobody")
        assert any(b"<two@example.net>" in line for line in reply)
        bs.end()
        assert relay.messages == []


def test_all_recipients_are_refused(program):
    fault = Fault("rcpt", reply="550 5.1.1 nobody")
    with plain_relay(program, faults=[fault]) as relay, \
            Dialogue(program) as bs:
        bs.greet(b"EHLO me")
        reply = bs.transaction(
            TEXT, people=["one@example.net", "two@example.net"])
        assert reply[0].startswith(b"550-5.1.1 nobody")
        assert [line[:17] for line in reply[1:]] == [
            b"550-5.1.1 <one@ex", b"550 5.1.1 <two@ex"]
        bs.end()
        assert relay.messages == []


def test_suppressed_recipients(program, authority):
    """On the relay's list: refused alone, named beside another."""
    with Relay(program, authority, "oci",
               suppressed={"gone@example.net"}) as relay, \
            Dialogue(program) as bs:
        bs.greet(b"EHLO me")
        reply = bs.transaction(TEXT, people=["gone@example.net"])
        assert reply[0].startswith(b"550-5.1.1 "), reply
        reply = bs.transaction(
            TEXT, people=["gone@example.net", "here@example.net"])
        assert reply[0].startswith(b"250"), reply
        assert any(b"<gone@example.net>" in line for line in reply)
        bs.end()
        assert relay.messages[-1].rcpt_to[-1] == "here@example.net"


@pytest.mark.parametrize("fault", [
    Fault("body-end", close="before"),
    Fault("body-end", reply="250 Ok", truncate=3, deliver=True)])
def test_unknown_outcome(program, fault):
    with plain_relay(program, faults=[fault]), Dialogue(program) as bs:
        bs.greet(b"EHLO me")
        reply = b" ".join(bs.transaction(TEXT))
        assert reply.startswith(b"451 4.4.2 "), reply
        assert b"may have been delivered" in reply
        bs.end()
        assert bs.log[0]["outcome"] == "UNKNOWN"


def test_connection_lost_before_the_dot(program):
    with plain_relay(program, faults=[Fault("rcpt", close="before")]) as relay, \
            Dialogue(program) as bs:
        bs.greet(b"EHLO me")
        assert bs.transaction(TEXT)[0].startswith(b"451 4.4.2 ")
        bs.end()
        assert relay.messages == []


def closed_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


@pytest.mark.parametrize("settings,reply,outcome", [
    ({"port": "CLOSED"}, b"451 4.4.1 ", "NOT-SENT"),
    ({"host": "no-such-host.invalid"}, b"451 4.4.", "NOT-SENT"),
    ({"tls": "on", "port": "PLAIN", "tls_starttls": "on"}, b"451 4.7.5 ",
     "NOT-SENT"),
])
def test_no_way_to_the_relay(program, settings, reply, outcome):
    with plain_relay(program) as relay:
        ports = {"CLOSED": closed_port(), "PLAIN": relay.port}
        program.configure({key: ports.get(value, value)
                           for key, value in settings.items()},
                          name=".postriderrc")
        with Dialogue(program) as bs:
            bs.greet(b"EHLO me")
            assert bs.transaction(TEXT)[0].startswith(reply)
            bs.say(b"NOOP", 250)
            assert bs.end().count(b"\n") >= 1
            assert bs.log[0]["outcome"] == outcome
        assert relay.messages == []


def test_credentials_are_refused(program, authority):
    """The message is not at fault: it can be sent once they are mended."""
    with Relay(program, authority, "ses",
               accounts=[Account(SES_KEY, secret="another")]) as relay, \
            Dialogue(program) as bs:
        bs.greet(b"EHLO me")
        reply = bs.transaction(TEXT)
        assert reply[0].startswith(b"454-4.7.0 "), reply
        assert b"535 " in reply[0]
        assert b"454 4.7.0 what to do: " in reply[-1]
        bs.end()
        assert bs.log[0]["exitcode"] == "EX_NOPERM"
        assert relay.messages == []


def test_credentials_cannot_be_had(program, authority):
    with Relay(program, authority, "ses",
               {"password": None, "passwordeval": "exit 1"}) as relay, \
            Dialogue(program) as bs:
        bs.greet(b"EHLO me")
        assert bs.transaction(TEXT)[0].startswith(b"454 4.7.0 ")
        bs.end()
        assert relay.sessions == []


def test_advice_is_passed_on(program, authority):
    with Relay(program, authority, "ses", verified=set()) as relay, \
            Dialogue(program) as bs:
        bs.greet(b"EHLO me")
        reply = bs.transaction(TEXT)
        assert reply[0].startswith(b"554-5"), reply
        assert b"not verified" in reply[0]
        assert any(b"what to do: " in line for line in reply)
        bs.end()
        assert relay.messages == []


# ------------------------------------------------------------ configuration

def test_no_configuration(program):
    """It is said where the caller listens: at MAIL."""
    with Dialogue(program) as bs:
        bs.greet(b"EHLO me")
        for _ in range(2):
            reply = bs.say(b"MAIL FROM:<sender@example.com>")
            assert reply[0].startswith(b"451 4.3.5 no configuration")
            bs.say(b"RCPT TO:<one@example.net>", 503)
            bs.say(b"DATA", 503)
        bs.say(b"RSET", 250)
        err = bs.end(code=78)
        assert err.count(b"no configuration") == 2


def test_nothing_was_asked_for(program):
    with Dialogue(program) as bs:
        bs.greet(b"EHLO me")
        assert bs.end() == b""


def test_configuration_that_is_wrong(program):
    program.configure({"port": "many"}, name=".postriderrc")
    with Dialogue(program) as bs:
        bs.greet()
        assert bs.say(b"MAIL FROM:<a@example.com>")[0].startswith(b"451 4.3.5 ")
        bs.end(code=78)


def test_configuration_that_is_mended_meanwhile(program):
    with plain_relay(program) as relay:
        text = relay.conf.read_text()
        relay.conf.write_text("port many\n")
        with Dialogue(program) as bs:
            bs.greet()
            bs.say(b"MAIL FROM:<a@example.com>", 451)
            relay.conf.write_text(text)
            assert bs.transaction(TEXT)[0].startswith(b"250 ")
            bs.end(code=78)
        assert len(relay.messages) == 1


def test_account_of_the_command_line(program):
    with plain_relay(program) as relay, \
            Dialogue(program, "-a", "nobody") as bs:
        bs.greet()
        assert bs.say(b"MAIL FROM:<sender@example.com>")[0].startswith(b"451 ")
        bs.end(code=78)
        assert relay.sessions == []


def test_operands_are_refused(program):
    result = program.run(["-bs", "one@example.net"], b"QUIT\r\n")
    assert (result.code, result.out) == (64, b"")
    assert result.err.count(b"\n") == 1


def test_log_on_standard_output_is_no_part_of_the_dialogue(program):
    with plain_relay(program, {"logfile": "-"}) as relay, \
            Dialogue(program) as bs:
        bs.greet()
        assert bs.transaction(TEXT)[0].startswith(b"250 ")
        bs.end()
        assert len(relay.messages) == 1


# ------------------------------------------------------------ broken callers

@pytest.mark.parametrize("said,code", [
    (b"", 0), (b"EHLO me\r\n", 0), (b"EHLO me\r\nQUI", 0),
    (b"EHLO me\r\nMAIL FROM:<a@example.com>\r\n", 66),
    (b"EHLO me\r\nMAIL FROM:<a@example.com>\r\nRSET\r\n", 0),
    (b"EHLO me\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.net>\r\n",
     66),
    (b"EHLO me\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.net>\r\n"
     b"DATA\r\n" + TEXT, 66),
    (b"EHLO me\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.net>\r\n"
     b"DATA\r\n" + TEXT + b".\r", 66),
    (b"EHLO me\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.net>\r\n"
     b"DATA\r\n" + TEXT + b".", 66),
])
def test_the_input_ends(program, said, code):
    with plain_relay(program) as relay:
        result = program.run(["-bs"], said)
        assert result.code == code
        assert result.err.count(b"\n") == (code != 0)
        assert relay.messages == [] and relay.sessions == []


def test_the_caller_is_killed_in_its_message(program):
    """Nothing is sent of a message that did not end."""
    with plain_relay(program) as relay, Dialogue(program) as bs:
        bs.greet()
        bs.say(b"MAIL FROM:<sender@example.com>", 250)
        bs.say(b"RCPT TO:<one@example.net>", 250)
        bs.say(b"DATA", 354)
        bs.write(TEXT + b"more")
        bs.hang_up()
        bs.process.stdout.close()
        assert bs.process.wait(PATIENCE) == 66
        assert relay.messages == [] and relay.sessions == []
        assert bs.log[0]["exitcode"] == "EX_NOINPUT"


def test_nobody_reads_the_replies(program):
    """What cannot be answered is not asked for."""
    with plain_relay(program) as relay, Dialogue(program) as bs:
        bs.greet()
        bs.process.stdout.close()
        bs.write(b"MAIL FROM:<sender@example.com>\r\n")
        assert bs.process.wait(PATIENCE) == 71
        assert relay.sessions == []


def test_nobody_reads_standard_error(program):
    """A caller that never does must not be hung by a row of failures."""
    read_end, write_end = os.pipe()
    fcntl.fcntl(write_end, F_SETPIPE_SZ, 4096)
    data = b"MAIL FROM:<a@example.com>\r\n" * 200
    try:
        with Dialogue(program, stderr=write_end) as bs:
            out, _ = bs.process.communicate(b"HELO x\r\n" + data + b"QUIT\r\n",
                                            timeout=PATIENCE)
        assert out.count(b"\r\n451 4.3.5 ") == 200
        assert bs.process.returncode == 78
    finally:
        os.close(read_end)
        os.close(write_end)


MALFORMED = [
    # said, codes of the replies; RSET, NOOP and a message work behind it
    (b"\r\n", [500]), (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", [500, 500, 500]),
    (b"\x00\x01\xff\r\n", [500]), (b"x" * 70000 + b"\r\n", [500]),
    (b"MAIL\r\nRCPT\r\nDATA x\r\n", [501, 503, 503]),
    (b"MAIL FROM:<a@example.com> SIZE=1 X=2\r\n", [555]),
    (b"MAIL FROM:<a@example.com> BODY=BINARYMIME\r\n", [501]),
    (b"MAIL FROM:<a@example.com\r\n", [501]),
    (b"MAIL FROM:<a@b@example.com>\r\n", [501]),
    (b"MAIL FROM:<\r\nRCPT TO:<b@example.net>\r\n", [501, 503]),
    (b"MAIL FROM:<a@example.com>\r\nRCPT TO:<one@example.net> NOTIFY=NEVER\r\n"
     b"DATA\r\n", [250, 555, 503]),
    (b"MAIL FROM:<a@example.com>\r\nRCPT TO:<one@example.net\r\rDATA\r\n",
     [250, 501]),
    (b"AUTH PLAIN AGEAYg==\r\nSTARTTLS\r\nBDAT 5 LAST\r\nTURN\r\n",
     [502, 502, 500, 500]),
    (b"EXPN staff\r\nVRFY root\r\nHELP\r\n", [502, 252, 214]),
    (b"EHLO\r\nHELO\r\nLHLO x\r\n", [501, 501, 500]),
]


@pytest.mark.parametrize("said,replies", MALFORMED)
def test_malformed_commands(program, said, replies):
    with plain_relay(program) as relay, Dialogue(program) as bs:
        bs.greet(b"EHLO me")
        bs.write(said)
        assert [int(bs.reply()[0][:3]) for _ in replies] == replies
        bs.say(b"RSET", 250)
        assert bs.transaction(TEXT)[0].startswith(b"250 ")
        bs.end()
        assert len(relay.messages) == 1
