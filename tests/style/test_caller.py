"""The tests do not depend on who calls them, or how."""

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

LIB = Path(__file__).resolve().parents[1] / "lib"
IGNORED = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM,
           signal.SIGCHLD, signal.SIGUSR1)
SHOW = """
import os, resource, sys, time
sys.path.insert(0, sys.argv[1])
import caller
caller.forget()
print(os.umask(0), time.tzname[0], "LANG" in os.environ,
      resource.getrlimit(resource.RLIMIT_NOFILE)[0], flush=True)
os.execv("/bin/grep", ["grep", "^Sig[BI]", "/proc/self/status"])
"""


def be_strange():
    os.umask(0o077)
    for number in IGNORED:
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM, signal.SIGALRM])
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(256, hard), hard))


def test_what_a_caller_leaves_is_forgotten():
    done = subprocess.run(
        [sys.executable, "-c", SHOW, LIB], capture_output=True, text=True,
        env={**os.environ, "TZ": "Pacific/Kiritimati", "LANG": "tr_TR"},
        preexec_fn=be_strange, check=True)
    shown, blocked, ignored = done.stdout.splitlines()
    mask, zone, has_lang, descriptors = shown.split()
    assert (int(mask), zone, has_lang) == (0o022, "UTC", "False")
    assert int(descriptors) > 256
    assert int(blocked.split()[1], 16) == 0
    # Python's own stay ignored in what takes its place.
    own = sum(1 << number - 1 for number in (signal.SIGPIPE, signal.SIGXFSZ))
    assert int(ignored.split()[1], 16) & ~own == 0
