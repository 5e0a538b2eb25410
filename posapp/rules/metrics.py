"""A store's day by the metric dictionary (domain.md 6): what a ticket and a join count as, and the sums of them.

Pure, and the same on till and HQ. A ticket or a join is first told as the dictionary sees it (Ticket, Join, Opened);
figures are sums of those, so that they add up over stores and days and every one opens to what it was made of.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from posapp.clock import DAY
from posapp.rules.join_token import CHANNELS

SHOWN_MS = 3_000
JOIN_MS = DAY
"""A ticket's own code counts until this long after its payment."""
FIRST_MS = 7 * DAY
AGAIN_DAYS = 30
MATURE_DAYS = 40
"""What a person buys later than this changes nothing of the figures of the day on which they joined."""
FREEZE_DAYS = 7

IN_STORE = frozenset(CHANNELS) - {"referral"}
"""Channels by which somebody joins in a shop."""

PROVISIONAL, COMPLETE, UPDATED, FINAL = "provisional", "complete", "updated", "final"
"""How a day stands: something may still come; every till has told it; late data changed it since; it stays."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """A sale as the dictionary sees it; date and hour are the store's own. id: of the sale.

    net: fen that were paid. pieces: thousandths, a weighed line is one piece. member: who it was at payment, after
    merges, "" for a walk-in; since: when they joined. claimed: somebody who was a member before it opened claimed it
    later. joined: when its own code led to a join, 0 never. shown: how long its code stood, ms. voided: on its own day.
    handover: nothing was bought, orders were handed over. staff: the buyer works here.
    """

    id: str
    receipt: str
    store: int
    till: int
    clerk: int
    date: str
    hour: int
    opened: int
    paid: int
    net: int
    pieces: int
    member: str = ""
    since: int = 0
    claimed: bool = False
    joined: int = 0
    shown: int = 0
    voided: bool = False
    handover: bool = False
    staff: bool = False

    @property
    def is_completed(self) -> bool:
        """完成销售单: paid, not voided on its day, something was bought."""
        return not (self.voided or self.handover)

    @property
    def is_walk_in(self) -> bool:
        """NM 非会员交易: whoever bought was no member before the ticket opened."""
        was_member = bool(self.member) and self.since < self.opened
        return self.is_completed and self.net > 0 and not (self.staff or was_member or self.claimed)

    @property
    def is_converted(self) -> bool:
        """Of those the ones whose own code led to a join in time."""
        return self.is_walk_in and self.opened <= self.joined <= self.paid + JOIN_MS

    @property
    def is_recognised(self) -> bool:
        return self.is_completed and bool(self.member)

    @property
    def is_shown(self) -> bool:
        return self.is_walk_in and self.shown >= SHOWN_MS


@dataclass(frozen=True, slots=True)
class Join:
    """A join and where it is counted (store 0: 来源未知). first: a paid order within a week; again: a second purchase
    day within 30 days of the first; wecom: a friend in WeCom within a day."""

    ref: str
    store: int
    till: int
    clerk: int
    channel: str
    at: int
    date: str
    hour: int
    first: bool = False
    again: bool = False
    wecom: bool = False

    @property
    def is_in_store(self) -> bool:
        return self.store > 0 and self.channel in IN_STORE


@dataclass(frozen=True, slots=True)
class Opened:
    """A code that was opened on a phone. authorised: a phone was confirmed with it; enrolled: it made a new member."""

    token: str
    store: int
    till: int
    clerk: int
    channel: str
    hour: int
    authorised: bool = False
    enrolled: bool = False


@dataclass(frozen=True, slots=True)
class Back:
    """Money that went back on a day, but for tickets voided on their own: those were never sold. net: fen."""

    till: int
    clerk: int
    hour: int
    net: int


_WEIGHTS = frozenset("kg g 千克 公斤 克 斤 两 lb".split())


def pieces_of(unit: str, qty: int) -> int:
    """Pieces of a ticket's line, in thousandths: what is weighed is one piece."""
    return 1_000 if unit.lower() in _WEIGHTS or qty % 1_000 else qty


class Figures(msgspec.Struct, omit_defaults=True):
    """Counts that add up; money in fen, pieces in thousandths. walk_ins: NM. converted: NM whose own code led to a
    join. recognised, member_net: tickets with a member and what they came to. shown, opened, authorised, enrolled: the
    funnel's steps up to the join. first, again, wecom: of the joins. refunds, refunded: what went back on the day."""

    tickets: int = 0
    net: int = 0
    pieces: int = 0
    walk_ins: int = 0
    converted: int = 0
    recognised: int = 0
    member_net: int = 0
    shown: int = 0
    opened: int = 0
    authorised: int = 0
    enrolled: int = 0
    joins: int = 0
    wecom: int = 0
    first: int = 0
    again: int = 0
    refunds: int = 0
    refunded: int = 0

    def add(self, other: Figures) -> None:
        for name in self.__struct_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def take(self, ticket: Ticket) -> None:
        """Count a ticket in."""
        if not ticket.is_completed:
            return
        self.tickets += 1
        self.net += ticket.net
        self.pieces += ticket.pieces
        self.walk_ins += ticket.is_walk_in
        self.converted += ticket.is_converted
        self.shown += ticket.is_shown
        if ticket.is_recognised:
            self.recognised += 1
            self.member_net += ticket.net

    def welcome(self, join: Join) -> None:
        """Count a join in."""
        self.joins += 1
        self.wecom += join.wecom
        self.first += join.first
        self.again += join.again

    def give_back(self, back: Back) -> None:
        """Count a refund in."""
        self.refunds += 1
        self.refunded += back.net

    def note(self, opened: Opened) -> None:
        """Count a code that was opened in; each code once."""
        self.opened += 1
        self.authorised += opened.authorised
        self.enrolled += opened.enrolled


class DayFigures(msgspec.Struct, omit_defaults=True):
    """A store's day, whole and by clerk, hour, till (numbers as text) and channel."""

    all: Figures = msgspec.field(default_factory=Figures)
    clerk: dict[str, Figures] = {}
    hour: dict[str, Figures] = {}
    till: dict[str, Figures] = {}
    channel: dict[str, Figures] = {}


AXES = ("all", "clerk", "hour", "till", "channel")
"""By what a day's figures are told apart; the fields of DayFigures."""


def places_of(told: Ticket | Join | Opened | Back) -> list[tuple[str, str]]:
    """The axes and keys under which one ticket, join, opened code or refund is counted."""
    places = [("all", ""), ("clerk", str(told.clerk)), ("hour", str(told.hour)), ("till", str(told.till))]
    return places if isinstance(told, Ticket | Back) else [*places, ("channel", told.channel)]


def day_of(
    tickets: Iterable[Ticket], joins: Iterable[Join], opened: Iterable[Opened] = (), backs: Iterable[Back] = ()
) -> DayFigures:
    """A store's day. Of joins those by in-store channels count."""
    day = DayFigures()
    for ticket in tickets:
        if ticket.is_completed:
            for figures in _at(day, ticket):
                figures.take(ticket)
    for join in joins:
        if join.is_in_store:
            for figures in _at(day, join):
                figures.welcome(join)
    for code in opened:
        for figures in _at(day, code):
            figures.note(code)
    for back in backs:
        for figures in _at(day, back):
            figures.give_back(back)
    return day


def _at(day: DayFigures, told: Ticket | Join | Opened | Back) -> list[Figures]:
    return [figures_at(day, axis, key) for axis, key in places_of(told)]


def figures_at(day: DayFigures, axis: str, key: str) -> Figures:
    """One part of a day, made where there was none."""
    if axis == "all":
        return day.all
    parts: dict[str, Figures] = getattr(day, axis)
    return parts.setdefault(key, Figures())


class Usual(msgspec.Struct, omit_defaults=True):
    """The same weekday of the last weeks that had sales, summed. joins: of each hour from the cut-over on."""

    weeks: int = 0
    walk_ins: int = 0
    joins: list[int] = []


USUAL_WEEKS = 4
