"""Text costs the same, whatever its lines end in."""

import shutil

import pytest
from emulator.policy import Policy
from emulator.thread import EmulatorThread

from letters import FORMS, MIB, of_size
from meters import CALLGRIND, collected
from real.measure_run import is_instrumented
from run import Program

MOST = 1.1      # times what a message in LF takes
LINE = b"Dots within a line, e.g. these. They cost nothing. Nor do others...\n"
TEXTS = {"base64": of_size,
         "prose": lambda size: b"Subject: x\n\n" + LINE * (size // len(LINE))}


@pytest.mark.parametrize("kind", TEXTS)
def test_crlf_costs_no_more_than_lf(program, kind):
    if is_instrumented(program.path):
        pytest.skip("valgrind and sanitizers exclude each other")
    valgrind = shutil.which(CALLGRIND[0])
    if not valgrind:
        pytest.skip("valgrind is not installed")
    with EmulatorThread(Policy(), mode="plain") as server:
        conf = program.configure({"port": server.port})

        def instructions(form):
            result = Program(valgrind, program.home).run(
                [*CALLGRIND[1:], program.path, f"--file={conf}",
                 "someone@example.net"], FORMS[form](TEXTS[kind](4 * MIB)),
                limit=300)
            assert result.code == 0, result.err
            return collected(result.err.decode())

        assert instructions("crlf") <= MOST * instructions("lf")
