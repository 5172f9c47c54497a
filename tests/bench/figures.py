"""Figures in tables: a row for each peer, with ratios to the first of them."""

import dataclasses

OURS = "postrider"


@dataclasses.dataclass
class Unit:
    """How a figure is written: `scale` to one, digits after the point."""

    scale: float
    digits: int

    def text(self, value):
        return f"{value * self.scale:,.{self.digits}f}"


MILLIONS = Unit(1e-6, 1)
COUNT = Unit(1, 0)
MIB = Unit(1 / 1024, 1)         # of KiB
MILLISECONDS = Unit(1000, 1)    # of seconds
SECONDS = Unit(1, 2)
ONE_DIGIT = Unit(1, 1)


@dataclasses.dataclass
class Column:
    key: str
    title: str
    unit: Unit


class Table:
    """Figures of one kind. What is lacking has a reason."""

    def __init__(self, key, title, columns):
        self.key = key
        self.title = title
        self.columns = columns
        self.rows = {}          # peer: {key of column: figure}
        self.notes = []         # what a reader of the figures must know
        self.has_failed = False     # of ours something is not there

    def put(self, peer, **figures):
        """Figures of a row; None is one that could not be had."""
        self.rows.setdefault(peer, {}).update(
            {key: one for key, one in figures.items() if one is not None})

    def lack(self, peer, reason):
        """Why figures of this peer, or of all (None), are not there."""
        self.has_failed |= peer == OURS
        if peer:
            self.rows.setdefault(peer, {})
        name = f"{peer}: " if peer else ""
        note = f"{name}not measured: {' '.join(str(reason).split())}"
        if note not in self.notes:
            self.notes.append(note)

    def figure(self, key, peer=OURS):
        """A figure, or None."""
        return self.rows.get(peer, {}).get(key)

    def cell(self, peer, column):
        """The figure and its ratio to ours, as text."""
        figure, ours = (self.figure(column.key, one) for one in (peer, OURS))
        if figure is None:
            return "-"
        text = column.unit.text(figure)
        if peer == OURS or not ours:
            return text
        return f"{text} ({figure / ours:.2f}x)"
