"""The member card that till and sidebar show alike: preferences, last orders, what is to be done, and who looks after
them. Made for many persons at once, told to every store that knows them.
"""

from __future__ import annotations

from collections.abc import Collection

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection, select

from posapp.hq import feed
from posapp.hq.care import owners, titles
from posapp.hq.care.hints import lock
from posapp.hq.care.purchases import Purchase, purchases_of, with_goods
from posapp.hq.database import portions
from posapp.hq.members.identity import ACTIVE, ids_of
from posapp.hq.members.slice import Published
from posapp.hq.members.tables import person, person_store
from posapp.hq.segments import likes
from posapp.hq.segments.persons import card_figures
from posapp.hq.segments.purchases import today_of
from posapp.hq.tables import feed as told_rows
from posapp.streams import CardOrder, CardRow

MOST_ORDERS, MOST_GOODS = 3, 3


def card_of(conn: Connection, root: str, now: int, store: int = 0) -> CardRow:
    """The card of one member (by root), as the tills of a store see it."""
    addons = likes.addons_for(conn, root, store, today_of(conn, now), now) if store else []
    return replace(_cards(conn, [root], now)[root], addons=addons)


def card_rows(conn: Connection, people: Collection[str], now: int) -> Published:
    """The rows of the stream cards for persons (by root); rows that only the time tells apart stay as they were."""
    lock(conn, people)
    ids = ids_of(conn, people)
    members: set[str] = set()
    for some in portions(people):
        members.update(conn.scalars(select(person.c.ref).where(person.c.ref.in_(some), person.c.status == ACTIVE)))
    made = _cards(conn, sorted(members), now)
    rows: dict[tuple[str, str], CardRow | None] = {}
    places: dict[str, set[int]] = {}
    for some in portions(ids):
        for place in conn.execute(select(person_store).where(person_store.c.ref.in_(some))):
            scope, root = feed.store_scope(place.store), ids[place.ref]
            rows[scope, root] = None
            rows.update({(scope, ref): None for ref in some if ids[ref] == root and ref != root})
            if root in made:
                places.setdefault(root, set()).add(place.store)
    for (root, number), addons in likes.addons(conn, places, today_of(conn, now), now).items():
        rows[feed.store_scope(number), root] = replace(made[root], addons=addons)
    return {"cards": _as_told(conn, rows)}


def _as_told(conn: Connection, rows: dict[tuple[str, str], CardRow | None]) -> dict[tuple[str, str], CardRow | None]:
    """The same rows, with the time they were told at where nothing else is new: tills are not woken for that."""
    scopes: dict[str, list[str]] = {}
    for (scope, name), row in rows.items():
        if row is not None:
            scopes.setdefault(scope, []).append(name)
    for scope, names in scopes.items():
        for some in portions(names):
            asked = select(told_rows.c.key, told_rows.c.data).where(
                told_rows.c.stream == "cards", told_rows.c.scope == scope, told_rows.c.key.in_(some)
            )
            for name, data in conn.execute(asked):
                now = rows[scope, name]
                if now is None or bytes(data) == feed.GONE:
                    continue
                told = msgspec.json.decode(bytes(data), type=CardRow)
                if replace(now, at=told.at) == told:
                    rows[scope, name] = told
    return rows


def _cards(conn: Connection, people: Collection[str], now: int) -> dict[str, CardRow]:
    """The card of each but for what differs by store."""
    bought: dict[str, list[Purchase]] = {root: [] for root in people}
    bought |= purchases_of(conn, people)
    free = set(likes.agreed(conn, sorted(people)))
    with_goods(conn, [one for root in free for one in bought[root][:MOST_ORDERS]])
    figures = card_figures(conn, sorted(people))
    liked = likes.likes(conn, sorted(free), today_of(conn, now))
    names = likes.names_of(conn, {one.article for held in liked.values() for one in held[: likes.MOST_LIKES]})
    held_titles, held_owners = titles.titles(conn, people, now), owners.owners(conn, people)
    return {
        root: CardRow(
            owner=held_owners[root].clerk if root in held_owners else 0,
            segment=figures[root].segment,
            titles=held_titles.get(root, []),
            last=figures[root].last,
            visits=figures[root].visits,
            weekday=figures[root].weekday,
            expected=figures[root].expected,
            likes=[names.get(one.article, one.article) for one in liked.get(root, [])[: likes.MOST_LIKES]],
            orders=[_order(one) for one in all_[:MOST_ORDERS]] if root in free else [],
            risk=figures[root].risk,
            at=now,
        )
        for root, all_ in bought.items()
    }


def _order(one: Purchase) -> CardOrder:
    return CardOrder(one.at, one.fen, [name for _, name in one.goods[:MOST_GOODS]], one.store)
