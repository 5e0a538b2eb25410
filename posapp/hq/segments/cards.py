"""The member cards of the tills of every store that knows a member, as far as purchases tell."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable

from sqlalchemy import Connection, select

from posapp.hq import feed
from posapp.hq.database import portions
from posapp.hq.members.identity import ACTIVE
from posapp.hq.members.slice import Published
from posapp.hq.members.tables import person
from posapp.hq.segments.purchases import date_of, today_of
from posapp.hq.segments.tables import visitor
from posapp.hq.tables import feed as told_rows

Told = Callable[[Connection, Collection[str], int], Published]
"""Makes the rows of the stream cards for some roots at an instant."""


def gone_rows(conn: Connection, refs: Iterable[str], now: int) -> Published:
    """What tills were told of ids that are nobody's member of their own any more."""
    rows: Published = defaultdict(dict)
    today = today_of(conn, now)
    for some in portions(refs):
        heads = set(
            conn.scalars(
                select(person.c.ref).where(
                    person.c.ref.in_(some), person.c.root == person.c.ref, person.c.status == ACTIVE
                )
            )
        )
        gone = [ref for ref in some if ref not in heads]
        if not gone:
            continue
        asked = select(told_rows.c.stream, told_rows.c.scope, told_rows.c.key).where(
            told_rows.c.stream.in_(("cards", "regulars")), told_rows.c.key.in_(gone), told_rows.c.data != feed.GONE
        )
        for row in conn.execute(asked):
            rows[row.stream][row.scope, row.key] = None
        for row in conn.execute(select(visitor).where(visitor.c.ref.in_(gone), visitor.c.day >= today - 1)):
            rows["visitors"][feed.store_scope(row.store), visitor_key(row.day, row.ref)] = None
    return dict(rows)


def visitor_key(day: int, ref: str) -> str:
    return f"{date_of(day)} {ref}"


def together(*published: Published) -> Published:
    """Rows of several makers as one; the later one stands."""
    rows: Published = defaultdict(dict)
    for some in published:
        for stream, held in some.items():
            rows[stream].update(held)
    return dict(rows)
