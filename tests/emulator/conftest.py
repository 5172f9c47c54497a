"""Fixtures of the emulator's own tests."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

# These need the path set above.
from certs import Authority                              # noqa: E402
from emulator import EmulatorThread                      # noqa: E402
from emulator.client import NAMES, Client, ses_policy    # noqa: E402


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="session")
def certificate(authority):
    """(chain, key) of a certificate that is right for loopback."""
    return authority.leaf("good", names=NAMES)


@pytest.fixture
def emulate(certificate):
    """Start an emulator for this test: emulate(policy, mode="starttls")."""
    running = []

    def start(policy, **options):
        chain, key = certificate
        emulator = EmulatorThread(policy, chain, key, **options)
        running.append(emulator)
        return emulator.start()

    yield start
    for emulator in running:
        emulator.stop()


@pytest.fixture
def ses(emulate):
    """Start SES with these policy fields; (emulator, logged-in client)."""
    clients = []

    def start(**fields):
        emulator = emulate(ses_policy(**fields), mode="implicit")
        client = Client(emulator.port, secure=True)
        clients.append(client)
        client.hello()
        assert client.login() == "235 Authentication successful."
        return emulator, client

    yield start
    for client in clients:
        client.sock.close()
