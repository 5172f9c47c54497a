"""The goals, in one place, and whether figures meet them.

Only what is counted may fail a test: times depend on the day.
"""

import dataclasses

from figures import COUNT, MIB, MILLIONS, ONE_DIGIT, Unit
from peers import BARE

REUSE = "Postfix, reusing connections"


@dataclasses.dataclass
class Goal:
    what: str
    table: str              # key of the Table
    column: str
    limit: float
    unit: Unit
    is_counted: bool = True
    than: str = ""          # the limit is so many times the figure of this row
    held: float = 0         # for a goal out of reach: what is not exceeded

    def figure(self, tables):
        """The figure that counts, or None; a ratio where one is asked for."""
        table = tables.get(self.table)
        ours = table and table.figure(self.column)
        if not self.than or ours is None:
            return ours
        other = table.figure(self.column, self.than)
        return ours / other if other else None


GOALS = [
    Goal("M instructions, 2 KB, system's certificates",
         "counted-system", "small", 13e6, MILLIONS),
    Goal("M instructions, 10 MB", "counted-system", "large", 70e6, MILLIONS),
    # Some 155 are made before main(), ten for each library; the four of SASL
    # are among them. doc/ARCHITECTURE.md tells where the others go.
    Goal("system calls, 2 KB", "counted-system", "calls", 180, COUNT,
         held=215),
    Goal("libraries", "counted-system", "libraries", 14, COUNT),
    Goal("MiB at the peak, 2 KB", "memory", "small", 8 * 1024, MIB),
    Goal("MiB at the peak, 40 MB", "memory", "huge", 10 * 1024, MIB),
    Goal("wall time for 2 KB, times the bare client's", "times",
         "wall_small", 1.3, ONE_DIGIT, False, BARE),
    Goal("round trips to Exim, TLS from the start", "trips-Exim", "implicit",
         7, COUNT, False),
    Goal("round trips to Exim, STARTTLS", "trips-Exim", "starttls", 9, COUNT,
         False),
    Goal("round trips to Postfix, TLS from the start", "trips-Postfix",
         "implicit", 8, COUNT, False),
    Goal("round trips to Postfix, STARTTLS", "trips-Postfix", "starttls", 10,
         COUNT, False),
    Goal(f"time for a queue, times that of {REUSE}", "queue", "seconds", 1,
         ONE_DIGIT, False, REUSE),
]


@dataclasses.dataclass
class Verdict:
    goal: Goal
    figure: float           # None: not measured

    @property
    def is_met(self):
        return self.figure is not None and self.figure <= self.goal.limit

    @property
    def is_held(self):
        """Met, or no worse than it is known to be."""
        return self.is_met or (self.figure is not None
                               and self.figure <= self.goal.held)

    def __str__(self):
        goal, unit = self.goal, self.goal.unit
        word = ("met" if self.is_met else
                "not measured" if self.figure is None else "MISSED")
        figure = "-" if self.figure is None else unit.text(self.figure)
        held = (f"; no more than {unit.text(goal.held)} are let pass"
                if self.is_held and not self.is_met else "")
        return (f"{word}: {figure} of at most {unit.text(goal.limit)} "
                f"{goal.what}{held}")


def judge(tables):
    """A Verdict for each goal."""
    found = {table.key: table for table in tables}
    return [Verdict(goal, goal.figure(found)) for goal in GOALS]


def missed(verdicts):
    """What may fail a test."""
    return [one for one in verdicts if one.goal.is_counted
            and one.figure is not None and not one.is_held]
