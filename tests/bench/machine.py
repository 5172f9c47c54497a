"""What the figures were measured on."""

import datetime
import os
import platform
import re
from pathlib import Path


def _first(path, pattern):
    try:
        found = re.search(pattern, Path(path).read_text(errors="replace"),
                          re.M)
    except OSError:
        found = None
    return found[1].strip() if found else "unknown"


def facts():
    """(what, text) pairs."""
    return [
        ("date", datetime.date.today().isoformat()),
        ("processor", _first("/proc/cpuinfo", r"^model name\s*:(.*)$")),
        ("cores", str(os.cpu_count())),
        ("kernel", platform.release()),
        ("Debian", _first("/etc/debian_version", r"(.*)")),
    ]
