"""Run a program and write down its peak of memory.

    /usr/bin/python3 -I -S measure.py REPORT PROGRAM [ARGUMENT...]

The report has two numbers in KiB. The first is the kernel's final account of
the ended child (ru_maxrss), which is never below the size this script had
when it made the child; so the script imports next to nothing, and a figure
above that floor is exact. The second is VmHWM as last seen while the child
ran, which has no floor. The exit code is the program's.
"""

import os
import sys
import time


def high_water(process):
    """VmHWM of a process, 0 when it has ended."""
    try:
        with open(f"/proc/{process}/status", encoding="ascii",
                  errors="replace") as lines:
            for line in lines:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1])
    except OSError:
        pass
    return 0


def main(report, *command):
    process = os.posix_spawn(command[0], command, os.environ)
    seen = 0
    while True:
        ended, status, usage = os.wait4(process, os.WNOHANG)
        if ended:
            break
        seen = max(seen, high_water(process))
        time.sleep(0.001)
    with open(report, "w", encoding="ascii") as out:
        out.write(f"{usage.ru_maxrss} {seen}\n")
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
