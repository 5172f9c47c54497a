"""Fixtures for tests against real servers and of the real process."""

import sys
from pathlib import Path

import pytest

# For relay.py, the account of an emulated provider.
sys.path.append(str(Path(__file__).resolve().parents[1] / "cli"))

# These need the path set above.
from real.measure_run import Measured                    # noqa: E402
from real.packages import Unavailable                    # noqa: E402
from real.postfix import Postfix                         # noqa: E402

NAMES = ["localhost", "127.0.0.1", "mail.example.com"]


@pytest.fixture(scope="session")
def certificate(authority):
    """(chain, key) of a certificate that is right for loopback."""
    return authority.leaf("good", names=NAMES)


@pytest.fixture(scope="session")
def postfix(certificate):
    """A running Postfix; tests that ask for it are skipped without one."""
    try:
        server = Postfix(certificate)
    except Unavailable as reason:
        pytest.skip(f"no Postfix: {reason}")
    with server:
        yield server


@pytest.fixture
def measured(binary, home):
    """The program, with its peak of memory measured."""
    return Measured(binary, home)
