"""Allowances: so many requests at once, so many a second, in this process's memory, bounded."""

from __future__ import annotations

import threading
from collections import OrderedDict

from posapp.clock import Clock, SimulatedClock
from posapp.errors import PosError


class Bucket:
    """`burst` requests at once, refilled with one every `every_ms`."""

    def __init__(self, burst: int, every_ms: int) -> None:
        self._burst = burst
        self._every_ms = every_ms
        self._spent_ms = 0
        self._at = 0
        self._lock = threading.Lock()

    def take(self, clock: Clock) -> None:
        """Use one up. Raises PosError too_many with the seconds to wait. A simulated clock limits nothing."""
        if isinstance(clock, SimulatedClock):
            return
        with self._lock:
            now = clock.monotonic_ms()
            spent = max(0, self._spent_ms - (now - self._at))
            over = spent + self._every_ms - self._burst * self._every_ms
            self._spent_ms, self._at = spent, now
            if over > 0:
                raise PosError("too_many", seconds=-(-over // 1000))
            self._spent_ms += self._every_ms


class Buckets:
    """One bucket per name; the ones unused for longest are forgotten first."""

    def __init__(self, burst: int, every_ms: int, most: int = 10_000) -> None:
        self._burst = burst
        self._every_ms = every_ms
        self._most = most
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, name: str, clock: Clock) -> None:
        """Use up one of that name's allowance. Raises PosError too_many."""
        with self._lock:
            bucket = self._buckets.pop(name, None) or Bucket(self._burst, self._every_ms)
            self._buckets[name] = bucket
            while len(self._buckets) > self._most:
                self._buckets.popitem(last=False)
        bucket.take(clock)
