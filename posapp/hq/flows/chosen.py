"""Whom a flow is for: the members of a segment, as they are now."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from posapp.clock import business_date
from posapp.hq import feed
from posapp.hq.flows.purchases import days_of
from posapp.hq.members.identity import ACTIVE
from posapp.hq.members.tables import person, person_store
from posapp.hq.people import settings_of
from posapp.rules import rfm

NEVER = -1


class Person(NamedTuple):
    """A member by root. away: days since the last purchase, NEVER without one. store: the one to look after them."""

    root: str
    segment: str
    away: int
    store: int


def today_of(conn: Connection, now: int) -> int:
    """The chain's business date as an ordinal."""
    settings = settings_of(conn, feed.CHAIN)
    return dt.date.fromisoformat(business_date(now, settings.time_zone, settings.cutover_hour)).toordinal()


def chosen(conn: Connection, now: int, segment: str, away: int, stores: Sequence[int]) -> list[Person]:
    """The members of a segment who have been away for so many days and are known in one of the stores (none: in any),
    who has been away longest at the end."""
    today = today_of(conn, now)
    places = _stores_of(conn)
    bought = days_of(conn)
    heads = conn.execute(
        select(person.c.ref, person.c.home).where(person.c.root == person.c.ref, person.c.status == ACTIVE)
    ).all()
    segments = _segments(bought, today)
    found = []
    for head in heads:
        days = bought.get(head.ref)
        here = Person(
            head.ref,
            segments.get(head.ref, rfm.PROSPECT),
            today - max(days) if days else NEVER,
            head.home or min(places.get(head.ref, {0})),
        )
        known = places.get(head.ref, set()) | ({head.home} - {0})
        if here.segment == segment and here.away >= (away or NEVER) and (not stores or known & set(stores)):
            found.append(here)
    return sorted(found, key=lambda one: (one.away, one.root))


def _stores_of(conn: Connection) -> dict[str, set[int]]:
    held: dict[str, set[int]] = defaultdict(set)
    for row in conn.execute(
        select(person.c.root, person_store.c.store).join(person_store, person_store.c.ref == person.c.ref)
    ):
        held[row.root].add(row.store)
    return held


def _segments(bought: dict[str, dict[int, int]], today: int) -> dict[str, str]:
    """By root, of purchase days with what was paid on each."""
    cycles = [cycle for days in bought.values() if (cycle := rfm.cycle_of(sorted(days), today)) is not None]
    sleeps = rfm.sleep_after(median(cycles) if cycles else None)
    year = {
        root: {day: net for day, net in days.items() if today - day < rfm.YEAR_DAYS} for root, days in bought.items()
    }
    bounds = (
        rfm.quintiles(today - max(days) for days in bought.values()),
        rfm.quintiles(len(days) for days in year.values()),
        rfm.quintiles(sum(days.values()) for days in year.values()),
    )
    return {
        root: rfm.segment_of(
            today - max(days),
            today - min(days),
            (
                rfm.score(today - max(days), bounds[0], low_is_best=True),
                rfm.score(len(year[root]), bounds[1]),
                rfm.score(sum(year[root].values()), bounds[2]),
            ),
            sleeps,
        )
        for root, days in bought.items()
    }


def count(conn: Connection) -> int:
    """How many members there are."""
    heads = (person.c.root == person.c.ref) & (person.c.status == ACTIVE)
    return conn.scalar(select(func.count()).select_from(person).where(heads)) or 0
