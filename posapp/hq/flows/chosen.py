"""Whom a flow is for: the members of a segment, as they are now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, func, select

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
    today = today_of(conn, now)
    places = _stores_of(conn)
    heads = conn.execute(
        select(person.c.ref, person.c.home, person_figure.c.segment, person_figure.c.last_day)
        .join(person_figure, person_figure.c.ref == person.c.ref)
        .where(person.c.root == person.c.ref, person.c.status == ACTIVE, person_figure.c.segment == segment)
    ).all()
    found = []
    for head in heads:
        days = today - head.last_day if head.last_day else NEVER
        known = places.get(head.ref, set()) | ({head.home} - {0})
        if days >= (away or NEVER) and (not stores or known & set(stores)):
            found.append(Person(head.ref, head.segment, days, head.home or min(known or {0})))
    return sorted(found, key=lambda one: (one.away, one.root))


def _stores_of(conn: Connection) -> dict[str, set[int]]:
    held: dict[str, set[int]] = defaultdict(set)
    for row in conn.execute(
        select(person.c.root, person_store.c.store).join(person_store, person_store.c.ref == person.c.ref)
    ):
        held[row.root].add(row.store)
    return held


def count(conn: Connection) -> int:
    """How many members there are."""
    heads = (person.c.root == person.c.ref) & (person.c.status == ACTIVE)
    return conn.scalar(select(func.count()).select_from(person).where(heads)) or 0
