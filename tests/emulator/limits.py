"""Counters over time: the rate and the quotas of the providers."""

from collections import deque


class Window:
    """Units used within the last `seconds`."""

    def __init__(self, seconds, clock):
        self._seconds = seconds
        self._clock = clock
        self._used = deque()

    def used(self):
        oldest = self._clock() - self._seconds
        while self._used and self._used[0][0] <= oldest:
            self._used.popleft()
        return sum(units for _, units in self._used)

    def add(self, units):
        self._used.append((self._clock(), units))


class Bucket:
    """A rate with a tolerated burst.

    The level may fall below zero: a message with more recipients than the
    bucket holds is taken once, and the messages after it wait longer.
    """

    def __init__(self, rate, burst, clock):
        self._rate = rate
        self._size = max(1.0, rate * burst)
        self._level = self._size
        self._clock = clock
        self._then = clock()

    def is_empty(self):
        now = self._clock()
        self._level = min(self._size,
                          self._level + (now - self._then) * self._rate)
        self._then = now
        return self._level < 1.0

    def take(self, units):
        self._level -= units
