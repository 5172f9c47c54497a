"""A Debian root of its own for the callers, made once and used again.

debootstrap makes it, apt-get installs the callers in it, from the mirrors and
with the proxies of this machine. It lies in $CALLERS_ROOT, else in
build-callers beside the builds, so that both builds of a test run share it.
It is never changed afterwards: each run works on a layer above it (stage.py).
"""

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

from real.packages import Unavailable

ROOT = Path(__file__).resolve().parents[3]
SUITE = "bookworm"
SECONDS = 900           # for one step of making it

# The callers. None of these packages needs another mail server than ours.
PACKAGES = """
anacron apt-listchanges at bsd-mailx cron fail2ban git-email
libemail-sender-perl libmailtools-perl libmime-lite-perl libphp-phpmailer
logwatch mailutils mdadm mercurial monitoring-plugins-standard mutt neomutt nmh
node-nodemailer nodejs php-mail php-pear php-swiftmailer php-symfony-mailer
php8.2-cli php8.2-mbstring popularity-contest python3 ruby-mail s-nail
smartmontools sudo unattended-upgrades
""".split()

# These take the place of cron: unpacked under /opt, not installed.
UNPACKED = ["systemd-cron"]

# No service is started, nothing is synced, nothing is there to be read.
DPKG = """\
force-unsafe-io
path-exclude=/usr/share/doc/*
path-exclude=/usr/share/info/*
path-exclude=/usr/share/locale/*
path-exclude=/usr/share/man/*
"""
POLICY = "#!/bin/sh\nexit 101\n"

TOOLS = ("apt-get", "chroot", "debootstrap", "dpkg-deb", "mount", "nsenter",
         "unshare")


def directory():
    named = os.environ.get("CALLERS_ROOT")
    return Path(named).absolute() if named else ROOT / "build-callers"


def unshare():
    """The command that gives namespaces of its own, or Unavailable.

    In a chroot the root directory is no mount point, and its propagation
    cannot be set; it need not be where nothing is shared with others.
    """
    if os.geteuid() != 0:
        raise Unavailable("a root of its own needs the user root")
    for tool in TOOLS:
        if not shutil.which(tool):
            raise Unavailable(f"{tool} is not installed")
    command = ["unshare", "--mount", "--pid", "--uts", "--fork",
               "--kill-child"]
    said = b""
    for more in ([], ["--propagation", "unchanged"]):
        if more and is_shared():
            break
        done = subprocess.run([*command, *more, "true"], capture_output=True,
                              check=False)
        if done.returncode == 0:
            return [*command, *more]
        said = done.stderr.strip()
    raise Unavailable("no mount and process namespace can be had: "
                      + said.decode(errors="replace"))


def is_shared():
    """Whether a mount made here would be seen elsewhere."""
    with open("/proc/self/mountinfo", encoding="utf-8") as lines:
        return any(" shared:" in line for line in lines)


def run(command, step, **more):
    """Unavailable, with its last line of trouble, when a command fails."""
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=SECONDS, check=False, **more)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable(f"{step}: {error}") from None
    if done.returncode:
        text = done.stdout.decode(errors="replace").strip().splitlines()
        errors = [line for line in text if line.startswith("E:")]
        raise Unavailable(f"{step}: {(errors or text or ['failed'])[-1]}")
    return done.stdout.decode(errors="replace")


def mirrors():
    """The lines of sources.list for Debian's own archives."""
    asked = ["apt-get", "indextargets", "--format",
             "deb $(REPO_URI) $(RELEASE) $(COMPONENT)",
             "Created-By: Packages", "Origin: Debian"]
    lines = {line for line in run(asked, "mirrors").splitlines()
             if re.fullmatch(rf"deb \S+ {SUITE}(-updates|-security)? main",
                             line)}
    if not lines:
        raise Unavailable(f"apt has no lists of Debian {SUITE} here: "
                          "apt-get update")
    return sorted(lines, key=lambda line: (line.split()[2], line))


def apt_settings():
    """How this machine reaches its mirrors."""
    wanted = re.compile(r"Acquire::(https?|Check-|Retries)")
    lines = run(["apt-config", "dump"], "settings of apt").splitlines()
    return [line for line in lines if wanted.match(line)]


def environment(settings):
    """For debootstrap, which takes its proxy from the environment."""
    env = {**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}
    for line in settings:
        found = re.match(r'Acquire::(https?)::Proxy "(\S+)";', line)
        if found and found[2] != "DIRECT":
            env.setdefault(f"{found[1]}_proxy", found[2])
    return env


def key():
    """What tells a root made for another list from this one's."""
    text = "\n".join([SUITE, *PACKAGES, *UNPACKED, DPKG])
    return hashlib.sha256(text.encode()).hexdigest()


@contextlib.contextmanager
def locked(place):
    place.mkdir(parents=True, exist_ok=True)
    with open(place / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def base(package):
    """The directory of the root; made with `package`, ours, if need be."""
    place = directory()
    enter = unshare()
    with locked(place):
        made = place / "base"
        mark = place / "key"
        if not (made.is_dir() and mark.exists()
                and mark.read_text(encoding="ascii") == key()):
            mark.unlink(missing_ok=True)
            for old in (made, place / "part"):
                shutil.rmtree(old, ignore_errors=True)
            _make(place / "part", enter, package)
            (place / "part").rename(made)
            mark.write_text(key(), encoding="ascii")
    return made


def _make(tree, enter, package):
    sources = mirrors()
    settings = apt_settings()
    env = environment(settings)
    mirror = next(line for line in sources
                  if line.split()[2] == SUITE).split()[1]
    run([*enter, "debootstrap", "--variant=minbase", SUITE, str(tree), mirror],
        "debootstrap", env=env)
    etc = tree / "etc"
    (etc / "dpkg/dpkg.cfg.d/callers").write_text(DPKG)
    (etc / "apt/apt.conf.d/callers").write_text("\n".join(settings) + "\n")
    (etc / "apt/sources.list").write_text("\n".join(sources) + "\n")
    policy = tree / "usr/sbin/policy-rc.d"
    policy.write_text(POLICY)
    policy.chmod(0o755)
    shutil.copy(package, tree / "var/tmp/postrider.deb")
    inside = [*enter, "chroot", str(tree)]
    install = ["apt-get", "-q", "-y", "--no-install-recommends", "install",
               "/var/tmp/postrider.deb", *PACKAGES]
    beside = ("cd /var/tmp && apt-get -q download {name} && "
              "dpkg-deb -x {name}_*.deb /opt/{name} && rm {name}_*.deb")
    run([*inside, "apt-get", "-q", "update"], "apt-get update", env=env)
    run([*inside, *install], "apt-get install", env=env)
    for name in UNPACKED:
        run([*inside, "sh", "-c", beside.format(name=name)], name, env=env)
    run([*inside, "apt-get", "clean"], "apt-get clean", env=env)
