"""Business days of stores as instants, and the months they belong to."""

from __future__ import annotations

import datetime as dt

from posapp.clock import day_begins, local
from posapp.dates import read_date
from posapp.hq.figures.changes import Places


class Days(Places):
    """Store 0 is the chain."""

    def span(self, store: int, date: str) -> tuple[int, int]:
        """First instant of a business day, and of the one after it. Raises PosError bad_date."""
        first, settings = read_date(date), self.settings(store)
        at = settings.time_zone, int(settings.cutover_hour)
        return day_begins(first, *at), day_begins(first + dt.timedelta(days=1), *at)

    def hour(self, store: int, at: int) -> int:
        """Of the day, in the store."""
        return local(at, self.settings(store).time_zone).hour


def days_before(date: str, days: int) -> str:
    return (dt.date.fromisoformat(date) - dt.timedelta(days=days)).isoformat()


def next_month(month: str) -> str:
    year, number = int(month[:4]), int(month[5:])
    return f"{year + number // 12}-{number % 12 + 1:02d}"
