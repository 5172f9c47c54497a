"""Keys, certificates and trust in a PKCS#11 token: a real one in software.

SoftHSM keeps its tokens in a directory of the test, named by SOFTHSM2_CONF;
Debian's package tells p11-kit, and so GnuTLS, of the module.
"""

import shutil
import subprocess

import pytest
from emulator.policy import Account, Policy
from emulator.thread import EmulatorThread
from terminal import Terminal

from real.accounts import assert_accepted, assert_refused, tls_lines

HOST = "mail.example.com"
USER = "tester"
MODULE = "/usr/lib/softhsm/libsofthsm2.so"
PIN, SO_PIN = "pin-5Yx9 4711", "87654321"
QUOTED = PIN.replace(" ", "%20")
MESSAGE = b"Subject: x\n\nx\n"
TO = "someone@example.net"
WANTED = b"PIN of the token outgoing: "
COMMANDS = ("softhsm2-util", "p11tool")

pytestmark = pytest.mark.skipif(
    not all(map(shutil.which, COMMANDS)),
    reason="softhsm2 and gnutls-bin are not installed")


class Token:
    """One with a client's key and certificate, and an authority's."""

    def __init__(self, place, chain, key, authority):
        tokens = place / "tokens"
        tokens.mkdir()
        conf = place / "softhsm2.conf"
        conf.write_text(f"directories.tokendir = {tokens}\n"
                        "log.level = ERROR\n")
        self.environment = {"SOFTHSM2_CONF": str(conf)}
        self._run("softhsm2-util", "--init-token", "--free", "--label",
                  "outgoing", "--pin", PIN, "--so-pin", SO_PIN)
        self._run("softhsm2-util", "--import", self._pkcs8(place, key),
                  "--token", "outgoing", "--label", "client", "--id", "01",
                  "--pin", PIN)
        user = ["--login", f"--set-pin={PIN}"]
        # The first one of the file: a token takes one at a time.
        self._write("--login", f"--set-pin={PIN}", "--load-certificate",
                    chain, "--label", "client", "--id", "01")
        # Only who has made the token can say whom it trusts.
        self._write("--so-login", f"--set-so-pin={SO_PIN}", "--mark-ca",
                    "--mark-trusted", "--load-certificate", authority,
                    "--label", "root", "--id", "02")

    def _run(self, *command):
        subprocess.run(command, check=True, capture_output=True,
                       env={"PATH": "/usr/bin:/bin", **self.environment})

    def _write(self, *what):
        self._run("p11tool", f"--provider={MODULE}", "--write", *what,
                  "pkcs11:token=outgoing")

    @staticmethod
    def _pkcs8(place, key):
        path = place / "key.pem"
        subprocess.run(["certtool", "--to-p8", "--no-text", "--load-privkey",
                        key, "--outfile", str(path), "--password="],
                       check=True, capture_output=True)
        return str(path)


def name(label, kind, more=""):
    return f"pkcs11:token=outgoing;object={label};type={kind}{more}"


@pytest.fixture(scope="module")
def client(authority):
    return authority.leaf("client", names=["client.example.com"])


@pytest.fixture(scope="module")
def token(tmp_path_factory, client, authority):
    return Token(tmp_path_factory.mktemp("token"), *client, authority.ca_file)


@pytest.fixture(scope="module")
def known(client, authority, tmp_path_factory):
    """Whom the server trusts: the root, and the issuer of the client's."""
    path = tmp_path_factory.mktemp("known") / "known.pem"
    path.write_bytes(b"".join(open(one, "rb").read()
                              for one in (client[0], authority.ca_file)))
    return str(path)


@pytest.fixture
def server(authority, known):
    policy = Policy(tls="both", require_auth=True,
                    accounts=[Account(USER, password=PIN)],
                    client_ca=known,
                    mechanisms=("EXTERNAL", "PLAIN"))
    with EmulatorThread(policy, *authority.leaf("good", names=[HOST]),
                        mode="implicit") as emulator:
        yield emulator


def configure(program, authority, port, pin="", **more):
    return program.configure({
        "port": port, **tls_lines("implicit", authority.ca_file),
        "tls_host_override": HOST, "auth": "external",
        "tls_cert_file": name("client", "cert"),
        "tls_key_file": name("client", "private", pin), **more})


def send(program, token, conf, *args):
    return program.run([f"--file={conf}", *args, TO], MESSAGE,
                       env=token.environment)


def assert_secret(*texts):
    for text in texts:
        for pin in (PIN, QUOTED):
            assert pin.encode() not in text


def assert_by_certificate(server):
    server.settle()
    assert server.sessions[-1].auth_mechanism == "EXTERNAL"
    assert server.sessions[-1].client_certificate
    assert len(server.messages) == 1


def calm(program, token, authority, server):
    """A login that succeeds makes the token forget refused PINs."""
    conf = configure(program, authority, server.port, f"?pin-value={QUOTED}")
    assert_accepted(send(program, token, conf))
    program.log_file.unlink()


# Where the PIN comes from


def test_pin_value(program, authority, token, server):
    conf = configure(program, authority, server.port, f"?pin-value={QUOTED}")
    assert_accepted(send(program, token, conf))
    assert_by_certificate(server)


def test_pin_source(program, authority, token, server, tmp_path):
    path = tmp_path / "pin"
    path.write_text(PIN)
    conf = configure(program, authority, server.port, f"?pin-source={path}")
    assert_accepted(send(program, token, conf))
    assert_by_certificate(server)


@pytest.mark.parametrize("auth", ["external", "plain"])
@pytest.mark.parametrize("line", ["password {}", "passwordeval echo '{}'",
                                  "password_file {}"])
def test_password(program, authority, token, server, tmp_path, auth, line):
    """As with msmtp, which has no other place for it."""
    keyword, _, value = line.partition(" ")
    value = value.format(PIN)
    calm(program, token, authority, server)
    if keyword == "password_file":
        path = tmp_path / "secret"
        path.write_text(PIN + "\n")
        path.chmod(0o600)
        value = path
    conf = configure(program, authority, server.port, auth=auth,
                     user=USER if auth == "plain" else "", **{keyword: value})
    assert_accepted(send(program, token, conf))
    server.settle()
    assert server.sessions[-1].auth_mechanism == auth.upper()
    assert server.sessions[-1].client_certificate


def test_typed(program, authority, token, server):
    conf = configure(program, authority, server.port)
    with Terminal(program, [f"--file={conf}", TO], MESSAGE,
                  token.environment) as run:
        run.expect(WANTED)
        assert not run.echo
        run.type(PIN.encode() + b"\n")
        result = run.end()
        assert run.echo
    assert_accepted(result)
    assert_secret(run.seen)
    assert_by_certificate(server)


def test_typed_again(program, authority, token, server):
    """After a password that is not the PIN, and a slip."""
    calm(program, token, authority, server)
    conf = configure(program, authority, server.port, auth="plain", user=USER,
                     password="of the server alone")
    with Terminal(program, [f"--file={conf}", TO], MESSAGE,
                  token.environment) as run:
        run.expect(WANTED)
        run.type(b"slip\n")
        run.seen = b""
        run.expect(WANTED)
        run.type(PIN.encode() + b"\n")
        result = run.end()
    assert result.code == 77        # the token let us in, the server did not
    assert_secret(run.seen, result.err, result.log_bytes)


# No PIN


def test_no_pin(program, authority, token, server):
    conf = configure(program, authority, server.port)
    line = assert_refused(send(program, token, conf), 78, "NOT-SENT")
    assert line["errormsg"] == (
        f"tls_key_file {name('client', 'private')}: the token wants a PIN: "
        "give it by pin-source in the URL, or by password")


IN_URL = "the PIN of the URL is wrong, or cannot be read"
GIVEN = "the token refuses the PIN it was given"


@pytest.mark.parametrize("pin,lines,words", [
    ("?pin-value=wrong-7K", {}, IN_URL),
    ("?pin-source=/nonexistent", {}, IN_URL),
])
def test_wrong_pin(program, authority, token, server, pin, lines, words):
    conf = configure(program, authority, server.port, pin, **lines)
    result = send(program, token, conf)
    line = assert_refused(result, 78, "NOT-SENT")
    assert line["errormsg"].startswith("tls_key_file pkcs11:token=outgoing;")
    assert line["errormsg"].endswith(words)
    assert b"wrong-7K" not in result.err + result.log_bytes


def test_a_password_that_is_not_the_pin(program, authority, token, server):
    """It is tried once: a few more could lock the token."""
    calm(program, token, authority, server)
    for words in (GIVEN, "so that the password is not tried: "
                         "give it by pin-source in the URL"):
        conf = configure(program, authority, server.port, auth="plain",
                         user=USER, password="wrong-7K")
        result = send(program, token, conf)
        line = assert_refused(result, 78, "NOT-SENT")
        assert line["errormsg"].endswith(words)
        assert b"wrong-7K" not in result.err + result.log_bytes
        program.log_file.unlink()
    calm(program, token, authority, server)


def test_no_such_key(program, authority, token, server):
    conf = configure(
        program, authority, server.port,
        tls_key_file=name("other", "private", f"?pin-value={QUOTED}"))
    result = send(program, token, conf)
    line = assert_refused(result, 78, "NOT-SENT")
    assert "object=other;type=private?pin-value=*: " in line["errormsg"]
    assert_secret(result.err, result.log_bytes)


def test_no_such_token(program, authority, server):
    """Without SOFTHSM2_CONF there is none."""
    conf = configure(program, authority, server.port,
                     f"?pin-value={QUOTED}")
    result = program.run([f"--file={conf}", TO], MESSAGE,
                         env={"SOFTHSM2_CONF": "/nonexistent"})
    assert_refused(result, 78, "NOT-SENT")
    assert_secret(result.err, result.log_bytes)


def test_certificate_in_a_file(program, authority, token, server, client):
    """With its issuers behind it; only the key is in the token."""
    conf = configure(program, authority, server.port, f"?pin-value={QUOTED}",
                     tls_cert_file=client[0])
    assert_accepted(send(program, token, conf))
    assert_by_certificate(server)


# Never shown


@pytest.mark.parametrize("args", [["--pretend"], ["-d"], ["-v"]])
def test_not_shown(program, authority, token, server, args):
    conf = configure(program, authority, server.port, f"?pin-value={QUOTED}",
                     tls_trust_file=authority.ca_file)
    result = send(program, token, conf, *args)
    assert result.code == 0, result.err
    assert_secret(result.out, result.err, result.log_bytes)
    if args != ["-v"]:
        shown = name("client", "private", "?pin-value=*").encode()
        assert shown in result.out + result.err


# Trust


@pytest.mark.parametrize("name_of_it", [
    name("root", "cert"), "pkcs11:token=outgoing;id=%02;type=cert"])
def test_trust(program, authority, token, server, name_of_it):
    conf = configure(program, authority, server.port, f"?pin-value={QUOTED}",
                     tls_trust_file=name_of_it)
    assert_accepted(send(program, token, conf))


@pytest.mark.parametrize("name_of_it,words", [
    # One that the token does not call trusted.
    (name("client", "cert", "?pin-value=wrong-7K"),
     "no trusted certificates in pkcs11:token=outgoing;object=client"),
    (name("none", "cert", "?pin-value=wrong-7K"), "pin-value=*"),
    ("pkcs11:token=none", "pkcs11:token=none"),
])
def test_no_trust(program, authority, token, server, name_of_it, words):
    conf = configure(program, authority, server.port, f"?pin-value={QUOTED}",
                     tls_trust_file=name_of_it)
    result = send(program, token, conf)
    assert result.code in (75, 78)
    assert words in result.log[0]["errormsg"], result.err
    assert b"wrong-7K" not in result.err + result.log_bytes
    assert not server.messages
