"""Each test of each unit test program is a test case here.

The programs are $BUILD_DIR/tests/unit/unit-*, built from test_*.c beside this
file; BUILD_DIR is build/ of the project if not set.
"""

import os
import re
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
BUILD = Path(os.environ.get("BUILD_DIR") or HERE.parents[1] / "build").resolve()
SECONDS = 600
SOURCES = sorted(HERE.glob("test_*.c"))


def program_of(source):
    return BUILD / "tests/unit" / source.stem.replace("test_", "unit-", 1)


def find_programs():
    programs = [path for path in map(program_of, SOURCES)
                if os.access(path, os.X_OK)]
    if not programs:
        raise RuntimeError(
            f"no unit test program in {BUILD}/tests/unit: build first, or set "
            "BUILD_DIR")
    return programs


def names_of(program):
    listed = subprocess.run([program, "--list"], stdout=subprocess.PIPE,
                            stdin=subprocess.DEVNULL, check=True,
                            timeout=SECONDS).stdout.decode().split()
    if not listed:
        raise RuntimeError(f"{program} has no tests")
    return listed


def cases():
    for program in find_programs():
        for name in names_of(program):
            yield pytest.param(program, name,
                               id=f"{program.name.removeprefix('unit-')}-{name}")


@pytest.mark.parametrize("program, name", cases())
def test_unit(program, name, tmp_path):
    result = subprocess.run(
        [program, name], cwd=tmp_path, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
        timeout=SECONDS)
    output = result.stdout.decode(errors="replace")
    errors = result.stderr.decode(errors="replace")
    shown = "\n".join(re.findall(r"^# .*", output, re.M) + [errors])
    assert result.returncode == 0, f"exit status {result.returncode}\n{shown}"
    # One test ran, and it was this one.
    plan = re.findall(rf"^ok 1 - {name}(?: # SKIP (.*))?$", output, re.M)
    assert len(plan) == 1 and re.search(r"^1\.\.1$", output, re.M), output
    if plan[0]:
        pytest.skip(plan[0])


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_source_is_built(source):
    """A test that meson.build does not know never fails."""
    program = program_of(source)
    assert os.access(program, os.X_OK), f"{program} is not built"
