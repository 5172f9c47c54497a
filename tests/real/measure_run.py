"""Program.run() that also tells the peak of memory of the program."""

import sys
from pathlib import Path

from run import Program

SCRIPT = Path(__file__).with_name("measure.py")
LIMIT_KIB = 16 * 1024


class Measured(Program):
    """A Program whose runs leave `peak_kib`: the kernel's final account."""

    def __init__(self, path, home):
        super().__init__(sys.executable, home)
        self.program = str(path)
        self.report = self.home / "peak"
        self.peak_kib = None
        self.seen_kib = None

    def run(self, args, stdin=b"", env=None, limit=120):
        result = super().run(["-I", "-S", str(SCRIPT), str(self.report),
                              self.program, *args], stdin, env, limit)
        if self.report.exists():
            self.peak_kib, self.seen_kib = map(
                int, self.report.read_text().split())
        return result

    def is_instrumented(self):
        return is_instrumented(self.program)


def is_instrumented(path):
    """Whether sanitizers are built in, which use memory of their own."""
    with open(path, "rb") as file:
        return b"__asan_init" in file.read()
