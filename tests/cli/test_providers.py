"""Provider accounts end to end, against the emulated providers.

What a user of an account with two lines of provider and region may expect:
the message arrives, whatever the relay would have refused is mended, and what
cannot be mended ends with the provider's text, its meaning and an exit code.
"""

import re
import subprocess

import pytest
from emulator.policy import Fault

from relay import OCI_USER, SENDER, SES_KEY, SES_SECRET, Relay
from run import PATIENCE, wait_until_read

BOTH = pytest.mark.parametrize("provider", ["ses", "oci"])
MESSAGE = b"To: one@example.net\nSubject: s\n\nbody\n"


def content(relay):
    assert len(relay.messages) == 1
    return relay.messages[0].content


@BOTH
@pytest.mark.parametrize("mode", ["implicit", "starttls"])
@pytest.mark.parametrize("tls", ["1.2", "1.3"])
def test_message_arrives(program, authority, provider, mode, tls):
    with Relay(program, authority, provider, mode=mode, tls=tls) as relay:
        result = relay.send(["-t"], MESSAGE)
        assert (result.code, result.out, result.err) == (0, b"", b"")
        message = relay.messages[0]
        assert message.mail_from == SENDER
        assert message.rcpt_to == ["one@example.net"]
        assert message.tls_version == f"TLSv{tls}"
        text = message.content
        for name in (b"From: ", b"Date: ", b"Message-ID: "):
            assert text.count(name) == 1
        assert text.endswith(b"Subject: s\r\n\r\nbody\r\n")
        session = relay.sessions[0]
        assert not session.violations
        line = result.log[-1]
        assert line["account"] == "default"
        assert line["outcome"] == "ACCEPTED"
        assert line["exitcode"] == "EX_OK"
        assert line["msgid"] in text.decode()
        if provider == "ses":
            assert line["serverid"] == message.id


@BOTH
@pytest.mark.parametrize("name,sent,arrives", [
    ("bare recipient in header", b"To: root", b"To: root@example.com"),
    ("name in a comment", b"From: root (Cron Daemon)",
     b"From: root@example.com (Cron Daemon)"),
    ("name before brackets", b'To: "The, boss" <root>',
     b'To: "The, boss" <root@example.com>'),
    ("list", b"To: root, a@example.net,web", None),
    ("Reply-To", b"Reply-To: root", b"Reply-To: root@example.com"),
    ("blank before the colon", b"Subject : x", b"Subject: x"),
])
def test_header_is_mended(program, authority, provider, name, sent, arrives):
    if arrives is None:
        arrives = b"To: root@example.com, a@example.net,web@example.com"
    with Relay(program, authority, provider,
               {"qualify_domain": "example.com"},
               verified={"example.com"}) as relay:
        result = relay.send(["x@example.net"], sent + b"\n\nbody\n")
        assert result.code == 0, result.err
        assert b"\r\n" + arrives + b"\r\n" in b"\r\n" + content(relay)


@BOTH
def test_bare_recipient_is_qualified(program, authority, provider):
    with Relay(program, authority, provider) as relay:
        assert relay.send(["root"], MESSAGE).code == 0
        assert relay.messages[0].rcpt_to == ["root@example.com"]


@BOTH
@pytest.mark.parametrize("header", [
    b"Subject: a\nSubject: b", b"Date: x\nDate: y",
    b"Message-ID: <1@a.example>\nmessage-id: <2@a.example>",
    b"MIME-Version: 1.0\nMIME-Version: 1.0", b"To: a@example.net\nTo: b",
    b"Content-Type: text/plain\nContent-Type: text/plain",
    b"List-Id: <a.example>\nList-Id: <b.example>",
])
def test_doubled_fields_go_once(program, authority, provider, header):
    name = header.split(b":")[0]
    with Relay(program, authority, provider) as relay:
        result = relay.send(["x@example.net"], header + b"\n\nbody\n")
        assert result.code == 0, result.err
        assert len(re.findall(rb"(?im)^" + name + rb":", content(relay))) == (
            2 if provider == "oci" and name in (b"List-Id", b"Content-Type")
            else 1)


@BOTH
@pytest.mark.parametrize("sender", ["<>", "", "MAILER-DAEMON"])
def test_null_sender_is_never_sent(program, authority, provider, sender):
    with Relay(program, authority, provider) as relay:
        assert relay.send(["-f", sender, "x@example.net"], MESSAGE).code == 0
        assert relay.messages[0].mail_from == SENDER


def test_null_sender_where_it_is_taken(program, authority):
    with Relay(program, authority, "ses", {"null_sender": "on"}) as relay:
        result = relay.send(["-f", "<>", "x@example.net"], MESSAGE)
        assert result.code == 78
        assert b"501" in result.err and b"null sender" in result.err


def test_oci_sender_is_the_author(program, authority):
    """Both must be approved, so the author is the sender by default."""
    with Relay(program, authority, "oci", {"from": None},
               verified={"author@example.com"}) as relay:
        result = relay.send(["x@example.net"],
                            b"From: A <author@example.com>\n\n")
        assert result.code == 0, result.err
        assert relay.messages[0].mail_from == "author@example.com"


@pytest.mark.parametrize("count,transactions", [(50, 1), (51, 2), (120, 3)])
def test_recipients_are_split_at_the_limit(program, authority, count,
                                           transactions):
    people = [f"r{n}@example.net" for n in range(count)]
    with Relay(program, authority, "ses") as relay:
        result = relay.send(people, MESSAGE)
        assert result.code == 0, result.err
        assert len(relay.messages) == transactions
        assert sum((m.rcpt_to for m in relay.messages), []) == people
        assert len(relay.sessions) == 1


def test_split_that_breaks_names_who_did_not_get_it(program, authority):
    people = [f"r{n}@example.net" for n in range(60)]
    fault = Fault("body-end", reply="454 Throttling failure: Maximum sending "
                  "rate exceeded.", skip=1)
    with Relay(program, authority, "ses", faults=[fault]) as relay:
        result = relay.send(people, MESSAGE)
        assert result.code == 75
        assert len(relay.messages) == 1
        assert b"r50@example.net" in result.err
        assert b"r49@example.net" not in result.err


@pytest.mark.parametrize("kind", ["auto", "aws_secret"])
def test_ses_secret_key_is_derived(program, authority, kind):
    with Relay(program, authority, "ses", {"password_kind": kind}) as relay:
        assert relay.send(["x@example.net"], MESSAGE).code == 0


@pytest.mark.parametrize("source", ["password_file", "passwordeval"])
@pytest.mark.parametrize("derived", [False, True])
def test_any_source_may_hold_either_secret(program, authority, source,
                                           derived):
    secret = SES_SECRET
    if derived:
        done = program.run(["--derive-password", "--provider=ses",
                            "--region=eu-west-1"], secret.encode())
        assert done.code == 0 and len(done.out) == 45
        secret = done.out.decode().strip()
    path = program.home / "secret"
    path.write_text(secret + "\n")
    path.chmod(0o600)
    value = path if source == "password_file" else f"cat {path}"
    with Relay(program, authority, "ses",
               {"password": None, source: value}) as relay:
        result = relay.send(["x@example.net"], MESSAGE)
        assert result.code == 0, result.err


def test_ses_raw_secret_is_refused_with_the_reason(program, authority):
    with Relay(program, authority, "ses",
               {"password_kind": "smtp"}) as relay:
        result = relay.send(["x@example.net"], MESSAGE)
        assert result.code == 77
        assert b"535 Authentication Credentials Invalid" in result.err
        assert b"secret" in result.err and b"region" in result.err
        assert SES_SECRET.encode() not in result.err + result.log_bytes


def test_ses_password_of_another_region(program, authority):
    with Relay(program, authority, "ses", {"region": "eu-central-1"}) as relay:
        assert relay.send(["x@example.net"], MESSAGE).code == 77


def test_temporary_credentials_are_refused_locally(program, authority):
    with Relay(program, authority, "ses", {"user": "ASIA" + SES_KEY[4:]}) as r:
        result = r.send(["x@example.net"], MESSAGE)
        assert result.code == 78
        assert b"ASIA" in result.err and b"temporary" in result.err
        assert r.sessions == []


HEADERS = {
    "ses_configuration_set": ("X-SES-CONFIGURATION-SET", "news-letter_1"),
    "ses_message_tags": ("X-SES-MESSAGE-TAGS", "team=ops, env=prod"),
    "ses_source_arn": ("X-SES-SOURCE-ARN",
                       "arn:aws:ses:eu-west-1:123456789012:identity/a.example"),
    "ses_from_arn": ("X-SES-FROM-ARN",
                     "arn:aws:ses:eu-west-1:123456789012:identity/a.example"),
    "ses_return_path_arn": (
        "X-SES-RETURN-PATH-ARN",
        "arn:aws:ses:eu-west-1:123456789012:identity/a.example"),
    "ses_list_management": ("X-SES-LIST-MANAGEMENT-OPTIONS",
                            "contacts; topic=news"),
    "ses_tenant": ("X-SES-TENANT", "tenant-1"),
}


@pytest.mark.parametrize("keyword", HEADERS)
def test_ses_header_keywords(program, authority, keyword):
    name, value = HEADERS[keyword]
    with Relay(program, authority, "ses", {keyword: value},
               configuration_sets={"news-letter_1"}) as relay:
        result = relay.send(["x@example.net"],
                            f"{name}: other\nSubject: s\n\n".encode())
        assert result.code == 0, result.err
        assert relay.messages[0].header(name) == [value]


REFUSALS = [
    # policy and faults, exit code, words of the advice, class
    ("ses", dict(verified={"other.example"}), 78, b"not verified", "PERM"),
    ("ses", dict(sandbox=True), 78, b"sandbox", "PERM"),
    ("ses", dict(paused=True), 69, b"stopped this account", "PERM"),
    ("ses", dict(faults=[Fault("body-end", reply="454 Throttling failure: "
                               "Daily message quota exceeded.")]),
     75, b"24 h quota", "TEMP"),
    ("ses", dict(faults=[Fault("auth", reply="454 Temporary authentication "
                               "failure.")]), 75, b"could not check", "TEMP"),
    ("ses", dict(faults=[Fault("body-end", reply="554 Access denied: User "
                               "`arn:aws:iam::1:user/x' is not authorized to "
                               "perform `ses:SendRawEmail' on resource `arn'")
                         ]), 78, b"policy", "PERM"),
    ("ses", dict(faults=[Fault("greeting", reply="421 Too many concurrent "
                               "SMTP connections")]), 75, b"parallel", "TEMP"),
    ("oci", dict(verified={"other@example.com"}), 78, b"approved", "PERM"),
    ("oci", dict(per_minute=0), 75, b"minute", "TEMP"),
    ("oci", dict(per_day=0), 75, b"24 h", "TEMP"),
    ("oci", dict(accounts=[]), 77, b"ocid1.user", "PERM"),
    ("oci", dict(max_size=100), 65, b"limit", "PERM"),
    ("oci", dict(faults=[Fault("auth", reply="421 Too many auth failures, "
                               "try again later")]), 75, b"throttle", "TEMP"),
]


@pytest.mark.parametrize("provider,policy,code,words,outcome", REFUSALS)
def test_refusals_say_what_to_do(program, authority, provider, policy, code,
                                 words, outcome):
    with Relay(program, authority, provider, **policy) as relay:
        result = relay.send(["x@example.net"], MESSAGE)
        assert result.code == code, result.err
        assert words in result.err, result.err
        assert b"what to do: " in result.err
        assert result.log[-1]["outcome"] == outcome
        assert relay.messages == []


def suppressed(program, authority, people, stage="rcpt"):
    with Relay(program, authority, "oci", suppressed={"gone@example.net"},
               suppression_stage=stage) as relay:
        return relay.send(people, MESSAGE), relay.messages


def test_suppressed_recipient_alone(program, authority):
    result, _ = suppressed(program, authority, ["gone@example.net"])
    assert result.code == 67
    assert result.log[-1]["outcome"] == "SUPPRESSED"
    assert b"gone@example.net" in result.err and b"suppression" in result.err


def test_suppressed_recipient_beside_another(program, authority):
    result, messages = suppressed(
        program, authority, ["gone@example.net", "here@example.net"])
    assert result.code == 0
    assert len(messages) == 1
    assert b"gone@example.net" in result.err
    assert b"here@example.net" not in result.err
    assert result.log[-1]["refused"] == "gone@example.net"


def test_suppression_in_the_last_reply_is_for_the_named(program, authority):
    with Relay(program, authority, "oci", suppressed={"gone@example.net"},
               suppression_stage="data-end") as relay:
        result = relay.send(["gone@example.net", "here@example.net"], MESSAGE)
        assert result.code == 0, result.err
        assert b"warning: gone@example.net" in result.err
        assert result.log[-1]["outcome"] == "ACCEPTED"
        assert result.log[-1]["refused"] == "gone@example.net"


def test_recipients_behind_a_broken_session_were_not_sent(program, authority):
    """They are no refusals, whatever happened to those before them."""
    faults = [Fault("rcpt", reply="550 5.1.1 no such user", times=1),
              Fault("rset", close="before")]
    with Relay(program, authority, "ses", {"max_recipients": "1"},
               faults=faults) as relay:
        result = relay.send(["bad@example.net", "good@example.net"], MESSAGE)
        assert result.code == 75
        assert result.log[-1]["outcome"] == "NOT-SENT"
        assert re.search(rb"good@example.net: .*session ended", result.err)
        assert re.search(rb"bad@example.net: .*550 5.1.1", result.err)


def test_log_of_a_split_says_who_was_refused(program, authority):
    fault = Fault("rcpt", reply="550 5.1.1 no such user", times=1)
    with Relay(program, authority, "ses", {"max_recipients": "1"},
               faults=[fault]) as relay:
        result = relay.send(["bad@example.net", "good@example.net"], MESSAGE)
        assert result.code == 67
        assert len(relay.messages) == 1
        assert result.log[-1]["refused"] == "bad@example.net"


def test_all_or_nothing_is_not_promised_over_a_split(program, authority):
    with Relay(program, authority, "ses",
               {"partial_delivery": "off", "max_recipients": "1"}) as relay:
        result = relay.send(["a@example.net", "b@example.net"], MESSAGE)
        assert result.code == 65
        assert b"partial_delivery" in result.err
        assert relay.sessions == []


def test_advice_is_not_repeated(program, authority):
    faults = [Fault("rcpt", reply="550 5.1.1 no such user")]
    with Relay(program, authority, "ses", faults=faults) as relay:
        result = relay.send([f"r{n}@example.net" for n in range(5)], MESSAGE)
        assert result.code == 67
        assert result.err.count(b"what to do: ") == 1


def test_advice_about_ports_only_when_connecting(program, authority):
    with Relay(program, authority, "ses", {"timeout": "5"},
               faults=[Fault("mail", until=lambda: False)]) as relay:
        result = relay.send(["a@example.net"], MESSAGE)
        assert result.code == 75
        assert b"MAIL" in result.err and b"port" not in result.err


def test_advice_about_regions_only_for_the_providers_own_host(program):
    conf = program.home / "conf"
    lines = "provider ses\nregion eu-west-1\nfrom a@example.com\nuser u\n"
    conf.write_text(lines + "password x\nhost nowhere.invalid\n")
    conf.chmod(0o600)
    result = program.run([f"--file={conf}", "b@example.net"], MESSAGE)
    assert result.code in (68, 75), result.err   # 75 without a name server
    assert b"region" not in result.err


def test_idle_server_never_sees_a_slow_writer(program, authority):
    """All of stdin is read first: nothing is connected until then."""
    with Relay(program, authority, "ses") as relay:
        process = subprocess.Popen(
            [program.path, "x@example.net"], stdin=subprocess.PIPE,
            stderr=subprocess.PIPE, env=program.environment())
        process.stdin.write(MESSAGE * 500)
        process.stdin.flush()
        wait_until_read(process.stdin)
        assert relay.sessions == []
        _, err = process.communicate(MESSAGE * 500, PATIENCE)
        assert process.returncode == 0, err
        assert len(relay.messages) == 1


def test_too_large_for_the_provider_is_refused_here(program, authority):
    with Relay(program, authority, "ses") as relay:
        body = b"x" * 70 + b"\n"
        result = relay.send(["x@example.net"],
                            MESSAGE + body * (41 * 1024 * 1024 // len(body)))
        assert result.code == 65
        assert b"max_message_size" in result.err
        assert relay.sessions == []


def test_oci_user_is_logged_whole(program, authority):
    with Relay(program, authority, "oci") as relay:
        result = relay.send(["x@example.net"], MESSAGE)
        assert result.log[-1]["user"] == OCI_USER
