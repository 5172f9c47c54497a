"""The fuzz entrances: the corpus and a fixed set of mutations, always; with
LONG_TESTS in the environment (and clang) libFuzzer, too.

FUZZ_MUTATIONS (5000) and FUZZ_SECONDS (60) are for each entrance.
"""

import fcntl
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BUILD = Path(os.environ.get("BUILD_DIR") or ROOT / "build").resolve()
MUTATIONS = os.environ.get("FUZZ_MUTATIONS", "5000")
SECONDS = int(os.environ.get("FUZZ_SECONDS", "60"))

NAMES = sorted(path.stem.removeprefix("fuzz_")
               for path in HERE.glob("fuzz_*.c"))

# A sanitizer that only writes a note would be overlooked.
ENVIRONMENT = dict(os.environ)
ENVIRONMENT.setdefault("UBSAN_OPTIONS", "halt_on_error=1:print_stacktrace=1")


def run(command, seconds, **keywords):
    return subprocess.run(
        [str(word) for word in command], stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        errors="replace", check=False, timeout=seconds, env=ENVIRONMENT,
        **keywords)


def replay(name, *arguments):
    program = BUILD / "tests/fuzz" / f"replay-{name}"
    assert os.access(program, os.X_OK), f"{program} is not built"
    return run([program, *arguments], 600)


def end_of(output):
    return output[-8000:]


def test_there_are_entrances():
    assert NAMES


@pytest.mark.parametrize("name", NAMES)
def test_replay(name):
    corpus = HERE / "corpus" / name
    assert len(list(corpus.iterdir())) >= 3, f"{corpus} needs a few files"
    result = replay(name, "-n", MUTATIONS, corpus)
    assert result.returncode == 0, end_of(result.stdout)
    assert re.search(rf"^[1-9]\d* files, {MUTATIONS} mutations$",
                     result.stdout, re.M)


def test_replay_finds_what_is_planted():
    """And says which mutation it was, so that it can be repeated alone."""
    corpus = HERE / "corpus" / "slice"
    result = replay("planted", "-n", "100000", corpus)
    assert result.returncode != 0
    found = re.search(r"ended by mutation (\d+) .*\nreplay: \"(.*)\"\n",
                      result.stdout)
    assert found, end_of(result.stdout)
    number, shown = found.groups()
    assert shown.count('\\x22') == 3
    again = replay("planted", "-k", number, corpus)
    assert again.returncode == result.returncode
    assert f'"{shown}"' in again.stdout
    assert replay("planted", "-n", int(number) - 1, corpus).returncode == 0


@pytest.mark.parametrize("arguments, status", [
    ([], 64),
    (["-n", "x", "."], 64),
    (["-z"], 64),
    (["/nonexistent/corpus"], 66),
])
def test_replay_refuses(arguments, status):
    assert replay("planted", *arguments).returncode == status


@pytest.fixture(scope="session")
def fuzzers():
    """A build for libFuzzer, shared by the processes of a parallel run."""
    if not shutil.which("clang"):
        pytest.skip("clang is not installed")
    folder = ROOT / "build-fuzz"
    folder.mkdir(exist_ok=True)
    with open(folder / ".lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "build.ninja").exists():
            environment = dict(os.environ, CC="clang")
            subprocess.run(
                ["meson", "setup", folder, "-Dfuzz=true",
                 "-Db_sanitize=address,undefined", "-Db_lundef=false"],
                cwd=ROOT, env=environment, check=True,
                stdout=subprocess.DEVNULL)
        subprocess.run(
            ["ninja", "-C", folder, "--quiet",
             *[f"tests/fuzz/fuzz-{name}" for name in NAMES]],
            cwd=ROOT, check=True)
    return folder / "tests/fuzz"


def fuzz(program, corpus, folder, seconds):
    found = folder / "found"
    found.mkdir()
    return run([program, f"-max_total_time={seconds}", "-timeout=20",
                "-max_len=4096", f"-artifact_prefix={folder}/", found, corpus],
               seconds + 120)


if os.environ.get("LONG_TESTS"):
    @pytest.mark.parametrize("name", NAMES)
    def test_libfuzzer(name, fuzzers, tmp_path):
        result = fuzz(fuzzers / f"fuzz-{name}", HERE / "corpus" / name,
                      tmp_path, SECONDS)
        assert result.returncode == 0, end_of(result.stdout)
        assert "DONE" in result.stdout
else:
    def test_libfuzzer():
        pytest.skip("with LONG_TESTS only")
