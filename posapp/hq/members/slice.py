"""What tills are told of members: those whose home a store is, or who were seen there in the last half year."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, func, select

from posapp.clock import DAY, local
from posapp.hq import feed
from posapp.hq.joining.tables import pack_bought
from posapp.hq.members import consents, points
from posapp.hq.members.tables import attribute, benefit, person, person_store, points_hold
from posapp.hq.people import settings_of
from posapp.hq.tables import till
from posapp.settings import Settings
from posapp.streams import Benefit, MemberRow, QuotaRow

SEEN_DAYS = 180
QUOTA_MS = DAY

Published = dict[str, dict[tuple[str, str], Any]]
"""Rows for feed.publish, by stream."""


def seen_at(conn: Connection, root: str, store: int, at: int) -> None:
    """A member was served in a store: its tills will know them."""
    if not store:
        return
    held = conn.scalar(select(person_store.c.seen).where(person_store.c.ref == root, person_store.c.store == store))
    if held is None:
        conn.execute(person_store.insert(), {"ref": root, "store": store, "seen": at})
    elif held < at:
        conn.execute(
            person_store.update().where(person_store.c.ref == root, person_store.c.store == store).values(seen=at)
        )


def rows_of(conn: Connection, refs: Iterable[str], now: int) -> Published:
    """The rows of the streams members and quotas for persons that changed, under whatever id they are named; ids that
    are no person of their own any more, and persons who are no members, are gone from the tills."""
    named = sorted(set(refs))
    people = conn.execute(select(person).where(person.c.ref.in_(named))).all()
    roots = sorted({row.root for row in people})
    # Locked until the commit: whoever tells of the same person later tells something newer.
    everyone = conn.execute(
        select(person).where(person.c.root.in_(roots)).order_by(person.c.ref).with_for_update()
    ).all()
    by_root: dict[str, list[Row[Any]]] = defaultdict(list)
    for row in everyone:
        by_root[row.root].append(row)
    stores = _stores(conn, [row.ref for row in everyone])
    members: dict[tuple[str, str], MemberRow | None] = {}
    quotas: dict[tuple[str, str], QuotaRow | None] = {}
    settings = settings_of(conn, feed.CHAIN)
    told = _Told(conn, roots)
    homes: dict[str, int] = {}
    for root, same in by_root.items():
        head = next(row for row in same if row.ref == root)
        places = {store for row in same for store in stores.get(row.ref, ())}
        shown = told.row(head, same, settings, now) if head.status == "active" else None
        for store in sorted(places):
            scope = feed.store_scope(store)
            members[scope, root] = shown
            members.update({(scope, row.ref): None for row in same if row.ref != root})
        if shown and head.home:
            homes[root] = head.home
        elif head.home:
            quotas.update({(feed.till_scope(head.home, n), root): None for n in _tills(conn, head.home)})
    quotas.update(_quotas(conn, homes, settings, now))
    return {"members": members, "quotas": quotas}


def rows_apart(conn: Connection, before: Published, refs: Iterable[str], now: int) -> Published:
    """The rows of persons who were told of as `before` and are others now: gone from where nobody knows them more."""
    after = rows_of(conn, refs, now)
    return {stream: {**dict.fromkeys(rows, None), **after[stream]} for stream, rows in before.items()}


def row_of(conn: Connection, root: str, now: int) -> MemberRow:
    """What a till may know of one member."""
    same = conn.execute(select(person).where(person.c.root == root)).all()
    head = next(row for row in same if row.ref == root)
    return _Told(conn, [root]).row(head, same, settings_of(conn, feed.CHAIN), now)


def _stores(conn: Connection, refs: Sequence[str]) -> dict[str, list[int]]:
    held: dict[str, list[int]] = defaultdict(list)
    for row in conn.execute(select(person_store.c.ref, person_store.c.store).where(person_store.c.ref.in_(refs))):
        held[row.ref].append(row.store)
    return held


def _tills(conn: Connection, store: int) -> list[int]:
    return list(conn.scalars(select(till.c.till).where(till.c.store == store)))


def _quotas(
    conn: Connection, homes: Mapping[str, int], settings: Settings, now: int
) -> dict[tuple[str, str], QuotaRow | None]:
    """What the first till of some members' home stores may spend with no network: set aside here until it ends."""
    asked = select(till.c.store, func.min(till.c.till)).where(till.c.store.in_(sorted(set(homes.values()))))
    first = dict(conn.execute(asked.group_by(till.c.store)).all()) if homes else {}
    names = {root: f"quota {root}" for root, home in homes.items() if home in first}
    rows, holds = {}, []
    for root, free in points.free_of(conn, names, now).items():
        place = homes[root], first[homes[root]]
        allowed = max(0, min(free * settings.points_offline_percent // 100, settings.points_offline_most))
        holds.append(points.aside(names[root], root, "", place, allowed, now + QUOTA_MS))
        rows[feed.till_scope(*place), root] = QuotaRow(allowed, now + QUOTA_MS) if allowed else None
    if holds:
        conn.execute(points_hold.delete().where(points_hold.c.id.in_(list(names.values()))))
        conn.execute(points_hold.insert(), holds)
    return rows


class _Told:
    """What some persons' rows are made of, asked of the database together."""

    def __init__(self, conn: Connection, roots: Sequence[str]) -> None:
        self._consents = consents.standings(conn, roots)
        self._benefits: dict[str, list[Row[Any]]] = defaultdict(list)
        self._chips: dict[str, dict[str, str]] = defaultdict(dict)
        self._chips_at: dict[str, dict[str, int]] = defaultdict(dict)
        self._packs: dict[str, dict[str, int]] = defaultdict(dict)
        mine = person.c.root.in_(roots)
        for row in conn.execute(
            select(benefit, person.c.root)
            .join(person, person.c.ref == benefit.c.ref)
            .where(mine, benefit.c.state == "open")
            .order_by(benefit.c.made, benefit.c.id)
        ):
            self._benefits[row.root].append(row)
        for row in conn.execute(
            select(attribute, person.c.root)
            .join(person, person.c.ref == attribute.c.ref)
            .where(mine)
            .order_by(attribute.c.at, attribute.c.source)
        ):
            self._chips[row.root][row.name] = row.value
            self._chips_at[row.root][row.name] = row.at
        for row in conn.execute(
            select(pack_bought, person.c.root)
            .join(person, person.c.ref == pack_bought.c.ref)
            .where(mine, pack_bought.c.state == "bought")
        ):
            self._packs[row.root][row.article] = row.at

    def row(self, head: Row[Any], same: Sequence[Row[Any]], settings: Settings, now: int) -> MemberRow:
        root = head.ref
        tails = [row.tails for row in same if row.tails] if settings.look_up_by_tail == "on" else []
        agreed = self._consents.get(root, {})
        return MemberRow(
            initial=head.initial or next((row.initial for row in same if row.initial), ""),
            tail=head.tail or next((row.tail for row in same if row.tail), ""),
            at=now,
            joined=min(row.joined for row in same if row.joined) if any(row.joined for row in same) else 0,
            lookup=[row.lookup for row in same if row.lookup],
            tails=tails[0] if tails else "",
            code=head.code_hash,
            tier=head.tier,
            points=sum(row.balance for row in same),
            birthday=birthday_month(next((row.birthday for row in same if row.birthday), ""), settings, now),
            aliases=[row.ref for row in same if row.ref != root],
            benefits=[_benefit(row) for row in self._benefits[root] if not row.ends or row.ends > now],
            chips={name: value for name, value in self._chips[root].items() if value},
            consents={purpose: int(held.given) for purpose, held in agreed.items()},
            packs=self._packs[root],
            first=0 if any(row.orders for row in same) else 1,
            chips_at=self._chips_at[root],
            consents_at={purpose: held.at for purpose, held in agreed.items()},
        )


def _benefit(row: Row[Any]) -> Benefit:
    chinese, english = json.loads(row.name)
    return Benefit(row.id, row.kind, (chinese, english), row.fen, row.least, row.article, row.ends, row.waits)


def birthday_month(month_day: str, settings: Settings, now: int) -> str:
    """The month that is theirs, if it is this one or the next: a till that is offline then knows it already."""
    if not month_day:
        return ""
    today = local(now, settings.time_zone)
    this, following = (today.year, today.month), (today.year + today.month // 12, today.month % 12 + 1)
    return next((f"{year}-{month:02d}" for year, month in (this, following) if f"{month:02d}" == month_day[:2]), "")
