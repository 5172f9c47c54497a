"""Certificate chains that are wrong in ways lib/certs.py does not make.

    chain, key = Chains(authority).make("corrupt", "mail.example.com")

Each kind ends in the authority's own root, so a client that trusts it has
one reason only to refuse. All are written by hand here: what is broken is
what a careful builder would not let through.
"""

import datetime
import ssl
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DAY = datetime.timedelta(days=1)

KINDS = {
    "corrupt": "one bit of the leaf's signature is flipped",
    "issuer_expired": "the intermediate ended yesterday",
    "issuer_is_no_ca": "the intermediate is a leaf: CA is false",
    "issuer_may_not_sign": "the intermediate lacks the usage to sign",
    "path_too_long": "a CA below one whose path length is 0",
    "other_key": "the leaf is signed by another key than its issuer's",
    "name_not_permitted": "the intermediate may sign for example.net only",
    "weak_signature": "signed with SHA-1",
    "weak_key": "RSA with 768 bits",
    "nul_in_name": "the name, a NUL and another domain",
    "longer_name": "the name with a domain behind it",
    "star_for_all": "the name is a star alone",
    "star_in_label": "a star within the first label",
    "mail_name": "the name stands as an e-mail address only",
}


class _Party:
    """A certificate with its key."""

    def __init__(self, cert, key):
        self.cert = cert
        self.key = key


def _name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _issue(issuer, key, common_name, extensions, ended=False, digest=None):
    """A certificate for `key` signed by `issuer`, with these extensions."""
    now = datetime.datetime.utcnow()
    builder = (x509.CertificateBuilder()
               .subject_name(_name(common_name))
               .issuer_name(issuer.cert.subject)
               .public_key(key.public_key())
               .serial_number(x509.random_serial_number())
               .not_valid_before(now - 30 * DAY)
               .not_valid_after(now + (-1 if ended else 30) * DAY))
    for extension in extensions:
        builder = builder.add_extension(extension, critical=not isinstance(
            extension, (x509.SubjectAlternativeName, x509.ExtendedKeyUsage)))
    return _Party(builder.sign(issuer.key, digest or hashes.SHA256()), key)


def _usage(signs):
    return x509.KeyUsage(
        digital_signature=not signs, content_commitment=False,
        key_encipherment=not signs, data_encipherment=False,
        key_agreement=False, key_cert_sign=signs, crl_sign=signs,
        encipher_only=False, decipher_only=False)


def _pem(*parties):
    return b"".join(one.cert.public_bytes(serialization.Encoding.PEM)
                    for one in parties)


class Chains:
    """Makes chain and key files below the directory of an Authority."""

    def __init__(self, authority):
        root = Path(authority.directory)
        self.directory = root
        self._root = _Party(
            x509.load_pem_x509_certificate((root / "ca.pem").read_bytes()),
            serialization.load_pem_private_key(
                (root / "ca-key.pem").read_bytes(), None))
        self._keys = {}

    def _key(self, role, bits=2048):
        if (role, bits) not in self._keys:
            self._keys[role, bits] = rsa.generate_private_key(65537, bits)
        return self._keys[role, bits]

    def _ca(self, issuer, role, *more, ca=True, length=None, **how):
        basic = x509.BasicConstraints(ca, length if ca else None)
        usage = _usage(how.pop("signs", True))
        return _issue(issuer, self._key(role), f"Test {role}",
                      [basic, usage, *more], **how)

    def _leaf(self, issuer, names, bits=2048, **how):
        return _issue(issuer, self._key("leaf", bits), "test leaf", [
            x509.BasicConstraints(False, None), _usage(False),
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]),
            x509.SubjectAlternativeName(names)], **how)

    def make(self, kind, name):
        """(chain file, key file) of this kind for a host name."""
        if kind not in KINDS:
            raise ValueError(f"unknown kind of chain: {kind}")
        parties = getattr(self, f"_make_{kind}", self._make_names)(kind, name)
        chain = _pem(*parties)
        if kind == "corrupt":
            chain = _flip_signature(parties[0]) + _pem(*parties[1:])
        stem = self.directory / f"chain-{kind}"
        files = stem.with_suffix(".pem"), stem.with_suffix(".key")
        files[0].write_bytes(chain)
        files[1].write_bytes(parties[0].key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption()))
        return tuple(map(str, files))

    def _below(self, issuer, name, *others, **how):
        leaf = self._leaf(issuer, [x509.DNSName(name)], **how)
        return [leaf, issuer, *others]

    def _make_names(self, kind, name):
        """Only the alternative name is odd."""
        label, _, domain = name.partition(".")
        wrong = {
            "nul_in_name": x509.DNSName(f"{name}\0.wrong.example"),
            "longer_name": x509.DNSName(f"{name}.wrong.example"),
            "star_for_all": x509.DNSName("*"),
            "star_in_label": x509.DNSName(f"{label[0]}*.{domain}"),
            "mail_name": x509.RFC822Name(f"postmaster@{name}"),
        }.get(kind, x509.DNSName(name))
        issuer = self._ca(self._root, "issuer")
        return [self._leaf(issuer, [wrong]), issuer]

    def _make_issuer_expired(self, _, name):
        return self._below(self._ca(self._root, "issuer", ended=True), name)

    def _make_issuer_is_no_ca(self, _, name):
        return self._below(self._ca(self._root, "issuer", ca=False), name)

    def _make_issuer_may_not_sign(self, _, name):
        return self._below(self._ca(self._root, "issuer", signs=False), name)

    def _make_path_too_long(self, _, name):
        first = self._ca(self._root, "issuer", length=0)
        return self._below(self._ca(first, "second"), name, first)

    def _make_other_key(self, _, name):
        issuer = self._ca(self._root, "issuer")
        leaf = self._leaf(_Party(issuer.cert, self._key("stranger")),
                          [x509.DNSName(name)])
        return [leaf, issuer]

    def _make_name_not_permitted(self, _, name):
        only = x509.NameConstraints([x509.DNSName("example.net")], None)
        return self._below(self._ca(self._root, "issuer", only), name)

    def _make_weak_signature(self, _, name):
        return self._below(self._ca(self._root, "issuer"), name,
                           digest=hashes.SHA1())

    def _make_weak_key(self, _, name):
        return self._below(self._ca(self._root, "issuer"), name, bits=768)


def _flip_signature(party):
    """PEM of the certificate with one bit of its signature changed."""
    der = bytearray(party.cert.public_bytes(serialization.Encoding.DER))
    der[-20] ^= 1
    return ssl.DER_cert_to_PEM_cert(bytes(der)).encode()
