"""The measurements of one message: each gives a Table.

Peers take turns wherever time is measured, so that a slow moment hits all.
"""

import collections
import contextlib
import shutil
import statistics

from bench import ONE, SYSTEM
from figures import (COUNT, MIB, MILLIONS, MILLISECONDS, ONE_DIGIT, SECONDS,
                     Column, Table)
from letters import HUGE, LARGE, NAMES, SMALL
from meters import TOOLS, Failed
from real.packages import Unavailable
from real.wire import Wire
from servers import MODES, fetch, open_server

KEYS = {SMALL: "small", LARGE: "large", HUGE: "huge"}
TRUSTED = {ONE: "one certificate trusted",
           SYSTEM: "the system's certificates and one more trusted"}


@contextlib.contextmanager
def on_loopback(bench, name):
    """(the server or None, why there is none)."""
    with contextlib.ExitStack() as stack:
        server = reason = None
        try:
            server = stack.enter_context(
                open_server(name, bench.certificate))
        except Unavailable as error:
            reason = error
        yield server, reason


def missing(name, reason):
    """A Table that says why there are no figures of a server."""
    table = Table(f"no-{name}", f"Against {name}", [])
    table.lack(None, reason)
    return table


def counted(bench, server, trust, key, sizes):
    """Instructions for each size, calls and libraries for the small one."""
    table = Table(key, f"Counted: TLS from the start to {server.name}, "
                       f"{TRUSTED[trust]}",
                  [*[Column(KEYS[size], f"M instructions, {NAMES[size]}",
                            MILLIONS) for size in sizes],
                   Column("calls", f"system calls, {NAMES[SMALL]}", COUNT),
                   Column("libraries", "libraries", COUNT)])
    lacking = [tool for tool in TOOLS if not shutil.which(tool)]
    if lacking:
        table.lack(None, f"not installed: {' '.join(lacking)}")
        return table
    for sender in bench.senders(table, server, trust=trust):
        for size in sizes:
            found = bench.measure(table, sender, sender.instructions, size)
            table.put(sender.peer.name, **{KEYS[size]: found})
        calls = bench.measure(table, sender, sender.calls, SMALL)
        if calls:
            table.put(sender.peer.name, calls=calls[0], libraries=calls[1])
    return table


def memory(bench, server):
    trust = SYSTEM if SYSTEM in bench.trust else ONE
    table = Table("memory", f"Peak of memory: TLS from the start to "
                            f"{server.name}, {TRUSTED[trust]}",
                  [Column(key, f"MiB, {NAMES[size]}", MIB)
                   for size, key in KEYS.items()])
    for sender in bench.senders(table, server, trust=trust):
        for size, key in KEYS.items():
            found = bench.measure(table, sender, sender.memory, size)
            table.put(sender.peer.name, **{key: found})
    return table


def times(bench, server, sizes, key):
    """Medians of so many runs for each size: {size: runs}."""
    table = Table(key, f"Times on loopback: TLS from the start to "
                       f"{server.name}, {TRUSTED[ONE]}",
                  [Column(f"{kind}_{KEYS[size]}", f"{kind} {word}, "
                          f"{NAMES[size]}", unit) for size in sizes
                   for word, unit in [("ms", MILLISECONDS) if size == SMALL
                                      else ("s", SECONDS)]
                   for kind in ("wall", "CPU")])
    senders = bench.senders(table, server)
    for size, runs in sizes.items():
        found = take_turns(bench, table, senders, runs,
                           lambda sender: sender.times(size))
        for name, one in found.items():
            wall, cpu = (statistics.median(column) for column in zip(*one))
            table.put(name, **{f"wall_{KEYS[size]}": wall,
                               f"CPU_{KEYS[size]}": cpu})
    return table


def take_turns(bench, table, senders, runs, meter):
    """{name: what the meter gave in each run}, without those that failed."""
    found = collections.defaultdict(list)
    failed = set()
    for _ in range(runs):
        for sender in senders:
            if sender.peer.name in failed:
                continue
            one = bench.measure(table, sender, meter, sender)
            if one is None:
                failed.add(sender.peer.name)
                found.pop(sender.peer.name, None)
            else:
                found[sender.peer.name].append(one)
    return found


def trips_table(name, delay):
    return Table(
        f"trips-{name}", f"Round trips of {2000 * delay:.0f} ms from the "
        f"first packet to the answer to {NAMES[SMALL]}, {name}, "
        f"{TRUSTED[ONE]}",
        [Column("implicit", "TLS from the start", COUNT),
         Column("implicit_clock", "by the clock", ONE_DIGIT),
         Column("starttls", "STARTTLS", COUNT),
         Column("starttls_clock", "by the clock", ONE_DIGIT)])


def trips(bench, name, runs, delay=0.05):
    """Round trips until the answer to the message is there."""
    table = trips_table(name, delay)
    try:
        fetch(name)     # no package mirror is at the end of the wire
        with Wire(delay) as wire:
            with wire.at_server(), open_server(
                    name, bench.certificate, wire.server) as server, \
                    wire.at_client():
                for mode in MODES:
                    _trips(bench, table, wire, server, mode, runs)
    except Unavailable as reason:
        table.lack(None, reason)
    return table


def _trips(bench, table, wire, server, mode, runs):
    def meter(sender):
        wire.packets()
        sender.run(SMALL)
        answered = [one for one in wire.trips() if one.answer]
        if len(answered) != 1:
            raise Failed(f"{len(answered)} connections with an answer")
        return answered[0].round_trips, answered[0].seconds / (2 * wire.delay)
    found = take_turns(bench, table, bench.senders(table, server, mode), runs,
                       meter)
    for name, one in found.items():
        count, clock = (statistics.median(column) for column in zip(*one))
        table.put(name, **{mode: count, f"{mode}_clock": clock})
