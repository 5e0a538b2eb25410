"""Time, handed in: the machine's clock or one that a script sets. Instants are UTC milliseconds."""

from __future__ import annotations

import datetime as dt
import time
from functools import lru_cache
from typing import Protocol
from zoneinfo import ZoneInfo

from posapp.errors import PosError

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR


class Clock(Protocol):
    """What everything that needs the time is handed."""

    def now_ms(self) -> int:
        """Milliseconds since 1970-01-01T00:00:00Z by the wall clock; it may jump."""
        ...

    def monotonic_ms(self) -> int:
        """Milliseconds since some fixed moment; never goes back."""
        ...


class SystemClock:
    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic_ms(self) -> int:
        return time.monotonic_ns() // 1_000_000


class SimulatedClock:
    """Stands still until it is set; setting it is the passing of time, not a jump of a faulty clock."""

    def __init__(self, now_ms: int = 0) -> None:
        self._now_ms = now_ms

    def now_ms(self) -> int:
        return self._now_ms

    def monotonic_ms(self) -> int:
        return self._now_ms

    def set(self, now_ms: int) -> None:
        self._now_ms = now_ms


def rfc3339(ms: int) -> str:
    """UTC text of an instant, to the millisecond: 2026-11-22T08:15:00.250Z."""
    moment = dt.datetime.fromtimestamp(ms // 1000, dt.UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{ms % 1000:03d}Z"


def local(ms: int, zone: str) -> dt.datetime:
    return dt.datetime.fromtimestamp(ms / 1000, ZoneInfo(zone))


def parse_instant(text: str, zone: str) -> int:
    """Milliseconds of an RFC 3339 instant; one without an offset is the store's local time."""
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        raise PosError("bad_instant", instant=text[:40]) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(zone))
    if not 1970 < moment.year < 9000:
        raise PosError("bad_instant", instant=text[:40])
    return int(moment.timestamp() * 1000)


def business_date(ms: int, zone: str, cutover_hour: int) -> str:
    """The store's local date, YYYY-MM-DD, turning at the cut-over hour (domain: metric dictionary)."""
    return _business_date(ms // _QUARTER, zone, cutover_hour)


def day_begins(date: dt.date, zone: str, cutover_hour: int) -> int:
    """The instant at which a business date begins in a store, UTC ms; it ends where the next one begins."""
    return int(dt.datetime.combine(date, dt.time(cutover_hour, tzinfo=ZoneInfo(zone))).timestamp() * 1000)


_QUARTER = 15 * MINUTE
"""Every time zone's offset and every hour begins on a quarter of an hour, so a date holds for a whole one."""


@lru_cache(maxsize=64)
def _business_date(quarter: int, zone: str, cutover_hour: int) -> str:
    return (local(quarter * _QUARTER, zone) - dt.timedelta(hours=cutover_hour)).date().isoformat()
