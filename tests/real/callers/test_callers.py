"""Programs that call sendmail, against postrider as the machine's sendmail.

Each row of programs.py is a program of Debian's, run in a root of its own in
which our package is the mail-transport-agent; each row of replays.py gives the
command line and the standard input of one that is not run. The account is one
of Amazon SES, emulated, with one approved address, and with the password in a
file that only root and a group may read, since every caller runs sendmail as
itself. What arrives must be what the caller meant.
"""

import email.header
import email.utils
import re

import pytest
from relay import Relay

from callers import page, programs, replays
from callers.campaign import DOMAIN, SENDER

ALL = [*programs.CALLERS, *replays.CALLERS]

# By user id: names that stand in a From that the program adds.
FULL_NAMES = {0: "root", 33: "www-data"}

EACH = pytest.mark.parametrize("caller", ALL, ids=lambda one: one.tag[4:])
SENT = pytest.mark.parametrize(
    "caller", [one for one in ALL if one.messages and not one.exit],
    ids=lambda one: one.tag[4:])


def fits(text, pattern, tag):
    """A * in the pattern stands for any text."""
    parts = pattern.replace("{tag}", tag).split("*")
    return re.fullmatch(".*".join(map(re.escape, parts)), text) is not None


def decoded(value):
    """A header value as people see it; raw octets are UTF-8."""
    value = value.encode("latin-1").decode("utf-8")
    return str(email.header.make_header(email.header.decode_header(value)))


def people(message, field):
    """(name, address) of each address in fields of this name."""
    return email.utils.getaddresses(message.header(field))


def author(caller, uid):
    """((name, address) in From, addresses in Reply-To), as they arrive.

    One address is approved: it takes the place of any other author, whose
    name stays in From and whose address becomes the Reply-To.
    """
    name, address = email.utils.parseaddr(caller.author or "")
    if caller.author is None and caller.sender is None:
        name = FULL_NAMES.get(uid, "")
    answers = caller.reply_to or address
    return (name, SENDER), [answers] if answers else []


@EACH
def test_caller(seen, caller):
    """It ends as it should and says nothing, unless the relay refused."""
    found = seen[caller.name]
    assert found.code == caller.code, (found.stdout, found.stderr)
    printed = found.stdout + found.stderr
    if caller.said is None:
        assert printed == b""
    else:
        assert caller.said.replace(b"{tag}", caller.tag.encode()) in printed
    if caller.logged:
        assert any(caller.logged in line for line in found.log), found.log


@EACH
def test_call(seen, caller):
    """The arguments are those we know, and the program ends as it should."""
    calls = seen[caller.name].calls
    assert len(calls) == caller.calls
    for call in calls:
        wanted = [word.replace("{tag}", caller.tag) for word in caller.argv]
        assert call["argv"][1:] == wanted
        assert call["exit"] == caller.exit, call["stderr"]
        if caller.exit == 0:
            assert call["stderr"] == ""
            if "-bs" not in wanted and not caller.mailq:
                assert call["stdout"] == ""


@EACH
def test_delivery(seen, caller):
    """Envelope, author, subject and text are what the caller meant."""
    found = seen[caller.name]
    assert bool(found.refused) == (caller.exit == 65)
    assert len(found.messages) == caller.messages
    for message in found.messages:
        assert message.mail_from == SENDER
        assert message.rcpt_to == [one.replace("{tag}", caller.tag)
                                   for one in caller.to]
        wanted, answers = author(caller, found.calls[0]["uid"])
        assert people(message, "From") == [wanted]
        assert [one for _, one in people(message, "Reply-To")] == answers
        subject = decoded(message.header("Subject")[0])
        assert fits(subject, caller.subject, caller.tag), subject
        body = caller.body.replace(b"{tag}", caller.tag.encode())
        assert body.replace(b"\n", b"\r\n") in message.body
        assert b"hidden@" not in message.content
        for name in ("Date", "Message-ID", "From", "Subject"):
            assert len(message.header(name)) == 1
        assert all("@" in one for field in ("To", "Cc")
                   for _, one in people(message, field))


@SENT
@pytest.mark.parametrize("provider", ["ses", "oci"])
def test_other_provider_takes_it(seen, program, authority, provider, caller):
    """The same call and text through both providers, STARTTLS this time."""
    call = seen[caller.name].calls[0]
    with Relay(program, authority, provider,
               {"from": SENDER, "allowed_from": SENDER,
                "qualify_domain": DOMAIN},
               mode="starttls", verified={SENDER}) as relay:
        result = relay.send(call["argv"][1:],
                            call["stdin"].encode("latin-1"))
        assert (result.code, result.err) == (0, b"")
        assert len(relay.messages) == caller.messages // caller.calls
        assert not relay.emulator.refused


def test_environment_is_not_needed(seen):
    """A web server may hand over none at all."""
    call = seen["PHP mail(), empty environment"].calls[0]
    assert not {"HOME", "PATH", "USER", "LOGNAME"} & set(call["variables"])


def test_descriptors_may_be_closed(seen):
    """One of the callers closes 1 and 2, cron leaves one of its own open."""
    assert seen["GNU mailutils mail"].calls[0]["open"] == [0]
    assert seen["cron"].calls[0]["stray"]


def test_users_are_the_callers(seen):
    """Everybody calls as himself: root, users, the web server."""
    users = {call["uid"] for one in seen.values() for call in one.calls}
    assert {0, 33, 1000} <= users


def test_cron_says_what_went_wrong(seen):
    lines = [line for line in seen["cron, refused"].log if "MTA" in line]
    assert any(re.search(r"\(user\) MAIL \(mailed \d+ bytes? of output but "
                         r"got status 0x0043 from MTA", line)
               for line in lines), lines


def test_page(seen):
    """doc/CALLERS.md is what was seen; page.py --write writes it."""
    assert page.PATH.read_text(encoding="utf-8") == page.text(seen)
