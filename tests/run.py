"""Build postrider twice and run the whole suite on both builds.

The last line is `N passed, M failed, K skipped`; above it stands the reason
of every skipped test. The exit status is 0 only when nothing failed, every
build succeeded and tests ran at all.
"""

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests/lib"))

import caller       # noqa: E402

BUILDS = [
    # name, compiler, meson options, what of the suite it runs
    ("gcc", "gcc", ["-Dwerror=true"], ["tests"]),
    (
        "clang-sanitizers",
        "clang",
        [
            "-Dwerror=true",
            "-Db_sanitize=address,undefined",
            "-Db_lundef=false",
        ],
        # The callers run the package, which is made without sanitizers.
        ["tests/unit", "tests/fuzz", "tests/dialog", "tests/cli", "tests/real",
         "--ignore=tests/real/callers"],
    ),
]

# A sanitizer's report must fail the test that caused it, whatever exit code
# the test expects of the program.
SANITIZER_ENV = {
    "ASAN_OPTIONS": "exitcode=99:abort_on_error=0:detect_leaks=1",
    "UBSAN_OPTIONS": "halt_on_error=1:exitcode=99:print_stacktrace=1",
}


def build(name, compiler, options):
    directory = ROOT / f"build-{name}"
    env = dict(os.environ, CC=compiler)
    if not (directory / "build.ninja").exists():
        subprocess.run(
            ["meson", "setup", str(directory), *options],
            cwd=ROOT, env=env, check=True, stdout=subprocess.DEVNULL,
        )
    subprocess.run(
        ["ninja", "-C", str(directory), "--quiet"], cwd=ROOT, check=True
    )
    return directory


def workers():
    """As many as the processors that we may use, by affinity and by quota."""
    count = len(os.sched_getaffinity(0))
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        return max(1, min(count, int(quota) // int(period)))
    except (OSError, ValueError):       # no limit
        return count


def run_suite(name, directory, parts):
    """Run pytest on the parts that exist; return its junit report."""
    report = directory / "report.xml"
    report.unlink(missing_ok=True)
    env = dict(
        os.environ,
        BUILD_DIR=str(directory),
        POSTRIDER=str(directory / "src/app/postrider"),
        BUILD_NAME=name,
        **SANITIZER_ENV,
    )
    parts = [part for part in parts
             if part.startswith("-") or (ROOT / part).exists()]
    status = subprocess.run(
        [
            "/usr/bin/python3", "-m", "pytest", "-q", "-n", str(workers()),
            "--dist", "load", "-p", "no:cacheprovider",
            f"--junitxml={report}", *parts,
        ],
        cwd=ROOT, env=env, stdin=subprocess.DEVNULL,
    ).returncode
    return report, status


def count(report):
    """(passed, failed, [(test, reason)]) of a junit report."""
    passed = failed = 0
    skipped = []
    for case in ET.parse(report).getroot().iter("testcase"):
        name = f"{case.get('classname')}.{case.get('name')}"
        skip = case.find("skipped")
        if case.find("failure") is not None or case.find("error") is not None:
            failed += 1
        elif skip is not None:
            skipped.append((name, skip.get("message") or "no reason given"))
        else:
            passed += 1
    return passed, failed, skipped


def main():
    caller.forget()
    passed = failed = 0
    skipped = []
    for name, compiler, options, parts in BUILDS:
        print(f"== {name}: build", flush=True)
        try:
            directory = build(name, compiler, options)
        except subprocess.CalledProcessError as error:
            print(f"{name}: {error}")
            failed += 1
            continue
        print(f"== {name}: tests", flush=True)
        report, status = run_suite(name, directory, parts)
        if not report.exists():
            print(f"{name}: pytest ended with {status} and no report")
            failed += 1
            continue
        more = count(report)
        passed += more[0]
        failed += more[1]
        if status not in (0, 1) or (status and not more[1]):
            print(f"{name}: pytest ended with {status}")
            failed += 1
        skipped += [(name, *skip) for skip in more[2]]
    for build_name, test, reason in skipped:
        reason = re.sub(r"\s+", " ", reason)
        print(f"skipped: {build_name}: {test}: {reason}")
    print(f"{passed} passed, {failed} failed, {len(skipped)} skipped")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
