"""Files and folders that the program sees in the places of the machine's.

    mounts.instead(program, {"/etc/hosts": tmp_path / "hosts"})

In a mount namespace of its own: nobody else sees them.
"""

import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = """\
while [ "$1" != -- ]; do
    mount --bind "$1" "$2" || exit 99
    shift 2
done
shift
exec "$@"
"""
# What programs look up in /etc, whatever else stands there.
NEEDED = ["group", "hosts", "localtime", "nsswitch.conf", "passwd",
          "resolv.conf", "ssl"]


def instead(program, places, *wrapper):
    """From here on `program` sees these: {where: what is seen there}.

    `wrapper` is a command that runs another one, inside. The test is skipped
    where no mount namespace can be had.
    """
    pairs = [str(one) for where, seen in places.items()
             for one in (seen, where)]
    inside = ["unshare", "--mount", "sh", "-c", SCRIPT, "sh", *pairs, "--",
              *wrapper]
    if not shutil.which("unshare") or subprocess.run(
            [*inside, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no mount namespace can be had here")
    outside, run = program.path, program.run
    program.path = inside[0]
    program.run = lambda args, *more, **named: run(
        [*inside[1:], outside, *args], *more, **named)


def system_folder(program):
    """Where the program looks for the files of the system."""
    said = program.run(["--version"]).out.decode()
    line = next(one for one in said.splitlines()
                if one.startswith("System configuration: "))
    return Path(line.partition(": ")[2]).parent


def empty_system(program, seen, *wrapper):
    """That folder, empty for the program, is `seen` from here on.

    Returns its name in messages; what all programs need stays there.
    """
    where = system_folder(program)
    seen.mkdir()
    seen.chmod(0o755)
    for name in NEEDED if str(where) == "/etc" else []:
        if Path("/etc", name).is_dir():
            shutil.copytree(f"/etc/{name}", seen / name, symlinks=True)
        elif Path("/etc", name).exists():
            shutil.copy(f"/etc/{name}", seen / name)
    instead(program, {where: seen}, *wrapper)
    return where
