"""Business days of stores as instants, and the months they belong to."""

from __future__ import annotations

import datetime as dt

from posapp.clock import local
from posapp.errors import PosError
from posapp.hq.figures.changes import Places
from posapp.hq.figures.classify import day_of
from posapp.hq.rewards.rules import read_date


class Days(Places):
    """Store 0 is the chain."""

    def span(self, store: int, date: str) -> tuple[int, int]:
        """First instant of a business day, and of the one after it. Raises PosError bad_date."""
        try:
            day = day_of(store, date, self.settings(store))
        except ValueError:
            raise PosError("bad_date", date=date[:40]) from None
        return day.starts, day.ends

    def hour(self, store: int, at: int) -> int:
        """Of the day, in the store."""
        return local(at, self.settings(store).time_zone).hour


def days_before(date: str, days: int) -> str:
    return (read_date(date) - dt.timedelta(days=days)).isoformat()


def next_month(month: str) -> str:
    year, number = int(month[:4]), int(month[5:])
    return f"{year + number // 12}-{number % 12 + 1:02d}"
