"""Fixtures for every test, and where the helper modules are."""

import os
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent

# tests/ itself for the packages in it (dialog.server, emulator), and lib, in
# front of it, for the helpers that many folders use.
for folder in (TESTS, TESTS / "lib"):
    sys.path.insert(0, str(folder))

import caller                   # noqa: E402
from certs import Authority     # noqa: E402
from run import Program         # noqa: E402

caller.forget()


@pytest.fixture(scope="session")
def binary():
    """The program under test: $POSTRIDER, else what meson put in build/."""
    build = TESTS.parent / "build"
    names = ([os.environ["POSTRIDER"]] if os.environ.get("POSTRIDER")
             else [build / "src/app/postrider", build / "postrider"])
    path = next((p for p in map(Path, names) if p.exists()), Path(names[0]))
    path = path.absolute()      # and not resolved: its name can matter
    if not os.access(path, os.X_OK):
        pytest.fail(f"no program at {path}: build first, or set POSTRIDER")
    return path


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    """A certificate authority of this test process."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def home(tmp_path):
    """An empty home directory."""
    path = tmp_path / "home"
    path.mkdir()
    return path


@pytest.fixture
def program(binary, home):
    """The program, called from an empty home."""
    return Program(binary, home)


@pytest.fixture
def as_msmtp(program, tmp_path):
    """The program, called by the name msmtp."""
    link = tmp_path / "msmtp"
    link.symlink_to(program.path)
    program.path = str(link)
    return program
