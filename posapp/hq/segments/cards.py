"""The member cards of the tills of every store that knows a member, as far as purchases tell."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from sqlalchemy import Connection, select

from posapp.hq import feed
from posapp.hq.members.identity import ACTIVE
from posapp.hq.members.slice import Published
from posapp.hq.members.tables import person, person_store
from posapp.hq.segments import likes, neighbours
from posapp.hq.segments.persons import card_figures
from posapp.hq.segments.purchases import date_of, portions, today_of
from posapp.hq.segments.tables import visitor
from posapp.hq.tables import feed as told_rows
from posapp.streams import CardRow

Told = Callable[[Connection, Iterable[str], int], Published]
"""Makes the rows of the stream cards for some roots at an instant."""


def places_of(conn: Connection, roots: Sequence[str]) -> dict[str, list[int]]:
    """The stores whose tills know each of some members, under whatever id."""
    held: dict[str, set[int]] = {}
    heads = select(person.c.ref).where(
        person.c.ref.in_(roots), person.c.root == person.c.ref, person.c.status == ACTIVE
    )
    rows = conn.execute(
        select(person.c.root, person_store.c.store)
        .join(person_store, person_store.c.ref == person.c.ref)
        .where(person.c.root.in_(heads))
    )
    for root, number in rows:
        held.setdefault(root, set()).add(number)
    return {root: sorted(numbers) for root, numbers in held.items()}


def card_rows(conn: Connection, roots: Iterable[str], now: int) -> Published:
    """What tills are told of some members' purchases."""
    today, rows = today_of(conn, now), {}
    for some in portions(sorted(set(roots))):
        places = places_of(conn, some)
        figures, owners = card_figures(conn, list(places)), neighbours.owners(conn, list(places))
        liked, addons = likes.likes(conn, list(places), today), likes.addons(conn, places, today, now)
        names = likes.names_of(conn, {like.article for held in liked.values() for like in held[: likes.MOST_LIKES]})
        for root, numbers in places.items():
            mine = figures[root]
            favourites = [names.get(like.article, like.article) for like in liked.get(root, [])[: likes.MOST_LIKES]]
            for number in numbers:
                rows[feed.store_scope(number), root] = CardRow(
                    owner=owners.get(root, 0),
                    segment=mine.segment,
                    last=mine.last,
                    visits=mine.visits,
                    weekday=mine.weekday,
                    expected=mine.expected,
                    likes=favourites,
                    addons=addons[root, number],
                    risk=mine.risk,
                )
    return {"cards": rows}


def gone_rows(conn: Connection, refs: Iterable[str], now: int) -> Published:
    """What tills were told of ids that are nobody's member of their own any more."""
    rows: Published = defaultdict(dict)
    today = today_of(conn, now)
    for some in portions(sorted(set(refs))):
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
