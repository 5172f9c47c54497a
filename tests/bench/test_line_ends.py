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


def test_crlf_costs_no_more_than_lf(program):
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
                 "someone@example.net"], FORMS[form](of_size(4 * MIB)),
                limit=300)
            assert result.code == 0, result.err
            return collected(result.err.decode())

        assert instructions("crlf") <= MOST * instructions("lf")
