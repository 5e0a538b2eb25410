"""The ledger of points: rows are added and never changed; a balance is their sum, kept beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, func, select, update

from posapp.hq.database import insert_new
from posapp.hq.members.tables import person, points_entry, points_hold


def book(
    conn: Connection, ref: str, kind: str, source: str, points: int, at: int, store: int = 0, detail: str = ""
) -> bool:
    """Add a row unless this kind of it was booked for this source before; whether it was added."""
    row = {
        "kind": kind,
        "source": source,
        "ref": ref,
        "points": points,
        "at": at,
        "store": store,
        "detail": detail,
    }
    if not insert_new(conn, points_entry, row):
        return False
    conn.execute(update(person).where(person.c.ref == ref).values(balance=person.c.balance + points))
    return True


def balance(conn: Connection, root: str) -> int:
    """What a person has, all their ids together."""
    return int(conn.scalar(select(func.sum(person.c.balance)).where(person.c.root == root)) or 0)


def free(conn: Connection, root: str, now: int) -> int:
    """What may be spent now: the balance without what is set aside."""
    return balance(conn, root) - _held(conn, [root], now).get(root, 0)


def free_of(conn: Connection, besides: Mapping[str, str], now: int) -> dict[str, int]:
    """The same of some persons (by root), each but for the hold of the name given with it."""
    total = func.sum(person.c.balance)
    asked = select(person.c.root, total).where(person.c.root.in_(list(besides))).group_by(person.c.root)
    held = _held(conn, list(besides), now, list(besides.values()))
    return {root: int(balance) - held.get(root, 0) for root, balance in conn.execute(asked)}


def _held(conn: Connection, roots: Sequence[str], now: int, besides: Sequence[str] = ()) -> dict[str, int]:
    asked = (
        select(person.c.root, func.sum(points_hold.c.points))
        .join(person, person.c.ref == points_hold.c.ref)
        .where(person.c.root.in_(roots), points_hold.c.until > now, points_hold.c.id.not_in(besides))
        .group_by(person.c.root)
    )
    return {root: int(held) for root, held in conn.execute(asked)}


def hold(conn: Connection, id_: str, root: str, ticket: str, place: tuple[int, int], points: int, until: int) -> int:
    """Set points aside under an id, at most what is free; asked again it says what it said."""
    before = conn.scalar(select(points_hold.c.points).where(points_hold.c.id == id_))
    if before is not None:
        return int(before)
    row = aside(id_, root, ticket, place, points, until)
    conn.execute(points_hold.insert(), row)
    return int(row["points"])


def aside(id_: str, root: str, ticket: str, place: tuple[int, int], points: int, until: int) -> dict[str, Any]:
    """A row of `points_hold`."""
    store, till = place
    values = {"ticket": ticket, "store": store, "till": till, "points": max(0, points), "until": until}
    return {"id": id_, "ref": root, **values}


def release(conn: Connection, ticket: str) -> None:
    """What was set aside for a ticket is free again, or spent by now."""
    if ticket:
        conn.execute(points_hold.delete().where(points_hold.c.ticket == ticket))


def of_source(conn: Connection, source: str, kinds: Sequence[str]) -> list[Row[Any]]:
    """What was booked for a source, of some kinds."""
    return list(
        conn.execute(select(points_entry).where(points_entry.c.source == source, points_entry.c.kind.in_(kinds)))
    )


def taken_back(conn: Connection, sold: str) -> int:
    """Points that were taken back of a sale (its event id) so far."""
    taken = conn.scalar(
        select(func.sum(points_entry.c.points)).where(
            points_entry.c.kind == "claw_back", points_entry.c.source.startswith(f"{sold} ", autoescape=True)
        )
    )
    return -int(taken or 0)
