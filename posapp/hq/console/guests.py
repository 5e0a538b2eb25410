"""One member looked at from HQ: what there is of them besides the card, and the plain data for who may see it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, select

from posapp.errors import PosError
from posapp.hq.database import Database
from posapp.hq.members.desk import is_known_in, note_look, reason_of, who_is
from posapp.hq.members.identity import Means, same_as
from posapp.hq.members.tables import consent, person, points_entry

MOST = 200


def points_of(conn: Connection, root: str) -> list[dict[str, Any]]:
    """The ledger, newest first."""
    rows = conn.execute(
        select(points_entry)
        .where(points_entry.c.ref.in_(same_as(conn, root)))
        .order_by(points_entry.c.at.desc(), points_entry.c.kind)
        .limit(MOST)
    )
    return [{"at": row.at, "kind": row.kind, "points": row.points, "store": row.store} for row in rows]


def consents_of(conn: Connection, root: str) -> list[dict[str, Any]]:
    """Every act, newest first."""
    rows = conn.execute(
        select(consent).where(consent.c.ref.in_(same_as(conn, root))).order_by(consent.c.at.desc()).limit(MOST)
    )
    names = "at purpose given version channel state".split()
    return [{name: row._mapping[name] for name in names} for row in rows]


def who_has_tickets(
    database: Database, means: Means, asked: str, who: str, reason: str, stores: Collection[int] | None
) -> str:
    """Whose tickets are looked at, by whole phone, code or card; stores: of those that one of them knows, None for
    everybody. That somebody looked, and why, is kept. Raises PosError needs_reason, no_such_member."""
    reason = reason_of(reason)
    with database.transaction() as conn:
        root = who_is(conn, means, asked)
        if stores is not None and not is_known_in(conn, root, stores):
            raise PosError("no_such_member")
        note_look(conn, means, who, root, "tickets", reason)
    return root


def reveal(database: Database, means: Means, root: str, who: str, reason: str) -> dict[str, list[str]]:
    """Names and phones in plain letters; that somebody looked, and why, is kept first. Raises PosError needs_reason,
    no_such_member."""
    reason = reason_of(reason)
    with database.transaction() as conn:
        rows = conn.execute(select(person).where(person.c.root == root)).all()
        if not rows:
            raise PosError("no_such_member")
        note_look(conn, means, who, root, "reveal", reason)
    opened = {name: [getattr(row, name) for row in rows if getattr(row, name)] for name in ("name", "phone")}
    return {name: sorted({means.vault.open(sealed) for sealed in held}) for name, held in opened.items()}
