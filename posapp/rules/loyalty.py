"""Points and member days: pure, the same on till and HQ. Dates are the store's own calendar, not the business date."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction

import msgspec

from posapp.clock import local
from posapp.money import Money
from posapp.settings import WEEKDAYS, Settings
from posapp.streams import Benefit


class Guest(msgspec.Struct, omit_defaults=True):
    """A member as a ticket holds them: what prices and points depend on, and what is shown.

    how: how they were recognised. points: balance at the instant `at`. birthday: their month, "2026-11" or "".
    factor: percent of the points that their rank earns. accepted: ids of benefits that wait, and wait no more.
    """

    ref: str
    how: str
    initial: str
    tail: str
    at: int
    tier: str = ""
    factor: int = 100
    points: int = 0
    birthday: str = ""
    benefits: list[Benefit] = []
    packs: dict[str, int] = {}
    is_new: bool = False
    accepted: list[str] = []

    def may_use(self, promise: Benefit, now_ms: int) -> bool:
        """Whether a benefit counts for them on this ticket: it is not over, and not waiting to be accepted."""
        return not 0 < promise.ends <= now_ms and (not promise.waits or promise.id in self.accepted)

    def accepting(self, id_: str) -> Guest:
        """The same member, for whom the benefit of that id counts on this ticket."""
        return self if id_ in self.accepted else msgspec.structs.replace(self, accepted=[*self.accepted, id_])


def is_member_day(settings: Settings, now_ms: int) -> bool:
    """Whether the store's calendar says so at an instant: from midnight to midnight."""
    day = local(now_ms, settings.time_zone).date()
    return any(word in settings.member_days for word in _names_of(day))


def _names_of(day: dt.date) -> tuple[str, str, str]:
    return WEEKDAYS[day.weekday()], str(day.day), f"{day:%m-%d}"


def month_of(settings: Settings, now_ms: int) -> str:
    return f"{local(now_ms, settings.time_zone):%Y-%m}"


def points_factor(guest: Guest, settings: Settings, paid_ms: int) -> tuple[int, str]:
    """The percent of a member's points at the instant of paying, and why: tier, birthday, member_day, or "".

    They do not add up: the highest counts.
    """
    chances = [(100, ""), (guest.factor, "tier")]
    if guest.birthday and guest.birthday == month_of(settings, paid_ms):
        chances.append((settings.birthday_points, "birthday"))
    if is_member_day(settings, paid_ms):
        chances.append((settings.member_day_points, "member_day"))
    return max(chances, key=lambda chance: chance[0])


def points_for(base: Money, rate: int, factor: int) -> int:
    """Whole points for an amount: floor(yuan x rate x factor), nothing for what is given back."""
    return max(0, int(Fraction(base.fen * rate * factor, 100 * 100)))


def worth(points: int, settings: Settings) -> Money:
    """What points pay; a part of a fen is not paid."""
    return Money(points * 100 // settings.points_worth) if settings.points_worth else Money(0)


def points_to_pay(amount: Money, settings: Settings) -> int:
    """The fewest points that pay an amount."""
    return -(-amount.fen * settings.points_worth // 100) if settings.points_worth else 0
