"""A throw-away certificate authority for tests.

A client that checks certificates can only be tested against certificates that
are wrong in exactly one way.  `Authority` makes a root, an intermediate below
it and leaf certificates of several kinds; everything is RSA-2048.  The chain
file holds leaf and intermediate and the CA file the root alone, because that
is what the real providers send and what a system's CA bundle contains.

    authority = Authority(directory)
    chain, key = authority.leaf("good", names=["mail.example.com"])

By hand:  python3 tests/lib/certs.py DIRECTORY NAME...
writes ca.pem, chain.pem and key.pem there.

The root lives in DIRECTORY and is used again by the next Authority made there.
Two directories have two unrelated roots.  The leaf and intermediate keys are
shared within a process, because making RSA keys is the slow part.
"""

import argparse
import datetime
import ipaddress
import os
import sys
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DAY = datetime.timedelta(days=1)

# What each kind of leaf is; the keys are the `kind` argument of leaf().
KINDS = {
    "good": "names in the subject alternative name, valid now",
    "self_signed": "its own issuer, no chain",
    "expired": "ended yesterday",
    "not_yet_valid": "starts in thirty days",
    "wrong_name": "another name than the ones asked for",
    "unknown_ca": "a complete chain to a root that is not in the CA file",
    "cn_only": "the name stands in the common name only",
    "wildcard": "first label of each name replaced by a star: matches",
    "wildcard_two": "first two labels replaced by one star: must not match",
    "no_intermediate": "good leaf, but the chain file lacks its issuer",
    "client": "for a client to show; not usable as a server",
}

_keys = {}


def _shared_key(role):
    """One RSA key for each role and process: generation is what takes time."""
    if role not in _keys:
        _keys[role] = rsa.generate_private_key(65537, 2048)
    return _keys[role]


def _write(path, data, mode=0o644):
    """Write a file so that a reader never sees half of it."""
    part = path.with_name(path.name + f".{os.getpid()}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(data)
    os.replace(part, path)
    return path


def _key_pem(key):
    return key.private_bytes(serialization.Encoding.PEM,
                             serialization.PrivateFormat.PKCS8,
                             serialization.NoEncryption())


def _cert_pem(*certs):
    return b"".join(cert.public_bytes(serialization.Encoding.PEM)
                    for cert in certs)


def _subject(common_name):
    return x509.Name([
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Throw-away tests"),
        x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _usage(ca):
    """A CA signs certificates; a leaf signs handshakes and takes RSA keys."""
    return x509.KeyUsage(
        digital_signature=not ca, content_commitment=False,
        key_encipherment=not ca, data_encipherment=False, key_agreement=False,
        key_cert_sign=ca, crl_sign=ca, encipher_only=False,
        decipher_only=False)


def _builder(subject, key, issuer_name, issuer_key, start, end):
    return (x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer_name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(end)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(
                key.public_key()), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(
                    issuer_key.public_key()), critical=False))


def _make_ca(common_name, key, issuer=None, issuer_key=None, path_length=None):
    """A CA certificate; a root when no issuer is given."""
    now = datetime.datetime.utcnow()
    subject = _subject(common_name)
    signer = issuer_key or key
    builder = _builder(subject, key, issuer.subject if issuer else subject,
                       signer, now - 700 * DAY, now + 3000 * DAY)
    return (builder
            .add_extension(x509.BasicConstraints(True, path_length), True)
            .add_extension(_usage(ca=True), True)
            .sign(signer, hashes.SHA256()))


def _alternative_names(names):
    entries = []
    for name in names:
        try:
            entries.append(x509.IPAddress(ipaddress.ip_address(name)))
        except ValueError:
            entries.append(x509.DNSName(name))
    return x509.SubjectAlternativeName(entries)


def _starred(name, labels):
    """Replace the first labels of a host name by one star."""
    return ".".join(["*"] + name.split(".")[labels:])


class Authority:
    """Root, intermediate and leaf certificates below one directory."""

    def __init__(self, directory):
        self.directory = Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.ca_file = str(self.directory / "ca.pem")
        self._root = self._load_or_make_root("ca", "Test root")
        self._issuers = {}
        self._leaves = {}
        self._lists = 0

    def leaf(self, kind, names):
        """Return (chain file, key file), both str, of a leaf of this kind.

        Asking twice for the same kind and names gives the same files.
        """
        if kind not in KINDS:
            raise ValueError(f"unknown kind of certificate: {kind}")
        wanted = (kind, tuple(names))
        if wanted not in self._leaves:
            self._leaves[wanted] = self._write_leaf(kind, list(names))
        return self._leaves[wanted]

    def crl(self, *chains, next_days=30):
        """A file: the list of the intermediate that revokes these leaves."""
        now = datetime.datetime.utcnow()
        issuer, key = self._issuer("ca")
        builder = (x509.CertificateRevocationListBuilder()
                   .issuer_name(issuer.subject)
                   .last_update(now - DAY)
                   .next_update(now + next_days * DAY))
        for chain in chains:
            leaf = x509.load_pem_x509_certificate(Path(chain).read_bytes())
            builder = builder.add_revoked_certificate(
                x509.RevokedCertificateBuilder()
                .serial_number(leaf.serial_number)
                .revocation_date(now - DAY).build())
        self._lists += 1
        return str(_write(
            self.directory / f"list-{self._lists}-{os.getpid()}.crl",
            builder.sign(key, hashes.SHA256()).public_bytes(
                serialization.Encoding.PEM)))

    def _load_or_make_root(self, stem, common_name):
        cert_path = self.directory / f"{stem}.pem"
        key_path = self.directory / f"{stem}-key.pem"
        if cert_path.exists() and key_path.exists():
            key = serialization.load_pem_private_key(key_path.read_bytes(),
                                                     None)
            return x509.load_pem_x509_certificate(cert_path.read_bytes()), key
        key = rsa.generate_private_key(65537, 2048)
        # The number keeps the subjects of two authorities apart.
        cert = _make_ca(f"{common_name} {os.urandom(4).hex()}", key)
        _write(key_path, _key_pem(key), 0o600)
        _write(cert_path, _cert_pem(cert))
        return cert, key

    def _issuer(self, stem):
        """Intermediate (certificate, key) below the root of this stem."""
        if stem not in self._issuers:
            root = self._root if stem == "ca" else self._load_or_make_root(
                stem, "Other root")
            key = _shared_key("intermediate")
            name = root[0].subject.get_attributes_for_oid(
                NameOID.COMMON_NAME)[0].value
            cert = _make_ca(name.replace("root", "intermediate"), key,
                            root[0], root[1], path_length=0)
            self._issuers[stem] = (cert, key)
        return self._issuers[stem]

    def _write_leaf(self, kind, names):
        key = _shared_key("leaf")
        now = datetime.datetime.utcnow()
        start, end = {"expired": (now - 90 * DAY, now - DAY),
                      "not_yet_valid": (now + 30 * DAY, now + 90 * DAY),
                      }.get(kind, (now - DAY, now + 90 * DAY))
        shown = {"wrong_name": ["wrong-name.example"],
                 "wildcard": [_starred(name, 1) for name in names],
                 "wildcard_two": [_starred(name, 2) for name in names],
                 }.get(kind, names)
        issuer, issuer_key = self._issuer(
            "other-ca" if kind == "unknown_ca" else "ca")
        common_name = shown[0] if len(shown[0]) <= 64 else "test leaf"
        if kind == "cn_only" and common_name != shown[0]:
            raise ValueError("a common name holds 64 characters at most")
        subject = _subject(common_name)
        if kind == "self_signed":
            issuer_name, issuer_key = subject, key
        else:
            issuer_name = issuer.subject
        purpose = (ExtendedKeyUsageOID.CLIENT_AUTH if kind == "client"
                   else ExtendedKeyUsageOID.SERVER_AUTH)
        builder = (_builder(subject, key, issuer_name, issuer_key, start, end)
                   .add_extension(x509.BasicConstraints(False, None), True)
                   .add_extension(_usage(ca=False), True)
                   .add_extension(x509.ExtendedKeyUsage([purpose]), False))
        if kind != "cn_only":
            builder = builder.add_extension(_alternative_names(shown), False)
        cert = builder.sign(issuer_key, hashes.SHA256())
        alone = kind in ("self_signed", "no_intermediate")
        stem = f"{kind}-{len(self._leaves)}-{os.getpid()}"
        chain = _write(self.directory / f"{stem}-chain.pem",
                       _cert_pem(cert) if alone else _cert_pem(cert, issuer))
        key_file = _write(self.directory / f"{stem}-key.pem", _key_pem(key),
                          0o600)
        return str(chain), str(key_file)


def make_ca(directory):
    """The Authority of this directory; made when it does not exist."""
    return Authority(directory)


def main(arguments=None):
    """Write ca.pem, chain.pem and key.pem for a script that needs them."""
    parser = argparse.ArgumentParser(
        description="Make a throw-away CA and one server certificate.")
    parser.add_argument("--kind", choices=sorted(KINDS), default="good")
    parser.add_argument("directory", type=Path)
    parser.add_argument("names", nargs="+", metavar="NAME")
    options = parser.parse_args(arguments)
    authority = Authority(options.directory)
    chain, key = authority.leaf(options.kind, options.names)
    os.replace(chain, options.directory / "chain.pem")
    os.replace(key, options.directory / "key.pem")
    return 0


if __name__ == "__main__":
    sys.exit(main())
