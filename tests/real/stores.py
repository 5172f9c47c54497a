"""Trust files and server chains that belong together in odd ways.

    case = Stores(directory).make("cross-signed, old root")
    case.trust, case.chain, case.key     # bytes, bytes, bytes (PEM)

What is odd here is how a chain ends in the trust file, or does not; what is
odd in the certificates themselves is in chains.py and lib/certs.py. Every
leaf is for HOST.
"""

import dataclasses
import datetime
import re
import subprocess
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

HOST = "mail.example.com"
BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")
BEGIN, END = b"-----BEGIN CERTIFICATE-----", b"-----END CERTIFICATE-----"
DAY = datetime.timedelta(days=1)
VALID, ENDED, FUTURE = (-30, 30), (-30, -1), (1, 30)

_kinds = {}


@dataclasses.dataclass
class Party:
    """A certificate with its key."""
    cert: x509.Certificate
    key: object


@dataclasses.dataclass
class Case:
    trust: bytes
    chain: bytes
    key: bytes
    words: str          # of the reason that is given; None: it is trusted


def kind(name, words=None):
    """Registers a method that returns (trusted parties, chain)."""
    def register(method):
        _kinds[name] = method, words
        return method
    return register


def kinds():
    return list(_kinds)


def _name(*texts, string=_ASN1Type.UTF8String):
    """A common name, with any more as units of an organisation."""
    kinds_of = [NameOID.COMMON_NAME,
                *[NameOID.ORGANIZATIONAL_UNIT_NAME] * (len(texts) - 1)]
    return x509.Name([x509.NameAttribute(one, text, _type=string)
                      for one, text in zip(kinds_of, texts)])


def pem(parties):
    return b"".join(one.cert.public_bytes(serialization.Encoding.PEM)
                    for one in parties)


def surround(trust):
    """The certificates in the middle of the system's bundle; None without
    a bundle."""
    if not BUNDLE.exists():
        return None
    blocks = re.findall(BEGIN + b".*?" + END + b"\n", BUNDLE.read_bytes(),
                        re.S)
    middle = len(blocks) // 2
    return b"".join([*blocks[:middle], trust, *blocks[middle:]])


def bucket(name):
    """Where GnuTLS looks for certificates of this name: one of 127 places."""
    value, mask = 0, (1 << 64) - 1
    for byte in name.public_bytes():
        value = (byte + ((value << 9 | value >> 55) & mask)) & mask
    return value % 127


def two_forms(*texts):
    """A name as UTF-8 and as printable string."""
    return [_name(*texts, string=one) for one in (
        _ASN1Type.UTF8String, _ASN1Type.PrintableString)]


class Stores:
    """`directory` takes what openssl(1) reads and writes."""

    def __init__(self, directory):
        self.directory = directory
        self._keys = {}
        self.root = self.ca("Root")
        self.inter = self.ca("Intermediate", self.root)
        self.leaf = self.server(self.inter)

    def make(self, name):
        method, words = _kinds[name]
        trust, chain = method(self)
        return Case(trust if isinstance(trust, bytes) else pem(trust),
                    pem(chain), chain[0].key.private_bytes(
                        serialization.Encoding.PEM,
                        serialization.PrivateFormat.PKCS8,
                        serialization.NoEncryption()), words)

    def key(self, role):
        if role not in self._keys:
            self._keys[role] = ec.generate_private_key(ec.SECP256R1())
        return self._keys[role]

    def ca(self, name, issuer=None, key=None, **how):
        """A CA of this name, its own issuer unless one is given."""
        subject = name if isinstance(name, x509.Name) else _name(name)
        extensions = [(x509.BasicConstraints(how.pop("is_ca", True),
                                             how.pop("length", None)), True)]
        if "only" in how:
            extensions.append((x509.NameConstraints(
                [x509.DNSName(how.pop("only"))], None), True))
        key = key or self.key(how.pop("role", str(name)))
        return self._issue(subject, issuer, key, extensions, **how)

    def server(self, issuer=None, **how):
        extensions = [
            (x509.BasicConstraints(False, None), True),
            (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
            (x509.SubjectAlternativeName([x509.DNSName(
                how.pop("host", HOST))]), False)]
        return self._issue(_name("leaf"), issuer, self.key("leaf"),
                           extensions, **how)

    @staticmethod
    def _issue(subject, issuer, key, extensions, days=VALID, ids=True,
               issuer_name=None):
        now = datetime.datetime.utcnow()
        signer = issuer.key if issuer else key
        named = issuer_name or (issuer.cert.subject if issuer else subject)
        builder = (x509.CertificateBuilder()
                   .subject_name(subject)
                   .issuer_name(named)
                   .public_key(key.public_key())
                   .serial_number(x509.random_serial_number())
                   .not_valid_before(now + days[0] * DAY)
                   .not_valid_after(now + days[1] * DAY))
        if ids:
            extensions = extensions + [
                (x509.SubjectKeyIdentifier.from_public_key(
                    key.public_key()), False),
                (x509.AuthorityKeyIdentifier.from_issuer_public_key(
                    signer.public_key()), False)]
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return Party(builder.sign(signer, hashes.SHA256()), key)

    def other(self):
        return self.ca("Other root")

    def below(self, root, **how):
        """The chain of a leaf below an intermediate below this root."""
        inter = self.ca("Intermediate", root, **how)
        return [self.server(inter, ids=how.get("ids", True)), inter]

    def openssl(self, *words):
        subprocess.run(["openssl", *words], cwd=self.directory, check=True,
                       capture_output=True)

    # The plain cases

    @kind("one root")
    def _(self):
        return [self.root], [self.leaf, self.inter]

    @kind("the root is sent, too")
    def _(self):
        return [self.root], [self.leaf, self.inter, self.root]

    @kind("another root", "issuer is unknown")
    def _(self):
        return [self.other()], [self.leaf, self.inter]

    @kind("another root, and the right one is sent", "issuer is unknown")
    def _(self):
        return [self.other()], [self.leaf, self.inter, self.root]

    @kind("the root twice")
    def _(self):
        return [self.root, self.other(), self.root], [self.leaf, self.inter]

    @kind("directly below the root")
    def _(self):
        return [self.root], [self.server(self.root)]

    # Cross-signed roots

    def cross(self):
        new = self.ca("New root")
        return new, self.ca("Root", new)

    @kind("cross-signed, new root")
    def _(self):
        new, cross = self.cross()
        return [new], [self.leaf, self.inter, cross]

    @kind("cross-signed, old root")
    def _(self):
        _, cross = self.cross()
        return [self.root], [self.leaf, self.inter, cross]

    @kind("cross-signed, both roots")
    def _(self):
        new, cross = self.cross()
        return [new, self.root], [self.leaf, self.inter, cross]

    @kind("cross-signed, neither", "issuer is unknown")
    def _(self):
        _, cross = self.cross()
        return [self.other()], [self.leaf, self.inter, cross]

    @kind("cross-signed by one that has ended", "expired")
    def _(self):
        new = self.ca("New root", days=ENDED)
        return [new], [self.leaf, self.inter, self.ca("Root", new)]

    @kind("cross-signed by one that has ended, old root")
    def _(self):
        new = self.ca("New root", days=ENDED)
        return [new, self.root], [self.leaf, self.inter,
                                  self.ca("Root", new)]

    # Several of one name

    @kind("other key of the same name before")
    def _(self):
        return ([self.ca("Root", role="thief"), self.root],
                [self.leaf, self.inter])

    @kind("other key of the same name behind")
    def _(self):
        return ([self.root, self.ca("Root", role="thief")],
                [self.leaf, self.inter])

    @kind("other key of the same name alone", "issuer is unknown")
    def _(self):
        return [self.ca("Root", role="thief")], [self.leaf, self.inter]

    def without_ids(self):
        right = self.ca("Root", ids=False)
        return (right, self.ca("Root", ids=False, role="thief"),
                self.below(right, ids=False))

    @kind("without key identifiers, other key before")
    def _(self):
        right, thief, chain = self.without_ids()
        return [thief, right], chain

    @kind("without key identifiers, other key behind", "signature")
    def _(self):
        right, thief, chain = self.without_ids()
        return [right, thief], chain

    @kind("without key identifiers, other key alone", "signature")
    def _(self):
        _, thief, chain = self.without_ids()
        return [thief], chain

    @kind("ended, and a valid one behind")
    def _(self):
        return [self.ca("Root", days=ENDED), self.root], self.below(self.root)

    @kind("ended, and a valid one before")
    def _(self):
        return [self.root, self.ca("Root", days=ENDED)], self.below(self.root)

    @kind("ended", "expired")
    def _(self):
        return [self.ca("Root", days=ENDED)], self.below(self.root)

    @kind("not yet valid, and a valid one")
    def _(self):
        return [self.ca("Root", days=FUTURE), self.root], self.below(self.root)

    @kind("not yet valid", "not yet valid")
    def _(self):
        return [self.ca("Root", days=FUTURE)], self.below(self.root)

    @kind("the root in a new edition, the old one is sent")
    def _(self):
        return [self.ca("Root")], [self.leaf, self.inter, self.root]

    # The chain in another shape

    @kind("superfluous certificates")
    def _(self):
        return [self.root], [self.leaf, self.other(), self.inter,
                             self.server(self.other())]

    @kind("wrong order")
    def _(self):
        second = self.ca("Second", self.inter)
        return [self.root], [self.server(second), self.root, self.inter,
                             second]

    @kind("the same certificate twice")
    def _(self):
        return [self.root], [self.leaf, self.inter, self.inter]

    @kind("missing intermediate", "issuer is unknown")
    def _(self):
        return [self.root], [self.leaf]

    @kind("a gap in the middle", "issuer is unknown")
    def _(self):
        second = self.ca("Second", self.inter)
        return [self.root], [self.server(second), second]

    def tower(self, floors):
        chain = [self.root]
        for number in range(floors):
            chain.insert(0, self.ca(f"Floor {number}", chain[0]))
        return [self.server(chain[0]), *chain[:-1]]

    @kind("ten certificates")
    def _(self):
        return [self.root], self.tower(9)

    @kind("eleven certificates", "")
    def _(self):
        return [self.root], self.tower(10)

    # What is trusted is no root

    @kind("trusted intermediate, which is sent")
    def _(self):
        return [self.inter], [self.leaf, self.inter]

    @kind("trusted intermediate, which is not sent")
    def _(self):
        return [self.inter], [self.leaf]

    @kind("trusted intermediate and root, one is sent")
    def _(self):
        return [self.root, self.inter], [self.leaf]

    @kind("trusted intermediate in the middle of the chain")
    def _(self):
        second = self.ca("Second", self.inter)
        return [self.inter], [self.server(second), second, self.inter,
                              self.root]

    @kind("trusted intermediate, an older edition is sent")
    def _(self):
        old = self.ca("Intermediate", self.root, days=ENDED)
        return [self.inter], [self.leaf, old]

    @kind("trusted root and intermediate, an older edition is sent")
    def _(self):
        old = self.ca("Intermediate", self.root, days=ENDED)
        return [self.root, self.inter], [self.leaf, old]

    @kind("trusted intermediate has ended, a valid one is sent", "expired")
    def _(self):
        old = self.ca("Intermediate", self.root, days=ENDED)
        return [old], [self.leaf, self.inter]

    @kind("trusted leaf, its issuer is sent", "issuer is unknown")
    def _(self):
        return [self.leaf], [self.leaf, self.inter]

    @kind("trusted leaf, alone")
    def _(self):
        return [self.leaf], [self.leaf]

    @kind("trusted leaf in another edition", "issuer is unknown")
    def _(self):
        return [self.server(self.inter)], [self.leaf]

    @kind("self-signed server in the file")
    def _(self):
        one = self.server()
        return [self.root, one], [one]

    @kind("self-signed server in the file for another name", "does not match")
    def _(self):
        one = self.server(host="other.example.com")
        return [one], [one]

    @kind("self-signed server in the file has ended", "expired")
    def _(self):
        one = self.server(days=ENDED)
        return [one], [one]

    @kind("self-signed server in another edition", "not a CA")
    def _(self):
        return [self.server()], [self.server()]

    @kind("root that is no CA", "not a CA")
    def _(self):
        root = self.ca("Root", is_ca=False)
        return [root], self.below(root)

    @kind("root for other names", "constraints")
    def _(self):
        root = self.ca("Root", only="example.net")
        return [root], self.below(root)

    @kind("root for these names")
    def _(self):
        root = self.ca("Root", only="example.com")
        return [root], self.below(root)

    @kind("root that bears no intermediate", "")
    def _(self):
        root = self.ca("Root", length=0)
        inter = self.ca("Intermediate", root)
        return [root], [self.server(inter), inter]

    @kind("two roots of one key, the first for other names")
    def _(self):
        return [self.ca("Root", only="example.net"), self.root], [
            self.leaf, self.inter]

    @kind("two roots of one key, the last for other names", "constraints")
    def _(self):
        return [self.root, self.ca("Root", only="example.net")], [
            self.leaf, self.inter]

    @kind("the key under another name", "issuer is unknown")
    def _(self):
        return [self.ca("Other name", key=self.root.key)], [
            self.leaf, self.inter]

    @kind("the key under another name, too")
    def _(self):
        return [self.ca("Other name", key=self.root.key), self.root], [
            self.leaf, self.inter]

    @kind("intermediates of one name in the chain")
    def _(self):
        other = self.ca("Intermediate", self.root, role="other")
        return [self.root], [self.leaf, other, self.inter]

    @kind("root with a weak key", "insecure")
    def _(self):
        root = self.ca("Root", key=rsa.generate_private_key(65537, 768))
        return [root], self.below(root)

    @kind("root of version 1")
    def _(self):
        (self.directory / "v1.key").write_bytes(
            self.key("Root").private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption()))
        self.openssl("req", "-new", "-key", "v1.key", "-subj", "/CN=Root",
                     "-out", "v1.csr")
        self.openssl("x509", "-req", "-in", "v1.csr", "-signkey", "v1.key",
                     "-out", "v1.pem")
        cert = x509.load_pem_x509_certificate(
            (self.directory / "v1.pem").read_bytes())
        assert cert.version is x509.Version.v1
        return [Party(cert, self.key("Root"))], self.below(
            Party(cert, self.key("Root")))

    # One name as two types of string. GnuTLS takes both for the same, but
    # finds the certificate only when both have the same place in its table.

    def two_strings(self, *texts):
        utf8, printable = two_forms(*texts)
        root = self.ca(utf8, role="two forms")
        inter = self.ca("Intermediate", root, issuer_name=printable)
        return ([self.other(), root], [self.server(inter), inter],
                bucket(utf8) == bucket(printable))

    @kind("other type of string, same place")
    def _(self):
        trust, chain, is_same = self.two_strings(
            *("R" * n for n in (9, 4, 6, 6, 9, 7, 10, 8, 2)))
        assert is_same
        return trust, chain

    @kind("other type of string, other place", "issuer is unknown")
    def _(self):
        trust, chain, is_same = self.two_strings("Root")
        assert not is_same
        return trust, chain
