"""Tills as HQ knows them, what their journals are at, and what could not be entered."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, func, select

from posapp.errors import PosError
from posapp.hq.console.freshness import state_of
from posapp.hq.database import Database
from posapp.hq.project import reproject
from posapp.hq.tables import journal_head, journal_state, quarantine, store, till, till_status
from posapp.ids import till_name


def tills(conn: Connection, stores: frozenset[int] | None, now: int) -> list[dict[str, Any]]:
    """Every till: program, last contact, what it has unsent, how far its clock is off; and how it stands (unheard: it
    is enrolled and has not called in yet)."""
    rows = conn.execute(
        select(till.c.store, till.c.till, till.c.serial, till.c.revoked, till_status, store.c.name)
        .join(store, store.c.number == till.c.store)
        .join(till_status, (till_status.c.store == till.c.store) & (till_status.c.till == till.c.till), isouter=True)
        .order_by(till.c.store, till.c.till)
    )
    told = []
    for row in rows:
        if stores is not None and row[0] not in stores:
            continue
        contact = row.contact or 0
        synced = min(contact, row.oldest_unsent or contact) if row.unsent else contact
        state = "unheard" if not contact else state_of(synced, now)
        if not row.serial:
            state = "new"
        elif row.revoked >= row.serial:
            state = "revoked"
        told.append(
            {
                "store": row[0],
                "till": row[1],
                "name": till_name(row[0], row[1]),
                "shop": row.name,
                "state": state,
                "contact": contact,
                "unsent": row.unsent or 0,
                "oldest": row.oldest_unsent or 0,
                "program": row.program or "",
                "ahead": row.wall_ahead or 0,
                "stuck": 0,
            }
        )
    stuck = select(quarantine.c.store, quarantine.c.till, func.count()).where(quarantine.c.resolved == 0)
    counts = {(s, t): n for s, t, n in conn.execute(stuck.group_by(quarantine.c.store, quarantine.c.till))}
    for one in told:
        one["stuck"] = counts.get((one["store"], one["till"]), 0)
    return told


def journals(conn: Connection, store_number: int, number: int) -> list[dict[str, Any]]:
    """A till's journals: what HQ holds and how far the tables follow."""
    rows = conn.execute(
        select(journal_head, journal_state.c.label, journal_state.c.reason, journal_state.c.seq.label("done"))
        .join(journal_state, journal_state.c.jid == journal_head.c.jid, isouter=True)
        .where(journal_head.c.store == store_number, journal_head.c.till == number)
        .order_by(journal_head.c.jid)
    )
    return [
        {
            "jid": row.jid,
            "label": row.label or "",
            "reason": row.reason or "",
            "seq": row.seq,
            "done": row.done or 0,
            "hash": bytes(row.hash).hex(),
        }
        for row in rows
    ]


def stuck(conn: Connection, stores: frozenset[int] | None) -> list[dict[str, Any]]:
    """What lies in quarantine, the oldest first."""
    rows = conn.execute(select(quarantine).where(quarantine.c.resolved == 0).order_by(quarantine.c.first)).all()
    return [
        {**row._mapping, "name": till_name(row.store, row.till)}
        for row in rows
        if stores is None or row.store in stores
    ]


def try_again(database: Database, clock: Any, store_number: int, number: int) -> int:
    """A till's tables made again from its journal; how many cases are left. Raises PosError not_found."""
    with database.reading() as conn:
        known = select(till.c.till).where(till.c.store == store_number, till.c.till == number)
        if conn.scalar(known) is None:
            raise PosError("not_found", what=till_name(store_number, number))
    reproject(database, clock, (store_number, number))
    with database.reading() as conn:
        return sum(row["store"] == store_number and row["till"] == number for row in stuck(conn, None))
