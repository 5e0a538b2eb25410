"""What was said at this till of a member and HQ has not taken in yet: it counts here until HQ's row knows it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects.sqlite import insert

from posapp import db
from posapp.clock import DAY
from posapp.tables import noted

CHIP, CONSENT, TEXT = "chip", "consent", "text"

KEPT_MS = 180 * DAY
"""A till that HQ has not heard of for so long has other troubles."""

Said = dict[str, tuple[str, int]]
"""By name: the value, and when it was said (the entry's effective time)."""


def note(conn: Connection, whose: str, kind: str, name: str, value: str, at: int) -> None:
    """Keep what was said, in the transaction of its entry. whose: a member's id, or a ticket's."""
    statement = insert(noted).values(whose=whose, kind=kind, name=name, value=value, at=at)
    conn.execute(
        statement.on_conflict_do_update(
            index_elements=["whose", "kind", "name"], set_={"value": value, "at": at}, where=noted.c.at <= at
        )
    )
    conn.execute(delete(noted).where(noted.c.at < at - KEPT_MS))


def said_of(file: db.File, whose: Iterable[str], kind: str) -> Said:
    """What was said here under any of these ids; the newest of a name."""
    with file.reading() as conn:
        rows = conn.execute(
            select(noted).where(noted.c.whose.in_(list(whose)), noted.c.kind == kind).order_by(noted.c.at)
        )
        return {row.name: (row.value, row.at) for row in rows}


def newer(said: Said, known_at: Mapping[str, int]) -> dict[str, str]:
    """Of what was said here that which HQ's row does not know: what it was told of later counts."""
    return {name: value for name, (value, at) in said.items() if known_at.get(name, 0) < at}
