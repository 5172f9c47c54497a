"""--serverinfo and --rmqs: what a server says of itself, and ETRN."""

import hashlib
import ssl

import pytest

from dialog.script import steps_of
from dialog.server import ScriptServer

NAME = "mail.example.org"
OFFERS = ["S: 250-PIPELINING", "S: 250-SIZE 10240000", "S: 250-ETRN",
          "S: 250-8BITMIME", "S: 250-DSN", "S: 250-SMTPUTF8",
          "S: 250-AUTH PLAIN LOGIN XOAUTH2", "S: 250 HELP"]
EHLO = ["C: EHLO client.example.com", "S: 250-mail.example.org"]
CLEAR = ["S: 220 mail.example.org ESMTP \\e[31mhello", *EHLO, *OFFERS,
         "C: QUIT", "S: 221 Bye"]
STARTTLS = ["S: 220 mail.example.org ESMTP", *EHLO, "S: 250 STARTTLS",
            "C: STARTTLS", "S: 220 Go", "tls", *EHLO, *OFFERS,
            "C: QUIT", "S: 221 Bye"]
IMPLICIT = ["tls", "S: 220 mail.example.org ESMTP", *EHLO, *OFFERS,
            "C: QUIT", "S: 221 Bye"]


def ask(program, authority, script, settings=(), args=("-S",), **more):
    """(result, report) of one run against a script."""
    tls = authority.leaf("good", names=[NAME])
    with ScriptServer(steps_of(script), tls) as server:
        conf = program.configure([("port", server.port), *settings])
        result = program.run([f"--file={conf}", *args], **more)
        port = server.port
    return result, server.report, port


def over_tls(authority, starttls):
    return [("tls", "on"), ("tls_trust_file", authority.ca_file),
            ("tls_host_override", NAME),
            ("tls_starttls", "on" if starttls else "off")]


def test_in_clear(program, authority):
    result, report, port = ask(program, authority, CLEAR)
    assert (result.code, result.err, report.problems) == (0, b"", [])
    text = result.out.decode()
    assert text.startswith(
        f"SMTP server at 127.0.0.1 ([127.0.0.1]), port {port}:\n"
        "    mail.example.org ESMTP ?[31mhello\nCapabilities:\n"
        "    SIZE 10240000:\n")
    assert "10240000 bytes = 9.77 MiB" in text
    names = [line.strip(" :") for line in text.splitlines()
             if line.startswith("    ") and line[4] != " "
             and line.endswith(":")]
    assert names == ["SIZE 10240000", "PIPELINING", "8BITMIME", "SMTPUTF8",
                     "ETRN", "DSN", "AUTH"]
    assert "        PLAIN LOGIN XOAUTH2 \n" in text
    assert "TLS" not in text.replace("inside TLS", "")
    assert not result.log


@pytest.mark.parametrize("starttls", [True, False])
def test_in_tls(program, authority, starttls):
    result, report, _ = ask(program, authority,
                            STARTTLS if starttls else IMPLICIT,
                            over_tls(authority, starttls))
    assert (result.code, result.err, report.problems) == (0, b"", [])
    text = result.out.decode()
    chain, _ = authority.leaf("good", names=[NAME])
    pem = open(chain, encoding="ascii").read()
    der = ssl.PEM_cert_to_DER_cert(
        pem[:pem.index("-----END") + len("-----END CERTIFICATE-----\n")])
    digits = hashlib.sha256(der).hexdigest().upper()
    pairs = ":".join(digits[i:i + 2] for i in range(0, 64, 2))
    assert f"        SHA256: {pairs}\n" in text
    assert "TLS session parameters:\n    (TLS1.3)-" in text
    for label in ("Owner:\n        ", "Issuer:\n        ",
                  "Activation time: ", "Expiration time: "):
        assert label in text
    assert ("    STARTTLS:\n" in text) == starttls
    assert "inside TLS" not in text


def test_nobody_logs_in(program, authority):
    """No AUTH, no command for a password, standard input is not read."""
    mark = program.home / "mark"
    settings = [*over_tls(authority, False), ("auth", "plain"),
                ("user", "u"), ("passwordeval", f"touch {mark}; echo hush")]
    result, report, _ = ask(program, authority, IMPLICIT, settings,
                            stdin=b"Subject: x\n\nnot read\n")
    assert (result.code, report.problems) == (0, [])
    assert not mark.exists()
    assert b"AUTH" not in report.received


def test_lmtp(program, authority):
    script = ["S: 220 mail LMTP", "C: LHLO client.example.com",
              "S: 250-mail", "S: 250 HELP", "C: QUIT", "S: 221 Bye"]
    result, report, _ = ask(program, authority, script,
                            [("protocol", "lmtp")])
    assert (result.code, report.problems) == (0, [])
    assert result.out.startswith(b"LMTP server at 127.0.0.1 ")
    assert b"none that this program knows" in result.out


@pytest.mark.parametrize("script,settings,code,text", [
    (["S: 554 5.7.1 Go away", "bye"], [], 69, b"554 5.7.1 Go away"),
    (["S: 421 4.3.2 Later", "close"], [], 75, b"421"),
    (["S: 220 x", *EHLO, "S: 250 HELP", "bye"], [("tls", "on")], 75,
     b"does not offer STARTTLS"),
])
def test_failures(program, authority, script, settings, code, text):
    result, report, _ = ask(program, authority, script, settings)
    assert (result.code, result.out, report.problems) == (code, b"", [])
    assert text in result.err


def test_a_certificate_of_another(program, authority):
    settings = [*over_tls(authority, False), ("tls_host_override", "x.example")]
    result, _, _ = ask(program, authority, ["tls-refused"], settings)
    assert (result.code, result.out) == (75, b"")
    assert b"certificate" in result.err


@pytest.mark.parametrize("args,text", [
    (["-S", "a@b.example"], b"too many arguments"),
    (["--rmqs=q", "a@b.example"], b"too many arguments"),
    (["-S", "--rmqs=q"], b"only one"),
    (["--rmqs=q", "-S"], b"only one"),
    (["--rmqs="], b"--rmqs: "),
    (["--rmqs=a b"], b"--rmqs: "),
    (["--rmqs=a\r\nQUIT"], b"--rmqs: "),
])
def test_wrong_use(program, args, text):
    conf = program.configure([("port", "1")])
    result = program.run([f"--file={conf}", *args])
    assert (result.code, result.out) == (64, b"")
    assert text in result.err and result.err.count(b"\n") == 1


def test_not_by_the_name_of_sendmail(program, tmp_path):
    link = tmp_path / "sendmail"
    link.symlink_to(program.path)
    program.path = str(link)
    for flag in ("-S", "--rmqs=x", "--configure=a@b.example"):
        assert program.run([flag]).code == 64


ETRN = ["S: 220 x", *EHLO, "S: 250-ETRN", "S: 250 HELP"]


@pytest.mark.parametrize("reply,code", [
    ("250 OK", 0), ("251 nothing waits", 0), ("252 started", 0),
    ("253 5 messages", 0), ("458 unable", 75), ("459 not allowed", 75),
    ("500 syntax", 65), ("501 parameters", 65), ("502 no", 69),
    ("354 what", 76),
])
def test_rmqs(program, authority, reply, code):
    end = (["C: QUIT", "S: 221 Bye"] if code in (0,) else ["bye"])
    script = [*ETRN, "C: ETRN #queue", f"S: {reply}", *end]
    result, report, _ = ask(program, authority, script,
                            args=["--rmqs=#queue"])
    assert (result.code, result.out, report.problems) == (code, b"", [])
    assert bool(result.err) == bool(code)
    assert code == 0 or reply.encode() in result.err


def test_rmqs_not_offered(program, authority):
    result, report, _ = ask(program, authority,
                            ["S: 220 x", *EHLO, "S: 250 HELP", "bye"],
                            args=["--rmqs=q"])
    assert (result.code, report.problems) == (69, [])
    assert b"does not offer ETRN" in result.err


def test_rmqs_after_tls_and_auth(program, authority):
    script = ["tls", "S: 220 x", *EHLO, "S: 250-ETRN", "S: 250 AUTH PLAIN",
              "C: AUTH PLAIN {b64:\\0u\\0hush}", "S: 235 Ok",
              "C: ETRN example.com", "S: 250 Ok", "C: QUIT", "S: 221 Bye"]
    settings = [*over_tls(authority, False), ("auth", "on"), ("user", "u"),
                ("passwordeval", "echo hush")]
    result, report, _ = ask(program, authority, script, settings,
                            args=["--rmqs=example.com", "-v"])
    assert (result.code, report.problems) == (0, [])
    assert b"--> ETRN example.com" in result.err and b"hush" not in result.err


def test_lmtp_has_no_default_port(program):
    conf = program.home / "conf"
    conf.write_text("host 127.0.0.1\nprotocol lmtp\nfrom a@b.example\n")
    for args, stdin in ((["-S"], b""), (["x@y.example"], b"Subject: x\n\n")):
        result = program.run([f"--file={conf}", *args], stdin)
        assert result.code == 78
        assert b"protocol lmtp has no default" in result.err


OLD = ["S: 220 mail.example.org", EHLO[0], "S: 502 What?",
       "C: HELO client.example.com", "S: 250-mail.example.org", "S: 250 ETRN",
       "C: QUIT", "S: 221 Bye"]


def test_without_ehlo(program, authority):
    """It offers nothing, whatever stands in its answer to HELO."""
    result, report, _ = ask(program, authority, OLD)
    assert (result.code, result.err, report.problems) == (0, b"", [])
    for word in (b"ETRN", b"SIZE", b"AUTH", b"PIPELINING"):
        assert word not in result.out
    assert ask(program, authority, OLD, args=("--rmqs=x",))[0].code == 69
