"""Debian packages unpacked beside the system, never installed.

Installing a mail server would take the place of the one the machine has.  A
package is downloaded with apt-get and unpacked with dpkg-deb into a cache
directory, which later runs and other processes use again.
"""

import fcntl
import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 600       # for one call of apt-get


class Unavailable(Exception):
    """What the test needs cannot be had here; the text is the reason."""


def cache_directory():
    """$REAL_CACHE, else real-cache in the build directory."""
    named = os.environ.get("REAL_CACHE")
    if named:
        return Path(named).absolute()
    build = os.environ.get("BUILD_DIR") or ROOT / "build"
    return Path(build).absolute() / "real-cache"


def _run(command, directory):
    """The standard error of a command, or None when it succeeded."""
    try:
        done = subprocess.run(
            command, cwd=directory, stdin=subprocess.DEVNULL,
            capture_output=True, timeout=SECONDS, check=False,
            env={**os.environ, "LC_ALL": "C"})
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    if done.returncode == 0:
        return None
    text = done.stderr.decode(errors="replace").strip()
    return text or f"exit {done.returncode}"


def _download(name, directory):
    """The .deb file of a package; fetched when it is not there."""
    wanted = f"{name}_*.deb"
    if not list(directory.glob(wanted)):
        trouble = _run(["apt-get", "download", name], directory)
        if trouble and os.geteuid() == 0:
            # A fresh system has no package lists yet.
            trouble = (_run(["apt-get", "update"], directory) or
                       _run(["apt-get", "download", name], directory))
        if trouble:
            raise Unavailable(
                f"package {name} cannot be downloaded: "
                f"{trouble.splitlines()[-1][-200:]}")
    return max(directory.glob(wanted), key=lambda path: path.stat().st_mtime)


def unpacked(name, directory=None):
    """The directory that holds the files of a package as under /."""
    directory = directory or cache_directory()
    directory.mkdir(parents=True, exist_ok=True)
    tree = directory / name
    with open(directory / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not tree.exists():
            package = _download(name, directory)
            part = directory / f"{name}.{os.getpid()}.part"
            trouble = _run(["dpkg-deb", "-x", str(package), str(part)],
                           directory)
            if trouble:
                raise Unavailable(f"{package.name}: {trouble[-200:]}")
            part.rename(tree)
    return tree


def check_libraries(*programs, **environment):
    """Raises Unavailable when a library of a program is not installed."""
    said = subprocess.run(
        ["ldd", *map(str, programs)], capture_output=True, text=True,
        env={"LC_ALL": "C", "PATH": "/usr/bin:/bin", **environment},
        check=False).stdout
    lacking = {line.split()[0] for line in said.splitlines()
               if line.endswith("not found")}
    if lacking:
        raise Unavailable(f"not installed: {' '.join(sorted(lacking))}")


def program(name, path):
    """A program of a package, which need not be installed; as text."""
    found = unpacked(name) / path
    if not found.exists():
        raise Unavailable(f"package {name} has no {path}")
    check_libraries(found)
    return str(found)


def version(name):
    """Of the package that was unpacked, else of the installed one."""
    unpacked_from = sorted(cache_directory().glob(f"{name}_*.deb"))
    command = (["dpkg-deb", "-f", str(unpacked_from[-1]), "Version"]
               if unpacked_from else
               ["dpkg-query", "-W", "-f", "${Version}", name])
    return subprocess.run(command, capture_output=True, text=True,
                          check=False).stdout.strip()
