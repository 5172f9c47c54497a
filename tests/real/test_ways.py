"""The way to the server: sockets, proxies, source addresses, many addresses.
"""

import contextlib
import shutil
import socket

import mounts
import pytest
from emulator.policy import Account, Policy
from emulator.thread import EmulatorThread

from real import ways
from real.accounts import assert_accepted, assert_refused, tls_lines

HOST = "mail.example.com"
USER, PASSWORD = "tester", "never on the wire"
MESSAGE = b"Subject: a way\n\ntext\n"


def mail(program, lines):
    """One message for an account with these lines."""
    conf = program.configure(lines)
    return program.run([f"--file={conf}", "someone@example.net"], MESSAGE)


def plain_server(**policy):
    return EmulatorThread(Policy(**policy), mode="plain")


def auth_server(authority, mode):
    policy = Policy(accounts=[Account(USER, password=PASSWORD)],
                    require_auth=True)
    pair = (authority.leaf("good", names=[HOST]) if mode != "plain"
            else (None, None))
    return EmulatorThread(policy, *pair, mode=mode)


AUTH = {"auth": "plain", "user": USER, "password": PASSWORD}


# UNIX sockets


@pytest.mark.parametrize("mode", ["plain", "starttls", "implicit"])
def test_unix_socket(program, authority, tmp_path, mode):
    """What it carries does not leave the machine: AUTH needs no TLS."""
    path = tmp_path / "relay"
    tls = (tls_lines(mode, authority.ca_file) if mode != "plain"
           else {"tls": "off"})
    with (auth_server(authority, mode) as emulator,
          ways.UnixSocket(path, emulator.port) as relay):
        line = assert_accepted(mail(program, {
            "socket": path, "host": HOST, "port": "1", **tls, **AUTH}))
        emulator.settle()
        session, = emulator.sessions
        assert session.user == USER and not session.violations
        assert (session.tls_version is None) == (mode == "plain")
    assert relay.connections == 1
    assert line["socket"] == str(path) and "host" not in line


def test_unix_socket_without_host(program, tmp_path):
    path = tmp_path / "relay"
    conf = program.home / "conf"
    conf.write_text(f"socket {path}\nfrom sender@example.com\n")
    with plain_server() as emulator, ways.UnixSocket(path, emulator.port):
        result = program.run([f"--file={conf}", "someone@example.net"],
                             MESSAGE)
        assert (result.code, result.err) == (0, b"")
        assert b"\r\nMessage-ID: <" in b"\r\n" + emulator.messages[0].content


def test_unix_socket_goes_before_all_others(program, tmp_path):
    path = tmp_path / "relay"
    with plain_server() as emulator, ways.UnixSocket(path, emulator.port):
        assert_accepted(mail(program, {
            "socket": path, "host": "no-such-host.invalid",
            "source_ip": "192.0.2.1", "proxy_host": "no-such-proxy.invalid"}))


def make_nothing(path):
    return []


def make_file(path):
    path.write_text("")
    return []


def make_orphan(path):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.close()
    return []


@pytest.mark.parametrize("make,words", [
    (make_nothing, "No such file or directory"),
    (make_file, "Connection refused"),
    (make_orphan, "Connection refused"),
    (ways.full_unix_socket, "Connection timed out"),
], ids=["missing", "file", "nobody listens", "full"])
def test_unix_socket_that_cannot_be_had(program, tmp_path, make, words):
    path = tmp_path / "relay"
    kept = make(path)
    result = mail(program, {"socket": path, "timeout": "1"})
    line = assert_refused(result, 75, "NOT-SENT")
    assert line["errormsg"] == f"connect to {path}: {words}"
    for one in kept:
        one.close()


def test_unix_socket_with_a_path_too_long(program):
    result = mail(program, {"socket": "/" + "a" * 108})
    line = assert_refused(result, 78, "NOT-SENT")
    assert "1 to 107 bytes" in line["errormsg"]


# SOCKS5


@pytest.mark.parametrize("mode", ["plain", "starttls", "implicit"])
@pytest.mark.parametrize("drips", [False, True], ids=["whole", "dripping"])
def test_proxy(program, authority, mode, drips):
    """The proxy gets the name as a name; nobody here could look it up."""
    name = "hidden-service.onion"
    tls = ({**tls_lines(mode, authority.ca_file), **AUTH,
            "tls_host_override": HOST} if mode != "plain" else {})
    server = (auth_server(authority, mode) if tls else plain_server())
    with (server as emulator,
          ways.Socks({name: emulator.port}, drips=drips) as proxy):
        line = assert_accepted(mail(program, {
            "host": name, "port": "2525", "proxy_host": "127.0.0.1",
            "proxy_port": proxy.port, **tls}))
        emulator.settle()
        assert not emulator.sessions[0].violations
    assert proxy.requests == [(ways.NAME, name, 2525)]
    assert line["host"] == name


@pytest.mark.parametrize("host,kind,asked", [
    ("192.0.2.1", ways.V4, "192.0.2.1"),
    ("2001:db8::0:1", ways.V6, "2001:db8::1"),
    ("b\u00fccher.example", ways.NAME, "xn--bcher-kva.example"),
    ("UPPER.example.", ways.NAME, "UPPER.example."),
])
def test_proxy_is_asked_for(program, host, kind, asked):
    with (plain_server() as emulator,
          ways.Socks({asked: emulator.port}) as proxy):
        assert_accepted(mail(program, {
            "host": host, "port": "25", "proxy_host": "127.0.0.1",
            "proxy_port": proxy.port}))
    assert proxy.requests == [(kind, asked, 25)]


@pytest.mark.parametrize("bound", [ways.V4, ways.V6, ways.NAME])
def test_proxy_gives_any_address_in_its_reply(program, bound):
    with (plain_server() as emulator,
          ways.Socks({HOST: emulator.port}, bound=bound) as proxy):
        assert_accepted(mail(program, {
            "host": HOST, "proxy_host": "localhost",
            "proxy_port": proxy.port}))


def test_proxy_of_ipv6(program):
    with plain_server() as emulator:
        try:
            proxy = ways.Socks({HOST: emulator.port}, host="::1")
        except OSError:
            pytest.skip("no IPv6 here")
        with proxy:
            assert_accepted(mail(program, {
                "host": HOST, "proxy_host": "::1",
                "proxy_port": proxy.port}))


def refused_by(program, proxy, **lines):
    return mail(program, {"host": HOST, "port": "587",
                          "proxy_host": "127.0.0.1",
                          "proxy_port": proxy.port, **lines})


@pytest.mark.parametrize("code,exit_code,words", [
    (1, 75, "general failure of the proxy"),
    (2, 69, "not allowed by the rules of the proxy"),
    (3, 75, "network unreachable"),
    (4, 75, "host unreachable"),
    (5, 75, "connection refused"),
    (6, 75, "TTL expired"),
    (7, 69, "the proxy does not do CONNECT"),
    (8, 69, "the proxy does not do this type of address"),
    (9, 75, "error 9 of the proxy"),
    (0xff, 75, "error 255 of the proxy"),
])
def test_proxy_refuses(program, code, exit_code, words):
    with ways.Socks({HOST: 1}, refuses=code) as proxy:
        result = refused_by(program, proxy)
    line = assert_refused(result, exit_code, "NOT-SENT")
    assert line["errormsg"] == (
        f"proxy: 127.0.0.1:{proxy.port}: {HOST}:587: {words}")


CLOSED = "the proxy closed the connection"


@pytest.mark.parametrize("says,exit_code,words", [
    ((b"\x05\xff", None), 69, "asks for authentication"),
    ((b"\x05\x02", None), 76, "does not speak SOCKS5"),
    ((b"\x04\x5a", None), 76, "does not speak SOCKS5"),
    ((b"HTTP/1.1 400 Bad Request\r\n", None), 76, "does not speak SOCKS5"),
    ((b"220 mail.example.com ESMTP\r\n", None), 76, "does not speak SOCKS5"),
    ((b"", None), 75, CLOSED),
    ((b"\x05", None), 75, CLOSED),
    ((None, b""), 75, CLOSED),
    ((None, b"\x05"), 75, CLOSED),
    ((None, b"\x05\0\0\x01\x7f\0\0\x01\x11"), 75, CLOSED),
    ((None, b"\x05\0\0\x03\xffshort"), 75, CLOSED),
    ((None, b"\x05\0\0\x02\x01\x02\x03\x04"), 76, "does not follow"),
    ((None, b"\x05\x02"), 69, "not allowed"),
], ids=str)
def test_proxy_that_is_none(program, says, exit_code, words):
    with ways.Socks({HOST: 1}, says=says) as proxy:
        result = refused_by(program, proxy)
    line = assert_refused(result, exit_code, "NOT-SENT")
    assert words in line["errormsg"]


@pytest.mark.parametrize("hangs", ["method", "reply"])
def test_proxy_hangs(program, hangs):
    with ways.Socks({HOST: 1}, hangs=hangs) as proxy:
        result = refused_by(program, proxy, timeout="1")
    line = assert_refused(result, 75, "NOT-SENT")
    assert "no answer from the proxy: timed out" in line["errormsg"]


def test_proxy_that_does_not_exist(program):
    """78 and not 68: it is not the server that does not exist."""
    result = mail(program, {"host": HOST, "proxy_host": "no-proxy.invalid"})
    assert result.code in (75, 78)      # 75 where no name server is reached
    assert b"proxy: look-up of no-proxy.invalid: " in result.err


def test_proxy_nobody_listens_to(program):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        result = mail(program, {"host": HOST, "proxy_host": "127.0.0.1",
                                "proxy_port": port})
    line = assert_refused(result, 75, "NOT-SENT")
    assert line["errormsg"] == (
        f"proxy: connect to 127.0.0.1:{port}: Connection refused")


def test_default_port_of_the_proxy(program):
    """Nobody may listen there; what counts is which port is asked."""
    conf = program.configure({"host": HOST, "proxy_host": "127.0.0.1",
                              "proxy_port": ""})
    result = program.run(["-P", f"--file={conf}"])
    assert f"proxy_port = 1080   # {conf}:".encode() in result.out


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is missing")
def test_proxy_looks_nothing_up_here(program):
    """Neither the name of the server nor anything else is asked of DNS."""
    with (plain_server() as emulator,
          ways.Socks({HOST: emulator.port}) as proxy):
        conf = program.configure({"host": HOST, "port": "25",
                                  "proxy_host": "127.0.0.1",
                                  "proxy_port": proxy.port})
        trace = program.home / "trace"
        traced, program.path = program.path, "strace"
        result = program.run(
            ["-f", "-o", trace, "-e",
             "trace=connect,sendto,sendmsg,openat,open", traced,
             f"--file={conf}", "someone@example.net"], MESSAGE)
        if b"ptrace" in result.err.lower():
            pytest.skip("no tracing here")
        assert result.code == 0
    calls = trace.read_text(errors="replace")
    for word in ("resolv.conf", "/etc/hosts", "nscd", "htons(53)"):
        assert word not in calls
    assert calls.count("connect(") == 1
    assert f"htons({proxy.port})" in calls


# The address of this machine


def test_source_ip(program):
    with plain_server() as emulator:
        assert_accepted(mail(program, {"port": emulator.port,
                                       "source_ip": "127.0.0.2"}))
        emulator.settle()
        assert emulator.sessions[0].address == "127.0.0.2"
        program.log_file.unlink()
        assert_accepted(mail(program, [("port", emulator.port),
                                       ("source_ip", "127.0.0.2"),
                                       ("source_ip", "")]))
        emulator.settle()
        assert emulator.sessions[1].address == "127.0.0.1"


def test_source_ip_of_ipv6(program):
    try:
        emulator = EmulatorThread(Policy(), mode="plain", host="::1").start()
    except OSError:
        pytest.skip("no IPv6 here")
    try:
        assert_accepted(mail(program, {
            "host": "::1", "port": emulator.port, "source_ip": "::1"}))
        emulator.settle()
        assert emulator.sessions[0].address == "::1"
    finally:
        emulator.stop()


def test_source_ip_to_the_proxy(program):
    with (plain_server() as emulator,
          ways.Socks({HOST: emulator.port}) as proxy):
        assert_accepted(mail(program, {
            "host": HOST, "proxy_host": "127.0.0.1",
            "proxy_port": proxy.port, "source_ip": "127.0.0.3"}))
    assert proxy.peers == ["127.0.0.3"]


def test_source_ip_on_the_command_line(program):
    with plain_server() as emulator:
        result = program.run([
            "--host=127.0.0.1", f"--port={emulator.port}",
            "--source-ip=127.0.0.4", "--from=sender@example.com",
            "--connect-timeout=60", "someone@example.net"], MESSAGE)
        assert (result.code, result.err) == (0, b"")
        emulator.settle()
        assert emulator.sessions[0].address == "127.0.0.4"


@pytest.mark.parametrize("source,code,words", [
    ("192.0.2.1", 71, "source address 192.0.2.1: Cannot assign"),
    ("::1", 78, "no address of IPv6, as the source address is"),
    ("localhost", 78, "source_ip localhost: not an address"),
])
def test_source_ip_that_cannot_be(program, source, code, words):
    result = mail(program, {"port": "1", "source_ip": source})
    line = assert_refused(result, code, "NOT-SENT")
    assert words in line["errormsg"]


# Several addresses


def with_hosts(program, lines):
    """From here on the program sees these lines as /etc/hosts."""
    hosts = program.home / "hosts"
    hosts.write_text("".join(f"{line}\n" for line in lines))
    mounts.instead(program, {"/etc/hosts": hosts})


def test_a_silent_address_is_not_waited_for(program):
    """Each may take ten seconds, and all of them together two minutes."""
    silent = [f"127.0.0.{i}" for i in range(2, 14)]
    with plain_server() as emulator, contextlib.ExitStack() as stack:
        for address in silent:
            stack.enter_context(ways.Hole(address, emulator.port))
        with_hosts(program, [f"{address} many.example"
                             for address in [*silent, "127.0.0.1"]])
        result = mail(program, {"host": "many.example", "timeout": "off",
                                "port": emulator.port})
        assert_accepted(result)
        emulator.settle()
        # Once the other address has won, the silent one is let go.
        assert len(emulator.sessions) == 1
    assert result.seconds < 60


def test_every_address_refuses(program):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with_hosts(program, [f"127.0.0.{i} many.example"
                             for i in range(1, 6)])
        result = mail(program, {"host": "many.example", "port": port})
    line = assert_refused(result, 75, "NOT-SENT")
    assert line["errormsg"].startswith("connect to 127.0.0.")
    assert line["errormsg"].endswith(f":{port}: Connection refused")
