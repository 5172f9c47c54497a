"""The time of one small message on loopback, beside the least there can be."""

import os
import statistics
import subprocess
import time
from pathlib import Path

import pytest

from real import postfix
from real.accounts import assert_accepted, tls_lines
from real.measure_run import is_instrumented
from real.packages import Unavailable

PAIRS = 20
ROUNDS = 5          # a machine that is busy may spoil some
LIMIT = 1.3
MESSAGE = b"Subject: s\r\n\r\n" + 40 * (b"a line of an ordinary length" * 2
                                        + b"\r\n")


@pytest.fixture
def server(authority):
    try:
        one = postfix.Postfix(authority.leaf("good", names=["127.0.0.1"]),
                              {"smtps": postfix.LISTENERS["smtps"]})
    except Unavailable as reason:
        pytest.skip(f"no Postfix: {reason}")
    with one:
        yield one


def timed(run):
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def ratio(one, other):
    """Median of the ratios of pairs, of which each goes first in turn."""
    ratios = []
    for number in range(PAIRS):
        first, second = (one, other) if number % 2 else (other, one)
        times = {run: timed(run) for run in (first, second)}
        ratios.append(times[one] / times[other])
    return statistics.median(ratios)


def test_wall_time(program, server, authority):
    if is_instrumented(program.path):
        pytest.skip("sanitizers cost time of their own")
    bare = Path(os.environ.get("BUILD_DIR", "build"),
                "tests/bench/bare-client").absolute()
    if not bare.exists():
        pytest.skip(f"there is no {bare}")
    port = str(server.ports["smtps"])
    conf = program.configure({
        "port": port, **tls_lines("implicit", authority.ca_file),
        "auth": "plain", "user": server.user, "password": server.password,
        "timeout": "60"})
    log_file = program.log_file

    def send():
        log_file.unlink(missing_ok=True)
        assert_accepted(program.run(
            [f"--file={conf}", "someone@example.net"], MESSAGE))

    def send_barely():
        subprocess.run([bare, port, authority.ca_file, server.user,
                        server.password], input=MESSAGE, check=True)

    send()
    send_barely()
    ratios = []
    while not ratios or (ratios[-1] > LIMIT and len(ratios) < ROUNDS):
        ratios.append(ratio(send, send_barely))
    print("postrider / bare client:", *(f"{one:.2f}" for one in ratios))
    assert ratios[-1] <= LIMIT
