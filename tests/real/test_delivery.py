"""Messages of every size reach real servers byte for byte.

The servers are Postfix, which shares no code and no TLS library with the
program, and the emulator in the role of Amazon SES. The peak of memory is
measured at every size; it does not count in a build with sanitizers.
"""

import re

import pytest

from real import messages
from real.accounts import (assert_accepted, assert_refused, assert_same,
                           plain_lines, postfix_lines, recipient)
from real.measure_run import LIMIT_KIB
from real.postfix import MECHANISMS, SMALL_LIMIT
from real.tap import Tap
from relay import Relay

KIB, MIB = 1024, 1024 * 1024
SIZES = {"2K": 2 * KIB, "10M": 10 * MIB, "40M": 40 * MIB}
# form: (lines end in CRLF, the last line has an end)
FORMS = {"crlf": (True, True), "lf": (False, True),
         "crlf-open": (True, False), "lf-open": (False, False)}
CASES = [(size, form) for size, forms in {
    "2K": list(FORMS), "10M": ["lf", "crlf-open"],
    "40M": ["crlf", "lf-open"]}.items() for form in forms]

FORM = pytest.mark.parametrize("size,form", CASES)
MODE = pytest.mark.parametrize("mode", ["starttls", "implicit"])
VERSION = pytest.mark.parametrize("version", ["1.2", "1.3"])
LISTENER = {"starttls": "submission", "implicit": "smtps"}


def given(size, form):
    """(what is given to the program, its lines in CRLF as they should go)."""
    crlf, closed = FORMS[form]
    message = messages.of_size(SIZES[size], closed)
    whole = message if closed else message + b"\r\n"
    return message if crlf else messages.with_lf(message), whole


def assert_small(measured):
    """The peak of memory is below the limit; pytest -rP shows it."""
    print(f"peak {measured.peak_kib} KiB, VmHWM {measured.seen_kib} KiB")
    assert measured.peak_kib > 0
    if not measured.is_instrumented():
        assert measured.peak_kib < LIMIT_KIB


@FORM
@MODE
@VERSION
def test_postfix(measured, postfix, authority, size, form, mode, version):
    sent, whole = given(size, form)
    to = recipient()
    conf = measured.configure(postfix_lines(
        postfix, f"{LISTENER[mode]}-{version}", authority.ca_file))
    result = measured.run([f"--file={conf}", to], sent)
    stored = postfix.take(to)
    assert_accepted(result, stored.queue_id)
    assert_same(stored.message, messages.with_lf(whole))
    assert (stored.sender, stored.recipients) == ("sender@example.com", [to])
    assert b"with ESMTPSA id" in stored.trace
    assert_small(measured)


def test_postfix_says_which_version(measured, postfix, authority):
    """The listeners of test_postfix take the version they are named after."""
    for mode in LISTENER.values():
        for version in ("1.2", "1.3"):
            name, to = f"{mode}-{version}", recipient()
            conf = measured.configure(
                postfix_lines(postfix, name, authority.ca_file))
            measured.run([f"--file={conf}", to], messages.of_size(2 * KIB))
            assert postfix.has_logged(f"{postfix.take(to).queue_id}: client=")
            seen = re.findall(rf"postfix/{re.escape(name)}/smtpd.*"
                              r"connection established.*: TLSv([\d.]+) ",
                              postfix.log)
            assert seen and set(seen) == {version}


@FORM
@MODE
@VERSION
def test_ses(measured, authority, size, form, mode, version):
    """40M is the provider's limit to the octet."""
    sent, whole = given(size, form)
    with Relay(measured, authority, "ses", mode=mode, tls=version,
               settings={"timeout": "60"}) as relay:
        result = relay.send(["someone@example.net"], sent, limit=120)
        assert len(relay.messages) == 1, result.err
        message = relay.messages[0]
        assert_accepted(result, message.id)
        assert_same(message.content, whole)
        assert message.tls_version == f"TLSv{version}"
        assert not relay.sessions[0].violations
    assert_small(measured)


def test_one_octet_more_than_ses_takes(measured, authority):
    """Refused before there is a connection."""
    with Relay(measured, authority, "ses") as relay:
        result = relay.send(["someone@example.net"],
                            messages.of_size(40 * MIB + 1), limit=120)
        assert_refused(result, 65, "NOT-SENT")
        assert not relay.sessions


def test_header_and_recipients_at_their_limits(measured, postfix, authority):
    """Nine thousand header lines, a thousand recipients."""
    extra = b"".join(b"X-Line-%d: %s\r\n" % (n, b"v" * 80)
                     for n in range(9000))
    message = extra + messages.of_size(2 * KIB)
    addresses = [f"n{n}.{recipient()}" for n in range(1000)]
    conf = measured.configure(postfix_lines(
        postfix, "smtps", authority.ca_file))
    result = measured.run([f"--file={conf}", *addresses], message)
    # Postfix hands fifty recipients at a time to its delivery agent.
    left = set(addresses)
    while left:
        stored = postfix.take(min(left))
        assert_same(stored.message, messages.with_lf(message))
        left -= set(stored.recipients)
    assert_accepted(result)
    assert_small(measured)


# How a session goes


@pytest.mark.parametrize("name", [*MECHANISMS.split(), "on"])
def test_mechanism(program, postfix, authority, name):
    to = recipient()
    conf = program.configure(postfix_lines(
        postfix, "smtps", authority.ca_file, auth=name.lower()))
    result = program.run([f"--file={conf}", to], messages.of_size(2 * KIB))
    assert_accepted(result)
    stored = postfix.take(to)
    assert postfix.has_logged(f"{stored.queue_id}: client=")
    used = re.search(rf"{stored.queue_id}: client=.*sasl_method=(\S+), "
                     rf"sasl_username={re.escape(postfix.user)}", postfix.log)
    assert used[1] == ("SCRAM-SHA-256" if name == "on" else name)


@pytest.mark.parametrize("name", [*MECHANISMS.split(), "on"])
@pytest.mark.parametrize("wrong", ["user", "password"])
def test_wrong_credential(program, postfix, authority, name, wrong):
    to = recipient()
    conf = program.configure(postfix_lines(
        postfix, "submission", authority.ca_file, auth=name.lower(),
        **{wrong: "mistaken@example.com"}))
    result = program.run([f"--file={conf}", to], messages.of_size(2 * KIB))
    line = assert_refused(result, 77, "PERM")
    assert line["exitcode"] == "EX_NOPERM"
    assert to not in postfix.log


def test_plain(program, postfix):
    """Without TLS and AUTH, for a server on the same machine."""
    to = recipient()
    message = messages.of_size(2 * KIB)
    conf = program.configure(plain_lines(postfix, "plain"))
    result = program.run([f"--file={conf}", to], message)
    stored = postfix.take(to)
    assert_accepted(result, stored.queue_id)
    assert_same(stored.message, messages.with_lf(message))
    assert b"with ESMTP id" in stored.trace


def test_pipelining(program, postfix):
    """Postfix offers it: the envelope and DATA go in one flight."""
    to = [recipient() for _ in range(3)]
    with Tap(postfix.ports["plain"]) as tap:
        conf = program.configure({"port": tap.port})
        result = program.run([f"--file={conf}", *to],
                             messages.of_size(2 * KIB))
    assert_accepted(result)
    envelope = [one for one in tap.flights if b"MAIL FROM:" in one]
    assert len(envelope) == 1
    assert envelope[0].count(b"RCPT TO:") == 3
    assert envelope[0].endswith(b"\r\nDATA\r\n")
    # Its queue manager delivers in the order of its own sorting.
    assert sorted(postfix.take(to[0]).recipients) == sorted(to)


def assert_three_transactions(received):
    assert [len(one) for one in received] == [50, 50, 20]


def test_many_recipients_in_one_session(program, postfix):
    """A server that takes fifty: three transactions, one connection."""
    to = [f"n{n}.{recipient()}" for n in range(120)]
    message = messages.of_size(2 * KIB)
    with Tap(postfix.ports["fifty"]) as tap:
        conf = program.configure({"port": tap.port, "max_recipients": "50"})
        result = program.run([f"--file={conf}", *to], message)
    assert_accepted(result)
    stored = [postfix.take(to[n]) for n in (0, 50, 100)]
    assert_three_transactions([one.recipients for one in stored])
    assert sorted(one for part in stored for one in part.recipients) == sorted(
        to)
    for one in stored:
        assert_same(one.message, messages.with_lf(message))
    assert len({one.queue_id for one in stored}) == 3
    assert tap.connections == 1


def test_many_recipients_at_ses(program, authority):
    """The provider's limit of fifty is known without a setting."""
    to = [f"n{n}@example.net" for n in range(120)]
    with Relay(program, authority, "ses") as relay:
        result = relay.send(to, messages.of_size(2 * KIB))
        assert_accepted(result)
        assert_three_transactions([one.rcpt_to for one in relay.messages])
        assert [one for part in relay.messages for one in part.rcpt_to] == to
        assert len(relay.sessions) == 1
        assert not relay.sessions[0].violations


def test_larger_than_the_server_takes(program, postfix):
    """The limit in EHLO is heeded: not one octet of the message is sent."""
    with Tap(postfix.ports["small"]) as tap:
        conf = program.configure({"port": tap.port})
        result = program.run([f"--file={conf}", recipient()],
                             messages.of_size(SMALL_LIMIT + 1))
    assert_refused(result, 65, "NOT-SENT")
    assert b"DATA" not in tap.sent
    assert b"Subject:" not in tap.sent


def test_exactly_what_the_server_takes(program, postfix):
    """Postfix counts its own trace field too, so a little less."""
    to = recipient()
    conf = program.configure(plain_lines(postfix, "small"))
    result = program.run([f"--file={conf}", to],
                         messages.of_size(SMALL_LIMIT - 400))
    assert_accepted(result, postfix.take(to).queue_id)
