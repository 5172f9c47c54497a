"""The certificates are wrong in exactly the way they say."""

import ssl
import subprocess
import sys
from pathlib import Path

import pytest

import certs
from emulator import EmulatorThread, Policy
from emulator.client import Client, client_context

NAME = "mail.eu-west-1.example.com"

REFUSALS = {
    "good": None,
    "wildcard": None,
    "self_signed": "self-signed certificate",
    "expired": "certificate has expired",
    "not_yet_valid": "certificate is not yet valid",
    "wrong_name": "Hostname mismatch",
    "cn_only": "Hostname mismatch",
    "wildcard_two": "Hostname mismatch",
    "client": "unsuitable certificate purpose",
    "unknown_ca": "unable to get local issuer certificate",
    "no_intermediate": "unable to get local issuer certificate",
}


def test_every_kind_is_tested():
    assert set(REFUSALS) == set(certs.KINDS)


@pytest.mark.parametrize("kind", sorted(REFUSALS))
def test_leaf(authority, kind):
    context = client_context(authority.ca_file)
    context.hostname_checks_common_name = False
    chain, key = authority.leaf(kind, names=[NAME])
    with EmulatorThread(Policy(), chain, key, mode="implicit") as emulator:
        if REFUSALS[kind] is None:
            with Client(emulator.port, True, context, NAME) as client:
                assert client.reply().startswith("220")
        else:
            with pytest.raises(ssl.SSLCertVerificationError,
                               match=REFUSALS[kind]):
                Client(emulator.port, True, context, NAME)
            emulator.settle()
            assert emulator.sessions[0].end.startswith(("tls: ", "lost: "))


def test_a_leaf_is_made_once(authority):
    assert (authority.leaf("good", [NAME])
            == authority.leaf("good", names=[NAME]))


def test_root_is_kept(tmp_path):
    first = certs.Authority(tmp_path)
    text = Path(first.ca_file).read_bytes()
    assert Path(certs.Authority(tmp_path).ca_file).read_bytes() == text


def test_unknown_kind(authority):
    with pytest.raises(ValueError):
        authority.leaf("nonsense", [NAME])


def test_command_line(tmp_path):
    subprocess.run([sys.executable, certs.__file__, str(tmp_path),
                    "localhost", "127.0.0.1"], check=True, timeout=120)
    done = subprocess.run(
        ["openssl", "verify", "-CAfile", tmp_path / "ca.pem", "-untrusted",
         tmp_path / "chain.pem", "-verify_hostname", "localhost",
         tmp_path / "chain.pem"], check=True, timeout=120, capture_output=True)
    assert done.stdout.endswith(b"OK\n")
    assert (tmp_path / "key.pem").stat().st_mode & 0o077 == 0
