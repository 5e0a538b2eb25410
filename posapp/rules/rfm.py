"""Persons by their purchases: recency, frequency, money, and the segments that follow (domain.md 6). Pure.

Days are ordinals (date.toordinal) of the store's business dates.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

VERSION = 1
SLEEP_DAYS = 60
NEW_DAYS = 30
YEAR_DAYS, CYCLE_DAYS = 365, 180
NEW, HIGH, ACTIVE, SLEEPING, PROSPECT = "new", "high", "active", "sleeping", "prospect"

SEGMENTS: dict[str, tuple[str, str]] = {
    NEW: ("新客", "New"),
    HIGH: ("高价值", "High value"),
    ACTIVE: ("活跃", "Active"),
    SLEEPING: ("沉睡", "Dormant"),
    PROSPECT: ("未消费", "No order yet"),
}
"""Never in words that face the customer."""


def cycle_tenths(days: Sequence[int], today: int) -> int:
    """Mean gap between purchase days of the last 180 days in tenths of a day, rounded half up; 0 for fewer than two."""
    within = [day for day in days if today - day < CYCLE_DAYS]
    gaps = len(within) - 1
    return ((within[-1] - within[0]) * 20 + gaps) // (2 * gaps) if gaps > 0 else 0


def usual_weekday(days: Iterable[int], today: int) -> int:
    """The weekday, 1 to 7, on which most purchase days of 180 days fell: three of them at least and two in five of
    all; 0 where none is so usual. Of two equal ones the earlier in the week."""
    counts = Counter((day - 1) % 7 + 1 for day in days if today - day < CYCLE_DAYS)
    if not counts:
        return 0
    weekday, times = min(counts.items(), key=lambda item: (-item[1], item[0]))
    return weekday if times >= 3 and times * 5 >= counts.total() * 2 else 0


def risk(days_away: int, tenths: int) -> int:
    """How overdue somebody is: days since the last purchase in percent of their own cycle; 0 without a cycle."""
    return days_away * 1_000 // tenths if tenths else 0


def risk_words(days_away: int, tenths: int) -> tuple[str, str]:
    """Why a risk is what it is."""
    if not tenths:
        return "购买日不足两天,没有自己的周期", "no cycle of their own: fewer than two purchase days"
    cycle = f"{tenths // 10}.{tenths % 10}"
    return (
        f"平常每 {cycle} 天买一次,已 {days_away} 天没来",
        f"usually buys every {cycle} days, away for {days_away}",
    )


def sleep_after(median_cycle: float | None) -> int:
    """Days without a purchase after which a person of this format is dormant."""
    return max(SLEEP_DAYS, round(3 * (median_cycle or 0)))


def quintiles(values: Iterable[int]) -> tuple[int, int, int, int]:
    """The four bounds between fifths, by nearest rank: score() of a value counts the bounds that it exceeds."""
    ordered = sorted(values)
    if not ordered:
        return (0, 0, 0, 0)
    return tuple(ordered[max(0, -(-len(ordered) * n // 5) - 1)] for n in (1, 2, 3, 4))  # type: ignore[return-value]


def score(value: int, bounds: tuple[int, int, int, int], *, low_is_best: bool = False) -> int:
    """1 to 5, 5 is best."""
    beyond = sum(value > bound for bound in bounds)
    return 5 - beyond if low_is_best else 1 + beyond


def segment_of(days_away: int | None, days_known: int, rfm: tuple[int, int, int], sleeps_after: int) -> str:
    """Where a person belongs: days_away since the last purchase (None: none yet), days_known since the first."""
    if days_away is None:
        return PROSPECT
    if days_away > sleeps_after:
        return SLEEPING
    if days_known <= NEW_DAYS:
        return NEW
    return HIGH if min(rfm) >= 4 else ACTIVE
