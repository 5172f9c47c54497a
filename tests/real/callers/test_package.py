"""The Debian package that scripts/package makes, and its life in a root."""

import subprocess

import pytest

from callers.stage import Stage
from real.packages import Unavailable

LINKS = ["/usr/sbin/sendmail", "/usr/lib/sendmail", "/usr/bin/mailq",
         "/usr/bin/newaliases"]
QUERY = "dpkg-query -W -f '${db:Status-Status}' postrider"


def field(package, name):
    done = subprocess.run(["dpkg-deb", "--field", package, name], check=True,
                          stdout=subprocess.PIPE, text=True)
    return done.stdout.strip()


@pytest.fixture(scope="module")
def unpacked(package, tmp_path_factory):
    place = tmp_path_factory.mktemp("unpacked")
    subprocess.run(["dpkg-deb", "--raw-extract", package, place / "root"],
                   check=True)
    return place / "root"


@pytest.fixture
def stage(package):
    try:
        with Stage(package) as found:
            yield found
    except Unavailable as reason:
        pytest.skip(str(reason))


@pytest.mark.parametrize("name", ["Provides", "Conflicts", "Replaces"])
def test_it_is_the_transport_agent(package, name):
    assert field(package, name) == "mail-transport-agent"


def test_it_depends_on_what_it_needs(package):
    needed = [one.split()[0] for one in field(package, "Depends").split(", ")]
    assert {"libc6", "libgnutls30", "libidn2-0", "ca-certificates"} <= set(
        needed)
    assert any(one.startswith("libgsasl") for one in needed)
    # A server has no keyring.
    assert not any(one.startswith("libsecret") for one in needed)


def test_account_file_says_nothing_yet(unpacked):
    """Everybody may read it, since everybody runs sendmail as himself."""
    path = unpacked / "etc/postriderrc"
    assert path.stat().st_mode & 0o7777 == 0o644
    lines = path.read_text(encoding="ascii").splitlines()
    assert lines and all(line.startswith("#") or not line for line in lines)
    conffiles = (unpacked / "DEBIAN/conffiles").read_text(encoding="ascii")
    assert conffiles == "/etc/postriderrc\n"


def test_sums_are_right(unpacked):
    subprocess.run(["md5sum", "--check", "--quiet", "DEBIAN/md5sums"],
                   cwd=unpacked, check=True)


def test_nothing_has_a_privilege(unpacked):
    for path in unpacked.rglob("*"):
        assert path.is_symlink() or path.stat().st_mode & 0o6000 == 0, path


def test_bad_option_of_the_script(pytestconfig):
    done = subprocess.run([pytestconfig.rootpath / "scripts/package", "-x"],
                          capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (64, b"")
    assert b"usage: scripts/package" in done.stderr


def test_installed(stage):
    """The callers' dependency is met, and the names of sendmail are ours."""
    done = stage.run("apt-get check && dpkg --verify postrider")
    assert done.returncode == 0 and done.stderr == b""
    # Manual pages are not installed in this root.
    assert b"/bin/" not in done.stdout and b"/etc/" not in done.stdout
    for link in LINKS:
        done = stage.run(f"readlink -f {link}")
        assert done.stdout == b"/usr/bin/postrider\n"
    done = stage.run("mailq && newaliases")
    assert (done.returncode, done.stdout) == (0, b"Mail queue is empty\n")


def test_without_an_account_nothing_is_sent(stage):
    done = stage.run("sendmail root", stdin=b"Subject: s\n\nbody\n")
    assert (done.returncode, done.stdout) == (78, b"")
    assert done.stderr == (b"sendmail: account default not found in "
                           b"/etc/postriderrc\n")


def test_another_agent_takes_its_place(stage):
    done = stage.run("apt-get -s install msmtp-mta")
    assert done.returncode == 0, done.stderr
    assert b"\nRemv postrider " in done.stdout


def test_account_outlives_an_upgrade_and_a_removal(stage):
    stage.write("/etc/postriderrc", "# mine\n", 0o640)
    install = "dpkg --force-confold --install /var/tmp/postrider.deb"
    assert stage.run(install).returncode == 0
    assert stage.run("cat /etc/postriderrc").stdout == b"# mine\n"
    assert stage.run("dpkg --force-depends --remove postrider"
                     ).returncode == 0
    assert stage.run(QUERY).stdout == b"config-files"
    assert stage.run("ls " + " ".join(LINKS)).stdout == b""
    assert stage.run("cat /etc/postriderrc").stdout == b"# mine\n"
    assert stage.run("dpkg --force-depends --purge postrider").returncode == 0
    assert stage.run("ls /etc/postriderrc /usr/share/doc/postrider"
                     ).stdout == b""
