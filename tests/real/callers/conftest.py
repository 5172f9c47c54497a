"""The callers' run: once for each test run, whatever the number of workers."""

import fcntl
import os
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[3]

# The package is called callers; relay.py is beside the command-line tests.
for folder in (TOP / "tests/cli", TOP / "tests/real"):
    sys.path.append(str(folder))

from callers import campaign                    # noqa: E402
from real.packages import Unavailable           # noqa: E402

BUILD = Path(os.environ.get("BUILD_DIR") or TOP / "build").absolute()


def once(folder, name, make):
    """What make() returns, made by the first worker that asks for it."""
    kept = folder / f"{name}.pickle"
    with open(folder / f"{name}.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            try:
                made = make()
            except Unavailable as reason:
                made = reason
            kept.write_bytes(pickle.dumps(made))
        found = pickle.loads(kept.read_bytes())
    if isinstance(found, Unavailable):
        pytest.skip(str(found))
    return found


def shared_folder(factory):
    """Of all workers of this run."""
    base = factory.getbasetemp()
    return base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base


def build_package():
    """The package, made as the build under test was, but for /usr."""
    for tool in ("meson", "ninja", "dpkg-deb", "dpkg-shlibdeps"):
        if not shutil.which(tool):
            raise Unavailable(f"{tool} is not installed")
    done = subprocess.run(
        [TOP / "scripts/package", "-b", BUILD / "package"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    text = done.stdout.decode(errors="replace")
    assert done.returncode == 0, text
    return Path(text.strip())


@pytest.fixture(scope="session")
def package(tmp_path_factory):
    """The Debian package of this source."""
    return once(shared_folder(tmp_path_factory), "package", build_package)


@pytest.fixture(scope="session")
def seen(package, tmp_path_factory):
    """What was seen of every caller: name -> Seen."""
    return once(shared_folder(tmp_path_factory), "callers",
                lambda: campaign.Campaign(package).run())
