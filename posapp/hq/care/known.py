"""What other rooms know of a person, asked in one place: figures, likes, what goes with them, what is to be done.

The answers here are plain ones, from what the person bought: the rooms segments and tasks know better.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import msgspec
from sqlalchemy import Connection, select

from posapp.clock import business_date
from posapp.hq import feed
from posapp.hq.care.purchases import Purchase
from posapp.hq.people import settings_of
from posapp.hq.tables import feed as told_rows
from posapp.hq.tables import store
from posapp.rules.rfm import YEAR_DAYS, cycle_of, segment_of, sleep_after
from posapp.streams import Addon, LeadRow

MOST_LIKES = 3


@dataclass(frozen=True, slots=True)
class Figures:
    """As in CardRow."""

    segment: str = ""
    last: int = 0
    visits: int = 0
    weekday: int = 0
    expected: str = ""
    risk: int = 0


@dataclass(frozen=True, slots=True)
class Todo:
    """Something to do about a person in a store; as in LeadRow."""

    id: str
    store: int
    lead: LeadRow = field(default_factory=lambda: LeadRow("", ("", ""), 0))


def figures_of(conn: Connection, bought: dict[str, list[Purchase]], now: int) -> dict[str, Figures]:
    """The figures of persons, by root; bought: what each has bought, the newest first."""
    settings = settings_of(conn, feed.CHAIN)
    today = dt.date.fromisoformat(business_date(now, settings.time_zone, settings.cutover_hour)).toordinal()

    def day(one: Purchase) -> int:
        date = one.date or business_date(one.at, settings.time_zone, settings.cutover_hour)
        return dt.date.fromisoformat(date).toordinal()

    return {root: _figures(sorted({day(one) for one in all_}), all_, today) for root, all_ in bought.items()}


def _figures(days: list[int], all_: Sequence[Purchase], today: int) -> Figures:
    cycle = cycle_of(days, today)
    last = days[-1] if days else None
    away = None if last is None else today - last
    known = today - days[0] if days else 0
    weekdays = Counter(dt.date.fromordinal(day).isoweekday() for day in days)
    usual, times = min(weekdays.items(), key=lambda item: (-item[1], item[0]), default=(0, 0))
    expected = dt.date.fromordinal(last + max(1, round(cycle))).isoformat() if last is not None and cycle else ""
    overdue = min(100, max(0, round(100 * (away - cycle) / (2 * cycle)))) if away is not None and cycle else 0
    return Figures(
        segment_of(away, known, (0, 0, 0), sleep_after(cycle)),
        all_[0].at if all_ else 0,
        sum(today - day < YEAR_DAYS for day in days),
        usual if times > 1 else 0,
        expected,
        overdue,
    )


def likes_of(conn: Connection, bought: Sequence[Purchase]) -> list[str]:
    """Names of what a person bought most often; bought: with their goods."""
    times = Counter(name for one in bought for _, name in one.goods)
    return [name for name, _ in sorted(times.items(), key=lambda item: (-item[1], item[0]))][:MOST_LIKES]


def addons_for(conn: Connection, root: str, number: int) -> list[Addon]:
    """What goes with what a person likes, in a store; best sellers for who did not agree to suggestions."""
    return []


def todos_of(conn: Connection, refs: Collection[str], stores: Collection[int] = ()) -> list[Todo]:
    """What is to be done about a person, the first due first: what the tills of the stores (or of all) were told."""
    places = stores or conn.scalars(select(store.c.number)).all()
    scopes = {feed.store_scope(number): number for number in places}
    asked = select(told_rows.c.scope, told_rows.c.key, told_rows.c.data).where(
        told_rows.c.stream == "leads", told_rows.c.scope.in_(scopes), told_rows.c.data != feed.GONE
    )
    found = []
    for row in conn.execute(asked):
        lead = msgspec.json.decode(bytes(row.data), type=LeadRow)
        if lead.member in refs:
            found.append(Todo(row.key, scopes[row.scope], lead))
    return sorted(found, key=lambda one: (one.lead.due, one.id))


def todo_done(conn: Connection, id_: str, number: int, outcome: str, clerk: int, now: int) -> None:
    """Something was done about a person, or not reached; it stands on no list any more. Publishes, as the last word."""
    feed.publish(conn, {"leads": {(feed.store_scope(number), id_): None}})
