"""Who may be the sender: allowed_from, from_policy and reply_to.

Each row is an account with a few settings and one run; the relay knows one
approved address only, so a sender that slips through is refused by it.
"""

import email
import email.policy
import os
import pwd

import pytest

from relay import SENDER, Relay

CRON = b"From: root (Cron Daemon)\nTo: root\nSubject: Cron\n\nout\n"
ONE = {"allowed_from": SENDER, "qualify_domain": "host.example.com"}

# name, settings, arguments, header lines, what arrives:
#   envelope sender, From, Sender, Reply-To (None: no such field)
REWRITES = [
    ("cron", ONE, ["-FCronDaemon", "-i", "root"],
     "From: root (Cron Daemon)", SENDER, f"{SENDER} (Cron Daemon)", None,
     "root@host.example.com"),
    ("cronie", ONE, ["-FCronDaemon", "-i", "-f", "root", "root"],
     'From: "(Cron Daemon)" <root>', SENDER, f'"(Cron Daemon)" <{SENDER}>',
     None, "root@host.example.com"),
    ("a name", ONE, ["root"], "From: mdadm monitoring <root>", SENDER,
     f"mdadm monitoring <{SENDER}>", None, "root@host.example.com"),
    ("Reply-To stays", ONE, ["root"],
     "From: www@host.example.com\nReply-To: Me <me@example.net>", SENDER,
     SENDER, None, "Me <me@example.net>"),
    ("Sender, too", ONE, ["root"],
     "From: www@host.example.com\nSender: Web <www@host.example.com>", SENDER,
     SENDER, f"Web <{SENDER}>", "www@host.example.com"),
    ("two authors", ONE, ["root"], "From: A <a@example.net>, b", SENDER,
     f"A <{SENDER}>", None, "a@example.net, b@host.example.com"),
    ("one of two authors", ONE, ["root"], f"From: {SENDER}, b@example.net",
     SENDER, SENDER, None, f"{SENDER}, b@example.net"),
    ("nothing to do", ONE, ["root"], f"From: Me <{SENDER}>", SENDER,
     f"Me <{SENDER}>", None, None),
    ("case", ONE, ["root"], "From: sender@EXAMPLE.com", SENDER,
     "sender@EXAMPLE.com", None, None),
    ("envelope alone", ONE, ["-fwww-data@host.example.com", "root"],
     f"From: Shop <{SENDER}>", SENDER, f"Shop <{SENDER}>", None, None),
    ("the author takes the envelope along",
     {"allowed_from": f"{SENDER}, @bounce.example.com"},
     ["-fb@bounce.example.com", "root"], "From: x@example.net", SENDER,
     SENDER, None, "x@example.net"),
    ("no From", ONE, ["-fwww-data", "root"], "Subject: x", SENDER, SENDER,
     None, None),
    ("unreadable From", ONE, ["root"], "From: a@b@c <", SENDER, SENDER, None,
     None),
    ("half an address", ONE, ["root"], "From: A <a@example.net", SENDER,
     f"A <{SENDER}>", None, None),
    ("a name alone", ONE, ["root"], "From: Cron Daemon", SENDER,
     f"Cron Daemon <{SENDER}>", None, None),
    ("reply_to", {**ONE, "reply_to": "help@example.net"}, ["root"],
     f"From: {SENDER}", SENDER, SENDER, None, "help@example.net"),
    ("reply_to before the author's own",
     {**ONE, "reply_to": "Help <help@example.net>"}, ["root"], "From: root",
     SENDER, SENDER, None, "Help <help@example.net>"),
    ("set_from_header on", {**ONE, "set_from_header": "on"}, ["root"],
     "From: root", SENDER, SENDER, None, None),
    ("set_from_header off", {**ONE, "set_from_header": "off"}, ["root"],
     "From: root", SENDER, SENDER, None, "root@host.example.com"),
    ("from itself is always allowed", {"allowed_from": "@example.org"},
     ["root"], f"From: {SENDER}", SENDER, SENDER, None, None),
]


@pytest.mark.parametrize("provider", ["ses", "oci"])
@pytest.mark.parametrize(
    "settings,args,header,envelope,author,sender,reply",
    [row[1:] for row in REWRITES], ids=[row[0] for row in REWRITES])
def test_rewrite(program, authority, provider, settings, args, header,
                 envelope, author, sender, reply):
    # A full name would be the caller's, which differs between machines.
    with Relay(program, authority, provider, settings,
               verified={SENDER}) as relay:
        result = relay.send([*args[:-1], "--", args[-1]],
                            header.encode() + b"\n\nbody\n")
        assert (result.code, result.err) == (0, b"")
        stored, = relay.messages
        assert stored.mail_from == envelope
        fields = email.message_from_bytes(stored.content)
        assert fields.get_all("Reply-To") == (reply and [reply])
        assert fields["Sender"] == sender
        if "From:" in header and "set_from_header" not in settings:
            assert fields.get_all("From") == [author]
        else:
            assert author in fields["From"] and len(
                fields.get_all("From")) == 1
        assert fields.get_payload() == "body\r\n"


def test_default_is_the_domain_of_from(program, authority):
    with Relay(program, authority, "ses", verified={SENDER, "example.com"}
               ) as relay:
        header = b"To: x@example.net\nFrom: other@example.com\n\n"
        assert relay.send(["-t"], header).code == 0
        header = b"To: x@example.net\nFrom: other@example.org\n\n"
        assert relay.send(["-t"], header).code == 0
        kept, replaced = [email.message_from_bytes(one.content)
                          for one in relay.messages]
        assert (kept["From"], kept["Reply-To"]) == ("other@example.com", None)
        assert replaced["From"] == SENDER
        assert replaced["Reply-To"] == "other@example.org"


@pytest.mark.parametrize("args,header,named", [
    ([], b"From: root", b"root@host.example.com"),
    (["-fwww@host.example.com"], b"From: " + SENDER.encode(),
     b"www@host.example.com"),
    ([], b"From: " + SENDER.encode() + b"\nSender: a@example.net",
     b"a@example.net"),
    ([], b"From: a@b@c", b"cannot be read"),
])
def test_refuse(program, authority, args, header, named):
    with Relay(program, authority, "ses", {**ONE, "from_policy": "refuse"},
               verified={SENDER}) as relay:
        result = relay.send([*args, "x@example.net"], header + b"\n\nx\n")
        assert result.code == 77
        assert named in result.err and b"allowed_from" in result.err
        assert not relay.messages and not relay.sessions
        assert result.log[-1]["exitcode"] == "EX_NOPERM"


def test_pass(program, authority):
    with Relay(program, authority, "ses", {**ONE, "from_policy": "pass"},
               verified={SENDER}) as relay:
        result = relay.send(["x@example.net"], b"From: root\n\nx\n")
        assert result.code == 78
        assert b"not verified" in result.err
        assert not relay.messages


def test_pattern_has_no_address_to_put_in(program, authority):
    with Relay(program, authority, "ses",
               {"from": "*@example.com", "allowed_from": "@example.com",
                "qualify_domain": "example.com"}) as relay:
        result = relay.send(["x@example.net"], b"From: a@example.net\n\nx\n")
        assert result.code == 77
        assert b"a@example.net may not be the sender" in result.err
        result = relay.send(["x@example.net"], b"From: a@example.com\n\nx\n")
        assert result.code == 0
        assert relay.messages[0].mail_from == "a@example.com"


@pytest.mark.parametrize("own", ["%F", "x%F"])
def test_an_author_does_not_take_his_own_place(program, authority, own):
    with Relay(program, authority, "ses",
               {"from": own, "allowed_from": "@example.com",
                "qualify_domain": "example.com", "domain": "host.example.com"},
               verified={"example.com", "example.net"}) as relay:
        result = relay.send(["x@example.net"], b"From: a@example.net\n\nx\n")
        assert result.code == 77
        assert b"a@example.net may not be the sender" in result.err
        assert not relay.messages
        result = relay.send(["-fb@example.net", "x@example.net"],
                            b"From: a@example.com\n\nx\n")
        assert result.code == 0
        expected = own.replace("%F", "a@example.com")
        assert relay.messages[0].mail_from == expected


def test_without_from_the_header_names_the_sender(program, authority):
    """For a provider that knows approved senders; else it is the caller."""
    login = pwd.getpwuid(os.getuid()).pw_name
    with Relay(program, authority, "ses",
               {"from": None, "qualify_domain": "example.com",
                "allowed_from": SENDER, "domain": "host.example.com"}
               ) as relay:
        header = b"From: " + SENDER.encode() + b"\n\nx\n"
        assert relay.send(["x@example.net"], header).code == 0
        assert relay.messages[0].mail_from == SENDER
        result = relay.send(["x@example.net"], b"From: z@example.net\n\nx\n")
        assert result.code == 77
        assert b"z@example.net may not be the sender" in result.err
        result = relay.send(
            ["x@example.net"], b"Subject: x\n\nx\n",
            env={"LOGNAME": "somebody", "USER": "somebody"})
        assert result.code == 77
        assert login.encode() + b"@example.com may not" in result.err


@pytest.mark.parametrize("value", ["a b c@", "<", ","])
def test_wrong_reply_to_is_refused_with_its_line(program, authority, value):
    with Relay(program, authority, "ses", {"reply_to": value}) as relay:
        result = relay.send(["x@example.net"], b"\nx\n")
        assert result.code == 78
        assert b"line " in result.err and b"reply_to" in result.err
        assert not relay.sessions


def test_wrong_reply_to_of_the_command_line_is_no_line_of_a_file(
        program, authority):
    with Relay(program, authority, "ses") as relay:
        result = relay.send(["--reply-to=a b c@", "x@example.net"],
                            b"\nx\n")
        assert result.code == 78
        assert b" command line: reply_to a b c@: " in result.err
        assert b": line " not in result.err and not relay.sessions


def test_a_relay_of_no_provider_is_left_to_judge(program, authority):
    """As with msmtp: nothing is replaced unless somebody says so."""
    with Relay(program, authority, "ses",
               {"from_policy": "pass"}) as relay:
        header = b"From: other@example.com\n\nx\n"
        assert relay.send(["-fb@example.com", "x@example.net"],
                          header).code == 0
        assert relay.messages[0].mail_from == "b@example.com"
        assert b"From: other@example.com\r\n" in relay.messages[0].content
