"""The benchmark of the queue runs, and what several connections are worth.

With LONG_TESTS a thousand messages wait behind a tenth of a second.
"""

import os

import flush
import pytest

TRIES = 4
IS_LONG = bool(os.environ.get("LONG_TESTS"))


def test_it_compares(binary):
    first, one, *others = flush.compare(binary, 12, 0.01, 3)
    print(first, one, *others, sep="\n")
    assert first.name == "postrider" and not first.reason
    assert (first.messages, first.connections) == (12, 1)
    assert (one.messages, one.connections) == (3, 1)
    for other in others:
        assert other.reason or (other.messages == 3 and other.seconds > 0)
        assert other.name in str(other)


def test_a_long_wire(binary):
    """Each waits for the wire most of the time, so ratios mean something.

    On a machine that is slower than that wire they do on a longer one.
    """
    count, delay = (1000, 0.05) if IS_LONG else (48, 0.02)
    for _ in range(TRIES):
        first, one, *others = flush.compare(binary, count, delay, 10)
        print(first, one, *others, sep="\n")
        assert first.messages == count and not one.reason
        assert first.connections <= 4 + count // 100
        assert one.connections == 1
        if is_worth_it(first, one, others):
            return
        delay *= 4
    pytest.fail("several connections are worth nothing")


def is_worth_it(first, one, others):
    return (first.connections >= 2 and first.rate > 1.5 * one.rate
            and all(other.reason or first.rate > 3 * other.rate
                    for other in others))


def test_a_program_that_fails_is_told(tmp_path):
    figure = flush.measure("none", 0.001, 1, lambda port: (
        ["/bin/false"], {"cwd": tmp_path}))
    assert "0 of 1" in figure.reason and "not measured" in str(figure)
