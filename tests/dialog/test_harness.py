"""The harness itself: wrong clients are caught, wrong files are refused."""

import socket

import pytest
from run import PATIENCE

from dialog import notation, script, variants
from dialog.server import ScriptServer

HELLO = ["S: 220 ready", "C: EHLO me", "S: 250-you", "S: 250 HELP"]
ENVELOPE = [*HELLO, "C: MAIL FROM:<a@example.com>", "S: 250 Ok",
            "C: RCPT TO:<b@example.net>", "S: 250 Ok", "C: DATA"]
PIPELINED = ["S: 220 ready", "C: EHLO me", "S: 250-you", "S: 250 PIPELINING",
             "C: MAIL FROM:<a@example.com> SIZE={size}",
             "C: RCPT TO:<b@example.net>", "C: DATA",
             "S: 250 Ok", "S: 250 Ok", "S: 354 Go", "DATA: ..", "DATA: .",
             "S: 250 Ok"]
MAIL = b"MAIL FROM:<a@example.com>\r\n"
RCPT = b"RCPT TO:<b@example.net>\r\n"
FLIGHT = MAIL[:-2] + b" SIZE=3\r\n" + RCPT + b"DATA\r\n"


def chat(lines, *words, **how):
    """What the server complains about in a client that says these words,
    each after something was received, except for those after a None."""
    with ScriptServer(script.steps_of(lines), **how) as server:
        with socket.create_connection(("127.0.0.1", server.port)) as client:
            client.settimeout(PATIENCE)
            try:
                for before, word in zip((b"", *words), words):
                    if word is not None and before is not None:
                        client.recv(4096)
                    client.sendall(word or b"")
                client.settimeout(1)    # then it closes
                while client.recv(4096):
                    pass
            except (TimeoutError, ConnectionError):
                pass
    return server.report.problems


EHLO = b"EHLO me\r\n"
RIGHT = {
    "quit": ([*HELLO, "bye"], EHLO, b"QUIT\r\n"),
    "rset-quit": ([*HELLO, "bye"], EHLO, b"RSET\r\n", b"QUIT\r\n"),
    "close": ([*HELLO, "bye"], EHLO),
    "hangup": ([*HELLO, "hangup"], EHLO),
    "pipelined": (PIPELINED, EHLO, FLIGHT, b"..\r\n.\r\nQUIT\r\n"),
    "lone-dot": ([*ENVELOPE[:-2], "S: 550 No", "C: DATA", "S: 354 Go", "bye"],
                 EHLO, MAIL, RCPT, b"DATA\r\n", b".\r\n"),
}
WRONG = {
    "another-line": ([*HELLO, "bye"], b"HELO me\r\n"),
    "bare-lf": ([*HELLO, "hangup"], b"EHLO me\n"),
    "before-the-greeting": (["sleep: 2", *HELLO, "bye"], None, EHLO),
    "two-at-once": ([*HELLO, "C: NOOP", "S: 250 Ok"], EHLO + b"NOOP\r\n"),
    "gone-too-early": ([*HELLO, "C: NOOP", "S: 250 Ok"], EHLO),
    "more-after-the-end": ([*HELLO, "bye"], EHLO, b"MAIL\r\n"),
    "not-silent": ([*HELLO, "hangup"], EHLO, b"QUIT\r\n"),
    "quit-twice": ([*HELLO, "bye"], EHLO, b"QUIT\r\nQUIT\r\n"),
    "quit-as-message": ([*ENVELOPE, "S: 354 Go", "bye"], EHLO, MAIL, RCPT,
                        b"DATA\r\n", b"QUIT\r\n"),
    "empty-message": ([*ENVELOPE, "S: 354 Go", "bye"], EHLO, MAIL, RCPT,
                      b"DATA\r\n", b".\r\n"),
    "wrong-size": (PIPELINED, EHLO, FLIGHT.replace(b"3", b"4"),
                   b"..\r\n.\r\nQUIT\r\n"),
    "dot-not-doubled": (PIPELINED, EHLO, FLIGHT, b".\r\n"),
    "more-than-quit-with-dot": (PIPELINED, EHLO, FLIGHT,
                                b"..\r\n.\r\nNOOP\r\n"),
    "drip-awaited": (["drip: 0.01 220 hi"],),
}


@pytest.mark.parametrize("name", RIGHT)
def test_right_client(name):
    lines, *words = RIGHT[name]
    assert chat(lines, *words) == []


@pytest.mark.parametrize("name", WRONG)
def test_wrong_client(name):
    lines, *words = WRONG[name]
    assert chat(lines, *words)


def test_second_connection_is_a_problem():
    with ScriptServer(script.steps_of([*HELLO, "close"])) as server:
        for _ in range(2):
            with socket.create_connection(("127.0.0.1", server.port)) as c:
                c.recv(4096)
                c.sendall(EHLO)
                while c.recv(4096):
                    pass
    assert server.report.problems == ["the client connected a second time"]


def test_cuts_follow_the_rule():
    steps = script.steps_of([*ENVELOPE, "S: 354 Go", "DATA: .",
                             "S: 250-so", "S: 250 Ok", "C: QUIT", "S: 221 x"])
    outcomes = [outcome and outcome[0] for cut, _, outcome
                in variants.cuts(steps) if cut.part == "half"]
    assert outcomes == 6 * ["NOT-SENT"] + 2 * ["UNKNOWN"] + [None]


def test_cut_line_is_sent_in_part():
    cut = variants.Cut(0, "close", "half")
    with ScriptServer(script.steps_of(HELLO), cut=cut) as server:
        with socket.create_connection(("127.0.0.1", server.port)) as client:
            assert client.makefile("rb").read() == b"220 r"
    assert server.report.problems == []


def test_pipelined_order():
    steps = script.steps_of([*ENVELOPE[:-1], "bye"])
    lines = [str(step) for step in variants.pipelined(steps)]
    assert lines == [
        "S: 220 ready", "C: EHLO me", "S: 250-you", "S: 250-PIPELINING",
        "S: 250 HELP", "C: MAIL FROM:<a@example.com>",
        "C: RCPT TO:<b@example.net>", "flight-rest", "S: 250 Ok", "S: 250 Ok",
        "flight-replies", "bye"]


def test_notation():
    assert notation.expand(r"\x41{2*b\n}\{{b64:\0u}") == b"Ab\nb\n{AHU="
    # The example of RFC 2195.
    assert notation.expand(
        "{cram-md5:tim:tanstaaftanstaaf:"
        "<1896.697170952@postoffice.reston.mci.net>}"
    ) == b"dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw"
    assert notation.pattern("a.{number}").fullmatch(b"a.12")
    assert not notation.pattern("a.{number}").fullmatch(b"ab12")


@pytest.mark.parametrize("text, reason", [
    ("# t\nS: 220 x\n", "no exit"),
    ("S: 220 x\nexit: 0\n", "first line"),
    ("# t\nS: 220 x\nC? x\nexit: 0\n", "3: unknown line"),
    ("# t\nC: {what}\nexit: 0\n", "2: unknown placeholder"),
    ("# t\nS: \\q\nexit: 0\n", "2: unknown escape"),
    ("# t\nDATA: x\nexit: 0\n", "must end the message"),
    ("# t\nclose\nS: 220 x\nexit: 0\n", "nothing can follow"),
    ("# t\nS: 220 x\nexit: 0\nmodes: plane\n", "unknown mode"),
    ("# t\nS: 220 x\nexit: 0\noutcome: FINE\n", "unknown outcome"),
    ("# t\nexit: 0\n", "a script, or connection: none"),
])
def test_wrong_file(tmp_path, text, reason):
    path = tmp_path / "x.dialog"
    path.write_text(text)
    with pytest.raises(script.ScriptError, match=reason):
        script.load(path)
