"""The member card that till and sidebar show alike: preferences, last orders, what is to be done, and who looks after
them. Made for many persons at once, told to every store that knows them.
"""

from __future__ import annotations

from collections.abc import Collection

import msgspec
from sqlalchemy import Connection, select

from posapp.hq import feed
from posapp.hq.care import known, owners, titles
from posapp.hq.care.hints import lock
from posapp.hq.care.purchases import Purchase, ids_of, portions, purchases_of, with_goods
from posapp.hq.members import consents
from posapp.hq.members.identity import ACTIVE
from posapp.hq.members.slice import Published
from posapp.hq.members.tables import person, person_store
from posapp.hq.tables import feed as told_rows
from posapp.rules.consents import PERSONAL
from posapp.streams import CardOrder, CardRow

MOST_ORDERS, MOST_GOODS = 3, 3
_LOOKED_AT = 20
"""Of so many purchases likes are made."""


def card_of(conn: Connection, root: str, now: int, store: int = 0) -> CardRow:
    """The card of one member (by root), as the tills of a store see it."""
    return _cards(conn, [root], now)[root].at_store(conn, store)


def card_rows(conn: Connection, people: Collection[str], now: int) -> Published:
    """The rows of the stream cards for persons (by root); rows that only the time tells apart stay as they were."""
    lock(conn, people)
    ids = ids_of(conn, people)
    members: set[str] = set()
    for some in portions(people):
        members.update(conn.scalars(select(person.c.ref).where(person.c.ref.in_(some), person.c.status == ACTIVE)))
    made = _cards(conn, sorted(members), now)
    rows: dict[tuple[str, str], CardRow | None] = {}
    for some in portions(ids):
        for place in conn.execute(select(person_store).where(person_store.c.ref.in_(some))):
            scope, root = feed.store_scope(place.store), ids[place.ref]
            rows[scope, root] = made[root].at_store(conn, place.store) if root in made else None
            rows.update({(scope, ref): None for ref in some if ids[ref] == root and ref != root})
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
                if msgspec.structs.replace(now, at=told.at) == told:
                    rows[scope, name] = told
    return rows


class _Card(msgspec.Struct):
    """A person's card but for what differs by store."""

    root: str
    row: CardRow

    def at_store(self, conn: Connection, store: int) -> CardRow:
        addons = known.addons_for(conn, self.root, store)
        return msgspec.structs.replace(self.row, addons=addons) if addons else self.row


def _cards(conn: Connection, people: Collection[str], now: int) -> dict[str, _Card]:
    bought: dict[str, list[Purchase]] = {root: [] for root in people}
    bought |= purchases_of(conn, people)
    agreed = consents.standings(conn, sorted(people)) if people else {}
    free = {root for root, held in agreed.items() if PERSONAL in held and held[PERSONAL].given}
    with_goods(conn, [one for root in free for one in bought[root][:_LOOKED_AT]])
    figures = known.figures_of(conn, bought, now)
    held_titles, held_owners = titles.titles(conn, people, now), owners.owners(conn, people)
    return {
        root: _Card(
            root,
            CardRow(
                owner=held_owners[root].clerk if root in held_owners else 0,
                segment=figures[root].segment,
                titles=held_titles.get(root, []),
                last=figures[root].last,
                visits=figures[root].visits,
                weekday=figures[root].weekday,
                expected=figures[root].expected,
                likes=known.likes_of(conn, all_[:_LOOKED_AT]) if root in free else [],
                orders=[_order(one) for one in all_[:MOST_ORDERS]] if root in free else [],
                risk=figures[root].risk,
                at=now,
            ),
        )
        for root, all_ in bought.items()
    }


def _order(one: Purchase) -> CardOrder:
    return CardOrder(one.at, one.fen, [name for _, name in one.goods[:MOST_GOODS]], one.store)
