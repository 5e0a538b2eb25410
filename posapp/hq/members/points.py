"""The ledger of points: rows are added and never changed; a balance is their sum, kept beside them."""

from __future__ import annotations

from collections.abc import Sequence
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


def free(conn: Connection, root: str, now: int, besides: str = "") -> int:
    """What may be spent now: the balance without what is set aside (but for the hold named `besides`)."""
    held = conn.scalar(
        select(func.sum(points_hold.c.points))
        .join(person, person.c.ref == points_hold.c.ref)
        .where(person.c.root == root, points_hold.c.until > now, points_hold.c.id != besides)
    )
    return balance(conn, root) - int(held or 0)


def hold(conn: Connection, id_: str, root: str, ticket: str, place: tuple[int, int], points: int, until: int) -> int:
    """Set points aside under an id, at most what is free; asked again it says what it said."""
    before = conn.scalar(select(points_hold.c.points).where(points_hold.c.id == id_))
    if before is not None:
        return int(before)
    held = max(0, points)
    conn.execute(
        points_hold.insert(),
        {
            "id": id_,
            "ref": root,
            "ticket": ticket,
            "store": place[0],
            "till": place[1],
            "points": held,
            "until": until,
        },
    )
    return held


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
