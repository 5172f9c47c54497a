"""The callers' run: once for each test run, whatever the number of workers."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import shared

TOP = Path(__file__).resolve().parents[3]

# The package is called callers; relay.py is beside the command-line tests.
for folder in (TOP / "tests/cli", TOP / "tests/real"):
    sys.path.append(str(folder))

from callers import campaign                    # noqa: E402
from real.packages import Unavailable           # noqa: E402

BUILD = Path(os.environ.get("BUILD_DIR") or TOP / "build").absolute()


def once(factory, name, make):
    """shared.once(), of what may not be there."""
    def made():
        try:
            return make()
        except Unavailable as reason:
            return reason
    found = shared.once(factory, name, made)
    if isinstance(found, Unavailable):
        pytest.skip(str(found))
    return found


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
    return once(tmp_path_factory, "package", build_package)


@pytest.fixture(scope="session")
def seen(package, tmp_path_factory):
    """What was seen of every caller: name -> Seen."""
    return once(tmp_path_factory, "callers",
                lambda: campaign.Campaign(package).run())
