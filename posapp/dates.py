"""Dates, months and spans of dates as people type them. No shop keeps books of other years than these."""

from __future__ import annotations

import datetime as dt

from posapp.errors import PosError

FIRST_YEAR, LAST_YEAR = 2000, 2099


def calendar_date(text: str) -> dt.date:
    """A date as YYYY-MM-DD. Raises ValueError."""
    date = dt.date.fromisoformat(text)  # also takes weeks, as in 2026-W48-1
    if date.isoformat() != text or not FIRST_YEAR <= date.year <= LAST_YEAR:
        raise ValueError(text)
    return date


def read_date(text: str) -> dt.date:
    """The same. Raises PosError bad_date."""
    try:
        return calendar_date(text)
    except ValueError:
        raise PosError("bad_date", date=text[:40]) from None


def read_month(text: str) -> str:
    """A month as YYYY-MM. Raises PosError bad_month."""
    try:
        calendar_date(f"{text}-01")
    except ValueError:
        raise PosError("bad_month", month=text[:40]) from None
    return text


def read_span(since: str, until: str, most: int = 0) -> tuple[dt.date, dt.date]:
    """Some days, both ends among them; most: of how many days it may be, 0 for any number. Raises PosError bad_date,
    bad_period, long_period."""
    first, last = read_date(since), read_date(until)
    if last < first:
        raise PosError("bad_period")
    if most and (last - first).days >= most:
        raise PosError("long_period", days=most)
    return first, last
