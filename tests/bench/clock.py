"""Run a program and write down how long it took.

    /usr/bin/python3 -I -S clock.py REPORT PROGRAM [ARGUMENT...]

The report has two numbers: seconds from start to end, and seconds of CPU of
the program with the children it waited for. The exit code is the program's.
"""

import os
import sys
import time


def main(report, *command):
    start = time.monotonic()
    process = os.posix_spawn(command[0], command, os.environ)
    _, status, usage = os.wait4(process, 0)
    seconds = time.monotonic() - start
    with open(report, "w", encoding="ascii") as out:
        out.write(f"{seconds:.6f} {usage.ru_utime + usage.ru_stime:.6f}\n")
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
