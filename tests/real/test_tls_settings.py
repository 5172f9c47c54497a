"""What an account may say about TLS beyond whom it trusts.

A fingerprint takes the place of every other check, `tls_certcheck off` of
that one, too; a list of revoked certificates adds one. A certificate of the
client, priorities and the size of a prime are for the server to see.
"""

import hashlib
import os
import ssl
import warnings

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dh, rsa
from emulator.policy import Account, Policy
from emulator.thread import EmulatorThread

from real import chains
from real.accounts import assert_accepted, assert_refused, tls_lines
from real.tap import Records, Tap
from real.test_certificates import BAD, BAD_CHAINS, old_context

HOST = "mail.example.com"
USER, PASSWORD = "tester", "never on the wire"
MESSAGE = b"Subject: seen by nobody\n\nnot even this line\n"
UNCHECKED = (b"postrider: warning: tls_certcheck is off: anybody on the way "
             b"to the server can read and change what is sent, the password "
             b"included\n")

MODE = pytest.mark.parametrize("mode", ["starttls", "implicit"])
VERSION = pytest.mark.parametrize("version", ["1.2", "1.3"])


def server(certificate, mode="implicit", version="both", **policy):
    """An emulator that wants a password; OpenSSL lets it show anything."""
    policy = {"tls": version, "ciphers": "DEFAULT@SECLEVEL=0",
              "accounts": [Account(USER, password=PASSWORD)],
              "require_auth": True, **policy}
    return EmulatorThread(Policy(**policy), *certificate, mode=mode)


def send(program, port, lines, mode="implicit", ca_file="system"):
    conf = program.configure({
        "port": port, **tls_lines(mode, ca_file), "tls_host_override": HOST,
        "auth": "plain", "user": USER, "password": PASSWORD, **lines})
    return program.run([f"--file={conf}", "someone@example.net"], MESSAGE)


def assert_warned(result, warning):
    """Accepted, with this warning and nothing else."""
    assert (result.code, result.out, result.err) == (0, b"", warning)
    assert result.log[0]["outcome"] == "ACCEPTED"


@pytest.fixture(scope="module")
def good(authority):
    return authority.leaf("good", names=[HOST])


def der_of(chain):
    with open(chain, encoding="ascii") as stream:
        first = stream.read().split("-----END CERTIFICATE-----")[0]
    return ssl.PEM_cert_to_DER_cert(first + "-----END CERTIFICATE-----\n")


def fingerprint(chain, digest="sha256", glue=":", upper=True):
    text = hashlib.new(digest, der_of(chain)).hexdigest()
    pairs = [text[i:i + 2] for i in range(0, len(text), 2)]
    joined = glue.join(pairs)
    return joined.upper() if upper else joined


# No checks


@MODE
@VERSION
@pytest.mark.parametrize("kind", BAD)
def test_unchecked(program, authority, kind, mode, version):
    certificate = authority.leaf(kind, names=[HOST])
    with server(certificate, mode, version) as emulator:
        for _ in range(2):      # each run says so
            assert_warned(send(program, emulator.port,
                               {"tls_certcheck": "off"}, mode), UNCHECKED)
            program.log_file.unlink()
        emulator.settle()
        assert emulator.sessions[0].tls_version == f"TLSv{version}"
        assert not emulator.sessions[0].violations


@pytest.mark.parametrize("kind", BAD_CHAINS)
def test_unchecked_chain(program, authority, kind):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        certificate = chains.Chains(authority).make(kind, HOST)
    with server(certificate) as emulator:
        assert_warned(send(program, emulator.port, {"tls_certcheck": "off"}),
                      UNCHECKED)


def test_unchecked_needs_no_store(program, authority):
    """And goes before a fingerprint that does not fit."""
    certificate = authority.leaf("self_signed", names=["other.example"])
    with server(certificate) as emulator:
        assert_warned(send(program, emulator.port, {
            "tls_trust_file": "", "tls_crl_file": "",
            "tls_fingerprint": "00" * 32, "tls_certcheck": "off"}), UNCHECKED)
        program.log_file.unlink()
        assert_warned(send(program, emulator.port, {
            "tls_trust_file": "/nonexistent",
            "tls_crl_file": "/nonexistent", "tls_nocertcheck": ""}),
            UNCHECKED)


def test_checked_again_by_the_command_line(program, authority):
    certificate = authority.leaf("self_signed", names=[HOST])
    with server(certificate) as emulator:
        conf = program.configure({
            "port": emulator.port, **tls_lines("implicit", "system"),
            "tls_certcheck": "off"})
        result = program.run([f"--file={conf}", "--tls-certcheck",
                              "someone@example.net"], MESSAGE)
    assert result.code == 75 and b"issuer is unknown" in result.err


# Fingerprints


@MODE
@VERSION
@pytest.mark.parametrize("kind", ["good", *BAD])
def test_fingerprint(program, authority, kind, mode, version):
    """It takes the place of names, dates and authorities."""
    certificate = authority.leaf(kind, names=[HOST])
    with server(certificate, mode, version) as emulator:
        assert_accepted(send(program, emulator.port, {
            "tls_fingerprint": fingerprint(certificate[0])}, mode))
        emulator.settle()
        session, = emulator.sessions
        assert session.tls_version == f"TLSv{version}"
        assert session.user == USER and session.sni == HOST


@pytest.mark.parametrize("glue,upper", [
    (":", False), (" ", True), ("", False), ("", True)])
def test_fingerprint_in_every_form(program, good, glue, upper):
    with server(good) as emulator:
        assert_accepted(send(program, emulator.port, {
            "tls_trust_file": "",
            "tls_fingerprint": fingerprint(good[0], "sha256", glue, upper)}))


@VERSION
@pytest.mark.parametrize("digest,name", [("sha1", b"SHA-1"), ("md5", b"MD5")])
def test_old_fingerprint(program, good, digest, name, version):
    with server(good, "implicit", version) as emulator:
        assert_warned(
            send(program, emulator.port,
                 {"tls_fingerprint": fingerprint(good[0], digest)}),
            b"postrider: warning: tls_fingerprint is one of " + name +
            b", for which another certificate can be made; use SHA-256\n")
        program.log_file.unlink()
        result = send(program, emulator.port, {
            "tls_fingerprint": other_bit(fingerprint(good[0], digest))})
        line = assert_refused(result, 75, "NOT-SENT")
        assert fingerprint(good[0], digest) in line["errormsg"]


def other_bit(text):
    """The same with the last digit changed."""
    return text[:-1] + format(int(text[-1], 16) ^ 1, "X")


@MODE
@VERSION
def test_wrong_fingerprint(program, good, mode, version, authority):
    """Although the certificate is good; and nothing is said to the server."""
    right = fingerprint(good[0])
    with (server(good, mode, version) as emulator,
          Tap(emulator.port) as tap):
        result = send(program, tap.port,
                      {"tls_fingerprint": other_bit(right)}, mode,
                      authority.ca_file)
        emulator.settle()
        assert emulator.sessions[0].tls_version is None
    line = assert_refused(result, 75, "NOT-SENT")
    assert line["errormsg"].endswith(
        f"certificate of {HOST} is not the one of tls_fingerprint: its "
        f"fingerprint is {right}")
    assert PASSWORD.encode() not in result.err + result.log_bytes
    _, encrypted = tap.clear_part()
    assert encrypted and Records(encrypted).said_nothing()


def test_fingerprint_of_the_issuer(program, authority, good, tmp_path):
    """Only the server's own certificate counts."""
    with open(good[0], encoding="ascii") as stream:
        issuer = stream.read().split("-----END CERTIFICATE-----\n")[1]
    path = tmp_path / "issuer.pem"
    path.write_text(issuer + "-----END CERTIFICATE-----\n")
    with server(good) as emulator:
        result = send(program, emulator.port,
                      {"tls_fingerprint": fingerprint(path)}, "implicit",
                      authority.ca_file)
    assert_refused(result, 75, "NOT-SENT")


# Revoked certificates


@MODE
@VERSION
@pytest.mark.parametrize("days", [30, -0.5], ids=["now", "out of date"])
def test_revoked(program, authority, mode, version, days):
    revoked = authority.leaf("good", names=[HOST, "revoked.example"])
    crl = authority.crl(revoked[0], next_days=days)
    with (server(revoked, mode, version) as emulator,
          Tap(emulator.port) as tap):
        result = send(program, tap.port, {"tls_crl_file": crl}, mode,
                      authority.ca_file)
        emulator.settle()
        assert emulator.sessions[0].tls_version is None
    line = assert_refused(result, 75, "NOT-SENT")
    assert "revoked" in line["errormsg"]
    assert Records(tap.clear_part()[1]).said_nothing()


def test_not_revoked(program, authority, good):
    other = authority.leaf("good", names=["revoked.example"])
    crl = authority.crl(other[0])
    with server(good) as emulator:
        assert_accepted(send(program, emulator.port, {"tls_crl_file": crl},
                             "implicit", authority.ca_file))


def test_revoked_in_the_second_list(program, authority, good, tmp_path):
    both = tmp_path / "both.crl"
    both.write_bytes(b"".join(open(one, "rb").read() for one in (
        authority.crl(), authority.crl(good[0]))))
    with server(good) as emulator:
        result = send(program, emulator.port, {"tls_crl_file": both},
                      "implicit", authority.ca_file)
        line = assert_refused(result, 75, "NOT-SENT")
        assert "revoked" in line["errormsg"]
        program.log_file.unlink()
        # A fingerprint takes the place of this check, as the manual says.
        assert_accepted(send(program, emulator.port, {
            "tls_crl_file": both,
            "tls_fingerprint": fingerprint(good[0])}))


@pytest.mark.parametrize("content,words", [
    (None, "while reading file"),
    (b"", ""),
    (b"no list\n", ""),
    (b"-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n", ""),
])
def test_bad_list(program, authority, good, tmp_path, content, words):
    path = tmp_path / "list.crl"
    if content is not None:
        path.write_bytes(content)
    with server(good) as emulator:
        result = send(program, emulator.port, {"tls_crl_file": path},
                      "implicit", authority.ca_file)
    line = assert_refused(result, 78, "NOT-SENT")
    assert line["errormsg"].startswith(f"revoked certificates in {path}: ")
    assert words in line["errormsg"]


# A certificate of the client


@pytest.fixture(scope="module")
def client(authority):
    return authority.leaf("client", names=["client.example.com"])


def external(client, **more):
    return {"tls_cert_file": client[0], "tls_key_file": client[1],
            "auth": "external", "user": "", "password": "", **more}


@MODE
@VERSION
@pytest.mark.parametrize("user", ["", "somebody@example.org"])
def test_client_certificate(program, authority, good, client, mode, version,
                            user):
    with server(good, mode, version, client_ca=authority.ca_file,
                mechanisms=("PLAIN", "EXTERNAL")) as emulator:
        assert_accepted(send(program, emulator.port,
                             external(client, user=user), mode,
                             authority.ca_file))
        emulator.settle()
        session, = emulator.sessions
        assert session.auth_mechanism == "EXTERNAL"
        assert session.user == (user or "client.example.com")
        assert not session.violations and session.client_certificate


@MODE
@VERSION
def test_without_the_certificate_it_asks_for(program, authority, good, mode,
                                             version):
    with server(good, mode, version,
                client_ca=authority.ca_file) as emulator:
        result = send(program, emulator.port, {}, mode, authority.ca_file)
        assert not emulator.messages
    line = assert_refused(result, 75, "NOT-SENT")
    assert "the server ended" in line["errormsg"]
    assert "ertificate" in line["errormsg"] or "andshake" in line["errormsg"]


def test_nobody_asks_for_the_certificate(program, authority, good, client):
    with server(good) as emulator:
        assert_accepted(send(
            program, emulator.port,
            {"tls_cert_file": client[0], "tls_key_file": client[1]},
            "implicit", authority.ca_file))
        emulator.settle()
        assert emulator.sessions[0].client_certificate is None


def test_external_is_never_chosen(program, authority, good, client):
    """`auth on` means a password."""
    with server(good, client_ca=authority.ca_file,
                mechanisms=("EXTERNAL", "PLAIN")) as emulator:
        assert_accepted(send(program, emulator.port, {
            "tls_cert_file": client[0], "tls_key_file": client[1],
            "auth": "on"}, "implicit", authority.ca_file))
        emulator.settle()
        assert emulator.sessions[0].auth_mechanism == "PLAIN"


def test_external_in_clear(program):
    result = program.run(
        [f"--file={program.configure({'auth': 'external', 'port': '1'})}",
         "someone@example.net"], MESSAGE)
    assert result.code in (75, 78) and not result.timed_out


def copy_key(client, tmp_path, mode=0o600):
    path = tmp_path / "client.key"
    with open(client[1], "rb") as stream:
        path.write_bytes(stream.read())
    path.chmod(mode)
    return path


def encrypted_key(client, tmp_path, kind):
    path = tmp_path / "locked.key"
    with open(client[1], "rb") as stream:
        key = serialization.load_pem_private_key(stream.read(), None)
    path.write_bytes(key.private_bytes(
        serialization.Encoding.PEM, kind,
        serialization.BestAvailableEncryption(b"hush")))
    path.chmod(0o600)
    return path


PKCS8 = serialization.PrivateFormat.PKCS8
OPENSSL = serialization.PrivateFormat.TraditionalOpenSSL


def other_key(client, tmp_path):
    path = tmp_path / "other.key"
    path.write_bytes(rsa.generate_private_key(65537, 2048).private_bytes(
        serialization.Encoding.PEM, PKCS8, serialization.NoEncryption()))
    path.chmod(0o600)
    return path


def no_key(client, tmp_path):
    path = tmp_path / "no.key"
    path.write_bytes(b"not a key\n")
    path.chmod(0o600)
    return path


@pytest.mark.parametrize("make,words", [
    (lambda c, t: t / "missing", "No such file or directory"),
    (lambda c, t: t, "not a regular file"),
    (lambda c, t: encrypted_key(c, t, PKCS8), "locked by a passphrase"),
    (lambda c, t: encrypted_key(c, t, OPENSSL), "locked by a passphrase"),
    (other_key, "is not the key of tls_cert_file"),
    (no_key, "tls_cert_file"),
    (lambda c, t: "pkcs11:token=no-such-token;object=key", "tls_cert_file"),
], ids=["missing", "directory", "encrypted", "encrypted, old form",
        "another's", "nonsense", "no token"])
def test_bad_key(program, authority, good, client, tmp_path, make, words):
    key = make(client, tmp_path)
    with server(good) as emulator:
        result = send(program, emulator.port,
                      external(client, tls_key_file=key), "implicit",
                      authority.ca_file)
    line = assert_refused(result, 78, "NOT-SENT")
    assert words in line["errormsg"] and str(key) in line["errormsg"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_key_that_is_open(program, authority, good, client, tmp_path, mode):
    """Root may decide that; for anybody else it is an error."""
    key = copy_key(client, tmp_path, mode)
    if os.getuid() == 0:
        os.chown(key, 65534, 65534)
    with server(good) as emulator:
        result = send(program, emulator.port,
                      external(client, tls_key_file=key), "implicit",
                      authority.ca_file)
    line = assert_refused(result, 78, "NOT-SENT")
    assert line["errormsg"] == (
        f"tls_key_file {key}: must be closed to group and others "
        "(mode 0600)")


@pytest.mark.skipif(os.getuid() != 0, reason="only root can try")
def test_key_of_root_may_be_open(program, authority, good, client, tmp_path):
    key = copy_key(client, tmp_path, 0o640)
    with server(good, client_ca=authority.ca_file,
                mechanisms=("EXTERNAL",)) as emulator:
        assert_accepted(send(program, emulator.port,
                             external(client, tls_key_file=key), "implicit",
                             authority.ca_file))


def test_bad_certificate_file(program, authority, good, client, tmp_path):
    with server(good) as emulator:
        result = send(program, emulator.port,
                      external(client, tls_cert_file=tmp_path / "missing"),
                      "implicit", authority.ca_file)
    line = assert_refused(result, 78, "NOT-SENT")
    assert str(tmp_path / "missing") in line["errormsg"]


# Priorities


@pytest.mark.parametrize("priorities,version,cipher", [
    ("NORMAL", "TLSv1.3", ""),
    ("NORMAL:-VERS-TLS1.3", "TLSv1.2", ""),
    ("SECURE128:-VERS-ALL:+VERS-TLS1.2", "TLSv1.2", ""),
    ("NORMAL:+VERS-TLS1.1:+VERS-TLS1.0", "TLSv1.3", ""),
    ("NORMAL:-CIPHER-ALL:+CHACHA20-POLY1305", "TLSv1.3", "CHACHA20"),
    ("PERFORMANCE:%COMPAT:-VERS-TLS1.3", "TLSv1.2", ""),
    ("@SYSTEM", "TLSv1.3", ""),
])
def test_priorities(program, authority, good, priorities, version, cipher):
    with server(good) as emulator:
        result = send(program, emulator.port,
                      {"tls_priorities": priorities}, "implicit",
                      authority.ca_file)
        if priorities == "@SYSTEM" and result.code == 78:
            pytest.skip("this system has no policy")
        assert_accepted(result)
        emulator.settle()
        assert emulator.sessions[0].tls_version == version
        assert cipher in emulator.sessions[0].cipher


@pytest.mark.parametrize("priorities,words", [
    ("NORMAL:-VERS-ALL:+VERS-TLS1.1", "leaves neither TLS 1.2 nor TLS 1.3"),
    ("NORMAL:-VERS-ALL:+VERS-TLS1.0:+VERS-SSL3.0", "leaves neither"),
    ("NORMAL:-VERS-ALL", "leaves neither"),
    ("NORMAL:+NOTHING-OF-THE-KIND", "tls_priorities NORMAL:+NOTHING"),
    ("NOTHING", "tls_priorities NOTHING: "),
    ("A" * 8000, "tls_priorities A"),
], ids=range(6))
def test_bad_priorities(program, authority, good, priorities, words):
    with server(good) as emulator:
        result = send(program, emulator.port,
                      {"tls_priorities": priorities}, "implicit",
                      authority.ca_file)
        assert not emulator.messages
    line = assert_refused(result, 78, "NOT-SENT")
    assert words in line["errormsg"]


@MODE
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1,
                                     ssl.TLSVersion.TLSv1_1],
                         ids=["1.0", "1.1"])
def test_no_priority_brings_an_old_version(program, authority, good, version,
                                           mode):
    """Nor do the other settings that turn something off."""
    made = server(good, mode)
    made.emulator.context = old_context(good, version)
    with made as emulator, Tap(emulator.port) as tap:
        result = send(program, tap.port, {
            "tls_priorities": "NORMAL:+VERS-ALL:+VERS-TLS1.0:+VERS-TLS1.1:"
                              "%COMPAT:%VERIFY_ALLOW_BROKEN",
            "tls_certcheck": "off", "tls_force_sslv3": "on"}, mode)
        emulator.settle()
        assert emulator.sessions[0].tls_version is None
    assert result.code == 75
    assert Records(tap.clear_part()[1]).said_nothing()


# Diffie-Hellman


def ffdhe2048():
    """The prime of RFC 7919 appendix A.1, by its formula."""
    bits, shift = 2048, 2048 - 130
    euler, term = 0, 1 << (shift + 64)
    number = 1
    while term:
        euler += term
        term //= number
        number += 1
    euler >>= 64
    prime = (1 << bits) - (1 << (bits - 64)) + (
        (euler + 560316) << 64) - 1
    return dh.DHParameterNumbers(prime, 2).parameters()


@pytest.mark.parametrize("least,accepted", [
    ("", True), ("2048", True), ("2049", False), ("4096", False)])
def test_size_of_the_prime(program, authority, good, tmp_path, least,
                           accepted):
    path = tmp_path / "dh.pem"
    path.write_bytes(ffdhe2048().parameter_bytes(
        serialization.Encoding.PEM,
        serialization.ParameterFormat.PKCS3))
    made = server(good, "implicit", "1.2",
                  ciphers="DHE-RSA-AES256-GCM-SHA384")
    made.emulator.context.load_dh_params(str(path))
    with made as emulator:
        result = send(program, emulator.port,
                      {"tls_min_dh_prime_bits": least}, "implicit",
                      authority.ca_file)
        if accepted:
            assert_accepted(result)
            emulator.settle()
            assert emulator.sessions[0].cipher.startswith("DHE-RSA")
        else:
            line = assert_refused(result, 75, "NOT-SENT")
            assert "prime" in line["errormsg"]
