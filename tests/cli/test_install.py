"""What `meson install` puts where, and that the names work from there."""

import configparser
import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("BUILD_DIR") or ROOT / "build")
PREFIX = "usr/local"

# Only in a build with libsecret.
KEYRING = "libexec/postrider/postrider-keyring"
LINKS = ["sbin/sendmail", "lib/sendmail", "bin/mailq", "bin/newaliases"]
FILES = [
    "bin/postrider",
    "share/man/man1/postrider.1",
    "share/man/man5/postriderrc.5",
    "share/man/man7/postrider-msmtp.7",
    "share/man/man7/postrider-providers.7",
    "share/doc/postrider/examples/ses.postriderrc",
    "share/doc/postrider/examples/oci.postriderrc",
    "lib/systemd/system/postrider-queue.service",
    "lib/systemd/system/postrider-queue.timer",
    "lib/systemd/user/postrider-queue.service",
    "lib/systemd/user/postrider-queue.timer",
]


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    top = tmp_path_factory.mktemp("install")
    subprocess.run(["meson", "install", "-C", str(BUILD), "--no-rebuild",
                    "--quiet"], env={**os.environ, "DESTDIR": str(top)},
                   check=True, stdout=subprocess.DEVNULL)
    return top / PREFIX


@pytest.mark.parametrize("name", FILES)
def test_file_is_installed(installed, name):
    assert (installed / name).is_file()


@pytest.mark.parametrize("name", LINKS)
def test_link_points_to_the_program(installed, name):
    assert os.readlink(installed / name) == f"/{PREFIX}/bin/postrider"


def test_nothing_else_is_installed(installed):
    found = {str(path.relative_to(installed)) for path in
             installed.rglob("*") if path.is_symlink() or path.is_file()}
    extra = {name for name in found - set(FILES) - set(LINKS) - {KEYRING}
             if not name.startswith("share/doc/postrider/examples/")}
    assert extra == set()


def test_keyring_is_installed_where_it_is_looked_for(installed, tmp_path):
    """A build without it says so."""
    version = subprocess.run(
        [installed / "bin/postrider", "--version"], capture_output=True,
        text=True, env={"HOME": str(tmp_path)}).stdout
    is_built = (BUILD / "src/keyring/postrider-keyring").exists()
    path = f"/{PREFIX}/{KEYRING}" if is_built else "none in this build"
    assert f"\nKeyring: {path}\n" in version
    assert (installed / KEYRING).is_file() == is_built
def test_the_spool_of_root_is_there(installed):
    path = installed.parents[1] / "var/local/spool/postrider"
    assert path.is_dir() and path.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("manager", ["system", "user"])
def test_the_timer_runs_the_queue(installed, manager):
    folder = installed / "lib/systemd" / manager
    service = configparser.ConfigParser(strict=False)
    service.optionxform = str
    service.read_string((folder / "postrider-queue.service").read_text())
    assert service["Service"]["ExecStart"] == f"/{PREFIX}/bin/postrider -q"
    assert service["Service"]["Type"] == "oneshot"
    timer = configparser.ConfigParser()
    timer.optionxform = str
    timer.read_string((folder / "postrider-queue.timer").read_text())
    assert timer["Install"]["WantedBy"] == "timers.target"
    assert timer["Timer"]["OnUnitInactiveSec"] == "5min"


@pytest.mark.skipif(not shutil.which("systemd-analyze"),
                    reason="systemd-analyze is missing")
@pytest.mark.parametrize("manager", ["system", "user"])
def test_systemd_understands_the_units(installed, tmp_path, manager):
    """In a copy whose program exists."""
    for path in (installed / "lib/systemd" / manager).iterdir():
        text = path.read_text().replace(f"/{PREFIX}", str(installed))
        text = "".join(line + "\n" for line in text.splitlines()
                       if not line.startswith("Documentation"))
        (tmp_path / path.name).write_text(text)
    done = subprocess.run(
        ["systemd-analyze", f"--{manager}", "verify",
         *map(str, tmp_path.iterdir())], capture_output=True, text=True,
        check=False, env={**os.environ, "HOME": str(tmp_path),
                          "XDG_RUNTIME_DIR": str(tmp_path)})
    told = [line for line in done.stderr.splitlines()
            if "postrider-queue" in line]
    assert told == []


def test_program_has_no_privilege(installed):
    assert (installed / "bin/postrider").stat().st_mode & 0o6000 == 0


def test_mailq_works_from_there(installed, tmp_path):
    link = tmp_path / "mailq"
    link.symlink_to(installed / "bin/postrider")
    done = subprocess.run([link], capture_output=True,
                          env={"HOME": str(tmp_path)})
    assert (done.returncode, done.stdout) == (0, b"Mail queue is empty\n")
