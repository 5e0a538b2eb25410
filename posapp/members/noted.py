"""What was said or happened at this till and HQ has not taken in yet: it counts here until HQ's row knows it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects.sqlite import insert

from posapp import db
from posapp.clock import DAY
from posapp.tables import noted

CHIP, CONSENT, TEXT = "chip", "consent", "text"
HINT, VISIT, LEAD, FEEDBACK, TOLD, WAITING = "hint", "visit", "lead", "feedback", "told", "waiting"

_OF_MEMBERS = (CHIP, CONSENT, HINT, VISIT)

KEPT_MS = 180 * DAY
"""A till that HQ has not heard of for so long has other troubles."""

Said = dict[str, tuple[str, int]]
"""By name: the value, and when it was said (the entry's effective time)."""


def note(conn: Connection, whose: str, kind: str, name: str, value: str, at: int) -> None:
    """Keep what was said, in the transaction of its entry. whose: a member's id, a ticket's, or what else it is of."""
    statement = insert(noted).values(whose=whose, kind=kind, name=name, value=value, at=at)
    conn.execute(
        statement.on_conflict_do_update(
            index_elements=["whose", "kind", "name"], set_={"value": value, "at": at}, where=noted.c.at <= at
        )
    )
    conn.execute(delete(noted).where(noted.c.at < at - KEPT_MS))


def forget(conn: Connection, whose: str, kind: str, name: str) -> None:
    """It counts no more."""
    conn.execute(delete(noted).where(noted.c.whose == whose, noted.c.kind == kind, noted.c.name == name))


def forget_gone(file: db.File, known: Callable[[str], object | None], now: int) -> None:
    """What was said of members whom HQ has taken from the store goes with them. known: a member by their id."""
    of_members = noted.c.kind.in_(_OF_MEMBERS) & (noted.c.at < now - DAY)
    with file.reading() as conn:
        whose = conn.scalars(select(noted.c.whose).where(of_members).distinct()).all()
    if gone := [ref for ref in whose if known(ref) is None]:
        with file.transaction() as conn:
            conn.execute(delete(noted).where(of_members, noted.c.whose.in_(gone)))


def said_of(file: db.File, whose: Iterable[str], kind: str) -> Said:
    """What was said here under any of these ids; the newest of a name."""
    with file.reading() as conn:
        rows = conn.execute(
            select(noted).where(noted.c.whose.in_(list(whose)), noted.c.kind == kind).order_by(noted.c.at)
        )
        return {row.name: (row.value, row.at) for row in rows}


def all_of(file: db.File, kind: str) -> dict[str, Said]:
    """Everything of a kind: by whose it is."""
    found: dict[str, Said] = {}
    with file.reading() as conn:
        for row in conn.execute(select(noted).where(noted.c.kind == kind).order_by(noted.c.at)):
            found.setdefault(row.whose, {})[row.name] = (row.value, row.at)
    return found


def newer(said: Said, known_at: Mapping[str, int]) -> dict[str, str]:
    """Of what was said here that which HQ's row does not know: what it was told of later counts."""
    return {name: value for name, (value, at) in said.items() if known_at.get(name, 0) < at}
