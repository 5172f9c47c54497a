"""The engine: what it records, its TLS, its command line."""

import json
import signal
import ssl
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from emulator import Account, EmulatorThread, Fault, Policy, SesPolicy
from emulator.client import (HEADER, REGION, SECRET, USER, Client,
                             client_context, plain)

PLAIN_MESSAGE = HEADER + "\r\nbody\r\n"


def violations(emulator):
    emulator.settle()
    return emulator.sessions[-1].violations


# What is recorded

@pytest.mark.parametrize("data, body, fact, value", [
    (b"a\r\n", b"a\r\n", "longest", 68),
    (b"..\r\n..a\r\n", b".\r\n.a\r\n", "bare_lf", 0),
    (b"a\rb\r\n", b"a\rb\r\n", "bare_cr", 1),
    (b"a\r\r\n", b"a\r\r\n", "bare_cr", 1),
    (b"a\nb\n.\nc\r\n", b"a\nb\n.\nc\r\n", "bare_lf", 3),
    (b"x" * 998 + b"\r\n", b"x" * 998 + b"\r\n", "long_lines", 0),
    (b"x" * 999 + b"\r\n", b"x" * 999 + b"\r\n", "long_lines", 1),
    (b"a\0b\r\n", b"a\0b\r\n", "nul", 1),
    (b"\xe9\r\n", b"\xe9\r\n", "eight_bit", True),
    (b"", b"", "bare_lf", 0),
])
def test_data_is_kept_to_the_octet(emulate, data, body, fact, value):
    emulator = emulate(Policy(), mode="plain")
    header = HEADER.encode() + b"X: " + b"y" * 65 + b"\r\n\r\n"
    with Client(emulator.port) as client:
        client.hello()
        assert client.mail(header + data).startswith("250")
    message = emulator.messages[0]
    assert message.body == body
    assert message.wire == header + data
    assert getattr(message.facts, fact) == value


def test_lone_dot_and_split_end(emulate):
    """An empty message, and an end that comes in one octet at a time."""
    emulator = emulate(Policy(), mode="plain")
    with Client(emulator.port) as client:
        client.hello()
        assert client.mail(b"").startswith("250")
        client.envelope()
        for octet in b"a: b\r\n\r\nc\r\n.\r\n":
            client.send(bytes([octet]))
        assert client.reply().startswith("250")
    assert [one.content for one in emulator.messages] == [
        b"", b"a: b\r\n\r\nc\r\n"]


@pytest.mark.parametrize("octets, expected", [
    (b"EHLO client.example.com\r\nNOOP\r\n", "octets before the reply"),
    (b"NOOP\n", "bare LF"),
    (b"NOOP " + b"x" * 600 + b"\r\n", "command line of 607 octets"),
    (b"NOOP \xc3\xa9\r\n", "8-bit octets"),
    (b"NOOP a\rb\r\n", "CR or NUL"),
    (b"MAIL FROM: a@example.com\r\n", "FROM: is not followed by <address>"),
    (b"MAIL FROM:<a@example.com> RET=HDRS\r\n", "RET was not offered"),
])
def test_violations_of_commands(emulate, octets, expected):
    emulator = emulate(Policy(pipelining=False), mode="plain")
    with Client(emulator.port) as client:
        client.hello()
        client.send(octets)
        client.reply()
        client.send(b"QUIT\r\n")
        while not client.closed():
            pass
    assert any(expected in one for one in violations(emulator))


@pytest.mark.parametrize("parts, expected", [
    ([b"MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.net>\r\n"],
     "at stage mail"),
    ([b"MAIL FROM:<a@example.com>\r\n", b"RCPT TO:<b@example.net>\r\n",
      b"DATA\r\nX: y\r\n"], "at stage data"),
    ([b"MAIL FROM:<a@example.com>\r\n", b"RCPT TO:<b@example.net>\r\n",
      b"DATA\r\n", b"X: y\r\n.\r\nQUIT\r\n"], "at stage body-end"),
    ([b"MAIL FROM:<a@example.com>\r\n", b"RCPT TO:<b@example.net>\r\n",
      b"DATA\r\n", b"X: y\r\n\r\n.single\r\n.\r\n"], "was not stuffed"),
    ([b"MAIL FROM:<a@example.com>\r\n", b"RCPT TO:<b@example.net>\r\n",
      b"DATA\r\n", b"X: y\r\n\r\n\xe9\r\n.\r\n"], "without BODY=8BITMIME"),
    ([b"QUIT\r\nNOOP\r\n"], "at stage quit"),
])
def test_violations_without_pipelining(emulate, parts, expected):
    emulator = emulate(Policy(pipelining=False), mode="implicit")
    with Client(emulator.port, secure=True) as client:
        client.hello()
        for part in parts:
            client.send(part)
            client.reply()
    assert any(expected in one for one in violations(emulator))


def test_separate_records_count_too(emulate):
    """Two commands in two TLS records, the second before the reply."""
    sent = threading.Event()
    emulator = emulate(Policy(pipelining=False, faults=[Fault(
        "noop", until=lambda: sent.is_set() and client.has_arrived())]),
        mode="implicit")
    with Client(emulator.port, secure=True) as client:
        client.hello()
        client.send(b"NOOP\r\n")
        while "NOOP" not in emulator.sessions[0].commands():
            time.sleep(0.005)
        client.send(b"QUIT\r\n")
        sent.set()
        assert [client.reply()[:3], client.reply()[:3]] == ["250", "221"]
    assert "6 octets before the reply at stage noop" in violations(emulator)


def test_early_talker(emulate):
    sent = threading.Event()
    emulator = emulate(Policy(faults=[Fault(
        "greeting", until=lambda: sent.is_set() and client.has_arrived())]),
        mode="plain")
    with Client(emulator.port) as client:
        client.send(b"EHLO client.example.com\r\n")
        sent.set()
        assert client.reply().startswith("220")
        assert client.reply().startswith("250")
    assert "at stage greeting" in violations(emulator)[0]


def test_octets_behind_starttls(emulate):
    """They are noted, and never taken for something said inside TLS."""
    emulator = emulate(Policy())
    with Client(emulator.port) as client:
        client.hello()
        client.send(b"STARTTLS\r\nNOOP\r\n")
        client.reply()
        client.wrap()
        assert client.command("EHLO client.example.com").startswith("250")
    assert "6 octets before the reply at stage starttls" in violations(
        emulator)
    assert "NOOP" not in emulator.sessions[0].commands()


def test_ehlo_is_forgotten_after_starttls(emulate):
    emulator = emulate(Policy())
    with Client(emulator.port) as client:
        client.hello()
        client.command("STARTTLS")
        client.wrap()
        assert client.command("MAIL FROM:<a@example.com>").startswith("503")


def test_transcript_and_state(emulate):
    emulator = emulate(Policy(accounts=[Account("me", password="pw")]),
                       mode="implicit")
    with Client(emulator.port, secure=True, name="mail.example.com") as client:
        client.hello()
        assert client.command("RCPT TO:<a@example.com>").startswith("503")
        assert client.command("MAIL FROM:<a@example.com>").startswith("250")
        assert client.command("MAIL FROM:<a@example.com>").startswith("503")
        assert client.command("RSET").startswith("250")
        assert client.command("DATA").startswith("503")
        assert client.login(plain("me", "pw")).startswith("235")
        assert client.command("QUIT").startswith("221")
        client.sock = client.sock.unwrap()
    emulator.settle()
    record = emulator.sessions[0]
    assert record.commands()[1:4] == ["RCPT TO:<a@example.com>"] + [
        "MAIL FROM:<a@example.com>"] * 2
    assert record.replies()[-1] == "221 Bye"
    assert all(secure for _, _, secure in record.transcript)
    assert (record.sni, record.user) == ("mail.example.com", "me")
    assert record.close_notify and bytes(record.clear) == b""
    assert plain("me", "pw") not in json.dumps(record.as_dict())


def test_helo_offers_nothing(emulate):
    emulator = emulate(Policy(size_line=1000, max_size=1000), mode="plain")
    with Client(emulator.port) as client:
        client.reply()
        assert client.command("HELO client.example.com").startswith("250 ")
        assert client.command("MAIL FROM:<a@example.com> SIZE=9").startswith(
            "555")
        client.command("EHLO client.example.com")
    emulator.settle()
    assert emulator.sessions[0].offered >= {"PIPELINING", "8BITMIME", "SIZE"}


# TLS

@pytest.mark.parametrize("offered, wanted, version", [
    ("1.2", "1.2", "TLSv1.2"), ("1.2", "both", "TLSv1.2"),
    ("1.3", "both", "TLSv1.3"), ("both", "1.2", "TLSv1.2"),
    ("both", "both", "TLSv1.3"), ("1.2", "1.3", None), ("1.3", "1.2", None)])
def test_tls_versions(emulate, offered, wanted, version):
    emulator = emulate(Policy(tls=offered), mode="implicit")
    context = client_context()
    if wanted == "1.2":
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    elif wanted == "1.3":
        context.minimum_version = ssl.TLSVersion.TLSv1_3
    if version is None:
        with pytest.raises(ssl.SSLError):
            Client(emulator.port, True, context)
        return
    with Client(emulator.port, True, context) as client:
        assert client.hello().startswith("250")
        assert client.mail().startswith("250")
    emulator.settle()
    assert emulator.sessions[0].tls_version == version
    assert emulator.messages[0].tls_version == version


def test_client_certificate(emulate, authority):
    chain, key = authority.leaf("client", names=["client.example.com"])
    emulator = emulate(Policy(client_ca=authority.ca_file), mode="implicit")
    context = client_context()
    context.load_cert_chain(chain, key)
    with Client(emulator.port, True, context) as client:
        assert client.hello().startswith("250")
    emulator.settle()
    assert "client.example.com" in str(
        emulator.sessions[0].client_certificate["subject"])


def test_plain_mode_has_no_starttls(emulate):
    emulator = emulate(SesPolicy(), mode="plain")
    with Client(emulator.port) as client:
        assert "STARTTLS" not in client.hello()
        assert client.command("STARTTLS").startswith("502")
        assert client.command("AUTH LOGIN").startswith("530")


# Running it

def test_forty_megabytes_over_tls(emulate):
    """In a time that grows as they do."""
    line = b"x" * 76 + b"\r\n"
    lines = 40 * 1024 * 1024 // len(line) - 10
    policy = SesPolicy(region=REGION, verified={"example.com"},
                       idle_seconds=300.0,
                       accounts=[Account(USER, secret=SECRET)])
    emulator = emulate(policy, mode="implicit")
    with Client(emulator.port, secure=True) as client:
        client.hello()
        client.login()
        spent = []
        for text in (line * (lines // 8), line * lines):
            started = time.process_time()
            reply = client.mail(HEADER.encode() + b"\r\n" + text)
            spent.append(time.process_time() - started)
            assert reply.startswith("250 Ok ")
            assert emulator.messages[-1].body == text
    assert spent[1] < 8 * 4 * spent[0]      # and not 8 * 8


def test_stop_ends_open_sessions(certificate):
    emulator = EmulatorThread(Policy(), *certificate).start()
    with Client(emulator.port) as client:
        client.hello()
        emulator.stop()
        assert client.closed()
    assert emulator.sessions[0].end == "stopped"


def test_modes_share_one_account(emulate):
    emulator = emulate(Policy(), modes=("starttls", "implicit", "plain"))
    assert len(set(emulator.ports.values())) == 3
    for mode, port in emulator.ports.items():
        with Client(port, secure=mode == "implicit") as client:
            client.hello()
            assert client.mail().startswith("250")
    emulator.wait_messages(3)


def run(tmp_path, certificate, *more):
    """The command line; (process, port)."""
    port_file = tmp_path / "port"
    process = subprocess.Popen(
        [sys.executable, Path(__file__).resolve().parent, "--provider", "ses",
         "--region", REGION, "--tls", "implicit", "--chain", certificate[0],
         "--key", certificate[1], "--user", USER, "--secret-key", SECRET,
         "--verified", "example.com", "--directory", tmp_path / "mail",
         "--port-file", port_file, *more],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    line = process.stdout.readline()
    assert " ready on " in line, line
    return process, int(port_file.read_text())


def test_command_line(tmp_path, certificate):
    process, port = run(tmp_path, certificate, "--session-file",
                        tmp_path / "sessions", "--set", "sandbox=true",
                        "--fault", r"noop:reply=450 a\n450 b;times=1",
                        "--fault", "vrfy:garbage=junk\\r\\n")
    recipient = "success@simulator.amazonses.com"
    try:
        with Client(port, secure=True) as client:
            client.hello()
            client.login()
            assert client.command("NOOP") == "450 a"
            assert client.reply() == "450 b"
            assert client.command("VRFY a") == "junk"
            assert client.mail(PLAIN_MESSAGE).startswith("554")
            reply = client.mail(PLAIN_MESSAGE, recipients=[recipient])
            client.command("QUIT")
    finally:
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=120)
    assert process.returncode == 0 and output == ""
    described = json.loads((tmp_path / "mail" / "1.json").read_text())
    assert described["id"] == reply.split()[2]
    assert described["rcpt_to"] == [recipient]
    assert described["user"] == USER
    assert described["tls_version"] == "TLSv1.3"
    assert (tmp_path / "mail" / "1.eml").read_bytes() == PLAIN_MESSAGE.encode()
    assert not (tmp_path / "mail" / "2.eml").exists()
    sessions = (tmp_path / "sessions").read_text()
    assert "MAIL FROM" in sessions and plain() not in sessions


def test_command_line_ends_by_itself(tmp_path, certificate):
    process, _ = run(tmp_path, certificate, "--timeout", "0.2")
    assert process.wait(timeout=120) == 0
    process.stdout.close()


@pytest.mark.parametrize("more, text", [
    (["--set", "nonsense=1"], "has no field nonsense"),
    (["--fault", "nowhere:reply=x"], "no such stage"),
    ([], "needs --chain and --key")])
def test_command_line_mistakes(more, text):
    done = subprocess.run(
        [sys.executable, Path(__file__).resolve().parent, "--provider", "oci",
         "--tls", "plain" if more else "implicit", *more],
        capture_output=True, text=True, timeout=120)
    assert done.returncode != 0 and text in done.stderr
