"""The command runs, and what it counts of the program is within the budget."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import shared

from real.measure_run import is_instrumented

RUN = Path(__file__).with_name("run")
LIMIT_SECONDS = 1800
COUNTED = ("M instructions, 2 KB", "M instructions, 10 MB", "system calls",
           "libraries", "peak, 2 KB", "peak, 40 MB")


def run(*arguments):
    """(exit status, standard output, standard error)"""
    done = subprocess.run([RUN, *arguments], capture_output=True, text=True,
                          timeout=LIMIT_SECONDS, check=False,
                          env={**os.environ, "LC_ALL": "C"})
    return done.returncode, done.stdout, done.stderr


def directory():
    """Where the release build is kept."""
    named = os.environ.get("BUILD_DIR")
    return Path(named).absolute() / "bench-release" if named else \
        RUN.parents[2] / "build/bench-release"


@pytest.fixture(scope="module")
def page(binary, tmp_path_factory):
    """What the quick run has printed as a page: (exit status, text)."""
    if is_instrumented(binary):
        pytest.skip("valgrind and sanitizers exclude each other")
    for tool in ("valgrind", "strace"):
        if not shutil.which(tool):
            pytest.skip(f"{tool} is not installed")
    # The goals are for a release build, whatever is tested otherwise.
    status, page, said = shared.once(tmp_path_factory, "bench", lambda: run(
        "--quick", "--only", "nullmailer", "--markdown", "--build",
        str(directory())))
    assert page and "Traceback" not in said, said
    return status, page


@pytest.mark.parametrize("goal", COUNTED)
def test_what_is_counted_is_within_the_budget(page, goal):
    lines = [line for line in page[1].splitlines()
             if line.startswith("- ") and " of at most " in line
             and goal in line]
    assert len(lines) == 1, page[1]
    assert lines[0].startswith("- met: ") or "let pass" in lines[0], lines[0]


def test_the_exit_status_tells_a_missed_goal(page):
    status, text = page
    missed = any(line.startswith("- MISSED: ") and goal in line
                 and "let pass" not in line
                 for line in text.splitlines() for goal in COUNTED)
    assert status == missed


def test_a_row_and_its_ratio(page):
    """Of the other peer, or why there is none."""
    lines = [line for line in page[1].splitlines() if "nullmailer" in line]
    assert any(line.startswith("| nullmailer |") and "x)" in line
               or "not measured" in line for line in lines), page[1]


@pytest.mark.parametrize("arguments, words", [
    (["--only", "nobody"], "no such peer: nobody"),
    (["--parts", "nothing"], "the parts are"),
])
def test_a_wrong_word_is_named(arguments, words):
    status, page, said = run(*arguments)
    assert status in (1, 2) and words in said
    assert not page
