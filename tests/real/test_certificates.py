"""Which servers are trusted, and that the others get to see nothing.

Every bad certificate is shown to the program with STARTTLS and with TLS from
the first byte, in TLS 1.2 and 1.3. Between the program and the server lies a
tap: what was sent in clear is compared octet by octet, and from the records
of TLS it is shown that none holds a command (see tap.Records).

A name that stands in the common name only is accepted: GnuTLS falls back to
it when a certificate has no alternative name and is meant for servers. This
is what msmtp does, and what old private servers need; no public authority
issues such certificates.
"""

import socket
import ssl
import warnings

import certs
import mounts
import pytest
from emulator.policy import Account, Policy
from emulator.thread import EmulatorThread

from real import chains, stall, stores
from real.accounts import assert_accepted, assert_refused, tls_lines
from real.packages import Unavailable
from real.postfix import Postfix
from real.tap import Records, Tap

HOST = "mail.example.com"
USER, PASSWORD = "tester", "never on the wire"
MESSAGE = b"Subject: seen by nobody\n\nnot even this line\n"
CLIENT = "client.example.com"       # as in run.ACCOUNT

# kind of lib/certs.py: words of the reason that is given
BAD = {
    "self_signed": "issuer is unknown",
    "expired": "expired",
    "not_yet_valid": "not yet valid",
    "wrong_name": "does not match",
    "unknown_ca": "issuer is unknown",
    "wildcard_two": "does not match",
    "no_intermediate": "issuer is unknown",
}
# kind of chains.py
BAD_CHAINS = {
    "corrupt": "signature",
    "issuer_expired": "expired",
    "issuer_is_no_ca": "not a CA",
    "issuer_may_not_sign": "constraints",
    "path_too_long": "constraints",
    "other_key": "signature",
    "name_not_permitted": "constraints",
    "weak_signature": "insecure",
    "weak_key": "insecure",
    "nul_in_name": "does not match",
    "longer_name": "does not match",
    "star_for_all": "does not match",
    "star_in_label": "does not match",
    "mail_name": "does not match",
}
# what it is: (names in the certificate, name that is asked for)
BAD_NAMES = {
    "an address, names only": (["localhost", HOST], "127.0.0.1"),
    "another address": (["127.0.0.2", "localhost"], "127.0.0.1"),
    "another address of IPv6": (["::2", "127.0.0.1"], "::1"),
    "a star in an address": (["*.0.0.1"], "127.0.0.1"),
    "the domain above": (["example.com"], HOST),
    "the domain below a star": (["*.mail.example.com"], HOST),
    "a star for a whole top level": (["*.com"], "example.com"),
}
GOOD_NAMES = {
    "the name": ([HOST], HOST),
    "one of several": (["one.example.com", HOST, "two.example.com"], HOST),
    "upper and lower case": (["Mail.Example.COM"], HOST),
    "a star for one label": (["*.example.com"], HOST),
    "an address": (["127.0.0.1"], "127.0.0.1"),
    "an address of IPv6": (["127.0.0.1", "::1"], "::1"),
}

MODE = pytest.mark.parametrize("mode", ["starttls", "implicit"])
VERSION = pytest.mark.parametrize("version", ["1.2", "1.3"])


@pytest.fixture(scope="module", params=["one root", "a bundle"])
def ca_file(request, authority, tmp_path_factory):
    """The authority's root, alone or among those of the system."""
    if request.param == "one root":
        return authority.ca_file
    with open(authority.ca_file, "rb") as root:
        bundle = stores.surround(root.read())
    if not bundle:
        pytest.skip(f"there is no {stores.BUNDLE}")
    path = tmp_path_factory.mktemp("bundle") / "bundle.pem"
    path.write_bytes(bundle)
    return str(path)


@pytest.fixture(scope="module")
def odd_chains(authority):
    return chains.Chains(authority)


def server(certificate, mode, version="both", context=None):
    """An emulator that wants a password; OpenSSL lets it show anything."""
    policy = Policy(tls=version, ciphers="DEFAULT@SECLEVEL=0",
                    accounts=[Account(USER, password=PASSWORD)],
                    require_auth=True)
    made = EmulatorThread(policy, *certificate, mode=mode)
    if context:
        made.emulator.context = context
    return made


def send(program, port, mode, ca_file, name):
    """One message for a server whose certificate is to have this name."""
    conf = program.configure({
        "port": port, **tls_lines(mode, ca_file), "tls_host_override": name,
        "auth": "plain", "user": USER, "password": PASSWORD})
    return program.run([f"--file={conf}", "someone@example.net"], MESSAGE)


def assert_silent(tap, mode):
    """Nothing but the way to TLS and a handshake that came to no end."""
    clear, encrypted = tap.clear_part()
    assert clear == ({"starttls": f"EHLO {CLIENT}\r\nSTARTTLS\r\n",
                      "implicit": ""}[mode]).encode()
    assert encrypted and Records(encrypted).said_nothing()
    assert tap.connections == 1


def assert_untrusted(result, words):
    """Exit code 75, the reason in one line, and no word of the secret."""
    line = assert_refused(result, 75, "NOT-SENT")
    assert line["exitcode"] == "EX_TEMPFAIL"
    assert words in line["errormsg"]
    assert words.encode() in result.err
    assert PASSWORD.encode() not in result.err + result.log_bytes


def check_bad(program, ca_file, certificate, mode, version, words,
              name=HOST):
    with (server(certificate, mode, version) as emulator,
          Tap(emulator.port) as tap):
        result = send(program, tap.port, mode, ca_file, name)
        emulator.settle()
        session, = emulator.sessions
        assert session.tls_version is None
        assert [line.split()[0] for line in session.commands()] == (
            ["EHLO", "STARTTLS"] if mode == "starttls" else [])
        assert not emulator.messages and not emulator.refused
    assert_untrusted(result, words)
    assert_silent(tap, mode)


@MODE
@VERSION
@pytest.mark.parametrize("kind", BAD)
def test_bad_certificate(program, authority, ca_file, kind, mode, version):
    check_bad(program, ca_file, authority.leaf(kind, names=[HOST]), mode,
              version, BAD[kind])


@MODE
@VERSION
@pytest.mark.parametrize("kind", BAD_CHAINS)
def test_bad_chain(program, ca_file, odd_chains, kind, mode, version):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")     # SHA-1 is deprecated, indeed
        certificate = odd_chains.make(kind, HOST)
    check_bad(program, ca_file, certificate, mode, version,
              BAD_CHAINS[kind])


@MODE
@VERSION
@pytest.mark.parametrize("what", BAD_NAMES)
def test_bad_name(program, authority, ca_file, what, mode, version):
    names, wanted = BAD_NAMES[what]
    check_bad(program, ca_file, authority.leaf("good", names=names), mode,
              version, "does not match", wanted)


@MODE
@VERSION
def test_certificate_of_a_client(program, authority, ca_file, mode,
                                 version):
    """Its extended key usage says that it is for no server."""
    check_bad(program, ca_file, authority.leaf("client", names=[HOST]),
              mode, version, "purpose")


@pytest.fixture(scope="module")
def bad_postfix(authority):
    """A Postfix with two listeners for each certificate of BAD."""
    certificate = authority.leaf("good", names=[HOST])
    listeners = {}
    for kind in BAD:
        chain, key = authority.leaf(kind, names=[HOST])
        settings = {"smtpd_tls_chain_files": f"{key}, {chain}",
                    "smtpd_tls_security_level": "encrypt",
                    "smtpd_sasl_auth_enable": "yes"}
        listeners[f"{kind}-starttls"] = settings
        listeners[f"{kind}-implicit"] = {
            "smtpd_tls_wrappermode": "yes", **settings}
    try:
        made = Postfix(certificate, listeners)
    except Unavailable as reason:
        pytest.skip(f"no Postfix: {reason}")
    with made:
        yield made


@MODE
@pytest.mark.parametrize("kind", BAD)
def test_bad_certificate_of_postfix(program, bad_postfix, authority, kind,
                                    mode):
    name = f"{kind}-{mode}"
    with Tap(bad_postfix.ports[name]) as tap:
        result = send(program, tap.port, mode, authority.ca_file, HOST)
    assert_untrusted(result, BAD[kind])
    assert_silent(tap, mode)
    assert bad_postfix.has_logged(f"postfix/{name}/smtpd")
    assert "sasl_method" not in bad_postfix.log
    assert "TLS connection established" not in bad_postfix.log


# Those that are trusted


@MODE
@VERSION
@pytest.mark.parametrize("what", GOOD_NAMES)
def test_good_name(program, authority, ca_file, what, mode, version):
    names, wanted = GOOD_NAMES[what]
    certificate = authority.leaf("good", names=names)
    with (server(certificate, mode, version) as emulator,
          Tap(emulator.port) as tap):
        result = send(program, tap.port, mode, ca_file, wanted)
        emulator.settle()
        assert_accepted(result)
        session, = emulator.sessions
        assert session.tls_version == f"TLSv{version}"
        # RFC 6066 section 3: an address is no server name.
        assert session.sni == (wanted if "." in wanted[1:] and
                               not wanted[0].isdigit() else None)
        assert session.user == USER and not session.violations
    # What the proof of silence looks at does tell the difference.
    assert not Records(tap.clear_part()[1]).said_nothing()


@pytest.mark.parametrize("host,names", [
    ("localhost", ["localhost"]), ("127.0.0.1", ["127.0.0.1"])])
def test_host_is_the_name_without_override(program, authority, host, names):
    with server(authority.leaf("good", names=names), "implicit") as emulator:
        conf = program.configure({
            "host": host, "port": emulator.port,
            **tls_lines("implicit", authority.ca_file),
            "auth": "plain", "user": USER, "password": PASSWORD})
        assert_accepted(program.run(
            [f"--file={conf}", "someone@example.net"], MESSAGE))
        assert len(emulator.messages) == 1


@MODE
def test_common_name_only(program, authority, mode):
    """See above for the reason."""
    certificate = authority.leaf("cn_only", names=[HOST])
    with server(certificate, mode) as emulator:
        assert_accepted(send(program, emulator.port, mode, authority.ca_file,
                             HOST))
        assert len(emulator.messages) == 1


def test_trust_file_with_several(program, authority, tmp_path):
    """Another authority first, this one behind it."""
    other = certs.Authority(tmp_path / "other")
    both = tmp_path / "both.pem"
    both.write_bytes(b"".join(open(one, "rb").read() for one in (
        other.ca_file, authority.ca_file)))
    certificate = authority.leaf("good", names=[HOST])
    with server(certificate, "implicit") as emulator:
        assert_accepted(send(program, emulator.port, "implicit", both, HOST))
        program.log_file.unlink()
        assert_untrusted(send(program, emulator.port, "implicit",
                              other.ca_file, HOST), "issuer is unknown")
        assert len(emulator.messages) == 1


def with_bundle(program, path):
    """The program sees this file as the bundle of the system, and none but
    it does."""
    mounts.instead(program, {stores.BUNDLE: path})


def test_the_store_of_the_system(program, authority):
    certificate = authority.leaf("good", names=[HOST])
    with server(certificate, "implicit") as emulator:
        assert_untrusted(send(program, emulator.port, "implicit", "system",
                              HOST), "issuer is unknown")
        program.log_file.unlink()
        with_bundle(program, authority.ca_file)
        assert_accepted(send(program, emulator.port, "implicit", "system",
                             HOST))
        assert len(emulator.messages) == 1


def test_a_bundle_that_is_not_understood(program, authority, tmp_path):
    """GnuTLS reads the store of the system itself."""
    bundle = tmp_path / "bundle.pem"
    with open(authority.ca_file, encoding="ascii") as root:
        bundle.write_text(root.read().replace(" CERT", " X509 CERT"))
    with_bundle(program, bundle)
    certificate = authority.leaf("good", names=[HOST])
    with server(certificate, "implicit") as emulator:
        assert_accepted(send(program, emulator.port, "implicit", "system",
                             HOST))
        program.log_file.unlink()
        bundle.write_text("no certificate\n")
        line = assert_refused(send(program, emulator.port, "implicit",
                                   "system", HOST), 78, "NOT-SENT")
        assert line["errormsg"].endswith(
            "no trusted certificates in the system?s store")
        assert len(emulator.messages) == 1


# Those that speak no TLS worth the name


def old_context(certificate, version):
    """A server's context for one version below 1.2."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("ALL@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = version
    context.load_cert_chain(*certificate)
    context.sni_callback = None
    return context


def speak_old(port, version):
    """What a client that takes this version gets as the version."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("ALL@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = version
    with socket.create_connection(("127.0.0.1", port), 10) as plain:
        with context.wrap_socket(plain) as secure:
            return secure.version()


@MODE
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1,
                                     ssl.TLSVersion.TLSv1_1],
                         ids=["1.0", "1.1"])
def test_old_version(program, authority, version, mode):
    certificate = authority.leaf("good", names=[HOST])
    context = old_context(certificate, version)
    with server(certificate, "implicit", context=context) as control:
        assert speak_old(control.port, version) == version.name.replace(
            "_", ".")
    with (server(certificate, mode, context=context) as emulator,
          Tap(emulator.port) as tap):
        result = send(program, tap.port, mode, authority.ca_file, HOST)
        emulator.settle()
        assert emulator.sessions[0].tls_version is None
    assert_untrusted(result, "TLS")
    assert_silent(tap, mode)


def test_silence_in_the_handshake(program, authority):
    """What was waited for is said."""
    with stall.Silent() as silent:
        conf = program.configure({
            "port": silent.port, "timeout": "1",
            **tls_lines("implicit", authority.ca_file)})
        result = program.run([f"--file={conf}", "someone@example.net"],
                             MESSAGE)
    line = assert_refused(result, 75, "NOT-SENT")
    assert line["errormsg"] == "127.0.0.1: the TLS handshake: timed out"


def test_clear_text_on_the_port_for_tls(program, authority):
    """Told apart: 76, since it is a setting that is wrong, not an attack."""
    with (server((None, None), "plain") as emulator,
          Tap(emulator.port) as tap):
        result = send(program, tap.port, "implicit", authority.ca_file, HOST)
    line = assert_refused(result, 76, "NOT-SENT")
    assert "does not speak TLS" in line["errormsg"]
    assert_silent(tap, "implicit")


def test_no_starttls_offered(program, authority):
    """No way back to clear text."""
    with (server((None, None), "plain") as emulator,
          Tap(emulator.port) as tap):
        result = send(program, tap.port, "starttls", authority.ca_file, HOST)
    assert result.code == 75 and b"STARTTLS" in result.err
    clear, encrypted = tap.clear_part()
    assert clear.startswith(f"EHLO {CLIENT}\r\n".encode())
    for word in (b"AUTH", b"MAIL", b"RCPT", b"DATA", b"seen by nobody"):
        assert word not in clear
    assert not encrypted
