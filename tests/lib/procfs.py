"""What the kernel tells of processes, in /proc."""

import os


def _fields(pid):
    """Of its stat from the state on; [] when there is none."""
    try:
        # The name may hold blanks and brackets; the fields follow it.
        with open(f"/proc/{pid}/stat", encoding="utf-8",
                  errors="replace") as file:
            return file.read().rpartition(")")[2].split()
    except OSError:
        return []


def is_alive(pid):
    return _fields(pid)[:1] not in ([], ["Z"])


def children(pid):
    """The processes it has started and not waited for."""
    return sorted(int(one) for one in os.listdir("/proc") if one.isdigit()
                  and _fields(one)[1:2] == [str(pid)])


def has_taken(pid, number):
    """Whether a signal that was sent waits no longer: its handler has run,
    or it is ignored.  A second one before that would be the same."""
    with open(f"/proc/{pid}/status", encoding="utf-8",
              errors="replace") as file:
        waiting = sum(int(line.split()[1], 16) for line in file
                      if line.startswith("ShdPnd:"))
    return not waiting >> number - 1 & 1
