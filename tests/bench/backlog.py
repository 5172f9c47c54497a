"""How fast a queue of small messages empties on loopback, by whom."""

import contextlib
import os
import signal
import subprocess
import time

import queues
import relays
from bench import ONE
from budget import REUSE
from figures import COUNT, ONE_DIGIT, SECONDS, Column, Table
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


def _ways(bench, server, stack, count):
    """(name, its peer, prepare(relay)) of each program with a queue."""
    def folder(name):
        made = bench.directory / f"queue-{name}"
        made.mkdir()
        return made
    given = bench.programs
    if "postrider" in given:
        yield "postrider", "postrider", queues.of_program(
            given["postrider"], folder("postrider"), count)
    for name, reuse in ("Postfix", False), (REUSE, True):
        yield name, "Postfix", _of_postfix(bench, stack, count, reuse)
    if "dma" in given:
        desk = Desk(given["dma"], folder("dma"), bench.room, server,
                    "implicit", bench.trust[ONE])
        yield "dma", "dma", queues.of_dma(desk, count)
    if "nullmailer" in given:
        yield "nullmailer", "nullmailer", queues.of_nullmailer(
            folder("nullmailer"), count)
    if "msmtp" in given:
        yield "msmtpq", "msmtp", queues.of_msmtpq(folder("msmtpq"), count)


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


def queue(bench, server, count, names=None):
    """The Table; `names` are those who take part, all if None."""
    table = Table("queue", f"{count} queued messages to {server.name} on "
                           "loopback, TLS from the start",
                  [Column("seconds", "s", SECONDS),
                   Column("connections", "connections", COUNT),
                   Column("rate", "messages/s", ONE_DIGIT)])
    relay = queues.Relay(server.ports["implicit"], bench.trust[ONE],
                         server.user, server.password)
    with contextlib.ExitStack() as stack:
        for name, peer, prepare in _ways(bench, server, stack, count):
            if names and peer not in names:
                continue
            bench.say(f"queue: {name}")
            try:
                seconds, connections = _run(server, count, *prepare(relay))
            except (Failed, Unavailable) as reason:
                table.lack(name, reason)
                continue
            finally:
                stack.close()
            table.put(name, seconds=seconds, connections=connections,
                      rate=count / seconds)
    return table
