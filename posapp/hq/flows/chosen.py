"""Whom a flow is for: the members of a segment, by the figures that segments/ keeps of each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, select

from posapp.hq.members.identity import ACTIVE
from posapp.hq.members.tables import person, person_store
from posapp.hq.segments.purchases import today_of
from posapp.hq.segments.tables import person_figure

NEVER = -1


class Person(NamedTuple):
    """A member by root. away: days since the last purchase, NEVER without one. store: the one to look after them."""

    root: str
    segment: str
    away: int
    store: int


def chosen(conn: Connection, now: int, segment: str, away: int, stores: Sequence[int]) -> list[Person]:
    """The members of a segment who have been away for so many days and are known in one of the stores (none: in any),
    who has been away longest at the end."""
    today, places, wanted = today_of(conn, now), _stores_of(conn, segment), set(stores)
    of_members = (person_figure.c.segment == segment, person.c.status == ACTIVE)
    asked = select(person_figure.c.ref, person_figure.c.last_day, person.c.home).join(
        person, (person.c.ref == person_figure.c.ref) & (person.c.root == person.c.ref)
    )
    found = []
    for row in conn.execute(asked.where(*of_members)):
        known = places[row.ref] | ({row.home} - {0})
        days = today - row.last_day if row.last_day else NEVER
        if days >= (away or NEVER) and (not wanted or known & wanted):
            found.append(Person(row.ref, segment, days, row.home or min(known, default=0)))
    return sorted(found, key=lambda one: (one.away, one.root))


def _stores_of(conn: Connection, segment: str) -> dict[str, set[int]]:
    held: dict[str, set[int]] = defaultdict(set)
    for row in conn.execute(
        select(person.c.root, person_store.c.store)
        .join(person_store, person_store.c.ref == person.c.ref)
        .join(person_figure, person_figure.c.ref == person.c.root)
        .where(person_figure.c.segment == segment)
    ):
        held[row.root].add(row.store)
    return held
