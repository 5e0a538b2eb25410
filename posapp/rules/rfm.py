"""Persons by their purchases: recency, frequency, money, and the segments that follow (domain.md 6). Pure.

Days are ordinals (date.toordinal) of the store's business dates.
"""

from __future__ import annotations

from collections.abc import Iterable

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


def cycle_of(days: Iterable[int], today: int) -> float | None:
    """Mean gap in days between purchase days of the last 180 days; None for fewer than two."""
    within = [day for day in days if today - day < CYCLE_DAYS]
    return (within[-1] - within[0]) / (len(within) - 1) if len(within) > 1 else None


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
