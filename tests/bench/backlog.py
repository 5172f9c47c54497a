"""How fast a queue of small messages empties on loopback, by whom."""

import collections
import contextlib
import os
import signal
import statistics
import subprocess
import time

import queues
import relays
from bench import ONE
from budget import REUSE
from figures import COUNT, ONE_DIGIT, OURS, SECONDS, Column, Table
from meters import Failed
from peers import Desk
from real.packages import Unavailable

LIMIT_SECONDS = 300     # for one program


def _of_postfix(bench, stack, count, reuse):
    def prepare(relay):
        client = relays.Client(bench.certificate, relay, reuse)
        stack.enter_context(client)
        client.fill(count)
        return client.command, client.surroundings
    return prepare


def _ways(bench, server, stack, folder, count):
    """(name, whether it is slow, prepare(relay)) of what has a queue."""
    given = bench.programs
    if OURS in given:
        yield OURS, False, queues.of_program(given[OURS], folder, count)
    if not bench.is_partial:
        for name, reuse in ("Postfix", False), (REUSE, True):
            yield name, False, _of_postfix(bench, stack, count, reuse)
    if "dma" in given:
        desk = Desk(given["dma"], folder, bench.room, server, "implicit",
                    bench.trust[ONE])
        yield "dma", False, queues.of_dma(desk, count)
    if "nullmailer" in given:
        yield "nullmailer", True, queues.of_nullmailer(folder, count)
    if "msmtp" in given:
        yield "msmtpq", True, queues.of_msmtpq(folder, count)


def _run(server, count, command, surroundings):
    """(seconds, connections) until the server has them all."""
    taken, connections = server.taken(), server.connections()
    start = time.monotonic()
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, start_new_session=True, **surroundings)
    try:
        while server.taken() < taken + count:
            if time.monotonic() > start + LIMIT_SECONDS:
                raise Failed(f"{server.taken() - taken} of {count} were sent "
                             f"in {LIMIT_SECONDS} s")
            time.sleep(0.005)
        return time.monotonic() - start, server.connections() - connections
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait()


def queue(bench, server, count, rounds):
    """The Table: medians of so many rounds, one for the slow ones."""
    table = Table("queue", f"{count} queued messages to {server.name} on "
                           "loopback, TLS from the start",
                  [Column("seconds", "s", SECONDS),
                   Column("connections", "connections", COUNT),
                   Column("rate", "messages/s", ONE_DIGIT)])
    found = collections.defaultdict(list)
    for number in range(rounds):
        folder = bench.directory / f"queue-{number}"
        folder.mkdir()
        with contextlib.ExitStack() as stack:
            for name, is_slow, prepare in _ways(bench, server, stack, folder,
                                                count):
                if number and (is_slow or name not in found):
                    continue
                bench.say(f"queue: {name}")
                relay = queues.Relay(
                    server.ports["implicit"], bench.trust[ONE], server.user,
                    server.password)
                try:
                    found[name].append(_run(server, count, *prepare(relay)))
                except (Failed, Unavailable) as reason:
                    table.lack(name, reason)
                    found.pop(name, None)
                stack.close()
    for name, one in found.items():
        seconds, connections = map(statistics.median, zip(*one))
        table.put(name, seconds=seconds, connections=connections,
                  rate=count / seconds)
    return table
