"""Titles that a person holds for a while (品牌体验官): granted, shown on the card, gone when their day comes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, select

from posapp.clock import rfc3339
from posapp.hq.care.tables import title
from posapp.hq.database import portions
from posapp.hq.members.identity import ids_of, roots, same_as


def titles(conn: Connection, people: Collection[str], now: int) -> dict[str, list[tuple[str, str, str, int]]]:
    """The titles that persons (by root) hold now, as CardRow has them."""
    ids = ids_of(conn, people)
    found: dict[str, dict[str, tuple[str, str, str, int]]] = defaultdict(dict)
    for some in portions(ids):
        lives = (title.c.ends == 0) | (title.c.ends > now)
        asked = select(title).where(title.c.ref.in_(some), lives).order_by(title.c.granted, title.c.id)
        for row in conn.execute(asked):
            found[ids[row.ref]][row.id] = (row.id, row.zh, row.en, row.ends)
    return {root: list(held.values()) for root, held in found.items()}


def ended(conn: Connection, since: int, now: int) -> set[str]:
    """Whose titles ended between two instants (root)."""
    return roots(conn, conn.scalars(select(title.c.ref).where(title.c.ends > since, title.c.ends <= now)))


def listed(conn: Connection, root: str) -> list[dict[str, Any]]:
    """Every title a person ever had, the newest first."""
    asked = select(title).where(title.c.ref.in_(same_as(conn, root))).order_by(title.c.granted.desc())
    return [
        {
            "id": row.id,
            "name": [row.zh, row.en],
            "granted": rfc3339(row.granted),
            "ends": rfc3339(row.ends) if row.ends else None,
            "by": row.by,
        }
        for row in conn.execute(asked)
    ]
