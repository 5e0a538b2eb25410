"""Business days of stores as instants, and the months they belong to."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from posapp.clock import HOUR, business_date
from posapp.hq import feed
from posapp.hq.people import settings_of
from posapp.hq.rewards.rules import read_date
from posapp.settings import Settings


class Days:
    """Asks for each store's settings once. Store 0 is the chain."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn
        self._settings: dict[int, Settings] = {}

    def _of(self, store: int) -> Settings:
        if store not in self._settings:
            self._settings[store] = settings_of(self._conn, feed.store_scope(store))
        return self._settings[store]

    def date(self, store: int, at: int) -> str:
        settings = self._of(store)
        return business_date(at, settings.time_zone, settings.cutover_hour)

    def span(self, store: int, date: str) -> tuple[int, int]:
        """First instant of a business day, and of the one after it. Raises PosError bad_date."""
        settings = self._of(store)
        first = read_date(date)
        begins = [
            dt.datetime.combine(first + dt.timedelta(days=days), dt.time(), ZoneInfo(settings.time_zone))
            for days in (0, 1)
        ]
        start, end = (int(moment.timestamp() * 1000) + int(settings.cutover_hour) * HOUR for moment in begins)
        return start, end

    def hour(self, store: int, at: int) -> int:
        """Of the day, in the store."""
        return dt.datetime.fromtimestamp(at / 1000, ZoneInfo(self._of(store).time_zone)).hour


def days_before(date: str, days: int) -> str:
    return (read_date(date) - dt.timedelta(days=days)).isoformat()


def next_month(month: str) -> str:
    year, number = int(month[:4]), int(month[5:])
    return f"{year + number // 12}-{number % 12 + 1:02d}"
