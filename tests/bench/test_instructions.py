"""The benchmark runs and its figures are figures; one has a limit."""

import importlib.util
import shutil
from pathlib import Path

import pytest

from real.measure_run import is_instrumented

SCRIPT = Path(__file__).with_name("instructions.py")


@pytest.fixture(scope="module")
def bench():
    spec = importlib.util.spec_from_file_location("instructions", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_it_compares(binary, bench):
    if is_instrumented(binary):
        pytest.skip("valgrind and sanitizers exclude each other")
    lacking = bench.missing("msmtp")
    if lacking:
        pytest.skip(f"{lacking} is not installed")
    server, costs = bench.compare(binary, shutil.which("msmtp"))
    for cost in costs:
        assert cost.instructions > 1_000_000
        assert cost.libraries > 3
        assert cost.system_calls > 50
    text = bench.table(server, ["one", "two"], costs)
    assert "instructions" in text and "ratio" in text


def test_the_bundle_of_the_system_is_not_parsed(binary, bench):
    """That would cost 70 million; the limit is for an optimised build."""
    if is_instrumented(binary):
        pytest.skip("valgrind and sanitizers exclude each other")
    lacking = bench.missing("true")
    if lacking:
        pytest.skip(f"{lacking} is not installed")
    if not bench.stores.BUNDLE.exists():
        pytest.skip(f"there is no {bench.stores.BUNDLE}")
    one, bundle = bench.trust_costs(binary)
    assert bundle - one < 2_000_000


def test_a_program_that_fails_is_told(bench):
    with pytest.raises(bench.Failed):
        bench.compare("/bin/false", "/bin/false")
