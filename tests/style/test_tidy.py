"""clang-tidy finds no error in any source file.

.clang-tidy says which findings are errors. One file a call: several in one
call give false findings about va_list.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("BUILD_DIR") or ROOT / "build")
SOURCES = sorted(str(path.relative_to(ROOT))
                 for path in (ROOT / "src").rglob("*.c"))


def tidy(path, *more):
    done = subprocess.run(
        ["clang-tidy", "--quiet", "-p", str(BUILD), str(path), *more],
        capture_output=True, text=True)
    return [line for line in done.stdout.splitlines() if " error: " in line]


@pytest.mark.parametrize("source", SOURCES)
def test_source(source):
    if not shutil.which("clang-tidy"):
        pytest.skip("clang-tidy is not installed")
    assert tidy(ROOT / source) == []


def test_an_error_is_found(tmp_path):
    """A nest of conditions and a lost return value are seen."""
    bad = tmp_path / "bad.c"
    shutil.copy(ROOT / ".clang-tidy", tmp_path)
    bad.write_text('#include <stdio.h>\nint main(void)\n{\n'
                   '\tchar b[4];\n\tsnprintf(b, sizeof(b), "x");\n'
                   '\treturn b[0] == 1 ? 0 : 0;\n}\n')
    found = subprocess.run(
        ["clang-tidy", "--quiet", str(bad), "--"], capture_output=True,
        text=True).stdout
    assert "cert-err33-c" in found
