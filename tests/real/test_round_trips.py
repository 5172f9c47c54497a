"""Round trips from the first packet to the answer to the message.

What the protocols ask for and no more: TCP, TLS, the greeting (with TLS from
the first byte it comes when TLS is ready), EHLO, AUTH with an initial response,
the envelope, the message. Exim sends each line at once. Postfix holds its
greeting, or its answer to EHLO, back until its session tickets are
acknowledged, which is the server's to end and costs one more.
"""

import socket
from contextlib import ExitStack

import pytest
from run import PATIENCE

from real import messages, postfix
from real.accounts import assert_accepted, tls_lines
from real.exim import Exim
from real.packages import Unavailable
from real.wire import Wire

RECIPIENT = "someone@example.net"
TRIES = 5
MODES, VERSIONS, TURNS = ("smtps", "submission"), ("1.2", "1.3"), ("", "-turns")
CELLS = [(mode, version, turns) for mode in MODES for version in VERSIONS
         for turns in TURNS]


def floor(mode, version, turns):
    """One recipient; `turns`: the server does not offer PIPELINING."""
    trips = {"smtps": 7, "submission": 9}[mode]
    if turns:
        trips += 2      # MAIL, RCPT and DATA apart
    if (mode, version) == ("submission", "1.2"):
        trips += 1      # nothing is said before the server has finished
    return trips


def listeners():
    """Of Postfix, one for each cell."""
    return {f"{mode}-{version}{turns}": {
        **postfix.LISTENERS[f"{mode}-{version}"],
        **({"smtpd_discard_ehlo_keywords": "pipelining"} if turns else {})}
        for mode, version, turns in CELLS}


@pytest.fixture(scope="module")
def wire():
    try:
        with Wire(0.05) as one:
            yield one
    except Unavailable as reason:
        pytest.skip(f"no wire: {reason}")


@pytest.fixture(scope="module", params=["Exim", "Postfix"])
def server(request, wire, authority):
    certificate = authority.leaf("good", names=[wire.server])
    with ExitStack() as stack:
        try:
            one = (Exim(certificate, wire.server) if request.param == "Exim"
                   else postfix.Postfix(certificate, listeners(),
                                        address=wire.server))
        except Unavailable as reason:
            pytest.skip(f"no {request.param}: {reason}")
        with wire.at_server():
            stack.enter_context(one)
        wire.packets()
        yield one


@pytest.mark.parametrize("mode,version,turns", CELLS)
def test_as_few_as_can_be(program, wire, server, authority, mode, version,
                          turns):
    kind = "starttls" if mode == "submission" else "implicit"
    conf = program.configure({
        "host": wire.server, "port": server.ports[f"{mode}-{version}{turns}"],
        **tls_lines(kind, authority.ca_file), "auth": "plain",
        "user": server.user, "password": server.password, "timeout": "60"})
    with wire.at_client():
        result = program.run([f"--file={conf}", RECIPIENT],
                             messages.of_size(2048))
    assert_accepted(result)
    trip, = wire.trips()
    least = floor(mode, version, turns)
    most = least + isinstance(server, postfix.Postfix)
    assert least <= trip.round_trips <= most, str(trip)


@pytest.mark.parametrize("greeting,nodelay,expected", [
    ([], 1, 2), ([b"one"], 1, 3), ([b"one", b"two"], 1, 3),
    ([b"one", b"two"], 0, 4), ([b"one", b"two", b"six"], 0, 4)])
def test_what_waits_is_counted(wire, greeting, nodelay, expected):
    """A greeting that is waited for is a round trip, and what the kernel holds
    back until another piece is acknowledged is one more.

    A machine that stalls between two pieces has nothing to hold back.
    """
    for _ in range(TRIES):
        trip = speak(wire, greeting, nodelay)
        if trip.round_trips == expected:
            return
    pytest.fail(str(trip))


def speak(wire, greeting, nodelay):
    """The Trip of a connection in which the server greets in pieces."""
    wire.packets()
    with wire.at_server():
        listener = socket.create_server((wire.server, 0))
    with wire.at_client():
        client = socket.create_connection(listener.getsockname(), PATIENCE)
    server, _ = listener.accept()
    with listener, client, server:
        server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, nodelay)
        for piece in greeting:
            server.sendall(piece)
        wanted = len(b"".join(greeting))
        client.settimeout(PATIENCE)
        while wanted:
            wanted -= len(client.recv(wanted))
        client.sendall(bytes(200))
        server.recv(200)
        server.sendall(b"answer")
        client.recv(100)
    trip, = wire.trips()
    return trip
